// SPDX-License-Identifier: GPL-2.0
/* switch_to() follows the rule of kill(2), as wake_up_process() does. */
#include "spinner.h"

#define VICTIM_UID 1001
#define OTHER_UID 1002

static int switch_as(uid_t uid, pid_t tid)
{
	int *result = shared_alloc(sizeof(*result));
	pid_t pid = fork();

	if (!pid) {
		if (uid && setresuid(uid, uid, uid))
			_exit(1);
		*result = switch_to(tid, 0) ? -errno : 0;
		_exit(0);
	}
	return child_status(pid) ? -1000 : *result;
}

TEST(users)
{
	pid_t pid;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);

	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	pid = fork_spinner(VICTIM_UID);
	ASSERT_LT(0, pid);
	EXPECT_EQ(-EPERM, switch_as(OTHER_UID, pid));
	EXPECT_EQ(0, switch_as(VICTIM_UID, pid));
	EXPECT_EQ(0, switch_as(0, pid));
	EXPECT_TRUE(end_spinner(pid));
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
	ASSERT_ERRNO(EPERM, switch_to(2, 0));
}

TEST_HARNESS_MAIN
