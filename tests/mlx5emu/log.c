// SPDX-License-Identifier: GPL-2.0
/*
 * The log, on standard error. What a guest can cause at will is never LOG_ERR:
 * a hostile guest must not fill the disk of who did not ask for its doings.
 */
#include <stdarg.h>

#include "emu.h"

enum log_level log_level = LOG_ERR;

/**
 * log_write - write a line to the log; log_err() and the like call it
 * @level: how important it is
 * @fmt: as for printf(), without a newline
 */
void log_write(enum log_level level, const char *fmt, ...)
{
	static const char name[] = "EIDT";
	va_list ap;

	fprintf(stderr, "mlx5emu %c: ", name[level]);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}
