// SPDX-License-Identifier: GPL-2.0
/* A hand-over that wakes nobody does not sleep either. */
#include "fastwake_test.h"

FIXTURE(errors) { };

FIXTURE_SETUP(errors)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
}

FIXTURE_TEARDOWN(errors) { }

TEST_F(errors, no_thread)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	ASSERT_EQ(0, child_status(pid));
	ASSERT_ERRNO(ESRCH, wake_up_process(pid, WAKE_UP_HIBERNATE));
}

TEST_F(errors, not_permitted)
{
	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_ERRNO(EPERM, wake_up_process(2, WAKE_UP_HIBERNATE));
}

TEST_F(errors, no_tid)
{
	ASSERT_ERRNO(EINVAL, wake_up_process(0, WAKE_UP_HIBERNATE));
}

/* To oneself: a permit that the sleep takes at once. */
TEST_F(errors, self)
{
	ASSERT_EQ(0, wake_up_process(gettid(), WAKE_UP_HIBERNATE));
	EXPECT_EQ(WAKE_UP_PERMIT, wake_up_process(gettid(), 0));
}

TEST_HARNESS_MAIN
