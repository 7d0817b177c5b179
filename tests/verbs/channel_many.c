// SPDX-License-Identifier: GPL-2.0
/* Several CQs on one channel, and several events of one CQ. */
#include "channel.h"

TEST_F(channel, two_cqs_in_the_order_of_their_events)
{
	struct loop second;
	int i;

	ASSERT_RIG(&self->rig, loop_open(&second, &self->rig, self->ch, 0));
	for (i = 0; i < 10; i++) {
		struct loop *first = i & 1 ? &second : &self->loop;
		struct loop *then = i & 1 ? &self->loop : &second;

		ASSERT_RIG(&self->rig, loop_event(first));
		ASSERT_RIG(&self->rig, loop_event(then));
		ASSERT_EQ(first->cq, read_event(self->ch));
		ASSERT_EQ(then->cq, read_event(self->ch));
		ibv_ack_cq_events(first->cq, 1);
		ibv_ack_cq_events(then->cq, 1);
		ASSERT_RIG(&self->rig, loop_receive(first));
		ASSERT_RIG(&self->rig, loop_receive(then));
	}
	ASSERT_RIG(&self->rig, loop_close(&second));
}

TEST_F(channel, many_cqs)
{
	struct loop loops[32];
	unsigned int seen = 0;
	int i;

	for (i = 0; i < 32; i++)
		ASSERT_RIG(&self->rig, loop_open(&loops[i], &self->rig, self->ch, 0));
	for (i = 0; i < 32; i++)
		ASSERT_RIG(&self->rig, loop_event(&loops[i]));
	for (i = 0; i < 32; i++) {
		struct ibv_cq *cq = read_event(self->ch);
		struct loop *l;

		ASSERT_NE(NULL, cq);
		l = cq->cq_context;
		ASSERT_EQ(0, seen & 1U << (l - loops));
		seen |= 1U << (l - loops);
		ibv_ack_cq_events(cq, 1);
		ASSERT_RIG(&self->rig, loop_receive(l));
	}
	ASSERT_EQ(~0U, seen);
	for (i = 0; i < 32; i++)
		ASSERT_RIG(&self->rig, loop_close(&loops[i]));
}

/* Arming again without reading: an event for each, none of them dropped. */
TEST_F(channel, several_events_of_one_cq)
{
	int i;

	if (rig_arms_once_per_event())
		return;
	for (i = 0; i < 20; i++)
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(self->loop.cq, read_event(self->ch));
		ASSERT_RIG(&self->rig, loop_receive(&self->loop));
	}
	ibv_ack_cq_events(self->loop.cq, 20);
	ASSERT_TRUE(set_nonblock(self->ch, true));
	ASSERT_EQ(NULL, read_event(self->ch));
	ASSERT_EQ(EAGAIN, errno);
}

TEST_F(channel, busy_cq_does_not_hide_another)
{
	struct loop second;
	int events = 0;
	int i;

	if (rig_arms_once_per_event())
		return;
	ASSERT_RIG(&self->rig, loop_open(&second, &self->rig, self->ch, 0));
	for (i = 0; i < 10; i++)
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
	ASSERT_RIG(&self->rig, loop_event(&second));
	for (i = 0; i < 11; i++) {
		struct ibv_cq *cq = read_event(self->ch);

		ASSERT_NE(NULL, cq);
		events += cq == second.cq;
		ibv_ack_cq_events(cq, 1);
		ASSERT_RIG(&self->rig, loop_receive(cq->cq_context));
	}
	ASSERT_EQ(1, events);
	ASSERT_RIG(&self->rig, loop_close(&second));
}

TEST_HARNESS_MAIN
