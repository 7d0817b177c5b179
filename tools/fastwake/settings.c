// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fastwake.h"

static const char usage[] =
	"Usage: fastwake [ settings ] show\n"
	"       fastwake [ settings ] set NAME VALUE [ NAME VALUE ]...\n"
	"where  NAME VALUE := { mode { off | interrupt | poll } |\n"
	"                       cpus { LIST | all | none } |\n"
	"                       source { eq | cq } |\n"
	"                       spin-us MICROSECONDS |\n"
	"                       safety-us MICROSECONDS |\n"
	"                       irq-events NUMBER |\n"
	"                       affinity { on | off } |\n"
	"                       irq-affinity { on | off } |\n"
	"                       move-after EVENTS |\n"
	"                       move-interval-ms MILLISECONDS }\n"
	"\n"
	"  mode        off: as without FastWake; interrupt: the interrupt delivers an event,\n"
	"              and its reader runs next; poll: CPUs poll for events\n"
	"  cpus        those that poll, as in 0-3,8; the others get interrupts\n"
	"  source      what they look at: event queues only, or completion queues as well\n"
	"  spin-us     how long a thread that waits alone on its CPU polls before it sleeps\n"
	"  safety-us   the period of the timer that polls where everybody computes\n"
	"  irq-events  how many events a millisecond the interrupts of a CPU deliver; 0: any\n"
	"  affinity    whether a CQ follows its reader to another CPU\n"
	"  irq-affinity  whether an interrupt does, where the device cannot move the CQ\n"
	"  move-after  how many events in a row have to be read there before it does\n"
	"  move-interval-ms  for how long it stays then\n";

static int run_help(char **args)
{
	(void)args;
	fputs(usage, stdout);
	return 0;
}

static const struct command commands[] = {
	{ "show", run_show },
	{ "set", run_set },
	{ "help", run_help },
	{ NULL, NULL }
};

static const struct level level = { " settings", "Command", usage, commands };

/* A value as the kernel wants it; null if it is none. */
static const char *mode_value(const char *value)
{
	static const char *const modes[] = { "off", "interrupt", "poll" };
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (word_is(value, modes[i]))
			return modes[i];
	return NULL;
}

static const char *source_value(const char *value)
{
	return strcmp(value, "eq") && strcmp(value, "cq") ? NULL : value;
}

/* What a list is the kernel knows better. */
static const char *cpus_value(const char *value)
{
	return strcmp(value, "none") ? value : "";
}

static const char *number_value(const char *value)
{
	if (!*value || strspn(value, "0123456789") != strlen(value))
		return NULL;
	/* The kernel takes a zero in front for that of an octal number. */
	while (value[0] == '0' && value[1])
		value++;
	return value;
}

static const char *switch_value(const char *value)
{
	if (!strcmp(value, "on"))
		return "1";
	return strcmp(value, "off") ? NULL : "0";
}

static void show_word(const char *name, const char *text)
{
	out_string(name, text);
}

static void show_number(const char *name, const char *text)
{
	out_number(name, strtoull(text, NULL, 10));
}

static void show_switch(const char *name, const char *text)
{
	out_switch(name, !strcmp(text, "1"));
}

/**
 * struct setting - one of them
 * @name: as users write it
 * @file: in sysfs
 * @values: which ones there are
 * @value: as the kernel wants it
 * @show: as users read it
 */
struct setting {
	const char *name;
	const char *file;
	const char *values;
	const char *(*value)(const char *value);
	void (*show)(const char *name, const char *text);
};

/*
 * In the order in which they are written: when the CPUs begin to poll it is those, and
 * in the way, that were asked for along with it.
 */
static const struct setting settings[] = {
	{ "cpus", "cpus", "all, none, or a list of this machine's CPUs, such as 0-3,8",
	  cpus_value, out_cpus },
	{ "source", "source", "eq or cq", source_value, show_word },
	{ "spin-us", "spin_us", "0 to 1000000 microseconds", number_value, show_number },
	{ "safety-us", "safety_us", "10 to 1000000 microseconds", number_value, show_number },
	{ "irq-events", "irq_events", "0 to 100000 events a millisecond",
	  number_value, show_number },
	{ "affinity", "affinity", "on or off", switch_value, show_switch },
	{ "irq-affinity", "irq_affinity", "on or off", switch_value, show_switch },
	{ "move-after", "move_after", "at least 1 event", number_value, show_number },
	{ "move-interval-ms", "move_interval_ms", "0 to 3600000 milliseconds",
	  number_value, show_number },
	{ "mode", "mode", "off, interrupt or poll", mode_value, show_word },
};

#define NR_SETTINGS ((int)(sizeof(settings) / sizeof(*settings)))
#define MODE (NR_SETTINGS - 1)

static void show_setting(const struct setting *s)
{
	char text[MAX_TEXT];

	read_setting(text, s->file);
	s->show(s->name, text);
}

int run_show(char **args)
{
	int i;

	if (*args && word_is(*args, "help"))
		return run_help(args);
	if (*args)
		bad_word(&level, *args);
	need_module();
	out_begin();
	out_item();
	/* What one looks for first. */
	show_setting(&settings[MODE]);
	for (i = 0; i < MODE; i++)
		show_setting(&settings[i]);
	out_item_end();
	out_end();
	return 0;
}

static int find_setting(const char *name)
{
	int i;

	/* The one that is abbreviated most. */
	if (word_is(name, settings[MODE].name))
		return MODE;
	for (i = 0; i < MODE; i++)
		if (word_is(name, settings[i].name))
			return i;
	fprintf(stderr, "Setting \"%s\" is unknown, try \"fastwake set help\".\n%s", name, usage);
	exit(EXIT_SYNTAX);
}

static void explain(const struct setting *s, const char *value, int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
	case EROFS:
		refused("no permission to set %s: that takes root", s->name);
	case EBUSY:
		refused("cannot set %s: another module uses the completion vectors", s->name);
	case EINVAL:
	case ERANGE:
		refused("the kernel does not take \"%s\" for %s, which is %s", value, s->name,
			s->values);
	default:
		refused("cannot set %s: %s", s->name, strerror(error));
	}
}

int run_set(char **args)
{
	const char *given[NR_SETTINGS] = { NULL }, *value[NR_SETTINGS];
	int i, error;

	if (!*args) {
		fprintf(stderr, "Error: which setting?\n%s", usage);
		return EXIT_SYNTAX;
	}
	if (word_is(*args, "help"))
		return run_help(args);

	/* All of it is understood before anything is changed. */
	while (*args) {
		i = find_setting(*args);
		if (given[i])
			bad_syntax("duplicate \"%s\".", settings[i].name);
		given[i] = take_value(&args);
		value[i] = settings[i].value(given[i]);
		if (!value[i])
			bad_syntax("argument \"%s\" is wrong: %s is %s.", given[i],
				   settings[i].name, settings[i].values);
	}

	need_module();
	for (i = 0; i < NR_SETTINGS; i++) {
		if (!given[i])
			continue;
		error = write_setting(settings[i].file, value[i]);
		if (error)
			explain(&settings[i], given[i], error);
	}
	return 0;
}

int run_settings(char **args)
{
	return run_level(&level, args);
}
