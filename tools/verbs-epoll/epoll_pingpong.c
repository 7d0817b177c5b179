// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_pingpong - RC ping-pong of a program that is built around epoll
 *
 * Like ibv_rc_pingpong -e, but as servers do it: the completion channel is
 * O_NONBLOCK and one descriptor of an epoll set, the CQ is armed, drained and
 * armed again. Every byte of every message is verified.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <infiniband/verbs.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RX_DEPTH 16

struct options {
	const char *device;
	const char *server;	/* NULL: this is the server */
	const char *port;
	int gid_index;
	int vector;
	int size;
	long iters;
};

/* What each side tells the other over TCP, as text. */
struct address {
	unsigned int lid;	/* 0: Ethernet */
	unsigned int qpn;
	unsigned int psn;
	union ibv_gid gid;
};

struct peer {
	struct ibv_context *ctx;
	struct ibv_pd *pd;
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq;
	struct ibv_qp *qp;
	struct ibv_mr *mr;
	unsigned char *buf;	/* RX_DEPTH messages received, one sent */
	int vector;
	int size;
	int epoll_fd;
	bool is_server;
	long sent;
	long send_done;
	long received;
	unsigned int events;
};

/* --- setting up ---------------------------------------------------------- */

static void open_device(struct peer *p, const char *name)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	int i;

	if (!list || !list[0])
		errx(1, "no RDMA device");
	for (i = 0; list[i]; i++) {
		if (!name || !strcmp(name, ibv_get_device_name(list[i])))
			break;
	}
	if (!list[i])
		errx(1, "no RDMA device '%s'", name);
	p->ctx = ibv_open_device(list[i]);
	if (!p->ctx)
		errx(1, "opening %s: %s", ibv_get_device_name(list[i]), strerror(errno));
	ibv_free_device_list(list);
}

static unsigned char *slot(struct peer *p, int index)
{
	return p->buf + (size_t)index * p->size;
}

static void post_receive(struct peer *p, int index)
{
	struct ibv_sge sge = {
		.addr = (uintptr_t)slot(p, index),
		.length = p->size,
		.lkey = p->mr->lkey,
	};
	struct ibv_recv_wr wr = { .wr_id = index, .sg_list = &sge, .num_sge = 1 };
	struct ibv_recv_wr *bad;
	int ret = ibv_post_recv(p->qp, &wr, &bad);

	if (ret)
		errx(1, "ibv_post_recv: %s", strerror(ret));
}

static void create(struct peer *p)
{
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RC,
		.sq_sig_all = 1,
		.cap = {
			.max_send_wr = 2,
			.max_recv_wr = RX_DEPTH,
			.max_send_sge = 1,
			.max_recv_sge = 1,
		},
	};
	size_t size = (size_t)p->size * (RX_DEPTH + 1);
	struct epoll_event ev = { .events = EPOLLIN };

	p->pd = ibv_alloc_pd(p->ctx);
	if (!p->pd)
		errx(1, "ibv_alloc_pd: %s", strerror(errno));
	p->buf = calloc(1, size);
	if (!p->buf)
		errx(1, "no memory for %zu bytes", size);
	p->mr = ibv_reg_mr(p->pd, p->buf, size, IBV_ACCESS_LOCAL_WRITE);
	if (!p->mr)
		errx(1, "ibv_reg_mr: %s", strerror(errno));

	p->channel = ibv_create_comp_channel(p->ctx);
	if (!p->channel)
		errx(1, "ibv_create_comp_channel: %s", strerror(errno));
	if (fcntl(p->channel->fd, F_SETFL, O_NONBLOCK))
		errx(1, "O_NONBLOCK: %s", strerror(errno));
	p->epoll_fd = epoll_create1(0);
	if (p->epoll_fd < 0 ||
	    epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, p->channel->fd, &ev))
		errx(1, "epoll: %s", strerror(errno));

	p->cq = ibv_create_cq(p->ctx, RX_DEPTH + 2, NULL, p->channel, p->vector);
	if (!p->cq)
		errx(1, "ibv_create_cq: %s", strerror(errno));
	init.send_cq = p->cq;
	init.recv_cq = p->cq;
	p->qp = ibv_create_qp(p->pd, &init);
	if (!p->qp)
		errx(1, "ibv_create_qp: %s", strerror(errno));
}

static void modify(struct peer *p, struct ibv_qp_attr *attr, int mask, const char *what)
{
	int ret = ibv_modify_qp(p->qp, attr, IBV_QP_STATE | mask);

	if (ret)
		errx(1, "QP to %s: %s", what, strerror(ret));
}

static void to_init(struct peer *p)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_INIT, .port_num = 1 };

	modify(p, &attr, IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS, "INIT");
}

static void connect_qp(struct peer *p, const struct options *o,
		       const struct address *mine, const struct address *theirs)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = IBV_MTU_1024,
		.dest_qp_num = theirs->qpn,
		.rq_psn = theirs->psn,
		.max_dest_rd_atomic = 1,
		.min_rnr_timer = 12,
		.ah_attr = {
			.is_global = !theirs->lid,
			.dlid = theirs->lid,
			.port_num = 1,
			.grh = {
				.dgid = theirs->gid,
				.sgid_index = o->gid_index,
				.hop_limit = 1,
			},
		},
	};

	modify(p, &attr, IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN |
	       IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER, "RTR");

	attr = (struct ibv_qp_attr) {
		.qp_state = IBV_QPS_RTS,
		.sq_psn = mine->psn,
		.timeout = 14,
		.retry_cnt = 7,
		.rnr_retry = 7,
		.max_rd_atomic = 1,
	};
	modify(p, &attr, IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
	       IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC, "RTS");
}

/* --- the other side, over TCP --------------------------------------------- */

static int tcp_open(const struct options *o)
{
	struct addrinfo hints = {
		.ai_family = AF_INET,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = o->server ? 0 : AI_PASSIVE,
	};
	struct addrinfo *info;
	int one = 1;
	int fd, conn;
	int ret;

	ret = getaddrinfo(o->server, o->port, &hints, &info);
	if (ret)
		errx(1, "%s port %s: %s", o->server ?: "any", o->port, gai_strerror(ret));
	fd = socket(info->ai_family, info->ai_socktype, info->ai_protocol);
	if (fd < 0)
		errx(1, "socket: %s", strerror(errno));

	if (o->server) {
		if (connect(fd, info->ai_addr, info->ai_addrlen))
			errx(1, "connect to %s port %s: %s", o->server, o->port,
			     strerror(errno));
		freeaddrinfo(info);
		return fd;
	}

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, info->ai_addr, info->ai_addrlen) || listen(fd, 1))
		errx(1, "listen on port %s: %s", o->port, strerror(errno));
	freeaddrinfo(info);
	conn = accept(fd, NULL, NULL);
	if (conn < 0)
		errx(1, "accept: %s", strerror(errno));
	close(fd);
	return conn;
}

#define ADDRESS_FORMAT "%04x:%06x:%06x:"
#define ADDRESS_CHARS (4 + 1 + 6 + 1 + 6 + 1 + 2 * sizeof(union ibv_gid))

static void tcp_send(int fd, const char *text, size_t len)
{
	if (send(fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
		errx(1, "the other side is gone");
}

static void tcp_receive(int fd, char *text, size_t len)
{
	if (recv(fd, text, len, MSG_WAITALL) != (ssize_t)len)
		errx(1, "the other side is gone");
	text[len] = '\0';
}

static void exchange(int fd, const struct address *mine, struct address *theirs)
{
	char text[ADDRESS_CHARS + 1];
	size_t i;
	int n;

	n = sprintf(text, ADDRESS_FORMAT, mine->lid, mine->qpn, mine->psn);
	for (i = 0; i < sizeof(mine->gid); i++)
		n += sprintf(text + n, "%02x", mine->gid.raw[i]);
	tcp_send(fd, text, ADDRESS_CHARS);

	tcp_receive(fd, text, ADDRESS_CHARS);
	if (sscanf(text, ADDRESS_FORMAT "%n", &theirs->lid, &theirs->qpn, &theirs->psn,
		   &n) != 3)
		errx(1, "the other side sent no address: '%s'", text);
	for (i = 0; i < sizeof(theirs->gid); i++) {
		unsigned int byte;

		if (sscanf(text + n + 2 * i, "%2x", &byte) != 1)
			errx(1, "the other side sent no GID: '%s'", text);
		theirs->gid.raw[i] = byte;
	}
}

/* Neither sends before the other is ready, nor leaves before it is done. */
static void rendezvous(int fd)
{
	char byte[2];

	tcp_send(fd, "+", 1);
	tcp_receive(fd, byte, 1);
}

/* --- the ping-pong -------------------------------------------------------- */

/* The two directions differ, and so do any two messages in a row. */
static unsigned char pattern(bool from_server, long message, int i)
{
	return message * 31 + i * 7 + (from_server ? 0x55 : 0);
}

static void post_send(struct peer *p)
{
	unsigned char *out = slot(p, RX_DEPTH);
	struct ibv_sge sge = {
		.addr = (uintptr_t)out,
		.length = p->size,
		.lkey = p->mr->lkey,
	};
	struct ibv_send_wr wr = {
		.wr_id = RX_DEPTH,
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = IBV_WR_SEND,
	};
	struct ibv_send_wr *bad;
	int ret;
	int i;

	for (i = 0; i < p->size; i++)
		out[i] = pattern(p->is_server, p->sent, i);
	ret = ibv_post_send(p->qp, &wr, &bad);
	if (ret)
		errx(1, "ibv_post_send: %s", strerror(ret));
	p->sent++;
}

static void verify(struct peer *p, const struct ibv_wc *wc)
{
	const unsigned char *in = slot(p, wc->wr_id);
	int i;

	if (wc->byte_len != (unsigned int)p->size)
		errx(1, "message %ld: %u bytes instead of %d", p->received,
		     wc->byte_len, p->size);
	for (i = 0; i < p->size; i++) {
		unsigned char want = pattern(!p->is_server, p->received, i);

		if (in[i] != want)
			errx(1, "invalid data: message %ld, byte %d is %#x instead of %#x",
			     p->received, i, in[i], want);
	}
}

static void drain_cq(struct peer *p)
{
	struct ibv_wc wc;
	int n;

	while ((n = ibv_poll_cq(p->cq, 1, &wc)) > 0) {
		if (wc.status != IBV_WC_SUCCESS)
			errx(1, "%s: %s", wc.wr_id == RX_DEPTH ? "send" : "receive",
			     ibv_wc_status_str(wc.status));
		if (wc.wr_id == RX_DEPTH) {
			p->send_done++;
			continue;
		}
		verify(p, &wc);
		p->received++;
		post_receive(p, wc.wr_id);
	}
	if (n < 0)
		errx(1, "ibv_poll_cq failed");
}

/* Sleep until the channel has an event; take all it has. */
static void wait_for_events(struct peer *p)
{
	struct epoll_event ev;
	struct ibv_cq *cq;
	void *context;
	int n;

	do {
		n = epoll_wait(p->epoll_fd, &ev, 1, -1);
	} while (n < 0 && errno == EINTR);
	if (n != 1)
		errx(1, "epoll_wait: %s", strerror(errno));

	while (!ibv_get_cq_event(p->channel, &cq, &context))
		p->events++;
	if (errno != EAGAIN)
		errx(1, "ibv_get_cq_event: %s", strerror(errno));
}

/* One send at a time: its buffer is in use until it completes. */
static bool may_send(const struct peer *p, long iters)
{
	long turns = p->received + (p->is_server ? 0 : 1);

	return p->sent == p->send_done && p->sent < turns && p->sent < iters;
}

static void play(struct peer *p, long iters)
{
	while (p->send_done < iters || p->received < iters) {
		/* Before the CQ is drained, so that nothing comes in between. */
		if (ibv_req_notify_cq(p->cq, 0))
			errx(1, "ibv_req_notify_cq failed");
		drain_cq(p);
		while (may_send(p, iters)) {
			post_send(p);
			drain_cq(p);
		}
		if (p->send_done < iters || p->received < iters)
			wait_for_events(p);
	}
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void destroy(struct peer *p)
{
	int ret;

	if (p->events)
		ibv_ack_cq_events(p->cq, p->events);
	ret = ibv_destroy_qp(p->qp) ?: ibv_destroy_cq(p->cq) ?:
	      ibv_destroy_comp_channel(p->channel) ?: ibv_dereg_mr(p->mr) ?:
	      ibv_dealloc_pd(p->pd) ?: ibv_close_device(p->ctx);
	if (ret)
		errx(1, "cleaning up: %s", strerror(ret));
	close(p->epoll_fd);
	free(p->buf);
}

static void usage(FILE *out)
{
	fputs("Usage:\n"
	      "  epoll_pingpong            start a server and wait for connection\n"
	      "  epoll_pingpong <host>     connect to server at <host>\n"
	      "\n"
	      "Options:\n"
	      "  -p, --port=<port>      listen on/connect to port <port> (default 18515)\n"
	      "  -d, --ib-dev=<dev>     use IB device <dev> (default first device found)\n"
	      "  -s, --size=<size>      size of message to exchange (default 4096)\n"
	      "  -n, --iters=<iters>    number of exchanges (default 1000)\n"
	      "  -g, --gid-idx=<gid index> local port gid index (default 0)\n"
	      "  -v, --vector=<vector>  completion vector to use (default 0)\n"
	      "  -h, --help             this text\n"
	      "Both sides need the same size and number of exchanges.\n", out);
}

static long parse_number(const char *arg, const char *what, long min, long max)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(arg, &end, 10);
	if (errno || end == arg || *end || value < min || value > max)
		errx(1, "%s '%s' is not a number from %ld to %ld", what, arg, min, max);
	return value;
}

static void parse_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "ib-dev", required_argument, NULL, 'd' },
		{ "size", required_argument, NULL, 's' },
		{ "iters", required_argument, NULL, 'n' },
		{ "gid-idx", required_argument, NULL, 'g' },
		{ "vector", required_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int c;

	while ((c = getopt_long(argc, argv, "p:d:s:n:g:v:h", longs, NULL)) != -1) {
		switch (c) {
		case 'p':
			o->port = optarg;
			break;
		case 'd':
			o->device = optarg;
			break;
		case 's':
			o->size = parse_number(optarg, "size", 1, 1 << 20);
			break;
		case 'n':
			o->iters = parse_number(optarg, "iters", 1, 1L << 40);
			break;
		case 'g':
			o->gid_index = parse_number(optarg, "gid index", 0, 255);
			break;
		case 'v':
			o->vector = parse_number(optarg, "vector", 0, INT_MAX);
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(1);
		}
	}
	if (optind < argc)
		o->server = argv[optind++];
	if (optind < argc) {
		usage(stderr);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct options o = { .port = "18515", .size = 4096, .iters = 1000 };
	struct peer p = { };
	struct ibv_port_attr port;
	struct address mine = { };
	struct address theirs = { };
	double start, taken;
	double bytes;
	int fd;
	int i;

	parse_options(&o, argc, argv);
	p.vector = o.vector;
	p.size = o.size;
	p.is_server = !o.server;
	open_device(&p, o.device);
	create(&p);
	to_init(&p);
	for (i = 0; i < RX_DEPTH; i++)
		post_receive(&p, i);

	if (ibv_query_port(p.ctx, 1, &port))
		errx(1, "cannot query port 1");
	mine.lid = port.lid;
	mine.qpn = p.qp->qp_num;
	mine.psn = getpid() & 0xffffff;
	if (ibv_query_gid(p.ctx, 1, o.gid_index, &mine.gid))
		errx(1, "no GID with index %d", o.gid_index);
	fd = tcp_open(&o);
	exchange(fd, &mine, &theirs);
	connect_qp(&p, &o, &mine, &theirs);
	rendezvous(fd);

	start = seconds();
	play(&p, o.iters);
	taken = seconds() - start;

	rendezvous(fd);
	close(fd);
	destroy(&p);

	bytes = 2.0 * o.size * o.iters;
	printf("%.0f bytes in %.2f seconds = %.2f Mbit/sec\n", bytes, taken,
	       bytes * 8 / taken / 1e6);
	printf("%ld iters in %.2f seconds = %.2f usec/iter\n", o.iters, taken,
	       taken * 1e6 / o.iters);
	return 0;
}
