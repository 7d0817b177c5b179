/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The vfio-user protocol, as far as a device without migration needs it, from
 * its specification. Numbers are in the byte order of the host.
 */
#ifndef MLX5EMU_VFIO_USER_H
#define MLX5EMU_VFIO_USER_H

#include "ifc.h"

enum {
	VFIO_USER_VERSION			= 1,
	VFIO_USER_DMA_MAP			= 2,
	VFIO_USER_DMA_UNMAP			= 3,
	VFIO_USER_DEVICE_GET_INFO		= 4,
	VFIO_USER_DEVICE_GET_REGION_INFO	= 5,
	VFIO_USER_DEVICE_GET_IRQ_INFO		= 7,
	VFIO_USER_DEVICE_SET_IRQS		= 8,
	VFIO_USER_REGION_READ			= 9,
	VFIO_USER_REGION_WRITE			= 10,
	VFIO_USER_DEVICE_RESET			= 13,
};

enum {
	VFIO_USER_F_COMMAND	= 0,
	VFIO_USER_F_REPLY	= 1,
	VFIO_USER_F_TYPE	= 0xf,
	VFIO_USER_F_NO_REPLY	= 0x10,
	VFIO_USER_F_ERROR	= 0x20,
};

#define VFIO_USER_MAX_BODY	65536

struct vfio_user_header {
	u16 id;
	u16 command;
	u32 size;
	u32 flags;
	u32 error;
};

struct vfio_user_dma_map {
	u32 argsz;
	u32 flags;
	u64 offset;
	u64 addr;
	u64 size;
};

struct vfio_user_dma_unmap {
	u32 argsz;
	u32 flags;
	u64 addr;
	u64 size;
};

struct vfio_user_region {
	u64 offset;
	u32 region;
	u32 count;
};

#endif
