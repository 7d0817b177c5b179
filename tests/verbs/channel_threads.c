// SPDX-License-Identifier: GPL-2.0
/* Two threads read one channel: each event goes to exactly one of them. */
#include "channel.h"

#define MESSAGES 500

struct shared {
	struct ibv_comp_channel *ch;
	atomic_int started;
	atomic_int events;
	atomic_int wrong;
	atomic_bool stop;
};

static void *read_until_stop(void *arg)
{
	struct shared *s = arg;
	struct ibv_cq *cq;
	bool stop;

	s->started++;
	do {
		cq = read_event(s->ch);
		stop = s->stop;
		if (!cq)
			s->wrong++;
		else
			ibv_ack_cq_events(cq, 1);
		s->events++;
	} while (!stop);
	return NULL;
}

TEST_F(channel, each_event_has_one_reader)
{
	struct shared s = { .ch = self->ch };
	pthread_t threads[2];
	int events = 0;
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, read_until_stop, &s));
	while (s.started < 2)
		sched_yield();

	for (i = 0; i < MESSAGES; i++) {
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
		events++;
		/* If no reader gets it, the test hangs here. */
		while (s.events < events)
			sched_yield();
		ASSERT_RIG(&self->rig, loop_receive(&self->loop));
	}

	/* One more for each of the two to leave by. */
	s.stop = true;
	for (i = 0; i < 2; i++) {
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
		events++;
		while (s.events < events)
			sched_yield();
		ASSERT_RIG(&self->rig, loop_receive(&self->loop));
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	EXPECT_EQ(MESSAGES + 2, s.events);
	EXPECT_EQ(0, s.wrong);
	EXPECT_FALSE(is_readable(self->ch));
}

TEST_F(channel, burst_for_two_blocked_readers)
{
	struct reader r[2];
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_TRUE(reader_start(&r[i], self->ch));
	for (i = 0; i < 2; i++)
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(r[i].thread, NULL));
		ASSERT_EQ(self->loop.cq, r[i].cq);
		ASSERT_RIG(&self->rig, loop_receive(&self->loop));
	}
	ibv_ack_cq_events(self->loop.cq, 2);
}

TEST_HARNESS_MAIN
