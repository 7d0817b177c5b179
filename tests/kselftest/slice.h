/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Long slices: the end of the caller's counts against switch_to(), and where an
 * instruction takes long, the target's may be over before its first one.
 */
#ifndef SLICE_H
#define SLICE_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LONG_SLICE_NS (50 * 1000 * 1000)

/* The first version of struct sched_attr, which some C libraries have, some not. */
struct slice_attr {
	__u32 size;
	__u32 policy;
	__u64 flags;
	__s32 nice;
	__u32 priority;
	__u64 runtime;
	__u64 deadline;
	__u64 period;
};

#define KEEP_POLICY 0x08	/* SCHED_FLAG_KEEP_POLICY */

/* For this thread of the caller's, 0: for itself. Setting a policy undoes it. */
static inline bool ask_for_long_slice(pid_t tid)
{
	struct slice_attr attr = {
		.size = sizeof(attr),
		.flags = KEEP_POLICY,
		.runtime = LONG_SLICE_NS,
	};

	return !syscall(SYS_sched_setattr, tid, &attr, 0);
}

#endif /* SLICE_H */
