// SPDX-License-Identifier: GPL-2.0
/*
 * switch_to() a thread whose affinity changes while it runs: EXDEV as soon as it
 * has left the CPU, and never past the affinity.
 */
#include "spinner.h"
#include "traveller.h"

#define ROUNDS 20

TEST(is_obeyed)
{
	int here = usable_cpu(0);
	int there = usable_cpu(1);
	struct spinner s;
	int i;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (there < 0)
		SKIP(return, "needs two CPUs");

	ASSERT_TRUE(pin_to_cpu(here));
	ASSERT_TRUE(spinner_start(&s, here, 1, NULL));
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, switch_to(s.tid, 0));
		ASSERT_TRUE(set_cpus(s.tid, there, -1));
		ASSERT_ERRNO(EXDEV, switch_to(s.tid, 0));
		ASSERT_TRUE(set_cpus(s.tid, here, -1));
	}
	spinner_stop(&s);
}

TEST_HARNESS_MAIN
