// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "fastwake.h"

static const char usage[] =
	"Usage: fastwake stat [ show ] [ cpu LIST ]\n"
	"\n"
	"The counters of all CPUs, or of some, as in 0-3,8:\n"
	"  polls, empty_polls, events        passes over the vectors of the CPU, of these the\n"
	"                                    ones that found nothing, and events delivered\n"
	"  peeked                            events that were found in their CQ (source cq)\n"
	"  own_polls, parks                  waits ended by the waiter's own poll; sleeps\n"
	"  safety_polls                      polls by the timer, as nobody else did\n"
	"  pauses                            times that there were too many interrupts\n"
	"  misplaced, moves, failed_moves, delayed_moves\n"
	"                                    events that were read elsewhere than delivered,\n"
	"                                    and what became of their CQs\n"
	"  direct_wakes, direct_switches     threads woken to run next; switches to such ones\n"
	"  fallback_due, ..._class, ..._throttled, ..._policy, ..._gone\n"
	"                                    why the ordinary pick decided instead\n";

static const struct level level = { " stat", "Command", usage, NULL };

/* How they belong together. Whatever else the module counts comes last. */
static const char *const order[] = {
	"polls", "empty_polls", "events", "peeked", "own_polls", "parks", "safety_polls", NULL,
	"pauses", NULL,
	"misplaced", "moves", "failed_moves", "delayed_moves", NULL,
	"direct_wakes", "direct_switches", NULL,
	"fallback_due", "fallback_class", "fallback_throttled", "fallback_policy",
	"fallback_gone",
};

#define NR_ORDER ((int)(sizeof(order) / sizeof(*order)))

static int place(const char *name)
{
	int i;

	for (i = 0; i < NR_ORDER; i++)
		if (order[i] && !strcmp(order[i], name))
			break;
	return i;
}

static int by_place(const struct dirent **a, const struct dirent **b)
{
	int d = place((*a)->d_name) - place((*b)->d_name);

	return d ?: strcmp((*a)->d_name, (*b)->d_name);
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* Does a new line begin with @name, after what has place @last? */
static bool new_group(const char *name, int last)
{
	int i = place(name);

	for (; i > last; i--)
		if (i == NR_ORDER || !order[i])
			return true;
	return false;
}

static void show_counter(unsigned int cpu, const char *name, int *last)
{
	char file[sizeof("cpu4294967295/") + 256], text[MAX_TEXT], *end;
	unsigned long long value;

	snprintf(file, sizeof(file), "cpu%u/%s", cpu, name);
	read_setting(text, file);
	value = strtoull(text, &end, 10);
	/* Not all that is there about a CPU is a counter. */
	if (end == text || *end)
		return;
	if (new_group(name, *last))
		out_break();
	*last = place(name);
	out_number(name, value);
}

static void show_cpu(unsigned int cpu)
{
	char path[sizeof("/sys/kernel/fastwake/cpu4294967295")];
	struct dirent **list;
	int i, n, last = -1;

	snprintf(path, sizeof(path), "/sys/kernel/fastwake/cpu%u", cpu);
	n = scandir(path, &list, visible, by_place);
	if (n < 0)
		refused("cannot read %s: %m", path);
	out_item();
	out_number("cpu", cpu);
	out_break();
	for (i = 0; i < n; i++) {
		show_counter(cpu, list[i]->d_name, &last);
		free(list[i]);
	}
	free(list);
	out_item_end();
}

static int show(const char *wanted)
{
	static struct cpus chosen, known;
	unsigned int *cpus, cpu;
	int i, n;

	if (wanted && !cpus_parse(&chosen, wanted))
		bad_syntax("argument \"%s\" is wrong: cpu takes a list, such as 0-3,8.", wanted);
	need_module();
	n = sorted_cpus(&cpus);
	for (i = 0; i < n; i++)
		known.bits[cpus[i] / 8] |= 1 << cpus[i] % 8;
	for (cpu = 0; wanted && cpu < MAX_CPUS; cpu++)
		if (cpus_has(&chosen, cpu) && !cpus_has(&known, cpu))
			refused("this machine has no CPU %u", cpu);

	out_begin();
	for (i = 0; i < n; i++)
		if (!wanted || cpus_has(&chosen, cpus[i]))
			show_cpu(cpus[i]);
	out_end();
	free(cpus);
	return 0;
}

int run_stat(char **args)
{
	const char *wanted = NULL;

	while (*args) {
		if (word_is(*args, "help")) {
			fputs(usage, stdout);
			return 0;
		}
		if (word_is(*args, "cpu")) {
			if (wanted)
				bad_syntax("duplicate \"cpu\".");
			wanted = take_value(&args);
		} else if (word_is(*args, "show")) {
			args++;
		} else {
			bad_word(&level, *args);
		}
	}
	return show(wanted);
}
