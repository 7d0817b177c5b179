// SPDX-License-Identifier: GPL-2.0
/*
 * BAR 0: the initialization segment, and pages of doorbells (UARs). All of it is
 * big-endian.
 */
#include "emu.h"

#define FW_MAJOR	16
#define FW_MINOR	35
#define FW_SUB		2000

static u32 iseg_read(struct emu *e, u32 offset)
{
	switch (offset) {
	case ISEG_FW_REV:
		return FW_MINOR << 16 | FW_MAJOR;
	case ISEG_CMDIF_REV:
		return CMDIF_REV << 16 | FW_SUB;
	case ISEG_CMDQ_H:
		return e->cmdq >> 32;
	case ISEG_CMDQ_L:
		return (u32)e->cmdq | e->nic_state << 8 | CMDQ_LOG_SLOTS << 4 | CMDQ_LOG_STRIDE;
	case ISEG_HEALTH_FW_VER:
		return FW_MAJOR << 24 | FW_MINOR << 16 | FW_SUB;
	case ISEG_HEALTH_RFR:
		return e->health_rfr ? BIT(31) : 0;
	case ISEG_HEALTH_SYND:
		hca_health_seen(e);
		return e->health_synd << 16;
	case ISEG_CMD_TIMEOUT:
	case ISEG_INIT_TIMEOUT:
		return e->opt.cmd_timeout_ms;
	case ISEG_TIMER_H:
		return clock_now(e) >> 32;
	case ISEG_TIMER_L:
		return (u32)clock_now(e);
	case ISEG_HEALTH_COUNTER:
		/* The driver looks only whether it moves; a broken device's does not. */
		return e->health_fatal ? e->health_counter : ++e->health_counter;
	}
	return 0;
}

/**
 * bar_read - the guest reads from BAR 0
 * @e: the device
 * @offset: where
 * @buf: where to
 * @len: how much
 */
void bar_read(struct emu *e, u64 offset, void *buf, u32 len)
{
	u8 word[4], *to = buf;
	u32 i;

	e->stats.mmio_reads++;
	if (e->removed) {
		memset(buf, 0xff, len);
		return;
	}
	for (i = 0; i < len; i++, offset++) {
		if (!i || !(offset % 4))
			put_be32(word, offset < ISEG_END ? iseg_read(e, (u32)offset & ~3U) : 0);
		to[i] = word[offset % 4];
	}
}

static void bar_bad(struct emu *e, const char *what, u64 offset)
{
	e->stats.mmio_bad++;
	log_info("%s at %#llx: nothing is there", what, (unsigned long long)offset);
}

static void cmdq_write_low(struct emu *e, u32 value)
{
	u32 state = value >> 8 & 7;

	cmd_reset(e);
	if (state == NIC_SW_RESET)
		return;		/* not the right of a virtual function */
	e->nic_state = state;
	if (state == NIC_FULL && !e->health_fatal) {
		e->health_synd = 0;
		e->health_rfr = false;
	}
	e->cmdq = (e->cmdq & ~0xffffffffULL) | (value & ~(u32)(ADAPTER_PAGE - 1));
}

static void iseg_write(struct emu *e, u32 offset, u32 value)
{
	switch (offset) {
	case ISEG_CMDQ_H:
		e->cmdq = (u64)value << 32 | (u32)e->cmdq;
		break;
	case ISEG_CMDQ_L:
		cmdq_write_low(e, value);
		break;
	case ISEG_CMD_DBELL:
		if (!e->health_fatal && e->nic_state == NIC_FULL)
			cmd_doorbell(e, value);
		break;
	default:
		bar_bad(e, "write", offset);
	}
}

/* A doorbell of 64 bits, whether it was written at once or in halves */
static void doorbell64(struct emu *e, u32 uar, u32 offset, u32 word0, u32 word1)
{
	if (offset == UAR_CQ_ARM)
		cq_doorbell(e, uar, word0, word1);
	else if (offset >= UAR_SQ && offset < UAR_SQ_END && !(offset % UAR_SQ_STRIDE))
		qp_doorbell(e, uar, word1 >> 8);
	else
		bar_bad(e, "doorbell", (u64)uar * ADAPTER_PAGE + offset);
}

static void uar_write(struct emu *e, u64 at, const u8 *data, u32 len)
{
	u32 uar = (u32)(at / ADAPTER_PAGE), offset = at % ADAPTER_PAGE;
	u32 word0 = get_be32(data);

	if (!table_get(&e->uars, uar)) {
		bar_bad(e, "doorbell", at);
		return;
	}
	if (offset == UAR_EQ_ARM || offset == UAR_EQ_UPDATE) {
		eq_doorbell(e, uar, word0, offset == UAR_EQ_ARM);
	} else if (len == 8) {
		doorbell64(e, uar, offset, word0, get_be32(data + 4));
	} else if (!(offset & 4)) {
		e->latch_offset = at;
		e->latch_word = word0;
	} else if (e->latch_offset == at - 4) {
		doorbell64(e, uar, offset - 4, e->latch_word, word0);
	}
}

/**
 * bar_write - the guest writes to BAR 0
 * @e: the device
 * @offset: where
 * @buf: what
 * @len: how much
 */
void bar_write(struct emu *e, u64 offset, const void *buf, u32 len)
{
	const u8 *data = buf;

	e->stats.mmio_writes++;
	if (e->removed)
		return;
	if (offset % 4 || (len != 4 && len != 8) || offset > BAR_SIZE - 8) {
		bar_bad(e, "write", offset);
		return;
	}
	if (offset < ISEG_END) {
		iseg_write(e, (u32)offset, get_be32(data));
		if (len == 8)
			iseg_write(e, (u32)offset + 4, get_be32(data + 4));
	} else if (offset >= (u64)UAR_FIRST * ADAPTER_PAGE) {
		uar_write(e, offset, data, len);
	}
}
