/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes in user namespaces of their own, and what becomes of their calls.
 */
#ifndef USERNS_H
#define USERNS_H

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "fastwake_test.h"

/* Users, as outside. In a namespace 0 is who made it, and 1 is SUBORDINATE. */
#define OWNER 1001
#define STRANGER 1002
#define SUBORDINATE 100001

static inline bool map_users(pid_t pid, uid_t root)
{
	char path[32], map[64];
	ssize_t ret;
	int fd, len;

	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	len = snprintf(map, sizeof(map), "0 %d 1\n1 %d 1\n", root, SUBORDINATE);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ret = write(fd, map, len);
	close(fd);
	return ret == len;
}

/* A child process that goes on in a namespace which @uid made, as its user @inside. */
static inline pid_t fork_userns(uid_t uid, uid_t inside)
{
	atomic_int *step = shared_alloc(sizeof(*step));
	pid_t pid = fork();

	if (!pid) {
		if (setresuid(uid, uid, uid) || unshare(CLONE_NEWUSER))
			_exit(255);
		*step = 1;
		while (*step != 2)
			sched_yield();
		if (setresuid(inside, inside, inside))
			_exit(254);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		return 0;
	}
	while (pid > 0 && !*step && thread_state(pid) != 'Z')
		sched_yield();
	if (pid > 0 && !map_users(pid, uid))
		kill(pid, SIGKILL);
	*step = 2;
	return pid;
}

/*
 * The child names @tid, a thread that sleeps on this CPU, and wakes it, and exits with
 * the errno that both calls have in common, or 0.
 */
static inline void name_and_exit(pid_t tid)
{
	int name = switch_to(tid, 0) ? errno : 0;
	int wake = wake_up_process(tid, 0) ? errno : 0;

	/* That comes after all checks. */
	if (name == EAGAIN)
		name = 0;
	_exit(name == wake ? name : 253);
}

static inline int name_as(uid_t uid, pid_t tid)
{
	pid_t pid = fork();

	if (!pid) {
		if (uid && setresuid(uid, uid, uid))
			_exit(255);
		name_and_exit(tid);
	}
	return child_status(pid);
}

static inline int name_from_userns(uid_t uid, uid_t inside, pid_t tid)
{
	pid_t pid = fork_userns(uid, inside);

	if (!pid)
		name_and_exit(tid);
	return child_status(pid);
}

#endif /* USERNS_H */
