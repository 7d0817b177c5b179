// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams, multicast, and receive queues that are shared.
 */
#include "test_lib.h"

#define QKEY	0x1234

struct ud {
	struct ring eq;
	struct ring cq[2];
	struct test_qp qp[2];
	struct test_mr mr;
};

static void setup(struct vf *vf, struct ud *u)
{
	int i;

	vf_init(vf);
	EXPECT_EQ(vf_create_eq(vf, &u->eq, 6, 1, 0), ST_OK);
	EXPECT_EQ(vf_create_mkey(vf, &u->mr, 0x1000, 65536, vf->pd, MR_ALL), ST_OK);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(vf_create_cq(vf, &u->cq[i], 6, 64, u->eq.id), ST_OK);
		EXPECT_EQ(vf_create_qp(vf, &u->qp[i], QPT_UD, &u->cq[i], &u->cq[i], 0), ST_OK);
		vf_connect_qp(vf, &u->qp[i], 0, 0);
	}
	memset(vf_ptr(vf, u->mr.gpa), 0x3c, 4096);
}

static void post(struct vf *vf, struct ud *u, u32 qkey, u32 qpn, u32 lid, u32 len)
{
	struct wqe w;

	wqe_start(&w, WQE_SEND_IMM, CE, 55);
	wqe_av(&w, qkey, qpn, lid);
	wqe_data(&w, u->mr.va, len, u->mr.key);
	vf_post(vf, &u->qp[0], &w);
}

static void datagram(struct vf *vf)
{
	struct ud u;
	u8 *cqe, *at;

	setup(vf, &u);
	vf_post_recv(vf, &u.qp[1], u.mr.va + 8192, 4096, u.mr.key);
	post(vf, &u, QKEY, u.qp[1].id, 1, 1000);
	cqe_check(vf_wait_cqe(vf, &u.cq[0]), CQE_OP_REQ, u.qp[0].id, 0);
	cqe = vf_wait_cqe(vf, &u.cq[1]);
	cqe_check(cqe, CQE_OP_RESP_SEND_IMM, u.qp[1].id, 0);
	EXPECT_EQ(get_be32(cqe + CQE_IMM), 55);
	EXPECT_EQ(get_be32(cqe + CQE_BYTE_CNT), 1040);
	EXPECT_EQ(get_be16(cqe + CQE_SLID), 1);
	EXPECT_EQ(get_be32(cqe + CQE_FLAGS_RQPN), u.qp[0].id);
	at = vf_ptr(vf, u.mr.gpa + 8192);
	EXPECT(at[39] == 0 && at[40] == 0x3c && at[1039] == 0x3c && at[1040] == 0);
}

/* What cannot be delivered is gone, and the sender completes. */
static void lost(struct vf *vf)
{
	struct ud u;
	int i;

	setup(vf, &u);
	post(vf, &u, QKEY, u.qp[1].id, 1, 8);
	vf_post_recv(vf, &u.qp[1], u.mr.va + 8192, 4096, u.mr.key);
	post(vf, &u, QKEY + 1, u.qp[1].id, 1, 8);
	post(vf, &u, QKEY, 900, 1, 8);
	post(vf, &u, QKEY, u.qp[1].id, 5, 8);
	for (i = 0; i < 4; i++)
		cqe_check(vf_wait_cqe(vf, &u.cq[0]), CQE_OP_REQ, u.qp[0].id, (u32)i * 2);
	EXPECT(!vf_next_cqe(vf, &u.cq[1]));
	EXPECT(strstr(vf_control(vf, "stats"), "\"qkey_violations\":1"));
}

static void too_long(struct vf *vf)
{
	u8 qpc[IFC_SZ(qpc)] = { 0 };
	struct ud u;

	setup(vf, &u);
	post(vf, &u, QKEY, u.qp[1].id, 1, 4097);
	cqe_check_error(vf_wait_cqe(vf, &u.cq[0]), CQE_OP_REQ_ERR, u.qp[0].id, SYN_LOCAL_LENGTH);
	EXPECT_EQ(vf_query_qp(vf, &u.qp[0], qpc), ST_OK);
	EXPECT_EQ(IFC_GET(qpc, qpc, state), QP_SQER);
	/* Only the send queue is in error, and can be mended. */
	EXPECT_EQ(vf_modify_qp(vf, &u.qp[0], MLX5_CMD_OP_SQERR2RTS_QP, qpc, 0), ST_OK);
	vf_post_recv(vf, &u.qp[1], u.mr.va + 8192, 4096, u.mr.key);
	post(vf, &u, QKEY, u.qp[1].id, 1, 8);
	vf_wait_cqe(vf, &u.cq[1]);
}

static void management(struct vf *vf)
{
	u8 qpc[IFC_SZ(qpc)] = { 0 };
	struct test_qp qp1, again;
	struct wqe w;
	struct ud u;
	u8 *cqe;

	setup(vf, &u);
	EXPECT_EQ(vf_create_qp(vf, &qp1, QPT_QP1, &u.cq[1], &u.cq[1], 0), ST_OK);
	EXPECT_EQ(qp1.id, 1);
	EXPECT_EQ(vf_create_qp(vf, &again, QPT_QP1, &u.cq[1], &u.cq[1], 0), ST_NO_RES);
	IFC_SET(qpc, qpc, q_key, 0x80010000);
	EXPECT_EQ(vf_modify_qp(vf, &qp1, MLX5_CMD_OP_RST2INIT_QP, qpc, 0), ST_OK);
	EXPECT_EQ(vf_modify_qp(vf, &qp1, MLX5_CMD_OP_INIT2RTR_QP, qpc, 0), ST_OK);
	EXPECT_EQ(vf_modify_qp(vf, &qp1, MLX5_CMD_OP_RTR2RTS_QP, qpc, 0), ST_OK);
	vf_post_recv(vf, &qp1, u.mr.va + 8192, 296, u.mr.key);
	wqe_start(&w, WQE_SEND, CE, 0);
	wqe_av(&w, 0x80010000, 1, 1);
	wqe_data(&w, u.mr.va, 256, u.mr.key);
	vf_post(vf, &qp1, &w);
	cqe_check(vf_wait_cqe(vf, &u.cq[1]), CQE_OP_RESP_SEND, 1, 0);
	cqe = vf_wait_cqe(vf, &u.cq[1]);
	cqe_check(cqe, CQE_OP_REQ, 1, 0);
}

static void multicast(struct vf *vf)
{
	u8 in[IFC_SZ(attach_to_mcg_in)] = { 0 }, out[16];
	u8 *gid = IFC_AT(attach_to_mcg_in, in, multicast_gid);
	struct wqe w;
	struct ud u;
	u8 *cqe;
	int i;

	setup(vf, &u);
	memcpy(gid, "\xff\x12something......", 16);
	IFC_SET(attach_to_mcg_in, in, opcode, MLX5_CMD_OP_ATTACH_TO_MCG);
	for (i = 0; i < 2; i++) {
		IFC_SET(attach_to_mcg_in, in, qpn, u.qp[i].id);
		EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_OK);
		EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_BAD_PARAM);
		vf_post_recv(vf, &u.qp[i], u.mr.va + 8192 + 4096 * (u64)i, 4096, u.mr.key);
	}
	wqe_start(&w, WQE_SEND, 0, 0);
	wqe_av(&w, QKEY, 0xffffff, 0xc001);
	put_be32(w.b + WQE_DS + 28, 1 << 30);
	memcpy(w.b + WQE_DS + 32, gid, 16);
	wqe_data(&w, u.mr.va, 100, u.mr.key);
	vf_post(vf, &u.qp[0], &w);
	for (i = 0; i < 2; i++) {
		cqe = vf_wait_cqe(vf, &u.cq[i]);
		cqe_check(cqe, CQE_OP_RESP_SEND, u.qp[i].id, 0);
		EXPECT_EQ(get_be32(cqe + CQE_FLAGS_RQPN) >> 28, 1);
		EXPECT(!memcmp((u8 *)vf_ptr(vf, u.mr.gpa) + 8192 + 4096 * i + 24, gid, 16));
	}
	IFC_SET(detach_from_mcg_in, in, opcode, MLX5_CMD_OP_DETACH_FROM_MCG);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_OK);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_BAD_PARAM);
}

struct test_srq {
	u32 id;
	u64 buf;
	u64 dbr;
	u16 pi;
	u32 tail;
};

#define SRQ_LOG		4
#define SRQ_STRIDE	64

/* Entries are linked in a ring, as the driver does. */
static void srq_memory(struct vf *vf, struct test_srq *s)
{
	u32 i;

	s->buf = vf_alloc(vf, SRQ_STRIDE << SRQ_LOG);
	s->dbr = vf_alloc(vf, 64);
	s->pi = 0;
	for (i = 0; i < 1 << SRQ_LOG; i++)
		put_be16((u8 *)vf_ptr(vf, s->buf) + i * SRQ_STRIDE + 2, (i + 1) & 15);
}

static void create_rmp(struct vf *vf, struct test_srq *s)
{
	u8 in[IFC_SZ(create_rmp_in) + 8] = { 0 }, out[16];
	u8 *wq = IFC_AT(rmpc, IFC_AT(create_rmp_in, in, ctx), wq);

	srq_memory(vf, s);
	IFC_SET(create_rmp_in, in, opcode, MLX5_CMD_OP_CREATE_RMP);
	IFC_SET(wq, wq, log_wq_sz, SRQ_LOG);
	IFC_SET(wq, wq, log_wq_stride, 6);
	IFC_SET(wq, wq, pd, vf->pd);
	IFC_SET64(wq, wq, dbr_addr, s->dbr);
	put_be64(in + IFC_SZ(create_rmp_in), s->buf);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_OK);
	s->id = get_be32(out + 8);
}

static void create_xrc_srq(struct vf *vf, struct test_srq *s, u32 xrcd, u32 cqn)
{
	u8 in[IFC_SZ(create_xrc_srq_in) + 8] = { 0 }, out[16];
	u8 *ctx = IFC_AT(create_xrc_srq_in, in, xrc_srq_context_entry);

	srq_memory(vf, s);
	IFC_SET(create_xrc_srq_in, in, opcode, MLX5_CMD_OP_CREATE_XRC_SRQ);
	IFC_SET(xrc_srqc, ctx, log_xrc_srq_size, SRQ_LOG);
	IFC_SET(xrc_srqc, ctx, log_rq_stride, 2);
	IFC_SET(xrc_srqc, ctx, pd, vf->pd);
	IFC_SET(xrc_srqc, ctx, xrcd, xrcd);
	IFC_SET(xrc_srqc, ctx, cqn, cqn);
	IFC_SET(xrc_srqc, ctx, user_index, 0x99);
	IFC_SET(xrc_srqc, ctx, db_record_addr_h, s->dbr >> 32);
	IFC_SET(xrc_srqc, ctx, db_record_addr_l, (u32)s->dbr >> 2);
	put_be64(in + IFC_SZ(create_xrc_srq_in), s->buf);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_OK);
	s->id = get_be32(out + 8);
}

static void srq_post(struct vf *vf, struct test_srq *s, u32 index, u64 va, u32 len, u32 key)
{
	u8 *w = (u8 *)vf_ptr(vf, s->buf) + index * SRQ_STRIDE;

	put_be32(w + 16, len);
	put_be32(w + 20, key);
	put_be64(w + 24, va);
	put_be32(w + 36, LKEY_TERMINATE);
	put_be32(vf_ptr(vf, s->dbr), ++s->pi);
}

static void shared(struct vf *vf)
{
	u8 in[IFC_SZ(modify_rmp_in)] = { 0 }, out[16];
	struct test_srq s;
	struct pair p;
	u8 *eqe;
	int i;

	vf_init(vf);
	pair_make(vf, &p, QPT_RC);
	create_rmp(vf, &s);
	EXPECT_EQ(vf_create_qp(vf, &p.qp[1], QPT_RC, &p.cq[1], &p.cq[1], s.id), ST_OK);
	EXPECT_EQ(vf_modify_qp(vf, &p.qp[0], MLX5_CMD_OP_2RST_QP, NULL, 0), ST_OK);
	vf_connect_qp(vf, &p.qp[0], p.qp[1].id, 1);
	vf_connect_qp(vf, &p.qp[1], p.qp[0].id, 1);
	/* Out of order: the links say 0, then 9, then 4. */
	put_be16((u8 *)vf_ptr(vf, s.buf) + 2, 9);
	put_be16((u8 *)vf_ptr(vf, s.buf) + 9 * SRQ_STRIDE + 2, 4);
	srq_post(vf, &s, 0, p.mr[1].va, 64, p.mr[1].key);
	srq_post(vf, &s, 9, p.mr[1].va, 64, p.mr[1].key);
	srq_post(vf, &s, 4, p.mr[1].va, 64, p.mr[1].key);
	IFC_SET(modify_rmp_in, in, opcode, MLX5_CMD_OP_MODIFY_RMP);
	IFC_SET(modify_rmp_in, in, rmpn, s.id);
	IFC_SET(rmp_bitmask, IFC_AT(modify_rmp_in, in, bitmask), lwm, 1);
	IFC_SET(wq, IFC_AT(rmpc, IFC_AT(modify_rmp_in, in, ctx), wq), lwm, 2);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_OK);
	for (i = 0; i < 3; i++) {
		EXPECT(i == 2 || !vf_next_eqe(vf, &vf->async_eq));
		vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 0, 8);
		cqe_check(vf_wait_cqe(vf, &p.cq[1]), CQE_OP_RESP_SEND, p.qp[1].id,
			  i == 0 ? 0 : i == 1 ? 9 : 4);
		if (i == 1) {
			eqe = vf_wait_eqe(vf, &vf->async_eq);
			EXPECT_EQ(eqe[EQE_TYPE], EV_SRQ_LIMIT);
			EXPECT_EQ(get_be32(eqe + EQE_DATA + 24), s.id);
		}
	}
	/* Empty: the sender has to wait. */
	vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 0, 8);
	EXPECT(!vf_next_cqe(vf, &p.cq[1]));
	EXPECT_EQ(vf_modify_qp(vf, &p.qp[1], MLX5_CMD_OP_2ERR_QP, NULL, 0), ST_OK);
	eqe = vf_wait_eqe(vf, &vf->async_eq);
	EXPECT_EQ(eqe[EQE_TYPE], EV_SRQ_LAST_WQE);
	EXPECT_EQ(get_be32(eqe + EQE_DATA + 24), p.qp[1].id);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_DESTROY_RMP, 0, s.id, 0, NULL), ST_BAD_RES_STATE);
}

static void xrc(struct vf *vf)
{
	struct test_srq s;
	struct pair p;
	struct wqe w;
	u32 xrcd, i;
	u8 *cqe;

	vf_init(vf);
	pair_make(vf, &p, QPT_RC);
	xrcd = vf_number(vf, MLX5_CMD_OP_ALLOC_XRCD);
	create_xrc_srq(vf, &s, xrcd, p.cq[1].id);
	for (i = 0; i < 2; i++) {
		p.qp[i] = (struct test_qp){ .sq_log = 6, .scq = &p.cq[0], .rcq = &p.cq[0] };
		EXPECT_EQ(vf_create_qp_raw(vf, &p.qp[i], QPT_XRC, 0, xrcd), ST_OK);
	}
	vf_connect_qp(vf, &p.qp[0], p.qp[1].id, 1);
	vf_connect_qp(vf, &p.qp[1], p.qp[0].id, 1);
	srq_post(vf, &s, 0, p.mr[1].va, 64, p.mr[1].key);
	wqe_start(&w, WQE_SEND, CE, 0);
	put_be32(w.b + w.len, s.id);
	w.len += WQE_DS;
	wqe_data(&w, p.mr[0].va, 8, p.mr[0].key);
	vf_post(vf, &p.qp[0], &w);
	cqe_check(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ, p.qp[0].id, 0);
	/* In the queue of the shared one, by its index */
	cqe = vf_wait_cqe(vf, &p.cq[1]);
	EXPECT_EQ(cqe[CQE_OP_OWN] >> 4, CQE_OP_RESP_SEND);
	EXPECT_EQ(get_be32(cqe + CQE_SRQN_UIDX), 0x99);
	/* One that is none of this domain */
	put_be32(w.b + WQE_DS, s.id + 1);
	vf_post(vf, &p.qp[0], &w);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ_ERR, p.qp[0].id,
			SYN_REMOTE_INVAL_REQ);
}

int main(void)
{
	static const struct test tests[] = {
		T(datagram), T(lost), T(too_long), T(management), T(multicast), T(shared), T(xrc),
	};

	return test_main("datagram", tests, ARRAY_SIZE(tests));
}
