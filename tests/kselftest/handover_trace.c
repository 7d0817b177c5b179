// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints and counters of hand-overs tell what happens: each sleep and each
 * wake-up once, in order, and the context-switch counters of /proc say the same.
 */
#include "pair.h"
#include "tracing.h"

#define TURNS 500

FIXTURE(trace)
{
	struct pair *p;
	struct trace trace;
	long sleeps[2], preemptions[2];
};

FIXTURE_VARIANT(trace)
{
	unsigned int flags;
	int cpu_index;
};

FIXTURE_VARIANT_ADD(trace, two_calls)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(trace, one_call)
{
	.flags = WAKE_UP_HIBERNATE,
};

FIXTURE_VARIANT_ADD(trace, two_cpus)
{
	.flags = WAKE_UP_HIBERNATE,
	.cpu_index = 1,
};

FIXTURE_SETUP(trace)
{
	int cpu = usable_cpu(variant->cpu_index);
	int i;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (tracefs_missing())
		SKIP(return, NO_TRACEFS);
	if (cpu < 0)
		SKIP(return, "needs two CPUs");
	self->p = pair_start(usable_cpu(0), cpu, variant->flags, NULL);
	ASSERT_NE(NULL, self->p);
	for (i = 0; i < 2; i++) {
		/* They are about to, and the trace is to begin with that. */
		ASSERT_TRUE(wait_for_state(self->p->pid[i], 'S'));
		self->sleeps[i] = thread_sleeps(self->p->pid[i]);
		self->preemptions[i] = thread_preemptions(self->p->pid[i]);
	}
}

FIXTURE_TEARDOWN(trace)
{
	EXPECT_TRUE(pair_stop(self->p));
	EXPECT_STREQ("", self->p->wrong);
}

TEST_F(trace, tells_the_truth)
{
	struct traced *t = self->trace.t;
	struct pair *p = self->p;
	long slept, preempted;
	bool began, ran;
	int i;

	began = trace_begin(&self->trace, p->pid[0], SLEEPING, p->pid[1], SLEEPING);
	ran = began && pair_run(p, TURNS);
	EXPECT_TRUE(trace_end(&self->trace));
	ASSERT_STREQ("", self->trace.wrong);
	ASSERT_TRUE(ran);

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(SLEEPING, t[i].where);
		EXPECT_EQ(t[i].slept, t[i].woken);
		EXPECT_EQ(t[i].slept, thread_sleeps(p->pid[i]) - self->sleeps[i]);
		EXPECT_EQ(t[i].preempted,
			  thread_preemptions(p->pid[i]) - self->preemptions[i]);
	}
	slept = t[0].slept + t[1].slept;
	preempted = t[0].preempted + t[1].preempted;
	TH_LOG("%d turns: slept %ld times, preempted %ld times", TURNS, slept, preempted);

	/*
	 * Each turn ends with a sleep, unless the answer is there before that: on one CPU
	 * it takes a preemption, or two calls.
	 */
	EXPECT_GE(TURNS, slept);
	if (variant->flags & WAKE_UP_HIBERNATE && !variant->cpu_index)
		EXPECT_LE(TURNS - preempted, slept);
}

TEST_HARNESS_MAIN
