// SPDX-License-Identifier: GPL-2.0
/* A permit belongs to one thread: children and new threads start without. */
#include "fastwake_test.h"

TEST(forked_child)
{
	pid_t pid;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_EQ(WAKE_UP_PERMIT, wake_up_process(gettid(), 0));
	pid = fork_sleeper(0);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(wait_for_sleep_in(pid, __NR_hibernate));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(pid, 0));
	EXPECT_EQ(0, child_status(pid));

	/* The parent still has its own. */
	EXPECT_EQ(WAKE_UP_PENDING, wake_up_process(gettid(), 0));
	EXPECT_EQ(0, hibernate(0));
}

TEST(new_thread)
{
	struct sleeper s;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_EQ(WAKE_UP_PERMIT, wake_up_process(gettid(), 0));
	ASSERT_TRUE(sleeper_start(&s));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(s.tid, 0));
	ASSERT_EQ(0, pthread_join(s.thread, NULL));
	EXPECT_EQ(WAKE_UP_PENDING, wake_up_process(gettid(), 0));
}

TEST_HARNESS_MAIN
