// SPDX-License-Identifier: GPL-2.0
/*
 * With a sched_ext scheduler the calls do what they do, by way of the ordinary pick:
 * no switch is a directed one. Which counter says so depends on whose the threads are.
 *
 *   all	All threads are of the ext class. A wake-up nominates nobody then, as
 *		it does for no class but the fair one: fallback_class. switch_to() only
 *		names a thread, and __schedule() refuses that: fallback_policy.
 *   partial	The threads are of the fair class still, and everything comes as far as
 *		__schedule(), which refuses because there is a scheduler:
 *		fallback_policy.
 */
#include "counters.h"
#include "pair.h"
#include "scheduler.h"
#include "spinner.h"

#define TURNS 200
#define CALLS 100
#define LOADS 10

/* What was counted since counts_begin(), on all CPUs. */
struct counts {
	long long wakes, switches, class, policy;
};

static void counts_begin(struct counts *c)
{
	c->wakes = counter("direct_wakes");
	c->switches = counter("direct_switches");
	c->class = counter("fallback_class");
	c->policy = counter("fallback_policy");
}

/* False if there are no such counters. */
static bool counts_end(struct __test_metadata *_metadata, struct counts *c)
{
	struct counts now;

	counts_begin(&now);
	if (c->wakes < 0 || c->switches < 0 || c->class < 0 || c->policy < 0)
		return false;
	c->wakes = now.wakes - c->wakes;
	c->switches = now.switches - c->switches;
	c->class = now.class - c->class;
	c->policy = now.policy - c->policy;
	TH_LOG("%lld wake-ups, %lld directed switches, fallbacks: %lld class, %lld policy",
	       c->wakes, c->switches, c->class, c->policy);
	return true;
}

FIXTURE(scheduler)
{
	int fd;
};

FIXTURE_VARIANT(scheduler)
{
	unsigned long long flags;
};

FIXTURE_VARIANT_ADD(scheduler, all)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(scheduler, partial)
{
	.flags = SWITCH_PARTIAL,
};

FIXTURE_SETUP(scheduler)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (counters_missing())
		SKIP(return, NO_COUNTERS);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (access(SCHED_EXT, F_OK))
		SKIP(return, NO_SCHED_EXT);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	self->fd = scheduler_load(variant->flags);
	ASSERT_LE(0, self->fd);
}

/* What a test has not unloaded is loaded still. */
FIXTURE_TEARDOWN(scheduler)
{
	if (self->fd >= 0)
		EXPECT_TRUE(scheduler_unload(self->fd));
}

TEST_F(scheduler, switch_to)
{
	struct counts c;
	struct spinner s;
	int i;

	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(spinner_start(&s, usable_cpu(0), 1, NULL));
	counts_begin(&c);
	for (i = 0; i < CALLS; i++)
		EXPECT_EQ(0, switch_to(s.tid, 0));
	ASSERT_TRUE(counts_end(_metadata, &c));
	spinner_stop(&s);

	EXPECT_EQ(0, c.switches);
	/* The end of a slice counts as that. */
	EXPECT_LT(CALLS / 2, c.policy);
}

/* Pairs that take turns, on one CPU or on two. */
static void turns(struct __test_metadata *_metadata, int cpu_index, unsigned int flags,
		  bool all)
{
	struct pair *p = pair_start(usable_cpu(0), usable_cpu(cpu_index), flags, NULL);
	struct counts c;

	ASSERT_NE(NULL, p);
	counts_begin(&c);
	EXPECT_TRUE(pair_run(p, TURNS));
	ASSERT_TRUE(counts_end(_metadata, &c));
	EXPECT_TRUE(pair_stop(p));
	EXPECT_STREQ("", p->wrong);

	/* One that is preempted on its way to sleep need not be woken. */
	EXPECT_LT(TURNS / 2, c.wakes);
	EXPECT_EQ(0, c.switches);
	EXPECT_LT(TURNS / 2, all ? c.class : c.policy);
	if (all)
		EXPECT_EQ(0, c.policy);
}

TEST_F(scheduler, two_calls)
{
	turns(_metadata, 0, 0, !variant->flags);
}

TEST_F(scheduler, one_call)
{
	turns(_metadata, 0, WAKE_UP_HIBERNATE, !variant->flags);
}

TEST_F(scheduler, two_cpus)
{
	turns(_metadata, 1, WAKE_UP_HIBERNATE, !variant->flags);
}

/* The same pair, when the scheduler is gone. */
TEST_F(scheduler, afterwards)
{
	struct pair *p = pair_start(usable_cpu(0), usable_cpu(0), WAKE_UP_HIBERNATE, NULL);
	struct counts c;

	ASSERT_NE(NULL, p);
	EXPECT_TRUE(pair_run(p, TURNS));
	EXPECT_TRUE(scheduler_unload(self->fd));
	self->fd = -1;

	counts_begin(&c);
	EXPECT_TRUE(pair_run(p, TURNS));
	ASSERT_TRUE(counts_end(_metadata, &c));
	EXPECT_TRUE(pair_stop(p));
	EXPECT_STREQ("", p->wrong);

	EXPECT_LT(TURNS / 2, c.switches);
	EXPECT_EQ(0, c.policy);
}

/* Threads change their class wherever they are, also between a wake-up and its switch. */
TEST_F(scheduler, comes_and_goes)
{
	struct pair *p = pair_start(usable_cpu(0), usable_cpu(0), 0, NULL);
	int i;

	ASSERT_NE(NULL, p);
	ASSERT_TRUE(pair_go(p, MANY_TURNS));
	for (i = 0; i < LOADS; i++) {
		EXPECT_TRUE(pair_wait_turns(p, TURNS / LOADS));
		ASSERT_TRUE(scheduler_unload(self->fd));
		EXPECT_TRUE(pair_wait_turns(p, TURNS / LOADS));
		self->fd = scheduler_load(variant->flags);
		ASSERT_LE(0, self->fd);
	}
	EXPECT_TRUE(pair_halt(p));
	EXPECT_TRUE(pair_stop(p));
	EXPECT_STREQ("", p->wrong);
}

TEST_HARNESS_MAIN
