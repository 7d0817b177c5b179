// SPDX-License-Identifier: GPL-2.0
/*
 * Reliable connections: what each operation moves and completes with, and what
 * comes of those that are not right.
 */
#include <unistd.h>

#include "test_lib.h"

static void fill(struct vf *vf, const struct test_mr *mr, u8 seed)
{
	u8 *p = vf_ptr(vf, mr->gpa);
	u64 i;

	for (i = 0; i < mr->len; i++)
		p[i] = (u8)(seed + i * 7 + (i >> 8));
}

static bool same(struct vf *vf, const struct test_mr *a, u64 a_off, const struct test_mr *b,
		 u64 b_off, u64 len)
{
	return !memcmp((u8 *)vf_ptr(vf, a->gpa) + a_off, (u8 *)vf_ptr(vf, b->gpa) + b_off, len);
}

static void pair_up(struct vf *vf, struct pair *p)
{
	vf_init(vf);
	pair_make(vf, p, QPT_RC);
	fill(vf, &p->mr[0], 1);
	fill(vf, &p->mr[1], 2);
}

static void send_recv(struct vf *vf)
{
	struct pair p;
	u8 *cqe;

	pair_up(vf, &p);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va + 3, 10000, p.mr[1].key);
	vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 5, 9001);
	cqe = vf_wait_cqe(vf, &p.cq[0]);
	cqe_check(cqe, CQE_OP_REQ, p.qp[0].id, 0);
	EXPECT_EQ(cqe[CQE_OPCODE_QPN], WQE_SEND);
	cqe = vf_wait_cqe(vf, &p.cq[1]);
	cqe_check(cqe, CQE_OP_RESP_SEND, p.qp[1].id, 0);
	EXPECT_EQ(get_be32(cqe + CQE_BYTE_CNT), 9001);
	EXPECT_EQ(get_be32(cqe + CQE_FLAGS_RQPN), p.qp[0].id);
	EXPECT(same(vf, &p.mr[0], 5, &p.mr[1], 3, 9001));
}

static void send_inline_imm(struct vf *vf)
{
	static const char text[] = "a message of some length, inline";
	struct pair p;
	struct wqe w;
	u8 *cqe;

	pair_up(vf, &p);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 100, p.mr[1].key);
	wqe_start(&w, WQE_SEND_IMM, CE, 0xdeadbeef);
	wqe_inline(&w, text, sizeof(text));
	vf_post(vf, &p.qp[0], &w);
	cqe = vf_wait_cqe(vf, &p.cq[1]);
	cqe_check(cqe, CQE_OP_RESP_SEND_IMM, p.qp[1].id, 0);
	EXPECT_EQ(get_be32(cqe + CQE_IMM), 0xdeadbeef);
	EXPECT(!memcmp(vf_ptr(vf, p.mr[1].gpa), text, sizeof(text)));
}

static void gather_scatter(struct vf *vf)
{
	struct pair p;
	struct wqe w;
	u8 *rq;

	pair_up(vf, &p);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 100, p.mr[1].key);
	rq = vf_ptr(vf, p.qp[1].buf);
	put_be32(rq + 16, 5000);
	put_be32(rq + 20, p.mr[1].key);
	put_be64(rq + 24, p.mr[1].va + 200);
	put_be32(rq + 36, LKEY_TERMINATE);
	wqe_start(&w, WQE_SEND, CE, 0);
	wqe_data(&w, p.mr[0].va, 50, p.mr[0].key);
	wqe_data(&w, p.mr[0].va + 4000, 1000, p.mr[0].key);
	wqe_data(&w, p.mr[0].va + 8000, 7, p.mr[0].key);
	vf_post(vf, &p.qp[0], &w);
	EXPECT_EQ(get_be32(vf_wait_cqe(vf, &p.cq[1]) + CQE_BYTE_CNT), 1057);
	EXPECT(same(vf, &p.mr[0], 0, &p.mr[1], 0, 50));
	EXPECT(same(vf, &p.mr[0], 4000, &p.mr[1], 50, 50));
	EXPECT(same(vf, &p.mr[0], 4050, &p.mr[1], 200, 950));
	EXPECT(same(vf, &p.mr[0], 8000, &p.mr[1], 1150, 7));
}

static void write_read(struct vf *vf)
{
	struct pair p;
	struct wqe w;
	u8 *cqe;

	pair_up(vf, &p);
	wqe_start(&w, WQE_WRITE, CE, 0);
	wqe_raddr(&w, p.mr[1].va + 100, p.mr[1].key);
	wqe_data(&w, p.mr[0].va, 100000, p.mr[0].key);
	vf_post(vf, &p.qp[0], &w);
	cqe_check(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ, p.qp[0].id, 0);
	EXPECT(same(vf, &p.mr[0], 0, &p.mr[1], 100, 100000));
	fill(vf, &p.mr[1], 9);
	wqe_start(&w, WQE_READ, CE, 0);
	wqe_raddr(&w, p.mr[1].va + 7, p.mr[1].key);
	wqe_data(&w, p.mr[0].va + 11, 65537, p.mr[0].key);
	vf_post(vf, &p.qp[0], &w);
	cqe = vf_wait_cqe(vf, &p.cq[0]);
	EXPECT_EQ(cqe[CQE_OPCODE_QPN], WQE_READ);
	EXPECT_EQ(get_be32(cqe + CQE_BYTE_CNT), 65537);
	EXPECT(same(vf, &p.mr[0], 11, &p.mr[1], 7, 65537));
	EXPECT(!vf_next_cqe(vf, &p.cq[1]));
}

static void write_imm(struct vf *vf)
{
	struct pair p;
	struct wqe w;
	u8 *cqe;

	pair_up(vf, &p);
	vf_post_recv(vf, &p.qp[1], 0, 0, p.mr[1].key);
	wqe_start(&w, WQE_WRITE_IMM, CE, 77);
	wqe_raddr(&w, p.mr[1].va, p.mr[1].key);
	wqe_data(&w, p.mr[0].va, 300, p.mr[0].key);
	vf_post(vf, &p.qp[0], &w);
	cqe = vf_wait_cqe(vf, &p.cq[1]);
	cqe_check(cqe, CQE_OP_RESP_WR_IMM, p.qp[1].id, 0);
	EXPECT_EQ(get_be32(cqe + CQE_IMM), 77);
	EXPECT_EQ(get_be32(cqe + CQE_BYTE_CNT), 300);
	EXPECT(same(vf, &p.mr[0], 0, &p.mr[1], 0, 300));
}

static void post_atomic(struct vf *vf, struct pair *p, u8 op, u64 swap_add, u64 compare, u64 offset)
{
	struct wqe w;

	wqe_start(&w, op, CE, 0);
	wqe_raddr(&w, p->mr[1].va + offset, p->mr[1].key);
	wqe_atomic(&w, swap_add, compare);
	wqe_data(&w, p->mr[0].va, 8, p->mr[0].key);
	vf_post(vf, &p->qp[0], &w);
}

static void atomics(struct vf *vf)
{
	struct pair p;
	u64 *target, *result;

	pair_up(vf, &p);
	target = vf_ptr(vf, p.mr[1].gpa + 8);
	result = vf_ptr(vf, p.mr[0].gpa);
	*target = 40;
	post_atomic(vf, &p, WQE_ATOMIC_FA, 2, 0, 8);
	EXPECT_EQ(get_be32(vf_wait_cqe(vf, &p.cq[0]) + CQE_BYTE_CNT), 8);
	EXPECT_EQ(*result, 40);
	EXPECT_EQ(*target, 42);
	post_atomic(vf, &p, WQE_ATOMIC_CS, 1000, 41, 8);
	vf_wait_cqe(vf, &p.cq[0]);
	EXPECT_EQ(*result, 42);
	EXPECT_EQ(*target, 42);
	post_atomic(vf, &p, WQE_ATOMIC_CS, 1000, 42, 8);
	vf_wait_cqe(vf, &p.cq[0]);
	EXPECT_EQ(*result, 42);
	EXPECT_EQ(*target, 1000);
	post_atomic(vf, &p, WQE_ATOMIC_FA, 1, 0, 12);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ_ERR, p.qp[0].id,
			SYN_REMOTE_INVAL_REQ);
}

static void unsignaled(struct vf *vf)
{
	struct pair p;

	pair_up(vf, &p);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 100, p.mr[1].key);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 100, p.mr[1].key);
	vf_send(vf, &p.qp[0], WQE_SEND, 0, 0, &p.mr[0], 0, 10);
	vf_wait_cqe(vf, &p.cq[1]);
	EXPECT(!vf_next_cqe(vf, &p.cq[0]));
	vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 0, 10);
	cqe_check(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ, p.qp[0].id, 1);
}

/* More than the queues hold, so that all indices wrap, and entries as well */
static void wrap_around(struct vf *vf)
{
	struct pair p;
	struct wqe w;
	int i;

	pair_up(vf, &p);
	for (i = 0; i < 300; i++) {
		u16 at = p.qp[0].sq_pi;

		vf_post_recv(vf, &p.qp[1], p.mr[1].va, 1000, p.mr[1].key);
		wqe_start(&w, WQE_SEND, CE, 0);
		wqe_inline(&w, (u8 *)vf_ptr(vf, p.mr[0].gpa) + i, 150);
		vf_post(vf, &p.qp[0], &w);
		cqe_check(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ, p.qp[0].id, at);
		cqe_check(vf_wait_cqe(vf, &p.cq[1]), CQE_OP_RESP_SEND, p.qp[1].id, i & 31);
		EXPECT(same(vf, &p.mr[0], (u64)i, &p.mr[1], 0, 150));
	}
}

static void rnr_waits(struct vf *vf)
{
	struct pair p;

	pair_up(vf, &p);
	vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 0, 64);
	usleep(20000);
	EXPECT(!vf_next_cqe(vf, &p.cq[0]));
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 64, p.mr[1].key);
	cqe_check(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ, p.qp[0].id, 0);
	EXPECT(strstr(vf_control(vf, "stats"), "\"rnr_naks\":"));
}

static void rnr_gives_up(struct vf *vf)
{
	u8 qpc[IFC_SZ(qpc)] = { 0 };
	struct pair p;

	pair_up(vf, &p);
	IFC_SET(qpc, qpc, rnr_retry, 2);
	EXPECT_EQ(vf_modify_qp(vf, &p.qp[0], MLX5_CMD_OP_RTS2RTS_QP, qpc, OPT_RNR_RETRY), ST_OK);
	vf_send(vf, &p.qp[0], WQE_SEND, 0, 0, &p.mr[0], 0, 64);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ_ERR, p.qp[0].id, SYN_RNR_RETRY_EXC);
	EXPECT_EQ(vf_query_qp(vf, &p.qp[0], qpc), ST_OK);
	EXPECT_EQ(IFC_GET(qpc, qpc, state), QP_ERR);
}

static void retry_gives_up(struct vf *vf)
{
	struct pair p;

	pair_up(vf, &p);
	EXPECT_EQ(vf_modify_qp(vf, &p.qp[1], MLX5_CMD_OP_2RST_QP, NULL, 0), ST_OK);
	vf_send(vf, &p.qp[0], WQE_SEND, 0, 0, &p.mr[0], 0, 64);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ_ERR, p.qp[0].id, SYN_RETRY_EXC);
}

static void retransmits(struct vf *vf)
{
	struct pair p;

	pair_up(vf, &p);
	EXPECT(!strcmp(vf_control(vf, "wire-drop 1"), "ok"));
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 64, p.mr[1].key);
	vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 0, 64);
	cqe_check(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ, p.qp[0].id, 0);
	vf_wait_cqe(vf, &p.cq[1]);
	EXPECT(!vf_next_cqe(vf, &p.cq[1]));
	EXPECT(strstr(vf_control(vf, "stats"), "\"retransmits\":1"));
}

static void remote_access(struct vf *vf)
{
	struct test_mr ro, none;
	struct pair p;
	struct wqe w;

	pair_up(vf, &p);
	EXPECT_EQ(vf_create_mkey(vf, &ro, 0x10000, 4096, vf->pd, MR_LR | MR_RR), ST_OK);
	EXPECT_EQ(vf_create_mkey(vf, &none, 0x20000, 4096, vf->pd, MR_LR | MR_LW), ST_OK);
	wqe_start(&w, WQE_READ, CE, 0);
	wqe_raddr(&w, ro.va, ro.key);
	wqe_data(&w, p.mr[0].va, 4096, p.mr[0].key);
	vf_post(vf, &p.qp[0], &w);
	cqe_check(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ, p.qp[0].id, 0);
	wqe_start(&w, WQE_WRITE, 0, 0);
	wqe_raddr(&w, ro.va, ro.key);
	wqe_data(&w, p.mr[0].va, 1, p.mr[0].key);
	vf_post(vf, &p.qp[0], &w);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ_ERR, p.qp[0].id, SYN_REMOTE_ACCESS);
	EXPECT_EQ(vf_wait_eqe(vf, &vf->async_eq)[EQE_TYPE], EV_WQ_ACCESS);
}

static void remote_bounds(struct vf *vf)
{
	struct pair p;
	struct wqe w;

	pair_up(vf, &p);
	wqe_start(&w, WQE_READ, 0, 0);
	wqe_raddr(&w, p.mr[1].va + PAIR_MR - 10, p.mr[1].key);
	wqe_data(&w, p.mr[0].va, 11, p.mr[0].key);
	vf_post(vf, &p.qp[0], &w);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ_ERR, p.qp[0].id, SYN_REMOTE_ACCESS);
}

static void remote_right_of_qp(struct vf *vf)
{
	u8 qpc[IFC_SZ(qpc)] = { 0 };
	struct pair p;
	struct wqe w;

	pair_up(vf, &p);
	EXPECT_EQ(vf_modify_qp(vf, &p.qp[1], MLX5_CMD_OP_RTS2RTS_QP, qpc, OPT_RWE), ST_OK);
	wqe_start(&w, WQE_WRITE, 0, 0);
	wqe_raddr(&w, p.mr[1].va, p.mr[1].key);
	wqe_data(&w, p.mr[0].va, 1, p.mr[0].key);
	vf_post(vf, &p.qp[0], &w);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ_ERR, p.qp[0].id,
			SYN_REMOTE_INVAL_REQ);
}

static void local_protection(struct vf *vf)
{
	struct test_mr other;
	struct pair p;
	u32 pd;

	pair_up(vf, &p);
	pd = vf_number(vf, MLX5_CMD_OP_ALLOC_PD);
	EXPECT_EQ(vf_create_mkey(vf, &other, 0x10000, 4096, pd, MR_ALL), ST_OK);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 64, p.mr[1].key);
	vf_send(vf, &p.qp[0], WQE_SEND, 0, 0, &other, 0, 64);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ_ERR, p.qp[0].id, SYN_LOCAL_PROT);
	EXPECT(!vf_next_cqe(vf, &p.cq[1]));
}

static void receive_too_short(struct vf *vf)
{
	struct pair p;

	pair_up(vf, &p);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 63, p.mr[1].key);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 63, p.mr[1].key);
	vf_send(vf, &p.qp[0], WQE_SEND, 0, 0, &p.mr[0], 0, 64);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[1]), CQE_OP_RESP_ERR, p.qp[1].id, SYN_LOCAL_LENGTH);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[1]), CQE_OP_RESP_ERR, p.qp[1].id, SYN_FLUSH);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ_ERR, p.qp[0].id,
			SYN_REMOTE_INVAL_REQ);
}

static void flush(struct vf *vf)
{
	struct pair p;
	int i;

	pair_up(vf, &p);
	for (i = 0; i < 3; i++)
		vf_post_recv(vf, &p.qp[0], p.mr[0].va, 64, p.mr[0].key);
	/* One that waits for a receiver, and two behind it */
	for (i = 0; i < 3; i++)
		vf_send(vf, &p.qp[0], WQE_SEND, 0, 0, &p.mr[0], 0, 64);
	EXPECT_EQ(vf_modify_qp(vf, &p.qp[0], MLX5_CMD_OP_2ERR_QP, NULL, 0), ST_OK);
	for (i = 0; i < 3; i++) {
		u8 *cqe = vf_wait_cqe(vf, &p.cq[0]);

		cqe_check_error(cqe, CQE_OP_REQ_ERR, p.qp[0].id, SYN_FLUSH);
		EXPECT_EQ(get_be16(cqe + CQE_COUNTER), i);
	}
	for (i = 0; i < 3; i++)
		cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_RESP_ERR, p.qp[0].id, SYN_FLUSH);
	/* Posted afterwards: there is no doorbell for a receive queue. */
	vf_post_recv(vf, &p.qp[0], p.mr[0].va, 64, p.mr[0].key);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_RESP_ERR, p.qp[0].id, SYN_FLUSH);
	vf_send(vf, &p.qp[0], WQE_SEND, 0, 0, &p.mr[0], 0, 64);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ_ERR, p.qp[0].id, SYN_FLUSH);
}

static void bad_opcode(struct vf *vf)
{
	struct pair p;
	struct wqe w;

	pair_up(vf, &p);
	wqe_start(&w, 0x33, 0, 0);
	vf_post(vf, &p.qp[0], &w);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ_ERR, p.qp[0].id, SYN_LOCAL_QP_OP);
}

static void torn_wqe(struct vf *vf)
{
	struct pair p;
	struct wqe w;

	pair_up(vf, &p);
	wqe_start(&w, WQE_SEND, 0, 0);
	vf_post_quiet(vf, &p.qp[0], &w);
	/* As if it were still the one of a lap before */
	put_be32(vf_ptr(vf, p.qp[0].sq), 17 << 8 | WQE_SEND);
	vf_ring(vf, &p.qp[0]);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ_ERR, p.qp[0].id, SYN_LOCAL_QP_OP);
}

static void wild_producer(struct vf *vf)
{
	struct pair p;

	pair_up(vf, &p);
	put_be32((u8 *)vf_ptr(vf, p.qp[0].dbr) + 4, 0x8000);
	vf_ring(vf, &p.qp[0]);
	EXPECT_EQ(vf_wait_eqe(vf, &vf->async_eq)[EQE_TYPE], EV_WQ_CATAS);
}

static void states(struct vf *vf)
{
	static const u16 order[] = { MLX5_CMD_OP_INIT2RTR_QP, MLX5_CMD_OP_RTR2RTS_QP,
				     MLX5_CMD_OP_RTS2RTS_QP, MLX5_CMD_OP_SQERR2RTS_QP,
				     MLX5_CMD_OP_SQD_RTS_QP, MLX5_CMD_OP_INIT2INIT_QP };
	u8 qpc[IFC_SZ(qpc)] = { 0 };
	struct test_qp qp;
	struct pair p;
	size_t i;

	pair_up(vf, &p);
	EXPECT_EQ(vf_create_qp(vf, &qp, QPT_RC, &p.cq[0], &p.cq[0], 0), ST_OK);
	for (i = 0; i < ARRAY_SIZE(order); i++)
		EXPECT_EQ(vf_modify_qp(vf, &qp, order[i], qpc, 0), ST_BAD_QP_STATE);
	EXPECT_EQ(vf_modify_qp(vf, &p.qp[0], MLX5_CMD_OP_RST2INIT_QP, qpc, 0), ST_BAD_QP_STATE);
	EXPECT_EQ(vf_query_qp(vf, &p.qp[0], qpc), ST_OK);
	EXPECT_EQ(IFC_GET(qpc, qpc, state), QP_RTS);
	EXPECT_EQ(IFC_GET(qpc, qpc, mtu), 3);
	EXPECT_EQ(IFC_GET(qpc, qpc, remote_qpn), p.qp[1].id);
	EXPECT_EQ(IFC_GET(qpc, qpc, rnr_retry), 7);
	EXPECT_EQ(IFC_GET(qpc, qpc, rre), 1);
	EXPECT_EQ(vf_modify_qp(vf, &p.qp[0], MLX5_CMD_OP_2RST_QP, NULL, 0), ST_OK);
	EXPECT_EQ(vf_query_qp(vf, &p.qp[0], qpc), ST_OK);
	EXPECT_EQ(IFC_GET(qpc, qpc, state), QP_RST);
	qp.id = 999;
	EXPECT_EQ(vf_modify_qp(vf, &qp, MLX5_CMD_OP_2RST_QP, NULL, 0), ST_BAD_RES);
}

static void psn_counts(struct vf *vf)
{
	u8 qpc[IFC_SZ(qpc)] = { 0 };
	struct pair p;

	pair_up(vf, &p);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 10000, p.mr[1].key);
	/* 9001 bytes are nine packets of an MTU of 1024. */
	vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 0, 9001);
	vf_wait_cqe(vf, &p.cq[0]);
	EXPECT_EQ(vf_query_qp(vf, &p.qp[0], qpc), ST_OK);
	EXPECT_EQ(IFC_GET(qpc, qpc, next_send_psn), 109);
	EXPECT_EQ(vf_query_qp(vf, &p.qp[1], qpc), ST_OK);
	EXPECT_EQ(IFC_GET(qpc, qpc, next_rcv_psn), 109);
}

static void uc(struct vf *vf)
{
	struct pair p;

	vf_init(vf);
	pair_make(vf, &p, QPT_UC);
	fill(vf, &p.mr[0], 4);
	/* Nobody there to receive: lost, and the sender does not know. */
	vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 0, 100);
	cqe_check(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ, p.qp[0].id, 0);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 100, p.mr[1].key);
	vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 0, 100);
	cqe_check(vf_wait_cqe(vf, &p.cq[1]), CQE_OP_RESP_SEND, p.qp[1].id, 0);
	EXPECT(same(vf, &p.mr[0], 0, &p.mr[1], 0, 100));
}

/* The same with the clock that counts accesses */
static void stepped_clock(struct vf *vf)
{
	struct pair p;

	pair_up(vf, &p);
	vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 0, 64);
	usleep(5000);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 64, p.mr[1].key);
	cqe_check(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ, p.qp[0].id, 0);
	vf_wait_cqe(vf, &p.cq[1]);
	EXPECT(same(vf, &p.mr[0], 0, &p.mr[1], 0, 64));
}

int main(void)
{
	static const struct test tests[] = {
		T(send_recv), T(send_inline_imm), T(gather_scatter), T(write_read), T(write_imm),
		T(atomics), T(unsignaled), T(wrap_around), T(rnr_waits), T(rnr_gives_up),
		T(retry_gives_up), T(retransmits), T(remote_access), T(remote_bounds),
		T(remote_right_of_qp), T(local_protection), T(receive_too_short), T(flush),
		T(bad_opcode), T(torn_wqe), T(wild_producer), T(states), T(psn_counts), T(uc),
		T_OPT(stepped_clock, 10, 1),
	};

	return test_main("rc", tests, ARRAY_SIZE(tests));
}
