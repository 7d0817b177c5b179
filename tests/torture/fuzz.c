// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls of hibernate(), wake_up_process() and switch_to(), all arguments, by
 * many threads that may do different things, while they are stopped, traced, killed
 * and more. What each call may return is known (fuzz_calls.c); no wake-up is lost and
 * none comes from nowhere; who sleeps elsewhere sleeps on; and at the end each thread
 * can be woken.
 *
 *	FASTWAKE_FUZZ_SECONDS		how long (30)
 *	FASTWAKE_FUZZ_SEED		what is drawn (at random)
 *	FASTWAKE_STORM_WATCHDOG		seconds after which what does not go on hangs (60)
 */
#include <errno.h>
#include <linux/fastwake.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest/thread_state.h"
#include "fuzz.h"

#define FOR_EVER 1000000

struct fuzz *fuzz;

static void (* const workers[])(struct random *r) = { breeder, stopper, tracer };

#define NR_WORKERS ((int)ARRAY_SIZE(workers))

static pid_t canary_pids[2], worker_pids[NR_WORKERS];
static long watchdog;

void fuzz_fail(const char *fmt, ...)
{
	char why[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	fuzz->failed = true;
	/* Many processes write here: a line at a time. */
	dprintf(STDOUT_FILENO, "# %s\n", why);
}

void fuzz_pause(struct random *r, int max_us)
{
	struct timespec t = { .tv_nsec = draw(r, max_us) * 1000L };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

bool become_nobody(void)
{
	struct rlimit any_nice = { 40, 40 };

	/* Else SCHED_IDLE would be for ever. */
	if (setrlimit(RLIMIT_NICE, &any_nice) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return false;
	/* It was undone by that. */
	return !prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* The link is that of the first pid namespace: "process/task/thread". */
pid_t outer_tid(void)
{
	char link[64] = "";

	if (readlink("/proc/thread-self", link, sizeof(link) - 1) <= 0)
		return -1;
	return atoi(strrchr(link, '/') + 1);
}

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void look_again_later(void)
{
	struct timespec t = { .tv_nsec = 1000000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

/* Its status as of waitpid(2). */
static int wait_for_end(pid_t pid, const char *what)
{
	long deadline = now() + watchdog;
	int status = -1;

	while (!waitpid(pid, &status, WNOHANG)) {
		if (now() > deadline)
			hang(what);
		look_again_later();
	}
	return status;
}

static void start(void)
{
	long deadline = now() + watchdog;
	struct random random;
	int i;

	if (!start_canaries(canary_pids))
		ksft_exit_fail_msg("no canaries\n");
	install_handlers();
	for (i = 0; i < NR_FAMILIES; i++)
		start_family(i);
	while (!survivors_known() && !fuzz->failed) {
		if (now() > deadline)
			hang("a survivor that should begin");
		look_again_later();
	}
	for (i = 0; i < NR_WORKERS; i++) {
		random = random_sequence(fuzz->seed, NR_SURVIVORS + i);
		worker_pids[i] = fork();
		if (worker_pids[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		workers[i](&random);
		_exit(0);
	}
}

/*
 * Until the time is over, and a little longer if something has not come up yet. A
 * process that ends before failed, whatever it says.
 */
static void run(long seconds)
{
	long deadline = now() + seconds;
	int status;
	pid_t pid;

	while (!fuzz->failed &&
	       (now() < deadline || (!complete() && now() < deadline + watchdog))) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid)
			fuzz_fail("process %d ended early, status 0x%x", pid, status);
		look_again_later();
	}
}

/* All threads are parked, or about to: after one wake-up each has to be back. */
static bool wake_survivor(struct survivor *s)
{
	long deadline = now() + watchdog;
	long ret;

	if (!wait_for_sleep_in(s->outer_tid, __NR_hibernate)) {
		fuzz_fail("thread %d does not park", s->outer_tid);
		return false;
	}
	s->released = true;
	s->attempts++;
	ret = syscall(__NR_wake_up_process, s->outer_tid, 0);
	if (ret != WAKE_UP_WOKEN) {
		fuzz_fail("thread %d is parked, but waking it returned %ld", s->outer_tid, ret);
		return false;
	}
	s->promised++;
	while (!s->done) {
		if (now() > deadline)
			hang("a thread that was woken");
		look_again_later();
	}
	return true;
}

static bool wake_survivors(void)
{
	long deadline = now() + watchdog;
	bool woken = true;
	int i;

	while (fuzz->idle < NR_SURVIVORS && !fuzz->failed) {
		if (now() > deadline)
			hang("a thread that should not call any more");
		look_again_later();
	}
	for (i = 0; i < NR_SURVIVORS && !fuzz->failed; i++)
		woken &= wake_survivor(&fuzz->survivors[i]);
	return woken && !fuzz->failed;
}

static void end(bool *canaries, bool *survivors)
{
	int i;

	fuzz->ending = true;
	for (i = 0; i < NR_WORKERS; i++) {
		if (wait_for_end(worker_pids[i], "a worker"))
			fuzz_fail("a worker failed");
	}
	*survivors = wake_survivors();
	for (i = 0; i < NR_FAMILIES; i++) {
		/* If one cannot be woken, some do not end by themselves. */
		if (!*survivors)
			kill(fuzz->families[i].pid, SIGKILL);
		if (wait_for_end(fuzz->families[i].pid, "a family") && *survivors)
			fuzz_fail("a family failed");
	}
	*canaries = canaries_sleep();
	for (i = 0; i < 2; i++) {
		kill(canary_pids[i], SIGKILL);
		wait_for_end(canary_pids[i], "a canary");
	}
}

int main(int argc, char **argv)
{
	bool canaries, survivors, failed;
	long seconds;

	if (argc > 1 && !strcmp(argv[1], "after-exec"))
		return after_exec();

	watchdog = setting("FASTWAKE_STORM_WATCHDOG", 60, 3600);
	seconds = setting("FASTWAKE_FUZZ_SECONDS", 30, FOR_EVER);
	setlinebuf(stdout);
	ksft_print_header();
	/* Unknown flags are EINVAL on every kernel that has the call. */
	if (syscall(__NR_hibernate, ~0U) != -1 || errno != EINVAL)
		ksft_exit_skip("this kernel has no hibernate()\n");
	if (geteuid())
		ksft_exit_skip("needs root\n");

	fuzz = mmap(NULL, sizeof(*fuzz), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	if (fuzz == MAP_FAILED)
		ksft_exit_fail_msg("no memory\n");
	fuzz->seed = seed_setting("FASTWAKE_FUZZ_SEED");
	ksft_print_msg("sum: seed %ld, %ld s\n", fuzz->seed, seconds);
	ksft_set_plan(5);
	find_kthreads();

	start();
	run(seconds);
	failed = fuzz->failed;
	end(&canaries, &survivors);

	ksft_test_result(!failed, "calls return what they may\n");
	ksft_test_result(survivors, "every thread can be woken\n");
	ksft_test_result(survivors && balanced(), "wake-ups and returns correspond\n");
	ksft_test_result(canaries, "other sleeps are not ended\n");
	report();
	ksft_test_result(complete(), "everything came up\n");
	ksft_finished();
}
