// SPDX-License-Identifier: GPL-2.0
/*
 * Two devices on one wire, and a peer that talks nonsense.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test_lib.h"

/* The second device; the first is the test's. */
static struct vf other;

struct side {
	struct vf *vf;
	struct ring eq;
	struct ring cq;
	struct test_mr mr;
	struct test_qp qp;
};

static char wire[64];
static u32 patient = 16;

static void side_make(struct side *s, struct vf *vf, u32 type)
{
	s->vf = vf;
	vf_init(vf);
	EXPECT_EQ(vf_create_eq(vf, &s->eq, 6, 1, 0), ST_OK);
	vf_arm_eq(vf, &s->eq);
	EXPECT_EQ(vf_create_cq(vf, &s->cq, 6, 64, s->eq.id), ST_OK);
	EXPECT_EQ(vf_create_mkey(vf, &s->mr, 0x10000, 1 << 20, vf->pd, MR_ALL), ST_OK);
	EXPECT_EQ(vf_create_qp(vf, &s->qp, type, &s->cq, &s->cq, 0), ST_OK);
}

static void wait_connected(struct vf *vf)
{
	int i;

	for (i = 0; !strstr(vf_control(vf, "stats"), "\"connected\":1"); i++) {
		EXPECT(i < 20000);
		usleep(1000);
	}
}

static void two_sides(struct vf *vf, struct side s[2], u32 type)
{
	const struct options opt = { .lid = 2, .delay = -1, .seed = 1, .peer = wire };

	if (other.pid)
		kill(other.pid, SIGKILL);	/* left by a test that failed */
	vf_start(&other, &opt);
	wait_connected(vf);
	/* Two processes, and maybe a busy machine: a retry is not what is tested. */
	vf->ack_timeout = patient;
	other.ack_timeout = patient;
	side_make(&s[0], vf, type);
	/* So that the numbers differ on the two sides */
	side_make(&s[1], &other, type);
	EXPECT_EQ(vf_create_qp(&other, &s[1].qp, type, &s[1].cq, &s[1].cq, 0), ST_OK);
	vf_connect_qp(vf, &s[0].qp, s[1].qp.id, 2);
	vf_connect_qp(&other, &s[1].qp, s[0].qp.id, 1);
}

static void connected(struct vf *vf)
{
	struct side s[2];
	struct wqe w;
	u8 *a, *b;
	u64 i;

	two_sides(vf, s, QPT_RC);
	a = vf_ptr(vf, s[0].mr.gpa);
	b = vf_ptr(&other, s[1].mr.gpa);
	for (i = 0; i < 1 << 20; i++)
		a[i] = (u8)(i * 31 + (i >> 10));
	vf_arm_cq(&other, &s[1].cq, false);
	vf_post_recv(&other, &s[1].qp, s[1].mr.va, 100000, s[1].mr.key);
	vf_send(vf, &s[0].qp, WQE_SEND, CE, 0, &s[0].mr, 0, 100000);
	cqe_check(vf_wait_cqe(vf, &s[0].cq), CQE_OP_REQ, s[0].qp.id, 0);
	cqe_check(vf_wait_cqe(&other, &s[1].cq), CQE_OP_RESP_SEND, s[1].qp.id, 0);
	EXPECT(vf_irq_wait(&other, 1, 1000));
	EXPECT(!memcmp(a, b, 100000));
	/* The whole megabyte there, and back */
	wqe_start(&w, WQE_WRITE, CE, 0);
	wqe_raddr(&w, s[1].mr.va, s[1].mr.key);
	wqe_data(&w, s[0].mr.va, 1 << 20, s[0].mr.key);
	vf_post(vf, &s[0].qp, &w);
	cqe_check(vf_wait_cqe(vf, &s[0].cq), CQE_OP_REQ, s[0].qp.id, 1);
	EXPECT(!memcmp(a, b, 1 << 20));
	memset(a, 0, 1 << 20);
	wqe_start(&w, WQE_READ, CE, 0);
	wqe_raddr(&w, s[1].mr.va, s[1].mr.key);
	wqe_data(&w, s[0].mr.va, 1 << 20, s[0].mr.key);
	vf_post(vf, &s[0].qp, &w);
	cqe_check(vf_wait_cqe(vf, &s[0].cq), CQE_OP_REQ, s[0].qp.id, 2);
	EXPECT(!memcmp(a, b, 1 << 20));
	wqe_start(&w, WQE_ATOMIC_FA, CE, 0);
	wqe_raddr(&w, s[1].mr.va, s[1].mr.key);
	wqe_atomic(&w, 5, 0);
	wqe_data(&w, s[0].mr.va + 8, 8, s[0].mr.key);
	memset(b, 0, 8);
	vf_post(vf, &s[0].qp, &w);
	vf_wait_cqe(vf, &s[0].cq);
	EXPECT_EQ(b[0], 5);
	EXPECT_EQ(*(u64 *)(a + 8), 0);
	vf_stop(&other);
}

static void waits_for_receiver(struct vf *vf)
{
	struct side s[2];

	two_sides(vf, s, QPT_RC);
	vf_send(vf, &s[0].qp, WQE_SEND, CE, 0, &s[0].mr, 0, 100);
	usleep(10000);
	EXPECT(!vf_next_cqe(vf, &s[0].cq));
	vf_post_recv(&other, &s[1].qp, s[1].mr.va, 100, s[1].mr.key);
	cqe_check(vf_wait_cqe(vf, &s[0].cq), CQE_OP_REQ, s[0].qp.id, 0);
	vf_stop(&other);
}

/* Answers get lost as well as requests; nothing is executed twice. */
static void lossy(struct vf *vf)
{
	struct side s[2];
	struct wqe w;
	int i;

	two_sides(vf, s, QPT_RC);
	for (i = 1; i <= 8; i++) {
		EXPECT(!strcmp(vf_control(i & 1 ? vf : &other, "wire-drop 1"), "ok"));
		wqe_start(&w, WQE_ATOMIC_FA, CE, 0);
		wqe_raddr(&w, s[1].mr.va, s[1].mr.key);
		wqe_atomic(&w, 1, 0);
		wqe_data(&w, s[0].mr.va, 8, s[0].mr.key);
		vf_post(vf, &s[0].qp, &w);
		EXPECT_EQ(vf_wait_cqe(vf, &s[0].cq)[CQE_OP_OWN] >> 4, CQE_OP_REQ);
		EXPECT_EQ(*(u64 *)vf_ptr(&other, s[1].mr.gpa), i);
		EXPECT_EQ(*(u64 *)vf_ptr(vf, s[0].mr.gpa), i - 1);
	}
	vf_stop(&other);
}

static void errors_come_back(struct vf *vf)
{
	struct side s[2];
	struct wqe w;

	two_sides(vf, s, QPT_RC);
	wqe_start(&w, WQE_WRITE, 0, 0);
	wqe_raddr(&w, s[1].mr.va - 1, s[1].mr.key);
	wqe_data(&w, s[0].mr.va, 8, s[0].mr.key);
	vf_post(vf, &s[0].qp, &w);
	cqe_check_error(vf_wait_cqe(vf, &s[0].cq), CQE_OP_REQ_ERR, s[0].qp.id, SYN_REMOTE_ACCESS);
	EXPECT_EQ(vf_wait_eqe(&other, &other.async_eq)[EQE_TYPE], EV_WQ_ACCESS);
	vf_stop(&other);
}

static void datagrams(struct vf *vf)
{
	struct side s[2];
	struct wqe w;
	u8 *cqe;

	two_sides(vf, s, QPT_UD);
	vf_post_recv(&other, &s[1].qp, s[1].mr.va, 4096, s[1].mr.key);
	wqe_start(&w, WQE_SEND, CE, 0);
	wqe_av(&w, 0x1234, s[1].qp.id, 2);
	wqe_inline(&w, "hello", 5);
	vf_post(vf, &s[0].qp, &w);
	cqe = vf_wait_cqe(&other, &s[1].cq);
	cqe_check(cqe, CQE_OP_RESP_SEND, s[1].qp.id, 0);
	EXPECT_EQ(get_be16(cqe + CQE_SLID), 1);
	EXPECT(!memcmp(vf_ptr(&other, s[1].mr.gpa + 40), "hello", 5));
	vf_stop(&other);
}

static void peer_dies(struct vf *vf)
{
	struct side s[2];

	patient = 12;
	two_sides(vf, s, QPT_RC);
	patient = 16;
	vf_stop(&other);
	vf_send(vf, &s[0].qp, WQE_SEND, 0, 0, &s[0].mr, 0, 100);
	cqe_check_error(vf_wait_cqe(vf, &s[0].cq), CQE_OP_REQ_ERR, s[0].qp.id, SYN_RETRY_EXC);
	/* And another comes. */
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_TEARDOWN_HCA, 0, 0, 0, NULL), ST_OK);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_DISABLE_HCA, 0, 0, 0, NULL), ST_OK);
	vf->next = GUEST_LOW;
	two_sides(vf, s, QPT_RC);
	vf_post_recv(&other, &s[1].qp, s[1].mr.va, 100, s[1].mr.key);
	vf_send(vf, &s[0].qp, WQE_SEND, CE, 0, &s[0].mr, 0, 100);
	cqe_check(vf_wait_cqe(vf, &s[0].cq), CQE_OP_REQ, s[0].qp.id, 0);
	vf_stop(&other);
}

static int dial(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", wire);
	EXPECT(!connect(fd, (struct sockaddr *)&sa, sizeof(sa)));
	return fd;
}

/* Random bytes after a proper greeting, or instead of it */
static void nonsense(struct vf *vf)
{
	u32 hello[4] = { 0x6d6c7835, sizeof(struct packet), 3, 0 };
	struct packet p = { 0 };
	u8 bytes[4096];
	int fd, i;
	size_t k;

	srand(1);
	for (i = 0; i < 200; i++) {
		fd = dial();
		for (k = 0; k < sizeof(bytes); k++)
			bytes[k] = (u8)rand();
		if (i & 1)
			send(fd, hello, sizeof(hello), MSG_NOSIGNAL);
		if (i & 2) {
			memcpy(&p, bytes, sizeof(p));
			p.payload = rand() % 100;
			p.type = rand() % (PKT_TYPES + 1);
			p.dlid = 1;
			p.dst_qp = rand() % 4;
			send(fd, &p, sizeof(p), MSG_NOSIGNAL);
		}
		send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL);
		close(fd);
		/* It is still there. */
		vf_control(vf, "stats");
	}
	vf_init(vf);
}

/* Requests from a LID and queue pair that are the peer's, but all else is not */
static void hostile_requests(struct vf *vf)
{
	u32 hello[4] = { 0x6d6c7835, sizeof(struct packet), 2, 0 };
	struct packet p;
	struct side s;
	int fd, i;

	side_make(&s, vf, QPT_RC);
	vf_connect_qp(vf, &s.qp, 77, 2);
	fd = dial();
	EXPECT_EQ(send(fd, hello, sizeof(hello), 0), sizeof(hello));
	srand(2);
	for (i = 0; i < 5000; i++) {
		u8 *b = (u8 *)&p;
		size_t k;

		for (k = 0; k < sizeof(p); k++)
			b[k] = (u8)rand();
		p.payload = 0;
		p.type = rand() % PKT_TYPES;
		p.transport = QPT_RC;
		p.slid = 2;
		p.dlid = 1;
		p.dst_qp = s.qp.id;
		p.src_qp = 77;
		p.psn = 100 + (u32)rand() % 2;
		p.npsn = 0;
		p.length = (u32)rand() % 2 ? (u32)rand() : 64;
		p.rkey = s.mr.key;
		p.opcode = (u8)(rand() % 32);
		if (send(fd, &p, sizeof(p), MSG_NOSIGNAL) < 0)
			break;
		if (i % 500)
			continue;
		/* Once it is in error it does not listen any more: begin again. */
		vf_reconnect_qp(vf, &s.qp, 77, 2);
	}
	close(fd);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_ALLOC_PD, 0, 0, 0, NULL), ST_OK);
}

int main(void)
{
	const struct test tests[] = {
		T_OPT(connected, -1, 1, .peer = wire),
		T_OPT(waits_for_receiver, -1, 1, .peer = wire),
		T_OPT(lossy, -1, 1, .peer = wire), T_OPT(errors_come_back, -1, 1, .peer = wire),
		T_OPT(datagrams, -1, 1, .peer = wire), T_OPT(peer_dies, -1, 1, .peer = wire),
		T_OPT(nonsense, -1, 1, .peer = wire), T_OPT(hostile_requests, -1, 1, .peer = wire),
	};
	int failed;

	snprintf(wire, sizeof(wire), "/tmp/mlx5emu-wire-%d", getpid());
	failed = test_main("peer", tests, ARRAY_SIZE(tests));
	unlink(wire);
	return failed;
}
