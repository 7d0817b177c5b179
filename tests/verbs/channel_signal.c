// SPDX-License-Identifier: GPL-2.0
/* A signal handler and a thread that is blocked on a completion channel. */
#include "channel.h"

static atomic_int handled;

static void handler(int sig)
{
	(void)sig;
	handled++;
}

static bool handle_sigusr1(int flags)
{
	struct sigaction sa = {
		.sa_handler = handler,
		.sa_flags = flags,
	};

	return !sigaction(SIGUSR1, &sa, NULL);
}

TEST_F(channel, eintr)
{
	struct reader r;
	int i;

	ASSERT_TRUE(handle_sigusr1(0));
	for (i = 0; i < 20; i++) {
		ASSERT_TRUE(reader_start(&r, self->ch));
		ASSERT_EQ(0, pthread_kill(r.thread, SIGUSR1));
		ASSERT_EQ(0, pthread_join(r.thread, NULL));
		ASSERT_EQ(NULL, r.cq);
		ASSERT_EQ(EINTR, r.error);
	}
	EXPECT_EQ(20, handled);
}

TEST_F(channel, sa_restart)
{
	struct reader r;

	ASSERT_TRUE(handle_sigusr1(SA_RESTART));
	ASSERT_TRUE(reader_start(&r, self->ch));
	ASSERT_EQ(0, pthread_kill(r.thread, SIGUSR1));
	while (!handled)
		sched_yield();
	ASSERT_TRUE(wait_for_sleep_in(r.tid, SYS_read));

	ASSERT_RIG(&self->rig, loop_event(&self->loop));
	ASSERT_EQ(0, pthread_join(r.thread, NULL));
	ASSERT_EQ(self->loop.cq, r.cq);
	ibv_ack_cq_events(r.cq, 1);
	ASSERT_RIG(&self->rig, loop_receive(&self->loop));
}

TEST_F(channel, no_event_is_lost_to_a_signal)
{
	struct reader r;
	int i;

	ASSERT_TRUE(handle_sigusr1(0));
	for (i = 0; i < 50; i++) {
		ASSERT_TRUE(reader_start(&r, self->ch));
		ASSERT_EQ(0, ibv_req_notify_cq(self->loop.cq, 0));
		ASSERT_EQ(0, pthread_kill(r.thread, SIGUSR1));
		ASSERT_RIG(&self->rig, loop_send(&self->loop, 0));
		ASSERT_EQ(0, pthread_join(r.thread, NULL));
		/* Whoever came first; if it was the signal, the event waits. */
		if (!r.cq) {
			ASSERT_EQ(EINTR, r.error);
			r.cq = read_event(self->ch);
		}
		ASSERT_EQ(self->loop.cq, r.cq);
		ibv_ack_cq_events(r.cq, 1);
		ASSERT_RIG(&self->rig, loop_receive(&self->loop));
		ASSERT_FALSE(is_readable(self->ch));
	}
}

TEST_HARNESS_MAIN
