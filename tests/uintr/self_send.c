// SPDX-License-Identifier: GPL-2.0
/*
 * A thread sends to itself: its handler is called for each vector, the highest one
 * first, and is told where the thread was.
 *
 * checkpatch: PREFER_DEFINED_ATTRIBUTE_MACRO: user space has no such macros
 */
#include "uintr_test.h"

/* What the handler saw. */
static struct {
	unsigned long long rip, rsp, own_rsp;
	int uif;
	int nr;
	unsigned char vector[UINTR_VECTORS];
} seen;
static atomic_int done;

static UINTR_HANDLER void note_uintr(struct __uintr_frame *frame, unsigned long long vector)
{
	seen.rip = frame->rip;
	seen.rsp = frame->rsp;
	seen.own_rsp = (unsigned long long)frame;
	seen.uif = _testui();
	seen.vector[seen.nr++ % UINTR_VECTORS] = vector;
	atomic_fetch_add(&done, 1);
}

FIXTURE(self) { };

FIXTURE_SETUP(self)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, uintr_register_handler(note_uintr, 0));
}

FIXTURE_TEARDOWN(self) { }

TEST_F(self, each_vector)
{
	int index, vector;

	_stui();
	for (vector = 0; vector < UINTR_VECTORS; vector++) {
		index = uintr_self_sender(vector);
		ASSERT_LE(0, index);
		_senduipi(index);
		ASSERT_TRUE(spin_until(done == vector + 1));
		ASSERT_EQ(vector, seen.vector[vector]);
	}
	EXPECT_EQ(UINTR_VECTORS, seen.nr);
}

TEST_F(self, again_and_again)
{
	int index = uintr_self_sender(5);
	int i;

	ASSERT_LE(0, index);
	_stui();
	for (i = 1; i <= 20000; i++) {
		_senduipi(index);
		ASSERT_TRUE(spin_until(done == i));
	}
	EXPECT_EQ(20000, seen.nr);
}

TEST_F(self, highest_first)
{
	static const int vectors[] = { 17, 63, 0, 40 };
	int i, index[4];

	for (i = 0; i < 4; i++) {
		index[i] = uintr_self_sender(vectors[i]);
		ASSERT_LE(0, index[i]);
	}
	for (i = 0; i < 4; i++)
		_senduipi(index[i]);
	ASSERT_TRUE(uintr_arrived());
	ASSERT_EQ(0, done);
	_stui();
	ASSERT_TRUE(spin_until(done == 4));
	EXPECT_EQ(63, seen.vector[0]);
	EXPECT_EQ(40, seen.vector[1]);
	EXPECT_EQ(17, seen.vector[2]);
	EXPECT_EQ(0, seen.vector[3]);
}

/* Two of one vector are one, until the first one was delivered. */
TEST_F(self, one_until_delivered)
{
	int index = uintr_self_sender(9);

	ASSERT_LE(0, index);
	_senduipi(index);
	ASSERT_TRUE(uintr_arrived());
	_senduipi(index);
	ASSERT_TRUE(uintr_arrived());
	_stui();
	ASSERT_TRUE(spin_until(done == 1));
	_clui();
	ASSERT_TRUE(uintr_nothing_left());
	EXPECT_EQ(1, seen.nr);
}

TEST_F(self, frame)
{
	unsigned long first, last, sp;
	long index = uintr_self_sender(1);
	long spins = MAX_SPINS;

	ASSERT_LE(0, index);
	_stui();
	/* The thread is nowhere else while it waits. */
	asm volatile("	lea	1f(%%rip), %[first]\n"
		     "	lea	2f(%%rip), %[last]\n"
		     "	mov	%%rsp, %[sp]\n"
		     "1:	senduipi %[index]\n"
		     "3:	pause\n"
		     "	dec	%[spins]\n"
		     "	jz	2f\n"
		     "	cmpl	$0, %[done]\n"
		     "	je	3b\n"
		     "2:	nop\n"
		     : [first] "=&r" (first), [last] "=&r" (last), [sp] "=&r" (sp),
		       [spins] "+r" (spins)
		     : [index] "r" (index), [done] "m" (done)
		     : "memory", "cc");
	ASSERT_EQ(1, done);
	EXPECT_LE(first, seen.rip);
	EXPECT_GE(last, seen.rip);
	EXPECT_EQ(sp, seen.rsp);
	/* What is pushed leaves what the thread may use below its stack pointer. */
	EXPECT_LE(seen.own_rsp, sp - 128);
	EXPECT_GE(seen.own_rsp, sp - 256);
}

TEST_F(self, uif_is_clear_in_the_handler)
{
	int index = uintr_self_sender(1);

	ASSERT_LE(0, index);
	_stui();
	seen.uif = -1;
	_senduipi(index);
	ASSERT_TRUE(spin_until(done == 1));
	EXPECT_EQ(0, seen.uif);
	EXPECT_EQ(1, _testui());
}

TEST_HARNESS_MAIN
