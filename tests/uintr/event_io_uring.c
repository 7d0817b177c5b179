// SPDX-License-Identifier: GPL-2.0
/* io_uring reads and polls an eventfd that user interrupts signal. */
#include "event_test.h"
#include "uring.h"

FIXTURE(uring)
{
	struct event e;
	struct ring r;
};

FIXTURE_SETUP(uring)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (event_missing())
		SKIP(return, NO_EVENT);
	if (!ring_begin(&self->r))
		SKIP(return, "needs io_uring");
	ASSERT_TRUE(event_make(&self->e, 0));
}

FIXTURE_TEARDOWN(uring) { }

TEST_F(uring, read)
{
	__u64 number;
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_READ, .fd = self->e.fd,
		.addr = (unsigned long)&number, .len = sizeof(number),
	};
	int i;

	for (i = 0; i < 200; i++) {
		number = 0;
		ASSERT_TRUE(ring_submit(&self->r, &sqe));
		_senduipi(self->e.index);
		ASSERT_EQ(8, ring_result(&self->r));
		ASSERT_EQ(1, number);
	}
}

TEST_F(uring, poll)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_POLL_ADD, .fd = self->e.fd, .poll32_events = POLLIN,
	};
	int i;

	for (i = 0; i < 200; i++) {
		ASSERT_TRUE(ring_submit(&self->r, &sqe));
		_senduipi(self->e.index);
		ASSERT_EQ(POLLIN, ring_result(&self->r));
		ASSERT_EQ(1, read_number(self->e.fd));
	}
}

TEST_HARNESS_MAIN
