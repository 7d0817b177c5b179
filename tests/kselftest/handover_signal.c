// SPDX-License-Identifier: GPL-2.0
/*
 * Signals and a hand-over: a handler ends the sleep with EINTR, stop and continue
 * only interrupt it, and in neither case is the thread woken a second time.
 */
#include <signal.h>

#include "fastwake_test.h"

static void handler(int sig)
{
	(void)sig;
}

FIXTURE(handover)
{
	pid_t target, caller;
};

/* Wakes @target and sleeps; exits with 0 if woken, else with errno. */
static pid_t fork_caller(pid_t target)
{
	pid_t pid = fork();

	if (!pid)
		_exit(wake_up_process(target, WAKE_UP_HIBERNATE) ? errno : 0);
	return pid;
}

/* Sleeps twice: a second wake-up would end the second sleep. */
static pid_t fork_target(void)
{
	pid_t pid = fork();

	if (!pid) {
		if (hibernate(0))
			_exit(1);
		_exit(hibernate(0) ? 2 : 0);
	}
	return pid;
}

FIXTURE_SETUP(handover)
{
	struct sigaction sa = { .sa_handler = handler };

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	self->target = fork_target();
	ASSERT_LT(0, self->target);
	ASSERT_TRUE(wait_for_sleep_in(self->target, __NR_hibernate));
	self->caller = fork_caller(self->target);
	ASSERT_LT(0, self->caller);
	ASSERT_TRUE(wait_for_sleep_in(self->caller, __NR_wake_up_process));
	ASSERT_TRUE(wait_for_sleep_in(self->target, __NR_hibernate));
}

/* The target has only had the one wake-up, and now gets the other one. */
FIXTURE_TEARDOWN(handover)
{
	EXPECT_TRUE(wait_for_sleep_in(self->target, __NR_hibernate));
	EXPECT_EQ(WAKE_UP_WOKEN, wake_up_process(self->target, 0));
	EXPECT_EQ(0, child_status(self->target));
}

TEST_F(handover, handler_ends_the_sleep)
{
	ASSERT_EQ(0, kill(self->caller, SIGUSR1));
	EXPECT_EQ(EINTR, child_status(self->caller));
}

TEST_F(handover, stop_and_continue)
{
	ASSERT_EQ(0, kill(self->caller, SIGSTOP));
	ASSERT_TRUE(wait_for_state(self->caller, 'T'));
	ASSERT_EQ(0, kill(self->caller, SIGCONT));
	ASSERT_TRUE(wait_for_state(self->caller, 'S'));
	EXPECT_EQ(WAKE_UP_WOKEN, wake_up_process(self->caller, 0));
	EXPECT_EQ(0, child_status(self->caller));
}

TEST_F(handover, wake_while_stopped)
{
	ASSERT_EQ(0, kill(self->caller, SIGSTOP));
	ASSERT_TRUE(wait_for_state(self->caller, 'T'));
	ASSERT_LE(0, wake_up_process(self->caller, 0));
	ASSERT_EQ(0, kill(self->caller, SIGCONT));
	EXPECT_EQ(0, child_status(self->caller));
}

TEST_HARNESS_MAIN
