// SPDX-License-Identifier: GPL-2.0
/*
 * The CPU time of two processes that hand over to each other is charged to them, to
 * both, and to nobody else: what their clocks grow by is what their cgroup used.
 */
#include <time.h>

#include "grouped_pair.h"

#define TURNS 1000

/* In ns; of a process that sleeps, so it stands still. */
static long long cpu_time(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &ts))
		return -1;
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static long long group_time(const char *group)
{
	return cgroup_number(group, "cpu.stat", "usage_usec");
}

TEST_F(grouped_pair, adds_up)
{
	struct pair *p = self->p;
	long long group = group_time(self->group);
	long long time[2] = { cpu_time(p->pid[0]), cpu_time(p->pid[1]) };
	long long sum;
	int i;

	ASSERT_LE(0, group);
	ASSERT_TRUE(pair_run(p, TURNS));
	group = group_time(self->group) - group;
	for (i = 0; i < 2; i++) {
		ASSERT_LE(0, time[i]);
		time[i] = cpu_time(p->pid[i]) - time[i];
		EXPECT_LT(0, time[i]);
	}
	sum = (time[0] + time[1]) / 1000;
	TH_LOG("%lld ns and %lld ns, the group %lld us", time[0], time[1], group);
	/* It is read in whole microseconds. */
	EXPECT_LE(sum, group);
	EXPECT_GE(sum + 1, group);
}

TEST_HARNESS_MAIN
