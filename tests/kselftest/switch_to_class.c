// SPDX-License-Identifier: GPL-2.0
/*
 * switch_to() and the scheduling policies: a name never goes past a higher class,
 * nor a SCHED_IDLE thread past those that do not ask for it.
 */
#include "bystanders.h"
#include "policy.h"

/* Who has run first. */
enum {
	NOBODY,
	MARKER,
	SPINNER,		/* and the numbers behind that */
};

/* --- a caller of SCHED_FIFO, and below it a thread that marks its first step --- */

FIXTURE(fifo_caller)
{
	struct marker marker;
	struct spinner spinner;
	atomic_int first;
};

FIXTURE_VARIANT(fifo_caller)
{
	int policy;		/* of the spinner */
};

FIXTURE_VARIANT_ADD(fifo_caller, normal)
{
	.policy = SCHED_OTHER,
};

FIXTURE_VARIANT_ADD(fifo_caller, batch)
{
	.policy = SCHED_BATCH,
};

FIXTURE_VARIANT_ADD(fifo_caller, idle)
{
	.policy = SCHED_IDLE,
};

FIXTURE_SETUP(fifo_caller)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);

	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(marker_start(&self->marker, MARKER, &self->first));
	ASSERT_TRUE(set_policy(self->marker.s.tid, SCHED_FIFO, 1));
	ASSERT_TRUE(spinner_start(&self->spinner, usable_cpu(0), SPINNER, &self->first));
	ASSERT_TRUE(set_policy(self->spinner.tid, variant->policy, 0));

	/* From now on nobody else runs on this CPU until the caller sleeps. */
	ASSERT_TRUE(set_policy(0, SCHED_FIFO, 2));
	atomic_store(&self->first, NOBODY);
}

FIXTURE_TEARDOWN(fifo_caller)
{
	spinner_stop(&self->spinner);
}

TEST_F(fifo_caller, goes_on)
{
	EXPECT_EQ(0, switch_to(self->spinner.tid, 0));
	EXPECT_EQ(NOBODY, self->first);

	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->marker.s.tid, 0));
	ASSERT_EQ(0, pthread_join(self->marker.s.thread, NULL));
}

/* The marker is runnable, and it is the one that the CPU is given up to. */
TEST_F(fifo_caller, fifo_thread_runs_before_the_named_one)
{
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->marker.s.tid, 0));
	EXPECT_EQ(0, switch_to(self->spinner.tid, 0));
	EXPECT_EQ(NOBODY, self->first);
	ASSERT_EQ(0, pthread_join(self->marker.s.thread, NULL));
	EXPECT_EQ(MARKER, self->first);
}

TEST_F(fifo_caller, goes_on_before_a_lower_priority)
{
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->marker.s.tid, 0));
	EXPECT_EQ(0, switch_to(self->marker.s.tid, 0));
	EXPECT_EQ(NOBODY, self->first);
	ASSERT_EQ(0, pthread_join(self->marker.s.thread, NULL));
	EXPECT_EQ(MARKER, self->first);
}

/* --- a caller of SCHED_OTHER: how often does the named thread run first? -------- */

FIXTURE(spinners)
{
	struct bystanders b;
};

FIXTURE_SETUP(spinners)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	ASSERT_TRUE(bystanders_start(&self->b));
}

FIXTURE_TEARDOWN(spinners)
{
	bystanders_stop(&self->b);
}

/* Without the name it would be one round in BYSTANDERS at most. */
TEST_F(spinners, batch_thread_is_like_any_other)
{
	pid_t tid = self->b.s[0].tid;
	int hits;

	ASSERT_TRUE(set_policy(tid, SCHED_BATCH, 0));
	ASSERT_TRUE(ask_for_long_slice(tid));
	hits = name_in_turn(&self->b, 1);
	EXPECT_LT(ROUNDS * 3 / 4, hits);
	TH_LOG("it ran first in %d rounds of %d", hits, ROUNDS);
}

/* Its share would be less than one round, next to threads of 300 times its weight. */
TEST_F(spinners, idle_thread_does_not_run_first)
{
	int hits;

	ASSERT_TRUE(set_policy(self->b.s[0].tid, SCHED_IDLE, 0));
	hits = name_in_turn(&self->b, 1);
	EXPECT_LE(0, hits);
	EXPECT_GT(ROUNDS / 4, hits);
	TH_LOG("it ran first in %d rounds of %d", hits, ROUNDS);
}

TEST_HARNESS_MAIN
