// SPDX-License-Identifier: GPL-2.0
/*
 * Guests do not see user interrupts on a host that has them: KVM offers neither the
 * feature nor its part of XSTATE, and a guest cannot switch CR4.UINTR on.
 *
 * checkpatch: BIT_MACRO: user space has none
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "fastwake_test.h"

#define UINTR_EDX	(1U << 5)	/* of CPUID leaf 7 */
#define XSTATE_UINTR	(1U << 14)	/* of IA32_XSS, CPUID leaf 0xd, 1, ECX */
#define CR4_UINTR	(1UL << 25)

#define ENTRIES	100

static const struct kvm_cpuid_entry2 *entry(const struct kvm_cpuid2 *all, __u32 leaf,
					    __u32 index)
{
	__u32 i;

	for (i = 0; i < all->nent; i++)
		if (all->entries[i].function == leaf && all->entries[i].index == index)
			return &all->entries[i];
	return NULL;
}

FIXTURE(kvm) {
	struct kvm_cpuid2 *offered;
	int kvm;
};

FIXTURE_SETUP(kvm)
{
	ASSERT_EQ(0, system("grep -qw uintr /proc/cpuinfo"));
	self->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->kvm);
	self->offered = calloc(1, sizeof(*self->offered) +
				  ENTRIES * sizeof(self->offered->entries[0]));
	ASSERT_NE(NULL, self->offered);
	self->offered->nent = ENTRIES;
	ASSERT_EQ(0, ioctl(self->kvm, KVM_GET_SUPPORTED_CPUID, self->offered));
}

FIXTURE_TEARDOWN(kvm)
{
	free(self->offered);
	close(self->kvm);
}

TEST_F(kvm, offers_no_feature)
{
	const struct kvm_cpuid_entry2 *e = entry(self->offered, 7, 0);

	ASSERT_NE(NULL, e);
	EXPECT_EQ(0, e->edx & UINTR_EDX);
}

TEST_F(kvm, offers_no_state)
{
	const struct kvm_cpuid_entry2 *e = entry(self->offered, 0xd, 1);

	ASSERT_NE(NULL, e);
	EXPECT_EQ(0, e->ecx & XSTATE_UINTR);
	EXPECT_EQ(NULL, entry(self->offered, 0xd, 14));
}

/* A virtual machine whose CPU claims to have them all the same. */
TEST_F(kvm, switches_nothing_on)
{
	struct kvm_sregs sregs;
	int vm, vcpu;
	__u32 i;

	vm = ioctl(self->kvm, KVM_CREATE_VM, 0);
	ASSERT_LE(0, vm);
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	ASSERT_LE(0, vcpu);
	for (i = 0; i < self->offered->nent; i++)
		if (self->offered->entries[i].function == 7 && !self->offered->entries[i].index)
			self->offered->entries[i].edx |= UINTR_EDX;
	ASSERT_EQ(0, ioctl(vcpu, KVM_SET_CPUID2, self->offered));

	ASSERT_EQ(0, ioctl(vcpu, KVM_GET_SREGS, &sregs));
	ASSERT_EQ(0, ioctl(vcpu, KVM_SET_SREGS, &sregs));
	sregs.cr4 |= CR4_UINTR;
	EXPECT_EQ(-1, ioctl(vcpu, KVM_SET_SREGS, &sregs));
	EXPECT_EQ(EINVAL, errno);
	close(vcpu);
	close(vm);
}

TEST_HARNESS_MAIN
