// SPDX-License-Identifier: GPL-2.0
/*
 * The device from its making to its end.
 */
#include <stdlib.h>

#include "emu.h"
#include "vfio_user.h"

/**
 * emu_random - the next of a sequence that the seed determines
 * @e: the device
 */
u32 emu_random(struct emu *e)
{
	/* splitmix64, which takes any seed */
	u64 z = e->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (u32)(z >> 32 ^ z >> 1);
}

/**
 * emu_init - make a device
 * @e: the device
 * @opt: its options
 */
void emu_init(struct emu *e, const struct options *opt)
{
	u32 i;

	memset(e, 0, sizeof(*e));
	e->opt = *opt;
	e->random = opt->seed;
	e->clock.stepped = opt->delay >= 0;
	e->clock.delay = max(opt->delay, 0L);
	e->listener = -1;
	e->client = -1;
	e->control_listener = -1;
	e->port_up = true;
	for (i = 0; i < MAX_VECTORS; i++)
		e->irq[i].fd = -1;
	table_init(&e->pds, "pd", 1, 1 << LOG_MAX_PD, NULL);
	table_init(&e->uars, "uar", UAR_FIRST, UAR_END, NULL);
	table_init(&e->tds, "td", 1, 1 << LOG_MAX_TD, NULL);
	table_init(&e->xrcds, "xrcd", 1, 1 << LOG_MAX_XRCD, NULL);
	table_init(&e->uctxs, "uctx", 1, 1 << LOG_MAX_UCTX, NULL);
	table_init(&e->q_counters, "q_counter", 1, 256, NULL);
	table_init(&e->eqs, "eq", 1, MAX_EQ, eq_release);
	table_init(&e->cqs, "cq", 1, 1 << LOG_MAX_CQ, cq_release);
	/* A key of index 0 could be zero, and that is no key to many. */
	table_init(&e->mkeys, "mkey", 16, 1 << LOG_MAX_MKEY, mkey_release);
	table_init(&e->srqs, "srq", 1, 1 << LOG_MAX_SRQ, srq_release);
	/* 0 and 1 are for management. */
	table_init(&e->qps, "qp", 2, 1 << LOG_MAX_QP, qp_release);
	table_init(&e->rqs, "rq", 1, 1 << LOG_MAX_RQ, rq_release);
	table_init(&e->rqts, "rqt", 1, 1 << LOG_MAX_RQT, NULL);
	table_init(&e->tirs, "tir", 1, 1 << LOG_MAX_TIR, user_release);
	table_init(&e->tiss, "tis", 1, 1 << LOG_MAX_TIS, user_release);
	table_init(&e->fts, "ft", 1, 1 << LOG_MAX_FT, NULL);
	table_init(&e->fgs, "fg", 1, 1 << LOG_MAX_FG, flow_group_release);
	e->pages = calloc(MAX_PAGES, sizeof(*e->pages));
	e->vfu_buf = malloc(VFIO_USER_MAX_BODY);
	if (!e->pages || !e->vfu_buf)
		abort();
	pci_init(e);
	caps_init(e);
	link_init(e);
}

/**
 * emu_reset - as a reset of the function does
 * @e: the device
 *
 * Faults that were asked for stay, and so do statistics.
 */
void emu_reset(struct emu *e)
{
	u32 i;

	e->stats.resets++;
	cmd_reset(e);
	hca_reset(e);
	timer_stop(e, &e->health_timer);
	for (i = 0; i < MAX_VECTORS; i++) {
		timer_stop(e, &e->irq[i].timer);
		e->irq[i].pending = false;
	}
	pci_init(e);
	e->cmdq = 0;
	e->nic_state = NIC_FULL;
	e->health_synd = 0;
	e->health_rfr = false;
	e->health_fatal = false;
	e->latch_offset = 0;
}

/**
 * emu_free - the end of a device
 * @e: the device
 */
void emu_free(struct emu *e)
{
	u32 i;

	vfio_user_close(e);
	emu_reset(e);
	link_close(e);
	dma_unmap_all(e);
	for (i = 0; i < MAX_VECTORS; i++)
		irq_set_fd(e, i, -1);
	table_destroy(e, &e->fgs);
	table_destroy(e, &e->fts);
	table_destroy(e, &e->tirs);
	table_destroy(e, &e->tiss);
	table_destroy(e, &e->rqts);
	table_destroy(e, &e->rqs);
	table_destroy(e, &e->qps);
	table_destroy(e, &e->srqs);
	table_destroy(e, &e->cqs);
	table_destroy(e, &e->eqs);
	table_destroy(e, &e->mkeys);
	table_destroy(e, &e->q_counters);
	table_destroy(e, &e->uctxs);
	table_destroy(e, &e->xrcds);
	table_destroy(e, &e->tds);
	table_destroy(e, &e->uars);
	table_destroy(e, &e->pds);
	free(e->pages);
	free(e->vfu_buf);
}
