/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A connected pair whose events are counted on both ends of the bus: those that the
 * device model raised, and those that were read.
 *
 * checkpatch: PREFER_DEFINED_ATTRIBUTE_MACRO: user space has no such macro
 */
#ifndef BENCH_H
#define BENCH_H

#include <pthread.h>

#include "control.h"
#include "fabric.h"

#define SIZE		4096
#define MESSAGES	10	/* there and back, to see that a pair works */
/* Far more looks than anything takes: they end what would hang. */
#define LOOKS		1000000

struct bench {
	struct control *control;
	struct fabric fabric;
	struct pair pair;
	unsigned int cqn[2][2];		/* of each side: for sends, for receives */
	unsigned long lost[2][2];	/* events that the fault has cost */
	unsigned long long id;
	/* What a refused command leaves for another attempt. */
	struct ibv_cq *cq;
	struct ibv_qp *qp;
	struct ibv_pd *pd;
};

#define ASSERT_BENCH(call)	ASSERT_FABRIC(&self->bench.fabric, call)
#define ASSERT_TRAFFIC(call)	ASSERT_FABRIC(&self->traffic.bench.fabric, call)

bool fail(struct bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- what the model says ------------------------------------------------------------ */

/* The number called so, in what starts there; the caller knows that there is one. */
unsigned long named(const char *text, const char *name);

/* In the statistics read last: what an object of this kind has of this. */
unsigned long counted(const struct bench *b, const char *kind, unsigned int number,
		      const char *name);
unsigned long irqs_dropped(const struct bench *b, unsigned long vector);

bool ask(struct bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Statistics until the number called so is this: it is for others to get it there. */
bool becomes(struct bench *b, const char *name, unsigned long value);

/* --- traffic, and what is left of it ------------------------------------------------- */

bool event_waits(const struct side *s);

/*
 * Of all CQs, the events read are those that the device raised, but for what was lost.
 * The number of those raised is only read when no event waits, so it cannot be short.
 */
bool settled(struct bench *b);

bool send_one(struct bench *b, int side);
bool arrives(struct bench *b, int side);

/* Messages there and back. */
bool ping_pong(struct bench *b, int rounds);

/* Some messages arrive, and each event is read. */
bool works(struct bench *b);

/* With few retries, that are over soon. */
bool pair_make(struct bench *b, int retries);

/*
 * After a fatal error it comes back as another device; there may be none, or the old one,
 * until then.
 */
bool device_returns(struct bench *b);
bool bench_open(struct bench *b, struct control *control);
bool bench_close(struct bench *b);

/* --- traffic in the background ------------------------------------------------------- */

struct traffic {
	struct bench bench;
	pthread_t thread;
	bool stop;
	bool ok;
	int rounds;
};

/* Return once there is some. */
bool traffic_start(struct traffic *t, struct control *control);
bool traffic_stop(struct traffic *t);

#endif /* BENCH_H */
