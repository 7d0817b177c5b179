// SPDX-License-Identifier: GPL-2.0
/*
 * A thread that runs in user space, and makes no system call, is interrupted by senders
 * on other CPUs.
 */
#include "uintr_test.h"

FIXTURE(running)
{
	struct receiver r;
};

FIXTURE_SETUP(running)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	self->r.cpu = usable_cpu(1);
	self->r.first = 10;
	self->r.nr = 3;
	ASSERT_TRUE(receiver_start(&self->r));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
}

FIXTURE_TEARDOWN(running)
{
	EXPECT_TRUE(receiver_stop(&self->r));
}

TEST_F(running, interrupted)
{
	long sleeps = thread_sleeps(self->r.tid);
	int i;

	for (i = 0; i < 20000; i++)
		ASSERT_TRUE(uintr_send_acked(self->r.index[0], &uintr_handled[10]));
	EXPECT_EQ(20000, uintr_handled[10]);
	/* All that time it has not been asleep. */
	EXPECT_EQ(sleeps, thread_sleeps(self->r.tid));
}

/* It goes on where it was. */
TEST_F(running, goes_on)
{
	unsigned long before;
	int i;

	for (i = 0; i < 1000; i++) {
		ASSERT_TRUE(uintr_send_acked(self->r.index[0], &uintr_handled[10]));
		before = atomic_load(&self->r.loops);
		ASSERT_TRUE(spin_until(atomic_load(&self->r.loops) != before));
	}
}

TEST_F(running, several_vectors)
{
	int i, v;

	for (i = 1; i <= 2000; i++) {
		for (v = 0; v < 3; v++)
			_senduipi(self->r.index[v]);
		for (v = 10; v < 13; v++)
			ASSERT_TRUE(spin_until(uintr_handled[v] == (unsigned long)i));
	}
}

/* No more than was sent; and the last one is not lost, however close they come. */
TEST_F(running, without_waiting)
{
	unsigned long sent;

	for (sent = 1; sent <= 20000; sent++) {
		atomic_store(&uintr_mail, sent);
		_senduipi(self->r.index[0]);
	}
	ASSERT_TRUE(spin_until(atomic_load(&uintr_mail_seen) == 20000));
	EXPECT_LE(1, uintr_handled[10]);
	EXPECT_GE(20000, uintr_handled[10]);
}

TEST_HARNESS_MAIN
