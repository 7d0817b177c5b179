// SPDX-License-Identifier: GPL-2.0
/*
 * Flow tables: where the network driver says which frames go to which receive
 * queue. No frame comes, so nothing is looked up in them. Tables and groups are
 * kept for what refers to them, entries are not.
 */
#include "emu.h"

#define NIC_RX		0
#define MISS_DEFAULT	0
#define MISS_TABLE	1
#define MAX_DESTS	64

struct flow_table {
	struct object obj;
	u32 log_size;
	u32 level;
};

struct flow_group {
	struct object obj;
	struct flow_table *table;
	u32 first;
	u32 last;
};

void flow_group_release(struct emu *e, struct object *o)
{
	(void)e;
	container_of(o, struct flow_group, obj)->table->obj.refs--;
}

/* All these commands have the kind of table at the same place, and its number. */
static struct flow_table *flow_table_of(struct emu *e, const struct cmd *c)
{
	if (CMD_IN(set_fte, c, other_vport) || CMD_IN(set_fte, c, table_type) != NIC_RX)
		return NULL;
	return table_get(&e->fts, CMD_IN(set_fte, c, table_id));
}

/* Where what matches nothing goes on */
static bool miss_ok(struct emu *e, const u8 *ctx)
{
	switch (IFC_GET(flow_table_context, ctx, table_miss_action)) {
	case MISS_DEFAULT:
		return true;
	case MISS_TABLE:
		return table_get(&e->fts, IFC_GET(flow_table_context, ctx, table_miss_id));
	}
	return false;
}

u8 cmd_create_flow_table(struct emu *e, struct cmd *c)
{
	const u8 *ctx = IFC_AT(create_flow_table_in, c->in, flow_table_context);
	u32 log_size = IFC_GET(flow_table_context, ctx, log_size);
	u32 level = IFC_GET(flow_table_context, ctx, level);
	struct flow_table *t;

	if (CMD_IN(create_flow_table, c, other_vport) ||
	    CMD_IN(create_flow_table, c, table_type) != NIC_RX || log_size > LOG_MAX_FT_SIZE ||
	    level > MAX_FT_LEVEL || IFC_GET(flow_table_context, ctx, sw_owner) ||
	    IFC_GET(flow_table_context, ctx, reformat_en) ||
	    IFC_GET(flow_table_context, ctx, decap_en) || !miss_ok(e, ctx))
		return ST_BAD_PARAM;
	t = table_add(&e->fts, sizeof(*t));
	if (!t)
		return ST_NO_RES;
	t->log_size = log_size;
	t->level = level;
	CMD_OUT_SET(create_flow_table, c, table_id, t->obj.id);
	return ST_OK;
}

u8 cmd_modify_flow_table(struct emu *e, struct cmd *c)
{
	if (!flow_table_of(e, c))
		return ST_BAD_RES;
	return miss_ok(e, IFC_AT(modify_flow_table_in, c->in, flow_table_context)) ?
		ST_OK : ST_BAD_PARAM;
}

u8 cmd_set_flow_table_root(struct emu *e, struct cmd *c)
{
	return flow_table_of(e, c) ? ST_OK : ST_BAD_RES;
}

u8 cmd_destroy_flow_table(struct emu *e, struct cmd *c)
{
	const struct flow_table *t = flow_table_of(e, c);

	return t ? table_del(e, &e->fts, t->obj.id) : ST_BAD_RES;
}

u8 cmd_create_flow_group(struct emu *e, struct cmd *c)
{
	u32 first = CMD_IN(create_flow_group, c, start_flow_index);
	u32 last = CMD_IN(create_flow_group, c, end_flow_index);
	struct flow_table *t = flow_table_of(e, c);
	struct flow_group *g;
	u32 i;

	if (!t)
		return ST_BAD_RES;
	if (first > last || last >= 1U << t->log_size || CMD_IN(create_flow_group, c, group_type))
		return ST_BAD_PARAM;
	table_for_each(&e->fgs, i, g)
		if (g->table == t && first <= g->last && g->first <= last)
			return ST_BAD_PARAM;
	g = table_add(&e->fgs, sizeof(*g));
	if (!g)
		return ST_NO_RES;
	g->table = t;
	g->first = first;
	g->last = last;
	t->obj.refs++;
	CMD_OUT_SET(create_flow_group, c, group_id, g->obj.id);
	return ST_OK;
}

static struct flow_group *flow_group_of(struct emu *e, const struct flow_table *t, u32 id)
{
	struct flow_group *g = table_get(&e->fgs, id);

	return g && g->table == t ? g : NULL;
}

u8 cmd_destroy_flow_group(struct emu *e, struct cmd *c)
{
	const struct flow_table *t = flow_table_of(e, c);
	u32 id = CMD_IN(destroy_flow_group, c, group_id);

	return t && flow_group_of(e, t, id) ? table_del(e, &e->fgs, id) : ST_BAD_RES;
}

static bool dest_ok(struct emu *e, const u8 *dest)
{
	u32 id = IFC_GET(dest_format_struct, dest, destination_id);

	switch (IFC_GET(dest_format_struct, dest, destination_type)) {
	case MLX5_IFC_FLOW_DESTINATION_TYPE_FLOW_TABLE:
		return table_get(&e->fts, id);
	case MLX5_IFC_FLOW_DESTINATION_TYPE_TIR:
		return table_get(&e->tirs, id);
	}
	return false;
}

u8 cmd_set_fte(struct emu *e, struct cmd *c)
{
	const u8 *ctx = IFC_AT(set_fte_in, c->in, flow_context);
	u32 i, n = IFC_GET(flow_context, ctx, destination_list_size);
	u32 index = CMD_IN(set_fte, c, flow_index);
	const struct flow_table *t = flow_table_of(e, c);
	const struct flow_group *g;

	g = t ? flow_group_of(e, t, IFC_GET(flow_context, ctx, group_id)) : NULL;
	if (!g)
		return ST_BAD_RES;
	if (index < g->first || index > g->last || n > MAX_DESTS ||
	    IFC_GET(flow_context, ctx, flow_counter_list_size) ||
	    IFC_GET(flow_context, ctx, extended_destination))
		return ST_BAD_PARAM;
	if (n * IFC_SZ(dest_format_struct) > c->inlen - IFC_SZ(set_fte_in))
		return ST_BAD_INLEN;
	for (i = 0; i < n; i++)
		if (!dest_ok(e, c->in + IFC_SZ(set_fte_in) + i * IFC_SZ(dest_format_struct)))
			return ST_BAD_RES;
	return ST_OK;
}

u8 cmd_delete_fte(struct emu *e, struct cmd *c)
{
	const struct flow_table *t = flow_table_of(e, c);

	if (!t)
		return ST_BAD_RES;
	return CMD_IN(delete_fte, c, flow_index) < 1U << t->log_size ? ST_OK : ST_BAD_PARAM;
}
