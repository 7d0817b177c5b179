// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/fastwake/cpuN: the counters of each CPU, and its vectors.
 * Documentation/ABI/testing/sysfs-kernel-fastwake describes the files.
 */
#include <linux/kobject.h>
#include <linux/percpu.h>
#include <linux/sched/direct.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <rdma/ib_comp_vector.h>
#include <rdma/ib_verbs.h>

#include "fastwake.h"

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

static u64 fastwake_read_affinity(int cpu, unsigned int offset)
{
	struct fastwake_affinity_stats stats;

	fastwake_affinity_read(cpu, &stats);
	return *(u64 *)((char *)&stats + offset);
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
FASTWAKE_COUNTER(peeked, fastwake_read_comp, offsetof(struct ib_comp_stats, peeked));
FASTWAKE_COUNTER(own_polls, fastwake_read_comp, offsetof(struct ib_comp_stats, own_polls));
FASTWAKE_COUNTER(parks, fastwake_read_comp, offsetof(struct ib_comp_stats, parks));
FASTWAKE_COUNTER(pauses, fastwake_read_comp, offsetof(struct ib_comp_stats, pauses));
FASTWAKE_COUNTER(moves, fastwake_read_comp, offsetof(struct ib_comp_stats, moves));
FASTWAKE_COUNTER(failed_moves, fastwake_read_comp, offsetof(struct ib_comp_stats, failed_moves));
FASTWAKE_COUNTER(misplaced, fastwake_read_affinity,
		 offsetof(struct fastwake_affinity_stats, misplaced));
FASTWAKE_COUNTER(delayed_moves, fastwake_read_affinity,
		 offsetof(struct fastwake_affinity_stats, delayed));
FASTWAKE_COUNTER(safety_polls, fastwake_read_safety, 0);
FASTWAKE_COUNTER(direct_wakes, fastwake_read_sched, SCHED_DIRECT_WAKE);
FASTWAKE_COUNTER(direct_switches, fastwake_read_sched, SCHED_DIRECT_SWITCH);
FASTWAKE_COUNTER(fallback_due, fastwake_read_sched, SCHED_DIRECT_DUE);
FASTWAKE_COUNTER(fallback_class, fastwake_read_sched, SCHED_DIRECT_CLASS);
FASTWAKE_COUNTER(fallback_throttled, fastwake_read_sched, SCHED_DIRECT_THROTTLED);
FASTWAKE_COUNTER(fallback_policy, fastwake_read_sched, SCHED_DIRECT_POLICY);
FASTWAKE_COUNTER(fallback_gone, fastwake_read_sched, SCHED_DIRECT_GONE);

static struct attribute vectors_attr = { .name = "vectors", .mode = 0444 };
static struct attribute movable_attr = { .name = "movable", .mode = 0444 };

struct fastwake_text {
	char *buf;
	int len;
	bool movable;	/* only the vectors whose CQs can move to others */
};

/* The same as ib_core goes by. A device may turn out not to when it is first asked. */
static bool fastwake_cqs_move(const struct ib_device *device)
{
	return device && device->ops.remap_cq && !READ_ONCE(device->no_remap_cq);
}

static void fastwake_add_vector(const struct ib_comp_vector *vector, void *arg)
{
	const char *name = vector->device ? vector->device->name : "uintr";
	struct fastwake_text *text = arg;

	if (text->movable && !fastwake_cqs_move(vector->device))
		return;
	/* A driver has its vectors before its device is registered, and named. */
	if (*name)
		text->len += sysfs_emit_at(text->buf, text->len, "%s%s:%u",
					   text->len ? " " : "", name, vector->index);
}

static ssize_t fastwake_vectors_show(int cpu, bool movable, char *buf)
{
	struct fastwake_text text = { .buf = buf, .movable = movable };

	ib_comp_vector_for_each(cpu, fastwake_add_vector, &text);
	return text.len + sysfs_emit_at(buf, text.len, "\n");
}

static struct attribute *fastwake_cpu_attrs[] = {
	&vectors_attr,
	&movable_attr,
	&polls_counter.attr,
	&empty_polls_counter.attr,
	&events_counter.attr,
	&peeked_counter.attr,
	&own_polls_counter.attr,
	&parks_counter.attr,
	&pauses_counter.attr,
	&moves_counter.attr,
	&failed_moves_counter.attr,
	&misplaced_counter.attr,
	&delayed_moves_counter.attr,
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

static ssize_t fastwake_cpu_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	struct fastwake_counter *counter =
		container_of(attr, struct fastwake_counter, attr);
	struct fastwake_cpu *fc = container_of(kobj, struct fastwake_cpu, kobj);

	if (attr == &vectors_attr || attr == &movable_attr)
		return fastwake_vectors_show(fc->cpu, attr == &movable_attr, buf);
	return sysfs_emit(buf, "%llu\n", counter->read(fc->cpu, counter->arg));
}

static const struct sysfs_ops fastwake_cpu_ops = {
	.show = fastwake_cpu_show,
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

static DEFINE_PER_CPU(struct fastwake_cpu *, fastwake_cpu_dirs);

static int fastwake_cpu_add(struct kobject *parent, int cpu)
{
	struct fastwake_cpu *fc = kzalloc(sizeof(*fc), GFP_KERNEL);
	int ret;

	if (!fc)
		return -ENOMEM;

	fc->cpu = cpu;
	ret = kobject_init_and_add(&fc->kobj, &fastwake_cpu_type, parent,
				   "cpu%d", cpu);
	if (ret) {
		kobject_put(&fc->kobj);
		return ret;
	}
	per_cpu(fastwake_cpu_dirs, cpu) = fc;
	return 0;
}

/**
 * fastwake_counters_exit - remove the directories of the CPUs
 *
 * Context: process, may sleep.
 */
void fastwake_counters_exit(void)
{
	struct fastwake_cpu *fc;
	int cpu;

	for_each_possible_cpu(cpu) {
		fc = per_cpu(fastwake_cpu_dirs, cpu);
		if (fc)
			kobject_put(&fc->kobj);
	}
}

/**
 * fastwake_counters_init - create a directory for each possible CPU
 * @parent: where
 *
 * Context: process, may sleep.
 * Return: 0, or a negative errno; nothing is left behind then.
 */
int fastwake_counters_init(struct kobject *parent)
{
	int cpu, ret;

	for_each_possible_cpu(cpu) {
		ret = fastwake_cpu_add(parent, cpu);
		if (ret)
			goto err_exit;
	}
	return 0;

err_exit:
	fastwake_counters_exit();
	return ret;
}
