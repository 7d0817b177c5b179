/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is printed, for people and for programs.
 */
#ifndef FWBENCH_OUTPUT_H
#define FWBENCH_OUTPUT_H

#include "switch.h"

enum format { FORMAT_DEFAULT, FORMAT_SIMPLE, FORMAT_JSON, NR_FORMATS };

/* The named one, or the end of the program with a message. */
enum format parse_format(struct argp_state *state, const char *arg);
const char *outcome_name(enum outcome outcome);

/* The machine and kernel that all rows are from, and the governor of @cpu. */
void print_machine(enum format format, int cpu);
void print_row(enum format format, const struct run *run, const struct result *result);
/* A JSON string with its quotes, or null. */
void print_json_string(const char *str);

#endif /* FWBENCH_OUTPUT_H */
