// SPDX-License-Identifier: GPL-2.0
/*
 * Wake-ups race with what interrupts a sleep, a signal, a stop, a tracer or the
 * freezer: each one ends one call of hibernate(), and none is lost.
 *
 * The next wake-up comes when the thread has returned for the last one, so that a
 * lost one shows at once, and one that counted twice as a permit that is left.
 */
#include <sys/ptrace.h>

#include "env_number.h"
#include "own_cgroup.h"

#define WAKES times(1000)
#define DISTURBANCES times(200)

/* Shared with the process that sleeps. */
static struct race {
	pid_t pid;
	char group[64];
	atomic_int woken, handled;
	atomic_int disturbances;	/* -1: one failed */
	atomic_bool stop;
} *race;

/* --- what interrupts it; each time is over before the next one begins ----------- */

static void handler(int sig)
{
	(void)sig;
	race->handled++;
}

static bool send_signal(void)
{
	int handled = race->handled;

	if (kill(race->pid, SIGUSR1))
		return false;
	while (race->handled == handled)
		sched_yield();
	return true;
}

static bool stop_and_continue(void)
{
	int status;

	return !kill(race->pid, SIGSTOP) &&
	       waitpid(race->pid, &status, WUNTRACED) == race->pid && WIFSTOPPED(status) &&
	       !kill(race->pid, SIGCONT);
}

static bool trace_and_let_go(void)
{
	int status;

	return !ptrace(PTRACE_SEIZE, race->pid, NULL, NULL) &&
	       !ptrace(PTRACE_INTERRUPT, race->pid, NULL, NULL) &&
	       waitpid(race->pid, &status, __WALL) == race->pid && WIFSTOPPED(status) &&
	       !ptrace(PTRACE_DETACH, race->pid, NULL, NULL);
}

static bool freeze_and_thaw(void)
{
	return cgroup_write(race->group, "cgroup.freeze", "1") &&
	       cgroup_wait_event(race->group, "frozen", 1) &&
	       cgroup_write(race->group, "cgroup.freeze", "0");
}

static void *disturb(void *arg)
{
	bool (*const *once)(void) = arg;

	while (!race->stop) {
		if (!(*once)()) {
			race->disturbances = -1;
			break;
		}
		race->disturbances++;
	}
	return NULL;
}

/* --- who sleeps, and who wakes it ------------------------------------------------- */

/* Until its parent ends it; only a signal with a handler may end a sleep as well. */
static void sleep_for_ever(bool signals)
{
	for (;;) {
		if (!hibernate(0))
			race->woken++;
		else if (errno != EINTR || !signals)
			_exit(errno);
	}
}

static bool wait_for_woken(int number)
{
	int i;

	for (i = 0; i < MAX_POLLS && race->woken < number; i++)
		sched_yield();
	return race->woken == number;
}

FIXTURE(race) { };

FIXTURE_VARIANT(race)
{
	bool (*once)(void);
};

FIXTURE_VARIANT_ADD(race, signal)
{
	.once = send_signal,
};

FIXTURE_VARIANT_ADD(race, stop)
{
	.once = stop_and_continue,
};

FIXTURE_VARIANT_ADD(race, trace)
{
	.once = trace_and_let_go,
};

FIXTURE_VARIANT_ADD(race, freezer)
{
	.once = freeze_and_thaw,
};

FIXTURE_SETUP(race)
{
	struct sigaction sa = { .sa_handler = handler };
	pid_t pid;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (cgroup_missing())
		SKIP(return, NO_CGROUP);
	race = shared_alloc(sizeof(*race));
	ASSERT_NE(NULL, race);
	ASSERT_TRUE(cgroup_make(race->group, sizeof(race->group)));
	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		sleep_for_ever(variant->once == send_signal);
	race->pid = pid;
	ASSERT_TRUE(cgroup_add(race->group, pid));
}

FIXTURE_TEARDOWN(race)
{
	EXPECT_TRUE(cgroup_remove(race->group));
}

TEST_F(race, nothing_is_lost)
{
	const int enough = WAKES, disturbances = DISTURBANCES;
	pthread_t thread;
	int wakes = 0;
	long ret;

	ASSERT_EQ(0, pthread_create(&thread, NULL, disturb, (void *)&variant->once));
	while (wakes < enough || race->disturbances < disturbances) {
		ASSERT_LE(0, race->disturbances);
		ret = wake_up_process(race->pid, 0);
		ASSERT_TRUE(ret == WAKE_UP_WOKEN || ret == WAKE_UP_PERMIT) {
			TH_LOG("wake-up %d: %ld, %s", wakes, ret, strerror(errno));
		}
		ASSERT_TRUE(wait_for_woken(++wakes)) {
			TH_LOG("%d returns for %d wake-ups", race->woken, wakes);
		}
	}
	race->stop = true;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	TH_LOG("%d wake-ups, %d disturbances", wakes, race->disturbances);

	/* And it sleeps again. */
	ASSERT_TRUE(wait_for_sleep_in(race->pid, __NR_hibernate));
	EXPECT_EQ(wakes, race->woken);
}

TEST_HARNESS_MAIN
