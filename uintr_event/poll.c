// SPDX-License-Identifier: GPL-2.0
/*
 * User interrupts without interrupts, on CPUs that poll for completions anyway.
 *
 * The targets of a CPU wait for its attention as the event queue of a device does: they
 * have it interrupted, or somebody looks. So they are a completion vector, without a device
 * and without CQs, and whoever polls the vectors of the CPU, as the module fastwake says,
 * looks at them as well.
 */
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <rdma/ib_comp_vector.h>

#include <asm/uintr.h>

#include "poll.h"

/* Not by the budget, which is about how long it takes: uintr_poll() sees to that by itself. */
static int uintr_event_poll(struct ib_comp_vector *vector, int budget)
{
	return uintr_poll(vector->cpu);
}

static bool uintr_event_arm(struct ib_comp_vector *vector)
{
	/* What came before interrupts, too. */
	uintr_poll_end(vector->cpu);
	return false;
}

static void uintr_event_disarm(struct ib_comp_vector *vector)
{
	uintr_poll_begin(vector->cpu);
}

static const struct ib_comp_vector_ops uintr_event_vector_ops = {
	.poll	= uintr_event_poll,
	.arm	= uintr_event_arm,
	.disarm	= uintr_event_disarm,
	/* A pause for the sake of RDMA devices would visit each target, and cost more. */
	.bounded = true,
};

static DEFINE_PER_CPU(struct ib_comp_vector, uintr_event_vectors);

/**
 * uintr_event_poll_init - have the CPUs that poll look for user interrupts
 *
 * Context: may sleep.
 */
void uintr_event_poll_init(void)
{
	struct ib_comp_vector *vector;
	int cpu;

	for_each_possible_cpu(cpu) {
		vector = per_cpu_ptr(&uintr_event_vectors, cpu);
		vector->ops = &uintr_event_vector_ops;
		vector->cpu = cpu;
		ib_comp_vector_register(vector);
	}
}

/**
 * uintr_event_poll_exit - nobody looks any more, they interrupt
 *
 * Context: may sleep.
 */
void uintr_event_poll_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		ib_comp_vector_unregister(per_cpu_ptr(&uintr_event_vectors, cpu));
	/* Also for a change that disarms them just now. */
	synchronize_rcu();
	for_each_possible_cpu(cpu)
		uintr_poll_end(cpu);
}
