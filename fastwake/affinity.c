// SPDX-License-Identifier: GPL-2.0
/*
 * Which CQs move to the completion vector of another CPU, and when.
 *
 * A CQ moves to the CPU where its events are read, if as many events in a row as
 * fastwake_move_after were read there and delivered elsewhere: a thread that bounces
 * between CPUs, or several that take turns, do not drag it along. It does not move
 * again before fastwake_move_interval_ms are over. If the device cannot move it, the
 * interrupt of its vector may, where the administrator allows that.
 */
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <rdma/ib_comp_vector.h>

#include "fastwake.h"

/* At least 1. */
unsigned int fastwake_move_after = 4;

/* So that there are three moves a second at most. */
unsigned int fastwake_move_interval_ms = 334;

static DEFINE_PER_CPU(struct fastwake_affinity_stats, fastwake_affinity_stats);
static DEFINE_MUTEX(fastwake_affinity_mutex);
static bool fastwake_affinity_on;

static bool fastwake_misplaced(struct ib_comp_place *place, int cpu)
{
	u32 interval = msecs_to_jiffies(READ_ONCE(fastwake_move_interval_ms));
	u32 now = jiffies;
	unsigned int misses = 1;
	u32 wait;

	this_cpu_inc(fastwake_affinity_stats.misplaced);

	if (READ_ONCE(place->reader) == cpu)
		misses += READ_ONCE(place->misses);
	else
		WRITE_ONCE(place->reader, cpu);
	WRITE_ONCE(place->misses, misses);

	if (misses < READ_ONCE(fastwake_move_after))
		return false;
	/* Never longer than that: a CQ that has long been where it is need not wait. */
	wait = READ_ONCE(place->not_before) - now;
	if (wait && wait <= interval) {
		this_cpu_inc(fastwake_affinity_stats.delayed);
		return false;
	}
	WRITE_ONCE(place->not_before, now + interval);
	return true;
}

static struct ib_comp_affinity fastwake_affinity = {
	.misplaced = fastwake_misplaced,
};

/**
 * fastwake_affinity_enable - let CQs follow their readers, or not
 * @enable: which
 *
 * CQs that have moved stay where they are.
 *
 * Context: process, may sleep.
 * Return: 0, or the error of ib_comp_set_affinity().
 */
int fastwake_affinity_enable(bool enable)
{
	int ret;

	guard(mutex)(&fastwake_affinity_mutex);
	if (enable == fastwake_affinity_on)
		return 0;

	ret = ib_comp_set_affinity(enable ? &fastwake_affinity : NULL);
	if (!ret)
		WRITE_ONCE(fastwake_affinity_on, enable);
	return ret;
}

/**
 * fastwake_affinity_enabled - do CQs follow their readers?
 *
 * Context: any.
 */
bool fastwake_affinity_enabled(void)
{
	return READ_ONCE(fastwake_affinity_on);
}

/**
 * fastwake_irq_affinity_allow - let interrupts follow readers, or not
 * @allow: which
 *
 * On devices that cannot move CQs, while fastwake_affinity_enabled(). Interrupts that have
 * moved stay where they are.
 *
 * Context: any.
 */
void fastwake_irq_affinity_allow(bool allow)
{
	WRITE_ONCE(fastwake_affinity.irqs, allow);
}

/**
 * fastwake_irq_affinity_allowed - may interrupts follow readers?
 *
 * Context: any.
 */
bool fastwake_irq_affinity_allowed(void)
{
	return READ_ONCE(fastwake_affinity.irqs);
}

/**
 * fastwake_affinity_read - read the counters of one CPU
 * @cpu: a possible CPU
 * @stats: filled in
 *
 * Context: any.
 */
void fastwake_affinity_read(int cpu, struct fastwake_affinity_stats *stats)
{
	struct fastwake_affinity_stats *from = per_cpu_ptr(&fastwake_affinity_stats, cpu);

	stats->misplaced = READ_ONCE(from->misplaced);
	stats->delayed = READ_ONCE(from->delayed);
}
