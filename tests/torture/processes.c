// SPDX-License-Identifier: GPL-2.0
/* Processes and threads that come and go. */
#include <errno.h>
#include <linux/fastwake.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "torture.h"

#define BATCH 6
#define NOBODY 65534

/* Half of them execute a new program first. */
static pid_t fork_one(bool exec)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (exec)
		execl("/proc/self/exe", "torture", "exit", NULL);
	_exit(exec);
}

static void run_fork(struct disturber *d)
{
	pid_t pids[BATCH];
	int status;
	int i, n;

	while (!torture_over()) {
		n = 1 + draw(&d->random, BATCH);
		for (i = 0; i < n; i++)
			pids[i] = fork_one(one_in(&d->random, 2));
		for (i = 0; i < n; i++) {
			if (waitpid(pids[i], &status, 0) == pids[i] && !status)
				d->count++;
			else
				torture_fail("a child process failed, status 0x%x", status);
		}
		torture_pause(d, 2000);
	}
}

struct disturber fork_disturber = {
	.name = "fork",
	.counts = "processes forked, half of them with execve()",
	.run = run_fork,
};

/* A thread that exits after some wake-ups. */
struct mortal {
	pthread_t thread;
	atomic_int tid;
	int sleeps;
	bool gone;
};

static void *live(void *arg)
{
	struct mortal *m = arg;
	int i;

	m->tid = gettid();
	for (i = 0; i < m->sleeps; i++)
		syscall(__NR_hibernate, 0);
	return NULL;
}

static bool wake(struct mortal *m)
{
	if (m->gone)
		return false;
	if (syscall(__NR_wake_up_process, m->tid, 0) >= 0)
		return true;
	/* Or its id is that of a stranger by now, whom the caller may not wake. */
	if (errno != ESRCH && errno != EPERM)
		torture_fail("waking a thread that exits: %s", strerror(errno));
	m->gone = true;
	return false;
}

/* Wakes all of them until the last one is gone. */
static void wake_all(struct mortal *m, int n)
{
	bool alive;
	int i;

	do {
		alive = false;
		for (i = 0; i < n; i++)
			alive |= wake(&m[i]);
	} while (alive);
}

static void run_exit(struct disturber *d)
{
	struct mortal m[BATCH];
	int i, n;

	/*
	 * Only this thread becomes nobody, hence no wrapper of the C library: a
	 * wake-up that meets a new owner of the id is no business of a storm.
	 */
	if (syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY))
		return;

	while (!torture_over()) {
		n = 1 + draw(&d->random, BATCH);
		for (i = 0; i < n; i++) {
			m[i] = (struct mortal) { .sleeps = draw(&d->random, 4) };
			if (pthread_create(&m[i].thread, NULL, live, &m[i])) {
				torture_fail("no new thread");
				return;
			}
		}
		for (i = 0; i < n; i++) {
			while (!m[i].tid)
				sched_yield();
		}
		wake_all(m, n);
		for (i = 0; i < n; i++)
			pthread_join(m[i].thread, NULL);
		d->count += n;
		torture_pause(d, 2000);
	}
}

struct disturber exit_disturber = {
	.name = "exit",
	.counts = "threads woken until they were gone",
	.run = run_exit,
};
