/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The methods that a subcommand is to run.
 */
#ifndef FWBENCH_METHOD_LIST_H
#define FWBENCH_METHOD_LIST_H

#include "switch.h"

#define MAX_METHODS 32

struct method_list {
	const struct method *methods[MAX_METHODS];
	int nr;
	bool named;		/* they were, so they have to be there */
	bool fair;		/* there are only those of fwbench fair */
};

void name_method(struct argp_state *state, struct method_list *list, const char *name);
/* With all there are, if none was named. */
void complete_methods(struct method_list *list);
/* What there are and then @text, as argp's help filter wants it. */
char *methods_help(bool fair, const char *text);

#endif /* FWBENCH_METHOD_LIST_H */
