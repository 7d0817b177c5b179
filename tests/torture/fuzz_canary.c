// SPDX-License-Identifier: GPL-2.0
/*
 * Canaries: threads that sleep in other calls from the beginning to the end. They
 * collect permits, and do not even wake to look around.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest/thread_state.h"
#include "fuzz.h"

#define PER_PROCESS (NR_CANARIES / 2)

static const long sleeps_in[PER_PROCESS] = {
	SYS_clock_nanosleep, SYS_read, SYS_futex,
};

static int pipe_fds[2];

static void sleep_in(long nr)
{
	struct timespec day = { .tv_sec = 24 * 60 * 60 };
	int word = 0;
	char c;

	if (nr == SYS_clock_nanosleep)
		syscall(nr, CLOCK_MONOTONIC, 0, &day, NULL);
	else if (nr == SYS_read)
		syscall(nr, pipe_fds[0], &c, 1);
	else
		syscall(nr, &word, FUTEX_WAIT_PRIVATE, 0, NULL);
}

static void *canary_main(void *arg)
{
	struct canary *c = arg;

	c->tid = gettid();
	sleep_in(c->nr);
	c->woken = true;
	for (;;)
		pause();
	return NULL;
}

static void process(struct canary *c, bool root)
{
	pthread_t thread;
	sigset_t all;
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	if (pipe(pipe_fds) || (!root && !become_nobody()))
		fuzz_fail("a canary cannot begin");
	for (i = 0; i < PER_PROCESS; i++) {
		c[i].root = root;
		c[i].nr = sleeps_in[i];
		if (i && pthread_create(&thread, NULL, canary_main, &c[i]))
			fuzz_fail("no new thread");
	}
	canary_main(&c[0]);
}

/* Those of root, then those of nobody. On return they sleep. */
bool start_canaries(pid_t pids[2])
{
	struct canary *c;
	int i;

	for (i = 0; i < 2; i++) {
		pids[i] = fork();
		if (!pids[i])
			process(&fuzz->canaries[i * PER_PROCESS], !i);
	}
	for (i = 0; i < NR_CANARIES; i++) {
		c = &fuzz->canaries[i];
		while (!c->tid && !fuzz->failed)
			sched_yield();
		if (!wait_for_sleep_in(c->tid, c->nr))
			return false;
		c->sleeps = thread_sleeps(c->tid);
	}
	return true;
}

bool canaries_sleep(void)
{
	bool asleep = true;
	struct canary *c;
	long sleeps;
	int i;

	for (i = 0; i < NR_CANARIES; i++) {
		c = &fuzz->canaries[i];
		sleeps = thread_sleeps(c->tid);
		if (!c->woken && sleeps == c->sleeps && thread_sleeps_in(c->tid) == c->nr)
			continue;
		asleep = false;
		ksft_print_msg("canary %d, system call %ld%s: asleep the %ld. time, not the %ld.\n",
			       c->tid, c->nr, c->woken ? ", returned" : "", sleeps, c->sleeps);
	}
	return asleep;
}
