/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fwbench fair: who gets how much of one CPU while a pair hands over, and while
 * the reference, threads that spin, is in the pair's place.
 */
#ifndef FWBENCH_FAIR_H
#define FWBENCH_FAIR_H

#include "clock.h"
#include "output.h"
#include "switch.h"

/* The weights of the two cgroups: that of pair and hog, and that of PARTY_CGROUP. */
#define WEIGHT 100
#define SIBLING_WEIGHT 50

enum party {
	PARTY_PAIR,
	PARTY_HOG,		/* spins, beside the pair */
	PARTY_CGROUP,		/* spins, in a cgroup of half the weight */
	PARTY_RT,		/* SCHED_FIFO, works for a part of each period */
	NR_PARTIES,
};

extern const char *const party_names[NR_PARTIES];

struct fair_run {
	struct run run;		/* of the pair */
	bool has[NR_PARTIES];
	double seconds;		/* of CPU time, in all */
};

/* What the parties have had up to one moment, or between two. */
struct account {
	int64_t cpu[NR_PARTIES];
	int64_t hand_overs;	/* rounds of the pair before which the other side ran */
	int64_t periods;	/* of PARTY_RT */
	int64_t completed;	/* of these, before the next one began */
};

struct fair_result {
	struct verdict verdict;
	struct account pair;
	struct account reference;
};

/* Returns the signal that ended a run before its time, or 0. */
int run_fair(const struct fair_run *run, struct fair_result *result);

void print_fair(enum format format, const struct fair_run *run,
		const struct fair_result *result);

/* How many threads spin in the pair's place: as many as are runnable in it. */
static inline int nr_reference(const struct method *m)
{
	return m->free_running ? 2 : 1;
}

static inline int64_t total(const struct account *a)
{
	int64_t sum = 0;
	int i;

	for (i = 0; i < NR_PARTIES; i++)
		sum += a->cpu[i];
	return sum;
}

#endif /* FWBENCH_FAIR_H */
