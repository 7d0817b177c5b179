// SPDX-License-Identifier: GPL-2.0
/*
 * Memory keys: who may do what to which memory, and where it is.
 *
 * A key is a 24-bit index and eight bits that the guest chooses. It translates
 * addresses one to one (PA), by a list of pages (MTT), or by a list of pieces
 * that are named by other keys (KLM: of any size, KSM: of one size).
 */
#include <stdlib.h>

#include "emu.h"

#define OCTOWORD	16
#define MTT_SIZE	8
#define KLM_SIZE	16
/* Bounds what a hostile guest can have us walk: pieces of one byte, and the like. */
#define MAX_KLMS	65536
#define MAX_PIECES	(2 * MAX_KLMS)

#define MKEY_FIELD(m, f)	IFC_GET(mkc, (m)->ctx, f)

static u32 mkey_mode(const struct mkey *m)
{
	return MKEY_FIELD(m, access_mode_4_2) << 2 | MKEY_FIELD(m, access_mode_1_0);
}

static bool mkey_permits(const struct mkey *m, enum access acc)
{
	switch (acc) {
	case ACC_LOCAL_READ:
		return MKEY_FIELD(m, lr);
	case ACC_LOCAL_WRITE:
		return MKEY_FIELD(m, lw);
	case ACC_REMOTE_READ:
		return MKEY_FIELD(m, rr);
	case ACC_REMOTE_WRITE:
		return MKEY_FIELD(m, rw);
	case ACC_REMOTE_ATOMIC:
		return MKEY_FIELD(m, a);
	}
	return false;
}

/* The key, if it gives the right to all of the range. */
static const struct mkey *mkey_lookup(struct emu *e, const struct accessor *who, u32 key, u64 va,
				      u64 len, enum access acc)
{
	const struct mkey *m = table_get(&e->mkeys, key >> 8);
	u64 start, size;

	if (!m || MKEY_FIELD(m, mkey_7_0) != (key & 0xff) || MKEY_FIELD(m, free)) {
		log_debug("mkey %#x: none", key);
		return NULL;
	}
	if (MKEY_FIELD(m, pd) != who->pd ||
	    (MKEY_FIELD(m, qpn) != 0xffffff && MKEY_FIELD(m, qpn) != who->qpn) ||
	    !mkey_permits(m, acc)) {
		log_debug("mkey %#x: no right of kind %d", key, acc);
		return NULL;
	}
	if (MKEY_FIELD(m, length64))
		return m;
	start = IFC_GET64(mkc, m->ctx, start_addr);
	size = IFC_GET64(mkc, m->ctx, len);
	if (va < start || va - start > size || len > size - (va - start)) {
		log_debug("mkey %#x: %#llx + %#llx is outside", key, (unsigned long long)va,
			  (unsigned long long)len);
		return NULL;
	}
	return m;
}

static bool copy_physical(struct emu *e, u64 gpa, u8 *buf, u64 len, bool write)
{
	while (len) {
		/* Neighbouring pages may be in different ranges of memory. */
		u64 k = min(len, ADAPTER_PAGE - gpa % ADAPTER_PAGE);

		if (!(write ? dma_write(e, gpa, buf, k) : dma_read(e, gpa, buf, k)))
			return false;
		gpa += k;
		buf += k;
		len -= k;
	}
	return true;
}

/* Where a walk through a list of pieces is. */
struct cursor {
	u64 i;
	u64 base;		/* offset that piece i starts at */
};

/*
 * One piece of a range: where @offset from the start of the translation is, and
 * how far it goes on. @key is the key that names it, or 0 if @at is physical.
 */
static bool mkey_piece(const struct mkey *m, struct cursor *cur, u64 offset, u64 *at, u64 *len,
		       u32 *key)
{
	u32 mode = mkey_mode(m), shift = MKEY_FIELD(m, log_page_size);
	u64 entries = m->xlt_bytes / (mode == MODE_MTT ? MTT_SIZE : KLM_SIZE);
	const u8 *klm;
	u64 bytes = 0;

	if (mode == MODE_MTT) {
		if (shift < 12 || offset >> shift >= entries)
			return false;
		*at = get_be64(m->xlt + (offset >> shift) * MTT_SIZE) & ~(u64)(ADAPTER_PAGE - 1);
		offset &= (1ULL << shift) - 1;
		*at += offset;
		*len = (1ULL << shift) - offset;
		*key = 0;
		return true;
	}
	if (mode == MODE_KSM) {
		bytes = 1ULL << shift;
		cur->i = offset >> shift;
		cur->base = cur->i << shift;
	} else {
		for (; cur->i < entries; cur->i++) {
			bytes = get_be32(m->xlt + cur->i * KLM_SIZE);
			if (offset - cur->base < bytes)
				break;
			cur->base += bytes;
		}
	}
	if (cur->i >= entries)
		return false;
	klm = m->xlt + cur->i * KLM_SIZE;
	*key = get_be32(klm + 4);
	*at = get_be64(klm + 8) + offset - cur->base;
	*len = bytes - (offset - cur->base);
	return *key;
}

/* The list of pages starts at the page that the range starts in. */
static u64 mkey_offset(const struct mkey *m, u64 va)
{
	u64 start = IFC_GET64(mkc, m->ctx, start_addr);

	if (mkey_mode(m) == MODE_MTT)
		start &= ~((1ULL << MKEY_FIELD(m, log_page_size)) - 1);
	return va - start;
}

static bool copy_by_key(struct emu *e, const struct accessor *who, u32 key, u64 va, u8 *buf,
			u64 len, enum access acc, bool inner)
{
	const struct mkey *m = mkey_lookup(e, who, key, va, len, acc);
	bool write = acc == ACC_LOCAL_WRITE || acc == ACC_REMOTE_WRITE;
	struct cursor cur = { 0 };
	u64 offset, at, k;
	u32 next, budget;

	if (!m)
		return false;
	if (mkey_mode(m) == MODE_PA)
		return copy_physical(e, va, buf, len, write);
	offset = mkey_offset(m, va);
	for (budget = MAX_PIECES; len && budget; budget--) {
		if (!m->xlt || !mkey_piece(m, &cur, offset, &at, &k, &next))
			return false;
		k = min(k, len);
		/* A key of keys of keys makes sense to nobody. */
		if (next ? inner || !copy_by_key(e, who, next, at, buf, k,
						 write ? ACC_LOCAL_WRITE : ACC_LOCAL_READ, true) :
			   !copy_physical(e, at, buf, k, write))
			return false;
		offset += k;
		buf += k;
		len -= k;
	}
	return !len;
}

/**
 * mkey_check - whether a key gives a right to a range
 * @e: the device
 * @who: asks
 * @key: the key
 * @va: start of the range
 * @len: its length
 * @acc: the right
 *
 * Return: whether it does; nothing is accessed
 */
bool mkey_check(struct emu *e, const struct accessor *who, u32 key, u64 va, u64 len,
		enum access acc)
{
	return mkey_lookup(e, who, key, va, len, acc);
}

/**
 * mkey_copy - copy between memory that a key names and a buffer
 * @e: the device
 * @who: asks
 * @key: the key
 * @va: start of the range
 * @buf: the buffer
 * @len: length of both
 * @acc: the right that is needed; the direction follows from it
 *
 * Return: whether it was all right; if not, some may have been copied
 */
bool mkey_copy(struct emu *e, const struct accessor *who, u32 key, u64 va, u8 *buf, u64 len,
	       enum access acc)
{
	if (!len)
		return true;
	if (who->reserved_lkey && key == RESERVED_LKEY)
		return copy_physical(e, va, buf, len, acc == ACC_LOCAL_WRITE);
	return copy_by_key(e, who, key, va, buf, len, acc, false);
}

/**
 * mkey_atomic - where the operand of an atomic operation is
 * @e: the device
 * @who: asks
 * @key: the key
 * @va: address of the operand, aligned
 *
 * Return: pointer into the guest's memory, or NULL if it may not be had
 */
u64 *mkey_atomic(struct emu *e, const struct accessor *who, u32 key, u64 va)
{
	const struct mkey *m = mkey_lookup(e, who, key, va, sizeof(u64), ACC_REMOTE_ATOMIC);
	struct cursor cur = { 0 };
	u64 at = va, len = sizeof(u64);
	u32 next = 0;
	u64 *p;

	if (!m)
		return NULL;
	if (mkey_mode(m) != MODE_PA &&
	    (!m->xlt || !mkey_piece(m, &cur, mkey_offset(m, va), &at, &len, &next)))
		return NULL;
	/* An atomic operation through a key of keys is not offered. */
	if (next || len < sizeof(u64))
		return NULL;
	p = dma_ptr(e, at, sizeof(*p), true);
	return (uintptr_t)p % sizeof(*p) ? NULL : p;
}

/**
 * mkey_invalidate - take a key's rights away, at a peer's request
 * @e: the device
 * @who: the queue pair that the request came to
 * @key: the key
 *
 * Return: whether it was one that a peer may invalidate
 */
bool mkey_invalidate(struct emu *e, const struct accessor *who, u32 key)
{
	struct mkey *m = table_get(&e->mkeys, key >> 8);

	if (!m || MKEY_FIELD(m, mkey_7_0) != (key & 0xff) || MKEY_FIELD(m, free) ||
	    MKEY_FIELD(m, pd) != who->pd || !MKEY_FIELD(m, en_rinval))
		return false;
	IFC_SET(mkc, m->ctx, free, 1);
	return true;
}

void mkey_release(struct emu *e, struct object *o)
{
	struct mkey *m = container_of(o, struct mkey, obj);

	free(m->xlt);
	e->xlt_bytes -= m->xlt_bytes;
}

u8 cmd_create_mkey(struct emu *e, struct cmd *c)
{
	const u8 *ctx = IFC_AT(create_mkey_in, c->in, memory_key_mkey_entry);
	u64 bytes = (u64)IFC_GET(mkc, ctx, translations_octword_size) * OCTOWORD;
	u64 actual = (u64)CMD_IN(create_mkey, c, translations_octword_actual_size) * OCTOWORD;
	u32 mode = IFC_GET(mkc, ctx, access_mode_4_2) << 2 | IFC_GET(mkc, ctx, access_mode_1_0);
	struct mkey *m;

	if (mode > MODE_KSM || CMD_IN(create_mkey, c, mkey_umem_valid) ||
	    (!IFC_GET(mkc, ctx, free) && !table_get(&e->pds, IFC_GET(mkc, ctx, pd))))
		return ST_BAD_PARAM;
	if (mode == MODE_PA)
		bytes = 0;
	/* A UMR writes its translations 64 bytes at a time. */
	bytes = (max(bytes, actual) + 63) / 64 * 64;
	if (mode == MODE_PA ? actual : actual > c->inlen - IFC_SZ(create_mkey_in))
		return ST_BAD_INLEN;
	if (bytes > MAX_XLT_BYTES - e->xlt_bytes ||
	    (mode >= MODE_KLM && bytes > MAX_KLMS * KLM_SIZE))
		return ST_LIMIT;
	m = table_add(&e->mkeys, sizeof(*m));
	if (!m)
		return ST_NO_RES;
	if (bytes) {
		m->xlt = calloc(1, bytes);
		if (!m->xlt) {
			table_del(e, &e->mkeys, m->obj.id);
			return ST_NO_RES;
		}
		memcpy(m->xlt, c->in + IFC_SZ(create_mkey_in), actual);
	}
	m->xlt_bytes = bytes;
	e->xlt_bytes += bytes;
	memcpy(m->ctx, ctx, sizeof(m->ctx));
	CMD_OUT_SET(create_mkey, c, mkey_index, m->obj.id);
	return ST_OK;
}

u8 cmd_query_mkey(struct emu *e, struct cmd *c)
{
	const struct mkey *m = table_get(&e->mkeys, CMD_IN(query_mkey, c, mkey_index));

	if (!m)
		return ST_BAD_RES;
	memcpy(IFC_AT(query_mkey_out, c->out, memory_key_mkey_entry), m->ctx, sizeof(m->ctx));
	return ST_OK;
}

u8 cmd_destroy_mkey(struct emu *e, struct cmd *c)
{
	return table_del(e, &e->mkeys, CMD_IN(destroy_mkey, c, mkey_index));
}
