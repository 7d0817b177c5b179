// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

static bool failed(struct rig *rig, const char *what, int error)
{
	snprintf(rig->why, sizeof(rig->why), "%s: %s", what, strerror(error));
	return false;
}

static bool find_gid(struct rig *rig, const char *name)
{
	char path[128];
	char gid[64];
	FILE *f;
	int i;

	for (i = 0; i < 256; i++) {
		snprintf(path, sizeof(path),
			 "/sys/class/infiniband/%s/ports/%d/gids/%d", name,
			 RIG_PORT, i);
		f = fopen(path, "r");
		if (!f)
			break;
		if (!fgets(gid, sizeof(gid), f))
			gid[0] = '\0';
		fclose(f);
		if (strncmp(gid, RIG_ADDRESS, strlen(RIG_ADDRESS)))
			continue;
		rig->gid_index = i;
		return !ibv_query_gid(rig->ctx, RIG_PORT, i, &rig->gid);
	}
	return false;
}

static bool find_lid(struct rig *rig)
{
	struct ibv_port_attr attr;

	if (ibv_query_port(rig->ctx, RIG_PORT, &attr) ||
	    attr.link_layer != IBV_LINK_LAYER_INFINIBAND || attr.state != IBV_PORT_ACTIVE)
		return false;
	rig->lid = attr.lid;
	return true;
}

static bool rig_start(struct rig *rig, const char *name)
{
	if (!find_lid(rig) && !find_gid(rig, name))
		return failed(rig, "neither a LID nor the GID of 127.0.0.1", ENOENT);

	rig->pd = ibv_alloc_pd(rig->ctx);
	if (!rig->pd)
		return failed(rig, "ibv_alloc_pd", errno);
	return true;
}

static const char *device_name(void)
{
	return getenv("FASTWAKE_RIG_DEVICE") ?: "rxe0";
}

bool rig_arms_once_per_event(void)
{
	return !strncmp(device_name(), "mlx5_", 5);
}

bool rig_open(struct rig *rig)
{
	const char *name = device_name();
	struct ibv_device **list;
	int i;

	memset(rig, 0, sizeof(*rig));
	list = ibv_get_device_list(NULL);
	if (!list)
		return failed(rig, "ibv_get_device_list", errno);
	for (i = 0; list[i]; i++) {
		if (!strcmp(ibv_get_device_name(list[i]), name))
			rig->ctx = ibv_open_device(list[i]);
	}
	ibv_free_device_list(list);
	if (!rig->ctx)
		return failed(rig, "no such device", ENODEV);
	if (rig_start(rig, name))
		return true;
	ibv_close_device(rig->ctx);
	return false;
}

bool rig_close(struct rig *rig)
{
	int ret;

	ret = ibv_dealloc_pd(rig->pd);
	if (ret)
		return failed(rig, "ibv_dealloc_pd", ret);
	ret = ibv_close_device(rig->ctx);
	if (ret)
		return failed(rig, "ibv_close_device", errno);
	return true;
}

bool rig_dead(struct rig *rig)
{
	struct pollfd pfd = { .fd = rig->ctx->async_fd, .events = POLLIN };
	struct ibv_async_event event;

	while (!rig->dead && poll(&pfd, 1, 0) == 1) {
		if (ibv_get_async_event(rig->ctx, &event)) {
			rig->dead = true;
		} else {
			rig->dead = event.event_type == IBV_EVENT_DEVICE_FATAL;
			ibv_ack_async_event(&event);
		}
	}
	return rig->dead;
}

static bool connect_to_itself(struct loop *l)
{
	struct rig *rig = l->rig;
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = RIG_PORT,
	};
	int ret;

	ret = ibv_modify_qp(l->qp, &attr, IBV_QP_STATE | IBV_QP_PKEY_INDEX |
			    IBV_QP_PORT | IBV_QP_ACCESS_FLAGS);
	if (ret)
		return failed(rig, "QP to INIT", ret);

	memset(&attr, 0, sizeof(attr));
	attr.qp_state = IBV_QPS_RTR;
	attr.path_mtu = IBV_MTU_1024;
	attr.dest_qp_num = l->qp->qp_num;
	attr.max_dest_rd_atomic = 1;
	attr.min_rnr_timer = 12;
	attr.ah_attr.is_global = !rig->lid;
	attr.ah_attr.dlid = rig->lid;
	attr.ah_attr.grh.dgid = rig->gid;
	attr.ah_attr.grh.sgid_index = rig->gid_index;
	attr.ah_attr.grh.hop_limit = 1;
	attr.ah_attr.port_num = RIG_PORT;
	ret = ibv_modify_qp(l->qp, &attr, IBV_QP_STATE | IBV_QP_AV |
			    IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
			    IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER);
	if (ret)
		return failed(rig, "QP to RTR", ret);

	memset(&attr, 0, sizeof(attr));
	attr.qp_state = IBV_QPS_RTS;
	attr.timeout = 14;
	attr.retry_cnt = 7;
	attr.rnr_retry = 7;
	attr.max_rd_atomic = 1;
	ret = ibv_modify_qp(l->qp, &attr, IBV_QP_STATE | IBV_QP_TIMEOUT |
			    IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
			    IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC);
	if (ret)
		return failed(rig, "QP to RTS", ret);
	return true;
}

static bool post_receive(struct loop *l)
{
	unsigned char *slot = l->buf + l->posted % RIG_DEPTH * RIG_MESSAGE;
	struct ibv_sge sge = {
		.addr = (uintptr_t)slot,
		.length = RIG_MESSAGE,
		.lkey = l->mr->lkey,
	};
	struct ibv_recv_wr wr = {
		.wr_id = l->posted,
		.sg_list = &sge,
		.num_sge = 1,
	};
	struct ibv_recv_wr *bad;
	int ret;

	memset(slot, 0xff, RIG_MESSAGE);
	ret = ibv_post_recv(l->qp, &wr, &bad);
	if (ret)
		return failed(l->rig, "ibv_post_recv", ret);
	l->posted++;
	return true;
}

bool loop_open(struct loop *l, struct rig *rig, struct ibv_comp_channel *ch,
	       int comp_vector)
{
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RC,
		.sq_sig_all = 1,
		.cap = {
			.max_send_wr = RIG_DEPTH,
			.max_recv_wr = RIG_DEPTH,
			.max_send_sge = 1,
			.max_recv_sge = 1,
		},
	};
	size_t size = 2 * RIG_DEPTH * RIG_MESSAGE;
	int i;

	memset(l, 0, sizeof(*l));
	l->rig = rig;
	l->buf = aligned_alloc(4096, size);
	if (!l->buf)
		return failed(rig, "aligned_alloc", ENOMEM);
	l->mr = ibv_reg_mr(rig->pd, l->buf, size, IBV_ACCESS_LOCAL_WRITE);
	if (!l->mr)
		return failed(rig, "ibv_reg_mr", errno);
	l->send_cq = ibv_create_cq(rig->ctx, RIG_DEPTH, NULL, NULL, 0);
	if (!l->send_cq)
		return failed(rig, "ibv_create_cq without a channel", errno);
	l->cq = ibv_create_cq(rig->ctx, RIG_DEPTH, l, ch, comp_vector);
	if (!l->cq)
		return failed(rig, "ibv_create_cq", errno);

	init.send_cq = l->send_cq;
	init.recv_cq = l->cq;
	l->qp = ibv_create_qp(rig->pd, &init);
	if (!l->qp)
		return failed(rig, "ibv_create_qp", errno);
	if (!connect_to_itself(l))
		return false;

	for (i = 0; i < RIG_DEPTH; i++) {
		if (!post_receive(l))
			return false;
	}
	return true;
}

bool loop_destroy_qp(struct loop *l)
{
	int ret = ibv_destroy_qp(l->qp);

	l->qp = NULL;
	return ret ? failed(l->rig, "ibv_destroy_qp", ret) : true;
}

bool loop_close(struct loop *l)
{
	int ret;

	if (l->qp && !loop_destroy_qp(l))
		return false;
	ret = l->cq ? ibv_destroy_cq(l->cq) : 0;
	if (ret)
		return failed(l->rig, "ibv_destroy_cq", ret);
	ret = ibv_destroy_cq(l->send_cq);
	if (ret)
		return failed(l->rig, "ibv_destroy_cq without a channel", ret);
	ret = ibv_dereg_mr(l->mr);
	if (ret)
		return failed(l->rig, "ibv_dereg_mr", ret);
	free(l->buf);
	return true;
}

/* Every byte depends on the number of the message, so no stale one passes. */
static unsigned char pattern(const struct loop *l, unsigned int message, int i)
{
	return (message * 31 + i * 7 + l->qp->qp_num) & 0x7f;
}

/* Take one completion of any status; false if there is none. */
static bool take(struct loop *l, struct ibv_cq *cq, struct ibv_wc *wc)
{
	int n = ibv_poll_cq(cq, 1, wc);

	if (n < 0)
		return failed(l->rig, "ibv_poll_cq", EIO);
	if (!n)
		return failed(l->rig, "the CQ is empty", ENODATA);
	return true;
}

static bool succeeded(struct loop *l, const struct ibv_wc *wc, const char *what)
{
	if (wc->status == IBV_WC_SUCCESS)
		return true;
	snprintf(l->rig->why, sizeof(l->rig->why), "%s: %s", what,
		 ibv_wc_status_str(wc->status));
	return false;
}

bool loop_post(struct loop *l, int send_flags)
{
	unsigned char *slot = l->buf +
			      (RIG_DEPTH + l->sent % RIG_DEPTH) * RIG_MESSAGE;
	struct ibv_sge sge = {
		.addr = (uintptr_t)slot,
		.length = RIG_MESSAGE,
		.lkey = l->mr->lkey,
	};
	struct ibv_send_wr wr = {
		.wr_id = l->sent,
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = IBV_WR_SEND,
		.send_flags = send_flags,
	};
	struct ibv_send_wr *bad;
	int ret;
	int i;

	for (i = 0; i < RIG_MESSAGE; i++)
		slot[i] = pattern(l, l->sent, i);
	ret = ibv_post_send(l->qp, &wr, &bad);
	if (ret)
		return failed(l->rig, "ibv_post_send", ret);
	l->sent++;
	return true;
}

bool loop_sent(struct loop *l)
{
	unsigned int looks = 0;
	struct ibv_wc wc;

	/* RC acknowledges a message after its completion is on the receive CQ. */
	while (!take(l, l->send_cq, &wc)) {
		if (!(++looks % 1024) && rig_dead(l->rig))
			return failed(l->rig, "the device", ENODEV);
		sched_yield();
	}
	return succeeded(l, &wc, "send");
}

bool loop_send(struct loop *l, int send_flags)
{
	return loop_post(l, send_flags) && loop_sent(l);
}

bool loop_receive(struct loop *l)
{
	unsigned char *slot = l->buf + l->received % RIG_DEPTH * RIG_MESSAGE;
	struct ibv_wc wc;
	int i;

	if (!take(l, l->cq, &wc) || !succeeded(l, &wc, "receive"))
		return false;
	if (wc.wr_id != l->received || wc.byte_len != RIG_MESSAGE) {
		snprintf(l->rig->why, sizeof(l->rig->why),
			 "message %u: completion of %llu with %u bytes",
			 l->received, (unsigned long long)wc.wr_id, wc.byte_len);
		return false;
	}
	for (i = 0; i < RIG_MESSAGE; i++) {
		if (slot[i] == pattern(l, l->received, i))
			continue;
		snprintf(l->rig->why, sizeof(l->rig->why),
			 "message %u: byte %d is %#x, sent was %#x", l->received,
			 i, slot[i], pattern(l, l->received, i));
		return false;
	}
	l->received++;
	return post_receive(l);
}
