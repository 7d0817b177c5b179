// SPDX-License-Identifier: GPL-2.0
/*
 * The freezer of cgroup v2 neither ends the sleep nor loses a wake-up, and no
 * wake-up makes a frozen thread run.
 */
#include "own_cgroup.h"

FIXTURE(frozen)
{
	char group[64];
	atomic_int *woken;
	pid_t pid;
};

FIXTURE_SETUP(frozen)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (cgroup_missing())
		SKIP(return, NO_CGROUP);
	self->woken = shared_alloc(sizeof(*self->woken));
	ASSERT_NE(NULL, self->woken);
	ASSERT_TRUE(cgroup_make(self->group, sizeof(self->group)));
}

FIXTURE_TEARDOWN(frozen)
{
	EXPECT_TRUE(cgroup_remove(self->group));
}

/* Sleeps, says that it runs again, and exits with errno. */
static pid_t fork_witness(atomic_int *woken)
{
	pid_t pid = fork();
	int error;

	if (!pid) {
		error = hibernate(0) ? errno : 0;
		atomic_store(woken, 1);
		_exit(error);
	}
	return pid;
}

static bool freeze_group(const char *group)
{
	return cgroup_write(group, "cgroup.freeze", "1") &&
	       cgroup_wait_event(group, "frozen", 1);
}

/* On return the threads of the group do not sleep in the freezer any more. */
static bool thaw_group(const char *group)
{
	return cgroup_write(group, "cgroup.freeze", "0");
}

/* The state of a thread that is not about to sleep or to exit. */
static char settled_state(pid_t tid)
{
	char state = 'R';
	int i;

	for (i = 0; i < MAX_POLLS && state == 'R'; i++) {
		sched_yield();
		state = thread_state(tid);
	}
	return state;
}

TEST_F(frozen, parked_again_after_thaw)
{
	self->pid = fork_witness(self->woken);
	ASSERT_LT(0, self->pid);
	ASSERT_TRUE(cgroup_add(self->group, self->pid));
	ASSERT_TRUE(wait_for_sleep_in(self->pid, __NR_hibernate));
	ASSERT_TRUE(freeze_group(self->group));
	ASSERT_TRUE(thaw_group(self->group));

	ASSERT_TRUE(wait_for_sleep_in(self->pid, __NR_hibernate));
	EXPECT_EQ(0, *self->woken);
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->pid, 0));
	EXPECT_EQ(0, child_status(self->pid));
}

TEST_F(frozen, wake_while_frozen_is_remembered)
{
	self->pid = fork_witness(self->woken);
	ASSERT_LT(0, self->pid);
	ASSERT_TRUE(cgroup_add(self->group, self->pid));
	ASSERT_TRUE(wait_for_sleep_in(self->pid, __NR_hibernate));
	ASSERT_TRUE(freeze_group(self->group));

	ASSERT_LE(0, wake_up_process(self->pid, 0));
	/* Had it been woken, it would be back in the freezer now, or gone. */
	EXPECT_EQ('S', settled_state(self->pid));
	EXPECT_EQ(0, *self->woken);
	EXPECT_EQ(1, cgroup_number(self->group, "cgroup.events", "frozen"));

	ASSERT_TRUE(thaw_group(self->group));
	EXPECT_EQ(0, child_status(self->pid));
	EXPECT_EQ(1, *self->woken);
}

TEST_HARNESS_MAIN
