/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For a test that begins with an eventfd of its thread.
 */
#ifndef EVENT_FIXTURE_H
#define EVENT_FIXTURE_H

#include "event_test.h"

FIXTURE(event)
{
	struct event e;
};

FIXTURE_SETUP(event)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (event_missing())
		SKIP(return, NO_EVENT);
	ASSERT_TRUE(event_make(&self->e, 0));
}

FIXTURE_TEARDOWN(event) { }

#endif /* EVENT_FIXTURE_H */
