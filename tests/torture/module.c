// SPDX-License-Identifier: GPL-2.0
/*
 * The module changes its mode, goes and comes back. Who sleeps and wakes by system
 * calls only should not even notice.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "torture.h"

#define MODE "/sys/kernel/fastwake/mode"
#define MODULE "/lib/modules/fastwake.ko"
#define MAX_PAUSE_US 20000

/* While the one disturber has unloaded it, the other one has nothing to set. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char initial_mode[16];

static bool loaded(void)
{
	return !access(MODE, F_OK);
}

static bool note_mode(void)
{
	int fd = open(MODE, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return false;
	len = read(fd, initial_mode, sizeof(initial_mode) - 1);
	close(fd);
	return len > 0;
}

static void restore_mode(void)
{
	if (!write_file(MODE, initial_mode))
		torture_fail("the mode is not what it was: %s", strerror(errno));
}

static void run_mode(struct disturber *d)
{
	bool poll = false;

	while (!torture_over()) {
		pthread_mutex_lock(&lock);
		if (write_file(MODE, poll ? "poll" : "off"))
			d->count++;
		else
			torture_fail("setting the mode: %s", strerror(errno));
		pthread_mutex_unlock(&lock);
		poll = !poll;
		torture_pause(d, MAX_PAUSE_US);
	}
}

static bool load(void)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC);
	long ret = syscall(SYS_finit_module, fd, "mode=poll", 0);
	int error = errno;

	close(fd);
	errno = error;
	return !ret;
}

static bool reload(struct disturber *d)
{
	if (syscall(SYS_delete_module, "fastwake", O_NONBLOCK)) {
		torture_fail("rmmod: %s", strerror(errno));
		return false;
	}
	torture_pause(d, MAX_PAUSE_US);
	if (!load()) {
		torture_fail("insmod: %s", strerror(errno));
		return false;
	}
	return true;
}

static void run_module(struct disturber *d)
{
	while (!torture_over()) {
		pthread_mutex_lock(&lock);
		if (reload(d))
			d->count++;
		pthread_mutex_unlock(&lock);
		torture_pause(d, 4 * MAX_PAUSE_US);
	}
}

struct disturber mode_disturber = {
	.name = "mode",
	.counts = "changes of the module's mode",
	.possible = loaded,
	.begin = note_mode,
	.run = run_mode,
	.end = restore_mode,
};

struct disturber module_disturber = {
	.name = "module",
	.counts = "times the module was unloaded and loaded",
	.possible = loaded,
	.begin = note_mode,
	.run = run_module,
	.end = restore_mode,
};
