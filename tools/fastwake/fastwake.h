/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fastwake - show and change how completion events are delivered
 *
 * checkpatch: PREFER_DEFINED_ATTRIBUTE_MACRO: the kernel's macros are not for programs
 */
#ifndef FASTWAKE_TOOL_H
#define FASTWAKE_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MAX_CPUS 8192	/* the most that any kernel can have */

/* What a run ends with, as with ip(8). */
enum {
	EXIT_REFUSED = 1,	/* by the kernel, or there is no such thing */
	EXIT_SYNTAX = 255,	/* nothing was tried */
};

/* --- main.c: words of the command line ---------------------------------------- */

/**
 * struct command - what a word means
 * @name: the word, of which a beginning will do
 * @run: called with what follows, up to a null pointer; returns an exit status
 */
struct command {
	const char *name;
	int (*run)(char **args);
};

/**
 * struct level - the words that are possible at some place
 * @path: the words before that place, each with a space in front
 * @what: what kind of word it is, as in "Command"
 * @usage: explains them
 * @commands: the words, the one that is meant if there is none first
 */
struct level {
	const char *path;
	const char *what;
	const char *usage;
	const struct command *commands;
};

bool word_is(const char *arg, const char *word);
int run_level(const struct level *level, char **args);
char *take_value(char ***args);
__attribute__((noreturn)) void bad_word(const struct level *level, const char *arg);
__attribute__((noreturn, format(printf, 1, 2))) void bad_syntax(const char *format, ...);
__attribute__((noreturn, format(printf, 1, 2))) void refused(const char *format, ...);

int run_show(char **args);
int run_set(char **args);
int run_settings(char **args);
int run_stat(char **args);
int run_vector(char **args);
int run_cq(char **args);

/* --- out.c: text, a line for each item, or JSON, an array of objects ------------ */

void out_format(bool json, bool pretty);
void out_begin(void);
void out_item(void);
void out_string(const char *key, const char *value);
void out_number(const char *key, uint64_t value);
void out_cpus(const char *key, const char *list);
void out_switch(const char *key, bool on);
void out_answer(const char *key, bool yes);
void out_break(void);
void out_item_end(void);
void out_end(void);

/* --- cpus.c: lists of CPUs, as in "0-3,8" ----------------------------------------- */

struct cpus {
	unsigned char bits[MAX_CPUS / 8];
};

bool cpus_parse(struct cpus *cpus, const char *list);
bool cpus_has(const struct cpus *cpus, unsigned int cpu);

/* --- sysfs.c: the files of the module ----------------------------------------------- */

#define MAX_TEXT 4097	/* a page, which is the most that a file can have, and the end */

void need_module(void);
int read_line(char text[MAX_TEXT], const char *path);
void read_setting(char text[MAX_TEXT], const char *file);
int write_setting(const char *file, const char *text);
int sorted_cpus(unsigned int **cpus);

/**
 * struct delivery - how the CPUs take events from their vectors
 * @mode: of all of them
 * @polling: in the mode "poll", those that do
 */
struct delivery {
	char mode[MAX_TEXT];
	struct cpus polling;
};

void read_delivery(struct delivery *delivery);
const char *delivery_of(const struct delivery *delivery, unsigned int cpu);

#endif /* FASTWAKE_TOOL_H */
