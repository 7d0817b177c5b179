// SPDX-License-Identifier: GPL-2.0
/*
 * The smallest receiver and sender of user interrupts: the main thread receives, and
 * another one sends.
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "libfwuintr.h"

#define VECTOR 3

static atomic_ulong received;	/* one bit for each vector */

FWUINTR_HANDLER
static void handler(struct fwuintr_frame *frame, unsigned long long vector)
{
	(void)frame;
	atomic_fetch_or(&received, 1UL << vector);
}

static void *sender(void *arg)
{
	int index = fwuintr_register_sender((intptr_t)arg);

	if (index < 0)
		err(1, "fwuintr_register_sender");
	fwuintr_send(index);
	if (fwuintr_unregister_sender(index))
		err(1, "fwuintr_unregister_sender");
	return NULL;
}

int main(void)
{
	pthread_t thread;
	int fd;

	if (!fwuintr_available())
		err(1, "no user interrupts");
	if (fwuintr_register_handler(handler))
		err(1, "fwuintr_register_handler");
	fd = fwuintr_vector_fd(VECTOR, 0);
	if (fd < 0)
		err(1, "fwuintr_vector_fd");
	errno = pthread_create(&thread, NULL, sender, (void *)(intptr_t)fd);
	if (errno)
		err(1, "pthread_create");

	/*
	 * UIF is clear but between the two instructions: no interrupt can come after the
	 * look at what was received, and before the sleep, which one that is there ends.
	 */
	while (!received) {
		if (fwuintr_wait(NULL) && errno != EINTR)
			err(1, "fwuintr_wait");
		fwuintr_stui();
		fwuintr_clui();
	}
	pthread_join(thread, NULL);
	printf("received: 0x%lx\n", received);
	return received == 1UL << VECTOR ? EXIT_SUCCESS : EXIT_FAILURE;
}
