// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's memory, as far as the client lets us map it, and queues in it.
 *
 * The guest's CPUs change this memory while we look at it. So everything is
 * copied out once, and nothing is read a second time to be believed.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <errno.h>

#include "emu.h"

/**
 * dma_map - the client gives a range of the guest's memory
 * @e: the device
 * @gpa: guest physical address
 * @size: its size
 * @fd: what to map, or -1: then the range is known, but nothing is there
 * @offset: where in the file
 * @write: whether the device may write it
 *
 * Return: 0, or a negative errno
 */
int dma_map(struct emu *e, u64 gpa, u64 size, int fd, u64 offset, bool write)
{
	struct dma_region *r = &e->dma.region[e->dma.n];
	struct stat st;
	u32 i;

	if (!size || gpa + size < gpa || offset + size < offset)
		return -EINVAL;
	if (e->dma.n == MAX_DMA_REGIONS)
		return -ENOSPC;
	for (i = 0; i < e->dma.n; i++)
		if (gpa < e->dma.region[i].gpa + e->dma.region[i].size &&
		    e->dma.region[i].gpa < gpa + size)
			return -EEXIST;
	*r = (struct dma_region){ .gpa = gpa, .size = size, .writable = write };
	if (fd >= 0) {
		/* Beyond the end of the file there would be a SIGBUS. */
		if (fstat(fd, &st))
			return -errno;
		if (S_ISREG(st.st_mode) && offset + size > (u64)st.st_size)
			return -EINVAL;
		r->host = mmap(NULL, size, PROT_READ | (write ? PROT_WRITE : 0), MAP_SHARED, fd,
			       (off_t)offset);
		if (r->host == MAP_FAILED)
			return -errno;
	}
	e->dma.n++;
	return 0;
}

static void region_del(struct emu *e, u32 i)
{
	struct dma_region *r = &e->dma.region[i];

	if (r->host)
		munmap(r->host, r->size);
	*r = e->dma.region[--e->dma.n];
}

/**
 * dma_unmap - the client takes a range back
 * @e: the device
 * @gpa: guest physical address
 * @size: its size
 */
void dma_unmap(struct emu *e, u64 gpa, u64 size)
{
	u32 i = 0;

	while (i < e->dma.n) {
		const struct dma_region *r = &e->dma.region[i];

		if (r->gpa >= gpa && r->gpa - gpa <= size && r->size <= size - (r->gpa - gpa))
			region_del(e, i);
		else
			i++;
	}
}

/**
 * dma_unmap_all - forget the guest's memory
 * @e: the device
 */
void dma_unmap_all(struct emu *e)
{
	while (e->dma.n)
		region_del(e, e->dma.n - 1);
}

/**
 * dma_ptr - where a piece of the guest's memory is
 * @e: the device
 * @gpa: guest physical address
 * @len: its length
 * @write: whether it is to be written
 *
 * Return: a pointer, or NULL if not all of it is there
 */
void *dma_ptr(struct emu *e, u64 gpa, u64 len, bool write)
{
	u32 i;

	for (i = 0; i < e->dma.n; i++) {
		const struct dma_region *r = &e->dma.region[i];
		u64 at = gpa - r->gpa;

		if (gpa < r->gpa || at >= r->size)
			continue;
		if (!r->host || len > r->size - at || (write && !r->writable))
			return NULL;
		return r->host + at;
	}
	return NULL;
}

/**
 * dma_read - copy from the guest's memory
 * @e: the device
 * @gpa: guest physical address
 * @buf: where to
 * @len: how much
 *
 * Return: whether all of it was there
 */
bool dma_read(struct emu *e, u64 gpa, void *buf, u64 len)
{
	const void *p = dma_ptr(e, gpa, len, false);

	if (p)
		memcpy(buf, p, len);
	return p;
}

/**
 * dma_write - copy to the guest's memory
 * @e: the device
 * @gpa: guest physical address
 * @buf: what
 * @len: how much
 *
 * Return: whether all of it was there
 */
bool dma_write(struct emu *e, u64 gpa, const void *buf, u64 len)
{
	void *p = dma_ptr(e, gpa, len, true);

	if (p)
		memcpy(p, buf, len);
	return p;
}

/**
 * dma_publish - write an entry whose last byte tells the guest that it is there
 * @e: the device
 * @gpa: guest physical address
 * @entry: the entry
 * @size: its size
 *
 * Return: whether there was memory for it
 */
bool dma_publish(struct emu *e, u64 gpa, const void *entry, u32 size)
{
	u8 *p = dma_ptr(e, gpa, size, true);

	if (!p)
		return false;
	memcpy(p, entry, size - 1);
	__atomic_store_n(p + size - 1, ((const u8 *)entry)[size - 1], __ATOMIC_RELEASE);
	return true;
}

/**
 * dma_counter - read a doorbell record
 * @e: the device
 * @gpa: guest physical address
 * @value: what is there
 *
 * Return: whether there was one
 */
bool dma_counter(struct emu *e, u64 gpa, u32 *value)
{
	const u32 *p = dma_ptr(e, gpa, sizeof(*p), false);

	if (!p || (uintptr_t)p % sizeof(*p))
		return false;
	*value = be32toh(__atomic_load_n(p, __ATOMIC_ACQUIRE));
	return true;
}

/**
 * pagelist_init - take the pages of a queue from a command
 * @pl: the list
 * @pas: the addresses, as they are in the command
 * @pas_bytes: how much of them there is
 * @log_page: log2 of the page size in 4 KiB
 * @page_offset: where the queue starts in the first page, in 64ths of a page
 * @bytes: size of the queue
 *
 * Return: a command status
 */
u8 pagelist_init(struct pagelist *pl, const u8 *pas, u64 pas_bytes, u32 log_page,
		 u32 page_offset, u64 bytes)
{
	u32 i;

	memset(pl, 0, sizeof(*pl));
	if (log_page > 30)
		return ST_BAD_PARAM;
	pl->shift = log_page + 12;
	pl->offset = page_offset * (u32)((1ULL << pl->shift) / 64);
	bytes = (bytes + pl->offset + (1ULL << pl->shift) - 1) >> pl->shift;
	if (bytes > pas_bytes / 8)
		return ST_BAD_INLEN;
	pl->n = (u32)bytes;
	pl->pa = calloc(pl->n + 1, sizeof(*pl->pa));
	if (!pl->pa)
		return ST_NO_RES;
	for (i = 0; i < pl->n; i++)
		pl->pa[i] = get_be64(pas + 8 * i) & ~(u64)(ADAPTER_PAGE - 1);
	return ST_OK;
}

/**
 * pagelist_free - forget the pages
 * @pl: the list
 */
void pagelist_free(struct pagelist *pl)
{
	free(pl->pa);
	memset(pl, 0, sizeof(*pl));
}

/**
 * pagelist_gpa - where an entry of a queue is
 * @pl: the queue's pages
 * @offset: of the entry in the queue
 * @len: its length
 *
 * Return: guest physical address, or BAD_GPA if it is not within one page
 */
u64 pagelist_gpa(const struct pagelist *pl, u64 offset, u32 len)
{
	u64 page, in;

	offset += pl->offset;
	page = offset >> pl->shift;
	in = offset & ((1ULL << pl->shift) - 1);
	if (page >= pl->n || in + len > 1ULL << pl->shift)
		return BAD_GPA;
	return pl->pa[page] + in;
}

/**
 * pagelist_read - copy from a queue
 * @e: the device
 * @pl: the queue's pages
 * @offset: where in the queue
 * @buf: where to
 * @len: how much
 *
 * Return: whether all of it was there
 */
bool pagelist_read(struct emu *e, const struct pagelist *pl, u64 offset, void *buf, u32 len)
{
	u8 *to = buf;

	while (len) {
		u64 in = (offset + pl->offset) & ((1ULL << pl->shift) - 1);
		u32 k = (u32)min_t(u64, len, (1ULL << pl->shift) - in);
		u64 gpa = pagelist_gpa(pl, offset, k);

		if (gpa == BAD_GPA || !dma_read(e, gpa, to, k))
			return false;
		offset += k;
		to += k;
		len -= k;
	}
	return true;
}
