// SPDX-License-Identifier: GPL-2.0
/*
 * io_uring reads and polls a completion channel. A read waits for the event: of a blocking
 * file in a worker at last, of one with O_NONBLOCK by polling, which the program does not
 * see.
 *
 * A library may have to see an event, in ibv_get_cq_event(3), before the CQ can be armed
 * again. It does not see what the ring reads: each of these events has a CQ of its own.
 */
#include <rdma/ib_user_verbs.h>

#include "channel.h"
#include "uring.h"

#define SIZE ((int)sizeof(struct ib_uverbs_comp_event_desc))
#define ROUNDS 20

static struct io_uring_sqe read_of(struct ibv_comp_channel *ch,
				   struct ib_uverbs_comp_event_desc *desc)
{
	memset(desc, 0, sizeof(*desc));
	return (struct io_uring_sqe){
		.opcode = IORING_OP_READ, .fd = ch->fd,
		.addr = (uintptr_t)desc, .len = sizeof(*desc),
	};
}

static struct io_uring_sqe poll_of(struct ibv_comp_channel *ch)
{
	return (struct io_uring_sqe){
		.opcode = IORING_OP_POLL_ADD, .fd = ch->fd, .poll32_events = POLLIN,
	};
}

/* The event is of this CQ, which goes now: that hangs unless it was counted once. */
static bool last_event_of(struct loop *l, const struct ib_uverbs_comp_event_desc *desc)
{
	if (desc->cq_handle != (uintptr_t)l->cq) {
		snprintf(l->rig->why, sizeof(l->rig->why), "event of %#llx, not of %p",
			 (unsigned long long)desc->cq_handle, (void *)l->cq);
		return false;
	}
	ibv_ack_cq_events(l->cq, 1);
	return loop_receive(l) && loop_close(l);
}

TEST_F(channel, uring_read_before_the_event)
{
	struct ib_uverbs_comp_event_desc desc;
	struct io_uring_sqe sqe;
	struct ring r;
	struct loop l;
	int i;

	ASSERT_TRUE(ring_begin(&r));
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_TRUE(set_nonblock(self->ch, i & 1));
		ASSERT_RIG(&self->rig, loop_open(&l, &self->rig, self->ch, 0));
		sqe = read_of(self->ch, &desc);
		ASSERT_TRUE(ring_submit(&r, &sqe));
		ASSERT_RIG(&self->rig, loop_event(&l));
		ASSERT_EQ(SIZE, ring_result(&r));
		ASSERT_RIG(&self->rig, last_event_of(&l, &desc));
		ASSERT_FALSE(is_readable(self->ch));
	}
}

TEST_F(channel, uring_read_of_a_waiting_event)
{
	struct ib_uverbs_comp_event_desc desc;
	struct io_uring_sqe sqe;
	struct ring r;
	struct loop l;
	int i;

	ASSERT_TRUE(ring_begin(&r));
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_TRUE(set_nonblock(self->ch, i & 1));
		ASSERT_RIG(&self->rig, loop_open(&l, &self->rig, self->ch, 0));
		ASSERT_RIG(&self->rig, loop_event(&l));
		ASSERT_TRUE(wait_readable(self->ch));
		sqe = read_of(self->ch, &desc);
		ASSERT_TRUE(ring_submit(&r, &sqe));
		ASSERT_EQ(SIZE, ring_result(&r));
		ASSERT_RIG(&self->rig, last_event_of(&l, &desc));
		ASSERT_FALSE(is_readable(self->ch));
	}
}

/* One event ends one of them, whichever, and the other one waits for the next. */
TEST_F(channel, uring_two_reads)
{
	struct ib_uverbs_comp_event_desc desc[2];
	struct io_uring_sqe sqe;
	struct loop l[2];
	struct ring r;
	int first = 0;
	int i, j;

	ASSERT_TRUE(ring_begin(&r));
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_TRUE(set_nonblock(self->ch, i & 1));
		for (j = 0; j < 2; j++) {
			ASSERT_RIG(&self->rig, loop_open(&l[j], &self->rig, self->ch, 0));
			sqe = read_of(self->ch, &desc[j]);
			ASSERT_TRUE(ring_submit(&r, &sqe));
		}
		for (j = 0; j < 2; j++) {
			ASSERT_RIG(&self->rig, loop_event(&l[j]));
			ASSERT_EQ(SIZE, ring_result(&r));
			if (!j)
				first = !desc[0].cq_handle;
			ASSERT_RIG(&self->rig, last_event_of(&l[j], &desc[first ^ j]));
		}
		ASSERT_FALSE(is_readable(self->ch));
	}
}

/* The program reads by itself what it was told of. */
TEST_F(channel, uring_poll)
{
	struct io_uring_sqe sqe = poll_of(self->ch);
	struct ring r;
	int i;

	ASSERT_TRUE(ring_begin(&r));
	for (i = 0; i < 50; i++) {
		ASSERT_TRUE(ring_submit(&r, &sqe));
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
		ASSERT_EQ(POLLIN, ring_result(&r));
		/* Readable until somebody reads. */
		ASSERT_TRUE(ring_submit(&r, &sqe));
		ASSERT_EQ(POLLIN, ring_result(&r));
		ASSERT_EQ(self->loop.cq, read_event(self->ch));
		ibv_ack_cq_events(self->loop.cq, 1);
		ASSERT_RIG(&self->rig, loop_receive(&self->loop));
		ASSERT_FALSE(is_readable(self->ch));
	}
}

TEST_HARNESS_MAIN
