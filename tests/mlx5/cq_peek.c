// SPDX-License-Identifier: GPL-2.0
/*
 * source=cq: polls find events in the CQs themselves, each once, whatever else happens
 * to the CQ meanwhile, and whatever its user writes where they look. The model's
 * statistics tell how many events there have to be, as in faults.c.
 *
 *	FASTWAKE_PEEK_ROUNDS	messages there and back under changes (300)
 */
#include <infiniband/mlx5dv.h>
#include <sched.h>
#include <stdlib.h>

#include "fabric_test.h"
#include "bench.h"
#include "env_number.h"
#include "setting.h"

#define ROUNDS		env_number("FASTWAKE_PEEK_ROUNDS", 300)
#define PASSES		3	/* of polls, after which they have seen what there is */
#define INVENTED	5
/* Longer than the kernel waits for the EQE of an event that it has found. */
#define EARLY_US	1500000
#define INDEX_MASK	0xffffffU
#define SOLICITED	0x1000000U

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 600

/* Of all CPUs. */
static long sum(const char *name)
{
	long n, total = 0;
	int cpu;

	for (cpu = 0; (n = counter(cpu, name)) >= 0; cpu++)
		total += n;
	return total;
}

/* Until each CPU has polled so often since. */
static bool polls_pass(void)
{
	long from[256], looks;
	int cpu;

	for (cpu = 0; cpu < 256; cpu++)
		from[cpu] = counter(cpu, "polls");
	for (cpu = 0; cpu < 256 && from[cpu] >= 0; cpu++) {
		for (looks = 0; counter(cpu, "polls") < from[cpu] + PASSES; looks++) {
			if (looks == LOOKS)
				return false;
			sched_yield();
		}
	}
	return true;
}

static bool pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

/* What is of the user, and read by the kernel. */
static bool memory_of(struct ibv_cq *cq, struct mlx5dv_cq *out)
{
	struct mlx5dv_obj obj = { .cq = { .in = cq, .out = out } };

	memset(out, 0, sizeof(*out));
	return !mlx5dv_init_obj(&obj, MLX5DV_OBJ_CQ);
}

FIXTURE(peek)
{
	struct control control;
	struct bench bench;
	struct traffic traffic;
	struct setting mode, source, affinity, move_after, interval;
};

FIXTURE_SETUP(peek)
{
	ASSERT_TRUE(control_open(&self->control));
	ASSERT_TRUE(control(&self->control, "clear"));
	ASSERT_TRUE(setting_change(&self->affinity, "affinity", "0"));
	ASSERT_TRUE(setting_change(&self->move_after, "move_after", "1"));
	ASSERT_TRUE(setting_change(&self->interval, "move_interval_ms", "0"));
	ASSERT_TRUE(setting_change(&self->source, "source", "cq"));
	ASSERT_TRUE(setting_change(&self->mode, "mode", "poll"));
	ASSERT_BENCH(bench_open(&self->bench, &self->control));
}

FIXTURE_TEARDOWN(peek)
{
	ASSERT_BENCH(works(&self->bench));
	ASSERT_BENCH(bench_close(&self->bench));
	EXPECT_TRUE(setting_restore(&self->mode));
	EXPECT_TRUE(setting_restore(&self->source));
	EXPECT_TRUE(setting_restore(&self->interval));
	EXPECT_TRUE(setting_restore(&self->move_after));
	EXPECT_TRUE(setting_restore(&self->affinity));
	control_close(&self->control);
}

/* With each queue empty and armed for a while in between. */
static bool idle_ping_pong(struct bench *b, int rounds)
{
	while (rounds--) {
		if (!ping_pong(b, 1) || !settled(b))
			return false;
		if (!polls_pass())
			return fail(b, "nobody polls");
	}
	return true;
}

TEST_F(peek, finds_events)
{
	struct bench *b = &self->bench;
	long peeked = sum("peeked");
	long events = sum("events");

	ASSERT_BENCH(idle_ping_pong(b, ROUNDS));
	peeked = sum("peeked") - peeked;
	events = sum("events") - events;
	TH_LOG("%ld of %ld events were found in their CQs", peeked, events);
	ASSERT_LE(ROUNDS / 10, peeked);

	ASSERT_TRUE(setting_write("source", "eq"));
	ASSERT_TRUE(polls_pass());
	peeked = sum("peeked");
	ASSERT_BENCH(works(b));
	ASSERT_EQ(peeked, sum("peeked"));
}

/* One message, without waiting for events. */
static bool quiet_message(struct bench *b, int side)
{
	bool ok;

	b->pair.attr.events = false;
	ok = send_one(b, side) && arrives(b, side);
	b->pair.attr.events = true;
	return ok && polls_pass();
}

/* Who has not armed a CQ is told nothing, neither before the first event nor after it. */
TEST_F(peek, nothing_unless_armed)
{
	struct bench *b = &self->bench;
	struct side *s = &b->pair.side[0];
	struct ibv_cq *cq;
	struct ibv_wc wc;
	void *context;
	int i;

	/* Queues that were never armed. */
	ASSERT_EQ(0, ibv_destroy_qp(s->qp));
	ASSERT_EQ(0, ibv_destroy_cq(s->rcq));
	ASSERT_EQ(0, ibv_destroy_cq(s->scq));
	s->scq = ibv_create_cq(s->end->ctx, 32, s, s->ch, 0);
	s->rcq = ibv_create_cq(s->end->ctx, 32, s, s->ch, 0);
	s->qp = ibv_create_qp(s->end->pd, &(struct ibv_qp_init_attr){
		.qp_type = IBV_QPT_RC, .send_cq = s->scq, .recv_cq = s->rcq,
		.cap = { .max_send_wr = 16, .max_recv_wr = 16, .max_send_sge = 1,
			 .max_recv_sge = 1 } });
	ASSERT_NE(NULL, s->qp);
	ASSERT_EQ(0, ibv_modify_qp(b->pair.side[1].qp, &(struct ibv_qp_attr){
		.qp_state = IBV_QPS_RESET }, IBV_QP_STATE));
	ASSERT_BENCH(pair_connect(&b->pair));
	for (i = 0; i < MESSAGES; i++) {
		ASSERT_BENCH(quiet_message(b, i % 2));
		ASSERT_FALSE(event_waits(s));
	}

	/* One event, and then none. */
	ASSERT_EQ(0, ibv_req_notify_cq(s->rcq, 0));
	ASSERT_BENCH(quiet_message(b, 1));
	ASSERT_EQ(0, ibv_get_cq_event(s->ch, &cq, &context));
	ASSERT_EQ(s->rcq, cq);
	ibv_ack_cq_events(cq, 1);
	for (i = 0; i < MESSAGES; i++) {
		ASSERT_BENCH(quiet_message(b, 1));
		ASSERT_FALSE(event_waits(s));
	}
	ASSERT_EQ(0, ibv_poll_cq(s->rcq, 1, &wc));
	/* What is left of the pair has lost its count. */
	ASSERT_BENCH(pair_close(&b->pair));
	ASSERT_BENCH(pair_make(b, 7));
}

/* Who arms before he reads what the last event told of is not told of it again. */
TEST_F(peek, not_what_is_known)
{
	struct bench *b = &self->bench;
	struct pair *p = &b->pair;
	struct ibv_cq *cq;
	struct ibv_wc wc;
	void *context;
	int i;

	ASSERT_BENCH(works(b));
	for (i = 0; i < MESSAGES; i++) {
		ASSERT_TRUE(polls_pass());
		ASSERT_BENCH(send_one(b, 0));
		ASSERT_EQ(0, ibv_get_cq_event(p->side[1].ch, &cq, &context));
		ibv_ack_cq_events(cq, 1);
		ASSERT_EQ(p->side[1].rcq, cq);
		p->side[1].events[1]++;
		ASSERT_EQ(0, ibv_req_notify_cq(cq, 0));
		ASSERT_TRUE(polls_pass());
		ASSERT_FALSE(event_waits(&p->side[1]));
		ASSERT_EQ(1, ibv_poll_cq(cq, 1, &wc));
		ASSERT_BENCH(sent(p, 0, IBV_WC_SEND, b->id));
		ASSERT_BENCH(settled(b));
	}
}

static bool round_passes(struct traffic *t)
{
	int from = __atomic_load_n(&t->rounds, __ATOMIC_ACQUIRE);
	int looks;

	/* Two, as the first one may have begun before. */
	for (looks = 0; looks < LOOKS; looks++) {
		if (__atomic_load_n(&t->rounds, __ATOMIC_ACQUIRE) >= from + 2)
			return true;
		sched_yield();
	}
	return false;
}

TEST_F(peek, source_and_mode_change)
{
	static const char *const what[][2] = {
		{ "source", "eq" }, { "mode", "interrupt" }, { "source", "cq" },
		{ "mode", "poll" }, { "mode", "off" }, { "source", "eq" }, { "mode", "poll" },
		{ "source", "cq" }, { "mode", "interrupt" }, { "mode", "poll" },
	};
	int i, j;

	ASSERT_TRAFFIC(traffic_start(&self->traffic, &self->control));
	for (i = 0; i < ROUNDS; i++) {
		j = i % (int)ARRAY_SIZE(what);
		ASSERT_TRUE(setting_write(what[j][0], what[j][1]));
		/* Sometimes the next change comes at once. */
		if (i % 3)
			ASSERT_TRUE(round_passes(&self->traffic));
	}
	ASSERT_TRAFFIC(traffic_stop(&self->traffic));
}

TEST_F(peek, queues_move)
{
	struct bench *b = &self->bench;
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	long moves = sum("moves"), peeked;
	int i;

	ASSERT_LT(1, cpus);
	ASSERT_TRUE(setting_write("affinity", "1"));
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_TRUE(pin(i / 3 % cpus));
		ASSERT_BENCH(ping_pong(b, 1));
	}
	ASSERT_BENCH(settled(b));
	moves = sum("moves") - moves;
	TH_LOG("%ld moves", moves);
	ASSERT_LT(10, moves);

	/* By now each of them has moved, and is looked at where it is. */
	ASSERT_TRUE(setting_write("affinity", "0"));
	peeked = sum("peeked");
	ASSERT_BENCH(idle_ping_pong(b, ROUNDS / 10));
	ASSERT_LT(peeked, sum("peeked"));
}

/* A queue that gets another ring is not looked at any more; its events come. */
TEST_F(peek, queues_are_resized)
{
	struct bench *b = &self->bench;
	struct pair *p = &b->pair;
	long peeked;
	int i;

	for (i = 0; i < 20; i++) {
		struct ibv_cq *cq[] = { p->side[0].scq, p->side[0].rcq, p->side[1].scq,
					p->side[1].rcq };

		ASSERT_BENCH(ping_pong(b, 1));
		ASSERT_EQ(0, ibv_resize_cq(cq[i % 4], i / 4 % 2 ? 31 : 255));
	}
	ASSERT_BENCH(settled(b));
	peeked = sum("peeked");
	ASSERT_BENCH(works(b));
	ASSERT_EQ(peeked, sum("peeked"));
	ASSERT_BENCH(pair_close(p));
	ASSERT_BENCH(pair_make(b, 7));
}

/*
 * The EQ has no room for an EQE, but its event was found in the CQ. Then one EQE less
 * comes than events: none of the others is taken for it, by whatever way they come.
 */
TEST_F(peek, an_eqe_is_missing)
{
	struct bench *b = &self->bench;
	struct pair *p = &b->pair;
	struct ibv_sge from = sge_of(&p->side[0], 0, SIZE / 2);
	struct ibv_send_wr wr = {
		.sg_list = &from,
		.num_sge = 1,
		.opcode = IBV_WR_RDMA_WRITE,
		.wr.rdma.remote_addr = (uintptr_t)p->side[1].buf,
		.wr.rdma.rkey = p->side[1].mr->rkey,
	};
	unsigned long overruns;
	unsigned int eqn;
	int i;

	ASSERT_BENCH(works(b));
	for (i = 0; i < MESSAGES; i++) {
		ASSERT_TRUE(setting_write("mode", "poll"));
		ASSERT_BENCH(settled(b));
		/* Nothing is found until the EQE of the last time is given up. */
		usleep(EARLY_US);
		/* Empty, and armed: so it is found that it is not empty any more. */
		ASSERT_TRUE(polls_pass());
		eqn = counted(b, "cq", b->cqn[0][0], "eqn");
		overruns = counted(b, "eq", eqn, "overruns");
		ASSERT_BENCH(ask(b, "eq-overflow %u", b->cqn[0][0]));
		wr.wr_id = i;
		ASSERT_BENCH(post_send(p, 0, &wr));
		ASSERT_BENCH(take_event(p, 0));
		ASSERT_BENCH(sent(p, 0, IBV_WC_RDMA_WRITE, i));
		ASSERT_BENCH(ask(b, "stats"));
		ASSERT_EQ(overruns + 1, counted(b, "eq", eqn, "overruns"));
		ASSERT_BENCH(works(b));
		ASSERT_TRUE(setting_write("source", i % 2 ? "cq" : "eq"));
		ASSERT_BENCH(works(b));
		ASSERT_TRUE(setting_write("mode", "interrupt"));
		ASSERT_BENCH(works(b));
		ASSERT_TRUE(setting_write("source", "cq"));
	}
	ASSERT_TRUE(setting_write("mode", "poll"));
	/* The queues are destroyed while some are missing. */
	ASSERT_BENCH(pair_close(p));
	ASSERT_BENCH(pair_make(b, 7));
}

/* --- a user who writes what he likes --------------------------------------------------- */

struct victim {
	struct bench *bench;
	struct mlx5dv_cq mem;
	unsigned int seed;
};

static void write_record(struct victim *v, int i, unsigned int value)
{
	__atomic_store_n(&v->mem.dbrec[i], htobe32(value), __ATOMIC_RELEASE);
}

static void write_op_own(struct victim *v, unsigned int index, unsigned char value)
{
	unsigned char *buf = v->mem.buf;

	index &= v->mem.cqe_cnt - 1;
	__atomic_store_n(&buf[(index + 1) * v->mem.cqe_size - 1], value, __ATOMIC_RELEASE);
}

/* An index that is special, or none in particular. */
static unsigned int some_index(struct victim *v)
{
	const unsigned int special[] = {
		0, 1, INDEX_MASK, INDEX_MASK - 1, INDEX_MASK / 2, INDEX_MASK / 2 + 1,
		v->mem.cqe_cnt - 1, v->mem.cqe_cnt, v->mem.cqe_cnt + 1, 2 * v->mem.cqe_cnt,
	};
	unsigned int i = rand_r(&v->seed) % (2 * ARRAY_SIZE(special));

	return i < ARRAY_SIZE(special) ? special[i] : rand_r(&v->seed) & INDEX_MASK;
}

/* His own events come and go as they like. */
static bool drop_events(struct side *s)
{
	struct ibv_cq *cq;
	void *context;

	while (event_waits(s)) {
		if (ibv_get_cq_event(s->ch, &cq, &context))
			return false;
		ibv_ack_cq_events(cq, 1);
	}
	return true;
}

/* Armed, and empty; a look later there is a completion that nobody has sent. */
static bool invent_event(struct victim *v, unsigned int sn)
{
	unsigned int index = some_index(v);
	unsigned int owner = !!(index & v->mem.cqe_cnt);

	write_op_own(v, index, !owner);
	write_record(v, 0, index);
	write_record(v, 1, (sn & 3) << 28 | index);
	if (!polls_pass())
		return false;
	write_op_own(v, index, owner);
	return polls_pass();
}

static unsigned int some_word(struct victim *v)
{
	return rand_r(&v->seed) * 5U;
}

/* What arms the CQ, as a rule for all completions. */
static unsigned int some_arm(struct victim *v)
{
	return (some_word(v) & 3) << 28 | (rand_r(&v->seed) % 8 ? 0 : SOLICITED) | some_index(v);
}

static void write_anything(struct victim *v)
{
	unsigned int i;

	write_record(v, 0, rand_r(&v->seed) % 4 ? some_index(v) : some_word(v));
	write_record(v, 1, rand_r(&v->seed) % 4 ? some_arm(v) : some_word(v));
	for (i = 0; i < v->mem.cqe_cnt; i++)
		write_op_own(v, i, rand_r(&v->seed) % 4 ? some_word(v) & 1 : some_word(v));
}

TEST_F(peek, hostile_user)
{
	struct victim v = { .bench = &self->bench, .seed = 1 };
	struct side *s = &self->bench.pair.side[1];
	unsigned int sn;
	int i;

	ASSERT_BENCH(works(&self->bench));
	ASSERT_TRUE(memory_of(s->rcq, &v.mem));
	/* There was no event since it was armed. */
	sn = be32toh(v.mem.dbrec[1]) >> 28;
	ASSERT_TRAFFIC(traffic_start(&self->traffic, &self->control));

	/* So this is where the kernel looks. */
	for (i = 0; i < INVENTED; i++) {
		ASSERT_TRUE(invent_event(&v, sn + i));
		ASSERT_TRUE(event_waits(s));
		ASSERT_TRUE(drop_events(s));
		/* There is no EQE of it. */
		usleep(EARLY_US);
	}

	for (i = 0; i < 100 * ROUNDS; i++) {
		write_anything(&v);
		if (!(i % 100)) {
			ASSERT_TRUE(drop_events(s));
			ASSERT_TRUE(polls_pass());
		}
	}
	ASSERT_TRAFFIC(traffic_stop(&self->traffic));

	/* Nobody can make sense of this pair any more. */
	ASSERT_TRUE(drop_events(s));
	ASSERT_BENCH(pair_close(&self->bench.pair));
	ASSERT_BENCH(pair_make(&self->bench, 7));
}

TEST_HARNESS_MAIN
