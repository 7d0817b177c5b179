// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "method_list.h"

static void add_method(struct method_list *list, const struct method *m)
{
	list->methods[list->nr++] = m;
}

void name_method(struct argp_state *state, struct method_list *list, const char *name)
{
	const struct method *m = find_method(name);

	if (!m || (list->fair && !m->fair))
		argp_error(state, "there is no method '%s'", name);
	if (list->nr == MAX_METHODS)
		argp_error(state, "more than %d methods", MAX_METHODS);
	add_method(list, m);
	list->named = true;
}

void complete_methods(struct method_list *list)
{
	unsigned int i;

	for (i = 0; !list->named && i < nr_switch_methods; i++) {
		if (!list->fair || switch_methods[i].fair)
			add_method(list, &switch_methods[i]);
	}
}

char *methods_help(bool fair, const char *text)
{
	const struct method *m;
	char *out = NULL;
	size_t size;
	FILE *f;

	f = open_memstream(&out, &size);
	if (!f)
		return (char *)text;
	fputs("Methods (all):\n", f);
	for (m = switch_methods; m < switch_methods + nr_switch_methods; m++) {
		if (!fair || m->fair)
			fprintf(f, "  %-10s %s\n", m->name, m->about);
	}
	if (text)
		fputs(text, f);
	fclose(f);
	return out;
}
