// SPDX-License-Identifier: GPL-2.0
/* Unknown flags are refused, and take no permit. */
#include "fastwake_test.h"

TEST(unknown_flags)
{
	unsigned int bit;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	for (bit = 0; bit < 32; bit++)
		ASSERT_ERRNO(EINVAL, hibernate(1U << bit));
}

TEST(the_permit_stays)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_EQ(WAKE_UP_PERMIT, wake_up_process(gettid(), 0));
	ASSERT_ERRNO(EINVAL, hibernate(1));
	ASSERT_EQ(WAKE_UP_PENDING, wake_up_process(gettid(), 0));
	ASSERT_EQ(0, hibernate(0));
}

TEST_HARNESS_MAIN
