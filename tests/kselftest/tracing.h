/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tracepoints of the scheduler say about a few threads: an instance of
 * tracefs of the test's own, and whether the events make sense.
 */
#ifndef TRACING_H
#define TRACING_H

#include <limits.h>
#include <linux/membarrier.h>
#include <sys/stat.h>

#include "fastwake_test.h"

#define TRACEFS "/sys/kernel/tracing"
#define NO_TRACEFS "needs the events of sched in " TRACEFS
#define NR_TRACED 2

/* Where a thread is, as far as the events told. */
enum whereabouts { UNKNOWN, SLEEPING, RUNNABLE, RUNNING };

struct traced {
	pid_t pid;
	enum whereabouts where;
	bool waking;		/* sched_waking, and no sched_wakeup yet */
	long slept, preempted;	/* sched_switch from it, by its state */
	long woken;		/* sched_wakeup, while it slept */
	long woken_early;	/* while it did not sleep yet */
};

struct trace {
	char instance[64];
	struct traced t[NR_TRACED];
	char wrong[512];	/* the first event that makes no sense */
};

static inline bool tracefs_missing(void)
{
	return access(TRACEFS "/events/sched/sched_switch/enable", F_OK) != 0;
}

static inline bool trace_write(struct trace *tr, const char *file, const char *text)
{
	char path[PATH_MAX];
	ssize_t ret;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", tr->instance, file);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return false;
	ret = write(fd, text, strlen(text));
	close(fd);
	return ret == (ssize_t)strlen(text);
}

static inline bool trace_event_on(struct trace *tr, const char *event, const char *filter)
{
	char file[64];

	snprintf(file, sizeof(file), "events/sched/%s/filter", event);
	if (!trace_write(tr, file, filter))
		return false;
	snprintf(file, sizeof(file), "events/sched/%s/enable", event);
	return trace_write(tr, file, "1");
}

/* An instance of its own, in which no event is on. */
static inline bool trace_make(struct trace *tr)
{
	memset(tr, 0, sizeof(*tr));
	snprintf(tr->instance, sizeof(tr->instance), TRACEFS "/instances/fastwake-%d",
		 getpid());
	return !mkdir(tr->instance, 0700);
}

/* From now on the events of these two threads are there; where they are is known. */
static inline bool trace_begin(struct trace *tr, pid_t first, enum whereabouts first_where,
			       pid_t second, enum whereabouts second_where)
{
	char filter[160];

	if (!trace_make(tr))
		return false;
	tr->t[0] = (struct traced){ .pid = first, .where = first_where };
	tr->t[1] = (struct traced){ .pid = second, .where = second_where };
	/* Counts events, so that those of several CPUs are in order. */
	if (!trace_write(tr, "trace_clock", "counter"))
		return false;
	snprintf(filter, sizeof(filter), "pid == %d || pid == %d", first, second);
	if (!trace_event_on(tr, "sched_waking", filter) ||
	    !trace_event_on(tr, "sched_wakeup", filter))
		return false;
	snprintf(filter, sizeof(filter),
		 "prev_pid == %d || prev_pid == %d || next_pid == %d || next_pid == %d",
		 first, second, first, second);
	return trace_event_on(tr, "sched_switch", filter);
}

static inline struct traced *traced_by_key(struct trace *tr, const char *line, const char *key)
{
	const char *s = strstr(line, key);
	int i;

	for (i = 0; s && i < NR_TRACED; i++) {
		if (atoi(s + strlen(key)) == tr->t[i].pid)
			return &tr->t[i];
	}
	return NULL;
}

/*
 * Does the event make sense, after all that came before? A waker on another CPU may
 * come between the last look at the state of a thread and sched_switch, so that
 * sched_waking is no news of where it is.
 */
static inline bool traced_waking(struct traced *t)
{
	bool ok = !t->waking;

	t->waking = true;
	return ok;
}

static inline bool traced_wakeup(struct traced *t)
{
	bool ok = t->waking;

	t->waking = false;
	if (t->where == SLEEPING) {
		t->where = RUNNABLE;
		t->woken++;
	} else {
		t->woken_early++;
	}
	return ok;
}

static inline bool traced_out(struct traced *t, const char *line)
{
	const char *state = strstr(line, " prev_state=");
	bool ok = t->where == RUNNING || t->where == UNKNOWN;

	if (!state)
		return false;
	switch (state[strlen(" prev_state=")]) {
	case 'R':
		t->where = RUNNABLE;
		t->preempted++;
		return ok;
	case 'S':
		t->where = SLEEPING;
		t->slept++;
		return ok;
	default:
		return false;
	}
}

static inline bool traced_in(struct traced *t)
{
	bool ok = (t->where == RUNNABLE || t->where == UNKNOWN) && !t->waking;

	t->where = RUNNING;
	return ok;
}

static inline bool trace_line(struct trace *tr, const char *line)
{
	struct traced *t;
	bool ok = true;

	if (strstr(line, " sched_switch: ")) {
		t = traced_by_key(tr, line, " prev_pid=");
		if (t)
			ok = traced_out(t, line);
		t = traced_by_key(tr, line, " next_pid=");
		if (t)
			ok &= traced_in(t);
		return ok;
	}
	t = traced_by_key(tr, line, " pid=");
	if (!t)
		return line[0] == '#';
	return strstr(line, " sched_waking: ") ? traced_waking(t) : traced_wakeup(t);
}

/*
 * No events any more; and those that came are looked at. A context switch is in
 * /proc before it is traced, so first comes the end of each that has begun: interrupts
 * are off in there, and membarrier() waits for all CPUs as synchronize_rcu() does.
 */
static inline bool trace_end(struct trace *tr)
{
	char path[PATH_MAX];
	char line[512];
	bool ok;
	FILE *f;

	ok = !syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	ok &= trace_write(tr, "tracing_on", "0");
	snprintf(path, sizeof(path), "%s/trace", tr->instance);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (!trace_line(tr, line) && !tr->wrong[0])
			snprintf(tr->wrong, sizeof(tr->wrong), "%s", line);
	}
	if (f)
		fclose(f);
	return !rmdir(tr->instance) && ok && f && !tr->wrong[0];
}

#endif /* TRACING_H */
