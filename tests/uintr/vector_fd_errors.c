// SPDX-License-Identifier: GPL-2.0
/* What uintr_vector_fd() refuses, and when a vector can have a file again. */
#include <fcntl.h>
#include <sys/resource.h>

#include "uintr_test.h"

FIXTURE(errors)
{
	int fd;
};

FIXTURE_SETUP(errors)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	self->fd = uintr_vector_fd(7, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(errors) { }

TEST_F(errors, einval_vector)
{
	ASSERT_ERRNO(EINVAL, uintr_vector_fd(UINTR_VECTORS, 0));
	ASSERT_ERRNO(EINVAL, uintr_vector_fd(~0U, 0));
}

TEST_F(errors, einval_flags)
{
	ASSERT_ERRNO(EINVAL, uintr_vector_fd(1, O_APPEND));
	ASSERT_ERRNO(EINVAL, uintr_vector_fd(1, 1));
	ASSERT_ERRNO(EINVAL, uintr_vector_fd(1, ~0U));
	/* They have not used it up. */
	EXPECT_LE(0, uintr_vector_fd(1, 0));
}

TEST_F(errors, flags)
{
	int fd = uintr_vector_fd(1, O_CLOEXEC | O_NONBLOCK);

	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_NONBLOCK, fcntl(fd, F_GETFL) & (O_NONBLOCK | O_ACCMODE));
	EXPECT_EQ(0, fcntl(self->fd, F_GETFD));
	EXPECT_EQ(0, fcntl(self->fd, F_GETFL) & (O_NONBLOCK | O_ACCMODE));
}

TEST_F(errors, not_to_be_written)
{
	__u64 number = 1;

	ASSERT_ERRNO(EBADF, write(self->fd, &number, sizeof(number)));
}

TEST_F(errors, ebusy)
{
	int i;

	for (i = 0; i < 20; i++) {
		ASSERT_ERRNO(EBUSY, uintr_vector_fd(7, 0));
		ASSERT_EQ(0, close(self->fd));
		self->fd = uintr_vector_fd(7, 0);
		ASSERT_LE(0, self->fd);
	}
}

TEST_F(errors, ebusy_as_long_as_there_is_a_copy)
{
	int copy = dup(self->fd);

	ASSERT_LE(0, copy);
	ASSERT_EQ(0, close(self->fd));
	ASSERT_ERRNO(EBUSY, uintr_vector_fd(7, 0));
	ASSERT_EQ(0, close(copy));
	EXPECT_LE(0, uintr_vector_fd(7, 0));
}

TEST_F(errors, ebusy_as_long_as_there_is_a_sender)
{
	int first = uintr_register_sender(self->fd, 0);
	int second = uintr_register_sender(self->fd, 0);

	ASSERT_LE(0, first);
	ASSERT_LE(0, second);
	ASSERT_NE(first, second);
	ASSERT_EQ(0, close(self->fd));
	ASSERT_ERRNO(EBUSY, uintr_vector_fd(7, 0));
	ASSERT_EQ(0, uintr_unregister_sender(first, 0));
	ASSERT_ERRNO(EBUSY, uintr_vector_fd(7, 0));
	ASSERT_EQ(0, uintr_unregister_sender(second, 0));
	EXPECT_LE(0, uintr_vector_fd(7, 0));
}

/* In a process of its own, which ends without to give it back. */
TEST_F(errors, ebusy_as_long_as_there_is_a_process)
{
	int ends[2], there[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(0, pipe(there));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(ends[1]);
		if (uintr_register_sender(self->fd, 0) < 0 || close(self->fd))
			_exit(1);
		_exit(write(there[1], "x", 1) != 1 || read(ends[0], &c, 1));
	}
	ASSERT_EQ(1, read(there[0], &c, 1));
	ASSERT_EQ(0, close(self->fd));
	ASSERT_ERRNO(EBUSY, uintr_vector_fd(7, 0));
	ASSERT_EQ(0, close(ends[1]));
	ASSERT_EQ(0, child_status(pid));
	EXPECT_LE(0, uintr_vector_fd(7, 0));
}

TEST_F(errors, vectors_are_a_threads_own)
{
	struct receiver r = { .cpu = -1, .first = 7 };

	ASSERT_TRUE(receiver_start(&r));
	EXPECT_TRUE(receiver_stop(&r));
}

TEST_F(errors, emfile)
{
	struct rlimit limit, none;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	errno = 0;
	EXPECT_EQ(-1, uintr_vector_fd(1, 0));
	EXPECT_EQ(EMFILE, errno);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	/* The vector is free still. */
	EXPECT_LE(0, uintr_vector_fd(1, 0));
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

TEST_F(errors, closed_at_once)
{
	struct closer c = { .fd = dup(self->fd) };
	int i;

	/* The lowest number that is free is the next one. */
	ASSERT_LE(0, c.fd);
	ASSERT_EQ(0, close(c.fd));
	ASSERT_EQ(0, pthread_create(&c.thread, NULL, close_all_the_time, &c));
	for (i = 0; i < 5000; i++) {
		if (uintr_vector_fd(8, 0) < 0 && errno != EBUSY)
			break;
	}
	c.stop = true;
	ASSERT_EQ(0, pthread_join(c.thread, NULL));
	EXPECT_EQ(5000, i);
	close(c.fd);
	/* The receiver is there still. */
	ASSERT_LE(0, uintr_vector_fd(8, 0));
	ASSERT_ERRNO(EBUSY, uintr_vector_fd(7, 0));
}

TEST_HARNESS_MAIN
