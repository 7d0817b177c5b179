// SPDX-License-Identifier: GPL-2.0
/*
 * uintr_event(): a SENDUIPI adds 1 to an eventfd, wherever its reader is, and whatever
 * it does.
 */
#include <fcntl.h>
#include <sys/resource.h>

#include "event_test.h"
#include "spinner.h"

FIXTURE(event)
{
	struct event e;
};

FIXTURE_SETUP(event)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (event_missing())
		SKIP(return, NO_EVENT);
	ASSERT_TRUE(event_make(&self->e, 0));
}

FIXTURE_TEARDOWN(event) { }

TEST_F(event, read)
{
	int i;

	for (i = 0; i < 2000; i++) {
		_senduipi(self->e.index);
		ASSERT_EQ(1, read_number(self->e.fd));
	}
	EXPECT_FALSE(is_readable(self->e.fd));
}

/* What is sent close together may be one; but no more than was sent. */
TEST_F(event, without_waiting)
{
	__u64 sum;
	int i;

	for (i = 0; i < 1000; i++)
		_senduipi(self->e.index);
	sum = read_number(self->e.fd);
	ASSERT_LE(1, sum);
	/* The last ones may come only now. */
	_senduipi(self->e.index);
	sum += read_number(self->e.fd);
	EXPECT_LE(2, sum);
	EXPECT_GE(1001, sum);
}

TEST_F(event, nonblocking)
{
	struct event e;
	__u64 number;
	int i;

	ASSERT_TRUE(event_make(&e, EFD_NONBLOCK));
	ASSERT_ERRNO(EAGAIN, read(e.fd, &number, sizeof(number)));
	for (i = 0; i < 200; i++) {
		_senduipi(e.index);
		ASSERT_TRUE(spin_until(read(e.fd, &number, sizeof(number)) == 8));
		ASSERT_EQ(1, number);
		ASSERT_ERRNO(EAGAIN, read(e.fd, &number, sizeof(number)));
	}
}

TEST_F(event, poll)
{
	int i;

	for (i = 0; i < 200; i++) {
		ASSERT_FALSE(is_readable(self->e.fd));
		ASSERT_TRUE(event_round(&self->e));
	}
}

static int epoll_of(int fd, unsigned int events)
{
	struct epoll_event event = { .events = events };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) ? -1 : ep;
}

TEST_F(event, epoll_level)
{
	struct epoll_event event;
	int ep = epoll_of(self->e.fd, EPOLLIN);
	int i;

	ASSERT_LE(0, ep);
	for (i = 0; i < 100; i++) {
		_senduipi(self->e.index);
		ASSERT_EQ(1, epoll_wait(ep, &event, 1, MAX_MS));
		ASSERT_EQ(1, epoll_wait(ep, &event, 1, 0));
		ASSERT_EQ(1, read_number(self->e.fd));
		ASSERT_EQ(0, epoll_wait(ep, &event, 1, 0));
	}
}

TEST_F(event, epoll_edge)
{
	struct epoll_event event;
	int ep = epoll_of(self->e.fd, EPOLLIN | EPOLLET);
	int i;

	ASSERT_LE(0, ep);
	for (i = 1; i <= 100; i++) {
		_senduipi(self->e.index);
		ASSERT_EQ(1, epoll_wait(ep, &event, 1, MAX_MS));
		ASSERT_EQ(0, epoll_wait(ep, &event, 1, 0));
	}
	/* Each one was acknowledged. */
	EXPECT_EQ(100, read_number(self->e.fd));
}

TEST_F(event, semaphore)
{
	struct event e;
	int ep, i;
	struct epoll_event event;

	ASSERT_TRUE(event_make(&e, EFD_SEMAPHORE | EFD_NONBLOCK));
	ep = epoll_of(e.fd, EPOLLIN | EPOLLET);
	ASSERT_LE(0, ep);
	for (i = 0; i < 20; i++) {
		_senduipi(e.index);
		ASSERT_EQ(1, epoll_wait(ep, &event, 1, MAX_MS));
	}
	for (i = 0; i < 20; i++)
		ASSERT_EQ(1, read_number(e.fd));
	EXPECT_FALSE(is_readable(e.fd));
}

/* It is an eventfd still, for write(), too. */
TEST_F(event, written)
{
	__u64 number = 41;

	ASSERT_EQ(8, write(self->e.fd, &number, sizeof(number)));
	ASSERT_EQ(41, read_number(self->e.fd));
	EXPECT_TRUE(event_round(&self->e));
}

TEST_F(event, two_files_of_one_eventfd)
{
	int target = uintr_event(self->e.fd, 0);
	struct event same = { .fd = self->e.fd };
	int i;

	ASSERT_LE(0, target);
	same.index = uintr_register_sender(target, 0);
	ASSERT_LE(0, same.index);
	for (i = 0; i < 100; i++) {
		ASSERT_TRUE(event_round(&self->e));
		ASSERT_TRUE(event_round(&same));
	}
}

/* Two eventfds, two senders: each is signalled by its own. */
struct pair_sender {
	pthread_t thread;
	struct event_reader r;
	bool ok;
};

static void *feed(void *arg)
{
	struct pair_sender *s = arg;

	s->ok = event_reader_feed(&s->r);
	return NULL;
}

TEST_F(event, two_eventfds)
{
	struct pair_sender s[2];
	int i;

	for (i = 0; i < 2; i++) {
		s[i].r = (struct event_reader){
			.cpu = -1, .other_cpu = -1, .rounds = 2000,
		};
		ASSERT_TRUE(event_reader_start(&s[i].r));
		ASSERT_EQ(0, pthread_create(&s[i].thread, NULL, feed, &s[i]));
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(s[i].thread, NULL));
		EXPECT_TRUE(s[i].ok);
		EXPECT_FALSE(is_readable(s[i].r.own.fd));
	}
}

/* After the file is closed its senders signal still, after they are gone nobody. */
TEST_F(event, files_are_closed)
{
	int i;

	for (i = 0; i < 100; i++) {
		struct event e;

		ASSERT_TRUE(event_make(&e, 0));
		ASSERT_TRUE(event_round(&e));
		/* The eventfd is closed first, and signalled once more. */
		ASSERT_EQ(0, close(e.fd));
		_senduipi(e.index);
		ASSERT_EQ(0, uintr_unregister_sender(e.index, 0));
	}
}

/* A child process reads what its parent's eventfd counts. */
TEST_F(event, read_by_a_child)
{
	int fds[2], i;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(fds));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		for (i = 0; i < 200; i++) {
			if (read_number(self->e.fd) != 1 || write(fds[1], "x", 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	for (i = 0; i < 200; i++) {
		_senduipi(self->e.index);
		ASSERT_EQ(1, read(fds[0], &c, 1));
	}
	EXPECT_EQ(0, child_status(pid));
}

static void *make_event(void *arg)
{
	return event_make(arg, 0) ? arg : NULL;
}

/* The thread that called uintr_event() is gone. */
TEST_F(event, reader_exits)
{
	struct event_reader r = { .cpu = -1, .other_cpu = -1, .rounds = 200 };
	struct event e;
	pthread_t thread;
	void *made;
	int i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, make_event, &e));
	ASSERT_EQ(0, pthread_join(thread, &made));
	ASSERT_NE(NULL, made);
	for (i = 0; i < 200; i++)
		ASSERT_TRUE(event_round(&e));
	r.e = &e;
	ASSERT_TRUE(event_reader_start(&r));
	EXPECT_TRUE(event_reader_feed(&r));
}

/* Ordinary user interrupts of the thread that reads, meanwhile. */
TEST_F(event, reader_is_a_receiver)
{
	int index, i;

	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	index = uintr_self_sender(2);
	ASSERT_LE(0, index);
	_stui();
	for (i = 1; i <= 500; i++) {
		_senduipi(index);
		_senduipi(self->e.index);
		ASSERT_TRUE(wait_for_events(self->e.fd, POLLIN));
		ASSERT_EQ(1, read_number(self->e.fd));
		ASSERT_TRUE(spin_until(uintr_handled[2] == (unsigned long)i));
	}
	EXPECT_FALSE(is_readable(self->e.fd));
}

FIXTURE(reader)
{
	struct event_reader r;
};

FIXTURE_VARIANT(reader)
{
	int cpu, other_cpu;
	bool uses_poll, with_spinner;
};

FIXTURE_VARIANT_ADD(reader, same_cpu)
{
	.cpu = 0, .other_cpu = -1,
};

FIXTURE_VARIANT_ADD(reader, another_cpu)
{
	.cpu = 1, .other_cpu = -1,
};

FIXTURE_VARIANT_ADD(reader, another_cpu_poll)
{
	.cpu = 1, .other_cpu = -1, .uses_poll = true,
};

/* Each time it goes to the other CPU: who is told must follow, or not. */
FIXTURE_VARIANT_ADD(reader, migrates)
{
	.cpu = 0, .other_cpu = 1,
};

FIXTURE_VARIANT_ADD(reader, busy_cpu)
{
	.cpu = 1, .other_cpu = -1, .with_spinner = true,
};

FIXTURE_SETUP(reader)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (event_missing())
		SKIP(return, NO_EVENT);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	self->r.cpu = usable_cpu(variant->cpu);
	self->r.other_cpu = variant->other_cpu < 0 ? -1 : usable_cpu(variant->other_cpu);
	self->r.uses_poll = variant->uses_poll;
	self->r.rounds = variant->with_spinner ? 200 : 5000;
	ASSERT_TRUE(event_reader_start(&self->r));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
}

FIXTURE_TEARDOWN(reader) { }

TEST_F(reader, each_one)
{
	struct spinner s;

	if (variant->with_spinner)
		ASSERT_TRUE(spinner_start(&s, self->r.cpu, 1, NULL));
	EXPECT_TRUE(event_reader_feed(&self->r));
	EXPECT_EQ(self->r.rounds, self->r.seen);
	if (variant->with_spinner)
		spinner_stop(&s);
}

/* It sleeps for sure. */
TEST_F(reader, blocked)
{
	long i;

	if (variant->other_cpu >= 0)
		return;		/* it goes on by itself */
	for (i = 1; i <= 100; i++) {
		ASSERT_TRUE(wait_for_state(self->r.tid, 'S'));
		_senduipi(self->r.e->index);
		ASSERT_TRUE(spin_until(self->r.seen == i));
	}
}

TEST_F(event, errors)
{
	struct rlimit limit, none;
	int fds[2], fd;

	ASSERT_ERRNO(EINVAL, uintr_event(self->e.fd, 1));
	ASSERT_ERRNO(EINVAL, uintr_event(self->e.fd, O_NONBLOCK));
	ASSERT_ERRNO(EBADF, uintr_event(-1, 0));
	ASSERT_EQ(0, pipe(fds));
	ASSERT_ERRNO(EINVAL, uintr_event(fds[0], 0));
	fd = uintr_vector_fd(0, 0);
	ASSERT_LE(0, fd);
	ASSERT_ERRNO(EINVAL, uintr_event(fd, 0));

	fd = uintr_event(self->e.fd, O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	/* Names a vector, and no more. */
	ASSERT_ERRNO(EINVAL, read(fd, &limit, 8));
	ASSERT_ERRNO(EINVAL, uintr_event(fd, 0));

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	ASSERT_ERRNO(EMFILE, uintr_event(self->e.fd, 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_TRUE(event_round(&self->e));
}

/* Another thread closes what it has not been told of yet. */
struct closer {
	pthread_t thread;
	int fd;
	atomic_bool stop;
};

static void *close_all_the_time(void *arg)
{
	struct closer *c = arg;

	while (!c->stop)
		close(c->fd);
	return NULL;
}

TEST_F(event, closed_at_once)
{
	struct closer c = { .fd = dup(self->e.fd) };
	int i;

	/* The lowest number that is free is the next one. */
	ASSERT_LE(0, c.fd);
	ASSERT_EQ(0, close(c.fd));
	ASSERT_EQ(0, pthread_create(&c.thread, NULL, close_all_the_time, &c));
	for (i = 0; i < 200; i++) {
		if (uintr_event(self->e.fd, 0) < 0)
			break;
	}
	c.stop = true;
	ASSERT_EQ(0, pthread_join(c.thread, NULL));
	EXPECT_EQ(200, i);
	EXPECT_TRUE(event_round(&self->e));
}

TEST_HARNESS_MAIN
