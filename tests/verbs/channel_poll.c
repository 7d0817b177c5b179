// SPDX-License-Identifier: GPL-2.0
/* poll(), epoll and SIGIO on a completion channel. */
#include <sys/epoll.h>

#include "channel.h"

TEST_F(channel, poll)
{
	struct pollfd pfd = { .fd = self->ch->fd, .events = POLLIN };
	int i;

	ASSERT_TRUE(set_nonblock(self->ch, true));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, poll(&pfd, 1, 0));
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
		ASSERT_EQ(1, poll(&pfd, 1, -1));
		ASSERT_EQ(POLLIN, pfd.revents);
		/* Readable until somebody reads. */
		ASSERT_EQ(1, poll(&pfd, 1, 0));
		ASSERT_RIG(&self->rig, take_event(self->ch, &self->loop));
	}
}

struct poller {
	struct ibv_comp_channel *ch;
	atomic_int tid;
	bool readable;
};

static void *poller_main(void *arg)
{
	struct poller *p = arg;
	struct pollfd pfd = { .fd = p->ch->fd, .events = POLLIN };

	atomic_store(&p->tid, gettid());
	p->readable = syscall(SYS_poll, &pfd, 1, -1) == 1;
	return NULL;
}

TEST_F(channel, poll_wakes_a_sleeper)
{
	struct poller p = { .ch = self->ch };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, poller_main, &p));
	while (!atomic_load(&p.tid))
		sched_yield();
	ASSERT_TRUE(wait_for_sleep_in(p.tid, SYS_poll));
	ASSERT_RIG(&self->rig, loop_event(&self->loop));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_TRUE(p.readable);
	ASSERT_RIG(&self->rig, take_event(self->ch, &self->loop));
}

static int epoll_of(struct ibv_comp_channel *ch, unsigned int events)
{
	struct epoll_event ev = { .events = events, .data.fd = ch->fd };
	int ep = epoll_create1(0);

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, ch->fd, &ev))
		return -1;
	return ep;
}

TEST_F(channel, epoll_level)
{
	int ep = epoll_of(self->ch, EPOLLIN);
	struct epoll_event ev;
	int i;

	ASSERT_LE(0, ep);
	ASSERT_TRUE(set_nonblock(self->ch, true));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, epoll_wait(ep, &ev, 1, 0));
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
		ASSERT_EQ(1, epoll_wait(ep, &ev, 1, -1));
		ASSERT_EQ(EPOLLIN, ev.events);
		ASSERT_EQ(self->ch->fd, ev.data.fd);
		ASSERT_EQ(1, epoll_wait(ep, &ev, 1, 0));
		ASSERT_RIG(&self->rig, take_event(self->ch, &self->loop));
	}
	ASSERT_EQ(0, close(ep));
}

TEST_F(channel, epoll_edge)
{
	int ep = epoll_of(self->ch, EPOLLIN | EPOLLET);
	struct epoll_event ev;
	int i;

	if (rig_arms_once_per_event())
		return;
	ASSERT_LE(0, ep);
	ASSERT_TRUE(set_nonblock(self->ch, true));
	for (i = 0; i < 10; i++) {
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
		ASSERT_EQ(1, epoll_wait(ep, &ev, 1, -1));
		/* One edge for one event, though nobody read it. */
		ASSERT_EQ(0, epoll_wait(ep, &ev, 1, 0));
	}
	for (i = 0; i < 10; i++)
		ASSERT_RIG(&self->rig, take_event(self->ch, &self->loop));
	ASSERT_EQ(NULL, read_event(self->ch));
	ASSERT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, close(ep));
}

TEST_F(channel, sigio)
{
	sigset_t set;
	int flags;
	int sig;
	int i;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	ASSERT_EQ(0, pthread_sigmask(SIG_BLOCK, &set, NULL));
	flags = fcntl(self->ch->fd, F_GETFL);
	ASSERT_EQ(0, fcntl(self->ch->fd, F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(self->ch->fd, F_SETFL, flags | O_ASYNC));

	for (i = 0; i < 10; i++) {
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
		ASSERT_EQ(0, sigwait(&set, &sig));
		ASSERT_EQ(SIGIO, sig);
		ASSERT_RIG(&self->rig, take_event(self->ch, &self->loop));
	}
}

TEST_HARNESS_MAIN
