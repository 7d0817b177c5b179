// SPDX-License-Identifier: GPL-2.0
/*
 * With scheduler statistics on, hand-overs work, and each wake-up is counted once.
 * Needs CONFIG_SCHEDSTATS.
 */
#include "pair.h"

#define SCHEDSTATS "/proc/sys/kernel/sched_schedstats"
#define NO_SCHEDSTATS "needs " SCHEDSTATS
#define TURNS 1000

static bool set_schedstats(bool on)
{
	FILE *f = fopen(SCHEDSTATS, "we");

	return f && fprintf(f, "%d\n", on) > 0 && !fclose(f);
}

/* From /proc/PID/sched, a line "nr_wakeups  :  12". */
static long wakeups(pid_t pid)
{
	char buf[8192];
	long number;
	char *line;

	read_proc(pid, "sched", buf, sizeof(buf));
	line = strstr(buf, "\nnr_wakeups ");
	return line && sscanf(line, " nr_wakeups : %ld", &number) == 1 ? number : -1;
}

FIXTURE(schedstats) { };

FIXTURE_VARIANT(schedstats)
{
	unsigned int flags;
	int cpu_index;
};

FIXTURE_VARIANT_ADD(schedstats, two_calls)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(schedstats, one_call)
{
	.flags = WAKE_UP_HIBERNATE,
};

FIXTURE_VARIANT_ADD(schedstats, two_cpus)
{
	.flags = WAKE_UP_HIBERNATE,
	.cpu_index = 1,
};

FIXTURE_SETUP(schedstats)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (access(SCHEDSTATS, F_OK))
		SKIP(return, NO_SCHEDSTATS);
	if (usable_cpu(variant->cpu_index) < 0)
		SKIP(return, "needs two CPUs");
	ASSERT_TRUE(set_schedstats(true));
}

/* In the parent: whatever becomes of the test, the next one is without. */
FIXTURE_TEARDOWN_PARENT(schedstats)
{
	if (!access(SCHEDSTATS, F_OK))
		EXPECT_TRUE(set_schedstats(false));
}

TEST_F(schedstats, wakeups_are_counted)
{
	struct pair *p = pair_start(usable_cpu(0), usable_cpu(variant->cpu_index),
				    variant->flags, NULL);
	long sleeps[2], woken[2];
	int i;

	ASSERT_NE(NULL, p);
	for (i = 0; i < 2; i++) {
		sleeps[i] = thread_sleeps(p->pid[i]);
		woken[i] = wakeups(p->pid[i]);
		ASSERT_LE(0, woken[i]);
	}
	EXPECT_TRUE(pair_run(p, TURNS));
	for (i = 0; i < 2; i++) {
		sleeps[i] = thread_sleeps(p->pid[i]) - sleeps[i];
		woken[i] = wakeups(p->pid[i]) - woken[i];
		/* Each sleep ends by one; some come when it has not begun yet. */
		EXPECT_LT(0, woken[i]);
		EXPECT_LE(sleeps[i], woken[i]);
	}
	TH_LOG("%d turns: %ld sleeps, %ld wake-ups", TURNS, sleeps[0] + sleeps[1],
	       woken[0] + woken[1]);
	/* But there are no more than turns, each with its wake-up. */
	EXPECT_GE(TURNS, woken[0] + woken[1]);
	EXPECT_TRUE(pair_stop(p));
	EXPECT_STREQ("", p->wrong);
}

TEST_HARNESS_MAIN
