// SPDX-License-Identifier: GPL-2.0
/*
 * A storm of wake-ups: many threads wake and park each other at random, in two
 * calls or in one, with signals in between, and no wake-up is lost.
 *
 *	storm [operations [threads [seed]]]
 *
 * or by the environment: FASTWAKE_STORM_OPS, FASTWAKE_STORM_THREADS,
 * FASTWAKE_STORM_SEED; and FASTWAKE_STORM_WATCHDOG, see below.
 *
 * Each thread has a mailbox that holds one message. Whoever claims an empty
 * mailbox writes the message and calls wake_up_process() once; the owner takes
 * the message only when hibernate() returned 0, and empties the mailbox after
 * that. So wake-ups and returns correspond one to one, and whatever goes wrong
 * stays visible, because no later wake-up makes up for it:
 *
 *  - a lost wake-up leaves its target parked for ever with a full mailbox,
 *  - a return without a wake-up finds no new message,
 *  - a permit that counts twice makes wake_up_process() say WAKE_UP_PENDING,
 *  - a missing barrier shows the message, which is not atomic, out of date.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>

#include <kselftest.h>
#include <linux/fastwake.h>

#include "thread_state.h"

#define MAX_THREADS 256
/*
 * One signal for so many wake-ups, but none during every other so many operations: to a
 * thread whose wake-up was lost a signal is one, and nobody would notice.
 */
#define SIGNAL_EVERY 16
#define QUIET_OPS 8192
struct worker {
	/* one cache line for what others write */
	alignas(64) atomic_int full;
	long sent;		/* the message; its writer holds the claim */
	atomic_int tid;
	/* and one for the owner's */
	alignas(64) pthread_t thread;
	long received;
	unsigned long random;
	long results[3];
	long handovers;
	long interrupted;
	long signals;
	atomic_bool finished;
};

static struct worker workers[MAX_THREADS];
static long nr_threads = 8;
static long nr_ops = 1000000;
static long seed = 1;
/* Without any progress for so long, in seconds, the storm hangs. */
static long patience = 60;
static atomic_long ops;
/* Threads that run, and messages that are on their way. */
static atomic_long active;
static atomic_bool ending;
static atomic_long handled;

static long hibernate(void)
{
	return syscall(__NR_hibernate, 0);
}

/* xorshift64: reproducible, and not the subject here. */
static unsigned int draw(struct worker *w, unsigned int range)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (w->random >> 32) % range;
}

/* What is wrong ends the process at once: a test that goes on hides it. */
__printf(1, 2)
static __noreturn void fail(const char *fmt, ...)
{
	char why[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	dprintf(STDOUT_FILENO, "# %s\nnot ok 1 storm\n", why);
	_exit(KSFT_FAIL);
}

static void report_worker(int i)
{
	struct worker *w = &workers[i];
	pid_t tid = w->tid;

	if (w->finished)
		return;
	dprintf(STDOUT_FILENO, "# thread %d (tid %d): state %c, %s, %ld sent, %ld received%s\n",
		i, tid, thread_state(tid),
		thread_sleeps_in(tid) == __NR_hibernate ? "in hibernate()" : "elsewhere",
		w->sent, w->received,
		w->sent != w->received ? ": NOT READ" : "");
}

static void watchdog(int sig)
{
	static long last = -1;
	long now = ops;
	int i;

	(void)sig;
	if (now != last) {
		last = now;
		alarm(patience);
		return;
	}
	for (i = 0; i < nr_threads; i++)
		report_worker(i);
	fail("no progress for %ld s after %ld operations", patience, now);
}

static void count_signal(int sig)
{
	(void)sig;
	handled++;
}

/* Leave a message in an empty mailbox, for which to wake its owner; or false. */
static bool claim(struct worker *to)
{
	int empty = 0;

	if (!atomic_compare_exchange_strong(&to->full, &empty, 1))
		return false;
	active++;
	to->sent++;
	return true;
}

static bool post(struct worker *from, struct worker *to)
{
	long ret;

	if (!claim(to))
		return false;
	ret = syscall(__NR_wake_up_process, to->tid, 0);
	if (ret == WAKE_UP_WOKEN || ret == WAKE_UP_PERMIT)
		from->results[ret]++;
	else if (ret == WAKE_UP_PENDING)
		fail("a permit was left over: message %ld finds one", to->sent);
	else if (errno != ESRCH || !to->finished)
		fail("wake_up_process(): %s", strerror(errno));
	return true;
}

/*
 * Wait for one message and take it. Going to sleep the caller wakes @to, if it is
 * not NULL, for a message that it left there.
 */
static void receive(struct worker *w, struct worker *to)
{
	long ret;

	if (to)
		ret = syscall(__NR_wake_up_process, to->tid, WAKE_UP_HIBERNATE);
	else
		ret = hibernate();
	while (ret) {
		if (errno == EINTR)
			w->interrupted++;
		else if (!to || errno != ESRCH || !to->finished)
			fail("%s: %s", to ? "hand-over" : "hibernate()", strerror(errno));
		to = NULL;
		ret = hibernate();
	}
	w->received++;
	if (w->sent != w->received)
		fail("hibernate() returned for message %ld, but %ld is there",
		     w->received, w->sent);
	atomic_store(&w->full, 0);
}

/*
 * May the caller park? Somebody has to go on, so not if it is the last one that
 * runs and no message is on its way.
 */
static bool leave(void)
{
	long n = atomic_load(&active);

	do {
		if (n <= 1)
			return false;
	} while (!atomic_compare_exchange_weak(&active, &n, n - 1));
	return true;
}

static void wake_one(struct worker *w)
{
	int start = draw(w, nr_threads);
	int i;

	for (i = 0; i < nr_threads; i++) {
		if (post(w, &workers[(start + i) % nr_threads]))
			break;
	}

	if (draw(w, SIGNAL_EVERY) == 0 && !(ops & QUIET_OPS)) {
		struct worker *to = &workers[draw(w, nr_threads)];

		/* A thread of this process that is gone is no error. */
		if (!syscall(SYS_tgkill, getpid(), to->tid, SIGUSR1))
			w->signals++;
	}
}

/*
 * Wake none to two threads, and more if the caller could not park otherwise: one
 * on average, so that the number of those who run wanders between one and all.
 * False when the storm is over.
 */
static bool wake_some(struct worker *w)
{
	int wakes = draw(w, 3);

	while (wakes || !leave()) {
		if (wakes)
			wakes--;
		wake_one(w);
		if (++ops >= nr_ops)
			return false;
	}
	return true;
}

/* The last act: everybody gets a message, and must return for it. */
static void end_storm(struct worker *w)
{
	int i;

	for (i = 0; i < nr_threads; i++)
		post(w, &workers[i]);
}

/* Whom to hand over to: half of the time somebody, if the first one tried is free. */
static struct worker *successor(struct worker *w)
{
	struct worker *to = &workers[draw(w, nr_threads)];

	if (draw(w, 2) || !claim(to))
		return NULL;
	w->handovers++;
	return to;
}

static void *work(void *arg)
{
	struct worker *w = arg;

	while (!atomic_load(&ending)) {
		if (ops >= nr_ops) {
			if (!atomic_exchange(&ending, true))
				end_storm(w);
			break;
		}
		if (wake_some(w))
			receive(w, successor(w));
	}
	w->finished = true;
	return NULL;
}

/* All threads begin parked, and all tids are known, before the first wake-up. */
static void *start(void *arg)
{
	struct worker *w = arg;

	w->tid = gettid();
	receive(w, NULL);
	return work(w);
}

static void setting(long *value, const char *arg, const char *env, long min, long max)
{
	const char *str = arg ?: getenv(env);
	char *end;

	if (!str)
		return;
	errno = 0;
	*value = strtol(str, &end, 10);
	if (errno || *end || end == str || *value < min || *value > max) {
		fprintf(stderr, "storm: %s '%s' is not a number from %ld to %ld\n",
			env, str, min, max);
		exit(KSFT_FAIL);
	}
}

int main(int argc, char **argv)
{
	struct sigaction on_alarm = { .sa_handler = watchdog };
	struct sigaction on_signal = { .sa_handler = count_signal };
	struct worker host = { };
	long results[2] = { };
	long interrupted = 0;
	long handovers = 0;
	long signals = 0;
	sigset_t alarms;
	int i;

	setting(&nr_ops, argc > 1 ? argv[1] : NULL, "FASTWAKE_STORM_OPS", 1, LONG_MAX);
	setting(&nr_threads, argc > 2 ? argv[2] : NULL, "FASTWAKE_STORM_THREADS",
		2, MAX_THREADS);
	setting(&seed, argc > 3 ? argv[3] : NULL, "FASTWAKE_STORM_SEED", 1, LONG_MAX);
	setting(&patience, NULL, "FASTWAKE_STORM_WATCHDOG", 1, 3600);

	ksft_print_header();
	ksft_set_plan(1);
	/* Unknown flags are EINVAL on every kernel that has the call. */
	if (syscall(__NR_hibernate, ~0U) != -1 || errno != EINVAL) {
		ksft_test_result_skip("storm: this kernel has no hibernate()\n");
		ksft_finished();
	}
	ksft_print_msg("%ld operations, %ld threads, seed %ld\n", nr_ops, nr_threads, seed);

	/* The main thread alone takes the alarm. */
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigaction(SIGUSR1, &on_signal, NULL);
	sigaction(SIGALRM, &on_alarm, NULL);
	pthread_sigmask(SIG_BLOCK, &alarms, NULL);

	for (i = 0; i < nr_threads; i++) {
		workers[i].random = (unsigned long)seed * 0x9e3779b97f4a7c15ULL + i + 1;
		if (pthread_create(&workers[i].thread, NULL, start, &workers[i]))
			fail("pthread_create() of thread %d", i);
	}
	pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
	alarm(patience);

	for (i = 0; i < nr_threads; i++) {
		while (!workers[i].tid)
			sched_yield();
	}
	post(&host, &workers[0]);

	for (i = 0; i < nr_threads; i++) {
		pthread_join(workers[i].thread, NULL);
		results[0] += workers[i].results[WAKE_UP_WOKEN];
		results[1] += workers[i].results[WAKE_UP_PERMIT];
		handovers += workers[i].handovers;
		interrupted += workers[i].interrupted;
		signals += workers[i].signals;
	}
	alarm(0);

	ksft_print_msg("%ld woken, %ld permits, %ld handed over\n",
		       results[0], results[1], handovers);
	ksft_print_msg("%ld signals sent, %ld handled, %ld sleeps interrupted\n",
		       signals, (long)handled, interrupted);
	if (nr_ops >= 1000 && (!results[0] || !results[1] || !handovers))
		fail("not a storm: one of the three kinds of wake-ups never happened");
	ksft_test_result_pass("storm\n");
	ksft_finished();
}
