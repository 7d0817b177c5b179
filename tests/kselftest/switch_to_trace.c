// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints and counters of switch_to() tell what happens: the caller leaves the CPU
 * runnable, nobody sleeps and nobody is woken.
 */
#include <sys/resource.h>

#include "slice.h"
#include "spinner.h"
#include "tracing.h"

/*
 * A host that stops the guest for a while puts the target in debt, which has to be
 * worked off: until then the caller's calls lead nowhere. All of them together take
 * less time than so many slices, if no debugging slows them down.
 */
#define SWITCHES 20
#define MAX_CALLS 20000

static long own_preemptions(void)
{
	struct rusage ru;

	return getrusage(RUSAGE_SELF, &ru) ? -1 : ru.ru_nivcsw;
}

/*
 * A child process on the CPU of its parent. It sleeps before its calls, and after as
 * many of them as it takes to have left its CPU a few times; then, *done is set.
 */
static pid_t fork_caller(pid_t target, atomic_int *done)
{
	pid_t pid = fork();
	long before;
	int i;

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!ask_for_long_slice(0) || hibernate(0))
			_exit(1);
		before = own_preemptions();
		for (i = 0; i < MAX_CALLS; i++) {
			if (switch_to(target, 0))
				_exit(2);
			if (own_preemptions() - before >= SWITCHES)
				break;
		}
		atomic_store(done, 1);
		_exit(hibernate(0) ? 3 : 0);
	}
	return pid;
}

/*
 * Only then is the caller's state looked at: the locks for that are the ones that
 * getrusage() takes, and with PREEMPT_RT the caller would be woken for them.
 */
static bool wait_for_calls(pid_t caller, atomic_int *done, long sleeps)
{
	int i;

	for (i = 0; i < 20 * MAX_POLLS && !atomic_load(done); i++)
		sched_yield();
	return wait_for_sleeps(caller, sleeps);
}

TEST(tells_the_truth)
{
	struct trace trace;
	struct traced *t = &trace.t[0];
	long sleeps, preemptions;
	int other_cpu = usable_cpu(1);
	pid_t caller, target;
	atomic_int *done;
	bool began, ran;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (tracefs_missing())
		SKIP(return, NO_TRACEFS);

	done = shared_alloc(sizeof(*done));
	ASSERT_NE(NULL, done);
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	target = fork_spinner(0);
	ASSERT_LT(0, target);
	ASSERT_TRUE(ask_for_long_slice(target));
	caller = fork_caller(target, done);
	ASSERT_LT(0, caller);
	/* Who watches is somewhere else, if there is a place. */
	ASSERT_TRUE(other_cpu < 0 || pin_to_cpu(other_cpu));
	ASSERT_TRUE(wait_for_sleep_in(caller, __NR_hibernate));
	sleeps = thread_sleeps(caller);
	preemptions = thread_preemptions(caller);

	began = trace_begin(&trace, caller, SLEEPING, target, UNKNOWN);
	ran = began && wake_up_process(caller, 0) == WAKE_UP_WOKEN &&
	      wait_for_calls(caller, done, sleeps + 1);
	EXPECT_TRUE(trace_end(&trace));
	ASSERT_STREQ("", trace.wrong);
	ASSERT_TRUE(ran);

	EXPECT_EQ(SLEEPING, t->where);
	EXPECT_EQ(1, t->woken);
	EXPECT_EQ(1, t->slept);
	EXPECT_EQ(0, t->woken_early);
	EXPECT_EQ(t->preempted, thread_preemptions(caller) - preemptions);
	TH_LOG("left the CPU runnable %ld times", t->preempted);
	EXPECT_LE(SWITCHES, t->preempted);
	EXPECT_EQ(0, trace.t[1].slept + trace.t[1].woken + trace.t[1].woken_early);

	ASSERT_EQ(WAKE_UP_WOKEN, wake_up_process(caller, 0));
	EXPECT_EQ(0, child_status(caller));
	EXPECT_TRUE(end_spinner(target));
}

TEST_HARNESS_MAIN
