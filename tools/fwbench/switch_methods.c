// SPDX-License-Identifier: GPL-2.0
/*
 * The ways to hand a turn over.
 *
 * Each swap calls its wake and its wait directly, so that one indirect call is
 * all that a method adds to what a program would do.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fwbench.h"
#include "switch.h"

/* --- pipe ------------------------------------------------------------------ */

static int pipe_open(struct pair *p)
{
	int there[2];
	int back[2];

	if (pipe2(there, O_CLOEXEC))
		return -1;
	p->side[0].out = there[1];
	p->side[1].in = there[0];
	if (pipe2(back, O_CLOEXEC))
		return -1;
	p->side[1].out = back[1];
	p->side[0].in = back[0];
	return 0;
}

static int pipe_wake(struct side *me)
{
	return write(me->out, "+", 1) == 1 ? 0 : -1;
}

static int pipe_wait(struct side *me)
{
	char byte;

	return read(me->in, &byte, 1) == 1 ? 0 : -1;
}

static int pipe_swap(struct side *me)
{
	return pipe_wake(me) ?: pipe_wait(me);
}

/* --- eventfd, alone and with epoll ------------------------------------------ */

static int open_eventfds(struct pair *p, int flags)
{
	int i;

	for (i = 0; i < 2; i++) {
		p->side[i].in = eventfd(0, EFD_CLOEXEC | flags);
		if (p->side[i].in < 0)
			return -1;
		p->side[!i].out = dup(p->side[i].in);
		if (p->side[!i].out < 0)
			return -1;
	}
	return 0;
}

static int eventfd_open(struct pair *p)
{
	return open_eventfds(p, 0);
}

static int eventfd_wake(struct side *me)
{
	uint64_t one = 1;

	return write(me->out, &one, sizeof(one)) == sizeof(one) ? 0 : -1;
}

static int eventfd_wait(struct side *me)
{
	uint64_t value;

	return read(me->in, &value, sizeof(value)) == sizeof(value) ? 0 : -1;
}

static int eventfd_swap(struct side *me)
{
	return eventfd_wake(me) ?: eventfd_wait(me);
}

static int epoll_open(struct pair *p)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int i;

	if (open_eventfds(p, EFD_NONBLOCK))
		return -1;
	for (i = 0; i < 2; i++) {
		p->side[i].epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		if (p->side[i].epoll_fd < 0)
			return -1;
		if (epoll_ctl(p->side[i].epoll_fd, EPOLL_CTL_ADD, p->side[i].in, &ev))
			return -1;
	}
	return 0;
}

static int epoll_wait_one(struct side *me)
{
	struct epoll_event ev;

	if (epoll_wait(me->epoll_fd, &ev, 1, -1) != 1)
		return -1;
	return eventfd_wait(me);
}

static int epoll_swap(struct side *me)
{
	return eventfd_wake(me) ?: epoll_wait_one(me);
}

/* --- futex ------------------------------------------------------------------ */

static long futex(struct side *me, atomic_uint *word, int op, unsigned int value)
{
	if (me->pair->run->who == THREAD)
		op |= FUTEX_PRIVATE_FLAG;
	return syscall(__NR_futex, word, op, value, NULL, NULL, 0);
}

static int futex_wake(struct side *me)
{
	atomic_uint *word = &me->pair->turns.futex[!me->id];

	atomic_store(word, 1);
	return futex(me, word, FUTEX_WAKE, 1) < 0 ? -1 : 0;
}

/* As locks do: into the kernel only if there is something to wait for. */
static int futex_wait(struct side *me)
{
	atomic_uint *word = &me->pair->turns.futex[me->id];

	while (!atomic_exchange(word, 0)) {
		if (futex(me, word, FUTEX_WAIT, 0) && errno != EAGAIN)
			return -1;
	}
	return 0;
}

static int futex_swap(struct side *me)
{
	return futex_wake(me) ?: futex_wait(me);
}

/* --- FastWake's system calls -------------------------------------------------- */

static long hibernate(unsigned int flags)
{
	return syscall(__NR_hibernate, flags);
}

static long wake_up(struct side *me, unsigned int flags)
{
	return syscall(__NR_wake_up_process, me->peer->tid, flags);
}

/* Unknown flags are EINVAL on every kernel that has the call. */
static const char *fastwake_missing(void)
{
	if (hibernate(~0U) == -1 && errno == EINVAL)
		return NULL;
	return "this kernel has no FastWake calls";
}

/* No thread has this ID, but that is found only if the flag is known. */
static const char *handover_missing(void)
{
	const char *why = fastwake_missing();

	if (why)
		return why;
	if (syscall(__NR_wake_up_process, INT_MAX, WAKE_UP_HIBERNATE) == -1 &&
	    errno == ESRCH)
		return NULL;
	return "this kernel's wake_up_process has no WAKE_UP_HIBERNATE";
}

/* The sides alternate, so a peer that has its permit already missed one. */
static int check_wake_up(long ret)
{
	if (ret != WAKE_UP_PENDING)
		return ret < 0 ? -1 : 0;
	errno = EALREADY;
	return -1;
}

static int hibernate_wake(struct side *me)
{
	return check_wake_up(wake_up(me, 0));
}

static int hibernate_wait(struct side *me __maybe_unused)
{
	return hibernate(0) ? -1 : 0;
}

static int hibernate_swap(struct side *me)
{
	return hibernate_wake(me) ?: hibernate_wait(me);
}

static int handover_swap(struct side *me)
{
	return check_wake_up(wake_up(me, WAKE_UP_HIBERNATE));
}

static const char *switch_to_not_applicable(const struct run *run)
{
	if (run->placement == TWO_CPU)
		return "switch_to is for two threads of one CPU: EXDEV";
	return NULL;
}

static int switch_to_swap(struct side *me)
{
	if (!syscall(__NR_switch_to, me->peer->tid, 0))
		return 0;
	/* It sleeps when it is done, and that is the only time. */
	if (errno == EAGAIN && atomic_load(&me->peer->done))
		return 0;
	return -1;
}

/* --- what has no hand-over ------------------------------------------------------ */

static int yield_swap(struct side *me __maybe_unused)
{
	return sched_yield();
}

static int null_swap(struct side *me __maybe_unused)
{
	syscall(__NR_getppid);
	syscall(__NR_getppid);
	return 0;
}

/* --- all of them ------------------------------------------------------------------ */

const struct method switch_methods[] = {
	{
		.name = "null",
		.about = "two getppid calls and no hand-over: the floor",
		.swap = null_swap,
		.solo = true,
	}, {
		.name = "pipe",
		.about = "a byte through a pipe each way, as perf bench sched pipe",
		.open = pipe_open,
		.wait = pipe_wait,
		.swap = pipe_swap,
		.release = pipe_wake,
		.fair = true,
	}, {
		.name = "eventfd",
		.about = "write and read of an eventfd each way",
		.open = eventfd_open,
		.wait = eventfd_wait,
		.swap = eventfd_swap,
		.release = eventfd_wake,
	}, {
		.name = "epoll",
		.about = "the same, with epoll_wait before each read",
		.open = epoll_open,
		.wait = epoll_wait_one,
		.swap = epoll_swap,
		.release = eventfd_wake,
	}, {
		.name = "futex",
		.about = "FUTEX_WAKE and FUTEX_WAIT, private between threads",
		.wait = futex_wait,
		.swap = futex_swap,
		.release = futex_wake,
		.fair = true,
	}, {
		.name = "seccomp",
		.about = "a call that a supervisor answers, woken synchronously (6.6)",
		.missing = seccomp_missing,
		.open = seccomp_open,
		.enter = seccomp_enter,
		.wait = seccomp_wait,
		.swap = seccomp_swap,
		.release = seccomp_release,
	}, {
		.name = "yield",
		.about = "sched_yield by both; the scheduler chooses who is next",
		.swap = yield_swap,
		.free_running = true,
	}, {
		.name = "switch_to",
		.about = "switch_to(peer) by both; nobody sleeps",
		.not_applicable = switch_to_not_applicable,
		.missing = fastwake_missing,
		.swap = switch_to_swap,
		.free_running = true,
		.fair = true,
	}, {
		.name = "hibernate",
		.about = "wake_up_process(peer), then hibernate()",
		.missing = fastwake_missing,
		.wait = hibernate_wait,
		.swap = hibernate_swap,
		.release = hibernate_wake,
		.fair = true,
	}, {
		.name = "handover",
		.about = "both at once: wake_up_process(peer, WAKE_UP_HIBERNATE)",
		.missing = handover_missing,
		.wait = hibernate_wait,
		.swap = handover_swap,
		.release = hibernate_wake,
		.fair = true,
	},
};

const unsigned int nr_switch_methods = ARRAY_SIZE(switch_methods);

const struct method *find_method(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_switch_methods; i++) {
		if (!strcmp(name, switch_methods[i].name))
			return &switch_methods[i];
	}
	return NULL;
}
