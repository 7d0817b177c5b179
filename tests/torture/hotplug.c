// SPDX-License-Identifier: GPL-2.0
/* All CPUs but the first go offline and come back, at random. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "torture.h"

#define MAX_PAUSE_US 30000

static bool set_online(int cpu, bool online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	return write_file(path, online ? "1" : "0");
}

static void come_back(int cpu)
{
	if (!set_online(cpu, true))
		torture_fail("CPU %d does not come back: %s", cpu, strerror(errno));
}

static void run(struct disturber *d)
{
	int cpus = sysconf(_SC_NPROCESSORS_CONF);
	bool offline[CPU_SETSIZE] = { };
	long long begin;
	int cpu;

	while (cpus > 1 && !torture_over()) {
		cpu = 1 + draw(&d->random, cpus - 1);
		begin = now_ns();
		if (offline[cpu]) {
			come_back(cpu);
			offline[cpu] = false;
		} else if (set_online(cpu, false)) {
			/* It may be refused, for instance for SCHED_DEADLINE. */
			offline[cpu] = true;
			d->count++;
		}
		torture_rest(begin);
		torture_pause(d, MAX_PAUSE_US);
	}
	for (cpu = 1; cpu < cpus; cpu++) {
		if (offline[cpu])
			come_back(cpu);
	}
}

struct disturber hotplug_disturber = {
	.name = "hotplug",
	.counts = "times a CPU went offline",
	.run = run,
};
