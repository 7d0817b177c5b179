/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the torture share. Storms of wake-ups (tests/kselftest/storm.c)
 * run again and again; each disturber is a thread that makes their life hard in
 * one way, and counts what it really did.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include <kselftest.h>

#include "random.h"

struct disturber {
	const char *name;
	const char *counts;	/* what @count counts */
	bool (*possible)(void);	/* NULL: always; else whether it belongs to "all" */
	bool (*begin)(void);	/* before the first storm; NULL: nothing to do */
	void (*run)(struct disturber *d);
	void (*end)(void);	/* after the last storm */
	/* the rest is torture.c's */
	bool selected;
	struct random random;
	atomic_long count;
	atomic_bool finished;
	pthread_t thread;
};

extern struct disturber hotplug_disturber, affinity_disturber, policy_disturber;
extern struct disturber stop_disturber, kill_disturber, namespace_disturber;
extern struct disturber fifo_disturber, deadline_disturber;
extern struct disturber fork_disturber, exit_disturber;
extern struct disturber cgroup_disturber, freezer_disturber;
extern struct disturber mode_disturber, module_disturber;

/* Is the time over, or has something failed? */
bool torture_over(void);
/* Says why, and ends the torture. */
void __printf(1, 2) torture_fail(const char *fmt, ...);
/* The disturber @d sleeps for a random time, or not at all. */
void torture_pause(struct disturber *d, int max_us);
/*
 * For as long as it has taken since @since, in ns: where the machine is slow, what
 * takes the CPU or a lock of everybody's must not leave the others without.
 */
void torture_rest(long long since);
long long now_ns(void);
/* Writes @text to the file, as to one of sysfs. */
bool write_file(const char *path, const char *text);

/*
 * One storm at a time. Who disturbs it holds the lock: until that is dropped
 * @pid is nobody else's.
 */
struct storm {
	pthread_mutex_t lock;
	pid_t pid;		/* 0: none runs */
	int output;
};

/* Starts one; @flags are namespaces as clone(2) takes them. */
struct storm *storm_start(struct random *r, unsigned long flags);
/* Waits for its end. True if it lost no wake-up; if not, the torture has failed. */
bool storm_passed(struct storm *s);
/* The same for a storm that may have been killed: true if it was. */
bool storm_killed(struct storm *s);

/* A storm that runs, locked; or NULL. */
struct storm *storm_pick(struct random *r);
void storm_release(struct storm *s);
/* Storm after storm, one thread of one of them after the other. */
void disturb_threads(struct disturber *d, int max_pause_us,
		     bool (*disturb)(struct disturber *d, pid_t pid, pid_t tid));
/* What the threads of all storms are doing. */
void storm_report(void);

#endif /* TORTURE_H */
