// SPDX-License-Identifier: GPL-2.0
/* wake_up_process() says which of its three effects it had. */
#include "fastwake_test.h"

TEST(woken)
{
	struct sleeper s;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_TRUE(sleeper_start(&s));
	EXPECT_EQ(WAKE_UP_WOKEN, wake_up_process(s.tid, 0));
	ASSERT_EQ(0, pthread_join(s.thread, NULL));
}

TEST(permit_then_pending)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	EXPECT_EQ(WAKE_UP_PERMIT, wake_up_process(gettid(), 0));
	EXPECT_EQ(WAKE_UP_PENDING, wake_up_process(gettid(), 0));
	EXPECT_EQ(WAKE_UP_PENDING, wake_up_process(gettid(), 0));
	ASSERT_EQ(0, hibernate(0));
	EXPECT_EQ(WAKE_UP_PERMIT, wake_up_process(gettid(), 0));
}

TEST(values_of_the_header)
{
	/* They are ABI. */
	EXPECT_EQ(0, WAKE_UP_WOKEN);
	EXPECT_EQ(1, WAKE_UP_PERMIT);
	EXPECT_EQ(2, WAKE_UP_PENDING);
}

TEST_HARNESS_MAIN
