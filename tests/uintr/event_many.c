// SPDX-License-Identifier: GPL-2.0
/* Many eventfds of one thread: each one is signalled, each time. */
#include "event_test.h"

#define NR_EVENTS 64
#define ROUNDS 50

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

TEST_HARNESS_MAIN
