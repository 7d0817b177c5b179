/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two processes that take turns: whoever has the turn counts it, gives it to the
 * other one and sleeps. They alternate strictly, so each return from a sleep is
 * for exactly one wake-up: a lost one stops the turns, and one too many makes
 * somebody run out of turn.
 */
#ifndef PAIR_H
#define PAIR_H

#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>

#include "fastwake_test.h"

/* Until pair_halt(). */
#define MANY_TURNS (LONG_MAX / 2)

struct pair {
	pid_t pid[2];
	unsigned int flags;	/* as wake_up_process() takes them: two calls or one */
	void (*in_turn)(int me);	/* if not NULL */
	long turn;		/* not atomic: the wake-ups alone order it */
	atomic_long last_turn;	/* negative: exit */
	atomic_bool resting;	/* whoever had the last turn keeps it */
	char wrong[128];
};

static inline void pair_wrong(struct pair *p, const char *what, long ret)
{
	snprintf(p->wrong, sizeof(p->wrong), "turn %ld: %s = %ld, %s", p->turn, what,
		 ret, strerror(errno));
	_exit(1);
}

static inline void pair_sleep(struct pair *p)
{
	long ret = hibernate(0);

	if (ret)
		pair_wrong(p, "hibernate()", ret);
}

/* Give the turn to @peer, and sleep until it is back. */
static inline void pair_give(struct pair *p, pid_t peer)
{
	long ret = wake_up_process(peer, p->flags);

	if (ret != WAKE_UP_WOKEN && (p->flags || ret != WAKE_UP_PERMIT))
		pair_wrong(p, "wake_up_process()", ret);
	if (!(p->flags & WAKE_UP_HIBERNATE))
		pair_sleep(p);
}

static inline void pair_main(struct pair *p, int me)
{
	/* A test that fails leaves nobody behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pair_sleep(p);
	while (p->last_turn >= 0) {
		if (p->turn % 2 != me)
			pair_wrong(p, "whose turn it is not", me);
		if (p->in_turn)
			p->in_turn(me);
		if (++p->turn < p->last_turn) {
			pair_give(p, p->pid[!me]);
		} else {
			p->resting = true;
			pair_sleep(p);
		}
	}
	_exit(0);
}

/* For the others, to whom it is but a number that grows. */
static inline long pair_turn(struct pair *p)
{
	return __atomic_load_n(&p->turn, __ATOMIC_RELAXED);
}

static inline bool pair_parked(struct pair *p)
{
	int me;

	for (me = 0; me < 2; me++) {
		if (!is_parked(p->pid[me]) &&
		    thread_sleeps_in(p->pid[me]) != __NR_wake_up_process)
			return false;
	}
	return true;
}

/* Until they rest, and both sleep. False if they get stuck before. */
static inline bool pair_wait(struct pair *p)
{
	long seen = -1;
	int i;

	for (i = 0; i < MAX_POLLS && !p->wrong[0]; i++) {
		if (p->resting && pair_parked(p))
			return true;
		if (pair_turn(p) != seen)
			i = 0;
		seen = pair_turn(p);
		sched_yield();
	}
	if (!p->wrong[0])
		snprintf(p->wrong, sizeof(p->wrong), "stuck in turn %ld: %c and %c", seen,
			 thread_state(p->pid[0]), thread_state(p->pid[1]));
	return false;
}

/* While they rest: they begin @turns more turns. */
static inline bool pair_go(struct pair *p, long turns)
{
	p->resting = false;
	p->last_turn = p->turn + turns;
	return wake_up_process(p->pid[p->turn % 2], 0) == WAKE_UP_WOKEN;
}

/* While they take turns: until they have had @turns more. */
static inline bool pair_wait_turns(struct pair *p, long turns)
{
	long end = pair_turn(p) + turns;
	int i;

	for (i = 0; i < MAX_POLLS && !p->wrong[0]; i++) {
		if (pair_turn(p) >= end)
			return true;
		sched_yield();
	}
	return false;
}

/* The turn that goes on is the last one. */
static inline bool pair_halt(struct pair *p)
{
	p->last_turn = 0;
	return pair_wait(p);
}

static inline bool pair_run(struct pair *p, long turns)
{
	return pair_go(p, turns) && pair_wait(p);
}

/* Each on its CPU, where they rest on return. NULL if that fails. */
static inline struct pair *pair_start(int cpu, int other_cpu, unsigned int flags,
				      void (*in_turn)(int me))
{
	struct pair *p = shared_alloc(sizeof(*p));
	int me;

	if (!p)
		return NULL;
	p->flags = flags;
	p->in_turn = in_turn;
	p->resting = true;
	for (me = 0; me < 2; me++) {
		pid_t pid = fork();

		if (pid < 0)
			return NULL;
		if (!pid) {
			if (!pin_to_cpu(me ? other_cpu : cpu))
				_exit(1);
			pair_main(p, me);
		}
		p->pid[me] = pid;
	}
	return pair_wait(p) ? p : NULL;
}

/* While they rest, or if they got stuck: the end of both. True if all went well. */
static inline bool pair_stop(struct pair *p)
{
	bool ok = !p->wrong[0];
	int me;

	p->last_turn = -1;
	for (me = 0; me < 2; me++) {
		if (ok)
			wake_up_process(p->pid[me], 0);
		else
			kill(p->pid[me], SIGKILL);
		if (child_status(p->pid[me]))
			ok = false;
	}
	return ok;
}

#endif /* PAIR_H */
