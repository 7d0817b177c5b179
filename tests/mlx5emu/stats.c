// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics, as one line of JSON.
 */
#include "emu.h"

#define U(v)	((unsigned long long)(v))

/* How often something separates: a comma before all but the first */
static const char *comma(bool *first)
{
	const char *s = *first ? "" : ",";

	*first = false;
	return s;
}

static void print_eqs(struct emu *e, FILE *out)
{
	bool first = true;
	struct eq *eq;
	u32 i;

	fputs(",\"eq\":[", out);
	table_for_each(&e->eqs, i, eq) {
		fprintf(out, "%s{\"eqn\":%u,\"vector\":%u,\"armed\":%d,", comma(&first), i,
			eq->vector, eq->armed);
		fprintf(out, "\"events\":%llu,\"overruns\":%llu}", U(eq->events),
			U(eq->overruns));
	}
	fputc(']', out);
}

static void print_cqs(struct emu *e, FILE *out)
{
	bool first = true;
	struct cq *cq;
	u32 i;

	fputs(",\"cq\":[", out);
	table_for_each(&e->cqs, i, cq) {
		fprintf(out, "%s{\"cqn\":%u,\"eqn\":%u,\"armed\":%d,\"error\":%d,", comma(&first),
			i, cq->eq->obj.id, cq->arm, cq->error);
		fprintf(out, "\"cqes\":%llu,\"events\":%llu,\"stale_arms\":%llu,\"remaps\":%llu}",
			U(cq->cqes), U(cq->events), U(cq->stale_arms), U(cq->remaps));
	}
	fputc(']', out);
}

static void print_qps(struct emu *e, FILE *out)
{
	bool first = true;
	struct qp *qp;
	u32 i;

	fputs(",\"qp\":[", out);
	table_for_each(&e->qps, i, qp) {
		fprintf(out, "%s{\"qpn\":%u,\"type\":%u,\"state\":%u,", comma(&first), i, qp->type,
			qp->state);
		fprintf(out, "\"sent\":%llu,\"received\":%llu,\"errors\":%llu,", U(qp->sent),
			U(qp->received), U(qp->errors));
		fprintf(out, "\"retransmits\":%llu,\"rnr_naks\":%llu}", U(qp->retransmits),
			U(qp->rnr_naks));
	}
	fputc(']', out);
}

static void print_srqs(struct emu *e, FILE *out)
{
	bool first = true;
	struct srq *srq;
	u32 i;

	fputs(",\"srq\":[", out);
	table_for_each(&e->srqs, i, srq)
		fprintf(out, "%s{\"srqn\":%u,\"received\":%llu,\"limit\":%u}", comma(&first), i,
			U(srq->received), srq->limit);
	fputc(']', out);
}

static void print_irqs(struct emu *e, FILE *out)
{
	bool first = true;
	u32 i;

	fputs(",\"irq\":[", out);
	for (i = 0; i <= e->opt.vectors; i++)
		fprintf(out, "%s{\"raised\":%llu,\"dropped\":%llu}", comma(&first),
			U(e->irq[i].raised), U(e->irq[i].dropped));
	fputc(']', out);
}

static void print_tables(struct emu *e, FILE *out)
{
	const struct table *t[] = { &e->pds, &e->uars, &e->tds, &e->xrcds, &e->uctxs, &e->eqs,
				    &e->cqs, &e->mkeys, &e->srqs, &e->qps, &e->q_counters,
				    &e->rqs, &e->rqts, &e->tirs, &e->tiss, &e->fts, &e->fgs };
	bool first = true;
	size_t i;

	fputs(",\"objects\":{", out);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		fprintf(out, "%s\"%s\":{\"used\":%u,\"created\":%llu}", comma(&first), t[i]->name,
			t[i]->used, U(t[i]->created));
	fputc('}', out);
}

/**
 * stats_print - print all counters
 * @e: the device
 * @out: where to
 */
void stats_print(struct emu *e, FILE *out)
{
	const struct stats *s = &e->stats;

	fprintf(out, "{\"mmio_reads\":%llu,\"mmio_writes\":%llu,\"mmio_bad\":%llu",
		U(s->mmio_reads), U(s->mmio_writes), U(s->mmio_bad));
	fprintf(out, ",\"commands\":%llu,\"commands_failed\":%llu,\"commands_undelivered\":%llu",
		U(s->commands), U(s->commands_failed), U(s->commands_undelivered));
	fprintf(out, ",\"wqes\":%llu,\"flushed\":%llu,\"packets\":%llu,\"packets_dropped\":%llu",
		U(s->wqes), U(s->flushed), U(s->packets), U(s->packets_dropped));
	fprintf(out, ",\"bytes\":%llu,\"qkey_violations\":%llu,\"resets\":%llu,\"fault_hits\":%llu",
		U(s->bytes), U(s->qkey_violations), U(s->resets), U(e->fault.hits));
	fprintf(out, ",\"frames\":%llu", U(s->frames));
	fprintf(out, ",\"pages\":%u,\"peer\":{\"connected\":%d,", e->npages, e->peer.fd >= 0);
	fprintf(out, "\"sent\":%llu,\"received\":%llu,\"malformed\":%llu}", U(e->peer.sent),
		U(e->peer.received), U(e->peer.malformed));
	print_tables(e, out);
	print_irqs(e, out);
	print_eqs(e, out);
	print_cqs(e, out);
	print_qps(e, out);
	print_srqs(e, out);
	fputs("}\n", out);
}
