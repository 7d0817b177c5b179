/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests that need the module, and polling, whatever the mode was before.
 */
#ifndef POLLED_H
#define POLLED_H

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "setting.h"

#define MODULE "/lib/modules/fastwake.ko"

/* At once, as files of the kernel want it. */
static inline bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
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

/* By the clock of the guest. */
static inline long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
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
