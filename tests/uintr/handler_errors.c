// SPDX-License-Identifier: GPL-2.0
/*
 * What uintr_register_handler(), uintr_unregister_handler() and uintr_alt_stack() refuse.
 *
 * checkpatch: PREFER_DEFINED_ATTRIBUTE_MACRO: user space has no such macros
 */
#include "uintr_test.h"

/* The first address that is none of user space, with 4 levels of page tables. */
#define USER_END 0x800000000000UL

FIXTURE(errors) { };

FIXTURE_SETUP(errors)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
}

FIXTURE_TEARDOWN(errors) { }

TEST_F(errors, einval_flags)
{
	ASSERT_ERRNO(EINVAL, uintr_register_handler(count_uintr, 1));
	ASSERT_ERRNO(EINVAL, uintr_register_handler(count_uintr, ~0U));
	ASSERT_ERRNO(EINVAL, uintr_register_handler(NULL, 1));
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	ASSERT_ERRNO(EINVAL, uintr_unregister_handler(1));
	/* It is there still. */
	EXPECT_EQ(0, uintr_unregister_handler(0));
}

TEST_F(errors, efault)
{
	ASSERT_ERRNO(EFAULT, uintr_register_handler(NULL, 0));
	ASSERT_ERRNO(EFAULT, uintr_register_handler((void *)(1UL << 63), 0));
	ASSERT_ERRNO(EFAULT, uintr_register_handler((void *)~0UL, 0));
	ASSERT_ERRNO(EFAULT, uintr_register_handler((void *)0xffff888000000000UL, 0));
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
}

/* Not canonical, or mapped by a CPU that has 5 levels: the kernel does not stumble. */
TEST_F(errors, end_of_user_space)
{
	long ret = uintr_register_handler((void *)USER_END, 0);

	ASSERT_TRUE(ret ? errno == EFAULT : !uintr_unregister_handler(0));
	EXPECT_EQ(0, uintr_register_handler(count_uintr, 0));
}

TEST_F(errors, ebusy)
{
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	ASSERT_ERRNO(EBUSY, uintr_register_handler(count_uintr, 0));
	ASSERT_EQ(0, uintr_unregister_handler(0));
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	ASSERT_ERRNO(EBUSY, uintr_register_handler(count_uintr, 0));
}

TEST_F(errors, unregister_einval)
{
	ASSERT_ERRNO(EINVAL, uintr_unregister_handler(0));
	ASSERT_LE(0, uintr_vector_fd(0, 0));
	ASSERT_ERRNO(EINVAL, uintr_unregister_handler(0));
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	ASSERT_EQ(0, uintr_unregister_handler(0));
	ASSERT_ERRNO(EINVAL, uintr_unregister_handler(0));
}

/* Each thread has one of its own. */
TEST_F(errors, of_another_thread)
{
	struct receiver r = { .cpu = -1 };

	ASSERT_TRUE(receiver_start(&r));
	ASSERT_ERRNO(EINVAL, uintr_unregister_handler(0));
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	EXPECT_TRUE(uintr_send_acked(r.index[0], &uintr_handled[0]));
	EXPECT_TRUE(receiver_stop(&r));
}

static atomic_int second_handled;

static UINTR_HANDLER void second(struct __uintr_frame *frame, unsigned long long vector)
{
	(void)frame;
	(void)vector;
	atomic_fetch_add(&second_handled, 1);
}

/* A new one takes over. */
TEST_F(errors, another_handler)
{
	int index = uintr_self_sender(0);
	int i;

	ASSERT_LE(0, index);
	_stui();
	for (i = 1; i <= 100; i++) {
		ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
		ASSERT_TRUE(uintr_send_acked(index, &uintr_handled[0]));
		ASSERT_EQ(0, uintr_unregister_handler(0));
		ASSERT_EQ(0, uintr_register_handler(second, 0));
		_senduipi(index);
		ASSERT_TRUE(spin_until(second_handled == i));
		ASSERT_EQ(0, uintr_unregister_handler(0));
	}
	EXPECT_EQ(100, uintr_handled[0]);
}

TEST_F(errors, alt_stack)
{
	static char stack[65536] __attribute__((aligned(16)));

	ASSERT_ERRNO(EINVAL, uintr_alt_stack(stack, sizeof(stack), 0));
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	ASSERT_ERRNO(EINVAL, uintr_alt_stack(stack, sizeof(stack), 1));
	ASSERT_ERRNO(EINVAL, uintr_alt_stack(NULL, 0, ~0U));
	ASSERT_ERRNO(EINVAL, uintr_alt_stack(stack, 0, 0));
	ASSERT_ERRNO(EINVAL, uintr_alt_stack(stack, 63, 0));
	ASSERT_ERRNO(EFAULT, uintr_alt_stack((void *)(1UL << 63), sizeof(stack), 0));
	ASSERT_ERRNO(EFAULT, uintr_alt_stack(stack, ~0UL, 0));
	ASSERT_ERRNO(EFAULT, uintr_alt_stack(stack, 1UL << 63, 0));
	ASSERT_EQ(0, uintr_alt_stack(stack, sizeof(stack), 0));
	ASSERT_EQ(0, uintr_alt_stack(NULL, 0, 0));
	ASSERT_EQ(0, uintr_unregister_handler(0));
	ASSERT_ERRNO(EINVAL, uintr_alt_stack(stack, sizeof(stack), 0));
}

TEST_HARNESS_MAIN
