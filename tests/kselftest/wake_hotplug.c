// SPDX-License-Identifier: GPL-2.0
/*
 * A thread is parked on a CPU that goes offline: it is woken all the same, and
 * runs on another one. On a CPU that is back it runs where it slept.
 */
#include "cpu_online.h"
#include "traveller.h"

FIXTURE(hotplug)
{
	struct traveller t;
	int here, there;
};

FIXTURE_VARIANT(hotplug)
{
	bool everywhere;	/* may the thread run on both CPUs? */
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(hotplug, there_only)
{
	.everywhere = false,
};

FIXTURE_VARIANT_ADD(hotplug, everywhere)
{
	.everywhere = true,
};

FIXTURE_VARIANT_ADD(hotplug, handover)
{
	.everywhere = false,
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
	ASSERT_TRUE(traveller_start(&self->t, self->there));
	ASSERT_TRUE(pin_to_cpu(self->here));
	ASSERT_TRUE(set_cpus(self->t.s.tid, self->there,
			     variant->everywhere ? self->here : -1));
}

/* In the parent: whatever becomes of the test, the next one has two CPUs. */
FIXTURE_TEARDOWN_PARENT(hotplug)
{
	EXPECT_TRUE(set_online(self->there, true));
}

TEST_F(hotplug, woken_while_offline)
{
	ASSERT_TRUE(set_online(self->there, false));
	ASSERT_TRUE(is_parked(self->t.s.tid));
	ASSERT_TRUE(traveller_wake(&self->t, variant->flags));
	EXPECT_EQ(self->there, self->t.slept_on);
	EXPECT_EQ(self->here, self->t.woke_on);
}

TEST_F(hotplug, woken_when_back)
{
	ASSERT_TRUE(set_online(self->there, false));
	ASSERT_TRUE(set_online(self->there, true));
	ASSERT_TRUE(is_parked(self->t.s.tid));
	ASSERT_TRUE(traveller_wake(&self->t, variant->flags));
	/* If it may run on both, it may also have been moved since. */
	EXPECT_TRUE(variant->everywhere || self->t.woke_on == self->there);
}

/* One that goes to sleep there only then. */
TEST_F(hotplug, parked_when_back)
{
	struct traveller t = { };

	ASSERT_TRUE(set_online(self->there, false));
	ASSERT_TRUE(traveller_wake(&self->t, variant->flags));
	ASSERT_TRUE(set_online(self->there, true));
	ASSERT_TRUE(traveller_start(&t, self->there));
	ASSERT_TRUE(pin_to_cpu(self->here));
	ASSERT_TRUE(traveller_wake(&t, variant->flags));
	EXPECT_EQ(self->there, t.slept_on);
	EXPECT_EQ(self->there, t.woke_on);
}

TEST_HARNESS_MAIN
