// SPDX-License-Identifier: GPL-2.0
/* switch_to() the caller itself: EINVAL. */
#include "fastwake_test.h"

TEST(self)
{
	if (fastwake_missing())
		SKIP(return, NO_FASTWAKE);

	ASSERT_ERRNO(EINVAL, switch_to(gettid(), 0));
}

TEST_HARNESS_MAIN
