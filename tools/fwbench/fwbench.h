/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all subcommands share.
 */
#ifndef FWBENCH_H
#define FWBENCH_H

#include <argp.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The kernel's names for them. */
#define __maybe_unused __attribute((unused))
#define __noreturn __attribute((noreturn))
#define __printf(a, b) __attribute((format(printf, a, b)))

#define MAX_CPU 1023

/* Exit status of the program. */
enum {
	EXIT_OK,
	EXIT_FAILED,
	EXIT_USAGE,
};

int cmd_switch(int argc, char **argv);
int cmd_fair(int argc, char **argv);
int cmd_uintr(int argc, char **argv);

/* The number in @arg, or the end of the program with a message that says why. */
long parse_number(struct argp_state *state, const char *arg, const char *what,
		  long min, long max);

/*
 * The end of a subcommand, with its exit status. @stopped: 0, the signal that ended
 * it, or -1 if nobody reads any more.
 */
int finish(int stopped, int status);

#endif /* FWBENCH_H */
