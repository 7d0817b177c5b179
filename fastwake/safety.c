// SPDX-License-Identifier: GPL-2.0
/*
 * The safety timer of a polled CPU.
 *
 * The vectors of a polled CPU do not interrupt, and a thread that computes for
 * long keeps both the waiters and fastwake/N from polling. Then this timer looks
 * at them if nobody else did for a whole period, so that an event is seldom late by
 * more than two.
 */
#include <linux/hrtimer.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <rdma/ib_comp_vector.h>

#include "fastwake.h"

/* How many events the timer delivers at most; it runs in hardirq context. */
#define FASTWAKE_SAFETY_BUDGET 16

struct fastwake_safety {
	struct hrtimer timer;
	u64 seen;	/* number of polls of this CPU when the timer last ran */
	u64 polls;	/* how often nobody else had polled */
};

static DEFINE_PER_CPU(struct fastwake_safety, fastwake_safety);

/* The period in microseconds, at least 1. */
unsigned int fastwake_safety_us = 1000;

static u64 fastwake_safety_period(void)
{
	return (u64)READ_ONCE(fastwake_safety_us) * NSEC_PER_USEC;
}

static enum hrtimer_restart fastwake_safety_expired(struct hrtimer *timer)
{
	struct fastwake_safety *s = container_of(timer, struct fastwake_safety, timer);
	struct ib_comp_stats stats;

	ib_comp_read_stats(smp_processor_id(), &stats);
	if (stats.polls == s->seen) {
		s->polls++;
		ib_comp_poll(FASTWAKE_SAFETY_BUDGET);
		stats.polls++;
	}
	s->seen = stats.polls;

	hrtimer_forward_now(timer, fastwake_safety_period());
	return HRTIMER_RESTART;
}

/**
 * fastwake_safety_init - prepare the timer of a CPU
 * @cpu: the CPU
 */
void fastwake_safety_init(int cpu)
{
	struct hrtimer *timer = &per_cpu(fastwake_safety, cpu).timer;

	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
	timer->function = fastwake_safety_expired;
}

static void fastwake_safety_start_here(void *unused)
{
	hrtimer_start(this_cpu_ptr(&fastwake_safety.timer),
		      fastwake_safety_period(), HRTIMER_MODE_REL_PINNED);
}

/**
 * fastwake_safety_start - start the timer
 * @cpu: an online CPU, that stays so during the call
 *
 * Context: process, may sleep.
 */
void fastwake_safety_start(int cpu)
{
	smp_call_function_single(cpu, fastwake_safety_start_here, NULL, true);
}

/**
 * fastwake_safety_stop - stop the timer and wait until it does not run
 * @cpu: a CPU that does not poll any more
 *
 * Context: process, may sleep.
 */
void fastwake_safety_stop(int cpu)
{
	hrtimer_cancel(&per_cpu(fastwake_safety, cpu).timer);
}

/**
 * fastwake_safety_polls - how often the timer had to poll
 * @cpu: a possible CPU
 *
 * Return: the number since the module was loaded.
 */
u64 fastwake_safety_polls(int cpu)
{
	return READ_ONCE(per_cpu(fastwake_safety, cpu).polls);
}
