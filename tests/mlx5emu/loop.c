// SPDX-License-Identifier: GPL-2.0
/*
 * The event loop: the client, the peer, the control socket, and the clock.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "emu.h"

#define MAX_CONTROLS	8
#define MAX_LINE	256
/* A busy guest must not keep the others waiting: so many messages at a time. */
#define CLIENT_BUDGET	64

struct control {
	int fd;
	u32 len;
	char line[MAX_LINE];
};

static struct control controls[MAX_CONTROLS];

static void control_close(struct control *c)
{
	close(c->fd);
	c->fd = -1;
}

static void control_answer(struct emu *e, struct control *c, char *line)
{
	char *text = NULL;
	size_t len = 0, done = 0;
	FILE *out = open_memstream(&text, &len);
	ssize_t n;

	if (!out)
		return;
	fault_command(e, line, out);
	fclose(out);
	while (done < len) {
		n = send(c->fd, text + done, len - done, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	free(text);
}

static void control_ready(struct emu *e, struct control *c)
{
	ssize_t n = recv(c->fd, c->line + c->len, sizeof(c->line) - 1 - c->len, MSG_DONTWAIT);
	char *end;

	if (n <= 0) {
		control_close(c);
		return;
	}
	c->len += (u32)n;
	c->line[c->len] = '\0';
	while ((end = strchr(c->line, '\n'))) {
		*end = '\0';
		control_answer(e, c, c->line);
		c->len -= (u32)(end + 1 - c->line);
		memmove(c->line, end + 1, c->len + 1);
	}
	if (c->len == sizeof(c->line) - 1)
		control_close(c);
}

static void control_accept(struct emu *e)
{
	int i, fd = accept4(e->control_listener, NULL, NULL, SOCK_CLOEXEC);

	for (i = 0; i < MAX_CONTROLS && fd >= 0; i++) {
		if (controls[i].fd >= 0)
			continue;
		controls[i] = (struct control){ .fd = fd };
		return;
	}
	if (fd >= 0)
		close(fd);
}

/* Serves the client as long as it has something to say, within limits. */
static void client_serve(struct emu *e)
{
	struct pollfd p = { .events = POLLIN };
	int i;

	for (i = 0; i < CLIENT_BUDGET; i++) {
		vfio_user_ready(e);
		p.fd = e->client;
		if (e->client < 0 || poll(&p, 1, 0) <= 0)
			break;
	}
}

enum {
	P_LISTENER,
	P_CLIENT,
	P_CONTROL,
	P_PEER_LISTENER,
	P_PEER,
	P_CONTROLS,
	P_ALL = P_CONTROLS + MAX_CONTROLS,
};

/**
 * loop_run - serve until told to stop
 * @e: the device
 * @stop: becomes nonzero when a signal says so
 * @mask: signal mask while waiting
 */
void loop_run(struct emu *e, const int *stop, const sigset_t *mask)
{
	struct pollfd p[P_ALL];
	struct timespec ts;
	long long timeout;
	int i, n;

	for (i = 0; i < MAX_CONTROLS; i++)
		controls[i].fd = -1;
	while (!e->quit && !__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < P_ALL; i++)
			p[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
		p[P_LISTENER].fd = e->listener;
		p[P_CLIENT].fd = e->client;
		p[P_CONTROL].fd = e->control_listener;
		p[P_PEER_LISTENER].fd = e->peer.listener;
		p[P_PEER].fd = e->peer.fd;
		if (e->peer.tx_done < e->peer.tx_len)
			p[P_PEER].events |= POLLOUT;
		for (i = 0; i < MAX_CONTROLS; i++)
			p[P_CONTROLS + i].fd = controls[i].fd;
		timeout = clock_timeout(e);
		ts.tv_sec = timeout / 1000000000LL;
		ts.tv_nsec = timeout % 1000000000LL;
		n = ppoll(p, P_ALL, timeout < 0 ? NULL : &ts, mask);
		if (!n)
			clock_idle(e);
		clock_run(e);
		if (n <= 0)
			continue;
		if (p[P_LISTENER].revents)
			vfio_user_accept(e);
		if (p[P_CLIENT].revents && e->client >= 0)
			client_serve(e);
		if (p[P_PEER].revents && e->peer.fd >= 0)
			link_peer_ready(e, p[P_PEER].revents);
		if (p[P_PEER_LISTENER].revents)
			link_listener_ready(e);
		for (i = 0; i < MAX_CONTROLS; i++)
			if (p[P_CONTROLS + i].revents)
				control_ready(e, &controls[i]);
		if (p[P_CONTROL].revents)
			control_accept(e);
		if (e->disconnect) {
			e->disconnect = false;
			vfio_user_close(e);
		}
	}
	for (i = 0; i < MAX_CONTROLS; i++)
		if (controls[i].fd >= 0)
			control_close(&controls[i]);
}
