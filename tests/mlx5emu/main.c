// SPDX-License-Identifier: GPL-2.0
/*
 * The program: options, sockets, signals.
 *
 * checkpatch: SPLIT_STRING: argp fills the paragraphs of its texts
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "emu.h"

const char *argp_program_version = "mlx5emu " MLX5EMU_VERSION;

static const char doc[] =
	"Emulate a ConnectX-5 virtual function, for QEMU's vfio-user-pci."
	"\vStart this first, and QEMU (10.1 or newer) when it has said \"ready\":\n\n"
	"  mlx5emu --socket=/tmp/m.sock --once &\n"
	"  qemu-system-x86_64 -machine q35,memory-backend=mem \\\n"
	"    -object memory-backend-memfd,id=mem,size=1G,share=on \\\n"
	"    -device '{\"driver\":\"vfio-user-pci\",\"rombar\":0,\n"
	"              \"socket\":{\"type\":\"unix\",\"path\":\"/tmp/m.sock\"}}' ...\n\n"
	"share=on is a must. For two hosts, start one with --peer=/tmp/p --lid=1 and another with "
	"--peer=/tmp/p --lid=2. With --control=/tmp/c, \"help\" written to that socket lists the "
	"faults that it can be asked for, and \"stats\" shows counters.\n";

enum {
	OPT_SOCKET = 's',
	OPT_CONTROL = 'c',
	OPT_PEER = 'p',
	OPT_LID = 'l',
	OPT_LINK = 'k',
	OPT_VERBOSE = 'v',
	OPT_VECTORS = 0x100,
	OPT_SEED,
	OPT_DELAY,
	OPT_NO_EQ_REMAP,
	OPT_CQE_SIZE,
	OPT_CMD_TIMEOUT,
	OPT_ONCE,
};

static const struct argp_option options[] = {
	{ "socket", OPT_SOCKET, "PATH", 0, "Listen on this UNIX socket for the client", 0 },
	{ "control", OPT_CONTROL, "PATH", 0, "Listen on this one for commands", 0 },
	{ "peer", OPT_PEER, "PATH", 0, "The wire to another mlx5emu: the first listens there", 0 },
	{ "lid", OPT_LID, "N", 0, "Local identifier of the port, its GUID follows (1)", 0 },
	{ "link", OPT_LINK, "ib|eth", 0,
	  "Kind of the link: InfiniBand, or Ethernet with RoCE (ib)", 0 },
	{ "vectors", OPT_VECTORS, "N", 0, "Completion vectors (32)", 0 },
	{ "seed", OPT_SEED, "N", 0, "Where the device has a choice, choose by this (1)", 0 },
	{ "delay", OPT_DELAY, "N", 0,
	  "Count time in accesses of the guest, and let each answer take N of them", 0 },
	{ "no-eq-remap", OPT_NO_EQ_REMAP, NULL, 0, "Do not offer to move a CQ to another EQ", 0 },
	{ "cqe-size", OPT_CQE_SIZE, "64|128|any", 0,
	  "Size of completion entries to accept (any)", 0 },
	{ "cmd-timeout", OPT_CMD_TIMEOUT, "MSEC", 0,
	  "How long the driver is to wait for a command (its default: 60 s)", 0 },
	{ "once", OPT_ONCE, NULL, 0, "End when the client disconnects", 0 },
	{ "verbose", OPT_VERBOSE, NULL, 0, "Tell more; up to three times", 0 },
	{ 0 }
};

static u32 parse_number(struct argp_state *state, const char *arg, u32 low, u32 high)
{
	unsigned long v;
	char *end;

	errno = 0;
	v = strtoul(arg, &end, 0);
	if (errno || end == arg || *end || v < low || v > high)
		argp_error(state, "%s: not a number from %u to %u", arg, low, high);
	return (u32)v;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *opt = state->input;

	switch (key) {
	case OPT_SOCKET:
		opt->socket = arg;
		break;
	case OPT_CONTROL:
		opt->control = arg;
		break;
	case OPT_PEER:
		opt->peer = arg;
		break;
	case OPT_LID:
		opt->lid = parse_number(state, arg, 1, 0xbffe);
		break;
	case OPT_LINK:
		opt->eth = !strcmp(arg, "eth");
		if (!opt->eth && strcmp(arg, "ib"))
			argp_error(state, "%s: neither ib nor eth", arg);
		break;
	case OPT_VECTORS:
		opt->vectors = parse_number(state, arg, 1, MAX_VECTORS - 1);
		break;
	case OPT_SEED:
		opt->seed = parse_number(state, arg, 0, UINT32_MAX);
		break;
	case OPT_DELAY:
		opt->delay = parse_number(state, arg, 0, 1000000);
		break;
	case OPT_NO_EQ_REMAP:
		opt->no_eq_remap = true;
		break;
	case OPT_CQE_SIZE:
		if (!strcmp(arg, "any"))
			opt->cqe_sizes = 3;
		else
			opt->cqe_sizes = parse_number(state, arg, 64, 128) == 128 ? 2 : 1;
		break;
	case OPT_CMD_TIMEOUT:
		opt->cmd_timeout_ms = parse_number(state, arg, 1, 0xfffff);
		break;
	case OPT_ONCE:
		opt->once = true;
		break;
	case OPT_VERBOSE:
		log_level = min_t(int, log_level + 1, LOG_TRACE);
		break;
	case ARGP_KEY_END:
		if (!opt->socket)
			argp_error(state, "--socket is missing");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static int stop;

static void on_signal(int sig)
{
	__atomic_store_n(&stop, sig, __ATOMIC_RELAXED);
}

static int listen_or_die(const char *path)
{
	int fd = unix_listen(path);

	if (fd < 0) {
		log_err("%s: %s", path, strerror(errno));
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL, doc, NULL, NULL, NULL };
	struct options opt = { .lid = 1, .vectors = 32, .seed = 1, .delay = -1, .cqe_sizes = 3 };
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t block, mask;
	static struct emu emu;

	argp_parse(&argp, argc, argv, 0, NULL, &opt);
	/* Delivered while the loop waits only, so that none gets lost before it. */
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	emu_init(&emu, &opt);
	emu.listener = listen_or_die(opt.socket);
	if (opt.control)
		emu.control_listener = listen_or_die(opt.control);
	puts("ready");
	fflush(stdout);
	loop_run(&emu, &stop, &mask);
	emu_free(&emu);
	unlink(opt.socket);
	if (opt.control)
		unlink(opt.control);
	return 0;
}
