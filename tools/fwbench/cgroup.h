/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Chains of nested cgroups: one for both participants, or one for each.
 */
#ifndef FWBENCH_CGROUP_H
#define FWBENCH_CGROUP_H

/* Makes 1 or 2 chains of @depth groups each; says on stderr why it cannot. */
int cgroup_create(int chains, int depth);
/* Puts the caller's process into the last group of chain 0 or 1. */
int cgroup_enter(int chain);
/* Removes all of it, and nothing if nothing was made. */
int cgroup_remove(void);

#endif /* FWBENCH_CGROUP_H */
