// SPDX-License-Identifier: GPL-2.0
/*
 * Threads create CQs, read events on changing CPUs, resize and destroy the CQs, some with an
 * event that nobody has read, while the mode, the policy and the CPUs change, the module
 * or the device goes and comes back, and other readers are killed. Each event is read
 * once, or dropped with its CQ or its device: a lost one hangs the test, and one too
 * many is on the channel at the end.
 *
 *	FASTWAKE_COMP_STORM_EVENTS	how many events (6000)
 *	FASTWAKE_COMP_STORM_SEED	what is drawn (1)
 *	FASTWAKE_COMP_STORM_PACE	events between two changes of each kind (0: none)
 */
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "cpu_online.h"
#include "env_number.h"
#include "polled.h"

/* A million events take longer. Who runs the tests has a time-out for all of them. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 3000

#define WORKERS 3
#define MAX_ROUND 50	/* events in the life of a CQ */
#define LIFE 1000	/* events in the life of a device */
#define LOOKS 1000000	/* more than it takes for a device to go, or to come back */

struct storm {
	struct rig rig;
	atomic_long left;	/* events that nobody has begun */
	atomic_long produced;
	atomic_long read;
	atomic_long dropped;
	atomic_int resets;
	atomic_bool stop;
	long pace;
	pthread_mutex_t lock;	/* for who waits for the next so many events */
	pthread_cond_t paced;
	atomic_int failed;
	char why[512];
	int cpus;
	int nursery;	/* our end of the socket to it */
};

struct worker {
	struct storm *storm;
	pthread_t thread;
	unsigned int seed;
	struct rig rig;
	struct ibv_comp_channel *ch;
	struct loop loop;
	bool unread;	/* an event was produced, and not read */
};

static void storm_wake(struct storm *s)
{
	pthread_mutex_lock(&s->lock);
	pthread_cond_broadcast(&s->paced);
	pthread_mutex_unlock(&s->lock);
}

static void storm_stop(struct storm *s)
{
	s->stop = true;
	storm_wake(s);
}

static void storm_fail(struct storm *s, const char *what, const char *why)
{
	if (!atomic_fetch_add(&s->failed, 1))
		snprintf(s->why, sizeof(s->why), "%s: %s", what, why);
	storm_stop(s);
}

static void storm_produced(struct storm *s)
{
	if (!(++s->produced % (s->pace ?: LONG_MAX)))
		storm_wake(s);
}

/* Who changes something lets this many events pass first. */
static void storm_pace(struct storm *s)
{
	long turn;

	if (!s->pace) {
		sched_yield();
		return;
	}
	pthread_mutex_lock(&s->lock);
	turn = s->produced / s->pace;
	while (!s->stop && s->produced / s->pace == turn)
		pthread_cond_wait(&s->paced, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static unsigned int draw(unsigned int *seed, unsigned int n)
{
	return rand_r(seed) % n;
}

static bool worker_event(struct worker *w)
{
	/* The CPU may be offline. */
	if (!draw(&w->seed, 4))
		pin_to_cpu(draw(&w->seed, w->storm->cpus));
	if (!draw(&w->seed, 16) &&
	    ibv_resize_cq(w->loop.cq, RIG_DEPTH + draw(&w->seed, RIG_DEPTH))) {
		snprintf(w->rig.why, sizeof(w->rig.why), "ibv_resize_cq: %s", strerror(errno));
		return false;
	}
	if (!loop_event(&w->loop))
		return false;
	storm_produced(w->storm);
	w->unread = true;
	return true;
}

static void worker_count(struct worker *w, atomic_long *what)
{
	w->unread = false;
	++*what;
}

static bool worker_open(struct worker *w)
{
	if (!rig_open(&w->rig))
		return false;
	w->ch = ibv_create_comp_channel(w->rig.ctx);
	if (w->ch)
		return true;
	snprintf(w->rig.why, sizeof(w->rig.why), "no channel");
	return false;
}

/*
 * Is it the device that is gone? Then go on with the new one. What there was of the old one
 * stays until the process ends.
 */
static bool worker_again(struct worker *w)
{
	int looks = 0;

	while (!rig_dead(&w->rig)) {
		if (++looks == LOOKS / 10)
			return false;
		sched_yield();
	}
	if (w->unread)
		worker_count(w, &w->storm->dropped);
	for (looks = 0; !worker_open(w); looks++) {
		if (looks == LOOKS)
			return false;
		sched_yield();
	}
	return true;
}

/* The life of a CQ. */
static bool worker_round(struct worker *w)
{
	int n = 1 + draw(&w->seed, MAX_ROUND);
	int vectors = w->rig.ctx->num_comp_vectors;

	if (!loop_open(&w->loop, &w->rig, w->ch, draw(&w->seed, vectors)))
		return false;
	while (n-- && atomic_fetch_sub(&w->storm->left, 1) > 0) {
		if (!worker_event(w))
			return false;
		if (!n && draw(&w->seed, 2)) {
			worker_count(w, &w->storm->dropped);
			break;
		}
		if (read_event(w->ch) != w->loop.cq) {
			snprintf(w->rig.why, sizeof(w->rig.why), "an event of another CQ, or none");
			return false;
		}
		worker_count(w, &w->storm->read);
		ibv_ack_cq_events(w->loop.cq, 1);
		if (!loop_receive(&w->loop))
			return false;
	}
	return loop_close(&w->loop);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct storm *s = w->storm;

	while (s->left > 0 && !s->stop) {
		if (!worker_round(w) && !worker_again(w))
			storm_fail(s, "worker", w->rig.why);
	}
	return NULL;
}

static void worker_check(struct __test_metadata *_metadata, struct worker *w)
{
	if (rig_dead(&w->rig))
		return;
	ASSERT_TRUE(set_nonblock(w->ch, true));
	EXPECT_EQ(NULL, read_event(w->ch));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, ibv_destroy_comp_channel(w->ch));
	ASSERT_RIG(&w->rig, rig_close(&w->rig));
}

/* --- what happens meanwhile ----------------------------------------------------- */

static void *change_settings(void *arg)
{
	static const char * const what[][2] = {
		{ "mode", "off" }, { "affinity", "0" }, { "mode", "interrupt" },
		{ "irq_events", "1" }, { "affinity", "1" }, { "mode", "poll" },
		{ "move_after", "1" }, { "irq_events", "0" }, { "mode", "interrupt" },
		{ "irq_events", "2" }, { "cpus", "0" }, { "mode", "poll" }, { "cpus", "0-1" },
	};
	struct storm *s = arg;
	int i;

	for (i = 0; !s->stop; i = (i + 1) % ARRAY_SIZE(what)) {
		if (!setting_write(what[i][0], what[i][1]))
			storm_fail(s, what[i][0], what[i][1]);
		storm_pace(s);
	}
	return NULL;
}

static void *unplug(void *arg)
{
	struct storm *s = arg;
	int cpu = s->cpus - 1;

	while (!s->stop) {
		if (!set_online(cpu, false) || !set_online(cpu, true))
			storm_fail(s, "hotplug", "cannot take the CPU off- and online");
		storm_pace(s);
	}
	return NULL;
}

static void *reload_module(void *arg)
{
	struct storm *s = arg;
	int i;

	for (i = 0; !s->stop; i++) {
		if (module_remove() || module_insert(i % 2 ? "mode=poll" : "mode=interrupt"))
			storm_fail(s, "module", "cannot be removed and inserted");
		storm_pace(s);
	}
	return NULL;
}

#define DRIVER "/sys/bus/pci/drivers/mlx5_core/"

/* Its driver leaves it, and takes it again, after a life of many events. */
static void *take_device(void *arg)
{
	struct storm *s = arg;
	long begin = s->produced;
	const char *name;
	glob_t found;

	if (glob(DRIVER "0*", 0, NULL, &found)) {
		storm_fail(s, "device", "is no mlx5");
		return NULL;
	}
	name = basename(found.gl_pathv[0]);
	while (!s->stop) {
		sched_yield();
		if (s->produced - begin < LIFE)
			continue;
		if (!write_file(DRIVER "unbind", name) || !write_file(DRIVER "bind", name))
			storm_fail(s, "device", "cannot be taken from its driver and given back");
		begin = s->produced;
		s->resets++;
	}
	globfree(&found);
	return NULL;
}

/* Dies while it waits, or while events come. */
static void victim(int cpu)
{
	struct ibv_comp_channel *ch;
	struct rig rig;
	struct loop l;
	int i;

	pin_to_cpu(cpu);
	if (!rig_open(&rig))
		_exit(1);
	ch = ibv_create_comp_channel(rig.ctx);
	if (!ch || !loop_open(&l, &rig, ch, 0))
		_exit(1);
	for (i = 0; i < 5; i++) {
		if (!one_event(&l, ch))
			_exit(1);
	}
	kill(getpid(), SIGSTOP);	/* tells the parent */
	for (;;)
		one_event(&l, ch);
}

static bool one_victim(int i, int cpus)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		victim(i % cpus);
	if (pid < 0 || waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		return false;
	kill(pid, SIGCONT);
	for (status = i % 20; status; status--)
		sched_yield();
	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid;
}

/*
 * Victims come from a process that has not mapped the device. A fork of one that has, and
 * the end of the device, take the locks of uverbs_user_mmap_disassociate() in two orders.
 * They do so in a stock kernel as well, where a trylock keeps both apart, which lockdep
 * does not see.
 */
static void nursery(int fd, int cpus)
{
	bool ok;
	int i;

	while (read(fd, &i, sizeof(i)) == sizeof(i)) {
		ok = one_victim(i, cpus);
		if (write(fd, &ok, sizeof(ok)) != sizeof(ok))
			break;
	}
	_exit(0);
}

static bool nursery_open(struct storm *s)
{
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds))
		return false;
	pid = fork();
	if (!pid) {
		close(fds[0]);
		nursery(fds[1], s->cpus);
	}
	close(fds[1]);
	s->nursery = fds[0];
	return pid > 0;
}

static void *kill_readers(void *arg)
{
	struct storm *s = arg;
	bool ok;
	int i;

	for (i = 0; !s->stop; i++) {
		if (write(s->nursery, &i, sizeof(i)) != sizeof(i) ||
		    read(s->nursery, &ok, sizeof(ok)) != sizeof(ok) || !ok) {
			storm_fail(s, "victim", "did not get its events");
			return NULL;
		}
		storm_pace(s);
	}
	return NULL;
}

static void storm(struct __test_metadata *_metadata, void *(*const *disturbers)(void *))
{
	struct worker w[WORKERS] = { 0 };
	struct storm s = { .lock = PTHREAD_MUTEX_INITIALIZER, .paced = PTHREAD_COND_INITIALIZER };
	pthread_t threads[4];
	int n, i;

	s.left = env_number("FASTWAKE_COMP_STORM_EVENTS", 6000);
	s.pace = env_number("FASTWAKE_COMP_STORM_PACE", 0);
	s.cpus = sysconf(_SC_NPROCESSORS_CONF);
	ASSERT_TRUE(nursery_open(&s));
	for (i = 0; i < WORKERS; i++) {
		w[i].storm = &s;
		w[i].seed = env_number("FASTWAKE_COMP_STORM_SEED", 1) * WORKERS + i;
		ASSERT_RIG(&w[i].rig, worker_open(&w[i]));
	}
	for (n = 0; disturbers[n]; n++)
		ASSERT_EQ(0, pthread_create(&threads[n], NULL, disturbers[n], &s));
	for (i = 0; i < WORKERS; i++)
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, worker_main, &w[i]));
	for (i = 0; i < WORKERS; i++)
		ASSERT_EQ(0, pthread_join(w[i].thread, NULL));
	storm_stop(&s);
	while (n--)
		ASSERT_EQ(0, pthread_join(threads[n], NULL));
	close(s.nursery);
	ASSERT_LT(0, wait(NULL));

	ASSERT_STREQ("", s.why);
	EXPECT_EQ(s.produced, s.read + s.dropped);
	for (i = 0; i < WORKERS; i++)
		worker_check(_metadata, &w[i]);
	TH_LOG("%ld events, %ld of them dropped with their CQ or device; the device went %d times",
	       s.produced, s.dropped, s.resets);
}

TEST(readers_alone)
{
	void *(*const disturbers[])(void *) = { kill_readers, NULL };

	storm(_metadata, disturbers);
}

FIXTURE(settings)
{
	struct setting before[5];
};

FIXTURE_SETUP(settings)
{
	static const char * const names[] = {
		"cpus", "affinity", "move_after", "irq_events", "mode",
	};
	int i;

	if (access(FASTWAKE, F_OK))
		SKIP(return, NO_MODULE);
	for (i = 0; i < 5; i++) {
		self->before[i].name = names[i];
		ASSERT_TRUE(setting_read(names[i], self->before[i].before,
					 sizeof(self->before[i].before)));
	}
}

FIXTURE_TEARDOWN(settings)
{
	int i;

	for (i = 0; i < 5; i++)
		EXPECT_TRUE(setting_restore(&self->before[i]));
}

TEST_F(settings, change)
{
	void *(*const disturbers[])(void *) = { change_settings, kill_readers, NULL };

	storm(_metadata, disturbers);
}

TEST_F(settings, change_and_cpus_go)
{
	void *(*const disturbers[])(void *) = { change_settings, unplug, NULL };

	if (!set_online(sysconf(_SC_NPROCESSORS_CONF) - 1, true))
		SKIP(return, "CPUs cannot go offline");
	storm(_metadata, disturbers);
}

TEST_F(settings, module_goes)
{
	void *(*const disturbers[])(void *) = { reload_module, kill_readers, NULL };

	storm(_metadata, disturbers);
}

/* Those who use an rxe keep it: it cannot go. */
TEST_F(settings, change_and_device_goes)
{
	void *(*const disturbers[])(void *) = { change_settings, take_device, NULL };

	if (getenv("FASTWAKE_RIG_DEVICE"))
		storm(_metadata, disturbers);
}

TEST_HARNESS_MAIN
