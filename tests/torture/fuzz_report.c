// SPDX-License-Identifier: GPL-2.0
/* What the fuzzer sees of the machine, and what it says at the end. */
#include <dirent.h>

#include "../kselftest/thread_state.h"
#include "fuzz.h"

#define PF_KTHREAD 0x00200000

/* Calls @fn for each thread of the machine. */
static void each_thread(void (*fn)(pid_t pid, pid_t tid))
{
	struct dirent *process, *thread;
	DIR *proc = opendir("/proc");
	char path[320];
	DIR *task;

	while (proc && (process = readdir(proc))) {
		if (atoi(process->d_name) <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/task", process->d_name);
		task = opendir(path);
		while (task && (thread = readdir(task))) {
			if (atoi(thread->d_name) > 0)
				fn(atoi(process->d_name), atoi(thread->d_name));
		}
		if (task)
			closedir(task);
	}
	if (proc)
		closedir(proc);
}

/* Kernel threads that stay: workers come and go. */
static void note_kthread(pid_t pid, pid_t tid)
{
	char stat[512], *paren;
	unsigned int flags;

	(void)pid;
	read_proc(tid, "stat", stat, sizeof(stat));
	paren = strrchr(stat, ')');
	if (!paren || strstr(stat, "(kworker") || fuzz->nr_kthreads == NR_KTHREADS)
		return;
	/* state, ppid, pgrp, session, tty_nr, tpgid, flags */
	if (sscanf(paren + 2, "%*c %*d %*d %*d %*d %*d %u", &flags) == 1 && flags & PF_KTHREAD)
		fuzz->kthreads[fuzz->nr_kthreads++] = tid;
}

static void report_thread(pid_t pid, pid_t tid)
{
	char comm[32], wchan[64];

	read_proc(tid, "comm", comm, sizeof(comm));
	if (strcmp(comm, "fuzz\n"))
		return;
	read_proc(tid, "wchan", wchan, sizeof(wchan));
	ksft_print_msg("process %d, thread %d: state %c, system call %ld, %s\n", pid, tid,
		       thread_state(tid), thread_sleeps_in(tid), wchan);
}

void __noreturn hang(const char *what)
{
	each_thread(report_thread);
	ksft_exit_fail_msg("%s hangs\n", what);
}

void find_kthreads(void)
{
	each_thread(note_kthread);
}

/* Every wake-up that was promised made one call return, and nothing else did. */
bool balanced(void)
{
	bool balanced = true;
	int i;

	for (i = 0; i < NR_SURVIVORS; i++) {
		struct survivor *s = &fuzz->survivors[i];

		if (s->promised <= s->taken && s->taken <= s->attempts)
			continue;
		balanced = false;
		ksft_print_msg("thread %d: %ld wake-ups, and perhaps %ld more, but %ld returns\n",
			       s->outer_tid, (long)s->promised, (long)(s->attempts - s->promised),
			       (long)s->taken);
	}
	return balanced;
}

static const bool documented[NR_CALLS][NR_OUTCOMES] = {
	[HIBERNATE] = { [OK] = 1, [BAD_ARGUMENT] = 1, [INTERRUPTED] = 1 },
	[WAKE_UP_PROCESS] = {
		[OK] = 1, [PERMIT] = 1, [PENDING] = 1, [BAD_ARGUMENT] = 1,
		[NO_THREAD] = 1, [FORBIDDEN] = 1, [INTERRUPTED] = 1,
	},
	[SWITCH_TO] = {
		[OK] = 1, [BAD_ARGUMENT] = 1, [NO_THREAD] = 1, [FORBIDDEN] = 1,
		[OTHER_CPU] = 1, [ASLEEP] = 1,
	},
};

bool complete(void)
{
	int i, j;

	for (i = 0; i < NR_CALLS; i++) {
		for (j = 0; j < NR_OUTCOMES; j++) {
			if (documented[i][j] && !fuzz->calls[i][j])
				return false;
		}
	}
	for (i = 0; i < NR_DEEDS; i++) {
		if (!fuzz->deeds[i])
			return false;
	}
	return true;
}

static void report_call(enum call call, const char *name)
{
	static const char * const outcomes[] = {
		"0", "1", "2", "EINVAL", "ESRCH", "EPERM", "EXDEV", "EAGAIN", "EINTR", "?",
	};
	int i;

	printf("# sum: %s:", name);
	for (i = 0; i < NR_OUTCOMES; i++) {
		if (documented[call][i] || fuzz->calls[call][i])
			printf(" %ld x %s", (long)fuzz->calls[call][i], outcomes[i]);
	}
	printf("\n");
}

void report(void)
{
	static const char * const deeds[NR_DEEDS] = {
		[SIGNALS] = "signals", [ATTRIBUTES] = "changes of policy or affinity",
		[STOPS] = "stops", [TRACES] = "traces", [EXITS] = "exits", [EXECS] = "execs",
		[LEADERS] = "exits of leaders", [KILLS] = "kills",
		[NAMESPACES] = "pid namespaces",
	};
	int i;

	report_call(HIBERNATE, "hibernate");
	report_call(WAKE_UP_PROCESS, "wake_up_process");
	report_call(SWITCH_TO, "switch_to");
	for (i = 0; i < NR_DEEDS; i++)
		ksft_print_msg("sum: %ld %s\n", (long)fuzz->deeds[i], deeds[i]);
}
