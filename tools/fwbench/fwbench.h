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

/* Exit status of the program. */
enum {
	EXIT_OK,
	EXIT_FAILED,
	EXIT_USAGE,
};

int cmd_switch(int argc, char **argv);

/* The number in @arg, or the end of the program with a message that says why. */
long parse_number(struct argp_state *state, const char *arg, const char *what,
		  long min, long max);

#endif /* FWBENCH_H */
