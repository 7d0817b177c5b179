/* SPDX-License-Identifier: GPL-2.0 */
/* What the programs share that measure how long events take. */
#ifndef VERBS_EVENT_MEASURE_H
#define VERBS_EVENT_MEASURE_H

#include <err.h>
#include <stdlib.h>
#include <time.h>

#include "polled.h"

static inline long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static inline void go_to(int cpu)
{
	if (!pin_to_cpu(cpu))
		err(1, "CPU %d", cpu);
}

static inline int by_value(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return x < y ? -1 : x > y;
}

#endif /* VERBS_EVENT_MEASURE_H */
