/* SPDX-License-Identifier: GPL-2.0 */
/* The device model's control socket, which is a serial port in the guest. */
#ifndef CONTROL_H
#define CONTROL_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONTROL "/dev/control0"

struct control {
	int fd;
	char answer[65536];	/* to the last command, or what went wrong */
};

static inline bool control_open(struct control *c)
{
	c->fd = open(CONTROL, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return c->fd >= 0;
}

static inline void control_close(struct control *c)
{
	close(c->fd);
}

/* One line. */
static inline bool control_read(struct control *c)
{
	size_t n;

	for (n = 0; n < sizeof(c->answer) - 1; n++) {
		if (read(c->fd, c->answer + n, 1) != 1)
			break;
		if (c->answer[n] == '\n')
			break;
	}
	c->answer[n] = '\0';
	return n > 0;
}

/* Ask for something; true if it was done. */
static inline bool control(struct control *c, const char *command)
{
	size_t length = strlen(command);

	if (write(c->fd, command, length) != (ssize_t)length || write(c->fd, "\n", 1) != 1) {
		snprintf(c->answer, sizeof(c->answer), "write to " CONTROL ": %s",
			 strerror(errno));
		return false;
	}
	return control_read(c) && (!strncmp(c->answer, "ok", 2) || c->answer[0] == '{');
}

#endif /* CONTROL_H */
