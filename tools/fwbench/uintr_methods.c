// SPDX-License-Identifier: GPL-2.0
/*
 * The ways to tell another thread that there is a message.
 *
 * checkpatch: VOLATILE: of a handler in the same thread
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fastwake.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86gprintrin.h>

#include "uintr.h"

#define VECTOR 1

static int read_all(int fd, void *data, size_t size)
{
	ssize_t got = read(fd, data, size);

	if (got == (ssize_t)size)
		return 1;
	return got < 0 && errno == EAGAIN ? 0 : -1;
}

/* --- eventfd ------------------------------------------------------------------ */

static int eventfd_open(struct uintr_side *me)
{
	me->fd = eventfd(0, EFD_CLOEXEC | (me->run->running ? EFD_NONBLOCK : 0));
	return me->fd < 0 ? -1 : 0;
}

static int eventfd_tell(struct uintr_side *me)
{
	uint64_t one = 1;

	return write(me->peer->fd, &one, sizeof(one)) == sizeof(one) ? 0 : -1;
}

static int eventfd_wait(struct uintr_side *me)
{
	uint64_t count;

	return read_all(me->fd, &count, sizeof(count)) == 1 ? 0 : -1;
}

static int eventfd_look(struct uintr_side *me)
{
	uint64_t count;

	return read_all(me->fd, &count, sizeof(count));
}

static void close_all(struct uintr_side *me)
{
	int *fds[] = { &me->epoll_fd, &me->vector_fd, &me->fd };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

static int with_epoll(struct uintr_side *me)
{
	struct epoll_event ev = { .events = EPOLLIN };

	me->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return me->epoll_fd < 0 ? -1 : epoll_ctl(me->epoll_fd, EPOLL_CTL_ADD, me->fd, &ev);
}

static int epoll_open(struct uintr_side *me)
{
	return eventfd_open(me) ?: with_epoll(me);
}

static int epoll_wait_one(struct uintr_side *me)
{
	struct epoll_event ev;

	return epoll_wait(me->epoll_fd, &ev, 1, -1) == 1 ? eventfd_wait(me) : -1;
}

/* --- uintr_event(): an eventfd that user interrupts signal -------------------- */

static int event_open(struct uintr_side *me)
{
	if (eventfd_open(me))
		return -1;
	me->vector_fd = syscall(__NR_uintr_event, me->fd, O_CLOEXEC);
	return me->vector_fd < 0 ? -1 : 0;
}

static int event_epoll_open(struct uintr_side *me)
{
	return event_open(me) ?: with_epoll(me);
}

static int connect_sender(struct uintr_side *me)
{
	int index = syscall(__NR_uintr_register_sender, me->peer->vector_fd, 0);

	if (index < 0)
		return -1;
	me->index = index;
	return 0;
}

static int send_tell(struct uintr_side *me)
{
	_senduipi(me->index);
	return 0;
}

static void sender_close(struct uintr_side *me)
{
	syscall(__NR_uintr_unregister_sender, me->index, 0);
	close_all(me);
}

static int event_one_more(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	return fd < 0 ? -1 : syscall(__NR_uintr_event, fd, O_CLOEXEC);
}

/* --- user interrupts with a handler ------------------------------------------- */

/* Counts those of the thread; the other one's, too, is never the same. */
static __thread volatile unsigned long handled;

static void __attribute__((interrupt, target("general-regs-only,uintr")))
handler(struct __uintr_frame *frame, unsigned long long vector)
{
	(void)frame;
	(void)vector;
	handled++;
}

static int raw_open(struct uintr_side *me)
{
	if (syscall(__NR_uintr_register_handler, handler, 0))
		return -1;
	me->vector_fd = syscall(__NR_uintr_vector_fd, VECTOR, O_CLOEXEC);
	if (me->vector_fd < 0)
		return -1;
	if (me->run->running)
		_stui();
	return 0;
}

/* UIF is clear but for a moment, so that no interrupt comes between a look and the call. */
static int raw_wait(struct uintr_side *me)
{
	unsigned long before = handled;

	(void)me;
	while (handled == before) {
		if (syscall(__NR_uintr_wait, NULL, 0) && errno != EINTR)
			return -1;
		_stui();
		_clui();
	}
	return 0;
}

static int raw_look(struct uintr_side *me)
{
	static __thread unsigned long seen;
	unsigned long now = handled;
	int ret = now != seen;

	(void)me;
	seen = now;
	return ret;
}

static void raw_close(struct uintr_side *me)
{
	_clui();
	sender_close(me);
	syscall(__NR_uintr_unregister_handler, 0);
}

/* --- a user interrupt that ends hibernate() ------------------------------------ */

static int hibernate_open(struct uintr_side *me)
{
	me->vector_fd = syscall(__NR_uintr_vector_fd, VECTOR, O_CLOEXEC);
	return me->vector_fd < 0 ? -1 : 0;
}

static int hibernate_wait(struct uintr_side *me)
{
	(void)me;
	return syscall(__NR_hibernate, 0);
}

/* --- pipe, signal, futex ------------------------------------------------------- */

static int pipe_open(struct uintr_side *me)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC | (me->run->running ? O_NONBLOCK : 0)))
		return -1;
	me->fd = fd[0];
	me->vector_fd = fd[1];
	return 0;
}

static int pipe_tell(struct uintr_side *me)
{
	return write(me->peer->vector_fd, "+", 1) == 1 ? 0 : -1;
}

static int pipe_wait(struct uintr_side *me)
{
	char byte;

	return read_all(me->fd, &byte, 1) == 1 ? 0 : -1;
}

static int pipe_look(struct uintr_side *me)
{
	char byte;

	return read_all(me->fd, &byte, 1);
}

static void signal_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGUSR1);
}

static int signal_open(struct uintr_side *me)
{
	sigset_t set;

	signal_set(&set);
	me->tid = gettid();
	return pthread_sigmask(SIG_BLOCK, &set, NULL) ? -1 : 0;
}

static int signal_tell(struct uintr_side *me)
{
	return syscall(__NR_tgkill, getpid(), me->peer->tid, SIGUSR1);
}

static int signal_wait(struct uintr_side *me)
{
	sigset_t set;

	(void)me;
	signal_set(&set);
	return sigwaitinfo(&set, NULL) == SIGUSR1 ? 0 : -1;
}

static int signal_look(struct uintr_side *me)
{
	struct timespec none = { };
	sigset_t set;

	(void)me;
	signal_set(&set);
	if (sigtimedwait(&set, NULL, &none) == SIGUSR1)
		return 1;
	return errno == EAGAIN ? 0 : -1;
}

static int futex_open(struct uintr_side *me)
{
	atomic_store(&me->word, 0);
	return 0;
}

static int futex_tell(struct uintr_side *me)
{
	atomic_store(&me->peer->word, 1);
	return syscall(__NR_futex, &me->peer->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) < 0 ?
		-1 : 0;
}

static int futex_wait(struct uintr_side *me)
{
	while (!atomic_exchange(&me->word, 0)) {
		if (syscall(__NR_futex, &me->word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) &&
		    errno != EAGAIN && errno != EINTR)
			return -1;
	}
	return 0;
}

static int futex_look(struct uintr_side *me)
{
	return atomic_exchange(&me->word, 0);
}

const struct uintr_method uintr_methods[] = {
	{
		.name = "eventfd", .about = "write() and read()",
		.open = eventfd_open, .tell = eventfd_tell, .wait = eventfd_wait,
		.look = eventfd_look, .close = close_all,
	}, {
		.name = "uintr_event", .about = "SENDUIPI, which signals an eventfd, and read()",
		.open = event_open, .connect = connect_sender, .tell = send_tell,
		.wait = eventfd_wait, .look = eventfd_look, .close = sender_close,
		.one_more = event_one_more,
	}, {
		.name = "eventfd-epoll", .about = "write(), epoll_wait() and read()",
		.open = epoll_open, .tell = eventfd_tell, .wait = epoll_wait_one,
		.close = close_all,
	}, {
		.name = "uintr_event-epoll", .about = "SENDUIPI, epoll_wait() and read()",
		.open = event_epoll_open, .connect = connect_sender, .tell = send_tell,
		.wait = epoll_wait_one, .close = sender_close, .one_more = event_one_more,
	}, {
		.name = "uintr", .about = "SENDUIPI, a handler, uintr_wait() to sleep",
		.open = raw_open, .connect = connect_sender, .tell = send_tell,
		.wait = raw_wait, .look = raw_look, .close = raw_close,
	}, {
		.name = "uintr-hibernate", .about = "SENDUIPI, which ends hibernate()",
		.open = hibernate_open, .connect = connect_sender, .tell = send_tell,
		.wait = hibernate_wait, .close = sender_close,
	}, {
		.name = "pipe", .about = "write() and read() of a byte",
		.open = pipe_open, .tell = pipe_tell, .wait = pipe_wait, .look = pipe_look,
		.close = close_all,
	}, {
		.name = "signal", .about = "tgkill() and sigwaitinfo()",
		.open = signal_open, .tell = signal_tell, .wait = signal_wait,
		.look = signal_look, .close = close_all,
	}, {
		.name = "futex", .about = "FUTEX_WAKE and FUTEX_WAIT",
		.open = futex_open, .tell = futex_tell, .wait = futex_wait,
		.look = futex_look, .close = close_all,
	},
};

const unsigned int nr_uintr_methods = ARRAY_SIZE(uintr_methods);
