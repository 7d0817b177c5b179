// SPDX-License-Identifier: GPL-2.0
/*
 * execve() by another thread than the leader: it goes by the thread ID of the
 * leader from then on, also for those who named either of the two before, and its
 * own one is nobody's.
 */
#include "fastwake_test.h"

#define AFTER_EXEC "after-exec"

/* --- the process that is named ------------------------------------------------ */

static atomic_int *second_tid;

/* Sleeps, and then starts the program anew: see main(). */
static void *exec_when_woken(void *unused)
{
	(void)unused;
	*second_tid = gettid();
	if (!hibernate(0))
		execl("/proc/self/exe", "wake_exec_tid", AFTER_EXEC, NULL);
	_exit(255);
}

static pid_t fork_two_threads(void)
{
	pid_t pid = fork();
	pthread_t thread;

	if (!pid) {
		if (!pthread_create(&thread, NULL, exec_when_woken, NULL))
			hibernate(0);
		_exit(255);
	}
	return pid;
}

/* --- those who name it ---------------------------------------------------------- */

/* 0, or the errno of a call that finds the thread and changes nothing. */
static int name(pid_t tid)
{
	return switch_to(tid, 0) ? errno : 0;
}

struct caller {
	pthread_t thread;
	pid_t first;		/* named before */
	pid_t leader, second;	/* named afterwards */
	atomic_int result, leader_result, second_result;	/* -1: none yet */
	atomic_bool *go_on;
};

static void *caller_main(void *arg)
{
	struct caller *c = arg;

	c->result = name(c->first);
	while (!*c->go_on)
		sched_yield();
	c->second_result = name(c->second);
	c->leader_result = name(c->leader);
	return NULL;
}

FIXTURE(exec)
{
	pid_t leader, second;
};

FIXTURE_SETUP(exec)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	second_tid = shared_alloc(sizeof(*second_tid));
	ASSERT_NE(NULL, second_tid);
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	self->leader = fork_two_threads();
	ASSERT_LT(0, self->leader);
	self->second = wait_for_tid(second_tid);
	ASSERT_TRUE(wait_for_sleep_in(self->leader, __NR_hibernate));
	ASSERT_TRUE(wait_for_sleep_in(self->second, __NR_hibernate));
}

FIXTURE_TEARDOWN(exec) { }

TEST_F(exec, leaves_one_thread_id)
{
	atomic_bool go_on = false;
	struct caller c[2] = { };
	int i;

	for (i = 0; i < 2; i++) {
		c[i] = (struct caller) {
			.first = i ? self->second : self->leader,
			.leader = self->leader,
			.second = self->second,
			.result = -1,
			.go_on = &go_on,
		};
		ASSERT_EQ(0, pthread_create(&c[i].thread, NULL, caller_main, &c[i]));
		while (c[i].result == -1)
			sched_yield();
		ASSERT_EQ(EAGAIN, c[i].result);
	}

	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->second, 0));
	/* The second one is gone when it has become the leader. */
	ASSERT_TRUE(wait_for_state(self->second, '?'));
	ASSERT_TRUE(wait_for_sleep_in(self->leader, __NR_hibernate));
	go_on = true;
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(c[i].thread, NULL));
		EXPECT_EQ(ESRCH, c[i].second_result);
		EXPECT_EQ(EAGAIN, c[i].leader_result);
	}
	ASSERT_ERRNO(ESRCH, wake_up_process(self->second, 0));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->leader, 0));
	EXPECT_EQ(0, child_status(self->leader));
}

/* TEST_HARNESS_MAIN, and the new program. */
int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], AFTER_EXEC))
		return hibernate(0) ? errno : 0;
	return test_harness_run(argc, argv);
}
