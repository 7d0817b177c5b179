// SPDX-License-Identifier: GPL-2.0
/*
 * fastwake/N: one thread for each CPU that polls the completion vectors of its
 * CPU while no other thread wants to run there.
 *
 * It polls as SCHED_IDLE: whatever else wakes preempts it at once. A thread that
 * waits for a completion polls itself before it parks (ib_comp_spin()); when it
 * has parked and nothing else runs, fastwake/N goes on in its place. If neither
 * gets to run, the safety timer looks. All else it does as an ordinary thread: who
 * wants one of its mutexes is not to wait for a thread that hardly ever runs.
 *
 * A CPU polls while its thread is active, that is, not parked for hotplug, and
 * the CPU is one of those chosen. The mutex covers both conditions and the
 * vectors' state that follows from them.
 */
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/smpboot.h>
#include <rdma/ib_comp_vector.h>
#include <uapi/linux/sched/types.h>

#include "fastwake.h"

/* How many events one pass delivers at most. */
#define FASTWAKE_BUDGET 64

static DEFINE_PER_CPU(struct task_struct *, fastwake_task);
static DEFINE_MUTEX(fastwake_poller_mutex);
static struct cpumask fastwake_active;
static struct cpumask fastwake_chosen;
static struct cpumask fastwake_polling;	/* both; read without the mutex */

static void fastwake_poller_update(int cpu)
{
	lockdep_assert_held(&fastwake_poller_mutex);

	if (cpumask_test_cpu(cpu, &fastwake_active) &&
	    cpumask_test_cpu(cpu, &fastwake_chosen)) {
		if (cpumask_test_and_set_cpu(cpu, &fastwake_polling))
			return;
		fastwake_safety_start(cpu);
		ib_comp_poll_start(cpu);
		wake_up_process(per_cpu(fastwake_task, cpu));
	} else {
		if (!cpumask_test_and_clear_cpu(cpu, &fastwake_polling))
			return;
		ib_comp_poll_stop(cpu);
		fastwake_safety_stop(cpu);
	}
}

static int fastwake_should_poll(unsigned int cpu)
{
	return cpumask_test_cpu(cpu, &fastwake_polling);
}

static void fastwake_poll(unsigned int cpu)
{
	static const struct sched_attr idle = {
		.sched_policy = SCHED_IDLE,
	};

	WARN_ON_ONCE(sched_setattr_nocheck(current, &idle));
	/* On a preemptible kernel only hotplug or a new mode ends this. */
	while (fastwake_should_poll(cpu) && !kthread_should_park()) {
		if (!ib_comp_poll(FASTWAKE_BUDGET))
			cpu_relax();
		/* Who never sleeps has to say that it holds nothing. */
		cond_resched_tasks_rcu_qs();
	}
	sched_set_normal(current, 0);
}

static void fastwake_poller_unpark(unsigned int cpu)
{
	guard(mutex)(&fastwake_poller_mutex);
	cpumask_set_cpu(cpu, &fastwake_active);
	fastwake_poller_update(cpu);
}

static void fastwake_poller_park(unsigned int cpu)
{
	guard(mutex)(&fastwake_poller_mutex);
	cpumask_clear_cpu(cpu, &fastwake_active);
	fastwake_poller_update(cpu);
}

static void fastwake_poller_cleanup(unsigned int cpu, bool online)
{
	fastwake_poller_park(cpu);
}

static struct smp_hotplug_thread fastwake_threads = {
	.store			= &fastwake_task,
	.thread_comm		= "fastwake/%u",
	.thread_should_run	= fastwake_should_poll,
	.thread_fn		= fastwake_poll,
	.setup			= fastwake_poller_unpark,
	.cleanup		= fastwake_poller_cleanup,
	.park			= fastwake_poller_park,
	.unpark			= fastwake_poller_unpark,
};

/**
 * fastwake_pollers_set - choose the CPUs that poll
 * @cpus: the CPUs; an offline one begins when it comes online
 *
 * On return the vectors of all other CPUs interrupt.
 *
 * Context: process, may sleep.
 */
void fastwake_pollers_set(const struct cpumask *cpus)
{
	int cpu;

	guard(mutex)(&fastwake_poller_mutex);
	cpumask_copy(&fastwake_chosen, cpus);
	for_each_possible_cpu(cpu)
		fastwake_poller_update(cpu);
}

/**
 * fastwake_pollers_init - create the threads; none of them polls yet
 *
 * Context: process, may sleep.
 * Return: 0, or the error of smpboot_register_percpu_thread().
 */
int fastwake_pollers_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		fastwake_safety_init(cpu);

	return smpboot_register_percpu_thread(&fastwake_threads);
}

/**
 * fastwake_pollers_exit - stop the threads; no CPU is chosen any more
 *
 * Context: process, may sleep.
 */
void fastwake_pollers_exit(void)
{
	smpboot_unregister_percpu_thread(&fastwake_threads);
}
