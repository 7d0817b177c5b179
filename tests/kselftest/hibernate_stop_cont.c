// SPDX-License-Identifier: GPL-2.0
/* Stop and continue do not end the sleep, and lose no wake-up. */
#include <signal.h>

#include "fastwake_test.h"

FIXTURE(child)
{
	pid_t pid;
};

FIXTURE_SETUP(child)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	self->pid = fork_sleeper(0);
	ASSERT_LT(0, self->pid);
	ASSERT_TRUE(wait_for_sleep_in(self->pid, __NR_hibernate));
	ASSERT_EQ(0, kill(self->pid, SIGSTOP));
	ASSERT_TRUE(wait_for_state(self->pid, 'T'));
}

FIXTURE_TEARDOWN(child) { }

TEST_F(child, parked_again_after_continue)
{
	ASSERT_EQ(0, kill(self->pid, SIGCONT));
	ASSERT_TRUE(wait_for_sleep_in(self->pid, __NR_hibernate));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->pid, 0));
	EXPECT_EQ(0, child_status(self->pid));
}

TEST_F(child, wake_while_stopped_is_remembered)
{
	ASSERT_LE(0, wake_up_process(self->pid, 0));
	/* A wake-up is no SIGCONT. */
	ASSERT_EQ('T', thread_state(self->pid));
	ASSERT_EQ(0, kill(self->pid, SIGCONT));
	EXPECT_EQ(0, child_status(self->pid));
}

TEST_HARNESS_MAIN
