/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests share: a client that speaks vfio-user as QEMU does, with a memfd
 * for the guest's memory, and on top of it the parts of a driver. Each test has a
 * device of its own, in a process of its own.
 */
#ifndef MLX5EMU_TEST_LIB_H
#define MLX5EMU_TEST_LIB_H

#include <setjmp.h>
#include <stdio.h>
#include <sys/types.h>

#include "emu.h"

#define GUEST_MEM	(64U << 20)
/* Not at 0, as a null pointer is no address; another piece follows a hole. */
#define GUEST_LOW	0x100000ULL
#define GUEST_HIGH	0x100000000ULL

struct ring {			/* an event or completion queue, as a driver sees it */
	u32 id;
	u64 buf;
	u64 dbr;
	u32 log_size;
	u32 stride;
	u32 ci;
	u8 sn;
};

struct test_qp {
	u32 id;
	u64 buf;
	u64 sq;
	u64 dbr;
	u32 sq_log;
	u32 rq_log;
	u32 rq_stride;
	u16 sq_pi;
	u16 rq_pi;
	struct ring *scq;
	struct ring *rcq;
};

struct test_mr {
	u32 key;
	u64 gpa;
	u64 va;
	u64 len;
};

struct vf {
	struct options opt;
	pid_t pid;
	char dir[64];
	char path[3][96];
	int sock;
	int control;
	int irq[MAX_VECTORS];
	u16 msg_id;
	u8 *mem;
	u64 next;
	u64 cmdq;
	u32 uar;
	u32 pd;
	int patience_ms;	/* how long to wait for an answer */
	u32 ack_timeout;	/* of queue pairs, as IBA encodes it */
	struct ring cmd_eq;
	struct ring async_eq;
	struct ring page_eq;
};

struct test {
	const char *name;
	void (*fn)(struct vf *vf);
	struct options opt;
};

/* A test with the options that most have, and one with some of its own */
#define T(f)		{ #f, f, { .delay = -1 } }
#define T_OPT(f, delay_, seed_, ...)						\
	{ #f, f, { .seed = seed_, .delay = delay_, ##__VA_ARGS__ } }

extern jmp_buf test_failed;

int test_main(const char *name, const struct test *tests, int n);
void test_fail(const char *file, int line, const char *what, long long a, long long b);

#define EXPECT(cond)							\
	do {								\
		if (!(cond))						\
			test_fail(__FILE__, __LINE__, #cond, 1, 0);	\
	} while (0)

#define EXPECT_EQ(a, b)							\
	do {								\
		long long a_ = (long long)(a), b_ = (long long)(b);	\
									\
		if (a_ != b_)						\
			test_fail(__FILE__, __LINE__, #a " == " #b, a_, b_); \
	} while (0)

/* What the fuzzer takes: a type, the length of what follows, and that. */
enum record {
	REC_COMMAND, REC_MEMORY, REC_BAR, REC_PACKET, REC_TIME, REC_CONTROL, REC_LINK, REC_TYPES
};

#define REC_HEADER	3

void corpus_record(enum record type, u32 word, const void *data, u32 len);

/* Milliseconds, of a clock that only goes on */
long long test_now(void);

/* The client */
void vf_start(struct vf *vf, const struct options *opt);
void vf_stop(struct vf *vf);
void vf_connect(struct vf *vf);
void vf_map_memory(struct vf *vf);
int vf_message(struct vf *vf, u16 command, const void *body, u32 len, const int *fds, u32 nfds,
	       void *answer, u32 size);
u32 vf_read32(struct vf *vf, u64 offset);
void vf_write32(struct vf *vf, u64 offset, u32 value);
void vf_write64(struct vf *vf, u64 offset, u32 word0, u32 word1);
void vf_doorbell_sync(struct vf *vf);
bool vf_irq_wait(struct vf *vf, u32 vector, int ms);
const char *vf_control(struct vf *vf, const char *line);
u64 vf_alloc(struct vf *vf, u64 size);
void *vf_ptr(struct vf *vf, u64 gpa);

/* The driver */
void vf_init(struct vf *vf);
void vf_enable(struct vf *vf);
int vf_cmd(struct vf *vf, void *in, u32 inlen, void *out, u32 outlen);
int vf_simple(struct vf *vf, u16 opcode, u16 op_mod, u32 word2, u32 word3, u32 *out2);
u32 vf_number(struct vf *vf, u16 opcode);
int vf_create_eq(struct vf *vf, struct ring *eq, u32 log_size, u32 vector, u64 mask);
int vf_create_cq(struct vf *vf, struct ring *cq, u32 log_size, u32 stride, u32 eqn);
int vf_modify_cq(struct vf *vf, const struct ring *cq, u32 select, u32 period, u32 count, u32 eqn);
int vf_resize_cq(struct vf *vf, struct ring *cq, u32 log_size);
int vf_create_mkey(struct vf *vf, struct test_mr *mr, u64 va, u64 len, u32 pd, u32 rights);
int vf_create_qp_raw(struct vf *vf, struct test_qp *qp, u32 type, u32 srqn, u32 xrcd);
int vf_create_qp(struct vf *vf, struct test_qp *qp, u32 type, struct ring *scq, struct ring *rcq,
		 u32 srqn);
int vf_modify_qp(struct vf *vf, const struct test_qp *qp, u16 opcode, const u8 *qpc, u32 opt);
int vf_query_qp(struct vf *vf, const struct test_qp *qp, u8 *qpc);
void vf_connect_qp(struct vf *vf, struct test_qp *qp, u32 remote, u32 lid);
void vf_reconnect_qp(struct vf *vf, struct test_qp *qp, u32 remote, u32 lid);
u8 *vf_next_eqe(struct vf *vf, struct ring *eq);
u8 *vf_wait_eqe(struct vf *vf, struct ring *eq);
void vf_arm_eq(struct vf *vf, const struct ring *eq);
u8 *vf_next_cqe(struct vf *vf, struct ring *cq);
u8 *vf_wait_cqe(struct vf *vf, struct ring *cq);
void vf_update_cq(struct vf *vf, const struct ring *cq);
void vf_arm_cq(struct vf *vf, const struct ring *cq, bool solicited);
void vf_post_recv(struct vf *vf, struct test_qp *qp, u64 va, u32 len, u32 key);

/* A send queue entry under construction */
struct wqe {
	u8 b[WQE_MAX];
	u32 len;
};

enum { MR_LR = 1, MR_LW = 2, MR_RR = 4, MR_RW = 8, MR_A = 16, MR_ALL = 31 };
#define MASK(ev)	BIT_ULL(ev)
#define ASYNC_MASK	(MASK(EV_CQ_ERROR) | MASK(EV_WQ_CATAS) | MASK(EV_PORT_CHANGE) |		\
			 MASK(EV_WQ_ACCESS) | MASK(EV_WQ_INVAL_REQ) | MASK(EV_SRQ_LAST_WQE) |	\
			 MASK(EV_SRQ_LIMIT) | MASK(EV_SRQ_CATAS))

void wqe_start(struct wqe *w, u8 opcode, u8 flags, u32 imm);
void wqe_raddr(struct wqe *w, u64 va, u32 key);
void wqe_atomic(struct wqe *w, u64 swap_add, u64 compare);
void wqe_av(struct wqe *w, u32 qkey, u32 qpn, u32 lid);
void wqe_data(struct wqe *w, u64 va, u32 len, u32 key);
void wqe_inline(struct wqe *w, const void *data, u32 len);
void vf_post(struct vf *vf, struct test_qp *qp, struct wqe *w);
void vf_post_quiet(struct vf *vf, struct test_qp *qp, struct wqe *w);
void vf_ring(struct vf *vf, struct test_qp *qp);
void vf_send(struct vf *vf, struct test_qp *qp, u8 opcode, u8 flags, u32 imm,
	     const struct test_mr *mr, u64 offset, u32 len);

/* Two reliable queue pairs that are connected, with their queues and memory */
struct pair {
	struct ring eq[2];
	struct ring cq[2];
	struct test_qp qp[2];
	struct test_mr mr[2];
};

#define PAIR_MR		0x40000
#define CE		(WQE_CE_ALWAYS << WQE_CE_SHIFT)

void pair_make(struct vf *vf, struct pair *p, u32 type);
void cqe_check(const u8 *cqe, u8 op, u32 qpn, u32 counter);
void cqe_check_error(const u8 *cqe, u8 op, u32 qpn, u8 syndrome);

#endif
