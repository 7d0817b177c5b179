// SPDX-License-Identifier: GPL-2.0
/* A wake-up that comes before the sleep is remembered, once. */
#include "fastwake_test.h"

TEST(wake_before_sleep_is_remembered)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_EQ(WAKE_UP_PERMIT, wake_up_process(gettid(), 0));
	ASSERT_EQ(0, hibernate(0));
}

static void *sleep_after_three_wakes(void *arg)
{
	struct sleeper *s = arg;
	int i;

	for (i = 0; i < 3; i++)
		wake_up_process(gettid(), 0);
	if (hibernate(0))
		return (void *)1;
	return sleeper_main(s);
}

TEST(permits_do_not_add_up)
{
	struct sleeper s;
	void *failed;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	/* Three wake-ups end one sleep, so the second one is a real sleep. */
	ASSERT_TRUE(sleeper_start_fn(&s, sleep_after_three_wakes));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(s.tid, 0));
	ASSERT_EQ(0, pthread_join(s.thread, &failed));
	EXPECT_EQ(NULL, failed);
	EXPECT_EQ(0, s.ret);
}

TEST_HARNESS_MAIN
