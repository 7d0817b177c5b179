// SPDX-License-Identifier: GPL-2.0
/*
 * The Ethernet side of the device, as far as the network driver must have it for its
 * device to be there: RoCE takes its addresses from that. What is asked for is
 * checked. But there is no wire for frames: those that are sent are read and dropped,
 * and none comes, so what would spread them to receive queues spreads nothing.
 */
#include "emu.h"

#define WQ_CYCLIC	1
#define MAX_RQT		1024

/* --- the port's context */

u8 cmd_query_nic_vport_context(struct emu *e, struct cmd *c)
{
	u8 *v = IFC_AT(query_nic_vport_context_out, c->out, nic_vport_context);

	if (CMD_IN(query_nic_vport_context, c, other_vport))
		return ST_BAD_PARAM;
	memcpy(v, e->nic_vport, sizeof(e->nic_vport));
	IFC_SET64(nic_vport_context, v, system_image_guid, emu_guid(e->opt.lid));
	IFC_SET64(nic_vport_context, v, node_guid, emu_guid(e->opt.lid));
	IFC_SET64(nic_vport_context, v, port_guid, emu_guid(e->opt.lid) + 1);
	IFC_SET(nic_vport_context, v, qkey_violation_counter, e->stats.qkey_violations);
	emu_mac(e->opt.lid, IFC_AT(nic_vport_context, v, permanent_address) + 2);
	return ST_OK;
}

#define SELECTED(f)	IFC_GET(modify_nic_vport_field_select, select, f)
#define KEEP(f)		IFC_KEEP(nic_vport_context, e->nic_vport, v, f)

u8 cmd_modify_nic_vport_context(struct emu *e, struct cmd *c)
{
	const u8 *select = IFC_AT(modify_nic_vport_context_in, c->in, field_select);
	const u8 *v = IFC_AT(modify_nic_vport_context_in, c->in, nic_vport_context);

	/* The identity of a virtual function is the physical one's to change. */
	if (CMD_IN(modify_nic_vport_context, c, other_vport) || SELECTED(permanent_address) ||
	    SELECTED(node_guid) || SELECTED(port_guid) || SELECTED(affiliation))
		return ST_BAD_PARAM;
	if (SELECTED(mtu) && IFC_GET(nic_vport_context, v, mtu) > ETH_MTU)
		return ST_BAD_PARAM;
	if (SELECTED(addresses_list) &&
	    IFC_GET(nic_vport_context, v, allowed_list_size) * IFC_SZ(mac_address_layout) >
	    c->inlen - IFC_SZ(modify_nic_vport_context_in))
		return ST_BAD_INLEN;
	if (SELECTED(roce_en))
		KEEP(roce_en);
	if (SELECTED(mtu))
		KEEP(mtu);
	if (SELECTED(min_inline))
		KEEP(min_wqe_inline_mode);
	if (SELECTED(promisc)) {
		KEEP(promisc_uc);
		KEEP(promisc_mc);
		KEEP(promisc_all);
	}
	return ST_OK;
}

/* --- send queues: queue pairs of a kind of their own, with one half */

/* One of two contexts, but for where they have it: the work queue */
static u8 wq_check(const u8 *wq, const struct cmd *c, u32 fixed, struct pagelist *buf)
{
	u32 log_size = IFC_GET(wq, wq, log_wq_sz), log_stride = IFC_GET(wq, wq, log_wq_stride);

	if (IFC_GET(wq, wq, wq_type) != WQ_CYCLIC || IFC_GET(wq, wq, wq_signature) ||
	    IFC_GET(wq, wq, dbr_umem_valid) || IFC_GET(wq, wq, wq_umem_valid) ||
	    log_size > LOG_MAX_WQ_SIZE || 1U << log_stride > MAX_RECV_WQE ||
	    IFC_GET64(wq, wq, dbr_addr) % 8)
		return ST_BAD_PARAM;
	return pagelist_init(buf, c->in + fixed, c->inlen - fixed, IFC_GET(wq, wq, log_wq_pg_sz),
			     IFC_GET(wq, wq, page_offset), 1ULL << (log_size + log_stride));
}

u8 cmd_create_sq(struct emu *e, struct cmd *c)
{
	const u8 *sqc = IFC_AT(create_sq_in, c->in, ctx), *wq = IFC_AT(sqc, sqc, wq);
	struct cq *cq = table_get(&e->cqs, IFC_GET(sqc, sqc, cqn));
	struct pagelist buf = { .n = 0 };
	struct qp *qp;
	u8 status;

	if (IFC_GET(sqc, sqc, hairpin) || IFC_GET(sqc, sqc, tis_lst_sz) > 1 ||
	    1U << IFC_GET(wq, wq, log_wq_stride) != WQE_BB ||
	    !table_get(&e->uars, IFC_GET(wq, wq, uar_page)))
		return ST_BAD_PARAM;
	if (!cq || !table_get(&e->pds, IFC_GET(wq, wq, pd)) ||
	    (IFC_GET(sqc, sqc, tis_lst_sz) &&
	     !table_get(&e->tiss, IFC_GET(sqc, sqc, tis_num_0))))
		return ST_BAD_RES;
	status = wq_check(wq, c, IFC_SZ(create_sq_in), &buf);
	qp = status ? NULL : table_add(&e->qps, sizeof(*qp));
	if (!qp) {
		pagelist_free(&buf);
		return status ? status : ST_NO_RES;
	}
	qp->buf = buf;
	qp->type = QPT_SQ;
	qp->has_sq = true;
	qp->scq = cq;
	qp->pd = table_get(&e->pds, IFC_GET(wq, wq, pd));
	qp->uar = IFC_GET(wq, wq, uar_page);
	qp->dbr = IFC_GET64(wq, wq, dbr_addr);
	qp->sq_log_size = IFC_GET(wq, wq, log_wq_sz);
	IFC_SET(qpc, qp->ctx, pd, IFC_GET(wq, wq, pd));
	IFC_SET(qpc, qp->ctx, user_index, IFC_GET(sqc, sqc, user_index));
	qp_start(qp);
	CMD_OUT_SET(create_sq, c, sqn, qp->obj.id);
	return ST_OK;
}

static struct qp *sq_get(struct emu *e, u32 sqn)
{
	struct qp *sq = table_get(&e->qps, sqn);

	return sq && sq->type == QPT_SQ ? sq : NULL;
}

/* The states of both kinds have the same numbers. */
static bool wq_state_ok(u32 state)
{
	return state == MLX5_SQC_STATE_RST || state == MLX5_SQC_STATE_RDY ||
	       state == MLX5_SQC_STATE_ERR;
}

static u32 sq_state(const struct qp *sq)
{
	switch (sq->state) {
	case QP_RST:
		return MLX5_SQC_STATE_RST;
	case QP_RTS:
		return MLX5_SQC_STATE_RDY;
	}
	return MLX5_SQC_STATE_ERR;
}

u8 cmd_modify_sq(struct emu *e, struct cmd *c)
{
	u32 to = IFC_GET(sqc, IFC_AT(modify_sq_in, c->in, ctx), state);
	struct qp *sq = sq_get(e, CMD_IN(modify_sq, c, sqn));

	if (!sq)
		return ST_BAD_RES;
	if (!wq_state_ok(to))
		return ST_BAD_PARAM;
	if (sq_state(sq) != CMD_IN(modify_sq, c, sq_state) ||
	    (sq_state(sq) == MLX5_SQC_STATE_ERR && to == MLX5_SQC_STATE_RDY))
		return ST_BAD_RES_STATE;
	if (to == MLX5_SQC_STATE_RST) {
		qp_to_reset(e, sq);
	} else if (to == MLX5_SQC_STATE_ERR) {
		qp_error(e, sq);
	} else {
		sq->state = QP_RTS;
		qp_run(e, sq);
	}
	return ST_OK;
}

u8 cmd_query_sq(struct emu *e, struct cmd *c)
{
	const struct qp *sq = sq_get(e, CMD_IN(query_sq, c, sqn));
	u8 *sqc = IFC_AT(query_sq_out, c->out, sq_context);

	if (!sq)
		return ST_BAD_RES;
	IFC_SET(sqc, sqc, state, sq_state(sq));
	IFC_SET(sqc, sqc, cqn, sq->scq->obj.id);
	return ST_OK;
}

u8 cmd_destroy_sq(struct emu *e, struct cmd *c)
{
	u32 sqn = CMD_IN(destroy_sq, c, sqn);

	return sq_get(e, sqn) ? table_del(e, &e->qps, sqn) : ST_BAD_RES;
}

/* --- receive queues, and what would spread frames to them */

struct rq {
	struct object obj;
	struct cq *cq;
	struct object *pd;	/* NULL: nothing is to be received there */
	u32 state;
};

/* An object of which nothing matters but what it needs */
struct user {
	struct object obj;
	struct object *uses;
};

void rq_release(struct emu *e, struct object *o)
{
	struct rq *rq = container_of(o, struct rq, obj);

	(void)e;
	rq->cq->obj.refs--;
	if (rq->pd)
		rq->pd->refs--;
}

void user_release(struct emu *e, struct object *o)
{
	(void)e;
	container_of(o, struct user, obj)->uses->refs--;
}

static u8 user_create(struct table *t, struct object *uses, u32 *id)
{
	struct user *u;

	if (!uses)
		return ST_BAD_RES;
	u = table_add(t, sizeof(*u));
	if (!u)
		return ST_NO_RES;
	u->uses = uses;
	uses->refs++;
	*id = u->obj.id;
	return ST_OK;
}

u8 cmd_create_rq(struct emu *e, struct cmd *c)
{
	const u8 *rqc = IFC_AT(create_rq_in, c->in, ctx), *wq = IFC_AT(rqc, rqc, wq);
	struct cq *cq = table_get(&e->cqs, IFC_GET(rqc, rqc, cqn));
	struct object *pd = table_get(&e->pds, IFC_GET(wq, wq, pd));
	struct pagelist buf = { .n = 0 };
	struct rq *rq;
	u8 status;

	if (IFC_GET(rqc, rqc, hairpin) ||
	    IFC_GET(rqc, rqc, mem_rq_type) != MLX5_RQC_MEM_RQ_TYPE_MEMORY_RQ_INLINE)
		return ST_BAD_PARAM;
	/* The queue of what is to be dropped has no domain. */
	if (!cq || (!pd && IFC_GET(wq, wq, pd)))
		return ST_BAD_RES;
	status = wq_check(wq, c, IFC_SZ(create_rq_in), &buf);
	pagelist_free(&buf);
	if (status)
		return status;
	rq = table_add(&e->rqs, sizeof(*rq));
	if (!rq)
		return ST_NO_RES;
	rq->cq = cq;
	rq->pd = pd;
	cq->obj.refs++;
	if (pd)
		pd->refs++;
	CMD_OUT_SET(create_rq, c, rqn, rq->obj.id);
	return ST_OK;
}

u8 cmd_modify_rq(struct emu *e, struct cmd *c)
{
	u32 to = IFC_GET(rqc, IFC_AT(modify_rq_in, c->in, ctx), state);
	struct rq *rq = table_get(&e->rqs, CMD_IN(modify_rq, c, rqn));

	if (!rq)
		return ST_BAD_RES;
	if (!wq_state_ok(to))
		return ST_BAD_PARAM;
	if (rq->state != CMD_IN(modify_rq, c, rq_state))
		return ST_BAD_RES_STATE;
	rq->state = to;
	return ST_OK;
}

u8 cmd_query_rq(struct emu *e, struct cmd *c)
{
	const struct rq *rq = table_get(&e->rqs, CMD_IN(query_rq, c, rqn));
	u8 *rqc = IFC_AT(query_rq_out, c->out, rq_context);

	if (!rq)
		return ST_BAD_RES;
	IFC_SET(rqc, rqc, state, rq->state);
	IFC_SET(rqc, rqc, cqn, rq->cq->obj.id);
	return ST_OK;
}

u8 cmd_destroy_rq(struct emu *e, struct cmd *c)
{
	return table_del(e, &e->rqs, CMD_IN(destroy_rq, c, rqn));
}

/* The list that a table of receive queues has, behind its context */
static u8 rqt_check(struct emu *e, const struct cmd *c, const u8 *ctx, u32 fixed)
{
	u32 i, n = IFC_GET(rqtc, ctx, rqt_actual_size);

	if (n > MAX_RQT || IFC_GET(rqtc, ctx, list_q_type) ||
	    IFC_GET(rqtc, ctx, rq_vhca_id_format))
		return ST_BAD_PARAM;
	if (n * IFC_SZ(rq_num) > c->inlen - fixed)
		return ST_BAD_INLEN;
	for (i = 0; i < n; i++)
		if (!table_get(&e->rqs, IFC_GET(rq_num, c->in + fixed + i * IFC_SZ(rq_num),
						rq_num)))
			return ST_BAD_RES;
	return ST_OK;
}

u8 cmd_create_rqt(struct emu *e, struct cmd *c)
{
	const u8 *ctx = IFC_AT(create_rqt_in, c->in, rqt_context);
	u8 status = rqt_check(e, c, ctx, IFC_SZ(create_rqt_in));
	struct object *o;

	if (status)
		return status;
	o = table_add(&e->rqts, sizeof(*o));
	if (!o)
		return ST_NO_RES;
	CMD_OUT_SET(create_rqt, c, rqtn, o->id);
	return ST_OK;
}

u8 cmd_modify_rqt(struct emu *e, struct cmd *c)
{
	if (!table_get(&e->rqts, CMD_IN(modify_rqt, c, rqtn)))
		return ST_BAD_RES;
	return rqt_check(e, c, IFC_AT(modify_rqt_in, c->in, ctx), IFC_SZ(modify_rqt_in));
}

u8 cmd_destroy_rqt(struct emu *e, struct cmd *c)
{
	return table_del(e, &e->rqts, CMD_IN(destroy_rqt, c, rqtn));
}

u8 cmd_create_tir(struct emu *e, struct cmd *c)
{
	const u8 *tirc = IFC_AT(create_tir_in, c->in, ctx);
	struct object *uses;
	u32 id = 0;
	u8 status;

	if (!table_get(&e->tds, IFC_GET(tirc, tirc, transport_domain)))
		return ST_BAD_RES;
	switch (IFC_GET(tirc, tirc, disp_type)) {
	case MLX5_TIRC_DISP_TYPE_DIRECT:
		uses = table_get(&e->rqs, IFC_GET(tirc, tirc, inline_rqn));
		break;
	case MLX5_TIRC_DISP_TYPE_INDIRECT:
		uses = table_get(&e->rqts, IFC_GET(tirc, tirc, indirect_table));
		break;
	default:
		return ST_BAD_PARAM;
	}
	status = user_create(&e->tirs, uses, &id);
	CMD_OUT_SET(create_tir, c, tirn, id);
	return status;
}

u8 cmd_create_tis(struct emu *e, struct cmd *c)
{
	const u8 *tisc = IFC_AT(create_tis_in, c->in, ctx);
	u32 id = 0;
	u8 status;

	if (IFC_GET(tisc, tisc, tls_en) || IFC_GET(tisc, tisc, underlay_qpn))
		return ST_BAD_PARAM;
	status = user_create(&e->tiss,
			     table_get(&e->tds, IFC_GET(tisc, tisc, transport_domain)), &id);
	CMD_OUT_SET(create_tis, c, tisn, id);
	return status;
}

/* How frames are hashed, or may come back: what does not come needs none of it. */
u8 cmd_modify_tir(struct emu *e, struct cmd *c)
{
	return table_get(&e->tirs, CMD_IN(modify_tir, c, tirn)) ? ST_OK : ST_BAD_RES;
}

u8 cmd_modify_tis(struct emu *e, struct cmd *c)
{
	return table_get(&e->tiss, CMD_IN(modify_tis, c, tisn)) ? ST_OK : ST_BAD_RES;
}

u8 cmd_destroy_tir(struct emu *e, struct cmd *c)
{
	return table_del(e, &e->tirs, CMD_IN(destroy_tir, c, tirn));
}

u8 cmd_destroy_tis(struct emu *e, struct cmd *c)
{
	return table_del(e, &e->tiss, CMD_IN(destroy_tis, c, tisn));
}
