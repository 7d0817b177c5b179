/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the fuzzer share. All processes of it have one memory, struct
 * fuzz, and end when that says so.
 *
 * Survivors are threads that make random calls from the beginning to the end, in
 * families: processes that differ in what they may do. Mayflies are processes that
 * do the same and die young. Canaries sleep, and nobody may wake them.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include <kselftest.h>

#include "random.h"

#define NR_FAMILIES 5
#define FAMILY_SIZE 4
#define NR_SURVIVORS (NR_FAMILIES * FAMILY_SIZE)
#define NR_CANARIES 6
#define NR_KTHREADS 32
#define NR_RECENT 64
#define NOBODY 65534

enum call { HIBERNATE, WAKE_UP_PROCESS, SWITCH_TO, NR_CALLS };

/* What a call returned. The first three are those of wake_up_process(). */
enum outcome {
	OK, PERMIT, PENDING,
	BAD_ARGUMENT, NO_THREAD, FORBIDDEN, OTHER_CPU, ASLEEP, INTERRUPTED,
	UNDOCUMENTED,
	NR_OUTCOMES,
};

enum deed {
	SIGNALS, ATTRIBUTES, STOPS, TRACES, EXITS, EXECS, LEADERS, KILLS, NAMESPACES,
	NR_DEEDS,
};

struct family {
	pid_t pid;
	bool root;
	bool inner;		/* in a pid namespace of its own */
};

/* Wake-ups that name a thread, and what came of them. */
struct survivor {
	atomic_int tid;		/* in its own pid namespace */
	atomic_int outer_tid;	/* in the first one */
	atomic_long attempts;	/* may have woken it or left a permit */
	atomic_long promised;	/* said that they have */
	atomic_long taken;	/* made its calls return 0 */
	atomic_bool released;	/* the next return is the last one */
	atomic_bool done;
};

struct canary {
	atomic_int tid;
	bool root;
	long nr;		/* the system call in which it sleeps */
	long sleeps;		/* how often it went to sleep */
	atomic_bool woken;
};

struct fuzz {
	long seed;
	atomic_bool ending, failed;
	atomic_int known;	/* survivors whose ids are known */
	atomic_int idle;	/* survivors that make no random calls any more */
	struct family families[NR_FAMILIES];
	struct survivor survivors[NR_SURVIVORS];
	struct canary canaries[NR_CANARIES];
	pid_t kthreads[NR_KTHREADS];
	int nr_kthreads;
	/* tids of mayflies, dead or alive */
	atomic_int recent[NR_RECENT];
	atomic_uint nr_recent;
	atomic_long calls[NR_CALLS][NR_OUTCOMES];
	atomic_long deeds[NR_DEEDS];
};

extern struct fuzz *fuzz;

/* Says what is wrong; the fuzzing ends. */
void __printf(1, 2) fuzz_fail(const char *fmt, ...);
static inline bool fuzz_over(void)
{
	return fuzz->ending || fuzz->failed;
}

/* Before that nobody makes calls: a wake-up of a thread that is not known is not counted. */
static inline bool survivors_known(void)
{
	return fuzz->known == NR_SURVIVORS;
}

/* Sleeps for a random time. */
void fuzz_pause(struct random *r, int max_us);

/* Who calls. */
struct caller {
	struct random random;
	pid_t tid;
	bool root;
	bool inner;
	int family;		/* -1: a mayfly's */
	struct survivor *self;	/* NULL: a mayfly */
};

/* One random call of the three, judged. */
void random_call(struct caller *c);
/* hibernate(0), judged and counted. True if it returned 0. */
bool call_hibernate(struct caller *c);
/* Counts the handlers that ran in this thread. */
void note_signal(int sig);

/* Gives up all rights, but for those on its own nice value. */
bool become_nobody(void);
/* The thread's id in the first pid namespace. */
pid_t outer_tid(void);

/* Before the first family, lest a signal comes too early. */
void install_handlers(void);
void start_family(int index);
bool start_canaries(pid_t pids[2]);
bool canaries_sleep(void);
/* Processes that live until the fuzzing is over. */
void breeder(struct random *r);
void stopper(struct random *r);
void tracer(struct random *r);
/* Fills in @kthreads with those that stay. */
void find_kthreads(void);
/* Says what all threads do, and ends the fuzzer, but not what hangs. */
void __noreturn hang(const char *what);
/* Was each wake-up that was promised taken once, and nothing else? */
bool balanced(void);
/* Was all that is documented returned, and everything else done as well? */
bool complete(void);
void report(void);
/* The new program of a mayfly. */
int after_exec(void);

#endif /* FUZZ_H */
