// SPDX-License-Identifier: GPL-2.0
/* What CPUID says of user interrupts, and the MSRs. SDM 3A 7.2, 7.3; 1 13.5.11. */
#include "cpu_test.h"

#include <cpuid.h>

CPU_FIXTURE(setup_one)

static const __u32 msrs[] = {
	UINTR_CPU_RR, UINTR_CPU_HANDLER, UINTR_CPU_STACKADJUST, UINTR_CPU_MISC,
	UINTR_CPU_PD, UINTR_CPU_TT,
};

TEST_F(cpu, cpuid)
{
	unsigned int a, b, c, d;

	ASSERT_EQ(1, __get_cpuid_count(7, 0, &a, &b, &c, &d));
	EXPECT_EQ(1 << 5, d & (1 << 5));
	/* IA32_XSS has a bit for it. */
	ASSERT_EQ(1, __get_cpuid_count(0xd, 1, &a, &b, &c, &d));
	EXPECT_EQ(1 << UINTR_CPU_XSTATE, c & (1 << UINTR_CPU_XSTATE));
	/* 48 bytes, for XSAVES only. */
	ASSERT_EQ(1, __get_cpuid_count(0xd, UINTR_CPU_XSTATE, &a, &b, &c, &d));
	EXPECT_EQ(48, a);
	EXPECT_EQ(0, b);
	EXPECT_EQ(1, c & 1);
}

TEST_F(cpu, read_what_was_written)
{
	static const __u64 values[] = {
		0xf0f0aaaa5555cccd, 0x00007ffffffff123, 0xffff8000000fff01, misc(0xa5, 0x12345678),
		0xffff800000000fc0, 0x00007ffffffffff1,
	};
	unsigned int i;

	for (i = 0; i < 6; i++)
		ASSERT_EQ(0, write_msr(msrs[i], values[i]));
	for (i = 0; i < 6; i++)
		EXPECT_EQ(values[i], read_msr(msrs[i]));
}

/* CR4.UINTR has nothing to do with them. */
TEST_F(cpu, without_cr4)
{
	unsigned int i;

	ASSERT_EQ(0, set_cr4(false, 0));
	for (i = 0; i < 6; i++) {
		EXPECT_EQ(0, write_msr(msrs[i], 0x40));
		EXPECT_EQ(0x40, read_msr(msrs[i]));
	}
}

TEST_F(cpu, canonical)
{
	static const __u32 addresses[] = {
		UINTR_CPU_HANDLER, UINTR_CPU_STACKADJUST, UINTR_CPU_PD, UINTR_CPU_TT,
	};
	unsigned int i;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, write_msr(addresses[i], 0x1000));
		EXPECT_EQ(EIO, write_msr(addresses[i], NOT_CANONICAL));
		EXPECT_EQ(0x1000, read_msr(addresses[i]));
	}
}

TEST_F(cpu, reserved_bits_of_misc)
{
	unsigned int bit;

	for (bit = 40; bit < 64; bit++)
		EXPECT_EQ(EIO, write_msr(UINTR_CPU_MISC, 1ULL << bit));
	EXPECT_EQ(0, read_msr(UINTR_CPU_MISC));
}

TEST_F(cpu, reserved_bits_of_pd)
{
	unsigned int bit;

	for (bit = 0; bit < 6; bit++)
		EXPECT_EQ(EIO, write_msr(UINTR_CPU_PD, 1ULL << bit));
	EXPECT_EQ(0, read_msr(UINTR_CPU_PD));
}

TEST_F(cpu, reserved_bits_of_tt)
{
	unsigned int bit;

	for (bit = 1; bit < 4; bit++)
		EXPECT_EQ(EIO, write_msr(UINTR_CPU_TT, 1ULL << bit));
	EXPECT_EQ(0, read_msr(UINTR_CPU_TT));
}

/* UIF shares eight bytes with it in the XSAVE area, but not here. */
TEST_F(cpu, misc_is_without_uif)
{
	ASSERT_EQ(0, write_msr(UINTR_CPU_MISC, misc(0, 7)));
	stui();
	EXPECT_EQ(misc(0, 7), read_msr(UINTR_CPU_MISC));
	EXPECT_EQ(1, testui());
	clui();
}

TEST_HARNESS_MAIN
