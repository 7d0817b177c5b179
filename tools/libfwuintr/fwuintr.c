// SPDX-License-Identifier: GPL-2.0
/* The system calls of uintr(7). */
#include <assert.h>
#include <errno.h>
#include <linux/fastwake.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libfwuintr.h"

/* The kernel's time is that of C here. */
static_assert(sizeof(struct timespec) == 16, "struct timespec is that of the kernel");

bool fwuintr_available(void)
{
	int before = errno;

	/* A call that does nothing: there is no such file. */
	if (syscall(__NR_uintr_register_sender, -1, 0) == -1 && errno != EBADF)
		return false;
	errno = before;
	return true;
}

int fwuintr_register_handler(void (*handler)(struct fwuintr_frame *frame,
					     unsigned long long vector))
{
	return syscall(__NR_uintr_register_handler, (uintptr_t)handler, 0);
}

int fwuintr_unregister_handler(void)
{
	return syscall(__NR_uintr_unregister_handler, 0);
}

int fwuintr_alt_stack(void *stack, size_t size)
{
	return syscall(__NR_uintr_alt_stack, (uintptr_t)stack, size, 0);
}

int fwuintr_vector_fd(unsigned int vector, unsigned int flags)
{
	return syscall(__NR_uintr_vector_fd, vector, flags);
}

int fwuintr_register_sender(int fd)
{
	return syscall(__NR_uintr_register_sender, fd, 0);
}

int fwuintr_unregister_sender(unsigned int index)
{
	return syscall(__NR_uintr_unregister_sender, index, 0);
}

int fwuintr_wait(const struct timespec *timeout)
{
	return syscall(__NR_uintr_wait, timeout, 0);
}

int fwuintr_event(int eventfd, unsigned int flags)
{
	return syscall(__NR_uintr_event, eventfd, flags);
}
