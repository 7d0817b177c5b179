// SPDX-License-Identifier: GPL-2.0
/*
 * This kernel isolates page tables, so that what the other tests say was said with it.
 */
#include "fastwake_test.h"

TEST(page_tables_are_isolated)
{
	EXPECT_EQ(0, system("grep -qw pti /proc/cpuinfo"));
}

TEST_HARNESS_MAIN
