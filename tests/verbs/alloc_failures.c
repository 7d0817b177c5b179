// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation that a system call makes fails once, the first, the second and so on,
 * until the call makes no more of them: it says ENOMEM or does without, nothing is left
 * of what it began, and events come as before.
 *
 * Needs CONFIG_FAULT_INJECTION, CONFIG_FAILSLAB and CONFIG_FAIL_PAGE_ALLOC.
 */
#include "polled.h"

#define DEBUGFS "/sys/kernel/debug/"
#define FAIL_NTH "/proc/thread-self/fail-nth"
#define MOST 2000	/* no call makes so many */

/* The module is inserted many times, in an emulator, with KASAN. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 1200

struct attempt {
	struct rig *rig;
	struct ibv_comp_channel *ch;
	struct ibv_comp_channel *new_ch;
	struct ibv_cq *cq;
	int tolerated;	/* failures that the call did without */
};

/*
 * What is called, and how it is undone; both return 0 or an errno. What fails may have
 * done a part of its work only in user space: that is for the library to undo. Or a
 * setting of the module, its new value and the one to go back to.
 */
struct operation {
	const char *name;
	int (*call)(struct attempt *a);
	int (*undo)(struct attempt *a);
	const char *setting, *value, *before;
	bool only_module;
};

static int create_channel(struct attempt *a)
{
	a->new_ch = ibv_create_comp_channel(a->rig->ctx);
	return a->new_ch ? 0 : errno;
}

static int destroy_channel(struct attempt *a)
{
	return ibv_destroy_comp_channel(a->new_ch);
}

static int create_cq(struct attempt *a)
{
	a->cq = ibv_create_cq(a->rig->ctx, 16, NULL, a->ch, 0);
	return a->cq ? 0 : errno;
}

/* On a vector that nobody has used yet, the first time. */
static int create_cq_elsewhere(struct attempt *a)
{
	a->cq = ibv_create_cq(a->rig->ctx, 16, NULL, a->ch, a->rig->ctx->num_comp_vectors - 1);
	return a->cq ? 0 : errno;
}

static int destroy_cq(struct attempt *a)
{
	return ibv_destroy_cq(a->cq);
}

static int insert(struct attempt *a)
{
	(void)a;
	return module_insert("mode=poll");
}

static int removal(struct attempt *a)
{
	(void)a;
	return module_remove();
}

static const struct operation operations[] = {
	{ .name = "create a channel", .call = create_channel, .undo = destroy_channel },
	{ .name = "create a CQ elsewhere", .call = create_cq_elsewhere, .undo = destroy_cq },
	{ .name = "create a CQ", .call = create_cq, .undo = destroy_cq },
	{ .name = "mode poll", .setting = "mode", .value = "poll", .before = "off" },
	{ .name = "mode interrupt", .setting = "mode", .value = "interrupt", .before = "off" },
	{ .name = "fewer CPUs", .setting = "cpus", .value = "0", .before = "0-1" },
	{ .name = "affinity on", .setting = "affinity", .value = "1", .before = "0" },
	/* The last one, as it begins without the module. */
	{ .name = "insert the module", .call = insert, .undo = removal, .only_module = true },
};

static int set(const char *name, const char *value)
{
	return setting_write(name, value) ? 0 : errno;
}

static int call(const struct operation *op, struct attempt *a)
{
	return op->setting ? set(op->setting, op->value) : op->call(a);
}

static int undo(const struct operation *op, struct attempt *a)
{
	return op->setting ? set(op->setting, op->before) : op->undo(a);
}

/* All of them count, and none is to be reported. */
static bool prepare(void)
{
	return write_file(DEBUGFS "failslab/ignore-gfp-wait", "N") &&
	       write_file(DEBUGFS "failslab/verbose", "0") &&
	       write_file(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N") &&
	       write_file(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N") &&
	       write_file(DEBUGFS "fail_page_alloc/min-order", "0") &&
	       write_file(DEBUGFS "fail_page_alloc/verbose", "0");
}

/* Make a call whose n-th allocation fails; *@failed tells whether there was one. */
static int call_failing(const struct operation *op, struct attempt *a, int n, bool *failed)
{
	char text[16] = "";
	int fd, ret;

	fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno;
	snprintf(text, sizeof(text), "%d", n);
	if (write(fd, text, strlen(text)) < 0) {
		ret = errno;
		close(fd);
		return ret;
	}
	ret = call(op, a);
	memset(text, 0, sizeof(text));
	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		ret = errno;
	*failed = atoi(text) == 0;
	if (pwrite(fd, "0", 1, 0) < 0)
		ret = errno;
	close(fd);
	return ret;
}

/* One attempt; returns whether an allocation has failed. */
static bool attempt(struct __test_metadata *_metadata, const struct operation *op,
		    struct attempt *a, int n)
{
	bool failed = true;
	int ret = call_failing(op, a, n, &failed);

	if (ret) {
		EXPECT_TRUE(failed && ret == ENOMEM)
			TH_LOG("%s, allocation %d: %s", op->name, n, strerror(ret));
	} else {
		EXPECT_EQ(0, undo(op, a))
			TH_LOG("%s, allocation %d: cannot be undone", op->name, n);
		a->tolerated += failed;
	}
	return failed;
}

static void each_allocation(struct __test_metadata *_metadata, const struct operation *op,
			    struct attempt *a, struct loop *loop)
{
	int n = 0;

	a->tolerated = 0;
	if (op->call == insert)
		ASSERT_EQ(0, undo(op, a));
	while (attempt(_metadata, op, a, ++n)) {
		ASSERT_GT(MOST, n);
		ASSERT_TRUE(one_event(loop, a->ch))
			TH_LOG("after %s, allocation %d", op->name, n);
	}
	ASSERT_TRUE(one_event(loop, a->ch));
	TH_LOG("%s: %d allocations, %d of them not needed", op->name, n - 1, a->tolerated);
}

TEST_F(channel, each_allocation)
{
	struct attempt a = { .rig = &self->rig, .ch = self->ch };
	struct setting mode, affinity, cpus;
	bool module = !access(FASTWAKE, F_OK);
	/* To load it takes many allocations, and is the same with any device. */
	bool loads = module && !getenv("FASTWAKE_RIG_DEVICE");
	size_t i;

	if (access(FAIL_NTH, F_OK))
		SKIP(return, "needs a kernel with CONFIG_FAULT_INJECTION");
	ASSERT_TRUE(prepare());
	if (module) {
		ASSERT_TRUE(setting_change(&mode, "mode", "off"));
		ASSERT_TRUE(setting_change(&affinity, "affinity", "0"));
		ASSERT_TRUE(setting_change(&cpus, "cpus", "0-1"));
	}
	for (i = 0; i < ARRAY_SIZE(operations); i++) {
		if (operations[i].call == insert && !loads)
			continue;
		if (module || !(operations[i].only_module || operations[i].setting))
			each_allocation(_metadata, &operations[i], &a, &self->loop);
	}
	if (!module)
		return;
	if (loads)
		ASSERT_EQ(0, insert(&a));
	EXPECT_TRUE(setting_restore(&cpus));
	EXPECT_TRUE(setting_restore(&affinity));
	EXPECT_TRUE(setting_restore(&mode));
}

TEST_HARNESS_MAIN
