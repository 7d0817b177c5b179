/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Chains of nested cgroups, which are siblings.
 */
#ifndef FWBENCH_CGROUP_H
#define FWBENCH_CGROUP_H

#define MAX_CHAINS 2
#define MAX_DEPTH 32

/* Makes chains of @depth groups each; says on stderr why it cannot. */
int cgroup_create(int chains, int depth);
/* The cpu.weight of the chain's first group, 100 if not set; says why it cannot. */
int cgroup_set_weight(int chain, int weight);
/* Puts the caller's process into the last group of the chain. */
int cgroup_enter(int chain);
/* Removes all of it, and nothing if nothing was made. */
int cgroup_remove(void);

#endif /* FWBENCH_CGROUP_H */
