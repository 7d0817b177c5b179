// SPDX-License-Identifier: GPL-2.0
/* What a scheduler has to know of a thread changes while it sleeps and wakes. */
#include <sys/resource.h>
#include <unistd.h>

#include "../kselftest/slice.h"
#include "torture.h"

#define MAX_PAUSE_US 3000

/* Of the possible CPUs any may be offline, but not all. */
static bool change_affinity(struct disturber *d, pid_t pid, pid_t tid)
{
	int cpus = sysconf(_SC_NPROCESSORS_CONF);
	unsigned int bits = draw_bits(&d->random);
	cpu_set_t set;
	int cpu;

	(void)pid;
	CPU_ZERO(&set);
	for (cpu = 0; cpu < cpus; cpu++) {
		if (bits & 1U << cpu % 32)
			CPU_SET(cpu, &set);
	}
	return !sched_setaffinity(tid, sizeof(set), &set);
}

static bool change_nice(struct disturber *d, pid_t tid)
{
	return !setpriority(PRIO_PROCESS, tid, (int)draw(&d->random, 40) - 20);
}

static bool change_slice(struct disturber *d, pid_t tid)
{
	struct slice_attr attr = {
		.size = sizeof(attr),
		.flags = KEEP_POLICY,
		.runtime = 100000 * (1 + draw(&d->random, 1000)),
	};

	return !syscall(SYS_sched_setattr, tid, &attr, 0);
}

static bool change_policy(struct disturber *d, pid_t pid, pid_t tid)
{
	static const int policies[] = {
		SCHED_OTHER, SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_RR,
	};
	struct sched_param param = { };
	int policy;

	policy = policies[draw(&d->random, ARRAY_SIZE(policies))];
	if (policy == SCHED_RR) {
		/* The first thread of a storm waits for the others and yields. */
		if (tid == pid)
			return false;
		param.sched_priority = 1;
	}
	return !sched_setscheduler(tid, policy, &param);
}

static bool change(struct disturber *d, pid_t pid, pid_t tid)
{
	switch (draw(&d->random, 4)) {
	case 0:
		return change_nice(d, tid);
	case 1:
		return change_slice(d, tid);
	default:
		return change_policy(d, pid, tid);
	}
}

static void run_affinity(struct disturber *d)
{
	disturb_threads(d, MAX_PAUSE_US, change_affinity);
}

static void run_policy(struct disturber *d)
{
	disturb_threads(d, MAX_PAUSE_US, change);
}

struct disturber affinity_disturber = {
	.name = "affinity",
	.counts = "changes of a thread's affinity",
	.run = run_affinity,
};

struct disturber policy_disturber = {
	.name = "policy",
	.counts = "changes of a thread's policy, nice value or slice",
	.run = run_policy,
};
