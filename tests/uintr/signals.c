// SPDX-License-Identifier: GPL-2.0
/*
 * User interrupts and signals of one thread: either may come while the handler of the
 * other one runs, and each goes on where it was.
 *
 * checkpatch: PREFER_DEFINED_ATTRIBUTE_MACRO: user space has no such macros
 */
#include <setjmp.h>

#include "uintr_test.h"

static atomic_int signals;
static int uif_at_signal;
static int self_index;
static atomic_bool ok;

static bool on_signal(int sig, void (*handler)(int sig), int flags)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = flags };

	return !sigaction(sig, &act, NULL);
}

FIXTURE(signals) { };

FIXTURE_SETUP(signals)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	self_index = uintr_self_sender(0);
	ASSERT_LE(0, self_index);
}

FIXTURE_TEARDOWN(signals) { }

/* An interrupt comes while a signal handler runs. */
static void interrupted_signal(int sig)
{
	(void)sig;
	uif_at_signal = _testui();
	ok = uintr_send_acked(self_index, &uintr_handled[0]);
	signals++;
}

TEST_F(signals, interrupt_in_a_signal_handler)
{
	int i;

	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	ASSERT_TRUE(on_signal(SIGUSR1, interrupted_signal, 0));
	_stui();
	for (i = 1; i <= 200; i++) {
		ASSERT_EQ(0, raise(SIGUSR1));
		ASSERT_TRUE(ok);
		ASSERT_EQ(1, uif_at_signal);
		ASSERT_EQ(1, _testui());
		ASSERT_EQ(i, uintr_handled[0]);
	}
}

/* UIF is no part of what sigreturn() restores: the handler may change it. */
static void clear_uif(int sig)
{
	(void)sig;
	_clui();
}

static void set_uif(int sig)
{
	(void)sig;
	_stui();
}

TEST_F(signals, uif_is_not_restored)
{
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	ASSERT_TRUE(on_signal(SIGUSR1, clear_uif, 0));
	ASSERT_TRUE(on_signal(SIGUSR2, set_uif, 0));
	_stui();
	ASSERT_EQ(0, raise(SIGUSR1));
	EXPECT_EQ(0, _testui());
	_senduipi(self_index);
	ASSERT_TRUE(uintr_arrived());
	ASSERT_EQ(0, uintr_handled[0]);
	ASSERT_EQ(0, raise(SIGUSR2));
	EXPECT_EQ(1, _testui());
	EXPECT_TRUE(spin_until(uintr_handled[0] == 1));
}

/* What is pending is neither lost nor doubled by a signal. */
TEST_F(signals, pending_over_a_signal)
{
	int i;

	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	ASSERT_TRUE(on_signal(SIGUSR1, clear_uif, 0));
	for (i = 1; i <= 200; i++) {
		_senduipi(self_index);
		ASSERT_EQ(0, raise(SIGUSR1));
		ASSERT_EQ(i - 1, uintr_handled[0]);
		ASSERT_TRUE(uintr_arrived());
		_stui();
		ASSERT_TRUE(spin_until(uintr_handled[0] == (unsigned long)i));
		_clui();
		ASSERT_TRUE(uintr_nothing_left());
		ASSERT_EQ(i, uintr_handled[0]);
	}
}

/* The fault of an SSE instruction has the kernel look at the registers. */
static void count_signal(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)info;
	signals++;
	/* All exceptions masked, so that the instruction does not fault again. */
	uc->uc_mcontext.fpregs->mxcsr = 0x1f80;
}

TEST_F(signals, pending_over_a_floating_point_exception)
{
	struct sigaction act = { .sa_sigaction = count_signal, .sa_flags = SA_SIGINFO };
	unsigned int all = 0x1f80, unmasked = 0x1f80 & ~0x200;	/* not a division by 0 */
	double result = 1;
	int i;

	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	ASSERT_EQ(0, sigaction(SIGFPE, &act, NULL));
	for (i = 1; i <= 50; i++) {
		_senduipi(self_index);
		result = 1;
		asm volatile("ldmxcsr %[unmasked]\n\t"
			     "divsd %[zero], %[result]\n\t"
			     "ldmxcsr %[all]"
			     : [result] "+x" (result)
			     : [zero] "x" (0.0), [unmasked] "m" (unmasked), [all] "m" (all));
		ASSERT_EQ(i, signals);
		ASSERT_EQ(i - 1, uintr_handled[0]);
		_stui();
		ASSERT_TRUE(spin_until(uintr_handled[0] == (unsigned long)i));
		_clui();
		ASSERT_TRUE(uintr_nothing_left());
	}
	EXPECT_LT(1, result);
}

/*
 * A signal comes while the handler of an interrupt runs: that sends it to itself, by a
 * system call of its own, as it may not call any function.
 */
static int handled_after;
static pid_t own_pid, own_tid;

static UINTR_HANDLER void raise_signal(struct __uintr_frame *frame, unsigned long long vector)
{
	long nr = SYS_tgkill;

	(void)frame;
	asm volatile("syscall"
		     : "+a" (nr)
		     : "D" ((long)own_pid), "S" ((long)own_tid), "d" ((long)SIGUSR1)
		     : "rcx", "r11", "memory");
	/* The signal's handler has run. */
	handled_after = atomic_load(&signals);
	atomic_fetch_add(&uintr_handled[vector], 1);
}

static void note_uif(int sig)
{
	(void)sig;
	uif_at_signal = _testui();
	signals++;
}

FIXTURE(in_handler) { };

FIXTURE_VARIANT(in_handler)
{
	int flags;
	bool alt_stack;
};

FIXTURE_VARIANT_ADD(in_handler, own_stack)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(in_handler, sigaltstack)
{
	.flags = SA_ONSTACK,
};

FIXTURE_VARIANT_ADD(in_handler, uintr_alt_stack)
{
	.alt_stack = true,
};

FIXTURE_VARIANT_ADD(in_handler, both)
{
	.flags = SA_ONSTACK,
	.alt_stack = true,
};

#define STACK_SIZE 65536

static char signal_stack[STACK_SIZE], uintr_stack[STACK_SIZE];

FIXTURE_SETUP(in_handler)
{
	stack_t ss = { .ss_sp = signal_stack, .ss_size = STACK_SIZE };

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	own_pid = getpid();
	own_tid = gettid();
	if (variant->flags & SA_ONSTACK)
		ASSERT_EQ(0, sigaltstack(&ss, NULL));
	ASSERT_EQ(0, uintr_register_handler(raise_signal, 0));
	if (variant->alt_stack)
		ASSERT_EQ(0, uintr_alt_stack(uintr_stack, STACK_SIZE, 0));
	self_index = uintr_self_sender(0);
	ASSERT_LE(0, self_index);
}

FIXTURE_TEARDOWN(in_handler) { }

TEST_F(in_handler, signal)
{
	int i;

	ASSERT_TRUE(on_signal(SIGUSR1, note_uif, variant->flags));
	_stui();
	for (i = 1; i <= 200; i++) {
		uif_at_signal = -1;
		ASSERT_TRUE(uintr_send_acked(self_index, &uintr_handled[0]));
		ASSERT_EQ(i, signals);
		ASSERT_EQ(i, handled_after);
		/* It ran within that of the interrupt. */
		ASSERT_EQ(0, uif_at_signal);
		ASSERT_EQ(1, _testui());
	}
}

/* And in that one another interrupt, if it says so. */
static void nested(int sig)
{
	(void)sig;
	if (signals++)
		return;
	_senduipi(self_index);
	_stui();
	ok = spin_until(atomic_load(&uintr_handled[0]) == 1);
	_clui();
}

TEST_F(in_handler, nested)
{
	/* The second one would have the stack of the first one. */
	if (variant->alt_stack)
		return;
	/* The signal may come again in there. */
	ASSERT_TRUE(on_signal(SIGUSR1, nested, variant->flags | SA_NODEFER));
	_stui();
	_senduipi(self_index);
	ASSERT_TRUE(spin_until(uintr_handled[0] == 2));
	EXPECT_TRUE(ok);
	EXPECT_EQ(2, signals);
	EXPECT_EQ(1, _testui());
}

/* Out of both of them, by siglongjmp(): UIF stays clear until somebody sets it. */
static sigjmp_buf out;

static void jump_out(int sig)
{
	(void)sig;
	signals++;
	siglongjmp(out, 1);
}

TEST_F(in_handler, jump_out_of_both)
{
	static int i;	/* which siglongjmp() leaves alone */

	ASSERT_TRUE(on_signal(SIGUSR1, jump_out, variant->flags));
	for (i = 1; i <= 50; i++) {
		if (!sigsetjmp(out, 1)) {
			_stui();
			_senduipi(self_index);
			spin_until(false);
			ASSERT_TRUE(false);
		}
		ASSERT_EQ(0, _testui());
		ASSERT_EQ(i, signals);
	}
	/* The handler did not come to its end. */
	EXPECT_EQ(0, uintr_handled[0]);
	ASSERT_TRUE(on_signal(SIGUSR1, note_uif, variant->flags));
	_stui();
	EXPECT_TRUE(uintr_send_acked(self_index, &uintr_handled[0]));
}

/* Both at once, from another thread, on another CPU, to one that computes. */
TEST(storm)
{
	struct receiver r = { };
	int i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	ASSERT_TRUE(on_signal(SIGUSR1, note_uif, SA_RESTART));
	r.cpu = usable_cpu(1);
	ASSERT_TRUE(receiver_start(&r));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	for (i = 1; i <= 3000; i++) {
		if (i % 2)
			ASSERT_EQ(0, syscall(SYS_tgkill, getpid(), r.tid, SIGUSR1));
		_senduipi(r.index[0]);
		if (i % 2 == 0)
			ASSERT_EQ(0, syscall(SYS_tgkill, getpid(), r.tid, SIGUSR1));
		ASSERT_TRUE(spin_until(uintr_handled[0] == (unsigned long)i));
		ASSERT_TRUE(spin_until(signals == i));
	}
	ASSERT_TRUE(receiver_stop(&r));
	EXPECT_EQ(3000, uintr_handled[0]);
}

TEST_HARNESS_MAIN
