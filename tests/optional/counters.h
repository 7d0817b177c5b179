/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The counters of the module, see Documentation/ABI/testing/sysfs-kernel-fastwake.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <glob.h>

#include "fastwake_test.h"

#define COUNTERS "/sys/kernel/fastwake"
#define NO_COUNTERS "fastwake.ko is not loaded"

static inline bool counters_missing(void)
{
	return access(COUNTERS, F_OK) != 0;
}

/* Of all CPUs together, -1 if there is no such counter. @name may be a pattern. */
static inline long long counter(const char *name)
{
	long long value, sum = -1;
	char pattern[128];
	glob_t files;
	size_t i;
	FILE *f;

	snprintf(pattern, sizeof(pattern), COUNTERS "/cpu*/%s", name);
	if (glob(pattern, 0, NULL, &files))
		return -1;
	for (i = 0; i < files.gl_pathc; i++) {
		f = fopen(files.gl_pathv[i], "re");
		if (f && fscanf(f, "%lld", &value) == 1)
			sum = (sum < 0 ? 0 : sum) + value;
		if (f)
			fclose(f);
	}
	globfree(&files);
	return sum;
}

#endif /* COUNTERS_H */
