/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A thread that sleeps in hibernate() once, and notes on which CPU it was before
 * and is afterwards.
 */
#ifndef TRAVELLER_H
#define TRAVELLER_H

#include "fastwake_test.h"

struct traveller {
	struct sleeper s;
	int slept_on;
	int woke_on;
	pid_t waker;		/* if not 0: who sleeps until this one runs */
};

static inline void *traveller_main(void *arg)
{
	struct traveller *t = arg;

	t->slept_on = sched_getcpu();
	sleeper_main(&t->s);
	t->woke_on = sched_getcpu();
	if (t->waker)
		wake_up_process(t->waker, 0);
	return NULL;
}

/* On return it is parked on @cpu, where it has to stay. The caller moves there. */
static inline bool traveller_start(struct traveller *t, int cpu)
{
	return pin_to_cpu(cpu) && sleeper_start_fn(&t->s, traveller_main);
}

/* Wakes it, with @flags as wake_up_process() takes them, and waits for its end. */
static inline bool traveller_wake(struct traveller *t, unsigned int flags)
{
	if (flags & WAKE_UP_HIBERNATE)
		t->waker = gettid();
	/* To have woken it is 0 with and without the flag. */
	return wake_up_process(t->s.tid, flags) == WAKE_UP_WOKEN &&
	       !pthread_join(t->s.thread, NULL) && !t->s.ret;
}

/* From now on @tid may run on these CPUs only; -1: there is no second one. */
static inline bool set_cpus(pid_t tid, int first, int second)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(first, &set);
	if (second >= 0)
		CPU_SET(second, &set);
	return !sched_setaffinity(tid, sizeof(set), &set);
}

#endif /* TRAVELLER_H */
