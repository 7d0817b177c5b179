/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A cgroup, version 2, for the child processes that a test puts into it.
 */
#ifndef OWN_CGROUP_H
#define OWN_CGROUP_H

#include <limits.h>
#include <sys/stat.h>

#include "fastwake_test.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define NO_CGROUP "needs cgroup v2 in " CGROUP_ROOT

static inline bool cgroup_missing(void)
{
	return access(CGROUP_ROOT "/cgroup.controllers", F_OK) != 0;
}

static inline bool cgroup_write(const char *group, const char *file, const char *text)
{
	size_t len = strlen(text);
	char path[PATH_MAX];
	ssize_t ret;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", group, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ret = write(fd, text, len);
	close(fd);
	return ret == (ssize_t)len;
}

/* The number behind @key in a file of such lines, -1 if it is not there. */
static inline long long cgroup_number(const char *group, const char *file, const char *key)
{
	long long value, found = -1;
	char path[PATH_MAX];
	char name[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", group, file);
	f = fopen(path, "re");
	if (!f)
		return -1;
	while (found < 0 && fscanf(f, "%63s %lld", name, &value) == 2) {
		if (!strcmp(name, key))
			found = value;
	}
	fclose(f);
	return found;
}

static inline bool cgroup_wait_event(const char *group, const char *key, int value)
{
	int i;

	for (i = 0; i < MAX_POLLS; i++) {
		if (cgroup_number(group, "cgroup.events", key) == value)
			return true;
		sched_yield();
	}
	return false;
}

/* Makes the group and writes its path to @group. */
static inline bool cgroup_make(char *group, size_t size)
{
	snprintf(group, size, CGROUP_ROOT "/fastwake-%d", getpid());
	return !mkdir(group, 0755);
}

static inline bool cgroup_add(const char *group, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return cgroup_write(group, "cgroup.procs", text);
}

/* Its CPU bandwidth, in us. */
static inline bool cgroup_set_quota(const char *group, int quota, int period)
{
	char text[32];

	snprintf(text, sizeof(text), "%d %d", quota, period);
	return cgroup_write(group, "cpu.max", text);
}

/* Kills whoever is still in it, also if frozen. */
static inline bool cgroup_remove(const char *group)
{
	return cgroup_write(group, "cgroup.kill", "1") &&
	       cgroup_wait_event(group, "populated", 0) && !rmdir(group);
}

#endif /* OWN_CGROUP_H */
