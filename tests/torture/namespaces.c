// SPDX-License-Identifier: GPL-2.0
/* Storms whose process is the first one of new pid and user namespaces. */
#include "torture.h"

static void run(struct disturber *d)
{
	while (!torture_over()) {
		struct storm *s = storm_start(&d->random, CLONE_NEWUSER | CLONE_NEWPID);

		if (s && storm_passed(s))
			d->count++;
	}
}

struct disturber namespace_disturber = {
	.name = "namespaces",
	.counts = "storms passed in namespaces of their own",
	.run = run,
};
