// SPDX-License-Identifier: GPL-2.0
/* io_uring reads and polls an eventfd that user interrupts signal. */
#include <linux/io_uring.h>

#include "event_test.h"

#define ENTRIES 4

struct ring {
	int fd;
	struct io_uring_sqe *sqes;
	atomic_uint *sq_tail, *cq_head, *cq_tail;
	unsigned int *sq_array, sq_mask, cq_mask;
	struct io_uring_cqe *cqes;
};

static void *map(int fd, size_t size, off_t offset)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);
}

static bool ring_begin(struct ring *r)
{
	struct io_uring_params p = { };
	char *sq, *cq;

	r->fd = syscall(SYS_io_uring_setup, ENTRIES, &p);
	if (r->fd < 0)
		return false;
	sq = map(r->fd, p.sq_off.array + ENTRIES * sizeof(int), IORING_OFF_SQ_RING);
	cq = map(r->fd, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe),
		 IORING_OFF_CQ_RING);
	r->sqes = map(r->fd, ENTRIES * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || r->sqes == MAP_FAILED)
		return false;
	r->sq_tail = (void *)(sq + p.sq_off.tail);
	r->sq_mask = *(unsigned int *)(sq + p.sq_off.ring_mask);
	r->sq_array = (void *)(sq + p.sq_off.array);
	r->cq_head = (void *)(cq + p.cq_off.head);
	r->cq_tail = (void *)(cq + p.cq_off.tail);
	r->cq_mask = *(unsigned int *)(cq + p.cq_off.ring_mask);
	r->cqes = (void *)(cq + p.cq_off.cqes);
	return true;
}

static bool ring_submit(struct ring *r, const struct io_uring_sqe *sqe)
{
	unsigned int tail = *r->sq_tail, i = tail & r->sq_mask;

	r->sqes[i] = *sqe;
	r->sq_array[i] = i;
	atomic_store(r->sq_tail, tail + 1);
	return syscall(SYS_io_uring_enter, r->fd, 1, 0, 0, NULL, 0) == 1;
}

/* The result of the one that was submitted, once it is there. */
static int ring_result(struct ring *r)
{
	unsigned int head = *r->cq_head;

	if (atomic_load(r->cq_tail) == head)
		syscall(SYS_io_uring_enter, r->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	if (atomic_load(r->cq_tail) == head)
		return -EAGAIN;
	atomic_store(r->cq_head, head + 1);
	/* Nothing else comes before the caller submits the next one. */
	return r->cqes[head & r->cq_mask].res;
}

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
