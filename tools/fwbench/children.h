/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The processes that do the work of a run: the caller's process starts, watches
 * and judges them.
 */
#ifndef FWBENCH_CHILDREN_H
#define FWBENCH_CHILDREN_H

#include <stdbool.h>
#include <sys/types.h>

#include "fwbench.h"

#define MAX_CHILDREN 3
#define WHY_SIZE 256

/* Also the exit status of a child. */
enum outcome {
	DONE,
	FAILED,
	MISSING,		/* this kernel lacks what the method needs */
	NOT_APPLICABLE,		/* the method has no such hand-over by design */
};

struct verdict {
	enum outcome outcome;
	char why[WHY_SIZE];	/* if it is not DONE */
};

/* Whether the program fails with it; @named: what it is about was asked for. */
static inline bool is_failure(const struct verdict *verdict, bool named)
{
	return verdict->outcome == FAILED || (verdict->outcome == MISSING && named);
}

struct children {
	pid_t pid[MAX_CHILDREN];	/* 0 when reaped */
	int nr;
	bool killed;
	bool hung;		/* there were some left after the timeout */
};

/* Ends the child; @why, in memory shared with the parent, is for the row. */
void __noreturn __printf(3, 4) give_up(char *why, enum outcome outcome,
				       const char *fmt, ...);
/* The first reason is the one that counts. */
void __printf(2, 3) fail(struct verdict *verdict, const char *fmt, ...);

/* A fork(), that is. */
pid_t start_child(struct children *c);
void kill_children(struct children *c);
/*
 * Waits for all, and kills the others if one of them fails. If one gave up, the
 * verdict is left without a reason: the caller has it in its shared memory.
 * Returns the signal that ended it before its time, or 0.
 */
int watch_children(struct children *c, int timeout, struct verdict *verdict);

/* Those that end the program; from here on watch_children() waits for them. */
void block_signals(void);
void unblock_signals(void);

#endif /* FWBENCH_CHILDREN_H */
