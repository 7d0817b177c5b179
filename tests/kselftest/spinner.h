/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads that compute for ever, each on one CPU: what switch_to() needs as a
 * target. They make no system call, so that nothing but the scheduler decides
 * when they run.
 */
#ifndef SPINNER_H
#define SPINNER_H

#include <signal.h>
#include <sys/prctl.h>

#include "fastwake_test.h"

struct spinner {
	pthread_t thread;
	int cpu;
	int id;
	atomic_int *log;	/* if 0: here goes the id of who runs first */
	atomic_int tid;
	atomic_ulong loops;	/* how far it has come */
	atomic_bool stop;
};

static inline void *spinner_main(void *arg)
{
	struct spinner *s = arg;
	int none = 0;

	if (!pin_to_cpu(s->cpu))
		return NULL;
	atomic_store(&s->tid, gettid());
	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		none = 0;
		atomic_fetch_add_explicit(&s->loops, 1, memory_order_relaxed);
		if (s->log)
			atomic_compare_exchange_strong(s->log, &none, s->id);
	}
	return NULL;
}

/* On return the thread is on its CPU and runs whenever it may. */
static inline bool spinner_start(struct spinner *s, int cpu, int id, atomic_int *log)
{
	memset(s, 0, sizeof(*s));
	s->cpu = cpu;
	s->id = id;
	s->log = log;
	if (pthread_create(&s->thread, NULL, spinner_main, s))
		return false;
	wait_for_tid(&s->tid);
	return true;
}

static inline void spinner_stop(struct spinner *s)
{
	atomic_store(&s->stop, true);
	pthread_join(s->thread, NULL);
}

/*
 * A child process, of user @uid if not 0, that does the same on the CPUs of its parent,
 * as long as that lives.
 */
static inline pid_t fork_spinner(uid_t uid)
{
	atomic_int *ready = shared_alloc(sizeof(*ready));
	pid_t pid = fork();

	if (!pid) {
		if (uid && setresuid(uid, uid, uid))
			_exit(1);
		/* A change of the user undoes it. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (*ready = 1;;)
			;
	}
	while (pid > 0 && !*ready)
		sched_yield();
	return pid;
}

static inline bool end_spinner(pid_t pid)
{
	return !kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid;
}

#endif /* SPINNER_H */
