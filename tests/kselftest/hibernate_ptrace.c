// SPDX-License-Identifier: GPL-2.0
/*
 * A tracer that stops a parked thread and lets it go on neither ends its sleep
 * nor loses a wake-up.
 */
#include <signal.h>
#include <sys/ptrace.h>

#include "fastwake_test.h"

FIXTURE(traced)
{
	pid_t pid;
};

FIXTURE_VARIANT(traced)
{
	int go_on;
};

FIXTURE_VARIANT_ADD(traced, cont)
{
	.go_on = PTRACE_CONT,
};

FIXTURE_VARIANT_ADD(traced, detach)
{
	.go_on = PTRACE_DETACH,
};

static long trace(int request, pid_t pid)
{
	return ptrace(request, pid, NULL, NULL);
}

FIXTURE_SETUP(traced)
{
	int status;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	self->pid = fork_sleeper(0);
	ASSERT_LT(0, self->pid);
	ASSERT_TRUE(wait_for_sleep_in(self->pid, __NR_hibernate));
	ASSERT_EQ(0, trace(PTRACE_SEIZE, self->pid));
	ASSERT_TRUE(is_parked(self->pid));
	ASSERT_EQ(0, trace(PTRACE_INTERRUPT, self->pid));
	ASSERT_EQ(self->pid, waitpid(self->pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(SIGTRAP | PTRACE_EVENT_STOP << 8, status >> 8);
}

FIXTURE_TEARDOWN(traced) { }

TEST_F(traced, parked_again)
{
	ASSERT_EQ(0, trace(variant->go_on, self->pid));
	ASSERT_TRUE(wait_for_sleep_in(self->pid, __NR_hibernate));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->pid, 0));
	EXPECT_EQ(0, child_status(self->pid));
}

TEST_F(traced, wake_while_stopped_is_remembered)
{
	ASSERT_LE(0, wake_up_process(self->pid, 0));
	/* A wake-up is no PTRACE_CONT. */
	ASSERT_EQ('t', thread_state(self->pid));
	ASSERT_EQ(0, trace(variant->go_on, self->pid));
	EXPECT_EQ(0, child_status(self->pid));
}

/* Again and again: no stop is mistaken for a signal, whichever comes when. */
TEST_F(traced, second_stop)
{
	int status;

	ASSERT_EQ(0, trace(PTRACE_CONT, self->pid));
	ASSERT_TRUE(wait_for_sleep_in(self->pid, __NR_hibernate));
	ASSERT_EQ(0, trace(PTRACE_INTERRUPT, self->pid));
	ASSERT_EQ(self->pid, waitpid(self->pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(0, trace(variant->go_on, self->pid));
	ASSERT_TRUE(wait_for_sleep_in(self->pid, __NR_hibernate));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->pid, 0));
	EXPECT_EQ(0, child_status(self->pid));
}

TEST_HARNESS_MAIN
