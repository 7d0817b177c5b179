// SPDX-License-Identifier: GPL-2.0
/*
 * CQs follow the thread that reads their events to the completion vector of its CPU,
 * when they should and not otherwise, and no event is lost or doubled on the way.
 *
 *	FASTWAKE_MOVE_EVENTS	how many events those take that move all the time (3000)
 */
#include <time.h>

#include "env_number.h"
#include "polled.h"

#define MOVE_AFTER 4
#define INTERVAL_MS 334
#define MAX_EVENTS 100000	/* until a CQ has moved */
#define MOVE_EVENTS env_number("FASTWAKE_MOVE_EVENTS", 3000)

struct move_counts {
	long moves;
	long failed;
	long misplaced;
	long delayed;
};

FIXTURE(moves)
{
	struct rig rig;
	struct ibv_comp_channel *ch;
	struct loop loop;
	struct setting mode;
	struct setting affinity;
	struct setting move_after;
	struct setting interval;
	int cpu[2];
};

FIXTURE_VARIANT(moves)
{
	const char *mode;
};

FIXTURE_VARIANT_ADD(moves, interrupt)
{
	.mode = "interrupt",
};

FIXTURE_VARIANT_ADD(moves, poll)
{
	.mode = "poll",
};

/* What there was on all CPUs. */
static struct move_counts counts(void)
{
	struct move_counts c = { 0 };
	int cpu;

	for (cpu = 0; counter(cpu, "moves") >= 0; cpu++) {
		c.moves += counter(cpu, "moves");
		c.failed += counter(cpu, "failed_moves");
		c.misplaced += counter(cpu, "misplaced");
		c.delayed += counter(cpu, "delayed_moves");
	}
	return c;
}

/* On @cpu, until the CQ is served there; each event read elsewhere may be the last. */
static bool events_until_moved(struct loop *l, struct ibv_comp_channel *ch, int cpu)
{
	long before = counter(cpu, "moves");
	int i;

	for (i = 0; i < MAX_EVENTS && counter(cpu, "moves") == before; i++) {
		if (!one_event(l, ch))
			return false;
	}
	return counter(cpu, "moves") == before + 1;
}

FIXTURE_SETUP(moves)
{
	if (access(FASTWAKE, F_OK))
		SKIP(return, NO_MODULE);
	self->cpu[0] = usable_cpu(0);
	self->cpu[1] = usable_cpu(1);
	if (self->cpu[1] < 0)
		SKIP(return, "needs two CPUs");

	ASSERT_TRUE(setting_change(&self->affinity, "affinity", "1"));
	ASSERT_TRUE(setting_change(&self->move_after, "move_after", "4"));
	ASSERT_TRUE(setting_change(&self->interval, "move_interval_ms", "0"));
	ASSERT_TRUE(setting_change(&self->mode, "mode", variant->mode));
	ASSERT_RIG(&self->rig, rig_open(&self->rig));
	self->ch = ibv_create_comp_channel(self->rig.ctx);
	ASSERT_NE(NULL, self->ch);
	ASSERT_TRUE(pin_to_cpu(self->cpu[0]));
	/* Wherever vector 0 is, the CQ is on the first CPU afterwards, and idle. */
	ASSERT_RIG(&self->rig, loop_open(&self->loop, &self->rig, self->ch, 1));
	ASSERT_TRUE(events_until_moved(&self->loop, self->ch, self->cpu[0]));
}

FIXTURE_TEARDOWN(moves)
{
	EXPECT_TRUE(set_nonblock(self->ch, true));
	EXPECT_EQ(NULL, read_event(self->ch));
	EXPECT_EQ(EAGAIN, errno);
	if (self->loop.rig)
		ASSERT_RIG(&self->rig, loop_close(&self->loop));
	EXPECT_TRUE(setting_restore(&self->mode));
	EXPECT_TRUE(setting_restore(&self->interval));
	EXPECT_TRUE(setting_restore(&self->move_after));
	EXPECT_TRUE(setting_restore(&self->affinity));
	ASSERT_EQ(0, ibv_destroy_comp_channel(self->ch));
	ASSERT_RIG(&self->rig, rig_close(&self->rig));
}

TEST_F(moves, follows_its_reader)
{
	struct move_counts before, after;
	int i;

	for (i = 1; i <= 4; i++) {
		ASSERT_TRUE(pin_to_cpu(self->cpu[i % 2]));
		ASSERT_TRUE(events_until_moved(&self->loop, self->ch, self->cpu[i % 2]));

		before = counts();
		ASSERT_TRUE(some_events(&self->loop, self->ch, 50));
		after = counts();
		EXPECT_EQ(before.misplaced, after.misplaced);
		EXPECT_EQ(before.moves, after.moves);
		EXPECT_EQ(before.failed, after.failed);
	}
}

/* Each event that is read where it is delivered begins the count anew. */
TEST_F(moves, stays_when_its_reader_visits)
{
	struct move_counts before = counts();
	struct move_counts after;
	int i;

	for (i = 0; i < 50; i++) {
		ASSERT_TRUE(pin_to_cpu(self->cpu[1]));
		ASSERT_TRUE(some_events(&self->loop, self->ch, MOVE_AFTER - 1));
		ASSERT_TRUE(pin_to_cpu(self->cpu[0]));
		ASSERT_TRUE(one_event(&self->loop, self->ch));
	}
	after = counts();
	EXPECT_EQ(before.misplaced + 50 * (MOVE_AFTER - 1), after.misplaced);
	EXPECT_EQ(before.moves, after.moves);
}

TEST_F(moves, stays_while_affinity_is_off)
{
	struct move_counts before;
	struct move_counts after;

	ASSERT_TRUE(setting_write("affinity", "0"));
	before = counts();
	ASSERT_TRUE(pin_to_cpu(self->cpu[1]));
	ASSERT_TRUE(some_events(&self->loop, self->ch, 100));
	after = counts();
	EXPECT_EQ(before.misplaced, after.misplaced);
	EXPECT_EQ(before.moves, after.moves);
}

/* A bound on a count per time, whatever the time is. */
TEST_F(moves, not_too_often)
{
	struct move_counts before, after;
	struct timespec begin, end;
	long ms;
	int i;

	ASSERT_TRUE(setting_write("move_interval_ms", "334"));
	/* Moves that were queued before are over after that. */
	ASSERT_TRUE(some_events(&self->loop, self->ch, 10));
	before = counts();
	ASSERT_EQ(0, clock_gettime(CLOCK_MONOTONIC, &begin));
	for (i = 0; i < 100; i++) {
		ASSERT_TRUE(pin_to_cpu(self->cpu[i % 2]));
		ASSERT_TRUE(some_events(&self->loop, self->ch, 2 * MOVE_AFTER));
	}
	ASSERT_EQ(0, clock_gettime(CLOCK_MONOTONIC, &end));
	after = counts();

	ms = (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000;
	EXPECT_LE(after.moves - before.moves, 1 + (ms + 1) / INTERVAL_MS);
	EXPECT_LT(before.delayed, after.delayed);
}

/* Moves at every event that is misplaced. */
static void move_always(struct __test_metadata *_metadata, struct loop *l,
			struct ibv_comp_channel *ch, const int *cpu, int events)
{
	int i;

	ASSERT_TRUE(setting_write("move_after", "1"));
	for (i = 0; i < events; i++) {
		if (i % 3 == 0)
			ASSERT_TRUE(pin_to_cpu(cpu[i % 2]));
		ASSERT_TRUE(one_event(l, ch));
	}
}

TEST_F(moves, each_event_once)
{
	struct move_counts before = counts();
	struct move_counts after;

	move_always(_metadata, &self->loop, self->ch, self->cpu,
		    MOVE_EVENTS);
	after = counts();
	EXPECT_LT(before.moves, after.moves);
	EXPECT_EQ(before.failed, after.failed);
}

/* A CQ goes while it moves, or is about to. */
TEST_F(moves, destroyed)
{
	int rounds = MOVE_EVENTS / 20;
	int i;

	for (i = 0; i < rounds; i++) {
		ASSERT_RIG(&self->rig, loop_close(&self->loop));
		ASSERT_RIG(&self->rig, loop_open(&self->loop, &self->rig, self->ch, i % 2));
		move_always(_metadata, &self->loop, self->ch, self->cpu, 1 + i % 20);
	}
}

TEST_F(moves, while_the_mode_changes)
{
	struct changer c = { 0 };

	ASSERT_EQ(0, pthread_create(&c.thread, NULL, change_modes, &c));
	move_always(_metadata, &self->loop, self->ch, self->cpu,
		    MOVE_EVENTS);
	c.stop = true;
	ASSERT_EQ(0, pthread_join(c.thread, NULL));
	EXPECT_EQ(0, c.failed);
	EXPECT_LT(0, c.changes);
}

TEST_HARNESS_MAIN
