// SPDX-License-Identifier: GPL-2.0
/* Whole storms are stopped and continued, or killed. */
#include <signal.h>

#include "torture.h"

#define MAX_STOP_US 20000
#define MAX_LIFE_US 300000

static void run_stop(struct disturber *d)
{
	while (!torture_over()) {
		struct storm *s = storm_pick(&d->random);

		if (s) {
			/* With the lock, lest its zombie is gone before SIGCONT. */
			kill(s->pid, SIGSTOP);
			torture_pause(d, MAX_STOP_US);
			if (!kill(s->pid, SIGCONT))
				d->count++;
			storm_release(s);
		}
		torture_pause(d, MAX_STOP_US);
	}
}

struct disturber stop_disturber = {
	.name = "stop",
	.counts = "times a storm was stopped and continued",
	.run = run_stop,
};

/* Some are over before, and then they have to have passed. */
static void run_kill(struct disturber *d)
{
	while (!torture_over()) {
		struct storm *s = storm_start(&d->random, 0);

		if (!s)
			return;
		torture_pause(d, MAX_LIFE_US);
		kill(s->pid, SIGKILL);
		if (storm_killed(s))
			d->count++;
	}
}

struct disturber kill_disturber = {
	.name = "kill",
	.counts = "storms killed",
	.run = run_kill,
};
