// SPDX-License-Identifier: GPL-2.0
/*
 * The rows of fwbench fair, one for each party, in each format.
 */
#include <math.h>
#include <stdio.h>

#include "fair.h"

/* What is compared for one party; without a reference there is no difference. */
struct comparison {
	double share;
	double reference;
	double percent;
};

static double share(const struct account *a, enum party party)
{
	return (double)a->cpu[party] / total(a);
}

static struct comparison compare(const struct fair_result *result, enum party party)
{
	struct comparison c = {
		.share = share(&result->pair, party),
		.reference = share(&result->reference, party),
	};

	c.percent = c.reference > 0 ? 100 * (c.share / c.reference - 1) : NAN;
	return c;
}

/* --- json ------------------------------------------------------------------------- */

static void print_json_key(const struct fair_run *run)
{
	printf("{\"benchmark\": \"fair\", \"method\": \"%s\", \"cgroup\": %s, \"rt\": %s, ",
	       run->run.method->name, run->has[PARTY_CGROUP] ? "true" : "false",
	       run->has[PARTY_RT] ? "true" : "false");
}

static void print_json_extras(const struct fair_result *result, enum party party)
{
	const struct account *reference = &result->reference;
	const struct account *pair = &result->pair;

	if (party == PARTY_PAIR)
		printf(", \"hand_overs\": %lld", (long long)pair->hand_overs);
	if (party != PARTY_RT)
		return;
	printf(", \"completed\": %lld, \"periods\": %lld",
	       (long long)pair->completed, (long long)pair->periods);
	printf(", \"reference_completed\": %lld, \"reference_periods\": %lld",
	       (long long)reference->completed, (long long)reference->periods);
}

static void print_json_party(const struct fair_run *run, const struct fair_result *result,
			     enum party party)
{
	struct comparison c = compare(result, party);

	print_json_key(run);
	printf("\"party\": \"%s\", \"share\": %.4f, \"reference_share\": %.4f, ",
	       party_names[party], c.share, c.reference);
	if (isnan(c.percent))
		printf("\"difference_percent\": null, ");
	else
		printf("\"difference_percent\": %.2f, ", c.percent);
	printf("\"seconds\": %.3f", run->seconds);
	print_json_extras(result, party);
	printf("}\n");
}

static void print_json_reason(const struct fair_run *run, const struct verdict *verdict)
{
	print_json_key(run);
	printf("\"seconds\": %.3f, \"%s\": ", run->seconds, outcome_name(verdict->outcome));
	print_json_string(verdict->why);
	printf("}\n");
}

/* --- simple ------------------------------------------------------------------------ */

static void print_simple_party(const struct fair_run *run, const struct fair_result *result,
			       enum party party)
{
	struct comparison c = compare(result, party);

	printf("%s %s %.4f %.4f %.2f\n", run->run.method->name, party_names[party],
	       c.share, c.reference, c.percent);
}

/* --- default ------------------------------------------------------------------------ */

static void print_what(const struct fair_run *run)
{
	int n = nr_reference(run->run.method);

	printf("# Two threads on CPU %d hand it over to each other, beside others, for %.3f s of\n"
	       "# CPU time in all; the reference is %s instead\n\n",
	       run->run.cpu[0], run->seconds,
	       n == 2 ? "two spinning threads" : "one spinning thread");
	printf("%10s %12s %8s %14s %8s %12s\n", "party", "CPU [sec]", "share",
	       "reference", "share", "difference");
}

static void print_party(const struct fair_run *run __maybe_unused,
			const struct fair_result *result, enum party party)
{
	struct comparison c = compare(result, party);

	printf("%10s %12.4f %8.4f %14.4f %8.4f %+10.2f %%\n", party_names[party],
	       (double)result->pair.cpu[party] / NSEC_PER_SEC, c.share,
	       (double)result->reference.cpu[party] / NSEC_PER_SEC, c.reference, c.percent);
}

static void print_counts(const struct fair_run *run, const struct fair_result *result)
{
	const struct account *reference = &result->reference;
	const struct account *pair = &result->pair;

	printf("\n%12lld hand-overs\n", (long long)pair->hand_overs);
	if (run->has[PARTY_RT])
		printf("%12lld of %lld periods of rt completed, %lld of %lld with the reference\n",
		       (long long)pair->completed, (long long)pair->periods,
		       (long long)reference->completed, (long long)reference->periods);
}

/* --- all of them ---------------------------------------------------------------------- */

static void print_parties(const struct fair_run *run, const struct fair_result *result,
			  void (*print)(const struct fair_run *run,
					const struct fair_result *result, enum party party))
{
	enum party party;

	for (party = 0; party < NR_PARTIES; party++) {
		if (run->has[party])
			print(run, result, party);
	}
}

static void print_default(const struct fair_run *run, const struct fair_result *result)
{
	const struct verdict *v = &result->verdict;

	printf("# Running 'fair/%s' benchmark:\n", run->run.method->name);
	if (v->outcome == DONE) {
		print_what(run);
		print_parties(run, result, print_party);
		print_counts(run, result);
	} else {
		printf("%s: %s\n", outcome_name(v->outcome), v->why);
	}
	printf("\n");
}

void print_fair(enum format format, const struct fair_run *run,
		const struct fair_result *result)
{
	const struct verdict *v = &result->verdict;

	if (format == FORMAT_DEFAULT)
		print_default(run, result);
	else if (v->outcome == DONE)
		print_parties(run, result, format == FORMAT_JSON ? print_json_party :
								   print_simple_party);
	else if (format == FORMAT_JSON)
		print_json_reason(run, v);
	else
		printf("%s %s\n", run->run.method->name, outcome_name(v->outcome));
	/* Before the next fork, which would print it again. */
	fflush(stdout);
}
