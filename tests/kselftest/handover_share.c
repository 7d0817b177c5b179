// SPDX-License-Identifier: GPL-2.0
/*
 * Two threads that hand the CPU over to each other all the time have the share of
 * one: a third one, that computes, gets about as much as the two together.
 */
#include <time.h>

#include "spinner.h"

#define NSEC_PER_SEC 1000000000LL
/* More than a hundred slices. */
#define ENOUGH (NSEC_PER_SEC / 2)

struct partner {
	struct sleeper s;
	pid_t peer;
	unsigned int flags;
	atomic_bool stop;
};

/* Wake @peer and sleep, in one call or in two. */
static bool hand_over(pid_t peer, unsigned int flags)
{
	long ret = wake_up_process(peer, flags);

	if (flags & WAKE_UP_HIBERNATE)
		return !ret;
	return ret >= 0 && !hibernate(0);
}

static void *partner_main(void *arg)
{
	struct partner *p = arg;

	sleeper_main(&p->s);
	while (!p->stop) {
		if (!hand_over(p->peer, p->flags))
			return (void *)1;
	}
	return NULL;
}

/* What the thread has used so far, in ns. */
static long long cpu_time(pthread_t thread)
{
	struct timespec ts;
	clockid_t clock;

	if (pthread_getcpuclockid(thread, &clock) || clock_gettime(clock, &ts))
		return -1;
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

FIXTURE(pair)
{
	struct partner partner;
	struct spinner bystander;
};

FIXTURE_VARIANT(pair)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(pair, one_call)
{
	.flags = WAKE_UP_HIBERNATE,
};

FIXTURE_VARIANT_ADD(pair, two_calls)
{
	.flags = 0,
};

FIXTURE_SETUP(pair)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	self->partner.peer = gettid();
	self->partner.flags = variant->flags;
	ASSERT_EQ(0, pthread_create(&self->partner.s.thread, NULL, partner_main,
				    &self->partner));
	ASSERT_TRUE(wait_for_sleep_in(wait_for_tid(&self->partner.s.tid),
				      __NR_hibernate));
	ASSERT_TRUE(spinner_start(&self->bystander, usable_cpu(0), 1, NULL));
}

FIXTURE_TEARDOWN(pair)
{
	spinner_stop(&self->bystander);
}

TEST_F(pair, has_one_share)
{
	pthread_t partner = self->partner.s.thread;
	pthread_t bystander = self->bystander.thread;
	long long before = cpu_time(pthread_self()) + cpu_time(partner);
	long long others = cpu_time(bystander);
	long long pair;
	void *failed;
	int i;

	do {
		for (i = 0; i < 64; i++)
			ASSERT_TRUE(hand_over(self->partner.s.tid, variant->flags));
		pair = cpu_time(pthread_self()) + cpu_time(partner) - before;
	} while (pair < ENOUGH);
	others = cpu_time(bystander) - others;

	/* It is parked, and does not answer this one. */
	self->partner.stop = true;
	ASSERT_LE(0, wake_up_process(self->partner.s.tid, 0));
	ASSERT_EQ(0, pthread_join(partner, &failed));
	ASSERT_EQ(NULL, failed);

	TH_LOG("the pair %lld ns, the bystander %lld ns", pair, others);
	EXPECT_LT(pair * 3 / 4, others);
}

TEST_HARNESS_MAIN
