// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts that deliver too many events pause: what comes meanwhile is neither lost
 * nor forgotten.
 *
 *	FASTWAKE_PAUSE_EVENTS	how many events (3000)
 */
#include "env_number.h"
#include "polled.h"

#define AT_ONCE 32
#define PAUSE_EVENTS env_number("FASTWAKE_PAUSE_EVENTS", 3000)

FIXTURE(pauses)
{
	struct rig rig;
	struct ibv_comp_channel *ch;
	struct loop loop;
	struct setting mode;
	struct setting affinity;
	struct setting irq_events;
};

FIXTURE_SETUP(pauses)
{
	if (access(FASTWAKE, F_OK))
		SKIP(return, NO_MODULE);
	ASSERT_TRUE(setting_change(&self->affinity, "affinity", "0"));
	/* Two events within a millisecond are too many. */
	ASSERT_TRUE(setting_change(&self->irq_events, "irq_events", "1"));
	ASSERT_TRUE(setting_change(&self->mode, "mode", "interrupt"));
	ASSERT_RIG(&self->rig, rig_open(&self->rig));
	self->ch = ibv_create_comp_channel(self->rig.ctx);
	ASSERT_NE(NULL, self->ch);
	ASSERT_RIG(&self->rig, loop_open(&self->loop, &self->rig, self->ch, 0));
}

FIXTURE_TEARDOWN(pauses)
{
	EXPECT_TRUE(set_nonblock(self->ch, true));
	EXPECT_EQ(NULL, read_event(self->ch));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_RIG(&self->rig, loop_close(&self->loop));
	EXPECT_TRUE(setting_restore(&self->mode));
	EXPECT_TRUE(setting_restore(&self->irq_events));
	EXPECT_TRUE(setting_restore(&self->affinity));
	ASSERT_EQ(0, ibv_destroy_comp_channel(self->ch));
	ASSERT_RIG(&self->rig, rig_close(&self->rig));
}

static long pauses(void)
{
	long n = 0;
	int cpu;

	for (cpu = 0; counter(cpu, "pauses") >= 0; cpu++)
		n += counter(cpu, "pauses");
	return n;
}

/*
 * On a machine so slow that no two events are within a millisecond there is no pause;
 * then they take a millisecond each.
 */
TEST_F(pauses, each_event_once)
{
	long events = PAUSE_EVENTS;
	long before = pauses();
	long long begin = now_ms();

	ASSERT_TRUE(some_events(&self->loop, self->ch, events));
	EXPECT_TRUE(pauses() > before || now_ms() - begin >= events - 1);
}

TEST_F(pauses, no_limit)
{
	long before;

	ASSERT_TRUE(setting_write("irq_events", "0"));
	before = pauses();
	ASSERT_TRUE(some_events(&self->loop, self->ch, PAUSE_EVENTS));
	EXPECT_EQ(before, pauses());
}

/* All of them are armed, and have a message each. */
static bool events_at_once(struct loop *l, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (ibv_req_notify_cq(l[i].cq, 0))
			return false;
	}
	for (i = 0; i < n; i++) {
		if (!loop_post(&l[i], 0))
			return false;
	}
	for (i = 0; i < n; i++) {
		if (!loop_sent(&l[i]) || !loop_receive(&l[i]))
			return false;
	}
	return true;
}

/* What is delivered to a channel that was closed takes its time as well. */
TEST_F(pauses, nobody_reads)
{
	struct ibv_comp_channel *ch = ibv_create_comp_channel(self->rig.ctx);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	long rounds = PAUSE_EVENTS / AT_ONCE;
	struct loop l[AT_ONCE] = { 0 };
	long before = pauses();
	long long begin;
	long i;

	ASSERT_NE(NULL, ch);
	for (i = 0; i < AT_ONCE; i++)
		ASSERT_RIG(&self->rig, loop_open(&l[i], &self->rig, ch, 0));
	/* The library has the number still. */
	ASSERT_EQ(ch->fd, dup2(null, ch->fd));
	begin = now_ms();
	for (i = 0; i < rounds; i++)
		ASSERT_RIG(&self->rig, events_at_once(l, AT_ONCE));
	EXPECT_TRUE(pauses() > before || now_ms() - begin >= rounds * AT_ONCE - 1);
	for (i = 0; i < AT_ONCE; i++)
		ASSERT_RIG(&self->rig, loop_close(&l[i]));
	ASSERT_EQ(0, ibv_destroy_comp_channel(ch));
	close(null);
}

TEST_F(pauses, while_the_mode_changes)
{
	struct changer c = { 0 };

	ASSERT_EQ(0, pthread_create(&c.thread, NULL, change_modes, &c));
	ASSERT_TRUE(some_events(&self->loop, self->ch, PAUSE_EVENTS));
	c.stop = true;
	ASSERT_EQ(0, pthread_join(c.thread, NULL));
	EXPECT_EQ(0, c.failed);
	EXPECT_LT(0, c.changes);
}

TEST_F(pauses, bad_numbers)
{
	EXPECT_FALSE(setting_write("irq_events", "-1"));
	EXPECT_FALSE(setting_write("irq_events", "many"));
	EXPECT_FALSE(setting_write("irq_events", "100001"));
}

TEST_HARNESS_MAIN
