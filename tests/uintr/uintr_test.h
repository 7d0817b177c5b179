/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of user interrupts share: the calls, a probe, and threads that receive.
 *
 * checkpatch: PREFER_DEFINED_ATTRIBUTE_MACRO: user space has no such macros
 */
#ifndef UINTR_TEST_H
#define UINTR_TEST_H

#include <linux/time_types.h>
#include <poll.h>
#include <signal.h>
#include <x86gprintrin.h>

#include "fastwake_test.h"

#define UINTR_VECTORS 64
#define UINTR_TABLE 256		/* what a process can send to */

/* A function that is called for user interrupts: it may touch general registers only. */
#define UINTR_HANDLER __attribute__((interrupt, target("general-regs-only,uintr"), unused))

static inline long uintr_register_handler(const void *handler, unsigned int flags)
{
	return syscall(__NR_uintr_register_handler, handler, flags);
}

static inline long uintr_unregister_handler(unsigned int flags)
{
	return syscall(__NR_uintr_unregister_handler, flags);
}

static inline long uintr_alt_stack(const void *sp, size_t size, unsigned int flags)
{
	return syscall(__NR_uintr_alt_stack, sp, size, flags);
}

static inline int uintr_vector_fd(unsigned int vector, unsigned int flags)
{
	return syscall(__NR_uintr_vector_fd, vector, flags);
}

static inline int uintr_register_sender(int fd, unsigned int flags)
{
	return syscall(__NR_uintr_register_sender, fd, flags);
}

static inline int uintr_unregister_sender(unsigned int index, unsigned int flags)
{
	return syscall(__NR_uintr_unregister_sender, index, flags);
}

static inline long uintr_wait(const struct __kernel_timespec *timeout, unsigned int flags)
{
	return syscall(__NR_uintr_wait, timeout, flags);
}

static inline int uintr_event(int fd, unsigned int flags)
{
	return syscall(__NR_uintr_event, fd, flags);
}

/* No file is EBADF where there are user interrupts; else it is ENOSYS or ENODEV. */
static inline bool uintr_missing(void)
{
	return uintr_register_sender(-1, 0) != -1 || errno != EBADF;
}

#define NO_UINTR "this kernel, or this CPU, has no user interrupts"

/* This ends a test that would hang otherwise; nobody waits so long for what comes. */
#define MAX_SPINS 20000000L
#define MAX_SECONDS 120
#define MAX_MS (MAX_SECONDS * 1000)

static const struct __kernel_timespec max_wait = { .tv_sec = MAX_SECONDS };
static const struct __kernel_timespec no_wait = { };

/* Let others run, on other CPUs as a rule, and on this one now and then. */
static inline void relax(long turn)
{
	if (turn % 64)
		__builtin_ia32_pause();
	else
		sched_yield();
}

/* Until @cond holds; false if it does not come to that. */
#define spin_until(cond)						\
	({								\
		long spins_ = MAX_SPINS;				\
									\
		while (!(cond) && --spins_)				\
			relax(spins_);					\
		spins_ > 0;						\
	})

/* The same, but never in the kernel, and so only for what another CPU does. */
#define spin_in_user_until(cond)					\
	({								\
		long spins_ = MAX_SPINS;				\
									\
		while (!(cond) && --spins_)				\
			__builtin_ia32_pause();				\
		spins_ > 0;						\
	})

/* How often the handler was called for each vector, for all threads. */
static atomic_ulong uintr_handled[UINTR_VECTORS];

/* What a sender writes, if it likes, and what the handler found there the last time. */
static atomic_ulong uintr_mail, uintr_mail_seen;

static UINTR_HANDLER void count_uintr(struct __uintr_frame *frame, unsigned long long vector)
{
	(void)frame;
	atomic_store(&uintr_mail_seen, atomic_load(&uintr_mail));
	atomic_fetch_add(&uintr_handled[vector], 1);
}

/* The calling thread can send to itself by the index that is returned, or -1. */
static inline int uintr_self_sender(unsigned int vector)
{
	int fd = uintr_vector_fd(vector, O_CLOEXEC);
	int index = fd < 0 ? -1 : uintr_register_sender(fd, 0);

	if (fd >= 0)
		close(fd);
	return index;
}

/*
 * All that was sent by the caller to itself before is there, and more: it would be
 * delivered at once if UIF allowed it. Only with UIF clear, else it has been already.
 */
static inline bool uintr_arrived(void)
{
	return !uintr_wait(&max_wait, 0);
}

/* Nothing is there for the caller that was not delivered. */
static inline bool uintr_nothing_left(void)
{
	errno = 0;
	return uintr_wait(&no_wait, 0) == -1 && errno == ETIME;
}

/*
 * Send, and wait until the handler was called for it: @count is of its vector. One
 * interrupt that is lost stays lost, as nothing else is sent to that vector.
 */
static inline bool uintr_send_acked(unsigned int index, atomic_ulong *count)
{
	unsigned long before = atomic_load(count);

	_senduipi(index);
	return spin_until(atomic_load(count) != before) &&
	       atomic_load(count) == before + 1;
}

/* A thread that receives, with a handler that counts; several vectors if need be. */
struct receiver {
	/* Of who starts it: */
	int cpu;		/* where it runs, -1: anywhere */
	unsigned int first;	/* vector; each receiver of a process has others */
	unsigned int nr;	/* of vectors, 0: one */
	bool no_handler;
	bool uif_clear;
	void (*body)(struct receiver *r);	/* what it does; NULL: it spins */

	/* Of the thread: */
	pthread_t thread;
	atomic_int tid;
	atomic_int ready;	/* 1, or -1: something failed */
	atomic_bool stop;
	atomic_ulong loops;	/* of what it does */
	int fd[UINTR_VECTORS];
	int index[UINTR_VECTORS];	/* what to send by, for the whole process */
	long ret;
	int error;
};

/* In user space, all the time. */
static inline void receiver_spins(struct receiver *r)
{
	while (!atomic_load_explicit(&r->stop, memory_order_relaxed)) {
		atomic_fetch_add_explicit(&r->loops, 1, memory_order_relaxed);
		__builtin_ia32_pause();
	}
}

static inline bool receiver_begin(struct receiver *r)
{
	unsigned int i, nr = r->nr ? r->nr : 1;

	if (r->cpu >= 0 && !pin_to_cpu(r->cpu))
		return false;
	if (!r->no_handler && uintr_register_handler(count_uintr, 0))
		return false;
	for (i = 0; i < nr; i++) {
		r->fd[i] = uintr_vector_fd(r->first + i, O_CLOEXEC);
		if (r->fd[i] < 0)
			return false;
		r->index[i] = uintr_register_sender(r->fd[i], 0);
		if (r->index[i] < 0)
			return false;
	}
	if (!r->no_handler && !r->uif_clear)
		_stui();
	return true;
}

static inline void *receiver_main(void *arg)
{
	struct receiver *r = arg;

	atomic_store(&r->tid, gettid());
	if (!receiver_begin(r)) {
		atomic_store(&r->ready, -1);
		return NULL;
	}
	atomic_store(&r->ready, 1);
	(r->body ? r->body : receiver_spins)(r);
	return NULL;
}

/* On return it can be sent to, and does what its body says. */
static inline bool receiver_start(struct receiver *r)
{
	if (pthread_create(&r->thread, NULL, receiver_main, r))
		return false;
	return spin_until(atomic_load(&r->ready)) && r->ready == 1;
}

static inline bool receiver_join(struct receiver *r)
{
	return !pthread_join(r->thread, NULL);
}

static inline bool receiver_stop(struct receiver *r)
{
	atomic_store(&r->stop, true);
	return receiver_join(r);
}

/* How often its handler was called for its first vector. */
static inline atomic_ulong *receiver_count(struct receiver *r)
{
	return &uintr_handled[r->first];
}

/* The signal that ended a child process, or 0 if it ended by itself. */
static inline int child_signal(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* A file that has something to read; does not wait. */
static inline bool is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

/* Wait until poll() says @events of @fd. */
static inline bool wait_for_events(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, MAX_MS) == 1 && (p.revents & events) == events;
}

/* The 8 bytes that are there to be read, or 0. */
static inline __u64 read_number(int fd)
{
	__u64 number;

	return read(fd, &number, sizeof(number)) == sizeof(number) ? number : 0;
}

#endif /* UINTR_TEST_H */
