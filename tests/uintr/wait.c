// SPDX-License-Identifier: GPL-2.0
/*
 * uintr_wait() sleeps until there is an interrupt, and misses none. UINTR_ROUNDS, by the
 * environment, is how often two threads send to each other.
 */
#include "env_number.h"
#include "uintr_test.h"

static void wait_once(struct receiver *r)
{
	r->ret = uintr_wait(&max_wait, 0);
	r->error = errno;
	/* The handler has run by now, if it could. */
	r->loops = *receiver_count(r);
}

FIXTURE(sleeps)
{
	struct receiver r;
};

FIXTURE_VARIANT(sleeps)
{
	int cpu;	/* 0: that of the sender */
	bool uif_clear;
};

FIXTURE_VARIANT_ADD(sleeps, same_cpu)
{
	.cpu = 0,
};

FIXTURE_VARIANT_ADD(sleeps, other_cpu)
{
	.cpu = 1,
};

FIXTURE_VARIANT_ADD(sleeps, uif_clear)
{
	.cpu = 1,
	.uif_clear = true,
};

FIXTURE_SETUP(sleeps)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (usable_cpu(variant->cpu) < 0)
		SKIP(return, "needs two CPUs");
	self->r.cpu = usable_cpu(variant->cpu);
	self->r.uif_clear = variant->uif_clear;
	self->r.body = wait_once;
	ASSERT_TRUE(receiver_start(&self->r));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	ASSERT_TRUE(wait_for_sleep_in(self->r.tid, __NR_uintr_wait));
}

FIXTURE_TEARDOWN(sleeps) { }

TEST_F(sleeps, woken)
{
	_senduipi(self->r.index[0]);
	ASSERT_TRUE(receiver_join(&self->r));
	EXPECT_EQ(0, self->r.ret);
	EXPECT_EQ(variant->uif_clear ? 0 : 1, self->r.loops);
}

FIXTURE(awake)
{
	int index;
};

FIXTURE_SETUP(awake)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, uintr_register_handler(count_uintr, 0));
	self->index = uintr_self_sender(3);
	ASSERT_LE(0, self->index);
}

FIXTURE_TEARDOWN(awake) { }

/* It stays there until it is delivered, however often somebody asks. */
TEST_F(awake, at_once_for_a_pending_one)
{
	int i;

	_senduipi(self->index);
	for (i = 0; i < 100; i++)
		ASSERT_EQ(0, uintr_wait(&max_wait, 0));
	EXPECT_EQ(0, uintr_handled[3]);
	_stui();
	ASSERT_TRUE(spin_until(uintr_handled[3]));
	_clui();
	EXPECT_TRUE(uintr_nothing_left());
	EXPECT_EQ(1, uintr_handled[3]);
}

/* Nor does it return for one that was delivered before. */
TEST_F(awake, not_for_a_delivered_one)
{
	_stui();
	_senduipi(self->index);
	ASSERT_TRUE(spin_until(uintr_handled[3] == 1));
	ASSERT_ERRNO(ETIME, uintr_wait(&no_wait, 0));
	EXPECT_EQ(1, uintr_handled[3]);
}

TEST_F(awake, timeout)
{
	const struct __kernel_timespec ms = { .tv_nsec = 1000000 };

	ASSERT_ERRNO(ETIME, uintr_wait(&no_wait, 0));
	ASSERT_ERRNO(ETIME, uintr_wait(&ms, 0));
	_stui();
	ASSERT_ERRNO(ETIME, uintr_wait(&no_wait, 0));
	ASSERT_ERRNO(ETIME, uintr_wait(&ms, 0));
}

TEST_F(awake, errors)
{
	struct __kernel_timespec bad = { .tv_nsec = 1000000000 };

	ASSERT_ERRNO(EINVAL, uintr_wait(&no_wait, 1));
	ASSERT_ERRNO(EINVAL, uintr_wait(NULL, ~0U));
	ASSERT_ERRNO(EINVAL, uintr_wait(&bad, 0));
	bad.tv_nsec = -1;
	ASSERT_ERRNO(EINVAL, uintr_wait(&bad, 0));
	bad = (struct __kernel_timespec){ .tv_sec = -1 };
	ASSERT_ERRNO(EINVAL, uintr_wait(&bad, 0));
	ASSERT_ERRNO(EFAULT, uintr_wait((void *)8, 0));

	ASSERT_EQ(0, uintr_unregister_handler(0));
	ASSERT_ERRNO(EINVAL, uintr_wait(&no_wait, 0));
}

TEST(without_a_handler)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_ERRNO(EINVAL, uintr_wait(&no_wait, 0));
	/* To receive is not enough. */
	ASSERT_LE(0, uintr_vector_fd(0, 0));
	ASSERT_ERRNO(EINVAL, uintr_wait(&no_wait, 0));
}

/* A child process that waits, for as long as the variant says. */
FIXTURE(signalled)
{
	pid_t pid;
};

FIXTURE_VARIANT(signalled)
{
	const struct __kernel_timespec *timeout;
	int flags;
};

FIXTURE_VARIANT_ADD(signalled, for_ever)
{
	.timeout = NULL,
};

FIXTURE_VARIANT_ADD(signalled, with_timeout)
{
	.timeout = &max_wait,
};

FIXTURE_VARIANT_ADD(signalled, for_ever_sa_restart)
{
	.timeout = NULL,
	.flags = SA_RESTART,
};

FIXTURE_VARIANT_ADD(signalled, with_timeout_sa_restart)
{
	.timeout = &max_wait,
	.flags = SA_RESTART,
};

static atomic_int signals;

static void count_signal(int sig)
{
	(void)sig;
	signals++;
}

/* 0: woken; else 100 if a signal handler ran, and the errno. */
static int wait_in_child(const struct __kernel_timespec *timeout, int flags, int sock)
{
	struct sigaction act = { .sa_handler = count_signal, .sa_flags = flags };
	int fd;

	sigaction(SIGUSR1, &act, NULL);
	if (uintr_register_handler(count_uintr, 0))
		return 99;
	fd = uintr_vector_fd(0, 0);
	if (fd < 0 || write(sock, &fd, sizeof(fd)) != sizeof(fd))
		return 98;
	if (!uintr_wait(timeout, 0))
		return 0;
	return errno + (signals ? 100 : 0);
}

FIXTURE_SETUP(signalled)
{
	int fds[2], fd;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_EQ(0, pipe(fds));
	self->pid = fork();
	ASSERT_LE(0, self->pid);
	if (!self->pid)
		_exit(wait_in_child(variant->timeout, variant->flags, fds[1]));
	ASSERT_EQ(sizeof(fd), read(fds[0], &fd, sizeof(fd)));
	ASSERT_TRUE(wait_for_sleep_in(self->pid, __NR_uintr_wait));
}

FIXTURE_TEARDOWN(signalled) { }

TEST_F(signalled, eintr_after_a_handler)
{
	ASSERT_EQ(0, kill(self->pid, SIGUSR1));
	EXPECT_EQ(100 + EINTR, child_status(self->pid));
}

/* Without a handler it goes on to wait. */
TEST_F(signalled, not_after_stop_and_continue)
{
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, kill(self->pid, SIGSTOP));
		ASSERT_TRUE(wait_for_state(self->pid, 'T'));
		ASSERT_EQ(0, kill(self->pid, SIGCONT));
		/* -1: it has ended, which takes long to find out otherwise. */
		ASSERT_TRUE(spin_until(thread_sleeps_in(self->pid) == __NR_uintr_wait ||
				       thread_sleeps_in(self->pid) == SYS_restart_syscall ||
				       thread_state(self->pid) == 'Z'));
		ASSERT_NE('Z', thread_state(self->pid));
	}
	ASSERT_EQ(0, kill(self->pid, SIGUSR1));
	EXPECT_EQ(100 + EINTR, child_status(self->pid));
}

/*
 * Two threads send to each other in turn. Each one looks for what there is with UIF
 * clear, and then waits: what comes in between must end the call.
 */
struct player {
	pthread_t thread;
	int cpu, vector, fd;
	struct player *other;
	bool begins;
	long rounds;
	atomic_int ready;
	atomic_bool failed;
};

static void *play(void *arg)
{
	struct player *p = arg;
	atomic_ulong *count = &uintr_handled[p->vector];
	long i;
	int index;

	if (!pin_to_cpu(p->cpu) || uintr_register_handler(count_uintr, 0))
		goto failed;
	p->fd = uintr_vector_fd(p->vector, 0);
	if (p->fd < 0)
		goto failed;
	p->ready = 1;
	if (!spin_until(p->other->ready))
		goto failed;
	index = uintr_register_sender(p->other->fd, 0);
	if (index < 0)
		goto failed;

	_clui();
	for (i = 1; i <= p->rounds; i++) {
		if (p->begins)
			_senduipi(index);
		while (atomic_load(count) < (unsigned long)i) {
			if (uintr_wait(&max_wait, 0))
				goto failed;
			_stui();
			__builtin_ia32_pause();
			_clui();
		}
		if (atomic_load(count) != (unsigned long)i)
			goto failed;
		if (!p->begins)
			_senduipi(index);
	}
	return NULL;
failed:
	p->failed = true;
	return NULL;
}

static bool play_all(int cpu, int other_cpu, long rounds)
{
	struct player p[2] = {
		{ .cpu = cpu, .vector = 1, .other = &p[1], .rounds = rounds, .begins = true },
		{ .cpu = other_cpu, .vector = 2, .other = &p[0], .rounds = rounds },
	};

	if (pthread_create(&p[0].thread, NULL, play, &p[0]) ||
	    pthread_create(&p[1].thread, NULL, play, &p[1]))
		return false;
	pthread_join(p[0].thread, NULL);
	pthread_join(p[1].thread, NULL);
	return !p[0].failed && !p[1].failed;
}

TEST(ping_pong_on_two_cpus)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	EXPECT_TRUE(play_all(usable_cpu(0), usable_cpu(1), env_number("UINTR_ROUNDS", 20000)));
}

TEST(ping_pong_on_one_cpu)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	EXPECT_TRUE(play_all(usable_cpu(0), usable_cpu(0), env_number("UINTR_ROUNDS", 20000)));
}

/* Two vectors at a time: what comes while others are gathered is not lost. */
struct two_senders {
	pthread_t thread;
	struct receiver *r;
	int nr;
	atomic_bool failed;
};

static void gather(struct receiver *r)
{
	while (!r->stop) {
		if (uintr_wait(&no_wait, 0) && errno != ETIME)
			r->error = errno;
		_stui();
		__builtin_ia32_pause();
		_clui();
	}
}

static void *send_one(void *arg)
{
	struct two_senders *s = arg;
	int i;

	for (i = 0; i < 5000; i++) {
		if (!uintr_send_acked(s->r->index[s->nr], &uintr_handled[s->nr])) {
			s->failed = true;
			break;
		}
	}
	return NULL;
}

TEST(nothing_is_lost_while_others_are_gathered)
{
	struct receiver r = { .nr = 2, .uif_clear = true, .body = gather };
	struct two_senders s[2] = { { .r = &r, .nr = 0 }, { .r = &r, .nr = 1 } };
	int i;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	r.cpu = usable_cpu(1);
	ASSERT_TRUE(receiver_start(&r));
	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&s[i].thread, NULL, send_one, &s[i]));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(s[i].thread, NULL));
		EXPECT_FALSE(s[i].failed);
	}
	ASSERT_TRUE(receiver_stop(&r));
	EXPECT_EQ(0, r.error);
	EXPECT_EQ(5000, uintr_handled[0]);
	EXPECT_EQ(5000, uintr_handled[1]);
}

TEST_HARNESS_MAIN
