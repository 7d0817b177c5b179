// SPDX-License-Identifier: GPL-2.0
/*
 * Others than FastWake move the interrupt of a completion vector, an administrator or CPU
 * hotplug: the vector belongs to the CPU that gets it then, and pauses there.
 */
#include "cpu_online.h"
#include "env_number.h"
#include "irq.h"

#define MOVES	4
#define EVENTS	env_number("FASTWAKE_PAUSE_EVENTS", 3000)

FIXTURE(irq_moved)
{
	struct rig rig;
	struct ibv_comp_channel *ch;
	struct loop loop;
	struct setting mode;
	struct setting affinity;
	struct setting irq_events;
	int cpu[2];
	int irq;
};

FIXTURE_SETUP(irq_moved)
{
	if (access(FASTWAKE, F_OK))
		SKIP(return, NO_MODULE);
	self->cpu[0] = usable_cpu(0);
	self->cpu[1] = usable_cpu(1);
	if (self->cpu[1] < 0)
		SKIP(return, "needs two CPUs");

	/* The CQ stays on its vector, and two events within a millisecond are too many. */
	ASSERT_TRUE(setting_change(&self->affinity, "affinity", "0"));
	ASSERT_TRUE(setting_change(&self->irq_events, "irq_events", "1"));
	ASSERT_TRUE(setting_change(&self->mode, "mode", "interrupt"));
	ASSERT_RIG(&self->rig, rig_open(&self->rig));
	self->ch = ibv_create_comp_channel(self->rig.ctx);
	ASSERT_NE(NULL, self->ch);
	ASSERT_RIG(&self->rig, loop_open(&self->loop, &self->rig, self->ch, 0));
	self->irq = vector_irq();
	ASSERT_LT(0, self->irq);
	ASSERT_TRUE(pin_to_cpu(self->cpu[0]));
}

/* For the other tests it is where it was. */
FIXTURE_TEARDOWN(irq_moved)
{
	EXPECT_TRUE(set_online(self->cpu[1], true));
	EXPECT_TRUE(setting_write("mode", "interrupt"));
	EXPECT_TRUE(move_irq(self->irq, self->cpu[0]));
	EXPECT_TRUE(vector_comes_to(&self->loop, self->ch, self->cpu[0], self->cpu[1]));
	ASSERT_RIG(&self->rig, loop_close(&self->loop));
	EXPECT_TRUE(setting_restore(&self->mode));
	EXPECT_TRUE(setting_restore(&self->irq_events));
	EXPECT_TRUE(setting_restore(&self->affinity));
	ASSERT_EQ(0, ibv_destroy_comp_channel(self->ch));
	ASSERT_RIG(&self->rig, rig_close(&self->rig));
}

/*
 * Each event waits for the end of a pause, a millisecond after the one before, but for a few
 * that a thread of the kernel finds as it blocks there. A vector that is not of that CPU
 * goes on during a pause: that shows where an event takes less than a millisecond. Who reads
 * is elsewhere, and so does not poll it.
 */
static bool pauses_hold(struct loop *l, struct ibv_comp_channel *ch, long events)
{
	long long begin = now_ms();

	return some_events(l, ch, events) && now_ms() - begin >= events * 9 / 10;
}

TEST_F(irq_moved, by_the_administrator)
{
	int cpu, other, i;

	for (i = 1; i <= MOVES; i++) {
		cpu = self->cpu[i % 2];
		other = self->cpu[!(i % 2)];
		ASSERT_TRUE(pin_to_cpu(other));
		ASSERT_TRUE(move_irq(self->irq, cpu));
		ASSERT_TRUE(vector_comes_to(&self->loop, self->ch, cpu, other));
		EXPECT_TRUE(pauses_hold(&self->loop, self->ch, EVENTS / MOVES));
	}
}

TEST_F(irq_moved, by_hotplug)
{
	int *cpu = self->cpu;
	int i;

	for (i = 0; i < MOVES / 2; i++) {
		ASSERT_TRUE(move_irq(self->irq, cpu[1]));
		ASSERT_TRUE(vector_comes_to(&self->loop, self->ch, cpu[1], cpu[0]));
		ASSERT_TRUE(set_online(cpu[1], false));
		ASSERT_TRUE(vector_comes_to(&self->loop, self->ch, cpu[0], cpu[1]));
		ASSERT_TRUE(set_online(cpu[1], true));
	}
}

/* A vector that is polled stays where it is polled, wherever its interrupt would go. */
TEST_F(irq_moved, while_polled)
{
	int i;

	ASSERT_TRUE(vector_comes_to(&self->loop, self->ch, self->cpu[0], self->cpu[1]));
	ASSERT_TRUE(setting_write("mode", "poll"));
	/* It was armed still. */
	ASSERT_TRUE(some_events(&self->loop, self->ch, 10));
	for (i = 1; i <= MOVES; i++) {
		ASSERT_TRUE(move_irq(self->irq, self->cpu[i % 2]));
		ASSERT_TRUE(some_events(&self->loop, self->ch, EVENTS / MOVES));
		EXPECT_TRUE(has_vector(self->cpu[0]));
		EXPECT_FALSE(has_vector(self->cpu[1]));
	}
}

TEST_F(irq_moved, while_the_mode_changes)
{
	struct changer c = { 0 };
	int i;

	ASSERT_EQ(0, pthread_create(&c.thread, NULL, change_modes, &c));
	for (i = 1; i <= MOVES; i++) {
		ASSERT_TRUE(move_irq(self->irq, self->cpu[i % 2]));
		ASSERT_TRUE(some_events(&self->loop, self->ch, EVENTS / MOVES));
	}
	c.stop = true;
	ASSERT_EQ(0, pthread_join(c.thread, NULL));
	EXPECT_EQ(0, c.failed);
	EXPECT_LT(0, c.changes);
}

TEST_HARNESS_MAIN
