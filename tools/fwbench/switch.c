// SPDX-License-Identifier: GPL-2.0
/*
 * fwbench switch: its options, and the rows they ask for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "cpus.h"
#include "fwbench.h"
#include "method_list.h"
#include "output.h"
#include "switch.h"

#define MIN_THREADS 2
#define MAX_THREADS 256
#define MAX_ROUNDS 1000000000L
#define MAX_REPEAT 1000000L
#define MAX_TIMEOUT 1000000L

const char *const who_names[NR_WHO] = {
	[THREAD] = "thread",
	[PROCESS] = "process",
};

const char *const placement_names[NR_PLACEMENTS] = {
	[ONE_CPU] = "one-cpu",
	[TWO_CPU] = "two-cpu",
};

struct options {
	struct method_list methods;
	bool who[NR_WHO];
	bool placement[NR_PLACEMENTS];
	enum format format;
	long repeat;
	struct run run;		/* of which each row takes a copy */
};

enum {
	OPT_WHO = 256,
	OPT_PLACEMENT,
	OPT_CPUS,
	OPT_THREADS,
	OPT_CGROUP_DEPTH,
	OPT_CGROUP_SPLIT,
	OPT_WARMUP,
	OPT_TIMEOUT,
};

static const struct argp_option argp_options[] = {
	{ "who", OPT_WHO, "WHO", 0,
	  "thread, process (default), or all: one after the other", 1 },
	{ "placement", OPT_PLACEMENT, "WHERE", 0,
	  "one-cpu (default): both on the first CPU; two-cpu: one on each; or all", 1 },
	{ "cpus", OPT_CPUS, "A,B", 0, "the two CPUs (0,1)", 1 },
	{ "threads", OPT_THREADS, "N", 0,
	  "threads that are runnable on the first CPU, the pair included, 2 to 256 (2)", 1 },
	{ "cgroup-depth", OPT_CGROUP_DEPTH, "D", 0,
	  "nested cgroups that the pair is put into, 0 to 32 (0: none)", 1 },
	{ "cgroup-split", OPT_CGROUP_SPLIT, NULL, 0,
	  "with --cgroup-depth: nested cgroups of its own for each process", 1 },
	{ "rounds", 'n', "N", 0, "round trips that are measured (10000)", 2 },
	{ "warmup", OPT_WARMUP, "N", 0, "round trips before these (1000)", 2 },
	{ "repeat", 'r', "N", 0, "run each benchmark N times, a row each (1)", 2 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0,
	  "a run that takes longer has lost a wake-up, and failed (60)", 2 },
	{ "format", 'f', "FORMAT", 0,
	  "default: for people; simple: a line a row; json: an object a line", 3 },
	{ }
};

static const char argp_doc[] =
	"Measures what it costs two contexts to hand a CPU over and back:\n"
	"A wakes B and waits, B wakes A and waits, which is one round trip.\v\n"
	"Two processes also change the address space with each switch; with two CPUs,\n"
	"each wake-up goes to the other CPU.\n"
	"\n"
	"With --threads N, N-2 bystanders spin on the first CPU. They take most of the\n"
	"elapsed time, so the figure is then the CPU time of the pair; with 2, it is\n"
	"the elapsed time.\n"
	"\n"
	"--cgroup-depth puts the pair into a chain of cgroups with the cpu controller,\n"
	"as a program in a container is; with --cgroup-split, each process into one of\n"
	"its own, as between containers. It needs the right to make cgroups.\n"
	"\n"
	"The method null is the floor: what two system calls cost that do nothing.\n"
	"'switched' is the share of rounds before which the other side really ran.\n"
	"It is 1 for methods that sleep, or the run has failed; for yield and\n"
	"switch_to it says whether the figure is that of a hand-over at all.\n"
	"\n"
	"Exit status: 0 if all went well, also where something is unsupported;\n"
	"1 if a benchmark failed, or the kernel lacks what a method needs that was\n"
	"named; 2 for wrong arguments.\n"
	"\n"
	"Examples:\n"
	"  fwbench switch\n"
	"  fwbench switch futex hibernate handover --who all --placement all\n"
	"  fwbench switch switch_to futex --threads 64 --rounds 1000\n"
	"  fwbench switch pipe handover --cgroup-depth 4 --cgroup-split -f json\n";

/* --- options ------------------------------------------------------------------ */

/* Sets the named flag, or with "all" every one. */
static void parse_set(struct argp_state *state, const char *arg, const char *what,
		      const char *const *names, bool *set, int n)
{
	bool found = false;
	int i;

	for (i = 0; i < n; i++) {
		set[i] = !strcmp(arg, "all") || !strcmp(arg, names[i]);
		found |= set[i];
	}
	if (!found)
		argp_error(state, "%s '%s' is none of %s, %s and all", what, arg,
			   names[0], names[1]);
}

static void parse_cpus(struct argp_state *state, const char *arg, int *cpu)
{
	char first[16] = "";
	const char *comma = strchr(arg, ',');

	if (!comma || comma - arg >= (int)sizeof(first))
		argp_error(state, "cpus '%s' are not two numbers such as 0,1", arg);
	memcpy(first, arg, comma - arg);
	cpu[0] = parse_number(state, first, "CPU", 0, MAX_CPU);
	cpu[1] = parse_number(state, comma + 1, "CPU", 0, MAX_CPU);
}

static void check_cpus(struct argp_state *state, const struct options *o)
{
	int n = o->placement[TWO_CPU] ? 2 : 1;
	char why[320];
	int i;

	if (n == 2 && o->run.cpu[0] == o->run.cpu[1])
		argp_error(state, "two-cpu needs two, not CPU %d twice", o->run.cpu[0]);
	for (i = 0; i < n; i++) {
		if (!cpu_usable(o->run.cpu[i], why, sizeof(why)))
			argp_error(state, "%s; see --cpus", why);
	}
}

static void check_options(struct argp_state *state, struct options *o)
{
	complete_methods(&o->methods);
	if (o->run.split && !o->run.depth)
		argp_error(state, "--cgroup-split needs --cgroup-depth");
	if (o->run.split && !o->who[PROCESS])
		argp_error(state, "--cgroup-split is for processes, not for threads");
	check_cpus(state, o);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_WHO:
		parse_set(state, arg, "who", who_names, o->who, NR_WHO);
		break;
	case OPT_PLACEMENT:
		parse_set(state, arg, "placement", placement_names, o->placement, NR_PLACEMENTS);
		break;
	case OPT_CPUS:
		parse_cpus(state, arg, o->run.cpu);
		break;
	case OPT_THREADS:
		o->run.threads = parse_number(state, arg, "threads", MIN_THREADS, MAX_THREADS);
		break;
	case OPT_CGROUP_DEPTH:
		o->run.depth = parse_number(state, arg, "cgroup-depth", 0, MAX_DEPTH);
		break;
	case OPT_CGROUP_SPLIT:
		o->run.split = true;
		break;
	case OPT_WARMUP:
		o->run.warmup = parse_number(state, arg, "warmup", 0, MAX_ROUNDS);
		break;
	case OPT_TIMEOUT:
		o->run.timeout = parse_number(state, arg, "timeout", 1, MAX_TIMEOUT);
		break;
	case 'n':
		o->run.rounds = parse_number(state, arg, "rounds", 1, MAX_ROUNDS);
		break;
	case 'r':
		o->repeat = parse_number(state, arg, "repeat", 1, MAX_REPEAT);
		break;
	case 'f':
		o->format = parse_format(state, arg);
		break;
	case ARGP_KEY_ARG:
		name_method(state, &o->methods, arg);
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
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	return methods_help(false, text);
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse_option,
	.args_doc = "[METHOD...]",
	.doc = argp_doc,
	.help_filter = help_filter,
};

/* --- rows ---------------------------------------------------------------------- */

static void complain(const struct run *run, const struct result *result)
{
	fflush(stdout);
	fprintf(stderr, "fwbench: switch/%s, %s, %s: %s\n", run->method->name,
		who_names[run->who], placement_names[run->placement], result->verdict.why);
}

/* Returns 0 to go on, the signal that ended it, or -1 if nobody reads any more. */
static int do_row(const struct options *o, const struct run *run, int *status)
{
	struct result result;
	int caught = run_pair(run, &result);

	if (caught)
		return caught;
	print_row(o->format, run, &result);
	if (is_failure(&result.verdict, o->methods.named)) {
		complain(run, &result);
		*status = EXIT_FAILED;
	}
	return ferror(stdout) ? -1 : 0;
}

static int do_methods(const struct options *o, struct run *run, int *status)
{
	int stopped;
	long again;
	int i;

	for (i = 0; i < o->methods.nr; i++) {
		run->method = o->methods.methods[i];
		for (again = 0; again < o->repeat; again++) {
			stopped = do_row(o, run, status);
			if (stopped)
				return stopped;
		}
	}
	return 0;
}

static int do_all(const struct options *o, int *status)
{
	struct run run = o->run;
	int stopped = 0;

	for (run.who = 0; run.who < NR_WHO; run.who++) {
		for (run.placement = 0; run.placement < NR_PLACEMENTS; run.placement++) {
			if (o->who[run.who] && o->placement[run.placement] && !stopped)
				stopped = do_methods(o, &run, status);
		}
	}
	return stopped;
}

int cmd_switch(int argc, char **argv)
{
	struct options o = {
		.who = { [PROCESS] = true },
		.placement = { [ONE_CPU] = true },
		.repeat = 1,
		.run = {
			.cpu = { 0, 1 },
			.threads = 2,
			.warmup = 1000,
			.rounds = 10000,
			.timeout = 60,
		},
	};
	int status = EXIT_OK;
	int stopped = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	block_signals();
	print_machine(o.format, o.run.cpu[0]);
	if (o.run.depth && cgroup_create(o.run.split ? 2 : 1, o.run.depth))
		status = EXIT_FAILED;
	else
		stopped = do_all(&o, &status);
	return finish(stopped, status);
}
