// SPDX-License-Identifier: GPL-2.0
/* Threads of one address space may wake each other, whoever they are. */
#include "fastwake_test.h"

struct waker {
	pid_t target;
	long ret;
	int error;
};

static void *wake_as_nobody(void *arg)
{
	struct waker *w = arg;

	/* The bare call changes this thread only. */
	if (syscall(SYS_setresuid, 65534, 65534, 65534))
		w->ret = -1;
	else
		w->ret = wake_up_process(w->target, 0);
	w->error = errno;
	return NULL;
}

TEST(other_credentials)
{
	struct sleeper s;
	struct waker w = { };
	pthread_t thread;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);

	ASSERT_TRUE(sleeper_start(&s));
	w.target = s.tid;
	ASSERT_EQ(0, pthread_create(&thread, NULL, wake_as_nobody, &w));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(WAKE_UP_WOKEN, w.ret) {
		TH_LOG("wake_up_process: %s", strerror(w.error));
	}
	if (w.ret)
		wake_up_process(s.tid, 0);
	ASSERT_EQ(0, pthread_join(s.thread, NULL));
}

TEST_HARNESS_MAIN
