// SPDX-License-Identifier: GPL-2.0
/*
 * Each hand-over is counted as a directed wake-up, and each one on one CPU either as a
 * switch to the woken thread or as one of the reasons why there was none.
 */
#include "counters.h"
#include "pair.h"

#define TURNS 1000

static long pair_preemptions(struct pair *p)
{
	return thread_preemptions(p->pid[0]) + thread_preemptions(p->pid[1]);
}

#define BASE_SLICE "/sys/kernel/debug/sched/base_slice_ns"

/* What it was before, or -1. */
static long set_base_slice(long ns)
{
	FILE *f = fopen(BASE_SLICE, "r");
	long before = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%ld", &before) != 1)
		before = -1;
	fclose(f);

	f = fopen(BASE_SLICE, "w");
	if (!f || fprintf(f, "%ld", ns) < 0)
		before = -1;
	if (f && fclose(f))
		before = -1;
	return before;
}

TEST(hand_overs)
{
	long long wakes, switches, fallbacks;
	long base_slice;
	long preemptions;
	struct pair *p;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (counters_missing())
		SKIP(return, NO_COUNTERS);

	/* Where a turn takes long, each one would be the end of a slice otherwise. */
	base_slice = set_base_slice(100000000);
	ASSERT_LT(0, base_slice);
	p = pair_start(usable_cpu(0), usable_cpu(0), WAKE_UP_HIBERNATE, NULL);
	ASSERT_NE(NULL, p);
	wakes = counter("direct_wakes");
	switches = counter("direct_switches");
	fallbacks = counter("fallback_*");
	preemptions = pair_preemptions(p);
	ASSERT_LE(0, wakes);
	ASSERT_LE(0, switches);
	ASSERT_LE(0, fallbacks);

	EXPECT_TRUE(pair_run(p, TURNS));
	wakes = counter("direct_wakes") - wakes;
	switches = counter("direct_switches") - switches;
	fallbacks = counter("fallback_*") - fallbacks;
	preemptions = pair_preemptions(p) - preemptions;
	TH_LOG("%d turns: %lld wake-ups, %lld switches, %lld fallbacks, %ld preemptions",
	       TURNS, wakes, switches, fallbacks, preemptions);

	/* One that is preempted on its way to sleep need not be woken. */
	EXPECT_LE(TURNS - preemptions, wakes);
	EXPECT_LE(TURNS - preemptions, switches + fallbacks);
	/* The end of a slice is all that is against it. */
	EXPECT_LT(TURNS / 2, switches);
	EXPECT_TRUE(pair_stop(p));
	EXPECT_LT(0, set_base_slice(base_slice));
	EXPECT_STREQ("", p->wrong);
}

TEST_HARNESS_MAIN
