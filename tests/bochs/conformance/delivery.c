// SPDX-License-Identifier: GPL-2.0
/*
 * User interrupts of a CPU to itself: when they are delivered, what the handler finds,
 * and how it returns. SDM 3A 7.4.
 */
#include "cpu_test.h"

#include <sys/wait.h>

CPU_FIXTURE(setup_one)

#define PAGE 4096

static void deliver(unsigned int v)
{
	clui();
	senduipi(v);
	wait_ticks(A_WHILE);
	stui();
	asm volatile("nop");
}

TEST_F(cpu, waits_for_uif)
{
	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	senduipi(5);
	wait_ticks(A_WHILE);
	EXPECT_EQ(0, seen[0].count);
	EXPECT_EQ(1 << 5, read_msr(UINTR_CPU_RR));
	EXPECT_EQ(0, upid(0)->pir);
	EXPECT_EQ(0, upid(0)->control & UPID_ON);
	/* At the boundary right after STUI: CLUI does not come first. */
	asm volatile("stui; clui" : : : "memory");
	EXPECT_EQ(1, seen[0].count);
	EXPECT_EQ(5, seen[0].vector[0]);
	EXPECT_EQ(0, read_msr(UINTR_CPU_RR));
}

TEST_F(cpu, at_once)
{
	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	stui();
	senduipi(7);
	wait_ticks(A_WHILE);
	clui();
	EXPECT_EQ(1, seen[0].count);
	EXPECT_EQ(7, seen[0].vector[0]);
}

TEST_F(cpu, uif_in_handler_and_after)
{
	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	seen[0].uif = 9;
	deliver(1);
	EXPECT_EQ(0, seen[0].uif);
	EXPECT_EQ(1, testui());
	clui();
}

TEST_F(cpu, wrmsr_of_uirr)
{
	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	stui();
	ASSERT_EQ(0, write_msr(UINTR_CPU_RR, 1ULL << 63));
	clui();
	EXPECT_EQ(1, seen[0].count);
	EXPECT_EQ(63, seen[0].vector[0]);
}

TEST_F(cpu, highest_vector_first)
{
	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	ASSERT_EQ(0, write_msr(UINTR_CPU_RR, 1ULL << 63 | 1ULL << 40 | 1ULL << 20 | 1));
	stui();
	asm volatile("nop; nop; nop; nop");
	clui();
	ASSERT_EQ(4, seen[0].count);
	EXPECT_EQ(63, seen[0].vector[0]);
	EXPECT_EQ(40, seen[0].vector[1]);
	EXPECT_EQ(20, seen[0].vector[2]);
	EXPECT_EQ(0, seen[0].vector[3]);
}

/* What the frame has, and that all is as before when it has returned. */
TEST_F(cpu, frame)
{
	__u64 rsp, rsp_after, rip, rflags;

	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	senduipi(3);
	wait_ticks(A_WHILE);
	asm volatile("mov %%rsp, %[rsp]\n"
		     "lea 1f(%%rip), %[rip]\n"
		     "stc\n"
		     "stui\n"
		     "1: pushf\n"
		     "pop %[rflags]\n"
		     "mov %%rsp, %[after]\n"
		     : [rsp] "=&r" (rsp), [rip] "=&r" (rip), [rflags] "=&r" (rflags),
		       [after] "=&r" (rsp_after) : : "cc", "memory");
	clui();
	ASSERT_EQ(1, seen[0].count);
	EXPECT_EQ(rip, seen[0].rip);
	EXPECT_EQ(rsp, seen[0].rsp);
	EXPECT_EQ(rsp, rsp_after);
	EXPECT_EQ(RFLAGS_CF, seen[0].rflags & RFLAGS_CF);
	EXPECT_EQ(rflags, seen[0].rflags);
}

/* Four times eight bytes below a multiple of 16, below what was to be kept free. */
TEST_F(cpu, stackadjust)
{
	static const __u64 adjust[] = { 0, 128, 4096, 1000 };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, to_itself(see_0, adjust[i]));
		deliver(i);
		EXPECT_EQ(((seen[0].rsp - adjust[i]) & ~15ULL) - 32, seen[0].frame);
	}
	clui();
	EXPECT_EQ(4, seen[0].count);
}

TEST_F(cpu, other_stack)
{
	static char stack[16384];
	unsigned int odd;

	for (odd = 1; odd < 16; odd += 2) {
		__u64 top = (((__u64)stack + sizeof(stack)) & ~15ULL) - 64 + odd;

		ASSERT_EQ(0, to_itself(see_0, top));
		deliver(odd);
		EXPECT_EQ((top & ~15ULL) - 32, seen[0].frame);
	}
	clui();
	EXPECT_EQ(8, seen[0].count);
}

HANDLER static void change_flags(struct __uintr_frame *frame, unsigned long long v)
{
	(void)v;
	frame->rflags ^= RFLAGS_CF | RFLAGS_ZF;
}

TEST_F(cpu, rflags_of_the_frame)
{
	__u64 rflags;

	ASSERT_EQ(0, to_itself(change_flags, RED_ZONE));
	senduipi(3);
	wait_ticks(A_WHILE);
	asm volatile("xor %%eax, %%eax\n"	/* ZF, but not CF */
		     "stui\n"
		     "pushf\n"
		     "pop %[rflags]\n"
		     : [rflags] "=r" (rflags) : : "rax", "cc", "memory");
	clui();
	EXPECT_EQ(RFLAGS_CF, rflags & (RFLAGS_CF | RFLAGS_ZF));
}

/* The first write to the handler's stack is a page fault, after which it goes on. */
TEST_F(cpu, stack_not_there_yet)
{
	char *fresh = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, fresh);
	ASSERT_EQ(0, to_itself(see_0, (__u64)fresh + 3 * PAGE + 1));
	deliver(11);
	clui();
	EXPECT_EQ(1, seen[0].count);
	EXPECT_EQ(11, seen[0].vector[0]);
	EXPECT_EQ((__u64)fresh + 3 * PAGE - 32, seen[0].frame);
}

TEST_F(cpu, stack_at_no_address)
{
	char *nothing = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t child;

	ASSERT_NE(MAP_FAILED, nothing);
	/*
	 * It remains pending, so that the first instruction of a handler for SIGSEGV
	 * would do the same, as would anybody else's on this CPU.
	 */
	child = fork();
	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		if (stay_on(1) || to_itself(see_0, (__u64)nothing + 2 * PAGE + 1))
			_exit(1);
		deliver(11);
		_exit(seen[0].count ? 2 : 3);
	}
	ASSERT_LT(0, child);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status)) {
		TH_LOG("exit status %d", WEXITSTATUS(status));
	}
	EXPECT_EQ(SIGSEGV, WTERMSIG(status));
}

/*
 * The first instruction of the handler is a page fault: that is the handler's, not of
 * what was interrupted.
 */
TEST_F(cpu, handler_not_there_yet)
{
	static const unsigned char code[] = {
		0x48, 0x83, 0xc4, 0x08,		/* add $8, %rsp: the vector */
		0xf3, 0x0f, 0x01, 0xec,		/* uiret */
	};
	char *written, *fresh;
	int file = memfd_create("handler", 0);
	__u64 before, after;

	ASSERT_LE(0, file);
	ASSERT_EQ(0, ftruncate(file, PAGE));
	written = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	fresh = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
	ASSERT_NE(MAP_FAILED, written);
	ASSERT_NE(MAP_FAILED, fresh);
	memcpy(written, code, sizeof(code));
	ASSERT_EQ(0, to_itself((handler_fn)fresh, RED_ZONE));
	senduipi(1);
	wait_ticks(A_WHILE);
	asm volatile("mov %%rsp, %[before]\n"
		     "stui\n"
		     "nop\n"
		     "mov %%rsp, %[after]\n"
		     "mov %[before], %%rsp\n"
		     : [before] "=&r" (before), [after] "=&r" (after) : : "cc", "memory");
	EXPECT_EQ(before, after);
	/* It is as much over as UIRET makes it. */
	EXPECT_EQ(1, testui());
	clui();
	EXPECT_EQ(0, read_msr(UINTR_CPU_RR));
}

/* UIF, the privilege level and the mode are what counts: IF is not. */
TEST_F(cpu, without_if)
{
	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	ASSERT_EQ(0, write_msr(UINTR_CPU_RR, 1 << 4));
	ASSERT_EQ(0, ioctl(device, UINTR_CPU_SET_IF, 0));
	stui();
	asm volatile("nop");
	clui();
	ASSERT_EQ(0, ioctl(device, UINTR_CPU_SET_IF, 1));
	EXPECT_EQ(1, seen[0].count);
	EXPECT_EQ(RFLAGS_IF, ~seen[0].rflags & RFLAGS_IF);
}

/* Clearing CR4.UINTR stops what is pending already, */
TEST_F(cpu, without_cr4)
{
	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	stui();
	ASSERT_EQ(0, set_cr4(false, 1 << 4));
	EXPECT_EQ(0, seen[0].count);
	/* and setting it lets it go on. */
	ASSERT_EQ(0, set_cr4(true, 1 << 4));
	EXPECT_EQ(1, seen[0].count);
	clui();
}

/* Written while nobody could have it delivered. */
TEST_F(cpu, pending_before_cr4)
{
	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	stui();
	ASSERT_EQ(0, set_cr4(false, 0));
	ASSERT_EQ(0, write_msr(UINTR_CPU_RR, 1 << 4));
	EXPECT_EQ(0, seen[0].count);
	ASSERT_EQ(0, set_cr4(true, read_msr(UINTR_CPU_RR)));
	clui();
	EXPECT_EQ(1, seen[0].count);
}

TEST_F(cpu, many)
{
	unsigned int i;

	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	stui();
	for (i = 0; i < 20000; i++) {
		senduipi(i % 64);
		while (seen[0].count <= i)
			asm volatile("pause");
	}
	clui();
	EXPECT_EQ(20000, seen[0].count);
}

TEST_HARNESS_MAIN
