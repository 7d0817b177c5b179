/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where completion interrupts go, and moving them as an administrator does. Of the first
 * device, as that of the rig.
 */
#ifndef IRQ_H
#define IRQ_H

#include <glob.h>

#include "polled.h"

/* Does that CPU deliver the events of the first completion vector? */
static inline bool has_vector(int cpu)
{
	char vectors[256];
	char name[32];

	snprintf(name, sizeof(name), "cpu%d/vectors", cpu);
	return setting_read(name, vectors, sizeof(vectors)) && strstr(vectors, "mlx5_0:0");
}

/* Its interrupt, -1 if there is none. */
static inline int vector_irq(void)
{
	glob_t found;
	int irq = -1;

	if (!glob("/proc/irq/*/mlx5_comp0@pci:*", 0, NULL, &found))
		irq = atoi(found.gl_pathv[0] + strlen("/proc/irq/"));
	globfree(&found);
	return irq;
}

/*
 * Events until the vector is that CPU's. The interrupt itself moves with the next one that
 * comes. False as well after far more of them than that takes.
 */
static inline bool vector_comes_to(struct loop *l, struct ibv_comp_channel *ch, int cpu, int other)
{
	int i;

	for (i = 0; i < 100000; i++) {
		if (has_vector(cpu) && !has_vector(other))
			return true;
		if (!one_event(l, ch))
			return false;
	}
	return false;
}

static inline bool move_irq(int irq, int cpu)
{
	char path[64];
	char text[16];

	snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity_list", irq);
	snprintf(text, sizeof(text), "%d", cpu);
	return write_file(path, text);
}

#endif /* IRQ_H */
