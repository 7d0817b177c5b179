/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers of the device that mlx5_ifc.h does not have: layouts that the driver
 * declares as C structs (device.h, cq.h, qp.h, doorbell.h of include/linux/mlx5)
 * and what it expects at which offset.
 */
#ifndef MLX5EMU_HW_H
#define MLX5EMU_HW_H

#define ADAPTER_PAGE		4096

/* Command queue entry (mlx5_cmd_layout) and mailbox (mlx5_cmd_prot_block) */
enum {
	CMD_TYPE		= 0,
	CMD_INLEN		= 4,
	CMD_IN_PTR		= 8,
	CMD_IN			= 16,
	CMD_OUT			= 32,
	CMD_OUT_PTR		= 48,
	CMD_OUTLEN		= 56,
	CMD_TOKEN		= 60,
	CMD_SIG			= 61,
	CMD_STATUS_OWN		= 63,
	CMD_SIZE		= 64,
	CMD_TYPE_PCI		= 7,
	CMD_INLINE		= 16,
	MBOX_DATA		= 512,
	MBOX_RSVD		= 512,
	MBOX_NEXT		= 560,
	MBOX_BLOCK		= 568,
	MBOX_TOKEN		= 573,
	MBOX_CTRL_SIG		= 574,
	MBOX_SIG		= 575,
	MBOX_SIZE		= 576,
	MBOX_ALIGN		= 1024,
};

/* How a command was delivered (cmd.c: MLX5_CMD_DELIVERY_STAT_*) */
enum {
	DELIV_OK		= 0x0,
	DELIV_SIGNATURE		= 0x1,
	DELIV_TOKEN		= 0x2,
	DELIV_BLOCK		= 0x3,
	DELIV_OUT_PTR		= 0x4,
	DELIV_IN_PTR		= 0x5,
	DELIV_IN_LENGTH		= 0x7,
	DELIV_OUT_LENGTH	= 0x8,
	DELIV_DESCR		= 0x10,
};

/* What a command says (device.h: MLX5_CMD_STAT_*) */
enum {
	ST_OK			= 0x00,
	ST_INTERNAL		= 0x01,
	ST_BAD_OP		= 0x02,
	ST_BAD_PARAM		= 0x03,
	ST_BAD_SYS_STATE	= 0x04,
	ST_BAD_RES		= 0x05,
	ST_LIMIT		= 0x08,
	ST_BAD_RES_STATE	= 0x09,
	ST_NO_RES		= 0x0f,
	ST_BAD_QP_STATE		= 0x10,
	ST_OUTS_CQES		= 0x40,
	ST_BAD_INLEN		= 0x50,
	ST_BAD_OUTLEN		= 0x51,
};

/* Initialization segment (mlx5_init_seg), and what else is in BAR 0 */
enum {
	ISEG_FW_REV		= 0x0000,
	ISEG_CMDIF_REV		= 0x0004,
	ISEG_CMDQ_H		= 0x0010,
	ISEG_CMDQ_L		= 0x0014,
	ISEG_CMD_DBELL		= 0x0018,
	ISEG_HEALTH_FW_VER	= 0x0230,
	ISEG_HEALTH_RFR		= 0x0238,
	ISEG_HEALTH_SYND	= 0x023c,
	ISEG_CMD_TIMEOUT	= 0x0ff8,
	ISEG_INIT_TIMEOUT	= 0x0ffc,
	ISEG_TIMER_H		= 0x1000,
	ISEG_TIMER_L		= 0x1004,
	ISEG_HEALTH_COUNTER	= 0x1010,
	ISEG_END		= 0x4000,
	BAR_MSIX		= 0x4000,
	BAR_PBA			= 0x5000,
	BAR_SIZE		= 16 << 20,
	UAR_FIRST		= 16,
	UAR_END			= BAR_SIZE / ADAPTER_PAGE,
	CMDIF_REV		= 5,
	CMDQ_LOG_SLOTS		= 5,
	CMDQ_LOG_STRIDE		= 6,
	CMDQ_SLOTS		= 1 << CMDQ_LOG_SLOTS,
	NIC_FULL		= 0,
	NIC_DISABLED		= 1,
	NIC_SW_RESET		= 7,
};

/* Offsets in a UAR page (doorbell.h, eq.h, driver.h) */
enum {
	UAR_CQ_ARM		= 0x20,
	UAR_EQ_ARM		= 0x40,
	UAR_EQ_UPDATE		= 0x48,
	UAR_SQ			= 0x800,
	UAR_SQ_END		= 0x1000,
	UAR_SQ_STRIDE		= 0x100,
	LOG_BF_REG		= 9,
};

/* Events (device.h: mlx5_event) */
enum {
	EV_COMP			= 0x00,
	EV_COMM_EST		= 0x02,
	EV_CQ_ERROR		= 0x04,
	EV_WQ_CATAS		= 0x05,
	EV_PORT_CHANGE		= 0x09,
	EV_CMD			= 0x0a,
	EV_PAGE_REQUEST		= 0x0b,
	EV_WQ_INVAL_REQ		= 0x10,
	EV_WQ_ACCESS		= 0x11,
	EV_SRQ_CATAS		= 0x12,
	EV_SRQ_LAST_WQE		= 0x13,
	EV_SRQ_LIMIT		= 0x14,
	PORT_DOWN		= 1,
	PORT_ACTIVE		= 4,
	CQ_ERR_OVERRUN		= 1,
	CQ_ERR_ACCESS		= 2,
};

enum {
	EQE_SIZE		= 64,
	EQE_TYPE		= 1,
	EQE_SUBTYPE		= 3,
	EQE_DATA		= 32,
	EQE_DATA_SIZE		= 28,
	EQE_OWNER		= 63,
};

/* Contexts: states that the headers do not name */
enum {
	CQ_ARMED		= 0x9,
	CQ_FIRED		= 0xa,
	CQ_STATUS_OVERFLOW	= 0x9,
	CQ_STATUS_WRITE_FAIL	= 0xa,
	EQ_ARMED		= 0x9,
	EQ_FIRED		= 0xa,
	EQ_STATUS_WRITE_FAIL	= 0xa,
};

/* Completion queue entry (mlx5_cqe64, mlx5_err_cqe) */
enum {
	CQE_SIZE		= 64,
	CQE_ML_PATH		= 17,
	CQE_SLID		= 22,
	CQE_FLAGS_RQPN		= 24,
	CQE_SRQN_UIDX		= 32,
	CQE_IMM			= 36,
	CQE_BYTE_CNT		= 44,
	CQE_TIMESTAMP		= 48,
	CQE_VENDOR_SYND		= 54,
	CQE_SYND		= 55,
	CQE_OPCODE_QPN		= 56,
	CQE_COUNTER		= 60,
	CQE_OP_OWN		= 63,
	CQE_OP_REQ		= 0,
	CQE_OP_RESP_WR_IMM	= 1,
	CQE_OP_RESP_SEND	= 2,
	CQE_OP_RESP_SEND_IMM	= 3,
	CQE_OP_RESP_SEND_INV	= 4,
	CQE_OP_RESIZE		= 5,
	CQE_OP_REQ_ERR		= 13,
	CQE_OP_RESP_ERR		= 14,
};

/* Syndromes of an error CQE (cq.h: MLX5_CQE_SYNDROME_*) */
enum {
	SYN_LOCAL_LENGTH	= 0x01,
	SYN_LOCAL_QP_OP		= 0x02,
	SYN_LOCAL_PROT		= 0x04,
	SYN_FLUSH		= 0x05,
	SYN_MW_BIND		= 0x06,
	SYN_BAD_RESP		= 0x10,
	SYN_LOCAL_ACCESS	= 0x11,
	SYN_REMOTE_INVAL_REQ	= 0x12,
	SYN_REMOTE_ACCESS	= 0x13,
	SYN_REMOTE_OP		= 0x14,
	SYN_RETRY_EXC		= 0x15,
	SYN_RNR_RETRY_EXC	= 0x16,
	SYN_REMOTE_ABORTED	= 0x22,
};

/* Queue pairs (qp.h) */
enum {
	QP_RST			= 0,
	QP_INIT			= 1,
	QP_RTR			= 2,
	QP_RTS			= 3,
	QP_SQER			= 4,
	QP_SQD			= 5,
	QP_ERR			= 6,
	QPT_RC			= 0x0,
	QPT_UC			= 0x1,
	QPT_UD			= 0x2,
	QPT_XRC			= 0x3,
	QPT_QP0			= 0x7,
	QPT_QP1			= 0x8,
	QPT_REG_UMR		= 0xc,
	QPT_SQ			= 0x100,	/* an Ethernet send queue: a number of ours */
	RQ_NORMAL		= 0,
	RQ_SRQ			= 1,
	RQ_NONE			= 3,
	RQ_DBR			= 0,
	SQ_DBR			= 1,
	OPT_RRE			= BIT(1),
	OPT_RAE			= BIT(2),
	OPT_RWE			= BIT(3),
	OPT_PKEY_INDEX		= BIT(4),
	OPT_QKEY		= BIT(5),
	OPT_RNR_TIMEOUT		= BIT(6),
	OPT_PRIMARY_PATH	= BIT(7),
	OPT_SRA_MAX		= BIT(8),
	OPT_RRA_MAX		= BIT(9),
	OPT_PM_STATE		= BIT(10),
	OPT_RETRY_COUNT		= BIT(12),
	OPT_RNR_RETRY		= BIT(13),
	OPT_ACK_TIMEOUT		= BIT(14),
	OPT_PORT		= BIT(16),
};

/* Send queue entry: opcodes and layout (device.h, qp.h) */
enum {
	WQE_NOP			= 0x00,
	WQE_SEND_INVAL		= 0x01,
	WQE_WRITE		= 0x08,
	WQE_WRITE_IMM		= 0x09,
	WQE_SEND		= 0x0a,
	WQE_SEND_IMM		= 0x0b,
	WQE_LSO			= 0x0e,
	WQE_READ		= 0x10,
	WQE_ATOMIC_CS		= 0x11,
	WQE_ATOMIC_FA		= 0x12,
	WQE_UMR			= 0x25,
	WQE_BB			= 64,
	WQE_DS			= 16,
	WQE_MAX			= 64 * WQE_DS,
	WQE_FM_CE_SE		= 11,
	WQE_IMM			= 12,
	WQE_CE_SHIFT		= 2,
	WQE_CE_MASK		= 3,
	WQE_CE_ALWAYS		= 2,
	WQE_CE_EVENT		= 3,
	WQE_SOLICITED		= BIT(1),
	INLINE_SEG		= 0x80000000,
	INLINE_COUNT		= 0x3ff,
	LKEY_TERMINATE		= 0x100,
	AV_EXTENDED		= 0x80000000,
	QKEY_CONTROLLED		= 0x80000000,
	AV_RMAC			= 20,
	AV_TCLASS		= 26,
	AV_HOP_LIMIT		= 27,
	AV_GRH			= 28,
	AV_RGID			= 32,
	AV_SIZE			= 48,
	GRH_SIZE		= 40,
	GRH_NEXT		= 0x1b,
	ETH_SEG_INLINE		= 12,
	ETH_SEG_INSERT		= 0x8000,
	INLINE_NOT_REQUIRED	= 2,	/* device.h: MLX5_CAP_INLINE_MODE_* */
	UMR_FLAGS		= 16,
	UMR_OCTOWORDS		= 20,
	UMR_OFFSET		= 22,
	UMR_MASK		= 24,
	UMR_OFFSET_HI		= 32,
	UMR_MKEY		= 64,
	UMR_DATA		= 128,
	UMR_OFFSET_EN		= BIT(4),
	UMR_CHECK_NOT_FREE	= 1 << 5,
	UMR_CHECK_FREE		= 2 << 5,
	UMR_INLINE		= BIT(7),
};

/* Which fields of a memory key a UMR changes (device.h: MLX5_MKEY_MASK_*) */
enum {
	MKM_LEN			= BIT(0),
	MKM_PAGE_SIZE		= BIT(1),
	MKM_START_ADDR		= BIT(6),
	MKM_PD			= BIT(7),
	MKM_EN_RINVAL		= BIT(8),
	MKM_KEY			= BIT(13),
	MKM_QPN			= BIT(14),
	MKM_LR			= BIT(17),
	MKM_LW			= BIT(18),
	MKM_RR			= BIT(19),
	MKM_RW			= BIT(20),
	MKM_A			= BIT(21),
	MKM_SMALL_FENCE		= BIT(23),
	MKM_FREE		= BIT(29),
};

/* Access modes of a memory key (mlx5_ifc.h: MLX5_MKC_ACCESS_MODE_*) */
enum {
	MODE_PA			= 0,
	MODE_MTT		= 1,
	MODE_KLM		= 2,
	MODE_KSM		= 3,
};

/* Capability types of QUERY_HCA_CAP (device.h: mlx5_cap_type) */
enum {
	CAP_GENERAL		= 0,
	CAP_ETHERNET		= 1,
	CAP_ATOMIC		= 3,
	CAP_ROCE		= 4,
	CAP_FLOW_TABLE		= 7,
};

/* RoCE (device.h: MLX5_ROCE_*, MLX5_CQE_ROCE_L3_HEADER_TYPE_*) */
enum {
	ROCE_V1			= 0,
	ROCE_V2			= 2,
	ROCE_L3_IPV4		= 0,
	ROCE_L3_IPV6		= 1,
	L3_GRH			= 0,
	L3_IPV6			= 1,
	L3_IPV4			= 2,
};

/* Registers of ACCESS_REG (driver.h: MLX5_REG_*) */
enum {
	REG_PMTU		= 0x5003,
	REG_PTYS		= 0x5004,
	REG_PAOS		= 0x5006,
	REG_PVLC		= 0x500f,
	REG_NODE_DESC		= 0x6001,
	REG_DTOR		= 0xc00e,
};

#endif
