// SPDX-License-Identifier: GPL-2.0
/*
 * On a device that cannot move CQs a new CQ is on the vector of the CPU that creates it,
 * and later the interrupt of its vector follows its reader, if it may. In the mode poll,
 * in which a CPU counts the events of its vectors.
 */
#include "cpu_online.h"
#include "irq.h"

#define EVENTS 100
#define MOST 1000000	/* events until a vector has moved: that may take a second */

FIXTURE(steer)
{
	struct rig rig;
	struct ibv_comp_channel *ch;
	struct loop loop;
	struct setting mode;
	struct setting affinity;
	struct setting irqs;
	struct setting move_after;
	struct setting interval;
	int cpu[2];
};

FIXTURE_SETUP(steer)
{
	if (access(FASTWAKE, F_OK))
		SKIP(return, NO_MODULE);
	self->cpu[0] = usable_cpu(0);
	self->cpu[1] = usable_cpu(1);
	if (self->cpu[1] < 0)
		SKIP(return, "needs two CPUs");

	ASSERT_TRUE(setting_change(&self->mode, "mode", "poll"));
	ASSERT_TRUE(setting_change(&self->affinity, "affinity", "1"));
	ASSERT_TRUE(setting_change(&self->irqs, "irq_affinity", "0"));
	ASSERT_TRUE(setting_change(&self->move_after, "move_after", "1"));
	ASSERT_TRUE(setting_change(&self->interval, "move_interval_ms", "0"));
	ASSERT_RIG(&self->rig, rig_open(&self->rig));
	self->ch = ibv_create_comp_channel(self->rig.ctx);
	ASSERT_NE(NULL, self->ch);
}

FIXTURE_TEARDOWN(steer)
{
	EXPECT_TRUE(set_online(self->cpu[1], true));
	EXPECT_TRUE(set_nonblock(self->ch, true));
	EXPECT_EQ(NULL, read_event(self->ch));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_TRUE(setting_restore(&self->interval));
	EXPECT_TRUE(setting_restore(&self->move_after));
	EXPECT_TRUE(setting_restore(&self->irqs));
	EXPECT_TRUE(setting_restore(&self->affinity));
	EXPECT_TRUE(setting_restore(&self->mode));
	ASSERT_EQ(0, ibv_destroy_comp_channel(self->ch));
	ASSERT_RIG(&self->rig, rig_close(&self->rig));
}

/*
 * Do the events of the CQ come to this CPU? The kernel has a few of its own on one of them,
 * and an event is counted a little after it was delivered.
 */
static bool come_to(struct loop *l, struct ibv_comp_channel *ch, int cpu, int other)
{
	long here = counter(cpu, "events");
	long there = counter(other, "events");

	if (!some_events(l, ch, EVENTS))
		return false;
	here = counter(cpu, "events") - here;
	there = counter(other, "events") - there;
	return here > EVENTS / 2 && there < EVENTS / 2;
}

/* How many lines a command writes, all of which end in @end; -1 if one does not. */
static int lines_ending(const char *command, const char *end)
{
	char line[4096];
	int n = 0;
	FILE *f;

	f = popen(command, "re");
	if (!f)
		return -1;
	while (n >= 0 && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strlen(line) < strlen(end) || strcmp(line + strlen(line) - strlen(end), end))
			n = -1;
		else
			n++;
	}
	return pclose(f) ? -1 : n;
}

/* Also after events that would have had the CQ moved. */
TEST_F(steer, moves_is_no)
{
	char movable[64], file[32];
	int cpu, i;

	ASSERT_TRUE(pin_to_cpu(self->cpu[0]));
	ASSERT_RIG(&self->rig, loop_open(&self->loop, &self->rig, self->ch, 0));
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(has_vector(self->cpu[0]));
		for (cpu = 0; counter(cpu, "moves") >= 0; cpu++) {
			snprintf(file, sizeof(file), "cpu%d/movable", cpu);
			ASSERT_TRUE(setting_read(file, movable, sizeof(movable)));
			EXPECT_STREQ("\n", movable);
		}
		EXPECT_LT(0, lines_ending("fastwake vector show dev mlx5_0", " moves no"));
		EXPECT_EQ(1, lines_ending("fastwake -j vector show dev mlx5_0",
					  ",\"moves\":false}]"));
		ASSERT_TRUE(pin_to_cpu(self->cpu[1]));
		ASSERT_TRUE(some_events(&self->loop, self->ch, EVENTS));
	}
	ASSERT_RIG(&self->rig, loop_close(&self->loop));
}

TEST_F(steer, to_the_creator)
{
	int i;

	for (i = 0; i < 6; i++) {
		ASSERT_TRUE(pin_to_cpu(self->cpu[i % 2]));
		ASSERT_RIG(&self->rig, loop_open(&self->loop, &self->rig, self->ch, 0));
		/* Wherever it is read. */
		ASSERT_TRUE(pin_to_cpu(self->cpu[i / 2 % 2]));
		EXPECT_TRUE(come_to(&self->loop, self->ch, self->cpu[i % 2], self->cpu[!(i % 2)]));
		ASSERT_RIG(&self->rig, loop_close(&self->loop));
	}
}

TEST_F(steer, not_if_asked_for_a_vector)
{
	int i;

	for (i = 0; i < 4; i++) {
		ASSERT_TRUE(pin_to_cpu(self->cpu[i % 2]));
		ASSERT_RIG(&self->rig, loop_open(&self->loop, &self->rig, self->ch, 1));
		EXPECT_TRUE(come_to(&self->loop, self->ch, self->cpu[1], self->cpu[0]));
		ASSERT_RIG(&self->rig, loop_close(&self->loop));
	}
}

TEST_F(steer, not_without_affinity)
{
	int i;

	ASSERT_TRUE(setting_write("affinity", "0"));
	for (i = 0; i < 4; i++) {
		ASSERT_TRUE(pin_to_cpu(self->cpu[i % 2]));
		ASSERT_RIG(&self->rig, loop_open(&self->loop, &self->rig, self->ch, 0));
		EXPECT_TRUE(come_to(&self->loop, self->ch, self->cpu[0], self->cpu[1]));
		ASSERT_RIG(&self->rig, loop_close(&self->loop));
	}
}

/* Events until the vector interrupts @cpu, where they are read. */
static bool follows(struct loop *l, struct ibv_comp_channel *ch, int cpu)
{
	long before = counter(cpu, "moves");
	int i;

	if (!pin_to_cpu(cpu))
		return false;
	for (i = 0; i < MOST && counter(cpu, "moves") == before; i++) {
		if (!one_event(l, ch))
			return false;
	}
	return counter(cpu, "moves") == before + 1;
}

/* It is where it was at the end, for the other tests. */
TEST_F(steer, interrupt_follows)
{
	int i;

	ASSERT_TRUE(pin_to_cpu(self->cpu[0]));
	ASSERT_RIG(&self->rig, loop_open(&self->loop, &self->rig, self->ch, 0));
	EXPECT_TRUE(come_to(&self->loop, self->ch, self->cpu[0], self->cpu[1]));
	ASSERT_TRUE(setting_write("irq_affinity", "1"));
	for (i = 1; i <= 4; i++) {
		ASSERT_TRUE(follows(&self->loop, self->ch, self->cpu[i % 2]));
		EXPECT_TRUE(come_to(&self->loop, self->ch, self->cpu[i % 2], self->cpu[!(i % 2)]));
	}
	ASSERT_RIG(&self->rig, loop_close(&self->loop));
}

/* By interrupts: all of them are delivered where they are read. */
TEST_F(steer, interrupt_follows_by_interrupts)
{
	long misplaced;
	int i;

	ASSERT_TRUE(setting_write("mode", "interrupt"));
	ASSERT_TRUE(setting_write("irq_affinity", "1"));
	ASSERT_TRUE(pin_to_cpu(self->cpu[0]));
	ASSERT_RIG(&self->rig, loop_open(&self->loop, &self->rig, self->ch, 0));
	for (i = 1; i <= 4; i++) {
		ASSERT_TRUE(follows(&self->loop, self->ch, self->cpu[i % 2]));
		/* The interrupt itself goes to the new CPU with the next one that comes. */
		ASSERT_TRUE(some_events(&self->loop, self->ch, 10));
		misplaced = counter(self->cpu[0], "misplaced") + counter(self->cpu[1], "misplaced");
		ASSERT_TRUE(some_events(&self->loop, self->ch, EVENTS));
		EXPECT_EQ(misplaced, counter(self->cpu[0], "misplaced") +
				     counter(self->cpu[1], "misplaced"));
	}
	ASSERT_RIG(&self->rig, loop_close(&self->loop));
}

/* Also where an administrator had moved it to another CPU before. */
TEST_F(steer, interrupt_follows_after_others_moved_it)
{
	int irq, i;

	ASSERT_TRUE(setting_write("mode", "interrupt"));
	ASSERT_TRUE(pin_to_cpu(self->cpu[0]));
	ASSERT_RIG(&self->rig, loop_open(&self->loop, &self->rig, self->ch, 0));
	irq = vector_irq();
	ASSERT_LT(0, irq);
	for (i = 1; i <= 4; i++) {
		ASSERT_TRUE(setting_write("irq_affinity", "0"));
		ASSERT_TRUE(pin_to_cpu(self->cpu[0]));
		ASSERT_TRUE(move_irq(irq, self->cpu[1]));
		ASSERT_TRUE(some_events(&self->loop, self->ch, 10));
		ASSERT_TRUE(setting_write("irq_affinity", "1"));
		ASSERT_TRUE(follows(&self->loop, self->ch, self->cpu[0]));
	}
	ASSERT_RIG(&self->rig, loop_close(&self->loop));
}

/* The interrupt was to move with the next one, but none came before that CPU went offline. */
TEST_F(steer, the_cpu_of_the_reader_goes_offline)
{
	int *cpu = self->cpu;

	ASSERT_TRUE(setting_write("irq_affinity", "1"));
	ASSERT_TRUE(pin_to_cpu(cpu[0]));
	ASSERT_RIG(&self->rig, loop_open(&self->loop, &self->rig, self->ch, 0));
	ASSERT_TRUE(follows(&self->loop, self->ch, cpu[1]));
	ASSERT_TRUE(has_vector(cpu[1]));
	ASSERT_TRUE(pin_to_cpu(cpu[0]));
	ASSERT_TRUE(set_online(cpu[1], false));
	EXPECT_TRUE(vector_comes_to(&self->loop, self->ch, cpu[0], cpu[1]));
	ASSERT_RIG(&self->rig, loop_close(&self->loop));
}

TEST_F(steer, while_the_mode_changes)
{
	struct changer c = { 0 };
	int i;

	ASSERT_TRUE(setting_write("irq_affinity", "1"));
	ASSERT_TRUE(pin_to_cpu(self->cpu[0]));
	ASSERT_RIG(&self->rig, loop_open(&self->loop, &self->rig, self->ch, 0));
	ASSERT_EQ(0, pthread_create(&c.thread, NULL, change_modes, &c));
	for (i = 1; i <= 4; i++)
		ASSERT_TRUE(follows(&self->loop, self->ch, self->cpu[i % 2]));
	c.stop = true;
	ASSERT_EQ(0, pthread_join(c.thread, NULL));
	EXPECT_EQ(0, c.failed);
	EXPECT_LT(0, c.changes);
	ASSERT_RIG(&self->rig, loop_close(&self->loop));
}

TEST_HARNESS_MAIN
