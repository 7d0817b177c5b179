/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What the module and the tests share. All that an ioctl does, it does on the CPU
 * that it is called on: a test stays there.
 *
 * checkpatch: BIT_MACRO: a program has none
 * checkpatch: PREFER_DEFINED_ATTRIBUTE_MACRO: a program has none
 */
#ifndef UINTR_CPU_H
#define UINTR_CPU_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* The MSRs, and the component of the XSAVE area. */
#define UINTR_CPU_RR		0x985
#define UINTR_CPU_HANDLER	0x986
#define UINTR_CPU_STACKADJUST	0x987
#define UINTR_CPU_MISC		0x988
#define UINTR_CPU_PD		0x989
#define UINTR_CPU_TT		0x98a
#define UINTR_CPU_XSTATE	14

/* A user posted-interrupt descriptor. */
struct uintr_cpu_upid {
	__u64 control;
	__u64 pir;
	__u64 rest[6];
};

#define UPID_ON			(1ULL << 0)
#define UPID_SN			(1ULL << 1)
#define UPID_NV(vector)		((__u64)(vector) << 16)
#define UPID_NDST(id)		((__u64)(id) << 32)

/* An entry of the user-interrupt target table. */
struct uintr_cpu_uitte {
	__u64 control;
	__u64 upid;
};

#define UITTE_VALID		(1ULL << 0)
#define UITTE_UV(vector)	((__u64)(vector) << 8)

/* What a mapping of the device has; the CPU reads it by the kernel's address. */
struct uintr_cpu_page {
	struct uintr_cpu_upid upid[32];
	struct uintr_cpu_uitte uitt[128];
};

struct uintr_cpu_info {
	__u64 page;		/* the kernel's address of the mapping */
	__u64 interrupts;	/* with this vector, to the kernel, on this CPU */
	__u32 vector;
	__u32 ndst;		/* of this CPU, as a UPID has it */
	__u32 x2apic;
	__u32 unused;
};

struct uintr_cpu_msr {
	__u64 value;
	__u32 number;
	__u32 unused;
};

struct uintr_cpu_cr4 {
	__u64 rr;		/* first written to UIRR */
	__u32 uintr;		/* then CR4.UINTR */
	__u32 unused;
};

struct uintr_cpu_image {
	__u64 mask;		/* the instruction's */
	__u32 legacy_unmapped;	/* all before the components faults */
	__u32 unused;
	__u8 area[1024] __attribute__((aligned(64)));
};

struct uintr_cpu_halt {
	__u64 ticks;		/* of the TSC: for how long */
	__u64 halts;		/* how many it took */
};

#define UINTR_CPU_GET_INFO	_IOR('u', 1, struct uintr_cpu_info)
/* With EIO: #GP. */
#define UINTR_CPU_RDMSR		_IOWR('u', 2, struct uintr_cpu_msr)
#define UINTR_CPU_WRMSR		_IOW('u', 3, struct uintr_cpu_msr)
#define UINTR_CPU_SET_CR4	_IOW('u', 4, struct uintr_cpu_cr4)
/* With EIO: #GP or #PF. */
#define UINTR_CPU_XSAVES	_IOWR('u', 5, struct uintr_cpu_image)
#define UINTR_CPU_XRSTORS	_IOW('u', 6, struct uintr_cpu_image)
/* In the kernel, with interrupts, for so many ticks of the TSC. */
#define UINTR_CPU_SPIN		_IO('u', 7)
#define UINTR_CPU_HALT		_IOWR('u', 8, struct uintr_cpu_halt)
/* RFLAGS.IF of the caller. */
#define UINTR_CPU_SET_IF	_IO('u', 9)

#endif
