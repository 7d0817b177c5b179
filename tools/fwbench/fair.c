// SPDX-License-Identifier: GPL-2.0
/*
 * fwbench fair: its options, and the runs they ask for.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "cpus.h"
#include "fair.h"
#include "method_list.h"

#define MIN_SECONDS 0.1
#define MAX_SECONDS 100000.0
#define MAX_TIMEOUT 10000000L

const char *const party_names[NR_PARTIES] = {
	[PARTY_PAIR] = "pair",
	[PARTY_HOG] = "hog",
	[PARTY_CGROUP] = "cgroup",
	[PARTY_RT] = "rt",
};

struct options {
	struct method_list methods;
	enum format format;
	struct fair_run run;	/* of which each method takes a copy */
};

enum {
	OPT_CPU = 256,
	OPT_CGROUP,
	OPT_RT,
	OPT_TIMEOUT,
};

static const struct argp_option argp_options[] = {
	{ "cgroup", OPT_CGROUP, NULL, 0,
	  "one more hog, in a cgroup of half the weight of the others'", 1 },
	{ "rt", OPT_RT, NULL, 0,
	  "a SCHED_FIFO thread that does the same work every 10 ms", 1 },
	{ "cpu", OPT_CPU, "N", 0, "the CPU that all of them share (0)", 1 },
	{ "seconds", 's', "S", 0,
	  "CPU time of all of them together, for each of the two halves (2)", 2 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0,
	  "a half that takes longer failed (60, and 10 for each of --seconds)", 2 },
	{ "format", 'f', "FORMAT", 0,
	  "default: for people; simple: a line a party; json: an object a line", 3 },
	{ }
};

static const char argp_doc[] =
	"Do threads that hand the CPU over to each other take more than their share\n"
	"from others, or less? A pair does nothing else, on one CPU with a hog that\n"
	"spins and, if asked for, other parties. Then the reference takes the pair's\n"
	"place: spinning threads, as many as are runnable in the pair, which is two\n"
	"for switch_to and else one.\v\n"
	"A share is that of the CPU time which all parties had together. 'difference'\n"
	"is that to the party's share with the reference, in per cent of the latter.\n"
	"\n"
	"With --cgroup, the pair and the hog are in a cgroup with a cpu.weight of 100,\n"
	"and the other hog in one of 50. It needs the right to make cgroups. With --rt\n"
	"it is also counted how many of its periods that thread completes.\n"
	"\n"
	"Exit status: 0 if all went well, also where something is unsupported;\n"
	"1 if a benchmark failed, or the kernel lacks what a method needs that was\n"
	"named; 2 for wrong arguments.\n"
	"\n"
	"Examples:\n"
	"  fwbench fair\n"
	"  fwbench fair futex handover --cgroup --rt --seconds 10\n"
	"  fwbench fair switch_to --cpu 3 -f json\n";

/* --- options ------------------------------------------------------------------ */

static double parse_seconds(struct argp_state *state, const char *arg)
{
	double value;
	char *end;

	value = strtod(arg, &end);
	if (end == arg || *end || !isfinite(value) || value < MIN_SECONDS || value > MAX_SECONDS)
		argp_error(state, "seconds '%s' is not a number from %g to %.0f", arg,
			   MIN_SECONDS, MAX_SECONDS);
	return value;
}

static void check_options(struct argp_state *state, struct options *o)
{
	struct run *run = &o->run.run;
	char why[320];

	complete_methods(&o->methods);
	if (!run->timeout)
		run->timeout = 60 + 10 * o->run.seconds;
	if (!cpu_usable(run->cpu[0], why, sizeof(why)))
		argp_error(state, "%s; see --cpu", why);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_CPU:
		o->run.run.cpu[0] = parse_number(state, arg, "CPU", 0, MAX_CPU);
		break;
	case OPT_CGROUP:
		o->run.has[PARTY_CGROUP] = true;
		break;
	case OPT_RT:
		o->run.has[PARTY_RT] = true;
		break;
	case OPT_TIMEOUT:
		o->run.run.timeout = parse_number(state, arg, "timeout", 1, MAX_TIMEOUT);
		break;
	case 's':
		o->run.seconds = parse_seconds(state, arg);
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
	return methods_help(true, text);
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse_option,
	.args_doc = "[METHOD...]",
	.doc = argp_doc,
	.help_filter = help_filter,
};

/* --- runs ---------------------------------------------------------------------- */

/* Returns 0 to go on, the signal that ended it, or -1 if nobody reads any more. */
static int do_method(const struct options *o, const struct method *m, int *status)
{
	struct fair_run run = o->run;
	struct fair_result result;
	int caught;

	run.run.method = m;
	caught = run_fair(&run, &result);
	if (caught)
		return caught;
	print_fair(o->format, &run, &result);
	if (is_failure(&result.verdict, o->methods.named)) {
		fprintf(stderr, "fwbench: fair/%s: %s\n", m->name, result.verdict.why);
		*status = EXIT_FAILED;
	}
	return ferror(stdout) ? -1 : 0;
}

static int do_all(const struct options *o, int *status)
{
	int stopped = 0;
	int i;

	for (i = 0; i < o->methods.nr && !stopped; i++)
		stopped = do_method(o, o->methods.methods[i], status);
	return stopped;
}

/* Once for all runs: groups of the same age. */
static int make_cgroups(const struct options *o)
{
	if (!o->run.has[PARTY_CGROUP])
		return 0;
	if (cgroup_create(2, 1) || cgroup_set_weight(0, WEIGHT))
		return -1;
	return cgroup_set_weight(1, SIBLING_WEIGHT);
}

int cmd_fair(int argc, char **argv)
{
	struct options o = {
		.methods = { .fair = true },
		.run = {
			.run = { .who = THREAD, .placement = ONE_CPU, .threads = 2 },
			.has = { [PARTY_PAIR] = true, [PARTY_HOG] = true },
			.seconds = 2,
		},
	};
	int status = EXIT_OK;
	int stopped = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	block_signals();
	print_machine(o.format, o.run.run.cpu[0]);
	if (make_cgroups(&o))
		status = EXIT_FAILED;
	else
		stopped = do_all(&o, &status);
	return finish(stopped, status);
}
