// SPDX-License-Identifier: GPL-2.0
/*
 * The CPU on which two processes hand over to each other, or on which one of them is,
 * goes offline: their turns go on.
 */
#include "env_number.h"
#include "cpu_online.h"
#include "pair.h"
#include "traveller.h"

#define TIMES times(10)
#define TURNS 50

FIXTURE(hotplug)
{
	int here, there;
};

FIXTURE_VARIANT(hotplug)
{
	bool both_there;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(hotplug, both)
{
	.both_there = true,
};

FIXTURE_VARIANT_ADD(hotplug, one)
{
	.both_there = false,
};

FIXTURE_VARIANT_ADD(hotplug, both_one_call)
{
	.both_there = true,
	.flags = WAKE_UP_HIBERNATE,
};

FIXTURE_VARIANT_ADD(hotplug, one_one_call)
{
	.both_there = false,
	.flags = WAKE_UP_HIBERNATE,
};

FIXTURE_SETUP(hotplug)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	self->here = usable_cpu(0);
	self->there = usable_cpu(1);
	if (self->there < 0)
		SKIP(return, "needs two CPUs");
}

/* In the parent: whatever becomes of the test, the next one has two CPUs. */
FIXTURE_TEARDOWN_PARENT(hotplug)
{
	EXPECT_TRUE(set_online(self->there, true));
}

TEST_F(hotplug, turns_go_on)
{
	int first = variant->both_there ? self->there : self->here;
	struct pair *p = pair_start(first, self->there, variant->flags, NULL);
	int i;

	ASSERT_NE(NULL, p);
	ASSERT_TRUE(pair_go(p, MANY_TURNS));
	for (i = 0; i < TIMES; i++) {
		/* Both go back there: they lost their affinity with the CPU. */
		ASSERT_TRUE(set_cpus(p->pid[0], first, -1));
		ASSERT_TRUE(set_cpus(p->pid[1], self->there, -1));
		ASSERT_TRUE(pair_wait_turns(p, TURNS));
		ASSERT_TRUE(set_online(self->there, false));
		ASSERT_TRUE(pair_wait_turns(p, TURNS));
		ASSERT_TRUE(set_online(self->there, true));
	}
	EXPECT_TRUE(pair_halt(p));
	EXPECT_TRUE(pair_stop(p));
	EXPECT_STREQ("", p->wrong);
}

TEST_HARNESS_MAIN
