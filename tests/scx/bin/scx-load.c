// SPDX-License-Identifier: GPL-2.0
/*
 * scx-load all|partial: loads a sched_ext scheduler, of all tasks or of those that ask
 * for it, says "loaded", and unloads it on SIGTERM.
 *
 * Exit status: 0 if it was loaded all the time.
 */
#include <signal.h>

#include "../scheduler.h"

int main(int argc, char **argv)
{
	sigset_t term;
	int fd, sig;

	if (argc != 2 || (strcmp(argv[1], "all") && strcmp(argv[1], "partial"))) {
		fprintf(stderr, "usage: scx-load all|partial\n");
		return 2;
	}
	/* It may come as soon as "loaded" is out. */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);

	fd = scheduler_load(strcmp(argv[1], "all") ? SWITCH_PARTIAL : 0);
	if (fd < 0)
		return 1;
	puts("loaded");
	fflush(stdout);

	sigwait(&term, &sig);
	if (!scheduler_unload(fd)) {
		fprintf(stderr, "scx-load: the kernel has unloaded the scheduler\n");
		return 1;
	}
	return 0;
}
