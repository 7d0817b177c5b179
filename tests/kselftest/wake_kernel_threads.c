// SPDX-License-Identifier: GPL-2.0
/* Not one of the kernel's threads can be named, not even by root. */
#include <ctype.h>
#include <dirent.h>

#include "fastwake_test.h"

#define PF_KTHREAD 0x00200000

static bool is_kernel_thread(pid_t tid)
{
	unsigned int flags = 0;
	char buf[512];
	char *paren;

	read_proc(tid, "stat", buf, sizeof(buf));
	paren = strrchr(buf, ')');
	return paren && sscanf(paren, ") %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
	       (flags & PF_KTHREAD);
}

/* One that is gone meanwhile counts too: workers come and go. */
static bool refused(long ret, pid_t tid)
{
	return ret == -1 && (errno == EPERM || (errno == ESRCH && thread_state(tid) == '?'));
}

TEST(all)
{
	struct dirent *entry;
	int count = 0;
	DIR *proc;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);

	proc = opendir("/proc");
	ASSERT_NE(NULL, proc);
	while ((entry = readdir(proc))) {
		pid_t tid = atoi(entry->d_name);

		if (!isdigit(entry->d_name[0]) || !is_kernel_thread(tid))
			continue;
		EXPECT_TRUE(refused(wake_up_process(tid, 0), tid));
		EXPECT_TRUE(refused(wake_up_process(tid, WAKE_UP_HIBERNATE), tid));
		EXPECT_TRUE(refused(switch_to(tid, 0), tid));
		count++;
	}
	closedir(proc);
	/* kthreadd, and for each CPU what makes it stop, migrates and runs softirqs. */
	EXPECT_LT(1 + sysconf(_SC_NPROCESSORS_ONLN), count);
}

TEST_HARNESS_MAIN
