// SPDX-License-Identifier: GPL-2.0
/* Families are stopped and continued, and their threads traced. */
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "fuzz.h"

#define MAX_PAUSE_US 10000
#define MAX_ROUNDS 4

void stopper(struct random *r)
{
	while (!fuzz_over()) {
		pid_t pid = fuzz->families[draw(r, NR_FAMILIES)].pid;

		kill(pid, SIGSTOP);
		fuzz_pause(r, MAX_PAUSE_US);
		if (!kill(pid, SIGCONT))
			fuzz->deeds[STOPS]++;
		fuzz_pause(r, MAX_PAUSE_US);
	}
}

/* The signal for which the tracee stopped, 0 if for none, -1 if it did not stop. */
static int wait_for_stop(pid_t tid)
{
	int status;

	if (waitpid(tid, &status, __WALL) != tid || !WIFSTOPPED(status))
		return -1;
	return status >> 16 ? 0 : WSTOPSIG(status);
}

/* Some of its signals get lost meanwhile: then no handler runs, and it sleeps on. */
static bool trace(struct random *r, pid_t tid)
{
	int rounds = 1 + draw(r, MAX_ROUNDS);
	long sig;

	for (;;) {
		if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL))
			return false;
		sig = wait_for_stop(tid);
		if (sig < 0)
			return false;
		fuzz_pause(r, MAX_PAUSE_US / 10);
		if (one_in(r, 2))
			sig = 0;
		if (!--rounds)
			return !ptrace(PTRACE_DETACH, tid, NULL, sig);
		ptrace(PTRACE_CONT, tid, NULL, sig);
	}
}

void tracer(struct random *r)
{
	while (!fuzz_over()) {
		pid_t tid = fuzz->survivors[draw(r, NR_SURVIVORS)].outer_tid;

		if (tid > 0 && !ptrace(PTRACE_SEIZE, tid, NULL, NULL)) {
			if (trace(r, tid))
				fuzz->deeds[TRACES]++;
			else
				fuzz_fail("thread %d does not stop when it is traced", tid);
		}
		fuzz_pause(r, MAX_PAUSE_US);
	}
}
