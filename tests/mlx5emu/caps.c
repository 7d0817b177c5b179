// SPDX-License-Identifier: GPL-2.0
/*
 * Capabilities: what the driver may ask of this device, and so does.
 *
 * checkpatch: MACRO_ARG_REUSE: the argument names a field
 */
#include "emu.h"

#define ATOMIC_CS	BIT(0)
#define ATOMIC_FA	BIT(1)
#define CAP(f, v)	{ IFC_OFF(cmd_hca_cap, f), IFC_BITS(cmd_hca_cap, f), v }

static const struct {
	u32 offset;
	u32 bits;
	u32 value;
} general[] = {
	/* How many, and how big */
	CAP(log_max_qp, LOG_MAX_QP),
	CAP(log_max_qp_sz, LOG_MAX_WQ_SIZE),
	CAP(log_max_cq, LOG_MAX_CQ),
	CAP(log_max_cq_sz, LOG_MAX_CQ_SIZE),
	CAP(log_max_srq, LOG_MAX_SRQ),
	CAP(log_max_srq_sz, LOG_MAX_WQ_SIZE),
	CAP(log_max_rmp, LOG_MAX_SRQ),
	CAP(log_max_eq_sz, LOG_MAX_EQ_SIZE),
	CAP(log_max_eq, 6),
	CAP(max_num_eqs, MAX_EQ - 1),
	CAP(log_max_mkey, LOG_MAX_MKEY),
	CAP(log_max_mrw_sz, 40),
	CAP(log_max_klm_list_size, 16),
	CAP(log_max_pd, LOG_MAX_PD),
	CAP(log_max_xrcd, LOG_MAX_XRCD),
	CAP(log_max_transport_domain, LOG_MAX_TD),
	CAP(log_max_uctx, LOG_MAX_UCTX),
	CAP(log_max_mcg, 8),
	CAP(max_qp_mcg, MAX_MCG),
	CAP(log_max_msg, LOG_MAX_MSG),
	CAP(log_max_ra_req_qp, 4),
	CAP(log_max_ra_res_qp, 4),
	CAP(max_wqe_sz_sq, 1024),
	CAP(max_wqe_sz_rq, 512),
	CAP(max_wqe_sz_sq_dc, 1008),
	/* Which transports and features */
	CAP(rc, 1),
	CAP(uc, 1),
	CAP(ud, 1),
	CAP(xrc, 1),
	CAP(pkv, 1),
	CAP(qkv, 1),
	CAP(atomic, 1),
	CAP(fixed_buffer_size, 1),
	CAP(umr_extended_translation_offset, 1),
	CAP(cqe_version, 1),
	CAP(compact_address_vector, 1),
	CAP(cq_oi, 1),
	CAP(cq_resize, 1),
	CAP(cq_moderation, 1),
	CAP(cq_eq_remap, 1),
	CAP(uctx_cap, 3),
	CAP(vport_counters, 1),
	/* The port: InfiniBand, of a virtual function */
	CAP(num_ports, 1),
	CAP(port_type, MLX5_CAP_PORT_TYPE_IB),
	CAP(ib_virt, 1),
	CAP(local_ca_ack_delay, 16),
	/* Doorbells: pages of 4 KiB, no BlueFlame */
	CAP(uar_sz, 5),
	CAP(log_pg_sz, 12),
	CAP(log_bf_reg_size, LOG_BF_REG),
	CAP(num_of_uars_per_page, 1),
	CAP(device_frequency_khz, 1000000),
	CAP(device_frequency_mhz, 1000),
};

/**
 * caps_init - the capabilities as they are before the driver changes them
 * @e: the device, with its options
 */
void caps_init(struct emu *e)
{
	size_t i;

	memset(e->cap_max, 0, sizeof(e->cap_max));
	for (i = 0; i < ARRAY_SIZE(general); i++)
		bits_set(e->cap_max, general[i].offset, general[i].bits, general[i].value);
	if (e->opt.no_eq_remap)
		IFC_SET(cmd_hca_cap, e->cap_max, cq_eq_remap, 0);
	memcpy(e->cap_cur, e->cap_max, sizeof(e->cap_cur));
	memset(e->cap_atomic, 0, sizeof(e->cap_atomic));
	IFC_SET(atomic_caps, e->cap_atomic, supported_atomic_req_8B_endianness_mode_1, 1);
	IFC_SET(atomic_caps, e->cap_atomic, atomic_operations, ATOMIC_CS | ATOMIC_FA);
	IFC_SET(atomic_caps, e->cap_atomic, atomic_size_qp, BIT(3));
}

u8 cmd_query_hca_cap(struct emu *e, struct cmd *c)
{
	u8 *cap = IFC_AT(query_hca_cap_out, c->out, capability);
	bool current = c->op_mod & 1;

	switch (c->op_mod >> 1) {
	case CAP_GENERAL:
		memcpy(cap, current ? e->cap_cur : e->cap_max, sizeof(e->cap_cur));
		return ST_OK;
	case CAP_ATOMIC:
		memcpy(cap, e->cap_atomic, sizeof(e->cap_atomic));
		return ST_OK;
	}
	return ST_BAD_PARAM;
}

u8 cmd_set_hca_cap(struct emu *e, struct cmd *c)
{
	const u8 *cap = IFC_AT(set_hca_cap_in, c->in, capability);

	if (e->hca == HCA_INITIALIZED)
		return ST_BAD_SYS_STATE;
	switch (c->op_mod >> 1) {
	case CAP_GENERAL:
		/* Only told back: what the model checks are limits of its own. */
		memcpy(e->cap_cur, cap, sizeof(e->cap_cur));
		return ST_OK;
	case CAP_ATOMIC:
		IFC_KEEP(atomic_caps, e->cap_atomic, cap, atomic_req_8B_endianness_mode);
		return ST_OK;
	}
	return ST_BAD_PARAM;
}

u8 cmd_query_adapter(struct emu *e, struct cmd *c)
{
	u8 *a = IFC_AT(query_adapter_out, c->out, query_adapter_struct);
	static const char board[16] = "MLX5EMU";

	(void)e;
	IFC_SET(query_adapter_param_block, a, ieee_vendor_id, 0x2c9);
	memcpy(IFC_AT(query_adapter_param_block, a, vsd_contd_psid), board, sizeof(board));
	return ST_OK;
}
