// SPDX-License-Identifier: GPL-2.0
/*
 * RoCE: queue pairs whose packets go by addresses of the Internet. The guest fills
 * a table of its own addresses. A sender names one of them, and the receiver's MAC;
 * a receiver takes what is for an address in its table, of the same kind.
 *
 * The wire goes by LIDs whatever the link is. On an Ethernet one each device has
 * the MAC that follows from its LID, so that a MAC tells where a packet goes.
 */
#include "emu.h"

#define MAC_PREFIX	0x026d6c35U
#define MCAST_LID	0xc000
#define IPPROTO_UDP	17
#define IPV4_SIZE	20
#define BTH_ICRC_SIZE	16
#define UDP_SIZE	8
#define DETH_SIZE	8

/**
 * emu_mac - the MAC of the port with a LID
 * @lid: the LID
 * @mac: where to put it
 */
void emu_mac(u32 lid, u8 mac[6])
{
	put_be32(mac, MAC_PREFIX);
	put_be16(mac + 4, lid);
}

/**
 * roce_lid - the LID of the port with a MAC
 * @mac: the MAC
 *
 * Return: the LID, or 0 if nobody has that MAC
 */
u32 roce_lid(const u8 mac[6])
{
	if (mac[0] & 1)
		return MCAST_LID;
	return get_be32(mac) == MAC_PREFIX && get_be16(mac + 4) < MCAST_LID ? get_be16(mac + 4) : 0;
}

static bool addr_used(const u8 *addr)
{
	static const u8 none[16];

	return memcmp(IFC_AT(roce_addr_layout, addr, source_l3_address), none, sizeof(none));
}

/* What a completion says about the header, and which packets an address is for */
static u8 addr_l3(const u8 *addr)
{
	if (IFC_GET(roce_addr_layout, addr, roce_version) == ROCE_V1)
		return L3_GRH;
	return IFC_GET(roce_addr_layout, addr, roce_l3_type) == ROCE_L3_IPV4 ? L3_IPV4 : L3_IPV6;
}

/**
 * roce_route - where a packet comes from, and where it goes
 * @e: the device
 * @p: the packet
 * @index: of the sender's address in the table
 * @rmac: MAC of the receiver, or of a group
 *
 * With an address that is not there it goes nowhere.
 */
void roce_route(struct emu *e, struct packet *p, u32 index, const u8 rmac[6])
{
	const u8 *addr = index < ROCE_ADDRS ? e->roce_addr[index] : NULL;

	p->dlid = 0;
	if (!addr || !addr_used(addr))
		return;
	p->dlid = roce_lid(rmac);
	p->l3 = addr_l3(addr);
	memcpy(p->sgid, IFC_AT(roce_addr_layout, addr, source_l3_address), sizeof(p->sgid));
}

/**
 * roce_accepts - whether a packet is for one of the guest's addresses
 * @e: the device
 * @p: the packet
 */
bool roce_accepts(struct emu *e, const struct packet *p)
{
	u32 i;

	/* Answers go by queue pairs, and who listens to a group is known elsewhere. */
	if (!e->opt.eth || p->dlid >= MCAST_LID ||
	    (p->type != PKT_REQUEST && p->type != PKT_DATAGRAM))
		return true;
	for (i = 0; i < ROCE_ADDRS; i++) {
		const u8 *addr = e->roce_addr[i];

		if (addr_used(addr) && addr_l3(addr) == p->l3 &&
		    !memcmp(IFC_AT(roce_addr_layout, addr, source_l3_address), p->dgid,
			    sizeof(p->dgid)))
			return true;
	}
	return false;
}

static u16 ip_checksum(const u8 *head)
{
	u32 sum = 0, i;

	for (i = 0; i < IPV4_SIZE; i += 2)
		sum += get_be16(head + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

/**
 * roce_header - what a receiver of a datagram finds before it
 * @head: where to put it; one of IPv4 is at the end
 * @p: the datagram
 */
void roce_header(u8 head[GRH_SIZE], const struct packet *p)
{
	u32 len = BTH_ICRC_SIZE + DETH_SIZE + p->payload;
	u8 *ip = head + GRH_SIZE - IPV4_SIZE;

	memset(head, 0, GRH_SIZE);
	if (p->l3 != L3_IPV4) {
		put_be32(head, 6U << 28 | (u32)p->tclass << 20);
		put_be16(head + 4, p->l3 == L3_GRH ? len : len + UDP_SIZE);
		head[6] = p->l3 == L3_GRH ? GRH_NEXT : IPPROTO_UDP;
		head[7] = p->hop_limit;
		memcpy(head + 8, p->sgid, sizeof(p->sgid));
		memcpy(head + 24, p->dgid, sizeof(p->dgid));
		return;
	}
	ip[0] = 4 << 4 | IPV4_SIZE / 4;
	ip[1] = p->tclass;
	put_be16(ip + 2, IPV4_SIZE + UDP_SIZE + len);
	ip[8] = p->hop_limit;
	ip[9] = IPPROTO_UDP;
	memcpy(ip + 12, p->sgid + 12, 4);
	memcpy(ip + 16, p->dgid + 12, 4);
	put_be16(ip + 10, ip_checksum(ip));
}

u8 cmd_set_roce_address(struct emu *e, struct cmd *c)
{
	const u8 *addr = IFC_AT(set_roce_address_in, c->in, roce_address);
	u32 index = CMD_IN(set_roce_address, c, roce_address_index);
	u32 version = IFC_GET(roce_addr_layout, addr, roce_version);

	if (index >= ROCE_ADDRS || (version != ROCE_V1 && version != ROCE_V2) ||
	    IFC_GET(roce_addr_layout, addr, roce_l3_type) > ROCE_L3_IPV6 ||
	    IFC_GET(roce_addr_layout, addr, vlan_valid))
		return ST_BAD_PARAM;
	memcpy(e->roce_addr[index], addr, sizeof(e->roce_addr[index]));
	return ST_OK;
}

u8 cmd_query_roce_address(struct emu *e, struct cmd *c)
{
	u32 index = CMD_IN(query_roce_address, c, roce_address_index);

	if (index >= ROCE_ADDRS)
		return ST_BAD_PARAM;
	memcpy(IFC_AT(query_roce_address_out, c->out, roce_address), e->roce_addr[index],
	       sizeof(e->roce_addr[index]));
	return ST_OK;
}
