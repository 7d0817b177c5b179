// SPDX-License-Identifier: GPL-2.0
/*
 * Two processes hand a number over and back with hibernate() and
 * wake_up_process(), or with both in one call, on one CPU and across two, and
 * nothing is lost: see pair.h.
 */
#include "pair.h"

/* Fewer for kernels with debugging, where each one takes long. */
#define ROUNDS env_number("FASTWAKE_PING_PONG_ROUNDS", 10000)

FIXTURE(hand_over) { };

FIXTURE_VARIANT(hand_over)
{
	int cpu_index;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(hand_over, one_cpu)
{
	.cpu_index = 0,
};

FIXTURE_VARIANT_ADD(hand_over, two_cpus)
{
	.cpu_index = 1,
};

FIXTURE_VARIANT_ADD(hand_over, one_cpu_one_call)
{
	.cpu_index = 0,
	.flags = WAKE_UP_HIBERNATE,
};

FIXTURE_VARIANT_ADD(hand_over, two_cpus_one_call)
{
	.cpu_index = 1,
	.flags = WAKE_UP_HIBERNATE,
};

FIXTURE_SETUP(hand_over)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (usable_cpu(variant->cpu_index) < 0)
		SKIP(return, "needs two CPUs");
}

FIXTURE_TEARDOWN(hand_over) { }

TEST_F(hand_over, nothing_is_lost)
{
	struct pair *p = pair_start(usable_cpu(0), usable_cpu(variant->cpu_index),
				    variant->flags, NULL);

	ASSERT_NE(NULL, p);
	EXPECT_TRUE(pair_run(p, 2 * ROUNDS));
	EXPECT_TRUE(pair_stop(p));
	EXPECT_STREQ("", p->wrong);
	EXPECT_EQ(2 * ROUNDS, p->turn);
}

TEST_HARNESS_MAIN
