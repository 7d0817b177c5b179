// SPDX-License-Identifier: GPL-2.0
/* Destroying a CQ that has events queued, read, or not acknowledged yet. */
#include "channel.h"

TEST_F(channel, queued_events_go_with_the_cq)
{
	int i;

	ASSERT_TRUE(set_nonblock(self->ch, true));
	for (i = 0; i < 5; i++)
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
	ASSERT_TRUE(wait_readable(self->ch));

	/* None of them was read, so there is none to acknowledge. */
	ASSERT_RIG(&self->rig, loop_destroy_qp(&self->loop));
	ASSERT_EQ(0, ibv_destroy_cq(self->loop.cq));
	self->loop.cq = NULL;
	ASSERT_EQ(NULL, read_event(self->ch));
	ASSERT_EQ(EAGAIN, errno);
}

TEST_F(channel, events_of_other_cqs_stay)
{
	struct loop second;
	int i;

	if (rig_arms_once_per_event())
		return;
	ASSERT_TRUE(set_nonblock(self->ch, true));
	ASSERT_RIG(&self->rig, loop_open(&second, &self->rig, self->ch, 0));
	for (i = 0; i < 3; i++) {
		ASSERT_RIG(&self->rig, loop_event(&second));
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
	}
	ASSERT_TRUE(wait_readable(self->ch));
	ASSERT_RIG(&self->rig, loop_close(&second));

	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(wait_readable(self->ch));
		ASSERT_EQ(self->loop.cq, read_event(self->ch));
		ASSERT_RIG(&self->rig, loop_receive(&self->loop));
	}
	ibv_ack_cq_events(self->loop.cq, 3);
	ASSERT_EQ(NULL, read_event(self->ch));
	ASSERT_EQ(EAGAIN, errno);
}

/* Some were read and acknowledged, some wait: the count has to be exact. */
TEST_F(channel, read_and_queued_events)
{
	struct loop second;
	int i;

	if (rig_arms_once_per_event())
		return;
	ASSERT_RIG(&self->rig, loop_open(&second, &self->rig, self->ch, 0));
	for (i = 0; i < 7; i++)
		ASSERT_RIG(&self->rig, loop_event(&second));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(second.cq, read_event(self->ch));
	ibv_ack_cq_events(second.cq, 3);
	ASSERT_RIG(&self->rig, loop_close(&second));
	ASSERT_FALSE(is_readable(self->ch));
}

struct destroyer {
	struct loop *loop;
	atomic_int tid;
	atomic_bool done;
	bool ok;
};

static void *destroyer_main(void *arg)
{
	struct destroyer *d = arg;

	atomic_store(&d->tid, gettid());
	d->ok = loop_close(d->loop);
	d->done = true;
	return NULL;
}

TEST_F(channel, destroy_waits_for_the_acknowledgment)
{
	struct loop second;
	struct destroyer d = { .loop = &second };
	pthread_t thread;
	int i;

	ASSERT_RIG(&self->rig, loop_open(&second, &self->rig, self->ch, 0));
	for (i = 0; i < 2; i++) {
		ASSERT_RIG(&self->rig, loop_event(&second));
		ASSERT_EQ(second.cq, read_event(self->ch));
	}
	ASSERT_EQ(0, pthread_create(&thread, NULL, destroyer_main, &d));
	while (!atomic_load(&d.tid))
		sched_yield();

	/* It waits in user space, for both. */
	ASSERT_TRUE(wait_for_sleep_in(d.tid, SYS_futex));
	ASSERT_FALSE(d.done);
	ibv_ack_cq_events(second.cq, 1);
	ASSERT_TRUE(wait_for_sleep_in(d.tid, SYS_futex));
	ASSERT_FALSE(d.done);
	ibv_ack_cq_events(second.cq, 1);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_RIG(&self->rig, d.ok);
}

TEST_F(channel, create_and_destroy_under_events)
{
	struct loop l;
	int i;

	ASSERT_TRUE(set_nonblock(self->ch, true));
	for (i = 0; i < 50; i++) {
		ASSERT_RIG(&self->rig, loop_open(&l, &self->rig, self->ch, 0));
		ASSERT_RIG(&self->rig, loop_event(&l));
		ASSERT_RIG(&self->rig, loop_close(&l));
		ASSERT_EQ(NULL, read_event(self->ch));
		ASSERT_EQ(EAGAIN, errno);
	}
}

TEST_HARNESS_MAIN
