// SPDX-License-Identifier: GPL-2.0
/*
 * User-mode memory registration: a send queue entry that changes a memory key.
 * The driver's own queue pair uses it for all registrations, and kernel users
 * for fast registration and local invalidation.
 */
#include "emu.h"

#define OCTOWORD	16

/* Copies a field of the key if the entry's mask selects it. */
#define UMR_FIELD(mask, bit, to, from, f)			\
	do {							\
		if ((mask) & (bit))				\
			IFC_KEEP(mkc, to, from, f);		\
	} while (0)

static void umr_context(u8 *to, const u8 *from, u64 mask)
{
	UMR_FIELD(mask, MKM_PAGE_SIZE, to, from, log_page_size);
	UMR_FIELD(mask, MKM_PD, to, from, pd);
	UMR_FIELD(mask, MKM_EN_RINVAL, to, from, en_rinval);
	UMR_FIELD(mask, MKM_KEY, to, from, mkey_7_0);
	UMR_FIELD(mask, MKM_QPN, to, from, qpn);
	UMR_FIELD(mask, MKM_LR, to, from, lr);
	UMR_FIELD(mask, MKM_LW, to, from, lw);
	UMR_FIELD(mask, MKM_RR, to, from, rr);
	UMR_FIELD(mask, MKM_RW, to, from, rw);
	UMR_FIELD(mask, MKM_A, to, from, a);
	UMR_FIELD(mask, MKM_FREE, to, from, free);
	UMR_FIELD(mask, MKM_LEN, to, from, length64);
	if (mask & MKM_LEN)
		IFC_SET64(mkc, to, len, IFC_GET64(mkc, from, len));
	if (mask & MKM_START_ADDR)
		IFC_SET64(mkc, to, start_addr, IFC_GET64(mkc, from, start_addr));
}

/* New translations, from the entry itself or from where it points to. */
static bool umr_translations(struct emu *e, struct qp *qp, struct mkey *m, const u8 *wqe, u32 len)
{
	struct accessor who = qp_accessor(qp);
	u64 bytes = get_be16(wqe + UMR_OCTOWORDS) * (u64)OCTOWORD;
	u8 flags = wqe[UMR_FLAGS];
	u64 offset = 0;

	if (!bytes)
		return true;
	if (flags & UMR_OFFSET_EN)
		offset = (get_be16(wqe + UMR_OFFSET) |
			  (u64)get_be32(wqe + UMR_OFFSET_HI) << 16) * OCTOWORD;
	if (!m->xlt || offset > m->xlt_bytes || bytes > m->xlt_bytes - offset)
		return false;
	if (flags & UMR_INLINE) {
		if (bytes > len - UMR_DATA)
			return false;
		memcpy(m->xlt + offset, wqe + UMR_DATA, bytes);
		return true;
	}
	if (len < UMR_DATA + WQE_DS || get_be32(wqe + UMR_DATA) < bytes)
		return false;
	return mkey_copy(e, &who, get_be32(wqe + UMR_DATA + 4), get_be64(wqe + UMR_DATA + 8),
			 m->xlt + offset, bytes, ACC_LOCAL_READ);
}

/**
 * umr_execute - change a memory key
 * @e: the device
 * @qp: the queue pair
 * @wqe: the send queue entry
 * @len: its length
 *
 * Return: 0, or the syndrome of the error
 */
u8 umr_execute(struct emu *e, struct qp *qp, const u8 *wqe, u32 len)
{
	u32 key = get_be32(wqe + WQE_IMM);
	struct mkey *m = table_get(&e->mkeys, key >> 8);
	bool driver = qp->type == QPT_REG_UMR;
	u64 mask;
	bool is_free;

	if (len < UMR_DATA || (!driver && !QP_FIELD(qp, fre)))
		return SYN_LOCAL_QP_OP;
	if (!m || !IFC_GET(mkc, m->ctx, umr_en) ||
	    (!driver && IFC_GET(mkc, m->ctx, pd) != QP_FIELD(qp, pd)))
		return SYN_MW_BIND;
	is_free = IFC_GET(mkc, m->ctx, free);
	if (is_free ? wqe[UMR_FLAGS] & UMR_CHECK_FREE : wqe[UMR_FLAGS] & UMR_CHECK_NOT_FREE)
		return SYN_MW_BIND;
	if (!umr_translations(e, qp, m, wqe, len))
		return SYN_MW_BIND;
	mask = get_be64(wqe + UMR_MASK);
	umr_context(m->ctx, wqe + UMR_MKEY, mask);
	log_debug("qp %u: UMR of mkey %#x, mask %#llx", qp->obj.id, key, (unsigned long long)mask);
	return 0;
}
