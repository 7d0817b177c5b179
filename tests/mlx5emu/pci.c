// SPDX-License-Identifier: GPL-2.0
/*
 * The PCI function: a ConnectX-5 virtual function with one BAR, and MSI-X. The
 * client emulates the MSI-X table itself, and gives an eventfd for each vector
 * that the guest has unmasked.
 */
#include <unistd.h>

#include "emu.h"

enum {
	CFG_VENDOR		= 0x00,
	CFG_DEVICE		= 0x02,
	CFG_COMMAND		= 0x04,
	CFG_STATUS		= 0x06,
	CFG_CLASS		= 0x0a,
	CFG_BAR0		= 0x10,
	CFG_SUBVENDOR		= 0x2c,
	CFG_SUBDEVICE		= 0x2e,
	CFG_CAP			= 0x34,
	CFG_INTERRUPT_LINE	= 0x3c,
	CFG_MSIX		= 0x40,
	CFG_MSIX_CONTROL	= CFG_MSIX + 2,
	CFG_MSIX_TABLE		= CFG_MSIX + 4,
	CFG_MSIX_PBA		= CFG_MSIX + 8,
	CFG_SIZE		= 0x100,
	VENDOR_MELLANOX		= 0x15b3,
	DEVICE_CX5_VF		= 0x1018,
	CLASS_INFINIBAND	= 0x0207,
	STATUS_CAP_LIST		= 0x10,
	BAR_64BIT_PREFETCH	= 0xc,
	CAP_MSIX		= 0x11,
};

static void cfg16(struct emu *e, u32 at, u16 v)
{
	v = htole16(v);
	memcpy(e->config + at, &v, sizeof(v));
}

static void cfg32(struct emu *e, u32 at, u32 v)
{
	v = htole32(v);
	memcpy(e->config + at, &v, sizeof(v));
}

/**
 * pci_init - the configuration space after a reset
 * @e: the device, with its options
 */
void pci_init(struct emu *e)
{
	memset(e->config, 0, sizeof(e->config));
	cfg16(e, CFG_VENDOR, VENDOR_MELLANOX);
	cfg16(e, CFG_DEVICE, DEVICE_CX5_VF);
	cfg16(e, CFG_STATUS, STATUS_CAP_LIST);
	cfg16(e, CFG_CLASS, CLASS_INFINIBAND);
	cfg32(e, CFG_BAR0, BAR_64BIT_PREFETCH);
	cfg16(e, CFG_SUBVENDOR, VENDOR_MELLANOX);
	cfg16(e, CFG_SUBDEVICE, 0x10);
	e->config[CFG_CAP] = CFG_MSIX;
	e->config[CFG_MSIX] = CAP_MSIX;
	/* Vector 0 is for all but completions. */
	cfg16(e, CFG_MSIX_CONTROL, e->opt.vectors);
	cfg32(e, CFG_MSIX_TABLE, BAR_MSIX);
	cfg32(e, CFG_MSIX_PBA, BAR_PBA);
}

/**
 * pci_config_read - the guest reads the configuration space
 * @e: the device
 * @offset: where
 * @buf: where to
 * @len: how much
 *
 * Return: whether it is inside
 */
bool pci_config_read(struct emu *e, u64 offset, void *buf, u32 len)
{
	if (offset > CFG_SIZE || len > CFG_SIZE - offset)
		return false;
	if (e->removed)
		memset(buf, 0xff, len);
	else
		memcpy(buf, e->config + offset, len);
	return true;
}

/* The bits that can be written; the client emulates the BAR's size. */
static u8 cfg_mask(u32 at)
{
	switch (at) {
	case CFG_COMMAND:
		return 0x46;
	case CFG_COMMAND + 1:
		return 0x05;
	case CFG_INTERRUPT_LINE:
		return 0xff;
	case CFG_MSIX_CONTROL + 1:
		return 0xc0;
	}
	return at >= CFG_BAR0 && at < CFG_BAR0 + 8 && at != CFG_BAR0 ? 0xff : 0;
}

/**
 * pci_config_write - the guest writes the configuration space
 * @e: the device
 * @offset: where
 * @buf: what
 * @len: how much
 *
 * Return: whether it is inside
 */
bool pci_config_write(struct emu *e, u64 offset, const void *buf, u32 len)
{
	const u8 *from = buf;
	u32 i;

	if (offset > CFG_SIZE || len > CFG_SIZE - offset)
		return false;
	for (i = 0; i < len && !e->removed; i++) {
		u8 mask = cfg_mask((u32)offset + i), *to = &e->config[offset + i];

		*to = (*to & ~mask) | (from[i] & mask);
	}
	return true;
}

static void irq_fire(struct emu *e, u32 vector)
{
	struct irq *irq = &e->irq[vector];
	const u64 one = 1;

	if (irq->fd < 0) {
		irq->pending = true;
		return;
	}
	irq->raised++;
	log_trace("irq %u", vector);
	if (write(irq->fd, &one, sizeof(one)) != sizeof(one))
		log_info("irq %u: cannot be raised", vector);
}

static void irq_timer(struct emu *e, struct timer *t)
{
	struct irq *irq = container_of(t, struct irq, timer);

	irq_fire(e, (u32)(irq - e->irq));
}

/**
 * irq_raise - raise an interrupt
 * @e: the device
 * @vector: which
 *
 * If the vector is masked it stays pending, as in a real device.
 */
void irq_raise(struct emu *e, u32 vector)
{
	struct irq *irq = &e->irq[vector];

	if (e->removed)
		return;
	if (e->fault.irq_drop[vector]) {
		e->fault.irq_drop[vector]--;
		e->fault.hits++;
		irq->dropped++;
		return;
	}
	if (!e->fault.irq_delay_us[vector]) {
		irq_fire(e, vector);
		return;
	}
	e->fault.hits++;
	irq->timer.fn = irq_timer;
	if (!irq->timer.armed)
		timer_start(e, &irq->timer, e->fault.irq_delay_us[vector] * 1000ULL);
}

/**
 * irq_set_fd - the client says how to raise a vector
 * @e: the device
 * @vector: which
 * @fd: an eventfd, which is ours from now on, or -1 if it is masked
 */
void irq_set_fd(struct emu *e, u32 vector, int fd)
{
	struct irq *irq = &e->irq[vector];

	if (irq->fd >= 0)
		close(irq->fd);
	irq->fd = fd;
	if (fd >= 0 && irq->pending) {
		irq->pending = false;
		irq_fire(e, vector);
	}
}
