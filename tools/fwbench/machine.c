// SPDX-License-Identifier: GPL-2.0
/*
 * On what the figures were taken: they mean nothing without.
 */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "fwbench.h"
#include "output.h"

#define SCHED "/sys/kernel/debug/sched/"

/* The first line of a file, or NULL. */
static const char *first_line(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	char *line;

	if (!f)
		return NULL;
	line = fgets(buf, size, f);
	fclose(f);
	if (!line)
		return NULL;
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

static const char *cpu_model(char *buf, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	const char *model = NULL;
	char *colon;

	if (!f)
		return NULL;
	while (!model && fgets(buf, size, f)) {
		colon = strstr(buf, ": ");
		if (colon && !strncmp(buf, "model name", strlen("model name"))) {
			buf[strcspn(buf, "\n")] = '\0';
			model = colon + 2;
		}
	}
	fclose(f);
	return model;
}

static const char *governor(int cpu, char *buf, size_t size)
{
	char path[96];

	snprintf(path, sizeof(path),
		 "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", cpu);
	return first_line(path, buf, size);
}

static void print_psi(enum format format)
{
	char line[128];
	bool on = first_line("/proc/pressure/cpu", line, sizeof(line));

	if (format == FORMAT_JSON)
		printf(", \"psi\": %s", on ? "true" : "false");
	else
		printf("# psi: %s\n", on ? "on" : "off");
}

static void print_item(enum format format, const char *key, const char *value)
{
	if (format == FORMAT_JSON) {
		printf(", \"%s\": ", key);
		print_json_string(value);
	} else {
		printf("# %s: %s\n", key, value ? value : "unknown");
	}
}

void print_machine(enum format format, int cpu)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct utsname u;
	char buf[1024];

	if (format == FORMAT_SIMPLE)
		return;
	uname(&u);
	if (format == FORMAT_JSON)
		printf("{\"machine\": {\"cpus\": %ld", cpus);
	else
		printf("# fwbench on %s, %ld CPUs\n", u.sysname, cpus);
	print_item(format, "release", u.release);
	print_item(format, "version", u.version);
	print_item(format, "arch", u.machine);
	print_item(format, "cpu_model", cpu_model(buf, sizeof(buf)));
	print_item(format, "governor", governor(cpu, buf, sizeof(buf)));
	print_item(format, "sched_features", first_line(SCHED "features", buf, sizeof(buf)));
	print_item(format, "sched_preempt", first_line(SCHED "preempt", buf, sizeof(buf)));
	print_item(format, "sched_base_slice_ns",
		   first_line(SCHED "base_slice_ns", buf, sizeof(buf)));
	print_psi(format);
	printf(format == FORMAT_JSON ? "}}\n" : "\n");
	fflush(stdout);
}
