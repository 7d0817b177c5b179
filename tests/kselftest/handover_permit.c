// SPDX-License-Identifier: GPL-2.0
/*
 * A caller with a permit hands over all the same, and takes the permit instead of
 * sleeping.
 */
#include "fastwake_test.h"

FIXTURE(permit)
{
	struct sleeper s;
};

FIXTURE_VARIANT(permit)
{
	int cpu_index;
};

FIXTURE_VARIANT_ADD(permit, one_cpu)
{
	.cpu_index = 0,
};

FIXTURE_VARIANT_ADD(permit, two_cpus)
{
	.cpu_index = 1,
};

FIXTURE_SETUP(permit)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (usable_cpu(variant->cpu_index) < 0)
		SKIP(return, "needs two CPUs");
}

FIXTURE_TEARDOWN(permit) { }

TEST_F(permit, is_taken)
{
	int here = usable_cpu(0);

	/* The thread inherits the CPU. */
	ASSERT_TRUE(pin_to_cpu(usable_cpu(variant->cpu_index)));
	ASSERT_TRUE(sleeper_start(&self->s));
	ASSERT_TRUE(pin_to_cpu(here));

	ASSERT_EQ(WAKE_UP_PERMIT, wake_up_process(gettid(), 0));
	ASSERT_EQ(0, wake_up_process(self->s.tid, WAKE_UP_HIBERNATE));
	ASSERT_EQ(0, pthread_join(self->s.thread, NULL));
	EXPECT_EQ(0, self->s.ret);

	/* It is gone. */
	EXPECT_EQ(WAKE_UP_PERMIT, wake_up_process(gettid(), 0));
}

/* The target was not parked: it keeps a permit, and the caller sleeps. */
static void *keep_busy(void *arg)
{
	struct sleeper *s = arg;

	atomic_store(&s->tid, gettid());
	if (!wait_for_sleep_in(getpid(), __NR_wake_up_process))
		return (void *)1;
	s->ret = hibernate(0);
	return wake_up_process(getpid(), 0) ? (void *)2 : NULL;
}

TEST_F(permit, is_left)
{
	void *failed;

	ASSERT_EQ(getpid(), gettid());
	memset(&self->s, 0, sizeof(self->s));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(variant->cpu_index)));
	ASSERT_EQ(0, pthread_create(&self->s.thread, NULL, keep_busy, &self->s));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));

	ASSERT_EQ(0, wake_up_process(wait_for_tid(&self->s.tid), WAKE_UP_HIBERNATE));
	ASSERT_EQ(0, pthread_join(self->s.thread, &failed));
	EXPECT_EQ(NULL, failed);
	EXPECT_EQ(0, self->s.ret);
}

TEST_HARNESS_MAIN
