// SPDX-License-Identifier: GPL-2.0
/* The comp_vector of ibv_create_cq(). With the module it chooses the CPU. */
#include "polled.h"

TEST_F(channel, every_vector_delivers)
{
	int n = self->rig.ctx->num_comp_vectors;
	struct loop l;
	int i;
	int v;

	ASSERT_LT(0, n);
	for (v = 0; v < n; v++) {
		ASSERT_RIG(&self->rig, loop_open(&l, &self->rig, self->ch, v));
		for (i = 0; i < 10; i++) {
			ASSERT_RIG(&self->rig, loop_event(&l));
			ASSERT_EQ(l.cq, read_event(self->ch));
			ibv_ack_cq_events(l.cq, 1);
			ASSERT_RIG(&self->rig, loop_receive(&l));
		}
		ASSERT_RIG(&self->rig, loop_close(&l));
	}
}

/* As many as CPUs could be, so at least as many as there are. */
TEST_F(channel, one_for_each_cpu)
{
	ASSERT_LE(sysconf(_SC_NPROCESSORS_ONLN), self->rig.ctx->num_comp_vectors);
}

TEST_F(channel, out_of_range)
{
	int n = self->rig.ctx->num_comp_vectors;

	ASSERT_EQ(NULL, ibv_create_cq(self->rig.ctx, 16, NULL, self->ch, n));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(NULL, ibv_create_cq(self->rig.ctx, 16, NULL, self->ch, -1));
	ASSERT_EQ(EINVAL, errno);
}

/* --- with the module: the CPU of the vector delivers --- */

/* How many events the polls on @cpu have delivered. */
static long events_on(int cpu)
{
	char name[32];
	char buf[32];

	snprintf(name, sizeof(name), "cpu%d/events", cpu);
	return setting_read(name, buf, sizeof(buf)) ? atol(buf) : -1;
}

static long events_everywhere(void)
{
	long events = 0;
	int cpu;
	int i;

	for (i = 0; (cpu = usable_cpu(i)) >= 0; i++)
		events += events_on(cpu);
	return events;
}

/* A poll counts when it has delivered: wait until it has. */
static bool wait_for_count(long before)
{
	int i;

	for (i = 0; i < MAX_POLLS; i++) {
		if (events_everywhere() > before)
			return true;
		sched_yield();
	}
	return false;
}

FIXTURE(polled)
{
	struct rig rig;
	struct ibv_comp_channel *ch;
	struct setting mode;
};

FIXTURE_SETUP(polled)
{
	if (access(FASTWAKE, F_OK))
		SKIP(return, NO_MODULE);
	ASSERT_RIG(&self->rig, rig_open(&self->rig));
	self->ch = ibv_create_comp_channel(self->rig.ctx);
	ASSERT_NE(NULL, self->ch);
	ASSERT_TRUE(setting_change(&self->mode, "mode", "poll"));
}

FIXTURE_TEARDOWN(polled)
{
	EXPECT_TRUE(setting_restore(&self->mode));
	ASSERT_EQ(0, ibv_destroy_comp_channel(self->ch));
	ASSERT_RIG(&self->rig, rig_close(&self->rig));
}

/* Vector i is the one of CPU i. */
TEST_F(polled, its_cpu_delivers)
{
	long before, sum;
	struct loop l;
	int cpu;
	int i;

	for (i = 0; (cpu = usable_cpu(i)) >= 0; i++) {
		before = events_on(cpu);
		sum = events_everywhere();
		ASSERT_RIG(&self->rig, loop_open(&l, &self->rig, self->ch, cpu));
		ASSERT_RIG(&self->rig, loop_event(&l));
		ASSERT_EQ(l.cq, read_event(self->ch));
		ibv_ack_cq_events(l.cq, 1);
		ASSERT_RIG(&self->rig, loop_receive(&l));
		ASSERT_RIG(&self->rig, loop_close(&l));
		ASSERT_TRUE(wait_for_count(sum));
		EXPECT_EQ(sum + 1, events_everywhere());
		EXPECT_EQ(before + 1, events_on(cpu));
	}
}

TEST_HARNESS_MAIN
