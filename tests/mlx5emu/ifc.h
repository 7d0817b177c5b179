/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Access to the device's structures by the names of the kernel's mlx5_ifc.h,
 * which is included from the kernel source tree at build time. There, each bit
 * of a structure is one byte of a C struct, so that offsetof() counts bits.
 *
 * The structures themselves are big-endian arrays of 32-bit words. No field
 * that is read here straddles two words, except the 64-bit ones.
 *
 * checkpatch: MACRO_ARG_REUSE,MACRO_ARG_PRECEDENCE: the arguments name types and fields
 */
#ifndef MLX5EMU_IFC_H
#define MLX5EMU_IFC_H

#include <endian.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;

#define BIT(n)			(1U << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define DECLARE_FLEX_ARRAY(t, n) struct { t n[0]; }
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define container_of(p, t, m)	((t *)((char *)(p) - __builtin_offsetof(t, m)))

#define min_t(t, a, b)		({ t a_ = (a); t b_ = (b); a_ < b_ ? a_ : b_; })
#define max_t(t, a, b)		({ t a_ = (a); t b_ = (b); a_ > b_ ? a_ : b_; })
#define min(a, b)		({ typeof(a) x_ = (a); typeof(b) y_ = (b); x_ < y_ ? x_ : y_; })
#define max(a, b)		({ typeof(a) x_ = (a); typeof(b) y_ = (b); x_ > y_ ? x_ : y_; })

#include "mlx5_ifc.h"

#define IFC_OFF(t, f)		((u32)offsetof(struct mlx5_ifc_##t##_bits, f))
#define IFC_BITS(t, f)		((u32)sizeof(((struct mlx5_ifc_##t##_bits *)0)->f))
#define IFC_SZ(t)		((u32)(sizeof(struct mlx5_ifc_##t##_bits) / 8))
#define IFC_AT(t, p, f)		((u8 *)(p) + IFC_OFF(t, f) / 8)
#define IFC_GET(t, p, f)	bits_get(p, IFC_OFF(t, f), IFC_BITS(t, f))
#define IFC_SET(t, p, f, v)	bits_set(p, IFC_OFF(t, f), IFC_BITS(t, f), v)
#define IFC_GET64(t, p, f)	get_be64(IFC_AT(t, p, f))
#define IFC_SET64(t, p, f, v)	put_be64(IFC_AT(t, p, f), v)
/* Copies one field from one structure to another of the same type. */
#define IFC_KEEP(t, d, s, f)	IFC_SET(t, d, f, IFC_GET(t, s, f))

static inline u16 get_be16(const void *p)
{
	u16 v;

	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

static inline u32 get_be32(const void *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline u64 get_be64(const void *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

static inline void put_be16(void *p, u16 v)
{
	v = htobe16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_be32(void *p, u32 v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_be64(void *p, u64 v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

static inline u32 bits_get(const void *p, u32 off, u32 n)
{
	u32 word = get_be32((const u8 *)p + off / 32 * 4);

	return (word >> (32 - n - off % 32)) & (u32)((1ULL << n) - 1);
}

static inline void bits_set(void *p, u32 off, u32 n, u32 v)
{
	u8 *at = (u8 *)p + off / 32 * 4;
	u32 shift = 32 - n - off % 32;
	u32 mask = (u32)((1ULL << n) - 1);

	put_be32(at, (get_be32(at) & ~(mask << shift)) | (v & mask) << shift);
}

#endif
