// SPDX-License-Identifier: GPL-2.0
/*
 * Without user interrupts, be it that the kernel does not know them, that the CPU has none
 * or that they are switched off: the calls say so, whatever else is wrong with them, and
 * SENDUIPI is no instruction.
 *
 * checkpatch: ENOSYS: it is meant as just that
 */
#include <fcntl.h>
#include <sys/eventfd.h>

#include "fastwake_test.h"

/* With a handler's address, which is looked at first. */
static const struct {
	const char *name;
	int nr;
	long arg[2];
} calls[] = {
	{ "uintr_register_handler", __NR_uintr_register_handler, { 4096, 0 } },
	{ "uintr_unregister_handler", __NR_uintr_unregister_handler, { 0, 0 } },
	{ "uintr_alt_stack", __NR_uintr_alt_stack, { 0, 0 } },
	{ "uintr_vector_fd", __NR_uintr_vector_fd, { 0, 0 } },
	{ "uintr_register_sender", __NR_uintr_register_sender, { 0, 0 } },
	{ "uintr_unregister_sender", __NR_uintr_unregister_sender, { 0, 0 } },
	{ "uintr_wait", __NR_uintr_wait, { 0, 0 } },
	{ "uintr_event", __NR_uintr_event, { 0, 0 } },
};

static bool kernel_knows(void)
{
	return syscall(__NR_uintr_wait, NULL, 0) == -1 && errno != ENOSYS;
}

TEST(calls_say_so)
{
	bool known = kernel_knows();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		EXPECT_EQ(-1, syscall(calls[i].nr, calls[i].arg[0], calls[i].arg[1], 0))
			TH_LOG("%s", calls[i].name);
		EXPECT_EQ(known ? ENODEV : ENOSYS, errno)
			TH_LOG("%s: %s", calls[i].name, strerror(errno));
	}
}

/* A kernel that does not know them has no such module, and refuses another kernel's for
 * the symbols that it lacks, see tests/vm/run-tests.
 */
TEST(the_module_is_refused)
{
	int fd = open("/lib/modules/uintr_event.ko", O_RDONLY | O_CLOEXEC);

	if (!kernel_knows()) {
		EXPECT_GT(0, fd);
		return;
	}
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, syscall(__NR_finit_module, fd, "", 0));
	EXPECT_EQ(ENODEV, errno);
	close(fd);
}

#ifdef __x86_64__
static void senduipi(void)
{
	asm volatile(".byte 0xf3, 0x0f, 0xc7, 0xf0" : : "a" (0L) : "memory");
}

TEST(the_instruction_is_none)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		senduipi();
		_exit(0);
	}
	ASSERT_LT(0, pid);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGILL, WTERMSIG(status));
}

TEST(nobody_is_told_of_it)
{
	EXPECT_NE(0, system("grep -qw uintr /proc/cpuinfo"));
}
#endif

TEST_HARNESS_MAIN
