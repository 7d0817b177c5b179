// SPDX-License-Identifier: GPL-2.0
/*
 * The command interface: how a command that is not right is refused.
 */
#include <unistd.h>

#include "test_lib.h"

static u8 xor8(const u8 *p, u32 len)
{
	u8 x = 0;

	while (len--)
		x ^= *p++;
	return x;
}

enum broken { NOTHING, TYPE, SIGNATURE, INLEN, INLEN_HUGE, OUTLEN, IN_PTR, IN_ALIGN, OUT_PTR,
	      TOKEN, BLOCK, BOX_SIGNATURE, LOOP };

/* CREATE_CQ with one thing wrong in how it is delivered: the delivery status. */
static u8 deliver(struct vf *vf, enum broken what)
{
	u8 *slot = vf_ptr(vf, vf->cmdq), *box;
	u64 in = vf_alloc(vf, MBOX_ALIGN), out = vf_alloc(vf, MBOX_ALIGN);
	int i;

	memset(slot, 0, CMD_SIZE);
	for (i = 0; i < 2; i++) {
		box = vf_ptr(vf, i ? out : in);
		memset(box, 0, MBOX_SIZE);
		box[MBOX_TOKEN] = 9;
	}
	box = vf_ptr(vf, in);
	slot[CMD_TYPE] = what == TYPE ? 1 : CMD_TYPE_PCI;
	slot[CMD_TOKEN] = 9;
	slot[CMD_STATUS_OWN] = 1;
	put_be32(slot + CMD_INLEN, what == INLEN ? 8 : what == INLEN_HUGE ? 1 << 30 :
		 what == LOOP ? 4096 : 100);
	put_be32(slot + CMD_OUTLEN, what == OUTLEN ? 4 : 100);
	put_be64(slot + CMD_IN_PTR, what == IN_PTR ? 1ULL << 40 : what == IN_ALIGN ? in + 512 : in);
	put_be64(slot + CMD_OUT_PTR, what == OUT_PTR ? 0xe0000000ULL : out);
	put_be16(slot + CMD_IN, MLX5_CMD_OP_NOP);
	if (what == TOKEN)
		box[MBOX_TOKEN] = 8;
	if (what == BLOCK)
		put_be32(box + MBOX_BLOCK, 7);
	if (what == BOX_SIGNATURE)
		box[MBOX_SIG] = 1;
	if (what == LOOP)
		put_be64(box + MBOX_NEXT, in);
	slot[CMD_SIG] = ~xor8(slot, CMD_SIZE);
	if (what == SIGNATURE)
		slot[CMD_SIG] ^= 1;
	vf_write32(vf, ISEG_CMD_DBELL, 1);
	vf_doorbell_sync(vf);
	EXPECT(!(slot[CMD_STATUS_OWN] & 1));
	return slot[CMD_STATUS_OWN] >> 1;
}

static void delivery(struct vf *vf)
{
	static const struct {
		enum broken what;
		u8 status;
	} cases[] = {
		{ NOTHING, DELIV_OK }, { TYPE, DELIV_DESCR }, { SIGNATURE, DELIV_SIGNATURE },
		{ INLEN, DELIV_IN_LENGTH }, { INLEN_HUGE, DELIV_IN_LENGTH },
		{ OUTLEN, DELIV_OUT_LENGTH }, { IN_PTR, DELIV_IN_PTR }, { IN_ALIGN, DELIV_IN_PTR },
		{ OUT_PTR, DELIV_OUT_PTR }, { TOKEN, DELIV_TOKEN }, { BLOCK, DELIV_BLOCK },
		{ BOX_SIGNATURE, DELIV_SIGNATURE }, { LOOP, DELIV_BLOCK },
	};
	size_t i;

	vf_enable(vf);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		EXPECT_EQ(deliver(vf, cases[i].what), cases[i].status);
}

static void queue_nowhere(struct vf *vf)
{
	vf_write32(vf, ISEG_CMDQ_H, 0xffff);
	vf_write32(vf, ISEG_CMDQ_L, 0xfffff000);
	vf_write32(vf, ISEG_CMD_DBELL, 0xffffffff);
	vf_doorbell_sync(vf);
}

static void phases(struct vf *vf)
{
	vf->cmdq = vf_alloc(vf, ADAPTER_PAGE);
	vf_write32(vf, ISEG_CMDQ_H, vf->cmdq >> 32);
	vf_write32(vf, ISEG_CMDQ_L, (u32)vf->cmdq);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_QUERY_PAGES, 1, 0, 0, NULL), ST_BAD_SYS_STATE);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_ENABLE_HCA, 0, 0, 0, NULL), ST_OK);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_ALLOC_PD, 0, 0, 0, NULL), ST_BAD_SYS_STATE);
	/* It does not start without the pages that it asks for. */
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_INIT_HCA, 0, 0, 0, NULL), ST_BAD_INLEN);
}

static void unknown(struct vf *vf)
{
	vf_init(vf);
	EXPECT_EQ(vf_simple(vf, 0x7777, 0, 0, 0, NULL), ST_BAD_OP);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_CREATE_TIR, 0, 0, 0, NULL), ST_BAD_OP);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_CREATE_QP, 0, 0, 0, NULL), ST_BAD_INLEN);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_QUERY_HCA_CAP, 0x44, 0, 0, NULL), ST_BAD_PARAM);
}

static void no_such_object(struct vf *vf)
{
	static const u16 ops[] = {
		MLX5_CMD_OP_DESTROY_EQ, MLX5_CMD_OP_DESTROY_CQ, MLX5_CMD_OP_DESTROY_QP,
		MLX5_CMD_OP_DESTROY_MKEY, MLX5_CMD_OP_DESTROY_RMP, MLX5_CMD_OP_DEALLOC_PD,
		MLX5_CMD_OP_DEALLOC_UAR, MLX5_CMD_OP_QUERY_QP, MLX5_CMD_OP_QUERY_CQ,
		MLX5_CMD_OP_2ERR_QP, MLX5_CMD_OP_ARM_XRC_SRQ,
	};
	size_t i;

	vf_init(vf);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		EXPECT_EQ(vf_simple(vf, ops[i], 0, 0xff, 0, NULL), ST_BAD_RES);
		EXPECT_EQ(vf_simple(vf, ops[i], 0, 0xffffff, 0, NULL), ST_BAD_RES);
	}
}

static void in_use(struct vf *vf)
{
	struct pair p;

	vf_init(vf);
	pair_make(vf, &p, QPT_RC);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_DESTROY_EQ, 0, p.eq[0].id, 0, NULL), ST_BAD_RES_STATE);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_DESTROY_CQ, 0, p.cq[0].id, 0, NULL), ST_BAD_RES_STATE);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_DEALLOC_PD, 0, vf->pd, 0, NULL), ST_BAD_RES_STATE);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_DESTROY_QP, 0, p.qp[0].id, 0, NULL), ST_OK);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_DESTROY_CQ, 0, p.cq[0].id, 0, NULL), ST_OK);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_DESTROY_EQ, 0, p.eq[0].id, 0, NULL), ST_OK);
}

static void limits(struct vf *vf)
{
	u32 n;

	vf_init(vf);
	for (n = 0; n < 1 << LOG_MAX_TD; n++)
		if (vf_simple(vf, MLX5_CMD_OP_ALLOC_TRANSPORT_DOMAIN, 0, 0, 0, NULL))
			break;
	EXPECT_EQ(n, (1 << LOG_MAX_TD) - 1);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_ALLOC_TRANSPORT_DOMAIN, 0, 0, 0, NULL), ST_NO_RES);
}

/* A key with more translations than all keys together may have */
static void mkey_too_big(struct vf *vf)
{
	u8 in[IFC_SZ(create_mkey_in)] = { 0 }, out[16];
	u8 *ctx = IFC_AT(create_mkey_in, in, memory_key_mkey_entry);

	vf_init(vf);
	IFC_SET(create_mkey_in, in, opcode, MLX5_CMD_OP_CREATE_MKEY);
	IFC_SET(mkc, ctx, free, 1);
	IFC_SET(mkc, ctx, access_mode_1_0, MODE_MTT);
	IFC_SET(mkc, ctx, translations_octword_size, UINT32_MAX);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_LIMIT);
	IFC_SET(mkc, ctx, translations_octword_size, 16);
	IFC_SET(create_mkey_in, in, translations_octword_actual_size, UINT32_MAX);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_BAD_INLEN);
}

static void queue_pages_missing(struct vf *vf)
{
	u8 in[IFC_SZ(create_cq_in) + 8] = { 0 }, out[16];
	u8 *ctx = IFC_AT(create_cq_in, in, cq_context);

	vf_init(vf);
	IFC_SET(create_cq_in, in, opcode, MLX5_CMD_OP_CREATE_CQ);
	IFC_SET(cqc, ctx, log_cq_size, 7);
	IFC_SET(cqc, ctx, c_eqn_or_apu_element, vf->async_eq.id);
	IFC_SET(cqc, ctx, uar_page, vf->uar);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_BAD_INLEN);
	IFC_SET(cqc, ctx, log_page_size, 31);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_BAD_PARAM);
	IFC_SET(cqc, ctx, log_page_size, 0);
	IFC_SET(cqc, ctx, log_cq_size, 31);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_BAD_PARAM);
	IFC_SET(cqc, ctx, log_cq_size, 6);
	IFC_SET(cqc, ctx, uar_page, 5);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_BAD_PARAM);
}

static void pages_come_back(struct vf *vf)
{
	u8 in[16] = { 0 }, out[16 + 8 * 64];
	u32 n = 0, k;

	vf_init(vf);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_TEARDOWN_HCA, 0, 0, 0, NULL), ST_OK);
	IFC_SET(manage_pages_in, in, opcode, MLX5_CMD_OP_MANAGE_PAGES);
	IFC_SET(manage_pages_in, in, op_mod, MLX5_MANAGE_PAGES_IN_OP_MOD_HCA_RETURN_PAGES);
	IFC_SET(manage_pages_in, in, input_num_entries, 12);
	do {
		EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_OK);
		k = IFC_GET(manage_pages_out, out, output_num_entries);
		if (k)
			EXPECT(get_be64(out + 16 + 8 * (k - 1)) >= GUEST_LOW);
		n += k;
	} while (k);
	EXPECT_EQ(n, 40);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_DISABLE_HCA, 0, 0, 0, NULL), ST_OK);
}

static void teardown_and_again(struct vf *vf)
{
	struct pair p;
	int i;

	for (i = 0; i < 3; i++) {
		vf_init(vf);
		pair_make(vf, &p, QPT_RC);
		vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 0, 64);
		EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_TEARDOWN_HCA, 0, 0, 0, NULL), ST_OK);
		EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_DISABLE_HCA, 0, 0, 0, NULL), ST_OK);
		vf->next = GUEST_LOW;
	}
}

static void port(struct vf *vf)
{
	u8 in[16] = { 0 }, out[IFC_SZ(query_hca_vport_context_out)];
	u8 *v = IFC_AT(query_hca_vport_context_out, out, hca_vport_context);
	u8 gid[32];

	vf_init(vf);
	IFC_SET(query_hca_vport_context_in, in, opcode, MLX5_CMD_OP_QUERY_HCA_VPORT_CONTEXT);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_OK);
	EXPECT_EQ(IFC_GET(hca_vport_context, v, lid), 7);
	EXPECT_EQ(IFC_GET(hca_vport_context, v, vport_state), 4);
	IFC_SET(query_hca_vport_gid_in, in, opcode, MLX5_CMD_OP_QUERY_HCA_VPORT_GID);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), gid, sizeof(gid)), ST_OK);
	EXPECT_EQ(get_be64(gid + 16), 0xfe80ULL << 48);
	EXPECT_EQ(get_be64(gid + 24), IFC_GET64(hca_vport_context, v, port_guid));
	IFC_SET(query_hca_vport_gid_in, in, gid_index, 1);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), gid, sizeof(gid)), ST_OK);
	EXPECT_EQ(get_be64(gid + 24), 0);
}

static void wild_bar(struct vf *vf)
{
	vf_read32(vf, BAR_SIZE - 4);
	EXPECT_EQ(vf_read32(vf, ISEG_FW_REV) & 0xffff, 16);
	EXPECT_EQ(vf_read32(vf, ISEG_CMDIF_REV) >> 16, 5);
	vf_write32(vf, BAR_SIZE - 4, 1);
	vf_write64(vf, BAR_SIZE - 4, 1, 1);
	vf_write32(vf, 1ULL << 50, 1);
	vf_write32(vf, 3, 1);
	vf_write32(vf, ISEG_CMDQ_L, 7 << 8);
	EXPECT_EQ(vf_read32(vf, ISEG_CMDQ_L) >> 8 & 7, 0);
	vf_write32(vf, ISEG_CMDQ_L, 1 << 8);
	EXPECT_EQ(vf_read32(vf, ISEG_CMDQ_L) >> 8 & 7, 1);
}

int main(void)
{
	static const struct test tests[] = {
		T(delivery), T(queue_nowhere), T(phases), T(unknown), T(no_such_object), T(in_use),
		T(limits), T(mkey_too_big), T(queue_pages_missing), T(pages_come_back),
		T(teardown_and_again), T_OPT(port, -1, 1, .lid = 7), T(wild_bar),
	};

	return test_main("commands", tests, ARRAY_SIZE(tests));
}
