// SPDX-License-Identifier: GPL-2.0
/*
 * Pressure stall information after hand-overs: a cgroup of which all threads hibernate
 * waits for no CPU, so that its pressure stands still. If the number of its runnable
 * threads were not balanced, it would grow for ever.
 */
#include <time.h>

#include "grouped_pair.h"

#define TURNS 1000
#define WHILE_NS (20 * 1000 * 1000)

/* Both totals of cpu.pressure, in us. */
struct pressure {
	long long some, full;
};

static bool read_pressure(const char *group, struct pressure *p)
{
	char path[PATH_MAX];
	bool ok;
	FILE *f;

	snprintf(path, sizeof(path), "%s/cpu.pressure", group);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fscanf(f, "some avg10=%*f avg60=%*f avg300=%*f total=%lld ", &p->some) == 1 &&
	     fscanf(f, "full avg10=%*f avg60=%*f avg300=%*f total=%lld ", &p->full) == 1;
	fclose(f);
	return ok;
}

static long long cpu_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* Have the CPU for so long, while others wait for it or do not. */
static void compute(long long ns)
{
	long long begin = cpu_time();

	while (cpu_time() - begin < ns)
		;
}

TEST_F(grouped_pair, nobody_waits_who_sleeps)
{
	struct pressure before, after;

	ASSERT_TRUE(pair_run(self->p, TURNS));
	ASSERT_TRUE(read_pressure(self->group, &before));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	compute(WHILE_NS);
	ASSERT_TRUE(read_pressure(self->group, &after));
	EXPECT_EQ(before.some, after.some);
	EXPECT_EQ(before.full, after.full);
}

TEST_HARNESS_MAIN
