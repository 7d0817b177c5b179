/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CPUs that go offline and come back.
 */
#ifndef CPU_ONLINE_H
#define CPU_ONLINE_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static inline bool set_online(int cpu, bool online)
{
	char path[64];
	ssize_t ret;
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ret = write(fd, online ? "1" : "0", 1);
	close(fd);
	return ret == 1;
}

#endif /* CPU_ONLINE_H */
