// SPDX-License-Identifier: GPL-2.0
/* fwbench uintr: the options, and a row for each run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpus.h"
#include "output.h"
#include "uintr.h"

#define MAX_MESSAGES 10000000
#define MAX_RECEIVERS 4096
#define MAX_TIMEOUT 86400

enum { OPT_READER = 256, OPT_CPUS, OPT_ONE_WAY, OPT_SIZE, OPT_RECEIVERS, OPT_WARMUP, OPT_TIMEOUT,
	OPT_STAGES };

struct options {
	struct uintr_run run;
	const struct uintr_method *methods[16];
	unsigned int nr;
	bool named;
	bool stages;
	enum format format;
};

static const struct argp_option argp_options[] = {
	{ "reader", OPT_READER, "HOW", 0,
	  "suspended: it sleeps; running: it looks again and again, on two CPUs (suspended)", 1 },
	{ "cpus", OPT_CPUS, "N", 0, "1: both threads on one CPU; 2 (1)", 1 },
	{ "one-way", OPT_ONE_WAY, NULL, 0, "only one side sends", 1 },
	{ "size", OPT_SIZE, "BYTES", 0, "of a message, 1 to 4096 (1)", 1 },
	{ "receivers", OPT_RECEIVERS, "N", 0, "on each reader's CPU, the reader included (1)", 1 },
	{ "stages", OPT_STAGES, NULL, 0,
	  "the stages of one user interrupt, from one CPU to another, instead of methods", 1 },
	{ "messages", 'n', "N", 0, "that each side sends (2000)", 2 },
	{ "warmup", OPT_WARMUP, "N", 0, "messages before these (200)", 2 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0, "of a run (60)", 2 },
	{ "format", 'f', "FORMAT", 0, "default, simple or json", 3 },
	{ }
};

static const char argp_doc[] =
	"Measures what a message costs that one thread sends another by shared memory, with\n"
	"the ways to tell it so: from the memory of one to that of the other.\v\n"
	"A row is of one method; without a name there is one of each. 'cycles' are those of\n"
	"the time stamp counter, in Bochs instructions; 'sender' is the median of what it\n"
	"takes to tell. 'failures' counts how often a reader was told and there was no\n"
	"message, or a wrong one; none is left out.\n"
	"\n"
	"With --stages: send, the instruction SENDUIPI; notify, from its begin until the\n"
	"receiver stops; deliver, until its handler begins; handler, an empty one; return, until\n"
	"the receiver goes on. Cycles of the time stamp counter, a stamp being part of each;\n"
	"'failures' are rounds in which the counters of the two CPUs disagree. It is meant for\n"
	"a real CPU: an emulator's are counts of something.\n"
	"\n"
	"Exit status: 0 if all went well; 1 if a run failed, or had failures; 2 for wrong\n"
	"arguments.\n"
	"\n"
	"Examples:\n"
	"  fwbench uintr\n"
	"  fwbench uintr eventfd uintr_event --cpus 2 --reader running\n"
	"  fwbench uintr --stages -n 100000\n"
	"  fwbench uintr uintr_event --receivers 64 --size 4096 -f json\n";

static const struct uintr_method *find(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_uintr_methods; i++) {
		if (!strcmp(uintr_methods[i].name, name))
			return &uintr_methods[i];
	}
	return NULL;
}

static void check_options(struct argp_state *state, struct options *o)
{
	char why[320];
	int i;

	if (o->stages && o->nr)
		argp_error(state, "--stages goes with no method");
	if (o->stages)
		o->run.cpus = 2;
	if (o->run.running && o->run.cpus == 1)
		argp_error(state, "a reader that runs needs --cpus 2");
	for (i = 0; i < o->run.cpus; i++) {
		if (!cpu_usable(o->run.cpu[i], why, sizeof(why)))
			argp_error(state, "%s", why);
	}
	o->named = o->nr;
	while (!o->named && o->nr < nr_uintr_methods) {
		o->methods[o->nr] = &uintr_methods[o->nr];
		o->nr++;
	}
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	const struct uintr_method *m;

	switch (key) {
	case OPT_READER:
		o->run.running = !strcmp(arg, "running");
		if (!o->run.running && strcmp(arg, "suspended"))
			argp_error(state, "reader '%s' is neither suspended nor running", arg);
		break;
	case OPT_CPUS:
		o->run.cpus = parse_number(state, arg, "cpus", 1, 2);
		break;
	case OPT_ONE_WAY:
		o->run.one_way = true;
		break;
	case OPT_SIZE:
		o->run.size = parse_number(state, arg, "size", 1, UINTR_MAX_SIZE);
		break;
	case OPT_RECEIVERS:
		o->run.receivers = parse_number(state, arg, "receivers", 1, MAX_RECEIVERS);
		break;
	case OPT_WARMUP:
		o->run.warmup = parse_number(state, arg, "warmup", 0, MAX_MESSAGES);
		break;
	case OPT_TIMEOUT:
		o->run.timeout = parse_number(state, arg, "timeout", 1, MAX_TIMEOUT);
		break;
	case OPT_STAGES:
		o->stages = true;
		break;
	case 'n':
		o->run.messages = parse_number(state, arg, "messages", 1, MAX_MESSAGES);
		break;
	case 'f':
		o->format = parse_format(state, arg);
		break;
	case ARGP_KEY_ARG:
		m = find(arg);
		if (!m)
			argp_error(state, "there is no method '%s'; see --help", arg);
		if (o->nr == ARRAY_SIZE(o->methods))
			argp_error(state, "too many methods");
		o->methods[o->nr++] = m;
		break;
	case ARGP_KEY_END:
		check_options(state, o);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Puts the methods before the text after the options. */
static char *help_filter(int key, const char *text, void *input __maybe_unused)
{
	char *help;
	size_t size;
	unsigned int i;
	FILE *f;

	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	f = open_memstream(&help, &size);
	if (!f)
		return (char *)text;
	fputs("Methods:\n", f);
	for (i = 0; i < nr_uintr_methods; i++)
		fprintf(f, "  %-18s %s\n", uintr_methods[i].name, uintr_methods[i].about);
	fprintf(f, "\n%s", text);
	fclose(f);
	return help;
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse_option,
	.args_doc = "[METHOD...]",
	.doc = argp_doc,
	.help_filter = help_filter,
};

static const char *reader_name(const struct uintr_run *run)
{
	return run->running ? "running" : "suspended";
}

static void print_json(const struct uintr_run *run, const struct uintr_result *r)
{
	printf("{\"method\": \"%s\", \"reader\": \"%s\", \"cpus\": %d, ", run->method->name,
	       reader_name(run), run->cpus);
	printf("\"direction\": \"%s\", \"size\": %d, \"receivers\": %d, ",
	       run->one_way ? "one-way" : "both", run->size, run->receivers);
	printf("\"messages\": %lu, ", run->messages);
	if (*r->why) {
		printf("\"failed\": ");
		print_json_string(r->why);
		printf("}\n");
		return;
	}
	printf("\"insn_per_msg\": %.1f, \"sender_insn\": %.0f, ", r->per_message, r->sender);
	printf("\"csw_per_msg\": %.3f, \"failures\": %lu}\n", r->csw_per_message, r->failures);
}

static void print_text(const struct options *o, const struct uintr_run *run,
		       const struct uintr_result *r)
{
	printf(o->format == FORMAT_SIMPLE ? "%s %s %d %s %d %d " : "%-18s %-9s %4d %-8s %5d %9d ",
	       run->method->name, reader_name(run), run->cpus, run->one_way ? "one-way" : "both",
	       run->size, run->receivers);
	if (*r->why)
		printf("%s\n", r->why);
	else
		printf(o->format == FORMAT_SIMPLE ? "%.1f %.0f %.3f %lu\n" :
		       "%10.1f %7.0f %6.3f %8lu\n", r->per_message, r->sender,
		       r->csw_per_message, r->failures);
}

int cmd_uintr(int argc, char **argv)
{
	struct options o = {
		.run = { .cpus = 1, .cpu = { 0, 1 }, .size = 1, .receivers = 1, .warmup = 200,
			 .messages = 2000, .timeout = 60 },
	};
	struct uintr_result result;
	int status = EXIT_OK;
	unsigned int i;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	print_machine(o.format, 0);
	if (o.stages)
		return uintr_stages(&o.run, o.format);
	if (o.format == FORMAT_DEFAULT)
		printf("%-18s %-9s %4s %-8s %5s %9s %10s %7s %6s %8s\n", "method", "reader",
		       "cpus", "direction", "size", "receivers", "cycles", "sender", "csw",
		       "failures");
	for (i = 0; i < o.nr; i++) {
		o.run.method = o.methods[i];
		uintr_measure(&o.run, &result);
		if (o.format == FORMAT_JSON)
			print_json(&o.run, &result);
		else
			print_text(&o, &o.run, &result);
		if (result.failures || (*result.why && o.named))
			status = EXIT_FAILED;
	}
	return ferror(stdout) ? EXIT_FAILED : status;
}
