// SPDX-License-Identifier: GPL-2.0
/* Threads that are gone or never were: ESRCH, for both calls that name one. */
#include <limits.h>

#include "fastwake_test.h"

static void *publish_tid(void *arg)
{
	atomic_store((atomic_int *)arg, gettid());
	return NULL;
}

TEST(exited_thread)
{
	atomic_int tid = 0;
	pthread_t thread;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_EQ(0, pthread_create(&thread, NULL, publish_tid, &tid));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_ERRNO(ESRCH, wake_up_process(tid, 0));
	ASSERT_ERRNO(ESRCH, switch_to(tid, 0));
}

TEST(zombie)
{
	siginfo_t info;
	pid_t pid;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(0);
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	ASSERT_ERRNO(ESRCH, wake_up_process(pid, 0));
	ASSERT_ERRNO(ESRCH, switch_to(pid, 0));
	EXPECT_EQ(0, child_status(pid));
	ASSERT_ERRNO(ESRCH, wake_up_process(pid, 0));
	ASSERT_ERRNO(ESRCH, switch_to(pid, 0));
}

/* The others go on, and only they can be named. */
TEST(leader_that_has_exited)
{
	atomic_int *other = shared_alloc(sizeof(*other));
	struct sleeper s = { };
	pid_t pid;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_NE(NULL, other);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (!sleeper_start(&s))
			_exit(1);
		*other = s.tid;
		pthread_exit(NULL);
	}
	wait_for_tid(other);
	ASSERT_TRUE(wait_for_state(pid, 'Z'));
	ASSERT_ERRNO(ESRCH, wake_up_process(pid, 0));
	ASSERT_ERRNO(ESRCH, switch_to(pid, 0));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(*other, 0));
	EXPECT_EQ(0, child_status(pid));
}

TEST(never_used)
{
	int pid_max = 0;
	FILE *f;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	f = fopen("/proc/sys/kernel/pid_max", "r");
	ASSERT_NE(NULL, f);
	ASSERT_EQ(1, fscanf(f, "%d", &pid_max));
	fclose(f);
	/* Numbers are below pid_max. */
	ASSERT_ERRNO(ESRCH, wake_up_process(pid_max, 0));
	ASSERT_ERRNO(ESRCH, switch_to(pid_max, 0));
	ASSERT_ERRNO(ESRCH, wake_up_process(INT_MAX, 0));
	ASSERT_ERRNO(ESRCH, switch_to(INT_MAX, 0));
}

TEST_HARNESS_MAIN
