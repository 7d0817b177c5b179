// SPDX-License-Identifier: GPL-2.0
/*
 * Each SENDUIPI to an eventfd arrives, wherever its reader is, and whatever it does.
 */
#include "event_fixture.h"
#include "spinner.h"

static void *make_event(void *arg)
{
	return event_make(arg, 0) ? arg : NULL;
}

/* The thread that called uintr_event() is gone. */
TEST_F(event, reader_exits)
{
	struct event_reader r = { .cpu = -1, .other_cpu = -1, .rounds = 200 };
	struct event e;
	pthread_t thread;
	void *made;
	int i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, make_event, &e));
	ASSERT_EQ(0, pthread_join(thread, &made));
	ASSERT_NE(NULL, made);
	for (i = 0; i < 200; i++)
		ASSERT_TRUE(event_round(&e));
	r.e = &e;
	ASSERT_TRUE(event_reader_start(&r));
	EXPECT_TRUE(event_reader_feed(&r));
}

/* Ordinary user interrupts of the thread that reads, meanwhile. */
TEST_F(event, reader_is_a_receiver)
{
	int index, i;

	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	index = uintr_self_sender(2);
	ASSERT_LE(0, index);
	_stui();
	for (i = 1; i <= 500; i++) {
		_senduipi(index);
		_senduipi(self->e.index);
		ASSERT_TRUE(wait_for_events(self->e.fd, POLLIN));
		ASSERT_EQ(1, read_number(self->e.fd));
		ASSERT_TRUE(spin_until(uintr_handled[2] == (unsigned long)i));
	}
	EXPECT_FALSE(is_readable(self->e.fd));
}

FIXTURE(reader)
{
	struct event_reader r;
};

FIXTURE_VARIANT(reader)
{
	int cpu, other_cpu;
	bool uses_poll, with_spinner;
};

FIXTURE_VARIANT_ADD(reader, same_cpu)
{
	.cpu = 0, .other_cpu = -1,
};

FIXTURE_VARIANT_ADD(reader, another_cpu)
{
	.cpu = 1, .other_cpu = -1,
};

FIXTURE_VARIANT_ADD(reader, another_cpu_poll)
{
	.cpu = 1, .other_cpu = -1, .uses_poll = true,
};

/* Each time it goes to the other CPU: who is told must follow, or not. */
FIXTURE_VARIANT_ADD(reader, migrates)
{
	.cpu = 0, .other_cpu = 1,
};

FIXTURE_VARIANT_ADD(reader, busy_cpu)
{
	.cpu = 1, .other_cpu = -1, .with_spinner = true,
};

FIXTURE_SETUP(reader)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (event_missing())
		SKIP(return, NO_EVENT);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	self->r.cpu = usable_cpu(variant->cpu);
	self->r.other_cpu = variant->other_cpu < 0 ? -1 : usable_cpu(variant->other_cpu);
	self->r.uses_poll = variant->uses_poll;
	self->r.rounds = variant->with_spinner ? 200 : 5000;
	ASSERT_TRUE(event_reader_start(&self->r));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
}

FIXTURE_TEARDOWN(reader) { }

TEST_F(reader, each_one)
{
	struct spinner s;

	if (variant->with_spinner)
		ASSERT_TRUE(spinner_start(&s, self->r.cpu, 1, NULL));
	EXPECT_TRUE(event_reader_feed(&self->r));
	EXPECT_EQ(self->r.rounds, self->r.seen);
	if (variant->with_spinner)
		spinner_stop(&s);
}

/* It sleeps for sure. */
TEST_F(reader, blocked)
{
	long i;

	if (variant->other_cpu >= 0)
		return;		/* it goes on by itself */
	for (i = 1; i <= 100; i++) {
		ASSERT_TRUE(wait_for_state(self->r.tid, 'S'));
		_senduipi(self->r.e->index);
		ASSERT_TRUE(spin_until(self->r.seen == i));
	}
}

TEST_HARNESS_MAIN
