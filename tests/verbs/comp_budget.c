// SPDX-License-Identifier: GPL-2.0
/*
 * More events at a time than one poll delivers: the rest waits for the next one.
 *
 * That they come together takes a CPU on which nobody polls meanwhile: the test keeps
 * it from all others by its priority, and has the safety timer look once a second
 * only. If somebody polls all the same, the test shows less, but does not fail.
 */
#include "polled.h"

#define BUDGET 64
#define CQS (BUDGET + 16)
/* Of one CQ: more than some polls deliver. */
#define MANY (3 * BUDGET + 10)

FIXTURE(budget)
{
	struct rig rig;
	struct ibv_comp_channel *ch;
	struct loop loops[CQS];
	struct setting mode;
	struct setting safety;
};

FIXTURE_SETUP(budget)
{
	struct sched_param param = { .sched_priority = 1 };
	int i;

	if (access(FASTWAKE, F_OK))
		SKIP(return, NO_MODULE);
	ASSERT_RIG(&self->rig, rig_open(&self->rig));
	self->ch = ibv_create_comp_channel(self->rig.ctx);
	ASSERT_NE(NULL, self->ch);
	for (i = 0; i < CQS; i++)
		ASSERT_RIG(&self->rig, loop_open(&self->loops[i], &self->rig, self->ch, 0));
	ASSERT_TRUE(setting_change(&self->mode, "mode", "poll"));
	ASSERT_TRUE(setting_change(&self->safety, "safety_us", "1000000"));
	/* The CPU of the first vector. */
	ASSERT_TRUE(pin_to_cpu(0));
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_FIFO, &param));
}

FIXTURE_TEARDOWN(budget)
{
	int i;

	EXPECT_TRUE(setting_restore(&self->safety));
	EXPECT_TRUE(setting_restore(&self->mode));
	for (i = 0; i < CQS; i++)
		ASSERT_RIG(&self->rig, loop_close(&self->loops[i]));
	ASSERT_EQ(0, ibv_destroy_comp_channel(self->ch));
	ASSERT_RIG(&self->rig, rig_close(&self->rig));
}

TEST_F(budget, nothing_is_forgotten)
{
	bool seen[CQS] = { };
	int i;

	for (i = 0; i < CQS; i++)
		ASSERT_RIG(&self->rig, loop_event(&self->loops[i]));
	for (i = 0; i < CQS; i++) {
		struct ibv_cq *cq = read_event(self->ch);
		struct loop *l;

		ASSERT_NE(NULL, cq);
		l = cq->cq_context;
		ASSERT_FALSE(seen[l - self->loops]);
		seen[l - self->loops] = true;
		ibv_ack_cq_events(cq, 1);
		ASSERT_RIG(&self->rig, loop_receive(l));
	}
}

/* Many events of one CQ. Returns how many of them are delivered already, or -1. */
static int many_events(struct loop *l, struct ibv_comp_channel *ch)
{
	struct ibv_cq *cq;
	int early = 0;
	int i;

	for (i = 0; i < MANY; i++) {
		if (!loop_event(l) || !loop_receive(l))
			return -1;
	}
	if (!set_nonblock(ch, true))
		return -1;
	while ((cq = read_event(ch))) {
		ibv_ack_cq_events(cq, 1);
		early++;
	}
	return set_nonblock(ch, false) ? early : -1;
}

/*
 * The poll that has to leave some of them goes on with the other CQ. On a slow machine the
 * safety timer looks meanwhile: what it finds before the other event is there comes first.
 */
TEST_F(budget, each_has_its_turn)
{
	struct loop *one = &self->loops[1];
	int turn = -1;
	int early, i;

	early = many_events(&self->loops[0], self->ch);
	ASSERT_LE(0, early);
	ASSERT_RIG(&self->rig, loop_event(one) && loop_receive(one));
	for (i = 0; i <= MANY - early; i++) {
		struct ibv_cq *cq = read_event(self->ch);

		ASSERT_NE(NULL, cq);
		if (cq == one->cq) {
			ASSERT_EQ(-1, turn);
			turn = i;
		}
		ibv_ack_cq_events(cq, 1);
	}
	EXPECT_LE(0, turn);
	EXPECT_GE(2 * BUDGET, turn);
}

/* With its CQ go the events that were not delivered, and those only. */
TEST_F(budget, destroyed)
{
	struct loop *one = &self->loops[1];

	ASSERT_LE(0, many_events(&self->loops[0], self->ch));
	ASSERT_RIG(&self->rig, loop_event(one) && loop_receive(one));
	ASSERT_RIG(&self->rig, loop_close(&self->loops[0]));
	ASSERT_EQ(one->cq, read_event(self->ch));
	ibv_ack_cq_events(one->cq, 1);
	ASSERT_TRUE(set_nonblock(self->ch, true));
	EXPECT_EQ(NULL, read_event(self->ch));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_RIG(&self->rig, loop_open(&self->loops[0], &self->rig, self->ch, 0));
}

TEST_HARNESS_MAIN
