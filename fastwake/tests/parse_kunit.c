// SPDX-License-Identifier: GPL-2.0
/* What users may write into the settings, and what is refused. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../parse.c"

static void parse_mode_names(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, fastwake_parse_mode("off"), FASTWAKE_OFF);
	KUNIT_EXPECT_EQ(test, fastwake_parse_mode("interrupt"), FASTWAKE_INTERRUPT);
	KUNIT_EXPECT_EQ(test, fastwake_parse_mode("poll"), FASTWAKE_POLL);
	/* as echo writes it */
	KUNIT_EXPECT_EQ(test, fastwake_parse_mode("poll\n"), FASTWAKE_POLL);
}

static void parse_mode_refuses(struct kunit *test)
{
	static const char * const bad[] = {
		"", "\n", "on", "polls", "pol", "interrupts", "OFF", "1",
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, fastwake_parse_mode(bad[i]), -EINVAL,
				    "\"%s\"", bad[i]);
}

static void parse_mode_round_trip(struct kunit *test)
{
	enum fastwake_mode mode;

	for (mode = FASTWAKE_OFF; mode <= FASTWAKE_POLL; mode++)
		KUNIT_EXPECT_EQ(test, fastwake_parse_mode(fastwake_mode_name(mode)), mode);
}

static void parse_source_names(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, fastwake_parse_source("eq"), FASTWAKE_EQ);
	KUNIT_EXPECT_EQ(test, fastwake_parse_source("cq\n"), FASTWAKE_CQ);
	KUNIT_EXPECT_EQ(test, fastwake_parse_source("q"), -EINVAL);
	KUNIT_EXPECT_EQ(test, fastwake_parse_source(""), -EINVAL);
	KUNIT_EXPECT_STREQ(test, fastwake_source_name(FASTWAKE_CQ), "cq");
}

static void parse_cpus_lists(struct kunit *test)
{
	struct cpumask *cpus = kunit_kzalloc(test, cpumask_size(), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, cpus);

	KUNIT_EXPECT_EQ(test, fastwake_parse_cpus("0", cpus), 0);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(cpus, cpumask_of(0)));

	KUNIT_EXPECT_EQ(test, fastwake_parse_cpus("\n", cpus), 0);
	KUNIT_EXPECT_TRUE(test, cpumask_empty(cpus));

	KUNIT_EXPECT_EQ(test, fastwake_parse_cpus("all\n", cpus), 0);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(cpus, cpu_possible_mask));
}

static void parse_cpus_keeps_the_old_list(struct kunit *test)
{
	struct cpumask *cpus = kunit_kzalloc(test, cpumask_size(), GFP_KERNEL);
	char impossible[16];

	KUNIT_ASSERT_NOT_NULL(test, cpus);
	cpumask_set_cpu(0, cpus);

	KUNIT_EXPECT_EQ(test, fastwake_parse_cpus("0-", cpus), -EINVAL);
	KUNIT_EXPECT_EQ(test, fastwake_parse_cpus("zero", cpus), -EINVAL);

	/* too large for a mask, and too large for this machine */
	KUNIT_EXPECT_EQ(test, fastwake_parse_cpus("100000", cpus), -ERANGE);
	snprintf(impossible, sizeof(impossible), "%u", nr_cpu_ids);
	KUNIT_EXPECT_EQ(test, fastwake_parse_cpus(impossible, cpus), -ERANGE);

	KUNIT_EXPECT_TRUE(test, cpumask_equal(cpus, cpumask_of(0)));
}

static void parse_numbers(struct kunit *test)
{
	unsigned int n = 0;

	KUNIT_EXPECT_EQ(test, fastwake_parse_number("10\n", 10, 20, &n), 0);
	KUNIT_EXPECT_EQ(test, n, 10);
	KUNIT_EXPECT_EQ(test, fastwake_parse_number("20", 10, 20, &n), 0);
	KUNIT_EXPECT_EQ(test, n, 20);
}

static void parse_numbers_refuses(struct kunit *test)
{
	static const char * const bad[] = { "", "\n", "many", "-1", "1.5", "1 2" };
	unsigned int n = 7;
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, fastwake_parse_number(bad[i], 0, 20, &n), -EINVAL,
				    "\"%s\"", bad[i]);
	KUNIT_EXPECT_EQ(test, fastwake_parse_number("9", 10, 20, &n), -ERANGE);
	KUNIT_EXPECT_EQ(test, fastwake_parse_number("21", 10, 20, &n), -ERANGE);
	KUNIT_EXPECT_EQ(test, fastwake_parse_number("4294967296", 0, UINT_MAX, &n), -ERANGE);
	KUNIT_EXPECT_EQ(test, n, 7);
}

static struct kunit_case parse_cases[] = {
	KUNIT_CASE(parse_mode_names),
	KUNIT_CASE(parse_mode_refuses),
	KUNIT_CASE(parse_mode_round_trip),
	KUNIT_CASE(parse_source_names),
	KUNIT_CASE(parse_cpus_lists),
	KUNIT_CASE(parse_cpus_keeps_the_old_list),
	KUNIT_CASE(parse_numbers),
	KUNIT_CASE(parse_numbers_refuses),
	{}
};

static struct kunit_suite parse_suite = {
	.name = "fastwake_parse",
	.test_cases = parse_cases,
};

kunit_test_suite(parse_suite);

MODULE_DESCRIPTION("KUnit tests of what FastWake's users write");
MODULE_LICENSE("GPL");
