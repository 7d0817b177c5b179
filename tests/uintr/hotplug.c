// SPDX-License-Identifier: GPL-2.0
/*
 * The CPU that is told of what is sent goes offline: another one is told instead, and
 * whoever sleeps is woken.
 */
#include "cpu_online.h"
#include "event_test.h"
#include "traveller.h"

static int pipe_fds[2];

static void wait_for_it(struct receiver *r)
{
	r->ret = uintr_wait(&max_wait, 0);
	r->error = errno;
}

static void park(struct receiver *r)
{
	r->ret = hibernate(0);
	r->error = errno;
}

static void read_vector(struct receiver *r)
{
	r->ret = read_number(r->fd[0]) - 1;
	r->error = errno;
}

static void read_pipe(struct receiver *r)
{
	char c;

	r->ret = read(pipe_fds[0], &c, 1) - 1;
	r->error = errno;
}

FIXTURE(hotplug)
{
	struct receiver r;
	int here, there;
};

FIXTURE_VARIANT(hotplug)
{
	void (*body)(struct receiver *r);
	long sleeps_in;
	bool no_handler;
	bool by_pipe;
};

FIXTURE_VARIANT_ADD(hotplug, uintr_wait)
{
	.body = wait_for_it,
	.sleeps_in = __NR_uintr_wait,
};

FIXTURE_VARIANT_ADD(hotplug, hibernate)
{
	.body = park,
	.sleeps_in = __NR_hibernate,
};

FIXTURE_VARIANT_ADD(hotplug, hibernate_no_handler)
{
	.body = park,
	.sleeps_in = __NR_hibernate,
	.no_handler = true,
};

FIXTURE_VARIANT_ADD(hotplug, read)
{
	.body = read_vector,
	.sleeps_in = SYS_read,
};

FIXTURE_VARIANT_ADD(hotplug, read_no_handler)
{
	.body = read_vector,
	.sleeps_in = SYS_read,
	.no_handler = true,
};

/* Nobody is told there: it is delivered when the thread goes on. */
FIXTURE_VARIANT_ADD(hotplug, other_sleep)
{
	.body = read_pipe,
	.sleeps_in = SYS_read,
	.by_pipe = true,
};

FIXTURE_SETUP(hotplug)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (geteuid())
		SKIP(return, NO_ROOT);
	self->here = usable_cpu(0);
	self->there = usable_cpu(1);
	if (self->there < 0)
		SKIP(return, "needs two CPUs");
	ASSERT_EQ(0, pipe(pipe_fds));
	self->r.cpu = self->there;
	self->r.no_handler = variant->no_handler;
	self->r.body = variant->body;
	ASSERT_TRUE(receiver_start(&self->r));
	ASSERT_TRUE(pin_to_cpu(self->here));
	ASSERT_TRUE(wait_for_sleep_in(self->r.tid, variant->sleeps_in));
}

/* In the parent: whatever becomes of the test, the next one has two CPUs. */
FIXTURE_TEARDOWN_PARENT(hotplug)
{
	EXPECT_TRUE(set_online(self->there, true));
}

static bool is_woken(struct receiver *r, bool by_pipe)
{
	_senduipi(r->index[0]);
	return (!by_pipe || write(pipe_fds[1], "x", 1) == 1) && receiver_join(r) && !r->ret;
}

TEST_F(hotplug, woken_while_offline)
{
	ASSERT_TRUE(set_online(self->there, false));
	ASSERT_EQ(variant->sleeps_in, thread_sleeps_in(self->r.tid));
	ASSERT_TRUE(is_woken(&self->r, variant->by_pipe));
	EXPECT_EQ(variant->body == read_vector || variant->no_handler ? 0 : 1,
		  uintr_handled[0]);
}

TEST_F(hotplug, woken_when_back)
{
	ASSERT_TRUE(set_online(self->there, false));
	ASSERT_TRUE(set_online(self->there, true));
	ASSERT_EQ(variant->sleeps_in, thread_sleeps_in(self->r.tid));
	ASSERT_TRUE(is_woken(&self->r, variant->by_pipe));
	EXPECT_EQ(variant->body == read_vector || variant->no_handler ? 0 : 1,
		  uintr_handled[0]);
}

/* One that runs on the CPU goes elsewhere, and is interrupted there. */
TEST_F(hotplug, running)
{
	struct receiver r = { .cpu = self->there, .first = 8 };
	int i;

	if (variant->body != wait_for_it)
		return;		/* once is enough */
	ASSERT_TRUE(receiver_start(&r));
	ASSERT_TRUE(set_cpus(r.tid, self->there, self->here));
	for (i = 0; i < 4; i++) {
		ASSERT_TRUE(set_online(self->there, i % 2));
		ASSERT_TRUE(uintr_send_acked(r.index[0], &uintr_handled[8]));
	}
	ASSERT_TRUE(receiver_stop(&r));
	ASSERT_TRUE(is_woken(&self->r, false));
}

FIXTURE(eventfd)
{
	int here, there;
	struct event_reader r;
};

FIXTURE_SETUP(eventfd)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (event_missing())
		SKIP(return, NO_EVENT);
	if (geteuid())
		SKIP(return, NO_ROOT);
	self->here = usable_cpu(0);
	self->there = usable_cpu(1);
	if (self->there < 0)
		SKIP(return, "needs two CPUs");
	self->r.cpu = self->there;
	self->r.other_cpu = -1;
	self->r.rounds = 100;
	ASSERT_TRUE(event_reader_start(&self->r));
	ASSERT_TRUE(pin_to_cpu(self->here));
	ASSERT_TRUE(wait_for_sleep_in(self->r.tid, SYS_read));
	/* It may go on elsewhere. */
	ASSERT_TRUE(set_cpus(self->r.tid, self->there, self->here));
}

FIXTURE_TEARDOWN_PARENT(eventfd)
{
	EXPECT_TRUE(set_online(self->there, true));
}

TEST_F(eventfd, signalled_while_offline)
{
	ASSERT_TRUE(set_online(self->there, false));
	EXPECT_TRUE(event_reader_feed(&self->r));
}

TEST_F(eventfd, signalled_when_back)
{
	ASSERT_TRUE(set_online(self->there, false));
	ASSERT_TRUE(set_online(self->there, true));
	EXPECT_TRUE(event_reader_feed(&self->r));
}

/* Those that are sent while the CPU goes, and comes back, are not lost either. */
static void *toggle(void *arg)
{
	int *cpu = arg;
	int i;

	for (i = 0; i < 6; i++) {
		if (!set_online(*cpu, i % 2))
			return NULL;
	}
	return arg;
}

TEST_F(eventfd, while_it_goes)
{
	pthread_t thread;
	void *ret;

	ASSERT_EQ(0, pthread_create(&thread, NULL, toggle, &self->there));
	EXPECT_TRUE(event_reader_feed(&self->r));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(&self->there, ret);
}

TEST_HARNESS_MAIN
