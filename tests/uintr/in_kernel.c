// SPDX-License-Identifier: GPL-2.0
/*
 * An interrupt for a thread that is in the kernel, or does not run: it does not disturb
 * what the thread does there, and is delivered when it goes on in user space.
 */
#include "policy.h"
#include "spinner.h"
#include "uintr_test.h"

static int fds[2];

/* Reads one byte, and notes how many interrupts there were by then. */
static void read_pipe(struct receiver *r)
{
	char c;

	r->ret = read(fds[0], &c, 1);
	r->error = errno;
	r->loops = *receiver_count(r);
}

FIXTURE(blocked)
{
	struct receiver r;
	int cpu;
};

FIXTURE_SETUP(blocked)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	self->cpu = usable_cpu(1);
	ASSERT_EQ(0, pipe(fds));
	self->r.cpu = self->cpu;
	self->r.nr = 2;
	self->r.body = read_pipe;
	ASSERT_TRUE(receiver_start(&self->r));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(wait_for_sleep_in(self->r.tid, SYS_read));
}

FIXTURE_TEARDOWN(blocked) { }

static bool end_read(struct receiver *r)
{
	return write(fds[1], "x", 1) == 1 && receiver_join(r);
}

/*
 * Whatever could wake the thread has had its time: the caller has been on its CPU, and
 * gave it away there.
 */
static bool still_blocked(struct receiver *r, long sleeps)
{
	int i;

	if (!pin_to_cpu(r->cpu))
		return false;
	for (i = 0; i < 20; i++)
		sched_yield();
	return pin_to_cpu(usable_cpu(0)) && thread_sleeps_in(r->tid) == SYS_read &&
	       thread_sleeps(r->tid) == sleeps;
}

TEST_F(blocked, delivered_afterwards)
{
	long sleeps = thread_sleeps(self->r.tid);

	_senduipi(self->r.index[0]);
	_senduipi(self->r.index[1]);
	ASSERT_TRUE(still_blocked(&self->r, sleeps));
	EXPECT_EQ(0, uintr_handled[0]);
	ASSERT_TRUE(end_read(&self->r));
	EXPECT_EQ(1, self->r.ret);
	EXPECT_EQ(1, self->r.loops);
	EXPECT_EQ(1, uintr_handled[1]);
}

/* The CPU was idle meanwhile, so that the registers may have its state still. */
TEST_F(blocked, alone_on_its_cpu)
{
	_senduipi(self->r.index[0]);
	ASSERT_TRUE(end_read(&self->r));
	EXPECT_EQ(1, self->r.ret);
	EXPECT_EQ(1, self->r.loops);
}

/* Another thread with a handler of its own had the registers. */
TEST_F(blocked, another_receiver_ran)
{
	struct receiver other = { .cpu = self->cpu, .first = 30 };
	int i;

	ASSERT_TRUE(receiver_start(&other));
	_senduipi(self->r.index[0]);
	for (i = 0; i < 100; i++)
		ASSERT_TRUE(uintr_send_acked(other.index[0], &uintr_handled[30]));
	ASSERT_EQ(0, uintr_handled[0]);
	ASSERT_TRUE(end_read(&self->r));
	EXPECT_EQ(1, self->r.loops);
	ASSERT_TRUE(receiver_stop(&other));
	EXPECT_EQ(100, uintr_handled[30]);
}

/* And after that it runs in user space, and is interrupted as before. */
static void read_and_spin(struct receiver *r)
{
	char c;

	while (read(fds[0], &c, 1) == 1) {
		r->loops++;
		/* The next one may be sent before this thread has seen that it came. */
		if (!spin_in_user_until(*receiver_count(r) >= r->loops))
			r->error = 1;
	}
}

FIXTURE(often)
{
	struct receiver r;
};

FIXTURE_VARIANT(often)
{
	bool with_spinner;
};

FIXTURE_VARIANT_ADD(often, idle_between)
{
	.with_spinner = false,
};

FIXTURE_VARIANT_ADD(often, spinner_between)
{
	.with_spinner = true,
};

FIXTURE_SETUP(often)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	ASSERT_EQ(0, pipe(fds));
	self->r.cpu = usable_cpu(1);
	self->r.body = read_and_spin;
	ASSERT_TRUE(receiver_start(&self->r));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
}

FIXTURE_TEARDOWN(often) { }

/* One that comes when it sleeps, one when it is about to wake up, one when it runs. */
TEST_F(often, whenever_it_comes)
{
	int i, rounds = variant->with_spinner ? 50 : 2000;
	struct spinner s;

	if (variant->with_spinner)
		ASSERT_TRUE(spinner_start(&s, self->r.cpu, 1, NULL));
	for (i = 1; i <= rounds; i++) {
		if (i % 3 == 0) {
			ASSERT_TRUE(wait_for_sleep_in(self->r.tid, SYS_read));
			_senduipi(self->r.index[0]);
		}
		ASSERT_EQ(1, write(fds[1], "x", 1));
		if (i % 3 == 1)
			_senduipi(self->r.index[0]);
		if (i % 3 == 2) {
			ASSERT_TRUE(spin_until(self->r.loops == (unsigned long)i));
			_senduipi(self->r.index[0]);
		}
		ASSERT_TRUE(spin_until(uintr_handled[0] == (unsigned long)i));
	}
	if (variant->with_spinner)
		spinner_stop(&s);
	ASSERT_EQ(0, close(fds[1]));
	ASSERT_TRUE(receiver_join(&self->r));
	EXPECT_EQ(0, self->r.error);
	EXPECT_EQ(rounds, uintr_handled[0]);
}

/* It is runnable, but does not run: somebody of a higher class does. */
TEST(preempted)
{
	struct receiver r = { };
	struct spinner s;
	unsigned long loops;
	int i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	r.cpu = usable_cpu(1);
	ASSERT_TRUE(receiver_start(&r));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	for (i = 1; i <= 20; i++) {
		ASSERT_TRUE(spinner_start(&s, r.cpu, 1, NULL));
		ASSERT_TRUE(set_policy(s.tid, SCHED_FIFO, 1));
		loops = s.loops;
		ASSERT_TRUE(spin_until(s.loops != loops));
		_senduipi(r.index[0]);
		spinner_stop(&s);
		ASSERT_TRUE(spin_until(uintr_handled[0] == (unsigned long)i));
	}
	ASSERT_TRUE(receiver_stop(&r));
	EXPECT_EQ(20, uintr_handled[0]);
}

/* It takes turns with another thread of its CPU, and some come while that one runs. */
TEST(takes_turns)
{
	struct receiver r = { };
	struct spinner s;
	long before;
	int i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	r.cpu = usable_cpu(1);
	ASSERT_TRUE(receiver_start(&r));
	ASSERT_TRUE(spinner_start(&s, r.cpu, 1, NULL));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	before = thread_preemptions(r.tid);
	for (i = 0; i < 20000 && thread_preemptions(r.tid) < before + 10; i++)
		ASSERT_TRUE(uintr_send_acked(r.index[0], &uintr_handled[0]));
	EXPECT_LE(before + 10, thread_preemptions(r.tid));
	spinner_stop(&s);
	ASSERT_TRUE(receiver_stop(&r));
}

TEST_HARNESS_MAIN
