// SPDX-License-Identifier: GPL-2.0
/*
 * uintr_event() says what is wrong, and files that are closed meanwhile do no harm.
 */
#include <fcntl.h>
#include <sys/resource.h>

#include "event_fixture.h"

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
