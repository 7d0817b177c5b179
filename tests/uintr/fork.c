// SPDX-License-Identifier: GPL-2.0
/*
 * fork() of a thread that receives and sends: the child does neither, until it asks for
 * it, and the parent is not disturbed.
 */
#include "uintr_test.h"

FIXTURE(forked)
{
	int fd, index;
};

FIXTURE_SETUP(forked)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	self->fd = uintr_vector_fd(4, 0);
	self->index = uintr_register_sender(self->fd, 0);
	ASSERT_LE(0, self->index);
	_stui();
	ASSERT_TRUE(uintr_send_acked(self->index, &uintr_handled[4]));
}

/* All of the parent's is there still. */
FIXTURE_TEARDOWN(forked)
{
	EXPECT_EQ(1, _testui());
	EXPECT_TRUE(uintr_send_acked(self->index, &uintr_handled[4]));
}

TEST_F(forked, child_has_no_handler)
{
	pid_t pid = fork();

	if (!pid)
		_exit(uintr_unregister_handler(0) != -1 || errno != EINVAL ||
		      uintr_wait(&no_wait, 0) != -1 || errno != EINVAL);
	EXPECT_EQ(0, child_status(pid));
}

TEST_F(forked, child_has_no_uif)
{
	pid_t pid = fork();

	if (!pid)
		_exit(_testui());
	EXPECT_EQ(0, child_status(pid));
}

TEST_F(forked, child_has_no_table)
{
	pid_t pid = fork();

	if (!pid) {
		_senduipi(self->index);
		_exit(0);
	}
	EXPECT_EQ(SIGILL, child_signal(pid));
	pid = fork();
	if (!pid)
		_exit(uintr_unregister_sender(self->index, 0) != -1 || errno != EINVAL);
	EXPECT_EQ(0, child_status(pid));
}

/* With UIF set, while the parent is interrupted all the time, on the same CPU. */
TEST_F(forked, child_is_not_interrupted)
{
	unsigned long before;
	int fds[2];
	pid_t pid;
	char c;

	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_EQ(0, pipe(fds));
	before = uintr_handled[4];
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int i;

		_stui();
		if (write(fds[1], "x", 1) != 1)
			_exit(2);
		for (i = 0; i < 20000; i++)
			relax(i);
		_exit(uintr_handled[4] != before);
	}
	ASSERT_EQ(1, read(fds[0], &c, 1));
	while (thread_state(pid) != 'Z')
		ASSERT_TRUE(uintr_send_acked(self->index, &uintr_handled[4]));
	EXPECT_EQ(0, child_status(pid));
}

/* What the parent has not been delivered yet is not for the child. */
TEST_F(forked, pending_stays_with_the_parent)
{
	unsigned long before = uintr_handled[4];
	pid_t pid;

	_clui();
	_senduipi(self->index);
	ASSERT_TRUE(uintr_arrived());
	pid = fork();
	if (!pid) {
		_stui();
		if (uintr_register_handler(count_uintr, 0) || uintr_handled[4] != before)
			_exit(1);
		_clui();
		_exit(!uintr_nothing_left() || uintr_handled[4] != before);
	}
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(before, uintr_handled[4]);
	_stui();
	EXPECT_TRUE(spin_until(uintr_handled[4] == before + 1));
}

/* It has the file: by that it can send to its parent. */
TEST_F(forked, child_sends_to_the_parent)
{
	unsigned long before = uintr_handled[4];
	pid_t pid = fork();

	if (!pid) {
		int index = uintr_register_sender(self->fd, 0);

		if (index < 0)
			_exit(1);
		_senduipi(index);
		_exit(uintr_handled[4] != before);
	}
	EXPECT_EQ(0, child_status(pid));
	EXPECT_TRUE(spin_until(uintr_handled[4] == before + 1));
}

/* And receive on its own, the same vector, with another meaning. */
TEST_F(forked, child_receives)
{
	unsigned long before = uintr_handled[4];
	pid_t pid = fork();

	if (!pid) {
		int index = -1, i;

		if (!uintr_register_handler(count_uintr, 0))
			index = uintr_self_sender(4);
		if (index < 0)
			_exit(1);
		_stui();
		for (i = 0; i < 100; i++) {
			if (!uintr_send_acked(index, &uintr_handled[4]))
				_exit(2);
		}
		_exit(uintr_handled[4] != before + 100);
	}
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(before, uintr_handled[4]);
}

/* The next threads of the process send by its table. */
static void *send_some(void *arg)
{
	int i;

	for (i = 0; i < 100; i++)
		_senduipi(*(int *)arg);
	return NULL;
}

TEST_F(forked, table_is_shared_by_threads)
{
	unsigned long before = uintr_handled[4];
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, send_some, &self->index));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_TRUE(spin_until(uintr_handled[4] > before));
}

/* Again and again, while interrupts come. */
TEST_F(forked, while_interrupted)
{
	unsigned long before = uintr_handled[4];
	int i;

	for (i = 1; i <= 100; i++) {
		pid_t pid;

		_senduipi(self->index);
		pid = fork();
		if (!pid)
			_exit(0);
		ASSERT_LT(0, pid);
		ASSERT_EQ(0, child_status(pid));
		ASSERT_TRUE(spin_until(uintr_handled[4] == before + i));
	}
}

TEST_HARNESS_MAIN
