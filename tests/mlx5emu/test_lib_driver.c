// SPDX-License-Identifier: GPL-2.0
/*
 * The driver: as much of one as the tests need.
 */
#include <stdlib.h>
#include <unistd.h>

#include "test_lib.h"

static u8 xor8(const u8 *p, u32 len)
{
	u8 x = 0;

	while (len--)
		x ^= *p++;
	return x;
}

/* A chain of mailboxes for what does not fit into the slot. */
static u64 mboxes(struct vf *vf, const u8 *msg, u32 len, u8 token)
{
	u32 n = len > CMD_INLINE ? (len - CMD_INLINE + MBOX_DATA - 1) / MBOX_DATA : 0, i;
	u64 gpa = vf_alloc(vf, (u64)n * MBOX_ALIGN);

	for (i = 0; i < n; i++) {
		u8 *box = vf_ptr(vf, gpa + (u64)i * MBOX_ALIGN);
		u32 at = CMD_INLINE + i * MBOX_DATA;

		memset(box, 0, MBOX_SIZE);
		if (msg)
			memcpy(box, msg + at, min(len - at, (u32)MBOX_DATA));
		put_be64(box + MBOX_NEXT, i + 1 < n ? gpa + (u64)(i + 1) * MBOX_ALIGN : 0);
		put_be32(box + MBOX_BLOCK, i);
		box[MBOX_TOKEN] = token;
	}
	return n ? gpa : 0;
}

/* Executes a command: its status, or minus how it was not delivered. */
int vf_cmd(struct vf *vf, void *in, u32 inlen, void *out, u32 outlen)
{
	u8 *slot = vf_ptr(vf, vf->cmdq);
	u64 mark = vf->next, ob, at = 0;
	static u8 token;
	long long end;
	u32 i;

	corpus_record(REC_COMMAND, outlen, in, inlen);
	token++;
	memset(slot, 0, CMD_SIZE);
	slot[CMD_TYPE] = CMD_TYPE_PCI;
	put_be32(slot + CMD_INLEN, inlen);
	put_be32(slot + CMD_OUTLEN, outlen);
	memcpy(slot + CMD_IN, in, CMD_INLINE);
	put_be64(slot + CMD_IN_PTR, mboxes(vf, in, inlen, token));
	ob = mboxes(vf, NULL, outlen, token);
	put_be64(slot + CMD_OUT_PTR, ob);
	slot[CMD_TOKEN] = token;
	slot[CMD_STATUS_OWN] = 1;
	slot[CMD_SIG] = ~xor8(slot, CMD_SIZE);
	vf_write32(vf, ISEG_CMD_DBELL, 1);
	end = test_now() + vf->patience_ms;
	while (__atomic_load_n(&slot[CMD_STATUS_OWN], __ATOMIC_ACQUIRE) & 1) {
		if (test_now() > end)
			return -1000;
		usleep(100);
	}
	EXPECT_EQ(xor8(slot, CMD_SIZE), 0xff);
	vf->next = mark;
	if (slot[CMD_STATUS_OWN] >> 1)
		return -(slot[CMD_STATUS_OWN] >> 1);
	memcpy(out, slot + CMD_OUT, CMD_INLINE);
	for (i = CMD_INLINE; i < outlen; i += MBOX_DATA, at += MBOX_ALIGN) {
		u8 *box = vf_ptr(vf, ob + at);

		EXPECT_EQ(xor8(box, MBOX_SIZE), 0xff);
		memcpy((u8 *)out + i, box, min(outlen - i, (u32)MBOX_DATA));
	}
	return *(u8 *)out;
}

/* A command that fits into the slot. */
int vf_simple(struct vf *vf, u16 opcode, u16 op_mod, u32 word2, u32 word3, u32 *out2)
{
	u8 in[16] = { 0 }, out[16];
	int status;

	put_be16(in, opcode);
	put_be16(in + 6, op_mod);
	put_be32(in + 8, word2);
	put_be32(in + 12, word3);
	status = vf_cmd(vf, in, sizeof(in), out, sizeof(out));
	if (out2)
		*out2 = get_be32(out + 8);
	return status;
}

/* One that gives a number and does not fail. */
u32 vf_number(struct vf *vf, u16 opcode)
{
	u32 n;

	EXPECT_EQ(vf_simple(vf, opcode, 0, 0, 0, &n), ST_OK);
	return n;
}

static void give_pages(struct vf *vf, u16 which)
{
	u8 in[16 + 8 * 64] = { 0 }, out[16];
	u8 query[16] = { 0 };
	u32 n, i;

	put_be16(query, MLX5_CMD_OP_QUERY_PAGES);
	put_be16(query + 6, which);
	EXPECT_EQ(vf_cmd(vf, query, sizeof(query), out, sizeof(out)), ST_OK);
	n = get_be32(out + 12);
	EXPECT(n && n <= 64);
	IFC_SET(manage_pages_in, in, opcode, MLX5_CMD_OP_MANAGE_PAGES);
	IFC_SET(manage_pages_in, in, op_mod, MLX5_MANAGE_PAGES_IN_OP_MOD_ALLOCATION_SUCCESS);
	IFC_SET(manage_pages_in, in, input_num_entries, n);
	for (i = 0; i < n; i++)
		put_be64(in + 16 + 8 * i, vf_alloc(vf, ADAPTER_PAGE));
	EXPECT_EQ(vf_cmd(vf, in, 16 + 8 * n, out, sizeof(out)), ST_OK);
}

/* As far as INIT_HCA */
void vf_enable(struct vf *vf)
{
	static u8 in[IFC_SZ(set_hca_cap_in)], out[IFC_SZ(query_hca_cap_out)];

	vf->cmdq = vf_alloc(vf, ADAPTER_PAGE);
	vf_write32(vf, ISEG_CMDQ_H, vf->cmdq >> 32);
	vf_write32(vf, ISEG_CMDQ_L, (u32)vf->cmdq);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_ENABLE_HCA, 0, 0, 0, NULL), ST_OK);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_SET_ISSI, 0, 1, 0, NULL), ST_OK);
	give_pages(vf, MLX5_QUERY_PAGES_IN_OP_MOD_BOOT_PAGES);
	memset(in, 0, sizeof(in));
	IFC_SET(query_hca_cap_in, in, opcode, MLX5_CMD_OP_QUERY_HCA_CAP);
	IFC_SET(query_hca_cap_in, in, op_mod, 1);
	EXPECT_EQ(vf_cmd(vf, in, 16, out, sizeof(out)), ST_OK);
	IFC_SET(set_hca_cap_in, in, opcode, MLX5_CMD_OP_SET_HCA_CAP);
	IFC_SET(set_hca_cap_in, in, op_mod, 0);
	memcpy(IFC_AT(set_hca_cap_in, in, capability), out + 16, sizeof(out) - 16);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, 16), ST_OK);
	memset(in, 0, sizeof(in));
	IFC_SET(set_hca_cap_in, in, opcode, MLX5_CMD_OP_SET_HCA_CAP);
	IFC_SET(set_hca_cap_in, in, op_mod, CAP_ATOMIC << 1);
	IFC_SET(atomic_caps, in + 16, atomic_req_8B_endianness_mode, 1);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, 16), ST_OK);
	give_pages(vf, MLX5_QUERY_PAGES_IN_OP_MOD_INIT_PAGES);
	memset(in, 0, sizeof(in));
	IFC_SET(init_hca_in, in, opcode, MLX5_CMD_OP_INIT_HCA);
	EXPECT_EQ(vf_cmd(vf, in, IFC_SZ(init_hca_in), out, 16), ST_OK);
}

/* All that a driver does before its users come */
void vf_init(struct vf *vf)
{
	vf_enable(vf);
	vf->uar = vf_number(vf, MLX5_CMD_OP_ALLOC_UAR);
	EXPECT_EQ(vf_create_eq(vf, &vf->cmd_eq, 6, 0, MASK(EV_CMD)), ST_OK);
	vf_arm_eq(vf, &vf->cmd_eq);
	EXPECT_EQ(vf_create_eq(vf, &vf->async_eq, 8, 0, ASYNC_MASK), ST_OK);
	vf_arm_eq(vf, &vf->async_eq);
	EXPECT_EQ(vf_create_eq(vf, &vf->page_eq, 6, 0, MASK(EV_PAGE_REQUEST)), ST_OK);
	vf_arm_eq(vf, &vf->page_eq);
	vf->pd = vf_number(vf, MLX5_CMD_OP_ALLOC_PD);
}

static void fill_pas(u8 *pas, u64 gpa, u64 bytes)
{
	u64 i;

	for (i = 0; i * ADAPTER_PAGE < bytes; i++)
		put_be64(pas + 8 * i, gpa + i * ADAPTER_PAGE);
}

static u32 pas_bytes(u64 bytes)
{
	return (u32)((bytes + ADAPTER_PAGE - 1) / ADAPTER_PAGE * 8);
}

int vf_create_eq(struct vf *vf, struct ring *eq, u32 log_size, u32 vector, u64 mask)
{
	u64 bytes = (u64)EQE_SIZE << log_size, i;
	u8 in[8192] = { 0 }, out[16];
	u8 *ctx = IFC_AT(create_eq_in, in, eq_context_entry);
	int status;

	*eq = (struct ring){ .buf = vf_alloc(vf, bytes), .log_size = log_size, .stride = EQE_SIZE };
	for (i = 0; i < 1ULL << log_size; i++)
		((u8 *)vf_ptr(vf, eq->buf))[i * EQE_SIZE + EQE_OWNER] = 1;
	IFC_SET(create_eq_in, in, opcode, MLX5_CMD_OP_CREATE_EQ);
	IFC_SET64(create_eq_in, in, event_bitmask[0], mask);
	IFC_SET(eqc, ctx, log_eq_size, log_size);
	IFC_SET(eqc, ctx, intr, vector);
	IFC_SET(eqc, ctx, uar_page, vf->uar);
	fill_pas(in + IFC_SZ(create_eq_in), eq->buf, bytes);
	status = vf_cmd(vf, in, IFC_SZ(create_eq_in) + pas_bytes(bytes), out, sizeof(out));
	eq->id = get_be32(out + 8) & 0xff;
	return status;
}

static void cq_init_buf(struct vf *vf, const struct ring *cq)
{
	u32 i;

	for (i = 0; i < 1U << cq->log_size; i++)
		((u8 *)vf_ptr(vf, cq->buf))[(i + 1) * cq->stride - 1] = 0xf0;
}

int vf_create_cq(struct vf *vf, struct ring *cq, u32 log_size, u32 stride, u32 eqn)
{
	u64 bytes = (u64)stride << log_size;
	u8 in[8192] = { 0 }, out[16];
	u8 *ctx = IFC_AT(create_cq_in, in, cq_context);
	int status;

	*cq = (struct ring){ .buf = vf_alloc(vf, bytes), .dbr = vf_alloc(vf, 64),
			     .log_size = log_size, .stride = stride };
	cq_init_buf(vf, cq);
	IFC_SET(create_cq_in, in, opcode, MLX5_CMD_OP_CREATE_CQ);
	IFC_SET(cqc, ctx, log_cq_size, log_size);
	IFC_SET(cqc, ctx, cqe_sz, stride == 128);
	IFC_SET(cqc, ctx, c_eqn_or_apu_element, eqn);
	IFC_SET(cqc, ctx, uar_page, vf->uar);
	IFC_SET64(cqc, ctx, dbr_addr, cq->dbr);
	fill_pas(in + IFC_SZ(create_cq_in), cq->buf, bytes);
	status = vf_cmd(vf, in, IFC_SZ(create_cq_in) + pas_bytes(bytes), out, sizeof(out));
	cq->id = get_be32(out + 8);
	return status;
}

int vf_modify_cq(struct vf *vf, const struct ring *cq, u32 select, u32 period, u32 count, u32 eqn)
{
	u8 in[IFC_SZ(modify_cq_in)] = { 0 }, out[16];
	u8 *ctx = IFC_AT(modify_cq_in, in, cq_context);

	IFC_SET(modify_cq_in, in, opcode, MLX5_CMD_OP_MODIFY_CQ);
	IFC_SET(modify_cq_in, in, cqn, cq->id);
	put_be32(in + 12, select);
	IFC_SET(cqc, ctx, cq_period, period);
	IFC_SET(cqc, ctx, cq_max_count, count);
	IFC_SET(cqc, ctx, c_eqn_or_apu_element, eqn);
	return vf_cmd(vf, in, sizeof(in), out, sizeof(out));
}

/* Moves what was not read to the new buffer, as the driver does. */
int vf_resize_cq(struct vf *vf, struct ring *cq, u32 log_size)
{
	u64 bytes = (u64)cq->stride << log_size;
	struct ring to = *cq;
	u8 in[8192] = { 0 }, out[16];
	u8 *ctx = IFC_AT(modify_cq_in, in, cq_context);
	u32 i = cq->ci;
	int status;

	to.buf = vf_alloc(vf, bytes);
	to.log_size = log_size;
	cq_init_buf(vf, &to);
	IFC_SET(modify_cq_in, in, opcode, MLX5_CMD_OP_MODIFY_CQ);
	IFC_SET(modify_cq_in, in, op_mod, 1);
	IFC_SET(modify_cq_in, in, cqn, cq->id);
	put_be32(in + 12, 7);
	IFC_SET(cqc, ctx, log_cq_size, log_size);
	IFC_SET(cqc, ctx, cqe_sz, cq->stride == 128);
	fill_pas(in + IFC_SZ(modify_cq_in), to.buf, bytes);
	status = vf_cmd(vf, in, IFC_SZ(modify_cq_in) + pas_bytes(bytes), out, sizeof(out));
	if (status)
		return status;
	for (;; i++) {
		const u8 *from = (u8 *)vf_ptr(vf, cq->buf) +
				 (u64)(i & ((1U << cq->log_size) - 1)) * cq->stride;
		u8 *at = (u8 *)vf_ptr(vf, to.buf) +
			 (u64)((i + 1) & ((1U << log_size) - 1)) * cq->stride;

		if (from[cq->stride - 1] >> 4 == CQE_OP_RESIZE)
			break;
		EXPECT(i - cq->ci < 1U << cq->log_size);
		memcpy(at, from, cq->stride);
		at[cq->stride - 1] = (at[cq->stride - 1] & 0xfe) | ((i + 1) >> log_size & 1);
	}
	*cq = to;
	cq->ci++;
	return ST_OK;
}

int vf_create_mkey(struct vf *vf, struct test_mr *mr, u64 va, u64 len, u32 pd, u32 rights)
{
	u64 offset = va % ADAPTER_PAGE, pages = (offset + len + ADAPTER_PAGE - 1) / ADAPTER_PAGE;
	static u8 in[65536];
	u8 out[16];
	u8 *ctx = IFC_AT(create_mkey_in, in, memory_key_mkey_entry);
	int status;

	memset(in, 0, sizeof(in));
	*mr = (struct test_mr){ .gpa = vf_alloc(vf, pages * ADAPTER_PAGE) + offset, .va = va,
				.len = len };
	IFC_SET(create_mkey_in, in, opcode, MLX5_CMD_OP_CREATE_MKEY);
	IFC_SET(create_mkey_in, in, translations_octword_actual_size, (pages + 1) / 2);
	IFC_SET(mkc, ctx, translations_octword_size, (pages + 1) / 2);
	IFC_SET(mkc, ctx, access_mode_1_0, MODE_MTT);
	IFC_SET(mkc, ctx, umr_en, 1);
	IFC_SET(mkc, ctx, lr, !!(rights & MR_LR));
	IFC_SET(mkc, ctx, lw, !!(rights & MR_LW));
	IFC_SET(mkc, ctx, rr, !!(rights & MR_RR));
	IFC_SET(mkc, ctx, rw, !!(rights & MR_RW));
	IFC_SET(mkc, ctx, a, !!(rights & MR_A));
	IFC_SET(mkc, ctx, qpn, 0xffffff);
	IFC_SET(mkc, ctx, mkey_7_0, 0x5a);
	IFC_SET(mkc, ctx, pd, pd);
	IFC_SET64(mkc, ctx, start_addr, va);
	IFC_SET64(mkc, ctx, len, len);
	IFC_SET(mkc, ctx, log_page_size, 12);
	fill_pas(in + IFC_SZ(create_mkey_in), mr->gpa - offset, pages * ADAPTER_PAGE);
	status = vf_cmd(vf, in, IFC_SZ(create_mkey_in) + (u32)((pages + 1) / 2 * 16), out,
			sizeof(out));
	mr->key = get_be32(out + 8) << 8 | 0x5a;
	return status;
}

int vf_create_qp_raw(struct vf *vf, struct test_qp *qp, u32 type, u32 srqn, u32 xrcd)
{
	bool has_rq = !srqn && type != QPT_XRC && type != QPT_REG_UMR;
	u64 rq_bytes = has_rq ? (u64)qp->rq_stride << qp->rq_log : 0;
	u64 bytes = rq_bytes + ((u64)WQE_BB << qp->sq_log);
	u8 in[8192] = { 0 }, out[16];
	u8 *ctx = IFC_AT(create_qp_in, in, qpc);
	u32 log_stride = 0;
	int status;

	while (16U << log_stride < qp->rq_stride)
		log_stride++;
	qp->buf = vf_alloc(vf, bytes);
	qp->sq = qp->buf + rq_bytes;
	qp->dbr = vf_alloc(vf, 64);
	IFC_SET(create_qp_in, in, opcode, MLX5_CMD_OP_CREATE_QP);
	IFC_SET(qpc, ctx, st, type);
	if (type != QPT_REG_UMR)
		IFC_SET(qpc, ctx, pd, vf->pd);
	IFC_SET(qpc, ctx, uar_page, vf->uar);
	IFC_SET(qpc, ctx, user_index, 0x77);
	IFC_SET(qpc, ctx, fre, 1);
	IFC_SET(qpc, ctx, rlky, 1);
	IFC_SET(qpc, ctx, log_sq_size, qp->sq_log);
	IFC_SET(qpc, ctx, log_rq_size, qp->rq_log);
	IFC_SET(qpc, ctx, log_rq_stride, log_stride);
	IFC_SET(qpc, ctx, rq_type, has_rq ? RQ_NORMAL : srqn || type == QPT_XRC ? RQ_SRQ : RQ_NONE);
	IFC_SET(qpc, ctx, srqn_rmpn_xrqn, srqn);
	IFC_SET(qpc, ctx, xrcd, xrcd);
	IFC_SET(qpc, ctx, cqn_snd, qp->scq->id);
	IFC_SET(qpc, ctx, cqn_rcv, qp->rcq->id);
	IFC_SET64(qpc, ctx, dbr_addr, qp->dbr);
	fill_pas(in + IFC_SZ(create_qp_in), qp->buf, bytes);
	status = vf_cmd(vf, in, IFC_SZ(create_qp_in) + pas_bytes(bytes), out, sizeof(out));
	qp->id = get_be32(out + 8);
	return status;
}

int vf_create_qp(struct vf *vf, struct test_qp *qp, u32 type, struct ring *scq, struct ring *rcq,
		 u32 srqn)
{
	*qp = (struct test_qp){ .sq_log = 6, .rq_log = 5, .rq_stride = 64, .scq = scq, .rcq = rcq };
	return vf_create_qp_raw(vf, qp, type, srqn, 0);
}

int vf_modify_qp(struct vf *vf, const struct test_qp *qp, u16 opcode, const u8 *qpc, u32 opt)
{
	u8 in[IFC_SZ(rst2init_qp_in)] = { 0 }, out[16];

	IFC_SET(rst2init_qp_in, in, opcode, opcode);
	IFC_SET(rst2init_qp_in, in, qpn, qp->id);
	IFC_SET(rst2init_qp_in, in, opt_param_mask, opt);
	if (qpc)
		memcpy(IFC_AT(rst2init_qp_in, in, qpc), qpc, IFC_SZ(qpc));
	IFC_SET(qpc, IFC_AT(rst2init_qp_in, in, qpc), pd, vf->pd);
	return vf_cmd(vf, in, sizeof(in), out, sizeof(out));
}

int vf_query_qp(struct vf *vf, const struct test_qp *qp, u8 *qpc)
{
	u8 in[16] = { 0 }, out[IFC_SZ(query_qp_out)];
	int status;

	IFC_SET(query_qp_in, in, opcode, MLX5_CMD_OP_QUERY_QP);
	IFC_SET(query_qp_in, in, qpn, qp->id);
	status = vf_cmd(vf, in, sizeof(in), out, sizeof(out));
	memcpy(qpc, IFC_AT(query_qp_out, out, qpc), IFC_SZ(qpc));
	return status;
}

/* From reset to the state that can send; what the last step of that says */
static int ready_to_send(struct vf *vf, struct test_qp *qp, u32 remote, u32 lid)
{
	u8 qpc[IFC_SZ(qpc)] = { 0 };
	u8 *path = IFC_AT(qpc, qpc, primary_address_path);

	IFC_SET(qpc, qpc, rre, 1);
	IFC_SET(qpc, qpc, rwe, 1);
	IFC_SET(qpc, qpc, rae, 1);
	IFC_SET(qpc, qpc, q_key, 0x1234);
	IFC_SET(ads, path, vhca_port_num, 1);
	EXPECT_EQ(vf_modify_qp(vf, qp, MLX5_CMD_OP_RST2INIT_QP, qpc, 0), ST_OK);
	IFC_SET(qpc, qpc, mtu, 3);
	IFC_SET(qpc, qpc, log_msg_max, 24);
	IFC_SET(qpc, qpc, remote_qpn, remote);
	IFC_SET(qpc, qpc, min_rnr_nak, 12);
	IFC_SET(qpc, qpc, next_rcv_psn, 100);
	IFC_SET(ads, path, rlid, lid);
	EXPECT_EQ(vf_modify_qp(vf, qp, MLX5_CMD_OP_INIT2RTR_QP, qpc, 0), ST_OK);
	IFC_SET(qpc, qpc, next_send_psn, 100);
	IFC_SET(qpc, qpc, retry_count, 7);
	IFC_SET(qpc, qpc, rnr_retry, 7);
	IFC_SET(ads, path, ack_timeout, vf->ack_timeout);
	return vf_modify_qp(vf, qp, MLX5_CMD_OP_RTR2RTS_QP, qpc, 0);
}

/* To the state that can send, with all rights, and timers that do not take long */
void vf_connect_qp(struct vf *vf, struct test_qp *qp, u32 remote, u32 lid)
{
	EXPECT_EQ(ready_to_send(vf, qp, remote, lid), ST_OK);
}

/*
 * The same once more, while requests come: it listens to them before the last step,
 * and may be in error then. Whoever sends them has to stop some time.
 */
void vf_reconnect_qp(struct vf *vf, struct test_qp *qp, u32 remote, u32 lid)
{
	int status;

	do {
		EXPECT_EQ(vf_modify_qp(vf, qp, MLX5_CMD_OP_2RST_QP, NULL, 0), ST_OK);
		status = ready_to_send(vf, qp, remote, lid);
	} while (status == ST_BAD_QP_STATE);
	EXPECT_EQ(status, ST_OK);
}

static u8 *ring_entry(struct vf *vf, const struct ring *r)
{
	return (u8 *)vf_ptr(vf, r->buf) + (u64)(r->ci & ((1U << r->log_size) - 1)) * r->stride;
}

u8 *vf_next_eqe(struct vf *vf, struct ring *eq)
{
	u8 *eqe = ring_entry(vf, eq);
	u8 owner = __atomic_load_n(&eqe[EQE_OWNER], __ATOMIC_ACQUIRE);

	if ((owner ^ eq->ci >> eq->log_size) & 1)
		return NULL;
	eq->ci++;
	return eqe;
}

/* Waits by looking, as an interrupt is not what this tests. */
u8 *vf_wait_eqe(struct vf *vf, struct ring *eq)
{
	long long end = test_now() + vf->patience_ms;
	u8 *eqe;

	while (test_now() < end) {
		eqe = vf_next_eqe(vf, eq);
		if (eqe)
			return eqe;
		usleep(100);
	}
	EXPECT(!"an event came");
	return NULL;
}

void vf_arm_eq(struct vf *vf, const struct ring *eq)
{
	vf_write32(vf, (u64)vf->uar * ADAPTER_PAGE + UAR_EQ_ARM,
		   eq->id << 24 | (eq->ci & 0xffffff));
	vf_doorbell_sync(vf);
}

/* The 64 bytes that tell, of an entry of any size */
u8 *vf_next_cqe(struct vf *vf, struct ring *cq)
{
	u8 *cqe = ring_entry(vf, cq) + cq->stride - CQE_SIZE;
	u8 own = __atomic_load_n(&cqe[CQE_OP_OWN], __ATOMIC_ACQUIRE);

	if (own >> 4 == 0xf || ((own ^ cq->ci >> cq->log_size) & 1))
		return NULL;
	cq->ci++;
	return cqe;
}

u8 *vf_wait_cqe(struct vf *vf, struct ring *cq)
{
	long long end = test_now() + vf->patience_ms;
	u8 *cqe;

	while (test_now() < end) {
		cqe = vf_next_cqe(vf, cq);
		if (cqe) {
			vf_update_cq(vf, cq);
			return cqe;
		}
		usleep(100);
	}
	EXPECT(!"a completion came");
	return NULL;
}

void vf_update_cq(struct vf *vf, const struct ring *cq)
{
	put_be32(vf_ptr(vf, cq->dbr), cq->ci & 0xffffff);
	corpus_record(REC_MEMORY, (u32)(cq->dbr - GUEST_LOW), vf_ptr(vf, cq->dbr), 4);
}

void vf_arm_cq(struct vf *vf, const struct ring *cq, bool solicited)
{
	u32 word = (u32)(cq->sn & 3) << 28 | (u32)solicited << 24 | (cq->ci & 0xffffff);

	put_be32((u8 *)vf_ptr(vf, cq->dbr) + 4, word);
	vf_write64(vf, (u64)vf->uar * ADAPTER_PAGE + UAR_CQ_ARM, word, cq->id);
	vf_doorbell_sync(vf);
}

void vf_post_recv(struct vf *vf, struct test_qp *qp, u64 va, u32 len, u32 key)
{
	u8 *w = (u8 *)vf_ptr(vf, qp->buf) +
		(u64)(qp->rq_pi & ((1U << qp->rq_log) - 1)) * qp->rq_stride;

	memset(w, 0, qp->rq_stride);
	put_be32(w, len);
	put_be32(w + 4, key);
	put_be64(w + 8, va);
	if (qp->rq_stride > 16)
		put_be32(w + 20, LKEY_TERMINATE);
	corpus_record(REC_MEMORY, (u32)(w - vf->mem), w, qp->rq_stride);
	qp->rq_pi++;
	put_be32(vf_ptr(vf, qp->dbr), qp->rq_pi);
	corpus_record(REC_MEMORY, (u32)(qp->dbr - GUEST_LOW), vf_ptr(vf, qp->dbr), 4);
}

void wqe_start(struct wqe *w, u8 opcode, u8 flags, u32 imm)
{
	memset(w, 0, sizeof(*w));
	w->b[3] = opcode;
	w->b[WQE_FM_CE_SE] = flags;
	put_be32(w->b + WQE_IMM, imm);
	w->len = WQE_DS;
}

void wqe_raddr(struct wqe *w, u64 va, u32 key)
{
	put_be64(w->b + w->len, va);
	put_be32(w->b + w->len + 8, key);
	w->len += WQE_DS;
}

void wqe_atomic(struct wqe *w, u64 swap_add, u64 compare)
{
	put_be64(w->b + w->len, swap_add);
	put_be64(w->b + w->len + 8, compare);
	w->len += WQE_DS;
}

void wqe_av(struct wqe *w, u32 qkey, u32 qpn, u32 lid)
{
	u8 *av = w->b + w->len;

	put_be32(av, qkey);
	put_be32(av + 8, qpn | AV_EXTENDED);
	put_be16(av + 14, lid);
	w->len += 48;
}

void wqe_data(struct wqe *w, u64 va, u32 len, u32 key)
{
	put_be32(w->b + w->len, len);
	put_be32(w->b + w->len + 4, key);
	put_be64(w->b + w->len + 8, va);
	w->len += WQE_DS;
}

void wqe_inline(struct wqe *w, const void *data, u32 len)
{
	put_be32(w->b + w->len, len | INLINE_SEG);
	memcpy(w->b + w->len + 4, data, len);
	w->len += (len + 4 + WQE_DS - 1) / WQE_DS * WQE_DS;
}

/* Writes the entry into the queue, around its end, without a doorbell. */
void vf_post_quiet(struct vf *vf, struct test_qp *qp, struct wqe *w)
{
	u32 size = WQE_BB << qp->sq_log, i;
	u8 *sq = vf_ptr(vf, qp->sq);

	put_be32(w->b, (u32)w->b[0] << 24 | (u32)qp->sq_pi << 8 | w->b[3]);
	put_be32(w->b + 4, qp->id << 8 | w->len / WQE_DS);
	for (i = 0; i < w->len; i++)
		sq[(qp->sq_pi * WQE_BB + i) & (size - 1)] = w->b[i];
	i = (qp->sq_pi * WQE_BB) & (size - 1);
	corpus_record(REC_MEMORY, (u32)(qp->sq - GUEST_LOW) + i, sq + i, min(w->len, size - i));
	qp->sq_pi += (w->len + WQE_BB - 1) / WQE_BB;
	put_be32((u8 *)vf_ptr(vf, qp->dbr) + 4, qp->sq_pi);
	corpus_record(REC_MEMORY, (u32)(qp->dbr - GUEST_LOW) + 4, (u8 *)vf_ptr(vf, qp->dbr) + 4, 4);
}

void vf_ring(struct vf *vf, struct test_qp *qp)
{
	vf_write64(vf, (u64)vf->uar * ADAPTER_PAGE + UAR_SQ, 0, qp->id << 8);
	vf_doorbell_sync(vf);
}

void vf_post(struct vf *vf, struct test_qp *qp, struct wqe *w)
{
	vf_post_quiet(vf, qp, w);
	vf_ring(vf, qp);
}

void vf_send(struct vf *vf, struct test_qp *qp, u8 opcode, u8 flags, u32 imm,
	     const struct test_mr *mr, u64 offset, u32 len)
{
	struct wqe w;

	wqe_start(&w, opcode, flags, imm);
	wqe_data(&w, mr->va + offset, len, mr->key);
	vf_post(vf, qp, &w);
}

void pair_make(struct vf *vf, struct pair *p, u32 type)
{
	int i;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(vf_create_eq(vf, &p->eq[i], 7, 1 + (u32)i, 0), ST_OK);
		vf_arm_eq(vf, &p->eq[i]);
		EXPECT_EQ(vf_create_cq(vf, &p->cq[i], 6, CQE_SIZE, p->eq[i].id), ST_OK);
		/* Not the same as where they are, and not aligned */
		EXPECT_EQ(vf_create_mkey(vf, &p->mr[i], 0x7f0000000100ULL + ((u64)i << 32), PAIR_MR,
					 vf->pd, MR_ALL), ST_OK);
		EXPECT_EQ(vf_create_qp(vf, &p->qp[i], type, &p->cq[i], &p->cq[i], 0), ST_OK);
	}
	for (i = 0; i < 2; i++)
		vf_connect_qp(vf, &p->qp[i], p->qp[!i].id, vf->opt.lid);
}

void cqe_check(const u8 *cqe, u8 op, u32 qpn, u32 counter)
{
	EXPECT_EQ(cqe[CQE_OP_OWN] >> 4, op);
	EXPECT_EQ(get_be32(cqe + CQE_OPCODE_QPN) & 0xffffff, qpn);
	EXPECT_EQ(get_be16(cqe + CQE_COUNTER), counter);
	EXPECT_EQ(get_be32(cqe + CQE_SRQN_UIDX) & 0xffffff, 0x77);
}

void cqe_check_error(const u8 *cqe, u8 op, u32 qpn, u8 syndrome)
{
	EXPECT_EQ(cqe[CQE_OP_OWN] >> 4, op);
	EXPECT_EQ(cqe[CQE_SYND], syndrome);
	EXPECT_EQ(get_be32(cqe + CQE_OPCODE_QPN) & 0xffffff, qpn);
}
