// SPDX-License-Identifier: GPL-2.0
/*
 * A signal handler ends the sleep with EINTR. As with pause(), SA_RESTART makes
 * no difference: whoever asked for the signal wants to look around.
 */
#include "fastwake_test.h"

static atomic_int handled;

static void handler(int sig)
{
	(void)sig;
	handled++;
}

static void *sleep_twice(void *arg)
{
	struct sleeper *s = arg;

	sleeper_main(s);
	return (void *)hibernate(0);
}

FIXTURE(signal) { };

FIXTURE_VARIANT(signal)
{
	int flags;
};

FIXTURE_VARIANT_ADD(signal, plain)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(signal, sa_restart)
{
	.flags = SA_RESTART,
};

FIXTURE_SETUP(signal)
{
	struct sigaction sa = {
		.sa_handler = handler,
		.sa_flags = variant->flags,
	};

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
}

FIXTURE_TEARDOWN(signal) { }

TEST_F(signal, handler_ends_the_sleep)
{
	struct sleeper s;
	void *second;

	ASSERT_TRUE(sleeper_start_fn(&s, sleep_twice));
	ASSERT_EQ(0, pthread_kill(s.thread, SIGUSR1));

	/* The signal left nothing behind: the next sleep is a whole one. */
	while (!handled)
		sched_yield();
	ASSERT_TRUE(wait_for_sleep_in(s.tid, __NR_hibernate));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(s.tid, 0));

	ASSERT_EQ(0, pthread_join(s.thread, &second));
	EXPECT_EQ(-1, s.ret);
	EXPECT_EQ(EINTR, s.error);
	EXPECT_EQ(NULL, second);
	EXPECT_EQ(1, handled);
}

TEST_F(signal, ignored_signal_does_not)
{
	struct sleeper s;
	long sleeps;

	ASSERT_NE(SIG_ERR, signal(SIGUSR2, SIG_IGN));
	ASSERT_TRUE(sleeper_start(&s));
	sleeps = thread_sleeps(s.tid);
	ASSERT_EQ(0, pthread_kill(s.thread, SIGUSR2));
	EXPECT_TRUE(is_parked(s.tid));
	EXPECT_EQ(sleeps, thread_sleeps(s.tid));

	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(s.tid, 0));
	ASSERT_EQ(0, pthread_join(s.thread, NULL));
	EXPECT_EQ(0, s.ret);
}

TEST_HARNESS_MAIN
