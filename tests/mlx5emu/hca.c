// SPDX-License-Identifier: GPL-2.0
/*
 * The device as a whole: its states, its memory, its health, and objects that
 * are nothing but a number.
 */
#include <stdlib.h>

#include "emu.h"

/* What a driver is to give before it may go on; the model has no use for it. */
#define BOOT_PAGES	8
#define INIT_PAGES	40
#define RESET_NS	100000000ULL

u8 cmd_nothing(struct emu *e, struct cmd *c)
{
	(void)e;
	(void)c;
	return ST_OK;
}

u8 cmd_enable_hca(struct emu *e, struct cmd *c)
{
	(void)c;
	if (e->hca == HCA_DISABLED)
		e->hca = HCA_ENABLED;
	return ST_OK;
}

u8 cmd_disable_hca(struct emu *e, struct cmd *c)
{
	(void)c;
	hca_reset(e);
	return ST_OK;
}

u8 cmd_init_hca(struct emu *e, struct cmd *c)
{
	(void)c;
	if (e->npages < INIT_PAGES)
		return ST_NO_RES;
	e->hca = HCA_INITIALIZED;
	return ST_OK;
}

static void hca_destroy_objects(struct emu *e)
{
	table_clear(e, &e->fgs);
	table_clear(e, &e->fts);
	table_clear(e, &e->tirs);
	table_clear(e, &e->tiss);
	table_clear(e, &e->rqts);
	table_clear(e, &e->rqs);
	table_clear(e, &e->qps);
	table_clear(e, &e->srqs);
	table_clear(e, &e->cqs);
	table_clear(e, &e->eqs);
	table_clear(e, &e->mkeys);
	table_clear(e, &e->q_counters);
	table_clear(e, &e->uctxs);
	table_clear(e, &e->xrcds);
	table_clear(e, &e->tds);
	table_clear(e, &e->pds);
	table_clear(e, &e->uars);
	memset(e->roce_addr, 0, sizeof(e->roce_addr));
	memset(e->nic_vport, 0, sizeof(e->nic_vport));
	timer_stop(e, &e->error_poll);
}

u8 cmd_teardown_hca(struct emu *e, struct cmd *c)
{
	(void)c;
	hca_destroy_objects(e);
	e->hca = HCA_ENABLED;
	return ST_OK;
}

/**
 * hca_reset - as if the device had just been powered on
 * @e: the device
 */
void hca_reset(struct emu *e)
{
	hca_destroy_objects(e);
	caps_init(e);
	e->hca = HCA_DISABLED;
	e->npages = 0;
}

static void health_reset_done(struct emu *e, struct timer *t)
{
	(void)t;
	log_info("reset by the physical function");
	cmd_reset(e);
	hca_reset(e);
	e->health_fatal = false;
	e->nic_state = NIC_DISABLED;
}

/**
 * hca_fatal - the firmware finds itself broken
 * @e: the device
 * @syndrome: what it says about it
 *
 * It then does nothing any more. A virtual function cannot reset the device; the
 * physical one, which is not here, does so when the guest has noticed. The syndrome
 * stays until the driver begins anew: it looks at the state first and at the syndrome
 * then, and a reset between the two must not look like a device in good health.
 */
void hca_fatal(struct emu *e, u8 syndrome)
{
	e->health_synd = syndrome;
	e->health_rfr = true;
	e->health_fatal = true;
	e->health_timer.fn = health_reset_done;
}

/**
 * hca_health_seen - the guest read the health syndrome
 * @e: the device
 */
void hca_health_seen(struct emu *e)
{
	if (e->health_fatal && !e->health_timer.armed)
		timer_start(e, &e->health_timer, RESET_NS);
}

/**
 * hca_request_pages - ask the driver for memory, or give some back
 * @e: the device
 * @n: number of pages, negative to give back
 *
 * Return: whether the driver listens
 */
bool hca_request_pages(struct emu *e, int n)
{
	u8 data[EQE_DATA_SIZE] = { 0 };

	put_be32(data + 4, (u32)n);
	return eq_async(e, EV_PAGE_REQUEST, 0, data, sizeof(data));
}

u8 cmd_query_pages(struct emu *e, struct cmd *c)
{
	u32 want = 0;

	if (c->op_mod == MLX5_QUERY_PAGES_IN_OP_MOD_BOOT_PAGES)
		want = BOOT_PAGES;
	else if (c->op_mod == MLX5_QUERY_PAGES_IN_OP_MOD_INIT_PAGES)
		want = INIT_PAGES;
	CMD_OUT_SET(query_pages, c, num_pages, want > e->npages ? want - e->npages : 0);
	return ST_OK;
}

static u8 pages_take(struct emu *e, struct cmd *c, u32 n)
{
	u32 i;

	n = min(n, e->npages);
	n = min(n, (c->outlen - IFC_SZ(manage_pages_out)) / 8);
	for (i = 0; i < n; i++)
		put_be64(c->out + IFC_SZ(manage_pages_out) + 8 * i, e->pages[--e->npages]);
	CMD_OUT_SET(manage_pages, c, output_num_entries, n);
	return ST_OK;
}

static u8 pages_give(struct emu *e, const struct cmd *c, u32 n)
{
	const u8 *pas = c->in + IFC_SZ(manage_pages_in);
	u32 i;

	if (n > (c->inlen - IFC_SZ(manage_pages_in)) / 8)
		return ST_BAD_INLEN;
	if (n > MAX_PAGES - e->npages)
		return ST_LIMIT;
	for (i = 0; i < n; i++)
		if (get_be64(pas + 8 * i) % ADAPTER_PAGE ||
		    !dma_ptr(e, get_be64(pas + 8 * i), ADAPTER_PAGE, true))
			return ST_BAD_PARAM;
	for (i = 0; i < n; i++)
		e->pages[e->npages++] = get_be64(pas + 8 * i);
	return ST_OK;
}

u8 cmd_manage_pages(struct emu *e, struct cmd *c)
{
	u32 n = CMD_IN(manage_pages, c, input_num_entries);

	if (c->outlen < IFC_SZ(manage_pages_out))
		return ST_BAD_OUTLEN;
	switch (c->op_mod) {
	case MLX5_MANAGE_PAGES_IN_OP_MOD_ALLOCATION_FAIL:
		return ST_OK;
	case MLX5_MANAGE_PAGES_IN_OP_MOD_ALLOCATION_SUCCESS:
		return pages_give(e, c, n);
	case MLX5_MANAGE_PAGES_IN_OP_MOD_HCA_RETURN_PAGES:
		return pages_take(e, c, n);
	}
	return ST_BAD_PARAM;
}

u8 cmd_query_issi(struct emu *e, struct cmd *c)
{
	(void)e;
	/* Of the interface steps, number 1 is what the driver knows. */
	CMD_OUT_SET(query_issi, c, supported_issi_dw0, BIT(1));
	return ST_OK;
}

u8 cmd_set_issi(struct emu *e, struct cmd *c)
{
	(void)e;
	return CMD_IN(set_issi, c, current_issi) == 1 ? ST_OK : ST_BAD_PARAM;
}

u8 cmd_query_special_contexts(struct emu *e, struct cmd *c)
{
	(void)e;
	CMD_OUT_SET(query_special_contexts, c, resd_lkey, RESERVED_LKEY);
	CMD_OUT_SET(query_special_contexts, c, terminate_scatter_list_mkey, LKEY_TERMINATE);
	return ST_OK;
}

/* The objects whose commands have the number in the same word */
static struct table *number_table(struct emu *e, u32 opcode)
{
	switch (opcode) {
	case MLX5_CMD_OP_ALLOC_PD:
	case MLX5_CMD_OP_DEALLOC_PD:
		return &e->pds;
	case MLX5_CMD_OP_ALLOC_UAR:
	case MLX5_CMD_OP_DEALLOC_UAR:
		return &e->uars;
	case MLX5_CMD_OP_ALLOC_XRCD:
	case MLX5_CMD_OP_DEALLOC_XRCD:
		return &e->xrcds;
	case MLX5_CMD_OP_ALLOC_TRANSPORT_DOMAIN:
	case MLX5_CMD_OP_DEALLOC_TRANSPORT_DOMAIN:
		return &e->tds;
	case MLX5_CMD_OP_CREATE_UCTX:
	case MLX5_CMD_OP_DESTROY_UCTX:
		return &e->uctxs;
	default:
		return &e->q_counters;
	}
}

u8 cmd_alloc(struct emu *e, struct cmd *c)
{
	struct object *o = table_add(number_table(e, c->opcode), sizeof(*o));

	if (!o)
		return ST_NO_RES;
	put_be32(c->out + 8, o->id);
	return ST_OK;
}

u8 cmd_dealloc(struct emu *e, struct cmd *c)
{
	return table_del(e, number_table(e, c->opcode), get_be32(c->in + 8) & 0xffffff);
}
