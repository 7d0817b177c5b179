// SPDX-License-Identifier: GPL-2.0
/*
 * Completion queues.
 *
 * The guest arms a queue by a doorbell that says how far it has read, and gets
 * one event when there is a completion that it has neither read nor been told
 * of. After the event the next request must carry another sequence number; one
 * with the old number comes from before the guest saw the event, and is stale.
 */
#include "emu.h"

/* Select bits of MODIFY_CQ (cq.h: MLX5_CQ_MODIFY_*); bit 3 is our inference. */
enum {
	SELECT_PERIOD		= BIT(0),
	SELECT_COUNT		= BIT(1),
	SELECT_OVERRUN		= BIT(2),
	SELECT_EQN		= BIT(3),
	SELECT_PERIOD_MODE	= BIT(4),
	SELECT_ALL		= BIT(5) - 1,
	OP_MOD_MODIFY		= 0,
	OP_MOD_RESIZE		= 1,
};

/* A remap takes up to so many microseconds; events choose their queue meanwhile. */
#define REMAP_USEC	64

/*
 * While a remap is under way an event may appear in either queue: the harshest
 * reading of what a device may do. Each event is one entry in one queue.
 */
static struct eq *cq_event_queue(struct emu *e, struct cq *cq)
{
	return cq->old_eq && (emu_random(e) & 1) ? cq->old_eq : cq->eq;
}

static void cq_event(struct emu *e, struct cq *cq)
{
	struct eq *eq = cq_event_queue(e, cq);
	u8 data[EQE_DATA_SIZE] = { 0 };

	cq->arm = CQ_DISARMED;
	cq->sn_fired = true;
	cq->notified_pi = cq->pi;
	cq->period_over = false;
	timer_stop(e, &cq->period);
	cq->events++;
	if (cq->overflow) {
		cq->overflow--;
		eq_overrun(e, eq, EV_COMP);
		return;
	}
	put_be32(data + EQE_DATA_SIZE - 4, cq->obj.id);
	eq_post(e, eq, EV_COMP, 0, data, sizeof(data));
}

/* Raise an event if the queue is armed, there is news, and moderation is over. */
static void cq_notify(struct emu *e, struct cq *cq)
{
	u32 seen = diff24(cq->arm_ci, cq->notified_pi) > 0 ? cq->arm_ci : cq->notified_pi;
	s32 news = diff24(cq->arm == CQ_ARM_SOLICITED ? cq->solicited_pi : cq->pi, seen);
	bool moderated = cq->max_count || cq->period_us;

	if (cq->arm == CQ_DISARMED || news <= 0)
		return;
	if (!moderated || cq->period_over || (cq->max_count && news >= (s32)cq->max_count))
		cq_event(e, cq);
	else if (cq->period_us && !cq->period.armed)
		timer_start(e, &cq->period, cq->period_us * 1000ULL);
}

static void cq_period_over(struct emu *e, struct timer *t)
{
	struct cq *cq = container_of(t, struct cq, period);

	cq->period_over = true;
	cq_notify(e, cq);
	cq->period_over = false;
}

static void cq_fail(struct emu *e, struct cq *cq, u8 syndrome)
{
	u8 data[EQE_DATA_SIZE] = { [11] = syndrome };

	log_info("cq %u: error, syndrome %u", cq->obj.id, syndrome);
	cq->error = true;
	IFC_SET(cqc, cq->ctx, status,
		syndrome == CQ_ERR_OVERRUN ? CQ_STATUS_OVERFLOW : CQ_STATUS_WRITE_FAIL);
	put_be32(data, cq->obj.id);
	eq_async(e, EV_CQ_ERROR, 0, data, sizeof(data));
	qp_for_cq_error(e, cq);
}

/* How many entries the guest has not read yet, as far as it told. */
static bool cq_unread(struct emu *e, struct cq *cq, u32 *n)
{
	u32 ci;

	if (!dma_counter(e, cq->dbr, &ci))
		return false;
	*n = (cq->pi - ci) & 0xffffff;
	return true;
}

static bool cq_write(struct emu *e, struct cq *cq, const u8 *cqe)
{
	u32 i = cq->pi & ((1U << cq->log_size) - 1);
	u64 gpa = pagelist_gpa(&cq->buf, (u64)i * cq->cqe_size, cq->cqe_size);
	u8 entry[CQE_SIZE];

	memcpy(entry, cqe, CQE_SIZE);
	entry[CQE_OP_OWN] = (entry[CQE_OP_OWN] & 0xfe) | ((cq->pi >> cq->log_size) & 1);
	/* In an entry of 128 bytes, the second half is what one of 64 is. */
	if (gpa == BAD_GPA || !dma_publish(e, gpa + cq->cqe_size - CQE_SIZE, entry, CQE_SIZE))
		return false;
	cq->pi++;
	return true;
}

/**
 * cq_post - write a completion
 * @e: the device
 * @cq: the queue
 * @cqe: CQE_SIZE bytes; the owner bit is set here
 * @solicited: whether it wakes a queue that is armed for solicited ones
 *
 * Return: whether it is there; if not, the queue is in error
 */
bool cq_post(struct emu *e, struct cq *cq, const u8 *cqe, bool solicited)
{
	u32 unread;

	if (cq->error)
		return false;
	if (!cq->ignore_overrun) {
		if (!cq_unread(e, cq, &unread)) {
			cq_fail(e, cq, CQ_ERR_ACCESS);
			return false;
		}
		if (unread >= 1U << cq->log_size) {
			cq_fail(e, cq, CQ_ERR_OVERRUN);
			return false;
		}
	}
	if (!cq_write(e, cq, cqe)) {
		cq_fail(e, cq, CQ_ERR_ACCESS);
		return false;
	}
	cq->cqes++;
	if (solicited)
		cq->solicited_pi = cq->pi;
	log_trace("cq %u: entry %u, opcode %u", cq->obj.id, cq->pi - 1, cqe[CQE_OP_OWN] >> 4);
	cq_notify(e, cq);
	return true;
}

/**
 * cq_doorbell - the guest asks for an event
 * @e: the device
 * @uar: page of the doorbell
 * @word0: sequence number, whether only for solicited ones, and consumer index
 * @cqn: the queue
 */
void cq_doorbell(struct emu *e, u32 uar, u32 word0, u32 cqn)
{
	struct cq *cq = table_get(&e->cqs, cqn & 0xffffff);
	u8 sn = word0 >> 28 & 3;

	if (!cq || cq->uar != uar) {
		e->stats.mmio_bad++;
		log_info("doorbell for cq %u in page %u: no such thing", cqn, uar);
		return;
	}
	if (cq->sn_fired && sn == cq->sn) {
		cq->stale_arms++;
		return;
	}
	cq->sn = sn;
	cq->sn_fired = false;
	cq->arm = word0 >> 24 & 1 ? CQ_ARM_SOLICITED : CQ_ARM_NEXT;
	cq->arm_ci = word0 & 0xffffff;
	cq_notify(e, cq);
}

void cq_release(struct emu *e, struct object *o)
{
	struct cq *cq = container_of(o, struct cq, obj);

	timer_stop(e, &cq->period);
	pagelist_free(&cq->buf);
	if (cq->eq)
		cq->eq->obj.refs--;
	if (cq->old_eq)
		cq->old_eq->obj.refs--;
}

static u8 cq_buffer(struct pagelist *buf, const struct cmd *c, const u8 *ctx, u32 cqe_size)
{
	/* The pages are at the same place in CREATE_CQ and MODIFY_CQ. */
	if (c->inlen < IFC_SZ(create_cq_in))
		return ST_BAD_INLEN;
	return pagelist_init(buf, c->in + IFC_SZ(create_cq_in), c->inlen - IFC_SZ(create_cq_in),
			     IFC_GET(cqc, ctx, log_page_size), IFC_GET(cqc, ctx, page_offset),
			     (u64)cqe_size << IFC_GET(cqc, ctx, log_cq_size));
}

u8 cmd_create_cq(struct emu *e, struct cmd *c)
{
	const u8 *ctx = IFC_AT(create_cq_in, c->in, cq_context);
	struct eq *eq = table_get(&e->eqs, IFC_GET(cqc, ctx, c_eqn_or_apu_element));
	u32 log_size = IFC_GET(cqc, ctx, log_cq_size);
	u32 stride = IFC_GET(cqc, ctx, cqe_sz);
	u64 dbr = IFC_GET64(cqc, ctx, dbr_addr);
	struct cq *cq;
	u8 status;

	if (!eq)
		return ST_BAD_RES;
	if (log_size > LOG_MAX_CQ_SIZE || stride > 1 || !(e->opt.cqe_sizes & BIT(stride)) ||
	    dbr % 8 || IFC_GET(cqc, ctx, cqe_comp_en) || CMD_IN(create_cq, c, cq_umem_valid) ||
	    !table_get(&e->uars, IFC_GET(cqc, ctx, uar_page)))
		return ST_BAD_PARAM;
	/* A number that is free is used again at once: whose events are those in the EQs? */
	e->cqs.next = e->cqs.first;
	cq = table_add(&e->cqs, sizeof(*cq));
	if (!cq)
		return ST_NO_RES;
	cq->cqe_size = CQE_SIZE << stride;
	status = cq_buffer(&cq->buf, c, ctx, cq->cqe_size);
	if (status) {
		table_del(e, &e->cqs, cq->obj.id);
		return status;
	}
	memcpy(cq->ctx, ctx, sizeof(cq->ctx));
	cq->eq = eq;
	eq->obj.refs++;
	cq->log_size = log_size;
	cq->dbr = dbr;
	cq->uar = IFC_GET(cqc, ctx, uar_page);
	cq->period_us = IFC_GET(cqc, ctx, cq_period);
	cq->max_count = IFC_GET(cqc, ctx, cq_max_count);
	cq->ignore_overrun = IFC_GET(cqc, ctx, oi);
	cq->period.fn = cq_period_over;
	CMD_OUT_SET(create_cq, c, cqn, cq->obj.id);
	return ST_OK;
}

u8 cmd_destroy_cq(struct emu *e, struct cmd *c)
{
	return table_del(e, &e->cqs, CMD_IN(destroy_cq, c, cqn));
}

u8 cmd_query_cq(struct emu *e, struct cmd *c)
{
	struct cq *cq = table_get(&e->cqs, CMD_IN(query_cq, c, cqn));
	u8 *ctx = IFC_AT(query_cq_out, c->out, cq_context);
	u32 unread = 0;

	if (!cq)
		return ST_BAD_RES;
	memcpy(ctx, cq->ctx, sizeof(cq->ctx));
	IFC_SET(cqc, ctx, st, cq->arm == CQ_DISARMED ? CQ_FIRED : CQ_ARMED);
	IFC_SET(cqc, ctx, log_cq_size, cq->log_size);
	IFC_SET(cqc, ctx, cq_period, cq->period_us);
	IFC_SET(cqc, ctx, cq_max_count, cq->max_count);
	IFC_SET(cqc, ctx, oi, cq->ignore_overrun);
	IFC_SET(cqc, ctx, c_eqn_or_apu_element, cq->eq->obj.id);
	IFC_SET(cqc, ctx, last_notified_index, cq->notified_pi);
	IFC_SET(cqc, ctx, last_solicit_index, cq->solicited_pi);
	IFC_SET(cqc, ctx, producer_counter, cq->pi);
	cq_unread(e, cq, &unread);
	IFC_SET(cqc, ctx, consumer_counter, cq->pi - unread);
	return ST_OK;
}

/*
 * The last entry of the old buffer says that the rest is in the new one. It
 * takes an index of its own, so the guest moves what it has not read up by one.
 */
static u8 cq_resize(struct emu *e, struct cq *cq, struct cmd *c)
{
	const u8 *ctx = IFC_AT(modify_cq_in, c->in, cq_context);
	u8 cqe[CQE_SIZE] = { [CQE_OP_OWN] = CQE_OP_RESIZE << 4 };
	u32 log_size = IFC_GET(cqc, ctx, log_cq_size);
	struct pagelist buf;
	u32 unread;
	u8 status;

	if (log_size > LOG_MAX_CQ_SIZE ||
	    (u32)CQE_SIZE << IFC_GET(cqc, ctx, cqe_sz) != cq->cqe_size)
		return ST_BAD_PARAM;
	if (cq->error || !cq_unread(e, cq, &unread))
		return ST_BAD_RES_STATE;
	if (unread >= 1U << log_size || unread >= 1U << cq->log_size)
		return ST_OUTS_CQES;
	status = cq_buffer(&buf, c, ctx, cq->cqe_size);
	if (status) {
		pagelist_free(&buf);
		return status;
	}
	if (!cq_write(e, cq, cqe)) {
		pagelist_free(&buf);
		return ST_BAD_RES_STATE;
	}
	pagelist_free(&cq->buf);
	cq->buf = buf;
	cq->log_size = log_size;
	IFC_KEEP(cqc, cq->ctx, ctx, log_page_size);
	IFC_KEEP(cqc, cq->ctx, ctx, page_offset);
	return ST_OK;
}

/* The command completes: from now on all events go to the new queue. */
static void cq_remapped(struct emu *e, u32 cqn, u32 eqn)
{
	struct cq *cq = table_get(&e->cqs, cqn);

	if (!cq || !cq->old_eq || cq->eq->obj.id != eqn)
		return;
	cq->old_eq->obj.refs--;
	cq->old_eq = NULL;
}

static u8 cq_remap(struct emu *e, struct cq *cq, u32 eqn, struct cmd *c)
{
	struct eq *eq = table_get(&e->eqs, eqn);

	if (!eq)
		return ST_BAD_RES;
	if (cq->old_eq)
		return ST_BAD_RES_STATE;
	cq->remaps++;
	if (eq == cq->eq)
		return ST_OK;
	log_debug("cq %u: from eq %u to eq %u", cq->obj.id, cq->eq->obj.id, eqn);
	cq->old_eq = cq->eq;
	cq->eq = eq;
	eq->obj.refs++;
	c->extra_ns = emu_random(e) % REMAP_USEC * 1000ULL;
	c->finish = cq_remapped;
	c->finish_id = cq->obj.id;
	c->finish_arg = eqn;
	return ST_OK;
}

u8 cmd_modify_cq(struct emu *e, struct cmd *c)
{
	const u8 *ctx = IFC_AT(modify_cq_in, c->in, cq_context);
	struct cq *cq = table_get(&e->cqs, CMD_IN(modify_cq, c, cqn));
	u32 select = get_be32(IFC_AT(modify_cq_in, c->in, modify_field_select_resize_field_select));

	if (!cq)
		return ST_BAD_RES;
	if (c->op_mod == OP_MOD_RESIZE)
		return cq_resize(e, cq, c);
	if (c->op_mod != OP_MOD_MODIFY || select & ~SELECT_ALL ||
	    (select & SELECT_EQN && e->opt.no_eq_remap))
		return ST_BAD_PARAM;
	if (select & SELECT_PERIOD)
		cq->period_us = IFC_GET(cqc, ctx, cq_period);
	if (select & SELECT_COUNT)
		cq->max_count = IFC_GET(cqc, ctx, cq_max_count);
	if (select & SELECT_OVERRUN)
		cq->ignore_overrun = IFC_GET(cqc, ctx, oi);
	if (select & SELECT_PERIOD_MODE)
		IFC_KEEP(cqc, cq->ctx, ctx, cq_period_mode);
	timer_stop(e, &cq->period);
	cq_notify(e, cq);
	if (select & SELECT_EQN)
		return cq_remap(e, cq, IFC_GET(cqc, ctx, c_eqn_or_apu_element), c);
	return ST_OK;
}
