/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of completion channels share: a fixture with a device, one
 * channel, and one QP whose receive CQ reports to it.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include <kselftest_harness.h>

#include "rig.h"
#include "thread_state.h"

/* A debug kernel in an emulator is slow: this only has to end what hangs. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

/* A call of rig.h. */
#define ASSERT_RIG(rig, call)	ASSERT_STREQ("", rig_why(rig, call))

static inline const char *rig_why(const struct rig *rig, bool ok)
{
	return ok ? "" : rig->why;
}

FIXTURE(channel)
{
	struct rig rig;
	struct ibv_comp_channel *ch;
	struct loop loop;
};

FIXTURE_SETUP(channel)
{
	ASSERT_RIG(&self->rig, rig_open(&self->rig));
	self->ch = ibv_create_comp_channel(self->rig.ctx);
	ASSERT_NE(NULL, self->ch);
	ASSERT_RIG(&self->rig, loop_open(&self->loop, &self->rig, self->ch, 0));
}

/* Whatever is left fails here: an unacknowledged event hangs ibv_destroy_cq(). */
FIXTURE_TEARDOWN(channel)
{
	ASSERT_RIG(&self->rig, loop_close(&self->loop));
	ASSERT_EQ(0, ibv_destroy_comp_channel(self->ch));
	ASSERT_RIG(&self->rig, rig_close(&self->rig));
}

static inline bool set_nonblock(struct ibv_comp_channel *ch, bool on)
{
	int flags = fcntl(ch->fd, F_GETFL);

	flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return !fcntl(ch->fd, F_SETFL, flags);
}

/* Until there is an event. */
static inline bool wait_readable(struct ibv_comp_channel *ch)
{
	struct pollfd pfd = { .fd = ch->fd, .events = POLLIN };

	return poll(&pfd, 1, -1) == 1 && pfd.revents == POLLIN;
}

static inline bool is_readable(struct ibv_comp_channel *ch)
{
	struct pollfd pfd = { .fd = ch->fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

/* Arm the CQ and send one message: one event. */
static inline bool loop_event(struct loop *l)
{
	return !ibv_req_notify_cq(l->cq, 0) && loop_send(l, 0);
}

/* Read one event: its CQ, NULL with errno if there is none. */
static inline struct ibv_cq *read_event(struct ibv_comp_channel *ch)
{
	struct ibv_cq *cq;
	void *context;

	if (ibv_get_cq_event(ch, &cq, &context))
		return NULL;
	return context == cq->cq_context ? cq : NULL;
}

/* The event and the message that it stands for. */
static inline bool take_event(struct ibv_comp_channel *ch, struct loop *l)
{
	if (read_event(ch) != l->cq) {
		snprintf(l->rig->why, sizeof(l->rig->why), "no event of the CQ");
		return false;
	}
	ibv_ack_cq_events(l->cq, 1);
	return loop_receive(l);
}

/* One event from the message to its data. */
static inline bool one_event(struct loop *l, struct ibv_comp_channel *ch)
{
	return loop_event(l) && take_event(ch, l);
}

static inline bool some_events(struct loop *l, struct ibv_comp_channel *ch, int n)
{
	while (n--) {
		if (!one_event(l, ch))
			return false;
	}
	return true;
}

/* A thread that reads one event. */
struct reader {
	struct ibv_comp_channel *ch;
	pthread_t thread;
	atomic_int tid;
	struct ibv_cq *cq;
	int error;
};

static inline void *reader_main(void *arg)
{
	struct reader *r = arg;

	atomic_store(&r->tid, gettid());
	r->cq = read_event(r->ch);
	r->error = errno;
	return NULL;
}

/* Start it; on return it is blocked in read(). */
static inline bool reader_start(struct reader *r, struct ibv_comp_channel *ch)
{
	memset(r, 0, sizeof(*r));
	r->ch = ch;
	if (pthread_create(&r->thread, NULL, reader_main, r))
		return false;
	while (!atomic_load(&r->tid))
		sched_yield();
	return wait_for_sleep_in(r->tid, SYS_read);
}

#endif /* CHANNEL_H */
