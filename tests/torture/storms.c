// SPDX-License-Identifier: GPL-2.0
/* The storms: one child process each, of the program that is a test of its own. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest/thread_state.h"
#include "torture.h"

/* Those of torture.c, one that is killed, one in namespaces; and to spare. */
#define MAX_STORMS 8
/* Short ones: a new beginning and a new end each time. */
#define MIN_OPS 1000
#define MAX_OPS 8000
#define MAX_THREADS 24
#define NO_EXEC 127

static struct storm storms[MAX_STORMS] = {
	[0 ... MAX_STORMS - 1] = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.output = -1,
	},
};

/* Beside this program's own folder, or what FASTWAKE_STORM says. */
static void storm_path(char *path, size_t size)
{
	const char *env = getenv("FASTWAKE_STORM");
	char self[PATH_MAX] = "";
	char *slash;

	if (env) {
		snprintf(path, size, "%s", env);
		return;
	}
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		self[0] = '\0';
	slash = strrchr(self, '/');
	snprintf(path, size, "%.*s/../kselftest/storm", slash ? (int)(slash - self) : 0, self);
}

/* A free one, locked. */
static struct storm *storm_slot(void)
{
	int i;

	for (i = 0; i < MAX_STORMS; i++) {
		if (pthread_mutex_trylock(&storms[i].lock))
			continue;
		if (!storms[i].pid)
			return &storms[i];
		pthread_mutex_unlock(&storms[i].lock);
	}
	return NULL;
}

static void storm_exec(struct storm *s, const char *path, const char *ops,
		       const char *threads, const char *seed)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(s->output, STDOUT_FILENO);
	dup2(s->output, STDERR_FILENO);
	execl(path, "storm", ops, threads, seed, NULL);
	_exit(NO_EXEC);
}

struct storm *storm_start(struct random *r, unsigned long flags)
{
	char path[PATH_MAX + 32], ops[16], threads[16], seed[16];
	struct storm *s;

	storm_path(path, sizeof(path));
	snprintf(ops, sizeof(ops), "%u", MIN_OPS + draw(r, MAX_OPS - MIN_OPS));
	snprintf(threads, sizeof(threads), "%u", 2 + draw(r, MAX_THREADS - 1));
	snprintf(seed, sizeof(seed), "%u", 1 + draw(r, 1000000));

	s = storm_slot();
	if (!s) {
		torture_fail("more than %d storms", MAX_STORMS);
		return NULL;
	}
	s->output = memfd_create("storm", MFD_CLOEXEC);
	/* Not fork(): that cannot make namespaces. */
	s->pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
	if (!s->pid)
		storm_exec(s, path, ops, threads, seed);
	if (s->pid < 0) {
		torture_fail("starting a storm: %s", strerror(errno));
		close(s->output);
		s->pid = 0;
	}
	storm_release(s);
	return s->pid ? s : NULL;
}

/* Its status as of waitpid(2). Nobody disturbs it while it is reaped. */
static int storm_wait(struct storm *s)
{
	siginfo_t info;
	int status = -1;

	while (waitid(P_PID, s->pid, &info, WEXITED | WNOWAIT) && errno == EINTR)
		;
	pthread_mutex_lock(&s->lock);
	waitpid(s->pid, &status, 0);
	s->pid = 0;
	pthread_mutex_unlock(&s->lock);
	return status;
}

/* Its output, each line as a comment, in one piece. */
static void storm_print(struct storm *s)
{
	char text[8192];
	ssize_t len = pread(s->output, text, sizeof(text) - 1, 0);
	char *line, *rest = text;

	text[len > 0 ? len : 0] = '\0';
	flockfile(stdout);
	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			printf("#   | %s\n", line);
	}
	funlockfile(stdout);
}

/* Its slot may be used again as soon as it is reaped, but not its output. */
static bool storm_end(struct storm *s, bool may_be_killed, bool *killed)
{
	struct storm ended = { .output = s->output };
	int status = storm_wait(s);
	bool passed;

	*killed = may_be_killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	passed = WIFEXITED(status) && !WEXITSTATUS(status);
	if (!*killed && !passed) {
		torture_fail("a storm ended with status 0x%x:", status);
		storm_print(&ended);
	}
	close(ended.output);
	return passed;
}

bool storm_passed(struct storm *s)
{
	bool killed;

	return storm_end(s, false, &killed);
}

bool storm_killed(struct storm *s)
{
	bool killed;

	storm_end(s, true, &killed);
	return killed;
}

struct storm *storm_pick(struct random *r)
{
	int start = draw(r, MAX_STORMS);
	struct storm *s;
	int i;

	for (i = 0; i < MAX_STORMS; i++) {
		s = &storms[(start + i) % MAX_STORMS];
		if (pthread_mutex_trylock(&s->lock))
			continue;
		if (s->pid)
			return s;
		pthread_mutex_unlock(&s->lock);
	}
	return NULL;
}

void storm_release(struct storm *s)
{
	pthread_mutex_unlock(&s->lock);
}

/* Calls @fn for each thread of @pid. */
static void each_thread(pid_t pid, void (*fn)(pid_t tid, void *arg), void *arg)
{
	struct dirent *entry;
	char path[32];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			fn(atoi(entry->d_name), arg);
	}
	closedir(dir);
}

struct choice {
	struct random *r;
	int seen;
	pid_t tid;
};

/* Of those seen so far, each is the choice with the same probability. */
static void choose(pid_t tid, void *arg)
{
	struct choice *c = arg;

	if (one_in(c->r, ++c->seen))
		c->tid = tid;
}

void disturb_threads(struct disturber *d, int max_pause_us,
		     bool (*disturb)(struct disturber *d, pid_t pid, pid_t tid))
{
	while (!torture_over()) {
		struct storm *s = storm_pick(&d->random);
		struct choice c = { .r = &d->random };

		if (s) {
			each_thread(s->pid, choose, &c);
			if (c.tid && disturb(d, s->pid, c.tid))
				d->count++;
			storm_release(s);
		}
		torture_pause(d, max_pause_us);
	}
}

static void report_thread(pid_t tid, void *arg)
{
	char wchan[64];

	(void)arg;
	read_proc(tid, "wchan", wchan, sizeof(wchan));
	printf("#   tid %d: state %c, system call %ld, %s\n", tid, thread_state(tid),
	       thread_sleeps_in(tid), wchan);
}

void storm_report(void)
{
	int i;

	/* Locks do not matter any more: the program is about to end. */
	for (i = 0; i < MAX_STORMS; i++) {
		if (!storms[i].pid)
			continue;
		printf("# a storm that does not end, pid %d:\n", storms[i].pid);
		each_thread(storms[i].pid, report_thread, NULL);
		storm_print(&storms[i]);
	}
}
