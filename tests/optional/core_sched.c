// SPDX-License-Identifier: GPL-2.0
/*
 * While anybody uses core scheduling, the ordinary pick decides everywhere, since it
 * has to choose for all threads of a core at once: the calls do what they promise, and
 * fallback_policy counts. When nobody uses it any more there are directed switches
 * again.
 */
#include <sys/prctl.h>

#include "counters.h"
#include "pair.h"
#include "spinner.h"

#define NO_CORE "needs core scheduling, and cores of two threads"
#define TURNS 1000
#define TRIES 1000

static bool core_sched_missing(void)
{
	unsigned long long cookie;

	return prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, 0, PR_SCHED_CORE_SCOPE_THREAD,
		     &cookie) != 0;
}

FIXTURE(core)
{
	long long switches, policy;
};

FIXTURE_VARIANT(core)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(core, two_calls)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(core, one_call)
{
	.flags = WAKE_UP_HIBERNATE,
};

/* The cookie is that of this process, and of those which it forks. */
FIXTURE_SETUP(core)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (counters_missing())
		SKIP(return, NO_COUNTERS);
	if (core_sched_missing())
		SKIP(return, NO_CORE);
	ASSERT_EQ(0, prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0,
			   PR_SCHED_CORE_SCOPE_THREAD_GROUP, 0));
	self->switches = counter("direct_switches");
	self->policy = counter("fallback_policy");
	ASSERT_LE(0, self->switches);
	ASSERT_LE(0, self->policy);
}

FIXTURE_TEARDOWN(core)
{
	EXPECT_EQ(self->switches, counter("direct_switches"));
}

static bool take_turns(int cpu, int other_cpu, unsigned int flags)
{
	struct pair *p = pair_start(cpu, other_cpu, flags, NULL);

	return p && pair_run(p, TURNS) && pair_stop(p);
}

TEST_F(core, turns_on_one_cpu)
{
	EXPECT_TRUE(take_turns(usable_cpu(0), usable_cpu(0), variant->flags));
	EXPECT_LE(self->policy + TURNS / 2, counter("fallback_policy"));
}

TEST_F(core, turns_on_two_cpus)
{
	EXPECT_TRUE(take_turns(usable_cpu(0), usable_cpu(1), variant->flags));
	EXPECT_LT(self->policy, counter("fallback_policy"));
}

TEST_F(core, switch_to_is_an_offer)
{
	struct spinner s;

	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(spinner_start(&s, usable_cpu(0), 1, NULL));
	EXPECT_EQ(0, switch_to(s.tid, 0));
	EXPECT_LT(self->policy, counter("fallback_policy"));
	spinner_stop(&s);
}

/* The last user of core scheduling is gone when its memory is. */
TEST(directed_again)
{
	long long before;
	struct pair *p;
	int i;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (counters_missing())
		SKIP(return, NO_COUNTERS);
	if (core_sched_missing())
		SKIP(return, NO_CORE);
	p = pair_start(usable_cpu(0), usable_cpu(0), WAKE_UP_HIBERNATE, NULL);
	ASSERT_NE(NULL, p);
	before = counter("direct_switches");
	for (i = 0; i < TRIES && counter("direct_switches") == before; i++)
		ASSERT_TRUE(pair_run(p, TURNS));
	EXPECT_LT(before, counter("direct_switches"));
	EXPECT_TRUE(pair_stop(p));
}

TEST_HARNESS_MAIN
