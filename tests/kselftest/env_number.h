/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ENV_NUMBER_H
#define ENV_NUMBER_H

#include <stdlib.h>

/* A number that the environment may set. */
static inline int env_number(const char *env, int otherwise)
{
	const char *str = getenv(env);

	return str ? atoi(str) : otherwise;
}

/* How often: FASTWAKE_PERCENT of it on a kernel that takes its time. */
static inline int times(int n)
{
	return n * env_number("FASTWAKE_PERCENT", 100) / 100 ?: 1;
}

#endif /* ENV_NUMBER_H */
