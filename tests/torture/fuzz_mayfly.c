// SPDX-License-Identifier: GPL-2.0
/*
 * Mayflies: processes whose threads make random calls, too, but without a timer, so
 * that many sleep when the end comes: exit, exec, kill, or their leader's exit alone.
 */
#include <errno.h>
#include <linux/fastwake.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

#define MAX_THREADS 3
#define BROOD 3
#define MAX_LIFE_US 20000

struct mayfly {
	struct caller callers[MAX_THREADS];
	pthread_t threads[MAX_THREADS];
	atomic_int tids[MAX_THREADS];
	int nr_threads;
	bool root, inner;
	enum deed end;
	atomic_bool dying;
	atomic_bool exec_now;	/* the first thread */
};

static void exec_self(void)
{
	execl("/proc/self/exe", "fuzz", "after-exec", NULL);
	_exit(1);
}

int after_exec(void)
{
	pid_t tid = gettid();
	long ret;

	/* Whether it came with a permit or without, now it has one. */
	ret = syscall(__NR_wake_up_process, tid, 0);
	if (ret != WAKE_UP_PERMIT && ret != WAKE_UP_PENDING)
		return 1;
	if (syscall(__NR_hibernate, ~0U) != -1 || errno != EINVAL)
		return 1;
	return syscall(__NR_hibernate, 0) ? 1 : 0;
}

/* Where others find it, also when it is gone. */
static void publish(void)
{
	fuzz->recent[fuzz->nr_recent++ % NR_RECENT] = outer_tid();
}

static struct mayfly mayfly;

static void *flutter(void *arg)
{
	int index = (long)arg;
	struct caller *c = &mayfly.callers[index];

	c->tid = gettid();
	mayfly.tids[index] = c->tid;
	publish();
	while (!mayfly.dying) {
		if (!index && mayfly.exec_now)
			exec_self();
		random_call(c);
	}
	return NULL;
}

/* None of them may sleep on after that: each takes the permit, and looks. */
static void wake_all(void)
{
	int i;

	for (i = 0; i < mayfly.nr_threads; i++) {
		if (syscall(__NR_wake_up_process, mayfly.tids[i], 0) < 0 && errno != ESRCH)
			fuzz_fail("waking a thread of one's own: %s", strerror(errno));
	}
}

static void end(struct random *r)
{
	switch (mayfly.end) {
	case EXECS:
		if (one_in(r, 2))
			exec_self();
		mayfly.exec_now = true;
		wake_all();
		break;
	case LEADERS:
		mayfly.dying = true;
		wake_all();
		pthread_exit(NULL);
	case KILLS:
		break;
	default:
		_exit(0);
	}
	for (;;)
		pause();
}

static void live(struct random *r)
{
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!mayfly.root && syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY))
		fuzz_fail("cannot become nobody");
	for (i = 0; i < mayfly.nr_threads; i++) {
		mayfly.callers[i] = (struct caller) {
			.random = random_sequence(draw_bits(r), i),
			.root = mayfly.root,
			.inner = mayfly.inner,
			.family = -1,
		};
		if (pthread_create(&mayfly.threads[i], NULL, flutter, (void *)(long)i))
			fuzz_fail("no new thread");
	}
	for (i = 0; i < mayfly.nr_threads; i++) {
		while (!mayfly.tids[i] && !fuzz->failed)
			sched_yield();
	}
	fuzz_pause(r, MAX_LIFE_US);
	end(r);
}

static pid_t hatch(struct random *r, enum deed how)
{
	pid_t pid;

	/* Drawn here, so that the next one draws something else. */
	mayfly.end = how;
	mayfly.root = one_in(r, 2);
	mayfly.inner = one_in(r, 4);
	mayfly.nr_threads = 1 + draw(r, MAX_THREADS);
	draw_bits(r);
	pid = syscall(SYS_clone, (mayfly.inner ? CLONE_NEWPID : 0) | SIGCHLD,
		      NULL, NULL, NULL, NULL);
	if (!pid)
		live(r);
	if (pid < 0)
		fuzz_fail("no mayfly: %s", strerror(errno));
	else if (mayfly.inner)
		fuzz->deeds[NAMESPACES]++;
	return pid;
}

static void bury(pid_t pid, enum deed how)
{
	int status = 0;

	if (how == KILLS)
		kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		fuzz_fail("waiting for a mayfly: %s", strerror(errno));
	else if (how == KILLS ? !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL : status)
		fuzz_fail("a mayfly ended with status 0x%x", status);
	fuzz->deeds[how]++;
}

void breeder(struct random *r)
{
	enum deed how[BROOD];
	pid_t pids[BROOD];
	int i;

	while (!fuzz_over()) {
		for (i = 0; i < BROOD; i++) {
			how[i] = EXITS + draw(r, KILLS - EXITS + 1);
			pids[i] = hatch(r, how[i]);
		}
		fuzz_pause(r, MAX_LIFE_US);
		for (i = 0; i < BROOD; i++) {
			if (pids[i] > 0)
				bury(pids[i], how[i]);
		}
	}
}
