// SPDX-License-Identifier: GPL-2.0
/* A receiver goes from CPU to CPU while others send to it: none is lost. */
#include "uintr_test.h"

#define SENDS 5000

static void set_cpu(pid_t tid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(tid, sizeof(set), &set);
}

/* To the next CPU that there is. */
static int next_cpu(int turn)
{
	int cpu = usable_cpu(turn % 4);

	return cpu < 0 ? usable_cpu(turn % 2) : cpu;
}

struct sender {
	pthread_t thread;
	struct receiver *r;
	int nr;
	atomic_bool done, failed;
};

static void *send_all(void *arg)
{
	struct sender *s = arg;
	int i;

	for (i = 0; i < SENDS && !s->failed; i++) {
		if (!uintr_send_acked(s->r->index[s->nr], &uintr_handled[s->nr]))
			s->failed = true;
	}
	s->done = true;
	return NULL;
}

FIXTURE(migrate)
{
	struct receiver r;
	struct sender s[2];
};

FIXTURE_SETUP(migrate)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	self->r.nr = 2;
}

static bool start(struct receiver *r, struct sender s[2])
{
	int i;

	if (!receiver_start(r))
		return false;
	for (i = 0; i < 2; i++) {
		s[i].r = r;
		s[i].nr = i;
		if (pthread_create(&s[i].thread, NULL, send_all, &s[i]))
			return false;
	}
	return true;
}

FIXTURE_TEARDOWN(migrate)
{
	int i;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, pthread_join(self->s[i].thread, NULL));
		EXPECT_FALSE(self->s[i].failed);
		EXPECT_EQ(SENDS, uintr_handled[i]);
	}
	EXPECT_TRUE(receiver_stop(&self->r));
}

/* In user space it is fetched from its CPU. */
TEST_F(migrate, running)
{
	int turn;

	self->r.cpu = -1;
	ASSERT_TRUE(start(&self->r, self->s));
	for (turn = 0; !self->s[0].done || !self->s[1].done; turn++)
		set_cpu(self->r.tid, next_cpu(turn));
	EXPECT_LE(2, turn);
}

/* It goes by itself. */
static void move(struct receiver *r)
{
	while (!r->stop) {
		if (!pin_to_cpu(next_cpu(r->loops)))
			r->error = errno;
		r->loops++;
	}
}

TEST_F(migrate, by_itself)
{
	self->r.cpu = -1;
	self->r.body = move;
	ASSERT_TRUE(start(&self->r, self->s));
	ASSERT_TRUE(spin_until(self->s[0].done || self->s[0].failed));
	EXPECT_LE(10, self->r.loops);
	EXPECT_EQ(0, self->r.error);
}

/* It sleeps between, and wakes up elsewhere. */
static void wait_for_all(struct receiver *r)
{
	while (!r->stop) {
		_clui();
		if (!r->stop && uintr_wait(NULL, 0))
			r->error = errno;
		_stui();
		r->loops++;
	}
}

TEST_F(migrate, asleep)
{
	int turn;

	self->r.cpu = -1;
	self->r.body = wait_for_all;
	ASSERT_TRUE(start(&self->r, self->s));
	for (turn = 0; !self->s[0].done || !self->s[1].done; turn++)
		set_cpu(self->r.tid, next_cpu(turn));
	EXPECT_LE(2, turn);
	self->r.stop = true;
	_senduipi(self->r.index[1]);
	ASSERT_TRUE(spin_until(uintr_handled[1] == SENDS + 1));
	atomic_fetch_sub(&uintr_handled[1], 1);
	EXPECT_EQ(0, self->r.error);
}

TEST_HARNESS_MAIN
