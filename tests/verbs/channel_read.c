// SPDX-License-Identifier: GPL-2.0
/* read() of a completion channel: blocking, and with O_NONBLOCK. */
#include "channel.h"

TEST_F(channel, blocked_reader_gets_the_event)
{
	struct reader r;
	int i;

	for (i = 0; i < 50; i++) {
		ASSERT_TRUE(reader_start(&r, self->ch));
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
		ASSERT_EQ(0, pthread_join(r.thread, NULL));
		ASSERT_EQ(self->loop.cq, r.cq);
		ibv_ack_cq_events(r.cq, 1);
		ASSERT_RIG(&self->rig, loop_receive(&self->loop));
	}
}

TEST_F(channel, reader_on_another_cpu_gets_the_event)
{
	int cpus[2] = { usable_cpu(0), usable_cpu(1) };
	struct reader r;
	int i;

	if (cpus[1] < 0)
		SKIP(return, "needs two CPUs");

	for (i = 0; i < 50; i++) {
		/* The reader takes over its creator's CPU, and that moves away. */
		ASSERT_TRUE(pin_to_cpu(cpus[i & 1]));
		ASSERT_TRUE(reader_start(&r, self->ch));
		ASSERT_TRUE(pin_to_cpu(cpus[!(i & 1)]));
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
		ASSERT_EQ(0, pthread_join(r.thread, NULL));
		ASSERT_EQ(self->loop.cq, r.cq);
		ibv_ack_cq_events(r.cq, 1);
		ASSERT_RIG(&self->rig, loop_receive(&self->loop));
	}
}

TEST_F(channel, event_before_the_read_is_kept)
{
	int i;

	for (i = 0; i < 50; i++) {
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
		ASSERT_EQ(self->loop.cq, read_event(self->ch));
		ibv_ack_cq_events(self->loop.cq, 1);
		ASSERT_RIG(&self->rig, loop_receive(&self->loop));
	}
}

TEST_F(channel, nonblocking_read_of_an_empty_channel)
{
	ASSERT_TRUE(set_nonblock(self->ch, true));
	ASSERT_EQ(NULL, read_event(self->ch));
	ASSERT_EQ(EAGAIN, errno);
}

TEST_F(channel, nonblocking_read_of_an_event)
{
	ASSERT_TRUE(set_nonblock(self->ch, true));
	ASSERT_RIG(&self->rig, loop_event(&self->loop));
	ASSERT_TRUE(wait_readable(self->ch));
	ASSERT_EQ(self->loop.cq, read_event(self->ch));
	ibv_ack_cq_events(self->loop.cq, 1);
	ASSERT_RIG(&self->rig, loop_receive(&self->loop));

	/* Exactly one. */
	ASSERT_EQ(NULL, read_event(self->ch));
	ASSERT_EQ(EAGAIN, errno);
}

TEST_F(channel, no_event_without_arming)
{
	ASSERT_TRUE(set_nonblock(self->ch, true));
	ASSERT_RIG(&self->rig, loop_event(&self->loop));
	/* These two come while the CQ is not armed. */
	ASSERT_RIG(&self->rig, loop_send(&self->loop, 0));
	ASSERT_RIG(&self->rig, loop_send(&self->loop, 0));

	ASSERT_TRUE(wait_readable(self->ch));
	ASSERT_EQ(self->loop.cq, read_event(self->ch));
	ibv_ack_cq_events(self->loop.cq, 1);
	ASSERT_EQ(NULL, read_event(self->ch));
	ASSERT_EQ(EAGAIN, errno);

	ASSERT_RIG(&self->rig, loop_receive(&self->loop));
	ASSERT_RIG(&self->rig, loop_receive(&self->loop));
	ASSERT_RIG(&self->rig, loop_receive(&self->loop));
}

TEST_F(channel, armed_for_solicited_only)
{
	ASSERT_TRUE(set_nonblock(self->ch, true));
	ASSERT_EQ(0, ibv_req_notify_cq(self->loop.cq, 1));
	ASSERT_RIG(&self->rig, loop_send(&self->loop, 0));
	ASSERT_FALSE(is_readable(self->ch));
	ASSERT_RIG(&self->rig, loop_send(&self->loop, IBV_SEND_SOLICITED));
	ASSERT_TRUE(wait_readable(self->ch));
	ASSERT_EQ(self->loop.cq, read_event(self->ch));
	ibv_ack_cq_events(self->loop.cq, 1);
	ASSERT_RIG(&self->rig, loop_receive(&self->loop));
	ASSERT_RIG(&self->rig, loop_receive(&self->loop));
}

TEST_F(channel, short_buffer)
{
	char byte;

	ASSERT_RIG(&self->rig, loop_event(&self->loop));
	ASSERT_TRUE(wait_readable(self->ch));
	ASSERT_EQ(-1, read(self->ch->fd, &byte, 1));
	ASSERT_EQ(EINVAL, errno);

	/* It is still there. */
	ASSERT_EQ(self->loop.cq, read_event(self->ch));
	ibv_ack_cq_events(self->loop.cq, 1);
	ASSERT_RIG(&self->rig, loop_receive(&self->loop));
}

TEST_HARNESS_MAIN
