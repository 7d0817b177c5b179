// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams: nothing is answered, and what cannot be delivered is dropped. The
 * first 40 bytes of a receive buffer are for the global route header, whether
 * there was one or not.
 */
#include "emu.h"

#define MCAST_LID	0xc000
#define DATAGRAM_MAX	4096
#define DEFAULT_PKEY	0xffff

static void grh_fill(u8 grh[GRH_SIZE], const struct packet *p)
{
	memset(grh, 0, GRH_SIZE);
	if (!p->grh)
		return;
	grh[0] = 6 << 4;
	put_be16(grh + 4, p->payload);
	grh[6] = GRH_NEXT;
	grh[7] = 0xff;
	memcpy(grh + 8, p->sgid, sizeof(p->sgid));
	memcpy(grh + 24, p->dgid, sizeof(p->dgid));
}

static void ud_deliver(struct emu *e, struct qp *qp, const struct packet *p)
{
	const struct accessor who = qp_accessor(qp);
	u8 data[GRH_SIZE + DATAGRAM_MAX];
	struct packet head = *p;
	u8 op = p->opcode == WQE_SEND_IMM ? CQE_OP_RESP_SEND_IMM : CQE_OP_RESP_SEND;
	u32 len = GRH_SIZE + p->payload;
	struct recv r;
	u8 syndrome = SYN_LOCAL_PROT;

	if ((qp->type != QPT_UD && qp->type != QPT_QP0 && qp->type != QPT_QP1) ||
	    qp->state < QP_RTR || qp->state == QP_ERR || p->payload > DATAGRAM_MAX)
		goto drop;
	if (qp->type != QPT_QP0 && QP_FIELD(qp, q_key) != p->qkey) {
		e->stats.qkey_violations++;
		goto drop;
	}
	if (qp_recv_empty(e, qp, qp->srq))
		goto drop;
	if (e->opt.eth)
		roce_header(data, p);
	else
		grh_fill(data, p);
	memcpy(data + GRH_SIZE, p->data, p->payload);
	if (qp_recv_pop(e, qp, qp->srq, &r))
		syndrome = wqe_scatter(e, &who, r.wqe + r.skip, r.len - r.skip, data, len);
	if (qp->type == QPT_QP1)
		head.imm = DEFAULT_PKEY;
	if (syndrome) {
		qp_recv_cqe(e, qp, &r, CQE_OP_RESP_ERR, NULL, 0, syndrome);
		qp_error(e, qp);
	} else {
		qp_recv_cqe(e, qp, &r, op, &head, len, 0);
	}
	return;
drop:
	e->stats.packets_dropped++;
}

/**
 * ud_receive - a datagram arrived
 * @e: the device
 * @p: the datagram
 */
void ud_receive(struct emu *e, const struct packet *p)
{
	struct qp *qp;
	u32 i;

	if (p->dlid < MCAST_LID) {
		qp = table_get(&e->qps, p->dst_qp);
		if (qp)
			ud_deliver(e, qp, p);
		else
			e->stats.packets_dropped++;
		return;
	}
	for (i = 0; i < e->n_mcg; i++) {
		qp = table_get(&e->qps, e->mcg[i].qpn);
		if (qp && !memcmp(e->mcg[i].gid, p->dgid, sizeof(p->dgid)))
			ud_deliver(e, qp, p);
	}
}

u8 cmd_mcg(struct emu *e, struct cmd *c)
{
	struct mcg m = { .qpn = CMD_IN(attach_to_mcg, c, qpn) };
	bool attach = c->opcode == MLX5_CMD_OP_ATTACH_TO_MCG;
	struct qp *qp = table_get(&e->qps, m.qpn);
	u32 i;

	if (!qp || qp->type != QPT_UD)
		return ST_BAD_RES;
	memcpy(m.gid, IFC_AT(attach_to_mcg_in, c->in, multicast_gid), sizeof(m.gid));
	for (i = 0; i < e->n_mcg; i++)
		if (e->mcg[i].qpn == m.qpn && !memcmp(e->mcg[i].gid, m.gid, sizeof(m.gid)))
			break;
	if (attach && i == MAX_MCG)
		return ST_NO_RES;
	if (attach && i == e->n_mcg)
		e->mcg[e->n_mcg++] = m;
	else if (!attach && i < e->n_mcg)
		e->mcg[i] = e->mcg[--e->n_mcg];
	else
		return ST_BAD_PARAM;
	return ST_OK;
}
