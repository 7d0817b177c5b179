// SPDX-License-Identifier: GPL-2.0
/*
 * FastWake: the mode of the machine and the CPUs it holds for.
 *
 * Everything else follows: the completion vectors are enabled while the mode is
 * not off, and poller.c has the chosen CPUs polled.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <rdma/ib_comp_vector.h>

#include "fastwake.h"

static DEFINE_MUTEX(fastwake_mutex);
static enum fastwake_mode fastwake_mode;
static struct cpumask fastwake_cpus;
static enum fastwake_source fastwake_source;

static char *mode = "interrupt";
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode, "off, interrupt (default) or poll; later in /sys/kernel/fastwake/mode");

static char *cpus = "all";
module_param(cpus, charp, 0444);
MODULE_PARM_DESC(cpus, "list of CPUs that mode=poll has poll (default: all); later in /sys/kernel/fastwake/cpus");

static char *source = "eq";
module_param(source, charp, 0444);
MODULE_PARM_DESC(source, "what mode=poll looks at: eq (default), or cq as well; later in /sys/kernel/fastwake/source");

static bool affinity = true;
module_param(affinity, bool, 0444);
MODULE_PARM_DESC(affinity, "CQs follow the threads that read their events (default: yes); later in /sys/kernel/fastwake/affinity");

static bool irq_affinity;
module_param(irq_affinity, bool, 0444);
MODULE_PARM_DESC(irq_affinity, "interrupts follow readers whose CQs the device cannot move (default: no); later in /sys/kernel/fastwake/irq_affinity");

static void fastwake_apply(void)
{
	static const struct cpumask none;

	lockdep_assert_held(&fastwake_mutex);
	fastwake_pollers_set(fastwake_mode == FASTWAKE_POLL ? &fastwake_cpus : &none);
}

/**
 * fastwake_set_mode - switch FastWake on or off
 * @new: the mode
 *
 * No completion event is lost or late because of the switch.
 *
 * Context: process, may sleep.
 * Return: 0, or -EBUSY if somebody else uses the completion vectors.
 */
int fastwake_set_mode(enum fastwake_mode new)
{
	enum fastwake_mode old;
	int ret;

	guard(mutex)(&fastwake_mutex);
	old = fastwake_mode;

	/* Events come by the vectors before anybody polls, and longer. */
	if (old == FASTWAKE_OFF && new != FASTWAKE_OFF) {
		ret = ib_comp_vectors_enable();
		if (ret)
			return ret;
	}

	WRITE_ONCE(fastwake_mode, new);
	fastwake_apply();

	if (old != FASTWAKE_OFF && new == FASTWAKE_OFF)
		ib_comp_vectors_disable();
	return 0;
}

/**
 * fastwake_get_mode - the mode now
 *
 * Context: any.
 * Return: the mode.
 */
enum fastwake_mode fastwake_get_mode(void)
{
	return READ_ONCE(fastwake_mode);
}

/**
 * fastwake_set_cpus - choose the CPUs that poll
 * @new: the CPUs, offline ones included; the others get interrupts
 *
 * Context: process, may sleep.
 */
void fastwake_set_cpus(const struct cpumask *new)
{
	guard(mutex)(&fastwake_mutex);
	cpumask_and(&fastwake_cpus, new, cpu_possible_mask);
	fastwake_apply();
}

/**
 * fastwake_get_cpus - the CPUs that poll when the mode says so
 * @result: filled in
 *
 * Context: process, may sleep.
 */
void fastwake_get_cpus(struct cpumask *result)
{
	guard(mutex)(&fastwake_mutex);
	cpumask_copy(result, &fastwake_cpus);
}

/**
 * fastwake_set_source - choose where polls find completion events
 * @new: the source
 *
 * CQs can be looked at if they are created after the first time that this is chosen.
 *
 * Context: process, may sleep.
 */
void fastwake_set_source(enum fastwake_source new)
{
	guard(mutex)(&fastwake_mutex);
	WRITE_ONCE(fastwake_source, new);
	ib_comp_set_peek(new == FASTWAKE_CQ);
}

/**
 * fastwake_get_source - where polls find completion events
 *
 * Context: any.
 * Return: the source.
 */
enum fastwake_source fastwake_get_source(void)
{
	return READ_ONCE(fastwake_source);
}

static int __init fastwake_init(void)
{
	int new_source = fastwake_parse_source(source);
	int new = fastwake_parse_mode(mode);
	int ret;

	if (new < 0) {
		pr_err("mode=%s is neither off nor interrupt nor poll\n", mode);
		return new;
	}
	if (new_source < 0) {
		pr_err("source=%s is neither eq nor cq\n", source);
		return new_source;
	}

	ret = fastwake_parse_cpus(cpus, &fastwake_cpus);
	if (ret) {
		pr_err("cpus=%s is not a list of this machine's CPUs\n", cpus);
		return ret;
	}

	fastwake_irq_affinity_allow(irq_affinity);

	ret = fastwake_pollers_init();
	if (ret)
		return ret;

	fastwake_set_source(new_source);
	ret = fastwake_sysfs_init();
	if (ret)
		goto err_source;

	ret = fastwake_affinity_enable(affinity);
	if (ret)
		goto err_sysfs;

	ret = fastwake_set_mode(new);
	if (ret)
		goto err_sysfs;
	return 0;

err_sysfs:
	fastwake_sysfs_exit();
	/* After sysfs, where somebody may have set them. */
	fastwake_set_mode(FASTWAKE_OFF);
	fastwake_affinity_enable(false);
err_source:
	fastwake_set_source(FASTWAKE_EQ);
	fastwake_pollers_exit();
	return ret;
}

static void __exit fastwake_exit(void)
{
	fastwake_sysfs_exit();
	fastwake_set_mode(FASTWAKE_OFF);
	fastwake_affinity_enable(false);
	fastwake_set_source(FASTWAKE_EQ);
	fastwake_pollers_exit();
}

module_init(fastwake_init);
module_exit(fastwake_exit);

MODULE_AUTHOR("FastWake developers");
MODULE_DESCRIPTION("FastWake: wake the thread that waits for an RDMA completion");
MODULE_LICENSE("GPL");
