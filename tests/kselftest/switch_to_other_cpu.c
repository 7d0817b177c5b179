// SPDX-License-Identifier: GPL-2.0
/* switch_to() a thread that is on another CPU: EXDEV, it stays where it is. */
#include "spinner.h"

TEST(other_cpu)
{
	struct spinner s;
	int here = usable_cpu(0);
	int there = usable_cpu(1);

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (there < 0)
		SKIP(return, "needs two CPUs");

	ASSERT_TRUE(pin_to_cpu(here));
	ASSERT_TRUE(spinner_start(&s, there, 1, NULL));
	ASSERT_ERRNO(EXDEV, switch_to(s.tid, 0));
	spinner_stop(&s);
}

TEST_HARNESS_MAIN
