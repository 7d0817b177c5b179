// SPDX-License-Identifier: GPL-2.0
/*
 * Several who watch one channel, by poll(2) or an epoll instance each, EPOLLEXCLUSIVE or
 * not: an event wakes one of them at least, and is read exactly once. And EPOLLONESHOT:
 * one event is told of, and the next one when that is asked for again.
 */
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "channel.h"

#define WATCHERS 2
#define ROUNDS 100

static bool epoll_add(int ep, int fd, unsigned int events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	return !epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

TEST_F(channel, epoll_oneshot)
{
	struct epoll_event again = { .events = EPOLLIN | EPOLLONESHOT };
	struct epoll_event ev;
	struct loop second;
	int ep, seen;
	int i;

	ASSERT_RIG(&self->rig, loop_open(&second, &self->rig, self->ch, 0));
	ASSERT_TRUE(set_nonblock(self->ch, true));
	/* Has an edge for each event. Who came first is told last: so the other one was. */
	seen = epoll_create1(0);
	ASSERT_LE(0, seen);
	ASSERT_TRUE(epoll_add(seen, self->ch->fd, EPOLLIN | EPOLLET));
	ep = epoll_create1(0);
	ASSERT_LE(0, ep);
	ASSERT_TRUE(epoll_add(ep, self->ch->fd, again.events));

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, epoll_wait(ep, &ev, 1, 0));
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
		ASSERT_EQ(1, epoll_wait(seen, &ev, 1, -1));
		ASSERT_EQ(1, epoll_wait(ep, &ev, 1, -1));
		ASSERT_EQ(EPOLLIN, ev.events);

		/* Neither of the first event again nor of this one. */
		ASSERT_RIG(&self->rig, loop_event(&second));
		ASSERT_EQ(1, epoll_wait(seen, &ev, 1, -1));
		ASSERT_EQ(0, epoll_wait(ep, &ev, 1, 0));

		/* At once, because there are events: once more, and not twice. */
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_MOD, self->ch->fd, &again));
		ASSERT_EQ(1, epoll_wait(ep, &ev, 1, 0));
		ASSERT_EQ(EPOLLIN, ev.events);
		ASSERT_EQ(0, epoll_wait(ep, &ev, 1, 0));

		ASSERT_RIG(&self->rig, take_event(self->ch, &self->loop));
		ASSERT_RIG(&self->rig, take_event(self->ch, &second));
		ASSERT_EQ(NULL, read_event(self->ch));
		ASSERT_EQ(EAGAIN, errno);
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_MOD, self->ch->fd, &again));
	}
	ASSERT_EQ(0, close(ep));
	ASSERT_EQ(0, close(seen));
	ASSERT_RIG(&self->rig, loop_close(&second));
}

/* Who reads what is there each time that it is told, until its own eventfd ends it. */
struct watcher {
	struct ibv_comp_channel *ch;
	struct loop *loops;
	atomic_int *events;	/* read so far, of each of the loops */
	int ep;			/* -1: it uses poll(2) */
	int end;
	pthread_t thread;
	atomic_int tid;
	bool failed;
};

static long watcher_sleeps_in(const struct watcher *w)
{
	return w->ep < 0 ? SYS_poll : SYS_epoll_wait;
}

/* Until there is something; false if that is the end. */
static bool watch(struct watcher *w)
{
	struct pollfd pfd[2] = {
		{ .fd = w->ch->fd, .events = POLLIN },
		{ .fd = w->end, .events = POLLIN },
	};
	struct epoll_event ev[2];
	long i, n;

	if (w->ep < 0) {
		w->failed |= syscall(SYS_poll, pfd, 2, -1) <= 0;
		return !w->failed && !pfd[1].revents;
	}
	n = syscall(SYS_epoll_wait, w->ep, ev, 2, -1);
	w->failed |= n <= 0;
	for (i = 0; i < n; i++) {
		if (ev[i].data.fd == w->end)
			return false;
	}
	return !w->failed;
}

static void *watcher_main(void *arg)
{
	struct watcher *w = arg;
	struct ibv_cq *cq;

	atomic_store(&w->tid, gettid());
	while (watch(w)) {
		while ((cq = read_event(w->ch))) {
			ibv_ack_cq_events(cq, 1);
			w->events[(struct loop *)cq->cq_context - w->loops]++;
		}
		w->failed |= errno != EAGAIN;
	}
	return NULL;
}

/* They use epoll with these flags; without any, poll(2). */
static bool watcher_start(struct watcher *w, unsigned int flags)
{
	w->end = eventfd(0, 0);
	w->ep = flags ? epoll_create1(0) : -1;
	if (w->end < 0 || (flags && (w->ep < 0 || !epoll_add(w->ep, w->end, EPOLLIN) ||
				     !epoll_add(w->ep, w->ch->fd, flags))))
		return false;
	if (pthread_create(&w->thread, NULL, watcher_main, w))
		return false;
	while (!atomic_load(&w->tid))
		sched_yield();
	return true;
}

static void several_watch(struct __test_metadata *_metadata, struct rig *rig,
			  struct ibv_comp_channel *ch, unsigned int flags)
{
	struct watcher w[WATCHERS] = { };
	atomic_int events[2] = { };
	struct loop loops[2];
	int sent[2] = { };
	int i, j;

	ASSERT_TRUE(set_nonblock(ch, true));
	for (i = 0; i < 2; i++)
		ASSERT_RIG(rig, loop_open(&loops[i], rig, ch, 0));
	for (i = 0; i < WATCHERS; i++) {
		w[i].ch = ch;
		w[i].loops = loops;
		w[i].events = events;
		ASSERT_TRUE(watcher_start(&w[i], flags));
	}

	for (i = 0; i < ROUNDS; i++) {
		for (j = 0; j < WATCHERS; j++)
			ASSERT_TRUE(wait_for_sleep_in(w[j].tid, watcher_sleeps_in(&w[j])));
		/* One event, or two in a row. */
		for (j = 0; j <= (i & 1); j++) {
			ASSERT_RIG(rig, loop_event(&loops[j]));
			sent[j]++;
		}
		/* If nobody is told, the test hangs here. */
		for (j = 0; j <= (i & 1); j++) {
			while (events[j] < sent[j])
				sched_yield();
			ASSERT_RIG(rig, loop_receive(&loops[j]));
		}
	}

	for (i = 0; i < WATCHERS; i++) {
		ASSERT_EQ(0, eventfd_write(w[i].end, 1));
		ASSERT_EQ(0, pthread_join(w[i].thread, NULL));
		EXPECT_FALSE(w[i].failed);
	}
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(sent[i], events[i]);
		ASSERT_RIG(rig, loop_close(&loops[i]));
	}
	EXPECT_FALSE(is_readable(ch));
}

TEST_F(channel, epoll_exclusive)
{
	several_watch(_metadata, &self->rig, self->ch, EPOLLIN | EPOLLEXCLUSIVE);
}

TEST_F(channel, epoll_exclusive_edge)
{
	several_watch(_metadata, &self->rig, self->ch, EPOLLIN | EPOLLEXCLUSIVE | EPOLLET);
}

TEST_F(channel, two_epoll_instances)
{
	several_watch(_metadata, &self->rig, self->ch, EPOLLIN);
}

TEST_F(channel, two_pollers)
{
	several_watch(_metadata, &self->rig, self->ch, 0);
}

struct poller {
	int fd;
	pthread_t thread;
	atomic_int tid;
	bool readable;
};

static void *poller_main(void *arg)
{
	struct poller *p = arg;
	struct pollfd pfd = { .fd = p->fd, .events = POLLIN };

	atomic_store(&p->tid, gettid());
	p->readable = syscall(SYS_poll, &pfd, 1, -1) == 1 && pfd.revents == POLLIN;
	return NULL;
}

/* While nobody reads, all of them are told of one event. */
TEST_F(channel, pollers_are_all_told)
{
	struct poller p[3];
	int i, round;

	for (round = 0; round < 10; round++) {
		memset(p, 0, sizeof(p));
		for (i = 0; i < 3; i++) {
			p[i].fd = self->ch->fd;
			ASSERT_EQ(0, pthread_create(&p[i].thread, NULL, poller_main, &p[i]));
			while (!atomic_load(&p[i].tid))
				sched_yield();
			ASSERT_TRUE(wait_for_sleep_in(p[i].tid, SYS_poll));
		}
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
		for (i = 0; i < 3; i++) {
			ASSERT_EQ(0, pthread_join(p[i].thread, NULL));
			ASSERT_TRUE(p[i].readable);
		}
		ASSERT_RIG(&self->rig, take_event(self->ch, &self->loop));
		ASSERT_FALSE(is_readable(self->ch));
	}
}

TEST_HARNESS_MAIN
