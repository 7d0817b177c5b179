// SPDX-License-Identifier: GPL-2.0
/* A user has no more targets of user interrupts than user.max_uintr_targets says. */
#include <fcntl.h>

#include "event_test.h"

#define LIMIT "/proc/sys/user/max_uintr_targets"
#define FEW 3

static bool set_limit(const char *number)
{
	int fd = open(LIMIT, O_WRONLY);
	bool ok = fd >= 0 && write(fd, number, strlen(number)) == (ssize_t)strlen(number);

	if (fd >= 0)
		close(fd);
	return ok;
}

FIXTURE(limit)
{
	char before[32];
};

FIXTURE_SETUP(limit)
{
	int fd;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (event_missing())
		SKIP(return, NO_EVENT);
	fd = open(LIMIT, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_LT(0, read(fd, self->before, sizeof(self->before) - 1));
	close(fd);
	if (!set_limit("3"))
		SKIP(return, "needs to be root");
}

FIXTURE_TEARDOWN(limit)
{
	EXPECT_TRUE(set_limit(self->before));
}

TEST_F(limit, eagain)
{
	int fd[FEW], i, eventfd_ = eventfd(0, 0);

	for (i = 0; i < FEW; i++) {
		fd[i] = uintr_event(eventfd_, 0);
		ASSERT_LE(0, fd[i]);
	}
	ASSERT_ERRNO(EAGAIN, uintr_event(eventfd_, 0));
	ASSERT_ERRNO(EAGAIN, uintr_vector_fd(1, 0));
	ASSERT_ERRNO(EAGAIN, uintr_register_handler(count_uintr, 0));

	/* As soon as one has gone there can be another one, and it is complete. */
	ASSERT_EQ(0, close(fd[0]));
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	_stui();
	i = uintr_self_sender(1);
	ASSERT_LE(0, i);
	EXPECT_TRUE(uintr_send_acked(i, &uintr_handled[1]));
	ASSERT_ERRNO(EAGAIN, uintr_event(eventfd_, 0));
}

/* What somebody can send to counts, without a file that names it. */
TEST_F(limit, senders_keep_it)
{
	int index[FEW], i, fd, eventfd_ = eventfd(0, 0);

	for (i = 0; i < FEW; i++) {
		fd = uintr_event(eventfd_, 0);
		index[i] = uintr_register_sender(fd, 0);
		ASSERT_LE(0, index[i]);
		ASSERT_EQ(0, close(fd));
	}
	ASSERT_ERRNO(EAGAIN, uintr_event(eventfd_, 0));
	ASSERT_EQ(0, uintr_unregister_sender(index[0], 0));
	EXPECT_LE(0, uintr_event(eventfd_, 0));
}

/* A limit below what there is takes nothing away. */
TEST_F(limit, lowered)
{
	struct event e;

	ASSERT_TRUE(event_make(&e, 0));
	ASSERT_TRUE(set_limit("0"));
	ASSERT_ERRNO(EAGAIN, uintr_event(e.fd, 0));
	EXPECT_TRUE(event_round(&e));
}

TEST_HARNESS_MAIN
