// SPDX-License-Identifier: GPL-2.0
/*
 * The cpuset of two processes changes while they hand over to each other: from then
 * on each of them runs where it may, and their turns go on.
 */
#include "own_cgroup.h"
#include "pair.h"
#include "traveller.h"

#define CHANGES 100
#define TURNS 20

/* Odd while the cpuset is being changed; the CPU is valid if it did not change. */
static struct place {
	atomic_uint seq;
	atomic_int cpu;		/* -1: any */
	atomic_int strays;
} *place;

static void look_around(int me)
{
	unsigned int seq = place->seq;
	int may = place->cpu;
	int is = sched_getcpu();

	(void)me;
	if (!(seq & 1) && may >= 0 && is != may && place->seq == seq)
		place->strays++;
}

static bool set_cpuset(const char *group, const char *cpus, int cpu)
{
	bool ok;

	place->seq++;
	ok = cgroup_write(group, "cpuset.cpus", cpus);
	place->cpu = cpu;
	place->seq++;
	return ok;
}

FIXTURE(cpuset)
{
	char group[64];
};

FIXTURE_VARIANT(cpuset)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(cpuset, two_calls)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(cpuset, one_call)
{
	.flags = WAKE_UP_HIBERNATE,
};

FIXTURE_SETUP(cpuset)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (cgroup_missing())
		SKIP(return, NO_CGROUP);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	place = shared_alloc(sizeof(*place));
	ASSERT_NE(NULL, place);
	place->cpu = -1;
	ASSERT_TRUE(cgroup_write(CGROUP_ROOT, "cgroup.subtree_control", "+cpuset"));
	ASSERT_TRUE(cgroup_make(self->group, sizeof(self->group)));
}

FIXTURE_TEARDOWN(cpuset)
{
	EXPECT_TRUE(cgroup_remove(self->group));
}

TEST_F(cpuset, is_obeyed)
{
	int cpus[] = { usable_cpu(0), usable_cpu(1) };
	char text[3][16];
	struct pair *p;
	int i;

	snprintf(text[0], sizeof(text[0]), "%d", cpus[0]);
	snprintf(text[1], sizeof(text[1]), "%d", cpus[1]);
	snprintf(text[2], sizeof(text[2]), "%d,%d", cpus[0], cpus[1]);

	p = pair_start(cpus[0], cpus[0], variant->flags, look_around);
	ASSERT_NE(NULL, p);
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(cgroup_add(self->group, p->pid[i]));
		ASSERT_TRUE(set_cpus(p->pid[i], cpus[0], cpus[1]));
	}
	ASSERT_TRUE(pair_go(p, MANY_TURNS));
	for (i = 0; i < CHANGES; i++) {
		int set = i % 3;

		ASSERT_TRUE(set_cpuset(self->group, text[set], set < 2 ? cpus[set] : -1));
		ASSERT_TRUE(pair_wait_turns(p, TURNS)) {
			TH_LOG("%s", p->wrong);
		}
	}
	EXPECT_TRUE(pair_halt(p));
	EXPECT_TRUE(pair_stop(p));
	EXPECT_STREQ("", p->wrong);
	EXPECT_EQ(0, place->strays);
}

TEST_HARNESS_MAIN
