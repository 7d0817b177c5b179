/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the FastWake system calls share: the calls, a probe, and a
 * thread that sleeps in hibernate().
 */
#ifndef FASTWAKE_TEST_H
#define FASTWAKE_TEST_H

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <kselftest_harness.h>
#include <linux/fastwake.h>

#include "env_number.h"
#include "thread_state.h"

/* A debug kernel in an emulator is slow: this only has to end what hangs. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

static inline long hibernate(unsigned int flags)
{
	return syscall(__NR_hibernate, flags);
}

static inline long wake_up_process(pid_t tid, unsigned int flags)
{
	return syscall(__NR_wake_up_process, tid, flags);
}

static inline long switch_to(pid_t tid, unsigned int flags)
{
	return syscall(__NR_switch_to, tid, flags);
}

/* Unknown flags are EINVAL on every kernel that has the call, else ENOSYS. */
static inline bool fastwake_missing(void)
{
	return hibernate(~0U) != -1 || errno != EINVAL;
}

#define NO_FASTWAKE "this kernel has no hibernate()"
#define NO_ROOT "needs root"

/* call() fails, and with this error. */
#define ASSERT_ERRNO(error, call)					\
	do {								\
		errno = 0;						\
		ASSERT_EQ(-1, call);					\
		ASSERT_EQ(error, errno);				\
	} while (0)

/* Memory that a forked child shares with its parent; zeroed. */
static inline void *shared_alloc(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* A thread that calls hibernate() once. */
struct sleeper {
	pthread_t thread;
	atomic_int tid;
	long ret;
	int error;
};

static inline void *sleeper_main(void *arg)
{
	struct sleeper *s = arg;

	atomic_store(&s->tid, gettid());
	s->ret = hibernate(0);
	s->error = errno;
	return NULL;
}

static inline pid_t wait_for_tid(atomic_int *tid)
{
	while (!atomic_load(tid))
		sched_yield();
	return atomic_load(tid);
}

/* Start a thread that runs @fn and return when it is parked in hibernate(). */
static inline bool sleeper_start_fn(struct sleeper *s, void *(*fn)(void *arg))
{
	memset(s, 0, sizeof(*s));
	if (pthread_create(&s->thread, NULL, fn, s))
		return false;
	return wait_for_sleep_in(wait_for_tid(&s->tid), __NR_hibernate);
}

static inline bool sleeper_start(struct sleeper *s)
{
	return sleeper_start_fn(s, sleeper_main);
}

static inline bool is_parked(pid_t tid)
{
	return thread_sleeps_in(tid) == __NR_hibernate;
}

/* A child process that sleeps in hibernate() as @uid; exits with its errno. */
static inline pid_t fork_sleeper(uid_t uid)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (uid && setresuid(uid, uid, uid))
		_exit(255);
	_exit(hibernate(0) ? errno : 0);
}

/* The exit status of a child process, or -1 if a signal ended it. */
static inline int child_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

#endif /* FASTWAKE_TEST_H */
