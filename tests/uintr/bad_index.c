// SPDX-License-Identifier: GPL-2.0
/*
 * SENDUIPI of what the process may not send to ends that process, and nothing else. Each
 * one is a child, whose parent can send all the time.
 */
#include "uintr_test.h"

FIXTURE(bad)
{
	int fd, index;
};

FIXTURE_SETUP(bad)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	self->fd = uintr_vector_fd(0, 0);
	self->index = uintr_register_sender(self->fd, 0);
	ASSERT_LE(0, self->index);
	_stui();
	ASSERT_TRUE(uintr_send_acked(self->index, &uintr_handled[0]));
}

FIXTURE_TEARDOWN(bad)
{
	EXPECT_TRUE(uintr_send_acked(self->index, &uintr_handled[0]));
	EXPECT_EQ(2, uintr_handled[0]);
}

TEST_F(bad, no_table)
{
	pid_t pid = fork();

	if (!pid) {
		_senduipi(self->index);
		_exit(0);
	}
	EXPECT_EQ(SIGILL, child_signal(pid));
}

/* An invalid opcode is one, also in a process that can send. */
TEST_F(bad, invalid_opcode)
{
	pid_t pid = fork();

	if (!pid) {
		if (uintr_register_sender(self->fd, 0))
			_exit(1);
		asm volatile("ud2");
		_exit(0);
	}
	EXPECT_EQ(SIGILL, child_signal(pid));
}

static void send_bad(int fd, unsigned long index)
{
	if (uintr_register_sender(fd, 0))
		_exit(1);
	_senduipi(index);
	_exit(0);
}

TEST_F(bad, not_registered)
{
	static const unsigned long indices[] = {
		1, UINTR_TABLE - 1, UINTR_TABLE, UINTR_TABLE + 1, 1UL << 20, 1UL << 32,
		1UL << 60, ~0UL,
	};
	unsigned int i;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(indices); i++) {
		pid = fork();
		if (!pid)
			send_bad(self->fd, indices[i]);
		ASSERT_EQ(SIGSEGV, child_signal(pid));
	}
}

TEST_F(bad, unregistered)
{
	pid_t pid = fork();

	if (!pid) {
		int first = uintr_register_sender(self->fd, 0);

		if (uintr_register_sender(self->fd, 0) != 1 ||
		    uintr_unregister_sender(first, 0))
			_exit(1);
		_senduipi(first);
		_exit(0);
	}
	EXPECT_EQ(SIGSEGV, child_signal(pid));
}

/* The table stays when it is empty. */
TEST_F(bad, all_unregistered)
{
	pid_t pid = fork();

	if (!pid) {
		int first = uintr_register_sender(self->fd, 0);

		if (uintr_unregister_sender(first, 0))
			_exit(1);
		_senduipi(first);
		_exit(0);
	}
	EXPECT_EQ(SIGSEGV, child_signal(pid));
}

/* By another thread, while this one sends: it can up to then, and no more afterwards. */
struct other {
	pthread_t thread;
	int index;
	atomic_bool sends;
};

static void *unregister_other(void *arg)
{
	struct other *o = arg;

	if (!spin_until(o->sends) || uintr_unregister_sender(o->index, 0))
		_exit(2);
	return NULL;
}

static void send_until_unregistered(struct receiver *r)
{
	struct other o = { };
	long i;

	if (!receiver_start(r))
		_exit(1);
	o.index = r->index[0];
	if (pthread_create(&o.thread, NULL, unregister_other, &o))
		_exit(1);
	for (i = 0; i < 1000000; i++) {
		_senduipi(o.index);
		o.sends = true;
		if (i % 64 == 63)
			sched_yield();
	}
	_exit(0);
}

TEST_F(bad, unregistered_by_another_thread)
{
	struct receiver r = { .cpu = -1, .first = 5 };
	int i;

	for (i = 0; i < 10; i++) {
		pid_t pid = fork();

		if (!pid)
			send_until_unregistered(&r);
		ASSERT_EQ(SIGSEGV, child_signal(pid));
	}
}

TEST_HARNESS_MAIN
