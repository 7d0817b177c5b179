/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fwbench switch: two sides that hand the turn over and back, what they are (a
 * run), how they do it (a method), and what comes out (a result).
 */
#ifndef FWBENCH_SWITCH_H
#define FWBENCH_SWITCH_H

#include <linux/fastwake.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "children.h"
#include "fwbench.h"

#define CACHE_LINE 64

enum who { THREAD, PROCESS, NR_WHO };
enum placement { ONE_CPU, TWO_CPU, NR_PLACEMENTS };

extern const char *const who_names[NR_WHO];
extern const char *const placement_names[NR_PLACEMENTS];

struct run {
	const struct method *method;
	enum who who;
	enum placement placement;
	int cpu[2];
	int threads;		/* runnable on the first CPU, the pair included */
	int depth;		/* of the cgroups; 0: none */
	bool split;		/* each side has cgroups of its own */
	unsigned long warmup;
	unsigned long rounds;	/* 0: until pair->stop */
	int timeout;		/* seconds */
};

struct result {
	struct verdict verdict;
	double seconds;		/* in all, by the run's clock */
	double ns_per_rt;
	double csw_per_rt;
	double switched;
};

/* A side's clocks and counters at one moment. */
struct stamp {
	int64_t elapsed;
	int64_t cpu;
	long csw;
	unsigned long switched;
};

/*
 * What each side writes and the other reads. One cache line, that of the futex
 * words too: on two CPUs it travels with the turn, as any data would that is
 * handed over.
 */
struct turns {
	alignas(CACHE_LINE) atomic_int last;	/* the side that ran last */
	atomic_ulong count[2];			/* rounds that each began */
	atomic_uint futex[2];
};

struct side {
	alignas(CACHE_LINE) int id;	/* 0 begins */
	int cpu;
	pid_t tid;
	int in;			/* file descriptor to sleep on */
	int out;		/* file descriptor that wakes the other side */
	int epoll_fd;		/* has @in */
	uint64_t request;	/* that a seccomp supervisor has not answered yet */
	struct pair *pair;
	struct side *peer;
	bool alternates;	/* a round that the peer was not in is an error */
	unsigned long switched;	/* how often the peer had run between two rounds */
	atomic_bool done;	/* with all its rounds */
	struct stamp start;
	struct stamp end;
	char why[WHY_SIZE];
};

/* Shared memory, at the same address in all processes. */
struct pair {
	struct turns turns;
	struct side side[2];
	const struct run *run;
	pthread_barrier_t barrier;
	atomic_bool stop;	/* after the round that has begun */
};

struct method {
	const char *name;
	const char *about;	/* for the help */

	/* Why it makes no sense for this run; NULL: it does. */
	const char *(*not_applicable)(const struct run *run);
	/* What this kernel lacks; NULL: nothing. */
	const char *(*missing)(void);
	/* Opens file descriptors before the sides are started. */
	int (*open)(struct pair *pair);
	/* In each side, before both start. */
	void (*enter)(struct side *me);

	/* -1 and errno on error, all of them. */
	int (*wait)(struct side *me);	/* for the first turn */
	int (*swap)(struct side *me);	/* hand the turn over, get it back */
	/* By side 0 after its last round, to let side 1 out of its last swap. */
	int (*release)(struct side *me);

	bool free_running;	/* nobody waits; each side runs as it comes */
	bool solo;		/* there is but one side */
	bool fair;		/* fwbench fair has it too */
};

extern const struct method switch_methods[];
extern const unsigned int nr_switch_methods;
const struct method *find_method(const char *name);

/* switch_seccomp.c */
int seccomp_open(struct pair *pair);
void seccomp_enter(struct side *me);
int seccomp_wait(struct side *me);
int seccomp_swap(struct side *me);
int seccomp_release(struct side *me);
const char *seccomp_missing(void);

/* Returns the signal that ended a run before its time, or 0. */
int run_pair(const struct run *run, struct result *result);

/* What run_pair() is made of. */
bool is_possible(const struct run *run, struct verdict *verdict);
struct pair *new_pair(const struct run *run);
void free_pair(struct pair *pair);
/* One side, in a thread of its own. */
void participate(struct side *me);
/* Of the side that gave up. */
const char *complaint(const struct pair *pair);

static inline bool is_cpu_clock(const struct run *run)
{
	return run->threads > 2;
}

static inline unsigned long all_rounds(const struct run *run)
{
	return run->warmup + run->rounds;
}

#endif /* FWBENCH_SWITCH_H */
