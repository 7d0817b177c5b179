/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A verbs device, and QPs connected to themselves: a message sent on such a QP
 * arrives on the same QP, as one completion on its receive CQ. FASTWAKE_RIG_DEVICE is
 * another device than rxe0, one with an InfiniBand link.
 */
#ifndef RIG_H
#define RIG_H

#include <infiniband/verbs.h>
#include <stdbool.h>

#define RIG_ADDRESS "0000:0000:0000:0000:0000:ffff:7f00:0001"
#define RIG_PORT 1
#define RIG_MESSAGE 64	/* bytes */
#define RIG_DEPTH 64	/* messages that a QP can have under way */

struct rig {
	struct ibv_context *ctx;
	struct ibv_pd *pd;
	unsigned short lid;	/* 0: use the GID */
	int gid_index;
	union ibv_gid gid;
	bool dead;	/* rig_dead() has said so */
	char why[256];	/* what failed */
};

/* A QP connected to itself. Its receive CQ reports to a channel. */
struct loop {
	struct rig *rig;
	struct ibv_cq *send_cq;
	struct ibv_cq *cq;
	struct ibv_qp *qp;
	struct ibv_mr *mr;
	unsigned char *buf;	/* RIG_DEPTH messages received, RIG_DEPTH sent */
	unsigned int posted;
	unsigned int sent;
	unsigned int received;
};

/*
 * A CQ of mlx5 is armed once for each event that the program has taken by
 * ibv_get_cq_event(): to arm it again before that does nothing, so that there is never more
 * than one event of it.
 */
bool rig_arms_once_per_event(void);

/* All of these return false after filling in rig->why. */
bool rig_open(struct rig *rig);
bool rig_close(struct rig *rig);

/* Has the device gone? Of rxe, whose users keep it, this is never so. */
bool rig_dead(struct rig *rig);

bool loop_open(struct loop *l, struct rig *rig, struct ibv_comp_channel *ch,
	       int comp_vector);
bool loop_close(struct loop *l);

/* Without the QP, so that a test can destroy the CQ itself. */
bool loop_destroy_qp(struct loop *l);

/*
 * Send one message; on return it has arrived and its completion is on l->cq. This takes
 * as long as the device does, unless that is gone.
 */
bool loop_send(struct loop *l, int send_flags);

/* The two halves of it: send, and wait until it has arrived. */
bool loop_post(struct loop *l, int send_flags);
bool loop_sent(struct loop *l);

/* Take one completion from l->cq and compare the message with what was sent. */
bool loop_receive(struct loop *l);

#endif /* RIG_H */
