// SPDX-License-Identifier: GPL-2.0
/*
 * The objects of the network driver: queues, what spreads frames to them, and flow
 * tables. That what is wrong is refused, as there is little else to them.
 */
#include "test_lib.h"

#define LOG_WQ		5

struct eth {
	struct ring eq;
	struct ring cq;
	struct test_qp sq;
	struct test_mr mr;
	u32 td;
	u32 tis;
};

/* A command whose answer has a number in the third word */
static int create(struct vf *vf, u8 *in, u32 inlen, u32 opcode, u32 *id)
{
	u8 out[16];
	int status;

	put_be16(in, opcode);
	status = vf_cmd(vf, in, inlen, out, sizeof(out));
	*id = get_be32(out + 8) & 0xffffff;
	return status;
}

static int create_tis(struct vf *vf, u32 td, u32 *id)
{
	u8 in[IFC_SZ(create_tis_in)] = { 0 };

	IFC_SET(tisc, IFC_AT(create_tis_in, in, ctx), transport_domain, td);
	return create(vf, in, sizeof(in), MLX5_CMD_OP_CREATE_TIS, id);
}

static void fill_wq(struct vf *vf, u8 *wq, u64 buf, u64 dbr, u32 log_stride)
{
	IFC_SET(wq, wq, wq_type, 1);
	IFC_SET(wq, wq, pd, vf->pd);
	IFC_SET(wq, wq, uar_page, vf->uar);
	IFC_SET64(wq, wq, dbr_addr, dbr);
	IFC_SET(wq, wq, log_wq_stride, log_stride);
	IFC_SET(wq, wq, log_wq_sz, LOG_WQ);
	put_be64(wq + IFC_SZ(wq), buf);
}

static int create_sq(struct vf *vf, struct eth *t, u32 cqn, u32 tis)
{
	u8 in[IFC_SZ(create_sq_in) + 8] = { 0 };
	u8 *sqc = IFC_AT(create_sq_in, in, ctx);

	t->sq = (struct test_qp){ .sq_log = LOG_WQ, .scq = &t->cq, .rcq = &t->cq,
				  .buf = vf_alloc(vf, ADAPTER_PAGE), .dbr = vf_alloc(vf, 64) };
	t->sq.sq = t->sq.buf;
	IFC_SET(sqc, sqc, cqn, cqn);
	IFC_SET(sqc, sqc, user_index, 0x77);
	IFC_SET(sqc, sqc, tis_lst_sz, 1);
	IFC_SET(sqc, sqc, tis_num_0, tis);
	fill_wq(vf, IFC_AT(sqc, sqc, wq), t->sq.buf, t->sq.dbr, 6);
	return create(vf, in, sizeof(in), MLX5_CMD_OP_CREATE_SQ, &t->sq.id);
}

static int modify_wq(struct vf *vf, u32 opcode, u32 id, u32 from, u32 to)
{
	u8 in[IFC_SZ(modify_sq_in)] = { 0 }, out[16];

	put_be16(in, opcode);
	IFC_SET(modify_sq_in, in, sqn, id);
	IFC_SET(modify_sq_in, in, sq_state, from);
	IFC_SET(sqc, IFC_AT(modify_sq_in, in, ctx), state, to);
	return vf_cmd(vf, in, sizeof(in), out, sizeof(out));
}

static int modify_sq(struct vf *vf, struct eth *t, u32 from, u32 to)
{
	return modify_wq(vf, MLX5_CMD_OP_MODIFY_SQ, t->sq.id, from, to);
}

static int create_rq(struct vf *vf, u32 cqn, u32 *id)
{
	u8 in[IFC_SZ(create_rq_in) + 8] = { 0 };
	u8 *rqc = IFC_AT(create_rq_in, in, ctx);

	IFC_SET(rqc, rqc, cqn, cqn);
	fill_wq(vf, IFC_AT(rqc, rqc, wq), vf_alloc(vf, ADAPTER_PAGE), vf_alloc(vf, 64), 6);
	return create(vf, in, sizeof(in), MLX5_CMD_OP_CREATE_RQ, id);
}

static int create_rqt(struct vf *vf, u32 n, u32 rqn, u32 *id)
{
	u8 in[IFC_SZ(create_rqt_in) + 8] = { 0 };
	u8 *ctx = IFC_AT(create_rqt_in, in, rqt_context);

	IFC_SET(rqtc, ctx, rqt_max_size, 2);
	IFC_SET(rqtc, ctx, rqt_actual_size, n);
	put_be32(in + IFC_SZ(create_rqt_in), rqn);
	put_be32(in + IFC_SZ(create_rqt_in) + 4, rqn);
	return create(vf, in, sizeof(in), MLX5_CMD_OP_CREATE_RQT, id);
}

static int create_tir(struct vf *vf, u32 td, u32 type, u32 uses, u32 *id)
{
	u8 in[IFC_SZ(create_tir_in)] = { 0 };
	u8 *tirc = IFC_AT(create_tir_in, in, ctx);

	IFC_SET(tirc, tirc, transport_domain, td);
	IFC_SET(tirc, tirc, disp_type, type);
	IFC_SET(tirc, tirc, inline_rqn, uses);
	IFC_SET(tirc, tirc, indirect_table, uses);
	return create(vf, in, sizeof(in), MLX5_CMD_OP_CREATE_TIR, id);
}

static int destroy(struct vf *vf, u32 opcode, u32 id)
{
	return vf_simple(vf, opcode, 0, id, 0, NULL);
}

static void setup(struct vf *vf, struct eth *t)
{
	vf_init(vf);
	EXPECT_EQ(vf_create_eq(vf, &t->eq, 6, 1, 0), ST_OK);
	EXPECT_EQ(vf_create_cq(vf, &t->cq, 6, 64, t->eq.id), ST_OK);
	EXPECT_EQ(vf_create_mkey(vf, &t->mr, 0x1000, 65536, vf->pd, MR_ALL), ST_OK);
	t->td = vf_number(vf, MLX5_CMD_OP_ALLOC_TRANSPORT_DOMAIN);
	EXPECT_EQ(create_tis(vf, t->td, &t->tis), ST_OK);
	EXPECT_EQ(create_sq(vf, t, t->cq.id, t->tis), ST_OK);
}

/* The Ethernet segment, with so many bytes of the frame in it */
static void wqe_eth(struct wqe *w, u32 first)
{
	put_be16(w->b + w->len + ETH_SEG_INLINE, first);
	w->len += (ETH_SEG_INLINE + 2 + (first > 2 ? first : 2) + WQE_DS - 1) / WQE_DS * WQE_DS;
}

static void frames(struct vf *vf)
{
	static const u32 first[] = { 0, 2, 18, 19, 60 };
	struct eth t;
	struct wqe w;
	u32 pi = 0;
	size_t i;

	setup(vf, &t);
	EXPECT_EQ(modify_sq(vf, &t, MLX5_SQC_STATE_RST, MLX5_SQC_STATE_RDY), ST_OK);
	for (i = 0; i < ARRAY_SIZE(first); i++) {
		wqe_start(&w, WQE_SEND, CE, 0);
		wqe_eth(&w, first[i]);
		wqe_data(&w, t.mr.va, 1000, t.mr.key);
		vf_post(vf, &t.sq, &w);
		cqe_check(vf_wait_cqe(vf, &t.cq), CQE_OP_REQ, t.sq.id, pi);
		pi = t.sq.sq_pi;
	}
	wqe_start(&w, WQE_NOP, CE, 0);
	vf_post(vf, &t.sq, &w);
	cqe_check(vf_wait_cqe(vf, &t.cq), CQE_OP_REQ, t.sq.id, pi);
	EXPECT(strstr(vf_control(vf, "stats"), "\"frames\":5,"));
}

/* One that may not be read, and what is no frame at all */
static void bad_frames(struct vf *vf)
{
	struct eth t;
	struct wqe w;
	int i;

	setup(vf, &t);
	for (i = 0; i < 4; i++) {
		t.sq.sq_pi = 0;
		put_be32((u8 *)vf_ptr(vf, t.sq.dbr) + SQ_DBR * 4, 0);
		EXPECT_EQ(modify_sq(vf, &t, MLX5_SQC_STATE_RST, MLX5_SQC_STATE_RDY), ST_OK);
		wqe_start(&w, i == 3 ? WQE_SEND_IMM : WQE_SEND, CE, 0);
		wqe_eth(&w, i == 1 ? 200 : 0);
		if (i == 1)
			w.len = 2 * WQE_DS;
		if (i == 2)
			w.len = WQE_DS;
		if (!i)
			wqe_data(&w, t.mr.va, 1000, t.mr.key + 1);
		vf_post(vf, &t.sq, &w);
		cqe_check_error(vf_wait_cqe(vf, &t.cq), CQE_OP_REQ_ERR, t.sq.id,
				i ? SYN_LOCAL_QP_OP : SYN_LOCAL_PROT);
		EXPECT_EQ(modify_sq(vf, &t, MLX5_SQC_STATE_RDY, MLX5_SQC_STATE_RST),
			  ST_BAD_RES_STATE);
		EXPECT_EQ(modify_sq(vf, &t, MLX5_SQC_STATE_ERR, MLX5_SQC_STATE_RDY),
			  ST_BAD_RES_STATE);
		EXPECT_EQ(modify_sq(vf, &t, MLX5_SQC_STATE_ERR, MLX5_SQC_STATE_RST), ST_OK);
	}
}

/* A send queue has a number among those of queue pairs, and is none. */
static void send_queue(struct vf *vf)
{
	u8 qpc[IFC_SZ(qpc)] = { 0 };
	struct test_qp qp;
	struct eth t;

	setup(vf, &t);
	EXPECT_EQ(vf_query_qp(vf, &t.sq, qpc), ST_BAD_RES);
	EXPECT_EQ(vf_modify_qp(vf, &t.sq, MLX5_CMD_OP_2ERR_QP, NULL, 0), ST_BAD_RES);
	EXPECT_EQ(destroy(vf, MLX5_CMD_OP_DESTROY_QP, t.sq.id), ST_BAD_RES);
	EXPECT_EQ(vf_create_qp(vf, &qp, QPT_UD, &t.cq, &t.cq, 0), ST_OK);
	EXPECT_EQ(destroy(vf, MLX5_CMD_OP_DESTROY_SQ, qp.id), ST_BAD_RES);
	EXPECT_EQ(modify_wq(vf, MLX5_CMD_OP_MODIFY_SQ, qp.id, 0, 1), ST_BAD_RES);
	EXPECT_EQ(destroy(vf, MLX5_CMD_OP_DESTROY_QP, qp.id), ST_OK);
	EXPECT_EQ(modify_sq(vf, &t, MLX5_SQC_STATE_RST, 2), ST_BAD_PARAM);
	EXPECT_EQ(destroy(vf, MLX5_CMD_OP_DESTROY_CQ, t.cq.id), ST_BAD_RES_STATE);
	EXPECT_EQ(destroy(vf, MLX5_CMD_OP_DESTROY_SQ, t.sq.id), ST_OK);
	EXPECT_EQ(destroy(vf, MLX5_CMD_OP_DESTROY_CQ, t.cq.id), ST_OK);
	EXPECT_EQ(create_sq(vf, &t, t.cq.id, t.tis), ST_BAD_RES);
}

static void no_such_thing(struct vf *vf)
{
	struct eth t;
	u32 id, rqn;

	setup(vf, &t);
	EXPECT_EQ(create_tis(vf, t.td + 1, &id), ST_BAD_RES);
	EXPECT_EQ(create_sq(vf, &t, t.cq.id, t.tis + 1), ST_BAD_RES);
	EXPECT_EQ(create_rq(vf, t.cq.id + 1, &id), ST_BAD_RES);
	EXPECT_EQ(create_rq(vf, t.cq.id, &rqn), ST_OK);
	EXPECT_EQ(create_rqt(vf, 2, rqn + 1, &id), ST_BAD_RES);
	EXPECT_EQ(create_rqt(vf, 3, rqn, &id), ST_BAD_INLEN);
	EXPECT_EQ(create_rqt(vf, 0xffff, rqn, &id), ST_BAD_PARAM);
	EXPECT_EQ(create_tir(vf, t.td + 1, 0, rqn, &id), ST_BAD_RES);
	EXPECT_EQ(create_tir(vf, t.td, 0, rqn + 1, &id), ST_BAD_RES);
	EXPECT_EQ(create_tir(vf, t.td, 1, 1000, &id), ST_BAD_RES);
	EXPECT_EQ(create_tir(vf, t.td, 2, rqn, &id), ST_BAD_PARAM);
	EXPECT_EQ(modify_wq(vf, MLX5_CMD_OP_MODIFY_RQ, rqn + 1, 0, 1), ST_BAD_RES);
	EXPECT_EQ(modify_wq(vf, MLX5_CMD_OP_MODIFY_RQ, rqn, 1, 0), ST_BAD_RES_STATE);
	EXPECT_EQ(modify_wq(vf, MLX5_CMD_OP_MODIFY_RQ, rqn, 0, 7), ST_BAD_PARAM);
	EXPECT_EQ(modify_wq(vf, MLX5_CMD_OP_MODIFY_RQ, rqn, 0, 1), ST_OK);
}

/* What others use stays. */
static void in_use(struct vf *vf)
{
	u32 rqn, rqt, direct, spread;
	struct eth t;

	setup(vf, &t);
	EXPECT_EQ(create_rq(vf, t.cq.id, &rqn), ST_OK);
	EXPECT_EQ(create_rqt(vf, 2, rqn, &rqt), ST_OK);
	EXPECT_EQ(create_tir(vf, t.td, 0, rqn, &direct), ST_OK);
	EXPECT_EQ(create_tir(vf, t.td, 1, rqt, &spread), ST_OK);
	EXPECT_EQ(destroy(vf, MLX5_CMD_OP_DESTROY_RQ, rqn), ST_BAD_RES_STATE);
	EXPECT_EQ(destroy(vf, MLX5_CMD_OP_DESTROY_RQT, rqt), ST_BAD_RES_STATE);
	EXPECT_EQ(destroy(vf, MLX5_CMD_OP_DEALLOC_TRANSPORT_DOMAIN, t.td), ST_BAD_RES_STATE);
	EXPECT_EQ(destroy(vf, MLX5_CMD_OP_DESTROY_TIR, direct), ST_OK);
	EXPECT_EQ(destroy(vf, MLX5_CMD_OP_DESTROY_TIR, spread), ST_OK);
	EXPECT_EQ(destroy(vf, MLX5_CMD_OP_DESTROY_TIR, spread), ST_BAD_RES);
	EXPECT_EQ(destroy(vf, MLX5_CMD_OP_DESTROY_RQT, rqt), ST_OK);
	EXPECT_EQ(destroy(vf, MLX5_CMD_OP_DESTROY_RQ, rqn), ST_OK);
	EXPECT_EQ(destroy(vf, MLX5_CMD_OP_DESTROY_TIS, t.tis), ST_OK);
	EXPECT_EQ(destroy(vf, MLX5_CMD_OP_DEALLOC_TRANSPORT_DOMAIN, t.td), ST_OK);
}

static int create_table(struct vf *vf, u32 type, u32 log_size, u32 level, u32 *id)
{
	u8 in[IFC_SZ(create_flow_table_in)] = { 0 };
	u8 *ctx = IFC_AT(create_flow_table_in, in, flow_table_context);

	IFC_SET(create_flow_table_in, in, table_type, type);
	IFC_SET(flow_table_context, ctx, log_size, log_size);
	IFC_SET(flow_table_context, ctx, level, level);
	return create(vf, in, sizeof(in), MLX5_CMD_OP_CREATE_FLOW_TABLE, id);
}

static int create_group(struct vf *vf, u32 table, u32 first, u32 last, u32 *id)
{
	u8 in[IFC_SZ(create_flow_group_in)] = { 0 };

	IFC_SET(create_flow_group_in, in, table_id, table);
	IFC_SET(create_flow_group_in, in, start_flow_index, first);
	IFC_SET(create_flow_group_in, in, end_flow_index, last);
	return create(vf, in, sizeof(in), MLX5_CMD_OP_CREATE_FLOW_GROUP, id);
}

static int set_entry(struct vf *vf, u32 table, u32 group, u32 index, u32 n, u32 type, u32 dest)
{
	u8 in[IFC_SZ(set_fte_in) + 8] = { 0 }, out[16];
	u8 *ctx = IFC_AT(set_fte_in, in, flow_context), *d = in + IFC_SZ(set_fte_in);

	IFC_SET(set_fte_in, in, opcode, MLX5_CMD_OP_SET_FLOW_TABLE_ENTRY);
	IFC_SET(set_fte_in, in, table_id, table);
	IFC_SET(set_fte_in, in, flow_index, index);
	IFC_SET(flow_context, ctx, group_id, group);
	IFC_SET(flow_context, ctx, destination_list_size, n);
	IFC_SET(dest_format_struct, d, destination_type, type);
	IFC_SET(dest_format_struct, d, destination_id, dest);
	return vf_cmd(vf, in, sizeof(in), out, sizeof(out));
}

/* The commands that have the table, and a number, at the same places */
static int table_cmd(struct vf *vf, u32 opcode, u32 table, u32 number)
{
	u8 in[IFC_SZ(destroy_flow_group_in)] = { 0 }, out[16];

	put_be16(in, opcode);
	IFC_SET(destroy_flow_group_in, in, table_id, table);
	IFC_SET(destroy_flow_group_in, in, group_id, number);
	return vf_cmd(vf, in, sizeof(in), out, sizeof(out));
}

static void flow_tables(struct vf *vf)
{
	u32 table, other, group, group2, rqn, tir, id;
	struct eth t;

	setup(vf, &t);
	EXPECT_EQ(create_rq(vf, t.cq.id, &rqn), ST_OK);
	EXPECT_EQ(create_tir(vf, t.td, 0, rqn, &tir), ST_OK);
	EXPECT_EQ(create_table(vf, 1, 4, 3, &id), ST_BAD_PARAM);
	EXPECT_EQ(create_table(vf, 0, 32, 3, &id), ST_BAD_PARAM);
	EXPECT_EQ(create_table(vf, 0, 4, 255, &id), ST_BAD_PARAM);
	EXPECT_EQ(create_table(vf, 0, 4, 3, &table), ST_OK);
	EXPECT_EQ(create_table(vf, 0, 4, 4, &other), ST_OK);
	EXPECT_EQ(table_cmd(vf, MLX5_CMD_OP_SET_FLOW_TABLE_ROOT, table, 0), ST_OK);
	EXPECT_EQ(table_cmd(vf, MLX5_CMD_OP_SET_FLOW_TABLE_ROOT, other + 1, 0), ST_BAD_RES);
	EXPECT_EQ(create_group(vf, table, 0, 16, &id), ST_BAD_PARAM);
	EXPECT_EQ(create_group(vf, table, 5, 4, &id), ST_BAD_PARAM);
	EXPECT_EQ(create_group(vf, other + 1, 0, 3, &id), ST_BAD_RES);
	EXPECT_EQ(create_group(vf, table, 4, 7, &group), ST_OK);
	EXPECT_EQ(create_group(vf, table, 7, 8, &id), ST_BAD_PARAM);
	EXPECT_EQ(create_group(vf, other, 7, 8, &group2), ST_OK);
	EXPECT_EQ(set_entry(vf, table, group, 4, 1, 2, tir), ST_OK);
	EXPECT_EQ(set_entry(vf, table, group, 7, 1, 1, other), ST_OK);
	EXPECT_EQ(set_entry(vf, table, group, 7, 0, 0, 0), ST_OK);
	EXPECT_EQ(set_entry(vf, table, group, 3, 1, 2, tir), ST_BAD_PARAM);
	EXPECT_EQ(set_entry(vf, table, group, 8, 1, 2, tir), ST_BAD_PARAM);
	EXPECT_EQ(set_entry(vf, table, group2, 7, 1, 2, tir), ST_BAD_RES);
	EXPECT_EQ(set_entry(vf, table, group, 4, 1, 2, tir + 1), ST_BAD_RES);
	EXPECT_EQ(set_entry(vf, table, group, 4, 1, 1, other + 1), ST_BAD_RES);
	EXPECT_EQ(set_entry(vf, table, group, 4, 1, 0, 1), ST_BAD_RES);
	EXPECT_EQ(set_entry(vf, table, group, 4, 2, 2, tir), ST_BAD_INLEN);
	EXPECT_EQ(set_entry(vf, table, group, 4, 0xffffff, 2, tir), ST_BAD_PARAM);
	EXPECT_EQ(table_cmd(vf, MLX5_CMD_OP_DESTROY_FLOW_TABLE, table, 0), ST_BAD_RES_STATE);
	EXPECT_EQ(table_cmd(vf, MLX5_CMD_OP_DESTROY_FLOW_GROUP, table, group2), ST_BAD_RES);
	EXPECT_EQ(table_cmd(vf, MLX5_CMD_OP_DESTROY_FLOW_GROUP, table, group), ST_OK);
	EXPECT_EQ(table_cmd(vf, MLX5_CMD_OP_DESTROY_FLOW_TABLE, table, 0), ST_OK);
	EXPECT_EQ(table_cmd(vf, MLX5_CMD_OP_DESTROY_FLOW_TABLE, table, 0), ST_BAD_RES);
}

static int modify_vport(struct vf *vf, u32 select_offset, u32 mtu, u32 list)
{
	u8 in[IFC_SZ(modify_nic_vport_context_in) + 16] = { 0 }, out[16];
	u8 *v = IFC_AT(modify_nic_vport_context_in, in, nic_vport_context);

	IFC_SET(modify_nic_vport_context_in, in, opcode, MLX5_CMD_OP_MODIFY_NIC_VPORT_CONTEXT);
	bits_set(IFC_AT(modify_nic_vport_context_in, in, field_select), select_offset, 1, 1);
	IFC_SET(nic_vport_context, v, mtu, mtu);
	IFC_SET(nic_vport_context, v, roce_en, 1);
	IFC_SET(nic_vport_context, v, allowed_list_size, list);
	return vf_cmd(vf, in, sizeof(in), out, sizeof(out));
}

#define SELECT(f)	IFC_OFF(modify_nic_vport_field_select, f)

static void vport(struct vf *vf)
{
	u8 in[16] = { 0 }, out[IFC_SZ(query_nic_vport_context_out)];
	u8 *v = IFC_AT(query_nic_vport_context_out, out, nic_vport_context);

	vf_init(vf);
	EXPECT_EQ(modify_vport(vf, SELECT(mtu), 1522, 0), ST_OK);
	EXPECT_EQ(modify_vport(vf, SELECT(mtu), ETH_MTU + 1, 0), ST_BAD_PARAM);
	EXPECT_EQ(modify_vport(vf, SELECT(addresses_list), 0, 2), ST_OK);
	EXPECT_EQ(modify_vport(vf, SELECT(addresses_list), 0, 3), ST_BAD_INLEN);
	EXPECT_EQ(modify_vport(vf, SELECT(permanent_address), 0, 0), ST_BAD_PARAM);
	IFC_SET(query_nic_vport_context_in, in, opcode, MLX5_CMD_OP_QUERY_NIC_VPORT_CONTEXT);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_OK);
	EXPECT_EQ(IFC_GET(nic_vport_context, v, mtu), 1522);
	EXPECT_EQ(IFC_GET(nic_vport_context, v, roce_en), 0);
	/* The last two bytes are the LID. */
	EXPECT(!memcmp(IFC_AT(nic_vport_context, v, permanent_address), "\0\0\2ml5\1\3", 8));
	EXPECT_EQ(modify_vport(vf, SELECT(roce_en), 0, 0), ST_OK);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_OK);
	EXPECT_EQ(IFC_GET(nic_vport_context, v, roce_en), 1);
	IFC_SET(query_nic_vport_context_in, in, other_vport, 1);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_BAD_PARAM);
}

static void infiniband(struct vf *vf)
{
	u32 id;

	vf_init(vf);
	id = vf_number(vf, MLX5_CMD_OP_ALLOC_TRANSPORT_DOMAIN);
	EXPECT_EQ(create_tis(vf, id, &id), ST_BAD_OP);
	EXPECT_EQ(create_table(vf, 0, 4, 3, &id), ST_BAD_OP);
}

#define ETH(f)	T_OPT(f, -1, 1, .eth = true)

int main(void)
{
	static const struct test tests[] = {
		ETH(frames), ETH(bad_frames), ETH(send_queue), ETH(no_such_thing), ETH(in_use),
		ETH(flow_tables), T_OPT(vport, -1, 1, .eth = true, .lid = 0x103), T(infiniband),
	};

	return test_main("ethernet", tests, ARRAY_SIZE(tests));
}
