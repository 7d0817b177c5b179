// SPDX-License-Identifier: GPL-2.0
/*
 * Somebody on CPU 1 sends without a pause to an eventfd that CPU 0 is told of: that one
 * gets its work done still, and other eventfds there are signalled.
 */
#include "event_test.h"

/* After so many sends the flood is over, and who has not got done by then never does. */
#define FLOOD 4000000L

struct flood {
	pthread_t thread;
	int cpu;
	struct event e;
	atomic_long sent;
	atomic_bool stop;
	bool failed;
};

static void *send_flood(void *arg)
{
	struct flood *f = arg;
	long i;

	if (!pin_to_cpu(f->cpu))
		f->failed = true;
	for (i = 1; i <= FLOOD && !f->failed && !f->stop; i++) {
		_senduipi(f->e.index);
		atomic_store_explicit(&f->sent, i, memory_order_relaxed);
	}
	return NULL;
}

FIXTURE(flood)
{
	struct flood f;
};

FIXTURE_SETUP(flood)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (event_missing())
		SKIP(return, NO_EVENT);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	self->f.cpu = usable_cpu(1);
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(event_make(&self->f.e, 0));
	ASSERT_EQ(0, pthread_create(&self->f.thread, NULL, send_flood, &self->f));
	/* It comes in by now. */
	ASSERT_LE(1, read_number(self->f.e.fd));
	ASSERT_TRUE(spin_until(self->f.sent > 1000));
}

/* The flood was there to the end, else the test did not see it. */
FIXTURE_TEARDOWN(flood)
{
	EXPECT_GT(FLOOD, self->f.sent);
	self->f.stop = true;
	EXPECT_EQ(0, pthread_join(self->f.thread, NULL));
	EXPECT_FALSE(self->f.failed);
	/* And what was sent last is there. */
	EXPECT_TRUE(wait_for_events(self->f.e.fd, POLLIN));
}

/*
 * A send is a few instructions, and so is a turn of this loop: the sender may be ten
 * times as fast, and no more.
 */
TEST_F(flood, work_gets_done)
{
	atomic_long work = 0;

	while (work < FLOOD / 10 && self->f.sent < FLOOD)
		work++;
	EXPECT_EQ(FLOOD / 10, work);
}

TEST_F(flood, others_are_signalled)
{
	struct event e;
	int i;

	ASSERT_TRUE(event_make(&e, 0));
	for (i = 0; i < 30 && self->f.sent < FLOOD; i++)
		ASSERT_TRUE(event_round(&e));
	EXPECT_EQ(30, i);
}

/* A thread that the flood wakes does not keep others from the CPU either. */
static void *read_flood(void *arg)
{
	struct flood *f = arg;

	while (!f->stop)
		read_number(f->e.fd);
	return NULL;
}

TEST_F(flood, with_a_reader)
{
	atomic_long work = 0;
	pthread_t reader;

	ASSERT_EQ(0, pthread_create(&reader, NULL, read_flood, &self->f));
	while (work < FLOOD / 40 && self->f.sent < FLOOD)
		work++;
	EXPECT_EQ(FLOOD / 40, work);
	/* It has to read once more to see it. */
	EXPECT_GT(FLOOD, self->f.sent);
	self->f.stop = true;
	_senduipi(self->f.e.index);
	ASSERT_EQ(0, pthread_join(reader, NULL));
	_senduipi(self->f.e.index);
}

TEST_HARNESS_MAIN
