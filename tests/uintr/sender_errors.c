// SPDX-License-Identifier: GPL-2.0
/* What uintr_register_sender() and uintr_unregister_sender() refuse. */
#include <fcntl.h>
#include <sys/eventfd.h>

#include "uintr_test.h"

FIXTURE(errors)
{
	int fd;
};

FIXTURE_SETUP(errors)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	self->fd = uintr_vector_fd(0, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(errors) { }

TEST_F(errors, einval_flags)
{
	ASSERT_ERRNO(EINVAL, uintr_register_sender(self->fd, 1));
	ASSERT_ERRNO(EINVAL, uintr_register_sender(self->fd, ~0U));
	ASSERT_ERRNO(EINVAL, uintr_register_sender(-1, 1));
}

TEST_F(errors, ebadf)
{
	ASSERT_ERRNO(EBADF, uintr_register_sender(-1, 0));
	ASSERT_ERRNO(EBADF, uintr_register_sender(1 << 20, 0));
	ASSERT_EQ(0, close(self->fd));
	ASSERT_ERRNO(EBADF, uintr_register_sender(self->fd, 0));
}

TEST_F(errors, einval_other_files)
{
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_ERRNO(EINVAL, uintr_register_sender(fds[0], 0));
	ASSERT_ERRNO(EINVAL, uintr_register_sender(eventfd(0, 0), 0));
	ASSERT_ERRNO(EINVAL, uintr_register_sender(open("/dev/null", O_RDONLY), 0));
	ASSERT_ERRNO(EBADF, uintr_register_sender(open("/dev/null", O_PATH), 0));
}

TEST_F(errors, enospc)
{
	unsigned char taken[UINTR_TABLE] = { };
	int i, index;

	for (i = 0; i < UINTR_TABLE; i++) {
		index = uintr_register_sender(self->fd, 0);
		ASSERT_LE(0, index);
		ASSERT_GT(UINTR_TABLE, index);
		ASSERT_EQ(0, taken[index]);
		taken[index] = 1;
	}
	ASSERT_ERRNO(ENOSPC, uintr_register_sender(self->fd, 0));
	/* What is wrong with the arguments is said first. */
	ASSERT_ERRNO(EBADF, uintr_register_sender(-1, 0));

	ASSERT_EQ(0, uintr_unregister_sender(100, 0));
	EXPECT_EQ(100, uintr_register_sender(self->fd, 0));
	ASSERT_ERRNO(ENOSPC, uintr_register_sender(self->fd, 0));
}

/* All of them are of use, the first and the last one. */
TEST_F(errors, whole_table)
{
	int i;

	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	for (i = 0; i < UINTR_TABLE; i++)
		ASSERT_LE(0, uintr_register_sender(self->fd, 0));
	_stui();
	for (i = 0; i < UINTR_TABLE; i++)
		ASSERT_TRUE(uintr_send_acked(i, &uintr_handled[0]));
}

/* As often as one likes: nothing is left behind. */
TEST_F(errors, register_and_unregister)
{
	int i, index;

	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	_stui();
	for (i = 0; i < 1000; i++) {
		index = uintr_register_sender(self->fd, 0);
		ASSERT_EQ(0, index);
		ASSERT_TRUE(uintr_send_acked(index, &uintr_handled[0]));
		ASSERT_EQ(0, uintr_unregister_sender(index, 0));
	}
}

TEST_F(errors, unregister_einval)
{
	int index;

	/* There is no table yet. */
	ASSERT_ERRNO(EINVAL, uintr_unregister_sender(0, 0));
	index = uintr_register_sender(self->fd, 0);
	ASSERT_EQ(0, index);
	ASSERT_ERRNO(EINVAL, uintr_unregister_sender(index, 1));
	ASSERT_ERRNO(EINVAL, uintr_unregister_sender(index + 1, 0));
	ASSERT_ERRNO(EINVAL, uintr_unregister_sender(UINTR_TABLE, 0));
	ASSERT_ERRNO(EINVAL, uintr_unregister_sender(~0U, 0));
	ASSERT_EQ(0, uintr_unregister_sender(index, 0));
	ASSERT_ERRNO(EINVAL, uintr_unregister_sender(index, 0));
}

/* The file may be closed then. */
TEST_F(errors, sends_without_the_file)
{
	int index = uintr_register_sender(self->fd, 0);

	ASSERT_LE(0, index);
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	ASSERT_EQ(0, close(self->fd));
	_stui();
	EXPECT_TRUE(uintr_send_acked(index, &uintr_handled[0]));
}

TEST_HARNESS_MAIN
