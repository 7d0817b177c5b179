// SPDX-License-Identifier: GPL-2.0
/*
 * The three formats, and a row of fwbench switch in each.
 */
#include <stdio.h>
#include <string.h>

#include "output.h"

static const char *const format_names[NR_FORMATS] = {
	[FORMAT_DEFAULT] = "default",
	[FORMAT_SIMPLE] = "simple",
	[FORMAT_JSON] = "json",
};

/* Below that, most calls did not hand over anything. */
#define MOSTLY_SWITCHED 0.9

enum format parse_format(struct argp_state *state, const char *arg)
{
	enum format f;

	for (f = 0; f < NR_FORMATS; f++) {
		if (!strcmp(arg, format_names[f]))
			return f;
	}
	argp_error(state, "format '%s' is none of default, simple and json", arg);
	return FORMAT_DEFAULT;
}

const char *outcome_name(enum outcome outcome)
{
	return outcome == DONE ? "done" : outcome == FAILED ? "failed" : "unsupported";
}

void print_json_string(const char *str)
{
	if (!str) {
		printf("null");
		return;
	}
	putchar('"');
	for (; *str; str++) {
		unsigned char c = *str;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < ' ')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static const char *clock_name(const struct run *run)
{
	return is_cpu_clock(run) ? "cpu" : "monotonic";
}

static void print_json_row(const struct run *run, const struct result *result)
{
	printf("{\"method\": \"%s\", \"who\": \"%s\", \"placement\": \"%s\", ",
	       run->method->name, who_names[run->who], placement_names[run->placement]);
	printf("\"threads\": %d, \"cgroup_depth\": %d, \"cgroup_split\": %s, ",
	       run->threads, run->depth, run->split ? "true" : "false");
	printf("\"rounds\": %lu, ", run->rounds);
	if (result->verdict.outcome == DONE) {
		printf("\"ns_per_rt\": %.3f, \"clock\": \"%s\", ", result->ns_per_rt,
		       clock_name(run));
		printf("\"csw_per_rt\": %.3f, ", result->csw_per_rt);
		if (run->method->solo)
			printf("\"switched\": null}\n");
		else
			printf("\"switched\": %.4f}\n", result->switched);
		return;
	}
	printf("\"%s\": ", outcome_name(result->verdict.outcome));
	print_json_string(result->verdict.why);
	printf("}\n");
}

static void print_simple_row(const struct run *run, const struct result *result)
{
	printf("%s %s %s %d %d ", run->method->name, who_names[run->who],
	       placement_names[run->placement], run->threads, run->depth);
	if (result->verdict.outcome == DONE)
		printf("%.3f\n", result->ns_per_rt);
	else
		printf("%s\n", outcome_name(result->verdict.outcome));
}

static void print_what(const struct run *run)
{
	const char *sides = run->who == THREAD ? "threads" : "processes";

	if (run->method->solo)
		printf("# Executed %lu pairs of calls in one %s\n", run->rounds,
		       who_names[run->who]);
	else
		printf("# Executed %lu round trips between two %s on %s\n", run->rounds,
		       sides, run->placement == ONE_CPU ? "one CPU" : "two CPUs");
	if (run->depth)
		printf("# in cgroups %d deep%s\n", run->depth,
		       run->split ? ", each side in a chain of its own" : "");
	if (is_cpu_clock(run))
		printf("# with %d bystanders on CPU %d; the time is the CPU time of the pair\n",
		       run->threads - 2, run->cpu[0]);
}

static void print_figures(const struct run *run, const struct result *result)
{
	printf("\n");
	printf("     Total time: %.3f [sec]%s\n\n", result->seconds,
	       is_cpu_clock(run) ? " of CPU" : "");
	printf("%15.3f ns/round-trip\n", result->ns_per_rt);
	printf("%15.0f round-trips/sec\n",
	       result->seconds > 0 ? run->rounds / result->seconds : 0.0);
	printf("%15.3f context switches/round-trip\n", result->csw_per_rt);
	if (run->method->solo)
		return;
	printf("%15.3f switched\n", result->switched);
	if (result->switched < MOSTLY_SWITCHED)
		printf("# Not a hand-over: the other side ran between only %.1f %% of the calls\n",
		       result->switched * 100);
}

static void print_default_row(const struct run *run, const struct result *result)
{
	printf("# Running 'switch/%s' benchmark:\n", run->method->name);
	if (result->verdict.outcome == DONE) {
		print_what(run);
		print_figures(run, result);
	} else {
		printf("%s: %s\n", outcome_name(result->verdict.outcome), result->verdict.why);
	}
	printf("\n");
}

void print_row(enum format format, const struct run *run, const struct result *result)
{
	switch (format) {
	case FORMAT_JSON:
		print_json_row(run, result);
		break;
	case FORMAT_SIMPLE:
		print_simple_row(run, result);
		break;
	default:
		print_default_row(run, result);
	}
	/* Before the next fork, which would print it again. */
	fflush(stdout);
}
