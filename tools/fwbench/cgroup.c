// SPDX-License-Identifier: GPL-2.0
/*
 * Nested cgroups, version 2, with the cpu controller:
 *
 *	/sys/fs/cgroup/fwbench-<pid>-0/2/3/...
 *	/sys/fs/cgroup/fwbench-<pid>-1/2/3/...	if there are two chains
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"

#define ROOT "/sys/fs/cgroup"

static char made[MAX_CHAINS * MAX_DEPTH][PATH_MAX];
static int nr_made;
static int nr_levels;
static bool root_changed;

static int write_file(const char *dir, const char *file, const char *text)
{
	size_t len = strlen(text);
	char path[PATH_MAX];
	ssize_t ret;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = write(fd, text, len);
	close(fd);
	return ret == (ssize_t)len ? 0 : -1;
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	while (*text) {
		size_t n = strcspn(text, "\n ");

		if (n == len && !strncmp(text, word, n))
			return true;
		text += n + strspn(text + n, "\n ");
	}
	return false;
}

/* 1 if the root's @file names the cpu controller, 0 if not, -1 without a file. */
static int root_has_cpu(const char *file)
{
	char path[PATH_MAX];
	char text[512] = "";
	FILE *f;

	snprintf(path, sizeof(path), ROOT "/%s", file);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return has_word(text, "cpu");
}

static int enable_root(void)
{
	switch (root_has_cpu("cgroup.controllers")) {
	case -1:
		warnx(ROOT " is no cgroup v2 hierarchy: %s", strerror(errno));
		return -1;
	case 0:
		warnx(ROOT " has no cpu controller: the kernel, or cgroup v1, keeps it");
		return -1;
	}
	if (root_has_cpu("cgroup.subtree_control") > 0)
		return 0;
	if (write_file(ROOT, "cgroup.subtree_control", "+cpu")) {
		warn("cannot enable the cpu controller in " ROOT);
		return -1;
	}
	root_changed = true;
	return 0;
}

static const char *make_group(const char *parent, const char *name)
{
	char *path = made[nr_made];

	if (snprintf(path, PATH_MAX, "%s/%s", parent, name) >= PATH_MAX) {
		warnx("cannot make a cgroup: the path is too long");
		return NULL;
	}
	if (mkdir(path, 0755)) {
		warn("cannot make the cgroup %s", path);
		return NULL;
	}
	nr_made++;
	return path;
}

static const char *make_child(const char *parent, const char *name)
{
	if (write_file(parent, "cgroup.subtree_control", "+cpu")) {
		warn("cannot enable the cpu controller in %s", parent);
		return NULL;
	}
	return make_group(parent, name);
}

static int make_chain(int chain, int depth)
{
	const char *group;
	char name[32];
	int i;

	snprintf(name, sizeof(name), "fwbench-%d-%d", getpid(), chain);
	group = make_group(ROOT, name);
	for (i = 2; group && i <= depth; i++) {
		snprintf(name, sizeof(name), "%d", i);
		group = make_child(group, name);
	}
	return group ? 0 : -1;
}

int cgroup_create(int chains, int depth)
{
	int i;

	nr_levels = depth;
	if (enable_root())
		return -1;
	for (i = 0; i < chains; i++) {
		if (make_chain(i, depth))
			return -1;
	}
	return 0;
}

int cgroup_set_weight(int chain, int weight)
{
	const char *group = made[chain * nr_levels];
	char text[16];

	snprintf(text, sizeof(text), "%d", weight);
	if (!write_file(group, "cpu.weight", text))
		return 0;
	warn("cannot set cpu.weight of %s", group);
	return -1;
}

int cgroup_enter(int chain)
{
	return write_file(made[(chain + 1) * nr_levels - 1], "cgroup.procs", "0");
}

int cgroup_remove(void)
{
	int ret = 0;

	while (nr_made > 0) {
		if (rmdir(made[--nr_made])) {
			warn("cannot remove the cgroup %s", made[nr_made]);
			ret = -1;
		}
	}
	/* Fails if somebody else has come to use it, who needs it then. */
	if (root_changed)
		write_file(ROOT, "cgroup.subtree_control", "-cpu");
	root_changed = false;
	return ret;
}
