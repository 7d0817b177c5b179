// SPDX-License-Identifier: GPL-2.0
/*
 * switch_to() a thread of a cgroup that has used up its CPU bandwidth: it does not
 * run before the group has its next quota.
 *
 * The caller, who has no limit, does nothing but name it. The kernel counts both
 * the periods and what the group consumed, so that no clock is needed here.
 */
#include "own_cgroup.h"
#include "spinner.h"

#define QUOTA_US 2000
#define PERIOD_US 20000
#define PERIODS 50
/* A group is stopped by the tick only, and may owe that much to the next period. */
#define GENEROUS 3

FIXTURE(throttled)
{
	char group[64];
	pid_t pid;
};

FIXTURE_SETUP(throttled)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (cgroup_missing())
		SKIP(return, NO_CGROUP);
	ASSERT_TRUE(cgroup_write(CGROUP_ROOT, "cgroup.subtree_control", "+cpu"));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(cgroup_make(self->group, sizeof(self->group)));
}

FIXTURE_TEARDOWN(throttled)
{
	EXPECT_TRUE(cgroup_remove(self->group));
	waitpid(self->pid, NULL, 0);
}

static long long stat_of(const char *group, const char *key)
{
	return cgroup_number(group, "cpu.stat", key);
}

/* Names @pid until the counter @key is @end. */
static bool name_until(const char *group, const char *key, long long end, pid_t pid)
{
	unsigned int i;

	for (i = 0; i % 64 || stat_of(group, key) < end; i++) {
		if (switch_to(pid, 0))
			return false;
	}
	return true;
}

TEST_F(throttled, waits_for_its_quota)
{
	long long periods, throttled, usage;

	ASSERT_TRUE(cgroup_set_quota(self->group, QUOTA_US, PERIOD_US));
	self->pid = fork_spinner(0);
	ASSERT_LT(0, self->pid);
	ASSERT_TRUE(cgroup_add(self->group, self->pid));
	ASSERT_TRUE(name_until(self->group, "nr_throttled", 1, self->pid));

	periods = stat_of(self->group, "nr_periods");
	throttled = stat_of(self->group, "nr_throttled");
	usage = stat_of(self->group, "usage_usec");
	ASSERT_TRUE(name_until(self->group, "nr_periods", periods + PERIODS, self->pid));
	usage = stat_of(self->group, "usage_usec") - usage;
	throttled = stat_of(self->group, "nr_throttled") - throttled;
	/* It may have consumed one quota before the first of these ended. */
	periods = stat_of(self->group, "nr_periods") - periods + 1;
	TH_LOG("%lld us in %lld periods of %d us, throttled in %lld", usage, periods,
	       QUOTA_US, throttled);

	EXPECT_LT(0, throttled);
	EXPECT_LT(0, usage);
	EXPECT_GE(GENEROUS * QUOTA_US * periods, usage);
}

TEST_HARNESS_MAIN
