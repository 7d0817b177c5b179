// SPDX-License-Identifier: GPL-2.0
#include <infiniband/mlx5dv.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>

#include "bench.h"

bool fail(struct bench *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(b->fabric.why, sizeof(b->fabric.why), fmt, args);
	va_end(args);
	return false;
}

/* --- what the model says ------------------------------------------------------------ */

unsigned long named(const char *text, const char *name)
{
	char key[64];

	snprintf(key, sizeof(key), "\"%s\":", name);
	text = text ? strstr(text, key) : NULL;
	return text ? strtoul(text + strlen(key), NULL, 10) : ~0UL;
}

unsigned long counted(const struct bench *b, const char *kind, unsigned int number,
		      const char *name)
{
	char key[64];

	snprintf(key, sizeof(key), "{\"%sn\":%u,", kind, number);
	return named(strstr(b->control->answer, key), name);
}

unsigned long irqs_dropped(const struct bench *b, unsigned long vector)
{
	const char *irq = strstr(b->control->answer, "\"irq\":[");

	for (irq = strchr(irq, '{'); irq && vector; vector--)
		irq = strchr(irq + 1, '{');
	return named(irq, "dropped");
}

bool ask(struct bench *b, const char *fmt, ...)
{
	char line[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	return control(b->control, line) || fail(b, "%s: %.200s", line, b->control->answer);
}

bool becomes(struct bench *b, const char *name, unsigned long value)
{
	unsigned long is = 0;
	int i;

	for (i = 0; i < LOOKS / 100; i++) {
		if (!ask(b, "stats"))
			return false;
		is = named(b->control->answer, name);
		if (is == value)
			return true;
	}
	return fail(b, "%s is %lu for good, not %lu", name, is, value);
}

/* --- traffic, and what is left of it ------------------------------------------------- */

bool event_waits(const struct side *s)
{
	struct pollfd pfd = { .fd = s->ch->fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

bool settled(struct bench *b)
{
	static const char *const of[] = { "sends", "receives" };
	unsigned long raised, read;
	int i, j, waits_for;

	do {
		for (i = 0; i < 2; i++) {
			while (event_waits(&b->pair.side[i]))
				if (!take_event(&b->pair, i))
					return false;
		}
		if (!ask(b, "stats"))
			return false;
		waits_for = -1;
		for (i = 0; i < 4; i++) {
			j = i % 2;
			raised = counted(b, "cq", b->cqn[i / 2][j], "events");
			read = b->pair.side[i / 2].events[j] + b->lost[i / 2][j];
			if (read > raised)
				return fail(b, "side %d, %s: %lu events, but %lu were raised",
					    i / 2, of[j], read, raised);
			if (read < raised)
				waits_for = i / 2;
		}
		if (waits_for >= 0 && !take_event(&b->pair, waits_for))
			return fail(b, "an event of side %d is lost", waits_for);
	} while (waits_for >= 0);
	return true;
}

bool send_one(struct bench *b, int side)
{
	struct pair *p = &b->pair;
	struct ibv_sge from = sge_of(&p->side[side], 0, SIZE / 2);
	struct ibv_sge to = sge_of(&p->side[!side], SIZE / 2, SIZE / 2);
	struct ibv_send_wr wr = {
		.wr_id = ++b->id,
		.sg_list = &from,
		.num_sge = 1,
		.opcode = IBV_WR_SEND,
	};

	fill(p->side[side].buf, SIZE / 2, b->id);
	return post_receive(p, !side, b->id, &to, 1) && post_send(p, side, &wr);
}

bool arrives(struct bench *b, int side)
{
	struct pair *p = &b->pair;
	struct ibv_wc wc;

	return received(p, !side, IBV_WC_RECV, b->id, SIZE / 2, &wc) &&
	       sent(p, side, IBV_WC_SEND, b->id) &&
	       verify(p, p->side[!side].buf + SIZE / 2, SIZE / 2, b->id, "a message");
}

bool ping_pong(struct bench *b, int rounds)
{
	int i;

	for (i = 0; i < 2 * rounds; i++) {
		if (!send_one(b, i % 2) || !arrives(b, i % 2))
			return false;
	}
	return true;
}

bool works(struct bench *b)
{
	return ping_pong(b, MESSAGES) && settled(b) && guards_intact(&b->pair);
}

static bool number_of(struct bench *b, struct ibv_cq *cq, unsigned int *cqn)
{
	struct mlx5dv_cq out = { 0 };
	struct mlx5dv_obj obj = { .cq = { .in = cq, .out = &out } };
	int ret = mlx5dv_init_obj(&obj, MLX5DV_OBJ_CQ);

	*cqn = out.cqn;
	return ret ? fail(b, "mlx5dv_init_obj: %s", strerror(ret)) : true;
}

bool pair_make(struct bench *b, int retries)
{
	struct pair_attr attr = {
		.size = SIZE,
		.events = true,
		.timeout = 8,	/* 4 ms */
		.retry_cnt = retries,
	};
	int i;

	memset(b->lost, 0, sizeof(b->lost));
	if (!pair_open(&b->pair, &b->fabric, &attr))
		return false;
	for (i = 0; i < 2; i++) {
		if (!number_of(b, b->pair.side[i].scq, &b->cqn[i][0]) ||
		    !number_of(b, b->pair.side[i].rcq, &b->cqn[i][1]))
			return false;
	}
	return true;
}

bool device_returns(struct bench *b)
{
	int i;

	for (i = 0; i < LOOKS; i++) {
		sched_yield();
		if (!fabric_open(&b->fabric))
			continue;
		if (!fabric_dead(&b->fabric))
			return true;
		if (!fabric_close(&b->fabric))
			return false;
	}
	return fail(b, "the device does not return");
}

bool bench_open(struct bench *b, struct control *control)
{
	memset(b, 0, sizeof(*b));
	b->control = control;
	return device_returns(b) && pair_make(b, 7);
}

bool bench_close(struct bench *b)
{
	return pair_close(&b->pair) && fabric_close(&b->fabric);
}

static void *go_on(void *arg)
{
	struct traffic *t = arg;

	do {
		t->ok = ping_pong(&t->bench, 1);
		__atomic_fetch_add(&t->rounds, 1, __ATOMIC_RELEASE);
	} while (t->ok && !__atomic_load_n(&t->stop, __ATOMIC_ACQUIRE));
	return NULL;
}

bool traffic_start(struct traffic *t, struct control *control)
{
	t->stop = false;
	t->rounds = 0;
	if (!bench_open(&t->bench, control))
		return false;
	if (pthread_create(&t->thread, NULL, go_on, t))
		return fail(&t->bench, "no thread");
	while (!__atomic_load_n(&t->rounds, __ATOMIC_ACQUIRE))
		sched_yield();
	return true;
}

bool traffic_stop(struct traffic *t)
{
	__atomic_store_n(&t->stop, true, __ATOMIC_RELEASE);
	pthread_join(t->thread, NULL);
	return t->ok && settled(&t->bench) && bench_close(&t->bench);
}
