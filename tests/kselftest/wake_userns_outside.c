// SPDX-License-Identifier: GPL-2.0
/*
 * A thread outside of the user namespace of who names it: users are told apart as
 * outside, and the root of a namespace has no rights there.
 */
#include "userns.h"

FIXTURE(outside)
{
	pid_t pid;
};

FIXTURE_SETUP(outside)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	self->pid = fork_sleeper(OWNER);
	ASSERT_LT(0, self->pid);
	ASSERT_TRUE(wait_for_sleep_in(self->pid, __NR_hibernate));
}

FIXTURE_TEARDOWN(outside)
{
	EXPECT_EQ(0, child_status(self->pid));
}

TEST_F(outside, same_user)
{
	EXPECT_EQ(0, name_from_userns(OWNER, 0, self->pid));
}

TEST_F(outside, root_of_a_namespace)
{
	EXPECT_EQ(EPERM, name_from_userns(STRANGER, 0, self->pid));
	EXPECT_TRUE(is_parked(self->pid));
	EXPECT_EQ(0, name_as(0, self->pid));
}

TEST_F(outside, another_user_of_the_owners_namespace)
{
	EXPECT_EQ(EPERM, name_from_userns(OWNER, 1, self->pid));
	EXPECT_TRUE(is_parked(self->pid));
	EXPECT_EQ(0, name_as(OWNER, self->pid));
}

TEST_HARNESS_MAIN
