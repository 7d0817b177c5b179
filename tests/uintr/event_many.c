// SPDX-License-Identifier: GPL-2.0
/*
 * Many eventfds of one thread: each one is signalled, each time, also if there are more
 * than one interrupt looks at.
 */
#include "event_test.h"

#define NR_EVENTS 64
#define ROUNDS 50
#define LOOK_AT 256	/* UINTR_LOOK_AT of the kernel, target.c */
#define NR_FILES (LOOK_AT + 44)

FIXTURE(many)
{
	struct event e[NR_EVENTS];
	int ep;
};

FIXTURE_SETUP(many)
{
	struct epoll_event event = { .events = EPOLLIN };
	int i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (event_missing())
		SKIP(return, NO_EVENT);
	self->ep = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, self->ep);
	for (i = 0; i < NR_EVENTS; i++) {
		ASSERT_TRUE(event_make(&self->e[i], 0));
		event.data.u32 = i;
		ASSERT_EQ(0, epoll_ctl(self->ep, EPOLL_CTL_ADD, self->e[i].fd, &event));
	}
}

FIXTURE_TEARDOWN(many)
{
	int i;

	for (i = 0; i < NR_EVENTS; i++)
		EXPECT_TRUE(event_end(&self->e[i]));
}

TEST_F(many, all_at_once)
{
	struct epoll_event events[NR_EVENTS];
	int round, i, n, left;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < NR_EVENTS; i++)
			_senduipi(self->e[i].index);
		for (left = NR_EVENTS; left; left -= n) {
			n = epoll_wait(self->ep, events, NR_EVENTS, MAX_MS);
			ASSERT_LT(0, n);
			ASSERT_GE(left, n);
			for (i = 0; i < n; i++)
				ASSERT_EQ(1, read_number(self->e[events[i].data.u32].fd));
		}
		/* Each of them once, as nobody is left. */
		ASSERT_EQ(0, epoll_wait(self->ep, events, NR_EVENTS, 0));
	}
}

TEST_F(many, one_after_the_other)
{
	struct epoll_event event;
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < NR_EVENTS; i++) {
			_senduipi(self->e[i].index);
			ASSERT_EQ(1, epoll_wait(self->ep, &event, 1, MAX_MS));
			ASSERT_EQ(i, event.data.u32);
			ASSERT_EQ(1, read_number(self->e[i].fd));
		}
	}
}

/*
 * A CPU that is told looks at its targets in the order in which they were made, and begins
 * where it ended the last time: once it has looked at all of them, with the first one. So
 * the last one is beyond those of one interrupt, and nothing else is sent that has the CPU
 * look there: unless it goes on by itself read() does not return. Should it end early the
 * two come nearer to the end with each interrupt, so that one of them is beyond soon.
 */
TEST(more_than_one_interrupt_looks_at)
{
	struct event first, last;
	int round, i, others;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (event_missing())
		SKIP(return, NO_EVENT);
	/* They are all of one CPU, and stay there. */
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	others = eventfd(0, EFD_CLOEXEC);
	ASSERT_LE(0, others);
	ASSERT_TRUE(event_make(&first, 0));
	for (i = 0; i < NR_FILES - 2; i++) {
		/* Open to the end: nobody sends to it, and it is closed with its file. */
		if (uintr_event(others, O_CLOEXEC) < 0) {
			ASSERT_EQ(EAGAIN, errno);
			SKIP(return, "needs a greater user.max_uintr_targets");
		}
	}
	ASSERT_TRUE(event_make(&last, 0));

	for (round = 0; round < ROUNDS; round++) {
		/* The last one comes first: the look of another one would have come nearer. */
		_senduipi(last.index);
		ASSERT_EQ(1, read_number(last.fd));
		_senduipi(first.index);
		ASSERT_EQ(1, read_number(first.fd));
		_senduipi(first.index);
		_senduipi(last.index);
		ASSERT_EQ(1, read_number(last.fd));
		ASSERT_EQ(1, read_number(first.fd));
	}
	EXPECT_FALSE(is_readable(others));
	EXPECT_FALSE(is_readable(first.fd));
	EXPECT_FALSE(is_readable(last.fd));
}

TEST_HARNESS_MAIN
