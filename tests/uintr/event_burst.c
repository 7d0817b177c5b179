// SPDX-License-Identifier: GPL-2.0
/*
 * Very many sends at once to an eventfd that CPU 0 is told of, with a reader and with
 * none: what comes after them is signalled as ever. Other than with event_flood nobody
 * has to get work done meanwhile, so that it says something of a slow kernel, too.
 *
 * checkpatch: SPACING: FIXTURE_DATA() is a type
 */
#include "event_test.h"

#define SENDS 20000

FIXTURE(burst)
{
	struct event e, other;
	pthread_t sender;
	int cpu;
};

static void *send_all(void *arg)
{
	FIXTURE_DATA(burst) *b = arg;
	long i;

	if (!pin_to_cpu(b->cpu))
		return NULL;
	for (i = 0; i < SENDS; i++)
		_senduipi(b->e.index);
	return arg;
}

FIXTURE_SETUP(burst)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (event_missing())
		SKIP(return, NO_EVENT);
	self->cpu = usable_cpu(1);
	if (self->cpu < 0)
		SKIP(return, "needs two CPUs");
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(event_make(&self->e, EFD_NONBLOCK));
	ASSERT_TRUE(event_make(&self->other, 0));
	ASSERT_EQ(0, pthread_create(&self->sender, NULL, send_all, self));
}

FIXTURE_TEARDOWN(burst)
{
	int i;

	for (i = 0; i < 30; i++)
		ASSERT_TRUE(event_round(&self->other));
	/* What the last of them left, if it was not read before. */
	read_number(self->e.fd);
	_senduipi(self->e.index);
	EXPECT_TRUE(wait_for_events(self->e.fd, POLLIN));
	EXPECT_TRUE(event_end(&self->other));
	EXPECT_TRUE(event_end(&self->e));
}

TEST_F(burst, unread)
{
	void *sent;

	ASSERT_EQ(0, pthread_join(self->sender, &sent));
	EXPECT_NE(NULL, sent);
	ASSERT_TRUE(wait_for_events(self->e.fd, POLLIN));
}

TEST_F(burst, with_a_reader)
{
	long seen = 0;
	void *sent;

	while (pthread_tryjoin_np(self->sender, &sent))
		if (read_number(self->e.fd))
			seen++;
	EXPECT_NE(NULL, sent);
	if (!seen)
		EXPECT_TRUE(wait_for_events(self->e.fd, POLLIN));
}

TEST_HARNESS_MAIN
