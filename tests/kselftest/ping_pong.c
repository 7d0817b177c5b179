// SPDX-License-Identifier: GPL-2.0
/*
 * Two processes hand a number over and back with hibernate() and
 * wake_up_process(), or with both in one call, on one CPU and across two. They
 * alternate strictly, so each return from a sleep is for exactly one wake-up: a
 * lost one hangs, one too many shows as a number that is not the next.
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

static bool check(struct table *t, const char *call, long ret, long expected)
{
	if (!ret && t->number == expected)
		return true;
	snprintf(t->wrong, sizeof(t->wrong), "%s = %ld, number %ld, expected %ld",
		 call, ret, t->number, expected);
	return false;
}

/* Give number @n and wait until the peer has answered with the next one. */
static bool give(struct table *t, pid_t peer, unsigned int flags, long n)
{
	long ret;

	t->number = n;
	ret = wake_up_process(peer, flags);
	if (flags & WAKE_UP_HIBERNATE)
		return check(t, "hand-over", ret, n + 1);
	if (ret != WAKE_UP_WOKEN && ret != WAKE_UP_PERMIT)
		return check(t, "wake_up_process()", -1, n);
	return check(t, "hibernate()", hibernate(0), n + 1);
}

FIXTURE(hand_over)
{
	struct table *table;
};

FIXTURE_VARIANT(hand_over)
{
	int cpu_index;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(hand_over, one_cpu)
{
	.cpu_index = 0,
};

FIXTURE_VARIANT_ADD(hand_over, two_cpus)
{
	.cpu_index = 1,
};

FIXTURE_VARIANT_ADD(hand_over, one_cpu_one_call)
{
	.cpu_index = 0,
	.flags = WAKE_UP_HIBERNATE,
};

FIXTURE_VARIANT_ADD(hand_over, two_cpus_one_call)
{
	.cpu_index = 1,
	.flags = WAKE_UP_HIBERNATE,
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
		if (!check(t, "hibernate()", hibernate(0), 1))
			_exit(1);
		for (i = 1; i < rounds(); i++) {
			if (!give(t, parent, variant->flags, 2 * i))
				_exit(1);
		}
		/* The answer to the last number; nobody answers this one. */
		t->number = 2 * rounds();
		_exit(wake_up_process(parent, 0) > WAKE_UP_PERMIT);
	}

	while (!t->ready)
		sched_yield();
	for (i = 0; i < rounds() && !t->wrong[0]; i++) {
		if (!give(t, pid, variant->flags, 2 * i + 1))
			break;
	}
	if (t->wrong[0])
		kill(pid, SIGKILL);
	ASSERT_STREQ("", t->wrong);
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(2 * rounds(), t->number);
}

TEST_HARNESS_MAIN
