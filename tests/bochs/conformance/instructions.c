// SPDX-License-Identifier: GPL-2.0
/*
 * CLUI, STUI, TESTUI, UIRET and SENDUIPI: when they exist, and the flag. SDM 2, the
 * pages of these; 3A 7.2, 7.6.
 */
#include "cpu_test.h"

CPU_FIXTURE(setup_one)

static void uiret_to(__u64 rip, __u64 rflags)
{
	asm volatile("push %%rsp\n"
		     "push %1\n"
		     "push %0\n"
		     "uiret"
		     : : "r" (rip), "r" (rflags) : "memory");
}

TEST_F(cpu, without_cr4)
{
	ASSERT_EQ(0, sender());
	set_uitte(0, 0, 0);
	ASSERT_EQ(0, set_cr4(false, 0));
	EXPECT_FAULT(SIGILL, clui());
	EXPECT_FAULT(SIGILL, stui());
	EXPECT_FAULT(SIGILL, testui());
	EXPECT_FAULT(SIGILL, senduipi(0));
	EXPECT_FAULT(SIGILL, uiret_to(0, 0));
}

/* Bit 0 of IA32_UINTR_TT. */
TEST_F(cpu, senduipi_not_enabled)
{
	ASSERT_EQ(0, sender());
	set_uitte(0, 0, 0);
	ASSERT_EQ(0, write_msr(UINTR_CPU_TT, read_msr(UINTR_CPU_TT) & ~1ULL));
	EXPECT_FAULT(SIGILL, senduipi(0));
}

TEST_F(cpu, uif)
{
	EXPECT_EQ(0, testui());
	stui();
	EXPECT_EQ(1, testui());
	stui();
	EXPECT_EQ(1, testui());
	clui();
	EXPECT_EQ(0, testui());
}

TEST_F(cpu, flags_of_testui)
{
	__u64 rflags;

	/* Before it, all of them are set. */
	asm volatile("pushf; orl %1, (%%rsp); popf; testui; pushf; pop %0"
		     : "=r" (rflags) : "i" (RFLAGS_STATUS) : "cc", "memory");
	EXPECT_EQ(0, rflags & RFLAGS_STATUS);
	stui();
	asm volatile("pushf; andl %1, (%%rsp); popf; testui; pushf; pop %0"
		     : "=r" (rflags) : "i" (~RFLAGS_STATUS) : "cc", "memory");
	EXPECT_EQ(RFLAGS_CF, rflags & RFLAGS_STATUS);
	clui();
}

/* Without a handler, too: it takes RIP, RFLAGS and RSP from the stack. */
TEST_F(cpu, uiret)
{
	__u64 stack[64], before, after = 0, rflags = 0;
	__u64 *top = &stack[32];

	asm volatile("mov %%rsp, %[before]\n"
		     "mov %[top], %%rsp\n"
		     "push %[before]\n"		/* RSP */
		     "pushf\n"			/* RFLAGS, with DF and CF */
		     "orl %[flags], (%%rsp)\n"
		     "lea 1f(%%rip), %[after]\n"
		     "push %[after]\n"		/* RIP */
		     "clc\n"
		     "uiret\n"
		     "ud2\n"
		     "1: pushf\n"
		     "pop %[rflags]\n"
		     "cld\n"
		     "mov %%rsp, %[after]\n"
		     : [before] "=&r" (before), [after] "=&r" (after), [rflags] "=&r" (rflags),
		       [top] "+&r" (top)
		     : [flags] "i" (RFLAGS_DF | RFLAGS_CF) : "cc", "memory");
	EXPECT_EQ(before, after);
	EXPECT_EQ(RFLAGS_DF | RFLAGS_CF, rflags & (RFLAGS_DF | RFLAGS_CF));
	EXPECT_EQ(1, testui());
	clui();
}

/* Only the flags that a program may change: IF and IOPL are not. */
TEST_F(cpu, flags_of_uiret)
{
	__u64 rflags;

	asm volatile("mov %%rsp, %%rcx\n"
		     "push %%rcx\n"
		     "pushf\n"
		     "andl %[clear], (%%rsp)\n"
		     "orl %[set], (%%rsp)\n"
		     "lea 1f(%%rip), %%rdx\n"
		     "push %%rdx\n"
		     "uiret\n"
		     "1: pushf\n"
		     "pop %[rflags]\n"
		     : [rflags] "=r" (rflags)
		     : [clear] "i" (~RFLAGS_IF), [set] "i" (RFLAGS_IOPL)
		     : "rcx", "rdx", "cc", "memory");
	EXPECT_EQ(RFLAGS_IF, rflags & (RFLAGS_IF | RFLAGS_IOPL));
	clui();
}

TEST_F(cpu, uiret_to_no_address)
{
	EXPECT_FAULT(SIGSEGV, uiret_to(NOT_CANONICAL, 2));
	EXPECT_EQ(0, testui());
}

TEST_HARNESS_MAIN
