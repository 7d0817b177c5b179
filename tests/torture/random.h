/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers from one seed, and settings from the environment. Each thread
 * draws from a sequence of its own, so that the seed repeats what each one does,
 * if not when.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

struct random {
	unsigned long state;	/* never 0 */
};

/* xorshift64 */
static inline unsigned int draw_bits(struct random *r)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return r->state >> 32;
}

/* From 0 to @range - 1. */
static inline unsigned int draw(struct random *r, unsigned int range)
{
	return draw_bits(r) % range;
}

/* One in @n. */
static inline int one_in(struct random *r, unsigned int n)
{
	return !draw(r, n);
}

static inline struct random random_sequence(long seed, int number)
{
	struct random r = { (unsigned long)seed * 0x9e3779b97f4a7c15UL + number + 1 };

	draw_bits(&r);
	return r;
}

/* A number from the environment, or the default. Ends the program if it is none. */
static inline long setting(const char *name, long value, long max)
{
	const char *str = getenv(name);
	char *end;

	if (!str)
		return value;
	errno = 0;
	value = strtol(str, &end, 10);
	if (errno || *end || end == str || value < 1 || value > max) {
		fprintf(stderr, "%s '%s' is not a number from 1 to %ld\n", name, str, max);
		exit(1);
	}
	return value;
}

/* A seed of one's own for each run, if none is given. */
static inline long seed_setting(const char *name)
{
	unsigned int random;

	memcpy(&random, (const void *)getauxval(AT_RANDOM), sizeof(random));
	return setting(name, random % 1000000 + 1, 1000000000);
}

#endif /* RANDOM_H */
