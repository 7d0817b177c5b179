// SPDX-License-Identifier: GPL-2.0
/*
 * A handler that cannot be called ends its process. Whoever comes next on that CPU is all
 * right, with user interrupts and without: nothing of it is left in the registers.
 */
#include <sys/mman.h>

#include "uintr_test.h"

#define NOT_CANONICAL 0x8000000000000000UL

static void *no_access(void)
{
	return mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void *data_only(void)
{
	return mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Send to itself, and be there when it is delivered. */
static void deliver(void)
{
	int index = uintr_self_sender(0);

	if (index < 0)
		_exit(2);
	_stui();
	_senduipi(index);
	spin_until(uintr_handled[0]);
	_exit(0);
}

static void handler_at(const void *handler)
{
	if (uintr_register_handler(handler, 0))
		_exit(1);
	deliver();
}

static void handler_not_mapped(void)
{
	handler_at(no_access());
}

static void handler_near_zero(void)
{
	handler_at((void *)16);
}

static void handler_not_executable(void)
{
	handler_at(data_only());
}

static void alt_stack_not_mapped(void)
{
	if (uintr_register_handler(count_uintr, 0) || uintr_alt_stack(no_access(), 65536, 0))
		_exit(1);
	deliver();
}

static void alt_stack_read_only(void)
{
	void *stack = data_only();

	if (uintr_register_handler(count_uintr, 0) || mprotect(stack, 65536, PROT_READ) ||
	    uintr_alt_stack(stack, 65536, 0))
		_exit(1);
	deliver();
}

/* With this stack pointer, until the interrupt is delivered, or not. */
static void deliver_with_sp(unsigned long sp)
{
	unsigned long index, spins = MAX_SPINS, own;

	if (uintr_register_handler(count_uintr, 0))
		_exit(1);
	index = uintr_self_sender(0);
	if (index >= UINTR_TABLE)
		_exit(2);
	/* Not delivered yet, but there: the first SENDUIPI of a thread needs the kernel. */
	_senduipi(index);
	if (!uintr_arrived())
		_exit(3);
	asm volatile("	mov	%%rsp, %[own]\n"
		     "	mov	%[sp], %%rsp\n"
		     "	stui\n"
		     "1:	pause\n"
		     "	dec	%[spins]\n"
		     "	jnz	1b\n"
		     "	mov	%[own], %%rsp\n"
		     : [own] "=&r" (own), [spins] "+r" (spins)
		     : [sp] "r" (sp)
		     : "memory", "cc");
	_exit(0);
}

static void stack_not_mapped(void)
{
	deliver_with_sp((unsigned long)no_access() + 32768);
}

static void stack_not_canonical(void)
{
	deliver_with_sp(NOT_CANONICAL);
}

static void stack_of_the_kernel(void)
{
	deliver_with_sp(0xffffffff81000000UL);
}

FIXTURE(bad)
{
	int cpu;
};

FIXTURE_VARIANT(bad)
{
	void (*child)(void);
	bool stack_fault;	/* the CPU may say so, which is another signal */
};

FIXTURE_VARIANT_ADD(bad, handler_not_mapped)
{
	.child = handler_not_mapped,
};

FIXTURE_VARIANT_ADD(bad, handler_near_zero)
{
	.child = handler_near_zero,
};

FIXTURE_VARIANT_ADD(bad, handler_not_executable)
{
	.child = handler_not_executable,
};

FIXTURE_VARIANT_ADD(bad, alt_stack_not_mapped)
{
	.child = alt_stack_not_mapped,
};

FIXTURE_VARIANT_ADD(bad, alt_stack_read_only)
{
	.child = alt_stack_read_only,
};

FIXTURE_VARIANT_ADD(bad, stack_not_mapped)
{
	.child = stack_not_mapped,
};

FIXTURE_VARIANT_ADD(bad, stack_of_the_kernel)
{
	.child = stack_of_the_kernel,
};

FIXTURE_VARIANT_ADD(bad, stack_not_canonical)
{
	.child = stack_not_canonical,
	.stack_fault = true,
};

FIXTURE_SETUP(bad)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	self->cpu = usable_cpu(0);
	ASSERT_TRUE(pin_to_cpu(self->cpu));
}

FIXTURE_TEARDOWN(bad) { }

/* It has no handler, nor may it send. */
static int without_uintr(void)
{
	long i;

	if (_testui())
		return 1;
	/* Nothing is delivered once that is set, which all may do. */
	_stui();
	for (i = 0; i < 1000; i++)
		relax(i);
	return uintr_unregister_handler(0) != -1 || errno != EINVAL;
}

static int with_uintr(void)
{
	int index, i;

	if (_testui() || uintr_register_handler(count_uintr, 0))
		return 1;
	index = uintr_self_sender(1);
	if (index < 0)
		return 2;
	_stui();
	for (i = 0; i < 50; i++) {
		if (!uintr_send_acked(index, &uintr_handled[1]))
			return 3;
	}
	/* The other vector is none of this process's. */
	return uintr_handled[0] ? 4 : 0;
}

TEST_F(bad, process_ends)
{
	int i, sig;
	pid_t pid;

	for (i = 0; i < 10; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			variant->child();
		sig = child_signal(pid);
		if (!variant->stack_fault || sig != SIGBUS)
			ASSERT_EQ(SIGSEGV, sig);

		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(i % 2 ? with_uintr() : without_uintr());
		ASSERT_EQ(0, child_status(pid));
	}
}

/* Nor is a thread disturbed that shares the CPU with it. */
TEST_F(bad, others_go_on)
{
	struct receiver r = { .cpu = self->cpu, .first = 1 };
	int i, sig;
	pid_t pid;

	ASSERT_TRUE(receiver_start(&r));
	for (i = 0; i < 5; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			variant->child();
		sig = child_signal(pid);
		if (!variant->stack_fault || sig != SIGBUS)
			ASSERT_EQ(SIGSEGV, sig);
		ASSERT_TRUE(uintr_send_acked(r.index[0], &uintr_handled[1]));
	}
	ASSERT_TRUE(receiver_stop(&r));
}

/*
 * The handler is called, and that is a fault like any other: the signal's handler comes
 * before its first instruction.
 */
static atomic_int faults;
static void *bad_page;

/* Once the page is there, the thread comes back from it. */
static void map_handler(int sig, siginfo_t *info, void *context)
{
	static const unsigned char uiret[] = {
		0x48, 0x83, 0xc4, 0x08,		/* add $8, %rsp: the vector */
		0xf3, 0x0f, 0x01, 0xec,		/* uiret */
	};

	(void)sig;
	(void)context;
	if (info->si_addr != bad_page)
		_exit(9);
	faults++;
	mprotect(bad_page, 65536, PROT_READ | PROT_WRITE);
	memcpy(bad_page, uiret, sizeof(uiret));
	mprotect(bad_page, 65536, PROT_READ | PROT_EXEC);
}

TEST(handler_that_is_mapped_in_time)
{
	struct sigaction act = { .sa_sigaction = map_handler, .sa_flags = SA_SIGINFO };
	int index;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	bad_page = no_access();
	ASSERT_EQ(0, sigaction(SIGSEGV, &act, NULL));
	ASSERT_EQ(0, uintr_register_handler(bad_page, 0));
	index = uintr_self_sender(0);
	ASSERT_LE(0, index);
	_stui();
	_senduipi(index);
	ASSERT_TRUE(spin_until(faults == 1));
	EXPECT_EQ(1, _testui());
	/* Where it was interrupted it goes on, and the next time there is no fault. */
	_senduipi(index);
	_clui();
	EXPECT_EQ(1, faults);
}

TEST_HARNESS_MAIN
