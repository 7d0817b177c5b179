// SPDX-License-Identifier: GPL-2.0
/* Numbers that name no thread, and unknown flags: EINVAL. */
#include <limits.h>

#include "fastwake_test.h"

TEST(tid)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_ERRNO(EINVAL, wake_up_process(0, 0));
	ASSERT_ERRNO(EINVAL, wake_up_process(-1, 0));
	ASSERT_ERRNO(EINVAL, wake_up_process(-getpid(), 0));
	ASSERT_ERRNO(EINVAL, wake_up_process(INT_MIN, 0));
}

TEST(flags)
{
	unsigned int bit;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	for (bit = 0; bit < 32; bit++) {
		if (1U << bit == WAKE_UP_HIBERNATE)
			continue;
		ASSERT_ERRNO(EINVAL, wake_up_process(gettid(), 1U << bit));
		ASSERT_ERRNO(EINVAL, wake_up_process(gettid(),
						     1U << bit | WAKE_UP_HIBERNATE));
	}

	/* None of them left a permit. */
	ASSERT_EQ(WAKE_UP_PERMIT, wake_up_process(gettid(), 0));
}

TEST_HARNESS_MAIN
