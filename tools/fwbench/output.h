/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is printed, for people and for programs.
 */
#ifndef FWBENCH_OUTPUT_H
#define FWBENCH_OUTPUT_H

#include "switch.h"

enum format { FORMAT_DEFAULT, FORMAT_SIMPLE, FORMAT_JSON, NR_FORMATS };

extern const char *const format_names[NR_FORMATS];

/* The machine and kernel that all rows are from. */
void print_machine(enum format format, const struct run *run);
void print_row(enum format format, const struct run *run, const struct result *result);
/* A JSON string with its quotes, or null. */
void print_json_string(const char *str);

#endif /* FWBENCH_OUTPUT_H */
