// SPDX-License-Identifier: GPL-2.0
/*
 * switch_to() and the scheduling policies: a name never goes past a higher class,
 * nor a SCHED_IDLE thread past those that do not ask for it.
 */
#include "slice.h"
#include "spinner.h"

#define ROUNDS 24
#define BYSTANDERS 3

/* Who has run first. */
enum {
	NOBODY,
	MARKER,
	SPINNER,		/* and the numbers behind that */
};

static bool set_policy(pid_t tid, int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	return !sched_setscheduler(tid, policy, &param);
}

/* --- a caller of SCHED_FIFO, and below it a thread that marks its first step --- */

struct marker {
	struct sleeper s;
	atomic_int *first;
};

static void *marker_main(void *arg)
{
	struct marker *m = arg;
	int nobody = NOBODY;

	sleeper_main(&m->s);
	atomic_compare_exchange_strong(m->first, &nobody, MARKER);
	return NULL;
}

static bool marker_start(struct marker *m, atomic_int *first)
{
	m->first = first;
	return !pthread_create(&m->s.thread, NULL, marker_main, m) &&
	       wait_for_sleep_in(wait_for_tid(&m->s.tid), __NR_hibernate) &&
	       set_policy(m->s.tid, SCHED_FIFO, 1);
}

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
	ASSERT_TRUE(marker_start(&self->marker, &self->first));
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
	struct spinner s[BYSTANDERS];
	atomic_int first;
};

FIXTURE_SETUP(spinners)
{
	int i;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	self->first = -1;
	for (i = 0; i < BYSTANDERS; i++) {
		ASSERT_TRUE(spinner_start(&self->s[i], usable_cpu(0), SPINNER + i,
					  &self->first));
		ASSERT_TRUE(ask_for_long_slice(self->s[i].tid));
	}
	ASSERT_TRUE(ask_for_long_slice(0));
}

/* The first one is last: it may be one that only runs when nobody else does. */
FIXTURE_TEARDOWN(spinners)
{
	int i;

	for (i = BYSTANDERS - 1; i >= 0; i--)
		spinner_stop(&self->s[i]);
}

/* In how many of ROUNDS @target ran first, or -1 if a call failed. */
static int rounds_first(struct spinner *target, atomic_int *first)
{
	int hits = 0;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		atomic_store(first, NOBODY);
		if (switch_to(target->tid, 0))
			return -1;
		if (atomic_exchange(first, -1) == target->id)
			hits++;
	}
	return hits;
}

/* Without the name it would be one round in BYSTANDERS at most. */
TEST_F(spinners, batch_thread_is_like_any_other)
{
	int hits;

	ASSERT_TRUE(set_policy(self->s[0].tid, SCHED_BATCH, 0));
	ASSERT_TRUE(ask_for_long_slice(self->s[0].tid));
	hits = rounds_first(&self->s[0], &self->first);
	EXPECT_LT(ROUNDS * 3 / 4, hits);
	TH_LOG("it ran first in %d rounds of %d", hits, ROUNDS);
}

/* Its share would be less than one round, next to threads of 300 times its weight. */
TEST_F(spinners, idle_thread_does_not_run_first)
{
	int hits;

	ASSERT_TRUE(set_policy(self->s[0].tid, SCHED_IDLE, 0));
	hits = rounds_first(&self->s[0], &self->first);
	EXPECT_LE(0, hits);
	EXPECT_GT(ROUNDS / 4, hits);
	TH_LOG("it ran first in %d rounds of %d", hits, ROUNDS);
}

TEST_HARNESS_MAIN
