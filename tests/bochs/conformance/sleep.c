// SPDX-License-Identifier: GPL-2.0
/*
 * What ends HLT and TPAUSE. SDM 3A 7.4.2, 7.5.2.
 *
 * checkpatch: VOLATILE: the other CPU writes it
 */
#include "cpu_test.h"

CPU_FIXTURE(setup_two)

#define ENTRY	10
#define TICKS	1000000		/* 20 ms */
/* That many HLTs the timer and others may end in this time, but no more. */
#define FEW	40

static struct uintr_cpu_halt other_halt;
static volatile __u64 other_rr;
static volatile bool halting;

static void halt(void)
{
	other_halt.ticks = TICKS;
	halting = true;
	other_fails |= call(UINTR_CPU_HALT, &other_halt) != 0;
	other_rr = read_msr(UINTR_CPU_RR);
}

static void receive(void)
{
	other_fails |= receiver(1, see_1, RED_ZONE) != 0;
}

/* A user interrupt is nothing for CPL 0: pending ones do not keep it awake. */
static void halt_with_pending(void)
{
	other_fails |= write_msr(UINTR_CPU_RR, 1) != 0;
	halt();
}

TEST_F(cpu, hlt_with_pending)
{
	other_run(halt_with_pending);
	ASSERT_EQ(0, other_fails);
	EXPECT_LE(other_halt.halts, FEW);
	EXPECT_LE(1, other_halt.halts);
}

/* After the processing of a notification the CPU halts again. */
TEST_F(cpu, hlt_with_notifications)
{
	unsigned int i;

	set_uitte(ENTRY, 1, 3);
	ASSERT_EQ(0, sender());
	other_run(receive);
	other_start(halt);
	while (!halting)
		asm volatile("pause");
	for (i = 0; i < 100; i++) {
		wait_ticks(TICKS / 200);
		senduipi(ENTRY);
	}
	other_wait();
	ASSERT_EQ(0, other_fails);
	EXPECT_EQ(0, upid(1)->control & UPID_ON);
	EXPECT_LE(other_halt.halts, FEW);
	EXPECT_EQ(1 << 3, other_rr);
}

static volatile __u64 paused;
static volatile unsigned int pauses;

/*
 * Each for as long as the kernel lets it, some 100000 ticks, unless something
 * ends it before: each interrupt does, the timer's too.
 */
static void pause_with_uif(void)
{
	__u64 begin, deadline;

	stui();
	begin = tsc();
	deadline = begin + TICKS;
	pauses = 0;
	halting = true;
	do {
		asm volatile("tpause %%ecx"
			     : : "c" (0), "a" ((__u32)deadline), "d" ((__u32)(deadline >> 32))
			     : "cc", "memory");
		pauses++;
	} while (!seen[1].count && tsc() < deadline);
	paused = tsc() - begin;
	clui();
}

/* It ends TPAUSE. */
TEST_F(cpu, tpause)
{
	set_uitte(ENTRY, 1, 3);
	ASSERT_EQ(0, sender());
	other_run(receive);
	other_start(pause_with_uif);
	while (!halting)
		asm volatile("pause");
	wait_ticks(5000);
	senduipi(ENTRY);
	other_wait();
	EXPECT_EQ(1, seen[1].count);
	EXPECT_LE(5000, paused);
	EXPECT_LE(paused, 50000);
	EXPECT_LE(pauses, 5);
}

TEST_HARNESS_MAIN
