// SPDX-License-Identifier: GPL-2.0
/*
 * No wake-up is lost, whatever happens to the threads meanwhile: storms of
 * wake-ups one after the other, two at a time, and beside them everything that a
 * machine can do to a thread. Each storm checks itself, see storm.c; each
 * disturber has to have disturbed, for which there is a little more time.
 *
 *	FASTWAKE_TORTURE_SECONDS	how long (60)
 *	FASTWAKE_TORTURE_SEED		what is drawn (at random)
 *	FASTWAKE_TORTURE_DISTURBERS	names, with commas between them (all)
 *	FASTWAKE_STORM_WATCHDOG		seconds after which what does not go on hangs (60)
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fastwake.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "torture.h"

#define NR_STORMS 2
#define FOR_EVER 1000000

static struct disturber *disturbers[] = {
	&hotplug_disturber, &affinity_disturber, &policy_disturber,
	&stop_disturber, &kill_disturber, &namespace_disturber,
	&fifo_disturber, &deadline_disturber,
	&fork_disturber, &exit_disturber,
	&cgroup_disturber, &freezer_disturber,
	&mode_disturber, &module_disturber,
};

#define NR_DISTURBERS ((int)ARRAY_SIZE(disturbers))

static atomic_bool over, failed;
static atomic_long storms_passed;
static long seed;

long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static struct timespec seconds_from_now(long seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += seconds;
	return t;
}

bool torture_over(void)
{
	return over || failed;
}

void torture_fail(const char *fmt, ...)
{
	va_list args;

	failed = true;
	va_start(args, fmt);
	flockfile(stdout);
	printf("# ");
	vprintf(fmt, args);
	printf("\n");
	funlockfile(stdout);
	va_end(args);
}

void torture_pause(struct disturber *d, int max_us)
{
	struct timespec t = { .tv_nsec = draw(&d->random, max_us) * 1000L };

	if (!one_in(&d->random, 8))
		clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

void torture_rest(long long since)
{
	long long ns = now_ns() - since;
	struct timespec t = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t ret;
	int error;

	if (fd < 0)
		return false;
	ret = write(fd, text, strlen(text));
	error = errno;
	close(fd);
	errno = error;
	return ret == (ssize_t)strlen(text);
}

static void *storm_host(void *arg)
{
	struct random *r = arg;

	while (!torture_over()) {
		struct storm *s = storm_start(r, 0);

		if (s && storm_passed(s))
			storms_passed++;
	}
	return NULL;
}

static void *disturb(void *arg)
{
	struct disturber *d = arg;

	d->run(d);
	d->finished = true;
	return NULL;
}

/* Is @name in @list, which has commas between names? */
static bool listed(const char *list, const char *name)
{
	size_t len = strlen(name);
	const char *p = list;

	while (p) {
		if (!strncmp(p, name, len) && (p[len] == ',' || !p[len]))
			return true;
		p = strchr(p, ',');
		p = p ? p + 1 : NULL;
	}
	return false;
}

static int select_disturbers(void)
{
	const char *list = getenv("FASTWAKE_TORTURE_DISTURBERS");
	const char *comma;
	int names = 1;
	int n = 0;
	int i;

	for (i = 0; i < NR_DISTURBERS; i++) {
		struct disturber *d = disturbers[i];

		d->selected = list ? listed(list, d->name) : !d->possible || d->possible();
		n += d->selected;
	}
	for (comma = list; comma && (comma = strchr(comma, ',')); comma++)
		names++;
	if (list && n != names)
		ksft_exit_fail_msg("'%s' has a name that is none\n", list);
	return n;
}

static bool begin(void)
{
	int i;

	for (i = 0; i < NR_DISTURBERS; i++) {
		struct disturber *d = disturbers[i];

		d->random = random_sequence(seed, NR_STORMS + i);
		if (d->selected && d->begin && !d->begin()) {
			torture_fail("the disturber '%s' lacks something: %s",
				     d->name, strerror(errno));
			return false;
		}
	}
	return true;
}

static void start_thread(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
	int error = pthread_create(thread, NULL, fn, arg);

	if (error)
		ksft_exit_fail_msg("pthread_create(): %s\n", strerror(error));
}

/* What hangs now does so for good: say what it is, and leave it behind. */
static void hang(void)
{
	int i;

	for (i = 0; i < NR_DISTURBERS; i++) {
		if (disturbers[i]->selected && !disturbers[i]->finished)
			printf("# the disturber '%s' does not end\n", disturbers[i]->name);
	}
	storm_report();
	ksft_exit_fail_msg("it hangs\n");
}

static void join(pthread_t thread, const struct timespec *deadline)
{
	if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, deadline))
		hang();
}

/* Has everybody done something? */
static bool all_did(void)
{
	int i;

	for (i = 0; i < NR_DISTURBERS; i++) {
		if (disturbers[i]->selected && !disturbers[i]->count)
			return false;
	}
	return storms_passed;
}

/* A slow machine gets longer, but not for ever. */
static void wait_until_over(long seconds, long watchdog)
{
	long waited;

	for (waited = 0; !failed && waited < seconds + watchdog; waited++) {
		if (waited >= seconds && all_did())
			break;
		sleep(1);
	}
	over = true;
}

static void torture(long seconds, long watchdog)
{
	struct random random[NR_STORMS];
	pthread_t hosts[NR_STORMS];
	struct timespec deadline;
	int i;

	for (i = 0; i < NR_STORMS; i++) {
		random[i] = random_sequence(seed, i);
		start_thread(&hosts[i], storm_host, &random[i]);
	}
	for (i = 0; i < NR_DISTURBERS; i++) {
		if (disturbers[i]->selected)
			start_thread(&disturbers[i]->thread, disturb, disturbers[i]);
	}

	/* The storms under way end by themselves, or by their own watchdog. */
	wait_until_over(seconds, watchdog);
	deadline = seconds_from_now(2 * watchdog);
	for (i = 0; i < NR_DISTURBERS; i++) {
		if (disturbers[i]->selected)
			join(disturbers[i]->thread, &deadline);
	}
	for (i = 0; i < NR_STORMS; i++)
		join(hosts[i], &deadline);
}

static void finish(void)
{
	int i;

	for (i = 0; i < NR_DISTURBERS; i++) {
		if (disturbers[i]->selected && disturbers[i]->end)
			disturbers[i]->end();
	}
	if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
		torture_fail("a child process is left");
}

static void report(void)
{
	int i;

	ksft_print_msg("sum: %ld storms passed\n", (long)storms_passed);
	ksft_test_result(!failed && storms_passed, "storms\n");
	for (i = 0; i < NR_DISTURBERS; i++) {
		struct disturber *d = disturbers[i];

		if (!d->selected)
			continue;
		ksft_print_msg("sum: %ld %s\n", (long)d->count, d->counts);
		ksft_test_result(d->count, "%s\n", d->name);
	}
}

int main(int argc, char **argv)
{
	long watchdog, seconds;

	/* The program that the disturber "fork" executes. */
	if (argc > 1 && !strcmp(argv[1], "exit"))
		return 0;

	watchdog = setting("FASTWAKE_STORM_WATCHDOG", 60, 3600);
	seconds = setting("FASTWAKE_TORTURE_SECONDS", 60, FOR_EVER);
	seed = seed_setting("FASTWAKE_TORTURE_SEED");
	setlinebuf(stdout);
	ksft_print_header();
	ksft_print_msg("sum: seed %ld, %ld s\n", seed, seconds);
	/* Unknown flags are EINVAL on every kernel that has the call. */
	if (syscall(__NR_hibernate, ~0U) != -1 || errno != EINVAL)
		ksft_exit_skip("this kernel has no hibernate()\n");
	if (geteuid())
		ksft_exit_skip("needs root\n");

	ksft_set_plan(1 + select_disturbers());
	/* Whoever is left behind by a storm that was killed is a child of ours. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (begin())
		torture(seconds, watchdog);
	finish();
	report();
	ksft_finished();
}
