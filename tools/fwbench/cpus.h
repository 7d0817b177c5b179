/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FWBENCH_CPUS_H
#define FWBENCH_CPUS_H

#include <stdbool.h>
#include <stddef.h>

/* The calling thread only; -1 and errno on error. */
int pin_to_cpu(int cpu);
/* Whether threads can be pinned to @cpu; if not, why, in @why. */
bool cpu_usable(int cpu, char *why, size_t size);

#endif /* FWBENCH_CPUS_H */
