// SPDX-License-Identifier: GPL-2.0
/*
 * The module uintr_event goes while it is in use, and comes back: who sends by its old
 * files goes on, to no effect, and the new one works.
 */
#include "event_test.h"

#define MODULE "uintr_event"

static const char *module_file(void)
{
	return getenv("UINTR_EVENT_KO") ?: "/lib/modules/uintr_event.ko";
}

static bool load(void)
{
	return module_load(module_file(), "");
}

static bool unload(void)
{
	return !syscall(SYS_delete_module, MODULE, O_NONBLOCK);
}

FIXTURE(reload)
{
	struct event e;
};

FIXTURE_SETUP(reload)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (event_missing())
		SKIP(return, NO_EVENT);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (access(module_file(), R_OK))
		SKIP(return, "needs the module's file: set UINTR_EVENT_KO");
	ASSERT_TRUE(event_make(&self->e, 0));
	ASSERT_TRUE(event_round(&self->e));
}

/* In the parent: whatever becomes of the test, the next one has the module. */
FIXTURE_TEARDOWN_PARENT(reload)
{
	if (event_missing())
		load();
	EXPECT_FALSE(event_missing());
}

TEST_F(reload, unused)
{
	struct event e;
	int i;

	ASSERT_TRUE(event_end(&self->e));
	for (i = 0; i < 5; i++) {
		ASSERT_TRUE(unload());
		ASSERT_ERRNO(EOPNOTSUPP, uintr_event(0, 0));
		ASSERT_TRUE(load());
		ASSERT_TRUE(event_make(&e, 0));
		ASSERT_TRUE(event_round(&e));
		ASSERT_TRUE(event_end(&e));
	}
}

TEST_F(reload, with_a_sender)
{
	struct event e;
	int file = uintr_event(self->e.fd, 0);
	int index = uintr_register_sender(file, 0);
	int i;

	ASSERT_LE(0, index);
	ASSERT_TRUE(unload());
	for (i = 0; i < 1000; i++) {
		_senduipi(index);
		_senduipi(self->e.index);
	}
	EXPECT_FALSE(is_readable(self->e.fd));
	/* One can still become a sender by the file. */
	ASSERT_LE(0, uintr_register_sender(file, 0));

	ASSERT_TRUE(load());
	_senduipi(index);
	_senduipi(self->e.index);
	ASSERT_TRUE(event_make(&e, 0));
	for (i = 0; i < 100; i++)
		ASSERT_TRUE(event_round(&e));
	EXPECT_FALSE(is_readable(self->e.fd));
	ASSERT_EQ(0, close(file));
	ASSERT_EQ(0, uintr_unregister_sender(index, 0));
	ASSERT_TRUE(event_end(&self->e));
	EXPECT_TRUE(event_round(&e));
}

/* Somebody sends all the time, and somebody makes new ones. */
struct busy {
	pthread_t thread[2];
	int index;
	atomic_bool stop;
	atomic_long sent, made;
	atomic_bool failed;
};

static void *send_busily(void *arg)
{
	struct busy *b = arg;

	while (!b->stop) {
		_senduipi(b->index);
		relax(b->sent++);
	}
	return NULL;
}

static void *make_busily(void *arg)
{
	struct busy *b = arg;
	int fd = eventfd(0, 0);

	while (!b->stop) {
		int file = uintr_event(fd, 0);

		if (file < 0) {
			if (errno != EOPNOTSUPP)
				b->failed = true;
			sched_yield();
			continue;
		}
		close(file);
		b->made++;
	}
	return NULL;
}

TEST_F(reload, while_used)
{
	struct busy b = { .index = self->e.index };
	long before;
	int i;

	ASSERT_EQ(0, pthread_create(&b.thread[0], NULL, send_busily, &b));
	ASSERT_EQ(0, pthread_create(&b.thread[1], NULL, make_busily, &b));
	for (i = 0; i < 10; i++) {
		before = b.made;
		if (!spin_until(b.made > before) || !unload() || !load())
			break;
	}
	before = b.sent;
	EXPECT_TRUE(spin_until(b.sent > before));
	b.stop = true;
	ASSERT_EQ(0, pthread_join(b.thread[0], NULL));
	ASSERT_EQ(0, pthread_join(b.thread[1], NULL));
	EXPECT_EQ(10, i);
	EXPECT_FALSE(b.failed);
}

TEST_HARNESS_MAIN
