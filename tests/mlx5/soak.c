// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic on many QPs while the device gets into trouble, as its model is told to:
 * round by round with another fault. Each operation completes, with the data that it
 * has to move, or it fails with a status that this fault can cause; whatever failed
 * works again after a reset; no event and no operation is lost.
 *
 * FASTWAKE_SOAK_SECONDS: how long; FASTWAKE_SEED: which faults, sizes and operations.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "fabric_test.h"
#include "control.h"

#define WORKERS		6
#define OPERATIONS	40	/* of a worker in a round */
#define BUFFER		65536
#define RECHECK_MS	200

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 86400

#define STATUS(s)	(1U << IBV_WC_##s)

struct fault {
	const char *name;
	const char *inject[3];	/* a %u is a random number from 1 to limit */
	unsigned int limit;
	const char *heal;	/* more than "clear" */
	unsigned int statuses;	/* that completions may have, beside success */
	bool must_fail;		/* and some of them do have */
	bool events_lost;	/* so that one has to look without */
	bool fatal;		/* nothing is completed any more */
	bool reset;		/* of the device, by its driver, is the only way out */
};

static const struct fault faults[] = {
	{ .name = "none" },
	{ .name = "late interrupts", .inject = { "irq-delay all %u" }, .limit = 3000 },
	{ .name = "late completions", .inject = { "cqe-delay %u" }, .limit = 3000 },
	{ .name = "slow commands", .inject = { "cmd-busy all 5 1000" } },
	{ .name = "requests for pages", .inject = { "pages %u" }, .limit = 64,
	  .heal = "pages -16" },
	/*
	 * An event queue that was not served is not armed again, so its interrupt has gone
	 * for good. Vector 0 is that of commands: what the driver does about those takes
	 * a minute.
	 */
	{ .name = "lost interrupts", .inject = { "irq-drop 1 %u", "irq-drop 2 %u" }, .limit = 20,
	  .events_lost = true, .reset = true },
	{ .name = "lost packets", .inject = { "wire-drop %u" }, .limit = 30,
	  .statuses = STATUS(RETRY_EXC_ERR) },
	{ .name = "cut wire", .inject = { "wire-drop 1000000000" },
	  .statuses = STATUS(RETRY_EXC_ERR), .must_fail = true },
	{ .name = "link down", .inject = { "link down" }, .heal = "link up",
	  .statuses = STATUS(RETRY_EXC_ERR), .must_fail = true },
	{ .name = "local QP errors", .inject = { "cqe-error all 0x02 %u" }, .limit = 40,
	  .statuses = STATUS(LOC_QP_OP_ERR), .must_fail = true },
	{ .name = "local protection errors", .inject = { "cqe-error all 0x04 %u" }, .limit = 40,
	  .statuses = STATUS(LOC_PROT_ERR), .must_fail = true },
	{ .name = "remote access errors", .inject = { "cqe-error all 0x13 %u" }, .limit = 40,
	  .statuses = STATUS(REM_ACCESS_ERR), .must_fail = true },
	{ .name = "remote operation errors", .inject = { "cqe-error all 0x14 %u" }, .limit = 40,
	  .statuses = STATUS(REM_OP_ERR), .must_fail = true },
	{ .name = "exceeded retries", .inject = { "cqe-error all 0x15 %u", "cmd-busy all 2 1000" },
	  .limit = 40, .statuses = STATUS(RETRY_EXC_ERR), .must_fail = true },
	{ .name = "fatal error", .inject = { "fatal" }, .events_lost = true, .fatal = true,
	  .reset = true },
};

struct worker {
	pthread_t thread;
	struct fabric fabric;
	struct pair pair;
	const struct fault *fault;
	unsigned int seed;
	unsigned long long id;
	unsigned long operations;
	unsigned long failures;
	bool ok;
};

static unsigned int random_below(unsigned int *seed, unsigned int limit)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 8) % limit;
}

/* One operation has ended with this status; false if that is not right. */
static bool ended(struct worker *w, const struct ibv_wc *wc, unsigned long long id,
		  const char *what)
{
	struct fabric *f = &w->fabric;

	if (wc->wr_id != id) {
		snprintf(f->why, sizeof(f->why), "%s %llu: completion of %llu", what, id,
			 (unsigned long long)wc->wr_id);
		return false;
	}
	if (wc->status == IBV_WC_SUCCESS)
		return true;
	if (w->fault->statuses & 1U << wc->status) {
		w->failures++;
		return true;
	}
	snprintf(f->why, sizeof(f->why), "%s %llu with the fault '%s': %s", what, id,
		 w->fault->name, ibv_wc_status_str(wc->status));
	return false;
}

/* A message from one side to the other. */
static bool do_send(struct worker *w, int side, size_t size, bool *failed)
{
	struct pair *p = &w->pair;
	struct ibv_sge from = sge_of(&p->side[side], 0, size);
	struct ibv_sge to = sge_of(&p->side[!side], BUFFER / 2, BUFFER / 2);
	struct ibv_send_wr wr = {
		.wr_id = w->id,
		.sg_list = &from,
		.num_sge = 1,
		.opcode = IBV_WR_SEND,
	};
	struct ibv_wc wc;

	if (!post_receive(p, !side, w->id, &to, 1) || !post_send(p, side, &wr) ||
	    !wait_sent(p, side, &wc) || !ended(w, &wc, w->id, "send"))
		return false;
	*failed = wc.status != IBV_WC_SUCCESS;
	if (*failed)
		return true;
	if (!wait_received(p, !side, &wc) || !ended(w, &wc, w->id, "receive"))
		return false;
	*failed = wc.status != IBV_WC_SUCCESS;
	return *failed || verify(p, p->side[!side].buf + BUFFER / 2, size, w->id, "a message");
}

/* A write, a read or an atomic operation. */
static bool do_rdma(struct worker *w, int side, enum ibv_wr_opcode opcode, size_t size,
		    bool *failed)
{
	struct pair *p = &w->pair;
	unsigned char *mine = p->side[side].buf;
	unsigned char *theirs = p->side[!side].buf + BUFFER / 2;
	unsigned long long before;
	struct ibv_sge sge;
	struct ibv_send_wr wr = {
		.wr_id = w->id,
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = opcode,
	};
	struct ibv_wc wc;

	if (opcode == IBV_WR_ATOMIC_FETCH_AND_ADD) {
		size = sizeof(before);
		wr.wr.atomic.remote_addr = (uintptr_t)theirs;
		wr.wr.atomic.rkey = p->side[!side].mr->rkey;
		wr.wr.atomic.compare_add = w->id;
	} else {
		wr.wr.rdma.remote_addr = (uintptr_t)theirs;
		wr.wr.rdma.rkey = p->side[!side].mr->rkey;
	}
	if (opcode == IBV_WR_RDMA_READ)
		fill(theirs, size, w->id);
	sge = sge_of(&p->side[side], 0, size);
	memcpy(&before, theirs, sizeof(before));

	if (!post_send(p, side, &wr) || !wait_sent(p, side, &wc) ||
	    !ended(w, &wc, w->id, "operation"))
		return false;
	*failed = wc.status != IBV_WC_SUCCESS;
	if (*failed)
		return true;
	switch (opcode) {
	case IBV_WR_RDMA_WRITE:
		return verify(p, theirs, size, w->id, "what was written");
	case IBV_WR_RDMA_READ:
		return verify(p, mine, size, w->id, "what was read");
	default:
		break;
	}
	if (memcmp(mine, &before, sizeof(before))) {
		snprintf(w->fabric.why, sizeof(w->fabric.why),
			 "an atomic fetched what was not there");
		return false;
	}
	before += w->id;
	if (memcmp(theirs, &before, sizeof(before))) {
		snprintf(w->fabric.why, sizeof(w->fabric.why), "an atomic added something else");
		return false;
	}
	return true;
}

static bool do_one(struct worker *w)
{
	static const enum ibv_wr_opcode opcodes[] = {
		IBV_WR_SEND, IBV_WR_RDMA_WRITE, IBV_WR_RDMA_READ, IBV_WR_ATOMIC_FETCH_AND_ADD,
	};
	enum ibv_wr_opcode opcode = opcodes[random_below(&w->seed, 4)];
	size_t size = 8 + random_below(&w->seed, BUFFER / 2 - 8);
	int side = random_below(&w->seed, 2);
	bool failed = false;
	bool ok;

	w->id++;
	w->operations++;
	fill(w->pair.side[side].buf, size, w->id);
	ok = opcode == IBV_WR_SEND ? do_send(w, side, size, &failed) :
				     do_rdma(w, side, opcode, size, &failed);
	if (!ok)
		return false;
	return !failed || pair_reset(&w->pair);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	int i;

	w->ok = true;
	w->operations = 0;
	w->failures = 0;
	for (i = 0; (i < OPERATIONS || w->fault->fatal) && w->ok; i++)
		w->ok = do_one(w);
	/* The end of the device is the end of what was under way on it. */
	if (!w->ok && w->fault->fatal && fabric_dead(&w->fabric)) {
		w->ok = true;
		w->failures++;
	}
	w->ok = w->ok && guards_intact(&w->pair);
	return NULL;
}

FIXTURE(soak)
{
	struct control control;
	struct worker worker[WORKERS];
	unsigned int seed;
	bool loopback;
	unsigned long rounds;
	unsigned long operations;
	unsigned long failures;
};

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

static bool worker_open(struct worker *w, int number)
{
	struct pair_attr attr = {
		.size = BUFFER,
		.events = number & 1,
		.timeout = 12,		/* 17 ms */
		.retry_cnt = 3,
	};

	if (!fabric_open(&w->fabric))
		return false;
	attr.comp_vector = number % w->fabric.end[0].ctx->num_comp_vectors;
	return pair_open(&w->pair, &w->fabric, &attr);
}

static bool worker_close(struct worker *w)
{
	return pair_close(&w->pair) && fabric_close(&w->fabric);
}

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/*
 * It comes back as another device, when the driver has reset it. Until then there may
 * be another one, to which nothing of this happens.
 */
static bool wait_for_device(struct fabric *f, bool loopback)
{
	time_t end = now() + 120;
	bool back;

	while (now() < end) {
		sched_yield();
		if (!fabric_open(f))
			continue;
		back = f->loopback == loopback && !fabric_dead(f);
		if (!fabric_close(f) || back)
			return back;
	}
	return false;
}

/* The driver finds out, and takes the device from those who use it. */
static bool wait_for_death(struct fabric *f)
{
	time_t end = now() + 120;

	while (!fabric_dead(f)) {
		if (now() > end)
			return false;
		sched_yield();
	}
	return true;
}

FIXTURE_SETUP(soak)
{
	int i;

	/* What is left of a dead device can be destroyed like anything else. */
	ASSERT_EQ(0, setenv("RDMAV_ALLOW_DISASSOC_DESTROY", "1", 1));
	ASSERT_TRUE(never_give_up());
	ASSERT_TRUE(control_open(&self->control));
	self->seed = setting("FASTWAKE_SEED", 1);
	for (i = 0; i < WORKERS; i++) {
		self->worker[i].seed = self->seed + i;
		ASSERT_FABRIC(&self->worker[i].fabric, worker_open(&self->worker[i], i));
	}
	self->loopback = self->worker[0].fabric.loopback;
}

FIXTURE_TEARDOWN(soak)
{
	int i;

	for (i = 0; i < WORKERS; i++)
		ASSERT_FABRIC(&self->worker[i].fabric, worker_close(&self->worker[i]));
	control_close(&self->control);
	printf("# sum: %lu rounds, %lu operations, %lu of them failed as they had to\n",
	       self->rounds, self->operations, self->failures);
}

/* The answer to the first thing that was not done, or "ok". */
static const char *inject(struct control *c, const struct fault *fault, unsigned int *seed)
{
	char line[128];
	int i;

	for (i = 0; i < 3 && fault->inject[i]; i++) {
		snprintf(line, sizeof(line), fault->inject[i],
			 fault->limit ? 1 + random_below(seed, fault->limit) : 0);
		if (!control(c, line))
			return c->answer;
	}
	return "ok";
}

static const char *heal(struct control *c, const struct fault *fault)
{
	if (!control(c, "clear") || (fault->heal && !control(c, fault->heal)))
		return c->answer;
	return "ok";
}

TEST_F(soak, each_operation_completes_or_fails_as_it_has_to)
{
	time_t end = now() + setting("FASTWAKE_SOAK_SECONDS", 20);
	unsigned int times[ARRAY_SIZE(faults)] = { 0 };
	struct worker *w;
	unsigned int i;

	do {
		unsigned int which = random_below(&self->seed, ARRAY_SIZE(faults));
		const struct fault *fault = &faults[which];
		unsigned long failures = 0;

		for (i = 0, w = self->worker; i < WORKERS; i++, w++) {
			w->fault = fault;
			w->pair.attr.recheck_ms = fault->events_lost ? RECHECK_MS : 0;
		}
		ASSERT_STREQ("ok", inject(&self->control, fault, &self->seed));
		for (i = 0, w = self->worker; i < WORKERS; i++, w++)
			ASSERT_EQ(0, pthread_create(&w->thread, NULL, work, w));
		for (i = 0, w = self->worker; i < WORKERS; i++, w++) {
			ASSERT_EQ(0, pthread_join(w->thread, NULL));
			ASSERT_FABRIC(&w->fabric, w->ok);
			failures += w->failures;
			self->operations += w->operations;
		}
		ASSERT_STREQ("ok", heal(&self->control, fault));
		if (fault->must_fail)
			ASSERT_LT(0, failures);
		if (fault->fatal)
			ASSERT_EQ(WORKERS, failures);
		if (fault->reset) {
			ASSERT_TRUE(fault->fatal || control(&self->control, "fatal"));
			for (i = 0, w = self->worker; i < WORKERS; i++, w++)
				ASSERT_TRUE(wait_for_death(&w->fabric));
			for (i = 0, w = self->worker; i < WORKERS; i++, w++)
				ASSERT_FABRIC(&w->fabric, worker_close(w));
			ASSERT_TRUE(wait_for_device(&self->worker[0].fabric,
						    self->loopback));
			for (i = 0, w = self->worker; i < WORKERS; i++, w++)
				ASSERT_FABRIC(&w->fabric, worker_open(w, i));
		}
		self->failures += failures;
		self->rounds++;
		times[which]++;
	} while (now() < end);
	for (i = 0; i < ARRAY_SIZE(faults); i++)
		printf("# %u rounds with %s\n", times[i], faults[i].name);
}

TEST_HARNESS_MAIN
