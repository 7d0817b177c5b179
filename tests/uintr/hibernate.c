// SPDX-License-Identifier: GPL-2.0
/* SENDUIPI wakes a thread that sleeps in hibernate(), as wake_up_process() does. */
#include "uintr_test.h"

static void park(struct receiver *r)
{
	r->ret = hibernate(0);
	r->error = errno;
	r->loops = *receiver_count(r);
}

FIXTURE(parked)
{
	struct receiver r;
};

FIXTURE_VARIANT(parked)
{
	bool no_handler, uif_clear;
	int cpu;
};

FIXTURE_VARIANT_ADD(parked, handler)
{
	.cpu = 1,
};

FIXTURE_VARIANT_ADD(parked, uif_clear)
{
	.cpu = 1,
	.uif_clear = true,
};

FIXTURE_VARIANT_ADD(parked, no_handler)
{
	.cpu = 1,
	.no_handler = true,
};

FIXTURE_VARIANT_ADD(parked, handler_same_cpu)
{
	.cpu = 0,
};

FIXTURE_VARIANT_ADD(parked, no_handler_same_cpu)
{
	.cpu = 0,
	.no_handler = true,
};

FIXTURE_SETUP(parked)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (usable_cpu(variant->cpu) < 0)
		SKIP(return, "needs two CPUs");
	self->r.cpu = usable_cpu(variant->cpu);
	self->r.no_handler = variant->no_handler;
	self->r.uif_clear = variant->uif_clear;
	self->r.body = park;
	ASSERT_TRUE(receiver_start(&self->r));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(wait_for_sleep_in(self->r.tid, __NR_hibernate));
}

FIXTURE_TEARDOWN(parked) { }

TEST_F(parked, resumed)
{
	_senduipi(self->r.index[0]);
	ASSERT_TRUE(receiver_join(&self->r));
	EXPECT_EQ(0, self->r.ret);
	EXPECT_EQ(variant->no_handler || variant->uif_clear ? 0 : 1, self->r.loops);
}

/* It is one wake-up: the other way to wake it is there still. */
TEST_F(parked, by_wake_up_process)
{
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->r.tid, 0));
	ASSERT_TRUE(receiver_join(&self->r));
	EXPECT_EQ(0, self->r.ret);
	EXPECT_EQ(0, self->r.loops);
}

/* A thread that is not parked, and has no handler, gets a permit. */
TEST(permit_without_a_handler)
{
	int fd, index, i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	fd = uintr_vector_fd(0, 0);
	index = uintr_register_sender(fd, 0);
	ASSERT_LE(0, index);
	for (i = 0; i < 100; i++) {
		_senduipi(index);
		ASSERT_TRUE(wait_for_events(fd, POLLIN));
		/* Would sleep for ever otherwise. */
		ASSERT_EQ(0, hibernate(0));
		/* That has not taken it. */
		ASSERT_EQ(1, read_number(fd));
	}
}

/* Nor does a look that comes before the interrupt, which is another CPU's, take it away. */
TEST(permit_of_another_cpu)
{
	int fd, index, here, there, i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	here = usable_cpu(0);
	there = usable_cpu(1);
	if (there < 0)
		SKIP(return, "needs two CPUs");
	ASSERT_TRUE(pin_to_cpu(there));
	fd = uintr_vector_fd(0, 0);
	index = uintr_register_sender(fd, 0);
	ASSERT_LE(0, index);
	ASSERT_TRUE(pin_to_cpu(here));
	for (i = 0; i < 300; i++) {
		_senduipi(index);
		ASSERT_TRUE(wait_for_events(fd, POLLIN));
		ASSERT_EQ(0, hibernate(0));
		ASSERT_EQ(1, read_number(fd));
	}
}

/* With a handler what is not delivered does the same. */
TEST(pending_with_uif_clear)
{
	int index, i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	index = uintr_self_sender(0);
	ASSERT_LE(0, index);
	for (i = 1; i <= 100; i++) {
		_senduipi(index);
		ASSERT_EQ(0, hibernate(0));
		ASSERT_EQ(i - 1, uintr_handled[0]);
		_stui();
		ASSERT_TRUE(spin_until(uintr_handled[0] == (unsigned long)i));
		_clui();
	}
}

/* Parked again and again; each message wakes it once at least, and none is lost. */
static void park_often(struct receiver *r)
{
	_clui();
	while (!r->stop) {
		if (hibernate(0))
			r->error = errno;
		_stui();
		r->loops++;
		_clui();
	}
}

TEST(no_wake_up_is_lost)
{
	struct receiver r = { .body = park_often, .uif_clear = true };
	int i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	r.cpu = usable_cpu(1);
	ASSERT_TRUE(receiver_start(&r));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	for (i = 0; i < 10000; i++)
		ASSERT_TRUE(uintr_send_acked(r.index[0], &uintr_handled[0]));
	r.stop = true;
	_senduipi(r.index[0]);
	ASSERT_TRUE(receiver_join(&r));
	EXPECT_EQ(0, r.error);
}

TEST_HARNESS_MAIN
