// SPDX-License-Identifier: GPL-2.0
/*
 * Receivers and senders that end: the others go on, and what they send has no effect. A
 * vector is free again once nobody holds it.
 */
#include "uintr_test.h"

static bool tell(int fd)
{
	return write(fd, "x", 1) == 1;
}

static bool hear(int fd)
{
	char c;

	return read(fd, &c, 1) == 1;
}

TEST(receiver_thread_exits_while_others_send)
{
	struct receiver r = { .cpu = -1 };
	int i, index;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_TRUE(receiver_start(&r));
	index = r.index[0];
	ASSERT_TRUE(uintr_send_acked(index, &uintr_handled[0]));
	r.stop = true;
	/* It may be anywhere between its loop and its end. */
	for (i = 0; i < 10000; i++)
		_senduipi(index);
	ASSERT_TRUE(receiver_join(&r));
	ASSERT_TRUE(wait_for_events(r.fd[0], POLLHUP));
	for (i = 0; i < 1000; i++)
		_senduipi(index);
	EXPECT_EQ(0, uintr_unregister_sender(index, 0));
}

/* Many, one after the other, whose memory is used again. */
TEST(many_receivers_exit)
{
	int i, other;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	for (i = 0; i < UINTR_TABLE / 2 - 1; i++) {
		struct receiver r = { .cpu = -1, .first = i % UINTR_VECTORS };

		ASSERT_TRUE(receiver_start(&r));
		ASSERT_TRUE(uintr_send_acked(r.index[0], receiver_count(&r)));
		ASSERT_TRUE(receiver_stop(&r));
		/* To all that are gone, and to none of those that come. */
		for (other = 0; other <= i; other++)
			_senduipi(other);
		ASSERT_EQ(1 + i / UINTR_VECTORS, *receiver_count(&r));
		ASSERT_EQ(0, close(r.fd[0]));
	}
}

/* The sending process is killed in the middle of it. */
TEST(sender_is_killed)
{
	int i, fd, index, fds[2];
	pid_t pid;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, pipe(fds));
	for (i = 0; i < 20; i++) {
		fd = uintr_vector_fd(0, 0);
		ASSERT_LE(0, fd);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			index = uintr_register_sender(fd, 0);
			if (index < 0 || !tell(fds[1]))
				_exit(1);
			for (;;)
				_senduipi(index);
		}
		ASSERT_TRUE(hear(fds[0]));
		ASSERT_TRUE(wait_for_events(fd, POLLIN));
		ASSERT_EQ(1, read_number(fd));
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(SIGKILL, child_signal(pid));
		ASSERT_EQ(0, close(fd));
	}
	/* All who had it are gone: the vector is free. */
	EXPECT_LE(0, uintr_vector_fd(0, 0));
}

/* A sender ends, and the receiver goes on with another one. */
TEST(sender_exits)
{
	int fd, index, i;
	pid_t pid;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	fd = uintr_vector_fd(0, 0);
	ASSERT_LE(0, fd);
	_stui();
	for (i = 1; i <= 20; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			index = uintr_register_sender(fd, 0);
			if (index < 0)
				_exit(1);
			_senduipi(index);
			_exit(0);
		}
		ASSERT_EQ(0, child_status(pid));
		/* It has been sent before its sender ended. */
		ASSERT_TRUE(spin_until(uintr_handled[0] == (unsigned long)i));
	}
	index = uintr_register_sender(fd, 0);
	ASSERT_LE(0, index);
	EXPECT_TRUE(uintr_send_acked(index, &uintr_handled[0]));
}

TEST(vector_is_free_again)
{
	int fd, i;
	pid_t pid;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	for (i = 0; i < 20; i++) {
		fd = uintr_vector_fd(9, 0);
		ASSERT_LE(0, fd);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(uintr_register_sender(fd, 0) != 0);
		ASSERT_EQ(0, close(fd));
		ASSERT_EQ(0, child_status(pid));
	}
	EXPECT_LE(0, uintr_vector_fd(9, 0));
}

/* The receiver is gone, its file goes last. */
TEST(file_outlives_its_thread)
{
	struct receiver r = { .cpu = -1, .nr = 3 };
	int i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_TRUE(receiver_start(&r));
	ASSERT_TRUE(receiver_stop(&r));
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(wait_for_events(r.fd[i], POLLHUP));
		ASSERT_LE(0, uintr_register_sender(r.fd[i], 0));
		_senduipi(r.index[i]);
		ASSERT_EQ(0, close(r.fd[i]));
		_senduipi(r.index[i]);
		ASSERT_EQ(0, uintr_unregister_sender(r.index[i], 0));
	}
}

/* A process with all of them ends at once: the next one on that CPU has none. */
TEST(next_process_is_not_interrupted)
{
	int i, n, fd, index;
	pid_t pid;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	ASSERT_TRUE(pin_to_cpu(usable_cpu(1)));
	for (i = 0; i < 20; i++) {
		struct receiver r = { .cpu = usable_cpu(0) };

		ASSERT_TRUE(receiver_start(&r));
		fd = r.fd[0];
		index = r.index[0];
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			/* With UIF set, and without a handler, where that thread ran. */
			if (!pin_to_cpu(usable_cpu(0)))
				_exit(1);
			_stui();
			index = uintr_register_sender(fd, 0);
			if (index < 0)
				_exit(2);
			for (n = 0; n < 500; n++)
				_senduipi(index);
			_exit(uintr_handled[0] != 0);
		}
		/* It ends while the child sends, before, or afterwards. */
		for (n = 0; n < i * 200; n++)
			relax(n);
		ASSERT_TRUE(receiver_stop(&r));
		ASSERT_EQ(0, child_status(pid));
		_senduipi(index);
		ASSERT_EQ(0, close(fd));
		ASSERT_EQ(0, uintr_unregister_sender(index, 0));
		atomic_store(&uintr_handled[0], 0);
	}
}

TEST_HARNESS_MAIN
