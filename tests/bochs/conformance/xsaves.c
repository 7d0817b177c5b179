// SPDX-License-Identifier: GPL-2.0
/*
 * XSAVES and XRSTORS of the UINTR state. SDM 1 13.5.11, 13.11, 13.12.
 *
 * checkpatch: BIT_MACRO: a program has none
 * checkpatch: MACRO_ARG_PRECEDENCE: the name of a field
 */
#include "cpu_test.h"

CPU_FIXTURE(setup_one)

#define UINTR		(1ULL << UINTR_CPU_XSTATE)
#define YMM		(1ULL << 2)
#define YMM_SIZE	256
#define COMPACTED	(1ULL << 63)
#define UIF		(1ULL << 63)	/* of what else is MISC */

/* The component, as it is in memory. */
struct uintr_state {
	__u64 handler, stackadjust, misc, pd, rr, tt;
};

static struct uintr_cpu_image image;

static __u64 *header(void)
{
	return (__u64 *)(image.area + 512);
}

/* Where it is, with nothing before it. */
static struct uintr_state *state(void)
{
	return (struct uintr_state *)(image.area + 576);
}

static int xsaves(void)
{
	memset(&image, 0, sizeof(image));
	memset(image.area, 0xa5, sizeof(image.area));
	memset(header(), 0, 64);
	image.mask = UINTR;
	return call(UINTR_CPU_XSAVES, &image);
}

static int xrstors(void)
{
	image.mask = UINTR;
	return call(UINTR_CPU_XRSTORS, &image);
}

/* An image of a state that is as good as any. */
static void make_image(void)
{
	memset(&image, 0, sizeof(image));
	header()[0] = UINTR;
	header()[1] = COMPACTED | UINTR;
	state()->handler = (__u64)see_0;
	state()->stackadjust = RED_ZONE;
	state()->misc = misc(vector, UITTSZ);
	state()->pd = upid_address(0);
	state()->tt = page_kernel;
}

TEST_F(cpu, image)
{
	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	ASSERT_EQ(0, write_msr(UINTR_CPU_RR, 1 << 9));
	ASSERT_EQ(0, xsaves());
	EXPECT_EQ(UINTR, header()[0]);
	EXPECT_EQ(COMPACTED | UINTR, header()[1]);
	EXPECT_EQ((__u64)see_0, state()->handler);
	EXPECT_EQ(RED_ZONE, state()->stackadjust);
	EXPECT_EQ(misc(vector, UITTSZ), state()->misc);
	EXPECT_EQ(upid_address(0), state()->pd);
	EXPECT_EQ(1 << 9, state()->rr);
	EXPECT_EQ(read_msr(UINTR_CPU_TT), state()->tt);
}

TEST_F(cpu, uif_in_image)
{
	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	stui();
	ASSERT_EQ(0, xsaves());
	EXPECT_EQ(UIF | misc(vector, UITTSZ), state()->misc);
	EXPECT_EQ(1, testui());
	clui();
}

/* UINV, so that what comes meanwhile is not lost; nothing else. */
TEST_F(cpu, xsaves_clears_uinv)
{
	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	ASSERT_EQ(0, xsaves());
	EXPECT_EQ(misc(0, UITTSZ), read_msr(UINTR_CPU_MISC));
	EXPECT_EQ((__u64)see_0, read_msr(UINTR_CPU_HANDLER));
	EXPECT_EQ(upid_address(0), read_msr(UINTR_CPU_PD));
}

/* It is executed again after that. */
TEST_F(cpu, uinv_after_a_fault)
{
	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	memset(&image, 0, sizeof(image));
	image.mask = UINTR;
	image.legacy_unmapped = 1;
	ASSERT_EQ(EIO, call(UINTR_CPU_XSAVES, &image));
	EXPECT_EQ(misc(vector, UITTSZ), read_msr(UINTR_CPU_MISC));
}

/* Nothing is written of what is as it was after a reset. */
TEST_F(cpu, initial_state)
{
	ASSERT_EQ(0, xsaves());
	EXPECT_EQ(0, header()[0]);
	EXPECT_EQ(COMPACTED | UINTR, header()[1]);
	EXPECT_EQ(0xa5a5a5a5a5a5a5a5, state()->handler);
}

TEST_F(cpu, restored)
{
	make_image();
	state()->rr = 1 << 3;
	ASSERT_EQ(0, xrstors());
	EXPECT_EQ((__u64)see_0, read_msr(UINTR_CPU_HANDLER));
	EXPECT_EQ(RED_ZONE, read_msr(UINTR_CPU_STACKADJUST));
	EXPECT_EQ(misc(vector, UITTSZ), read_msr(UINTR_CPU_MISC));
	EXPECT_EQ(upid_address(0), read_msr(UINTR_CPU_PD));
	EXPECT_EQ(1 << 3, read_msr(UINTR_CPU_RR));
	EXPECT_EQ(page_kernel, read_msr(UINTR_CPU_TT));
	EXPECT_EQ(0, testui());
	EXPECT_EQ(0, seen[0].count);
}

TEST_F(cpu, restored_pending)
{
	make_image();
	state()->rr = 1 << 3;
	state()->misc |= UIF;
	ASSERT_EQ(0, xrstors());
	EXPECT_EQ(1, seen[0].count);
	EXPECT_EQ(3, seen[0].vector[0]);
	EXPECT_EQ(1, testui());
	clui();
}

TEST_F(cpu, restored_not_pending)
{
	ASSERT_EQ(0, write_msr(UINTR_CPU_RR, 1 << 3));
	make_image();
	state()->misc |= UIF;
	ASSERT_EQ(0, xrstors());
	EXPECT_EQ(0, seen[0].count);
	clui();
}

/* A component of the image that is not asked for has its place there. */
TEST_F(cpu, behind_another_component)
{
	struct uintr_state good;

	make_image();
	good = *state();
	memset(image.area + 576, 0, YMM_SIZE);
	memcpy(image.area + 576 + YMM_SIZE, &good, sizeof(good));
	header()[0] = UINTR | YMM;
	header()[1] = COMPACTED | UINTR | YMM;
	ASSERT_EQ(0, xrstors());
	EXPECT_EQ((__u64)see_0, read_msr(UINTR_CPU_HANDLER));
	EXPECT_EQ(misc(vector, UITTSZ), read_msr(UINTR_CPU_MISC));
	EXPECT_EQ(page_kernel, read_msr(UINTR_CPU_TT));
}

TEST_F(cpu, uinv_must_be_zero)
{
	make_image();
	ASSERT_EQ(0, write_msr(UINTR_CPU_MISC, misc(1, 0)));
	EXPECT_EQ(EIO, xrstors());
	EXPECT_EQ(0, read_msr(UINTR_CPU_HANDLER));
	EXPECT_EQ(misc(1, 0), read_msr(UINTR_CPU_MISC));
}

/* #GP, and what was loaded until then does not receive. */
#define EXPECT_REFUSED(field, value)					\
	do {								\
		make_image();						\
		state()->field = (value);				\
		EXPECT_EQ(EIO, xrstors());				\
		EXPECT_EQ(0, read_msr(UINTR_CPU_MISC) >> 32);		\
		write_msr(UINTR_CPU_MISC, 0);				\
	} while (0)

TEST_F(cpu, refused_addresses)
{
	EXPECT_REFUSED(handler, NOT_CANONICAL);
	EXPECT_REFUSED(stackadjust, NOT_CANONICAL);
	EXPECT_REFUSED(pd, NOT_CANONICAL);
	EXPECT_REFUSED(tt, NOT_CANONICAL);
}

TEST_F(cpu, refused_reserved_bits)
{
	unsigned int bit;

	for (bit = 40; bit < 63; bit++)
		EXPECT_REFUSED(misc, misc(vector, UITTSZ) | 1ULL << bit);
	for (bit = 0; bit < 6; bit++)
		EXPECT_REFUSED(pd, upid_address(0) | 1ULL << bit);
	for (bit = 1; bit < 4; bit++)
		EXPECT_REFUSED(tt, page_kernel | 1ULL << bit);
}

TEST_F(cpu, initialized)
{
	unsigned int msr;

	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	stui();
	ASSERT_EQ(0, xsaves());
	header()[0] = 0;
	ASSERT_EQ(0, xrstors());
	for (msr = UINTR_CPU_RR; msr <= UINTR_CPU_TT; msr++)
		EXPECT_EQ(0, read_msr(msr));
	EXPECT_EQ(0, testui());
}

/* What was pending is gone, also when the state is set up again. */
TEST_F(cpu, initialized_pending)
{
	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	ASSERT_EQ(0, write_msr(UINTR_CPU_RR, 1 << 6));
	ASSERT_EQ(0, xsaves());
	header()[0] = 0;
	ASSERT_EQ(0, xrstors());
	ASSERT_EQ(0, to_itself(see_0, RED_ZONE));
	stui();
	asm volatile("nop");
	clui();
	EXPECT_EQ(0, seen[0].count);
	EXPECT_EQ(0, read_msr(UINTR_CPU_RR));
}

TEST_HARNESS_MAIN
