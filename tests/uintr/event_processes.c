// SPDX-License-Identifier: GPL-2.0
/*
 * Readers of eventfds, and other processes on their CPU: one that receives user interrupts
 * itself, sent by the same sender, and one that is killed while it reads. A CPU has one
 * vector for those of the thread that runs, and another one for all who listen: neither
 * gets what is the other one's. Nor does a reader's end concern its sender, or the others
 * that the CPU looks at together with it.
 */
#include <sys/prctl.h>

#include "event_test.h"

#define NR_EVENTS 2
#define ROUNDS 300
#define VECTOR 5
#define KILLS 8
#define ROUNDS_PER_KILL 20

/* What the processes know of each other. */
struct shared {
	atomic_int ready;	/* a child is, or -1 */
	int fd;			/* its file, which the sender is to have */
	atomic_long seen[NR_EVENTS];	/* rounds that the parent has read */
	atomic_ulong handled[UINTR_VECTORS];
	atomic_long reads;
	atomic_bool stop;
};

static struct shared *shared;

static UINTR_HANDLER void count_shared(struct __uintr_frame *frame, unsigned long long vector)
{
	(void)frame;
	atomic_fetch_add(&shared->handled[vector], 1);
}

/* The parent reads: all of these are of one CPU. */
FIXTURE(processes)
{
	int sender_cpu;
	int fd[NR_EVENTS];
	int target[NR_EVENTS];
};

FIXTURE_VARIANT(processes)
{
	int sender_cpu;
};

FIXTURE_VARIANT_ADD(processes, sender_on_their_cpu)
{
	.sender_cpu = 0,
};

FIXTURE_VARIANT_ADD(processes, sender_elsewhere)
{
	.sender_cpu = 1,
};

FIXTURE_SETUP(processes)
{
	int i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (event_missing())
		SKIP(return, NO_EVENT);
	self->sender_cpu = usable_cpu(variant->sender_cpu);
	if (self->sender_cpu < 0)
		SKIP(return, "needs two CPUs");
	shared = shared_alloc(sizeof(*shared));
	ASSERT_NE(NULL, shared);
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	for (i = 0; i < NR_EVENTS; i++) {
		self->fd[i] = eventfd(0, EFD_CLOEXEC);
		self->target[i] = uintr_event(self->fd[i], O_CLOEXEC);
		ASSERT_LE(0, self->target[i]);
	}
}

FIXTURE_TEARDOWN(processes)
{
	int i;

	for (i = 0; i < NR_EVENTS; i++)
		EXPECT_FALSE(is_readable(self->fd[i]));
}

/* It ends with its parent, whatever becomes of that. */
static pid_t fork_child(void)
{
	pid_t pid = fork();

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* Of a child. */
static void be_ready(int fd)
{
	shared->fd = fd;
	shared->ready = fd < 0 ? -1 : 1;
}

/* A file of a child that is ready, or -1. */
static int file_of(pid_t pid)
{
	int pidfd, fd;

	if (!spin_until(shared->ready) || shared->ready != 1)
		return -1;
	shared->ready = 0;
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	fd = syscall(SYS_pidfd_getfd, pidfd, shared->fd, 0);
	close(pidfd);
	return fd;
}

/* The next 1 of an eventfd. */
static bool has_one(int fd)
{
	return wait_for_events(fd, POLLIN) && read_number(fd) == 1;
}

static bool handled(unsigned long count)
{
	return shared->handled[VECTOR] >= count;
}

/* Not more, nor for any other vector. */
static bool handled_just(unsigned long count)
{
	unsigned long sum = 0;
	int i;

	for (i = 0; i < UINTR_VECTORS; i++)
		sum += shared->handled[i];
	return sum == count && shared->handled[VECTOR] == count;
}

/* In turns in user space, and asleep. The next one may come before this has seen it. */
static bool receive(unsigned long count)
{
	bool ok = true;

	if (count % 2)
		return spin_until(handled(count));
	_clui();
	while (ok && !handled(count)) {
		ok = !uintr_wait(&max_wait, 0);
		_stui();
		__builtin_ia32_pause();
		_clui();
	}
	_stui();
	return ok;
}

static int receiver_process(void)
{
	unsigned long i;

	be_ready(uintr_register_handler(count_shared, 0) ? -1 : uintr_vector_fd(VECTOR, 0));
	_stui();
	for (i = 1; i <= ROUNDS; i++) {
		if (!receive(i))
			return 1;
	}
	_clui();
	return !uintr_nothing_left();
}

/* Becomes a sender to @n files, on @cpu. */
static bool sender_begins(int cpu, const int *files, int *index, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		index[i] = uintr_register_sender(files[i], 0);
		if (index[i] < 0)
			return false;
	}
	return pin_to_cpu(cpu);
}

static int sender_to_all(int cpu, const int *files)
{
	int index[NR_EVENTS + 1], i, n;

	if (!sender_begins(cpu, files, index, NR_EVENTS + 1))
		return 1;
	for (i = 1; i <= ROUNDS; i++) {
		/* Each one is the first one in its turn. */
		for (n = 0; n <= NR_EVENTS; n++)
			_senduipi(index[(i + n) % (NR_EVENTS + 1)]);
		for (n = 0; n < NR_EVENTS; n++) {
			if (!spin_until(shared->seen[n] == i))
				return 2;
		}
		if (!spin_until(handled(i)) || !handled_just(i))
			return 3;
	}
	return 0;
}

TEST_F(processes, beside_another_process)
{
	int files[NR_EVENTS + 1], i, n;
	pid_t receiver, sender;

	receiver = fork_child();
	ASSERT_LE(0, receiver);
	if (!receiver)
		_exit(receiver_process());
	for (n = 0; n < NR_EVENTS; n++)
		files[n] = self->target[n];
	files[NR_EVENTS] = file_of(receiver);
	ASSERT_LE(0, files[NR_EVENTS]);
	sender = fork_child();
	ASSERT_LE(0, sender);
	if (!sender)
		_exit(sender_to_all(self->sender_cpu, files));

	for (i = 1; i <= ROUNDS; i++) {
		for (n = 0; n < NR_EVENTS; n++) {
			ASSERT_TRUE(has_one(self->fd[n]));
			shared->seen[n] = i;
		}
	}
	EXPECT_EQ(0, child_status(sender));
	EXPECT_EQ(0, child_status(receiver));
	EXPECT_TRUE(handled_just(ROUNDS));
}

/* Reads until it is killed. */
static int victim_process(int fd, bool polls)
{
	be_ready(uintr_event(fd, O_CLOEXEC));
	while (!polls || wait_for_events(fd, POLLIN)) {
		if (!read_number(fd))
			break;
		shared->reads++;
	}
	return 1;
}

/* Only the second one tells it to go on. */
static int sender_to_two(int cpu, const int *files)
{
	int index[2];
	long i;

	if (!sender_begins(cpu, files, index, 2))
		return 1;
	for (i = 1; !shared->stop; i++) {
		_senduipi(index[0]);
		_senduipi(index[1]);
		if (!spin_until(shared->seen[0] == i))
			return 2;
	}
	return 0;
}

static bool read_rounds(int fd)
{
	int i;

	for (i = 0; i < ROUNDS_PER_KILL; i++) {
		if (!has_one(fd))
			return false;
		shared->seen[0]++;
	}
	return true;
}

static bool event_works(int fd)
{
	int target = uintr_event(fd, O_CLOEXEC);
	struct event e = { .fd = fd, .index = uintr_register_sender(target, 0) };
	int i;

	close(target);
	if (e.index < 0)
		return false;
	for (i = 0; i < ROUNDS_PER_KILL; i++) {
		if (!event_round(&e))
			return false;
	}
	return event_end(&e);
}

TEST_F(processes, reader_killed)
{
	int files[2], round, fd, other = self->fd[0];
	pid_t victim, sender;

	for (round = 0; round < KILLS; round++) {
		bool polls = round & 1, is_last = round & 2;

		memset(shared, 0, sizeof(*shared));
		fd = eventfd(0, EFD_CLOEXEC);
		ASSERT_LE(0, fd);
		victim = fork_child();
		ASSERT_LE(0, victim);
		if (!victim)
			_exit(victim_process(fd, polls));
		files[0] = file_of(victim);
		files[1] = self->target[0];
		ASSERT_LE(0, files[0]);
		/* The eventfd goes with the victim, or stays. */
		if (is_last)
			ASSERT_EQ(0, close(fd));
		sender = fork_child();
		ASSERT_LE(0, sender);
		if (!sender)
			_exit(sender_to_two(self->sender_cpu, files));
		ASSERT_EQ(0, close(files[0]));

		ASSERT_TRUE(read_rounds(other));
		/* The sender waits: the victim has nothing to read, and is killed in its sleep. */
		ASSERT_TRUE(has_one(other));
		ASSERT_TRUE(wait_for_sleep_in(victim, polls ? SYS_poll : SYS_read));
		EXPECT_LT(0, shared->reads);
		/* What is sent next comes before, or at its end. */
		if (round & 4)
			shared->seen[0]++;
		ASSERT_EQ(0, kill(victim, SIGKILL));
		if (!(round & 4))
			shared->seen[0]++;
		ASSERT_TRUE(read_rounds(other));
		ASSERT_EQ(SIGKILL, child_signal(victim));
		ASSERT_TRUE(read_rounds(other));

		ASSERT_TRUE(has_one(other));
		shared->stop = true;
		shared->seen[0]++;
		ASSERT_EQ(0, child_status(sender));
		ASSERT_FALSE(is_readable(other));

		/* It was counted to the end, if there was somebody who could read it. */
		if (is_last)
			fd = eventfd(0, EFD_CLOEXEC);
		else
			ASSERT_LE(1, read_number(fd));
		ASSERT_TRUE(event_works(fd));
	}
}

TEST_HARNESS_MAIN
