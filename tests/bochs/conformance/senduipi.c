// SPDX-License-Identifier: GPL-2.0
/*
 * SENDUIPI: its operand, the checks of what it reads, and what it posts and sends.
 * SDM 2, the page of SENDUIPI; 3A 7.7.
 */
#include "cpu_test.h"

CPU_FIXTURE(setup_one)

/* UPID 1 is nobody's: the CPU gets an ordinary interrupt for it, as UINV is 0. */
#define NOBODYS 1

static int to_nobody(void)
{
	upid(NOBODYS)->control = UPID_NV(vector) | UPID_NDST(cpu_info().ndst);
	upid(NOBODYS)->pir = 0;
	set_uitte(5, NOBODYS, 9);
	return sender();
}

static __u64 interrupts_of(__u64 index)
{
	__u64 before = cpu_info().interrupts;

	senduipi(index);
	wait_ticks(A_WHILE);
	return cpu_info().interrupts - before;
}

/*
 * The register is in ModRM.rm. The instruction has six in ModRM.reg, as if that were
 * RSI; and 0 stands for RAX.
 */
TEST_F(cpu, operand)
{
	__u64 good = 5, bad = ~0ULL;

	ASSERT_EQ(0, to_nobody());
	EXPECT_FAULT(0, asm volatile("senduipi %%rdi" : :
					   "D" (good), "S" (bad), "a" (bad) : "memory"));
	EXPECT_EQ(1 << 9, upid(NOBODYS)->pir);
	EXPECT_FAULT(SIGSEGV, asm volatile("senduipi %%rdi" : :
						 "D" (bad), "S" (good), "a" (good) : "memory"));
}

TEST_F(cpu, operand_with_rex)
{
	register __u64 good asm("r13") = 5;
	__u64 bad = ~0ULL;

	ASSERT_EQ(0, to_nobody());
	EXPECT_FAULT(0, asm volatile("senduipi %%r13" : :
					   "r" (good), "S" (bad), "a" (bad) : "memory"));
	EXPECT_EQ(1 << 9, upid(NOBODYS)->pir);
}

TEST_F(cpu, posts_and_sends)
{
	__u64 control;

	ASSERT_EQ(0, to_nobody());
	control = upid(NOBODYS)->control;
	EXPECT_EQ(1, interrupts_of(5));
	EXPECT_EQ(control | UPID_ON, upid(NOBODYS)->control);
	EXPECT_EQ(1 << 9, upid(NOBODYS)->pir);
}

TEST_F(cpu, no_second_notification)
{
	ASSERT_EQ(0, to_nobody());
	upid(NOBODYS)->control |= UPID_ON;
	EXPECT_EQ(0, interrupts_of(5));
	EXPECT_EQ(1 << 9, upid(NOBODYS)->pir);
}

TEST_F(cpu, suppressed)
{
	ASSERT_EQ(0, to_nobody());
	upid(NOBODYS)->control |= UPID_SN;
	upid(NOBODYS)->pir = 1;
	EXPECT_EQ(0, interrupts_of(5));
	EXPECT_EQ(UPID_SN, upid(NOBODYS)->control & (UPID_ON | UPID_SN));
	EXPECT_EQ(1 << 9 | 1, upid(NOBODYS)->pir);
}

/* Of a whole UPID, 16 bytes are the CPU's. */
TEST_F(cpu, rest_of_upid)
{
	unsigned int i;

	ASSERT_EQ(0, to_nobody());
	for (i = 0; i < 6; i++)
		upid(NOBODYS)->rest[i] = ~0ULL;
	EXPECT_EQ(1, interrupts_of(5));
	for (i = 0; i < 6; i++)
		EXPECT_EQ(~0ULL, upid(NOBODYS)->rest[i]);
}

/* An xAPIC has eight bits for it, NDST[15:8]; nothing says that others must be 0. */
TEST_F(cpu, ndst_of_xapic)
{
	ASSERT_EQ(0, to_nobody());
	if (cpu_info().x2apic)
		SKIP(return, "the APIC is in x2APIC mode");
	upid(NOBODYS)->control |= UPID_NDST(0xffff00ff);
	EXPECT_EQ(1, interrupts_of(5));
}

TEST_F(cpu, last_entry)
{
	ASSERT_EQ(0, to_nobody());
	set_uitte(UITTSZ, NOBODYS, 63);
	EXPECT_FAULT(0, senduipi(UITTSZ));
	EXPECT_EQ(1ULL << 63, upid(NOBODYS)->pir);
}

TEST_F(cpu, index_too_big)
{
	ASSERT_EQ(0, to_nobody());
	ASSERT_EQ(0, write_msr(UINTR_CPU_MISC, misc(0, 4)));
	EXPECT_FAULT(SIGSEGV, senduipi(5));
	EXPECT_FAULT(SIGSEGV, senduipi(1ULL << 32 | 4));
	EXPECT_FAULT(SIGSEGV, senduipi(~0ULL));
	EXPECT_EQ(0, upid(NOBODYS)->pir);
}

TEST_F(cpu, entry_not_valid)
{
	ASSERT_EQ(0, to_nobody());
	page->uitt[5].control &= ~UITTE_VALID;
	EXPECT_FAULT(SIGSEGV, senduipi(5));
	EXPECT_EQ(0, upid(NOBODYS)->pir);
}

TEST_F(cpu, reserved_bits_of_entry)
{
	unsigned int bit;

	ASSERT_EQ(0, to_nobody());
	for (bit = 1; bit < 64; bit++) {
		if (bit >= 8 && bit < 14)
			continue;	/* UV */
		page->uitt[5].control ^= 1ULL << bit;
		EXPECT_FAULT(SIGSEGV, senduipi(5));
		page->uitt[5].control ^= 1ULL << bit;
	}
	for (bit = 0; bit < 6; bit++) {
		page->uitt[5].upid ^= 1ULL << bit;
		EXPECT_FAULT(SIGSEGV, senduipi(5));
		page->uitt[5].upid ^= 1ULL << bit;
	}
	EXPECT_EQ(0, upid(NOBODYS)->pir);
}

TEST_F(cpu, upid_at_no_address)
{
	ASSERT_EQ(0, to_nobody());
	page->uitt[5].upid = NOT_CANONICAL;
	EXPECT_FAULT(SIGSEGV, senduipi(5));
}

TEST_F(cpu, reserved_bits_of_upid)
{
	__u64 control;
	unsigned int bit;

	ASSERT_EQ(0, to_nobody());
	control = upid(NOBODYS)->control;
	for (bit = 2; bit < 32; bit++) {
		if (bit >= 16 && bit < 24)
			continue;	/* NV */
		upid(NOBODYS)->control = control | 1ULL << bit;
		EXPECT_FAULT(SIGSEGV, senduipi(5));
		EXPECT_EQ(control | 1ULL << bit, upid(NOBODYS)->control);
	}
	EXPECT_EQ(0, upid(NOBODYS)->pir);
}

TEST_HARNESS_MAIN
