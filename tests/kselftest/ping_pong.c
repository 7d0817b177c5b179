// SPDX-License-Identifier: GPL-2.0
/*
 * Two processes hand a number over and back with hibernate() and
 * wake_up_process(), on one CPU and across two. They alternate strictly, so each
 * return from hibernate() is for exactly one wake-up: a lost one hangs, one too
 * many shows as a number that is not the next.
 */
#include "fastwake_test.h"

/* Fewer for kernels with debugging, where each one takes long. */
static int rounds(void)
{
	const char *str = getenv("FASTWAKE_PING_PONG_ROUNDS");

	return str ? atoi(str) : 10000;
}

struct table {
	long number;	/* not atomic: the wake-ups alone order it */
	atomic_int ready;
	char wrong[128];
};

/* One hand-over: wait for the turn, take @expected, give the next number. */
static bool take_turn(struct table *t, pid_t peer, long expected, bool begin)
{
	long ret;

	if (!begin) {
		ret = hibernate(0);
		if (ret || t->number != expected) {
			snprintf(t->wrong, sizeof(t->wrong),
				 "hibernate() = %ld, number %ld, expected %ld",
				 ret, t->number, expected);
			return false;
		}
	}
	t->number = expected + 1;
	ret = wake_up_process(peer, 0);
	if (ret != WAKE_UP_WOKEN && ret != WAKE_UP_PERMIT) {
		snprintf(t->wrong, sizeof(t->wrong),
			 "wake_up_process() = %ld after number %ld", ret, expected);
		return false;
	}
	return true;
}

FIXTURE(hand_over)
{
	struct table *table;
};

FIXTURE_VARIANT(hand_over)
{
	int cpu_index;
};

FIXTURE_VARIANT_ADD(hand_over, one_cpu)
{
	.cpu_index = 0,
};

FIXTURE_VARIANT_ADD(hand_over, two_cpus)
{
	.cpu_index = 1,
};

FIXTURE_SETUP(hand_over)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (usable_cpu(variant->cpu_index) < 0)
		SKIP(return, "needs two CPUs");
	self->table = shared_alloc(sizeof(*self->table));
	ASSERT_NE(NULL, self->table);
}

FIXTURE_TEARDOWN(hand_over) { }

TEST_F(hand_over, nothing_is_lost)
{
	int here = usable_cpu(0);
	int there = usable_cpu(variant->cpu_index);
	struct table *t = self->table;
	pid_t parent = getpid();
	pid_t pid;
	long i;

	ASSERT_TRUE(pin_to_cpu(here));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (!pin_to_cpu(there))
			_exit(1);
		t->ready = 1;
		for (i = 0; i < rounds(); i++) {
			if (!take_turn(t, parent, 2 * i + 1, false))
				_exit(1);
		}
		_exit(0);
	}

	while (!t->ready)
		sched_yield();
	for (i = 0; i < rounds() && !t->wrong[0]; i++) {
		if (!take_turn(t, pid, 2 * i, i == 0))
			break;
	}
	if (t->wrong[0])
		kill(pid, SIGKILL);
	ASSERT_STREQ("", t->wrong);
	EXPECT_EQ(0, child_status(pid));

	/* The answer to the last number. */
	ASSERT_EQ(0, hibernate(0));
	EXPECT_EQ(2 * rounds(), t->number);
}

TEST_HARNESS_MAIN
