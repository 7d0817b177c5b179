// SPDX-License-Identifier: GPL-2.0
/*
 * switch_to() lets the named thread run next, and not one of the others that
 * want the CPU.
 */
#include "bystanders.h"

TEST(named_thread_runs_next)
{
	struct bystanders b;
	int hits;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_TRUE(bystanders_start(&b));
	hits = name_in_turn(&b, BYSTANDERS);
	/* Without the name it would be ROUNDS / BYSTANDERS. */
	EXPECT_LT(ROUNDS * 3 / 4, hits);
	TH_LOG("the named thread ran first in %d rounds of %d", hits, ROUNDS);
	bystanders_stop(&b);
}

TEST_HARNESS_MAIN
