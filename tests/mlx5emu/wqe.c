// SPDX-License-Identifier: GPL-2.0
/*
 * Send queue entries: a control segment, what the opcode and transport want, and
 * data segments that are inline or point to memory. An entry is parsed in a copy.
 */
#include <stdlib.h>

#include "emu.h"

/* How many bytes a data segment takes in the entry, and names. */
static u32 seg_size(const u8 *seg, u32 *bytes)
{
	u32 count = get_be32(seg);

	if (!(count & INLINE_SEG)) {
		*bytes = count;
		return WQE_DS;
	}
	*bytes = count & INLINE_COUNT;
	return (*bytes + 4 + WQE_DS - 1) / WQE_DS * WQE_DS;
}

static u8 data_length(const u8 *seg, u32 len, bool may_inline, u32 *total)
{
	u32 at, bytes, size;
	u64 sum = 0;

	for (at = 0; at < len; at += size) {
		size = seg_size(seg + at, &bytes);
		if (size > len - at || (!may_inline && get_be32(seg + at) & INLINE_SEG))
			return SYN_LOCAL_QP_OP;
		sum += bytes;
	}
	if (sum > 1ULL << LOG_MAX_MSG)
		return SYN_LOCAL_LENGTH;
	*total = (u32)sum;
	return 0;
}

/* The segments were looked at by data_length(). */
static u8 gather(struct emu *e, const struct accessor *who, const u8 *seg, u32 len, u8 *data)
{
	u32 at, bytes, size;

	for (at = 0; at < len; at += size) {
		size = seg_size(seg + at, &bytes);
		if (get_be32(seg + at) & INLINE_SEG)
			memcpy(data, seg + at + 4, bytes);
		else if (!mkey_copy(e, who, get_be32(seg + at + 4), get_be64(seg + at + 8), data,
				    bytes, ACC_LOCAL_READ))
			return SYN_LOCAL_PROT;
		data += bytes;
	}
	return 0;
}

/**
 * wqe_scatter - copy data to where data segments point to
 * @e: the device
 * @who: asks
 * @seg: the segments
 * @seg_len: their length
 * @data: the data
 * @len: their length
 *
 * Return: 0, or the syndrome of the error
 */
u8 wqe_scatter(struct emu *e, const struct accessor *who, const u8 *seg, u32 seg_len,
	       const u8 *data, u32 len)
{
	u32 at, bytes;

	for (at = 0; at + WQE_DS <= seg_len && len; at += WQE_DS) {
		bytes = get_be32(seg + at) & ~INLINE_SEG;
		if (!bytes && get_be32(seg + at + 4) == LKEY_TERMINATE)
			break;
		bytes = min(bytes, len);
		if (!mkey_copy(e, who, get_be32(seg + at + 4), get_be64(seg + at + 8),
			       (u8 *)data, bytes, ACC_LOCAL_WRITE))
			return SYN_LOCAL_PROT;
		data += bytes;
		len -= bytes;
	}
	return len ? SYN_LOCAL_LENGTH : 0;
}

static bool opcode_allowed(u32 type, u32 opcode)
{
	switch (opcode) {
	case WQE_NOP:
		return true;
	case WQE_SEND:
		return type != QPT_REG_UMR;
	case WQE_SEND_IMM:
		return type != QPT_REG_UMR && type != QPT_SQ;
	case WQE_LSO:
		return type == QPT_SQ;
	case WQE_WRITE:
	case WQE_WRITE_IMM:
		return type == QPT_RC || type == QPT_UC || type == QPT_XRC;
	case WQE_SEND_INVAL:
	case WQE_READ:
	case WQE_ATOMIC_CS:
	case WQE_ATOMIC_FA:
		return type == QPT_RC || type == QPT_XRC;
	case WQE_UMR:
		return type == QPT_RC || type == QPT_REG_UMR;
	}
	return false;
}

static bool is_datagram(const struct qp *qp)
{
	return qp->type == QPT_UD || qp->type == QPT_QP0 || qp->type == QPT_QP1;
}

/* The address vector, of 16 bytes or of 48 */
static u32 parse_av(struct emu *e, const struct qp *qp, const u8 *seg, u32 len, struct packet *p)
{
	u32 dqp, grh;

	if (len < 16)
		return 0;
	dqp = get_be32(seg + 8);
	p->type = PKT_DATAGRAM;
	p->dst_qp = dqp & 0xffffff;
	p->qkey = get_be32(seg);
	if (p->qkey & QKEY_CONTROLLED)
		p->qkey = QP_FIELD(qp, q_key);
	p->sl = seg[12] & 0xf;
	p->dlid = get_be16(seg + 14);
	emu_gid(e->opt.lid, p->sgid);
	if (!(dqp & AV_EXTENDED))
		return e->opt.eth ? 0 : 16;
	if (len < AV_SIZE)
		return 0;
	grh = get_be32(seg + AV_GRH);
	/* With RoCE there is a header, whatever the vector says of it. */
	p->grh = e->opt.eth || grh >> 30 & 1;
	p->tclass = seg[AV_TCLASS];
	p->hop_limit = seg[AV_HOP_LIMIT];
	memcpy(p->dgid, seg + AV_RGID, sizeof(p->dgid));
	if (e->opt.eth)
		roce_route(e, p, grh >> 20 & 0xff, seg + AV_RMAC);
	return AV_SIZE;
}

/* The address that a connection has */
static void parse_path(struct emu *e, const struct qp *qp, struct packet *p)
{
	const u8 *path = IFC_AT(qpc, qp->ctx, primary_address_path);

	p->sl = IFC_GET(ads, path, sl);
	if (!e->opt.eth) {
		p->dlid = IFC_GET(ads, path, rlid);
		return;
	}
	memcpy(p->dgid, IFC_AT(ads, path, rgid_rip), sizeof(p->dgid));
	roce_route(e, p, IFC_GET(ads, path, src_addr_index), IFC_AT(ads, path, rmac_47_32));
}

/* What is between the control segment and the data; 0 if it is too short */
static u32 parse_segments(struct emu *e, struct qp *qp, u32 len, struct packet *p)
{
	const u8 *wqe = qp->req.wqe;
	u32 at = WQE_DS, av;

	if (is_datagram(qp)) {
		av = parse_av(e, qp, wqe + at, len - at, p);
		return av ? at + av : 0;
	}
	p->type = PKT_REQUEST;
	parse_path(e, qp, p);
	p->dst_qp = QP_FIELD(qp, remote_qpn);
	if (qp->type == QPT_XRC) {
		if (len < at + WQE_DS)
			return 0;
		p->srqn = get_be32(wqe + at) & 0xffffff;
		at += WQE_DS;
	}
	switch (qp->req.opcode) {
	case WQE_WRITE:
	case WQE_WRITE_IMM:
	case WQE_READ:
	case WQE_ATOMIC_CS:
	case WQE_ATOMIC_FA:
		if (len < at + WQE_DS)
			return 0;
		p->va = get_be64(wqe + at);
		p->rkey = get_be32(wqe + at + 8);
		at += WQE_DS;
	}
	if (qp->req.opcode == WQE_ATOMIC_CS || qp->req.opcode == WQE_ATOMIC_FA) {
		if (len < at + WQE_DS)
			return 0;
		p->swap_add = get_be64(wqe + at);
		p->compare = get_be64(wqe + at + 8);
		at += WQE_DS;
	}
	return at;
}

static u32 mtu_of(const struct qp *qp)
{
	return 128U << min(max(QP_FIELD(qp, mtu), 1U), 5U);
}

/* Makes the message of the entry, and sends it. */
static u8 send_message(struct emu *e, struct qp *qp, u32 len)
{
	struct accessor who = qp_accessor(qp);
	struct request *req = &qp->req;
	bool fetches = req->opcode == WQE_READ || req->opcode == WQE_ATOMIC_CS ||
		       req->opcode == WQE_ATOMIC_FA;
	struct packet head = { .transport = qp->type, .opcode = req->opcode,
			       .src_qp = qp->obj.id, .slid = e->opt.lid };
	struct packet *p;
	u32 total;
	u8 syndrome;

	req->data = parse_segments(e, qp, len, &head);
	if (!req->data)
		return SYN_LOCAL_QP_OP;
	syndrome = data_length(req->wqe + req->data, len - req->data, !fetches, &total);
	if (syndrome)
		return syndrome;
	if ((is_datagram(qp) && total > 4096) ||
	    (fetches && req->opcode != WQE_READ && total != sizeof(u64)))
		return SYN_LOCAL_LENGTH;
	head.imm = get_be32(req->wqe + WQE_IMM);
	head.solicited = !!(req->wqe[WQE_FM_CE_SE] & WQE_SOLICITED);
	head.length = total;
	head.npsn = max((total + mtu_of(qp) - 1) / mtu_of(qp), 1U);
	head.payload = fetches ? 0 : total;
	p = malloc(sizeof(*p) + head.payload);
	if (!p)
		return SYN_LOCAL_QP_OP;
	*p = head;
	if (!fetches)
		syndrome = gather(e, &who, req->wqe + req->data, len - req->data, p->data);
	if (syndrome) {
		free(p);
		return syndrome;
	}
	if (p->type == PKT_REQUEST && qp->type != QPT_UC) {
		rc_send(e, qp, p);
		return 0;
	}
	if (qp->type == QPT_UC) {
		p->psn = QP_FIELD(qp, next_send_psn);
		IFC_SET(qpc, qp->ctx, next_send_psn, p->psn + p->npsn);
	}
	link_send(e, p);
	free(p);
	qp_complete(e, qp, total);
	return 0;
}

/*
 * An Ethernet frame, or several in one by segmentation: an Ethernet segment with the
 * first bytes, or none, and data segments. It is read as if it were sent.
 */
static u8 send_frame(struct emu *e, struct qp *qp, u32 len)
{
	const struct accessor who = qp_accessor(qp);
	u32 at = WQE_DS + ETH_SEG_INLINE + 2, first, total;
	const u8 *wqe = qp->req.wqe;
	u8 *frame;
	u8 syndrome;

	if (len < 2 * WQE_DS)
		return SYN_LOCAL_QP_OP;
	first = get_be16(wqe + WQE_DS + ETH_SEG_INLINE);
	if (first & ETH_SEG_INSERT)
		first = 0;
	at = (at + max(first, 2U) + WQE_DS - 1) / WQE_DS * WQE_DS;
	if (at > len)
		return SYN_LOCAL_QP_OP;
	syndrome = data_length(wqe + at, len - at, true, &total);
	if (syndrome)
		return syndrome;
	frame = malloc(max(total, 1U));
	if (!frame)
		return SYN_LOCAL_QP_OP;
	syndrome = gather(e, &who, wqe + at, len - at, frame);
	free(frame);
	if (syndrome)
		return syndrome;
	e->stats.frames++;
	qp_complete(e, qp, first + total);
	return 0;
}

/**
 * wqe_execute - execute the next entry of a send queue
 * @e: the device
 * @qp: the queue pair, which has one
 *
 * Return: 0 if it is done, or waits for an answer; or the syndrome of the error
 */
u8 wqe_execute(struct emu *e, struct qp *qp)
{
	struct request *req = &qp->req;
	u32 have = qp_sq_read(e, qp, req->wqe);
	u32 word0 = get_be32(req->wqe), word1 = get_be32(req->wqe + 4);
	u32 len = (word1 & 0x3f) * WQE_DS;
	u32 syndrome;

	req->opcode = word0 & 0xff;
	if (fault_take(e, RULE_CQE_ERROR, qp->obj.id, &syndrome))
		return (u8)syndrome;
	/* The entry says where it is and whose it is: catches a torn or stale one. */
	if (!have || len < WQE_DS || len > have || (word0 >> 8 & 0xffff) != qp->sq_ci ||
	    word1 >> 8 != qp->obj.id || !opcode_allowed(qp->type, req->opcode))
		return SYN_LOCAL_QP_OP;
	log_trace("qp %u: entry %u, opcode %#x, %u bytes", qp->obj.id, qp->sq_ci, req->opcode, len);
	switch (req->opcode) {
	case WQE_NOP:
		qp_complete(e, qp, 0);
		return 0;
	case WQE_UMR:
		syndrome = umr_execute(e, qp, req->wqe, len);
		if (!syndrome)
			qp_complete(e, qp, 0);
		return (u8)syndrome;
	default:
		req->len = len;
		return qp->type == QPT_SQ ? send_frame(e, qp, len) : send_message(e, qp, len);
	}
}
