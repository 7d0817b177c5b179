// SPDX-License-Identifier: GPL-2.0
/*
 * The processes of a run, from the fork to the verdict.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "children.h"
#include "clock.h"

static sigset_t watched;
static sigset_t before;

void give_up(char *why, enum outcome outcome, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, WHY_SIZE, fmt, ap);
	va_end(ap);
	_exit(outcome);
}

void fail(struct verdict *verdict, const char *fmt, ...)
{
	va_list ap;

	if (verdict->outcome != DONE)
		return;
	verdict->outcome = FAILED;
	va_start(ap, fmt);
	vsnprintf(verdict->why, sizeof(verdict->why), fmt, ap);
	va_end(ap);
}

/* What the caller ignores, such as SIGHUP below nohup, stays ignored. */
static void watch_for(int sig)
{
	struct sigaction action;

	sigaction(sig, NULL, &action);
	if (action.sa_handler != SIG_IGN)
		sigaddset(&watched, sig);
}

void block_signals(void)
{
	/* If the caller ignored it, no child's end would ever be seen. */
	signal(SIGCHLD, SIG_DFL);
	/* The cgroups have to go, whoever reads what is printed. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&watched);
	watch_for(SIGCHLD);
	watch_for(SIGINT);
	watch_for(SIGTERM);
	watch_for(SIGHUP);
	sigprocmask(SIG_BLOCK, &watched, &before);
}

void unblock_signals(void)
{
	sigprocmask(SIG_SETMASK, &before, NULL);
}

pid_t start_child(struct children *c)
{
	pid_t parent = getpid();
	pid_t pid;

	pid = fork();
	if (pid > 0)
		c->pid[c->nr++] = pid;
	if (pid)
		return pid;

	/* Not even kill -9 of the parent leaves a spinning child behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(FAILED);
	return 0;
}

void kill_children(struct children *c)
{
	int i;

	for (i = 0; i < c->nr; i++) {
		if (c->pid[i])
			kill(c->pid[i], SIGKILL);
	}
	c->killed = true;
}

/* What the end of a child means for the verdict. */
static void judge_child(struct children *c, int status, struct verdict *verdict)
{
	if (c->killed || (WIFEXITED(status) && WEXITSTATUS(status) == DONE))
		return;
	if (WIFSIGNALED(status))
		fail(verdict, "signal %d ended a participant", WTERMSIG(status));
	else if (verdict->outcome == DONE)
		verdict->outcome = WEXITSTATUS(status) == MISSING ? MISSING : FAILED;
	kill_children(c);
}

static bool reap(struct children *c, struct verdict *verdict, int flags)
{
	bool left = false;
	int status;
	int i;

	for (i = 0; i < c->nr; i++) {
		if (!c->pid[i])
			continue;
		if (waitpid(c->pid[i], &status, flags) == c->pid[i]) {
			c->pid[i] = 0;
			judge_child(c, status, verdict);
		} else {
			left = true;
		}
	}
	return left;
}

/*
 * What alarm() would do is the timeout of sigtimedwait() here, which has no race
 * with the end of a child.
 */
int watch_children(struct children *c, int timeout, struct verdict *verdict)
{
	int64_t end = now(CLOCK_MONOTONIC) + timeout * NSEC_PER_SEC;
	int caught = 0;

	while (reap(c, verdict, WNOHANG)) {
		int64_t left = end - now(CLOCK_MONOTONIC);
		struct timespec ts = to_timespec(left);
		int sig = left > 0 ? sigtimedwait(&watched, NULL, &ts) : 0;

		if (sig == SIGCHLD || (sig < 0 && errno == EINTR))
			continue;
		if (sig > 0) {
			caught = sig;
			fail(verdict, "%s", strsignal(sig));
		} else {
			c->hung = true;
		}
		kill_children(c);
		reap(c, verdict, 0);
	}
	return caught;
}
