// SPDX-License-Identifier: GPL-2.0
/*
 * More events than polls have a budget for, on a CPU whose vectors do not interrupt and
 * on which a thread computes, so that only the safety timer polls: none of them is lost.
 * The device has no room for an event when its event queue is full, and a CQ whose event
 * is lost has no other one ever again.
 *
 * The queue is as small as it can be, and the events come in batches, with two polls after
 * each. So they are too many for the budget of the polls, but not for a queue that each
 * poll leaves at most a quarter full, however fast the machine is. If others poll all the
 * same, the test shows less, but does not fail.
 */
#include <libgen.h>

#include "irq.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 600

/* The driver adds 128 entries, and takes the next power of 2: 256. */
#define EQ_ENTRIES	64
/* There is room for it in a queue that is a quarter full. */
#define BATCH		128
/* By the third one the polls have delivered 64 of 384: there is no room for the rest. */
#define BATCHES		4
#define BUDGET		16	/* of the safety timer */
#define CQS		(BATCHES * BATCH)
/* About as long as a batch takes, or longer: few polls come in the middle of one. */
#define SAFETY_US	"50000"
#define ROUNDS		3
#define LOOKS		1000000	/* far more than anything takes */
#define DRIVER		"/sys/bus/pci/drivers/mlx5_core/"
#define PARAM		"pci/%s name io_eq_size"
#define SHOW		"devlink dev param show " PARAM
#define SET		"devlink dev param set " PARAM " value %d cmode driverinit"
#define RELOAD		"devlink dev reload pci/%s >/dev/null"

/* A thread that computes, and never blocks. */
struct busy {
	pthread_t thread;
	int cpu;
	atomic_bool ready;
	atomic_bool failed;
	atomic_bool stop;
};

FIXTURE(flood)
{
	char pci[32];
	int entries;	/* of an event queue, before the test */
	int cpu[2];
	struct rig rig;
	struct ibv_comp_channel *ch;
	struct loop loops[CQS];
	struct busy busy;
	struct setting mode;
	struct setting affinity;
	struct setting safety;
};

/* That of the rig is the first one. */
static bool find_pci(char *name, size_t size)
{
	glob_t found;
	bool ok;

	ok = !glob(DRIVER "0*", 0, NULL, &found);
	if (ok)
		snprintf(name, size, "%s", basename(found.gl_pathv[0]));
	globfree(&found);
	return ok;
}

/* For how many events the queues have room beside what the driver adds; -1: unknown. */
static int read_entries(const char *pci)
{
	char line[256];
	const char *value;
	int entries = -1;
	FILE *f;

	snprintf(line, sizeof(line), SHOW, pci);
	f = popen(line, "re");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		value = strstr(line, "driverinit value ");
		if (value)
			entries = atoi(value + strlen("driverinit value "));
	}
	return pclose(f) ? -1 : entries;
}

/* The device is another one afterwards. */
static bool set_entries(const char *pci, int entries)
{
	char command[256];

	snprintf(command, sizeof(command), SET " && " RELOAD, pci, entries, pci);
	return !system(command);
}

static bool open_again(struct rig *rig)
{
	int looks;

	for (looks = 0; !rig_open(rig); looks++) {
		if (looks == LOOKS)
			return false;
		sched_yield();
	}
	return true;
}

/* Until that CPU has polled so often since. */
static bool polls_pass(int cpu, const char *what, long n)
{
	long end = counter(cpu, what) + n;
	int looks;

	for (looks = 0; counter(cpu, what) < end; looks++) {
		if (looks == LOOKS)
			return false;
		sched_yield();
	}
	return true;
}

/* Others of its CPU are not to run, fastwake/N among them. */
static void *busy_main(void *arg)
{
	struct sched_param param = { .sched_priority = 1 };
	struct busy *b = arg;

	b->failed = !pin_to_cpu(b->cpu) || sched_setscheduler(0, SCHED_FIFO, &param);
	b->ready = true;
	while (!b->failed && !b->stop)
		;
	return NULL;
}

static bool busy_start(struct busy *b, int cpu)
{
	memset(b, 0, sizeof(*b));
	b->cpu = cpu;
	if (pthread_create(&b->thread, NULL, busy_main, b))
		return false;
	while (!b->ready)
		sched_yield();
	return !b->failed;
}

static bool busy_stop(struct busy *b)
{
	b->stop = true;
	return !pthread_join(b->thread, NULL);
}

FIXTURE_SETUP(flood)
{
	int i;

	if (access(FASTWAKE, F_OK))
		SKIP(return, NO_MODULE);
	self->cpu[0] = usable_cpu(0);
	self->cpu[1] = usable_cpu(1);
	if (self->cpu[1] < 0)
		SKIP(return, "needs two CPUs");
	ASSERT_TRUE(find_pci(self->pci, sizeof(self->pci)));
	self->entries = read_entries(self->pci);
	ASSERT_LT(0, self->entries);
	ASSERT_TRUE(set_entries(self->pci, EQ_ENTRIES));
	ASSERT_RIG(&self->rig, open_again(&self->rig));
	ASSERT_EQ(EQ_ENTRIES, read_entries(self->pci));

	/* The CQs stay where they are. */
	ASSERT_TRUE(setting_change(&self->affinity, "affinity", "0"));
	ASSERT_TRUE(setting_change(&self->safety, "safety_us", SAFETY_US));
	ASSERT_TRUE(setting_change(&self->mode, "mode", "poll"));
	self->ch = ibv_create_comp_channel(self->rig.ctx);
	ASSERT_NE(NULL, self->ch);
	ASSERT_TRUE(set_nonblock(self->ch, true));
	for (i = 0; i < CQS; i++)
		ASSERT_RIG(&self->rig, loop_open(&self->loops[i], &self->rig, self->ch, 0));
	ASSERT_TRUE(has_vector(self->cpu[0]));
	ASSERT_TRUE(pin_to_cpu(self->cpu[1]));
}

FIXTURE_TEARDOWN(flood)
{
	int i;

	for (i = 0; i < CQS; i++)
		ASSERT_RIG(&self->rig, loop_close(&self->loops[i]));
	ASSERT_EQ(0, ibv_destroy_comp_channel(self->ch));
	ASSERT_RIG(&self->rig, rig_close(&self->rig));
	EXPECT_TRUE(setting_restore(&self->mode));
	EXPECT_TRUE(setting_restore(&self->safety));
	EXPECT_TRUE(setting_restore(&self->affinity));
	/* For the other tests. */
	ASSERT_TRUE(set_entries(self->pci, self->entries));
	ASSERT_RIG(&self->rig, open_again(&self->rig));
	ASSERT_RIG(&self->rig, rig_close(&self->rig));
}

/* On return the completions are there, and the events as far as there was room. */
static bool send_batch(struct loop *loops)
{
	int i;

	for (i = 0; i < BATCH; i++) {
		if (!loop_post(&loops[i], 0))
			return false;
	}
	for (i = 0; i < BATCH; i++) {
		if (!loop_sent(&loops[i]))
			return false;
	}
	return true;
}

/* One of each CQ, all of which are armed. */
static bool send_all(struct loop *loops, int cpu)
{
	int i;

	for (i = 0; i < BATCHES; i++) {
		if (!send_batch(loops + i * BATCH))
			return false;
		if (!polls_pass(cpu, "safety_polls", 2)) {
			snprintf(loops->rig->why, sizeof(loops->rig->why), "no safety timer");
			return false;
		}
	}
	return true;
}

TEST_F(flood, no_event_is_lost)
{
	int cpu = self->cpu[0];
	int round, i, events = CQS;
	struct ibv_cq *cq;
	bool seen[CQS];
	struct loop *l;
	bool sent;

	for (round = 0; round < ROUNDS && events == CQS; round++) {
		for (i = 0; i < CQS; i++)
			ASSERT_EQ(0, ibv_req_notify_cq(self->loops[i].cq, 0));
		ASSERT_TRUE(busy_start(&self->busy, cpu));
		sent = send_all(self->loops, cpu);
		ASSERT_TRUE(busy_stop(&self->busy));
		ASSERT_RIG(&self->rig, sent);

		/* All that the queue holds is delivered then, whoever polls. */
		ASSERT_TRUE(polls_pass(cpu, "polls", CQS / BUDGET + 1));
		memset(seen, 0, sizeof(seen));
		for (events = 0; (cq = read_event(self->ch)); events++) {
			l = cq->cq_context;
			ASSERT_FALSE(seen[l - self->loops]);
			seen[l - self->loops] = true;
			ibv_ack_cq_events(cq, 1);
			ASSERT_RIG(&self->rig, loop_receive(l));
		}
		ASSERT_EQ(EAGAIN, errno);
		/* Not ASSERT_EQ(), which leaves the queues as they are for the tests to come. */
		EXPECT_EQ(CQS, events)
			TH_LOG("round %d: %d events are lost", round, CQS - events);
	}
}

TEST_HARNESS_MAIN
