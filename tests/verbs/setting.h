/* SPDX-License-Identifier: GPL-2.0 */
/* The files of /sys/kernel/fastwake. */
#ifndef SETTING_H
#define SETTING_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define FASTWAKE "/sys/kernel/fastwake/"
#define NO_MODULE "fastwake.ko is not loaded"

/* What a file said before the test changed it. */
struct setting {
	const char *name;
	char before[64];
};

static inline bool setting_read(const char *name, char *buf, int size)
{
	char path[96];
	bool ok;
	FILE *f;

	snprintf(path, sizeof(path), FASTWAKE "%s", name);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fgets(buf, size, f);
	fclose(f);
	return ok;
}

static inline bool setting_write(const char *name, const char *text)
{
	char path[96];
	bool ok;
	FILE *f;

	snprintf(path, sizeof(path), FASTWAKE "%s", name);
	f = fopen(path, "we");
	if (!f)
		return false;
	ok = fputs(text, f) >= 0;
	return !fclose(f) && ok;
}

static inline bool setting_change(struct setting *s, const char *name, const char *text)
{
	s->name = name;
	return setting_read(name, s->before, sizeof(s->before)) &&
	       setting_write(name, text);
}

static inline bool setting_restore(const struct setting *s)
{
	return setting_write(s->name, s->before);
}

/* A counter of a CPU, -1 if there is none. */
static inline long counter(int cpu, const char *name)
{
	char path[48];
	char buf[32];

	snprintf(path, sizeof(path), "cpu%d/%s", cpu, name);
	return setting_read(path, buf, sizeof(buf)) ? atol(buf) : -1;
}

#endif /* SETTING_H */
