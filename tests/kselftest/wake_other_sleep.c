// SPDX-License-Identifier: GPL-2.0
/*
 * wake_up_process() ends no other sleep than hibernate(): a thread that waits
 * for something else gets a permit and does not even wake to look around.
 */
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#include "fastwake_test.h"

static int pipe_fds[2];

static long sleep_in_read(void)
{
	char c;

	return read(pipe_fds[0], &c, 1);
}

static long sleep_in_poll(void)
{
	struct pollfd pfd = { .fd = pipe_fds[0], .events = POLLIN };

	return syscall(SYS_ppoll, &pfd, 1, NULL, NULL, 0);
}

static long sleep_in_futex(void)
{
	int word = 0;

	return syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL);
}

static long sleep_in_nanosleep(void)
{
	struct timespec day = { .tv_sec = 86400 };

	return syscall(SYS_nanosleep, &day, NULL);
}

static void handler(int sig)
{
	(void)sig;
}

FIXTURE(other_sleep)
{
	struct sleeper s;
};

FIXTURE_VARIANT(other_sleep)
{
	long nr;
	long (*sleep)(void);
};

FIXTURE_VARIANT_ADD(other_sleep, read)
{
	.nr = SYS_read,
	.sleep = sleep_in_read,
};

FIXTURE_VARIANT_ADD(other_sleep, poll)
{
	.nr = SYS_ppoll,
	.sleep = sleep_in_poll,
};

FIXTURE_VARIANT_ADD(other_sleep, futex)
{
	.nr = SYS_futex,
	.sleep = sleep_in_futex,
};

FIXTURE_VARIANT_ADD(other_sleep, nanosleep)
{
	.nr = SYS_nanosleep,
	.sleep = sleep_in_nanosleep,
};

FIXTURE_SETUP(other_sleep)
{
	struct sigaction sa = { .sa_handler = handler };

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	ASSERT_EQ(0, pipe(pipe_fds));
	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
}

FIXTURE_TEARDOWN(other_sleep) { }

static long (*other_sleep)(void);

/* The other sleep, and then one in hibernate() that a permit should end. */
static void *sleep_then_hibernate(void *arg)
{
	struct sleeper *s = arg;

	atomic_store(&s->tid, gettid());
	s->ret = other_sleep();
	s->error = errno;
	return (void *)hibernate(0);
}

TEST_F(other_sleep, goes_on)
{
	struct sleeper *s = &self->s;
	void *hibernate_ret;
	long sleeps;

	other_sleep = variant->sleep;
	ASSERT_EQ(0, pthread_create(&s->thread, NULL, sleep_then_hibernate, s));
	ASSERT_TRUE(wait_for_sleep_in(wait_for_tid(&s->tid), variant->nr));

	sleeps = thread_sleeps(s->tid);
	EXPECT_EQ(WAKE_UP_PERMIT, wake_up_process(s->tid, 0));
	EXPECT_EQ(variant->nr, thread_sleeps_in(s->tid));
	EXPECT_EQ(sleeps, thread_sleeps(s->tid));

	/* The permit outlives the sleep, which a signal ends as ever. */
	ASSERT_EQ(0, pthread_kill(s->thread, SIGUSR1));
	ASSERT_EQ(0, pthread_join(s->thread, &hibernate_ret));
	EXPECT_EQ(-1, s->ret);
	EXPECT_EQ(EINTR, s->error);
	EXPECT_EQ(NULL, hibernate_ret);
}

TEST_HARNESS_MAIN
