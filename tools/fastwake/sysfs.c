// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fastwake.h"

#define FASTWAKE "/sys/kernel/fastwake"
#define ONLINE "/sys/devices/system/cpu/online"

/* Everything else is about the module's files. */
void need_module(void)
{
	if (access(FASTWAKE "/mode", F_OK))
		refused("the module fastwake is not loaded: there is no " FASTWAKE ".\n"
			"       Load it with \"insmod fastwake.ko\" or \"modprobe fastwake\"; it needs a kernel\n"
			"       with FastWake's patches.");
}

/* The line in a file, without its end. 0, or an errno. */
int read_line(char text[MAX_TEXT], const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret = 0;
	ssize_t n;

	if (fd < 0)
		return errno;
	n = read(fd, text, MAX_TEXT - 1);
	if (n < 0)
		ret = errno;
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return ret;
}

/* One of the module's files, which has to be there. */
void read_setting(char text[MAX_TEXT], const char *file)
{
	char path[PATH_MAX];
	int error;

	snprintf(path, sizeof(path), FASTWAKE "/%s", file);
	error = read_line(text, path);
	if (error)
		refused("cannot read %s: %s", path, strerror(error));
}

/* 0, or an errno. */
int write_setting(const char *file, const char *text)
{
	char path[PATH_MAX], line[MAX_TEXT];
	int fd, n, ret = 0;

	n = snprintf(line, sizeof(line), "%s\n", text);
	if (n >= (int)sizeof(line))
		return E2BIG;
	snprintf(path, sizeof(path), FASTWAKE "/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (write(fd, line, n) != n)
		ret = errno;
	close(fd);
	return ret;
}

static int cpu_number(const struct dirent *d)
{
	unsigned int cpu;
	int end = 0;

	if (sscanf(d->d_name, "cpu%u%n", &cpu, &end) != 1 || d->d_name[end])
		return -1;
	return (int)cpu;
}

static int is_cpu(const struct dirent *d)
{
	return cpu_number(d) >= 0;
}

static int by_cpu(const struct dirent **a, const struct dirent **b)
{
	return cpu_number(*a) - cpu_number(*b);
}

/* The CPUs that the module knows, and how many they are. */
int sorted_cpus(unsigned int **cpus)
{
	struct dirent **list;
	int i, n;

	n = scandir(FASTWAKE, &list, is_cpu, by_cpu);
	if (n < 0)
		refused("cannot read " FASTWAKE ": %m");
	*cpus = calloc(n + 1, sizeof(**cpus));
	if (!*cpus)
		refused("no memory");
	for (i = 0; i < n; i++) {
		(*cpus)[i] = cpu_number(list[i]);
		free(list[i]);
	}
	free(list);
	return n;
}

void read_delivery(struct delivery *delivery)
{
	char text[MAX_TEXT];
	struct cpus online;
	size_t i;

	read_setting(delivery->mode, "mode");
	read_setting(text, "cpus");
	if (!cpus_parse(&delivery->polling, text))
		refused("there is no list of CPUs in " FASTWAKE "/cpus: %s", text);
	/* One that is chosen polls when it comes online. */
	if (read_line(text, ONLINE) || !cpus_parse(&online, text))
		return;
	for (i = 0; i < sizeof(online.bits); i++)
		delivery->polling.bits[i] &= online.bits[i];
}

/* How a CPU takes the events of its vectors. */
const char *delivery_of(const struct delivery *delivery, unsigned int cpu)
{
	if (!strcmp(delivery->mode, "poll") && !cpus_has(&delivery->polling, cpu))
		return "interrupt";
	return delivery->mode;
}
