// SPDX-License-Identifier: GPL-2.0
/*
 * Queue pairs: their commands, states, and what is done with their queues.
 *
 * A send doorbell tells that there is something to do; how much is in the
 * doorbell record. The receive queue has a record only, so it is looked at when
 * a message needs an entry - and now and then while the queue pair is in error,
 * since what is posted then has to be flushed.
 */
#include "emu.h"

/* How many entries a queue pair may execute before others get their turn */
#define RUN_BUDGET	64
#define ERROR_POLL_NS	1000000ULL

/**
 * qp_accessor - the rights of a queue pair
 * @qp: the queue pair
 */
struct accessor qp_accessor(const struct qp *qp)
{
	return (struct accessor){
		.pd = QP_FIELD(qp, pd),
		.qpn = qp->obj.id,
		.reserved_lkey = QP_FIELD(qp, rlky),
	};
}

static u32 qp_cqe_uidx(const struct qp *qp)
{
	return QP_FIELD(qp, user_index);
}

static void cqe_common(struct emu *e, u8 *cqe, const struct qp *qp, u32 uidx, u8 op, u32 counter)
{
	put_be32(cqe + CQE_SRQN_UIDX, uidx);
	put_be64(cqe + CQE_TIMESTAMP, clock_now(e));
	put_be32(cqe + CQE_OPCODE_QPN, qp->obj.id);
	put_be16(cqe + CQE_COUNTER, counter);
	cqe[CQE_OP_OWN] = op << 4;
}

/* The timestamp is not there in an error entry; the syndromes are in its place. */
static void cqe_error(u8 *cqe, u8 syndrome)
{
	/* What real devices are seen to report beside these syndromes */
	static const u8 vendor[] = {
		[SYN_FLUSH] = 0xf9,
		[SYN_REMOTE_ACCESS] = 0x88,
		[SYN_RETRY_EXC] = 0x81,
		[SYN_RNR_RETRY_EXC] = 0x87,
	};

	put_be64(cqe + CQE_TIMESTAMP, 0);
	cqe[CQE_VENDOR_SYND] = syndrome < ARRAY_SIZE(vendor) ? vendor[syndrome] : 0;
	cqe[CQE_SYND] = syndrome;
}

/**
 * qp_remote_lid - who a queue pair is connected to
 * @e: the device
 * @qp: the queue pair
 */
u32 qp_remote_lid(struct emu *e, const struct qp *qp)
{
	const u8 *path = IFC_AT(qpc, qp->ctx, primary_address_path);

	return e->opt.eth ? roce_lid(IFC_AT(ads, path, rmac_47_32)) : IFC_GET(ads, path, rlid);
}

static bool sq_pending(struct emu *e, const struct qp *qp, u32 *n)
{
	u32 counter;

	if (!qp->has_sq || !dma_counter(e, qp->dbr + SQ_DBR * 4, &counter))
		return false;
	*n = (counter - qp->sq_ci) & 0xffff;
	return true;
}

static bool rq_pending(struct emu *e, const struct qp *qp, u32 *n)
{
	u32 counter;

	if (!qp->has_rq || !dma_counter(e, qp->dbr + RQ_DBR * 4, &counter))
		return false;
	*n = (counter - qp->rq_ci) & 0xffff;
	return true;
}

/**
 * qp_sq_read - copy from the send queue, around its end
 * @e: the device
 * @qp: the queue pair
 * @wqe: where to copy the entry at the consumer index to, WQE_MAX bytes
 *
 * Return: how much was copied, 0 if it is not in memory
 */
u32 qp_sq_read(struct emu *e, const struct qp *qp, u8 *wqe)
{
	u32 size = WQE_BB << qp->sq_log_size;
	u32 offset = qp->sq_ci * WQE_BB & (size - 1);
	u32 len = min_t(u32, WQE_MAX, size);
	u32 first = min(len, size - offset);

	if (!pagelist_read(e, &qp->buf, qp->sq_offset + offset, wqe, first) ||
	    !pagelist_read(e, &qp->buf, qp->sq_offset, wqe + first, len - first))
		return 0;
	return len;
}

static void sq_advance(struct qp *qp, u32 ds)
{
	qp->sq_ci = (qp->sq_ci + max((ds + 3) / 4, 1U)) & 0xffff;
	IFC_SET(qpc, qp->ctx, hw_sq_wqebb_counter, qp->sq_ci);
}

/**
 * qp_complete - the send queue entry at hand was executed
 * @e: the device
 * @qp: the queue pair
 * @bytes: how much it moved
 */
void qp_complete(struct emu *e, struct qp *qp, u32 bytes)
{
	const u8 *wqe = qp->req.wqe;
	u8 ce = wqe[WQE_FM_CE_SE] >> WQE_CE_SHIFT & WQE_CE_MASK;
	u8 cqe[CQE_SIZE] = { 0 };

	rc_stop(e, qp);
	qp->sent++;
	e->stats.bytes += bytes;
	cqe_common(e, cqe, qp, qp_cqe_uidx(qp), CQE_OP_REQ, qp->sq_ci);
	cqe[CQE_OPCODE_QPN] = qp->req.opcode;
	put_be32(cqe + CQE_BYTE_CNT, bytes);
	sq_advance(qp, get_be32(wqe + 4) & 0x3f);
	if (ce >= WQE_CE_ALWAYS)
		cq_post(e, qp->scq, cqe, ce == WQE_CE_EVENT);
}

static bool sq_error_cqe(struct emu *e, struct qp *qp, u8 opcode, u32 ds, u8 syndrome)
{
	u8 cqe[CQE_SIZE] = { 0 };

	cqe_common(e, cqe, qp, qp_cqe_uidx(qp), CQE_OP_REQ_ERR, qp->sq_ci);
	cqe[CQE_OPCODE_QPN] = opcode;
	cqe_error(cqe, syndrome);
	sq_advance(qp, ds);
	return cq_post(e, qp->scq, cqe, true);
}

static void sq_flush(struct emu *e, struct qp *qp)
{
	u8 wqe[WQE_MAX] = { 0 };
	u32 n, done = 0, before;

	if (!sq_pending(e, qp, &n))
		return;
	n = min(n, 1U << qp->sq_log_size);
	while (done < n && qp_sq_read(e, qp, wqe)) {
		before = qp->sq_ci;
		e->stats.flushed++;
		if (!sq_error_cqe(e, qp, wqe[3], get_be32(wqe + 4) & 0x3f, SYN_FLUSH))
			return;
		done += (qp->sq_ci - before) & 0xffff;
	}
}

static void rq_flush(struct emu *e, struct qp *qp)
{
	struct recv r = { .srq = NULL };
	u32 n;

	if (!rq_pending(e, qp, &n))
		return;
	for (n = min(n, 1U << qp->rq_log_size); n; n--) {
		r.index = qp->rq_ci & ((1U << qp->rq_log_size) - 1);
		qp->rq_ci++;
		e->stats.flushed++;
		if (!qp_recv_cqe(e, qp, &r, CQE_OP_RESP_ERR, NULL, 0, SYN_FLUSH))
			return;
	}
}

static void error_poll(struct emu *e, struct timer *t)
{
	bool again = false;
	struct qp *qp;
	u32 i;

	table_for_each(&e->qps, i, qp) {
		if (qp->state != QP_ERR)
			continue;
		sq_flush(e, qp);
		rq_flush(e, qp);
		again = true;
	}
	if (again)
		timer_start(e, t, ERROR_POLL_NS);
}

/**
 * qp_error - put a queue pair into the error state
 * @e: the device
 * @qp: the queue pair
 *
 * All that is in its queues is flushed, now and as long as it is in this state.
 */
void qp_error(struct emu *e, struct qp *qp)
{
	if (qp->state != QP_ERR) {
		log_info("qp %u: error", qp->obj.id);
		qp->state = QP_ERR;
		qp->errors++;
		rc_stop(e, qp);
		if (qp->srq)
			eq_object_event(e, EV_SRQ_LAST_WQE, 0, qp->obj.id);
	}
	sq_flush(e, qp);
	rq_flush(e, qp);
	e->error_poll.fn = error_poll;
	if (!e->error_poll.armed)
		timer_start(e, &e->error_poll, ERROR_POLL_NS);
}

/**
 * qp_fail - the send queue entry at hand cannot be executed
 * @e: the device
 * @qp: the queue pair
 * @syndrome: why
 */
void qp_fail(struct emu *e, struct qp *qp, u8 syndrome)
{
	log_info("qp %u: entry %u, opcode %#x: syndrome %#x", qp->obj.id, qp->sq_ci,
		 qp->req.opcode, syndrome);
	rc_stop(e, qp);
	sq_error_cqe(e, qp, qp->req.opcode, get_be32(qp->req.wqe + 4) & 0x3f, syndrome);
	if (qp->type == QPT_RC || qp->type == QPT_XRC || qp->type == QPT_REG_UMR) {
		qp_error(e, qp);
	} else if (qp->state != QP_ERR) {
		/* Unreliable ones: only the send queue is in error. */
		qp->state = QP_SQER;
		qp->errors++;
		sq_flush(e, qp);
	}
}

static void qp_catastrophe(struct emu *e, struct qp *qp)
{
	qp->catastrophe = false;
	eq_object_event(e, EV_WQ_CATAS, 0, qp->obj.id);
	qp_error(e, qp);
}

/**
 * qp_run - execute what is in the send queue
 * @e: the device
 * @qp: the queue pair
 */
void qp_run(struct emu *e, struct qp *qp)
{
	int budget = RUN_BUDGET;
	u8 syndrome;
	u32 n;

	if (qp->running)
		return;
	if (qp->catastrophe)
		qp_catastrophe(e, qp);
	if (qp->state == QP_ERR || qp->state == QP_SQER)
		sq_flush(e, qp);
	qp->running = true;
	while (qp->state == QP_RTS && !qp->req.busy && qp->has_sq) {
		if (!sq_pending(e, qp, &n) || n > 1U << qp->sq_log_size) {
			qp_catastrophe(e, qp);
			break;
		}
		if (!n)
			break;
		if (!budget--) {
			timer_start(e, &qp->work, 0);
			break;
		}
		e->stats.wqes++;
		syndrome = wqe_execute(e, qp);
		if (syndrome)
			qp_fail(e, qp, syndrome);
	}
	qp->running = false;
}

static void qp_work(struct emu *e, struct timer *t)
{
	qp_run(e, container_of(t, struct qp, work));
}

/**
 * qp_doorbell - the guest says that there is something in a send queue
 * @e: the device
 * @uar: page of the doorbell
 * @qpn: the queue pair
 */
void qp_doorbell(struct emu *e, u32 uar, u32 qpn)
{
	struct qp *qp = table_get(&e->qps, qpn);
	u64 delay = (u64)e->clock.delay + e->fault.wqe_delay_us;

	if (!qp || qp->uar != uar) {
		e->stats.mmio_bad++;
		log_info("doorbell for qp %u in page %u: no such thing", qpn, uar);
		return;
	}
	if (!delay)
		qp_run(e, qp);
	else if (!qp->work.armed)
		timer_start(e, &qp->work, delay * 1000);
}

/**
 * qp_for_cq_error - a completion queue is in error, so its queue pairs are
 * @e: the device
 * @cq: the queue
 */
void qp_for_cq_error(struct emu *e, struct cq *cq)
{
	struct qp *qp;
	u32 i;

	table_for_each(&e->qps, i, qp) {
		if (qp->scq != cq && qp->rcq != cq)
			continue;
		/* Not now: one of them is at work, or we would not be here. */
		qp->catastrophe = true;
		timer_start(e, &qp->work, 0);
	}
}

/**
 * qp_recv_empty - whether a message would find no receive request
 * @e: the device
 * @qp: the queue pair
 * @srq: instead of its own queue, or NULL
 */
bool qp_recv_empty(struct emu *e, struct qp *qp, struct srq *srq)
{
	u32 n;

	if (srq)
		return srq_empty(e, srq);
	return !rq_pending(e, qp, &n) || !n;
}

/**
 * qp_recv_pop - take a receive request
 * @e: the device
 * @qp: the queue pair
 * @srq: instead of its own queue, or NULL
 * @r: where to copy it to
 *
 * Return: whether there was one
 */
bool qp_recv_pop(struct emu *e, struct qp *qp, struct srq *srq, struct recv *r)
{
	r->srq = srq;
	r->index = 0;
	qp->received++;
	if (srq) {
		/* The first segment is the link to the next entry. */
		r->skip = WQE_DS;
		return srq_pop(e, srq, r->wqe, &r->len, &r->index);
	}
	r->skip = 0;
	r->len = 1U << qp->rq_log_stride;
	r->index = qp->rq_ci & ((1U << qp->rq_log_size) - 1);
	qp->rq_ci++;
	return pagelist_read(e, &qp->buf, (u64)r->index << qp->rq_log_stride, r->wqe, r->len);
}

/**
 * qp_recv_cqe - complete a receive request
 * @e: the device
 * @qp: the queue pair
 * @r: the request
 * @op: CQE_OP_*
 * @p: the message, NULL if there is none
 * @bytes: its length
 * @syndrome: why, if it is an error
 *
 * Return: whether there was room for the completion
 */
bool qp_recv_cqe(struct emu *e, struct qp *qp, const struct recv *r, u8 op,
		 const struct packet *p, u32 bytes, u8 syndrome)
{
	bool xrc = r->srq && r->srq->xrc;
	u32 uidx = xrc ? r->srq->user_index : qp_cqe_uidx(qp);
	u8 cqe[CQE_SIZE] = { 0 };

	cqe_common(e, cqe, qp, uidx, op, r->index);
	if (op == CQE_OP_RESP_ERR) {
		cqe_error(cqe, syndrome);
	} else {
		/* With RoCE there is the kind of header in place of the service level. */
		put_be16(cqe + CQE_SLID, e->opt.eth ? 0 : p->slid);
		put_be32(cqe + CQE_FLAGS_RQPN, (u32)(p->grh & 1) << 28 |
			 (u32)(e->opt.eth ? p->l3 & 3 : p->sl & 0xf) << 24 |
			 (p->src_qp & 0xffffff));
		put_be32(cqe + CQE_IMM, p->imm);
		put_be32(cqe + CQE_BYTE_CNT, bytes);
	}
	return cq_post(e, xrc ? r->srq->cq : qp->rcq, cqe,
		       op == CQE_OP_RESP_ERR || p->solicited);
}

void qp_release(struct emu *e, struct object *o)
{
	struct qp *qp = container_of(o, struct qp, obj);
	u32 i = 0;

	rc_stop(e, qp);
	timer_stop(e, &qp->work);
	pagelist_free(&qp->buf);
	while (i < e->n_mcg) {
		if (e->mcg[i].qpn == o->id)
			e->mcg[i] = e->mcg[--e->n_mcg];
		else
			i++;
	}
	if (qp->scq)
		qp->scq->obj.refs--;
	if (qp->rcq)
		qp->rcq->obj.refs--;
	if (qp->srq)
		qp->srq->obj.refs--;
	if (qp->pd)
		qp->pd->refs--;
}

/* What this model does not do, but a guest might ask for */
static bool qp_is_exotic(const u8 *ctx, u32 type)
{
	switch (type) {
	case QPT_RC:
	case QPT_UC:
	case QPT_UD:
	case QPT_XRC:
	case QPT_QP0:
	case QPT_QP1:
	case QPT_REG_UMR:
		break;
	default:
		return true;
	}
	return IFC_GET(qpc, ctx, wq_signature) || IFC_GET(qpc, ctx, cd_master) ||
	       IFC_GET(qpc, ctx, cd_slave_send) || IFC_GET(qpc, ctx, cd_slave_receive) ||
	       IFC_GET(qpc, ctx, cs_req) || IFC_GET(qpc, ctx, cs_res) ||
	       IFC_GET(qpc, ctx, dbr_umem_valid);
}

/* What the context refers to; the references are counted by who calls. */
static u8 qp_resources(struct emu *e, struct qp *qp)
{
	u32 rq_type = QP_FIELD(qp, rq_type);

	qp->type = QP_FIELD(qp, st);
	qp->has_sq = !QP_FIELD(qp, no_sq);
	qp->has_rq = rq_type == RQ_NORMAL;
	qp->uar = QP_FIELD(qp, uar_page);
	qp->dbr = IFC_GET64(qpc, qp->ctx, dbr_addr);
	qp->sq_log_size = QP_FIELD(qp, log_sq_size);
	qp->rq_log_size = QP_FIELD(qp, log_rq_size);
	qp->rq_log_stride = QP_FIELD(qp, log_rq_stride) + 4;
	qp->sq_offset = qp->has_rq ? 1ULL << (qp->rq_log_size + qp->rq_log_stride) : 0;
	if (qp_is_exotic(qp->ctx, qp->type) || (rq_type != RQ_NORMAL && rq_type != RQ_SRQ &&
						rq_type != RQ_NONE))
		return ST_BAD_PARAM;
	if ((qp->has_sq || qp->has_rq) && qp->dbr % 8)
		return ST_BAD_PARAM;
	if (qp->has_sq && !table_get(&e->uars, qp->uar))
		return ST_BAD_PARAM;
	qp->pd = table_get(&e->pds, QP_FIELD(qp, pd));
	qp->scq = table_get(&e->cqs, QP_FIELD(qp, cqn_snd));
	qp->rcq = table_get(&e->cqs, QP_FIELD(qp, cqn_rcv));
	/* The driver's own queue pair for UMR gets its domain by RST2INIT. */
	if ((!qp->pd && qp->type != QPT_REG_UMR) || (qp->has_sq && !qp->scq) ||
	    (rq_type != RQ_NONE && !qp->rcq))
		return ST_BAD_RES;
	/* The target of XRC uses the queue that a message names. */
	if (rq_type == RQ_SRQ && qp->type != QPT_XRC) {
		qp->srq = table_get(&e->srqs, QP_FIELD(qp, srqn_rmpn_xrqn));
		if (!qp->srq || qp->srq->xrc) {
			qp->srq = NULL;
			return ST_BAD_RES;
		}
	}
	return ST_OK;
}

static struct qp *qp_new(struct emu *e, const u8 *ctx)
{
	u32 type = IFC_GET(qpc, ctx, st);

	/* The numbers of these two are architected. */
	if (type == QPT_QP0 || type == QPT_QP1)
		return table_add_at(&e->qps, type == QPT_QP1, sizeof(struct qp));
	return table_add(&e->qps, sizeof(struct qp));
}

/**
 * qp_start - a queue pair is complete, and refers to what it names
 * @qp: the queue pair
 */
void qp_start(struct qp *qp)
{
	qp->work.fn = qp_work;
	if (qp->pd)
		qp->pd->refs++;
	if (qp->scq)
		qp->scq->obj.refs++;
	if (qp->rcq)
		qp->rcq->obj.refs++;
	if (qp->srq)
		qp->srq->obj.refs++;
}

/* By its number; a send queue of Ethernet is none, though it has a number as well. */
static struct qp *qp_get(struct emu *e, u32 qpn)
{
	struct qp *qp = table_get(&e->qps, qpn);

	return qp && qp->type != QPT_SQ ? qp : NULL;
}

u8 cmd_create_qp(struct emu *e, struct cmd *c)
{
	const u8 *ctx = IFC_AT(create_qp_in, c->in, qpc);
	struct qp probe = { 0 };
	struct qp *qp;
	u8 status;

	if (CMD_IN(create_qp, c, qpc_ext) || CMD_IN(create_qp, c, wq_umem_valid))
		return ST_BAD_PARAM;
	memcpy(probe.ctx, ctx, sizeof(probe.ctx));
	status = qp_resources(e, &probe);
	if (status)
		return status;
	status = pagelist_init(&probe.buf, c->in + IFC_SZ(create_qp_in),
			       c->inlen - IFC_SZ(create_qp_in), QP_FIELD(&probe, log_page_size),
			       QP_FIELD(&probe, page_offset), probe.sq_offset +
			       (probe.has_sq ? (u64)WQE_BB << probe.sq_log_size : 0));
	qp = status ? NULL : qp_new(e, ctx);
	if (!qp) {
		pagelist_free(&probe.buf);
		return status ? status : ST_NO_RES;
	}
	probe.obj = qp->obj;
	*qp = probe;
	qp_start(qp);
	CMD_OUT_SET(create_qp, c, qpn, qp->obj.id);
	return ST_OK;
}

u8 cmd_destroy_qp(struct emu *e, struct cmd *c)
{
	u32 qpn = CMD_IN(destroy_qp, c, qpn);

	return qp_get(e, qpn) ? table_del(e, &e->qps, qpn) : ST_BAD_RES;
}

u8 cmd_query_qp(struct emu *e, struct cmd *c)
{
	struct qp *qp = qp_get(e, CMD_IN(query_qp, c, qpn));
	u8 *ctx = IFC_AT(query_qp_out, c->out, qpc);

	if (!qp)
		return ST_BAD_RES;
	memcpy(ctx, qp->ctx, sizeof(qp->ctx));
	IFC_SET(qpc, ctx, state, qp->state);
	IFC_SET(qpc, ctx, hw_rq_counter, qp->rq_ci);
	return ST_OK;
}

#define KEEP(f)		IFC_KEEP(qpc, qp->ctx, ctx, f)

static void path_keep_all(struct qp *qp, const u8 *ctx)
{
	memcpy(IFC_AT(qpc, qp->ctx, primary_address_path), IFC_AT(qpc, ctx, primary_address_path),
	       IFC_SZ(ads));
}

#define PATH_KEEP(f)	IFC_KEEP(ads, IFC_AT(qpc, qp->ctx, primary_address_path),	\
				 IFC_AT(qpc, ctx, primary_address_path), f)

/* What a transition may change besides what it must set */
static void qp_optional(struct qp *qp, const u8 *ctx, u32 opt)
{
	if (opt & OPT_RRE)
		KEEP(rre);
	if (opt & OPT_RWE)
		KEEP(rwe);
	if (opt & OPT_RAE)
		KEEP(rae);
	if (opt & OPT_QKEY)
		KEEP(q_key);
	if (opt & OPT_PKEY_INDEX)
		PATH_KEEP(pkey_index);
	if (opt & OPT_PORT)
		PATH_KEEP(vhca_port_num);
	if (opt & OPT_RNR_TIMEOUT)
		KEEP(min_rnr_nak);
	if (opt & OPT_SRA_MAX)
		KEEP(log_sra_max);
	if (opt & OPT_RRA_MAX)
		KEEP(log_rra_max);
	if (opt & OPT_PM_STATE)
		KEEP(pm_state);
	if (opt & OPT_RETRY_COUNT)
		KEEP(retry_count);
	if (opt & OPT_RNR_RETRY)
		KEEP(rnr_retry);
	if (opt & OPT_ACK_TIMEOUT)
		PATH_KEEP(ack_timeout);
}

static u8 qp_set_pd(struct emu *e, struct qp *qp, u32 pdn)
{
	struct object *pd = table_get(&e->pds, pdn);

	if (!pd)
		return ST_BAD_RES;
	if (qp->pd)
		qp->pd->refs--;
	qp->pd = pd;
	pd->refs++;
	IFC_SET(qpc, qp->ctx, pd, pdn);
	return ST_OK;
}

/**
 * qp_to_reset - put a queue pair into the state in which it was created
 * @e: the device
 * @qp: the queue pair
 */
void qp_to_reset(struct emu *e, struct qp *qp)
{
	rc_stop(e, qp);
	timer_stop(e, &qp->work);
	qp->catastrophe = false;
	qp->sq_ci = 0;
	qp->rq_ci = 0;
	qp->executed = false;
	qp->state = QP_RST;
}

static void qp_required(struct qp *qp, const u8 *ctx, u32 opcode)
{
	switch (opcode) {
	case MLX5_CMD_OP_RST2INIT_QP:
		KEEP(q_key);
		KEEP(rre);
		KEEP(rwe);
		KEEP(rae);
		KEEP(atomic_mode);
		KEEP(counter_set_id);
		KEEP(pm_state);
		path_keep_all(qp, ctx);
		break;
	case MLX5_CMD_OP_INIT2RTR_QP:
		KEEP(mtu);
		KEEP(log_msg_max);
		KEEP(remote_qpn);
		KEEP(next_rcv_psn);
		KEEP(min_rnr_nak);
		KEEP(log_rra_max);
		if (QP_FIELD(qp, st) == QPT_RC || QP_FIELD(qp, st) == QPT_UC ||
		    QP_FIELD(qp, st) == QPT_XRC) {
			u32 port = QP_PATH(qp, vhca_port_num), pkey = QP_PATH(qp, pkey_index);
			u8 *path = IFC_AT(qpc, qp->ctx, primary_address_path);

			path_keep_all(qp, ctx);
			IFC_SET(ads, path, pkey_index, pkey);
			IFC_SET(ads, path, vhca_port_num, port);
		}
		break;
	case MLX5_CMD_OP_RTR2RTS_QP:
		KEEP(next_send_psn);
		KEEP(retry_count);
		KEEP(rnr_retry);
		KEEP(log_sra_max);
		PATH_KEEP(ack_timeout);
		break;
	}
}

u8 cmd_modify_qp(struct emu *e, struct cmd *c)
{
	static const struct {
		u16 opcode;
		u16 from;
		u8 to;
	} transition[] = {
		{ MLX5_CMD_OP_RST2INIT_QP, BIT(QP_RST), QP_INIT },
		{ MLX5_CMD_OP_INIT2INIT_QP, BIT(QP_INIT), QP_INIT },
		{ MLX5_CMD_OP_INIT2RTR_QP, BIT(QP_INIT), QP_RTR },
		{ MLX5_CMD_OP_RTR2RTS_QP, BIT(QP_RTR), QP_RTS },
		{ MLX5_CMD_OP_RTS2RTS_QP, BIT(QP_RTS), QP_RTS },
		{ MLX5_CMD_OP_SQERR2RTS_QP, BIT(QP_SQER), QP_RTS },
		{ MLX5_CMD_OP_SQD_RTS_QP, BIT(QP_SQD), QP_RTS },
		{ MLX5_CMD_OP_2ERR_QP, 0xffff, QP_ERR },
		{ MLX5_CMD_OP_2RST_QP, 0xffff, QP_RST },
	};
	/* All these commands have the same layout, as far as they go. */
	struct qp *qp = qp_get(e, CMD_IN(rst2init_qp, c, qpn));
	const u8 *ctx = IFC_AT(rst2init_qp_in, c->in, qpc);
	u32 i = 0;

	if (!qp)
		return ST_BAD_RES;
	while (transition[i].opcode != c->opcode)
		i++;
	if (!(transition[i].from & BIT(qp->state)))
		return ST_BAD_QP_STATE;
	if (c->opcode == MLX5_CMD_OP_RST2INIT_QP && qp_set_pd(e, qp, IFC_GET(qpc, ctx, pd)))
		return ST_BAD_RES;
	log_debug("qp %u: state %u to %u", qp->obj.id, qp->state, transition[i].to);
	if (c->opcode == MLX5_CMD_OP_2RST_QP) {
		qp_to_reset(e, qp);
	} else if (c->opcode == MLX5_CMD_OP_2ERR_QP) {
		qp_error(e, qp);
	} else {
		qp_required(qp, ctx, c->opcode);
		qp_optional(qp, ctx, CMD_IN(rst2init_qp, c, opt_param_mask));
		qp->state = transition[i].to;
		/* What was posted before has had its doorbell. */
		if (qp->state == QP_RTS)
			qp_run(e, qp);
	}
	return ST_OK;
}
