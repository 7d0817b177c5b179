// SPDX-License-Identifier: GPL-2.0
/*
 * The first move of a CQ on a device is read back, as it is not known whether the device
 * can do that. If it turns out that it cannot, it is not told to again.
 *
 * Where a move fails otherwise, or cannot be read back, the CQ goes on where it was, and a
 * later move may succeed. Not here: a command that is not answered, as the driver waits for
 * that longer than a minute.
 *
 * checkpatch: SPACING: FIXTURE_DATA() is a type
 */
#include <glob.h>
#include <libgen.h>

#include "control.h"
#include "polled.h"

/* Of the kernel's mlx5_ifc.h */
#define CREATE_EQ	0x301
#define QUERY_CQ	0x402
#define MODIFY_CQ	0x403

/* Of its linux/mlx5/device.h */
#define INTERNAL_ERROR	0x01
#define BAD_PARAMETER	0x03
#define LIMIT_EXCEEDED	0x08

#define LOOKS		1000000	/* far more than it takes for a device to come back */
#define MOST		100000	/* events until a CQ has moved */
#define EVENTS		100
#define FAILURES	3
#define DRIVER		"/sys/bus/pci/drivers/mlx5_core/"
#define COMPLAINT	"CQs stay on their completion vectors"

FIXTURE(unproven)
{
	struct control control;
	struct rig rig;
	struct ibv_comp_channel *ch;
	struct loop loop;
	struct setting mode;
	struct setting affinity;
	struct setting irqs;
	struct setting move_after;
	struct setting interval;
	bool unable;	/* the driver may take the device for one that cannot move CQs */
	int cpu[2];
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
	self->cpu[0] = usable_cpu(0);
	self->cpu[1] = usable_cpu(1);
	if (self->cpu[1] < 0)
		SKIP(return, "needs two CPUs");
	ASSERT_TRUE(control_open(&self->control));
	ASSERT_TRUE(setting_change(&self->affinity, "affinity", "1"));
	/* Where CQs cannot be moved, interrupts are not moved instead. */
	ASSERT_TRUE(setting_change(&self->irqs, "irq_affinity", "0"));
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
	EXPECT_TRUE(setting_restore(&self->irqs));
	EXPECT_TRUE(setting_restore(&self->affinity));
	ASSERT_RIG(&self->rig, loop_close(&self->loop));
	ASSERT_EQ(0, ibv_destroy_comp_channel(self->ch));
	ASSERT_RIG(&self->rig, rig_close(&self->rig));
	if (self->unable) {
		ASSERT_RIG(&self->rig, forget(&self->rig));
		ASSERT_RIG(&self->rig, rig_close(&self->rig));
	}
}

/* Events, each of which is read, until the counter of the CPU is that, or more. */
static bool events_until(struct loop *l, struct ibv_comp_channel *ch, int cpu,
			 const char *name, long value)
{
	int i;

	for (i = 0; i < MOST && counter(cpu, name) < value; i++) {
		if (!one_event(l, ch))
			return false;
	}
	return counter(cpu, name) >= value;
}

/* A move to that CPU fails some times, each time by one command, and succeeds then. */
static void fails_first(struct __test_metadata *_metadata, FIXTURE_DATA(unproven) *self, int cpu,
			unsigned int opcode, unsigned int status)
{
	long failed = counter(cpu, "failed_moves");
	long moves = counter(cpu, "moves");
	char command[64];

	snprintf(command, sizeof(command), "cmd-fail %u %u %u", opcode, status, FAILURES);
	ASSERT_TRUE(control(&self->control, command));
	ASSERT_TRUE(pin_to_cpu(cpu));
	ASSERT_TRUE(events_until(&self->loop, self->ch, cpu, "failed_moves", failed + FAILURES));
	/* That may have been done meanwhile. */
	ASSERT_TRUE(events_until(&self->loop, self->ch, cpu, "moves", moves + 1));
	ASSERT_TRUE(some_events(&self->loop, self->ch, EVENTS));
	EXPECT_EQ(failed + FAILURES, counter(cpu, "failed_moves"));
	EXPECT_EQ(moves + 1, counter(cpu, "moves"));
}

/* The driver tells it to go back after that. */
TEST_F(unproven, not_read_back)
{
	fails_first(_metadata, self, self->cpu[1], QUERY_CQ, INTERNAL_ERROR);
}

TEST_F(unproven, refused)
{
	fails_first(_metadata, self, self->cpu[1], MODIFY_CQ, INTERNAL_ERROR);
}

/* A vector has an event queue when its first CQ comes, and there was only the one. */
TEST_F(unproven, without_event_queue)
{
	fails_first(_metadata, self, self->cpu[1], CREATE_EQ, LIMIT_EXCEEDED);
}

/* Once it has moved one, no error says that it could not. */
TEST_F(unproven, refused_when_proven)
{
	int *cpu = self->cpu;

	fails_first(_metadata, self, cpu[1], MODIFY_CQ, INTERNAL_ERROR);
	fails_first(_metadata, self, cpu[0], MODIFY_CQ, BAD_PARAMETER);
	fails_first(_metadata, self, cpu[1], MODIFY_CQ, BAD_PARAMETER);
}

/* How many events the device has raised on the first completion vector, -1 if unknown. */
static long raised(struct control *c)
{
	static const char eq[] = "\"vector\":1,";	/* that before it is not for completions */
	static const char events[] = "\"events\":";
	const char *at;

	at = control(c, "stats") ? strstr(c->answer, eq) : NULL;
	at = at ? strstr(at, events) : NULL;
	return at ? atol(at + strlen(events)) : -1;
}

/* The kernel's log from its end on, -1 with errno if there is none. */
static int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && lseek(fd, 0, SEEK_END)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* How many messages say that CQs are not moved any more; -1 with errno if it has no end. */
static int complaints(int fd)
{
	char record[8192];
	int found = 0;
	ssize_t n;

	for (;;) {
		n = read(fd, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)	/* some were overwritten, which is not the end */
			continue;
		if (n < 0)
			return errno == EAGAIN ? found : -1;
		record[n] = '\0';
		found += !!strstr(record, COMPLAINT);
	}
}

/*
 * By its answer to the first move, which is the only one, the device cannot do that. A second
 * one would succeed.
 */
static void turns_out_unable(struct __test_metadata *_metadata, FIXTURE_DATA(unproven) *self,
			     const char *fault)
{
	int cpu = self->cpu[1];
	long failed = counter(cpu, "failed_moves");
	long moves = counter(cpu, "moves");
	char command[64];
	int log = log_open();
	long events;

	ASSERT_LE(0, log);
	self->unable = true;
	snprintf(command, sizeof(command), "cmd-fail %u %s", MODIFY_CQ, fault);
	ASSERT_TRUE(control(&self->control, command));
	ASSERT_TRUE(pin_to_cpu(cpu));
	ASSERT_TRUE(events_until(&self->loop, self->ch, cpu, "failed_moves", failed + 1));

	/* Another one that was asked for meanwhile has failed, too, when this is off. */
	ASSERT_TRUE(setting_write("affinity", "0"));
	failed = counter(cpu, "failed_moves");
	ASSERT_TRUE(setting_write("affinity", "1"));
	events = raised(&self->control);
	ASSERT_LT(0, events);
	ASSERT_TRUE(some_events(&self->loop, self->ch, EVENTS));
	EXPECT_LE(events + EVENTS, raised(&self->control));
	ASSERT_TRUE(setting_write("affinity", "0"));
	EXPECT_EQ(failed, counter(cpu, "failed_moves"));
	EXPECT_EQ(moves, counter(cpu, "moves"));
	EXPECT_EQ(1, complaints(log));
	close(log);
}

TEST_F(unproven, ignored)
{
	turns_out_unable(_metadata, self, "ignore");
}

TEST_F(unproven, not_known_to_the_device)
{
	char status[16];

	snprintf(status, sizeof(status), "%u", BAD_PARAMETER);
	turns_out_unable(_metadata, self, status);
}

TEST_HARNESS_MAIN
