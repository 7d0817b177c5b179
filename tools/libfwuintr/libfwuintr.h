/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libfwuintr: user interrupts of FastWake, see uintr(7).
 *
 * Functions that return an int return -1 and set errno on error. A program that includes
 * this need not be compiled with -muintr; handlers are marked with FWUINTR_HANDLER.
 *
 * checkpatch: PREFER_DEFINED_ATTRIBUTE_MACRO: user space has no such macros
 */
#ifndef LIBFWUINTR_H
#define LIBFWUINTR_H

#ifndef __x86_64__
#error "User interrupts are there on x86-64 only"
#endif

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Vectors of a thread are 0 to 63. */
#define FWUINTR_VECTORS		64
/* Indices of a process are 0 to 255. */
#define FWUINTR_SENDERS		256
/* The smallest stack that fwuintr_alt_stack() takes. */
#define FWUINTR_MIN_STACK	2048

/**
 * struct fwuintr_frame - what the CPU pushes before it calls the handler
 * @rip: where the thread goes on afterwards
 * @rflags: its flags
 * @rsp: its stack pointer
 */
struct fwuintr_frame {
	unsigned long long rip;
	unsigned long long rflags;
	unsigned long long rsp;
};

/*
 * Put this before a handler. It may touch general registers only, and so may all that it
 * calls: the CPU saves no others.
 */
#define FWUINTR_HANDLER	__attribute__((interrupt, target("general-regs-only,uintr")))

/**
 * fwuintr_available() - whether there are user interrupts
 *
 * Return: false if not; errno then is ENOSYS: the kernel has none; ENODEV: the CPU has
 * none, or they are switched off. errno is left alone if there are.
 */
bool fwuintr_available(void);

/**
 * fwuintr_register_handler() - have user interrupts of the calling thread handled
 * @handler: with FWUINTR_HANDLER; it gets the vector
 *
 * None is delivered before fwuintr_stui().
 *
 * Return: 0, or -1.
 */
int fwuintr_register_handler(void (*handler)(struct fwuintr_frame *frame,
					     unsigned long long vector));

/**
 * fwuintr_unregister_handler() - the calling thread has no handler any more
 *
 * Return: 0, or -1.
 */
int fwuintr_unregister_handler(void);

/**
 * fwuintr_alt_stack() - have the handler run on a stack of its own
 * @stack: the lowest address; NULL: on the thread's stack again
 * @size: FWUINTR_MIN_STACK bytes or more
 *
 * Return: 0, or -1.
 */
int fwuintr_alt_stack(void *stack, size_t size);

/**
 * fwuintr_vector_fd() - make a file that names a vector of the calling thread
 * @vector: less than FWUINTR_VECTORS
 * @flags: O_CLOEXEC, O_NONBLOCK, or 0
 *
 * Return: a file descriptor, or -1.
 */
int fwuintr_vector_fd(unsigned int vector, unsigned int flags);

/**
 * fwuintr_register_sender() - let the calling process send to a vector
 * @fd: of fwuintr_vector_fd() or fwuintr_event(); may be closed then
 *
 * Return: an index for fwuintr_send(), or -1.
 */
int fwuintr_register_sender(int fd);

/**
 * fwuintr_unregister_sender() - the calling process does not send to that any more
 * @index: of fwuintr_register_sender()
 *
 * Return: 0, or -1.
 */
int fwuintr_unregister_sender(unsigned int index);

/**
 * fwuintr_wait() - sleep until there is a user interrupt for the calling thread
 * @timeout: for how long at most; NULL: for ever
 *
 * Call it with UIF clear, so that none comes between a look at a condition and the sleep.
 *
 * Return: 0, or -1.
 */
int fwuintr_wait(const struct timespec *timeout);

/**
 * fwuintr_event() - make a file whose senders signal an eventfd
 * @eventfd: the eventfd
 * @flags: O_CLOEXEC, or 0
 *
 * Return: a file descriptor for fwuintr_register_sender(), or -1.
 */
int fwuintr_event(int eventfd, unsigned int flags);

/**
 * fwuintr_send() - send a user interrupt: SENDUIPI
 * @index: of fwuintr_register_sender(); SIGSEGV or SIGILL if it is not registered
 *
 * What was written to memory before is visible to the receiver.
 */
static inline void fwuintr_send(unsigned int index)
{
	/* senduipi %rax */
	__asm__ __volatile__(".byte 0xf3, 0x0f, 0xc7, 0xf0"
			     : : "a" ((unsigned long)index) : "memory");
}

/**
 * fwuintr_stui() - from now on interrupts are delivered to the calling thread's handler
 */
static inline void fwuintr_stui(void)
{
	__asm__ __volatile__(".byte 0xf3, 0x0f, 0x01, 0xef" : : : "memory");
}

/**
 * fwuintr_clui() - from now on they are not
 */
static inline void fwuintr_clui(void)
{
	__asm__ __volatile__(".byte 0xf3, 0x0f, 0x01, 0xee" : : : "memory");
}

/**
 * fwuintr_testui() - whether they are
 *
 * Return: UIF, the flag that the two above set and clear.
 */
static inline bool fwuintr_testui(void)
{
	unsigned char uif;

	/* testui; setc */
	__asm__ __volatile__(".byte 0xf3, 0x0f, 0x01, 0xed\n\tsetc %0"
			     : "=r" (uif) : : "cc", "memory");
	return uif;
}

#ifdef __cplusplus
}
#endif

#endif /* LIBFWUINTR_H */
