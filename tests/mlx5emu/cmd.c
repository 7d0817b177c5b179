// SPDX-License-Identifier: GPL-2.0
/*
 * The command interface: a page with a slot for each command that is under way,
 * and chains of mailboxes for what does not fit into a slot. Whether a command
 * arrived whole is told by its delivery status, whether it worked by its output.
 */
#include <stdlib.h>

#include "emu.h"

#define SYNDROME_BASE	0x5ea00000

#define C(op, phase, t, fn)						\
	{ MLX5_CMD_OP_##op, phase, false, #op, IFC_SZ(t##_in), IFC_SZ(t##_out), fn }
#define C_ETH(op, t)							\
	{ MLX5_CMD_OP_##op, HCA_INITIALIZED, true, #op, IFC_SZ(t##_in),	\
	  IFC_SZ(t##_out), cmd_##t }

static const struct cmd_desc commands[] = {
	C(QUERY_HCA_CAP, HCA_ENABLED, query_hca_cap, cmd_query_hca_cap),
	C(QUERY_ADAPTER, HCA_ENABLED, query_adapter, cmd_query_adapter),
	C(INIT_HCA, HCA_ENABLED, init_hca, cmd_init_hca),
	C(TEARDOWN_HCA, HCA_ENABLED, teardown_hca, cmd_teardown_hca),
	C(ENABLE_HCA, HCA_DISABLED, enable_hca, cmd_enable_hca),
	C(DISABLE_HCA, HCA_DISABLED, disable_hca, cmd_disable_hca),
	C(QUERY_PAGES, HCA_ENABLED, query_pages, cmd_query_pages),
	C(MANAGE_PAGES, HCA_ENABLED, manage_pages, cmd_manage_pages),
	C(SET_HCA_CAP, HCA_ENABLED, set_hca_cap, cmd_set_hca_cap),
	C(QUERY_ISSI, HCA_ENABLED, query_issi, cmd_query_issi),
	C(SET_ISSI, HCA_ENABLED, set_issi, cmd_set_issi),
	C(SET_DRIVER_VERSION, HCA_ENABLED, set_driver_version, cmd_nothing),
	C(CREATE_MKEY, HCA_INITIALIZED, create_mkey, cmd_create_mkey),
	C(QUERY_MKEY, HCA_INITIALIZED, query_mkey, cmd_query_mkey),
	C(DESTROY_MKEY, HCA_INITIALIZED, destroy_mkey, cmd_destroy_mkey),
	C(QUERY_SPECIAL_CONTEXTS, HCA_INITIALIZED, query_special_contexts,
	  cmd_query_special_contexts),
	C(CREATE_EQ, HCA_INITIALIZED, create_eq, cmd_create_eq),
	C(DESTROY_EQ, HCA_INITIALIZED, destroy_eq, cmd_destroy_eq),
	C(QUERY_EQ, HCA_INITIALIZED, query_eq, cmd_query_eq),
	C(CREATE_CQ, HCA_INITIALIZED, create_cq, cmd_create_cq),
	C(DESTROY_CQ, HCA_INITIALIZED, destroy_cq, cmd_destroy_cq),
	C(QUERY_CQ, HCA_INITIALIZED, query_cq, cmd_query_cq),
	C(MODIFY_CQ, HCA_INITIALIZED, modify_cq, cmd_modify_cq),
	C(CREATE_QP, HCA_INITIALIZED, create_qp, cmd_create_qp),
	C(DESTROY_QP, HCA_INITIALIZED, destroy_qp, cmd_destroy_qp),
	C(RST2INIT_QP, HCA_INITIALIZED, rst2init_qp, cmd_modify_qp),
	C(INIT2INIT_QP, HCA_INITIALIZED, init2init_qp, cmd_modify_qp),
	C(INIT2RTR_QP, HCA_INITIALIZED, init2rtr_qp, cmd_modify_qp),
	C(RTR2RTS_QP, HCA_INITIALIZED, rtr2rts_qp, cmd_modify_qp),
	C(RTS2RTS_QP, HCA_INITIALIZED, rts2rts_qp, cmd_modify_qp),
	C(SQERR2RTS_QP, HCA_INITIALIZED, sqerr2rts_qp, cmd_modify_qp),
	C(SQD_RTS_QP, HCA_INITIALIZED, sqd2rts_qp, cmd_modify_qp),
	C(2ERR_QP, HCA_INITIALIZED, qp_2err, cmd_modify_qp),
	C(2RST_QP, HCA_INITIALIZED, qp_2rst, cmd_modify_qp),
	C(QUERY_QP, HCA_INITIALIZED, query_qp, cmd_query_qp),
	C(CREATE_XRC_SRQ, HCA_INITIALIZED, create_xrc_srq, cmd_create_xrc_srq),
	C(DESTROY_XRC_SRQ, HCA_INITIALIZED, destroy_xrc_srq, cmd_destroy_srq),
	C(QUERY_XRC_SRQ, HCA_INITIALIZED, query_xrc_srq, cmd_query_xrc_srq),
	C(ARM_XRC_SRQ, HCA_INITIALIZED, arm_xrc_srq, cmd_arm_xrc_srq),
	C(CREATE_RMP, HCA_INITIALIZED, create_rmp, cmd_create_rmp),
	C(DESTROY_RMP, HCA_INITIALIZED, destroy_rmp, cmd_destroy_srq),
	C(QUERY_RMP, HCA_INITIALIZED, query_rmp, cmd_query_rmp),
	C(MODIFY_RMP, HCA_INITIALIZED, modify_rmp, cmd_modify_rmp),
	C(QUERY_HCA_VPORT_CONTEXT, HCA_INITIALIZED, query_hca_vport_context,
	  cmd_query_hca_vport_context),
	C(MODIFY_HCA_VPORT_CONTEXT, HCA_INITIALIZED, modify_hca_vport_context, cmd_nothing),
	C(QUERY_HCA_VPORT_GID, HCA_INITIALIZED, query_hca_vport_gid, cmd_query_hca_vport_gid),
	C(QUERY_HCA_VPORT_PKEY, HCA_INITIALIZED, query_hca_vport_pkey, cmd_query_hca_vport_pkey),
	C(QUERY_VPORT_STATE, HCA_INITIALIZED, query_vport_state, cmd_query_vport_state),
	C(QUERY_VPORT_COUNTER, HCA_INITIALIZED, query_vport_counter, cmd_query_vport_counter),
	C(ALLOC_Q_COUNTER, HCA_INITIALIZED, alloc_q_counter, cmd_alloc),
	C(DEALLOC_Q_COUNTER, HCA_INITIALIZED, dealloc_q_counter, cmd_dealloc),
	C(QUERY_Q_COUNTER, HCA_INITIALIZED, query_q_counter, cmd_nothing),
	C(ALLOC_PD, HCA_INITIALIZED, alloc_pd, cmd_alloc),
	C(DEALLOC_PD, HCA_INITIALIZED, dealloc_pd, cmd_dealloc),
	C(ALLOC_UAR, HCA_INITIALIZED, alloc_uar, cmd_alloc),
	C(DEALLOC_UAR, HCA_INITIALIZED, dealloc_uar, cmd_dealloc),
	C(ACCESS_REG, HCA_ENABLED, access_register, cmd_access_reg),
	C(ATTACH_TO_MCG, HCA_INITIALIZED, attach_to_mcg, cmd_mcg),
	C(DETACH_FROM_MCG, HCA_INITIALIZED, detach_from_mcg, cmd_mcg),
	C(NOP, HCA_ENABLED, nop, cmd_nothing),
	C(ALLOC_XRCD, HCA_INITIALIZED, alloc_xrcd, cmd_alloc),
	C(DEALLOC_XRCD, HCA_INITIALIZED, dealloc_xrcd, cmd_dealloc),
	C(ALLOC_TRANSPORT_DOMAIN, HCA_INITIALIZED, alloc_transport_domain, cmd_alloc),
	C(DEALLOC_TRANSPORT_DOMAIN, HCA_INITIALIZED, dealloc_transport_domain, cmd_dealloc),
	C(CREATE_UCTX, HCA_INITIALIZED, create_uctx, cmd_alloc),
	C(DESTROY_UCTX, HCA_INITIALIZED, destroy_uctx, cmd_dealloc),
	C_ETH(SET_ROCE_ADDRESS, set_roce_address),
	C_ETH(QUERY_ROCE_ADDRESS, query_roce_address),
	C_ETH(QUERY_NIC_VPORT_CONTEXT, query_nic_vport_context),
	C_ETH(MODIFY_NIC_VPORT_CONTEXT, modify_nic_vport_context),
	C_ETH(CREATE_SQ, create_sq),
	C_ETH(MODIFY_SQ, modify_sq),
	C_ETH(QUERY_SQ, query_sq),
	C_ETH(DESTROY_SQ, destroy_sq),
	C_ETH(CREATE_RQ, create_rq),
	C_ETH(MODIFY_RQ, modify_rq),
	C_ETH(QUERY_RQ, query_rq),
	C_ETH(DESTROY_RQ, destroy_rq),
	C_ETH(CREATE_RQT, create_rqt),
	C_ETH(MODIFY_RQT, modify_rqt),
	C_ETH(DESTROY_RQT, destroy_rqt),
	C_ETH(CREATE_TIR, create_tir),
	C_ETH(MODIFY_TIR, modify_tir),
	C_ETH(DESTROY_TIR, destroy_tir),
	C_ETH(CREATE_TIS, create_tis),
	C_ETH(MODIFY_TIS, modify_tis),
	C_ETH(DESTROY_TIS, destroy_tis),
	C_ETH(CREATE_FLOW_TABLE, create_flow_table),
	C_ETH(MODIFY_FLOW_TABLE, modify_flow_table),
	C_ETH(SET_FLOW_TABLE_ROOT, set_flow_table_root),
	C_ETH(DESTROY_FLOW_TABLE, destroy_flow_table),
	C_ETH(CREATE_FLOW_GROUP, create_flow_group),
	C_ETH(DESTROY_FLOW_GROUP, destroy_flow_group),
	C_ETH(SET_FLOW_TABLE_ENTRY, set_fte),
	C_ETH(DELETE_FLOW_TABLE_ENTRY, delete_fte),
};

/* Handlers look at the whole input structure, whatever is left of a short one. */
#define MIN_BUF		8192

static const struct cmd_desc *cmd_find(u32 opcode)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].opcode == opcode)
			return &commands[i];
	return NULL;
}

static u8 xor8(const u8 *p, u32 len)
{
	u8 x = 0;

	while (len--)
		x ^= *p++;
	return x;
}

/* Mailboxes are signed when the driver wants it so; those of zero are not. */
static bool mbox_signature_ok(const u8 *box)
{
	if (!box[MBOX_CTRL_SIG] && !box[MBOX_SIG])
		return true;
	return xor8(box + MBOX_RSVD, MBOX_SIZE - MBOX_RSVD - 1) == 0xff &&
	       xor8(box, MBOX_SIZE) == 0xff;
}

static void mbox_sign(u8 *box)
{
	box[MBOX_CTRL_SIG] = 0;
	box[MBOX_CTRL_SIG] = ~xor8(box + MBOX_RSVD, MBOX_SIZE - MBOX_RSVD - 2);
	box[MBOX_SIG] = 0;
	box[MBOX_SIG] = ~xor8(box, MBOX_SIZE - 1);
}

/* Walks a chain of mailboxes, as far as the length of the message goes. */
static u8 mbox_copy(struct emu *e, const struct cmd *c, u64 ptr, u8 *msg, u32 len, bool write)
{
	u8 bad_ptr = write ? DELIV_OUT_PTR : DELIV_IN_PTR;
	u8 box[MBOX_SIZE];
	u32 at, n, block;

	for (at = CMD_INLINE, block = 0; at < len; at += n, block++) {
		if (ptr % MBOX_ALIGN || !dma_read(e, ptr, box, sizeof(box)))
			return bad_ptr;
		if (box[MBOX_TOKEN] != c->layout[CMD_TOKEN])
			return DELIV_TOKEN;
		if (get_be32(box + MBOX_BLOCK) != block)
			return DELIV_BLOCK;
		n = min_t(u32, len - at, MBOX_DATA);
		if (write) {
			memcpy(box, msg + at, n);
			mbox_sign(box);
			if (!dma_write(e, ptr, box, sizeof(box)))
				return bad_ptr;
		} else if (mbox_signature_ok(box)) {
			memcpy(msg + at, box, n);
		} else {
			return DELIV_SIGNATURE;
		}
		ptr = get_be64(box + MBOX_NEXT);
	}
	return DELIV_OK;
}

static void cmd_free(struct cmd *c)
{
	free(c->in);
	free(c->out);
	c->in = NULL;
	c->out = NULL;
	c->busy = false;
	c->unanswered = false;
}

static void cmd_complete(struct emu *e, struct cmd *c)
{
	u64 slot = e->cmdq + c->slot * CMD_SIZE;
	u8 data[EQE_DATA_SIZE] = { 0 };
	u8 *l = c->layout;

	/* Who waited no more uses the output for something else. */
	if (!c->delivery && !c->unanswered)
		c->delivery = mbox_copy(e, c, get_be64(l + CMD_OUT_PTR), c->out, c->outlen, true);
	if (c->delivery) {
		e->stats.commands_undelivered++;
		log_info("command %#x: delivery status %#x", c->opcode, c->delivery);
	} else {
		memcpy(l + CMD_OUT, c->out, CMD_INLINE);
	}
	l[CMD_STATUS_OWN] = c->delivery << 1;
	l[CMD_SIG] = 0;
	l[CMD_SIG] = ~xor8(l, CMD_SIZE);
	/* The inputs are the driver's, and may be in use again when it sees the status. */
	dma_write(e, slot + CMD_OUT, l + CMD_OUT, CMD_INLINE);
	dma_publish(e, slot + CMD_SIG, l + CMD_SIG, CMD_SIZE - CMD_SIG);
	cmd_free(c);
	put_be32(data, BIT(c->slot));
	if (c->event)
		eq_async(e, EV_CMD, 0, data, sizeof(data));
}

static u8 cmd_execute(struct emu *e, struct cmd *c)
{
	const struct cmd_desc *d = cmd_find(c->opcode);
	u32 status;

	if (fault_take(e, RULE_CMD_FAIL, c->opcode, &status))
		return (u8)status;
	if (!d || (d->eth && !e->opt.eth))
		return ST_BAD_OP;
	if (e->hca < (enum hca_state)d->phase)
		return ST_BAD_SYS_STATE;
	if (c->inlen < d->inlen)
		return ST_BAD_INLEN;
	/* How much of the answer is wanted is up to who asks, but for the header. */
	if (c->outlen < min_t(u32, d->outlen, CMD_INLINE))
		return ST_BAD_OUTLEN;
	return d->fn(e, c);
}

static void cmd_run(struct emu *e, struct cmd *c)
{
	u8 status;

	if (c->executed || c->delivery) {
		if (c->finish)
			c->finish(e, c->finish_id, c->finish_arg);
		cmd_complete(e, c);
		return;
	}
	c->executed = true;
	e->stats.commands++;
	status = cmd_execute(e, c);
	log_debug("command %#x/%u, in %u, out %u: status %#x", c->opcode, c->op_mod, c->inlen,
		  c->outlen, status);
	c->out[0] = status;
	if (status) {
		e->stats.commands_failed++;
		put_be32(c->out + 4, SYNDROME_BASE | c->opcode);
	}
	if (c->extra_ns)
		timer_start(e, &c->timer, c->extra_ns);
	else
		cmd_run(e, c);
}

static void cmd_timer(struct emu *e, struct timer *t)
{
	cmd_run(e, container_of(t, struct cmd, timer));
}

/* Whether a command's completion is polled for, until there is a queue for it */
static bool cmd_uses_events(struct emu *e)
{
	struct eq *eq;
	u32 i;

	table_for_each(&e->eqs, i, eq)
		if (eq->mask[0] & BIT_ULL(EV_CMD))
			return true;
	return false;
}

static u8 cmd_fetch(struct emu *e, struct cmd *c)
{
	const u8 *l = c->layout;

	if (xor8(l, CMD_SIZE) != 0xff)
		return DELIV_SIGNATURE;
	if (l[CMD_TYPE] != CMD_TYPE_PCI)
		return DELIV_DESCR;
	if (c->inlen < CMD_INLINE || c->inlen > MAX_CMD_LEN)
		return DELIV_IN_LENGTH;
	if (c->outlen < 8 || c->outlen > MAX_CMD_LEN)
		return DELIV_OUT_LENGTH;
	c->in = calloc(1, max_t(u32, c->inlen, MIN_BUF));
	c->out = calloc(1, max_t(u32, c->outlen, MIN_BUF));
	if (!c->in || !c->out)
		return DELIV_IN_LENGTH;
	memcpy(c->in, l + CMD_IN, CMD_INLINE);
	c->opcode = get_be16(c->in);
	c->op_mod = get_be16(c->in + 6);
	return mbox_copy(e, c, get_be64(l + CMD_IN_PTR), c->in, c->inlen, false);
}

static void cmd_start(struct emu *e, u32 slot)
{
	struct cmd *c = &e->cmd[slot];
	u64 delay = (u64)e->clock.delay * 1000;
	u32 ms;

	if (c->busy) {
		log_info("command slot %u: still busy", slot);
		return;
	}
	memset(c, 0, sizeof(*c));
	c->slot = slot;
	if (!dma_read(e, e->cmdq + slot * CMD_SIZE, c->layout, CMD_SIZE)) {
		log_info("command queue at %#llx: not in memory", (unsigned long long)e->cmdq);
		return;
	}
	if (!(c->layout[CMD_STATUS_OWN] & 1)) {
		log_info("command slot %u: not ours", slot);
		return;
	}
	c->busy = true;
	c->inlen = get_be32(c->layout + CMD_INLEN);
	c->outlen = get_be32(c->layout + CMD_OUTLEN);
	c->event = cmd_uses_events(e);
	c->timer.fn = cmd_timer;
	c->delivery = cmd_fetch(e, c);
	c->unanswered = fault_take(e, RULE_CMD_TIMEOUT, c->opcode, NULL);
	if (c->unanswered)
		return;
	if (fault_take(e, RULE_CMD_BUSY, c->opcode, &ms))
		delay += ms * 1000000ULL;
	if (delay)
		timer_start(e, &c->timer, delay);
	else
		cmd_run(e, c);
}

/**
 * cmd_doorbell - the guest says which slots have a command
 * @e: the device
 * @mask: a bit for each slot
 */
void cmd_doorbell(struct emu *e, u32 mask)
{
	u32 slot;

	for (slot = 0; slot < CMDQ_SLOTS; slot++)
		if (mask & BIT(slot))
			cmd_start(e, slot);
}

/**
 * cmd_answer_late - answer the commands that were not to be answered
 * @e: the device
 *
 * They have not been executed.
 */
void cmd_answer_late(struct emu *e)
{
	struct cmd *c;
	u32 slot;

	for (slot = 0; slot < CMDQ_SLOTS; slot++) {
		c = &e->cmd[slot];
		if (!c->unanswered || c->delivery)
			continue;
		c->out[0] = ST_INTERNAL;
		cmd_complete(e, c);
	}
}

/**
 * cmd_reset - forget all commands that are under way
 * @e: the device
 */
void cmd_reset(struct emu *e)
{
	u32 slot;

	for (slot = 0; slot < CMDQ_SLOTS; slot++) {
		timer_stop(e, &e->cmd[slot].timer);
		cmd_free(&e->cmd[slot]);
	}
}
