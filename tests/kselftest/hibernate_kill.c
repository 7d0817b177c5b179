// SPDX-License-Identifier: GPL-2.0
/* A parked thread can be killed, alone in its process or not. */
#include <signal.h>

#include "fastwake_test.h"

TEST(sigkill)
{
	int status;
	pid_t pid;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	pid = fork_sleeper(0);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(wait_for_sleep_in(pid, __NR_hibernate));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
}

TEST(exit_of_the_process)
{
	struct sleeper s;
	pid_t pid;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(sleeper_start(&s) ? 7 : 1);
	EXPECT_EQ(7, child_status(pid));
}

TEST_HARNESS_MAIN
