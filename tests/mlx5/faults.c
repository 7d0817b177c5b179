// SPDX-License-Identifier: GPL-2.0
/*
 * Every fault that the device model knows, one after the other, while programs wait by
 * events: each error reaches the application as what it has to be, and each event that
 * the device raised is read, once. For the latter the model's statistics are compared
 * with what was read. After each fault the same pair works again, or, where the fault
 * has cost it something for good, a new one does.
 *
 * Nothing depends on how long something takes, but for what ends a test that hangs.
 *
 */
#include "fabric_test.h"
#include "bench.h"
#include "setting.h"

#define ROUNDS		5

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 600

/* Of the kernel's mlx5_ifc.h. */
enum {
	CREATE_EQ	= 0x301,
	CREATE_CQ	= 0x400,
	DESTROY_CQ	= 0x401,
	MODIFY_CQ	= 0x403,
	CREATE_QP	= 0x500,
	RST2INIT_QP	= 0x502,
	TO_ERR_QP	= 0x507,
	TO_RST_QP	= 0x50a,
	QUERY_QP	= 0x50b,
	ALLOC_PD	= 0x800,
	DEALLOC_PD	= 0x801,
	CREATE_RMP	= 0x90c,
};

/*
 * The commands of the control socket, as its "help" lists them. What is added to the
 * model has to come here, or there has to be a reason why not.
 */
static const char *const known[] = {
	"help", "stats", "clear",	/* no faults */
	"irq-drop", "irq-delay", "cqe-delay", "cqe-error", "cmd-fail", "cmd-timeout", "cmd-busy",
	"eq-overflow", "link", "wire-drop", "pages", "fatal",
	"remove",			/* the device does not come back: removal.sh */
	"disconnect", "quit",		/* of the model: QEMU does not survive these */
};

/* Do interrupts matter? */
static bool polled(void)
{
	char mode[16];

	return setting_read("mode", mode, sizeof(mode)) && !strcmp(mode, "poll\n");
}

FIXTURE(faults)
{
	struct control control;
	struct bench bench;
	struct traffic traffic;
	struct setting affinity;
};

FIXTURE_SETUP(faults)
{
	/* A move is a command, and takes a CQ to another event queue: not amid a fault. */
	if (!access(FASTWAKE, F_OK))
		ASSERT_TRUE(setting_change(&self->affinity, "affinity", "0"));
	ASSERT_TRUE(control_open(&self->control));
	ASSERT_TRUE(control(&self->control, "clear"));
	ASSERT_BENCH(bench_open(&self->bench, &self->control));
	ASSERT_BENCH(works(&self->bench));
}

FIXTURE_TEARDOWN(faults)
{
	EXPECT_TRUE(control(&self->control, "clear"));
	ASSERT_BENCH(works(&self->bench));
	ASSERT_BENCH(bench_close(&self->bench));
	control_close(&self->control);
	if (self->affinity.name)
		EXPECT_TRUE(setting_restore(&self->affinity));
}

static bool is_known(const char *command)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (!strcmp(command, known[i]))
			return true;
	}
	return false;
}

TEST_F(faults, there_are_no_others)
{
	char *save = NULL, *command;
	unsigned int n = 1;	/* "help" comes behind the "ok" */

	ASSERT_TRUE(control(&self->control, "help"));
	for (command = strtok_r(self->control.answer + strlen("ok help"), ";", &save); command;
	     command = strtok_r(NULL, ";", &save)) {
		command += strspn(command, " ");
		command[strcspn(command, " ")] = '\0';
		EXPECT_TRUE(is_known(command))
			TH_LOG("the model has a fault that is not tested: %s", command);
		n++;
	}
	EXPECT_EQ(ARRAY_SIZE(known), n);
}

TEST_F(faults, late_interrupts)
{
	struct bench *b = &self->bench;
	unsigned long hits;

	ASSERT_BENCH(ask(b, "stats"));
	hits = named(self->control.answer, "fault_hits");
	ASSERT_BENCH(ask(b, "irq-delay all 3000"));
	ASSERT_BENCH(works(b));
	if (!polled())
		ASSERT_LT(hits, named(self->control.answer, "fault_hits"));
}

/* The vector of the pair's CQs. */
static unsigned long vector_of(struct bench *b)
{
	unsigned int eqn = counted(b, "cq", b->cqn[0][0], "eqn");

	return counted(b, "eq", eqn, "vector");
}

/*
 * A message goes, and is found by looking, as its events are in the EQ, but the
 * interrupt for them was lost. Return how many of them.
 */
static bool lose_interrupt(struct bench *b, unsigned long *events)
{
	unsigned long vector, dropped, before[2];

	if (!settled(b))
		return false;
	vector = vector_of(b);
	dropped = irqs_dropped(b, vector);
	before[0] = counted(b, "cq", b->cqn[0][0], "events");
	before[1] = counted(b, "cq", b->cqn[1][1], "events");
	if (!ask(b, "irq-drop %lu 1", vector))
		return false;
	b->pair.attr.events = false;
	if (!send_one(b, 0) || !arrives(b, 0) || !ask(b, "stats"))
		return false;
	b->pair.attr.events = true;
	*events = counted(b, "cq", b->cqn[0][0], "events") - before[0] +
		  counted(b, "cq", b->cqn[1][1], "events") - before[1];
	dropped = irqs_dropped(b, vector) - dropped;
	if (!polled() && dropped != 1)
		return fail(b, "%lu interrupts of vector %lu were lost, not 1", dropped, vector);
	return true;
}

/*
 * The EQ has not been read since, and interrupts no more. In the modes off and
 * interrupt nobody finds the events, until the vector is polled: then they come, each of
 * them once. When the polling ends the EQ has been armed. In mode poll nothing happens.
 */
TEST_F(faults, lost_interrupts)
{
	struct bench *b = &self->bench;
	unsigned long events;
	char mode[16];
	int i;

	ASSERT_TRUE(setting_read("mode", mode, sizeof(mode)));
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_BENCH(lose_interrupt(b, &events));
		ASSERT_EQ(2, events);
		if (!polled()) {
			ASSERT_FALSE(event_waits(&b->pair.side[0]));
			ASSERT_FALSE(event_waits(&b->pair.side[1]));
		}
		ASSERT_TRUE(setting_write("mode", "poll"));
		ASSERT_BENCH(settled(b));
		ASSERT_TRUE(setting_write("mode", mode));
		ASSERT_TRUE(control(&self->control, "clear"));
		ASSERT_BENCH(works(b));
	}
}

/* All of a side but its channel and its memory. */
static bool queues_destroy(struct side *s)
{
	return !ibv_destroy_qp(s->qp) && !ibv_destroy_cq(s->rcq) && !ibv_destroy_cq(s->scq);
}

/* For pair_close() to destroy them. */
static bool queues_create(struct side *s)
{
	s->scq = ibv_create_cq(s->end->ctx, 32, s, s->ch, 0);
	s->rcq = ibv_create_cq(s->end->ctx, 32, s, s->ch, 0);
	s->qp = ibv_create_qp(s->end->pd, &(struct ibv_qp_init_attr){
		.qp_type = IBV_QPT_RC, .send_cq = s->scq, .recv_cq = s->rcq,
		.cap = { .max_send_wr = 1, .max_recv_wr = 1, .max_send_sge = 1,
			 .max_recv_sge = 1 } });
	return s->qp;
}

/*
 * CQs that are gone before anybody finds their events in the EQ. Only after that there are
 * others, which have their numbers. The memory stays until then as well: to invalidate it
 * the kernel waits for a completion of its own, whose event is in the same EQ.
 */
TEST_F(faults, lost_interrupts_of_destroyed_queues)
{
	struct bench *b = &self->bench;
	unsigned long events;
	char mode[16];
	int i, j;

	ASSERT_TRUE(setting_read("mode", mode, sizeof(mode)));
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_BENCH(lose_interrupt(b, &events));
		ASSERT_EQ(2, events);
		for (j = 0; j < 2; j++)
			ASSERT_TRUE(queues_destroy(&b->pair.side[j]));
		/* What is in the EQ is taken when the polling ends, at the latest. */
		ASSERT_TRUE(setting_write("mode", "poll"));
		ASSERT_TRUE(setting_write("mode", mode));
		ASSERT_TRUE(control(&self->control, "clear"));
		for (j = 0; j < 2; j++) {
			ASSERT_FALSE(event_waits(&b->pair.side[j]));
			ASSERT_TRUE(queues_create(&b->pair.side[j]));
			ASSERT_FALSE(event_waits(&b->pair.side[j]));
		}
		ASSERT_BENCH(pair_close(&b->pair));
		ASSERT_BENCH(pair_make(b, 7));
		ASSERT_BENCH(works(b));
	}
}

/*
 * Events that nobody has read, some of them not even the kernel yet, go with their CQ:
 * it does not wait for them, and the channel has nothing of them any more.
 */
TEST_F(faults, late_interrupts_of_destroyed_queues)
{
	struct bench *b = &self->bench;
	struct side *s = &b->pair.side[1];
	unsigned long raised;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_BENCH(settled(b));
		raised = counted(b, "cq", b->cqn[1][1], "events");
		ASSERT_BENCH(ask(b, "irq-delay all %d", i * 500));
		b->pair.attr.events = false;
		ASSERT_BENCH(send_one(b, 0) && arrives(b, 0) && ask(b, "stats"));
		b->pair.attr.events = true;
		ASSERT_EQ(raised + 1, counted(b, "cq", b->cqn[1][1], "events"));
		ASSERT_TRUE(queues_destroy(s));
		ASSERT_FALSE(event_waits(s));
		ASSERT_TRUE(queues_create(s));
		ASSERT_BENCH(pair_close(&b->pair));
		ASSERT_BENCH(pair_make(b, 7));
		ASSERT_BENCH(works(b));
	}
}

TEST_F(faults, late_completions)
{
	struct bench *b = &self->bench;

	ASSERT_BENCH(ask(b, "cqe-delay 3000"));
	ASSERT_BENCH(works(b));
}

TEST_F(faults, failed_requests)
{
	static const struct {
		unsigned int syndrome;
		enum ibv_wc_status status;
	} table[] = {
		{ 0x01, IBV_WC_LOC_LEN_ERR },
		{ 0x02, IBV_WC_LOC_QP_OP_ERR },
		{ 0x04, IBV_WC_LOC_PROT_ERR },
		{ 0x05, IBV_WC_WR_FLUSH_ERR },
		{ 0x06, IBV_WC_MW_BIND_ERR },
		{ 0x10, IBV_WC_BAD_RESP_ERR },
		{ 0x11, IBV_WC_LOC_ACCESS_ERR },
		{ 0x12, IBV_WC_REM_INV_REQ_ERR },
		{ 0x13, IBV_WC_REM_ACCESS_ERR },
		{ 0x14, IBV_WC_REM_OP_ERR },
		{ 0x15, IBV_WC_RETRY_EXC_ERR },
		{ 0x16, IBV_WC_RNR_RETRY_EXC_ERR },
		{ 0x22, IBV_WC_REM_ABORT_ERR },
		{ 0x77, IBV_WC_GENERAL_ERR },	/* which nobody knows */
	};
	struct bench *b = &self->bench;
	struct pair *p = &b->pair;
	struct ibv_sge sge = sge_of(&p->side[0], 0, 100);
	struct ibv_send_wr wr = { .sg_list = &sge, .num_sge = 1, .opcode = IBV_WR_SEND };
	struct ibv_wc wc;
	size_t i;
	int j;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		ASSERT_BENCH(ask(b, "cqe-error %u %u", p->side[0].qp->qp_num, table[i].syndrome));
		for (j = 0; j < 3; j++) {
			ASSERT_BENCH(post_receive(p, 0, 10 + j, &sge, 1));
			wr.wr_id = j;
			ASSERT_BENCH(post_send(p, 0, &wr));
		}
		for (j = 0; j < 3; j++) {
			ASSERT_BENCH(wait_sent(p, 0, &wc));
			ASSERT_EQ(j, wc.wr_id);
			ASSERT_STREQ(ibv_wc_status_str(j ? IBV_WC_WR_FLUSH_ERR : table[i].status),
				     ibv_wc_status_str(wc.status));
		}
		for (j = 0; j < 3; j++) {
			ASSERT_BENCH(wait_received(p, 0, &wc));
			ASSERT_EQ(10 + j, wc.wr_id);
			ASSERT_STREQ(ibv_wc_status_str(IBV_WC_WR_FLUSH_ERR),
				     ibv_wc_status_str(wc.status));
		}
		ASSERT_BENCH(settled(b));
		ASSERT_BENCH(pair_reset(p));
		ASSERT_BENCH(works(b));
	}
}

/* --- commands ------------------------------------------------------------------------ */

static int create_cq(struct bench *b)
{
	b->cq = ibv_create_cq(b->fabric.end[0].ctx, 16, NULL, b->pair.side[0].ch, 0);
	return b->cq ? 0 : errno;
}

static int destroy_cq(struct bench *b)
{
	return ibv_destroy_cq(b->cq);
}

static int resize_cq(struct bench *b)
{
	return ibv_resize_cq(b->cq, b->cq->cqe + 1);
}

static int create_qp(struct bench *b)
{
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RC,
		.send_cq = b->cq,
		.recv_cq = b->cq,
		.cap = { .max_send_wr = 1, .max_recv_wr = 1, .max_send_sge = 1,
			 .max_recv_sge = 1 },
	};

	b->qp = ibv_create_qp(b->fabric.end[0].pd, &init);
	return b->qp ? 0 : errno;
}

static int destroy_qp(struct bench *b)
{
	return ibv_destroy_qp(b->qp);
}

static int qp_to_init(struct bench *b)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_INIT, .port_num = FABRIC_PORT };

	return ibv_modify_qp(b->qp, &attr, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
			     IBV_QP_ACCESS_FLAGS);
}

static int qp_to_err(struct bench *b)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_ERR };

	return ibv_modify_qp(b->qp, &attr, IBV_QP_STATE);
}

static int qp_to_rst(struct bench *b)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_RESET };

	return ibv_modify_qp(b->qp, &attr, IBV_QP_STATE);
}

static int query_qp(struct bench *b)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;

	return ibv_query_qp(b->qp, &attr, IBV_QP_STATE, &init);
}

static int alloc_pd(struct bench *b)
{
	b->pd = ibv_alloc_pd(b->fabric.end[0].ctx);
	return b->pd ? 0 : errno;
}

static int dealloc_pd(struct bench *b)
{
	return ibv_dealloc_pd(b->pd);
}

static int create_srq(struct bench *b)
{
	struct ibv_srq_init_attr init = { .attr = { .max_wr = 1, .max_sge = 1 } };
	struct ibv_srq *srq = ibv_create_srq(b->pd, &init);

	return srq ? ibv_destroy_srq(srq) : errno;
}

/*
 * In the order in which one needs another. What has no opcode is not refused: for the
 * driver a QP is destroyed whatever the device says, and the CQ of the device's QP then
 * cannot be.
 */
static const struct {
	unsigned int opcode;
	int (*call)(struct bench *b);
} commands[] = {
	{ CREATE_CQ, create_cq },
	{ MODIFY_CQ, resize_cq },
	{ CREATE_QP, create_qp },
	{ RST2INIT_QP, qp_to_init },
	{ QUERY_QP, query_qp },
	{ TO_ERR_QP, qp_to_err },
	{ TO_RST_QP, qp_to_rst },
	{ 0, destroy_qp },
	{ DESTROY_CQ, destroy_cq },
	{ ALLOC_PD, alloc_pd },
	{ CREATE_RMP, create_srq },
	{ DEALLOC_PD, dealloc_pd },
};

/* Each is refused, for each reason, and succeeds afterwards. */
TEST_F(faults, refused_commands)
{
	static const struct {
		unsigned int status;
		int error;
	} table[] = {
		{ 0x01, EIO },		/* internal error */
		{ 0x03, EINVAL },	/* bad parameter */
		{ 0x06, EBUSY },	/* resource busy */
		{ 0x08, ENOMEM },	/* limit exceeded */
		{ 0x0f, EAGAIN },	/* no resources */
		{ 0xee, EIO },		/* which nobody knows */
	};
	struct bench *b = &self->bench;
	size_t i, j;

	ASSERT_TRAFFIC(traffic_start(&self->traffic, &self->control));
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		for (j = 0; j < ARRAY_SIZE(table) && commands[i].opcode; j++) {
			ASSERT_BENCH(ask(b, "cmd-fail %u %u", commands[i].opcode,
					 table[j].status));
			EXPECT_EQ(table[j].error, commands[i].call(b))
				TH_LOG("command %#x, status %#x", commands[i].opcode,
				       table[j].status);
		}
		ASSERT_EQ(0, commands[i].call(b))
			TH_LOG("command %#x, after it was refused", commands[i].opcode);
	}
	ASSERT_TRAFFIC(traffic_stop(&self->traffic));
}

TEST_F(faults, slow_commands)
{
	struct bench *b = &self->bench;
	size_t i;

	ASSERT_TRAFFIC(traffic_start(&self->traffic, &self->control));
	ASSERT_BENCH(ask(b, "cmd-busy all 20 1000"));
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		ASSERT_EQ(0, commands[i].call(b))
			TH_LOG("command %#x", commands[i].opcode);
	ASSERT_TRAFFIC(traffic_stop(&self->traffic));
	ASSERT_BENCH(settled(b));
	ASSERT_BENCH(pair_close(&b->pair));
	ASSERT_BENCH(pair_make(b, 7));
}

/*
 * The driver gives up after a minute; the others do not wait for that. The answer comes
 * when the faults are cleared: before that the driver could not be removed.
 */
TEST_F(faults, unanswered_command)
{
	struct bench *b = &self->bench;

	ASSERT_TRAFFIC(traffic_start(&self->traffic, &self->control));
	ASSERT_BENCH(ask(b, "cmd-timeout %u", CREATE_CQ));
	ASSERT_EQ(ETIMEDOUT, create_cq(b));
	ASSERT_TRAFFIC(traffic_stop(&self->traffic));
	ASSERT_EQ(0, create_cq(b));
	ASSERT_EQ(0, destroy_cq(b));
}

/* --- events, packets, the port, pages ------------------------------------------------- */

/*
 * The EQ has no room for an event, which is lost: its CQ raises no more of them, as its
 * reader never learns of that one. The completion is there, the other CQs of the EQ have
 * their events, and so has a new CQ.
 */
TEST_F(faults, full_event_queue)
{
	struct bench *b = &self->bench;
	unsigned long raised, overruns;
	unsigned int eqn;
	int i, j;

	for (i = 0; i < ROUNDS; i++) {
		struct pair *p = &b->pair;
		struct ibv_sge from = sge_of(&p->side[0], 0, SIZE / 2);
		struct ibv_send_wr wr = {
			.sg_list = &from,
			.num_sge = 1,
			.opcode = IBV_WR_RDMA_WRITE,
			.wr.rdma.remote_addr = (uintptr_t)p->side[1].buf,
			.wr.rdma.rkey = p->side[1].mr->rkey,
		};

		ASSERT_BENCH(settled(b));
		eqn = counted(b, "cq", b->cqn[0][0], "eqn");
		overruns = counted(b, "eq", eqn, "overruns");
		raised = counted(b, "cq", b->cqn[0][0], "events");
		ASSERT_BENCH(ask(b, "eq-overflow %u", b->cqn[0][0]));
		p->attr.events = false;
		for (j = 0; j < 3; j++) {
			wr.wr_id = j;
			ASSERT_BENCH(post_send(p, 0, &wr));
			ASSERT_BENCH(sent(p, 0, IBV_WC_RDMA_WRITE, j));
		}
		p->attr.events = true;
		ASSERT_BENCH(ask(b, "stats"));
		ASSERT_EQ(overruns + 1, counted(b, "eq", eqn, "overruns"));
		ASSERT_EQ(raised + 1, counted(b, "cq", b->cqn[0][0], "events"));
		b->lost[0][0]++;
		ASSERT_BENCH(settled(b));
		/* Of the other direction nothing was lost, and only the way there is mute. */
		ASSERT_BENCH(send_one(b, 1));
		ASSERT_BENCH(arrives(b, 1));
		ASSERT_BENCH(settled(b));
		ASSERT_BENCH(pair_close(p));
		ASSERT_BENCH(pair_make(b, 7));
		ASSERT_BENCH(works(b));
	}
}

/*
 * A lost packet is sent again, as long as there are retries. One of those lost may be the
 * kernel's, which looks for a subnet manager now and then.
 */
TEST_F(faults, lost_packets)
{
	struct bench *b = &self->bench;
	unsigned int qpn[2] = { b->pair.side[0].qp->qp_num, b->pair.side[1].qp->qp_num };
	unsigned long hits, again;

	ASSERT_BENCH(ask(b, "stats"));
	hits = named(self->control.answer, "fault_hits");
	again = counted(b, "qp", qpn[0], "retransmits") + counted(b, "qp", qpn[1], "retransmits");
	ASSERT_BENCH(ask(b, "wire-drop 5"));
	ASSERT_BENCH(works(b));
	ASSERT_EQ(hits + 5, named(self->control.answer, "fault_hits"));
	ASSERT_LT(again, counted(b, "qp", qpn[0], "retransmits") +
			 counted(b, "qp", qpn[1], "retransmits"));
}

/* The receiver has nothing; the sender is told, by an event. */
static bool unreachable(struct bench *b)
{
	struct pair *p = &b->pair;
	struct ibv_wc wc;

	if (!send_one(b, 0) || !wait_sent(p, 0, &wc))
		return false;
	if (wc.status != IBV_WC_RETRY_EXC_ERR || wc.wr_id != b->id)
		return fail(b, "request %llu, not %llu: %s", (unsigned long long)wc.wr_id, b->id,
			    ibv_wc_status_str(wc.status));
	if (ibv_poll_cq(p->side[1].rcq, 1, &wc))
		return fail(b, "something was received");
	return settled(b) && pair_reset(p);
}

TEST_F(faults, cut_wire)
{
	struct bench *b = &self->bench;

	ASSERT_BENCH(ask(b, "wire-drop 1000000000"));
	ASSERT_BENCH(unreachable(b));
	ASSERT_TRUE(control(&self->control, "clear"));
	ASSERT_BENCH(works(b));
}

/* The next asynchronous event of the device is this one. */
static bool async_event(struct bench *b, enum ibv_event_type type)
{
	struct ibv_context *ctx = b->fabric.end[0].ctx;
	struct ibv_async_event event;

	if (ibv_get_async_event(ctx, &event))
		return fail(b, "ibv_get_async_event: %s", strerror(errno));
	ibv_ack_async_event(&event);
	return event.event_type == type ||
	       fail(b, "the event is '%s'", ibv_event_type_str(event.event_type));
}

TEST_F(faults, link_down)
{
	struct bench *b = &self->bench;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_BENCH(ask(b, "link down"));
		ASSERT_BENCH(async_event(b, IBV_EVENT_PORT_ERR));
		ASSERT_BENCH(unreachable(b));
		ASSERT_BENCH(ask(b, "link up"));
		ASSERT_BENCH(async_event(b, IBV_EVENT_PORT_ACTIVE));
		ASSERT_BENCH(works(b));
	}
}

TEST_F(faults, requests_for_pages)
{
	struct bench *b = &self->bench;
	unsigned long pages;
	int i;

	ASSERT_BENCH(ask(b, "stats"));
	pages = named(self->control.answer, "pages");
	ASSERT_TRAFFIC(traffic_start(&self->traffic, &self->control));
	for (i = 1; i <= 64; i *= 4) {
		ASSERT_BENCH(ask(b, "pages %d", i));
		ASSERT_BENCH(becomes(b, "pages", pages + i));
		ASSERT_BENCH(ask(b, "pages -%d", i));
		ASSERT_BENCH(becomes(b, "pages", pages));
	}
	ASSERT_TRAFFIC(traffic_stop(&self->traffic));
}

/* --- the end of the device ------------------------------------------------------------ */

struct reader {
	struct ibv_comp_channel *ch;
	int ret;
	int error;
};

static void *read_event(void *arg)
{
	struct reader *r = arg;
	struct ibv_cq *cq;
	void *context;

	r->ret = ibv_get_cq_event(r->ch, &cq, &context);
	r->error = errno;
	return NULL;
}

/*
 * Who waits for an event, reads or asks is told that there is no device any more. It comes
 * back without event queues but what the kernel needs itself: of a new one, that of the
 * last vector, the creation is refused first.
 */
TEST_F(faults, fatal_error)
{
	struct bench *b = &self->bench;
	struct reader reader[2];
	pthread_t thread[2];
	struct pollfd pfd = { .events = POLLIN };
	struct ibv_cq *cq;
	void *context;
	int vector;
	int i;

	ASSERT_TRUE(never_give_up());
	ASSERT_BENCH(settled(b));
	for (i = 0; i < 2; i++) {
		reader[i] = (struct reader){ .ch = b->pair.side[i].ch };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, read_event, &reader[i]));
	}
	ASSERT_BENCH(ask(b, "fatal"));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
		ASSERT_EQ(-1, reader[i].ret);
		ASSERT_EQ(EIO, reader[i].error);
		ASSERT_EQ(-1, ibv_get_cq_event(reader[i].ch, &cq, &context));
		ASSERT_EQ(EIO, errno);
		pfd.fd = reader[i].ch->fd;
		ASSERT_EQ(1, poll(&pfd, 1, 0));
		ASSERT_TRUE(pfd.revents & POLLERR);
	}
	ASSERT_BENCH(async_event(b, IBV_EVENT_DEVICE_FATAL));
	ASSERT_EQ(EIO, create_cq(b));
	ASSERT_EQ(EIO, alloc_pd(b));
	/* What is left of the dead device goes with the process. */
	ASSERT_BENCH(device_returns(b));
	vector = b->fabric.end[0].ctx->num_comp_vectors - 1;
	if (vector) {	/* the first one is the kernel's own */
		ASSERT_BENCH(ask(b, "cmd-fail %u 8", CREATE_EQ));
		ASSERT_EQ(NULL, ibv_create_cq(b->fabric.end[0].ctx, 16, NULL, NULL, vector));
		ASSERT_EQ(ENOMEM, errno);
		cq = ibv_create_cq(b->fabric.end[0].ctx, 16, NULL, NULL, vector);
		ASSERT_NE(NULL, cq);
		ASSERT_EQ(0, ibv_destroy_cq(cq));
	}
	ASSERT_BENCH(pair_make(b, 7));
}

TEST_HARNESS_MAIN
