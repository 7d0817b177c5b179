// SPDX-License-Identifier: GPL-2.0
/*
 * The file of a vector: interrupts that were not delivered to a handler can be read, and
 * waited for. Who reads one takes it.
 */
#include <fcntl.h>
#include <sys/epoll.h>

#include "uintr_test.h"

/* The calling thread receives; it has a handler or not. */
FIXTURE(own)
{
	int fd, index;
};

FIXTURE_VARIANT(own)
{
	bool handler;
};

FIXTURE_VARIANT_ADD(own, no_handler)
{
	.handler = false,
};

FIXTURE_VARIANT_ADD(own, uif_clear)
{
	.handler = true,
};

FIXTURE_SETUP(own)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (variant->handler)
		ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	self->fd = uintr_vector_fd(20, O_CLOEXEC | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	self->index = uintr_register_sender(self->fd, 0);
	ASSERT_LE(0, self->index);
}

FIXTURE_TEARDOWN(own) { }

TEST_F(own, nothing_to_read)
{
	__u64 number;

	ASSERT_ERRNO(EAGAIN, read(self->fd, &number, sizeof(number)));
	EXPECT_FALSE(is_readable(self->fd));
}

TEST_F(own, read)
{
	__u64 number = 0;
	int i;

	for (i = 0; i < 200; i++) {
		_senduipi(self->index);
		ASSERT_TRUE(wait_for_events(self->fd, POLLIN));
		ASSERT_EQ(1, read_number(self->fd));
		ASSERT_ERRNO(EAGAIN, read(self->fd, &number, sizeof(number)));
	}
}

/* Interrupts of a vector are one until it is taken. */
TEST_F(own, several_are_one)
{
	__u64 number;

	_senduipi(self->index);
	ASSERT_TRUE(wait_for_events(self->fd, POLLIN));
	_senduipi(self->index);
	_senduipi(self->index);
	ASSERT_TRUE(wait_for_events(self->fd, POLLIN));
	ASSERT_EQ(1, read_number(self->fd));
	/* The second and third one may have come only now, but not one more. */
	if (is_readable(self->fd))
		ASSERT_EQ(1, read_number(self->fd));
	ASSERT_ERRNO(EAGAIN, read(self->fd, &number, sizeof(number)));
}

TEST_F(own, short_buffer)
{
	char buf[8];

	_senduipi(self->index);
	ASSERT_TRUE(wait_for_events(self->fd, POLLIN));
	ASSERT_ERRNO(EINVAL, read(self->fd, buf, 7));
	ASSERT_ERRNO(EINVAL, read(self->fd, buf, 0));
	/* That has not taken it. */
	EXPECT_EQ(1, read_number(self->fd));
}

TEST_F(own, long_buffer)
{
	__u64 numbers[2] = { 0, 77 };

	_senduipi(self->index);
	ASSERT_TRUE(wait_for_events(self->fd, POLLIN));
	EXPECT_EQ(8, read(self->fd, numbers, sizeof(numbers)));
	EXPECT_EQ(1, numbers[0]);
	EXPECT_EQ(77, numbers[1]);
}

TEST_F(own, other_vectors_stay)
{
	int fd = uintr_vector_fd(21, O_NONBLOCK);
	int index = uintr_register_sender(fd, 0);

	ASSERT_LE(0, index);
	_senduipi(self->index);
	_senduipi(index);
	ASSERT_TRUE(wait_for_events(self->fd, POLLIN));
	ASSERT_TRUE(wait_for_events(fd, POLLIN));
	EXPECT_EQ(1, read_number(self->fd));
	EXPECT_FALSE(is_readable(self->fd));
	EXPECT_TRUE(is_readable(fd));
	EXPECT_EQ(1, read_number(fd));
	EXPECT_FALSE(is_readable(fd));
}

static int epoll_of(int fd, unsigned int events)
{
	struct epoll_event event = { .events = events };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) ? -1 : ep;
}

TEST_F(own, epoll_level)
{
	struct epoll_event event = { };
	int ep = epoll_of(self->fd, EPOLLIN);
	int i;

	ASSERT_LE(0, ep);
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	for (i = 0; i < 50; i++) {
		_senduipi(self->index);
		ASSERT_EQ(1, epoll_wait(ep, &event, 1, MAX_MS));
		ASSERT_EQ(EPOLLIN, event.events);
		ASSERT_EQ(1, epoll_wait(ep, &event, 1, 0));
		ASSERT_EQ(1, read_number(self->fd));
		ASSERT_EQ(0, epoll_wait(ep, &event, 1, 0));
	}
}

TEST_F(own, epoll_edge)
{
	struct epoll_event event = { };
	int ep = epoll_of(self->fd, EPOLLIN | EPOLLET);
	int i;

	ASSERT_LE(0, ep);
	for (i = 0; i < 50; i++) {
		_senduipi(self->index);
		ASSERT_EQ(1, epoll_wait(ep, &event, 1, MAX_MS));
		ASSERT_EQ(EPOLLIN, event.events);
		ASSERT_EQ(0, epoll_wait(ep, &event, 1, 0));
		if (i % 2)
			ASSERT_EQ(1, read_number(self->fd));
	}
}

/* With a handler: who reads it takes it, and the handler is not called for it. */
TEST(not_delivered_after_it_was_read)
{
	int fd, index, i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	fd = uintr_vector_fd(0, O_NONBLOCK);
	index = uintr_register_sender(fd, 0);
	ASSERT_LE(0, index);
	for (i = 0; i < 100; i++) {
		_senduipi(index);
		ASSERT_TRUE(uintr_arrived());
		ASSERT_EQ(1, read_number(fd));
		ASSERT_TRUE(uintr_nothing_left());
		_stui();
		sched_yield();
		_clui();
		ASSERT_EQ(0, uintr_handled[0]);
	}
	/* Nor is there something to read after it was delivered. */
	_stui();
	_senduipi(index);
	ASSERT_TRUE(spin_until(uintr_handled[0] == 1));
	EXPECT_FALSE(is_readable(fd));
}

/* What the handler did not get can be read once there is no handler any more. */
TEST(read_after_unregister)
{
	int fd, index;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	fd = uintr_vector_fd(0, O_NONBLOCK);
	index = uintr_register_sender(fd, 0);
	ASSERT_LE(0, index);
	_senduipi(index);
	ASSERT_TRUE(uintr_arrived());
	ASSERT_EQ(0, uintr_unregister_handler(0));
	ASSERT_EQ(1, read_number(fd));
	ASSERT_FALSE(is_readable(fd));
	/* And what comes afterwards. */
	_stui();
	_senduipi(index);
	ASSERT_TRUE(wait_for_events(fd, POLLIN));
	EXPECT_EQ(1, read_number(fd));
	EXPECT_EQ(0, uintr_handled[0]);
}

/* Nor is what could be read before lost for the handler that comes next. */
TEST(delivered_after_register)
{
	int fd, index;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	fd = uintr_vector_fd(0, O_NONBLOCK);
	index = uintr_register_sender(fd, 0);
	ASSERT_LE(0, index);
	_senduipi(index);
	ASSERT_TRUE(wait_for_events(fd, POLLIN));
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	_stui();
	ASSERT_TRUE(spin_until(uintr_handled[0] == 1));
	EXPECT_FALSE(is_readable(fd));
}

/* Another thread reads. */
struct reader {
	pthread_t thread;
	int fd;
	atomic_int tid;
	atomic_bool done;
	ssize_t ret;
	__u64 number;
};

static void *read_once(void *arg)
{
	struct reader *r = arg;

	r->tid = gettid();
	r->ret = read(r->fd, &r->number, sizeof(r->number));
	r->done = true;
	return NULL;
}

/* On return it sleeps in read(). */
static bool reader_start(struct reader *r, int fd)
{
	memset(r, 0, sizeof(*r));
	r->fd = fd;
	return !pthread_create(&r->thread, NULL, read_once, r) &&
	       wait_for_sleep_in(wait_for_tid(&r->tid), SYS_read);
}

/* It has not been woken: false, and it is left behind. */
static bool reader_ends(struct reader *r)
{
	return spin_until(r->done) && !pthread_join(r->thread, NULL);
}

/* A receiver that sleeps in read() of a pipe. */
static int pipe_fds[2];

static void read_pipe(struct receiver *r)
{
	char c;

	r->ret = read(pipe_fds[0], &c, 1);
	r->error = errno;
	r->loops = *receiver_count(r);
}

static bool end_pipe_reader(struct receiver *r)
{
	return write(pipe_fds[1], "x", 1) == 1 && receiver_join(r);
}

TEST(blocked_reader_is_woken)
{
	struct receiver r = { .cpu = -1, .no_handler = true };
	struct reader reader;
	int i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_TRUE(receiver_start(&r));
	for (i = 0; i < 50; i++) {
		ASSERT_TRUE(reader_start(&reader, r.fd[0]));
		_senduipi(r.index[0]);
		ASSERT_TRUE(reader_ends(&reader));
		ASSERT_EQ(8, reader.ret);
		ASSERT_EQ(1, reader.number);
	}
	ASSERT_TRUE(receiver_stop(&r));
}

/* The receiver has a handler, and sleeps: the first one who asks takes it. */
TEST(reader_of_a_sleeping_receiver)
{
	struct receiver r = { .cpu = -1, .body = read_pipe };
	struct reader reader = { };

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, pipe(pipe_fds));
	ASSERT_TRUE(receiver_start(&r));
	ASSERT_TRUE(wait_for_sleep_in(r.tid, SYS_read));
	ASSERT_TRUE(reader_start(&reader, r.fd[0]));
	_senduipi(r.index[0]);
	ASSERT_TRUE(reader_ends(&reader));
	EXPECT_EQ(8, reader.ret);
	ASSERT_TRUE(end_pipe_reader(&r));
	EXPECT_EQ(1, r.ret);
	EXPECT_EQ(0, r.loops);
}

static void spin_and_read_pipe(struct receiver *r)
{
	receiver_spins(r);
	read_pipe(r);
}

/* The reader was there first. */
TEST(reader_before_the_receiver_sleeps)
{
	struct receiver r = { .cpu = -1, .body = spin_and_read_pipe };
	struct reader reader = { };

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, pipe(pipe_fds));
	ASSERT_TRUE(receiver_start(&r));
	ASSERT_TRUE(reader_start(&reader, r.fd[0]));
	r.stop = true;
	ASSERT_TRUE(wait_for_sleep_in(r.tid, SYS_read));
	_senduipi(r.index[0]);
	ASSERT_TRUE(reader_ends(&reader));
	EXPECT_EQ(8, reader.ret);
	ASSERT_TRUE(end_pipe_reader(&r));
	EXPECT_EQ(1, r.ret);
	EXPECT_EQ(0, r.loops);
}

TEST(poll_of_a_sleeping_receiver)
{
	struct receiver r = { .cpu = -1, .body = read_pipe };
	struct epoll_event event;
	int ep;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, pipe(pipe_fds));
	ASSERT_TRUE(receiver_start(&r));
	ASSERT_TRUE(wait_for_sleep_in(r.tid, SYS_read));
	ep = epoll_of(r.fd[0], EPOLLIN);
	ASSERT_LE(0, ep);
	_senduipi(r.index[0]);
	ASSERT_EQ(1, epoll_wait(ep, &event, 1, MAX_MS));
	ASSERT_EQ(0, fcntl(r.fd[0], F_SETFL, O_NONBLOCK));
	EXPECT_EQ(1, read_number(r.fd[0]));
	ASSERT_TRUE(end_pipe_reader(&r));
	EXPECT_EQ(0, r.loops);
}

/* It came before somebody asked: what poll() says is there, read() has. */
TEST(read_from_a_sleeping_receiver)
{
	struct receiver r = { .cpu = -1, .body = read_pipe };

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, pipe(pipe_fds));
	ASSERT_TRUE(receiver_start(&r));
	ASSERT_TRUE(wait_for_sleep_in(r.tid, SYS_read));
	_senduipi(r.index[0]);
	ASSERT_TRUE(wait_for_events(r.fd[0], POLLIN));
	/* Without O_NONBLOCK a kernel that is wrong here could not be left any more. */
	ASSERT_EQ(0, fcntl(r.fd[0], F_SETFL, O_NONBLOCK));
	EXPECT_EQ(1, read_number(r.fd[0]));
	EXPECT_FALSE(is_readable(r.fd[0]));
	ASSERT_TRUE(end_pipe_reader(&r));
	EXPECT_EQ(0, r.loops);
}

/* The receiver gives its handler back, and what it did not get. */
static void unregister(struct receiver *r)
{
	if (!spin_until(r->stop))
		return;
	if (uintr_wait(&max_wait, 0))
		r->error = errno;
	r->ret = uintr_unregister_handler(0);
	read_pipe(r);
}

TEST(unregister_wakes_the_reader)
{
	struct receiver r = { .cpu = -1, .uif_clear = true, .body = unregister };
	struct reader reader;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, pipe(pipe_fds));
	ASSERT_TRUE(receiver_start(&r));
	ASSERT_TRUE(reader_start(&reader, r.fd[0]));
	_senduipi(r.index[0]);
	r.stop = true;
	ASSERT_TRUE(reader_ends(&reader));
	EXPECT_EQ(8, reader.ret);
	ASSERT_TRUE(end_pipe_reader(&r));
}

/* The receiver is gone. */
TEST(end_of_file)
{
	struct receiver r = { .cpu = -1, .no_handler = true };
	struct reader readers[2];
	struct epoll_event event = { };
	__u64 number;
	int ep, i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_TRUE(receiver_start(&r));
	ep = epoll_of(r.fd[0], EPOLLIN);
	ASSERT_LE(0, ep);
	for (i = 0; i < 2; i++)
		ASSERT_TRUE(reader_start(&readers[i], r.fd[0]));
	ASSERT_TRUE(receiver_stop(&r));
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(reader_ends(&readers[i]));
		EXPECT_EQ(0, readers[i].ret);
	}
	ASSERT_EQ(1, epoll_wait(ep, &event, 1, MAX_MS));
	EXPECT_EQ(EPOLLHUP, event.events);
	EXPECT_EQ(0, read(r.fd[0], &number, sizeof(number)));
	EXPECT_EQ(0, read(r.fd[0], &number, sizeof(number)));
	ASSERT_TRUE(wait_for_events(r.fd[0], POLLHUP));

	/* Nobody is there any more who could be sent something. */
	_senduipi(r.index[0]);
	EXPECT_EQ(0, read(r.fd[0], &number, sizeof(number)));
	EXPECT_FALSE(is_readable(r.fd[0]));
}

TEST_HARNESS_MAIN
