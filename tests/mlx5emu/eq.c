// SPDX-License-Identifier: GPL-2.0
/*
 * Event queues: rings of 64-byte entries, one interrupt vector each.
 *
 * An armed queue that has an entry fires its vector once and is then disarmed;
 * the guest arms it again by a doorbell that says how far it has read. A queue
 * that is not armed still gets its entries.
 */
#include "emu.h"

static void eq_fire(struct emu *e, struct eq *eq)
{
	if (!eq->armed || !((eq->pi - eq->ci) & 0xffffff))
		return;
	eq->armed = false;
	irq_raise(e, eq->vector);
}

/**
 * eq_overrun - lose an event that finds no room
 * @e: the device
 * @eq: the queue
 * @type: EV_*
 *
 * As a real device loses it, whose health buffer tells so.
 */
void eq_overrun(struct emu *e, struct eq *eq, u8 type)
{
	eq->overruns++;
	e->health_synd = MLX5_INITIAL_SEG_HEALTH_SYNDROME_ASYNCHRONOUS_EQ_BUF_OVERRUN;
	log_info("eq %u: overrun, event %#x is lost", eq->obj.id, type);
}

/**
 * eq_post - write an event
 * @e: the device
 * @eq: the queue
 * @type: EV_*
 * @subtype: depends on the type
 * @data: depends on the type
 * @len: of @data, at most EQE_DATA_SIZE
 */
void eq_post(struct emu *e, struct eq *eq, u8 type, u8 subtype, const void *data, u32 len)
{
	u8 eqe[EQE_SIZE] = { [EQE_TYPE] = type, [EQE_SUBTYPE] = subtype };
	u32 i = eq->pi & ((1U << eq->log_size) - 1);
	u64 gpa = pagelist_gpa(&eq->buf, (u64)i * EQE_SIZE, EQE_SIZE);

	if (((eq->pi - eq->ci) & 0xffffff) >= 1U << eq->log_size) {
		eq_overrun(e, eq, type);
		return;
	}
	memcpy(eqe + EQE_DATA, data, len);
	eqe[EQE_OWNER] = (eq->pi >> eq->log_size) & 1;
	if (gpa == BAD_GPA || !dma_publish(e, gpa, eqe, EQE_SIZE)) {
		IFC_SET(eqc, eq->ctx, status, EQ_STATUS_WRITE_FAIL);
		log_info("eq %u: entry %u is not in memory", eq->obj.id, i);
		return;
	}
	log_debug("eq %u: event %#x/%u", eq->obj.id, type, subtype);
	eq->pi++;
	eq->events++;
	eq_fire(e, eq);
}

/**
 * eq_async - write an event to the queue that asked for its type
 * @e: the device
 * @type: EV_*, not EV_COMP
 * @subtype: depends on the type
 * @data: depends on the type
 * @len: of @data
 *
 * Return: whether any queue asked for it
 */
bool eq_async(struct emu *e, u8 type, u8 subtype, const void *data, u32 len)
{
	struct eq *eq;
	u32 i;

	table_for_each(&e->eqs, i, eq) {
		if (!(eq->mask[type / 64] >> type % 64 & 1))
			continue;
		eq_post(e, eq, type, subtype, data, len);
		return true;
	}
	return false;
}

/**
 * eq_object_event - an event that concerns a queue pair or shared receive queue
 * @e: the device
 * @type: EV_*
 * @rsc_type: 0 for a queue pair
 * @id: its number
 */
void eq_object_event(struct emu *e, u8 type, u8 rsc_type, u32 id)
{
	u8 data[EQE_DATA_SIZE] = { [20] = rsc_type };

	put_be32(data + 24, id);
	eq_async(e, type, 0, data, sizeof(data));
}

/**
 * eq_doorbell - the guest tells how far it has read, and may arm the queue
 * @e: the device
 * @uar: page of the doorbell
 * @value: queue number and consumer index
 * @arm: whether to arm it
 */
void eq_doorbell(struct emu *e, u32 uar, u32 value, bool arm)
{
	struct eq *eq = table_get(&e->eqs, value >> 24);

	if (!eq || eq->uar != uar) {
		e->stats.mmio_bad++;
		log_info("doorbell for eq %u in page %u: no such thing", value >> 24, uar);
		return;
	}
	eq->ci = value & 0xffffff;
	if (arm) {
		eq->armed = true;
		eq_fire(e, eq);
	}
}

void eq_release(struct emu *e, struct object *o)
{
	struct eq *eq = container_of(o, struct eq, obj);

	(void)e;
	pagelist_free(&eq->buf);
}

u8 cmd_create_eq(struct emu *e, struct cmd *c)
{
	const u8 *ctx = IFC_AT(create_eq_in, c->in, eq_context_entry);
	u32 log_size = IFC_GET(eqc, ctx, log_eq_size);
	struct eq *eq;
	u8 status;
	u32 i;

	if (log_size > LOG_MAX_EQ_SIZE || IFC_GET(eqc, ctx, intr) > e->opt.vectors ||
	    !table_get(&e->uars, IFC_GET(eqc, ctx, uar_page)))
		return ST_BAD_PARAM;
	eq = table_add(&e->eqs, sizeof(*eq));
	if (!eq)
		return ST_NO_RES;
	status = pagelist_init(&eq->buf, c->in + IFC_SZ(create_eq_in),
			       c->inlen - IFC_SZ(create_eq_in), IFC_GET(eqc, ctx, log_page_size),
			       IFC_GET(eqc, ctx, page_offset), (u64)EQE_SIZE << log_size);
	if (status) {
		table_del(e, &e->eqs, eq->obj.id);
		return status;
	}
	memcpy(eq->ctx, ctx, sizeof(eq->ctx));
	for (i = 0; i < 4; i++)
		eq->mask[i] = get_be64(IFC_AT(create_eq_in, c->in, event_bitmask[i]));
	/* A completion queue names its queue; the mask is for the other types. */
	eq->mask[0] &= ~BIT_ULL(EV_COMP);
	eq->log_size = log_size;
	eq->vector = IFC_GET(eqc, ctx, intr);
	eq->uar = IFC_GET(eqc, ctx, uar_page);
	CMD_OUT_SET(create_eq, c, eq_number, eq->obj.id);
	return ST_OK;
}

u8 cmd_destroy_eq(struct emu *e, struct cmd *c)
{
	return table_del(e, &e->eqs, CMD_IN(destroy_eq, c, eq_number));
}

u8 cmd_query_eq(struct emu *e, struct cmd *c)
{
	struct eq *eq = table_get(&e->eqs, CMD_IN(query_eq, c, eq_number));
	u8 *ctx = IFC_AT(query_eq_out, c->out, eq_context_entry);

	if (!eq)
		return ST_BAD_RES;
	memcpy(ctx, eq->ctx, sizeof(eq->ctx));
	IFC_SET(eqc, ctx, st, eq->armed ? EQ_ARMED : EQ_FIRED);
	IFC_SET(eqc, ctx, consumer_counter, eq->ci);
	IFC_SET(eqc, ctx, producer_counter, eq->pi);
	IFC_SET64(query_eq_out, c->out, event_bitmask, eq->mask[0]);
	return ST_OK;
}
