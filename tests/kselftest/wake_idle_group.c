// SPDX-License-Identifier: GPL-2.0
/*
 * A thread whose group is idle runs when nobody else wants to, however often it is
 * woken: not instead of the one thread of the others that waits as well, when the
 * thread that ran goes to sleep.
 */
#include <time.h>

#include "own_cgroup.h"
#include "spinner.h"

#define NSEC_PER_SEC 1000000000LL
/* More than a hundred slices. */
#define ENOUGH (NSEC_PER_SEC / 2)

struct sleeping_child {
	pid_t pid;
	atomic_int *turns;
};

/* A process on the CPU of its parent that computes for @loops with each wake-up. */
static bool child_start(struct sleeping_child *c, int loops)
{
	int i;

	c->turns = shared_alloc(sizeof(*c->turns));
	if (!c->turns)
		return false;
	c->pid = fork();
	if (!c->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (!hibernate(0)) {
			for (i = 0; i < loops; i++)
				atomic_signal_fence(memory_order_seq_cst);
			atomic_fetch_add(c->turns, 1);
		}
		_exit(1);
	}
	return c->pid > 0 && wait_for_sleep_in(c->pid, __NR_hibernate);
}

static bool child_wake(struct sleeping_child *c)
{
	return wake_up_process(c->pid, 0) >= 0;
}

static long long cpu_time(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &ts))
		return -1;
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

TEST(waits_for_the_others)
{
	struct sleeping_child idle, busy;
	long long idle_time, time;
	char group[64];
	pid_t spinner;
	int waker_cpu, turns;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (cgroup_missing())
		SKIP(return, NO_CGROUP);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");

	waker_cpu = usable_cpu(1);
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(child_start(&idle, 20000));
	ASSERT_TRUE(child_start(&busy, 1));
	ASSERT_TRUE(cgroup_write(CGROUP_ROOT, "cgroup.subtree_control", "+cpu"));
	ASSERT_TRUE(cgroup_make(group, sizeof(group)));
	ASSERT_TRUE(cgroup_write(group, "cpu.idle", "1"));
	ASSERT_TRUE(cgroup_add(group, idle.pid));
	spinner = fork_spinner(0);
	ASSERT_LT(0, spinner);
	ASSERT_TRUE(pin_to_cpu(waker_cpu));

	do {
		turns = atomic_load(busy.turns);
		EXPECT_TRUE(child_wake(&idle));
		EXPECT_TRUE(child_wake(&busy));
		while (atomic_load(busy.turns) == turns)
			sched_yield();
		idle_time = cpu_time(idle.pid);
		time = cpu_time(spinner);
	} while (idle_time + time < ENOUGH);

	/* By their weights it would be three thousandths. */
	TH_LOG("idle %lld ns, spinner %lld ns", idle_time, time);
	EXPECT_LT(idle_time, time / 4);
	EXPECT_TRUE(end_spinner(spinner));
	EXPECT_TRUE(end_spinner(busy.pid));
	EXPECT_TRUE(cgroup_remove(group));
	EXPECT_EQ(-1, child_status(idle.pid));
}

TEST_HARNESS_MAIN
