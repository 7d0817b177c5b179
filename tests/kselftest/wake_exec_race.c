// SPDX-License-Identifier: GPL-2.0
/*
 * Wake-ups race with execve() of the thread that they name: each one ends one call
 * of hibernate(), of the old program or of the new one, and none is lost.
 */
#include <signal.h>
#include <sys/prctl.h>

#include "env_number.h"
#include "fastwake_test.h"

#define AFTER_EXEC "after-exec"
#define WAKES times(200)

/* Where the programs count: a file, since execve() takes away the memory. */
static atomic_int *woken;
static int woken_fd;

static bool map_woken(void)
{
	woken = mmap(NULL, sizeof(*woken), PROT_READ | PROT_WRITE, MAP_SHARED, woken_fd, 0);
	return woken != MAP_FAILED;
}

/* Sleep once, and begin anew. */
static int sleep_and_exec(void)
{
	char fd[16];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (hibernate(0))
		return errno;
	if (++*woken == WAKES)
		return 0;
	snprintf(fd, sizeof(fd), "%d", woken_fd);
	execl("/proc/self/exe", "wake_exec_race", AFTER_EXEC, fd, NULL);
	return 255;
}

TEST(nothing_is_lost)
{
	pid_t pid;
	int i, j;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	woken_fd = memfd_create("woken", 0);
	ASSERT_LE(0, woken_fd);
	ASSERT_EQ(0, ftruncate(woken_fd, sizeof(*woken)));
	ASSERT_TRUE(map_woken());
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(sleep_and_exec());

	/* The next one as soon as the last one counts: then comes the execve(). */
	for (i = 1; i <= WAKES; i++) {
		long ret = wake_up_process(pid, 0);

		ASSERT_TRUE(ret == WAKE_UP_WOKEN || ret == WAKE_UP_PERMIT);
		for (j = 0; j < MAX_POLLS && *woken < i; j++)
			sched_yield();
		ASSERT_EQ(i, *woken);
	}
	EXPECT_EQ(0, child_status(pid));
}

/* TEST_HARNESS_MAIN, and the new program. */
int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], AFTER_EXEC)) {
		woken_fd = atoi(argv[2]);
		return map_woken() ? sleep_and_exec() : 255;
	}
	return test_harness_run(argc, argv);
}
