// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads: all of a process send by one registration, and each receives on its own.
 */
#include "uintr_test.h"

#define NR 8
#define SENDS 1000

struct sender {
	pthread_t thread;
	int index;
	atomic_ulong *count;	/* to wait for, or NULL */
	atomic_bool failed;
};

static void *send_all(void *arg)
{
	struct sender *s = arg;
	int i;

	for (i = 0; i < SENDS; i++) {
		if (!s->count) {
			_senduipi(s->index);
			relax(i);
		} else if (!uintr_send_acked(s->index, s->count)) {
			s->failed = true;
			break;
		}
	}
	return NULL;
}

static bool start(struct sender *s, int index, atomic_ulong *count)
{
	s->index = index;
	s->count = count;
	return !pthread_create(&s->thread, NULL, send_all, s);
}

static bool join(struct sender *s)
{
	return !pthread_join(s->thread, NULL) && !s->failed;
}

/* Those that were there before the process could send, and those that come later. */
struct early {
	pthread_t thread;
	atomic_int index;
};

static void *send_once(void *arg)
{
	struct early *e = arg;

	if (spin_until(e->index >= 0))
		_senduipi(e->index);
	return NULL;
}

TEST(one_registration)
{
	struct early early[NR], late[NR];
	int index, i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	for (i = 0; i < NR; i++) {
		early[i].index = -1;
		ASSERT_EQ(0, pthread_create(&early[i].thread, NULL, send_once, &early[i]));
	}
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	index = uintr_self_sender(0);
	ASSERT_LE(0, index);
	_stui();
	for (i = 0; i < NR; i++) {
		early[i].index = index;
		ASSERT_EQ(0, pthread_join(early[i].thread, NULL));
		ASSERT_TRUE(spin_until(uintr_handled[0] == (unsigned long)i + 1));
	}
	for (i = 0; i < NR; i++) {
		late[i].index = index;
		ASSERT_EQ(0, pthread_create(&late[i].thread, NULL, send_once, &late[i]));
		ASSERT_EQ(0, pthread_join(late[i].thread, NULL));
		ASSERT_TRUE(spin_until(uintr_handled[0] == (unsigned long)NR + i + 1));
	}
}

/* One vector each, so that none of them is one with another one. */
TEST(many_senders_one_receiver)
{
	struct receiver r = { .cpu = -1, .nr = NR };
	struct sender s[NR] = { };
	int i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_TRUE(receiver_start(&r));
	for (i = 0; i < NR; i++)
		ASSERT_TRUE(start(&s[i], r.index[i], &uintr_handled[i]));
	for (i = 0; i < NR; i++) {
		EXPECT_TRUE(join(&s[i]));
		EXPECT_EQ(SENDS, uintr_handled[i]);
	}
	EXPECT_TRUE(receiver_stop(&r));
}

/* One vector for all: at least one arrives after the last one was sent. */
TEST(many_senders_one_vector)
{
	struct receiver r = { .cpu = -1 };
	struct sender s[NR] = { };
	int i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_TRUE(receiver_start(&r));
	for (i = 0; i < NR; i++)
		ASSERT_TRUE(start(&s[i], r.index[0], NULL));
	for (i = 0; i < NR; i++)
		EXPECT_TRUE(join(&s[i]));
	atomic_store(&uintr_mail, 1);
	_senduipi(r.index[0]);
	EXPECT_TRUE(spin_until(atomic_load(&uintr_mail_seen)));
	EXPECT_GE(NR * SENDS + 1, uintr_handled[0]);
	EXPECT_TRUE(receiver_stop(&r));
}

/* Each thread is sent its own, and none of the others'. */
TEST(many_receivers)
{
	struct receiver r[NR] = { };
	struct sender s[NR] = { };
	int i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	for (i = 0; i < NR; i++) {
		r[i].cpu = -1;
		r[i].first = i * 3;
		ASSERT_TRUE(receiver_start(&r[i]));
	}
	for (i = 0; i < NR; i++)
		ASSERT_TRUE(start(&s[i], r[i].index[0], receiver_count(&r[i])));
	for (i = 0; i < NR; i++) {
		EXPECT_TRUE(join(&s[i]));
		EXPECT_EQ(SENDS, *receiver_count(&r[i]));
		EXPECT_TRUE(receiver_stop(&r[i]));
	}
}

/* Threads of one CPU, which take turns with their registers. */
TEST(many_receivers_on_one_cpu)
{
	struct receiver r[3] = { };
	int i, turn;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	for (i = 0; i < 3; i++) {
		r[i].cpu = usable_cpu(1);
		r[i].first = i;
		ASSERT_TRUE(receiver_start(&r[i]));
	}
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	for (turn = 1; turn <= 30; turn++) {
		for (i = 0; i < 3; i++)
			_senduipi(r[i].index[0]);
		for (i = 0; i < 3; i++)
			ASSERT_TRUE(spin_until(uintr_handled[i] == (unsigned long)turn));
	}
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(receiver_stop(&r[i]));
}

TEST_HARNESS_MAIN
