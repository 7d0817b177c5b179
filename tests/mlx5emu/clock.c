// SPDX-License-Identifier: GPL-2.0
/*
 * Time, and what is to happen later.
 *
 * There are two clocks. The host's makes the protocol's timeouts last as long as
 * they say. The stepped one (--delay) knows no host time at all: each access of
 * the guest to the device is a microsecond, and if the guest waits, the clock
 * jumps to what is due next. So the order of events depends on what the guest
 * does, not on how fast the host is.
 */
#include <time.h>

#include "emu.h"

#define NSEC_PER_STEP	1000ULL
#define IDLE_NSEC	200000LL
#define RUN_BUDGET	1000

/**
 * clock_now - the model's time in nanoseconds
 * @e: the device
 */
u64 clock_now(struct emu *e)
{
	struct timespec t;

	if (e->clock.stepped)
		return e->clock.steps * NSEC_PER_STEP;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000ULL + (u64)t.tv_nsec;
}

/**
 * clock_step - the guest accessed the device
 * @e: the device
 */
void clock_step(struct emu *e)
{
	e->clock.steps++;
}

/**
 * clock_idle - the guest does nothing: go on to what is due next
 * @e: the device
 */
void clock_idle(struct emu *e)
{
	struct clock *c = &e->clock;

	if (c->stepped && c->first && c->first->due > clock_now(e))
		c->steps = (c->first->due + NSEC_PER_STEP - 1) / NSEC_PER_STEP;
}

/**
 * clock_timeout - how long the event loop may wait for the guest
 * @e: the device
 *
 * Return: nanoseconds, or -1 for as long as it takes
 */
long long clock_timeout(struct emu *e)
{
	const struct timer *t = e->clock.first;
	u64 now;

	if (!t)
		return -1;
	now = clock_now(e);
	if (t->due <= now)
		return 0;
	return e->clock.stepped ? IDLE_NSEC : (long long)(t->due - now);
}

/**
 * clock_run - do what is due
 * @e: the device
 *
 * What a timer starts anew is left for the next time, so that the event loop
 * gets its turn whatever the guest is up to.
 */
void clock_run(struct emu *e)
{
	u64 now = clock_now(e);
	struct timer *t;
	int budget;

	for (budget = RUN_BUDGET; budget && (t = e->clock.first) && t->due <= now; budget--) {
		e->clock.first = t->next;
		t->armed = false;
		t->fn(e, t);
	}
}

/**
 * timer_start - have a timer's function called later
 * @e: the device
 * @t: the timer, with its function set; started anew if it runs
 * @ns: how much later
 */
void timer_start(struct emu *e, struct timer *t, u64 ns)
{
	struct timer **at;

	timer_stop(e, t);
	t->due = clock_now(e) + ns;
	for (at = &e->clock.first; *at && (*at)->due <= t->due; at = &(*at)->next)
		;
	t->next = *at;
	*at = t;
	t->armed = true;
}

/**
 * timer_stop - do not have it called
 * @e: the device
 * @t: the timer, which need not be running
 */
void timer_stop(struct emu *e, struct timer *t)
{
	struct timer **at;

	if (!t->armed)
		return;
	for (at = &e->clock.first; *at != t; at = &(*at)->next)
		;
	*at = t->next;
	t->armed = false;
}
