// SPDX-License-Identifier: GPL-2.0
/*
 * Each operation, by polling and by events, from one byte to a megabyte: it completes
 * as it has to on both sides, and moves what it has to and not a byte else.
 */
#include <arpa/inet.h>

#include "fabric_test.h"

#define MEGABYTE 1048576
#define STALE 999	/* seed of what was in a buffer before */

static const size_t sizes[] = { 1, 3, 64, 255, 4095, 4096, 65537, MEGABYTE };

#define N_SIZES ARRAY_SIZE(sizes)

FIXTURE(data)
{
	struct fabric fabric;
	struct pair pair;
};

FIXTURE_VARIANT(data)
{
	bool events;
};

FIXTURE_VARIANT_ADD(data, polling)
{
	.events = false,
};

FIXTURE_VARIANT_ADD(data, events)
{
	.events = true,
};

FIXTURE_SETUP(data)
{
	struct pair_attr attr = { .size = MEGABYTE, .events = variant->events };

	ASSERT_FABRIC(&self->fabric, fabric_open(&self->fabric));
	ASSERT_FABRIC(&self->fabric, pair_open(&self->pair, &self->fabric, &attr));
}

FIXTURE_TEARDOWN(data)
{
	ASSERT_FABRIC(&self->fabric, guards_intact(&self->pair));
	ASSERT_FABRIC(&self->fabric, pair_close(&self->pair));
	ASSERT_FABRIC(&self->fabric, fabric_close(&self->fabric));
}

/* Something to send at side 0, and something else where it is to arrive. */
static void prepare(struct pair *p, size_t size, unsigned int seed)
{
	fill(p->side[0].buf, size, seed);
	fill(p->side[1].buf, p->attr.size, STALE);
}

/* It has arrived, and the rest is as it was. */
static bool check_arrival(struct pair *p, size_t size, unsigned int seed)
{
	unsigned char rest[256];
	size_t n = p->attr.size - size < sizeof(rest) ? p->attr.size - size : sizeof(rest);
	unsigned char *behind = p->side[1].buf + size;

	if (!verify(p, p->side[1].buf, size, seed, "what arrived"))
		return false;
	memcpy(rest, behind, n);
	fill(p->side[1].buf, p->attr.size, STALE);
	if (!memcmp(rest, behind, n))
		return true;
	snprintf(p->fabric->why, sizeof(p->fabric->why),
		 "bytes behind the %zu that arrived were touched", size);
	return false;
}

/* One send of a size, from side 0 to side 1. */
static bool send_one(struct pair *p, size_t size, unsigned int seed, int flags)
{
	struct ibv_sge from = sge_of(&p->side[0], 0, size);
	struct ibv_sge to = sge_of(&p->side[1], 0, p->attr.size);
	struct ibv_send_wr wr = {
		.wr_id = seed,
		.sg_list = &from,
		.num_sge = 1,
		.opcode = IBV_WR_SEND,
		.send_flags = flags,
	};
	struct ibv_wc wc;

	prepare(p, size, seed);
	return post_receive(p, 1, seed + 1, &to, 1) && post_send(p, 0, &wr) &&
	       received(p, 1, IBV_WC_RECV, seed + 1, size, &wc) &&
	       sent(p, 0, IBV_WC_SEND, seed) && check_arrival(p, size, seed);
}

TEST_F(data, send)
{
	size_t i;

	for (i = 0; i < N_SIZES; i++)
		ASSERT_FABRIC(&self->fabric, send_one(&self->pair, sizes[i], 10 + i, 0));
}

TEST_F(data, send_of_nothing)
{
	ASSERT_FABRIC(&self->fabric, send_one(&self->pair, 0, 7, 0));
}

TEST_F(data, send_inline)
{
	size_t size;

	for (size = 1; size <= 64; size += 7)
		ASSERT_FABRIC(&self->fabric,
			      send_one(&self->pair, size, size, IBV_SEND_INLINE));
}

TEST_F(data, send_with_immediate)
{
	struct pair *p = &self->pair;
	struct ibv_sge from = sge_of(&p->side[0], 0, 100);
	struct ibv_sge to = sge_of(&p->side[1], 0, 200);
	struct ibv_send_wr wr = {
		.sg_list = &from,
		.num_sge = 1,
		.opcode = IBV_WR_SEND_WITH_IMM,
	};
	struct ibv_wc wc;
	unsigned int i;

	for (i = 0; i < 100; i++) {
		prepare(p, 100, i);
		wr.wr_id = i;
		wr.imm_data = htonl(i * 0x01020305);
		ASSERT_FABRIC(&self->fabric, post_receive(p, 1, i, &to, 1));
		ASSERT_FABRIC(&self->fabric, post_send(p, 0, &wr));
		ASSERT_FABRIC(&self->fabric, received(p, 1, IBV_WC_RECV, i, 100, &wc));
		ASSERT_TRUE(wc.wc_flags & IBV_WC_WITH_IMM);
		ASSERT_EQ(i * 0x01020305, ntohl(wc.imm_data));
		ASSERT_FABRIC(&self->fabric, sent(p, 0, IBV_WC_SEND, i));
		ASSERT_FABRIC(&self->fabric, check_arrival(p, 100, i));
	}
}

/* Gathered of pieces of odd sizes, scattered to pieces of other ones. */
TEST_F(data, gather_and_scatter)
{
	static const size_t cuts[][3] = {
		{ 1, 2, 3 }, { 100, 4097, 9000 }, { 1, 65536, 99998 }, { 4096, 8192, 12288 },
	};
	struct pair *p = &self->pair;
	size_t total = 99999;
	size_t i;
	size_t j;

	for (i = 0; i < 4; i++) {
		const size_t *c = cuts[i];
		const size_t *d = cuts[3 - i];
		struct ibv_sge from[] = {
			sge_of(&p->side[0], 0, c[0]),
			sge_of(&p->side[0], c[0], c[1] - c[0]),
			sge_of(&p->side[0], c[1], c[2] - c[1]),
			sge_of(&p->side[0], c[2], total - c[2]),
		};
		struct ibv_sge to[] = {
			sge_of(&p->side[1], 0, d[0]),
			sge_of(&p->side[1], d[0], d[1] - d[0]),
			sge_of(&p->side[1], d[1], d[2] - d[1]),
			sge_of(&p->side[1], d[2], p->attr.size - d[2]),
		};
		struct ibv_send_wr wr = {
			.wr_id = i,
			.sg_list = from,
			.num_sge = 4,
			.opcode = IBV_WR_SEND,
		};
		struct ibv_wc wc;

		prepare(p, total, i);
		ASSERT_FABRIC(&self->fabric, post_receive(p, 1, i, to, 4));
		ASSERT_FABRIC(&self->fabric, post_send(p, 0, &wr));
		ASSERT_FABRIC(&self->fabric, received(p, 1, IBV_WC_RECV, i, total, &wc));
		ASSERT_FABRIC(&self->fabric, sent(p, 0, IBV_WC_SEND, i));
		ASSERT_FABRIC(&self->fabric, check_arrival(p, total, i));
	}
	/* And what is apart stays apart: each piece's neighbours are other memory. */
	for (j = 0; j < 3; j++) {
		struct ibv_sge from = sge_of(&p->side[0], 0, 30);
		struct ibv_sge to[] = {
			sge_of(&p->side[1], 5000, 10),
			sge_of(&p->side[1], 1000, 20),
		};
		struct ibv_send_wr wr = { .wr_id = j, .sg_list = &from, .num_sge = 1 };
		struct ibv_wc wc;

		wr.opcode = IBV_WR_SEND;
		prepare(p, 30, j);
		ASSERT_FABRIC(&self->fabric, post_receive(p, 1, j, to, 2));
		ASSERT_FABRIC(&self->fabric, post_send(p, 0, &wr));
		ASSERT_FABRIC(&self->fabric, received(p, 1, IBV_WC_RECV, j, 30, &wc));
		ASSERT_FABRIC(&self->fabric, sent(p, 0, IBV_WC_SEND, j));
		ASSERT_EQ(0, memcmp(p->side[1].buf + 5000, p->side[0].buf, 10));
		ASSERT_EQ(0, memcmp(p->side[1].buf + 1000, p->side[0].buf + 10, 20));
	}
}

/* Of side 1's memory, at an offset. */
static void remote(struct pair *p, struct ibv_send_wr *wr, size_t offset)
{
	wr->wr.rdma.remote_addr = (uintptr_t)(p->side[1].buf + offset);
	wr->wr.rdma.rkey = p->side[1].mr->rkey;
}

TEST_F(data, write)
{
	struct pair *p = &self->pair;
	size_t i;

	for (i = 0; i < N_SIZES; i++) {
		struct ibv_sge from = sge_of(&p->side[0], 0, sizes[i]);
		struct ibv_send_wr wr = {
			.wr_id = i,
			.sg_list = &from,
			.num_sge = 1,
			.opcode = IBV_WR_RDMA_WRITE,
		};

		prepare(p, sizes[i], i);
		remote(p, &wr, 0);
		ASSERT_FABRIC(&self->fabric, post_send(p, 0, &wr));
		ASSERT_FABRIC(&self->fabric, sent(p, 0, IBV_WC_RDMA_WRITE, i));
		ASSERT_FABRIC(&self->fabric, check_arrival(p, sizes[i], i));
	}
}

TEST_F(data, write_with_immediate)
{
	struct pair *p = &self->pair;
	struct ibv_wc wc;
	size_t i;

	for (i = 0; i < N_SIZES; i++) {
		struct ibv_sge from = sge_of(&p->side[0], 0, sizes[i]);
		struct ibv_send_wr wr = {
			.wr_id = i,
			.sg_list = &from,
			.num_sge = 1,
			.opcode = IBV_WR_RDMA_WRITE_WITH_IMM,
			.imm_data = htonl(0xabcd0000 + i),
		};

		prepare(p, sizes[i], i);
		remote(p, &wr, 0);
		ASSERT_FABRIC(&self->fabric, post_receive(p, 1, 50 + i, NULL, 0));
		ASSERT_FABRIC(&self->fabric, post_send(p, 0, &wr));
		ASSERT_FABRIC(&self->fabric,
			      received(p, 1, IBV_WC_RECV_RDMA_WITH_IMM, 50 + i, sizes[i], &wc));
		ASSERT_TRUE(wc.wc_flags & IBV_WC_WITH_IMM);
		ASSERT_EQ(0xabcd0000 + i, ntohl(wc.imm_data));
		ASSERT_FABRIC(&self->fabric, sent(p, 0, IBV_WC_RDMA_WRITE, i));
		ASSERT_FABRIC(&self->fabric, check_arrival(p, sizes[i], i));
	}
}

TEST_F(data, read)
{
	struct pair *p = &self->pair;
	size_t i;

	for (i = 0; i < N_SIZES; i++) {
		struct ibv_sge to = sge_of(&p->side[0], 0, sizes[i]);
		struct ibv_send_wr wr = {
			.wr_id = i,
			.sg_list = &to,
			.num_sge = 1,
			.opcode = IBV_WR_RDMA_READ,
		};

		fill(p->side[1].buf, p->attr.size, i);
		memset(p->side[0].buf, 0, p->attr.size);
		remote(p, &wr, 0);
		ASSERT_FABRIC(&self->fabric, post_send(p, 0, &wr));
		ASSERT_FABRIC(&self->fabric, sent(p, 0, IBV_WC_RDMA_READ, i));
		ASSERT_FABRIC(&self->fabric,
			      verify(p, p->side[0].buf, sizes[i], i, "what was read"));
		if (sizes[i] < p->attr.size)
			ASSERT_EQ(0, p->side[0].buf[sizes[i]]);
	}
}

TEST_F(data, fetch_and_add)
{
	struct pair *p = &self->pair;
	unsigned long long *target = (unsigned long long *)p->side[1].buf;
	unsigned long long *result = (unsigned long long *)p->side[0].buf;
	struct ibv_sge to = sge_of(&p->side[0], 0, sizeof(long long));
	struct ibv_send_wr wr = {
		.sg_list = &to,
		.num_sge = 1,
		.opcode = IBV_WR_ATOMIC_FETCH_AND_ADD,
	};
	unsigned long long before;
	unsigned long long i;

	target[0] = ~0ULL;	/* the first one carries over all of it */
	target[1] = 0x1122334455667788;
	for (i = 0; i < 100; i++) {
		before = target[0];
		wr.wr_id = i;
		wr.wr.atomic.remote_addr = (uintptr_t)target;
		wr.wr.atomic.rkey = p->side[1].mr->rkey;
		wr.wr.atomic.compare_add = i * 0x100000001 + 1;
		ASSERT_FABRIC(&self->fabric, post_send(p, 0, &wr));
		ASSERT_FABRIC(&self->fabric, sent(p, 0, IBV_WC_FETCH_ADD, i));
		ASSERT_EQ(before, result[0]);
		ASSERT_EQ(before + i * 0x100000001 + 1, target[0]);
	}
	ASSERT_EQ(0x1122334455667788, target[1]);
}

TEST_F(data, compare_and_swap)
{
	struct pair *p = &self->pair;
	unsigned long long *target = (unsigned long long *)p->side[1].buf;
	unsigned long long *result = (unsigned long long *)p->side[0].buf;
	struct ibv_sge to = sge_of(&p->side[0], 0, sizeof(long long));
	struct ibv_send_wr wr = {
		.sg_list = &to,
		.num_sge = 1,
		.opcode = IBV_WR_ATOMIC_CMP_AND_SWP,
	};
	unsigned long long before;
	unsigned long long i;

	*target = 0x0123456789abcdef;
	for (i = 0; i < 100; i++) {
		bool match = i % 3;

		before = *target;
		wr.wr_id = i;
		wr.wr.atomic.remote_addr = (uintptr_t)target;
		wr.wr.atomic.rkey = p->side[1].mr->rkey;
		wr.wr.atomic.compare_add = match ? before : before ^ 1ULL << i % 64;
		wr.wr.atomic.swap = ~before * 3;
		ASSERT_FABRIC(&self->fabric, post_send(p, 0, &wr));
		ASSERT_FABRIC(&self->fabric, sent(p, 0, IBV_WC_COMP_SWAP, i));
		ASSERT_EQ(before, *result);
		ASSERT_EQ(match ? ~before * 3 : before, *target);
	}
}

/* All of them at once, in both directions, in the order in which they were posted. */
TEST_F(data, a_full_queue_keeps_its_order)
{
	struct pair *p = &self->pair;
	int depth = p->attr.depth;
	size_t size = 3000;
	int round;
	int side;
	int i;

	for (round = 0; round < 5; round++) {
		memset(p->side[0].buf, 0, p->attr.size);
		memset(p->side[1].buf, 0, p->attr.size);
		for (i = 0; i < 2 * depth; i++) {
			struct ibv_sge to = sge_of(&p->side[i & 1], (depth + i / 2) * size, size);

			ASSERT_FABRIC(&self->fabric, post_receive(p, i & 1, i, &to, 1));
		}
		for (i = 0; i < 2 * depth; i++) {
			struct ibv_sge from = sge_of(&p->side[i & 1], i / 2 * size, size);
			struct ibv_send_wr wr = {
				.wr_id = i,
				.sg_list = &from,
				.num_sge = 1,
				.opcode = IBV_WR_SEND,
			};

			fill(p->side[i & 1].buf + i / 2 * size, size, round * 100 + i);
			ASSERT_FABRIC(&self->fabric, post_send(p, i & 1, &wr));
		}
		for (i = 0; i < 2 * depth; i++) {
			struct ibv_wc wc;

			side = i & 1;
			ASSERT_FABRIC(&self->fabric,
				      received(p, !side, IBV_WC_RECV, i ^ 1, size, &wc));
			ASSERT_FABRIC(&self->fabric, sent(p, side, IBV_WC_SEND, i));
			ASSERT_FABRIC(&self->fabric,
				      verify(p, p->side[!side].buf + (depth + i / 2) * size,
					     size, round * 100 + i, "a message"));
		}
	}
}

#define MANY 64

/* Traffic on many pairs at a time: each has its own, and its own order. */
TEST_F(data, many_queue_pairs)
{
	struct pair_attr attr = { .size = 16384, .events = variant->events, .depth = 4 };
	static struct pair many[MANY];
	struct ibv_wc wc;
	int round;
	int i;

	for (i = 0; i < MANY; i++) {
		attr.comp_vector = i % self->fabric.end[0].ctx->num_comp_vectors;
		ASSERT_FABRIC(&self->fabric, pair_open(&many[i], &self->fabric, &attr));
	}
	for (round = 0; round < 10; round++) {
		for (i = 0; i < MANY; i++) {
			struct pair *p = &many[i];
			struct ibv_sge to = sge_of(&p->side[1], 0, p->attr.size);

			prepare(p, 1 + i * 200, i + round);
			ASSERT_FABRIC(&self->fabric, post_receive(p, 1, i, &to, 1));
		}
		for (i = 0; i < MANY; i++) {
			struct pair *p = &many[i];
			struct ibv_sge from = sge_of(&p->side[0], 0, 1 + i * 200);
			struct ibv_send_wr wr = {
				.wr_id = round,
				.sg_list = &from,
				.num_sge = 1,
				.opcode = IBV_WR_SEND,
			};

			ASSERT_FABRIC(&self->fabric, post_send(p, 0, &wr));
		}
		for (i = MANY - 1; i >= 0; i--) {
			struct pair *p = &many[i];

			ASSERT_FABRIC(&self->fabric,
				      received(p, 1, IBV_WC_RECV, i, 1 + i * 200, &wc));
			ASSERT_EQ(p->side[1].qp->qp_num, wc.qp_num);
			ASSERT_FABRIC(&self->fabric, sent(p, 0, IBV_WC_SEND, round));
			ASSERT_FABRIC(&self->fabric, check_arrival(p, 1 + i * 200, i + round));
		}
	}
	for (i = 0; i < MANY; i++) {
		ASSERT_FABRIC(&self->fabric, guards_intact(&many[i]));
		ASSERT_FABRIC(&self->fabric, pair_close(&many[i]));
	}
}

/* Receives are taken by whoever gets a message, in the order of their posting. */
TEST_F(data, shared_receive_queue)
{
	struct pair_attr attr = { .size = 65536, .events = variant->events, .srq = true };
	struct pair p;
	struct ibv_wc wc;
	size_t size = 500;
	int round;
	int i;

	ASSERT_FABRIC(&self->fabric, pair_open(&p, &self->fabric, &attr));
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 8; i++) {
			struct ibv_sge to = sge_of(&p.side[1], i * size, size);

			ASSERT_FABRIC(&self->fabric, post_receive(&p, 1, i, &to, 1));
		}
		for (i = 0; i < 8; i++) {
			struct ibv_sge from = sge_of(&p.side[0], i * size, size);
			struct ibv_send_wr wr = {
				.wr_id = i,
				.sg_list = &from,
				.num_sge = 1,
				.opcode = IBV_WR_SEND,
			};

			fill(p.side[0].buf + i * size, size, round + i);
			ASSERT_FABRIC(&self->fabric, post_send(&p, 0, &wr));
		}
		for (i = 0; i < 8; i++) {
			ASSERT_FABRIC(&self->fabric, received(&p, 1, IBV_WC_RECV, i, size, &wc));
			ASSERT_FABRIC(&self->fabric, sent(&p, 0, IBV_WC_SEND, i));
			ASSERT_FABRIC(&self->fabric, verify(&p, p.side[1].buf + i * size, size,
							    round + i, "a message"));
		}
	}
	ASSERT_FABRIC(&self->fabric, guards_intact(&p));
	ASSERT_FABRIC(&self->fabric, pair_close(&p));
}

#define GRH 40	/* bytes in front of a datagram */

TEST_F(data, datagrams)
{
	static const size_t ud_sizes[] = { 1, 64, 1023, 2048 };
	struct pair_attr attr = {
		.type = IBV_QPT_UD,
		.size = 65536,
		.events = variant->events,
	};
	struct pair p;
	struct ibv_wc wc;
	size_t i;

	ASSERT_FABRIC(&self->fabric, pair_open(&p, &self->fabric, &attr));
	for (i = 0; i < 40; i++) {
		size_t size = ud_sizes[i % 4];
		struct ibv_sge from = sge_of(&p.side[0], 0, size);
		struct ibv_sge to = sge_of(&p.side[1], 0, 4096);
		struct ibv_send_wr wr = {
			.wr_id = i,
			.sg_list = &from,
			.num_sge = 1,
			.opcode = IBV_WR_SEND,
		};

		prepare(&p, size, i);
		ASSERT_FABRIC(&self->fabric, post_receive(&p, 1, i, &to, 1));
		ASSERT_FABRIC(&self->fabric, post_send(&p, 0, &wr));
		ASSERT_FABRIC(&self->fabric, received(&p, 1, IBV_WC_RECV, i, size + GRH, &wc));
		ASSERT_EQ(p.side[0].qp->qp_num, wc.src_qp);
		ASSERT_EQ(self->fabric.end[0].lid, wc.slid);
		ASSERT_EQ(self->fabric.end[0].roce, !!(wc.wc_flags & IBV_WC_GRH));
		ASSERT_FABRIC(&self->fabric, sent(&p, 0, IBV_WC_SEND, i));
		ASSERT_FABRIC(&self->fabric,
			      verify(&p, p.side[1].buf + GRH, size, i, "a datagram"));
	}
	ASSERT_FABRIC(&self->fabric, guards_intact(&p));
	ASSERT_FABRIC(&self->fabric, pair_close(&p));
}

TEST_HARNESS_MAIN
