// SPDX-License-Identifier: GPL-2.0
/*
 * A fuzzer of what a guest, and a peer, can say to the device: commands with
 * their mailboxes, queues and doorbell records in memory, doorbells, packets. The
 * input is a sequence of the records that the tests leave as seeds.
 *
 * checkpatch: CAMELCASE: libFuzzer chose the name
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test_lib.h"

/* As in the tests, so that the addresses in their seeds mean something. */
#define MEM_SIZE	(16U << 20)
#define CMDQ		(GUEST_LOW + MEM_SIZE - ADAPTER_PAGE)
#define BOXES		(GUEST_LOW + MEM_SIZE / 2)
#define MAX_RECORDS	2000
#define MAX_TICKS	64

static struct emu emu;
static u8 *mem;
static u32 boxes;

static void setup(void)
{
	static const struct options opt = { .lid = 1, .vectors = 4, .seed = 1, .cqe_sizes = 3 };
	int fd = memfd_create("guest", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, MEM_SIZE))
		abort();
	mem = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	log_level = LOG_NONE;
	emu_init(&emu, &opt);
	if (dma_map(&emu, GUEST_LOW, MEM_SIZE / 2, fd, 0, true) ||
	    dma_map(&emu, GUEST_LOW + MEM_SIZE / 2, MEM_SIZE / 2, fd, MEM_SIZE / 2, true) ||
	    dma_map(&emu, GUEST_HIGH, MEM_SIZE, fd, 0, false))
		abort();
	close(fd);
}

static u64 chain(const u8 *msg, u32 len)
{
	u32 n = len > CMD_INLINE ? (len - CMD_INLINE + MBOX_DATA - 1) / MBOX_DATA : 0, i;
	u64 first = BOXES + (u64)boxes * MBOX_ALIGN;

	for (i = 0; i < n; i++, boxes++) {
		u64 gpa = BOXES + (u64)boxes * MBOX_ALIGN;
		u8 *box = mem + (gpa - GUEST_LOW);
		u32 at = CMD_INLINE + i * MBOX_DATA;

		if (gpa + MBOX_ALIGN > CMDQ)
			return 0;
		memset(box, 0, MBOX_SIZE);
		if (msg)
			memcpy(box, msg + at, min(len - at, (u32)MBOX_DATA));
		put_be64(box + MBOX_NEXT, gpa + MBOX_ALIGN);
		put_be32(box + MBOX_BLOCK, i);
	}
	return first;
}

static void do_command(u32 outlen, const u8 *in, u32 inlen)
{
	u8 *slot = mem + (CMDQ - GUEST_LOW), x = 0;
	u8 word[4];
	u32 i;

	if (inlen < CMD_INLINE)
		return;
	boxes = 0;
	memset(slot, 0, CMD_SIZE);
	slot[CMD_TYPE] = CMD_TYPE_PCI;
	put_be32(slot + CMD_INLEN, inlen);
	put_be32(slot + CMD_OUTLEN, outlen & 0xffff);
	memcpy(slot + CMD_IN, in, CMD_INLINE);
	put_be64(slot + CMD_IN_PTR, chain(in, inlen));
	put_be64(slot + CMD_OUT_PTR, chain(NULL, outlen & 0xffff));
	slot[CMD_STATUS_OWN] = 1;
	for (i = 0; i < CMD_SIZE; i++)
		x ^= slot[i];
	slot[CMD_SIG] = ~x;
	emu.cmdq = CMDQ;
	put_be32(word, 1);
	bar_write(&emu, ISEG_CMD_DBELL, word, sizeof(word));
}

static void do_memory(u32 offset, const u8 *data, u32 len)
{
	offset %= MEM_SIZE / 2;
	memcpy(mem + offset, data, min(len, MEM_SIZE / 2 - offset));
}

static void do_packet(const u8 *data, u32 len)
{
	struct packet *p;

	if (len < sizeof(*p))
		return;
	p = malloc(len);
	memcpy(p, data, len);
	/* What link.c sees to before a packet gets anywhere */
	p->payload = len - (u32)sizeof(*p);
	p->src_qp &= 0xffffff;
	p->psn &= 0xffffff;
	p->npsn &= 0xffffff;
	p->type %= PKT_TYPES;
	if (!roce_accepts(&emu, p))
		;
	else if (p->type == PKT_DATAGRAM)
		ud_receive(&emu, p);
	else
		rc_receive(&emu, p);
	free(p);
}

static void do_time(u32 ticks)
{
	for (ticks %= MAX_TICKS; ticks; ticks--) {
		clock_idle(&emu);
		clock_run(&emu);
	}
}

static void do_control(const u8 *data, u32 len)
{
	char line[256] = { 0 };
	static FILE *null;

	if (!null)
		null = fopen("/dev/null", "we");
	memcpy(line, data, min_t(u32, len, sizeof(line) - 1));
	fault_command(&emu, line, null);
	emu.removed = false;
}

/* Another device, as nobody can change its link. */
static void do_link(bool eth)
{
	emu.opt.eth = eth;
	emu_reset(&emu);
}

static void do_record(u8 type, u32 word, const u8 *data, u32 len)
{
	u8 reg[8];

	switch (type % REC_TYPES) {
	case REC_COMMAND:
		do_command(word, data, len);
		break;
	case REC_MEMORY:
		do_memory(word, data, len);
		break;
	case REC_BAR:
		bar_read(&emu, word % BAR_SIZE, reg, min_t(u32, len, sizeof(reg)));
		memcpy(reg, data, min_t(u32, len, sizeof(reg)));
		bar_write(&emu, word % BAR_SIZE, reg, len >= 8 ? 8 : 4);
		break;
	case REC_PACKET:
		do_packet(data, len);
		break;
	case REC_TIME:
		do_time(word);
		break;
	case REC_CONTROL:
		do_control(data, len);
		break;
	case REC_LINK:
		do_link(word & 1);
		break;
	}
	clock_step(&emu);
	clock_run(&emu);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u32 len, word, n;

	if (!mem)
		setup();
	do_link(false);
	memset(&emu.fault, 0, sizeof(emu.fault));
	emu.random = 1;
	for (n = 0; n < MAX_RECORDS && size >= REC_HEADER + sizeof(word); n++) {
		len = data[1] | (u32)data[2] << 8;
		len = max_t(u32, len, sizeof(word));
		len = min(len, (u32)size - REC_HEADER);
		memcpy(&word, data + REC_HEADER, sizeof(word));
		do_record(data[0], word, data + REC_HEADER + sizeof(word), len - (u32)sizeof(word));
		data += REC_HEADER + len;
		size -= REC_HEADER + len;
	}
	do_time(MAX_TICKS - 1);
	return 0;
}
