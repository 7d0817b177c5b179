// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/fastwake: the settings. See counters.c for the rest of it.
 * Documentation/ABI/testing/sysfs-kernel-fastwake describes the files.
 */
#include <linux/cleanup.h>
#include <linux/kobject.h>
#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/sysfs.h>
#include <linux/time64.h>
#include <rdma/ib_comp_vector.h>

#include "fastwake.h"

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

static ssize_t source_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n", fastwake_source_name(fastwake_get_source()));
}

static ssize_t source_store(struct kobject *kobj, struct kobj_attribute *attr,
			    const char *buf, size_t count)
{
	int source = fastwake_parse_source(buf);

	if (source < 0)
		return source;

	fastwake_set_source(source);
	return count;
}

/* What the kernel is told is what the file has, whoever writes at the same time. */
static DEFINE_MUTEX(fastwake_told_mutex);

static unsigned int spin_us = 50;

static ssize_t spin_us_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%u\n", spin_us);
}

static ssize_t spin_us_store(struct kobject *kobj, struct kobj_attribute *attr,
			     const char *buf, size_t count)
{
	int ret;

	guard(mutex)(&fastwake_told_mutex);
	ret = fastwake_parse_number(buf, 0, USEC_PER_SEC, &spin_us);
	if (ret)
		return ret;

	ib_comp_set_spin(spin_us * NSEC_PER_USEC);
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
	/* A shorter period would leave the CPU no time for anything else. */
	return fastwake_parse_number(buf, 10, USEC_PER_SEC, &fastwake_safety_us) ?: count;
}

/* Not more than interrupts could ever deliver. */
#define IRQ_EVENTS_MAX 100000

static unsigned int irq_events = 128;

static ssize_t irq_events_show(struct kobject *kobj, struct kobj_attribute *attr,
			       char *buf)
{
	return sysfs_emit(buf, "%u\n", irq_events);
}

static ssize_t irq_events_store(struct kobject *kobj, struct kobj_attribute *attr,
				const char *buf, size_t count)
{
	int ret;

	guard(mutex)(&fastwake_told_mutex);
	ret = fastwake_parse_number(buf, 0, IRQ_EVENTS_MAX, &irq_events);
	if (ret)
		return ret;

	ib_comp_set_irq_events(irq_events);
	return count;
}

static ssize_t affinity_show(struct kobject *kobj, struct kobj_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%d\n", fastwake_affinity_enabled());
}

static ssize_t affinity_store(struct kobject *kobj, struct kobj_attribute *attr,
			      const char *buf, size_t count)
{
	bool enable;
	int ret;

	ret = kstrtobool(buf, &enable);
	if (!ret)
		ret = fastwake_affinity_enable(enable);
	return ret ?: count;
}

static ssize_t irq_affinity_show(struct kobject *kobj,
				 struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", fastwake_irq_affinity_allowed());
}

static ssize_t irq_affinity_store(struct kobject *kobj,
				  struct kobj_attribute *attr,
				  const char *buf, size_t count)
{
	bool allow;
	int ret;

	ret = kstrtobool(buf, &allow);
	if (ret)
		return ret;

	fastwake_irq_affinity_allow(allow);
	return count;
}

static ssize_t move_after_show(struct kobject *kobj, struct kobj_attribute *attr,
			       char *buf)
{
	return sysfs_emit(buf, "%u\n", fastwake_move_after);
}

static ssize_t move_after_store(struct kobject *kobj, struct kobj_attribute *attr,
				const char *buf, size_t count)
{
	return fastwake_parse_number(buf, 1, UINT_MAX, &fastwake_move_after) ?: count;
}

static ssize_t move_interval_ms_show(struct kobject *kobj,
				     struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", fastwake_move_interval_ms);
}

static ssize_t move_interval_ms_store(struct kobject *kobj,
				      struct kobj_attribute *attr,
				      const char *buf, size_t count)
{
	return fastwake_parse_number(buf, 0, FASTWAKE_MOVE_INTERVAL_MAX_MS,
				     &fastwake_move_interval_ms) ?: count;
}

static struct kobj_attribute mode_attr = __ATTR_RW(mode);
static struct kobj_attribute cpus_attr = __ATTR_RW(cpus);
static struct kobj_attribute source_attr = __ATTR_RW(source);
static struct kobj_attribute spin_us_attr = __ATTR_RW(spin_us);
static struct kobj_attribute safety_us_attr = __ATTR_RW(safety_us);
static struct kobj_attribute irq_events_attr = __ATTR_RW(irq_events);
static struct kobj_attribute affinity_attr = __ATTR_RW(affinity);
static struct kobj_attribute irq_affinity_attr = __ATTR_RW(irq_affinity);
static struct kobj_attribute move_after_attr = __ATTR_RW(move_after);
static struct kobj_attribute move_interval_ms_attr = __ATTR_RW(move_interval_ms);

static struct attribute *fastwake_attrs[] = {
	&mode_attr.attr,
	&cpus_attr.attr,
	&source_attr.attr,
	&spin_us_attr.attr,
	&safety_us_attr.attr,
	&irq_events_attr.attr,
	&affinity_attr.attr,
	&irq_affinity_attr.attr,
	&move_after_attr.attr,
	&move_interval_ms_attr.attr,
	NULL
};
ATTRIBUTE_GROUPS(fastwake);

static struct kobject *fastwake_kobj;

/**
 * fastwake_sysfs_exit - remove /sys/kernel/fastwake
 *
 * Nobody reads or writes there any more on return.
 *
 * Context: process, may sleep.
 */
void fastwake_sysfs_exit(void)
{
	sysfs_remove_groups(fastwake_kobj, fastwake_groups);
	fastwake_counters_exit();
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
	int ret;

	ib_comp_set_spin(spin_us * NSEC_PER_USEC);
	ib_comp_set_irq_events(irq_events);

	fastwake_kobj = kobject_create_and_add("fastwake", kernel_kobj);
	if (!fastwake_kobj)
		return -ENOMEM;

	ret = fastwake_counters_init(fastwake_kobj);
	if (ret)
		goto err_kobj;

	ret = sysfs_create_groups(fastwake_kobj, fastwake_groups);
	if (ret)
		goto err_counters;
	return 0;

err_counters:
	fastwake_counters_exit();
err_kobj:
	kobject_put(fastwake_kobj);
	return ret;
}
