// SPDX-License-Identifier: GPL-2.0
/*
 * The first move of a CQ on a device is read back, as it is not known whether the device
 * can do that. If it cannot be read back, the CQ goes on where it was, and a later move
 * may succeed.
 */
#include <glob.h>
#include <libgen.h>

#include "control.h"
#include "polled.h"

#define QUERY_CQ	0x402	/* of the kernel's mlx5_ifc.h */
#define LOOKS		1000000	/* far more than it takes for a device to come back */
#define MOST		100000	/* events until a CQ has moved */
#define DRIVER		"/sys/bus/pci/drivers/mlx5_core/"

FIXTURE(unproven)
{
	struct control control;
	struct rig rig;
	struct ibv_comp_channel *ch;
	struct loop loop;
	struct setting mode;
	struct setting affinity;
	struct setting move_after;
	struct setting interval;
	int cpu;
};

/* The driver knows nothing of the device any more. */
static bool forget(struct rig *rig)
{
	bool done = false;
	const char *name;
	glob_t found;
	int looks;

	if (!glob(DRIVER "0*", 0, NULL, &found)) {
		name = basename(found.gl_pathv[0]);
		done = write_file(DRIVER "unbind", name) && write_file(DRIVER "bind", name);
	}
	globfree(&found);
	for (looks = 0; done && !rig_open(rig); looks++) {
		if (looks == LOOKS)
			return false;
		sched_yield();
	}
	return done;
}

FIXTURE_SETUP(unproven)
{
	if (access(FASTWAKE, F_OK))
		SKIP(return, NO_MODULE);
	self->cpu = usable_cpu(1);
	if (self->cpu < 0)
		SKIP(return, "needs two CPUs");
	ASSERT_TRUE(control_open(&self->control));
	ASSERT_TRUE(setting_change(&self->affinity, "affinity", "1"));
	ASSERT_TRUE(setting_change(&self->move_after, "move_after", "1"));
	ASSERT_TRUE(setting_change(&self->interval, "move_interval_ms", "0"));
	ASSERT_TRUE(setting_change(&self->mode, "mode", "interrupt"));
	ASSERT_RIG(&self->rig, forget(&self->rig));
	self->ch = ibv_create_comp_channel(self->rig.ctx);
	ASSERT_NE(NULL, self->ch);
	ASSERT_RIG(&self->rig, loop_open(&self->loop, &self->rig, self->ch, 0));
}

FIXTURE_TEARDOWN(unproven)
{
	EXPECT_TRUE(control(&self->control, "clear"));
	control_close(&self->control);
	EXPECT_TRUE(set_nonblock(self->ch, true));
	EXPECT_EQ(NULL, read_event(self->ch));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_TRUE(setting_restore(&self->mode));
	EXPECT_TRUE(setting_restore(&self->interval));
	EXPECT_TRUE(setting_restore(&self->move_after));
	EXPECT_TRUE(setting_restore(&self->affinity));
	ASSERT_RIG(&self->rig, loop_close(&self->loop));
	ASSERT_EQ(0, ibv_destroy_comp_channel(self->ch));
	ASSERT_RIG(&self->rig, rig_close(&self->rig));
}

/* Events, each of which is read, until the counter of the CPU is no more what it was. */
static bool events_until(struct loop *l, struct ibv_comp_channel *ch, int cpu,
			 const char *name, long before)
{
	int i;

	for (i = 0; i < MOST && counter(cpu, name) == before; i++) {
		if (!one_event(l, ch))
			return false;
	}
	return counter(cpu, name) == before + 1;
}

TEST_F(unproven, stays_where_it_was)
{
	long failed = counter(self->cpu, "failed_moves");
	long moves = counter(self->cpu, "moves");
	char command[64];

	snprintf(command, sizeof(command), "cmd-fail %u 1", QUERY_CQ);
	ASSERT_TRUE(control(&self->control, command));
	ASSERT_TRUE(pin_to_cpu(self->cpu));
	ASSERT_TRUE(events_until(&self->loop, self->ch, self->cpu, "failed_moves", failed));
	/* That may have been done meanwhile. */
	ASSERT_TRUE(events_until(&self->loop, self->ch, self->cpu, "moves", moves));
	ASSERT_TRUE(some_events(&self->loop, self->ch, 100));
	EXPECT_EQ(failed + 1, counter(self->cpu, "failed_moves"));
	EXPECT_EQ(moves + 1, counter(self->cpu, "moves"));
}

TEST_HARNESS_MAIN
