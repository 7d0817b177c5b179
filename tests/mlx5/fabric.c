// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fabric.h"

/* Far longer than anything takes: it ends what would hang. */
#define PATIENCE_MS 120000

#define GUARD_BYTE 0xa5

static bool failed(struct fabric *f, const char *what, int error)
{
	snprintf(f->why, sizeof(f->why), "%s: %s", what, strerror(error));
	return false;
}

/* An address of the network device, as RoCE of version 2 has it. */
static bool find_gid(struct fabric *f, struct fabric_end *end)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct ibv_gid_entry entry[64];
	ssize_t i, n = ibv_query_gid_table(end->ctx, entry, 64, 0);

	for (i = 0; i < n; i++) {
		if (entry[i].port_num != FABRIC_PORT || entry[i].gid_type != IBV_GID_TYPE_ROCE_V2 ||
		    memcmp(entry[i].gid.raw, mapped, sizeof(mapped)))
			continue;
		end->gid = entry[i].gid;
		end->gid_index = (int)entry[i].gid_index;
		return true;
	}
	return failed(f, "no RoCE address of version 2", n < 0 ? (int)-n : EADDRNOTAVAIL);
}

static bool end_start(struct fabric *f, struct fabric_end *end)
{
	struct ibv_port_attr port;
	int ret;

	ret = ibv_query_port(end->ctx, FABRIC_PORT, &port);
	if (ret)
		return failed(f, "ibv_query_port", ret);
	if (port.state != IBV_PORT_ACTIVE)
		return failed(f, "the port is not active", ENETDOWN);
	end->lid = port.lid;
	end->roce = port.link_layer == IBV_LINK_LAYER_ETHERNET;
	if (end->roce && !find_gid(f, end))
		return false;
	end->pd = ibv_alloc_pd(end->ctx);
	if (!end->pd)
		return failed(f, "ibv_alloc_pd", errno);
	return true;
}

static bool end_open(struct fabric *f, struct fabric_end *end, struct ibv_device *device)
{
	end->ctx = ibv_open_device(device);
	if (!end->ctx)
		return failed(f, "ibv_open_device", errno);
	if (end_start(f, end))
		return true;
	ibv_close_device(end->ctx);
	return false;
}

bool fabric_open(struct fabric *f)
{
	struct ibv_device **list;
	bool ok;
	int n;

	memset(f, 0, sizeof(*f));
	list = ibv_get_device_list(&n);
	if (!list || n < 1 || n > 2) {
		if (list)
			ibv_free_device_list(list);
		return failed(f, "neither one device nor two", ENODEV);
	}
	f->loopback = n == 1;
	ok = end_open(f, &f->end[0], list[0]);
	if (ok && f->loopback)
		f->end[1] = f->end[0];
	else if (ok)
		ok = end_open(f, &f->end[1], list[1]);
	ibv_free_device_list(list);
	return ok;
}

bool fabric_close(struct fabric *f)
{
	int ret;
	int i;

	for (i = 0; i < (f->loopback ? 1 : 2); i++) {
		ret = ibv_dealloc_pd(f->end[i].pd);
		if (ret)
			return failed(f, "ibv_dealloc_pd", ret);
		ret = ibv_close_device(f->end[i].ctx);
		if (ret)
			return failed(f, "ibv_close_device", errno);
	}
	return true;
}

static bool end_dead(struct fabric_end *end)
{
	struct pollfd pfd = { .fd = end->ctx->async_fd, .events = POLLIN };
	struct ibv_async_event event;
	bool dead = false;

	while (!dead && poll(&pfd, 1, 0) == 1) {
		if (ibv_get_async_event(end->ctx, &event))
			return true;
		dead = event.event_type == IBV_EVENT_DEVICE_FATAL;
		ibv_ack_async_event(&event);
	}
	return dead;
}

/* Takes all asynchronous events; the others are nothing that nobody knows anyhow. */
bool fabric_dead(struct fabric *f)
{
	if (!f->dead)
		f->dead = end_dead(&f->end[0]) || (!f->loopback && end_dead(&f->end[1]));
	return f->dead;
}

bool never_give_up(void)
{
	char command[128];
	glob_t found;
	bool ok;
	size_t i;

	ok = !glob("/sys/bus/pci/drivers/mlx5_core/0*", 0, NULL, &found);
	for (i = 0; ok && i < found.gl_pathc; i++) {
		snprintf(command, sizeof(command),
			 "devlink health set pci/%s reporter fw_fatal grace_period 0",
			 basename(found.gl_pathv[i]));
		ok = !system(command);
	}
	globfree(&found);
	return ok;
}

static bool queue_pair_open(struct pair *p, struct side *s)
{
	struct ibv_qp_init_attr init = {
		.qp_type = p->attr.type,
		.send_cq = s->scq,
		.recv_cq = s->rcq,
		.srq = s->srq,
		.cap = {
			.max_send_wr = p->attr.depth,
			.max_recv_wr = s->srq ? 0 : p->attr.depth,
			.max_send_sge = FABRIC_SGE,
			.max_recv_sge = s->srq ? 0 : FABRIC_SGE,
			.max_inline_data = 64,
		},
	};

	s->qp = ibv_create_qp(s->end->pd, &init);
	if (!s->qp)
		return failed(p->fabric, "ibv_create_qp", errno);
	return true;
}

static bool side_open(struct pair *p, struct side *s, bool srq)
{
	struct fabric *f = p->fabric;
	struct ibv_srq_init_attr srq_init = {
		.attr = { .max_wr = p->attr.depth, .max_sge = FABRIC_SGE },
	};
	size_t size = p->attr.size + 2 * FABRIC_GUARD;

	s->mem = malloc(size);
	if (!s->mem)
		return failed(f, "malloc", ENOMEM);
	memset(s->mem, GUARD_BYTE, size);
	s->buf = s->mem + FABRIC_GUARD;
	s->mr = ibv_reg_mr(s->end->pd, s->mem, size, FABRIC_ACCESS);
	if (!s->mr)
		return failed(f, "ibv_reg_mr", errno);
	if (p->attr.events) {
		s->ch = ibv_create_comp_channel(s->end->ctx);
		if (!s->ch)
			return failed(f, "ibv_create_comp_channel", errno);
	}
	s->scq = ibv_create_cq(s->end->ctx, p->attr.cq_entries, s,
			       p->attr.quiet_sends ? NULL : s->ch, p->attr.comp_vector);
	s->rcq = ibv_create_cq(s->end->ctx, p->attr.cq_entries, s, s->ch, p->attr.comp_vector);
	if (!s->scq || !s->rcq)
		return failed(f, "ibv_create_cq", errno);
	if (p->attr.events && ((!p->attr.quiet_sends && ibv_req_notify_cq(s->scq, 0)) ||
			       ibv_req_notify_cq(s->rcq, 0)))
		return failed(f, "ibv_req_notify_cq", EIO);
	if (srq) {
		s->srq = ibv_create_srq(s->end->pd, &srq_init);
		if (!s->srq)
			return failed(f, "ibv_create_srq", errno);
	}
	return queue_pair_open(p, s);
}

static bool to_init(struct pair *p, struct side *s)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = FABRIC_PORT,
		.qkey = FABRIC_QKEY,
		.qp_access_flags = FABRIC_ACCESS,
	};
	int mask = IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT;
	int ret;

	mask |= p->attr.type == IBV_QPT_UD ? IBV_QP_QKEY : IBV_QP_ACCESS_FLAGS;
	ret = ibv_modify_qp(s->qp, &attr, mask);
	return ret ? failed(p->fabric, "QP to INIT", ret) : true;
}

static bool to_rtr(struct pair *p, struct side *s, const struct side *other)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = IBV_MTU_1024,
		.dest_qp_num = other->qp->qp_num,
		.max_dest_rd_atomic = 4,
		.min_rnr_timer = 1,
		.ah_attr = { .dlid = other->end->lid, .port_num = FABRIC_PORT },
	};
	int mask = IBV_QP_STATE;
	int ret;

	if (other->end->roce) {
		attr.ah_attr.is_global = 1;
		attr.ah_attr.grh.dgid = other->end->gid;
		attr.ah_attr.grh.sgid_index = (unsigned char)s->end->gid_index;
		attr.ah_attr.grh.hop_limit = 64;
	}
	if (p->attr.type != IBV_QPT_UD)
		mask |= IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN;
	if (p->attr.type == IBV_QPT_RC)
		mask |= IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER;
	ret = ibv_modify_qp(s->qp, &attr, mask);
	if (ret)
		return failed(p->fabric, "QP to RTR", ret);
	if (p->attr.type == IBV_QPT_UD && !s->ah) {
		s->ah = ibv_create_ah(s->end->pd, &attr.ah_attr);
		if (!s->ah)
			return failed(p->fabric, "ibv_create_ah", errno);
	}
	return true;
}

static bool to_rts(struct pair *p, struct side *s)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTS,
		.timeout = p->attr.timeout,
		.retry_cnt = p->attr.retry_cnt,
		.rnr_retry = p->attr.rnr_retry,
		.max_rd_atomic = 4,
	};
	int mask = IBV_QP_STATE | IBV_QP_SQ_PSN;
	int ret;

	if (p->attr.type == IBV_QPT_RC)
		mask |= IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
			IBV_QP_MAX_QP_RD_ATOMIC;
	ret = ibv_modify_qp(s->qp, &attr, mask);
	return ret ? failed(p->fabric, "QP to RTS", ret) : true;
}

bool pair_connect(struct pair *p)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (!to_init(p, &p->side[i]))
			return false;
	}
	for (i = 0; i < 2; i++) {
		if (!to_rtr(p, &p->side[i], &p->side[!i]))
			return false;
	}
	for (i = 0; i < 2; i++) {
		if (!to_rts(p, &p->side[i]))
			return false;
	}
	return true;
}

bool pair_open(struct pair *p, struct fabric *f, const struct pair_attr *attr)
{
	int i;

	memset(p, 0, sizeof(*p));
	p->fabric = f;
	p->attr = *attr;
	p->attr.type = attr->type ?: IBV_QPT_RC;
	p->attr.depth = attr->depth ?: 16;
	p->attr.cq_entries = attr->cq_entries ?: 2 * p->attr.depth;
	p->attr.rnr_retry = attr->rnr_retry ?: 7;
	p->attr.timeout = attr->timeout ?: 14;
	p->attr.retry_cnt = attr->retry_cnt ?: 7;
	for (i = 0; i < 2; i++) {
		p->side[i].end = &f->end[i];
		if (!side_open(p, &p->side[i], attr->srq && i == 1))
			return false;
	}
	return pair_connect(p);
}

static bool side_close(struct pair *p, struct side *s)
{
	struct fabric *f = p->fabric;
	int ret = 0;

	if (s->ah)
		ret = ibv_destroy_ah(s->ah);
	if (ret)
		return failed(f, "ibv_destroy_ah", ret);
	ret = ibv_destroy_qp(s->qp);
	if (ret)
		return failed(f, "ibv_destroy_qp", ret);
	if (s->srq)
		ret = ibv_destroy_srq(s->srq);
	if (ret)
		return failed(f, "ibv_destroy_srq", ret);
	ret = ibv_destroy_cq(s->scq) ?: ibv_destroy_cq(s->rcq);
	if (ret)
		return failed(f, "ibv_destroy_cq", ret);
	if (s->ch)
		ret = ibv_destroy_comp_channel(s->ch);
	if (ret)
		return failed(f, "ibv_destroy_comp_channel", ret);
	ret = ibv_dereg_mr(s->mr);
	if (ret)
		return failed(f, "ibv_dereg_mr", ret);
	free(s->mem);
	return true;
}

bool pair_close(struct pair *p)
{
	return side_close(p, &p->side[0]) && side_close(p, &p->side[1]);
}

static bool qp_to(struct pair *p, int side, enum ibv_qp_state state, const char *what)
{
	struct ibv_qp_attr attr = { .qp_state = state };
	int ret = ibv_modify_qp(p->side[side].qp, &attr, IBV_QP_STATE);

	return ret ? failed(p->fabric, what, ret) : true;
}

bool qp_to_error(struct pair *p, int side)
{
	return qp_to(p, side, IBV_QPS_ERR, "QP to ERR");
}

/* Empty the queues, and connect again. The provider drops their completions. */
bool pair_reset(struct pair *p)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (!qp_to(p, i, IBV_QPS_RESET, "QP to RESET"))
			return false;
	}
	return pair_connect(p);
}

bool post_receive(struct pair *p, int side, unsigned long long id, struct ibv_sge *sge, int n)
{
	struct side *s = &p->side[side];
	struct ibv_recv_wr wr = { .wr_id = id, .sg_list = sge, .num_sge = n };
	struct ibv_recv_wr *bad;
	int ret;

	ret = s->srq ? ibv_post_srq_recv(s->srq, &wr, &bad) : ibv_post_recv(s->qp, &wr, &bad);
	return ret ? failed(p->fabric, "posting a receive", ret) : true;
}

bool post_send(struct pair *p, int side, struct ibv_send_wr *wr)
{
	struct side *s = &p->side[side];
	struct ibv_send_wr *bad;
	int ret;

	if (p->attr.type == IBV_QPT_UD) {
		wr->wr.ud.ah = s->ah;
		wr->wr.ud.remote_qpn = p->side[!side].qp->qp_num;
		wr->wr.ud.remote_qkey = FABRIC_QKEY;
	}
	wr->send_flags |= IBV_SEND_SIGNALED;
	ret = ibv_post_send(s->qp, wr, &bad);
	return ret ? failed(p->fabric, "posting a send", ret) : true;
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Sleep until one of the side's CQs has an event, and arm that CQ again. */
static bool wait_event(struct pair *p, struct side *s, long long deadline)
{
	struct pollfd pfd = { .fd = s->ch->fd, .events = POLLIN };
	long long left = deadline - now_ms();
	int recheck = p->attr.recheck_ms;
	struct ibv_cq *cq;
	void *context;
	int n;

	if (left < 0)
		return failed(p->fabric, "no event", ETIMEDOUT);
	n = poll(&pfd, 1, recheck && recheck < left ? recheck : left);
	if (n < 0)
		return failed(p->fabric, "poll", errno);
	if (!n)
		return true;	/* the caller looks at the CQ, and at the clock */
	if (ibv_get_cq_event(s->ch, &cq, &context))
		return failed(p->fabric, "ibv_get_cq_event", errno);
	s->events[cq == s->rcq]++;
	ibv_ack_cq_events(cq, 1);
	if (ibv_req_notify_cq(cq, 0))
		return failed(p->fabric, "ibv_req_notify_cq", EIO);
	return true;
}

bool take_event(struct pair *p, int side)
{
	struct side *s = &p->side[side];
	unsigned long before = s->events[0] + s->events[1];

	if (!wait_event(p, s, now_ms() + PATIENCE_MS))
		return false;
	return s->events[0] + s->events[1] != before ||
	       failed(p->fabric, "no event", ETIMEDOUT);
}

static bool wait_cq(struct pair *p, struct side *s, struct ibv_cq *cq, struct ibv_wc *wc)
{
	long long deadline = now_ms() + PATIENCE_MS;
	unsigned int looks = 0;
	int n;

	for (;;) {
		n = ibv_poll_cq(cq, 1, wc);
		if (n < 0)
			return failed(p->fabric, "ibv_poll_cq", EIO);
		if (n)
			return true;
		if (p->attr.recheck_ms && !(++looks % (p->attr.events ? 1 : 100)) &&
		    fabric_dead(p->fabric))
			return failed(p->fabric, "the device", ENODEV);
		if (p->attr.events) {
			if (!wait_event(p, s, deadline))
				return false;
		} else {
			if (now_ms() > deadline)
				return failed(p->fabric, "no completion", ETIMEDOUT);
			sched_yield();
		}
	}
}

bool wait_sent(struct pair *p, int side, struct ibv_wc *wc)
{
	return wait_cq(p, &p->side[side], p->side[side].scq, wc);
}

bool wait_received(struct pair *p, int side, struct ibv_wc *wc)
{
	return wait_cq(p, &p->side[side], p->side[side].rcq, wc);
}

static bool succeeded(struct pair *p, const struct side *s, const struct ibv_wc *wc,
		      enum ibv_wc_opcode opcode, unsigned long long id, const char *what)
{
	struct fabric *f = p->fabric;

	if (wc->status == IBV_WC_SUCCESS && wc->opcode == opcode && wc->wr_id == id &&
	    wc->qp_num == s->qp->qp_num)
		return true;
	snprintf(f->why, sizeof(f->why),
		 "%s %llu of QP %#x, opcode %d: completion of %llu of QP %#x, opcode %d, %s",
		 what, (unsigned long long)id, s->qp->qp_num, opcode,
		 (unsigned long long)wc->wr_id, wc->qp_num, wc->opcode,
		 ibv_wc_status_str(wc->status));
	return false;
}

bool sent(struct pair *p, int side, enum ibv_wc_opcode opcode, unsigned long long id)
{
	struct ibv_wc wc;

	return wait_sent(p, side, &wc) &&
	       succeeded(p, &p->side[side], &wc, opcode, id, "send");
}

bool received(struct pair *p, int side, enum ibv_wc_opcode opcode, unsigned long long id,
	      size_t length, struct ibv_wc *wc)
{
	struct fabric *f = p->fabric;

	if (!wait_received(p, side, wc) ||
	    !succeeded(p, &p->side[side], wc, opcode, id, "receive"))
		return false;
	if (wc->byte_len == length)
		return true;
	snprintf(f->why, sizeof(f->why), "receive %llu: %u bytes, not %zu",
		 (unsigned long long)id, wc->byte_len, length);
	return false;
}

static unsigned char pattern(size_t i, unsigned int seed)
{
	unsigned int x = (unsigned int)i * 2654435761U + seed * 40503U;

	return x >> 24 ^ x >> 11;
}

void fill(unsigned char *buf, size_t length, unsigned int seed)
{
	size_t i;

	for (i = 0; i < length; i++)
		buf[i] = pattern(i, seed);
}

bool verify(struct pair *p, const unsigned char *buf, size_t length, unsigned int seed,
	    const char *what)
{
	size_t i;

	for (i = 0; i < length; i++) {
		if (buf[i] == pattern(i, seed))
			continue;
		snprintf(p->fabric->why, sizeof(p->fabric->why),
			 "%s: byte %zu of %zu is %#x, not %#x", what, i, length, buf[i],
			 pattern(i, seed));
		return false;
	}
	return true;
}

static bool guard_intact(struct pair *p, int side, const unsigned char *guard, const char *where)
{
	int i;

	for (i = 0; i < FABRIC_GUARD; i++) {
		if (guard[i] == GUARD_BYTE)
			continue;
		snprintf(p->fabric->why, sizeof(p->fabric->why),
			 "side %d: byte %d %s the buffer is %#x", side, i, where, guard[i]);
		return false;
	}
	return true;
}

bool guards_intact(struct pair *p)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (!guard_intact(p, i, p->side[i].mem, "before") ||
		    !guard_intact(p, i, p->side[i].buf + p->attr.size, "after"))
			return false;
	}
	return true;
}
