// SPDX-License-Identifier: GPL-2.0
/*
 * The right to send travels with the file, by SCM_RIGHTS, to a process that has nothing
 * else in common; who has no such file cannot send.
 */
#include "pass_fd.h"
#include "uintr_test.h"

/* As an ordinary user, so that nothing but the file can be the reason. */
static int become_sender(int sock, int number)
{
	int fd, index, i;
	char c;

	if (setresuid(1000, 1000, 1000))
		return 1;
	if (uintr_register_sender(number, 0) != -1 || errno != EBADF)
		return 2;
	fd = receive_fd(sock);
	if (fd < 0)
		return 3;
	index = uintr_register_sender(fd, 0);
	if (index < 0)
		return 4;
	for (i = 0; i < 500; i++) {
		_senduipi(index);
		if (read(sock, &c, 1) != 1)
			return 5;
	}
	return 0;
}

FIXTURE(passed)
{
	int sock[2];
	int number;
	pid_t pid;
};

FIXTURE_SETUP(passed)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, self->sock));
	/* What number the file is going to have, which the child has not then. */
	self->number = dup(0);
	ASSERT_LE(0, self->number);
	ASSERT_EQ(0, close(self->number));
	self->pid = fork();
	ASSERT_LE(0, self->pid);
	if (!self->pid)
		_exit(become_sender(self->sock[1], self->number));
}

FIXTURE_TEARDOWN(passed)
{
	EXPECT_EQ(0, child_status(self->pid));
}

TEST_F(passed, to_a_handler)
{
	int fd, i;

	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	_stui();
	fd = uintr_vector_fd(33, 0);
	ASSERT_EQ(self->number, fd);
	ASSERT_TRUE(send_fd(self->sock[0], fd));
	ASSERT_EQ(0, close(fd));
	for (i = 1; i <= 500; i++) {
		ASSERT_TRUE(spin_until(uintr_handled[33] == (unsigned long)i));
		ASSERT_EQ(1, write(self->sock[0], "x", 1));
	}
}

TEST_F(passed, to_a_reader)
{
	int fd, i;

	fd = uintr_vector_fd(33, 0);
	ASSERT_EQ(self->number, fd);
	ASSERT_TRUE(send_fd(self->sock[0], fd));
	for (i = 1; i <= 500; i++) {
		ASSERT_EQ(1, read_number(fd));
		ASSERT_EQ(1, write(self->sock[0], "x", 1));
	}
}

/* The file itself is on its way when its owner closes it: the vector is in use. */
TEST(in_a_message)
{
	int sock[2], fd;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	fd = uintr_vector_fd(0, 0);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(send_fd(sock[0], fd));
	ASSERT_EQ(0, close(fd));
	ASSERT_ERRNO(EBUSY, uintr_vector_fd(0, 0));
	fd = receive_fd(sock[1]);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, close(fd));
	EXPECT_LE(0, uintr_vector_fd(0, 0));
}

TEST_HARNESS_MAIN
