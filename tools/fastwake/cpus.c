// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "fastwake.h"

bool cpus_has(const struct cpus *cpus, unsigned int cpu)
{
	return cpu < MAX_CPUS && cpus->bits[cpu / 8] & 1 << cpu % 8;
}

static bool take_cpu(const char **list, unsigned long *cpu)
{
	char *end;

	if (!isdigit((unsigned char)**list))
		return false;
	*cpu = strtoul(*list, &end, 10);
	*list = end;
	return *cpu < MAX_CPUS;
}

/* As the kernel writes it; nothing at all is the empty list. */
bool cpus_parse(struct cpus *cpus, const char *list)
{
	unsigned long first, last;

	memset(cpus, 0, sizeof(*cpus));
	while (*list) {
		if (!take_cpu(&list, &first))
			return false;
		last = first;
		if (*list == '-') {
			list++;
			if (!take_cpu(&list, &last) || last < first)
				return false;
		}
		for (; first <= last; first++)
			cpus->bits[first / 8] |= 1 << first % 8;
		if (*list == ',' && list[1])
			list++;
		else if (*list)
			return false;
	}
	return true;
}
