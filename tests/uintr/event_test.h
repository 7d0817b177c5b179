/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of uintr_event() share.
 */
#ifndef EVENT_TEST_H
#define EVENT_TEST_H

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "uintr_test.h"

#define NO_EVENT "needs the module uintr_event"

/* To be asked after uintr_missing(). */
static inline bool event_missing(void)
{
	return uintr_event(-1, 0) == -1 && errno == EOPNOTSUPP;
}

/* An eventfd, and what to signal it by. */
struct event {
	int fd;
	int index;
};

/* The calling thread is the one that reads it, for all that the kernel knows. */
static inline bool event_make(struct event *e, int flags)
{
	int target;

	e->index = -1;
	e->fd = eventfd(0, EFD_CLOEXEC | flags);
	if (e->fd < 0)
		return false;
	target = uintr_event(e->fd, O_CLOEXEC);
	if (target < 0)
		return false;
	e->index = uintr_register_sender(target, 0);
	close(target);
	return e->index >= 0;
}

static inline bool event_end(struct event *e)
{
	return !uintr_unregister_sender(e->index, 0) && !close(e->fd);
}

/* Send, and read the 1 that comes of it. */
static inline bool event_round(struct event *e)
{
	_senduipi(e->index);
	return wait_for_events(e->fd, POLLIN) && read_number(e->fd) == 1;
}

static inline bool module_load(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && !syscall(SYS_finit_module, fd, parameters, 0);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* A thread that reads an eventfd for each that is sent, and says so. */
struct event_reader {
	pthread_t thread;
	struct event *e;	/* made by the thread if there is none */
	struct event own;
	int cpu, other_cpu;	/* -1: anywhere, never */
	long rounds;
	bool uses_poll;		/* before it reads */
	bool spins;		/* and never sleeps */
	atomic_int tid;
	atomic_int ready;	/* 1, or -1 */
	atomic_long seen;
	atomic_bool failed;
};

static inline bool event_reader_begin(struct event_reader *r)
{
	if (r->cpu >= 0 && !pin_to_cpu(r->cpu))
		return false;
	if (r->e)
		return true;
	r->e = &r->own;
	return event_make(r->e, r->spins ? EFD_NONBLOCK : 0);
}

static inline bool event_reader_waits(struct event_reader *r)
{
	if (r->spins)
		return spin_until(is_readable(r->e->fd));
	return !r->uses_poll || wait_for_events(r->e->fd, POLLIN);
}

static inline void *event_reader_main(void *arg)
{
	struct event_reader *r = arg;
	long i;

	r->tid = gettid();
	if (!event_reader_begin(r)) {
		r->ready = -1;
		return NULL;
	}
	r->ready = 1;
	for (i = 1; i <= r->rounds; i++) {
		if (!event_reader_waits(r) || read_number(r->e->fd) != 1 ||
		    (r->other_cpu >= 0 && !pin_to_cpu(i % 2 ? r->other_cpu : r->cpu))) {
			r->failed = true;
			break;
		}
		r->seen = i;
	}
	return NULL;
}

static inline bool event_reader_start(struct event_reader *r)
{
	return !pthread_create(&r->thread, NULL, event_reader_main, r) &&
	       spin_until(r->ready) && r->ready == 1;
}

/* One after the other, each one acknowledged. */
static inline bool event_reader_feed(struct event_reader *r)
{
	long i;

	for (i = 1; i <= r->rounds; i++) {
		_senduipi(r->e->index);
		if (!spin_until(r->seen == i || r->failed) || r->failed)
			return false;
	}
	return !pthread_join(r->thread, NULL);
}

#endif /* EVENT_TEST_H */
