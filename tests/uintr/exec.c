// SPDX-License-Identifier: GPL-2.0
/*
 * execve() of a thread that receives and sends: the new program has no handler, no UIF,
 * no table, and is not interrupted by those who send to the old one.
 */
#include <fcntl.h>
#include <sys/socket.h>

#include "uintr_test.h"

#define AFTER_EXEC "--after-exec"

static bool tell(int fd)
{
	return write(fd, "x", 1) == 1;
}

static bool hear(int fd)
{
	char c;

	return read(fd, &c, 1) == 1;
}

/* Which of the things that should be so is not; 0: none. */
static int after_exec(int vector_fd, int sock)
{
	__u64 number;
	int index;
	pid_t pid;

	if (_testui())
		return 1;
	_stui();
	if (uintr_unregister_handler(0) != -1 || errno != EINVAL)
		return 2;
	/* The thread that the file was of is no more. */
	if (read(vector_fd, &number, sizeof(number)))
		return 3;
	if (!wait_for_events(vector_fd, POLLHUP))
		return 4;
	/* The other process sends meanwhile, and there is nobody who could crash. */
	if (!tell(sock) || !hear(sock))
		return 5;
	pid = fork();
	if (!pid) {
		_senduipi(0);
		_exit(0);
	}
	if (child_signal(pid) != SIGILL)
		return 6;
	if (uintr_unregister_sender(0, 0) != -1 || errno != EINVAL)
		return 7;
	/* The file is good for a sender still, to no effect. */
	index = uintr_register_sender(vector_fd, 0);
	if (index)
		return 8;
	_senduipi(index);
	if (read(vector_fd, &number, sizeof(number)))
		return 9;

	/* Now it receives itself. */
	_clui();
	if (uintr_register_handler(count_uintr, 0))
		return 10;
	index = uintr_self_sender(0);
	if (index < 0)
		return 11;
	if (!tell(sock) || !hear(sock) || !uintr_nothing_left())
		return 12;
	_stui();
	if (!uintr_send_acked(index, &uintr_handled[0]) || uintr_handled[0] != 1)
		return 13;
	return 0;
}

static void exec_self(int fd, int sock)
{
	char fd_arg[16], sock_arg[16];

	snprintf(fd_arg, sizeof(fd_arg), "%d", fd);
	snprintf(sock_arg, sizeof(sock_arg), "%d", sock);
	execl("/proc/self/exe", "exec", AFTER_EXEC, fd_arg, sock_arg, NULL);
	_exit(100);
}

FIXTURE(exec)
{
	pid_t pid;
	int sock[2];
	int index;
};

FIXTURE_VARIANT(exec)
{
	bool handler, pending, thread;
};

FIXTURE_VARIANT_ADD(exec, no_handler)
{
	.handler = false,
};

FIXTURE_VARIANT_ADD(exec, handler)
{
	.handler = true,
};

FIXTURE_VARIANT_ADD(exec, pending)
{
	.handler = true,
	.pending = true,
};

/* Not the first thread: that one ends, and this one takes its place. */
FIXTURE_VARIANT_ADD(exec, another_thread)
{
	.handler = true,
	.thread = true,
};

struct before {
	bool handler, pending;
	int sock;
};

static void *before_exec(void *arg)
{
	const struct before *b = arg;
	int fd, index;

	if (b->handler && uintr_register_handler(count_uintr, 0))
		_exit(101);
	fd = uintr_vector_fd(0, 0);
	index = uintr_register_sender(fd, 0);
	if (index)
		_exit(102);
	if (b->handler && !b->pending) {
		_stui();
		if (!uintr_send_acked(index, &uintr_handled[0]))
			_exit(103);
	} else {
		_senduipi(index);
	}
	/* The parent has the same file, and begins to send. */
	if (send(b->sock, &fd, sizeof(fd), 0) != sizeof(fd) || !hear(b->sock))
		_exit(104);
	exec_self(fd, b->sock);
	return NULL;
}

static void child(bool handler, bool pending, bool thread, int sock)
{
	struct before b = { .handler = handler, .pending = pending, .sock = sock };
	pthread_t t;

	if (!thread)
		before_exec(&b);
	if (pthread_create(&t, NULL, before_exec, &b))
		_exit(105);
	for (;;)
		pause();
}

FIXTURE_SETUP(exec)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, self->sock));
	self->pid = fork();
	ASSERT_LE(0, self->pid);
	if (!self->pid) {
		close(self->sock[0]);
		child(variant->handler, variant->pending, variant->thread, self->sock[1]);
	}
	ASSERT_EQ(0, close(self->sock[1]));
}

FIXTURE_TEARDOWN(exec) { }

/* The parent gets the child's file by /proc. */
static int file_of(pid_t pid, int fd)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);

	return syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

TEST_F(exec, all_is_gone)
{
	int fd, index, turn;

	ASSERT_EQ(sizeof(fd), recv(self->sock[0], &fd, sizeof(fd), 0));
	fd = file_of(self->pid, fd);
	ASSERT_LE(0, fd);
	index = uintr_register_sender(fd, 0);
	ASSERT_LE(0, index);
	_senduipi(index);
	ASSERT_TRUE(tell(self->sock[0]));
	for (turn = 0; turn < 2; turn++) {
		struct pollfd p = { .fd = self->sock[0], .events = POLLIN };

		/* Until it asks, and that is in the middle of execve(). */
		while (!poll(&p, 1, 0))
			_senduipi(index);
		if (!hear(self->sock[0]))
			break;
		_senduipi(index);
		ASSERT_TRUE(tell(self->sock[0]));
	}
	EXPECT_EQ(0, child_status(self->pid));
}

TEST(close_on_exec)
{
	pid_t pid;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = uintr_vector_fd(0, O_CLOEXEC);

		exec_self(fd, -1);
	}
	/* To read what is no file is no end of file. */
	EXPECT_EQ(3, child_status(pid));
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], AFTER_EXEC))
		return after_exec(atoi(argv[2]), atoi(argv[3]));
	return test_harness_run(argc, argv);
}
