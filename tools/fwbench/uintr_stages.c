// SPDX-License-Identifier: GPL-2.0
/*
 * fwbench uintr --stages: where the cycles of one user interrupt go.
 *
 * The receiver reads the time stamp counter again and again, on a CPU of its own. The
 * last value that it noted before its handler ran is when it stopped. The stages are those
 * of the table in "Extended User Interrupts (xUI)", ASPLOS 2025, as far as a program can
 * tell them apart:
 *
 *	send	SENDUIPI, on the sender's CPU
 *	notify	from the begin of SENDUIPI until the receiver stops, on both CPUs
 *	deliver	from there to the first instruction of the handler
 *	handler	an empty one, between its two time stamps
 *	return	from there until the receiver goes on
 *
 * checkpatch: PREFER_DEFINED_ATTRIBUTE_MACRO: user space has no such macros
 * checkpatch: VOLATILE: the handler writes between any two instructions
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fastwake.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86gprintrin.h>

#include "cpus.h"
#include "output.h"
#include "uintr.h"

/* Cycles in which an interrupt comes, if it comes at all. */
#define LONG_ENOUGH 2000000000ULL

enum { SEND, NOTIFY, DELIVER, HANDLER, RETURN, NR_STAGES };

static const char * const names[NR_STAGES] = { "send", "notify", "deliver", "handler", "return" };

static struct {
	alignas(64) volatile uint64_t turn;	/* of the receiver's loop, the last one */
	volatile uint64_t stopped, begun, done;	/* the handler's */
	volatile unsigned long handled;
	uint64_t resumed;
	atomic_ulong resumed_from;		/* the handlers that it has gone on from */
	atomic_bool over;
	atomic_int vector_fd;			/* 0: not yet, negative: an errno */
	int cpu;
} rx;

static inline uint64_t stamp(void)
{
	/* After all that comes before it. */
	_mm_lfence();
	return __rdtsc();
}

static void __attribute__((interrupt, target("general-regs-only,uintr")))
handler(struct __uintr_frame *frame, unsigned long long vector)
{
	rx.begun = __builtin_ia32_rdtsc();
	(void)frame;
	(void)vector;
	rx.stopped = rx.turn;
	rx.done = __builtin_ia32_rdtsc();
	rx.handled++;
}

static void *receiver(void *unused)
{
	unsigned long seen = 0;
	int fd;

	(void)unused;
	if (pin_to_cpu(rx.cpu) || syscall(__NR_uintr_register_handler, handler, 0)) {
		rx.vector_fd = -errno;
		return NULL;
	}
	fd = syscall(__NR_uintr_vector_fd, 0, O_CLOEXEC);
	rx.vector_fd = fd < 0 ? -errno : fd;
	if (fd < 0)
		return NULL;
	_stui();
	while (!atomic_load_explicit(&rx.over, memory_order_relaxed)) {
		rx.turn = __rdtsc();
		if (rx.handled != seen) {
			rx.resumed = __rdtsc();
			seen = rx.handled;
			atomic_store(&rx.resumed_from, seen);
		}
	}
	_clui();
	return NULL;
}

/* What it takes to take a time stamp, at least: in each stage is one. */
static uint64_t stamp_cost(void)
{
	uint64_t least = UINT64_MAX, begin, end;
	int i;

	for (i = 0; i < 1000; i++) {
		begin = stamp();
		end = stamp();
		if (end - begin < least)
			least = end - begin;
	}
	return least;
}

/* One interrupt. False: it did not come. @fits: the two counters agree on what was first. */
static bool one(unsigned int index, unsigned long n, uint64_t cost, uint64_t *cycles, bool *fits)
{
	uint64_t begin, end;

	begin = stamp();
	_senduipi(index);
	end = stamp();
	while (atomic_load(&rx.resumed_from) != n) {
		if (__rdtsc() - begin > LONG_ENOUGH)
			return false;
		_mm_pause();
	}
	cycles[SEND] = end - begin - cost;
	cycles[NOTIFY] = rx.stopped - begin;
	cycles[DELIVER] = rx.begun - rx.stopped;
	cycles[HANDLER] = rx.done - rx.begun;
	cycles[RETURN] = rx.resumed - rx.done;
	*fits = begin <= rx.stopped && rx.stopped <= rx.begun && rx.done <= rx.resumed &&
		end - begin >= cost;
	return true;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void print_stage(enum format format, int stage, uint64_t *cycles, unsigned long nr,
			unsigned long failures)
{
	uint64_t least, median, p99;

	qsort(cycles, nr, sizeof(*cycles), by_value);
	least = cycles[0];
	median = cycles[nr / 2];
	p99 = cycles[nr * 99 / 100];
	if (format == FORMAT_JSON) {
		printf("{\"stage\": \"%s\", \"min\": %lu, \"median\": %lu, ", names[stage],
		       least, median);
		printf("\"p99\": %lu, \"rounds\": %lu, \"failures\": %lu}\n", p99, nr,
		       failures);
		return;
	}
	printf(format == FORMAT_SIMPLE ? "%s %lu %lu %lu %lu %lu\n" :
	       "%-8s %8lu %8lu %8lu %8lu %8lu\n", names[stage], least, median, p99, nr, failures);
}

/* The time stamp counters of two CPUs are compared: are they said to be alike? */
static bool counters_are_alike(void)
{
	static char line[16384];
	bool alike = false;
	FILE *f = fopen("/proc/cpuinfo", "re");

	while (f && !alike && fgets(line, sizeof(line), f))
		alike = !strncmp(line, "flags", 5) && strstr(line, " constant_tsc") &&
			strstr(line, " nonstop_tsc");
	if (f)
		fclose(f);
	return alike;
}

static int become_sender(void)
{
	int fd;

	while (!(fd = rx.vector_fd))
		_mm_pause();
	if (fd < 0) {
		errno = -fd;
		return -1;
	}
	return syscall(__NR_uintr_register_sender, fd, 0);
}

int uintr_stages(const struct uintr_run *run, enum format format)
{
	unsigned long all = run->warmup + run->messages, n, kept = 0, failures = 0;
	uint64_t *cycles[NR_STAGES], now[NR_STAGES], cost;
	pthread_t thread;
	bool fits;
	int index, i;

	for (i = 0; i < NR_STAGES; i++) {
		cycles[i] = calloc(run->messages, sizeof(*cycles[i]));
		if (!cycles[i]) {
			fprintf(stderr, "fwbench: no memory\n");
			return EXIT_FAILED;
		}
	}
	rx.cpu = run->cpu[1];
	if (pin_to_cpu(run->cpu[0]) || pthread_create(&thread, NULL, receiver, NULL)) {
		fprintf(stderr, "fwbench: no thread on CPU %d\n", run->cpu[0]);
		return EXIT_FAILED;
	}
	index = become_sender();
	if (index < 0) {
		fprintf(stderr, "fwbench: no user interrupts: %s\n", strerror(errno));
		return EXIT_FAILED;
	}
	if (!counters_are_alike())
		fputs("fwbench: 'notify' compares counters that are not said to be constant\n",
		      stderr);

	cost = stamp_cost();
	for (n = 1; n <= all; n++) {
		if (!one(index, n, cost, now, &fits)) {
			fprintf(stderr, "fwbench: interrupt %lu did not come\n", n);
			return EXIT_FAILED;
		}
		if (n <= run->warmup)
			continue;
		if (!fits) {
			failures++;
			continue;
		}
		for (i = 0; i < NR_STAGES; i++)
			cycles[i][kept] = now[i];
		kept++;
	}
	rx.over = true;
	pthread_join(thread, NULL);

	if (format == FORMAT_DEFAULT)
		printf("%-8s %8s %8s %8s %8s %8s\n", "stage", "min", "median", "p99", "rounds",
		       "failures");
	for (i = 0; kept && i < NR_STAGES; i++)
		print_stage(format, i, cycles[i], kept, failures);
	return failures ? EXIT_FAILED : EXIT_OK;
}
