// SPDX-License-Identifier: GPL-2.0
/* switch_to() is no wake-up: a thread that sleeps, however, stays asleep. */
#include "fastwake_test.h"

static int pipe_fds[2];

static void *sleep_in_read(void *arg)
{
	struct sleeper *s = arg;
	char c;

	atomic_store(&s->tid, gettid());
	s->ret = read(pipe_fds[0], &c, 1);
	return NULL;
}

TEST(parked)
{
	struct sleeper s;
	long sleeps;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(sleeper_start(&s));
	sleeps = thread_sleeps(s.tid);
	ASSERT_ERRNO(EAGAIN, switch_to(s.tid, 0));
	EXPECT_TRUE(is_parked(s.tid));
	EXPECT_EQ(sleeps, thread_sleeps(s.tid));

	/* Nor did it leave a permit. */
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(s.tid, 0));
	ASSERT_EQ(0, pthread_join(s.thread, NULL));
	EXPECT_EQ(0, s.ret);
}

TEST(in_read)
{
	struct sleeper s = { };
	long sleeps;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_EQ(0, pipe(pipe_fds));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_EQ(0, pthread_create(&s.thread, NULL, sleep_in_read, &s));
	ASSERT_TRUE(wait_for_sleep_in(wait_for_tid(&s.tid), SYS_read));
	sleeps = thread_sleeps(s.tid);
	ASSERT_ERRNO(EAGAIN, switch_to(s.tid, 0));
	EXPECT_EQ(SYS_read, thread_sleeps_in(s.tid));
	EXPECT_EQ(sleeps, thread_sleeps(s.tid));

	ASSERT_EQ(1, write(pipe_fds[1], "x", 1));
	ASSERT_EQ(0, pthread_join(s.thread, NULL));
	EXPECT_EQ(1, s.ret);
}

TEST_HARNESS_MAIN
