// SPDX-License-Identifier: GPL-2.0
/* Random calls, and what each of them may return. */
#include <errno.h>
#include <limits.h>
#include <linux/fastwake.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz.h"

/* No kernel has more. */
#define PID_MAX_LIMIT (4 * 1024 * 1024)

#define BIT(n) (1U << (n))

/* What is known of a thread that is named. */
enum target {
	NO_ID,		/* zero or negative */
	SELF,
	NOBODY_THERE,	/* above all ids */
	NOT_YOURS,	/* kernel threads, and whom the caller may not signal */
	SLEEPER,	/* it sleeps, but not in hibernate() */
	INIT,		/* the same, but now and then it wakes */
	LIVING,		/* one that the caller may name */
	UNKNOWN,
	NR_TARGETS,
};

#define NOT_PARKED (BIT(PERMIT) | BIT(PENDING))
#define WAKES (BIT(OK) | NOT_PARKED)
#define SLEEPS (BIT(OK) | BIT(INTERRUPTED))
#define ELSEWHERE (BIT(OTHER_CPU) | BIT(ASLEEP))
#define SWITCHES (BIT(OK) | ELSEWHERE)
#define MAY_BE_GONE (BIT(NO_THREAD) | BIT(FORBIDDEN))

static const unsigned int may_wake[NR_TARGETS] = {
	[NO_ID] = BIT(BAD_ARGUMENT),
	[SELF] = NOT_PARKED,
	[NOBODY_THERE] = BIT(NO_THREAD),
	[NOT_YOURS] = BIT(FORBIDDEN),
	[SLEEPER] = NOT_PARKED,
	[INIT] = NOT_PARKED,
	[LIVING] = WAKES,
	[UNKNOWN] = WAKES | MAY_BE_GONE,
};

/* With WAKE_UP_HIBERNATE. Who wakes itself does not sleep. */
static const unsigned int may_hand_over[NR_TARGETS] = {
	[NO_ID] = BIT(BAD_ARGUMENT),
	[SELF] = BIT(OK),
	[NOBODY_THERE] = BIT(NO_THREAD),
	[NOT_YOURS] = BIT(FORBIDDEN),
	[SLEEPER] = SLEEPS,
	[INIT] = SLEEPS,
	[LIVING] = SLEEPS,
	[UNKNOWN] = SLEEPS | MAY_BE_GONE,
};

static const unsigned int may_switch[NR_TARGETS] = {
	[NO_ID] = BIT(BAD_ARGUMENT),
	[SELF] = BIT(BAD_ARGUMENT),
	[NOBODY_THERE] = BIT(NO_THREAD),
	[NOT_YOURS] = BIT(FORBIDDEN),
	[SLEEPER] = ELSEWHERE,
	[INIT] = SWITCHES,
	[LIVING] = SWITCHES,
	[UNKNOWN] = SWITCHES | MAY_BE_GONE,
};

static __thread unsigned long handled;

void note_signal(int sig)
{
	(void)sig;
	handled++;
}

static enum outcome outcome(long ret)
{
	if (ret >= 0 && ret <= PENDING)
		return (enum outcome)ret;
	switch (ret == -1 ? errno : 0) {
	case EINVAL:
		return BAD_ARGUMENT;
	case ESRCH:
		return NO_THREAD;
	case EPERM:
		return FORBIDDEN;
	case EXDEV:
		return OTHER_CPU;
	case EAGAIN:
		return ASLEEP;
	case EINTR:
		return INTERRUPTED;
	default:
		return UNDOCUMENTED;
	}
}

/* Makes the call, whose outcome has to be one of @may. */
static enum outcome call(enum call call, int tid, unsigned int flags, unsigned int may)
{
	static const char * const names[] = { "hibernate", "wake_up_process", "switch_to" };
	unsigned long before = handled;
	enum outcome what;
	long ret;

	errno = 0;
	if (call == HIBERNATE)
		ret = syscall(__NR_hibernate, flags);
	else
		ret = syscall(call == SWITCH_TO ? __NR_switch_to : __NR_wake_up_process,
			      tid, flags);
	what = outcome(ret);
	fuzz->calls[call][what]++;

	if (!(may & BIT(what)))
		fuzz_fail("thread %d: %s(%d, %#x) returned %ld (%s), may be of %#x", gettid(),
			  names[call], tid, flags, ret, strerror(errno), may);
	/* Neither a stop nor a tracer nor an ignored signal ends a sleep. */
	if (what == INTERRUPTED && handled == before)
		fuzz_fail("thread %d: %s(%d, %#x) returned EINTR, but no handler ran", gettid(),
			  names[call], tid, flags);
	return what;
}

/* Whom does the caller call @tid, if it is one of those that are known? */
static int find_survivor(struct caller *c, int tid)
{
	int first = c->inner ? c->family * FAMILY_SIZE : 0;
	int n = c->inner ? FAMILY_SIZE : NR_SURVIVORS;
	struct survivor *s;
	int i;

	if (c->inner && c->family < 0)
		return -1;
	for (i = first; i < first + n; i++) {
		s = &fuzz->survivors[i];
		if (tid == (c->inner ? s->tid : s->outer_tid))
			return i;
	}
	return -1;
}

static struct canary *find_canary(int tid)
{
	int i;

	for (i = 0; i < NR_CANARIES; i++) {
		if (tid == fuzz->canaries[i].tid)
			return &fuzz->canaries[i];
	}
	return NULL;
}

static bool is_kthread(int tid)
{
	int i;

	for (i = 0; i < fuzz->nr_kthreads; i++) {
		if (tid == fuzz->kthreads[i])
			return true;
	}
	return false;
}

static enum target target_of(struct caller *c, int tid, int survivor)
{
	struct canary *canary;

	if (tid <= 0)
		return NO_ID;
	if (tid > PID_MAX_LIMIT)
		return NOBODY_THERE;
	if (tid == c->tid)
		return SELF;
	if (survivor >= 0) {
		if (survivor / FAMILY_SIZE == c->family || c->root ||
		    !fuzz->families[survivor / FAMILY_SIZE].root)
			return LIVING;
		return NOT_YOURS;
	}
	if (c->inner)
		return UNKNOWN;
	if (tid == 1)
		return c->root ? INIT : NOT_YOURS;
	if (is_kthread(tid))
		return NOT_YOURS;
	canary = find_canary(tid);
	if (!canary)
		return UNKNOWN;
	return c->root || !canary->root ? SLEEPER : NOT_YOURS;
}

bool call_hibernate(struct caller *c)
{
	enum outcome what = call(HIBERNATE, 0, 0, SLEEPS);

	if (what == OK && c->self)
		c->self->taken++;
	return what == OK;
}

/*
 * What is not sure to have come to nothing counts as an attempt. A hand-over does not
 * tell what it was for the other thread: to each second survivor there is none, so
 * that of those all wake-ups are known.
 */
static void call_wake(struct caller *c, int tid, unsigned int flags)
{
	int index = find_survivor(c, tid);
	enum target target = target_of(c, tid, index);
	struct survivor *s = index < 0 ? NULL : &fuzz->survivors[index];
	enum outcome what;
	unsigned int may;
	bool handover;

	if (s && index % 2)
		flags &= ~WAKE_UP_HIBERNATE;
	handover = flags & WAKE_UP_HIBERNATE;
	may = handover ? may_hand_over[target] : may_wake[target];
	if (flags & ~WAKE_UP_HIBERNATE)
		may = BIT(BAD_ARGUMENT);
	if (s)
		s->attempts++;
	what = call(WAKE_UP_PROCESS, tid, flags, may);
	if (handover && what == OK && c->self)
		c->self->taken++;
	if (!s)
		return;
	if (!handover && (what == OK || what == PERMIT))
		s->promised++;
	else if (!handover || !(BIT(what) & SLEEPS))
		s->attempts--;
}

static void call_switch(struct caller *c, int tid, unsigned int flags)
{
	enum target target = target_of(c, tid, find_survivor(c, tid));

	call(SWITCH_TO, tid, flags, flags ? BIT(BAD_ARGUMENT) : may_switch[target]);
}

static int random_survivor(struct caller *c)
{
	struct survivor *s;

	/* Mostly of its own family, if it has one. */
	if (c->family >= 0 && !one_in(&c->random, 4))
		s = &fuzz->survivors[c->family * FAMILY_SIZE + draw(&c->random, FAMILY_SIZE)];
	else
		s = &fuzz->survivors[draw(&c->random, NR_SURVIVORS)];
	return c->inner ? s->tid : s->outer_tid;
}

static int random_number(struct random *r)
{
	static const int numbers[] = {
		0, -1, 1, 2, INT_MIN, INT_MAX, PID_MAX_LIMIT, PID_MAX_LIMIT + 1, -2,
	};

	if (one_in(r, 4))
		return (int)draw_bits(r);
	return numbers[draw(r, ARRAY_SIZE(numbers))];
}

static int random_tid(struct caller *c)
{
	struct random *r = &c->random;
	int recent = fuzz->recent[draw(r, NR_RECENT)];

	switch (draw(r, 16)) {
	case 0:
		return random_number(r);
	case 1:
		return fuzz->kthreads[draw(r, fuzz->nr_kthreads)];
	case 2:
		return fuzz->canaries[draw(r, NR_CANARIES)].tid;
	case 3:
		return c->tid;
	case 4:
		/* around those that come and go */
		return recent + (int)draw(r, 64) - 32;
	case 5:
	case 6:
	case 7:
		return recent;
	default:
		return random_survivor(c);
	}
}

/* @usual, or seldom any bits at all. */
static unsigned int random_flags(struct random *r, unsigned int usual)
{
	switch (draw(r, 32)) {
	case 0:
		return draw_bits(r);
	case 1:
		return BIT(draw(r, 32));
	default:
		return usual;
	}
}

static void random_hibernate(struct caller *c)
{
	unsigned int flags = random_flags(&c->random, 0);

	if (flags)
		call(HIBERNATE, 0, flags, BIT(BAD_ARGUMENT));
	else
		call_hibernate(c);
}

void random_call(struct caller *c)
{
	struct random *r = &c->random;

	switch (draw(r, 8)) {
	case 0:
	case 1:
		random_hibernate(c);
		break;
	case 2:
	case 3:
		call_switch(c, random_tid(c), random_flags(r, 0));
		break;
	case 4:
		call_wake(c, random_tid(c), random_flags(r, WAKE_UP_HIBERNATE));
		break;
	default:
		call_wake(c, random_tid(c), random_flags(r, 0));
		break;
	}
}
