// SPDX-License-Identifier: GPL-2.0
/*
 * RoCE: the table of addresses, datagrams with each kind of header, connections.
 */
#include "test_lib.h"

#define QKEY		0x1234
#define HOPS		63
#define TCLASS		0x62

/* The addresses of one port, as a driver would have them */
enum { ADDR_V1, ADDR_V6, ADDR_V4, ADDRS };

struct roce {
	struct ring eq;
	struct ring cq[2];
	struct test_qp qp[2];
	struct test_mr mr;
	u8 gid[ADDRS][16];
	u8 mac[6];
};

static int set_address(struct vf *vf, u32 index, u32 version, u32 l3, const u8 *gid)
{
	u8 in[IFC_SZ(set_roce_address_in)] = { 0 }, out[16];
	u8 *addr = IFC_AT(set_roce_address_in, in, roce_address);

	IFC_SET(set_roce_address_in, in, opcode, MLX5_CMD_OP_SET_ROCE_ADDRESS);
	IFC_SET(set_roce_address_in, in, roce_address_index, index);
	IFC_SET(roce_addr_layout, addr, roce_version, version);
	IFC_SET(roce_addr_layout, addr, roce_l3_type, l3);
	if (gid)
		memcpy(IFC_AT(roce_addr_layout, addr, source_l3_address), gid, 16);
	return vf_cmd(vf, in, sizeof(in), out, sizeof(out));
}

static int query_address(struct vf *vf, u32 index, u8 *gid)
{
	u8 in[16] = { 0 }, out[IFC_SZ(query_roce_address_out)];
	int status;

	IFC_SET(query_roce_address_in, in, opcode, MLX5_CMD_OP_QUERY_ROCE_ADDRESS);
	IFC_SET(query_roce_address_in, in, roce_address_index, index);
	status = vf_cmd(vf, in, sizeof(in), out, sizeof(out));
	memcpy(gid, IFC_AT(query_roce_address_out, out, roce_address), 16);
	return status;
}

static void port_mac(struct vf *vf, u8 *mac)
{
	u8 in[16] = { 0 }, out[IFC_SZ(query_nic_vport_context_out)];
	u8 *v = IFC_AT(query_nic_vport_context_out, out, nic_vport_context);

	IFC_SET(query_nic_vport_context_in, in, opcode, MLX5_CMD_OP_QUERY_NIC_VPORT_CONTEXT);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_OK);
	memcpy(mac, IFC_AT(nic_vport_context, v, permanent_address) + 2, 6);
}

static void setup(struct vf *vf, struct roce *r)
{
	int i;

	vf_init(vf);
	port_mac(vf, r->mac);
	memset(r->gid, 0, sizeof(r->gid));
	memcpy(r->gid[ADDR_V1], "\xfe\x80\0\0\0\0\0\0\1\2\3\xff\xfe\4\5\6", 16);
	memcpy(r->gid[ADDR_V6], r->gid[ADDR_V1], 16);
	memcpy(r->gid[ADDR_V4], "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\xa8\xc8\1", 16);
	EXPECT_EQ(set_address(vf, ADDR_V1, ROCE_V1, 0, r->gid[ADDR_V1]), ST_OK);
	EXPECT_EQ(set_address(vf, ADDR_V6, ROCE_V2, ROCE_L3_IPV6, r->gid[ADDR_V6]), ST_OK);
	EXPECT_EQ(set_address(vf, ADDR_V4, ROCE_V2, ROCE_L3_IPV4, r->gid[ADDR_V4]), ST_OK);
	EXPECT_EQ(vf_create_eq(vf, &r->eq, 6, 1, 0), ST_OK);
	EXPECT_EQ(vf_create_mkey(vf, &r->mr, 0x1000, 65536, vf->pd, MR_ALL), ST_OK);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(vf_create_cq(vf, &r->cq[i], 6, 64, r->eq.id), ST_OK);
		EXPECT_EQ(vf_create_qp(vf, &r->qp[i], QPT_UD, &r->cq[i], &r->cq[i], 0), ST_OK);
		vf_connect_qp(vf, &r->qp[i], 0, 0);
	}
	memset(vf_ptr(vf, r->mr.gpa), 0x3c, 4096);
}

static void post(struct vf *vf, struct roce *r, u32 index, const u8 *mac, const u8 *gid, u32 qpn)
{
	struct wqe w;
	u8 *av;

	wqe_start(&w, WQE_SEND, CE, 0);
	av = w.b + w.len;
	wqe_av(&w, QKEY, qpn, 0);
	memcpy(av + AV_RMAC, mac, 6);
	av[AV_TCLASS] = TCLASS;
	av[AV_HOP_LIMIT] = HOPS;
	put_be32(av + AV_GRH, index << 20);
	memcpy(av + AV_RGID, gid, 16);
	wqe_data(&w, r->mr.va, 100, r->mr.key);
	vf_post(vf, &r->qp[0], &w);
	cqe_check(vf_wait_cqe(vf, &r->cq[0]), CQE_OP_REQ, r->qp[0].id, (u32)(r->qp[0].sq_pi - 2));
}

/* Sends from an address to itself; what came, with what is said about its header. */
static const u8 *echo(struct vf *vf, struct roce *r, u32 addr, u32 l3)
{
	u8 *data = vf_ptr(vf, r->mr.gpa + 8192);
	u8 *cqe;

	memset(data, 0xee, 256);
	vf_post_recv(vf, &r->qp[1], r->mr.va + 8192, 4096, r->mr.key);
	post(vf, r, addr, r->mac, r->gid[addr], r->qp[1].id);
	cqe = vf_wait_cqe(vf, &r->cq[1]);
	EXPECT_EQ(cqe[CQE_OP_OWN] >> 4, CQE_OP_RESP_SEND);
	EXPECT_EQ(get_be32(cqe + CQE_BYTE_CNT), 140);
	EXPECT_EQ(get_be32(cqe + CQE_FLAGS_RQPN), 1U << 28 | l3 << 24 | r->qp[0].id);
	EXPECT_EQ(get_be16(cqe + CQE_SLID), 0);
	EXPECT(data[40] == 0x3c && data[139] == 0x3c && data[140] == 0xee);
	return data;
}

static void datagram_ipv4(struct vf *vf)
{
	struct roce r;
	const u8 *ip;
	u32 sum = 0;
	int i;

	setup(vf, &r);
	ip = echo(vf, &r, ADDR_V4, L3_IPV4) + 20;
	EXPECT_EQ(ip[0], 0x45);
	EXPECT_EQ(ip[1], TCLASS);
	/* IP, UDP, BTH, DETH, data, ICRC */
	EXPECT_EQ(get_be16(ip + 2), 20 + 8 + 12 + 8 + 100 + 4);
	EXPECT_EQ(ip[8], HOPS);
	EXPECT_EQ(ip[9], 17);
	EXPECT(!memcmp(ip + 12, "\xc0\xa8\xc8\1\xc0\xa8\xc8\1", 8));
	for (i = 0; i < 20; i += 2)
		sum += get_be16(ip + i);
	EXPECT_EQ((sum & 0xffff) + (sum >> 16), 0xffff);
}

static void datagram_ipv6(struct vf *vf)
{
	struct roce r;
	const u8 *ip;

	setup(vf, &r);
	ip = echo(vf, &r, ADDR_V6, L3_IPV6);
	EXPECT_EQ(get_be32(ip), 6U << 28 | TCLASS << 20);
	EXPECT_EQ(get_be16(ip + 4), 8 + 12 + 8 + 100 + 4);
	EXPECT_EQ(ip[6], 17);
	EXPECT_EQ(ip[7], HOPS);
	EXPECT(!memcmp(ip + 8, r.gid[ADDR_V6], 16) && !memcmp(ip + 24, r.gid[ADDR_V6], 16));
}

static void datagram_v1(struct vf *vf)
{
	struct roce r;
	const u8 *grh;

	setup(vf, &r);
	grh = echo(vf, &r, ADDR_V1, L3_GRH);
	EXPECT_EQ(grh[0] >> 4, 6);
	EXPECT_EQ(get_be16(grh + 4), 12 + 8 + 100 + 4);
	EXPECT_EQ(grh[6], 0x1b);
	EXPECT(!memcmp(grh + 8, r.gid[ADDR_V1], 16) && !memcmp(grh + 24, r.gid[ADDR_V1], 16));
}

/* From where nothing is, to who is nobody, and to an address of another kind */
static void lost(struct vf *vf)
{
	u8 other[16] = "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\xa8\xc8\2", mac[6];
	struct roce r;

	setup(vf, &r);
	memcpy(mac, r.mac, 6);
	mac[0] ^= 4;
	vf_post_recv(vf, &r.qp[1], r.mr.va + 8192, 4096, r.mr.key);
	/* What is not there looks like an address of version 1. */
	post(vf, &r, ADDRS, r.mac, r.gid[ADDR_V1], r.qp[1].id);
	post(vf, &r, 0xff, r.mac, r.gid[ADDR_V4], r.qp[1].id);
	post(vf, &r, ADDR_V4, mac, r.gid[ADDR_V4], r.qp[1].id);
	post(vf, &r, ADDR_V4, r.mac, other, r.qp[1].id);
	post(vf, &r, ADDR_V1, r.mac, r.gid[ADDR_V4], r.qp[1].id);
	/* The same 16 bytes are two addresses here; then one is gone. */
	EXPECT_EQ(set_address(vf, ADDR_V6, ROCE_V2, ROCE_L3_IPV6, NULL), ST_OK);
	post(vf, &r, ADDR_V6, r.mac, r.gid[ADDR_V6], r.qp[1].id);
	EXPECT(strstr(vf_control(vf, "stats"), "\"packets_dropped\":6"));
	EXPECT(!vf_next_cqe(vf, &r.cq[1]));
	post(vf, &r, ADDR_V4, r.mac, r.gid[ADDR_V4], r.qp[1].id);
	vf_wait_cqe(vf, &r.cq[1]);
}

static void multicast(struct vf *vf)
{
	u8 in[IFC_SZ(attach_to_mcg_in)] = { 0 }, out[16];
	u8 gid[16] = "\0\0\0\0\0\0\0\0\0\0\xff\xff\xe0\0\0\7", mac[6] = "\1\0\x5e\0\0\7";
	struct roce r;

	setup(vf, &r);
	IFC_SET(attach_to_mcg_in, in, opcode, MLX5_CMD_OP_ATTACH_TO_MCG);
	IFC_SET(attach_to_mcg_in, in, qpn, r.qp[1].id);
	memcpy(IFC_AT(attach_to_mcg_in, in, multicast_gid), gid, 16);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_OK);
	vf_post_recv(vf, &r.qp[1], r.mr.va + 8192, 4096, r.mr.key);
	post(vf, &r, ADDR_V4, mac, gid, 0xffffff);
	vf_wait_cqe(vf, &r.cq[1]);
	EXPECT_EQ(get_be32((u8 *)vf_ptr(vf, r.mr.gpa + 8192) + 36), 0xe0000007);
}

/* An address vector that is too short for an address */
static void short_vector(struct vf *vf)
{
	struct roce r;
	struct wqe w;

	setup(vf, &r);
	wqe_start(&w, WQE_SEND, CE, 0);
	wqe_av(&w, QKEY, r.qp[1].id, 1);
	put_be32(w.b + WQE_DS + 8, r.qp[1].id);
	wqe_data(&w, r.mr.va, 100, r.mr.key);
	vf_post(vf, &r.qp[0], &w);
	cqe_check_error(vf_wait_cqe(vf, &r.cq[0]), CQE_OP_REQ_ERR, r.qp[0].id, SYN_LOCAL_QP_OP);
}

static void connect_path(struct vf *vf, struct test_qp *qp, u32 remote, u32 index, const u8 *mac,
			 const u8 *gid)
{
	u8 qpc[IFC_SZ(qpc)] = { 0 };
	u8 *path = IFC_AT(qpc, qpc, primary_address_path);

	IFC_SET(qpc, qpc, rwe, 1);
	IFC_SET(qpc, qpc, pd, vf->pd);
	IFC_SET(ads, path, vhca_port_num, 1);
	EXPECT_EQ(vf_modify_qp(vf, qp, MLX5_CMD_OP_RST2INIT_QP, qpc, 0), ST_OK);
	IFC_SET(qpc, qpc, mtu, 3);
	IFC_SET(qpc, qpc, log_msg_max, 24);
	IFC_SET(qpc, qpc, remote_qpn, remote);
	IFC_SET(ads, path, src_addr_index, index);
	IFC_SET(ads, path, hop_limit, HOPS);
	memcpy(IFC_AT(ads, path, rgid_rip), gid, 16);
	memcpy(IFC_AT(ads, path, rmac_47_32), mac, 6);
	EXPECT_EQ(vf_modify_qp(vf, qp, MLX5_CMD_OP_INIT2RTR_QP, qpc, 0), ST_OK);
	IFC_SET(qpc, qpc, retry_count, 1);
	IFC_SET(ads, path, ack_timeout, 4);
	EXPECT_EQ(vf_modify_qp(vf, qp, MLX5_CMD_OP_RTR2RTS_QP, qpc, 0), ST_OK);
}

static void connection(struct vf *vf)
{
	struct test_qp qp[2];
	struct roce r;
	u8 *cqe;
	int i;

	setup(vf, &r);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(vf_create_qp(vf, &qp[i], QPT_RC, &r.cq[i], &r.cq[i], 0), ST_OK);
	for (i = 0; i < 2; i++)
		connect_path(vf, &qp[i], qp[!i].id, ADDR_V4, r.mac, r.gid[ADDR_V4]);
	vf_post_recv(vf, &qp[1], r.mr.va + 8192, 4096, r.mr.key);
	vf_send(vf, &qp[0], WQE_SEND, CE, 0, &r.mr, 0, 3000);
	cqe_check(vf_wait_cqe(vf, &r.cq[0]), CQE_OP_REQ, qp[0].id, 0);
	cqe = vf_wait_cqe(vf, &r.cq[1]);
	cqe_check(cqe, CQE_OP_RESP_SEND, qp[1].id, 0);
	/* No header is there to be read. */
	EXPECT_EQ(get_be32(cqe + CQE_FLAGS_RQPN) >> 28, 0);
	EXPECT_EQ(((u8 *)vf_ptr(vf, r.mr.gpa + 8192))[2999], 0x3c);
}

/* To an address that the receiver does not have there is no connection. */
static void no_connection(struct vf *vf)
{
	struct test_qp qp[2];
	struct roce r;
	int i;

	setup(vf, &r);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(vf_create_qp(vf, &qp[i], QPT_RC, &r.cq[i], &r.cq[i], 0), ST_OK);
	connect_path(vf, &qp[1], qp[0].id, ADDR_V4, r.mac, r.gid[ADDR_V4]);
	connect_path(vf, &qp[0], qp[1].id, ADDR_V4, r.mac, r.gid[ADDR_V6]);
	vf_post_recv(vf, &qp[1], r.mr.va + 8192, 4096, r.mr.key);
	vf_send(vf, &qp[0], WQE_SEND, CE, 0, &r.mr, 0, 8);
	cqe_check_error(vf_wait_cqe(vf, &r.cq[0]), CQE_OP_REQ_ERR, qp[0].id, SYN_RETRY_EXC);
	EXPECT(!vf_next_cqe(vf, &r.cq[1]));
}

static void addresses(struct vf *vf)
{
	u8 gid[16] = "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\xa8\xc8\1", got[16];

	vf_init(vf);
	EXPECT_EQ(set_address(vf, ROCE_ADDRS, ROCE_V2, 0, gid), ST_BAD_PARAM);
	EXPECT_EQ(set_address(vf, 0xffff, ROCE_V2, 0, gid), ST_BAD_PARAM);
	EXPECT_EQ(set_address(vf, 0, 1, 0, gid), ST_BAD_PARAM);
	EXPECT_EQ(set_address(vf, 0, ROCE_V2, 2, gid), ST_BAD_PARAM);
	EXPECT_EQ(query_address(vf, ROCE_ADDRS, got), ST_BAD_PARAM);
	EXPECT_EQ(set_address(vf, ROCE_ADDRS - 1, ROCE_V2, 0, gid), ST_OK);
	EXPECT_EQ(query_address(vf, ROCE_ADDRS - 1, got), ST_OK);
	EXPECT(!memcmp(got, gid, sizeof(gid)));
	/* Of the time before nothing is left. */
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_TEARDOWN_HCA, 0, 0, 0, NULL), ST_OK);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_DISABLE_HCA, 0, 0, 0, NULL), ST_OK);
	vf->next = GUEST_LOW;
	vf_init(vf);
	EXPECT_EQ(query_address(vf, ROCE_ADDRS - 1, got), ST_OK);
	EXPECT(memcmp(got, gid, sizeof(gid)));
}

static void infiniband(struct vf *vf)
{
	u8 gid[16] = { 1 };

	vf_init(vf);
	EXPECT_EQ(set_address(vf, 0, ROCE_V2, 0, gid), ST_BAD_OP);
	EXPECT_EQ(query_address(vf, 0, gid), ST_BAD_OP);
}

#define ETH(f)	T_OPT(f, -1, 1, .eth = true)

int main(void)
{
	static const struct test tests[] = {
		ETH(addresses), ETH(datagram_ipv4), ETH(datagram_ipv6), ETH(datagram_v1),
		ETH(lost), ETH(multicast), ETH(short_vector), ETH(connection),
		ETH(no_connection), T(infiniband),
	};

	return test_main("roce", tests, ARRAY_SIZE(tests));
}
