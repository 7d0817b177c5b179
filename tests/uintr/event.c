// SPDX-License-Identifier: GPL-2.0
/*
 * uintr_event(): a SENDUIPI adds 1 to an eventfd, however it is waited for.
 */
#include "event_fixture.h"

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

TEST_HARNESS_MAIN
