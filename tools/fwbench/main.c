// SPDX-License-Identifier: GPL-2.0
/*
 * fwbench - benchmarks of FastWake, a subcommand for each
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "children.h"
#include "fwbench.h"

static const struct subcommand {
	const char *name;
	const char *about;
	int (*run)(int argc, char **argv);
} subcommands[] = {
	{ "switch", "what it costs two contexts to hand a CPU over and back", cmd_switch },
	{ "fair", "whether hand-overs take time from others, or leave it to them", cmd_fair },
#ifdef __x86_64__
	{ "uintr", "what a message costs, and telling of it by a user interrupt", cmd_uintr },
#endif
};

long parse_number(struct argp_state *state, const char *arg, const char *what,
		  long min, long max)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(arg, &end, 10);
	if (errno || end == arg || *end || value < min || value > max)
		argp_error(state, "%s '%s' is not a number from %ld to %ld",
			   what, arg, min, max);
	return value;
}

int finish(int stopped, int status)
{
	if (cgroup_remove())
		status = EXIT_FAILED;
	unblock_signals();
	if (stopped > 0)
		raise(stopped);
	if (stopped < 0)
		fputs("fwbench: the results cannot be written\n", stderr);
	return stopped ? EXIT_FAILED : status;
}

static void usage(FILE *out)
{
	size_t i;

	fputs("Usage: fwbench SUBCOMMAND [OPTION...] [ARGUMENT...]\n"
	      "Benchmarks of FastWake. The subcommands:\n\n", out);
	for (i = 0; i < ARRAY_SIZE(subcommands); i++)
		fprintf(out, "  %-8s %s\n", subcommands[i].name, subcommands[i].about);
	fputs("\n'fwbench SUBCOMMAND --help' says more; so does fwbench(1).\n", out);
}

static int run(const struct subcommand *s, int argc, char **argv)
{
	char name[64];

	/* argp takes the name for its messages from there. */
	snprintf(name, sizeof(name), "fwbench %s", s->name);
	argv[0] = name;
	argp_err_exit_status = EXIT_USAGE;
	return s->run(argc, argv);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_OK;
	}
	for (i = 0; i < ARRAY_SIZE(subcommands); i++) {
		if (!strcmp(argv[1], subcommands[i].name))
			return run(&subcommands[i], argc - 1, argv + 1);
	}
	fprintf(stderr, "fwbench: there is no subcommand '%s'\n", argv[1]);
	usage(stderr);
	return EXIT_USAGE;
}
