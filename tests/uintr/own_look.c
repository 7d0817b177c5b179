// SPDX-License-Identifier: GPL-2.0
/*
 * On a CPU that polls nobody is interrupted. A thread that looks again and again keeps the
 * CPU from whoever polls there, so what was sent to its eventfd is there when it looks.
 */
#include "event_test.h"
#include "setting.h"

#define ROUNDS 300

static const char *module_file(void)
{
	return getenv("FASTWAKE_KO") ?: "/lib/modules/fastwake.ko";
}

/* How often the CPUs were interrupted for eventfds, -1 if that is not told. */
static long event_interrupts(void)
{
	FILE *f = fopen("/proc/interrupts", "re");
	char *line = NULL, *at, *end;
	long n, sum = -1;
	size_t size = 0;

	while (f && getline(&line, &size, f) > 0) {
		at = strstr(line, "UIE:");
		if (!at)
			continue;
		sum = 0;
		for (at += strlen("UIE:"); n = strtol(at, &end, 10), end != at; at = end)
			sum += n;
	}
	free(line);
	if (f)
		fclose(f);
	return sum;
}

FIXTURE(own_look)
{
	struct event e;
	struct setting mode;
	bool loaded;
	int other_cpu;
	long before;
};

FIXTURE_SETUP(own_look)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (event_missing())
		SKIP(return, NO_EVENT);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (!setting_change(&self->mode, "mode", "poll")) {
		self->mode.name = NULL;
		if (access(module_file(), R_OK))
			SKIP(return, "needs the file of fastwake.ko: set FASTWAKE_KO");
		ASSERT_TRUE(module_load(module_file(), "mode=poll"));
		self->loaded = true;
	}
	self->other_cpu = usable_cpu(1);
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(event_make(&self->e, EFD_NONBLOCK));
	self->before = event_interrupts();
	ASSERT_LE(0, self->before);
}

FIXTURE_TEARDOWN_PARENT(own_look)
{
	if (self->mode.name)
		EXPECT_TRUE(setting_restore(&self->mode));
	if (self->loaded)
		EXPECT_EQ(0, syscall(SYS_delete_module, "fastwake", O_NONBLOCK));
}

TEST_F(own_look, read)
{
	__u64 number;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		_senduipi(self->e.index);
		ASSERT_EQ(8, read(self->e.fd, &number, sizeof(number)));
		ASSERT_EQ(1, number);
		ASSERT_ERRNO(EAGAIN, read(self->e.fd, &number, sizeof(number)));
	}
	EXPECT_EQ(self->before, event_interrupts());
}

TEST_F(own_look, poll)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_FALSE(is_readable(self->e.fd));
		_senduipi(self->e.index);
		ASSERT_TRUE(is_readable(self->e.fd));
		ASSERT_EQ(1, read_number(self->e.fd));
	}
	EXPECT_EQ(self->before, event_interrupts());
}

/* From another CPU: nobody is interrupted, whoever looks first, which may be a timer. */
TEST_F(own_look, sent_from_elsewhere)
{
	struct event_reader r = { .cpu = self->other_cpu, .other_cpu = -1, .rounds = ROUNDS,
				  .spins = true };

	if (r.cpu < 0)
		SKIP(return, "needs two CPUs");
	ASSERT_TRUE(event_reader_start(&r));
	EXPECT_TRUE(event_reader_feed(&r));
	EXPECT_EQ(ROUNDS, r.seen);
	EXPECT_EQ(self->before, event_interrupts());
}

TEST_HARNESS_MAIN
