// SPDX-License-Identifier: GPL-2.0
/*
 * All CPUs send to each other, each one at the same time a sender and a receiver. Each
 * send is acknowledged, by an interrupt, and none is lost. UINTR_SENDS, by the
 * environment, is how many there are in all.
 */
#include "env_number.h"
#include "uintr_test.h"

#define MAX_CPUS 16

/* Of CPU i to CPU (i + 1) % n: vector 2 * i, and back for each one: 2 * i + 1. */
struct member {
	pthread_t thread;
	int cpu, id, n;
	long sends;
	int fd[2];
	struct member *all;
	atomic_int ready;
	atomic_bool failed;
};

static atomic_int finished;

/* What this thread has got that it must answer; the handler only counts. */
static void answer(struct member *m, int index, unsigned long *answers)
{
	int from = (m->id + m->n - 1) % m->n;

	while (*answers < atomic_load(&uintr_handled[2 * from])) {
		/* One at a time: the sender waits for it. */
		_senduipi(index);
		++*answers;
	}
}

static bool member_begin(struct member *m, int index[2])
{
	int from = (m->id + m->n - 1) % m->n, to = (m->id + 1) % m->n;

	if (!pin_to_cpu(m->cpu) || uintr_register_handler(count_uintr, 0))
		return false;
	/* What comes in: from one neighbour, and answers of the other one. */
	m->fd[0] = uintr_vector_fd(2 * from, 0);
	m->fd[1] = uintr_vector_fd(2 * m->id + 1, 0);
	if (m->fd[0] < 0 || m->fd[1] < 0)
		return false;
	m->ready = 1;
	if (!spin_until(m->all[from].ready && m->all[to].ready))
		return false;
	index[0] = uintr_register_sender(m->all[to].fd[0], 0);
	index[1] = uintr_register_sender(m->all[from].fd[1], 0);
	return index[0] >= 0 && index[1] >= 0;
}

static void *member_main(void *arg)
{
	struct member *m = arg;
	unsigned long answers = 0;
	int index[2];
	long i;

	if (!member_begin(m, index)) {
		m->failed = true;
		finished++;
		return NULL;
	}
	_stui();
	for (i = 1; i <= m->sends && !m->failed; i++) {
		_senduipi(index[0]);
		m->failed = !spin_until(({
			answer(m, index[1], &answers);
			atomic_load(&uintr_handled[2 * m->id + 1]) == (unsigned long)i;
		}));
	}
	finished++;
	/* The others may have something to be answered still. */
	while (finished < m->n) {
		answer(m, index[1], &answers);
		sched_yield();
	}
	return NULL;
}

TEST(none_is_lost)
{
	struct member m[MAX_CPUS] = { };
	long sends = env_number("UINTR_SENDS", 60000);
	int i, n;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	for (n = 0; n < MAX_CPUS && usable_cpu(n) >= 0; n++)
		m[n].cpu = usable_cpu(n);
	if (n < 2)
		SKIP(return, "needs two CPUs");
	for (i = 0; i < n; i++) {
		m[i].id = i;
		m[i].n = n;
		m[i].all = m;
		/* Each one has its answer. */
		m[i].sends = sends / n / 2;
		ASSERT_EQ(0, pthread_create(&m[i].thread, NULL, member_main, &m[i]));
	}
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, pthread_join(m[i].thread, NULL));
		EXPECT_FALSE(m[i].failed);
		EXPECT_EQ(m[i].sends, uintr_handled[2 * i]);
		EXPECT_EQ(m[i].sends, uintr_handled[2 * i + 1]);
	}
}

TEST_HARNESS_MAIN
