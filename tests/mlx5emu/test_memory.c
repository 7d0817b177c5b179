// SPDX-License-Identifier: GPL-2.0
/*
 * Memory keys that change by send queue entries: registration by the driver's own
 * queue pair, fast registration, invalidation from here and from the peer.
 */
#include "test_lib.h"

struct umr {
	u8 flags;
	u64 mask;
	u32 octowords;
	u8 ctx[IFC_SZ(mkc)];
};

#define FRWR_MASK	(MKM_LEN | MKM_START_ADDR | MKM_EN_RINVAL | MKM_KEY | MKM_LR | MKM_LW | \
			 MKM_RR | MKM_RW | MKM_FREE | MKM_PAGE_SIZE)

/* A key without rights or memory, as for fast registration */
static u32 free_mkey(struct vf *vf, u32 mode, u32 octowords)
{
	u8 in[IFC_SZ(create_mkey_in)] = { 0 }, out[16];
	u8 *ctx = IFC_AT(create_mkey_in, in, memory_key_mkey_entry);

	IFC_SET(create_mkey_in, in, opcode, MLX5_CMD_OP_CREATE_MKEY);
	IFC_SET(mkc, ctx, free, 1);
	IFC_SET(mkc, ctx, umr_en, 1);
	IFC_SET(mkc, ctx, access_mode_1_0, mode);
	IFC_SET(mkc, ctx, translations_octword_size, octowords);
	IFC_SET(mkc, ctx, qpn, 0xffffff);
	IFC_SET(mkc, ctx, pd, vf->pd);
	IFC_SET(mkc, ctx, log_page_size, 12);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_OK);
	return get_be32(out + 8) << 8;
}

static void wqe_umr(struct wqe *w, u32 key, const struct umr *u)
{
	wqe_start(w, WQE_UMR, CE, key);
	w->b[UMR_FLAGS] = u->flags;
	put_be16(w->b + UMR_OCTOWORDS, u->octowords);
	put_be64(w->b + UMR_MASK, u->mask);
	memcpy(w->b + UMR_MKEY, u->ctx, sizeof(u->ctx));
	w->len = UMR_DATA;
}

/* Registers one page at @va, with the translation in the entry. */
static void wqe_frwr(struct wqe *w, u32 key, u64 gpa, u64 va, u32 len)
{
	struct umr u = { .flags = UMR_INLINE | UMR_CHECK_NOT_FREE, .mask = FRWR_MASK,
			 .octowords = 4 };

	IFC_SET(mkc, u.ctx, mkey_7_0, key & 0xff);
	IFC_SET(mkc, u.ctx, lr, 1);
	IFC_SET(mkc, u.ctx, lw, 1);
	IFC_SET(mkc, u.ctx, rr, 1);
	IFC_SET(mkc, u.ctx, rw, 1);
	IFC_SET(mkc, u.ctx, en_rinval, 1);
	IFC_SET(mkc, u.ctx, log_page_size, 12);
	IFC_SET64(mkc, u.ctx, start_addr, va);
	IFC_SET64(mkc, u.ctx, len, len);
	wqe_umr(w, key, &u);
	put_be64(w->b + UMR_DATA, gpa | 3);
	w->len += 64;
}

static void wqe_linv(struct wqe *w, u32 key)
{
	struct umr u = { .flags = UMR_INLINE, .mask = MKM_FREE };

	IFC_SET(mkc, u.ctx, free, 1);
	wqe_umr(w, key, &u);
}

static void expect_ok(struct vf *vf, struct pair *p, struct wqe *w)
{
	u16 at = p->qp[0].sq_pi;

	vf_post(vf, &p->qp[0], w);
	cqe_check(vf_wait_cqe(vf, &p->cq[0]), CQE_OP_REQ, p->qp[0].id, at);
}

static void expect_error(struct vf *vf, struct pair *p, struct wqe *w, u8 syndrome)
{
	vf_post(vf, &p->qp[0], w);
	cqe_check_error(vf_wait_cqe(vf, &p->cq[0]), CQE_OP_REQ_ERR, p->qp[0].id, syndrome);
}

static void wqe_write(struct wqe *w, const struct pair *p, u64 va, u32 key, u32 len)
{
	wqe_start(w, WQE_WRITE, CE, 0);
	wqe_raddr(w, va, key);
	wqe_data(w, p->mr[0].va, len, p->mr[0].key);
}

static void setup(struct vf *vf, struct pair *p)
{
	vf_init(vf);
	pair_make(vf, p, QPT_RC);
	memset(vf_ptr(vf, p->mr[0].gpa), 0xa5, PAIR_MR);
}

static void frwr(struct vf *vf)
{
	struct pair p;
	struct wqe w;
	u64 page;
	u32 key;
	u8 *at;

	setup(vf, &p);
	key = free_mkey(vf, MODE_MTT, 4);
	page = vf_alloc(vf, ADAPTER_PAGE);
	at = vf_ptr(vf, page);
	wqe_frwr(&w, key | 1, page, 0x5000010, 100);
	expect_ok(vf, &p, &w);
	wqe_write(&w, &p, 0x5000010, key | 1, 100);
	expect_ok(vf, &p, &w);
	EXPECT(at[15] == 0 && at[16] == 0xa5 && at[115] == 0xa5 && at[116] == 0);
	wqe_linv(&w, key | 1);
	expect_ok(vf, &p, &w);
	wqe_write(&w, &p, 0x5000010, key | 1, 100);
	expect_error(vf, &p, &w, SYN_REMOTE_ACCESS);
}

static void frwr_not_free(struct vf *vf)
{
	struct pair p;
	struct wqe w;
	u64 page;
	u32 key;

	setup(vf, &p);
	key = free_mkey(vf, MODE_MTT, 4);
	page = vf_alloc(vf, ADAPTER_PAGE);
	wqe_frwr(&w, key | 1, page, 0x5000010, 100);
	expect_ok(vf, &p, &w);
	wqe_frwr(&w, key | 2, page, 0x5000010, 100);
	expect_error(vf, &p, &w, SYN_MW_BIND);
}

static void frwr_bounds(struct vf *vf)
{
	struct pair p;
	struct wqe w;
	u32 key;

	setup(vf, &p);
	key = free_mkey(vf, MODE_MTT, 4);
	wqe_frwr(&w, key | 1, 0, 0, 100);
	/* More translations than there is room for, and than there are in the entry */
	put_be16(w.b + UMR_OCTOWORDS, 8);
	expect_error(vf, &p, &w, SYN_MW_BIND);
}

static void frwr_of_others(struct vf *vf)
{
	u32 key, pd = 0;
	struct pair p;
	struct wqe w;

	setup(vf, &p);
	pd = vf->pd;
	vf->pd = vf_number(vf, MLX5_CMD_OP_ALLOC_PD);
	key = free_mkey(vf, MODE_MTT, 4);
	vf->pd = pd;
	wqe_frwr(&w, key | 1, 0, 0, 100);
	expect_error(vf, &p, &w, SYN_MW_BIND);
}

static void send_invalidate(struct vf *vf)
{
	struct pair p;
	struct wqe w;
	u64 page;
	u32 key;
	u8 *cqe;

	setup(vf, &p);
	key = free_mkey(vf, MODE_MTT, 4) | 7;
	page = vf_alloc(vf, ADAPTER_PAGE);
	wqe_frwr(&w, key, page, 0, 100);
	expect_ok(vf, &p, &w);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 100, p.mr[1].key);
	wqe_start(&w, WQE_SEND_INVAL, CE, key);
	wqe_data(&w, p.mr[0].va, 10, p.mr[0].key);
	expect_ok(vf, &p, &w);
	cqe = vf_wait_cqe(vf, &p.cq[1]);
	cqe_check(cqe, CQE_OP_RESP_SEND_INV, p.qp[1].id, 0);
	EXPECT_EQ(get_be32(cqe + CQE_IMM), key);
	/* Again: there is nothing to invalidate. */
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 100, p.mr[1].key);
	expect_error(vf, &p, &w, SYN_REMOTE_OP);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[1]), CQE_OP_RESP_ERR, p.qp[1].id, SYN_LOCAL_ACCESS);
}

/* What the driver does for a registration: the list of pages is in memory. */
static void driver_registration(struct vf *vf)
{
	struct umr u = { .flags = UMR_CHECK_NOT_FREE, .octowords = 4,
			 .mask = FRWR_MASK | MKM_PD };
	u8 qpc[IFC_SZ(qpc)] = { 0 };
	u64 list, pages, i;
	struct test_qp umr;
	struct test_mr dma;
	struct pair p;
	struct wqe w;
	u32 key;

	setup(vf, &p);
	EXPECT_EQ(vf_create_qp(vf, &umr, QPT_REG_UMR, &p.cq[1], &p.cq[1], 0), ST_OK);
	EXPECT_EQ(vf_modify_qp(vf, &umr, MLX5_CMD_OP_RST2INIT_QP, qpc, 0), ST_OK);
	EXPECT_EQ(vf_modify_qp(vf, &umr, MLX5_CMD_OP_INIT2RTR_QP, qpc, 0), ST_OK);
	EXPECT_EQ(vf_modify_qp(vf, &umr, MLX5_CMD_OP_RTR2RTS_QP, qpc, 0), ST_OK);
	key = free_mkey(vf, MODE_MTT, 8);
	EXPECT_EQ(vf_create_mkey(vf, &dma, 0, 4096, vf->pd, MR_LR), ST_OK);
	list = dma.gpa;
	pages = vf_alloc(vf, 16 * ADAPTER_PAGE);
	/* Sixteen pages in two goes, the second with an offset; in reverse order */
	for (i = 0; i < 16; i++)
		put_be64((u8 *)vf_ptr(vf, list) + 8 * i, pages + (15 - i) * ADAPTER_PAGE + 3);
	IFC_SET(mkc, u.ctx, mkey_7_0, 0x44);
	IFC_SET(mkc, u.ctx, lr, 1);
	IFC_SET(mkc, u.ctx, lw, 1);
	IFC_SET(mkc, u.ctx, rw, 1);
	IFC_SET(mkc, u.ctx, pd, vf->pd);
	IFC_SET(mkc, u.ctx, qpn, 0xffffff);
	IFC_SET(mkc, u.ctx, log_page_size, 12);
	IFC_SET64(mkc, u.ctx, start_addr, 0x100);
	IFC_SET64(mkc, u.ctx, len, 16 * ADAPTER_PAGE - 0x100);
	u.mask = 0;
	wqe_umr(&w, key, &u);
	wqe_data(&w, 0, 64, dma.key);
	vf_post(vf, &umr, &w);
	cqe_check(vf_wait_cqe(vf, &p.cq[1]), CQE_OP_REQ, umr.id, 0);
	u.mask = FRWR_MASK | MKM_PD;
	u.flags |= UMR_OFFSET_EN;
	wqe_umr(&w, key, &u);
	put_be16(w.b + UMR_OFFSET, 4);
	wqe_data(&w, 64, 64, dma.key);
	vf_post(vf, &umr, &w);
	cqe_check(vf_wait_cqe(vf, &p.cq[1]), CQE_OP_REQ, umr.id, 3);
	wqe_write(&w, &p, 0x100, key | 0x44, 16 * ADAPTER_PAGE - 0x100);
	expect_ok(vf, &p, &w);
	EXPECT_EQ(*(u8 *)vf_ptr(vf, pages), 0xa5);
	EXPECT_EQ(*(u8 *)vf_ptr(vf, pages + 15 * ADAPTER_PAGE), 0);
	EXPECT_EQ(*(u8 *)vf_ptr(vf, pages + 15 * ADAPTER_PAGE + 0x100), 0xa5);
	/* Revoked, as when it is put into the driver's cache */
	u.flags = UMR_INLINE;
	u.octowords = 0;
	u.mask = MKM_FREE;
	memset(u.ctx, 0, sizeof(u.ctx));
	IFC_SET(mkc, u.ctx, free, 1);
	wqe_umr(&w, key, &u);
	vf_post(vf, &umr, &w);
	cqe_check(vf_wait_cqe(vf, &p.cq[1]), CQE_OP_REQ, umr.id, 6);
	wqe_write(&w, &p, 0x100, key | 0x44, 1);
	expect_error(vf, &p, &w, SYN_REMOTE_ACCESS);
}

static void put_klm(u8 *at, u32 bytes, u32 key, u64 va)
{
	put_be32(at, bytes);
	put_be32(at + 4, key);
	put_be64(at + 8, va);
}

/* Pieces of any size, in one key: what drivers call "gaps" */
static void pieces(struct vf *vf)
{
	struct umr u = { .flags = UMR_INLINE | UMR_CHECK_NOT_FREE, .octowords = 4,
			 .mask = FRWR_MASK };
	u32 key, i;
	struct pair p;
	struct wqe w;
	u8 *to;

	setup(vf, &p);
	key = free_mkey(vf, MODE_KLM, 4);
	IFC_SET(mkc, u.ctx, mkey_7_0, 3);
	IFC_SET(mkc, u.ctx, lr, 1);
	IFC_SET(mkc, u.ctx, rw, 1);
	IFC_SET64(mkc, u.ctx, start_addr, 0x1000);
	IFC_SET64(mkc, u.ctx, len, 300);
	wqe_umr(&w, key, &u);
	put_klm(w.b + UMR_DATA, 100, p.mr[1].key, p.mr[1].va);
	put_klm(w.b + UMR_DATA + 16, 0, p.mr[1].key, p.mr[1].va);
	put_klm(w.b + UMR_DATA + 32, 200, p.mr[1].key, p.mr[1].va + 0x2000);
	w.len += 64;
	expect_ok(vf, &p, &w);
	wqe_write(&w, &p, 0x1000 + 50, key | 3, 100);
	expect_ok(vf, &p, &w);
	to = vf_ptr(vf, p.mr[1].gpa);
	for (i = 0; i < 200; i++) {
		EXPECT_EQ(to[i], i >= 50 && i < 100 ? 0xa5 : 0);
		EXPECT_EQ(to[0x2000 + i], i < 50 ? 0xa5 : 0);
	}
	/* The range ends before the pieces do not: a hole is an error. */
	wqe_write(&w, &p, 0x1000 + 250, key | 3, 51);
	expect_error(vf, &p, &w, SYN_REMOTE_ACCESS);
}

static void pieces_of_pieces(struct vf *vf)
{
	struct umr u = { .flags = UMR_INLINE | UMR_CHECK_NOT_FREE, .octowords = 4,
			 .mask = FRWR_MASK };
	struct pair p;
	struct wqe w;
	u32 key;

	setup(vf, &p);
	key = free_mkey(vf, MODE_KLM, 4);
	IFC_SET(mkc, u.ctx, mkey_7_0, 3);
	IFC_SET(mkc, u.ctx, lr, 1);
	IFC_SET(mkc, u.ctx, lw, 1);
	IFC_SET(mkc, u.ctx, rw, 1);
	IFC_SET64(mkc, u.ctx, len, 300);
	wqe_umr(&w, key, &u);
	put_klm(w.b + UMR_DATA, 300, key | 3, 0);
	w.len += 64;
	expect_ok(vf, &p, &w);
	wqe_write(&w, &p, 0, key | 3, 1);
	expect_error(vf, &p, &w, SYN_REMOTE_ACCESS);
}

static void reserved_key(struct vf *vf)
{
	struct pair p;
	struct wqe w;

	setup(vf, &p);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 100, p.mr[1].key);
	wqe_start(&w, WQE_SEND, CE, 0);
	wqe_data(&w, p.mr[0].gpa, 100, RESERVED_LKEY);
	expect_ok(vf, &p, &w);
	EXPECT_EQ(*(u8 *)vf_ptr(vf, p.mr[1].gpa + 99), 0xa5);
	wqe_start(&w, WQE_SEND, CE, 0);
	wqe_data(&w, 0xe0000000, 100, RESERVED_LKEY);
	expect_error(vf, &p, &w, SYN_LOCAL_PROT);
}

static void key_variant(struct vf *vf)
{
	struct pair p;
	struct wqe w;

	setup(vf, &p);
	wqe_write(&w, &p, p.mr[1].va, p.mr[1].key ^ 1, 1);
	expect_error(vf, &p, &w, SYN_REMOTE_ACCESS);
}

/* Addresses at both ends of what there is */
static void address_overflow(struct vf *vf)
{
	struct pair p;
	struct wqe w;

	setup(vf, &p);
	wqe_write(&w, &p, UINT64_MAX - 3, p.mr[1].key, 8);
	expect_error(vf, &p, &w, SYN_REMOTE_ACCESS);
}

int main(void)
{
	static const struct test tests[] = {
		T(frwr), T(frwr_not_free), T(frwr_bounds), T(frwr_of_others), T(send_invalidate),
		T(driver_registration), T(pieces), T(pieces_of_pieces), T(reserved_key),
		T(key_variant), T(address_overflow),
	};

	return test_main("memory", tests, ARRAY_SIZE(tests));
}
