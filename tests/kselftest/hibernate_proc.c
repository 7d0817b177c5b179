// SPDX-License-Identifier: GPL-2.0
/*
 * What /proc says of a thread that sleeps: its state is S and the system call is the
 * one that it made, until it is woken, when the state is R before it has run.
 */
#include "policy.h"

FIXTURE(proc)
{
	struct sleeper s;
};

FIXTURE_SETUP(proc)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(sleeper_start(&self->s));
}

FIXTURE_TEARDOWN(proc) { }

/* The number and the arguments, as far as there are any. */
static bool system_call_is(pid_t tid, const char *text)
{
	char buf[256];

	read_proc(tid, "syscall", buf, sizeof(buf));
	return !strncmp(buf, text, strlen(text));
}

TEST_F(proc, hibernate)
{
	char text[64];

	snprintf(text, sizeof(text), "%d 0x0 ", __NR_hibernate);
	EXPECT_EQ('S', thread_state(self->s.tid));
	EXPECT_TRUE(system_call_is(self->s.tid, text));

	/* It does not run before the caller sleeps. */
	ASSERT_TRUE(set_policy(0, SCHED_FIFO, 1));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(self->s.tid, 0));
	EXPECT_EQ('R', thread_state(self->s.tid));
	EXPECT_TRUE(system_call_is(self->s.tid, "running"));
	ASSERT_EQ(0, pthread_join(self->s.thread, NULL));
}

static void *hand_over(void *arg)
{
	struct sleeper *s = arg;
	pid_t to = s->tid;

	atomic_store(&s->tid, gettid());
	s->ret = wake_up_process(to, WAKE_UP_HIBERNATE);
	return NULL;
}

TEST_F(proc, handover)
{
	struct sleeper caller = { .tid = self->s.tid };
	char text[64];

	snprintf(text, sizeof(text), "%d 0x%x 0x%x ", __NR_wake_up_process, self->s.tid,
		 WAKE_UP_HIBERNATE);
	ASSERT_EQ(0, pthread_create(&caller.thread, NULL, hand_over, &caller));
	ASSERT_EQ(0, pthread_join(self->s.thread, NULL));
	ASSERT_TRUE(wait_for_sleep_in(caller.tid, __NR_wake_up_process));
	EXPECT_EQ('S', thread_state(caller.tid));
	EXPECT_TRUE(system_call_is(caller.tid, text));
	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(caller.tid, 0));
	ASSERT_EQ(0, pthread_join(caller.thread, NULL));
	EXPECT_EQ(0, caller.ret);
}

TEST_HARNESS_MAIN
