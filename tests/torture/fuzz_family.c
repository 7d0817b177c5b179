// SPDX-License-Identifier: GPL-2.0
/*
 * Survivors. Each has a timer of its own that ends a sleep which nobody else ends,
 * and does to itself and its like what a program may do: signals with and without
 * handlers, other masks, policies and CPUs.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest/slice.h"
#include "fuzz.h"

#define MAX_TIMER_NS 20000000
/* For so many calls of its own a thread is above the fair class. */
#define RT_CALLS 8
#define MS 1000000ULL

/* SIGUSR1 and SIGUSR2 have handlers; of the rest one is ignored. */
static const int signals[] = { SIGUSR1, SIGUSR2, SIGURG, SIGWINCH, SIGCONT };

void install_handlers(void)
{
	struct sigaction action = { .sa_handler = note_signal };

	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	action.sa_flags = SA_RESTART;
	sigaction(SIGUSR2, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGWINCH, &action, NULL);
}

/* To a thread of the family, or to another family. */
static void send_signal(struct caller *c)
{
	int sig = signals[draw(&c->random, ARRAY_SIZE(signals))];
	int other = draw(&c->random, NR_FAMILIES);
	int index;
	int ret;

	if (c->inner || one_in(&c->random, 2)) {
		index = c->family * FAMILY_SIZE + draw(&c->random, FAMILY_SIZE);
		ret = syscall(SYS_tgkill, getpid(), fuzz->survivors[index].tid, sig);
	} else {
		/* It may not be allowed, or not yet be there. */
		ret = fuzz->families[other].pid > 0 ? kill(fuzz->families[other].pid, sig) : -1;
	}
	if (!ret)
		fuzz->deeds[SIGNALS]++;
}

static void change_mask(struct caller *c)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signals[draw(&c->random, 2)]);
	pthread_sigmask(one_in(&c->random, 2) ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static void set_timer(struct caller *c, timer_t timer)
{
	struct itimerspec t = {
		.it_value.tv_nsec = 1 + draw(&c->random, MAX_TIMER_NS),
		.it_interval.tv_nsec = MAX_TIMER_NS,
	};

	timer_settime(timer, 0, &t, NULL);
}

static bool set_policy(struct caller *c, int policy)
{
	struct slice_attr attr = {
		.size = sizeof(attr),
		.policy = policy,
		.nice = (int)draw(&c->random, 40) - 20,
	};

	if (policy == SCHED_FIFO || policy == SCHED_RR) {
		attr.nice = 0;
		attr.priority = 1 + draw(&c->random, 3);
	} else if (policy == SCHED_DEADLINE) {
		attr.runtime = 1 * MS;
		attr.deadline = 5 * MS;
		attr.period = 10 * MS;
	} else if (one_in(&c->random, 2)) {
		attr.runtime = 1 + draw(&c->random, 100) * MS;
	}
	return !syscall(SYS_sched_setattr, 0, &attr, 0);
}

static bool set_affinity(struct caller *c)
{
	unsigned int bits = draw_bits(&c->random);
	cpu_set_t set;
	int cpu;

	CPU_ZERO(&set);
	for (cpu = 0; cpu < 32; cpu++) {
		if (bits & 1U << cpu)
			CPU_SET(cpu, &set);
	}
	return !sched_setaffinity(0, sizeof(set), &set);
}

/* Briefly, lest nobody else runs any more. */
static void above_the_fair(struct caller *c)
{
	static const int policies[] = { SCHED_FIFO, SCHED_RR, SCHED_DEADLINE };
	int i;

	if (!set_policy(c, policies[draw(&c->random, ARRAY_SIZE(policies))]))
		return;
	fuzz->deeds[ATTRIBUTES]++;
	for (i = 0; i < RT_CALLS; i++)
		random_call(c);
	set_policy(c, SCHED_OTHER);
}

static void change_attributes(struct caller *c)
{
	static const int policies[] = { SCHED_OTHER, SCHED_OTHER, SCHED_BATCH, SCHED_IDLE };
	bool changed;

	if (c->root && one_in(&c->random, 4)) {
		above_the_fair(c);
		return;
	}
	if (one_in(&c->random, 2))
		changed = set_affinity(c);
	else
		changed = set_policy(c, policies[draw(&c->random, ARRAY_SIZE(policies))]);
	if (changed)
		fuzz->deeds[ATTRIBUTES]++;
}

static void act(struct caller *c, timer_t timer)
{
	switch (draw(&c->random, 32)) {
	case 0:
		change_attributes(c);
		break;
	case 1:
		change_mask(c);
		break;
	case 2:
		set_timer(c, timer);
		break;
	case 3:
	case 4:
		send_signal(c);
		break;
	default:
		random_call(c);
		break;
	}
}

/* The end: it takes what is left for it, parks, and is released and woken. */
static void settle(struct caller *c)
{
	bool woken;

	fuzz->idle++;
	do {
		woken = call_hibernate(c);
	} while (!woken || !c->self->released);
	c->self->done = true;
}

static void *survive(void *arg)
{
	struct survivor *s = arg;
	int index = s - fuzz->survivors;
	struct caller c = {
		.random = random_sequence(fuzz->seed, index),
		.tid = gettid(),
		.family = index / FAMILY_SIZE,
		.self = s,
	};
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGALRM,
		._sigev_un._tid = c.tid,
	};
	timer_t timer;

	c.root = fuzz->families[c.family].root;
	c.inner = fuzz->families[c.family].inner;
	if (timer_create(CLOCK_MONOTONIC, &event, &timer)) {
		fuzz_fail("no timer");
		return NULL;
	}
	set_timer(&c, timer);
	s->tid = c.tid;
	s->outer_tid = outer_tid();
	fuzz->known++;
	while (!survivors_known() && !fuzz_over())
		sched_yield();

	while (!fuzz_over())
		act(&c, timer);
	timer_delete(timer);
	settle(&c);
	return NULL;
}

static void family(int index)
{
	struct survivor *s = &fuzz->survivors[index * FAMILY_SIZE];
	pthread_t threads[FAMILY_SIZE];
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!fuzz->families[index].root && !become_nobody())
		fuzz_fail("cannot become nobody");
	for (i = 1; i < FAMILY_SIZE; i++) {
		if (pthread_create(&threads[i], NULL, survive, &s[i])) {
			fuzz_fail("no new thread");
			return;
		}
	}
	survive(&s[0]);
	for (i = 1; i < FAMILY_SIZE; i++)
		pthread_join(threads[i], NULL);
}

void start_family(int index)
{
	struct family *f = &fuzz->families[index];
	unsigned long flags = SIGCHLD;
	pid_t pid;

	f->root = index % 2 == 0;
	f->inner = index == NR_FAMILIES - 1;
	if (f->inner)
		flags |= CLONE_NEWPID;
	pid = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
	if (!pid) {
		family(index);
		_exit(0);
	}
	if (pid < 0)
		ksft_exit_fail_msg("no new process\n");
	f->pid = pid;
}
