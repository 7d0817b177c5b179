// SPDX-License-Identifier: GPL-2.0
/*
 * A permit is the thread's, not the program's: it outlives execve(). Of several
 * threads, the one that calls execve() goes on, with its own permit or none.
 */
#include <signal.h>

#include "fastwake_test.h"

#define AFTER_EXEC "after-exec"
#define NO_EXEC 255
#define SECOND_PERMIT 254

/* The new program. Its exit status is the errno of its first sleep. */
static int after_exec(void)
{
	if (hibernate(0))
		return errno;
	return wake_up_process(gettid(), 0) == WAKE_UP_PERMIT ? 0 : SECOND_PERMIT;
}

static void exec_myself(void)
{
	execl("/proc/self/exe", "hibernate_exec", AFTER_EXEC, NULL);
	_exit(NO_EXEC);
}

static void leave_permit(void)
{
	wake_up_process(gettid(), 0);
}

/* A child process that calls @before, and then execve(). */
static pid_t fork_exec(void (*before)(void))
{
	pid_t pid = fork();

	if (!pid) {
		before();
		exec_myself();
	}
	return pid;
}

/* Its exit status, or -1 if it sleeps: with a permit it never does. */
static int status_unless_parked(pid_t pid)
{
	while (thread_state(pid) != 'Z') {
		if (is_parked(pid))
			kill(pid, SIGKILL);
		sched_yield();
	}
	return child_status(pid);
}

TEST(permit_survives)
{
	pid_t pid;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	pid = fork_exec(leave_permit);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, status_unless_parked(pid));
}

static void *exec_thread(void *arg)
{
	if (arg)
		leave_permit();
	exec_myself();
	return NULL;
}

/* Another thread calls execve(), which ends this one. */
static void exec_elsewhere(bool permit)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, exec_thread, permit ? &thread : NULL))
		_exit(NO_EXEC);
	for (;;)
		pause();
}

static void permit_of_the_caller(void)
{
	exec_elsewhere(true);
}

static void permit_of_the_leader(void)
{
	leave_permit();
	exec_elsewhere(false);
}

TEST(permit_of_the_thread_that_calls_it_survives)
{
	pid_t pid;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	pid = fork_exec(permit_of_the_caller);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, status_unless_parked(pid));
}

/* It takes over the thread ID of the leader, but nothing else. */
TEST(permit_of_another_thread_does_not)
{
	pid_t pid;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	pid = fork_exec(permit_of_the_leader);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(wait_for_sleep_in(pid, __NR_hibernate));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(pid, 0));
	EXPECT_EQ(0, child_status(pid));
}

static void park_another(void)
{
	struct sleeper s;

	if (!sleeper_start(&s))
		_exit(NO_EXEC);
	leave_permit();
}

TEST(parked_thread_does_not_hold_it_up)
{
	pid_t pid;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	pid = fork_exec(park_another);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, status_unless_parked(pid));
}

/* TEST_HARNESS_MAIN, and the new program. */
int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], AFTER_EXEC))
		return after_exec();
	return test_harness_run(argc, argv);
}
