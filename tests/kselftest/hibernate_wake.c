// SPDX-License-Identifier: GPL-2.0
/* A parked thread is woken, returns 0, and sees what its waker did before. */
#include "fastwake_test.h"

TEST(parked_thread_is_woken)
{
	struct sleeper s;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_TRUE(sleeper_start(&s));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(s.tid, 0));
	ASSERT_EQ(0, pthread_join(s.thread, NULL));
	EXPECT_EQ(0, s.ret);
}

struct mail {
	struct sleeper s;
	long data;	/* not atomic: the wake-up alone orders it */
	long seen;
};

static void *read_mail(void *arg)
{
	struct mail *m = arg;

	sleeper_main(&m->s);
	m->seen = m->data;
	return NULL;
}

TEST(woken_thread_sees_the_data)
{
	struct mail m = { };

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_TRUE(sleeper_start_fn(&m.s, read_mail));
	m.data = 0x5eed;
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(m.s.tid, 0));
	ASSERT_EQ(0, pthread_join(m.s.thread, NULL));
	EXPECT_EQ(0, m.s.ret);
	EXPECT_EQ(0x5eed, m.seen);
}

TEST(parked_process_is_woken)
{
	pid_t pid;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	pid = fork_sleeper(0);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(wait_for_sleep_in(pid, __NR_hibernate));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(pid, 0));
	EXPECT_EQ(0, child_status(pid));
}

TEST_HARNESS_MAIN
