// SPDX-License-Identifier: GPL-2.0
/*
 * A signal and a wake-up for a thread that sleeps: whichever comes first, before it
 * runs again, it takes both. And one that comes while the handler of the other one
 * runs is not lost.
 */
#include <signal.h>

#include "policy.h"

static atomic_int handled;
static atomic_bool handler_may_return = true;

static void handler(int sig)
{
	(void)sig;
	handled++;
	while (!handler_may_return)
		;
}

static bool handle_signals(void)
{
	struct sigaction sa = { .sa_handler = handler };

	return !sigaction(SIGUSR1, &sa, NULL);
}

/* --- neither is seen before both are there ---------------------------------- */

FIXTURE(order)
{
	struct sleeper s;
};

FIXTURE_SETUP(order)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_TRUE(handle_signals());
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(sleeper_start(&self->s));
	/* Now it does not run before the caller sleeps. */
	ASSERT_TRUE(set_policy(0, SCHED_FIFO, 1));
}

FIXTURE_TEARDOWN(order)
{
	EXPECT_EQ(0, handled);
	ASSERT_EQ(0, pthread_join(self->s.thread, NULL));
	EXPECT_EQ(0, self->s.ret);
	EXPECT_EQ(1, handled);
}

TEST_F(order, wake_then_signal)
{
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->s.tid, 0));
	ASSERT_EQ(0, pthread_kill(self->s.thread, SIGUSR1));
}

TEST_F(order, signal_then_wake)
{
	ASSERT_EQ(0, pthread_kill(self->s.thread, SIGUSR1));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->s.tid, 0));
}

/* --- in the handler ---------------------------------------------------------- */

static void *sleep_twice(void *arg)
{
	struct sleeper *s = arg;

	sleeper_main(s);
	return (void *)hibernate(0);
}

TEST(wake_after_signal)
{
	struct sleeper s;
	void *second;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_TRUE(handle_signals());
	ASSERT_TRUE(sleeper_start_fn(&s, sleep_twice));
	handler_may_return = false;
	ASSERT_EQ(0, pthread_kill(s.thread, SIGUSR1));
	while (!handled)
		sched_yield();

	/* That sleep is over: the wake-up is for the next one. */
	EXPECT_EQ(WAKE_UP_PERMIT, wake_up_process(s.tid, 0));
	handler_may_return = true;
	ASSERT_EQ(0, pthread_join(s.thread, &second));
	EXPECT_EQ(-1, s.ret);
	EXPECT_EQ(EINTR, s.error);
	EXPECT_EQ(NULL, second);
}

TEST_HARNESS_MAIN
