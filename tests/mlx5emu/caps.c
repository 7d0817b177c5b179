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

/* What is there, or other, on an Ethernet link */
static const struct {
	u32 offset;
	u32 bits;
	u32 value;
} ethernet[] = {
	CAP(port_type, MLX5_CAP_PORT_TYPE_ETH),
	CAP(ib_virt, 0),
	CAP(eth_net_offloads, 1),
	CAP(nic_flow_table, 1),
	CAP(roce, 1),
	CAP(log_max_rq, LOG_MAX_RQ),
	CAP(log_max_sq, LOG_MAX_QP),
	CAP(log_max_rqt, LOG_MAX_RQT),
	CAP(log_max_rqt_size, 10),
	CAP(log_max_tir, LOG_MAX_TIR),
	CAP(log_max_tis, LOG_MAX_TIS),
	CAP(log_max_current_uc_list, 7),
	CAP(log_max_current_mc_list, 7),
	CAP(log_max_vlan_list, 7),
};

#define FLOW_CAP(f, v)	IFC_SET(flow_table_prop_layout, rx, f, v)
#define ETH_CAP(f, v)	IFC_SET(per_protocol_networking_offload_caps, e->cap_eth, f, v)
#define ROCE_CAP(f, v)	IFC_SET(roce_cap, e->cap_roce, f, v)

static void caps_init_eth(struct emu *e)
{
	u8 *rx = IFC_AT(flow_table_nic_cap, e->cap_flow, flow_table_properties_nic_receive);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ethernet); i++)
		bits_set(e->cap_max, ethernet[i].offset, ethernet[i].bits, ethernet[i].value);
	/* Without these the network driver does not begin. */
	ETH_CAP(csum_cap, 1);
	ETH_CAP(vlan_cap, 1);
	ETH_CAP(self_lb_en_modifiable, 1);
	ETH_CAP(max_lso_cap, 16);
	ETH_CAP(rss_ind_tbl_cap, 10);
	ETH_CAP(wqe_inline_mode, INLINE_NOT_REQUIRED);
	FLOW_CAP(ft_support, 1);
	FLOW_CAP(flow_modify_en, 1);
	FLOW_CAP(modify_root, 1);
	FLOW_CAP(identified_miss_table_mode, 1);
	FLOW_CAP(flow_table_modify, 1);
	FLOW_CAP(log_max_ft_size, LOG_MAX_FT_SIZE);
	FLOW_CAP(max_ft_level, MAX_FT_LEVEL);
	FLOW_CAP(log_max_ft_num, LOG_MAX_FT);
	FLOW_CAP(log_max_destination, 6);
	ROCE_CAP(l3_type, BIT(1 + ROCE_L3_IPV4) | BIT(1 + ROCE_L3_IPV6));
	ROCE_CAP(roce_version, BIT(ROCE_V1) | BIT(ROCE_V2));
	ROCE_CAP(r_roce_dest_udp_port, 4791);
	ROCE_CAP(r_roce_min_src_udp_port, 0xc000);
	ROCE_CAP(r_roce_max_src_udp_port, 0xffff);
	ROCE_CAP(roce_address_table_size, ROCE_ADDRS);
}

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
	if (e->opt.eth)
		caps_init_eth(e);
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
	if (!e->opt.eth)
		return ST_BAD_PARAM;
	switch (c->op_mod >> 1) {
	case CAP_ETHERNET:
		memcpy(cap, e->cap_eth, sizeof(e->cap_eth));
		return ST_OK;
	case CAP_ROCE:
		memcpy(cap, e->cap_roce, sizeof(e->cap_roce));
		return ST_OK;
	case CAP_FLOW_TABLE:
		memcpy(cap, e->cap_flow, sizeof(e->cap_flow));
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
