// SPDX-License-Identifier: GPL-2.0
/*
 * Wake-ups race with the exit of the thread that they name: each one finds the
 * thread, in whatever state, or ESRCH, and never anything else.
 */
#include <signal.h>

#include "env_number.h"
#include "fastwake_test.h"

#define THREADS times(200)
#define PROCESSES times(100)

/* What a victim does before it exits; the rounds take turns. */
enum {
	NOTHING,
	SLEEPS,
	SLEEPS_FOR_SURE,	/* before the first wake-up, that is */
	NR_LIVES
};

FIXTURE(race) { };

FIXTURE_VARIANT(race)
{
	int cpu_index;		/* of the victims */
};

FIXTURE_VARIANT_ADD(race, one_cpu)
{
	.cpu_index = 0,
};

FIXTURE_VARIANT_ADD(race, two_cpus)
{
	.cpu_index = 1,
};

FIXTURE_SETUP(race)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (usable_cpu(variant->cpu_index) < 0)
		SKIP(return, "needs two CPUs");
}

FIXTURE_TEARDOWN(race) { }

/* Returns the first result that does not say that it is there, or -errno. */
static long wake_until_gone(pid_t tid)
{
	long ret;

	do {
		ret = wake_up_process(tid, 0);
		/* On one CPU it has to get on somehow. */
		if (ret == WAKE_UP_PENDING)
			sched_yield();
	} while (ret >= WAKE_UP_WOKEN && ret <= WAKE_UP_PENDING);
	return ret < 0 ? -errno : ret;
}

struct victim {
	struct sleeper s;
	int cpu;
	int life;
};

static void *victim_main(void *arg)
{
	struct victim *v = arg;

	if (!pin_to_cpu(v->cpu))
		return (void *)1;
	if (v->life != NOTHING)
		return sleeper_main(&v->s);
	atomic_store(&v->s.tid, gettid());
	return NULL;
}

TEST_F(race, threads)
{
	int there = usable_cpu(variant->cpu_index);
	void *failed;
	int i;

	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	for (i = 0; i < THREADS; i++) {
		struct victim v = { .cpu = there, .life = i % NR_LIVES };
		pid_t tid;

		ASSERT_EQ(0, pthread_create(&v.s.thread, NULL, victim_main, &v));
		tid = wait_for_tid(&v.s.tid);
		ASSERT_TRUE(v.life != SLEEPS_FOR_SURE ||
			    wait_for_sleep_in(tid, __NR_hibernate));
		ASSERT_EQ(-ESRCH, wake_until_gone(tid));
		ASSERT_EQ(0, pthread_join(v.s.thread, &failed));
		ASSERT_EQ(NULL, failed);
		ASSERT_EQ(0, v.s.ret);
	}
}

/* With a life of its own, or one that only a signal ends. */
static pid_t fork_victim(int cpu, int life, bool immortal)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (!pin_to_cpu(cpu))
		_exit(1);
	do {
		if (life != NOTHING && hibernate(0))
			_exit(2);
	} while (immortal);
	_exit(0);
}

TEST_F(race, processes)
{
	int there = usable_cpu(variant->cpu_index);
	int i;

	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	for (i = 0; i < PROCESSES; i++) {
		int life = i % NR_LIVES;
		pid_t pid = fork_victim(there, life, false);

		ASSERT_LT(0, pid);
		ASSERT_TRUE(life != SLEEPS_FOR_SURE ||
			    wait_for_sleep_in(pid, __NR_hibernate));
		ASSERT_EQ(-ESRCH, wake_until_gone(pid));
		ASSERT_EQ(0, child_status(pid));
	}
}

TEST_F(race, killed_processes)
{
	int there = usable_cpu(variant->cpu_index);
	int status;
	int i;

	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	for (i = 0; i < PROCESSES; i++) {
		pid_t pid = fork_victim(there, SLEEPS, true);

		ASSERT_LT(0, pid);
		ASSERT_TRUE(i % 2 || wait_for_sleep_in(pid, __NR_hibernate));
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(-ESRCH, wake_until_gone(pid));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status));
	}
}

TEST_HARNESS_MAIN
