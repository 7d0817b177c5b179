/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_LINUX_FASTWAKE_H
#define _UAPI_LINUX_FASTWAKE_H

/*
 * The system calls of FastWake. Their numbers are far above those of mainline,
 * so that a program built for one kernel does not hit another call on the next;
 * a kernel without FastWake answers ENOSYS.
 *
 *	long switch_to(pid_t tid, unsigned int flags);
 *	long hibernate(unsigned int flags);
 *	long wake_up_process(pid_t tid, unsigned int flags);
 */
#ifndef __NR_switch_to
#define __NR_switch_to		600
#endif
#ifndef __NR_hibernate
#define __NR_hibernate		601
#endif
#ifndef __NR_wake_up_process
#define __NR_wake_up_process	602
#endif

/**
 * define WAKE_UP_HIBERNATE - a flag of wake_up_process(): then sleep
 *
 * The caller wakes the thread and goes on with hibernate(), in one switch.
 */
#define WAKE_UP_HIBERNATE	0x1

/**
 * enum wake_up_result - what wake_up_process() did, its return value
 * @WAKE_UP_WOKEN: the thread was in hibernate(), and now runs
 * @WAKE_UP_PERMIT: it was not; its next hibernate() returns at once
 * @WAKE_UP_PENDING: it was not, and had such a permit already
 */
enum wake_up_result {
	WAKE_UP_WOKEN,
	WAKE_UP_PERMIT,
	WAKE_UP_PENDING,
};

/*
 * User interrupts, on x86-64 CPUs that have them: a thread interrupts another one by an
 * instruction, SENDUIPI, without the kernel. The receiver:
 *
 *	long uintr_register_handler(__u64 handler, unsigned int flags);
 *	long uintr_unregister_handler(unsigned int flags);
 *	long uintr_alt_stack(__u64 sp, size_t size, unsigned int flags);
 *	long uintr_vector_fd(unsigned int vector, unsigned int flags);
 *	long uintr_wait(const struct __kernel_timespec *timeout, unsigned int flags);
 *
 * The sender, with a file descriptor of uintr_vector_fd() or uintr_event():
 *
 *	long uintr_register_sender(int fd, unsigned int flags);
 *	long uintr_unregister_sender(unsigned int index, unsigned int flags);
 *
 * Who wants an eventfd to be signalled instead:
 *
 *	long uintr_event(int fd, unsigned int flags);
 */
#ifndef __NR_uintr_register_handler
#define __NR_uintr_register_handler	603
#endif
#ifndef __NR_uintr_unregister_handler
#define __NR_uintr_unregister_handler	604
#endif
#ifndef __NR_uintr_alt_stack
#define __NR_uintr_alt_stack		605
#endif
#ifndef __NR_uintr_vector_fd
#define __NR_uintr_vector_fd		606
#endif
#ifndef __NR_uintr_register_sender
#define __NR_uintr_register_sender	607
#endif
#ifndef __NR_uintr_unregister_sender
#define __NR_uintr_unregister_sender	608
#endif
#ifndef __NR_uintr_wait
#define __NR_uintr_wait		609
#endif
#ifndef __NR_uintr_event
#define __NR_uintr_event		610
#endif

#endif /* _UAPI_LINUX_FASTWAKE_H */
