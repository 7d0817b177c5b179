// SPDX-License-Identifier: GPL-2.0
/*
 * Several CQs on one channel, in which order their events are read: CQs with one event
 * each, in the order in which these came. Of events that come while an earlier one of the
 * same CQ has not been read, either in the order of the events, as without FastWake, or
 * with the CQs taking turns, in the order of their first events. No event is lost or
 * doubled.
 */
#include <rdma/ib_user_verbs.h>
#include <sys/epoll.h>

#include "channel.h"

#define CQS 8
#define MAX_EVENTS 32

/* The CQs are A, B, C, ... */
struct order {
	struct rig *rig;
	struct ibv_comp_channel *ch;
	struct loop loops[CQS];
	int ep;		/* has an edge for each event */
	int pipe[2];
};

static bool order_begin(struct order *o, struct rig *rig, struct ibv_comp_channel *ch)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	int i;

	o->rig = rig;
	o->ch = ch;
	for (i = 0; i < CQS; i++) {
		if (!loop_open(&o->loops[i], rig, ch, 0))
			return false;
	}
	snprintf(rig->why, sizeof(rig->why), "epoll, or a pipe");
	o->ep = epoll_create1(0);
	return o->ep >= 0 && !epoll_ctl(o->ep, EPOLL_CTL_ADD, ch->fd, &ev) && !pipe(o->pipe) &&
	       set_nonblock(ch, true);
}

/* An event that was counted twice, or not at all, has this hang. */
static bool order_end(struct order *o)
{
	int i;

	for (i = 0; i < CQS; i++) {
		if (!loop_close(&o->loops[i]))
			return false;
	}
	return !close(o->ep) && !close(o->pipe[0]) && !close(o->pipe[1]);
}

/*
 * A library may have to see an event, in ibv_get_cq_event(3), before the CQ can be armed
 * again. It is shown one, so that the one of the channel need not be read for that.
 */
static bool show_event(struct order *o, struct ibv_cq *cq)
{
	struct ib_uverbs_comp_event_desc desc = { .cq_handle = (uintptr_t)cq };
	struct ibv_comp_channel shown = { .fd = o->pipe[0] };

	return write(o->pipe[1], &desc, sizeof(desc)) == sizeof(desc) &&
	       read_event(&shown) == cq;
}

/* An event of this CQ; on return it is on the channel. */
static bool arrive(struct order *o, char name)
{
	struct loop *l = &o->loops[name - 'A'];
	struct epoll_event ev;

	if (!loop_event(l))
		return false;
	snprintf(o->rig->why, sizeof(o->rig->why), "no edge for the event");
	return epoll_wait(o->ep, &ev, 1, -1) == 1 && show_event(o, l->cq);
}

static bool arrive_all(struct order *o, const char *names)
{
	for (; *names; names++) {
		if (!arrive(o, *names))
			return false;
	}
	return true;
}

/* Read one event, without the library, which was shown it: of which CQ; 0 if there is none. */
static char take(struct order *o)
{
	struct ib_uverbs_comp_event_desc desc;
	int i;

	if (read(o->ch->fd, &desc, sizeof(desc)) != sizeof(desc))
		return errno == EAGAIN ? 0 : '!';
	for (i = 0; i < CQS; i++) {
		struct ibv_cq *cq = o->loops[i].cq;

		if (desc.cq_handle != (uintptr_t)cq)
			continue;
		ibv_ack_cq_events(cq, 1);
		return loop_receive(&o->loops[i]) ? 'A' + i : '!';
	}
	return '?';
}

static const char *take_all(struct order *o, char *names)
{
	int i;

	for (i = 0; i < MAX_EVENTS; i++) {
		names[i] = take(o);
		if (!names[i])
			break;
	}
	names[i] = 0;
	return names;
}

TEST_F(channel, cqs_with_one_event_each)
{
	static const char *const orders[] = {
		"ABCDEFGH", "HGFEDCBA", "DAHCEBGF", "BADC", "GC", "F",
	};
	char names[MAX_EVENTS + 1];
	struct order o;
	unsigned int i;

	ASSERT_RIG(&self->rig, order_begin(&o, &self->rig, self->ch));
	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		ASSERT_RIG(&self->rig, arrive_all(&o, orders[i]));
		ASSERT_STREQ(orders[i], take_all(&o, names));
	}
	ASSERT_RIG(&self->rig, order_end(&o));
}

/* Also one that was read while the others waited, and what comes meanwhile. */
TEST_F(channel, next_event_goes_to_the_end)
{
	char names[MAX_EVENTS + 1];
	struct order o;

	ASSERT_RIG(&self->rig, order_begin(&o, &self->rig, self->ch));
	ASSERT_RIG(&self->rig, arrive_all(&o, "ABC"));
	ASSERT_EQ('A', take(&o));
	ASSERT_RIG(&self->rig, arrive(&o, 'A'));
	ASSERT_EQ('B', take(&o));
	ASSERT_RIG(&self->rig, arrive_all(&o, "DB"));
	ASSERT_STREQ("CADB", take_all(&o, names));
	ASSERT_RIG(&self->rig, order_end(&o));
}

/* The same events, in the order in which they are read if the CQs take turns. */
static void take_turns(const char *events, char *names)
{
	int left[CQS] = { };
	char queue[2 * MAX_EVENTS];
	int head = 0, tail = 0;

	for (; *events; events++) {
		if (!left[*events - 'A']++)
			queue[tail++] = *events;
	}
	for (; head < tail; head++) {
		*names++ = queue[head];
		if (--left[queue[head] - 'A'])
			queue[tail++] = queue[head];
	}
	*names = 0;
}

TEST_F(channel, cqs_with_several_events)
{
	static const char *const orders[] = {
		"AAB", "ABA", "ABB", "AABB", "AAAAAAB", "ABACBA", "CBAABCC", "HGHGHGA",
		"AAAABBBCCD", "DCCBBBAAAA",
	};
	char names[MAX_EVENTS + 1];
	char turns[MAX_EVENTS + 1];
	struct order o;
	unsigned int i;

	ASSERT_RIG(&self->rig, order_begin(&o, &self->rig, self->ch));
	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		ASSERT_RIG(&self->rig, arrive_all(&o, orders[i]));
		take_all(&o, names);
		take_turns(orders[i], turns);
		if (strcmp(names, orders[i]))
			ASSERT_STREQ(turns, names);
	}
	ASSERT_RIG(&self->rig, order_end(&o));
}

TEST_HARNESS_MAIN
