// SPDX-License-Identifier: GPL-2.0
/* One run of fwbench uintr. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cpus.h"
#include "uintr.h"

/* More than it takes to go to sleep. */
#define PAUSE 20000

static long my_switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

static void gave_up(struct uintr_side *me, const char *what)
{
	snprintf(me->why, sizeof(me->why), "%s: %s", what, strerror(errno));
}

static char fill(unsigned long n)
{
	return 'a' + n % 26;
}

/* The box is empty: messages alternate, or the sender has waited. */
static bool send_message(struct uintr_side *me, unsigned long n)
{
	struct uintr_box *box = &me->peer->in;
	uint64_t begin;

	memset(box->data, fill(n), me->run->size);
	atomic_store(&box->written, n);
	begin = __rdtsc();
	if (me->run->method->tell(me)) {
		gave_up(me, "to tell");
		return false;
	}
	me->sender[n - 1] = __rdtsc() - begin;
	return true;
}

static int await_word(struct uintr_side *me)
{
	const struct uintr_method *m = me->run->method;
	int ret;

	if (!me->run->running)
		return m->wait(me);
	while (!(ret = m->look(me)))
		_mm_pause();
	return ret < 0 ? ret : 0;
}

/* What it has been told is not true is a failure; it waits again then. */
static bool receive_message(struct uintr_side *me, unsigned long n)
{
	char copy[UINTR_MAX_SIZE];

	for (;;) {
		if (await_word(me)) {
			gave_up(me, "to wait");
			return false;
		}
		if (atomic_load(&me->in.written) == n)
			break;
		me->failures++;
	}
	memcpy(copy, me->in.data, me->run->size);
	if (copy[0] != fill(n) || copy[me->run->size - 1] != fill(n))
		me->failures++;
	atomic_store(&me->in.taken, n);
	return true;
}

static void until_taken(struct uintr_side *me, unsigned long n)
{
	while (atomic_load(&me->peer->in.taken) != n) {
		if (me->run->cpus == 1)
			sched_yield();
		else
			_mm_pause();
	}
}

/*
 * On another CPU the reader has the message before it sleeps again, and would find the next
 * one at once. The figures are without this.
 */
static void until_asleep(struct uintr_side *me)
{
	uint64_t begin = __rdtsc(), now;

	do {
		_mm_pause();
		now = __rdtsc();
	} while (now - begin < PAUSE);
	me->paused += now - begin;
}

static bool one_message(struct uintr_side *me, unsigned long n)
{
	if (me->run->one_way) {
		if (me->id)
			return receive_message(me, n);
		if (!send_message(me, n))
			return false;
		until_taken(me, n);
		if (me->run->cpus == 2 && !me->run->running)
			until_asleep(me);
		return true;
	}
	if (me->id)
		return receive_message(me, n) && send_message(me, n);
	return send_message(me, n) && receive_message(me, n);
}

static bool get_ready(struct uintr_side *me)
{
	const struct uintr_method *m = me->run->method;
	/* With one CPU both sides make some of them, and are two. */
	int others = me->run->cpus == 1 ? (me->run->receivers - 1 + me->id) / 2 - me->id :
		     me->run->receivers - 1;
	int i;

	if (pin_to_cpu(me->cpu)) {
		gave_up(me, "to go to a CPU");
		return false;
	}
	if (m->open(me)) {
		gave_up(me, "to open");
		return false;
	}
	for (i = 0; m->one_more && i < others; i++) {
		if (m->one_more() < 0) {
			gave_up(me, "one more receiver");
			return false;
		}
	}
	return true;
}

static void *side_main(void *arg)
{
	struct uintr_side *me = arg;
	const struct uintr_run *run = me->run;
	unsigned long n;

	if (!get_ready(me))
		return NULL;
	/* If the other one gave up, this one is cancelled here. */
	pthread_barrier_wait(me->barrier);
	if (run->method->connect && run->method->connect(me)) {
		gave_up(me, "to become a sender");
		return NULL;
	}
	pthread_barrier_wait(me->barrier);

	for (n = 1; n <= run->warmup + run->messages; n++) {
		if (n == run->warmup + 1) {
			me->csw = my_switches();
			me->paused = 0;
			me->begin = __rdtsc();
		}
		if (!one_message(me, n))
			return NULL;
	}
	me->end = __rdtsc();
	me->csw = my_switches() - me->csw;
	pthread_barrier_wait(me->barrier);
	run->method->close(me);
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void sum_up(const struct uintr_run *run, struct uintr_side *side,
		   struct uintr_result *result)
{
	/* One side's clock: it sent the first message, and has seen the end of the last. */
	double messages = run->messages * (run->one_way ? 1.0 : 2.0);
	uint32_t *sender = side[0].sender + run->warmup;

	qsort(sender, run->messages, sizeof(*sender), by_value);
	result->sender = sender[run->messages / 2];
	result->per_message = (side[0].end - side[0].begin - side[0].paused) / messages;
	result->csw_per_message = (side[0].csw + side[1].csw) / messages;
	result->failures = side[0].failures + side[1].failures;
}

static bool join(struct uintr_side *side, const struct timespec *until)
{
	return !pthread_timedjoin_np(side->thread, NULL, until);
}

/*
 * In a process of its own: what a method leaves behind is gone with it, and a thread that
 * waits for ever, too.
 */
static void measure(const struct uintr_run *run, struct uintr_result *result)
{
	static struct uintr_side side[2];
	pthread_barrier_t barrier;
	struct timespec until;
	int i;

	pthread_barrier_init(&barrier, NULL, 2);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += run->timeout;
	for (i = 0; i < 2; i++) {
		side[i].run = run;
		side[i].id = i;
		side[i].cpu = run->cpu[run->cpus == 2 ? i : 0];
		side[i].peer = &side[!i];
		side[i].barrier = &barrier;
		side[i].fd = -1;
		side[i].vector_fd = -1;
		side[i].epoll_fd = -1;
		side[i].sender = calloc(run->warmup + run->messages, sizeof(*side[i].sender));
		if (!side[i].sender || pthread_create(&side[i].thread, NULL, side_main, &side[i])) {
			snprintf(result->why, sizeof(result->why), "no memory, or no threads");
			return;
		}
	}
	for (i = 0; i < 2; i++) {
		/* The other one gave up, perhaps. */
		while (!join(&side[i], &until) && !*side[!i].why && errno != ETIMEDOUT)
			;
	}
	for (i = 0; i < 2; i++) {
		if (*side[i].why && !*result->why)
			snprintf(result->why, sizeof(result->why), "%s", side[i].why);
	}
	if (!*result->why && (!side[0].end || !side[1].end))
		snprintf(result->why, sizeof(result->why),
			 "no end within %d s: a message was lost", run->timeout);
	if (!*result->why)
		sum_up(run, side, result);
}

void uintr_measure(const struct uintr_run *run, struct uintr_result *result)
{
	struct uintr_result *shared;
	int status;
	pid_t pid;

	memset(result, 0, sizeof(*result));
	if (run->running && !run->method->look) {
		snprintf(result->why, sizeof(result->why), "it cannot be looked at");
		return;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED) {
		snprintf(result->why, sizeof(result->why), "no memory");
		return;
	}
	fflush(NULL);
	pid = fork();
	if (!pid) {
		measure(run, shared);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		snprintf(shared->why, sizeof(shared->why), "no process: %s", strerror(errno));
	else if (WIFSIGNALED(status))
		snprintf(shared->why, sizeof(shared->why), "killed by %s",
			 strsignal(WTERMSIG(status)));
	*result = *shared;
	munmap(shared, sizeof(*shared));
}
