// SPDX-License-Identifier: GPL-2.0
/*
 * Gives a program the CPU's user interrupts as they are, for tests of the CPU: the
 * MSRs, XSAVES and XRSTORS, CR4.UINTR, and a page for descriptors. It is for a kernel
 * that does not use them itself, and for machines that do nothing else: whoever opens
 * the device can have the CPU write anywhere.
 *
 * checkpatch: SPACING: the label of an asm goto
 */
#include <linux/cpuhotplug.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/hardirq.h>
#include <linux/irqflags.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <asm/apic.h>
#include <asm/fpu/types.h>
#include <asm/irq_vectors.h>
#include <asm/msr.h>
#include <asm/tlbflush.h>

#include "uintr_cpu.h"

#define CR4_UINTR	BIT(25)
#define CPUID_7_UINTR	BIT(5)	/* of EDX */

/* Its handler is there, and does nothing but count. */
#define VECTOR		X86_PLATFORM_IPI_VECTOR

static struct uintr_cpu_page *page;

static void cpu_on(void *unused)
{
	cr4_set_bits(CR4_UINTR);
}

static void cpu_off(void *unused)
{
	u32 msr;

	/* UIF stays: it is neither an MSR's, nor does CLUI work without CR4.UINTR. */
	asm volatile(".byte 0xf3, 0x0f, 0x01, 0xee" : : : "memory");	/* clui */
	for (msr = UINTR_CPU_RR; msr <= UINTR_CPU_TT; msr++)
		wrmsrl(msr, 0);
	cr4_clear_bits(CR4_UINTR);
}

static void cpu_check(void *used)
{
	if (__read_cr4() & CR4_UINTR)
		*(bool *)used = true;
}

static long get_info(void __user *arg)
{
	struct uintr_cpu_info info = {
		.page = (unsigned long)page,
		.vector = VECTOR,
		.x2apic = x2apic_enabled(),
	};

	preempt_disable();
	info.interrupts = this_cpu_read(irq_stat.x86_platform_ipis);
	info.ndst = this_cpu_read(x86_cpu_to_apicid);
	preempt_enable();
	if (!info.x2apic)
		info.ndst <<= 8;
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long access_msr(void __user *arg, bool write)
{
	struct uintr_cpu_msr msr;
	int err;

	if (copy_from_user(&msr, arg, sizeof(msr)))
		return -EFAULT;
	if (msr.number < UINTR_CPU_RR || msr.number > UINTR_CPU_TT)
		return -EINVAL;
	if (write)
		err = wrmsrl_safe(msr.number, msr.value);
	else
		err = rdmsrl_safe(msr.number, &msr.value);
	if (err)
		return -EIO;
	return !write && copy_to_user(arg, &msr, sizeof(msr)) ? -EFAULT : 0;
}

static long set_cr4(void __user *arg)
{
	struct uintr_cpu_cr4 cr4;

	if (copy_from_user(&cr4, arg, sizeof(cr4)))
		return -EFAULT;
	preempt_disable();
	wrmsrl(UINTR_CPU_RR, cr4.rr);
	if (cr4.uintr)
		cr4_set_bits(CR4_UINTR);
	else
		cr4_clear_bits(CR4_UINTR);
	preempt_enable();
	return 0;
}

static int xsaves(void *area, u64 mask)
{
	asm goto("1: xsaves64 (%0)\n" _ASM_EXTABLE(1b, %l[fault])
		 : : "r" (area), "a" ((u32)mask), "d" ((u32)(mask >> 32))
		 : "memory" : fault);
	return 0;
fault:
	return -EIO;
}

static int xrstors(void *area, u64 mask)
{
	asm goto("1: xrstors64 (%0)\n" _ASM_EXTABLE(1b, %l[fault])
		 : : "r" (area), "a" ((u32)mask), "d" ((u32)(mask >> 32))
		 : "memory" : fault);
	return 0;
fault:
	return -EIO;
}

#define LEGACY	offsetof(struct xregs_state, extended_state_area)

static long xstate(void __user *arg, bool restore)
{
	struct uintr_cpu_image *image;
	unsigned long flags;
	void *pages, *area;
	int err = -ENOMEM;
	u64 xss;

	image = kmalloc(sizeof(*image), GFP_KERNEL);
	/* There is a hole before whatever vmalloc() returns. */
	pages = vzalloc(2 * PAGE_SIZE);
	if (!image || !pages)
		goto out;
	err = -EFAULT;
	if (copy_from_user(image, arg, sizeof(*image)))
		goto out;
	area = pages;
	if (image->legacy_unmapped)
		area -= LEGACY;
	else
		memcpy(area, image->area, sizeof(image->area));

	local_irq_save(flags);
	rdmsrl(MSR_IA32_XSS, xss);
	wrmsrl(MSR_IA32_XSS, xss | BIT_ULL(UINTR_CPU_XSTATE));
	err = restore ? xrstors(area, image->mask) : xsaves(area, image->mask);
	wrmsrl(MSR_IA32_XSS, xss);
	local_irq_restore(flags);

	if (err || restore || image->legacy_unmapped)
		goto out;
	memcpy(image->area, area, sizeof(image->area));
	if (copy_to_user(arg, image, sizeof(*image)))
		err = -EFAULT;
out:
	vfree(pages);
	kfree(image);
	return err;
}

static long halt_for(void __user *arg)
{
	struct uintr_cpu_halt halt;
	u64 begin = rdtsc();

	if (copy_from_user(&halt, arg, sizeof(halt)))
		return -EFAULT;
	halt.halts = 0;
	preempt_disable();
	while (rdtsc() - begin < halt.ticks) {
		local_irq_disable();
		asm volatile("sti; hlt" : : : "memory");
		halt.halts++;
	}
	preempt_enable();
	return copy_to_user(arg, &halt, sizeof(halt)) ? -EFAULT : 0;
}

static long spin_for(u64 ticks)
{
	u64 begin = rdtsc();

	while (rdtsc() - begin < ticks)
		cpu_relax();
	return 0;
}

static long set_if(bool on)
{
	if (on)
		task_pt_regs(current)->flags |= X86_EFLAGS_IF;
	else
		task_pt_regs(current)->flags &= ~X86_EFLAGS_IF;
	return 0;
}

static long uintr_cpu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *p = (void __user *)arg;

	switch (cmd) {
	case UINTR_CPU_GET_INFO:
		return get_info(p);
	case UINTR_CPU_RDMSR:
		return access_msr(p, false);
	case UINTR_CPU_WRMSR:
		return access_msr(p, true);
	case UINTR_CPU_SET_CR4:
		return set_cr4(p);
	case UINTR_CPU_XSAVES:
		return xstate(p, false);
	case UINTR_CPU_XRSTORS:
		return xstate(p, true);
	case UINTR_CPU_SPIN:
		return spin_for(arg);
	case UINTR_CPU_HALT:
		return halt_for(p);
	case UINTR_CPU_SET_IF:
		return set_if(arg);
	}
	return -ENOTTY;
}

static int uintr_cpu_mmap(struct file *file, struct vm_area_struct *vma)
{
	return vm_insert_page(vma, vma->vm_start, virt_to_page(page));
}

/* Every test finds the CPUs as the one before it did. */
static int uintr_cpu_open(struct inode *inode, struct file *file)
{
	memset(page, 0, sizeof(*page));
	on_each_cpu(cpu_on, NULL, 1);
	return nonseekable_open(inode, file);
}

static int uintr_cpu_release(struct inode *inode, struct file *file)
{
	on_each_cpu(cpu_on, NULL, 1);
	on_each_cpu(cpu_off, NULL, 1);
	return 0;
}

static const struct file_operations uintr_cpu_fops = {
	.owner = THIS_MODULE,
	.open = uintr_cpu_open,
	.release = uintr_cpu_release,
	.unlocked_ioctl = uintr_cpu_ioctl,
	.mmap = uintr_cpu_mmap,
};

static struct miscdevice uintr_cpu_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "uintr_cpu",
	.fops = &uintr_cpu_fops,
	.mode = 0600,
};

static int __init uintr_cpu_init(void)
{
	bool used = false;
	int err;

	BUILD_BUG_ON(sizeof(struct uintr_cpu_page) != PAGE_SIZE);

	if (boot_cpu_data.cpuid_level < 7 || !(cpuid_edx(7) & CPUID_7_UINTR)) {
		pr_err("uintr_cpu: the CPU has no user interrupts\n");
		return -ENODEV;
	}
	on_each_cpu(cpu_check, &used, 1);
	if (used) {
		pr_err("uintr_cpu: the kernel uses user interrupts itself: CR4.UINTR is set\n");
		return -EBUSY;
	}

	page = (void *)get_zeroed_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	err = misc_register(&uintr_cpu_device);
	if (err)
		free_page((unsigned long)page);
	return err;
}

static void __exit uintr_cpu_exit(void)
{
	misc_deregister(&uintr_cpu_device);
	free_page((unsigned long)page);
}

module_init(uintr_cpu_init);
module_exit(uintr_cpu_exit);
MODULE_DESCRIPTION("User interrupts of the CPU as they are, for tests of the CPU");
MODULE_LICENSE("GPL");
