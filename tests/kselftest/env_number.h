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

#endif /* ENV_NUMBER_H */
