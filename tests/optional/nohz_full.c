// SPDX-License-Identifier: GPL-2.0
/*
 * A CPU that has no tick while one thread computes there: whoever is woken or handed
 * over to on it runs all the same, and the one that computes does so, too.
 */
#include "pair.h"
#include "spinner.h"

#define NO_NOHZ_FULL "needs nohz_full= with one of several CPUs"
#define WAKE_UPS 200
#define TURNS 1000

/* The first CPU that may run without a tick, -1 if there is none. */
static int nohz_full_cpu(void)
{
	FILE *f = fopen("/sys/devices/system/cpu/nohz_full", "re");
	int cpu;

	if (!f || fscanf(f, "%d", &cpu) != 1)
		cpu = -1;
	if (f)
		fclose(f);
	return cpu;
}

static bool is_tickless(int cpu)
{
	int c = -1, stopped = 0;
	char line[256];
	FILE *f = fopen("/proc/timer_list", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "cpu: %d", &c) == 1)
			continue;
		if (c == cpu && sscanf(line, " .tick_stopped : %d", &stopped) == 1)
			break;
	}
	if (f)
		fclose(f);
	return stopped;
}

static bool wait_for_no_tick(int cpu)
{
	int i;

	for (i = 0; i < MAX_POLLS; i++) {
		if (is_tickless(cpu))
			return true;
		sched_yield();
	}
	return false;
}

FIXTURE(tickless)
{
	int cpu;
	struct spinner spinner;
	atomic_int ran;		/* set to 1 by the spinner when it runs */
};

FIXTURE_SETUP(tickless)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	self->cpu = nohz_full_cpu();
	if (self->cpu < 0 || usable_cpu(0) == self->cpu)
		SKIP(return, NO_NOHZ_FULL);
	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(spinner_start(&self->spinner, self->cpu, 1, &self->ran));
	ASSERT_TRUE(wait_for_no_tick(self->cpu));
}

FIXTURE_TEARDOWN(tickless)
{
	spinner_stop(&self->spinner);
}

static void *sleep_often(void *arg)
{
	struct sleeper *s = arg;
	int i;

	if (!pin_to_cpu(nohz_full_cpu()))
		return NULL;
	atomic_store(&s->tid, gettid());
	for (i = 0; i < WAKE_UPS; i++) {
		if (hibernate(0))
			s->error = errno;
	}
	return NULL;
}

/* Woken from another CPU. */
TEST_F(tickless, woken_thread_runs)
{
	struct sleeper s;
	int i;

	ASSERT_TRUE(sleeper_start_fn(&s, sleep_often));
	for (i = 0; i < WAKE_UPS; i++) {
		ASSERT_TRUE(wait_for_sleep_in(s.tid, __NR_hibernate));
		ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(s.tid, 0));
	}
	ASSERT_EQ(0, pthread_join(s.thread, NULL));
	EXPECT_EQ(0, s.error);
	/* Alone again. */
	EXPECT_TRUE(wait_for_no_tick(self->cpu));
}

/* They never leave the CPU to anybody themselves. */
TEST_F(tickless, pair_and_spinner_share)
{
	unsigned int flags;
	struct pair *p;
	int i;

	for (flags = 0; flags <= WAKE_UP_HIBERNATE; flags += WAKE_UP_HIBERNATE) {
		p = pair_start(self->cpu, self->cpu, flags, NULL);
		ASSERT_NE(NULL, p);
		ASSERT_TRUE(pair_go(p, MANY_TURNS));
		EXPECT_TRUE(pair_wait_turns(p, TURNS));
		self->ran = 0;
		for (i = 0; i < MAX_POLLS && !self->ran; i++)
			sched_yield();
		EXPECT_EQ(1, self->ran);
		EXPECT_TRUE(pair_wait_turns(p, TURNS));
		EXPECT_TRUE(pair_halt(p));
		EXPECT_TRUE(pair_stop(p));
		EXPECT_STREQ("", p->wrong);
	}
}

TEST_F(tickless, turns_across_cpus)
{
	unsigned int flags;
	struct pair *p;

	for (flags = 0; flags <= WAKE_UP_HIBERNATE; flags += WAKE_UP_HIBERNATE) {
		p = pair_start(usable_cpu(0), self->cpu, flags, NULL);
		ASSERT_NE(NULL, p);
		EXPECT_TRUE(pair_run(p, TURNS));
		EXPECT_TRUE(pair_stop(p));
		EXPECT_STREQ("", p->wrong);
	}
}

TEST_HARNESS_MAIN
