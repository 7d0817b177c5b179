/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A chain of nested cgroups for each of two participants.
 */
#ifndef FWBENCH_CGROUP_H
#define FWBENCH_CGROUP_H

/* Makes two chains of @depth groups each; says on stderr why it cannot. */
int cgroup_create(int depth);
/* Puts the caller into the last group of chain 0 or 1. */
int cgroup_enter(int chain);
/* Removes all of it, and nothing if nothing was made. */
int cgroup_remove(void);

#endif /* FWBENCH_CGROUP_H */
