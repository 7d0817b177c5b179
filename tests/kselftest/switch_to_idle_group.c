// SPDX-License-Identifier: GPL-2.0
/*
 * switch_to() a thread of a cgroup that is idle: it does not go before those that are
 * not. That the ordinary pick decided, and why, is what the tracepoint tells.
 */
#include "own_cgroup.h"
#include "spinner.h"
#include "tracing.h"

#define ROUNDS 200

FIXTURE(idle_group)
{
	char group[64];
	struct trace trace;
};

FIXTURE_SETUP(idle_group)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (cgroup_missing())
		SKIP(return, NO_CGROUP);
	if (tracefs_missing())
		SKIP(return, NO_TRACEFS);
	ASSERT_TRUE(cgroup_write(CGROUP_ROOT, "cgroup.subtree_control", "+cpu"));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(cgroup_make(self->group, sizeof(self->group)));
	ASSERT_TRUE(cgroup_write(self->group, "cpu.idle", "1"));
	ASSERT_TRUE(trace_make(&self->trace));
}

FIXTURE_TEARDOWN(idle_group)
{
	EXPECT_EQ(0, rmdir(self->trace.instance));
	EXPECT_TRUE(cgroup_remove(self->group));
	wait(NULL);
}

/* How often did the tracepoint give this reason? */
static int fallbacks(struct trace *tr, const char *reason)
{
	char path[PATH_MAX], line[512];
	int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/trace", tr->instance);
	f = fopen(path, "re");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		n += !!strstr(line, reason);
	fclose(f);
	return n;
}

TEST_F(idle_group, waits)
{
	pid_t pid = fork_spinner(0);
	char filter[32];
	int i, n;

	ASSERT_LT(0, pid);
	ASSERT_TRUE(cgroup_add(self->group, pid));
	snprintf(filter, sizeof(filter), "pid == %d", pid);
	ASSERT_TRUE(trace_event_on(&self->trace, "sched_direct_fallback", filter));
	for (i = 0; i < ROUNDS; i++)
		ASSERT_EQ(0, switch_to(pid, 0));
	n = fallbacks(&self->trace, " reason=class");
	TH_LOG("%d of %d times it may not go first", n, ROUNDS);
	EXPECT_LE(ROUNDS / 2, n);
}

TEST_HARNESS_MAIN
