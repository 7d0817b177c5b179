// SPDX-License-Identifier: GPL-2.0
/*
 * Two processes that hand over to each other, and may run anywhere, while other
 * threads come and go on all CPUs, so that the balancer moves the two about: their
 * turns go on.
 */
#include <time.h>

#include "pair.h"
#include "traveller.h"

#define TURNS env_number("FASTWAKE_BALANCE_TURNS", 5000)
#define OTHERS 4

/* Of each the load is different, and each leaves its CPU idle at times. */
static pid_t fork_other(int number)
{
	struct timespec pause = { .tv_nsec = 50000 * (number + 1) };
	pid_t pid = fork();
	int i;

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			for (i = 0; i < 20000 * (number + 1); i++)
				atomic_signal_fence(memory_order_seq_cst);
			nanosleep(&pause, NULL);
		}
	}
	return pid;
}

FIXTURE(balance)
{
	pid_t other[OTHERS];
};

FIXTURE_VARIANT(balance)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(balance, two_calls)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(balance, one_call)
{
	.flags = WAKE_UP_HIBERNATE,
};

FIXTURE_SETUP(balance)
{
	int i;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	for (i = 0; i < OTHERS; i++) {
		self->other[i] = fork_other(i);
		ASSERT_LT(0, self->other[i]);
	}
}

FIXTURE_TEARDOWN(balance)
{
	int i;

	for (i = 0; i < OTHERS; i++) {
		EXPECT_EQ(0, kill(self->other[i], SIGKILL));
		EXPECT_EQ(self->other[i], waitpid(self->other[i], NULL, 0));
	}
}

TEST_F(balance, turns_go_on)
{
	struct pair *p = pair_start(usable_cpu(0), usable_cpu(1), variant->flags, NULL);
	int i;

	ASSERT_NE(NULL, p);
	for (i = 0; i < 2; i++)
		ASSERT_TRUE(set_cpus(p->pid[i], usable_cpu(0), usable_cpu(1)));
	EXPECT_TRUE(pair_run(p, TURNS));
	EXPECT_TRUE(pair_stop(p));
	EXPECT_STREQ("", p->wrong);
}

TEST_HARNESS_MAIN
