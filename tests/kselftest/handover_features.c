// SPDX-License-Identifier: GPL-2.0
/*
 * Hand-overs and switch_to() work with the scheduler's features DELAY_DEQUEUE and
 * NEXT_BUDDY on and off.
 */
#include <sys/mount.h>

#include "env_number.h"
#include "bystanders.h"
#include "pair.h"

#define DEBUGFS "/sys/kernel/debug"
#define FEATURES DEBUGFS "/sched/features"
#define NO_FEATURES "needs " FEATURES
#define TURNS times(1000)

static const char *const names[] = { "DELAY_DEQUEUE", "NEXT_BUDDY" };

#define NR_NAMES ((int)ARRAY_SIZE(names))

/* The word as it is in the file: with or without NO_ in front. */
static bool feature_is_on(const char *name, bool *on)
{
	char text[4096], off[64];
	size_t len;
	FILE *f;

	f = fopen(FEATURES, "re");
	if (!f)
		return false;
	len = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[len] = '\0';
	snprintf(off, sizeof(off), "NO_%s ", name);
	*on = !strstr(text, off);
	return strstr(text, name);
}

static bool set_feature(const char *name, bool on)
{
	char text[64];
	ssize_t ret;
	int fd;

	fd = open(FEATURES, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	snprintf(text, sizeof(text), "%s%s", on ? "" : "NO_", name);
	ret = write(fd, text, strlen(text));
	close(fd);
	return ret == (ssize_t)strlen(text);
}

FIXTURE(features)
{
	bool before[NR_NAMES];
};

FIXTURE_VARIANT(features)
{
	bool on[NR_NAMES];
};

FIXTURE_VARIANT_ADD(features, none)
{
	.on = { false, false },
};

FIXTURE_VARIANT_ADD(features, delay_dequeue)
{
	.on = { true, false },
};

FIXTURE_VARIANT_ADD(features, next_buddy)
{
	.on = { false, true },
};

FIXTURE_VARIANT_ADD(features, both)
{
	.on = { true, true },
};

FIXTURE_SETUP(features)
{
	int i;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (access(FEATURES, F_OK))
		mount("debug", DEBUGFS, "debugfs", 0, NULL);
	if (access(FEATURES, F_OK))
		SKIP(return, NO_FEATURES);
	for (i = 0; i < NR_NAMES; i++)
		ASSERT_TRUE(feature_is_on(names[i], &self->before[i]));
}

/* In the parent: whatever becomes of the test, the next one has what was before. */
FIXTURE_TEARDOWN_PARENT(features)
{
	int i;

	for (i = 0; i < NR_NAMES; i++)
		EXPECT_TRUE(set_feature(names[i], self->before[i]));
}

static bool set_features(const bool *on)
{
	bool is;
	int i;

	for (i = 0; i < NR_NAMES; i++) {
		if (!set_feature(names[i], on[i]) || !feature_is_on(names[i], &is) ||
		    is != on[i])
			return false;
	}
	return true;
}

TEST_F(features, turns_are_taken)
{
	unsigned int flags;

	ASSERT_TRUE(set_features(variant->on));
	for (flags = 0; flags <= WAKE_UP_HIBERNATE; flags += WAKE_UP_HIBERNATE) {
		struct pair *p = pair_start(usable_cpu(0), usable_cpu(0), flags, NULL);

		ASSERT_NE(NULL, p);
		EXPECT_TRUE(pair_run(p, TURNS));
		EXPECT_TRUE(pair_stop(p));
		EXPECT_STREQ("", p->wrong);
	}
}

TEST_F(features, named_thread_runs_next)
{
	struct bystanders b;
	int hits;

	ASSERT_TRUE(set_features(variant->on));
	ASSERT_TRUE(bystanders_start(&b));
	hits = name_in_turn(&b, BYSTANDERS);
	EXPECT_LT(ROUNDS * 3 / 4, hits);
	TH_LOG("the named thread ran first in %d rounds of %d", hits, ROUNDS);
	bystanders_stop(&b);
}

TEST_HARNESS_MAIN
