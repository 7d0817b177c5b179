// SPDX-License-Identifier: GPL-2.0
/*
 * cq_follow - how soon a CQ follows its reader to another CPU, and how often
 *
 * One thread sends itself messages over a loopback QP, and reads an event for each. It
 * moves to another CPU, when the CQ may move again, and counts the events and the time
 * until the CQ has followed. Then it bounces between the CPUs for a while, and counts
 * the moves. Needs the module fastwake, and two CPUs. Prints a line of JSON.
 */
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "measure.h"

#define INTERVAL_MS 334		/* move_interval_ms */
#define MAX_EVENTS 100000	/* until the CQ has followed */
#define BOUNCE_EVENTS 8		/* on a CPU at a time: the CQ wants to follow */

static struct rig rig;
static struct ibv_comp_channel *ch;
static struct loop loop;

static void events(int n)
{
	if (!some_events(&loop, ch, n))
		errx(1, "%s", *rig.why ? rig.why : "no event");
}

/* Events until the CQ is on @cpu, where the caller is. */
static int events_until_there(int cpu)
{
	long before = counter(cpu, "moves");
	int i;

	for (i = 1; i <= MAX_EVENTS; i++) {
		events(1);
		if (counter(cpu, "moves") > before)
			return i;
	}
	errx(1, "after %d events the CQ has not followed to CPU %d", MAX_EVENTS, cpu);
}

static void wait_until_it_may_move(void)
{
	struct timespec t = { .tv_nsec = 2 * INTERVAL_MS / 3 * 1000000L };

	nanosleep(&t, NULL);
	nanosleep(&t, NULL);
}

static void usage(void)
{
	fputs("Usage: cq_follow [-n MIGRATIONS] [-s SECONDS]\n"
	      "  -n  how often the reader goes to another CPU (20)\n"
	      "  -s  for how long it bounces after that (3)\n"
	      "The device is FASTWAKE_RIG_DEVICE, or rxe0.\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	int opt, i, n = 20, seconds = 3, most = 0, cpu[2];
	long long *ns, begin, moved, from, to;

	while ((opt = getopt(argc, argv, "n:s:")) != -1) {
		if (opt == 'n')
			n = atoi(optarg);
		else if (opt == 's')
			seconds = atoi(optarg);
		else
			usage();
	}
	if (optind < argc || n < 1 || seconds < 1)
		usage();
	cpu[0] = usable_cpu(0);
	cpu[1] = usable_cpu(1);
	if (cpu[1] < 0)
		errx(1, "needs two CPUs");
	if (access(FASTWAKE "affinity", F_OK))
		errx(1, NO_MODULE);
	ns = calloc(n, sizeof(*ns));
	if (!ns)
		err(1, "calloc");
	if (!rig_open(&rig))
		errx(1, "%s", rig.why);
	ch = ibv_create_comp_channel(rig.ctx);
	if (!ch || !loop_open(&loop, &rig, ch, 0))
		errx(1, "%s", rig.why);

	/* Wherever it is at the start. */
	for (i = 0; i < 2; i++) {
		go_to(cpu[i]);
		events(100);
		wait_until_it_may_move();
	}
	for (i = 0; i < n; i++) {
		int took;

		begin = now();
		go_to(cpu[i % 2]);
		took = events_until_there(cpu[i % 2]);
		ns[i] = now() - begin;
		most = took > most ? took : most;
		wait_until_it_may_move();
	}
	qsort(ns, n, sizeof(*ns), by_value);

	moved = counter(cpu[0], "moves") + counter(cpu[1], "moves");
	begin = now();
	from = begin;
	to = begin + seconds * 1000000000LL;
	for (i = 0; from < to; i++, from = now()) {
		go_to(cpu[i % 2]);
		events(BOUNCE_EVENTS);
	}
	moved = counter(cpu[0], "moves") + counter(cpu[1], "moves") - moved;

	printf("{\"migrations\": %d, \"events_most\": %d, ", n, most);
	printf("\"ns_median\": %lld, \"ns_most\": %lld, ", ns[n / 2], ns[n - 1]);
	printf("\"bounces\": %d, \"bounce_ns\": %lld, ", i, from - begin);
	printf("\"bounce_moves\": %lld}\n", moved);

	if (!loop_close(&loop) || ibv_destroy_comp_channel(ch) || !rig_close(&rig))
		errx(1, "%s", rig.why);
	return 0;
}
