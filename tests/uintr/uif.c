// SPDX-License-Identifier: GPL-2.0
/*
 * UIF, the flag that lets user interrupts be delivered: it is a thread's own, clear at
 * first, and nothing that the kernel does changes it.
 */
#include "spinner.h"
#include "uintr_test.h"

static void set_uif(int uif)
{
	if (uif)
		_stui();
	else
		_clui();
}

FIXTURE(uif)
{
	int index;
};

FIXTURE_SETUP(uif)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	self->index = uintr_self_sender(0);
	ASSERT_LE(0, self->index);
}

FIXTURE_TEARDOWN(uif) { }

TEST_F(uif, clear_at_first)
{
	EXPECT_EQ(0, _testui());
}

TEST_F(uif, set_and_cleared)
{
	_stui();
	EXPECT_EQ(1, _testui());
	_clui();
	EXPECT_EQ(0, _testui());
}

TEST_F(uif, defers)
{
	_senduipi(self->index);
	ASSERT_TRUE(uintr_arrived());
	EXPECT_EQ(0, uintr_handled[0]);
	_stui();
	ASSERT_TRUE(spin_until(uintr_handled[0] == 1));

	_clui();
	_senduipi(self->index);
	ASSERT_TRUE(uintr_arrived());
	EXPECT_EQ(1, uintr_handled[0]);
	_stui();
	ASSERT_TRUE(spin_until(uintr_handled[0] == 2));
}

static void *note_uif(void *arg)
{
	*(int *)arg = _testui();
	return NULL;
}

/* The next thread begins without, whatever its creator has. */
TEST_F(uif, of_a_new_thread)
{
	pthread_t thread;
	int uif = -1;

	_stui();
	ASSERT_EQ(0, pthread_create(&thread, NULL, note_uif, &uif));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, uif);
	EXPECT_EQ(1, _testui());
}

FIXTURE(survives)
{
	int cpu[2];
	int index;
};

FIXTURE_VARIANT(survives)
{
	int uif;
};

FIXTURE_VARIANT_ADD(survives, clear)
{
	.uif = 0,
};

FIXTURE_VARIANT_ADD(survives, set)
{
	.uif = 1,
};

FIXTURE_SETUP(survives)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	self->cpu[0] = usable_cpu(0);
	self->cpu[1] = usable_cpu(1);
	ASSERT_TRUE(pin_to_cpu(self->cpu[0]));
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	self->index = uintr_self_sender(0);
	ASSERT_LE(0, self->index);
	set_uif(variant->uif);
}

/* And is of use still. */
FIXTURE_TEARDOWN(survives)
{
	EXPECT_EQ(variant->uif, _testui());
	_senduipi(self->index);
	if (variant->uif) {
		EXPECT_TRUE(spin_until(uintr_handled[0] == 1));
	} else {
		EXPECT_TRUE(uintr_arrived());
		EXPECT_EQ(0, uintr_handled[0]);
	}
}

TEST_F(survives, system_call)
{
	int i;

	for (i = 0; i < 100; i++) {
		syscall(SYS_getppid);
		ASSERT_EQ(variant->uif, _testui());
	}
}

/* A thread on the same CPU that has it the other way. */
struct opposite {
	pthread_t thread;
	int uif;
	atomic_bool stop, wrong;
	atomic_ulong turns;
};

static void *opposite_main(void *arg)
{
	struct opposite *o = arg;

	set_uif(o->uif);
	while (!o->stop) {
		if (_testui() != o->uif)
			o->wrong = true;
		o->turns++;
		sched_yield();
	}
	return NULL;
}

TEST_F(survives, context_switch)
{
	struct opposite o = { .uif = !variant->uif };
	int i;

	ASSERT_EQ(0, pthread_create(&o.thread, NULL, opposite_main, &o));
	for (i = 1; i <= 200; i++) {
		ASSERT_TRUE(spin_until(o.turns >= (unsigned long)i));
		ASSERT_EQ(variant->uif, _testui());
	}
	o.stop = true;
	ASSERT_EQ(0, pthread_join(o.thread, NULL));
	EXPECT_FALSE(o.wrong);
}

/* Not by a call of its own, but by the end of its slice. */
TEST_F(survives, preemption)
{
	struct spinner s;
	long before;
	int i;

	ASSERT_TRUE(spinner_start(&s, usable_cpu(0), 1, NULL));
	before = thread_preemptions(gettid());
	for (i = 0; i < MAX_POLLS && thread_preemptions(gettid()) < before + 5; i++) {
		int uif = _testui();

		/* Before the thread is asked to stop: the harness would wait for it. */
		if (uif != variant->uif)
			break;
	}
	spinner_stop(&s);
	EXPECT_LE(before + 5, thread_preemptions(gettid()));
}

TEST_F(survives, migration)
{
	int i;

	if (self->cpu[1] < 0)
		SKIP(return, "needs two CPUs");
	for (i = 1; i <= 50; i++) {
		ASSERT_TRUE(pin_to_cpu(self->cpu[0]));
		ASSERT_EQ(variant->uif, _testui());
		ASSERT_TRUE(pin_to_cpu(self->cpu[1]));
		ASSERT_EQ(variant->uif, _testui());
	}
}

static atomic_int uif_in_signal = -1;

static void on_signal(int sig)
{
	(void)sig;
	uif_in_signal = _testui();
}

TEST_F(survives, signal_handler)
{
	struct sigaction act = { .sa_handler = on_signal };
	int i;

	ASSERT_EQ(0, sigaction(SIGUSR1, &act, NULL));
	for (i = 0; i < 20; i++) {
		uif_in_signal = -1;
		ASSERT_EQ(0, raise(SIGUSR1));
		ASSERT_EQ(variant->uif, uif_in_signal);
		ASSERT_EQ(variant->uif, _testui());
	}
}

TEST_F(survives, fork)
{
	pid_t pid = fork();

	if (!pid)
		_exit(_testui());
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, child_status(pid));
}

TEST_HARNESS_MAIN
