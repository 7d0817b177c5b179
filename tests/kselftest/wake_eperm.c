// SPDX-License-Identifier: GPL-2.0
/* Across address spaces the rule of kill(2) holds. Kernel threads are nobody's. */
#include "fastwake_test.h"

#define VICTIM_UID 1001
#define OTHER_UID 1002

/* Call wake_up_process() as @uid; returns its result, or its -errno. */
static int wake_as(uid_t uid, pid_t tid)
{
	int *result = shared_alloc(sizeof(*result));
	pid_t pid = fork();

	if (!pid) {
		if (uid && setresuid(uid, uid, uid))
			_exit(1);
		*result = wake_up_process(tid, 0);
		if (*result < 0)
			*result = -errno;
		_exit(0);
	}
	return child_status(pid) ? -1000 : *result;
}

FIXTURE(victim)
{
	pid_t pid;
};

FIXTURE_SETUP(victim)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	self->pid = fork_sleeper(VICTIM_UID);
	ASSERT_LT(0, self->pid);
	ASSERT_TRUE(wait_for_sleep_in(self->pid, __NR_hibernate));
}

FIXTURE_TEARDOWN(victim)
{
	EXPECT_EQ(0, child_status(self->pid));
}

TEST_F(victim, other_user_may_not)
{
	long sleeps = thread_sleeps(self->pid);

	EXPECT_EQ(-EPERM, wake_as(OTHER_UID, self->pid));
	EXPECT_TRUE(is_parked(self->pid));
	EXPECT_EQ(sleeps, thread_sleeps(self->pid));
	EXPECT_EQ(WAKE_UP_WOKEN, wake_as(0, self->pid));
}

TEST_F(victim, same_user_may)
{
	EXPECT_EQ(WAKE_UP_WOKEN, wake_as(VICTIM_UID, self->pid));
}

TEST_F(victim, root_may)
{
	EXPECT_EQ(WAKE_UP_WOKEN, wake_as(0, self->pid));
}

TEST(kernel_thread)
{
	char comm[32];

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);

	read_proc(2, "comm", comm, sizeof(comm));
	ASSERT_STREQ("kthreadd\n", comm);
	ASSERT_ERRNO(EPERM, wake_up_process(2, 0));
}

TEST_HARNESS_MAIN
