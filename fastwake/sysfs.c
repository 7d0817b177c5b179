// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/fastwake: the settings, and a directory of counters for each CPU.
 * Documentation/ABI/testing/sysfs-kernel-fastwake describes the files.
 */
#include <linux/kobject.h>
#include <linux/limits.h>
#include <linux/percpu.h>
#include <linux/sched/direct.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/time64.h>
#include <rdma/ib_comp_vector.h>

#include "fastwake.h"

/* --- settings ---------------------------------------------------------- */

static ssize_t mode_show(struct kobject *kobj, struct kobj_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%s\n", fastwake_mode_name(fastwake_get_mode()));
}

static ssize_t mode_store(struct kobject *kobj, struct kobj_attribute *attr,
			  const char *buf, size_t count)
{
	int mode = fastwake_parse_mode(buf);
	int ret;

	if (mode < 0)
		return mode;

	ret = fastwake_set_mode(mode);
	return ret ?: count;
}

static ssize_t cpus_show(struct kobject *kobj, struct kobj_attribute *attr,
			 char *buf)
{
	cpumask_var_t cpus;
	ssize_t ret;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;

	fastwake_get_cpus(cpus);
	ret = sysfs_emit(buf, "%*pbl\n", cpumask_pr_args(cpus));
	free_cpumask_var(cpus);
	return ret;
}

static ssize_t cpus_store(struct kobject *kobj, struct kobj_attribute *attr,
			  const char *buf, size_t count)
{
	cpumask_var_t cpus;
	int ret;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;

	ret = fastwake_parse_cpus(buf, cpus);
	if (!ret)
		fastwake_set_cpus(cpus);
	free_cpumask_var(cpus);
	return ret ?: count;
}

static unsigned int spin_us = 50;

static ssize_t spin_us_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%u\n", spin_us);
}

static ssize_t spin_us_store(struct kobject *kobj, struct kobj_attribute *attr,
			     const char *buf, size_t count)
{
	unsigned int us;
	int ret;

	ret = kstrtouint(buf, 0, &us);
	if (ret)
		return ret;
	if (us > USEC_PER_SEC)
		return -ERANGE;

	spin_us = us;
	ib_comp_set_spin(us * NSEC_PER_USEC);
	return count;
}

static ssize_t safety_us_show(struct kobject *kobj, struct kobj_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%u\n", fastwake_safety_us);
}

static ssize_t safety_us_store(struct kobject *kobj, struct kobj_attribute *attr,
			       const char *buf, size_t count)
{
	unsigned int us;
	int ret;

	ret = kstrtouint(buf, 0, &us);
	if (ret)
		return ret;
	/* A shorter period would leave the CPU no time for anything else. */
	if (us < 10 || us > USEC_PER_SEC)
		return -ERANGE;

	WRITE_ONCE(fastwake_safety_us, us);
	return count;
}

static struct kobj_attribute mode_attr = __ATTR_RW(mode);
static struct kobj_attribute cpus_attr = __ATTR_RW(cpus);
static struct kobj_attribute spin_us_attr = __ATTR_RW(spin_us);
static struct kobj_attribute safety_us_attr = __ATTR_RW(safety_us);

static struct attribute *fastwake_attrs[] = {
	&mode_attr.attr,
	&cpus_attr.attr,
	&spin_us_attr.attr,
	&safety_us_attr.attr,
	NULL
};
ATTRIBUTE_GROUPS(fastwake);

/* --- counters of a CPU -------------------------------------------------- */

struct fastwake_cpu {
	struct kobject kobj;
	int cpu;
};

struct fastwake_counter {
	struct attribute attr;
	u64 (*read)(int cpu, unsigned int arg);
	unsigned int arg;
};

static u64 fastwake_read_comp(int cpu, unsigned int offset)
{
	struct ib_comp_stats stats;

	ib_comp_read_stats(cpu, &stats);
	return *(u64 *)((char *)&stats + offset);
}

static u64 fastwake_read_sched(int cpu, unsigned int index)
{
	struct sched_direct_stats stats;

	sched_direct_read(cpu, &stats);
	return stats.count[index];
}

static u64 fastwake_read_safety(int cpu, unsigned int unused)
{
	return fastwake_safety_polls(cpu);
}

#define FASTWAKE_COUNTER(_name, _read, _arg)				\
	static struct fastwake_counter _name##_counter = {		\
		.attr = { .name = #_name, .mode = 0444 },		\
		.read = (_read),					\
		.arg = (_arg),						\
	}

FASTWAKE_COUNTER(polls, fastwake_read_comp, offsetof(struct ib_comp_stats, polls));
FASTWAKE_COUNTER(empty_polls, fastwake_read_comp, offsetof(struct ib_comp_stats, empty_polls));
FASTWAKE_COUNTER(events, fastwake_read_comp, offsetof(struct ib_comp_stats, events));
FASTWAKE_COUNTER(own_polls, fastwake_read_comp, offsetof(struct ib_comp_stats, own_polls));
FASTWAKE_COUNTER(parks, fastwake_read_comp, offsetof(struct ib_comp_stats, parks));
FASTWAKE_COUNTER(safety_polls, fastwake_read_safety, 0);
FASTWAKE_COUNTER(direct_wakes, fastwake_read_sched, SCHED_DIRECT_WAKE);
FASTWAKE_COUNTER(direct_switches, fastwake_read_sched, SCHED_DIRECT_SWITCH);
FASTWAKE_COUNTER(fallback_due, fastwake_read_sched, SCHED_DIRECT_DUE);
FASTWAKE_COUNTER(fallback_class, fastwake_read_sched, SCHED_DIRECT_CLASS);
FASTWAKE_COUNTER(fallback_throttled, fastwake_read_sched, SCHED_DIRECT_THROTTLED);
FASTWAKE_COUNTER(fallback_policy, fastwake_read_sched, SCHED_DIRECT_POLICY);
FASTWAKE_COUNTER(fallback_gone, fastwake_read_sched, SCHED_DIRECT_GONE);

static struct attribute *fastwake_cpu_attrs[] = {
	&polls_counter.attr,
	&empty_polls_counter.attr,
	&events_counter.attr,
	&own_polls_counter.attr,
	&parks_counter.attr,
	&safety_polls_counter.attr,
	&direct_wakes_counter.attr,
	&direct_switches_counter.attr,
	&fallback_due_counter.attr,
	&fallback_class_counter.attr,
	&fallback_throttled_counter.attr,
	&fallback_policy_counter.attr,
	&fallback_gone_counter.attr,
	NULL
};
ATTRIBUTE_GROUPS(fastwake_cpu);

static ssize_t fastwake_counter_show(struct kobject *kobj, struct attribute *attr,
				     char *buf)
{
	struct fastwake_counter *counter =
		container_of(attr, struct fastwake_counter, attr);
	struct fastwake_cpu *fc = container_of(kobj, struct fastwake_cpu, kobj);

	return sysfs_emit(buf, "%llu\n", counter->read(fc->cpu, counter->arg));
}

static const struct sysfs_ops fastwake_cpu_ops = {
	.show = fastwake_counter_show,
};

static void fastwake_cpu_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct fastwake_cpu, kobj));
}

static const struct kobj_type fastwake_cpu_type = {
	.release = fastwake_cpu_release,
	.sysfs_ops = &fastwake_cpu_ops,
	.default_groups = fastwake_cpu_groups,
};

/* --- both ---------------------------------------------------------------- */

static struct kobject *fastwake_kobj;
static DEFINE_PER_CPU(struct fastwake_cpu *, fastwake_cpu_dirs);

static int fastwake_cpu_add(int cpu)
{
	struct fastwake_cpu *fc = kzalloc(sizeof(*fc), GFP_KERNEL);
	int ret;

	if (!fc)
		return -ENOMEM;

	fc->cpu = cpu;
	ret = kobject_init_and_add(&fc->kobj, &fastwake_cpu_type, fastwake_kobj,
				   "cpu%d", cpu);
	if (ret) {
		kobject_put(&fc->kobj);
		return ret;
	}
	per_cpu(fastwake_cpu_dirs, cpu) = fc;
	return 0;
}

/**
 * fastwake_sysfs_exit - remove /sys/kernel/fastwake
 *
 * Nobody reads or writes there any more on return.
 *
 * Context: process, may sleep.
 */
void fastwake_sysfs_exit(void)
{
	int cpu;

	sysfs_remove_groups(fastwake_kobj, fastwake_groups);
	for_each_possible_cpu(cpu) {
		if (per_cpu(fastwake_cpu_dirs, cpu))
			kobject_put(&per_cpu(fastwake_cpu_dirs, cpu)->kobj);
	}
	kobject_put(fastwake_kobj);
}

/**
 * fastwake_sysfs_init - create /sys/kernel/fastwake
 *
 * Context: process, may sleep.
 * Return: 0, or a negative errno; nothing is left behind then.
 */
int fastwake_sysfs_init(void)
{
	int cpu, ret;

	ib_comp_set_spin(spin_us * NSEC_PER_USEC);

	fastwake_kobj = kobject_create_and_add("fastwake", kernel_kobj);
	if (!fastwake_kobj)
		return -ENOMEM;

	for_each_possible_cpu(cpu) {
		ret = fastwake_cpu_add(cpu);
		if (ret)
			goto err_exit;
	}

	ret = sysfs_create_groups(fastwake_kobj, fastwake_groups);
	if (ret)
		goto err_exit;
	return 0;

err_exit:
	fastwake_sysfs_exit();
	return ret;
}
