/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a thread is, and where it may run. A test that needs a thread to sleep
 * asks the kernel whether it does; no test sleeps and hopes.
 */
#ifndef THREAD_STATE_H
#define THREAD_STATE_H

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* Far more than any wait takes; it ends a test that would hang otherwise. */
#define MAX_POLLS 2000000

/* The first bytes of /proc/TID/NAME, or an empty string. */
static inline void read_proc(pid_t tid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t len;
	int fd;

	buf[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	len = read(fd, buf, size - 1);
	close(fd);
	buf[len > 0 ? len : 0] = '\0';
}

/* R, S, T, Z, ... as in proc(5); '?' if there is no such thread. */
static inline char thread_state(pid_t tid)
{
	char buf[512];
	char *paren;

	read_proc(tid, "stat", buf, sizeof(buf));
	paren = strrchr(buf, ')');
	return paren && paren[1] ? paren[2] : '?';
}

/* The system call that the thread sleeps in, -1 if it does not sleep in one. */
static inline long thread_sleeps_in(pid_t tid)
{
	char buf[256];
	char *end;
	long nr;

	if (thread_state(tid) != 'S')
		return -1;
	read_proc(tid, "syscall", buf, sizeof(buf));
	nr = strtol(buf, &end, 10);
	return end == buf ? -1 : nr;
}

/* The number behind @key in /proc/TID/status, -1 if there is no such thread. */
static inline long thread_number(pid_t tid, const char *key)
{
	char buf[4096];
	char *line;

	read_proc(tid, "status", buf, sizeof(buf));
	line = strstr(buf, key);
	return line ? strtol(line + strlen(key), NULL, 10) : -1;
}

/* How often the thread went to sleep. */
static inline long thread_sleeps(pid_t tid)
{
	return thread_number(tid, "\nvoluntary_ctxt_switches:");
}

/* How often it left its CPU in any other way. */
static inline long thread_preemptions(pid_t tid)
{
	return thread_number(tid, "\nnonvoluntary_ctxt_switches:");
}

static inline bool wait_for_state(pid_t tid, char state)
{
	int i;

	for (i = 0; i < MAX_POLLS; i++) {
		if (thread_state(tid) == state)
			return true;
		sched_yield();
	}
	return false;
}

static inline bool wait_for_sleep_in(pid_t tid, long nr)
{
	int i;

	for (i = 0; i < MAX_POLLS; i++) {
		if (thread_sleeps_in(tid) == nr)
			return true;
		sched_yield();
	}
	return false;
}

/* Until it sleeps, for the @number-th time since it began. */
static inline bool wait_for_sleeps(pid_t tid, long number)
{
	int i;

	for (i = 0; i < MAX_POLLS; i++) {
		if (thread_state(tid) == 'S' && thread_sleeps(tid) >= number)
			return true;
		sched_yield();
	}
	return false;
}

/* The index-th CPU that this process may use, -1 if it has not so many. */
static inline int usable_cpu(int index)
{
	cpu_set_t set;
	int cpu;

	if (sched_getaffinity(getpid(), sizeof(set), &set))
		return -1;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &set) && !index--)
			return cpu;
	}
	return -1;
}

/* The calling thread, and what it creates, run on this CPU only. */
static inline bool pin_to_cpu(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return false;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

#endif /* THREAD_STATE_H */
