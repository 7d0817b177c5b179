// SPDX-License-Identifier: GPL-2.0
/*
 * A thread inside of a user namespace, with a user that is nobody's outside: who owns
 * the namespace may name it, and its root, and nobody else but root outside.
 */
#include "userns.h"

FIXTURE(inside)
{
	pid_t pid;
};

FIXTURE_SETUP(inside)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	self->pid = fork_userns(OWNER, 1);
	ASSERT_LE(0, self->pid);
	if (!self->pid)
		_exit(hibernate(0) ? errno : 0);
	ASSERT_TRUE(wait_for_sleep_in(self->pid, __NR_hibernate));
}

FIXTURE_TEARDOWN(inside)
{
	EXPECT_EQ(0, child_status(self->pid));
}

TEST_F(inside, owner_of_the_namespace)
{
	EXPECT_EQ(0, name_as(OWNER, self->pid));
}

TEST_F(inside, root_outside)
{
	EXPECT_EQ(0, name_as(0, self->pid));
}

static bool enter_userns(pid_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && !setns(fd, CLONE_NEWUSER) && !setresuid(0, 0, 0);
}

TEST_F(inside, root_inside)
{
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		if (!enter_userns(self->pid))
			_exit(255);
		name_and_exit(self->pid);
	}
	EXPECT_EQ(0, child_status(pid));
}

TEST_F(inside, strangers)
{
	EXPECT_EQ(EPERM, name_as(STRANGER, self->pid));
	/* With all capabilities, but in another namespace. */
	EXPECT_EQ(EPERM, name_from_userns(STRANGER, 0, self->pid));
	/* Its user ID inside is the same, and outside it is another one. */
	EXPECT_EQ(EPERM, name_as(1, self->pid));
	EXPECT_TRUE(is_parked(self->pid));
	EXPECT_EQ(0, name_as(0, self->pid));
}

TEST_F(inside, same_user_in_another_namespace)
{
	EXPECT_EQ(0, name_from_userns(STRANGER, 1, self->pid));
}

TEST_HARNESS_MAIN
