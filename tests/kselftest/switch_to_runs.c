// SPDX-License-Identifier: GPL-2.0
/*
 * switch_to() lets the named thread run next, and not one of the others that
 * want the CPU.
 *
 * Who runs first after the call leaves its mark. Each of the bystanders is the
 * target in turn, so that a scheduler which takes no notice of the name, in
 * whatever order it picks, is right in one round of BYSTANDERS only. The end of
 * the caller's slice counts against switch_to(), and that of the target's may
 * come before its first instruction where each one takes long: all ask for long
 * slices.
 */
#include "slice.h"
#include "spinner.h"

#define BYSTANDERS 4
#define ROUNDS (6 * BYSTANDERS)

TEST(named_thread_runs_next)
{
	struct spinner s[BYSTANDERS];
	atomic_int first = -1;
	int hits = 0;
	int i;

	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_TRUE(pin_to_cpu(usable_cpu(0)));
	for (i = 0; i < BYSTANDERS; i++) {
		ASSERT_TRUE(spinner_start(&s[i], usable_cpu(0), i + 1, &first));
		ASSERT_TRUE(ask_for_long_slice(s[i].tid));
	}
	ASSERT_TRUE(ask_for_long_slice(0));

	for (i = 0; i < ROUNDS; i++) {
		struct spinner *target = &s[i % BYSTANDERS];

		atomic_store(&first, 0);
		ASSERT_EQ(0, switch_to(target->tid, 0));
		if (atomic_exchange(&first, -1) == target->id)
			hits++;
	}

	/* Without the name it would be ROUNDS / BYSTANDERS. */
	EXPECT_LT(ROUNDS * 3 / 4, hits);
	TH_LOG("the named thread ran first in %d rounds of %d", hits, ROUNDS);
	for (i = 0; i < BYSTANDERS; i++)
		spinner_stop(&s[i]);
}

TEST_HARNESS_MAIN
