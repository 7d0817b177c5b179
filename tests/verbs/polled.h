/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests that need the module, and polling, whatever the mode was before: the files
 * of /sys/kernel/fastwake.
 */
#ifndef POLLED_H
#define POLLED_H

#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "channel.h"

#define FASTWAKE "/sys/kernel/fastwake/"
#define MODULE "/lib/modules/fastwake.ko"
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

/* Both return 0 or an errno. */
static inline int module_insert(const char *parameters)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC);
	int ret = fd < 0 ? errno : 0;

	if (!ret && syscall(SYS_finit_module, fd, parameters, 0))
		ret = errno;
	if (fd >= 0)
		close(fd);
	return ret;
}

static inline int module_remove(void)
{
	return syscall(SYS_delete_module, "fastwake", 0) ? errno : 0;
}

/* A thread that goes through the modes until it is told to stop. */
struct changer {
	pthread_t thread;
	atomic_bool stop;
	atomic_int changes;
	atomic_int failed;
};

static inline void *change_modes(void *arg)
{
	static const char * const modes[] = { "off", "interrupt", "poll" };
	struct changer *c = arg;
	int i;

	for (i = 0; !c->stop; i++) {
		if (!setting_write("mode", modes[i % 3]))
			c->failed++;
		c->changes++;
		sched_yield();
	}
	return NULL;
}

#endif /* POLLED_H */
