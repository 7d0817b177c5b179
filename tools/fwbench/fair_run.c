// SPDX-License-Identifier: GPL-2.0
/*
 * One run of fwbench fair: all parties on one CPU, and a reader who takes their
 * times.
 *
 *	child 0		the reader, the pair or the reference, the hog
 *	child 1		the hog of the other cgroup
 *	child 2		the SCHED_FIFO thread
 *
 * A cgroup takes whole processes, hence child 1. Kernels with
 * CONFIG_RT_GROUP_SCHED want no such thread in a cgroup, hence child 2.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cgroup.h"
#include "cpus.h"
#include "fair.h"
#include "spin.h"

/* Until each has run, and what they were owed as they started has evened out. */
#define WARMUP (200 * NSEC_PER_MSEC)
#define RT_PRIORITY 1
#define RT_PERIOD (10 * NSEC_PER_MSEC)
/* A million steps: a tenth of a period at an instruction per nanosecond. */
#define RT_SPINS (1000000 / SPIN_STEPS)
#define MAX_THREADS 3
#define MAX_CLOCKS (MAX_THREADS + 2)

/* Shared memory, as the pair is. */
struct arena {
	const struct fair_run *run;
	struct pair *pair;
	bool reference;			/* the pair takes no part */
	pthread_barrier_t all_there;	/* the children */
	pid_t pid[NR_PARTIES];		/* of those that are a process */
	atomic_llong periods;
	atomic_llong completed;
	struct account start;
	struct account end;
	char why[MAX_CHILDREN][WHY_SIZE];
};

/* --- the parties ---------------------------------------------------------------- */

static void *spin_until_stopped(void *arg)
{
	atomic_bool *stop = arg;
	unsigned long x = (uintptr_t)arg;

	while (!atomic_load_explicit(stop, memory_order_relaxed))
		x = spin(x);
	return NULL;
}

static void *side_thread(void *arg)
{
	participate(arg);
	return NULL;
}

static void go_to_cpu(struct arena *a, char *why)
{
	int cpu = a->run->run.cpu[0];

	if (pin_to_cpu(cpu))
		give_up(why, FAILED, "going to CPU %d: %s", cpu, strerror(errno));
}

/*
 * On the CPU already: load that it had in the group on another CPU would count
 * there for a while, and lower the group's share on this one.
 */
static void enter_cgroup(struct arena *a, int chain, char *why)
{
	if (a->run->has[PARTY_CGROUP] && cgroup_enter(chain))
		give_up(why, FAILED, "entering its cgroup: %s", strerror(errno));
}

static void be_sibling_hog(struct arena *a, char *why)
{
	go_to_cpu(a, why);
	enter_cgroup(a, 1, why);
	a->pid[PARTY_CGROUP] = getpid();
	pthread_barrier_wait(&a->all_there);
	spin_until_stopped(&a->pair->stop);
}

static void work(void)
{
	unsigned long x = 0;
	int i;

	for (i = 0; i < RT_SPINS; i++)
		x = spin(x);
}

/* A period is complete if its work is done when the next one begins. */
static void work_in_periods(struct arena *a)
{
	int64_t begin = now(CLOCK_MONOTONIC);
	struct timespec ts;
	int64_t late;

	while (!atomic_load(&a->pair->stop)) {
		begin += RT_PERIOD;
		ts = to_timespec(begin);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
		work();
		late = (now(CLOCK_MONOTONIC) - begin) / RT_PERIOD;
		begin += late * RT_PERIOD;
		a->periods += 1 + late;
		a->completed += !late;
	}
}

static void be_rt(struct arena *a, char *why)
{
	struct sched_param param = { .sched_priority = RT_PRIORITY };

	go_to_cpu(a, why);
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		give_up(why, FAILED, "setting SCHED_FIFO: %s", strerror(errno));
	a->pid[PARTY_RT] = getpid();
	pthread_barrier_wait(&a->all_there);
	work_in_periods(a);
}

/* --- the reader ----------------------------------------------------------------- */

struct reader {
	struct arena *arena;
	char *why;
	pthread_t threads[MAX_THREADS];
	int nr_threads;
	clockid_t clocks[MAX_CLOCKS];
	enum party owners[MAX_CLOCKS];
	int nr_clocks;
};

static void add_clock(struct reader *r, enum party owner, clockid_t clock)
{
	r->owners[r->nr_clocks] = owner;
	r->clocks[r->nr_clocks++] = clock;
}

static void start_thread(struct reader *r, enum party owner,
			 void *(*function)(void *), void *arg)
{
	pthread_t *thread = &r->threads[r->nr_threads];
	clockid_t clock;
	int ret;

	ret = pthread_create(thread, NULL, function, arg) ?:
	      pthread_getcpuclockid(*thread, &clock);
	if (ret)
		give_up(r->why, FAILED, "no thread for the party '%s': %s",
			party_names[owner], strerror(ret));
	r->nr_threads++;
	add_clock(r, owner, clock);
}

/* Its only thread's clock: that itself is for its own process to read. */
static void find_process(struct reader *r, enum party party)
{
	clockid_t clock;
	int ret;

	if (!r->arena->run->has[party])
		return;
	ret = clock_getcpuclockid(r->arena->pid[party], &clock);
	if (ret)
		give_up(r->why, FAILED, "no clock of the party '%s': %s",
			party_names[party], strerror(ret));
	add_clock(r, party, clock);
}

static void start_pair(struct reader *r)
{
	struct pair *pair = r->arena->pair;
	int i;

	if (!r->arena->reference) {
		start_thread(r, PARTY_PAIR, side_thread, &pair->side[0]);
		start_thread(r, PARTY_PAIR, side_thread, &pair->side[1]);
		return;
	}
	for (i = 0; i < nr_reference(pair->run->method); i++)
		start_thread(r, PARTY_PAIR, spin_until_stopped, &pair->stop);
}

static void read_once(const struct reader *r, struct account *a)
{
	const struct side *side = r->arena->pair->side;
	int i;

	memset(a, 0, sizeof(*a));
	for (i = 0; i < r->nr_clocks; i++)
		a->cpu[r->owners[i]] += now(r->clocks[i]);
	/* Plain words, for fwbench switch; on one CPU, their writers are off it. */
	a->hand_overs = side[0].switched + side[1].switched;
	a->periods = r->arena->periods;
	a->completed = r->arena->completed;
}

/*
 * The reader runs on the CPU of the parties. So if nothing changes between two
 * readings, no party has run meanwhile: both are of one moment, and no party has
 * time that is not in its clock yet.
 */
static void read_clocks(const struct reader *r, struct account *a)
{
	struct account before;

	read_once(r, a);
	do {
		before = *a;
		read_once(r, a);
	} while (memcmp(&before, a, sizeof(before)));
}

/*
 * No party waits for the reader, nor the reader for one: it looks again when they
 * may have had the time, and so takes next to none itself.
 */
static void read_after(const struct reader *r, struct account *a, int64_t ns)
{
	struct timespec ts;
	int64_t left;

	for (;;) {
		read_clocks(r, a);
		left = ns - total(a);
		if (left <= 0)
			return;
		ts = to_timespec(left > NSEC_PER_MSEC ? left : NSEC_PER_MSEC);
		clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
	}
}

static void be_group(struct arena *a, char *why)
{
	struct reader r = { .arena = a, .why = why };
	int i;

	go_to_cpu(a, why);
	enter_cgroup(a, 0, why);
	start_thread(&r, PARTY_HOG, spin_until_stopped, &a->pair->stop);
	start_pair(&r);
	pthread_barrier_wait(&a->all_there);
	find_process(&r, PARTY_CGROUP);
	find_process(&r, PARTY_RT);

	read_after(&r, &a->start, WARMUP);
	read_after(&r, &a->end, total(&a->start) + a->run->seconds * NSEC_PER_SEC);
	atomic_store(&a->pair->stop, true);
	for (i = 0; i < r.nr_threads; i++)
		pthread_join(r.threads[i], NULL);
}

/* --- in the parent ---------------------------------------------------------------- */

static const struct role {
	enum party party;		/* without it, nobody has this role */
	void (*play)(struct arena *a, char *why);
} roles[MAX_CHILDREN] = {
	{ PARTY_PAIR, be_group },
	{ PARTY_CGROUP, be_sibling_hog },
	{ PARTY_RT, be_rt },
};

static struct arena *new_arena(const struct fair_run *run, struct pair *pair, bool reference)
{
	int children = 1 + run->has[PARTY_CGROUP] + run->has[PARTY_RT];
	pthread_barrierattr_t attr;
	struct arena *a;

	a = mmap(NULL, sizeof(*a), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (a == MAP_FAILED)
		return NULL;
	a->run = run;
	a->pair = pair;
	a->reference = reference;
	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&a->all_there, &attr, children);
	pthread_barrierattr_destroy(&attr);
	return a;
}

static void start_children(struct arena *a, struct children *c, struct verdict *v)
{
	pid_t pid;
	int i;

	for (i = 0; i < MAX_CHILDREN; i++) {
		if (!a->run->has[roles[i].party])
			continue;
		pid = start_child(c);
		if (!pid) {
			roles[i].play(a, a->why[i]);
			_exit(DONE);
		}
		if (pid < 0) {
			fail(v, "fork: %s", strerror(errno));
			kill_children(c);
			return;
		}
	}
}

/* Who hangs does not keep the others from their time, nor from the end. */
static void report_hang(const struct arena *a, struct verdict *v)
{
	fail(v, "no end within %d s: %s; side 0 began %lu rounds, side 1 %lu",
	     a->run->run.timeout,
	     a->pair->stop ? "the pair did not stop, as after a lost wake-up" :
			     "others have the CPU, or --timeout is too short",
	     (unsigned long)a->pair->turns.count[0], (unsigned long)a->pair->turns.count[1]);
}

static void explain(const struct arena *a, struct verdict *v)
{
	const char *why = complaint(a->pair);
	int i;

	for (i = 0; i < MAX_CHILDREN && !why[0]; i++)
		why = a->why[i];
	snprintf(v->why, sizeof(v->why), "%s", why);
}

static int run_children(struct arena *a, struct verdict *v)
{
	struct children c = { };
	int caught;

	start_children(a, &c, v);
	caught = watch_children(&c, a->run->run.timeout, v);
	if (c.hung)
		report_hang(a, v);
	if (v->outcome != DONE && !v->why[0])
		explain(a, v);
	return caught;
}

static void take_figures(const struct arena *a, struct account *figures)
{
	int i;

	for (i = 0; i < NR_PARTIES; i++)
		figures->cpu[i] = a->end.cpu[i] - a->start.cpu[i];
	figures->hand_overs = a->end.hand_overs - a->start.hand_overs;
	figures->periods = a->end.periods - a->start.periods;
	figures->completed = a->end.completed - a->start.completed;
}

static int run_arena(struct pair *pair, const struct fair_run *run, bool reference,
		     struct fair_result *result)
{
	struct account *figures = reference ? &result->reference : &result->pair;
	const struct method *m = run->run.method;
	struct verdict *v = &result->verdict;
	struct arena *a;
	int caught = 0;

	a = new_arena(run, pair, reference);
	if (!a) {
		fail(v, "no shared memory: %s", strerror(errno));
		return 0;
	}
	if (!reference && m->open && m->open(pair))
		fail(v, "opening file descriptors: %s", strerror(errno));
	else
		caught = run_children(a, v);
	if (v->outcome == DONE)
		take_figures(a, figures);
	munmap(a, sizeof(*a));
	return caught;
}

static int run_half(const struct fair_run *run, bool reference, struct fair_result *result)
{
	struct pair *pair;
	int caught;

	pair = new_pair(&run->run);
	if (!pair) {
		fail(&result->verdict, "no shared memory: %s", strerror(errno));
		return 0;
	}
	caught = run_arena(pair, run, reference, result);
	free_pair(pair);
	return caught;
}

int run_fair(const struct fair_run *run, struct fair_result *result)
{
	int caught;

	memset(result, 0, sizeof(*result));
	if (!is_possible(&run->run, &result->verdict))
		return 0;
	caught = run_half(run, false, result);
	if (result->verdict.outcome != DONE)
		return caught;
	return run_half(run, true, result);
}
