// SPDX-License-Identifier: GPL-2.0
/*
 * On which stack the handler runs: on the thread's, below what that may use without
 * moving its stack pointer, or on one of its own.
 *
 * checkpatch: PREFER_DEFINED_ATTRIBUTE_MACRO: user space has no such macros
 */
#include "uintr_test.h"

#define STACK_SIZE 16384
#define FILL 0x5a

static unsigned char stack[STACK_SIZE] __attribute__((aligned(64)));
static unsigned long long frame_at;
static unsigned long long interrupted_sp;
static atomic_int done;

static UINTR_HANDLER void note_stack(struct __uintr_frame *frame, unsigned long long vector)
{
	(void)vector;
	frame_at = (unsigned long long)frame;
	interrupted_sp = frame->rsp;
	atomic_fetch_add(&done, 1);
}

static bool deliver(int index)
{
	int before = done;

	_senduipi(index);
	return spin_until(done == before + 1);
}

static bool on(const unsigned char *s, size_t size)
{
	return frame_at >= (unsigned long)s && frame_at < (unsigned long)s + size;
}

FIXTURE(alt)
{
	int index;
};

FIXTURE_SETUP(alt)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	memset(stack, FILL, sizeof(stack));
	ASSERT_EQ(0, uintr_register_handler(note_stack, 0));
	self->index = uintr_self_sender(0);
	ASSERT_LE(0, self->index);
	_stui();
}

FIXTURE_TEARDOWN(alt) { }

TEST_F(alt, own_stack)
{
	ASSERT_TRUE(deliver(self->index));
	EXPECT_LE(frame_at, interrupted_sp - 128);
	EXPECT_GE(frame_at, interrupted_sp - 256);
}

TEST_F(alt, alt_stack)
{
	int i;

	ASSERT_EQ(0, uintr_alt_stack(stack, STACK_SIZE, 0));
	for (i = 0; i < 100; i++) {
		ASSERT_TRUE(deliver(self->index));
		ASSERT_TRUE(on(stack, STACK_SIZE));
		/* At its upper end. */
		ASSERT_LT((unsigned long)stack + STACK_SIZE - 256, frame_at);
		ASSERT_FALSE(interrupted_sp >= (unsigned long)stack &&
			     interrupted_sp < (unsigned long)stack + STACK_SIZE);
	}
	/* Not more of it than that. */
	for (i = 0; i < STACK_SIZE - 4096; i++)
		ASSERT_EQ(FILL, stack[i]);
}

/* An end that is not aligned is none of the CPU's business. */
TEST_F(alt, not_aligned)
{
	int i;

	for (i = 1; i < 16; i++) {
		memset(stack, FILL, sizeof(stack));
		ASSERT_EQ(0, uintr_alt_stack(stack + 64 + i, 4096, 0));
		ASSERT_TRUE(deliver(self->index));
		ASSERT_TRUE(on(stack + 64 + i, 4096));
		/* Nothing above its end was written. */
		ASSERT_EQ(FILL, stack[64 + i + 4096]);
		ASSERT_EQ(0, frame_at % 8);
	}
}

TEST_F(alt, and_back)
{
	int i;

	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, uintr_alt_stack(stack, STACK_SIZE, 0));
		ASSERT_TRUE(deliver(self->index));
		ASSERT_TRUE(on(stack, STACK_SIZE));
		ASSERT_EQ(0, uintr_alt_stack(NULL, 0, 0));
		ASSERT_TRUE(deliver(self->index));
		ASSERT_FALSE(on(stack, STACK_SIZE));
		ASSERT_LE(frame_at, interrupted_sp - 128);
	}
}

/* That of a handler which has gone is not that of the next one. */
TEST_F(alt, not_of_the_next_handler)
{
	ASSERT_EQ(0, uintr_alt_stack(stack, STACK_SIZE, 0));
	ASSERT_EQ(0, uintr_unregister_handler(0));
	ASSERT_EQ(0, uintr_register_handler(note_stack, 0));
	ASSERT_TRUE(deliver(self->index));
	EXPECT_FALSE(on(stack, STACK_SIZE));
}

/* It is kept over context switches, and by system calls that end with a delivery. */
TEST_F(alt, kept)
{
	int i;

	ASSERT_EQ(0, uintr_alt_stack(stack, STACK_SIZE, 0));
	for (i = 0; i < 50; i++) {
		ASSERT_TRUE(pin_to_cpu(usable_cpu(i % 2) < 0 ? usable_cpu(0) :
				       usable_cpu(i % 2)));
		sched_yield();
		ASSERT_TRUE(deliver(self->index));
		ASSERT_TRUE(on(stack, STACK_SIZE));
	}
}

/* What a function has below its stack pointer stays as it is. */
TEST_F(alt, red_zone)
{
	unsigned long wrong = 0, spins = MAX_SPINS;
	unsigned long index = self->index;
	int expected = done + 1;

	/* 16 words below the stack pointer, of which the caller itself uses none here. */
	asm volatile("	sub	$256, %%rsp\n"
		     "	mov	$-128, %%rax\n"
		     "1:	mov	%%rax, (%%rsp,%%rax)\n"
		     "	add	$8, %%rax\n"
		     "	jnz	1b\n"
		     "	senduipi %[index]\n"
		     "2:	pause\n"
		     "	dec	%[spins]\n"
		     "	jz	3f\n"
		     "	cmp	%[expected], %[done]\n"
		     "	jne	2b\n"
		     "3:	mov	$-128, %%rax\n"
		     "4:	mov	%%rax, %%rdx\n"
		     "	xor	(%%rsp,%%rax), %%rdx\n"
		     "	or	%%rdx, %[wrong]\n"
		     "	add	$8, %%rax\n"
		     "	jnz	4b\n"
		     "	add	$256, %%rsp\n"
		     : [wrong] "+r" (wrong), [spins] "+r" (spins)
		     : [index] "r" (index), [expected] "r" (expected), [done] "m" (done)
		     : "rax", "rdx", "memory", "cc");
	ASSERT_EQ(expected, done);
	EXPECT_EQ(0, wrong);
}

TEST_HARNESS_MAIN
