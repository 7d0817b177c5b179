// SPDX-License-Identifier: GPL-2.0
/*
 * Which CPUs there are for a benchmark.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "cpus.h"

#define ONLINE "/sys/devices/system/cpu/online"

/* Whether @cpu is in a list such as "0-3,5". */
static bool in_list(const char *list, int cpu)
{
	int first, last, n;

	while (sscanf(list, "%d%n", &first, &n) == 1) {
		list += n;
		last = first;
		if (sscanf(list, "-%d%n", &last, &n) == 1)
			list += n;
		if (cpu >= first && cpu <= last)
			return true;
		if (*list++ != ',')
			break;
	}
	return false;
}

static bool is_online(int cpu, char *why, size_t size)
{
	char list[256] = "";
	FILE *f;

	f = fopen(ONLINE, "re");
	if (!f)
		return true;	/* then the attempt to go there has to tell */
	if (!fgets(list, sizeof(list), f))
		list[0] = '\0';
	fclose(f);
	list[strcspn(list, "\n")] = '\0';
	if (in_list(list, cpu))
		return true;
	snprintf(why, size, "CPU %d is not online; online: %s", cpu, list);
	return false;
}

int pin_to_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

bool cpu_usable(int cpu, char *why, size_t size)
{
	cpu_set_t before;
	bool usable;

	if (!is_online(cpu, why, size))
		return false;
	sched_getaffinity(0, sizeof(before), &before);
	usable = !pin_to_cpu(cpu);
	if (!usable)
		snprintf(why, size, "CPU %d is not for this process, because of its cpuset: %s",
			 cpu, strerror(errno));
	sched_setaffinity(0, sizeof(before), &before);
	return usable;
}
