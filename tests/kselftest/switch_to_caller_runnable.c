// SPDX-License-Identifier: GPL-2.0
/*
 * The caller of switch_to() stays runnable: it comes back though nobody wakes
 * it, and though the target never gives the CPU away.
 */
#include "spinner.h"

TEST(comes_back)
{
	struct spinner s;
	int i;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(spinner_start(&s, usable_cpu(0), 1, NULL));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, switch_to(s.tid, 0));
	spinner_stop(&s);
}

TEST_HARNESS_MAIN
