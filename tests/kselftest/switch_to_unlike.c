// SPDX-License-Identifier: GPL-2.0
/*
 * A thread that is named again and again, and is not like the caller, runs on its
 * own account: a bystander gets its share.
 *
 * The caller uses next to no time itself, so that the scheduler takes it whenever
 * it chooses; if each of these times the named thread had a slice, the bystander
 * would get none.
 */
#include <sys/resource.h>
#include <time.h>

#include "spinner.h"

#define NSEC_PER_SEC 1000000000LL
/* More than a hundred slices. */
#define ENOUGH (NSEC_PER_SEC / 2)

static long long cpu_time(struct spinner *s)
{
	struct timespec ts;
	clockid_t clock;

	if (pthread_getcpuclockid(s->thread, &clock) || clock_gettime(clock, &ts))
		return -1;
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

TEST(bystander_gets_its_share)
{
	struct spinner named, bystander;
	unsigned long loops;
	long long time;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(spinner_start(&named, usable_cpu(0), 1, NULL));
	ASSERT_TRUE(spinner_start(&bystander, usable_cpu(0), 2, NULL));
	/* Another weight than the caller's. */
	ASSERT_EQ(0, setpriority(PRIO_PROCESS, named.tid, 1));

	do {
		ASSERT_EQ(0, switch_to(named.tid, 0));
		time = cpu_time(&named);
		ASSERT_LE(0, time);
	} while (time < ENOUGH);

	/*
	 * By their weights it would be five quarters. Their work is what counts: a
	 * virtual machine that has to wait charges the time to who runs just then.
	 */
	loops = atomic_load(&named.loops);
	TH_LOG("named %lu loops in %lld ns, bystander %lu in %lld ns", loops, time,
	       atomic_load(&bystander.loops), cpu_time(&bystander));
	EXPECT_LT(loops / 2, atomic_load(&bystander.loops));
	spinner_stop(&named);
	spinner_stop(&bystander);
}

TEST_HARNESS_MAIN
