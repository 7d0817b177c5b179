// SPDX-License-Identifier: GPL-2.0
/*
 * The threads of a storm move between the root and two groups, one by one, so that
 * those who wake each other are not alike. The groups' weights and limits change,
 * and now and then a group is frozen.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "torture.h"

#define ROOT "/sys/fs/cgroup"
#define MAX_PAUSE_US 3000
#define MAX_FREEZE_US 20000

static const char * const groups[] = { ROOT "/torture-a", ROOT "/torture-b" };

static bool set(const char *group, const char *file, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", group, file);
	return write_file(path, text);
}

/* Only in threaded groups may the threads of a process be apart. */
static bool make_groups(void)
{
	int i;

	if (!set(ROOT, "cgroup.subtree_control", "+cpu"))
		return false;
	for (i = 0; i < 2; i++) {
		if (mkdir(groups[i], 0755)) {
			if (errno != EEXIST)
				return false;
		} else if (!set(groups[i], "cgroup.type", "threaded")) {
			return false;
		}
	}
	return true;
}

static void remove_groups(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (rmdir(groups[i]) && errno != ENOENT)
			torture_fail("%s cannot be removed: %s", groups[i], strerror(errno));
	}
}

static bool move(struct disturber *d, pid_t pid, pid_t tid)
{
	unsigned int where = draw(&d->random, 3);
	char text[16];

	(void)pid;
	snprintf(text, sizeof(text), "%d", tid);
	return set(where < 2 ? groups[where] : ROOT, "cgroup.threads", text);
}

static bool change(struct disturber *d)
{
	/*
	 * Where the timer of a period is late by four of them, the kernel says so, under
	 * a lock under which it must not print, as lockdep then says. An emulated CPU
	 * may well stand still for 40 ms.
	 */
	static const char * const limits[] = { "max 100000", "100000 200000", "50000 250000" };
	const char *group = groups[draw(&d->random, 2)];
	char weight[16];

	if (one_in(&d->random, 2))
		return set(group, "cpu.max", limits[draw(&d->random, 3)]);
	snprintf(weight, sizeof(weight), "%u", 1 + draw(&d->random, 1000));
	return set(group, "cpu.weight", weight);
}

static bool disturb(struct disturber *d, pid_t pid, pid_t tid)
{
	return one_in(&d->random, 16) ? change(d) : move(d, pid, tid);
}

static void run_moves(struct disturber *d)
{
	disturb_threads(d, MAX_PAUSE_US, disturb);
}

static bool frozen(const char *group)
{
	char path[PATH_MAX], text[64] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.events", group);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strstr(text, "populated 1") && strstr(text, "frozen 1");
}

/* It counts if there were threads, and all of them stood still. */
static void run_freezer(struct disturber *d)
{
	while (!torture_over()) {
		const char *group = groups[draw(&d->random, 2)];

		set(group, "cgroup.freeze", "1");
		torture_pause(d, MAX_FREEZE_US);
		if (frozen(group))
			d->count++;
		if (!set(group, "cgroup.freeze", "0"))
			torture_fail("%s does not thaw: %s", group, strerror(errno));
		torture_pause(d, MAX_FREEZE_US);
	}
}

struct disturber cgroup_disturber = {
	.name = "cgroups",
	.counts = "moves between groups, and changes of their weights and limits",
	.begin = make_groups,
	.run = run_moves,
	.end = remove_groups,
};

/* Without the moves nobody is in the groups. */
struct disturber freezer_disturber = {
	.name = "freezer",
	.counts = "times a group with threads was frozen",
	.begin = make_groups,
	.run = run_freezer,
	.end = remove_groups,
};
