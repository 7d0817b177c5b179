/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fwbench uintr: two threads that send each other messages by shared memory, and tell each
 * other of them in one of several ways.
 */
#ifndef FWBENCH_UINTR_H
#define FWBENCH_UINTR_H

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <x86intrin.h>

#include "fwbench.h"
#include "output.h"

#define UINTR_MAX_SIZE 4096
#define UINTR_WHY_SIZE 128

struct uintr_run {
	const struct uintr_method *method;
	bool running;		/* the reader looks again and again, and does not sleep */
	int cpus;
	int cpu[2];
	bool one_way;		/* one side only sends */
	int size;		/* bytes of a message */
	int receivers;		/* on each reader's CPU, one of them the reader */
	unsigned long warmup;
	unsigned long messages;
	int timeout;		/* seconds */
};

struct uintr_result {
	double per_message;	/* cycles of the time stamp counter */
	double sender;		/* the median of what telling takes */
	double csw_per_message;
	unsigned long failures;	/* told, and there was no message, or a wrong one */
	char why[UINTR_WHY_SIZE];	/* it cannot be measured, or "" */
};

/* A message, from one side to the other. */
struct uintr_box {
	alignas(64) atomic_ulong written;	/* number of the message that is there */
	atomic_ulong taken;
	char data[UINTR_MAX_SIZE];
};

struct uintr_side {
	alignas(64) struct uintr_box in;
	const struct uintr_run *run;
	struct uintr_side *peer;
	pthread_barrier_t *barrier;
	pthread_t thread;
	int id;
	int cpu;
	/* of the method */
	int fd;			/* what it sleeps on */
	int vector_fd;		/* what its peer becomes a sender by */
	int epoll_fd;
	unsigned int index;	/* what it sends with */
	pid_t tid;
	atomic_uint word;
	/* what came out */
	unsigned long failures;
	uint64_t begin, end;
	uint64_t paused;	/* between them, for the other one to fall asleep */
	long csw;
	uint32_t *sender;	/* of each message that it sent */
	char why[UINTR_WHY_SIZE];
};

struct uintr_method {
	const char *name;
	const char *about;
	/* Of each side, in its thread; -1 and errno on error, all of them. */
	int (*open)(struct uintr_side *me);
	/* Once both are open. */
	int (*connect)(struct uintr_side *me);
	int (*tell)(struct uintr_side *me);
	/* Sleep until told. */
	int (*wait)(struct uintr_side *me);
	/* Look whether it has been told: 1, 0 or -1. NULL: it cannot, without sleeping. */
	int (*look)(struct uintr_side *me);
	void (*close)(struct uintr_side *me);
	/* One more receiver, which nobody tells anything; NULL: there is nothing of it. */
	int (*one_more)(void);
};

extern const struct uintr_method uintr_methods[];
extern const unsigned int nr_uintr_methods;

void uintr_measure(const struct uintr_run *run, struct uintr_result *result);
/* Prints rows of its own, and returns an exit status. */
int uintr_stages(const struct uintr_run *run, enum format format);

#endif /* FWBENCH_UINTR_H */
