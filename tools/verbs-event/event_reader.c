// SPDX-License-Identifier: GPL-2.0
/*
 * event_reader - a thread that waits for completion events, one at a time
 *
 * Two threads share a CPU. One of them waits until the other one sleeps on its
 * completion channel, sends it a message over a loopback QP, and then either spins or
 * sleeps until the message was received. So each event finds its reader asleep, and
 * comes alone. What to do with that is up to who looks on, as tools/fwbench/event does.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
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

static struct fabric fabric;
static struct pair pair;
static bool use_epoll, spin;
static long iters = 1000;

/* Of the reader: its thread, which event it is about to wait for, which ones it has. */
static atomic_int reader_tid;
static atomic_long waiting, done;
static sem_t received_one;

static void fail(void)
{
	errx(1, "%s", fabric.why);
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
	if (use_epoll) {
		epoll_fd = epoll_create1(0);
		if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, me->ch->fd, &event))
			err(1, "epoll");
	}
	for (n = 0; n < RECEIVES; n++)
		receive_again(n);

	reader_tid = gettid();
	for (n = 1; n <= iters; n++) {
		if (ibv_req_notify_cq(me->rcq, 0))
			errx(1, "ibv_req_notify_cq failed");
		waiting = n;
		/* The first event may be of the other CQ. */
		do {
			wait_for_event(epoll_fd);
			ret = ibv_poll_cq(me->rcq, 1, &wc);
		} while (!ret);
		if (ret != 1 || wc.status != IBV_WC_SUCCESS)
			errx(1, "event %ld: no message", n);
		receive_again(n);
		done = n;
		if (!spin)
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
	struct ibv_wc wc;
	int ret;

	if (!post_send(&pair, 0, &wr))
		fail();
	if (spin)
		while (done < n)
			;
	else
		while (sem_wait(&received_one))
			;
	/* Its own CQ is not armed. */
	do
		ret = ibv_poll_cq(me->scq, 1, &wc);
	while (!ret);
	if (ret != 1 || wc.status != IBV_WC_SUCCESS)
		errx(1, "message %ld was not sent", n);
}

static void help(FILE *to)
{
	fprintf(to, "usage: event_reader [-e] [-s] [-n EVENTS] [-c CPU]\n"
		"A thread waits for completion events of the first RDMA device, one at a time.\n"
		"  -e  by epoll_wait(2), not by reading its channel\n"
		"  -s  another thread spins on the CPU meanwhile\n"
		"  -n  so many (1000)\n"
		"  -c  where both threads run (0)\n");
}

int main(int argc, char **argv)
{
	struct pair_attr attr = { .type = IBV_QPT_RC, .size = 64, .events = true };
	int c, cpu = 0;
	cpu_set_t set;
	pthread_t thread;
	long n;

	while ((c = getopt(argc, argv, "esn:c:h")) != -1) {
		switch (c) {
		case 'e':
			use_epoll = true;
			break;
		case 's':
			spin = true;
			break;
		case 'n':
			iters = strtol(optarg, NULL, 0);
			break;
		case 'c':
			cpu = atoi(optarg);
			break;
		case 'h':
			help(stdout);
			return 0;
		default:
			help(stderr);
			return 2;
		}
	}
	if (optind != argc || iters < 1) {
		help(stderr);
		return 2;
	}

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "CPU %d", cpu);
	sem_init(&received_one, 0, 0);
	if (!fabric_open(&fabric) || !pair_open(&pair, &fabric, &attr))
		fail();
	if (pthread_create(&thread, NULL, reader, NULL))
		errx(1, "no thread");
	for (n = 1; n <= iters; n++) {
		while (waiting < n || !reader_sleeps())
			sched_yield();
		send_one(n);
	}
	pthread_join(thread, NULL);
	if (!pair_close(&pair) || !fabric_close(&fabric))
		fail();
	printf("%ld events\n", iters);
	return 0;
}
