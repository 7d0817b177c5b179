// SPDX-License-Identifier: GPL-2.0
/*
 * cq_flood - what one process's flood of completion events does to another one's
 *
 * A thread on the first CPU sends itself messages over a loopback QP, and reads an event
 * for each. Then another process, on the second CPU, does so with many CQs, all of them
 * on the completion vector of the first CPU: they are armed, and their messages sent, all
 * at once. How long do the events of the first one take now, and does the kernel's memory
 * grow? Needs two CPUs. Prints a line of JSON.
 */
#include <getopt.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

#define MAX_CQS 256

/* What the flood has to tell. */
struct shared {
	atomic_long events;
	atomic_bool ready;
};

static void open_or_die(struct rig *rig, struct ibv_comp_channel **ch)
{
	if (!rig_open(rig))
		errx(1, "%s", rig->why);
	*ch = ibv_create_comp_channel(rig->ctx);
	if (!*ch)
		err(1, "ibv_create_comp_channel");
}

/* Until it is killed. */
static void flood(struct shared *shared, int n, int vector)
{
	static struct loop loops[MAX_CQS];
	struct ibv_comp_channel *ch;
	struct ibv_cq *cq;
	struct rig rig;
	int i;

	open_or_die(&rig, &ch);
	for (i = 0; i < n; i++) {
		if (!loop_open(&loops[i], &rig, ch, vector))
			errx(1, "%s", rig.why);
	}
	for (;;) {
		for (i = 0; i < n; i++) {
			if (ibv_req_notify_cq(loops[i].cq, 0))
				errx(1, "ibv_req_notify_cq");
		}
		for (i = 0; i < n; i++) {
			if (!loop_post(&loops[i], 0))
				errx(1, "%s", rig.why);
		}
		for (i = 0; i < n; i++) {
			cq = read_event(ch);
			if (!cq)
				err(1, "no event");
			ibv_ack_cq_events(cq, 1);
			shared->events++;
		}
		for (i = 0; i < n; i++) {
			if (!loop_sent(&loops[i]) || !loop_receive(&loops[i]))
				errx(1, "%s", rig.why);
		}
		shared->ready = true;
	}
}

static void measure(struct rig *rig, struct ibv_comp_channel *ch, struct loop *l, int n,
		    long long *ns)
{
	long long begin;
	int i;

	for (i = 0; i < n; i++) {
		begin = now();
		if (!one_event(l, ch))
			errx(1, "%s", *rig->why ? rig->why : "no event");
		ns[i] = now() - begin;
	}
	qsort(ns, n, sizeof(*ns), by_value);
}

static long unreclaimable_kib(void)
{
	char line[128];
	long kib = -1;
	FILE *f = fopen("/proc/meminfo", "re");

	if (!f)
		err(1, "/proc/meminfo");
	while (fgets(line, sizeof(line), f))
		sscanf(line, "SUnreclaim: %ld", &kib);
	fclose(f);
	return kib;
}

static int setting_number(const char *name)
{
	char text[32];

	if (!setting_read(name, text, sizeof(text)))
		errx(1, NO_MODULE);
	return atoi(text);
}

static void usage(void)
{
	fputs("Usage: cq_flood [-n EVENTS] [-q CQS] [-v VECTOR]\n"
	      "  -n  how many events to measure (1000)\n"
	      "  -q  CQs of the flood (64)\n"
	      "  -v  completion vector of the first CPU (0)\n"
	      "The device is FASTWAKE_RIG_DEVICE, or rxe0.\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	int opt, n = 1000, cqs = 64, vector = 0, cpu[2];
	struct ibv_comp_channel *ch;
	long long *alone, *beside, begin, took;
	long events, before, after;
	struct shared *shared;
	struct loop loop;
	struct rig rig;
	pid_t pid;

	while ((opt = getopt(argc, argv, "n:q:v:")) != -1) {
		if (opt == 'n')
			n = atoi(optarg);
		else if (opt == 'q')
			cqs = atoi(optarg);
		else if (opt == 'v')
			vector = atoi(optarg);
		else
			usage();
	}
	if (optind < argc || n < 1 || cqs < 1 || cqs > MAX_CQS || vector < 0)
		usage();
	cpu[0] = usable_cpu(0);
	cpu[1] = usable_cpu(1);
	if (cpu[1] < 0)
		errx(1, "needs two CPUs");
	alone = calloc(n, sizeof(*alone));
	beside = calloc(n, sizeof(*beside));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (!alone || !beside || shared == MAP_FAILED)
		err(1, "memory");

	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		go_to(cpu[1]);
		raise(SIGSTOP);
		flood(shared, cqs, vector);
	}

	go_to(cpu[0]);
	open_or_die(&rig, &ch);
	if (!loop_open(&loop, &rig, ch, vector))
		errx(1, "%s", rig.why);
	measure(&rig, ch, &loop, n, alone);

	if (waitpid(pid, NULL, WUNTRACED) != pid || kill(pid, SIGCONT))
		err(1, "the flood");
	while (!shared->ready && waitpid(pid, NULL, WNOHANG) != pid)
		sched_yield();
	events = shared->events;
	before = unreclaimable_kib();
	begin = now();
	measure(&rig, ch, &loop, n, beside);
	took = now() - begin;
	after = unreclaimable_kib();
	events = shared->events - events;
	if (kill(pid, SIGKILL) || waitpid(pid, NULL, 0) != pid)
		errx(1, "the flood ended by itself");

	printf("{\"irq_events\": %d, ", setting_number("irq_events"));
	printf("\"events\": %d, \"ns_median\": %lld, \"ns_most\": %lld, ", n, alone[n / 2],
	       alone[n - 1]);
	printf("\"flood_cqs\": %d, \"flood_events\": %ld, \"flood_ns\": %lld, ", cqs, events, took);
	printf("\"beside_ns_median\": %lld, \"beside_ns_most\": %lld, ", beside[n / 2],
	       beside[n - 1]);
	printf("\"slab_kib\": %ld}\n", after - before);
	return 0;
}
