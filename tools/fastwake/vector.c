// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "fastwake.h"

static const char usage[] =
	"Usage: fastwake vector [ show ] [ dev DEV ]\n"
	"\n"
	"The completion vectors of all RDMA devices, or of one. The number of a vector is\n"
	"what programs choose with comp_vector; its CPU delivers the events:\n"
	"  delivery off         as without FastWake\n"
	"  delivery interrupt   in an interrupt\n"
	"  delivery poll        by polling\n"
	"  moves yes, moves no  whether its CQs can move to another vector of the device\n";

static int run_vector_show(char **args);

static int run_help(char **args)
{
	(void)args;
	fputs(usage, stdout);
	return 0;
}

static const struct command commands[] = {
	{ "show", run_vector_show },
	{ "help", run_help },
	{ NULL, NULL }
};

static const struct level level = { " vector", "Command", usage, commands };

struct vector {
	char *device;
	unsigned int index;
	unsigned int cpu;
};

struct vectors {
	struct vector *v;
	size_t n;
};

/* @text: "rxe0:1" */
static void add_vector(struct vectors *all, char *text, unsigned int cpu)
{
	char *colon = strrchr(text, ':');
	struct vector *v;

	if (!colon)
		refused("cannot make out the vector \"%s\" of CPU %u", text, cpu);
	*colon = '\0';
	v = reallocarray(all->v, all->n + 1, sizeof(*v));
	if (!v)
		refused("no memory");
	all->v = v;
	v += all->n++;
	v->device = strdup(text);
	if (!v->device)
		refused("no memory");
	v->index = strtoul(colon + 1, NULL, 10);
	v->cpu = cpu;
}

/* @name: of the file that each CPU has of them */
static void read_vectors(struct vectors *all, const char *name)
{
	char file[sizeof("cpu4294967295/") + 16], text[MAX_TEXT], *word, *rest;
	unsigned int *cpus;
	int i, n;

	n = sorted_cpus(&cpus);
	for (i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "cpu%u/%s", cpus[i], name);
		read_setting(text, file);
		for (word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
			add_vector(all, word, cpus[i]);
	}
	free(cpus);
}

static void forget_vectors(struct vectors *all)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		free(all->v[i].device);
	free(all->v);
}

static bool has_device(const struct vectors *all, const char *device)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (!strcmp(all->v[i].device, device))
			return true;
	return false;
}

static int by_device(const void *a, const void *b)
{
	const struct vector *v = a, *w = b;
	int d = strverscmp(v->device, w->device);

	return d ?: (v->index > w->index) - (v->index < w->index);
}

static void show(const char *device)
{
	struct vectors all = { NULL, 0 }, movable = { NULL, 0 };
	static struct delivery delivery;
	struct vector *v;

	need_module();
	read_delivery(&delivery);
	read_vectors(&all, "vectors");
	/* Goes by the device: a vector may have another CPU meanwhile. */
	read_vectors(&movable, "movable");
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_device);
	if (device && !has_device(&all, device))
		refused("there is no RDMA device \"%s\" with completion vectors", device);

	out_begin();
	for (v = all.v; v < all.v + all.n; v++) {
		if (device && strcmp(device, v->device))
			continue;
		out_item();
		out_string("dev", v->device);
		out_number("vector", v->index);
		out_number("cpu", v->cpu);
		out_string("delivery", delivery_of(&delivery, v->cpu));
		out_answer("moves", has_device(&movable, v->device));
		out_item_end();
	}
	out_end();
	forget_vectors(&movable);
	forget_vectors(&all);
}

static int run_vector_show(char **args)
{
	const char *device = NULL;

	while (*args) {
		if (word_is(*args, "help"))
			return run_help(args);
		if (word_is(*args, "dev")) {
			if (device)
				bad_syntax("duplicate \"dev\".");
			device = take_value(&args);
		} else {
			bad_word(&level, *args);
		}
	}
	show(device);
	return 0;
}

int run_vector(char **args)
{
	/* What is to be shown can be said without "show". */
	if (*args && word_is(*args, "dev"))
		return run_vector_show(args);
	return run_level(&level, args);
}
