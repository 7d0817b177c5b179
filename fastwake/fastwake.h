/* SPDX-License-Identifier: GPL-2.0 */
/*
 * FastWake: who polls the completion vectors of which CPU, and when; and which CQs
 * move to another vector.
 */
#ifndef FASTWAKE_H
#define FASTWAKE_H

#ifdef pr_fmt
#undef pr_fmt
#endif
#define pr_fmt(fmt) "fastwake: " fmt

#include <linux/cpumask.h>
#include <linux/types.h>

struct kobject;

/**
 * enum fastwake_mode - how completion events reach the threads that wait
 * @FASTWAKE_OFF: as without FastWake
 * @FASTWAKE_INTERRUPT: the completion vectors interrupt, and deliver events there
 * @FASTWAKE_POLL: the CPUs poll their completion vectors
 */
enum fastwake_mode {
	FASTWAKE_OFF,
	FASTWAKE_INTERRUPT,
	FASTWAKE_POLL,
};

/**
 * enum fastwake_source - where a poll finds completion events
 * @FASTWAKE_EQ: in the event queues of the devices
 * @FASTWAKE_CQ: before, in the CQs themselves, where the driver can look there
 */
enum fastwake_source {
	FASTWAKE_EQ,
	FASTWAKE_CQ,
};

/* main.c */
int fastwake_set_mode(enum fastwake_mode mode);
enum fastwake_mode fastwake_get_mode(void);
void fastwake_set_cpus(const struct cpumask *cpus);
void fastwake_get_cpus(struct cpumask *cpus);
void fastwake_set_source(enum fastwake_source source);
enum fastwake_source fastwake_get_source(void);

/* poller.c: the threads fastwake/N */
int fastwake_pollers_init(void);
void fastwake_pollers_exit(void);
void fastwake_pollers_set(const struct cpumask *cpus);

/* safety.c: the timer that looks when no thread gets to */
void fastwake_safety_init(int cpu);
void fastwake_safety_start(int cpu);
void fastwake_safety_stop(int cpu);
u64 fastwake_safety_polls(int cpu);
extern unsigned int fastwake_safety_us;

/**
 * struct fastwake_affinity_stats - the counters of one CPU
 * @misplaced: events that were delivered on another CPU than where they were read
 * @delayed: moves that had to wait, as the CQ had been moved shortly before
 */
struct fastwake_affinity_stats {
	u64 misplaced;
	u64 delayed;
};

/* affinity.c: which CQs move to the CPU of their reader, and when */
#define FASTWAKE_MOVE_INTERVAL_MAX_MS 3600000
int fastwake_affinity_enable(bool enable);
bool fastwake_affinity_enabled(void);
void fastwake_irq_affinity_allow(bool allow);
bool fastwake_irq_affinity_allowed(void);
void fastwake_affinity_read(int cpu, struct fastwake_affinity_stats *stats);
extern unsigned int fastwake_move_after;
extern unsigned int fastwake_move_interval_ms;

/* counters.c */
int fastwake_counters_init(struct kobject *parent);
void fastwake_counters_exit(void);

/* sysfs.c */
int fastwake_sysfs_init(void);
void fastwake_sysfs_exit(void);

/* parse.c: pure functions, tested by tests/parse_kunit.c */
int fastwake_parse_mode(const char *str);
const char *fastwake_mode_name(enum fastwake_mode mode);
int fastwake_parse_source(const char *str);
const char *fastwake_source_name(enum fastwake_source source);
int fastwake_parse_cpus(const char *str, struct cpumask *cpus);
int fastwake_parse_number(const char *str, unsigned int min, unsigned int max,
			  unsigned int *number);

#endif /* FASTWAKE_H */
