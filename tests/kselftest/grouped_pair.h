/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two processes that take turns, alone in their cgroup: a fixture.
 */
#ifndef GROUPED_PAIR_H
#define GROUPED_PAIR_H

#include "own_cgroup.h"
#include "pair.h"

FIXTURE(grouped_pair)
{
	char group[64];
	struct pair *p;
};

FIXTURE_VARIANT(grouped_pair)
{
	unsigned int flags;
	int cpu_index;		/* of the second one */
};

FIXTURE_VARIANT_ADD(grouped_pair, two_calls)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(grouped_pair, one_call)
{
	.flags = WAKE_UP_HIBERNATE,
};

FIXTURE_VARIANT_ADD(grouped_pair, two_cpus)
{
	.flags = WAKE_UP_HIBERNATE,
	.cpu_index = 1,
};

FIXTURE_SETUP(grouped_pair)
{
	int i;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (cgroup_missing())
		SKIP(return, NO_CGROUP);
	if (usable_cpu(variant->cpu_index) < 0)
		SKIP(return, "needs two CPUs");
	ASSERT_TRUE(cgroup_write(CGROUP_ROOT, "cgroup.subtree_control", "+cpu"));
	self->p = pair_start(usable_cpu(0), usable_cpu(variant->cpu_index), variant->flags,
			     NULL);
	ASSERT_NE(NULL, self->p);
	ASSERT_TRUE(cgroup_make(self->group, sizeof(self->group)));
	for (i = 0; i < 2; i++)
		ASSERT_TRUE(cgroup_add(self->group, self->p->pid[i]));
}

FIXTURE_TEARDOWN(grouped_pair)
{
	EXPECT_TRUE(pair_stop(self->p));
	EXPECT_STREQ("", self->p->wrong);
	EXPECT_TRUE(cgroup_remove(self->group));
}

#endif /* GROUPED_PAIR_H */
