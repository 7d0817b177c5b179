// SPDX-License-Identifier: GPL-2.0
/*
 * One run of one method: two sides in two processes, or in two threads of one,
 * which the caller's process starts, watches and judges.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "clock.h"
#include "cpus.h"
#include "spin.h"
#include "switch.h"

#define BYSTANDER_STACK (64 * 1024)

/* --- in the participants ------------------------------------------------------ */

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

static inline void check(struct side *me, int ret, const char *what, unsigned long round)
{
	if (ret)
		give_up(me->why, FAILED, "%s of side %d in round %lu: %s", what, me->id,
			round, strerror(errno));
}

/* One writer each: only the other side's eyes make these atomic. */
static inline void begin_round(struct side *me, struct turns *t, unsigned long round)
{
	if (atomic_load_explicit(&t->last, memory_order_relaxed) != me->id)
		me->switched++;
	else if (me->alternates)
		give_up(me->why, FAILED, "side %d began round %lu though the other had not run",
			me->id, round);
	atomic_store_explicit(&t->last, me->id, memory_order_relaxed);
	atomic_store_explicit(&t->count[me->id], round, memory_order_relaxed);
}

/* From here on this side may sleep, and its peer find it so. */
static void end_rounds(struct side *me, unsigned long round)
{
	const struct method *m = me->pair->run->method;

	atomic_store(&me->done, true);
	if (me->id == 0 && m->release)
		check(me, m->release(me), "the release", round);
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
	end_rounds(me, rounds);
}

static void play_until_stopped(struct side *me)
{
	const struct method *m = me->pair->run->method;
	/* Side 0 decides when to stop: then the other one is in its last swap. */
	atomic_bool *over = me->id == 0 ? &me->pair->stop : &me->peer->done;
	struct turns *t = &me->pair->turns;
	unsigned long i = 0;

	if (me->id == 1 && m->wait)
		check(me, m->wait(me), "the first wait", 0);
	while (!atomic_load_explicit(over, memory_order_relaxed)) {
		begin_round(me, t, ++i);
		check(me, m->swap(me), "the hand-over", i);
	}
	end_rounds(me, i);
}

static void *bystander(void *arg)
{
	unsigned long x = (uintptr_t)arg;

	for (;;)
		x = spin(x);
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
			give_up(me->why, FAILED, "no thread for bystander %d: %s", n + 1,
				strerror(ret));
	}
	pthread_attr_destroy(&attr);
}

void participate(struct side *me)
{
	struct pair *pair = me->pair;
	const struct run *run = pair->run;

	if (pin_to_cpu(me->cpu))
		give_up(me->why, FAILED, "going to CPU %d: %s", me->cpu, strerror(errno));
	if (me->id == 0)
		start_bystanders(me, run->threads - 2);
	me->tid = gettid();
	if (run->method->enter)
		run->method->enter(me);

	/* Nobody runs alone at the start, nor is gone when the other calls it. */
	pthread_barrier_wait(&pair->barrier);
	if (run->rounds)
		play(me, run);
	else
		play_until_stopped(me);
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
		give_up(pair->side[0].why, FAILED, "no second thread: %s", strerror(ret));
	participate(&pair->side[0]);
	pthread_join(thread, NULL);
}

/* Before there are threads: a cgroup takes whole processes. */
static void enter_cgroup(struct side *me)
{
	const struct run *run = me->pair->run;

	if (run->depth && cgroup_enter(run->split ? me->id : 0))
		give_up(me->why, FAILED, "entering its cgroup: %s", strerror(errno));
}

/* --- in the parent ------------------------------------------------------------ */

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

struct pair *new_pair(const struct run *run)
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

void free_pair(struct pair *pair)
{
	int i;

	for (i = 0; i < 2; i++) {
		close_fd(pair->side[i].in);
		close_fd(pair->side[i].out);
		close_fd(pair->side[i].epoll_fd);
	}
	munmap(pair, sizeof(*pair));
}

static void be_child(struct side *me)
{
	const struct run *run = me->pair->run;

	enter_cgroup(me);
	if (run->who == THREAD && !run->method->solo)
		both_threads(me->pair);
	else
		participate(me);
	_exit(DONE);
}

const char *complaint(const struct pair *pair)
{
	return pair->side[0].why[0] ? pair->side[0].why : pair->side[1].why;
}

static void report_hang(const struct pair *pair, struct verdict *verdict)
{
	fail(verdict,
	     "no end within %d s: side 0 began %lu rounds, side 1 %lu, of %lu; a lost wake-up, or --timeout is too short",
	     pair->run->timeout, (unsigned long)pair->turns.count[0],
	     (unsigned long)pair->turns.count[1], all_rounds(pair->run));
}

static int run_children(struct pair *pair, struct verdict *verdict)
{
	int n = pair->run->who == PROCESS && !pair->run->method->solo ? 2 : 1;
	struct children c = { };
	int caught;
	int i;

	for (i = 0; i < n; i++) {
		pid_t pid = start_child(&c);

		if (!pid)
			be_child(&pair->side[i]);
		if (pid < 0) {
			fail(verdict, "fork: %s", strerror(errno));
			kill_children(&c);
			break;
		}
	}
	caught = watch_children(&c, pair->run->timeout, verdict);
	if (c.hung)
		report_hang(pair, verdict);
	if (verdict->outcome != DONE && !verdict->why[0])
		snprintf(verdict->why, sizeof(verdict->why), "%s", complaint(pair));
	return caught;
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

static void verify(const struct pair *pair, struct verdict *verdict)
{
	unsigned long want = all_rounds(pair->run);
	unsigned long first = pair->turns.count[0];
	unsigned long second = pair->run->method->solo ? want : pair->turns.count[1];

	if (first != want || second != want)
		fail(verdict, "side 0 began %lu rounds, side 1 %lu, of %lu", first,
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

static bool refuse(struct verdict *verdict, enum outcome outcome, const char *why)
{
	verdict->outcome = outcome;
	snprintf(verdict->why, sizeof(verdict->why), "%s", why);
	return false;
}

bool is_possible(const struct run *run, struct verdict *verdict)
{
	const struct method *m = run->method;
	const char *why;

	why = m->not_applicable ? m->not_applicable(run) : NULL;
	if (why)
		return refuse(verdict, NOT_APPLICABLE, why);
	if (run->split && run->who == THREAD)
		return refuse(verdict, NOT_APPLICABLE,
			      "only processes get cgroups of their own");
	why = m->missing ? m->missing() : NULL;
	if (why)
		return refuse(verdict, MISSING, why);
	return true;
}

int run_pair(const struct run *run, struct result *result)
{
	const struct method *m = run->method;
	struct verdict *v = &result->verdict;
	struct pair *pair;
	int caught = 0;

	memset(result, 0, sizeof(*result));
	if (!is_possible(run, v))
		return 0;

	pair = new_pair(run);
	if (!pair) {
		fail(v, "no shared memory: %s", strerror(errno));
		return 0;
	}
	if (m->open && m->open(pair))
		fail(v, "opening file descriptors: %s", strerror(errno));
	else
		caught = run_children(pair, v);
	if (v->outcome == DONE)
		verify(pair, v);
	if (v->outcome == DONE)
		take_figures(pair, result);
	free_pair(pair);
	return caught;
}
