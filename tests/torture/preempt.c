// SPDX-License-Identifier: GPL-2.0
/*
 * Threads of higher scheduling classes compute for a moment, again and again, on a
 * CPU that they draw. How long is a number of loops: no clock decides.
 */
#include <linux/types.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../kselftest/slice.h"
#include "torture.h"

#define MAX_LOOPS 300000
#define MAX_SLEEP_NS 5000000
#define MS 1000000LL

static void compute(struct random *r)
{
	unsigned int i;

	for (i = draw(r, MAX_LOOPS); i; i--)
		asm volatile("");	/* lest the compiler drops the loop */
}

/* For longer than it has run. */
static void sleep_on(int timer, struct random *r, long long begin)
{
	long long ns = 1 + draw(r, MAX_SLEEP_NS) + now_ns() - begin;
	struct itimerspec t = {
		.it_value = { .tv_sec = ns / (1000 * MS), .tv_nsec = ns % (1000 * MS) },
	};
	__u64 expirations;

	timerfd_settime(timer, 0, &t, NULL);
	if (read(timer, &expirations, sizeof(expirations)) < 0)
		torture_fail("reading a timer failed");
}

static void bursts(struct disturber *d, void (*before)(struct random *r))
{
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	long long begin;

	while (!torture_over()) {
		if (before)
			before(&d->random);
		begin = now_ns();
		compute(&d->random);
		d->count++;
		sleep_on(timer, &d->random, begin);
	}
	close(timer);
}

/* It may be offline: then the caller stays where it is. */
static void move(struct random *r)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(draw(r, sysconf(_SC_NPROCESSORS_CONF)), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void run_fifo(struct disturber *d)
{
	struct sched_param param = { .sched_priority = 10 };

	if (!sched_setscheduler(0, SCHED_FIFO, &param))
		bursts(d, move);
}

/* The kernel wants it to be free to run anywhere. */
static void run_deadline(struct disturber *d)
{
	struct slice_attr attr = {
		.size = sizeof(attr),
		.policy = SCHED_DEADLINE,
		.runtime = 1 * MS,
		.deadline = 5 * MS,
		.period = 10 * MS,
	};

	if (!syscall(SYS_sched_setattr, 0, &attr, 0))
		bursts(d, NULL);
}

struct disturber fifo_disturber = {
	.name = "fifo",
	.counts = "bursts of a SCHED_FIFO thread",
	.run = run_fifo,
};

struct disturber deadline_disturber = {
	.name = "deadline",
	.counts = "bursts of a SCHED_DEADLINE thread",
	.run = run_deadline,
};
