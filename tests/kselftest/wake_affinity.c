// SPDX-License-Identifier: GPL-2.0
/*
 * A thread whose affinity changes while it is parked runs where it may, and not
 * where it slept, nor where its waker is.
 */
#include "traveller.h"

FIXTURE(affinity)
{
	struct traveller t;
};

/* Indices of usable_cpu(); the waker is on the first one. */
FIXTURE_VARIANT(affinity)
{
	int from, to;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(affinity, away)
{
	.from = 0,
	.to = 1,
};

FIXTURE_VARIANT_ADD(affinity, here)
{
	.from = 1,
	.to = 0,
};

FIXTURE_VARIANT_ADD(affinity, away_handover)
{
	.from = 0,
	.to = 1,
	.flags = WAKE_UP_HIBERNATE,
};

FIXTURE_VARIANT_ADD(affinity, here_handover)
{
	.from = 1,
	.to = 0,
	.flags = WAKE_UP_HIBERNATE,
};

FIXTURE_SETUP(affinity)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
}

FIXTURE_TEARDOWN(affinity) { }

TEST_F(affinity, is_obeyed)
{
	int from = usable_cpu(variant->from);
	int to = usable_cpu(variant->to);
	int here = usable_cpu(0);

	ASSERT_TRUE(traveller_start(&self->t, from));
	ASSERT_TRUE(pin_to_cpu(here));
	ASSERT_TRUE(set_cpus(self->t.s.tid, to, -1));
	ASSERT_TRUE(is_parked(self->t.s.tid));

	ASSERT_TRUE(traveller_wake(&self->t, variant->flags));
	EXPECT_EQ(from, self->t.slept_on);
	EXPECT_EQ(to, self->t.woke_on);
}

TEST_HARNESS_MAIN
