// SPDX-License-Identifier: GPL-2.0
/*
 * event_reader - a thread that waits for completion events, one at a time
 *
 * One thread, the reader, waits for events. Another one waits until the reader sleeps on
 * its completion channel, sends it a message over a loopback QP, and then either spins
 * or sleeps until the message was received. So each event finds its reader asleep, and
 * comes alone. What to do with that is up to who looks on, as tools/fwbench/event does:
 * it is told where the program is by lines such as "ready".
 *
 * checkpatch: PREFER_DEFINED_ATTRIBUTE_MACRO: a program has no kernel headers
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "fabric.h"

#define RECEIVES 8	/* posted at any time */
#define HEAD_START 200	/* turns that the sender lets a reader have that polls itself */

static struct fabric fabric;
static struct pair pair;
static bool use_epoll, spin, own_poll, busy, idle, sender_spins;
static int reader_cpu, sender_cpu = -1, vector;
static long iters = 1000, warm = -1;
static int cqs = 1, threads = 1;

/* Of the reader: its thread, which event it is about to wait for, which ones it has. */
static atomic_int reader_tid;
static atomic_long waiting, done;
static sem_t received_one;

static void fail(void)
{
	errx(1, "%s", fabric.why);
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "CPU %d", cpu);
}

/* An emulator that runs one CPU at a time goes on with the next one here. */
static void relax(void)
{
#if __has_builtin(__builtin_ia32_pause)
	__builtin_ia32_pause();
#endif
}

static void start(void *(*function)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;

	/* There may be many. */
	if (pthread_attr_init(&attr) ||
	    pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN + 65536) ||
	    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) ||
	    pthread_create(&thread, &attr, function, arg))
		errx(1, "no thread");
	pthread_attr_destroy(&attr);
}

static void receive_again(long n)
{
	struct ibv_sge sge = sge_of(&pair.side[1], 0, 8);

	if (!post_receive(&pair, 1, n, &sge, 1))
		fail();
}

static void wait_for_event(int epoll_fd)
{
	struct ibv_comp_channel *ch = pair.side[1].ch;
	struct epoll_event event;
	struct ibv_cq *cq;
	void *context;

	if (epoll_fd >= 0) {
		while (epoll_wait(epoll_fd, &event, 1, -1) != 1)
			if (errno != EINTR)
				err(1, "epoll_wait");
	}
	if (ibv_get_cq_event(ch, &cq, &context))
		err(1, "ibv_get_cq_event");
	ibv_ack_cq_events(cq, 1);
}

static void *reader(void *unused)
{
	struct side *me = &pair.side[1];
	struct epoll_event event = { .events = EPOLLIN };
	int epoll_fd = -1;
	struct ibv_wc wc;
	long n;
	int ret;

	(void)unused;
	pin(reader_cpu);
	if (use_epoll) {
		epoll_fd = epoll_create1(0);
		if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, me->ch->fd, &event))
			err(1, "epoll");
	}

	reader_tid = gettid();
	for (n = 1; n <= iters; n++) {
		if (ibv_req_notify_cq(me->rcq, 0))
			errx(1, "ibv_req_notify_cq failed");
		waiting = n;
		do {
			wait_for_event(epoll_fd);
			ret = ibv_poll_cq(me->rcq, 1, &wc);
		} while (!ret);
		if (ret != 1 || wc.status != IBV_WC_SUCCESS)
			errx(1, "event %ld: no message", n);
		receive_again(n);
		done = n;
		if (!sender_spins)
			sem_post(&received_one);
	}
	return NULL;
}

/* Is it asleep? */
static bool reader_sleeps(void)
{
	char path[64], stat[256], *state;
	int fd, n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", reader_tid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	n = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	stat[n > 0 ? n : 0] = '\0';
	state = strrchr(stat, ')');
	return state && state[1] == ' ' && state[2] == 'S';
}

static void wait_for_reader(long n)
{
	int i;

	if (!own_poll) {
		while (waiting < n || !reader_sleeps()) {
			relax();
			sched_yield();
		}
		return;
	}
	while (waiting < n)
		relax();
	for (i = 0; i < HEAD_START; i++)
		relax();
}

static void send_one(long n)
{
	struct side *me = &pair.side[0];
	struct ibv_sge sge = sge_of(me, 0, 8);
	struct ibv_send_wr wr = {
		.wr_id = n,
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = IBV_WR_SEND,
		.send_flags = IBV_SEND_SIGNALED,
	};

	if (!post_send(&pair, 0, &wr))
		fail();
}

static void take_sent(long n)
{
	struct ibv_wc wc;
	int ret;

	/* Its CQ is not armed. */
	do
		ret = ibv_poll_cq(pair.side[0].scq, 1, &wc);
	while (!ret);
	if (ret != 1 || wc.status != IBV_WC_SUCCESS)
		errx(1, "message %ld was not sent", n);
}

static void send_to_reader(long n)
{
	wait_for_reader(n);
	send_one(n);
	if (sender_spins)
		while (done < n)
			relax();
	else
		while (sem_wait(&received_one))
			;
	take_sent(n);
}

/* The addresses of these two are told: an ibv_poll_cq(), and that it has found something. */
static int __attribute__((noinline)) look(struct ibv_cq *cq, struct ibv_wc *wc)
{
	int ret = ibv_poll_cq(cq, 1, wc);

	/* Not as the last thing: the return counts. */
	asm volatile("" : "+r" (ret));
	return ret;
}

static void __attribute__((noinline)) found(long n, struct ibv_wc *wc)
{
	if (wc->status != IBV_WC_SUCCESS)
		errx(1, "message %ld was not received", n);
	receive_again(n);
}

/* Without events: who polls for what it has sent itself. */
static void send_and_poll(long n)
{
	struct ibv_wc wc;
	int ret;

	send_one(n);
	while (!(ret = look(pair.side[1].rcq, &wc)))
		;
	if (ret != 1)
		errx(1, "message %ld: ibv_poll_cq failed", n);
	found(n, &wc);
	take_sent(n);
}

/* CQs of a channel that are armed, and have no event. */
static void add_quiet_cqs(struct ibv_comp_channel *ch, int n)
{
	struct ibv_cq *cq;

	while (n--) {
		cq = ibv_create_cq(fabric.end[1].ctx, 1, NULL, ch, vector);
		if (!cq || ibv_req_notify_cq(cq, 0))
			err(1, "no CQ, %d to go", n);
	}
}

static void *quiet_reader(void *channel)
{
	struct ibv_cq *cq;
	void *context;

	pin(reader_cpu);
	if (ibv_get_cq_event(channel, &cq, &context))
		err(1, "ibv_get_cq_event");
	errx(1, "an event of a CQ that has no messages");
}

static void add_quiet_readers(int n)
{
	struct ibv_comp_channel *ch;

	while (n--) {
		ch = ibv_create_comp_channel(fabric.end[1].ctx);
		if (!ch)
			err(1, "no channel, %d to go", n);
		add_quiet_cqs(ch, 1);
		start(quiet_reader, ch);
	}
}

static void *spinner(void *unused)
{
	(void)unused;
	pin(reader_cpu);
	for (;;)
		relax();
	return NULL;
}

static void help(FILE *to)
{
	fprintf(to, "usage: event_reader [OPTION]...\n"
		"A thread waits for completion events of the first RDMA device, one at a time.\n"
		"  -e  by epoll_wait(2), not by reading its channel\n"
		"  -s  another thread spins on its CPU meanwhile\n"
		"  -p  it is one that polls while it waits: its events find it so, not asleep\n"
		"  -b  it waits for no events, but polls its CQ all the time\n"
		"  -i  no events come at all\n"
		"  -n  so many (1000)\n"
		"  -c  its CPU (0)\n"
		"  -o  the CPU of the thread that sends (the same)\n"
		"  -v  completion vector of its CQs (0)\n"
		"  -q  CQs of its channel (1); one of them has events\n"
		"  -t  threads on its CPU that wait (1), each with a channel; one of them has events\n"
		"  -r  say \"ready\" after so many events; before that, with -b, where the functions\n"
		"      \"look\" and \"found\" are, which polls, and is called for what it has found\n");
}

static int number(const char *text, int min, int max)
{
	char *end;
	long n = strtol(text, &end, 0);

	if (end == text || *end || n < min || n > max)
		errx(2, "'%s' is none of the numbers from %d to %d", text, min, max);
	return (int)n;
}

static void options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "espbin:c:o:v:q:t:r:h")) != -1) {
		switch (c) {
		case 'e':
			use_epoll = true;
			break;
		case 's':
			spin = true;
			break;
		case 'p':
			own_poll = true;
			break;
		case 'b':
			busy = true;
			break;
		case 'i':
			idle = true;
			break;
		case 'n':
			iters = number(optarg, 1, INT_MAX);
			break;
		case 'c':
			reader_cpu = number(optarg, 0, CPU_SETSIZE - 1);
			break;
		case 'o':
			sender_cpu = number(optarg, 0, CPU_SETSIZE - 1);
			break;
		case 'v':
			vector = number(optarg, 0, INT_MAX);
			break;
		case 'q':
			cqs = number(optarg, 1, INT_MAX);
			break;
		case 't':
			threads = number(optarg, 1, INT_MAX);
			break;
		case 'r':
			warm = number(optarg, 0, INT_MAX);
			break;
		case 'h':
			help(stdout);
			exit(0);
		default:
			help(stderr);
			exit(2);
		}
	}
	if (optind != argc) {
		help(stderr);
		exit(2);
	}
	if (sender_cpu < 0)
		sender_cpu = reader_cpu;
	sender_spins = spin || sender_cpu != reader_cpu;
	if (own_poll && (spin || sender_cpu == reader_cpu))
		errx(2, "-p wants another CPU for who sends, and none that spins");
}

int main(int argc, char **argv)
{
	struct pair_attr attr = { .type = IBV_QPT_RC, .size = 64 };
	long n;

	options(argc, argv);
	setlinebuf(stdout);
	pin(sender_cpu);
	sem_init(&received_one, 0, 0);
	attr.comp_vector = vector;
	attr.events = !busy;
	attr.quiet_sends = true;
	if (!fabric_open(&fabric) || !pair_open(&pair, &fabric, &attr))
		fail();
	for (n = 0; n < RECEIVES; n++)
		receive_again(n);
	if (!busy)
		add_quiet_cqs(pair.side[1].ch, cqs - 1);
	add_quiet_readers(threads - 1);
	if (idle) {
		printf("ready\n");
		for (;;)
			pause();
	}
	if (busy) {
		printf("look %p\n", (void *)look);
		printf("found %p\n", (void *)found);
	} else {
		start(reader, NULL);
		if (spin && sender_cpu != reader_cpu)
			start(spinner, NULL);
	}
	for (n = 1; n <= iters; n++) {
		if (busy)
			send_and_poll(n);
		else
			send_to_reader(n);
		if (n == warm)
			printf("ready\n");
	}
	/* The end of the process is that of the others, and of what they have. */
	if (cqs == 1 && threads == 1 && (!pair_close(&pair) || !fabric_close(&fabric)))
		fail();
	printf("%ld events\n", iters);
	return 0;
}
