// SPDX-License-Identifier: GPL-2.0
/*
 * A thread ID that is used again: calls reach the thread that has it now, though
 * the kernel remembers which one the caller named last, and the right to name the
 * one is not the right to name the other.
 */
#include <linux/sched.h>
#include <signal.h>

#include "fastwake_test.h"

#define GENERATIONS 20
#define OWNER 1001
#define STRANGER 1002

/* A child process with this very id that sleeps in hibernate() as @uid. */
static pid_t fork_sleeper_with(pid_t tid, uid_t uid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (unsigned long)&tid,
		.set_tid_size = 1,
	};
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	if (!pid) {
		if (uid && setresuid(uid, uid, uid))
			_exit(255);
		_exit(hibernate(0) ? errno : 0);
	}
	return pid;
}

/* 0, or the errno of a call that finds the thread and changes nothing. */
static int name(pid_t tid)
{
	return switch_to(tid, 0) ? errno : 0;
}

FIXTURE(reused)
{
	pid_t tid;
};

FIXTURE_SETUP(reused)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	self->tid = fork_sleeper(OWNER);
	ASSERT_LT(0, self->tid);
	ASSERT_TRUE(wait_for_sleep_in(self->tid, __NR_hibernate));
}

FIXTURE_TEARDOWN(reused) { }

TEST_F(reused, the_new_thread_is_named)
{
	pid_t tid = self->tid;
	siginfo_t info;
	int i;

	for (i = 0; i < GENERATIONS; i++) {
		ASSERT_EQ(EAGAIN, name(tid));
		ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(tid, 0));
		ASSERT_EQ(0, waitid(P_PID, tid, &info, WEXITED | WNOWAIT));
		ASSERT_EQ(ESRCH, name(tid));
		ASSERT_EQ(0, child_status(tid));
		ASSERT_EQ(ESRCH, name(tid));
		ASSERT_ERRNO(ESRCH, wake_up_process(tid, WAKE_UP_HIBERNATE));

		ASSERT_EQ(tid, fork_sleeper_with(tid, 0));
		ASSERT_TRUE(wait_for_sleep_in(tid, __NR_hibernate));
	}
	/* No wake-up was left to it. */
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(tid, 0));
	EXPECT_EQ(0, child_status(tid));
}

TEST_F(reused, no_right_is_kept)
{
	atomic_int *step = shared_alloc(sizeof(*step));
	pid_t caller;

	ASSERT_NE(NULL, step);
	caller = fork();
	ASSERT_LE(0, caller);
	if (!caller) {
		if (setresuid(OWNER, OWNER, OWNER) || name(self->tid) != EAGAIN)
			_exit(1);
		*step = 1;
		while (*step != 2)
			sched_yield();
		if (name(self->tid) != EPERM)
			_exit(2);
		if (wake_up_process(self->tid, 0) != -1 || errno != EPERM)
			_exit(3);
		_exit(0);
	}
	while (*step != 1 && thread_state(caller) != 'Z')
		sched_yield();

	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->tid, 0));
	ASSERT_EQ(0, child_status(self->tid));
	ASSERT_EQ(self->tid, fork_sleeper_with(self->tid, STRANGER));
	ASSERT_TRUE(wait_for_sleep_in(self->tid, __NR_hibernate));
	*step = 2;
	EXPECT_EQ(0, child_status(caller));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->tid, 0));
	EXPECT_EQ(0, child_status(self->tid));
}

TEST_HARNESS_MAIN
