// SPDX-License-Identifier: GPL-2.0
/*
 * The reliable transport (RC and XRC), and UC's requests, which get no answer.
 *
 * A requester sends one message and waits for its answer before the next: the
 * order of a real device, at less speed. Sequence numbers count packets of the
 * path's MTU, so what QUERY_QP shows moves on as it would. Whatever may be lost
 * between two devices is sent again, until the retry counters say no.
 */
#include <stdlib.h>

#include "emu.h"

#define PSN_MASK	0xffffff
#define RNR_INFINITE	7

/* The timer that an RNR NAK asks for, in units of 10 us (IBA, table 45) */
static const u32 rnr_delay[32] = {
	65536, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192,
	256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192,
	12288, 16384, 24576, 32768, 49152,
};

/**
 * rc_stop - there is no request to wait for any more
 * @e: the device
 * @qp: the queue pair
 */
void rc_stop(struct emu *e, struct qp *qp)
{
	timer_stop(e, &qp->req.timer);
	free(qp->req.pkt);
	qp->req.pkt = NULL;
	qp->req.busy = false;
}

static void rc_transmit(struct emu *e, struct qp *qp)
{
	u32 timeout = QP_PATH(qp, ack_timeout);

	qp->req.rnr_wait = false;
	/* A device may take up to four times as long as the timeout says. */
	if (timeout)
		timer_start(e, &qp->req.timer, 4 * 4096ULL << timeout);
	/* May bring the answer at once, and that frees the request. */
	link_send(e, qp->req.pkt);
}

static void rc_timeout(struct emu *e, struct timer *t)
{
	struct qp *qp = container_of(t, struct qp, req.timer);

	if (!qp->req.rnr_wait) {
		if (!qp->req.retries) {
			qp_fail(e, qp, SYN_RETRY_EXC);
			return;
		}
		qp->req.retries--;
		qp->retransmits++;
		log_debug("qp %u: no answer, sent again", qp->obj.id);
	}
	rc_transmit(e, qp);
	qp_run(e, qp);
}

/**
 * rc_send - send a request, and wait for its answer
 * @e: the device
 * @qp: the queue pair
 * @p: the request, which is now the transport's
 */
void rc_send(struct emu *e, struct qp *qp, struct packet *p)
{
	p->psn = QP_FIELD(qp, next_send_psn);
	IFC_SET(qpc, qp->ctx, next_send_psn, p->psn + p->npsn);
	qp->req.pkt = p;
	qp->req.busy = true;
	qp->req.retries = QP_FIELD(qp, retry_count);
	qp->req.rnr_retries = QP_FIELD(qp, rnr_retry);
	qp->req.timer.fn = rc_timeout;
	rc_transmit(e, qp);
}

/* What a READ or an atomic operation fetched goes where the request says. */
static u8 rc_fetched(struct emu *e, struct qp *qp, const struct packet *p)
{
	const struct accessor who = qp_accessor(qp);
	const struct request *req = &qp->req;
	u64 value = p->swap_add;
	const u8 *data = p->data;

	if (req->opcode == WQE_READ) {
		if (p->payload != req->pkt->length)
			return SYN_BAD_RESP;
	} else if (req->opcode == WQE_ATOMIC_CS || req->opcode == WQE_ATOMIC_FA) {
		if (!IFC_GET(atomic_caps, e->cap_atomic, atomic_req_8B_endianness_mode))
			value = htobe64(value);
		data = (const u8 *)&value;
	} else {
		return 0;
	}
	return wqe_scatter(e, &who, req->wqe + req->data, req->len - req->data, data,
			   req->pkt->length);
}

static void rc_rnr(struct emu *e, struct qp *qp, const struct packet *p)
{
	struct request *req = &qp->req;

	qp->rnr_naks++;
	if (!req->rnr_retries) {
		qp_fail(e, qp, SYN_RNR_RETRY_EXC);
		return;
	}
	if (req->rnr_retries != RNR_INFINITE)
		req->rnr_retries--;
	req->retries = QP_FIELD(qp, retry_count);
	req->rnr_wait = true;
	timer_start(e, &req->timer, rnr_delay[p->rnr_timer & 31] * 10000ULL);
}

static void requester_receive(struct emu *e, struct qp *qp, const struct packet *p)
{
	const struct request *req = &qp->req;
	u8 syndrome;

	if (!req->busy || req->rnr_wait || p->psn != req->pkt->psn || p->slid != req->pkt->dlid)
		return;
	if (p->type == PKT_RNR_NAK) {
		rc_rnr(e, qp, p);
		return;
	}
	if (p->type == PKT_NAK) {
		syndrome = p->syndrome;
		if (syndrome < SYN_REMOTE_INVAL_REQ || syndrome > SYN_REMOTE_OP)
			syndrome = SYN_BAD_RESP;
	} else {
		syndrome = rc_fetched(e, qp, p);
	}
	if (syndrome)
		qp_fail(e, qp, syndrome);
	else
		qp_complete(e, qp, req->pkt->length);
	qp_run(e, qp);
}

/* --- the other side */

static void respond(struct emu *e, struct qp *qp, const struct packet *p, u8 type, u8 syndrome)
{
	struct packet r = {
		.type = type,
		.syndrome = syndrome,
		.transport = p->transport,
		.slid = e->opt.lid,
		.dlid = p->slid,
		.src_qp = qp->obj.id,
		.dst_qp = p->src_qp,
		.psn = p->psn,
		.rnr_timer = QP_FIELD(qp, min_rnr_nak),
		.swap_add = qp->last_atomic,
	};

	if (p->transport != QPT_UC)
		link_send(e, &r);
}

/* An XRC request acts for the shared receive queue that it names. */
static struct accessor responder(struct emu *e, const struct qp *qp, const struct packet *p)
{
	const struct srq *srq = qp->type == QPT_XRC ? table_get(&e->srqs, p->srqn) : NULL;
	struct accessor who = qp_accessor(qp);

	if (srq)
		who.pd = srq->pd;
	return who;
}

static u8 respond_read(struct emu *e, struct qp *qp, const struct packet *p)
{
	const struct accessor who = responder(e, qp, p);
	struct packet *r;
	u8 syndrome = 0;

	if (p->length > 1U << LOG_MAX_MSG)
		return SYN_REMOTE_INVAL_REQ;
	r = calloc(1, sizeof(*r) + p->length);
	if (!r)
		return SYN_REMOTE_OP;
	*r = (struct packet){
		.type = PKT_ACK,
		.payload = p->length,
		.transport = p->transport,
		.slid = e->opt.lid,
		.dlid = p->slid,
		.src_qp = qp->obj.id,
		.dst_qp = p->src_qp,
		.psn = p->psn,
	};
	if (mkey_copy(e, &who, p->rkey, p->va, r->data, p->length, ACC_REMOTE_READ))
		link_send(e, r);
	else
		syndrome = SYN_REMOTE_ACCESS;
	free(r);
	return syndrome;
}

static u8 do_atomic(struct emu *e, struct qp *qp, const struct packet *p)
{
	const struct accessor who = responder(e, qp, p);
	u64 *at;

	if (p->va % sizeof(*at))
		return SYN_REMOTE_INVAL_REQ;
	at = mkey_atomic(e, &who, p->rkey, p->va);
	if (!at)
		return SYN_REMOTE_ACCESS;
	/* The operands are in the byte order of the host, as the driver asks for. */
	if (p->opcode == WQE_ATOMIC_FA) {
		qp->last_atomic = __atomic_fetch_add(at, p->swap_add, __ATOMIC_SEQ_CST);
	} else {
		qp->last_atomic = p->compare;
		__atomic_compare_exchange_n(at, &qp->last_atomic, p->swap_add, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	}
	return 0;
}

/* Takes a receive request for the message. */
static u8 do_receive(struct emu *e, struct qp *qp, struct srq *srq, const struct packet *p, u8 op)
{
	const struct accessor who = { .pd = srq ? srq->pd : QP_FIELD(qp, pd), .qpn = qp->obj.id,
				      .reserved_lkey = QP_FIELD(qp, rlky) };
	bool write = op == CQE_OP_RESP_WR_IMM;
	struct recv r;
	u8 syndrome = SYN_LOCAL_PROT;

	if (qp_recv_pop(e, qp, srq, &r)) {
		syndrome = write ? 0 : wqe_scatter(e, &who, r.wqe + r.skip, r.len - r.skip,
						   p->data, p->payload);
		if (!syndrome && op == CQE_OP_RESP_SEND_INV && !mkey_invalidate(e, &who, p->imm))
			syndrome = SYN_LOCAL_ACCESS;
	}
	if (syndrome) {
		qp_recv_cqe(e, qp, &r, CQE_OP_RESP_ERR, NULL, 0, syndrome);
		return syndrome == SYN_LOCAL_LENGTH ? SYN_REMOTE_INVAL_REQ : SYN_REMOTE_OP;
	}
	return qp_recv_cqe(e, qp, &r, op, p, p->payload, 0) ? 0 : SYN_REMOTE_OP;
}

static u8 do_write(struct emu *e, struct qp *qp, const struct packet *p)
{
	const struct accessor who = responder(e, qp, p);

	if (!QP_FIELD(qp, rwe))
		return SYN_REMOTE_INVAL_REQ;
	return mkey_copy(e, &who, p->rkey, p->va, (u8 *)p->data, p->payload, ACC_REMOTE_WRITE) ?
		0 : SYN_REMOTE_ACCESS;
}

static int recv_op(u8 opcode)
{
	switch (opcode) {
	case WQE_SEND:
		return CQE_OP_RESP_SEND;
	case WQE_SEND_IMM:
		return CQE_OP_RESP_SEND_IMM;
	case WQE_SEND_INVAL:
		return CQE_OP_RESP_SEND_INV;
	case WQE_WRITE_IMM:
		return CQE_OP_RESP_WR_IMM;
	}
	return -1;
}

/* Executes a request for the first time; the answer to READ is sent here. */
static u8 execute(struct emu *e, struct qp *qp, struct srq *srq, const struct packet *p)
{
	u8 syndrome = 0;

	switch (p->opcode) {
	case WQE_WRITE:
	case WQE_WRITE_IMM:
		syndrome = do_write(e, qp, p);
		break;
	case WQE_READ:
		return QP_FIELD(qp, rre) ? respond_read(e, qp, p) : SYN_REMOTE_INVAL_REQ;
	case WQE_ATOMIC_CS:
	case WQE_ATOMIC_FA:
		return QP_FIELD(qp, rae) ? do_atomic(e, qp, p) : SYN_REMOTE_INVAL_REQ;
	}
	if (!syndrome && recv_op(p->opcode) >= 0)
		syndrome = do_receive(e, qp, srq, p, recv_op(p->opcode));
	return syndrome;
}

/* A request that was executed before: its answer got lost. */
static void answer_again(struct emu *e, struct qp *qp, const struct packet *p)
{
	if (p->opcode != qp->last_op)
		return;
	if (p->opcode == WQE_READ)
		respond_read(e, qp, p);
	else
		respond(e, qp, p, PKT_ACK, 0);
}

static void responder_receive(struct emu *e, struct qp *qp, const struct packet *p)
{
	struct srq *srq = qp->srq;
	u32 expected = QP_FIELD(qp, next_rcv_psn);
	bool uc = qp->type == QPT_UC;
	/* With the answer to ourselves the request is gone. */
	u8 opcode = p->opcode, syndrome;

	if (qp->type == QPT_XRC) {
		srq = table_get(&e->srqs, p->srqn);
		if (recv_op(p->opcode) >= 0 &&
		    (!srq || !srq->xrc || srq->xrcd != QP_FIELD(qp, xrcd))) {
			respond(e, qp, p, PKT_NAK, SYN_REMOTE_INVAL_REQ);
			return;
		}
	}
	if (p->psn != expected && !uc) {
		if (qp->executed && p->psn == qp->last_psn)
			answer_again(e, qp, p);
		return;
	}
	if (recv_op(p->opcode) >= 0 && qp_recv_empty(e, qp, srq)) {
		respond(e, qp, p, PKT_RNR_NAK, 0);
		return;
	}
	qp->executed = true;
	qp->last_psn = p->psn;
	qp->last_op = p->opcode;
	IFC_SET(qpc, qp->ctx, next_rcv_psn, (p->psn + p->npsn) & PSN_MASK);
	syndrome = execute(e, qp, srq, p);
	if (!syndrome) {
		if (opcode != WQE_READ)
			respond(e, qp, p, PKT_ACK, 0);
		return;
	}
	log_info("qp %u: request %#x refused, syndrome %#x", qp->obj.id, opcode, syndrome);
	if (uc)
		return;
	respond(e, qp, p, PKT_NAK, syndrome);
	if (syndrome == SYN_REMOTE_ACCESS)
		eq_object_event(e, EV_WQ_ACCESS, 0, qp->obj.id);
	else if (syndrome == SYN_REMOTE_INVAL_REQ)
		eq_object_event(e, EV_WQ_INVAL_REQ, 0, qp->obj.id);
	qp_error(e, qp);
}

/**
 * rc_receive - a message of a connected queue pair arrived
 * @e: the device
 * @p: the message
 *
 * One that does not belong to a connection is dropped, as it is by a real
 * device; its sender finds out by its timer.
 */
void rc_receive(struct emu *e, const struct packet *p)
{
	struct qp *qp = table_get(&e->qps, p->dst_qp);

	if (!qp || qp->type != p->transport || QP_FIELD(qp, remote_qpn) != p->src_qp ||
	    qp_remote_lid(e, qp) != p->slid || qp->state < QP_RTR || qp->state == QP_ERR) {
		e->stats.packets_dropped++;
		log_debug("packet for qp %u from %u: dropped", p->dst_qp, p->src_qp);
		return;
	}
	if (p->type == PKT_REQUEST)
		responder_receive(e, qp, p);
	else
		requester_receive(e, qp, p);
}
