/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The emulated device: its objects, and what the files offer to each other.
 *
 * Everything runs in one thread, driven by the event loop of main.c. All that
 * comes from the guest - registers, command mailboxes, queue entries, doorbell
 * records - is hostile: it is copied once into memory of ours and checked there.
 *
 * checkpatch: MACRO_ARG_REUSE,PREFER_DEFINED_ATTRIBUTE_MACRO: a loop names its variable twice
 */
#ifndef MLX5EMU_EMU_H
#define MLX5EMU_EMU_H

#include <signal.h>
#include <stdio.h>

#include "ifc.h"
#include "hw.h"

#define MLX5EMU_VERSION		"1.0"

/* Limits, which the capabilities tell the guest where there is one for it. */
#define LOG_MAX_QP		12
#define LOG_MAX_CQ		12
#define LOG_MAX_SRQ		12
#define LOG_MAX_MKEY		16
#define LOG_MAX_PD		12
#define LOG_MAX_XRCD		10
#define LOG_MAX_TD		10
#define LOG_MAX_UCTX		10
#define LOG_MAX_RQ		10
#define LOG_MAX_RQT		10
#define LOG_MAX_TIR		10
#define LOG_MAX_TIS		10
#define LOG_MAX_FT		10
#define LOG_MAX_FG		10
#define LOG_MAX_FT_SIZE		16
#define MAX_FT_LEVEL		128
#define ROCE_ADDRS		32
#define ETH_MTU			9978
#define LOG_MAX_WQ_SIZE		15
#define LOG_MAX_CQ_SIZE		20
#define LOG_MAX_EQ_SIZE		16
#define LOG_MAX_MSG		24
#define MAX_EQ			64
#define MAX_VECTORS		64
#define MAX_MCG			256
#define MAX_PAGES		65536
#define MAX_DMA_REGIONS		256
#define MAX_RULES		16
#define MAX_CMD_LEN		(16 + (8 << 20))
#define MAX_RECV_WQE		2048
#define RESERVED_LKEY		0x200
#define MAX_XLT_BYTES		(256ULL << 20)

struct emu;
struct packet;

/* log.c */
enum log_level { LOG_NONE = -1, LOG_ERR, LOG_INFO, LOG_DEBUG, LOG_TRACE };
#define __printf(a, b)	__attribute__((format(printf, a, b)))

extern enum log_level log_level;

__printf(2, 3) void log_write(enum log_level level, const char *fmt, ...);

#define log_msg(level_, ...)				\
	do {						\
		enum log_level at_ = (level_);		\
							\
		if (at_ <= log_level)			\
			log_write(at_, __VA_ARGS__);	\
	} while (0)
#define log_err(...)		log_msg(LOG_ERR, __VA_ARGS__)
#define log_info(...)		log_msg(LOG_INFO, __VA_ARGS__)
#define log_debug(...)		log_msg(LOG_DEBUG, __VA_ARGS__)
#define log_trace(...)		log_msg(LOG_TRACE, __VA_ARGS__)

/* clock.c */
struct timer {
	struct timer *next;
	u64 due;
	void (*fn)(struct emu *e, struct timer *t);
	bool armed;
};

struct clock {
	struct timer *first;
	u64 steps;		/* model time in microseconds, if stepped */
	bool stepped;
	long delay;		/* steps until the device does what it was told to */
};

u64 clock_now(struct emu *e);
void clock_step(struct emu *e);
void clock_idle(struct emu *e);
void clock_run(struct emu *e);
long long clock_timeout(struct emu *e);
void timer_start(struct emu *e, struct timer *t, u64 ns);
void timer_stop(struct emu *e, struct timer *t);

/* dma.c */
struct dma_region {
	u64 gpa;
	u64 size;
	u8 *host;		/* NULL: not memory that could be mapped */
	bool writable;
};

struct dma {
	struct dma_region region[MAX_DMA_REGIONS];
	u32 n;
};

/* A queue's memory, as a list of pages that the guest gave in a command. */
struct pagelist {
	u64 *pa;
	u32 n;
	u32 shift;
	u32 offset;
};

int dma_map(struct emu *e, u64 gpa, u64 size, int fd, u64 offset, bool write);
void dma_unmap(struct emu *e, u64 gpa, u64 size);
void dma_unmap_all(struct emu *e);
void *dma_ptr(struct emu *e, u64 gpa, u64 len, bool write);
bool dma_read(struct emu *e, u64 gpa, void *buf, u64 len);
bool dma_write(struct emu *e, u64 gpa, const void *buf, u64 len);
bool dma_publish(struct emu *e, u64 gpa, const void *entry, u32 size);
bool dma_counter(struct emu *e, u64 gpa, u32 *value);
u8 pagelist_init(struct pagelist *pl, const u8 *pas, u64 pas_bytes, u32 log_page,
		 u32 page_offset, u64 bytes);
void pagelist_free(struct pagelist *pl);
u64 pagelist_gpa(const struct pagelist *pl, u64 offset, u32 len);
bool pagelist_read(struct emu *e, const struct pagelist *pl, u64 offset, void *buf, u32 len);

#define BAD_GPA			(~0ULL)

/* object.c */
struct object {
	u32 id;
	u32 refs;		/* other objects that would dangle without this one */
};

struct table {
	const char *name;
	struct object **slot;
	u32 first;
	u32 end;
	u32 next;
	u32 used;
	u64 created;
	void (*release)(struct emu *e, struct object *o);
};

void table_init(struct table *t, const char *name, u32 first, u32 end,
		void (*release)(struct emu *e, struct object *o));
void *table_add(struct table *t, size_t size);
void *table_add_at(struct table *t, u32 id, size_t size);
void *table_get(const struct table *t, u32 id);
void *table_next(const struct table *t, u32 *id);
u8 table_del(struct emu *e, struct table *t, u32 id);
void table_clear(struct emu *e, struct table *t);
void table_destroy(struct emu *e, struct table *t);

/* In order of their numbers, from the first that is not below @id */
#define table_for_each(t, id, o)						\
	for (id = 0; (o = table_next(t, &id)); id++)

/* eq.c */
struct eq {
	struct object obj;
	struct pagelist buf;
	u64 mask[4];
	u8 ctx[IFC_SZ(eqc)];
	u32 log_size;
	u32 pi;
	u32 ci;
	u32 vector;
	u32 uar;
	bool armed;
	u64 events;
	u64 overruns;
};

void eq_overrun(struct emu *e, struct eq *eq, u8 type);
void eq_post(struct emu *e, struct eq *eq, u8 type, u8 subtype, const void *data, u32 len);
bool eq_async(struct emu *e, u8 type, u8 subtype, const void *data, u32 len);
void eq_object_event(struct emu *e, u8 type, u8 rsc_type, u32 id);
void eq_doorbell(struct emu *e, u32 uar, u32 value, bool arm);
void eq_release(struct emu *e, struct object *o);

/* cq.c */
enum cq_arm { CQ_DISARMED, CQ_ARM_NEXT, CQ_ARM_SOLICITED };

struct cq {
	struct object obj;
	struct pagelist buf;
	struct eq *eq;
	struct eq *old_eq;	/* while a remap is under way */
	u8 ctx[IFC_SZ(cqc)];
	u64 dbr;
	u32 uar;
	u32 log_size;
	u32 cqe_size;
	u32 pi;
	u32 solicited_pi;	/* pi after the last solicited entry */
	u32 notified_pi;	/* pi when the last event was raised */
	u32 arm_ci;
	u32 period_us;
	u32 max_count;
	enum cq_arm arm;
	u8 sn;			/* of the last arm request taken */
	bool sn_fired;
	bool ignore_overrun;
	bool error;
	bool period_over;
	struct timer period;
	u32 overflow;	/* fault: so many of its events find no room */
	u64 cqes;
	u64 events;
	u64 stale_arms;
	u64 remaps;
};

bool cq_post(struct emu *e, struct cq *cq, const u8 *cqe, bool solicited);
void cq_doorbell(struct emu *e, u32 uar, u32 word0, u32 cqn);
void cq_release(struct emu *e, struct object *o);

/* mkey.c */
struct mkey {
	struct object obj;
	u8 ctx[IFC_SZ(mkc)];
	u8 *xlt;		/* MTTs or KLMs, as the guest gave them */
	u64 xlt_bytes;
};

enum access {
	ACC_LOCAL_READ,
	ACC_LOCAL_WRITE,
	ACC_REMOTE_READ,
	ACC_REMOTE_WRITE,
	ACC_REMOTE_ATOMIC,
};

/* Who asks for memory: the rights of a queue pair go with its protection domain. */
struct accessor {
	u32 pd;
	u32 qpn;
	bool reserved_lkey;
};

bool mkey_check(struct emu *e, const struct accessor *who, u32 key, u64 va, u64 len,
		enum access acc);
bool mkey_copy(struct emu *e, const struct accessor *who, u32 key, u64 va, u8 *buf, u64 len,
	       enum access acc);
u64 *mkey_atomic(struct emu *e, const struct accessor *who, u32 key, u64 va);
bool mkey_invalidate(struct emu *e, const struct accessor *who, u32 key);
void mkey_release(struct emu *e, struct object *o);

/* umr.c */
struct qp;
u8 umr_execute(struct emu *e, struct qp *qp, const u8 *wqe, u32 len);

/* srq.c */
struct srq {
	struct object obj;
	struct pagelist buf;
	bool xrc;
	u32 pd;
	u32 xrcd;
	u32 user_index;
	struct cq *cq;		/* of an XRC shared receive queue */
	u32 log_size;
	u32 log_stride;
	u32 page_offset;
	u32 log_page;
	u64 dbr;
	u32 ci;
	u32 head;
	u32 limit;
	u64 received;
};

void srq_release(struct emu *e, struct object *o);
bool srq_empty(struct emu *e, struct srq *srq);
bool srq_pop(struct emu *e, struct srq *srq, u8 *wqe, u32 *len, u32 *index);

/* qp.c */
struct request {
	bool busy;		/* sent, and not yet answered */
	bool rnr_wait;		/* told to try later */
	u8 wqe[WQE_MAX];
	u32 len;
	u32 opcode;
	u32 data;		/* offset of the first data segment */
	struct packet *pkt;
	u32 retries;
	u32 rnr_retries;
	struct timer timer;
};

struct qp {
	struct object obj;
	struct pagelist buf;
	u8 ctx[IFC_SZ(qpc)];
	u32 type;
	u32 state;
	struct cq *scq;
	struct cq *rcq;
	struct srq *srq;
	struct object *pd;
	u32 uar;
	u64 dbr;
	bool has_rq;
	bool has_sq;
	bool running;
	bool catastrophe;	/* a completion queue failed */
	bool executed;		/* the last_* are valid */
	u32 rq_log_size;
	u32 rq_log_stride;
	u32 sq_log_size;
	u64 sq_offset;
	u32 rq_ci;
	u32 sq_ci;
	struct timer work;
	struct request req;
	u32 last_psn;		/* of the last request that was executed here */
	u8 last_op;
	u64 last_atomic;
	u64 sent;
	u64 received;
	u64 errors;
	u64 retransmits;
	u64 rnr_naks;
};

#define QP_FIELD(qp, f)		IFC_GET(qpc, (qp)->ctx, f)
#define QP_PATH(qp, f)		IFC_GET(ads, IFC_AT(qpc, (qp)->ctx, primary_address_path), f)

/* One receive request: its scatter list, in memory of ours. */
struct recv {
	u8 wqe[MAX_RECV_WQE];
	u32 len;
	u32 skip;		/* bytes before the first data segment */
	u32 index;
	struct srq *srq;
};

struct accessor qp_accessor(const struct qp *qp);
u32 qp_sq_read(struct emu *e, const struct qp *qp, u8 *wqe);
void qp_doorbell(struct emu *e, u32 uar, u32 qpn);
void qp_run(struct emu *e, struct qp *qp);
void qp_error(struct emu *e, struct qp *qp);
void qp_start(struct qp *qp);
void qp_to_reset(struct emu *e, struct qp *qp);
u32 qp_remote_lid(struct emu *e, const struct qp *qp);
void qp_release(struct emu *e, struct object *o);
bool qp_recv_empty(struct emu *e, struct qp *qp, struct srq *srq);
bool qp_recv_pop(struct emu *e, struct qp *qp, struct srq *srq, struct recv *r);
void qp_complete(struct emu *e, struct qp *qp, u32 bytes);
void qp_fail(struct emu *e, struct qp *qp, u8 syndrome);
bool qp_recv_cqe(struct emu *e, struct qp *qp, const struct recv *r, u8 op,
		 const struct packet *p, u32 bytes, u8 syndrome);
void qp_for_cq_error(struct emu *e, struct cq *cq);

/* wqe.c */
u8 wqe_execute(struct emu *e, struct qp *qp);
u8 wqe_scatter(struct emu *e, const struct accessor *who, const u8 *seg, u32 seg_len,
	       const u8 *data, u32 len);

/* rc.c */
void rc_send(struct emu *e, struct qp *qp, struct packet *p);
void rc_receive(struct emu *e, const struct packet *p);
void rc_stop(struct emu *e, struct qp *qp);

/* ud.c */
struct mcg {
	u8 gid[16];
	u32 qpn;
};

void ud_receive(struct emu *e, const struct packet *p);

/* roce.c */
void emu_mac(u32 lid, u8 mac[6]);
u32 roce_lid(const u8 mac[6]);
void roce_route(struct emu *e, struct packet *p, u32 index, const u8 rmac[6]);
bool roce_accepts(struct emu *e, const struct packet *p);
void roce_header(u8 head[GRH_SIZE], const struct packet *p);

/* eth.c, flow.c */
void rq_release(struct emu *e, struct object *o);
void user_release(struct emu *e, struct object *o);
void flow_group_release(struct emu *e, struct object *o);

/* link.c */
enum packet_type { PKT_REQUEST, PKT_ACK, PKT_RNR_NAK, PKT_NAK, PKT_DATAGRAM, PKT_TYPES };

/*
 * What the wire carries: a whole message, not the packets of a real one. Both
 * ends are this program on one machine, so the layout is the compiler's.
 */
struct packet {
	u32 payload;		/* bytes in data[] */
	u8 type;
	u8 opcode;		/* of the send queue entry */
	u8 solicited;
	u8 syndrome;		/* of a NAK */
	u8 transport;
	u8 grh;
	u8 sl;
	u8 rnr_timer;
	u8 l3;			/* RoCE: which header */
	u8 tclass;
	u8 hop_limit;
	u8 pad;
	u16 slid;
	u16 dlid;
	u32 src_qp;
	u32 dst_qp;
	u32 psn;
	u32 npsn;
	u32 imm;
	u32 rkey;
	u32 qkey;
	u32 srqn;
	u32 length;		/* of what a READ asks for */
	u64 va;
	u64 swap_add;
	u64 compare;
	u8 sgid[16];
	u8 dgid[16];
	u8 data[];
};

struct peer {
	const char *path;
	int listener;
	int fd;
	bool greeted;
	bool trusted;		/* and its greeting was all right */
	u8 *rx;
	u64 rx_len;
	u8 *tx;
	u64 tx_len;
	u64 tx_done;
	u64 sent;
	u64 received;
	u64 malformed;
};

int unix_listen(const char *path);
void link_init(struct emu *e);
void link_close(struct emu *e);
void link_send(struct emu *e, const struct packet *p);
void link_listener_ready(struct emu *e);
void link_peer_ready(struct emu *e, short revents);

/* cmd.c */
struct cmd {
	u8 layout[CMD_SIZE];
	u8 *in;
	u8 *out;
	u32 inlen;
	u32 outlen;
	u16 opcode;
	u16 op_mod;
	u32 slot;
	bool busy;
	bool event;		/* completion is an event, not polled for */
	bool executed;
	bool unanswered;	/* until the faults are cleared */
	u8 delivery;
	struct timer timer;
	u64 extra_ns;		/* how much longer than usual it takes */
	void (*finish)(struct emu *e, u32 id, u32 arg);
	u32 finish_id;
	u32 finish_arg;
};

typedef u8 (*cmd_handler)(struct emu *e, struct cmd *c);

struct cmd_desc {
	u16 opcode;
	u8 phase;		/* enum hca_state: the earliest it may be used in */
	bool eth;		/* on an Ethernet link only */
	const char *name;
	u32 inlen;
	u32 outlen;
	cmd_handler fn;
};

#define CMD_IN(t, c, f)		IFC_GET(t##_in, (c)->in, f)
#define CMD_OUT_SET(t, c, f, v)	IFC_SET(t##_out, (c)->out, f, v)

void cmd_doorbell(struct emu *e, u32 mask);
void cmd_answer_late(struct emu *e);
void cmd_reset(struct emu *e);

/* hca.c, caps.c, port.c, and the commands of the objects */
enum hca_state { HCA_DISABLED, HCA_ENABLED, HCA_INITIALIZED };

void caps_init(struct emu *e);
void hca_reset(struct emu *e);
bool hca_request_pages(struct emu *e, int n);
void hca_fatal(struct emu *e, u8 syndrome);
void hca_health_seen(struct emu *e);
void port_set(struct emu *e, bool up);

#define DECLARE_CMD(name)	u8 name(struct emu *e, struct cmd *c)
DECLARE_CMD(cmd_query_hca_cap);
DECLARE_CMD(cmd_set_hca_cap);
DECLARE_CMD(cmd_query_adapter);
DECLARE_CMD(cmd_init_hca);
DECLARE_CMD(cmd_teardown_hca);
DECLARE_CMD(cmd_enable_hca);
DECLARE_CMD(cmd_disable_hca);
DECLARE_CMD(cmd_query_pages);
DECLARE_CMD(cmd_manage_pages);
DECLARE_CMD(cmd_query_issi);
DECLARE_CMD(cmd_set_issi);
DECLARE_CMD(cmd_nothing);
DECLARE_CMD(cmd_query_special_contexts);
DECLARE_CMD(cmd_alloc);
DECLARE_CMD(cmd_dealloc);
DECLARE_CMD(cmd_query_hca_vport_context);
DECLARE_CMD(cmd_query_hca_vport_gid);
DECLARE_CMD(cmd_query_hca_vport_pkey);
DECLARE_CMD(cmd_query_vport_state);
DECLARE_CMD(cmd_query_vport_counter);
DECLARE_CMD(cmd_access_reg);
DECLARE_CMD(cmd_mcg);
DECLARE_CMD(cmd_create_mkey);
DECLARE_CMD(cmd_query_mkey);
DECLARE_CMD(cmd_destroy_mkey);
DECLARE_CMD(cmd_create_eq);
DECLARE_CMD(cmd_destroy_eq);
DECLARE_CMD(cmd_query_eq);
DECLARE_CMD(cmd_create_cq);
DECLARE_CMD(cmd_destroy_cq);
DECLARE_CMD(cmd_query_cq);
DECLARE_CMD(cmd_modify_cq);
DECLARE_CMD(cmd_create_qp);
DECLARE_CMD(cmd_destroy_qp);
DECLARE_CMD(cmd_query_qp);
DECLARE_CMD(cmd_modify_qp);
DECLARE_CMD(cmd_create_xrc_srq);
DECLARE_CMD(cmd_create_rmp);
DECLARE_CMD(cmd_query_xrc_srq);
DECLARE_CMD(cmd_query_rmp);
DECLARE_CMD(cmd_arm_xrc_srq);
DECLARE_CMD(cmd_modify_rmp);
DECLARE_CMD(cmd_destroy_srq);
DECLARE_CMD(cmd_set_roce_address);
DECLARE_CMD(cmd_query_roce_address);
DECLARE_CMD(cmd_query_nic_vport_context);
DECLARE_CMD(cmd_modify_nic_vport_context);
DECLARE_CMD(cmd_create_sq);
DECLARE_CMD(cmd_modify_sq);
DECLARE_CMD(cmd_query_sq);
DECLARE_CMD(cmd_destroy_sq);
DECLARE_CMD(cmd_create_rq);
DECLARE_CMD(cmd_modify_rq);
DECLARE_CMD(cmd_query_rq);
DECLARE_CMD(cmd_destroy_rq);
DECLARE_CMD(cmd_create_rqt);
DECLARE_CMD(cmd_modify_rqt);
DECLARE_CMD(cmd_destroy_rqt);
DECLARE_CMD(cmd_create_tir);
DECLARE_CMD(cmd_modify_tir);
DECLARE_CMD(cmd_destroy_tir);
DECLARE_CMD(cmd_create_tis);
DECLARE_CMD(cmd_modify_tis);
DECLARE_CMD(cmd_destroy_tis);
DECLARE_CMD(cmd_create_flow_table);
DECLARE_CMD(cmd_modify_flow_table);
DECLARE_CMD(cmd_set_flow_table_root);
DECLARE_CMD(cmd_destroy_flow_table);
DECLARE_CMD(cmd_create_flow_group);
DECLARE_CMD(cmd_destroy_flow_group);
DECLARE_CMD(cmd_set_fte);
DECLARE_CMD(cmd_delete_fte);

/* fault.c */
enum rule_kind { RULE_NONE, RULE_CMD_FAIL, RULE_CMD_TIMEOUT, RULE_CMD_BUSY, RULE_CQE_ERROR };

#define MATCH_ALL	UINT32_MAX

struct rule {
	enum rule_kind kind;
	u32 match;		/* opcode or queue pair number */
	u32 value;		/* status, milliseconds or syndrome */
	u32 count;
};

struct fault {
	struct rule rule[MAX_RULES];
	u32 irq_drop[MAX_VECTORS];
	u32 irq_delay_us[MAX_VECTORS];
	u32 wqe_delay_us;
	u32 wire_drop;
	u64 hits;
};

bool fault_take(struct emu *e, enum rule_kind kind, u32 match, u32 *value);
void fault_command(struct emu *e, char *line, FILE *out);

/* stats.c */
void stats_print(struct emu *e, FILE *out);

/* pci.c */
struct irq {
	int fd;
	bool pending;		/* raised when there was nobody to tell */
	struct timer timer;
	u64 raised;
	u64 dropped;
};

void pci_init(struct emu *e);
bool pci_config_read(struct emu *e, u64 offset, void *buf, u32 len);
bool pci_config_write(struct emu *e, u64 offset, const void *buf, u32 len);
void irq_raise(struct emu *e, u32 vector);
void irq_set_fd(struct emu *e, u32 vector, int fd);

/* uar.c */
void bar_read(struct emu *e, u64 offset, void *buf, u32 len);
void bar_write(struct emu *e, u64 offset, const void *buf, u32 len);

/* vfio_user.c */
void vfio_user_accept(struct emu *e);
void vfio_user_ready(struct emu *e);
void vfio_user_close(struct emu *e);

/* loop.c */
void loop_run(struct emu *e, const int *stop, const sigset_t *mask);

/* emu.c */
struct options {
	const char *socket;
	const char *control;
	const char *peer;
	u32 lid;
	u32 vectors;
	u32 seed;
	long delay;
	u32 cqe_sizes;		/* bit 0: 64 bytes, bit 1: 128 bytes */
	u32 cmd_timeout_ms;
	bool no_eq_remap;
	bool eth;		/* the link is Ethernet, so RDMA is RoCE */
	bool once;
};

struct stats {
	u64 mmio_reads;
	u64 mmio_writes;
	u64 mmio_bad;
	u64 commands;
	u64 commands_failed;
	u64 commands_undelivered;
	u64 wqes;
	u64 flushed;
	u64 packets;
	u64 packets_dropped;
	u64 bytes;
	u64 frames;		/* of Ethernet, all dropped */
	u64 qkey_violations;
	u64 resets;
};

struct emu {
	struct options opt;
	struct clock clock;
	struct dma dma;
	struct fault fault;
	struct stats stats;
	u8 config[256];
	struct irq irq[MAX_VECTORS];
	struct cmd cmd[CMDQ_SLOTS];
	u64 cmdq;
	u32 nic_state;
	u32 health_counter;
	u8 health_synd;
	bool health_rfr;	/* a reset is asked for, and was not followed by a start yet */
	bool health_fatal;
	struct timer health_timer;
	bool removed;
	bool disconnect;
	bool quit;
	enum hca_state hca;
	u8 cap_max[IFC_SZ(cmd_hca_cap)];
	u8 cap_cur[IFC_SZ(cmd_hca_cap)];
	u8 cap_atomic[IFC_SZ(atomic_caps)];
	u8 cap_eth[IFC_SZ(per_protocol_networking_offload_caps)];
	u8 cap_roce[IFC_SZ(roce_cap)];
	u8 cap_flow[IFC_SZ(flow_table_nic_cap)];
	u8 nic_vport[IFC_SZ(nic_vport_context)];
	u8 roce_addr[ROCE_ADDRS][IFC_SZ(roce_addr_layout)];
	u8 node_desc[64];
	bool port_up;
	u64 *pages;
	u32 npages;
	u64 xlt_bytes;
	struct table pds, uars, tds, xrcds, uctxs, q_counters;
	struct table eqs, cqs, mkeys, srqs, qps;
	struct table rqs, rqts, tirs, tiss, fts, fgs;
	u64 latch_offset;	/* of the first half of a doorbell written in two */
	u32 latch_word;
	struct mcg mcg[MAX_MCG];
	u32 n_mcg;
	struct timer error_poll;
	struct peer peer;
	int listener;
	int client;
	int control_listener;
	u64 random;
	u8 *vfu_buf;
};

void emu_init(struct emu *e, const struct options *opt);
void emu_reset(struct emu *e);
void emu_free(struct emu *e);
u32 emu_random(struct emu *e);
u64 emu_guid(u32 lid);
void emu_gid(u32 lid, u8 gid[16]);

static inline s32 diff24(u32 a, u32 b)
{
	return (s32)((a - b) << 8) >> 8;
}

#endif
