// SPDX-License-Identifier: GPL-2.0
/*
 * One run of one method: two sides in two processes, or in two threads of one,
 * which the caller's process starts, watches and judges.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "fwbench.h"
#include "switch.h"

#define NSEC_PER_SEC 1000000000LL
#define BYSTANDER_STACK (64 * 1024)

/* --- in the participants ------------------------------------------------------ */

void give_up(struct side *me, enum outcome why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(me->why, sizeof(me->why), fmt, ap);
	va_end(ap);
	_exit(why);
}

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static long my_switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

/* The elapsed time innermost, so that taking the stamps is not part of it. */
static void stamp_start(struct side *me)
{
	me->start.switched = me->switched;
	me->start.csw = my_switches();
	me->start.cpu = now(CLOCK_THREAD_CPUTIME_ID);
	me->start.elapsed = now(CLOCK_MONOTONIC);
}

static void stamp_end(struct side *me)
{
	me->end.elapsed = now(CLOCK_MONOTONIC);
	me->end.cpu = now(CLOCK_THREAD_CPUTIME_ID);
	me->end.csw = my_switches();
	me->end.switched = me->switched;
}

static void check(struct side *me, int ret, const char *what, unsigned long round)
{
	if (ret)
		give_up(me, FAILED, "%s of side %d in round %lu: %s", what, me->id,
			round, strerror(errno));
}

/* One writer each: only the other side's eyes make these atomic. */
static void begin_round(struct side *me, struct turns *t, unsigned long round)
{
	if (atomic_load_explicit(&t->last, memory_order_relaxed) != me->id)
		me->switched++;
	else if (me->alternates)
		give_up(me, FAILED, "side %d began round %lu though the other had not run",
			me->id, round);
	atomic_store_explicit(&t->last, me->id, memory_order_relaxed);
	atomic_store_explicit(&t->count[me->id], round, memory_order_relaxed);
}

static void play(struct side *me, const struct run *run)
{
	const struct method *m = run->method;
	struct turns *t = &me->pair->turns;
	unsigned long rounds = all_rounds(run);
	unsigned long i;

	if (me->id == 1 && m->wait)
		check(me, m->wait(me), "the first wait", 0);
	for (i = 0; i < rounds; i++) {
		if (i == run->warmup)
			stamp_start(me);
		begin_round(me, t, i + 1);
		check(me, m->swap(me), "the hand-over", i + 1);
	}
	stamp_end(me);
	if (me->id == 0 && m->release)
		check(me, m->release(me), "the release", rounds);
}

static void pin(struct side *me)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(me->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		give_up(me, FAILED, "going to CPU %d: %s", me->cpu, strerror(errno));
}

/*
 * Runs, calls nothing, and never ends. No pause instruction: some emulators go
 * back to their main loop for each. Unrolled, because they like long blocks.
 */
static void *bystander(void *arg)
{
	unsigned long x = (uintptr_t)arg;
	int i;

	for (;;) {
#pragma GCC unroll 32
		for (i = 0; i < 32; i++)
			x = x * 5 + 1;
		asm volatile("" : "+r" (x));
	}
	return NULL;
}

/* They inherit the CPU of the caller. */
static void start_bystanders(struct side *me, int n)
{
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, BYSTANDER_STACK);
	while (n-- > 0) {
		ret = pthread_create(&thread, &attr, bystander, me);
		if (ret)
			give_up(me, FAILED, "no thread for bystander %d: %s", n + 1,
				strerror(ret));
	}
	pthread_attr_destroy(&attr);
}

static void participate(struct side *me)
{
	struct pair *pair = me->pair;
	const struct run *run = pair->run;

	pin(me);
	if (me->id == 0)
		start_bystanders(me, run->threads - 2);
	me->tid = gettid();
	if (run->method->enter)
		run->method->enter(me);

	/* Nobody runs alone at the start, nor is gone when the other calls it. */
	pthread_barrier_wait(&pair->barrier);
	play(me, run);
	pthread_barrier_wait(&pair->barrier);
}

static void *participant_thread(void *arg)
{
	participate(arg);
	return NULL;
}

static void both_threads(struct pair *pair)
{
	pthread_t thread;
	int ret;

	ret = pthread_create(&thread, NULL, participant_thread, &pair->side[1]);
	if (ret)
		give_up(&pair->side[0], FAILED, "no second thread: %s", strerror(ret));
	participate(&pair->side[0]);
	pthread_join(thread, NULL);
}

/* Before there are threads: a cgroup takes whole processes. */
static void enter_cgroup(struct side *me)
{
	const struct run *run = me->pair->run;

	if (run->depth && cgroup_enter(run->split ? me->id : 0))
		give_up(me, FAILED, "entering its cgroup: %s", strerror(errno));
}

/* --- in the parent ------------------------------------------------------------ */

static sigset_t watched;
static sigset_t before;

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

static void init_side(struct pair *pair, int id, const struct run *run)
{
	struct side *s = &pair->side[id];

	s->id = id;
	s->cpu = run->cpu[run->placement == TWO_CPU ? id : 0];
	s->in = -1;
	s->out = -1;
	s->epoll_fd = -1;
	s->pair = pair;
	s->peer = &pair->side[!id];
	s->alternates = !run->method->free_running && !run->method->solo;
}

static struct pair *new_pair(const struct run *run)
{
	pthread_barrierattr_t attr;
	struct pair *pair;

	pair = mmap(NULL, sizeof(*pair), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pair == MAP_FAILED)
		return NULL;
	pair->run = run;
	pair->turns.last = -1;
	init_side(pair, 0, run);
	init_side(pair, 1, run);
	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&pair->barrier, &attr, run->method->solo ? 1 : 2);
	pthread_barrierattr_destroy(&attr);
	return pair;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void free_pair(struct pair *pair)
{
	int i;

	for (i = 0; i < 2; i++) {
		close_fd(pair->side[i].in);
		close_fd(pair->side[i].out);
		close_fd(pair->side[i].epoll_fd);
	}
	munmap(pair, sizeof(*pair));
}

static pid_t start_child(struct side *me)
{
	const struct run *run = me->pair->run;
	pid_t parent = getpid();
	pid_t pid;

	pid = fork();
	if (pid)
		return pid;

	/* Not even kill -9 of the parent leaves a spinning child behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(FAILED);
	enter_cgroup(me);
	if (run->who == THREAD && !run->method->solo)
		both_threads(me->pair);
	else
		participate(me);
	_exit(DONE);
}

struct children {
	pid_t pid[2];		/* 0 when reaped, or never started */
	bool killed;
};

static void kill_all(struct children *c)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (c->pid[i])
			kill(c->pid[i], SIGKILL);
	}
	c->killed = true;
}

/* The first reason is the one that counts. */
static void __printf(2, 3) fail(struct result *result, const char *fmt, ...)
{
	va_list ap;

	if (result->outcome != DONE)
		return;
	result->outcome = FAILED;
	va_start(ap, fmt);
	vsnprintf(result->why, sizeof(result->why), fmt, ap);
	va_end(ap);
}

/* What the end of a child means for the result. */
static void judge_child(struct children *c, int status, struct pair *pair, struct result *result)
{
	const char *why = pair->side[0].why[0] ? pair->side[0].why : pair->side[1].why;

	if (c->killed || (WIFEXITED(status) && WEXITSTATUS(status) == DONE))
		return;
	if (WIFSIGNALED(status))
		fail(result, "signal %d ended a participant", WTERMSIG(status));
	else
		fail(result, "%s", why);
	if (WIFEXITED(status) && WEXITSTATUS(status) == MISSING)
		result->outcome = MISSING;
	kill_all(c);
}

static bool reap(struct children *c, struct pair *pair, struct result *result, int flags)
{
	bool left = false;
	int status;
	int i;

	for (i = 0; i < 2; i++) {
		if (!c->pid[i])
			continue;
		if (waitpid(c->pid[i], &status, flags) == c->pid[i]) {
			c->pid[i] = 0;
			judge_child(c, status, pair, result);
		} else {
			left = true;
		}
	}
	return left;
}

static void report_hang(struct pair *pair, struct result *result)
{
	fail(result,
	     "no end within %d s: side 0 began %lu rounds, side 1 %lu, of %lu; a lost wake-up, or --timeout is too short",
	     pair->run->timeout, (unsigned long)pair->turns.count[0],
	     (unsigned long)pair->turns.count[1], all_rounds(pair->run));
}

/*
 * Until both are gone. What alarm() would do is the timeout of sigtimedwait()
 * here, which has no race with the end of a child.
 */
static int watch(struct children *c, struct pair *pair, struct result *result)
{
	int64_t end = now(CLOCK_MONOTONIC) + pair->run->timeout * NSEC_PER_SEC;
	int caught = 0;

	while (reap(c, pair, result, WNOHANG)) {
		int64_t left = end - now(CLOCK_MONOTONIC);
		struct timespec ts = {
			.tv_sec = left / NSEC_PER_SEC,
			.tv_nsec = left % NSEC_PER_SEC,
		};
		int sig = left > 0 ? sigtimedwait(&watched, NULL, &ts) : 0;

		if (sig == SIGCHLD || (sig < 0 && errno == EINTR))
			continue;
		if (sig > 0) {
			caught = sig;
			fail(result, "%s", strsignal(sig));
		} else {
			report_hang(pair, result);
		}
		kill_all(c);
		reap(c, pair, result, 0);
	}
	return caught;
}

static int run_children(struct pair *pair, struct result *result)
{
	int n = pair->run->who == PROCESS && !pair->run->method->solo ? 2 : 1;
	struct children c = { };
	int i;

	for (i = 0; i < n; i++) {
		pid_t pid = start_child(&pair->side[i]);

		if (pid < 0) {
			fail(result, "fork: %s", strerror(errno));
			kill_all(&c);
			break;
		}
		c.pid[i] = pid;
	}
	return watch(&c, pair, result);
}

/* --- the figures --------------------------------------------------------------- */

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t elapsed(const struct side *s, const struct method *m)
{
	/* Where nobody waits, neither side alone spans the whole. */
	if (m->free_running)
		return max(s[0].end.elapsed, s[1].end.elapsed) -
		       min(s[0].start.elapsed, s[1].start.elapsed);
	return s[0].end.elapsed - s[0].start.elapsed;
}

static int64_t cpu_time(const struct side *s)
{
	return s[0].end.cpu - s[0].start.cpu + s[1].end.cpu - s[1].start.cpu;
}

static void verify(const struct pair *pair, struct result *result)
{
	unsigned long want = all_rounds(pair->run);
	unsigned long first = pair->turns.count[0];
	unsigned long second = pair->run->method->solo ? want : pair->turns.count[1];

	if (first != want || second != want)
		fail(result, "side 0 began %lu rounds, side 1 %lu, of %lu", first,
		     second, want);
}

static void take_figures(const struct pair *pair, struct result *result)
{
	const struct run *run = pair->run;
	const struct side *s = pair->side;
	double rounds = run->rounds;
	int64_t ns;

	ns = is_cpu_clock(run) ? cpu_time(s) : elapsed(s, run->method);
	result->seconds = (double)ns / NSEC_PER_SEC;
	result->ns_per_rt = ns / rounds;
	result->csw_per_rt = (s[0].end.csw - s[0].start.csw +
			      s[1].end.csw - s[1].start.csw) / rounds;
	result->switched = (s[0].end.switched - s[0].start.switched +
			    s[1].end.switched - s[1].start.switched) / (2 * rounds);
}

static enum outcome refuse(struct result *result, enum outcome outcome, const char *why)
{
	result->outcome = outcome;
	snprintf(result->why, sizeof(result->why), "%s", why);
	return outcome;
}

static enum outcome is_possible(const struct run *run, struct result *result)
{
	const struct method *m = run->method;
	const char *why;

	why = m->not_applicable ? m->not_applicable(run) : NULL;
	if (why)
		return refuse(result, NOT_APPLICABLE, why);
	if (run->split && run->who == THREAD)
		return refuse(result, NOT_APPLICABLE,
			      "only processes get cgroups of their own");
	why = m->missing ? m->missing() : NULL;
	if (why)
		return refuse(result, MISSING, why);
	return DONE;
}

int run_pair(const struct run *run, struct result *result)
{
	const struct method *m = run->method;
	struct pair *pair;
	int caught = 0;

	memset(result, 0, sizeof(*result));
	if (is_possible(run, result) != DONE)
		return 0;

	pair = new_pair(run);
	if (!pair) {
		fail(result, "no shared memory: %s", strerror(errno));
		return 0;
	}
	if (m->open && m->open(pair))
		fail(result, "opening file descriptors: %s", strerror(errno));
	else
		caught = run_children(pair, result);
	if (result->outcome == DONE)
		verify(pair, result);
	if (result->outcome == DONE)
		take_figures(pair, result);
	free_pair(pair);
	return caught;
}
