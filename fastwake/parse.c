// SPDX-License-Identifier: GPL-2.0
/*
 * What users write, as parameters of the module and into sysfs.
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kstrtox.h>
#include <linux/string.h>

#include "fastwake.h"

static const char * const fastwake_mode_names[] = {
	[FASTWAKE_OFF] = "off",
	[FASTWAKE_INTERRUPT] = "interrupt",
	[FASTWAKE_POLL] = "poll",
};

/**
 * fastwake_parse_mode - a mode by its name
 * @str: the name, a newline may follow
 *
 * Context: any.
 * Return: an &enum fastwake_mode, or -EINVAL.
 */
int fastwake_parse_mode(const char *str)
{
	return sysfs_match_string(fastwake_mode_names, str);
}

/**
 * fastwake_mode_name - the name of a mode
 * @mode: the mode
 *
 * Context: any.
 * Return: its name.
 */
const char *fastwake_mode_name(enum fastwake_mode mode)
{
	return fastwake_mode_names[mode];
}

static const char * const fastwake_source_names[] = {
	[FASTWAKE_EQ] = "eq",
	[FASTWAKE_CQ] = "cq",
};

/**
 * fastwake_parse_source - a source by its name
 * @str: the name, a newline may follow
 *
 * Context: any.
 * Return: an &enum fastwake_source, or -EINVAL.
 */
int fastwake_parse_source(const char *str)
{
	return sysfs_match_string(fastwake_source_names, str);
}

/**
 * fastwake_source_name - the name of a source
 * @source: the source
 *
 * Context: any.
 * Return: its name.
 */
const char *fastwake_source_name(enum fastwake_source source)
{
	return fastwake_source_names[source];
}

/**
 * fastwake_parse_cpus - a list of CPUs
 * @str: as in "0-3,8", or "all"; "" or a newline is the empty list
 * @cpus: filled in when the list is good, else not touched
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL if it is no list; -ERANGE if a CPU is not possible here;
 * -ENOMEM.
 */
int fastwake_parse_cpus(const char *str, struct cpumask *cpus)
{
	cpumask_var_t new;
	int ret;

	/* Numbers may be missing among them, which cpulist_parse() would add. */
	if (sysfs_streq(str, "all")) {
		cpumask_copy(cpus, cpu_possible_mask);
		return 0;
	}

	if (!alloc_cpumask_var(&new, GFP_KERNEL))
		return -ENOMEM;

	ret = cpulist_parse(str, new);
	if (ret == -EOVERFLOW || (!ret && !cpumask_subset(new, cpu_possible_mask)))
		ret = -ERANGE;
	if (!ret)
		cpumask_copy(cpus, new);

	free_cpumask_var(new);
	return ret;
}

/**
 * fastwake_parse_number - a number within limits
 * @str: the number, decimal, or as in C; a newline may follow
 * @min: the least that it may be
 * @max: the most
 * @number: filled in when it is good, else not touched
 *
 * Context: any.
 * Return: 0; -EINVAL if it is no number; -ERANGE if it is not within the limits.
 */
int fastwake_parse_number(const char *str, unsigned int min, unsigned int max,
			  unsigned int *number)
{
	unsigned int new;
	int ret;

	ret = kstrtouint(str, 0, &new);
	if (ret)
		return ret;
	if (new < min || new > max)
		return -ERANGE;

	WRITE_ONCE(*number, new);
	return 0;
}
