/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests share that are programs: the kernel's harness, and a fabric. */
#ifndef FABRIC_TEST_H
#define FABRIC_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "fabric.h"

/* An emulated machine is slow: this only has to end what hangs. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

/* A call of fabric.h. */
#define ASSERT_FABRIC(f, call)	ASSERT_STREQ("", fabric_why(f, call))

static inline const char *fabric_why(const struct fabric *f, bool ok)
{
	return ok ? "" : f->why;
}

#endif /* FABRIC_TEST_H */
