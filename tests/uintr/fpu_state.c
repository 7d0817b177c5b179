// SPDX-License-Identifier: GPL-2.0
/*
 * The vector registers of receivers and senders survive deliveries, context switches, and
 * a tracer that looks at them.
 *
 * checkpatch: COMPLEX_MACRO,MACRO_ARG_REUSE: parts of an asm statement are no expressions
 */
#include <cpuid.h>
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "uintr_test.h"

/* As many 8-byte words as there are in all of the registers: 16 of them, of 32 bytes. */
#define WORDS 64

static bool has_avx(void)
{
	unsigned int a, b, c, d;

	/* The kernel has to have enabled it, too. */
	return __get_cpuid(1, &a, &b, &c, &d) && c & bit_OSXSAVE && c & bit_AVX;
}

struct regs {
	__u64 word[WORDS];
};

static void fill(struct regs *r, __u64 seed)
{
	int i;

	for (i = 0; i < WORDS; i++)
		r->word[i] = seed * 0x9e3779b97f4a7c15ULL + i;
}

#define EACH_REG(op)							\
	op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7)			\
	op(8) op(9) op(10) op(11) op(12) op(13) op(14) op(15)
#define LOAD_YMM(n) "vmovdqu " #n "*32(%[in]), %%ymm" #n "\n"
#define STORE_YMM(n) "vmovdqu %%ymm" #n ", " #n "*32(%[out])\n"
#define LOAD_XMM(n) "movdqu " #n "*16(%[in]), %%xmm" #n "\n"
#define STORE_XMM(n) "movdqu %%xmm" #n ", " #n "*16(%[out])\n"
#define XMM_CLOBBERS							\
	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",	\
	"xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

/*
 * Load the registers, run @middle, and store them. In one piece, as the compiler uses
 * them for its own ends between.
 */
#define LOAD_RUN_STORE(load, middle, store)				\
	asm volatile(EACH_REG(load)					\
		     "1:\n" middle					\
		     "dec %[turns]\n"					\
		     "jnz 1b\n"						\
		     EACH_REG(store)					\
		     : [turns] "+r" (turns)				\
		     : [in] "r" (in), [out] "r" (out), [index] "r" (index)	\
		     : "memory", "cc", "rax", "rcx", "r11", XMM_CLOBBERS)

#define PAUSE "pause\n"
#define SEND "senduipi %[index]\n"
#define YIELD "mov $24, %%eax\n syscall\n"

enum middle { MIDDLE_PAUSE, MIDDLE_SEND, MIDDLE_YIELD };

static void avx_pass(const struct regs *in, struct regs *out, enum middle middle,
		     unsigned long index, long turns)
{
	if (middle == MIDDLE_SEND)
		LOAD_RUN_STORE(LOAD_YMM, SEND, STORE_YMM);
	else if (middle == MIDDLE_YIELD)
		LOAD_RUN_STORE(LOAD_YMM, YIELD, STORE_YMM);
	else
		LOAD_RUN_STORE(LOAD_YMM, PAUSE, STORE_YMM);
	asm volatile("vzeroupper" : : : XMM_CLOBBERS);
}

static void sse_pass(const struct regs *in, struct regs *out, enum middle middle,
		     unsigned long index, long turns)
{
	if (middle == MIDDLE_SEND)
		LOAD_RUN_STORE(LOAD_XMM, SEND, STORE_XMM);
	else if (middle == MIDDLE_YIELD)
		LOAD_RUN_STORE(LOAD_XMM, YIELD, STORE_XMM);
	else
		LOAD_RUN_STORE(LOAD_XMM, PAUSE, STORE_XMM);
}

/* Have all registers, of SSE and of AVX if there is that, survived? */
static bool pass(__u64 seed, enum middle middle, unsigned long index)
{
	struct regs in, out = { };
	bool ok;

	fill(&in, seed);
	sse_pass(&in, &out, middle, index, 50);
	ok = !memcmp(&in, &out, sizeof(in) / 2);
	if (has_avx()) {
		memset(&out, 0, sizeof(out));
		avx_pass(&in, &out, middle, index, 50);
		ok &= !memcmp(&in, &out, sizeof(in));
	}
	return ok;
}

static void keep_registers(struct receiver *r)
{
	__u64 seed = 1;

	while (!r->stop) {
		if (!pass(seed, seed % 8 ? MIDDLE_PAUSE : MIDDLE_YIELD, 0))
			r->error = 1;
		seed++;
		r->loops++;
	}
}

static void *spoil_registers(void *arg)
{
	atomic_bool *stop = arg;
	__u64 seed = 1000000;

	while (!*stop) {
		if (!pass(seed++, MIDDLE_YIELD, 0))
			return arg;
	}
	return NULL;
}

FIXTURE(fpu)
{
	struct receiver r;
	int cpu;	/* of the one who sends */
};

FIXTURE_SETUP(fpu)
{
	if (uintr_missing())
		SKIP(return, NO_UINTR);
	if (usable_cpu(1) < 0)
		SKIP(return, "needs two CPUs");
	self->cpu = usable_cpu(0);
	self->r.cpu = usable_cpu(1);
	self->r.body = keep_registers;
	ASSERT_TRUE(receiver_start(&self->r));
	ASSERT_TRUE(pin_to_cpu(self->cpu));
}

FIXTURE_TEARDOWN(fpu)
{
	EXPECT_TRUE(receiver_stop(&self->r));
	EXPECT_EQ(0, self->r.error);
}

TEST_F(fpu, receiver)
{
	int i;

	for (i = 0; i < 5000; i++)
		ASSERT_TRUE(uintr_send_acked(self->r.index[0], &uintr_handled[0]));
	EXPECT_LE(10, self->r.loops);
}

TEST_F(fpu, sender)
{
	int i;

	for (i = 0; i < 200; i++)
		ASSERT_TRUE(pass(i, MIDDLE_SEND, self->r.index[0]));
	EXPECT_TRUE(spin_until(uintr_handled[0] > 1));
}

/* Another thread has the same registers meanwhile. */
TEST_F(fpu, receiver_shares_its_cpu)
{
	atomic_bool stop = false;
	pthread_t thread;
	void *ret;
	int i;

	ASSERT_TRUE(pin_to_cpu(self->r.cpu));
	ASSERT_EQ(0, pthread_create(&thread, NULL, spoil_registers, &stop));
	ASSERT_TRUE(pin_to_cpu(self->cpu));
	for (i = 0; i < 500; i++)
		ASSERT_TRUE(uintr_send_acked(self->r.index[0], &uintr_handled[0]));
	stop = true;
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(NULL, ret);
}

/* A child process that receives, and is traced. */
struct traced {
	atomic_ulong handled;
	atomic_ulong loops;
	atomic_bool stop;
};

static int traced_main(struct traced *t, int sock)
{
	__u64 seed = 1;
	int fd;

	if (uintr_register_handler(count_uintr, 0))
		return 1;
	fd = uintr_vector_fd(0, 0);
	if (fd < 0 || write(sock, &fd, sizeof(fd)) != sizeof(fd))
		return 2;
	_stui();
	while (!t->stop) {
		if (!pass(seed++, MIDDLE_PAUSE, 0) || !_testui())
			return 3;
		t->loops++;
		t->handled = uintr_handled[0];
	}
	return 0;
}

TEST(traced_receiver)
{
	static char state[16384], again[16384];
	struct iovec iov = { .iov_base = state };
	struct traced *t = shared_alloc(sizeof(*t));
	int fds[2], fd, index, status, i;
	pid_t pid;

	if (uintr_missing())
		SKIP(return, NO_UINTR);
	ASSERT_NE(NULL, t);
	ASSERT_EQ(0, pipe(fds));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(traced_main(t, fds[1]));
	ASSERT_EQ(sizeof(fd), read(fds[0], &fd, sizeof(fd)));
	fd = syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, pid, 0), fd, 0);
	index = uintr_register_sender(fd, 0);
	ASSERT_LE(0, index);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	for (i = 1; i <= 50; i++) {
		/* Before, while it is stopped, or afterwards. */
		if (i % 3 == 0)
			_senduipi(index);
		ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, pid, NULL, NULL));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFSTOPPED(status));
		if (i % 3 == 1)
			_senduipi(index);
		iov.iov_len = sizeof(state);
		ASSERT_EQ(0, ptrace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &iov));
		/* The legacy area and the header at least. */
		ASSERT_LE(576, iov.iov_len);
		/* What user interrupts have there is not for the tracer: bit 14. */
		ASSERT_EQ(0, *(__u64 *)(state + 512) & 1 << 14);
		/* To write it back changes nothing. */
		if (i % 2) {
			ASSERT_EQ(0, ptrace(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &iov));
			iov.iov_base = again;
			iov.iov_len = sizeof(again);
			ASSERT_EQ(0, ptrace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &iov));
			iov.iov_base = state;
			ASSERT_EQ(0, memcmp(state + 576, again + 576, iov.iov_len - 576));
		}
		ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, NULL, NULL));
		if (i % 3 == 2)
			_senduipi(index);
		ASSERT_TRUE(spin_until(t->handled == (unsigned long)i));
	}
	t->stop = true;
	EXPECT_EQ(0, child_status(pid));
}

TEST_HARNESS_MAIN
