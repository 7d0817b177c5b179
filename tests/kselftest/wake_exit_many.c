// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads exit while each of the calls names them all: every call finds the
 * thread in whatever state, or ESRCH and nothing but ESRCH after that.
 */
#include "fastwake_test.h"

#define ROUNDS 10
#define VICTIMS 48

enum { WAKE, HAND_OVER, SWITCH, NR_CALLS };

static struct sleeper victims[VICTIMS];
static atomic_bool gate;

/* One third each: it sleeps, it is about to, it only exits. */
static void *victim_main(void *arg)
{
	struct sleeper *s = arg;
	int life = (s - victims) % 3;

	if (!life)
		return sleeper_main(s);
	atomic_store(&s->tid, gettid());
	while (!gate)
		sched_yield();
	if (life == 1)
		s->ret = hibernate(0);
	return NULL;
}

struct caller {
	pthread_t thread;
	int call;
	atomic_int tid;
	atomic_bool done;
	char wrong[128];
};

/* Is @error, or 0 for a call that did not fail, what this call may say? */
static bool allowed(int call, long ret, int error)
{
	if (error == ESRCH)
		return true;
	if (call == SWITCH)
		return error == EAGAIN || error == EXDEV || !ret;
	return ret >= 0 && (ret == WAKE_UP_WOKEN || call == WAKE) && ret <= WAKE_UP_PENDING;
}

static bool name_victim(struct caller *c, int i, bool *gone)
{
	pid_t tid = victims[i].tid;
	int error;
	long ret;

	if (c->call == SWITCH)
		ret = switch_to(tid, 0);
	else
		ret = wake_up_process(tid, c->call == WAKE ? 0 : WAKE_UP_HIBERNATE);
	error = ret < 0 ? errno : 0;
	if (allowed(c->call, ret, error) && (!*gone || error == ESRCH)) {
		*gone = error == ESRCH;
		return true;
	}
	snprintf(c->wrong, sizeof(c->wrong), "call %d: %ld, %s%s", c->call, ret,
		 strerror(error), *gone ? ", after ESRCH" : "");
	return false;
}

/* Names them all in turn until all are gone. */
static void *caller_main(void *arg)
{
	bool gone[VICTIMS] = { };
	struct caller *c = arg;
	int left = VICTIMS;
	int i;

	c->tid = gettid();
	for (i = 0; left && !c->wrong[0]; i = (i + 1) % VICTIMS) {
		bool was_gone = gone[i];

		if (!name_victim(c, i, &gone[i]))
			break;
		left -= gone[i] && !was_gone;
		/* Also those that are gone are named again. */
		if (!i)
			sched_yield();
	}
	c->done = true;
	return NULL;
}

static int start_victims(void)
{
	int i;

	gate = false;
	for (i = 0; i < VICTIMS; i++) {
		memset(&victims[i], 0, sizeof(victims[i]));
		if (pthread_create(&victims[i].thread, NULL, victim_main, &victims[i]))
			return -1;
		wait_for_tid(&victims[i].tid);
	}
	return 0;
}

TEST(nothing_else_happens)
{
	int round, i;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	for (round = 0; round < ROUNDS; round++) {
		struct caller c[NR_CALLS] = { };

		ASSERT_EQ(0, start_victims());
		for (i = 0; i < NR_CALLS; i++) {
			c[i].call = i;
			ASSERT_EQ(0, pthread_create(&c[i].thread, NULL, caller_main, &c[i]));
		}
		wait_for_tid(&c[HAND_OVER].tid);
		gate = true;
		/* A victim that exits does not wake who handed over to it. */
		while (!c[HAND_OVER].done) {
			wake_up_process(c[HAND_OVER].tid, 0);
			sched_yield();
		}
		for (i = 0; i < NR_CALLS; i++) {
			ASSERT_EQ(0, pthread_join(c[i].thread, NULL));
			ASSERT_STREQ("", c[i].wrong);
		}
		for (i = 0; i < VICTIMS; i++) {
			ASSERT_EQ(0, pthread_join(victims[i].thread, NULL));
			ASSERT_EQ(0, victims[i].ret);
		}
	}
}

TEST_HARNESS_MAIN
