// SPDX-License-Identifier: GPL-2.0
/*
 * Each reason for which the ordinary pick decides is counted as what it is. What user
 * space cannot bring about at will is tried until it is counted.
 *
 * fallback_policy is not here but in core_sched, which takes cores of two threads, and
 * in ../scx, which takes a sched_ext scheduler.
 */
#include <sys/resource.h>

#include "counters.h"
#include "own_cgroup.h"
#include "pair.h"
#include "policy.h"
#include "spinner.h"

#define TRIES 100000

FIXTURE(fallback) { };

FIXTURE_SETUP(fallback)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (counters_missing())
		SKIP(return, NO_COUNTERS);
	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
}

FIXTURE_TEARDOWN(fallback) { }

/* Two threads that hand over for longer than a slice. */
TEST_F(fallback, due)
{
	long long before = counter("fallback_due");
	struct pair *p = pair_start(usable_cpu(0), usable_cpu(0), WAKE_UP_HIBERNATE, NULL);
	int i;

	ASSERT_LE(0, before);
	ASSERT_NE(NULL, p);
	ASSERT_TRUE(pair_go(p, MANY_TURNS));
	for (i = 0; i < TRIES && counter("fallback_due") == before; i++)
		sched_yield();
	EXPECT_LT(before, counter("fallback_due"));
	EXPECT_TRUE(pair_halt(p));
	EXPECT_TRUE(pair_stop(p));
}

/* The caller is of a higher class than the one that it names. */
TEST_F(fallback, class)
{
	long long before = counter("fallback_class");
	struct spinner s;

	ASSERT_LE(0, before);
	ASSERT_TRUE(spinner_start(&s, usable_cpu(0), 1, NULL));
	ASSERT_TRUE(set_policy(0, SCHED_FIFO, 1));
	ASSERT_EQ(0, switch_to(s.tid, 0));
	EXPECT_LT(before, counter("fallback_class"));
	spinner_stop(&s);
}

/* The named one's group has used up its bandwidth. */
TEST_F(fallback, throttled)
{
	long long before = counter("fallback_throttled");
	char group[64];
	pid_t pid;
	int i;

	if (cgroup_missing())
		SKIP(return, NO_CGROUP);
	ASSERT_LE(0, before);
	ASSERT_TRUE(cgroup_write(CGROUP_ROOT, "cgroup.subtree_control", "+cpu"));
	ASSERT_TRUE(cgroup_make(group, sizeof(group)));
	ASSERT_TRUE(cgroup_set_quota(group, 2000, 20000));
	pid = fork_spinner(0);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(cgroup_add(group, pid));
	for (i = 0; i < TRIES && counter("fallback_throttled") == before; i++)
		ASSERT_EQ(0, switch_to(pid, 0));
	EXPECT_LT(before, counter("fallback_throttled"));
	EXPECT_TRUE(end_spinner(pid));
	EXPECT_TRUE(cgroup_remove(group));
}

/*
 * The waker is nominated, and before its turn comes, who was woken changes its nice
 * value: it leaves the queue for that, and comes back.
 */
static atomic_bool stop;

static void *change_the_waker(void *arg)
{
	struct sleeper *s = arg;
	pid_t waker = getpid();

	atomic_store(&s->tid, gettid());
	while (!stop && !hibernate(0)) {
		setpriority(PRIO_PROCESS, waker, 1);
		/* The two have to be alike again. */
		setpriority(PRIO_PROCESS, waker, 0);
	}
	return NULL;
}

TEST_F(fallback, gone)
{
	long long before = counter("fallback_gone");
	struct sleeper s;
	int i;

	ASSERT_LE(0, before);
	ASSERT_EQ(getpid(), gettid());
	ASSERT_TRUE(sleeper_start_fn(&s, change_the_waker));
	for (i = 0; i < TRIES && counter("fallback_gone") == before; i++)
		ASSERT_LE(0, wake_up_process(s.tid, 0));
	EXPECT_LT(before, counter("fallback_gone"));
	stop = true;
	ASSERT_LE(0, wake_up_process(s.tid, 0));
	ASSERT_EQ(0, pthread_join(s.thread, NULL));
}

TEST_HARNESS_MAIN
