// SPDX-License-Identifier: GPL-2.0
/*
 * The port. There is no subnet manager: the LID is an option, the port is active
 * as soon as the device is there, and its GUID follows from the LID.
 */
#include "emu.h"

/* A LID that nobody has, so that what the guest asks of the manager gets lost */
#define SM_LID		0xbfff
#define PHYS_POLLING	2
#define PHYS_LINK_UP	5
#define STATE_DOWN	1
#define STATE_ACTIVE	4
#define MTU		4096
#define WIDTH_4X	4
#define SPEED_EDR	0x20
#define SPEED_100G	BIT(20)	/* port.h: MLX5E_100GBASE_CR4 */
#define DEFAULT_PKEY	0xffff
#define ALL_ENTRIES	0xffff
#define N_GIDS		8
#define N_PKEYS		128

/* IB_PORT_*_SUP: SL mapping, system image GUID, communication manager, re-registration */
#define PORT_CM_SUP	BIT(16)
#define PORT_CAPS	(BIT(5) | BIT(11) | PORT_CM_SUP | BIT(25))

/**
 * emu_guid - the GUID of the port with a LID
 * @lid: the LID
 */
u64 emu_guid(u32 lid)
{
	return 0x0002c90300000000ULL | (u64)lid << 8;
}

/**
 * emu_gid - the GID of the port with a LID
 * @lid: the LID
 * @gid: where to put it
 */
void emu_gid(u32 lid, u8 gid[16])
{
	put_be64(gid, 0xfe80ULL << 48);
	put_be64(gid + 8, emu_guid(lid) + 1);
}

/**
 * port_set - take the link up or down
 * @e: the device
 * @up: which of it
 */
void port_set(struct emu *e, bool up)
{
	u8 data[EQE_DATA_SIZE] = { [8] = 1 << 4 };

	if (e->port_up == up)
		return;
	e->port_up = up;
	eq_async(e, EV_PORT_CHANGE, up ? PORT_ACTIVE : PORT_DOWN, data, sizeof(data));
}

u8 cmd_query_hca_vport_context(struct emu *e, struct cmd *c)
{
	u8 *v = IFC_AT(query_hca_vport_context_out, c->out, hca_vport_context);
	u32 state = e->port_up ? STATE_ACTIVE : STATE_DOWN;

	IFC_SET(hca_vport_context, v, port_physical_state,
		e->port_up ? PHYS_LINK_UP : PHYS_POLLING);
	IFC_SET(hca_vport_context, v, port_state, state);
	IFC_SET(hca_vport_context, v, vport_state, state);
	IFC_SET64(hca_vport_context, v, system_image_guid, emu_guid(e->opt.lid));
	IFC_SET64(hca_vport_context, v, node_guid, emu_guid(e->opt.lid));
	IFC_SET64(hca_vport_context, v, port_guid, emu_guid(e->opt.lid) + 1);
	IFC_SET(hca_vport_context, v, cap_mask1, PORT_CAPS);
	/* What the communication manager's driver sets when it is there */
	IFC_SET(hca_vport_context, v, cap_mask1_field_select, PORT_CM_SUP);
	IFC_SET(hca_vport_context, v, lid, e->opt.lid);
	IFC_SET(hca_vport_context, v, sm_lid, SM_LID);
	IFC_SET(hca_vport_context, v, subnet_timeout, 18);
	return ST_OK;
}

u8 cmd_query_hca_vport_gid(struct emu *e, struct cmd *c)
{
	u32 index = CMD_IN(query_hca_vport_gid, c, gid_index);
	u32 n = index == ALL_ENTRIES ? N_GIDS : 1;

	if (c->outlen < IFC_SZ(query_hca_vport_gid_out) + 16 * n)
		return ST_BAD_OUTLEN;
	CMD_OUT_SET(query_hca_vport_gid, c, gids_num, n);
	if (!index || index == ALL_ENTRIES)
		emu_gid(e->opt.lid, c->out + IFC_SZ(query_hca_vport_gid_out));
	return ST_OK;
}

u8 cmd_query_hca_vport_pkey(struct emu *e, struct cmd *c)
{
	u32 index = CMD_IN(query_hca_vport_pkey, c, pkey_index);
	u32 n = index == ALL_ENTRIES ? N_PKEYS : 1;

	(void)e;
	if (c->outlen < IFC_SZ(query_hca_vport_pkey_out) + 4 * n)
		return ST_BAD_OUTLEN;
	if (!index || index == ALL_ENTRIES)
		put_be32(c->out + IFC_SZ(query_hca_vport_pkey_out), DEFAULT_PKEY);
	return ST_OK;
}

u8 cmd_query_vport_state(struct emu *e, struct cmd *c)
{
	CMD_OUT_SET(query_vport_state, c, admin_state, 1);
	CMD_OUT_SET(query_vport_state, c, state, e->port_up);
	return ST_OK;
}

u8 cmd_query_vport_counter(struct emu *e, struct cmd *c)
{
	u8 *rx = IFC_AT(query_vport_counter_out, c->out, received_ib_unicast);
	u8 *tx = IFC_AT(query_vport_counter_out, c->out, transmitted_ib_unicast);

	IFC_SET64(traffic_counter, rx, packets, e->stats.packets);
	IFC_SET64(traffic_counter, tx, packets, e->stats.packets);
	IFC_SET64(traffic_counter, rx, octets, e->stats.bytes);
	IFC_SET64(traffic_counter, tx, octets, e->stats.bytes);
	return ST_OK;
}

u8 cmd_access_reg(struct emu *e, struct cmd *c)
{
	u8 *reg = c->out + IFC_SZ(access_register_out);
	bool write = !c->op_mod;
	u32 len;

	if (c->outlen < IFC_SZ(access_register_out))
		return ST_BAD_OUTLEN;
	len = min(c->inlen - IFC_SZ(access_register_in), c->outlen - IFC_SZ(access_register_out));
	memcpy(reg, c->in + IFC_SZ(access_register_in), len);
	switch (CMD_IN(access_register, c, register_id)) {
	case REG_PTYS:
		if (e->opt.eth) {
			IFC_SET(ptys_reg, reg, eth_proto_capability, SPEED_100G);
			IFC_SET(ptys_reg, reg, eth_proto_oper, SPEED_100G);
			break;
		}
		IFC_SET(ptys_reg, reg, ib_link_width_capability, WIDTH_4X);
		IFC_SET(ptys_reg, reg, ib_link_width_oper, WIDTH_4X);
		IFC_SET(ptys_reg, reg, ib_proto_capability, SPEED_EDR);
		IFC_SET(ptys_reg, reg, ib_proto_oper, SPEED_EDR);
		break;
	case REG_PMTU:
		if (e->opt.eth) {
			/* Of frames; the one in force is that of the port's context. */
			IFC_SET(pmtu_reg, reg, max_mtu, ETH_MTU);
			IFC_SET(pmtu_reg, reg, oper_mtu, ETH_MTU);
			break;
		}
		IFC_SET(pmtu_reg, reg, max_mtu, MTU);
		IFC_SET(pmtu_reg, reg, admin_mtu, MTU);
		IFC_SET(pmtu_reg, reg, oper_mtu, MTU);
		break;
	case REG_PVLC:
		IFC_SET(pvlc_reg, reg, vl_hw_cap, 4);
		IFC_SET(pvlc_reg, reg, vl_operational, 4);
		break;
	case REG_PAOS:
		IFC_SET(paos_reg, reg, admin_status, 1);
		IFC_SET(paos_reg, reg, oper_status, e->port_up ? 1 : 2);
		break;
	case REG_NODE_DESC:
		if (write)
			memcpy(e->node_desc, reg, min(len, (u32)sizeof(e->node_desc)));
		memcpy(reg, e->node_desc, sizeof(e->node_desc));
		break;
	default:
		/* Read back as written; a time of zero is "the driver's default". */
		log_debug("register %#x", CMD_IN(access_register, c, register_id));
	}
	return ST_OK;
}
