/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scheduling policies, and threads whose first step after a wake-up leaves a mark.
 */
#ifndef POLICY_H
#define POLICY_H

#include "fastwake_test.h"
#include "slice.h"

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif

/* Most of the CPU, for longer than a test takes. */
#define DEADLINE_NS 2000000000ULL
#define DEADLINE_RUNTIME_NS (DEADLINE_NS / 5 * 4)

/*
 * For @tid of the caller's threads, 0: for itself. SCHED_DEADLINE has no priority; what
 * a thread had that is gone may be free only a little later.
 */
static inline bool set_policy(pid_t tid, int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };
	struct slice_attr attr = {
		.size = sizeof(attr),
		.policy = SCHED_DEADLINE,
		.runtime = DEADLINE_RUNTIME_NS,
		.deadline = DEADLINE_NS,
		.period = DEADLINE_NS,
	};
	int i;

	if (policy != SCHED_DEADLINE)
		return !sched_setscheduler(tid, policy, &param);

	for (i = 0; i < MAX_POLLS; i++) {
		if (!syscall(SYS_sched_setattr, tid, &attr, 0))
			return true;
		if (errno != EBUSY)
			return false;
		sched_yield();
	}
	return false;
}

/* A thread that sleeps in hibernate(), and writes its id to *first if 0 is there. */
struct marker {
	struct sleeper s;
	int id;
	atomic_int *first;
	pid_t waker;		/* if not 0: who sleeps until this one runs */
};

static inline void *marker_main(void *arg)
{
	struct marker *m = arg;
	int nobody = 0;

	sleeper_main(&m->s);
	atomic_compare_exchange_strong(m->first, &nobody, m->id);
	if (m->waker)
		wake_up_process(m->waker, 0);
	return NULL;
}

/* On return it is parked. */
static inline bool marker_start(struct marker *m, int id, atomic_int *first)
{
	memset(m, 0, sizeof(*m));
	m->id = id;
	m->first = first;
	return !pthread_create(&m->s.thread, NULL, marker_main, m) &&
	       wait_for_sleep_in(wait_for_tid(&m->s.tid), __NR_hibernate);
}

#endif /* POLICY_H */
