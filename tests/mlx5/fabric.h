/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two ends of a cable in one program, and QPs of the one connected to QPs of the
 * other: on two devices if the guest has two, on one that talks to itself otherwise.
 * Addresses are LIDs if the link is InfiniBand, and those of the network device with
 * RoCE.
 */
#ifndef FABRIC_H
#define FABRIC_H

#include <infiniband/verbs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FABRIC_PORT	1
#define FABRIC_GUARD	64	/* bytes around a buffer that nobody may touch */
#define FABRIC_SGE	4
#define FABRIC_QKEY	0x11111111
#define FABRIC_ACCESS	(IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | \
			 IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_ATOMIC)

struct fabric_end {
	struct ibv_context *ctx;
	struct ibv_pd *pd;
	unsigned short lid;
	bool roce;
	union ibv_gid gid;	/* RoCE: of version 2, with an IPv4 address */
	int gid_index;
};

struct fabric {
	struct fabric_end end[2];
	bool loopback;		/* both are the same device */
	bool dead;		/* a device was in a state that only a reset ends */
	char why[256];		/* what failed */
};

/* What a pair shall be like; zeroes are for what most tests want. */
struct pair_attr {
	enum ibv_qp_type type;
	size_t size;		/* bytes of each side's buffer */
	int depth;		/* requests that each queue can take: 16 */
	int cq_entries;		/* twice the depth */
	int comp_vector;
	bool events;		/* wait by events, not by polling */
	bool quiet_sends;	/* with events: what was sent raises none */
	int recheck_ms;		/* without an event for so long, look all the same: never */
	bool srq;		/* side 1 receives by a shared receive queue */
	int rnr_retry;		/* 7: for ever */
	int timeout;		/* 14: 67 ms */
	int retry_cnt;		/* 7 */
};

struct side {
	struct fabric_end *end;
	struct ibv_comp_channel *ch;
	struct ibv_cq *scq;
	struct ibv_cq *rcq;
	unsigned long events[2];	/* taken, of scq and of rcq */
	struct ibv_srq *srq;
	struct ibv_qp *qp;
	struct ibv_mr *mr;
	struct ibv_ah *ah;	/* UD: the other side */
	unsigned char *mem;	/* with the guards */
	unsigned char *buf;
};

struct pair {
	struct fabric *fabric;
	struct pair_attr attr;
	struct side side[2];
};

/* All of these return false after filling in fabric->why. */
bool fabric_open(struct fabric *f);
bool fabric_close(struct fabric *f);
bool fabric_dead(struct fabric *f);
bool pair_open(struct pair *p, struct fabric *f, const struct pair_attr *attr);
bool pair_connect(struct pair *p);
bool pair_reset(struct pair *p);
bool pair_close(struct pair *p);
bool qp_to_error(struct pair *p, int side);

/* A driver whose device broke down half a minute ago would give up the next time. */
bool never_give_up(void);

/* A scatter/gather entry of a side's buffer. */
static inline struct ibv_sge sge_of(const struct side *s, size_t offset, size_t length)
{
	return (struct ibv_sge) {
		.addr = (uintptr_t)(s->buf + offset),
		.length = length,
		.lkey = s->mr->lkey,
	};
}

bool post_receive(struct pair *p, int side, unsigned long long id, struct ibv_sge *sge, int n);
bool post_send(struct pair *p, int side, struct ibv_send_wr *wr);

/*
 * Wait for one completion on a side's send or receive CQ, by polling or by events as
 * the pair was opened, whatever its status is. With recheck_ms this fails as well when
 * the device dies.
 */
bool wait_sent(struct pair *p, int side, struct ibv_wc *wc);
bool wait_received(struct pair *p, int side, struct ibv_wc *wc);

/*
 * Wait for an event of one of the side's two CQs, take it, and arm that CQ again: what
 * the two above do while there is no completion.
 */
bool take_event(struct pair *p, int side);

/* As the two, and it has to be a success of this kind and number. */
bool sent(struct pair *p, int side, enum ibv_wc_opcode opcode, unsigned long long id);
bool received(struct pair *p, int side, enum ibv_wc_opcode opcode, unsigned long long id,
	      size_t length, struct ibv_wc *wc);

/*
 * Every byte depends on its place and on a seed, so that no stale, shifted or
 * swapped one passes.
 */
void fill(unsigned char *buf, size_t length, unsigned int seed);
bool verify(struct pair *p, const unsigned char *buf, size_t length, unsigned int seed,
	    const char *what);
bool guards_intact(struct pair *p);

#endif /* FABRIC_H */
