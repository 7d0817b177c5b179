// SPDX-License-Identifier: GPL-2.0
/*
 * Shared receive queues. With the command interface that the driver uses, an
 * ordinary one is a "receive memory pool" (RMP); the other kind is XRC's. Their
 * contexts differ, the queues do not: each entry names the next one.
 */
#include "emu.h"

#define NEXT_SEG	16

static u64 srq_bytes(const struct srq *srq)
{
	return 1ULL << (srq->log_size + srq->log_stride);
}

static bool srq_available(struct emu *e, const struct srq *srq, u32 *n)
{
	u32 counter;

	if (!dma_counter(e, srq->dbr, &counter))
		return false;
	*n = (counter - srq->ci) & 0xffff;
	return true;
}

/* The guest is told once, when there are fewer entries than it wants. */
static void srq_check_limit(struct emu *e, struct srq *srq)
{
	u32 n;

	if (!srq->limit || !srq_available(e, srq, &n) || n >= srq->limit)
		return;
	srq->limit = 0;
	eq_object_event(e, EV_SRQ_LIMIT, 0, srq->obj.id);
}

/**
 * srq_empty - whether a message would find no entry
 * @e: the device
 * @srq: the queue
 */
bool srq_empty(struct emu *e, struct srq *srq)
{
	u32 n;

	return !srq_available(e, srq, &n) || !n;
}

/**
 * srq_pop - take an entry
 * @e: the device
 * @srq: the queue, not empty
 * @wqe: where to copy it to, MAX_RECV_WQE bytes
 * @len: its length
 * @index: its index
 *
 * Return: whether there was one
 */
bool srq_pop(struct emu *e, struct srq *srq, u8 *wqe, u32 *len, u32 *index)
{
	u32 stride = 1U << srq->log_stride;

	if (!pagelist_read(e, &srq->buf, (u64)srq->head << srq->log_stride, wqe, stride)) {
		eq_object_event(e, EV_SRQ_CATAS, 0, srq->obj.id);
		return false;
	}
	*len = stride;
	*index = srq->head;
	srq->head = get_be16(wqe + 2) & ((1U << srq->log_size) - 1);
	srq->ci++;
	srq->received++;
	srq_check_limit(e, srq);
	return true;
}

void srq_release(struct emu *e, struct object *o)
{
	struct srq *srq = container_of(o, struct srq, obj);

	(void)e;
	pagelist_free(&srq->buf);
	if (srq->cq)
		srq->cq->obj.refs--;
}

static u8 srq_create(struct emu *e, const struct srq *attr, const u8 *pas, u64 pas_bytes, u32 *id)
{
	struct srq *srq;
	struct object o;
	u8 status;

	if (attr->log_size > LOG_MAX_WQ_SIZE || 1U << attr->log_stride > MAX_RECV_WQE ||
	    attr->log_stride < 5 || attr->dbr % 4 || !table_get(&e->pds, attr->pd))
		return ST_BAD_PARAM;
	srq = table_add(&e->srqs, sizeof(*srq));
	if (!srq)
		return ST_NO_RES;
	o = srq->obj;
	*srq = *attr;
	srq->obj = o;
	if (srq->cq)
		srq->cq->obj.refs++;
	status = pagelist_init(&srq->buf, pas, pas_bytes, srq->log_page, srq->page_offset,
			       srq_bytes(srq));
	if (status) {
		table_del(e, &e->srqs, o.id);
		return status;
	}
	*id = o.id;
	return ST_OK;
}

u8 cmd_create_rmp(struct emu *e, struct cmd *c)
{
	const u8 *wq = IFC_AT(rmpc, IFC_AT(create_rmp_in, c->in, ctx), wq);
	struct srq attr = {
		.pd = IFC_GET(wq, wq, pd),
		.user_index = 0xffffff,
		.log_size = IFC_GET(wq, wq, log_wq_sz),
		.log_stride = IFC_GET(wq, wq, log_wq_stride),
		.log_page = IFC_GET(wq, wq, log_wq_pg_sz),
		.page_offset = IFC_GET(wq, wq, page_offset),
		.dbr = IFC_GET64(wq, wq, dbr_addr),
		.limit = IFC_GET(wq, wq, lwm),
	};
	u8 status;
	u32 id;

	if (IFC_GET(wq, wq, wq_signature))
		return ST_BAD_PARAM;
	status = srq_create(e, &attr, c->in + IFC_SZ(create_rmp_in),
			    c->inlen - IFC_SZ(create_rmp_in), &id);
	if (!status)
		CMD_OUT_SET(create_rmp, c, rmpn, id);
	return status;
}

u8 cmd_create_xrc_srq(struct emu *e, struct cmd *c)
{
	const u8 *ctx = IFC_AT(create_xrc_srq_in, c->in, xrc_srq_context_entry);
	struct srq attr = {
		.xrc = true,
		.pd = IFC_GET(xrc_srqc, ctx, pd),
		.xrcd = IFC_GET(xrc_srqc, ctx, xrcd),
		.user_index = IFC_GET(xrc_srqc, ctx, user_index),
		.cq = table_get(&e->cqs, IFC_GET(xrc_srqc, ctx, cqn)),
		.log_size = IFC_GET(xrc_srqc, ctx, log_xrc_srq_size),
		.log_stride = IFC_GET(xrc_srqc, ctx, log_rq_stride) + 4,
		.log_page = IFC_GET(xrc_srqc, ctx, log_page_size),
		.page_offset = IFC_GET(xrc_srqc, ctx, page_offset),
		.dbr = (u64)IFC_GET(xrc_srqc, ctx, db_record_addr_h) << 32 |
		       (u64)IFC_GET(xrc_srqc, ctx, db_record_addr_l) << 2,
		.limit = IFC_GET(xrc_srqc, ctx, lwm),
	};
	u8 status;
	u32 id;

	if (!attr.cq || !table_get(&e->xrcds, attr.xrcd))
		return ST_BAD_RES;
	if (IFC_GET(xrc_srqc, ctx, wq_signature))
		return ST_BAD_PARAM;
	status = srq_create(e, &attr, c->in + IFC_SZ(create_xrc_srq_in),
			    c->inlen - IFC_SZ(create_xrc_srq_in), &id);
	if (!status)
		CMD_OUT_SET(create_xrc_srq, c, xrc_srqn, id);
	return status;
}

/* Both kinds: the number is at the same place. */
u8 cmd_destroy_srq(struct emu *e, struct cmd *c)
{
	return table_del(e, &e->srqs, CMD_IN(destroy_rmp, c, rmpn));
}

u8 cmd_query_rmp(struct emu *e, struct cmd *c)
{
	const struct srq *srq = table_get(&e->srqs, CMD_IN(query_rmp, c, rmpn));
	u8 *ctx = IFC_AT(query_rmp_out, c->out, rmp_context);
	u8 *wq = IFC_AT(rmpc, ctx, wq);

	if (!srq || srq->xrc)
		return ST_BAD_RES;
	IFC_SET(rmpc, ctx, state, MLX5_RMPC_STATE_RDY);
	IFC_SET(wq, wq, pd, srq->pd);
	IFC_SET(wq, wq, log_wq_sz, srq->log_size);
	IFC_SET(wq, wq, log_wq_stride, srq->log_stride);
	IFC_SET(wq, wq, log_wq_pg_sz, srq->log_page);
	IFC_SET(wq, wq, page_offset, srq->page_offset);
	IFC_SET(wq, wq, lwm, srq->limit);
	IFC_SET64(wq, wq, dbr_addr, srq->dbr);
	return ST_OK;
}

u8 cmd_query_xrc_srq(struct emu *e, struct cmd *c)
{
	const struct srq *srq = table_get(&e->srqs, CMD_IN(query_xrc_srq, c, xrc_srqn));
	u8 *ctx = IFC_AT(query_xrc_srq_out, c->out, xrc_srq_context_entry);

	if (!srq || !srq->xrc)
		return ST_BAD_RES;
	IFC_SET(xrc_srqc, ctx, state, MLX5_XRC_SRQC_STATE_GOOD);
	IFC_SET(xrc_srqc, ctx, pd, srq->pd);
	IFC_SET(xrc_srqc, ctx, xrcd, srq->xrcd);
	IFC_SET(xrc_srqc, ctx, cqn, srq->cq->obj.id);
	IFC_SET(xrc_srqc, ctx, user_index, srq->user_index);
	IFC_SET(xrc_srqc, ctx, log_xrc_srq_size, srq->log_size);
	IFC_SET(xrc_srqc, ctx, log_rq_stride, srq->log_stride - 4);
	IFC_SET(xrc_srqc, ctx, log_page_size, srq->log_page);
	IFC_SET(xrc_srqc, ctx, page_offset, srq->page_offset);
	IFC_SET(xrc_srqc, ctx, lwm, srq->limit);
	return ST_OK;
}

static u8 srq_arm(struct emu *e, u32 id, u32 limit)
{
	struct srq *srq = table_get(&e->srqs, id);

	if (!srq)
		return ST_BAD_RES;
	if (limit >= 1U << srq->log_size)
		return ST_BAD_PARAM;
	srq->limit = limit;
	srq_check_limit(e, srq);
	return ST_OK;
}

u8 cmd_modify_rmp(struct emu *e, struct cmd *c)
{
	const u8 *wq = IFC_AT(rmpc, IFC_AT(modify_rmp_in, c->in, ctx), wq);

	if (!IFC_GET(rmp_bitmask, IFC_AT(modify_rmp_in, c->in, bitmask), lwm))
		return table_get(&e->srqs, CMD_IN(modify_rmp, c, rmpn)) ? ST_OK : ST_BAD_RES;
	return srq_arm(e, CMD_IN(modify_rmp, c, rmpn), IFC_GET(wq, wq, lwm));
}

u8 cmd_arm_xrc_srq(struct emu *e, struct cmd *c)
{
	return srq_arm(e, CMD_IN(arm_xrc_srq, c, xrc_srqn), CMD_IN(arm_xrc_srq, c, lwm));
}
