// SPDX-License-Identifier: GPL-2.0
/*
 * Notifications from another CPU: which interrupts are taken for one, and what comes
 * of it, whatever the receiver is doing. SDM 3A 7.5.
 *
 * checkpatch: VOLATILE: the other CPU writes it, or a handler
 */
#include "cpu_test.h"

CPU_FIXTURE(setup_two)

/* CPU 1 has UPID 1, and entry 10 of the table is its vector 2. */
#define ENTRY		10
#define UV		2

static void receive(void)
{
	other_fails |= receiver(1, see_1, RED_ZONE) != 0;
	stui();
}

static volatile struct uintr_cpu_info other_info;

static void note_info(void)
{
	struct uintr_cpu_info info = cpu_info();

	memcpy((void *)&other_info, &info, sizeof(info));
}

static __u64 interrupts(void)
{
	other_run(note_info);
	return other_info.interrupts;
}

static int both(void)
{
	set_uitte(ENTRY, 1, UV);
	other_run(receive);
	return other_fails ? EIO : sender();
}

static void send(void)
{
	senduipi(ENTRY);
	wait_ticks(A_WHILE);
}

TEST_F(cpu, delivered)
{
	__u64 control, before;

	ASSERT_EQ(0, both());
	control = upid(1)->control;
	before = interrupts();
	send();
	EXPECT_EQ(1, seen[1].count);
	EXPECT_EQ(UV, seen[1].vector[0]);
	/* All of the UPID is as before, and the kernel has not noticed. */
	EXPECT_EQ(control, upid(1)->control);
	EXPECT_EQ(0, upid(1)->pir);
	EXPECT_EQ(before, interrupts());
}

TEST_F(cpu, without_uif)
{
	ASSERT_EQ(0, both());
	other_run(clui);
	send();
	EXPECT_EQ(0, seen[1].count);
	EXPECT_EQ(0, upid(1)->pir);
	EXPECT_EQ(0, upid(1)->control & UPID_ON);
	other_run(stui);
	EXPECT_EQ(1, seen[1].count);
}

/* All that was posted comes with one notification. */
TEST_F(cpu, all_posted)
{
	ASSERT_EQ(0, both());
	upid(1)->pir = 1ULL << 63 | 1;
	send();
	ASSERT_EQ(3, seen[1].count);
	EXPECT_EQ(63, seen[1].vector[0]);
	EXPECT_EQ(UV, seen[1].vector[1]);
	EXPECT_EQ(0, seen[1].vector[2]);
	EXPECT_EQ(0, upid(1)->pir);
}

/* Suppressing is the senders' matter. */
TEST_F(cpu, sn_does_not_matter)
{
	ASSERT_EQ(0, both());
	set_uitte(11, 2, 0);
	/* The notification is sent for another UPID, with that vector. */
	upid(2)->control = upid(1)->control;
	upid(1)->control |= UPID_SN | UPID_ON;
	upid(1)->pir = 1 << 5;
	senduipi(11);
	wait_ticks(A_WHILE);
	EXPECT_EQ(1, seen[1].count);
	EXPECT_EQ(5, seen[1].vector[0]);
	EXPECT_EQ(UPID_SN, upid(1)->control & (UPID_SN | UPID_ON));
}

static void in_kernel(void)
{
	ioctl(device, UINTR_CPU_SPIN, 20 * A_WHILE);
}

/* It is processed there, and delivered on the way out. */
TEST_F(cpu, receiver_in_kernel)
{
	ASSERT_EQ(0, both());
	other_start(in_kernel);
	wait_ticks(2 * A_WHILE);
	send();
	EXPECT_EQ(0, seen[1].count);
	EXPECT_EQ(0, upid(1)->pir);
	EXPECT_EQ(0, upid(1)->control & UPID_ON);
	other_wait();
	EXPECT_EQ(1, seen[1].count);
}

static void other_vector(void)
{
	other_fails |= write_msr(UINTR_CPU_MISC, misc(vector - 1, 0)) != 0;
}

/* An interrupt with another vector is the kernel's, and nothing is processed. */
TEST_F(cpu, other_uinv)
{
	__u64 before;

	ASSERT_EQ(0, both());
	other_run(other_vector);
	before = interrupts();
	send();
	EXPECT_EQ(before + 1, interrupts());
	EXPECT_EQ(0, seen[1].count);
	EXPECT_EQ(UPID_ON, upid(1)->control & UPID_ON);
	EXPECT_EQ(1 << UV, upid(1)->pir);
}

static void clear_cr4(void)
{
	other_fails |= set_cr4(false, 0) != 0;
}

static void set_cr4_again(void)
{
	other_fails |= set_cr4(true, 0) != 0;
}

TEST_F(cpu, without_cr4)
{
	__u64 before;

	ASSERT_EQ(0, both());
	other_run(clear_cr4);
	before = interrupts();
	send();
	EXPECT_EQ(before + 1, interrupts());
	EXPECT_EQ(1 << UV, upid(1)->pir);
	other_run(set_cr4_again);
	EXPECT_EQ(0, seen[1].count);
}

static volatile __u32 in_compat, leave_compat;

/*
 * A loop in compatibility mode. There is no stack for a handler until RSP, of which half
 * is lost there, is as it was.
 */
static void compat(void)
{
	clui();
	asm volatile("mov %%rsp, %%r12\n"
		     "mov %[ds], %%ecx\n"	/* in 64-bit mode it has none */
		     "mov %%ecx, %%ds\n"
		     "mov %[cs32], %%ecx\n"
		     "push %%rcx\n"
		     "lea 1f(%%rip), %%rcx\n"
		     "push %%rcx\n"
		     "lretq\n"
		     ".code32\n"
		     "1: movl $1, (%%edi)\n"
		     "2: pause\n"
		     "cmpl $0, (%%esi)\n"
		     "je 2b\n"
		     "ljmp %[cs64], $3f\n"
		     ".code64\n"
		     "3: mov %%r12, %%rsp\n"
		     "xor %%ecx, %%ecx\n"
		     "mov %%ecx, %%ds\n"
		     : : "D" (&in_compat), "S" (&leave_compat),
			 [cs32] "i" (0x23), [ds] "i" (0x2b), [cs64] "i" (0x33)
		     : "rcx", "r12", "cc", "memory");
	stui();
}

/*
 * A notification is one in compatibility mode, too: it is for CR4.UINTR and EFER.LMA.
 * It is delivered in 64-bit mode.
 */
TEST_F(cpu, receiver_in_compatibility_mode)
{
	__u64 before;

	ASSERT_EQ(0, both());
	before = interrupts();
	other_start(compat);
	while (!in_compat)
		asm volatile("pause");
	send();
	EXPECT_EQ(0, seen[1].count);
	EXPECT_EQ(0, upid(1)->pir);
	EXPECT_EQ(0, upid(1)->control & UPID_ON);
	leave_compat = 1;
	other_wait();
	EXPECT_EQ(1, seen[1].count);
	EXPECT_EQ(before, interrupts());
}

static volatile int error_signal;
static volatile __u64 error_code;

static void other_sends(void)
{
	other_fails |= sender() != 0;
	clui();
}

static void fault_of_index(void)
{
	error_signal = FAULT_OF(senduipi(~0ULL));
	error_code = fault_error;
}

/* A later exception has nothing to do with it: bit 0 is "external event". */
TEST_F(cpu, error_code_after_it)
{
	ASSERT_EQ(0, both());
	other_run(other_sends);
	send();
	/* No other interrupt came to CPU 1 since then, with some luck. */
	error_code = ~0ULL;
	other_run(fault_of_index);
	EXPECT_EQ(SIGSEGV, error_signal);
	EXPECT_EQ(0, error_code);
	ASSERT_EQ(0, other_fails);
}

/* Each is answered before the next one: the interrupt has been dismissed. */
TEST_F(cpu, many)
{
	unsigned int i;

	ASSERT_EQ(0, both());
	for (i = 0; i < 20000; i++) {
		senduipi(ENTRY);
		while (seen[1].count <= i)
			asm volatile("pause");
	}
	EXPECT_EQ(20000, seen[1].count);
	EXPECT_EQ(0, upid(1)->control & UPID_ON);
}

static volatile __u64 pings, pongs;

HANDLER static void ping(struct __uintr_frame *frame, unsigned long long v)
{
	(void)frame;
	(void)v;
	pings++;
	senduipi(ENTRY);
}

HANDLER static void pong(struct __uintr_frame *frame, unsigned long long v)
{
	(void)frame;
	(void)v;
	pongs++;
	senduipi(ENTRY + 1);
}

static void receive_pong(void)
{
	other_fails |= sender() || receiver(1, pong, RED_ZONE);
	stui();
}

/* From handler to handler. */
TEST_F(cpu, ping_pong)
{
	set_uitte(ENTRY, 1, UV);
	set_uitte(ENTRY + 1, 0, UV);
	ASSERT_EQ(0, sender());
	ASSERT_EQ(0, receiver(0, ping, RED_ZONE));
	other_run(receive_pong);
	ASSERT_EQ(0, other_fails);
	stui();
	senduipi(ENTRY);
	while (pings < 10000)
		asm volatile("pause");
	clui();
	EXPECT_LE(pings, pongs);
	/* The last one is in UIRR. */
	wait_ticks(A_WHILE);
	EXPECT_EQ(pings + 1, pongs);
	EXPECT_EQ(1 << UV, read_msr(UINTR_CPU_RR));
}

TEST_HARNESS_MAIN
