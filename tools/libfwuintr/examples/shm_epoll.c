// SPDX-License-Identifier: GPL-2.0
/*
 * Two processes, a client and a server, with shared memory for requests and responses.
 * Each waits with epoll on an eventfd, which the other one signals by SENDUIPI: to send is
 * no system call.
 *
 * Each side makes its eventfd itself, so that the kernel knows who reads it, and gives the
 * other one the file that says where to send.
 */
#include <argp.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libfwuintr.h"

#define MAX_SIZE	1048576
#define TIMEOUT_MS	10000

enum { CLIENT, SERVER };

struct options {
	unsigned long messages;
	size_t size;
};

/* What one side reads, and the other one writes. */
struct box {
	alignas(64) atomic_ulong number;	/* of the message that is there */
	alignas(64) unsigned long failures;	/* of the reader */
	unsigned char data[];
};

struct side {
	const struct options *o;
	struct box *in;
	struct box *out;
	int event_fd;
	int epoll_fd;
	unsigned int index;		/* what it sends with */
};

static const struct argp_option argp_options[] = {
	{ "messages", 'n', "N", 0, "requests, each with a response (100000)", 0 },
	{ "size", 's', "BYTES", 0, "of a message, 1 to 1048576 (64)", 0 },
	{ }
};

static unsigned long parse_number(struct argp_state *state, const char *arg, unsigned long max)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(arg, &end, 0);
	if (errno || *end || end == arg || *arg == '-' || !n || n > max)
		argp_error(state, "'%s' is no number from 1 to %lu", arg, max);
	return n;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'n':
		o->messages = parse_number(state, arg, 1000000000);
		break;
	case 's':
		o->size = parse_number(state, arg, MAX_SIZE);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse_option,
	.doc = "Two processes exchange messages by shared memory, and tell each other by user\n"
	       "interrupts that signal an eventfd. A failure is to be told of a message that\n"
	       "is not there, not to be told of one, or to find wrong data in it.",
};

/* --- to give a file to another process ------------------------------------------ */

union control {
	char buf[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static void send_fd(int socket, int fd)
{
	union control control = { };
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(socket, &msg, 0) != 1)
		err(1, "sendmsg");
}

static int receive_fd(int socket)
{
	union control control = { };
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *c;
	int fd;

	if (recvmsg(socket, &msg, MSG_CMSG_CLOEXEC) != 1)
		errx(1, "the other side is gone");
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_type != SCM_RIGHTS)
		errx(1, "no file came");
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* --- a side ----------------------------------------------------------------------- */

/* In the process of that side: who reads, and who sends, is the one that says so. */
static void side_open(struct side *me, int socket)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int mine, other, index;

	me->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	me->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (me->event_fd < 0 || me->epoll_fd < 0 ||
	    epoll_ctl(me->epoll_fd, EPOLL_CTL_ADD, me->event_fd, &ev))
		err(1, "eventfd, epoll");

	mine = fwuintr_event(me->event_fd, O_CLOEXEC);
	if (mine < 0)
		err(1, "fwuintr_event");
	send_fd(socket, mine);
	other = receive_fd(socket);
	index = fwuintr_register_sender(other);
	if (index < 0)
		err(1, "fwuintr_register_sender");
	me->index = index;
	/* The names are not needed any more. */
	close(mine);
	close(other);
}

static void say(struct side *me, unsigned long number)
{
	memset(me->out->data, number, me->o->size);
	atomic_store_explicit(&me->out->number, number, memory_order_release);
	fwuintr_send(me->index);
}

static bool told(struct side *me)
{
	struct epoll_event ev;
	uint64_t count;
	int ready;

	do
		ready = epoll_wait(me->epoll_fd, &ev, 1, TIMEOUT_MS);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		err(1, "epoll_wait");
	if (!ready)
		return false;
	if (read(me->event_fd, &count, sizeof(count)) != sizeof(count))
		err(1, "read");
	return true;
}

static bool data_is_right(const struct side *me, unsigned long number)
{
	size_t i;

	for (i = 0; i < me->o->size; i++) {
		if (me->in->data[i] != (unsigned char)number)
			return false;
	}
	return true;
}

/* False if it does not come. */
static bool listen_for(struct side *me, unsigned long number)
{
	for (;;) {
		if (!told(me)) {
			me->in->failures++;
			return false;
		}
		if (atomic_load_explicit(&me->in->number, memory_order_acquire) == number)
			break;
		me->in->failures++;
	}
	if (!data_is_right(me, number))
		me->in->failures++;
	return true;
}

static void serve(struct side *me)
{
	unsigned long n;

	for (n = 1; n <= me->o->messages && listen_for(me, n); n++)
		say(me, n);
}

/* How many were answered. */
static unsigned long ask(struct side *me)
{
	unsigned long n;

	for (n = 1; n <= me->o->messages; n++) {
		say(me, n);
		if (!listen_for(me, n))
			break;
	}
	return n - 1;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void make_boxes(const struct options *o, struct box *boxes[2])
{
	const size_t align = alignof(struct box);
	size_t size = (sizeof(struct box) + o->size + align - 1) / align * align;
	char *memory = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "mmap");
	boxes[CLIENT] = (struct box *)memory;
	boxes[SERVER] = (struct box *)(memory + size);
}

static int run(const struct options *o, struct box *boxes[2], int sockets[2])
{
	struct side client = { .o = o, .in = boxes[CLIENT], .out = boxes[SERVER] };
	struct side server = { .o = o, .in = boxes[SERVER], .out = boxes[CLIENT] };
	unsigned long answered, failures;
	pid_t child = fork();
	double begin, took;
	int status;

	if (child < 0)
		err(1, "fork");
	close(sockets[child ? SERVER : CLIENT]);
	if (!child) {
		side_open(&server, sockets[SERVER]);
		serve(&server);
		exit(0);
	}
	side_open(&client, sockets[CLIENT]);
	begin = now();
	answered = ask(&client);
	took = now() - begin;
	if (waitpid(child, &status, 0) != child)
		err(1, "waitpid");

	failures = client.in->failures + server.in->failures;
	printf("%lu of %lu requests answered", answered, o->messages);
	if (answered)
		printf(", %.2f us each", took * 1e6 / answered);
	printf("\nfailures: client %lu, server %lu\n", client.in->failures,
	       server.in->failures);
	return status || failures || answered != o->messages ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options o = { .messages = 100000, .size = 64 };
	struct box *boxes[2];
	int sockets[2];

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (!fwuintr_available())
		err(1, "no user interrupts");
	make_boxes(&o, boxes);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		err(1, "socketpair");
	return run(&o, boxes, sockets);
}
