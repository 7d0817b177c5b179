// SPDX-License-Identifier: GPL-2.0
/* switch_to(): numbers that name no thread, and unknown flags: EINVAL. */
#include <limits.h>

#include "spinner.h"

TEST(tid)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_ERRNO(EINVAL, switch_to(0, 0));
	ASSERT_ERRNO(EINVAL, switch_to(-1, 0));
	ASSERT_ERRNO(EINVAL, switch_to(-getpid(), 0));
	ASSERT_ERRNO(EINVAL, switch_to(INT_MIN, 0));
}

TEST(flags)
{
	struct spinner s;
	unsigned int bit;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(spinner_start(&s, usable_cpu(0), 1, NULL));
	for (bit = 0; bit < 32; bit++)
		ASSERT_ERRNO(EINVAL, switch_to(s.tid, 1U << bit));
	spinner_stop(&s);
}

TEST_HARNESS_MAIN
