/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the CPU share: the module, the calls to it, a handler that notes
 * what it sees, and a second CPU that waits to be told what to do.
 *
 * checkpatch: VOLATILE: a handler writes between any two instructions
 * checkpatch: BIT_MACRO: a program has none
 * checkpatch: EMBEDDED_FUNCTION_NAME: an instruction's name
 * checkpatch: PREFER_DEFINED_ATTRIBUTE_MACRO: a program has none
 * checkpatch: MULTISTATEMENT_MACRO_USE_DO_WHILE: a fixture is three definitions
 */
#ifndef CPU_TEST_H
#define CPU_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <x86gprintrin.h>

#include <kselftest_harness.h>

#include "module/uintr_cpu.h"

#define MODULE		"/lib/modules/uintr_cpu.ko"
#define DEVICE		"/dev/uintr_cpu"

#define RED_ZONE	128
#define RFLAGS_CF	(1 << 0)
#define RFLAGS_ZF	(1 << 6)
#define RFLAGS_IF	(1 << 9)
#define RFLAGS_DF	(1 << 10)
#define RFLAGS_IOPL	(3 << 12)
/* All that TESTUI writes. */
#define RFLAGS_STATUS	0x8d5
/* Of no linear address, neither with four nor with five levels of page tables. */
#define NOT_CANONICAL	(1ULL << 62)
/* Ticks of the TSC, in which anything that is to come has come. */
#define A_WHILE		20000

/* gcc has an attribute for handlers; the rest of a program may use all registers. */
#define HANDLER		__attribute__((interrupt, target("general-regs-only,uintr")))
/* Not every file has a use for it. */
#define MAYBE			__attribute__((unused))
typedef void (*handler_fn)(struct __uintr_frame *frame, unsigned long long vector);

static int device;
static struct uintr_cpu_page *page;
static __u64 page_kernel;
static __u32 vector;

/* What a handler saw, in the order of the vectors that came. */
struct seen {
	volatile __u64 count;
	volatile __u64 vector[64];
	volatile __u64 frame, rip, rflags, rsp;
	volatile __u8 uif;
};

static struct seen seen[2];

static inline void stui(void) { asm volatile("stui" : : : "memory"); }
static inline void clui(void) { asm volatile("clui" : : : "memory"); }
static inline void senduipi(__u64 index) { asm volatile("senduipi %0" : : "r" (index) : "memory"); }

static inline __u8 testui(void)
{
	__u8 uif;

	asm volatile("testui; setc %0" : "=q" (uif) : : "cc", "memory");
	return uif;
}

static inline __u64 tsc(void)
{
	__u32 low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high) : : "memory");
	return (__u64)high << 32 | low;
}

static inline void wait_ticks(__u64 ticks)
{
	__u64 begin = tsc();

	while (tsc() - begin < ticks)
		asm volatile("pause");
}

__attribute__((target("general-regs-only,uintr"))) static inline void
see(struct seen *s, struct __uintr_frame *frame, unsigned long long v)
{
	__u8 uif;

	asm volatile("testui; setc %0" : "=q" (uif) : : "cc", "memory");
	s->vector[s->count % 64] = v;
	/* The vector is below what gcc calls the frame. */
	s->frame = (__u64)frame - 8;
	s->rip = frame->rip;
	s->rflags = frame->rflags;
	s->rsp = frame->rsp;
	s->uif = uif;
	s->count++;
}

HANDLER MAYBE static void see_0(struct __uintr_frame *frame, unsigned long long v)
{
	see(&seen[0], frame, v);
}

HANDLER MAYBE static void see_1(struct __uintr_frame *frame, unsigned long long v)
{
	see(&seen[1], frame, v);
}

/* Signals, for FAULT_OF(). */
static sigjmp_buf fault_jump;
static volatile bool fault_expected;
static volatile __u64 fault_error;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	if (!fault_expected) {
		printf("# signal %d at %#llx of CS %#x, error code %#llx, address %p\n", sig,
		       uc->uc_mcontext.gregs[REG_RIP],
		       (unsigned int)uc->uc_mcontext.gregs[REG_CSGSFS] & 0xffff,
		       uc->uc_mcontext.gregs[REG_ERR], info->si_addr);
		fflush(stdout);
		_exit(KSFT_FAIL);
	}
	fault_error = uc->uc_mcontext.gregs[REG_ERR];
	siglongjmp(fault_jump, sig);
}

/* The signal that the statement ends with, or 0. */
#define FAULT_OF(statement)						\
	({								\
		int sig_ = sigsetjmp(fault_jump, 1);			\
									\
		fault_expected = !sig_;					\
		if (!sig_) {						\
			statement;					\
		}							\
		fault_expected = false;					\
		sig_;							\
	})

#define EXPECT_FAULT(sig, statement)					\
	do {								\
		int got_ = FAULT_OF(statement);				\
									\
		EXPECT_EQ(sig, got_);					\
	} while (0)

/* A thread's own: its stack may be what is wrong. */
static void signal_stack(void)
{
	static __thread char stack[65536];
	stack_t it = { .ss_sp = stack, .ss_size = sizeof(stack) };

	sigaltstack(&it, NULL);
}

static MAYBE void catch_faults(void)
{
	static const int signals[] = { SIGILL, SIGSEGV, SIGBUS };
	struct sigaction action = {
		.sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
	};
	unsigned int i;

	signal_stack();
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
}

static inline int stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

/* An ioctl's error, or 0. */
static inline int call(unsigned long request, void *arg)
{
	return ioctl(device, request, arg) ? errno : 0;
}

static inline int write_msr(__u32 number, __u64 value)
{
	struct uintr_cpu_msr msr = { .number = number, .value = value };

	return call(UINTR_CPU_WRMSR, &msr);
}

static inline __u64 read_msr(__u32 number)
{
	struct uintr_cpu_msr msr = { .number = number };

	return call(UINTR_CPU_RDMSR, &msr) ? ~0ULL : msr.value;
}

static inline int set_cr4(bool uintr, __u64 rr)
{
	struct uintr_cpu_cr4 cr4 = { .uintr = uintr, .rr = rr };

	return call(UINTR_CPU_SET_CR4, &cr4);
}

static inline struct uintr_cpu_info cpu_info(void)
{
	struct uintr_cpu_info info = {};

	call(UINTR_CPU_GET_INFO, &info);
	return info;
}

static inline __u64 upid_address(unsigned int n)
{
	return page_kernel + offsetof(struct uintr_cpu_page, upid[n]);
}

static inline volatile struct uintr_cpu_upid *upid(unsigned int n)
{
	return &page->upid[n];
}

#define misc(uinv, uittsz)	((__u64)(uinv) << 32 | (uittsz))

/* UITT[n]: to that UPID, with that vector. */
static inline void set_uitte(unsigned int n, unsigned int to, unsigned int uv)
{
	page->uitt[n].upid = upid_address(to);
	page->uitt[n].control = UITTE_VALID | UITTE_UV(uv);
}

#define UITTSZ	127

/* This CPU may send. */
static inline int sender(void)
{
	return write_msr(UINTR_CPU_TT, (page_kernel + offsetof(struct uintr_cpu_page, uitt)) | 1) ?:
	       write_msr(UINTR_CPU_MISC, (read_msr(UINTR_CPU_MISC) & ~0xffffffffULL) | UITTSZ);
}

/* This CPU receives what is sent to that UPID. */
static inline int receiver(unsigned int n, handler_fn handler, __u64 stackadjust)
{
	upid(n)->pir = 0;
	upid(n)->control = UPID_NV(vector) | UPID_NDST(cpu_info().ndst);
	return write_msr(UINTR_CPU_HANDLER, (__u64)handler) ?:
	       write_msr(UINTR_CPU_STACKADJUST, stackadjust) ?:
	       write_msr(UINTR_CPU_PD, upid_address(n)) ?:
	       write_msr(UINTR_CPU_MISC, misc(vector, (__u32)read_msr(UINTR_CPU_MISC)));
}

/* To itself: entry n of the table is vector n of its UPID 0. */
static inline int to_itself(handler_fn handler, __u64 stackadjust)
{
	unsigned int n;

	for (n = 0; n < 64; n++)
		set_uitte(n, 0, n);
	return sender() ?: receiver(0, handler, stackadjust);
}

/* A thread that stays on CPU 1, and runs one function after the other. */
static pthread_t other;
static void (*other_does)(void);
static atomic_bool other_ends, other_fails;

static void *other_main(void *unused)
{
	void (*f)(void);

	(void)unused;
	signal_stack();
	if (stay_on(1))
		other_fails = true;
	while (!other_ends) {
		f = __atomic_load_n(&other_does, __ATOMIC_ACQUIRE);
		if (f) {
			f();
			__atomic_store_n(&other_does, NULL, __ATOMIC_RELEASE);
		}
		asm volatile("pause");
	}
	clui();
	return NULL;
}

static inline void other_wait(void)
{
	while (__atomic_load_n(&other_does, __ATOMIC_ACQUIRE))
		asm volatile("pause");
}

/* Does not wait for its end. */
static inline void other_start(void (*f)(void))
{
	other_wait();
	__atomic_store_n(&other_does, f, __ATOMIC_RELEASE);
}

static inline void other_run(void (*f)(void))
{
	other_start(f);
	other_wait();
}

/* The module is there for the time of a test: it takes all back when it is closed. */
static MAYBE const char *setup_one(void)
{
	int module = open(MODULE, O_RDONLY | O_CLOEXEC);
	struct uintr_cpu_info info;

	if (stay_on(0))
		return "no CPU 0 to be on";
	if (module >= 0) {
		if (syscall(SYS_finit_module, module, "", 0) && errno != EEXIST)
			return "the module " MODULE " does not load, see the console";
		close(module);
	}
	device = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0)
		return "no " DEVICE;
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);
	if (page == MAP_FAILED)
		return "no mapping of " DEVICE;
	info = cpu_info();
	page_kernel = info.page;
	vector = info.vector;
	catch_faults();
	return NULL;
}

static MAYBE const char *setup_two(void)
{
	const char *why = setup_one();

	if (why)
		return why;
	if (pthread_create(&other, NULL, other_main, NULL))
		return "no thread for CPU 1";
	return NULL;
}

static MAYBE void teardown(void)
{
	if (other) {
		other_wait();
		other_ends = true;
		pthread_join(other, NULL);
	}
	munmap(page, sizeof(*page));
	close(device);
	syscall(SYS_delete_module, "uintr_cpu", O_NONBLOCK);
}

/* Every file has this fixture, or the one with two CPUs. */
#define CPU_FIXTURE(setup)						\
	FIXTURE(cpu) {							\
		int unused;						\
	};								\
	FIXTURE_SETUP(cpu)						\
	{								\
		const char *why = setup();				\
									\
		ASSERT_EQ(NULL, why) {					\
			TH_LOG("%s", why);				\
		}							\
	}								\
	FIXTURE_TEARDOWN(cpu)						\
	{								\
		(void)self;						\
		teardown();						\
	}

#endif
