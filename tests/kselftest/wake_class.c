// SPDX-License-Identifier: GPL-2.0
/*
 * Wake-ups and the classes above the fair one: a caller of such a class goes on, a
 * hand-over from it lets the next one of its class run first, and a thread of such a
 * class preempts a caller that is not.
 */
#include "policy.h"

/* Who has run first. */
enum {
	NOBODY,
	NAMED,
	FIFO_THREAD,
};

FIXTURE(class)
{
	struct marker named, fifo;
	atomic_int first;
	int cpu;
};

FIXTURE_VARIANT(class)
{
	int policy;
};

FIXTURE_VARIANT_ADD(class, fifo)
{
	.policy = SCHED_FIFO,
};

FIXTURE_VARIANT_ADD(class, deadline)
{
	.policy = SCHED_DEADLINE,
};

/* A thread of SCHED_DEADLINE must be allowed everywhere; it stays where it is. */
static bool raise_policy(pid_t tid, int policy)
{
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	if (policy == SCHED_DEADLINE && sched_setaffinity(tid, sizeof(all), &all))
		return false;
	return set_policy(tid, policy, 2);
}

/* The caller, on this CPU. Before it is raised it may be moved, and then tries again. */
static bool raise_myself(int policy, int cpu)
{
	int i;

	for (i = 0; i < MAX_POLLS; i++) {
		if (!raise_policy(0, policy))
			return false;
		if (sched_getcpu() == cpu)
			return true;
		if (!set_policy(0, SCHED_OTHER, 0) || !pin_to_cpu(cpu))
			return false;
	}
	return false;
}

FIXTURE_SETUP(class)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	self->cpu = usable_cpu(0);
	ASSERT_TRUE(pin_to_cpu(self->cpu));
	ASSERT_TRUE(marker_start(&self->named, NAMED, &self->first));
	ASSERT_TRUE(marker_start(&self->fifo, FIFO_THREAD, &self->first));
	ASSERT_TRUE(set_policy(self->fifo.s.tid, SCHED_FIFO, 1));
}

/* A test that failed may not have come to wake them. */
FIXTURE_TEARDOWN(class)
{
	wake_up_process(self->fifo.s.tid, 0);
	wake_up_process(self->named.s.tid, 0);
	ASSERT_EQ(0, pthread_join(self->fifo.s.thread, NULL));
	ASSERT_EQ(0, pthread_join(self->named.s.thread, NULL));
}

TEST_F(class, caller_goes_on)
{
	self->named.waker = gettid();
	ASSERT_TRUE(raise_myself(variant->policy, self->cpu));
	EXPECT_EQ(WAKE_UP_WOKEN, wake_up_process(self->named.s.tid, 0));
	EXPECT_EQ(0, switch_to(self->named.s.tid, 0));
	EXPECT_EQ(WAKE_UP_WOKEN, wake_up_process(self->fifo.s.tid, 0));
	EXPECT_EQ(NOBODY, self->first);

	ASSERT_EQ(0, hibernate(0));
	EXPECT_EQ(FIFO_THREAD, self->first);
}

TEST_F(class, handover_does_not_pass_it)
{
	self->named.waker = gettid();
	ASSERT_TRUE(raise_myself(variant->policy, self->cpu));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->fifo.s.tid, 0));
	ASSERT_EQ(0, wake_up_process(self->named.s.tid, WAKE_UP_HIBERNATE));
	EXPECT_EQ(FIFO_THREAD, self->first);
}

TEST_F(class, thread_preempts_the_caller)
{
	ASSERT_TRUE(raise_policy(self->named.s.tid, variant->policy));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->named.s.tid, 0));
	EXPECT_EQ(NAMED, self->first);
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->fifo.s.tid, 0));
}

TEST_HARNESS_MAIN
