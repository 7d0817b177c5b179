/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads that compute on the caller's CPU, and any of which switch_to() may name:
 * how often does the named one run first?
 *
 * Who runs first after the call leaves its mark. The end of the caller's slice counts
 * against switch_to(), and that of the target's may come before its first instruction
 * where each one takes long: all have long slices.
 */
#ifndef BYSTANDERS_H
#define BYSTANDERS_H

#include "slice.h"
#include "spinner.h"

#define BYSTANDERS 4
#define ROUNDS (6 * BYSTANDERS)

struct bystanders {
	struct spinner s[BYSTANDERS];
	atomic_int first;	/* whose id; 0: nobody yet; negative: nobody cares */
};

static inline bool bystanders_start(struct bystanders *b)
{
	int i;

	b->first = -1;
	if (!pin_to_cpu(usable_cpu(0)))
		return false;
	for (i = 0; i < BYSTANDERS; i++) {
		if (!spinner_start(&b->s[i], usable_cpu(0), i + 1, &b->first) ||
		    !ask_for_long_slice(b->s[i].tid))
			return false;
	}
	return ask_for_long_slice(0);
}

/* The first one is last: it may be one that only runs when nobody else does. */
static inline void bystanders_stop(struct bystanders *b)
{
	int i;

	for (i = BYSTANDERS - 1; i >= 0; i--)
		spinner_stop(&b->s[i]);
}

/* One round: 1 if @target ran first, 0 if another one did, -1 if the call failed. */
static inline int name_one(struct bystanders *b, struct spinner *target)
{
	atomic_store(&b->first, 0);
	if (switch_to(target->tid, 0))
		return -1;
	return atomic_exchange(&b->first, -1) == target->id;
}

/*
 * In how many of ROUNDS the named one ran first, or -1 if a call failed. The first
 * @count are named in turn: if these are all, a scheduler that takes no notice of the
 * name, in whatever order it picks, is right in one round of BYSTANDERS only.
 */
static inline int name_in_turn(struct bystanders *b, int count)
{
	int hits = 0;
	int i, hit;

	for (i = 0; i < ROUNDS; i++) {
		hit = name_one(b, &b->s[i % count]);
		if (hit < 0)
			return -1;
		hits += hit;
	}
	return hits;
}

#endif /* BYSTANDERS_H */
