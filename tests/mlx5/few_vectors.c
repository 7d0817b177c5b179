// SPDX-License-Identifier: GPL-2.0
/*
 * A CPU without a completion vector of its own is where a CQ does not follow its reader to:
 * that is counted, the CQ stays, and its events come. For a device that has one vector.
 */
#include "polled.h"

#define MOST	100000	/* events until a move has been tried */
#define EVENTS	200

FIXTURE(few_vectors)
{
	struct rig rig;
	struct ibv_comp_channel *ch;
	struct loop loop;
	struct setting irqs;
	struct setting move_after;
	struct setting interval;
};

FIXTURE_SETUP(few_vectors)
{
	if (access(FASTWAKE, F_OK))
		SKIP(return, NO_MODULE);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	/* Nor does the interrupt of the vector. */
	ASSERT_TRUE(setting_change(&self->irqs, "irq_affinity", "0"));
	ASSERT_TRUE(setting_change(&self->move_after, "move_after", "1"));
	ASSERT_TRUE(setting_change(&self->interval, "move_interval_ms", "0"));
	ASSERT_RIG(&self->rig, rig_open(&self->rig));
	ASSERT_EQ(1, self->rig.ctx->num_comp_vectors);
	self->ch = ibv_create_comp_channel(self->rig.ctx);
	ASSERT_NE(NULL, self->ch);
	ASSERT_RIG(&self->rig, loop_open(&self->loop, &self->rig, self->ch, 0));
}

FIXTURE_TEARDOWN(few_vectors)
{
	ASSERT_RIG(&self->rig, loop_close(&self->loop));
	ASSERT_EQ(0, ibv_destroy_comp_channel(self->ch));
	ASSERT_RIG(&self->rig, rig_close(&self->rig));
	EXPECT_TRUE(setting_restore(&self->interval));
	EXPECT_TRUE(setting_restore(&self->move_after));
	EXPECT_TRUE(setting_restore(&self->irqs));
}

static long on_both(const int *cpu, const char *name)
{
	return counter(cpu[0], name) + counter(cpu[1], name);
}

TEST_F(few_vectors, follows_nobody)
{
	const int cpus[2] = { usable_cpu(0), usable_cpu(1) };
	long failed = on_both(cpus, "failed_moves");
	long moves = on_both(cpus, "moves");
	int i, n;

	/* One of the two has the vector. */
	for (i = 0; i < 2 && on_both(cpus, "failed_moves") == failed; i++) {
		ASSERT_TRUE(pin_to_cpu(cpus[i]));
		for (n = 0; n < (i ? MOST : EVENTS) && on_both(cpus, "failed_moves") == failed; n++)
			ASSERT_RIG(&self->rig, one_event(&self->loop, self->ch));
	}
	EXPECT_LT(failed, on_both(cpus, "failed_moves"));
	for (n = 0; n < EVENTS; n++)
		ASSERT_RIG(&self->rig, one_event(&self->loop, self->ch));
	EXPECT_EQ(moves, on_both(cpus, "moves"));
}

TEST_HARNESS_MAIN
