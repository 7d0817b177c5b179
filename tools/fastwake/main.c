// SPDX-License-Identifier: GPL-2.0
/*
 * The command line: options, and words that may be abbreviated as those of ip(8).
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "fastwake.h"

static const char usage[] =
	"Usage: fastwake [ OPTIONS ] OBJECT { COMMAND | help }\n"
	"       fastwake [ OPTIONS ] show\n"
	"       fastwake [ OPTIONS ] set NAME VALUE [ NAME VALUE ]...\n"
	"where  OBJECT := { settings | stat | vector | cq }\n"
	"       OPTIONS := { -j[son] | -p[retty] | -V[ersion] }\n"
	"\n"
	"  settings   how completion events are delivered; show and set are short for it\n"
	"  stat       what each CPU did\n"
	"  vector     the completion vectors, and which CPU each belongs to\n"
	"  cq         the completion queues, and which vector reports each\n";

static int run_help(char **args)
{
	(void)args;
	fputs(usage, stdout);
	return 0;
}

static const struct command commands[] = {
	{ "help", run_help },
	{ "show", run_show },
	{ "set", run_set },
	{ "settings", run_settings },
	{ "stat", run_stat },
	{ "vector", run_vector },
	{ "cq", run_cq },
	{ NULL, NULL }
};

static const struct level top = { "", "Object", usage, commands };

/* Is @arg @word, or a beginning of it? */
bool word_is(const char *arg, const char *word)
{
	return *arg && !strncmp(arg, word, strlen(arg));
}

/* The word @arg has no meaning at this place. */
void bad_word(const struct level *level, const char *arg)
{
	fprintf(stderr, "%s \"%s\" is unknown, try \"fastwake%s help\".\n%s",
		level->what, arg, level->path, level->usage);
	exit(EXIT_SYNTAX);
}

static void say_error(const char *format, va_list ap)
{
	fputs("Error: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
}

/* The command line is no good otherwise. */
void bad_syntax(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say_error(format, ap);
	va_end(ap);
	exit(EXIT_SYNTAX);
}

/* It is good, but cannot be done. */
void refused(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say_error(format, ap);
	va_end(ap);
	exit(EXIT_REFUSED);
}

/* The word after *@args, which needs one. */
char *take_value(char ***args)
{
	char *word = *(*args)++;

	if (!**args)
		bad_syntax("\"%s\" needs a value; try \"help\".", word);
	return *(*args)++;
}

/* Run what the first of @args means; the first command of all if there is none. */
int run_level(const struct level *level, char **args)
{
	const struct command *c = level->commands;

	if (!*args)
		return c->run(args);
	for (; c->name; c++) {
		if (word_is(*args, c->name))
			return c->run(args + 1);
	}
	bad_word(level, *args);
}

int main(int argc, char **argv)
{
	bool json = false, pretty = false;
	char **args = argv + 1;
	const char *option;
	int ret;

	(void)argc;
	for (; *args && **args == '-'; args++) {
		option = *args + 1;
		if (*option == '-')
			option++;
		if (word_is(option, "help"))
			return run_help(args);
		if (word_is(option, "Version")) {
			printf("fastwake utility, FastWake for " VERSION "\n");
			return 0;
		}
		if (word_is(option, "json")) {
			json = true;
		} else if (word_is(option, "pretty")) {
			pretty = true;
		} else if (!strcmp(option, "jp") || !strcmp(option, "pj")) {
			json = true;
			pretty = true;
		} else {
			fprintf(stderr, "Option \"%s\" is unknown, try \"fastwake help\".\n%s",
				*args, usage);
			return EXIT_SYNTAX;
		}
	}
	if (!*args) {
		fputs(usage, stderr);
		return EXIT_SYNTAX;
	}
	out_format(json, pretty);
	ret = run_level(&top, args);
	/* What was not written was not shown. */
	if (fflush(stdout) || ferror(stdout))
		refused("cannot write the output: %m");
	return ret;
}
