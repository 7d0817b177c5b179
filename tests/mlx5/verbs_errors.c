// SPDX-License-Identifier: GPL-2.0
/*
 * What goes wrong, on both sides: each work request ends with the status that the
 * InfiniBand specification has for it, those behind it are flushed, no memory is
 * touched, and a QP that was reset works again.
 */
#include "fabric_test.h"

#define SIZE 8192
#define NOBODY 0x00ffffff	/* the low 24 bits of a key that nobody has */

FIXTURE(errors)
{
	struct fabric fabric;
	struct pair pair;
	struct ibv_sge from;
	struct ibv_send_wr wr;
};

FIXTURE_SETUP(errors)
{
	struct pair_attr attr = { .size = SIZE };

	ASSERT_FABRIC(&self->fabric, fabric_open(&self->fabric));
	ASSERT_FABRIC(&self->fabric, pair_open(&self->pair, &self->fabric, &attr));
	fill(self->pair.side[0].buf, SIZE, 1);
	fill(self->pair.side[1].buf, SIZE, 2);
	self->from = sge_of(&self->pair.side[0], 0, 100);
	self->wr.wr_id = 1;
	self->wr.sg_list = &self->from;
	self->wr.num_sge = 1;
	self->wr.opcode = IBV_WR_RDMA_WRITE;
	self->wr.wr.rdma.remote_addr = (uintptr_t)self->pair.side[1].buf;
	self->wr.wr.rdma.rkey = self->pair.side[1].mr->rkey;
}

/* Whatever the test did, the pair is good for a message after a reset. */
FIXTURE_TEARDOWN(errors)
{
	struct fabric *f = &self->fabric;
	struct pair *p = &self->pair;
	struct ibv_sge from;
	struct ibv_sge to;
	struct ibv_send_wr wr = { .wr_id = 77, .num_sge = 1, .opcode = IBV_WR_SEND };
	struct ibv_wc wc;

	ASSERT_FABRIC(f, pair_reset(p));
	from = sge_of(&p->side[0], 0, 1000);
	to = sge_of(&p->side[1], 0, 1000);
	fill(p->side[0].buf, 1000, 78);
	wr.sg_list = &from;
	ASSERT_FABRIC(f, post_receive(p, 1, 79, &to, 1));
	ASSERT_FABRIC(f, post_send(p, 0, &wr));
	ASSERT_FABRIC(f, received(p, 1, IBV_WC_RECV, 79, 1000, &wc));
	ASSERT_FABRIC(f, sent(p, 0, IBV_WC_SEND, 77));
	ASSERT_FABRIC(f, verify(p, p->side[1].buf, 1000, 78, "after the error"));
	ASSERT_FABRIC(f, guards_intact(p));
	ASSERT_FABRIC(f, pair_close(p));
	ASSERT_FABRIC(f, fabric_close(f));
}

static enum ibv_qp_state state_of(const struct side *s)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;

	return ibv_query_qp(s->qp, &attr, IBV_QP_STATE, &init) ? IBV_QPS_UNKNOWN : attr.qp_state;
}

/* The side's next send ends with this status. */
#define ASSERT_SENT(status_, id, side) do {					\
	struct ibv_wc wc_;							\
	ASSERT_FABRIC(&self->fabric, wait_sent(&self->pair, side, &wc_));	\
	ASSERT_EQ(id, wc_.wr_id);						\
	ASSERT_STREQ(ibv_wc_status_str(status_), ibv_wc_status_str(wc_.status)); \
} while (0)

#define ASSERT_RECEIVED(status_, id, side) do {					\
	struct ibv_wc wc_;							\
	ASSERT_FABRIC(&self->fabric, wait_received(&self->pair, side, &wc_));	\
	ASSERT_EQ(id, wc_.wr_id);						\
	ASSERT_STREQ(ibv_wc_status_str(status_), ibv_wc_status_str(wc_.status)); \
} while (0)

/* Side 0's only request fails, and nothing has arrived. */
#define ASSERT_FAILS(status_) do {						\
	struct pair *p_ = &self->pair;						\
	ASSERT_FABRIC(&self->fabric, post_send(p_, 0, &self->wr));		\
	ASSERT_SENT(status_, 1, 0);						\
	ASSERT_EQ(IBV_QPS_ERR, state_of(&p_->side[0]));			\
	ASSERT_FABRIC(&self->fabric,						\
		      verify(p_, p_->side[1].buf, SIZE, 2, "the target"));	\
} while (0)

TEST_F(errors, unknown_remote_key)
{
	self->wr.wr.rdma.rkey ^= NOBODY << 8;
	ASSERT_FAILS(IBV_WC_REM_ACCESS_ERR);
}

TEST_F(errors, remote_key_of_another_generation)
{
	self->wr.wr.rdma.rkey ^= 0x5a;
	ASSERT_FAILS(IBV_WC_REM_ACCESS_ERR);
}

TEST_F(errors, remote_key_that_is_gone)
{
	struct side *s = &self->pair.side[1];
	struct ibv_mr *mr = ibv_reg_mr(s->end->pd, s->buf, SIZE, FABRIC_ACCESS);

	ASSERT_NE(NULL, mr);
	self->wr.wr.rdma.rkey = mr->rkey;
	ASSERT_EQ(0, ibv_dereg_mr(mr));
	ASSERT_FAILS(IBV_WC_REM_ACCESS_ERR);
}

TEST_F(errors, remote_address_beyond_the_end)
{
	self->wr.wr.rdma.remote_addr += SIZE + FABRIC_GUARD - 99;
	ASSERT_FAILS(IBV_WC_REM_ACCESS_ERR);
}

TEST_F(errors, remote_address_before_the_beginning)
{
	self->wr.wr.rdma.remote_addr -= FABRIC_GUARD + 1;
	ASSERT_FAILS(IBV_WC_REM_ACCESS_ERR);
}

TEST_F(errors, remote_address_that_wraps_around)
{
	self->wr.wr.rdma.remote_addr = -50ULL;
	ASSERT_FAILS(IBV_WC_REM_ACCESS_ERR);
}

/* The request with a key that lacks a right. */
static struct ibv_mr *lacking(const struct pair *p, int access)
{
	const struct side *s = &p->side[1];

	return ibv_reg_mr(s->end->pd, s->buf, SIZE, access);
}

TEST_F(errors, write_without_the_right_to)
{
	struct ibv_mr *mr = lacking(&self->pair, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ);

	ASSERT_NE(NULL, mr);
	self->wr.wr.rdma.rkey = mr->rkey;
	ASSERT_FAILS(IBV_WC_REM_ACCESS_ERR);
	ASSERT_EQ(0, ibv_dereg_mr(mr));
}

TEST_F(errors, read_without_the_right_to)
{
	struct ibv_mr *mr = lacking(&self->pair, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);

	ASSERT_NE(NULL, mr);
	self->wr.opcode = IBV_WR_RDMA_READ;
	self->wr.wr.rdma.rkey = mr->rkey;
	ASSERT_FAILS(IBV_WC_REM_ACCESS_ERR);
	ASSERT_FABRIC(&self->fabric,
		      verify(&self->pair, self->pair.side[0].buf, SIZE, 1, "where it was to go"));
	ASSERT_EQ(0, ibv_dereg_mr(mr));
}

TEST_F(errors, atomic_without_the_right_to)
{
	struct ibv_mr *mr = lacking(&self->pair, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);

	ASSERT_NE(NULL, mr);
	self->from.length = 8;
	self->wr.opcode = IBV_WR_ATOMIC_FETCH_AND_ADD;
	self->wr.wr.atomic.remote_addr = (uintptr_t)self->pair.side[1].buf;
	self->wr.wr.atomic.rkey = mr->rkey;
	self->wr.wr.atomic.compare_add = 1;
	ASSERT_FAILS(IBV_WC_REM_ACCESS_ERR);
	ASSERT_EQ(0, ibv_dereg_mr(mr));
}

TEST_F(errors, atomic_at_an_odd_address)
{
	self->from.length = 8;
	self->wr.opcode = IBV_WR_ATOMIC_FETCH_AND_ADD;
	self->wr.wr.atomic.remote_addr = (uintptr_t)self->pair.side[1].buf + 4;
	self->wr.wr.atomic.rkey = self->pair.side[1].mr->rkey;
	self->wr.wr.atomic.compare_add = 1;
	ASSERT_FAILS(IBV_WC_REM_INV_REQ_ERR);
}

/* A key is good for QPs of its protection domain only, here and there. */
TEST_F(errors, remote_key_of_another_domain)
{
	struct side *s = &self->pair.side[1];
	struct ibv_pd *pd = ibv_alloc_pd(s->end->ctx);
	struct ibv_mr *mr;

	ASSERT_NE(NULL, pd);
	mr = ibv_reg_mr(pd, s->buf, SIZE, FABRIC_ACCESS);
	ASSERT_NE(NULL, mr);
	self->wr.wr.rdma.rkey = mr->rkey;
	ASSERT_FAILS(IBV_WC_REM_ACCESS_ERR);
	ASSERT_EQ(0, ibv_dereg_mr(mr));
	ASSERT_EQ(0, ibv_dealloc_pd(pd));
}

TEST_F(errors, local_key_of_another_domain)
{
	struct side *s = &self->pair.side[0];
	struct ibv_pd *pd = ibv_alloc_pd(s->end->ctx);
	struct ibv_mr *mr;

	ASSERT_NE(NULL, pd);
	mr = ibv_reg_mr(pd, s->buf, SIZE, FABRIC_ACCESS);
	ASSERT_NE(NULL, mr);
	self->from.lkey = mr->lkey;
	ASSERT_FAILS(IBV_WC_LOC_PROT_ERR);
	ASSERT_EQ(0, ibv_dereg_mr(mr));
	ASSERT_EQ(0, ibv_dealloc_pd(pd));
}

TEST_F(errors, unknown_local_key)
{
	self->from.lkey ^= NOBODY << 8;
	ASSERT_FAILS(IBV_WC_LOC_PROT_ERR);
}

TEST_F(errors, local_address_beyond_the_end)
{
	self->from.addr += SIZE + FABRIC_GUARD - 99;
	ASSERT_FAILS(IBV_WC_LOC_PROT_ERR);
}

TEST_F(errors, read_into_memory_that_is_read_only)
{
	struct side *s = &self->pair.side[0];
	struct ibv_mr *mr = ibv_reg_mr(s->end->pd, s->buf, SIZE, 0);

	ASSERT_NE(NULL, mr);
	self->from.lkey = mr->lkey;
	self->wr.opcode = IBV_WR_RDMA_READ;
	ASSERT_FAILS(IBV_WC_LOC_PROT_ERR);
	ASSERT_FABRIC(&self->fabric,
		      verify(&self->pair, s->buf, SIZE, 1, "where it was to go"));
	ASSERT_EQ(0, ibv_dereg_mr(mr));
}

TEST_F(errors, receive_that_is_too_small)
{
	struct ibv_sge to = sge_of(&self->pair.side[1], 0, 99);

	self->wr.opcode = IBV_WR_SEND;
	ASSERT_FABRIC(&self->fabric, post_receive(&self->pair, 1, 5, &to, 1));
	ASSERT_FABRIC(&self->fabric, post_send(&self->pair, 0, &self->wr));
	ASSERT_RECEIVED(IBV_WC_LOC_LEN_ERR, 5, 1);
	ASSERT_SENT(IBV_WC_REM_INV_REQ_ERR, 1, 0);
	ASSERT_EQ(IBV_QPS_ERR, state_of(&self->pair.side[0]));
	ASSERT_EQ(IBV_QPS_ERR, state_of(&self->pair.side[1]));
}

TEST_F(errors, receive_with_an_unknown_key)
{
	struct ibv_sge to = sge_of(&self->pair.side[1], 0, 100);

	to.lkey ^= NOBODY << 8;
	self->wr.opcode = IBV_WR_SEND;
	ASSERT_FABRIC(&self->fabric, post_receive(&self->pair, 1, 5, &to, 1));
	ASSERT_FABRIC(&self->fabric, post_send(&self->pair, 0, &self->wr));
	ASSERT_RECEIVED(IBV_WC_LOC_PROT_ERR, 5, 1);
	ASSERT_SENT(IBV_WC_REM_OP_ERR, 1, 0);
	ASSERT_EQ(IBV_QPS_ERR, state_of(&self->pair.side[1]));
}

TEST_F(errors, nobody_receives)
{
	struct pair_attr attr = { .size = SIZE, .rnr_retry = 1 };
	struct pair p;
	struct ibv_wc wc;

	ASSERT_FABRIC(&self->fabric, pair_open(&p, &self->fabric, &attr));
	self->wr.opcode = IBV_WR_SEND;
	self->from = sge_of(&p.side[0], 0, 100);
	ASSERT_FABRIC(&self->fabric, post_send(&p, 0, &self->wr));
	ASSERT_FABRIC(&self->fabric, wait_sent(&p, 0, &wc));
	ASSERT_STREQ(ibv_wc_status_str(IBV_WC_RNR_RETRY_EXC_ERR), ibv_wc_status_str(wc.status));
	/* That is the sender's failure alone. */
	ASSERT_EQ(IBV_QPS_ERR, state_of(&p.side[0]));
	ASSERT_EQ(IBV_QPS_RTS, state_of(&p.side[1]));
	ASSERT_FABRIC(&self->fabric, pair_close(&p));
}

/* With retries for ever it waits, and the message is not lost. */
TEST_F(errors, somebody_receives_later)
{
	struct pair *p = &self->pair;
	struct ibv_sge to = sge_of(&p->side[1], 0, 100);
	struct ibv_wc wc;
	int i;

	self->wr.opcode = IBV_WR_SEND;
	for (i = 0; i < 20; i++) {
		self->wr.wr_id = i;
		ASSERT_FABRIC(&self->fabric, post_send(p, 0, &self->wr));
		ASSERT_EQ(0, ibv_poll_cq(p->side[0].scq, 1, &wc));
		ASSERT_FABRIC(&self->fabric, post_receive(p, 1, 100 + i, &to, 1));
		ASSERT_FABRIC(&self->fabric,
			      received(p, 1, IBV_WC_RECV, 100 + i, 100, &wc));
		ASSERT_FABRIC(&self->fabric, sent(p, 0, IBV_WC_SEND, i));
	}
	ASSERT_FABRIC(&self->fabric, verify(p, p->side[1].buf, 100, 1, "the message"));
}

TEST_F(errors, nobody_answers)
{
	struct pair_attr attr = { .size = SIZE, .timeout = 8, .retry_cnt = 1 };
	struct ibv_qp_attr reset = { .qp_state = IBV_QPS_RESET };
	struct pair p;
	struct ibv_wc wc;

	ASSERT_FABRIC(&self->fabric, pair_open(&p, &self->fabric, &attr));
	ASSERT_EQ(0, ibv_modify_qp(p.side[1].qp, &reset, IBV_QP_STATE));
	self->from = sge_of(&p.side[0], 0, 100);
	self->wr.wr.rdma.remote_addr = (uintptr_t)p.side[1].buf;
	self->wr.wr.rdma.rkey = p.side[1].mr->rkey;
	ASSERT_FABRIC(&self->fabric, post_send(&p, 0, &self->wr));
	ASSERT_FABRIC(&self->fabric, wait_sent(&p, 0, &wc));
	ASSERT_STREQ(ibv_wc_status_str(IBV_WC_RETRY_EXC_ERR), ibv_wc_status_str(wc.status));
	ASSERT_FABRIC(&self->fabric, pair_close(&p));
}

/* Whatever is posted, before the error and after it, comes back, once and in order. */
TEST_F(errors, everything_is_flushed)
{
	struct pair *p = &self->pair;
	int half = p->attr.depth / 2;
	struct ibv_sge to = sge_of(&p->side[0], 1000, 100);
	struct ibv_wc wc;
	int i;

	for (i = 0; i < half; i++)
		ASSERT_FABRIC(&self->fabric, post_receive(p, 0, 100 + i, &to, 1));
	/* The first one fails, those behind it are flushed. */
	self->wr.wr.rdma.rkey ^= NOBODY << 8;
	ASSERT_FABRIC(&self->fabric, post_send(p, 0, &self->wr));
	self->wr.wr.rdma.rkey ^= NOBODY << 8;
	for (i = 2; i <= half; i++) {
		self->wr.wr_id = i;
		ASSERT_FABRIC(&self->fabric, post_send(p, 0, &self->wr));
	}
	ASSERT_SENT(IBV_WC_REM_ACCESS_ERR, 1, 0);
	for (i = half; i < 2 * half; i++) {
		self->wr.wr_id = i + 1;
		ASSERT_FABRIC(&self->fabric, post_receive(p, 0, 100 + i, &to, 1));
		ASSERT_FABRIC(&self->fabric, post_send(p, 0, &self->wr));
	}
	for (i = 2; i <= 2 * half; i++)
		ASSERT_SENT(IBV_WC_WR_FLUSH_ERR, i, 0);
	for (i = 0; i < 2 * half; i++)
		ASSERT_RECEIVED(IBV_WC_WR_FLUSH_ERR, 100 + i, 0);
	ASSERT_EQ(0, ibv_poll_cq(p->side[0].scq, 1, &wc));
	ASSERT_EQ(0, ibv_poll_cq(p->side[0].rcq, 1, &wc));
	ASSERT_FABRIC(&self->fabric, verify(p, p->side[1].buf, SIZE, 2, "the target"));
}

TEST_F(errors, error_state_on_request)
{
	struct pair *p = &self->pair;
	struct ibv_sge to = sge_of(&p->side[1], 0, 100);
	int i;

	for (i = 0; i < p->attr.depth; i++)
		ASSERT_FABRIC(&self->fabric, post_receive(p, 1, i, &to, 1));
	ASSERT_FABRIC(&self->fabric, qp_to_error(p, 1));
	for (i = 0; i < p->attr.depth; i++)
		ASSERT_RECEIVED(IBV_WC_WR_FLUSH_ERR, i, 1);
}

static bool make_nonblocking(struct ibv_context *ctx)
{
	int flags = fcntl(ctx->async_fd, F_GETFL);

	return !fcntl(ctx->async_fd, F_SETFL, flags | O_NONBLOCK);
}

/* The next event that is about the CQ, within half a minute. */
static bool cq_error_event(struct ibv_context *ctx, struct ibv_cq *cq)
{
	struct pollfd pfd = { .fd = ctx->async_fd, .events = POLLIN };
	struct ibv_async_event event;
	bool ours;

	while (poll(&pfd, 1, 30000) == 1) {
		if (ibv_get_async_event(ctx, &event))
			continue;
		ours = event.event_type == IBV_EVENT_CQ_ERR && event.element.cq == cq;
		ibv_ack_async_event(&event);
		if (ours)
			return true;
	}
	return false;
}

/* More completions than the CQ has room for, and nobody takes them. */
TEST_F(errors, completion_queue_overrun)
{
	struct pair_attr attr = { .size = SIZE, .depth = 64, .cq_entries = 8 };
	struct ibv_context *ctx = self->fabric.end[0].ctx;
	struct pair p;
	int i;

	ASSERT_FABRIC(&self->fabric, pair_open(&p, &self->fabric, &attr));
	ASSERT_TRUE(make_nonblocking(ctx));
	self->from = sge_of(&p.side[0], 0, 100);
	self->wr.wr.rdma.remote_addr = (uintptr_t)p.side[1].buf;
	self->wr.wr.rdma.rkey = p.side[1].mr->rkey;
	for (i = 0; i < p.side[0].scq->cqe + 2; i++)
		ASSERT_FABRIC(&self->fabric, post_send(&p, 0, &self->wr));
	ASSERT_TRUE(cq_error_event(ctx, p.side[0].scq));
	ASSERT_FABRIC(&self->fabric, pair_close(&p));
}

TEST_HARNESS_MAIN
