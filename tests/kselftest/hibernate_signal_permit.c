// SPDX-License-Identifier: GPL-2.0
/*
 * hibernate() with both a signal and a permit pending takes the permit.
 *
 * User space never starts a system call with a signal pending, unless something
 * holds it at the entrance. Here that is seccomp: its notification stops the
 * thread before hibernate() begins, the supervisor sends the signal and the
 * wake-up, and then lets the call go on.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "fastwake_test.h"

static atomic_int handled;
static atomic_int listener;

static void handler(int sig)
{
	(void)sig;
	handled++;
}

/* Only this thread gets the filter; the others of the process supervise. */
static int notify_hibernate(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_hibernate, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {
		.len = ARRAY_SIZE(filter),
		.filter = filter,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	/* A received notification is not undone by a signal. */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		       SECCOMP_FILTER_FLAG_NEW_LISTENER |
		       SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &prog);
}

static void *supervised(void *arg)
{
	int fd = notify_hibernate();

	if (fd < 0) {
		listener = -errno;
		return NULL;
	}
	listener = fd;
	return sleeper_main(arg);
}

FIXTURE(entry)
{
	struct sleeper s;
	struct seccomp_notif req;
};

FIXTURE_SETUP(entry)
{
	struct sigaction sa = { .sa_handler = handler };

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	ASSERT_EQ(0, pthread_create(&self->s.thread, NULL, supervised, &self->s));
	while (!listener)
		sched_yield();
	ASSERT_LT(0, listener) {
		TH_LOG("seccomp user notification: %s", strerror(-listener));
	}

	/* The thread is in front of hibernate() from here on. */
	ASSERT_EQ(0, ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &self->req));
	ASSERT_EQ(__NR_hibernate, self->req.data.nr);
	ASSERT_EQ(0, pthread_kill(self->s.thread, SIGUSR1));
}

FIXTURE_TEARDOWN(entry) { }

static int let_go(const struct seccomp_notif *req)
{
	struct seccomp_notif_resp resp = {
		.id = req->id,
		.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
	};

	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

TEST_F(entry, permit_wins)
{
	ASSERT_EQ(WAKE_UP_PERMIT, wake_up_process(self->s.tid, 0));
	ASSERT_EQ(0, let_go(&self->req));
	ASSERT_EQ(0, pthread_join(self->s.thread, NULL));
	EXPECT_EQ(0, self->s.ret);
	EXPECT_EQ(1, handled);
}

TEST_F(entry, signal_alone_ends_the_sleep)
{
	ASSERT_EQ(0, let_go(&self->req));
	ASSERT_EQ(0, pthread_join(self->s.thread, NULL));
	EXPECT_EQ(-1, self->s.ret);
	EXPECT_EQ(EINTR, self->s.error);
	EXPECT_EQ(1, handled);
}

TEST_HARNESS_MAIN
