// SPDX-License-Identifier: GPL-2.0
/* Thread IDs are those of the caller's PID namespace. */
#include <sched.h>

#include "fastwake_test.h"

/* What the first process of the new namespace saw: results, or -errno. */
struct report {
	int pid;
	int outer;
	int self;
	int outer_switch;
	int outer_handover;
};

static int result(long ret)
{
	return ret < 0 ? -errno : ret;
}

TEST(outer_threads_are_not_visible)
{
	struct report *r = shared_alloc(sizeof(*r));
	pid_t outer = getpid();
	pid_t pid;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);

	ASSERT_NE(NULL, r);
	/* Else the number would exist inside as well. */
	ASSERT_LT(100, outer);
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		r->pid = getpid();
		r->outer = result(wake_up_process(outer, 0));
		r->outer_switch = result(switch_to(outer, 0));
		r->outer_handover = result(wake_up_process(outer, WAKE_UP_HIBERNATE));
		r->self = result(wake_up_process(1, 0));
		_exit(hibernate(0) ? errno : 0);
	}
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(1, r->pid);
	EXPECT_EQ(-ESRCH, r->outer);
	EXPECT_EQ(-ESRCH, r->outer_switch);
	EXPECT_EQ(-ESRCH, r->outer_handover);
	/* PID 1 is the caller itself, not the machine's init. */
	EXPECT_EQ(WAKE_UP_PERMIT, r->self);
	/* Nobody left a permit here. */
	EXPECT_EQ(WAKE_UP_PERMIT, wake_up_process(gettid(), 0));
}

/* Whom its parent named last means nothing to a child. */
TEST(named_before_the_fork)
{
	pid_t outer;
	pid_t pid;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);

	outer = fork_sleeper(0);
	ASSERT_LT(100, outer);
	ASSERT_TRUE(wait_for_sleep_in(outer, __NR_hibernate));
	ASSERT_EQ(-1, switch_to(outer, 0));
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(wake_up_process(outer, 0) ? errno : 0);
	EXPECT_EQ(ESRCH, child_status(pid));
	EXPECT_TRUE(is_parked(outer));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(outer, 0));
	EXPECT_EQ(0, child_status(outer));
}

TEST(inner_threads_are_visible_outside)
{
	pid_t pid;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);

	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	pid = fork_sleeper(0);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(wait_for_sleep_in(pid, __NR_hibernate));
	EXPECT_EQ(WAKE_UP_WOKEN, wake_up_process(pid, 0));
	EXPECT_EQ(0, child_status(pid));
}

TEST_HARNESS_MAIN
