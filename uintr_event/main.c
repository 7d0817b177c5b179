// SPDX-License-Identifier: GPL-2.0
/*
 * uintr_event - user interrupts that signal an eventfd
 *
 * What uintr_event(2) does: each call makes a target of user interrupts, which listens,
 * and a file that names its only vector. When SENDUIPI posts something, the kernel calls
 * uintr_event_notify() on the CPU that is told, in the interrupt: it signals the eventfd,
 * which wakes whoever reads or polls it, directly. On a CPU that polls it is called by
 * a poll, see poll.c, or by the reader that is about to find nothing.
 *
 * The CPU that is told follows the thread that called uintr_event(2), see
 * uintr_event_follow(): the reader is woken where it last waited.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/eventfd.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/direct.h>
#include <linux/slab.h>

#include <asm/uintr.h>

#include "poll.h"

/* The only vector of each target. */
#define UINTR_EVENT_NR	0
/* Where the reader is, is looked at once in so many signals. */
#define UINTR_EVENT_FOLLOW	4

/**
 * struct uintr_event - an eventfd that user interrupts signal
 * @target: whom they are sent to, and the eventfd, with a reference; the first member, as
 *	kfree() has it
 * @reader: who reads it, supposedly: the thread that called uintr_event(2)
 * @node: on the list of all of them
 * @signals: how often the eventfd was signalled
 * @seen: the reader's CPU, when it was last looked at
 * @move: has that CPU told from now on; an interrupt of its own, as notify() must not
 */
struct uintr_event {
	struct uintr_target	target;
	struct pid		*reader;
	struct list_head	node;
	unsigned int		signals;
	int			seen;
	struct irq_work		move;
};

static LIST_HEAD(uintr_events);
static DEFINE_MUTEX(uintr_events_lock);

static struct uintr_event *to_event(struct uintr_target *target)
{
	return container_of(target, struct uintr_event, target);
}

/*
 * Have the CPU told on which the reader is the second time in a row: one that goes back
 * and forth does not drag its interrupts along.
 */
static void uintr_event_follow(struct uintr_event *ev)
{
	struct task_struct *reader;
	int before = ev->seen;

	if (++ev->signals % UINTR_EVENT_FOLLOW)
		return;
	scoped_guard(rcu) {
		reader = pid_task(ev->reader, PIDTYPE_PID);
		if (!reader)
			return;
		ev->seen = task_cpu(reader);
	}
	/* One that still runs may be on another CPU: uintr_event_put() waits for one only. */
	if (ev->seen != smp_processor_id() && ev->seen == before && !irq_work_is_busy(&ev->move))
		irq_work_queue(&ev->move);
}

static void uintr_event_move(struct irq_work *move)
{
	struct uintr_event *ev = container_of(move, struct uintr_event, move);
	int cpu = READ_ONCE(ev->seen);

	/* It does not go offline as long as this CPU's interrupts are off. */
	if (cpu_online(cpu))
		uintr_target_move(&ev->target, cpu);
}

static void uintr_event_notify(struct uintr_target *target)
{
	struct uintr_event *ev = to_event(target);
	enum sched_direct_waker before;

	if (!uintr_target_take(target))
		return;

	before = sched_direct_wakes_begin();
	eventfd_signal(ev->target.eventfd);
	sched_direct_wakes_end(before);
	uintr_event_follow(ev);
}

static void uintr_event_vector_gone(struct uintr_target *target, unsigned int nr);

static const struct uintr_target_ops uintr_event_ops = {
	.notify		= uintr_event_notify,
	.vector_gone	= uintr_event_vector_gone,
};

/* It has left, so that notify() is not called, nor runs. */
static void uintr_event_put(struct uintr_event *ev)
{
	irq_work_sync(&ev->move);
	eventfd_ctx_put(ev->target.eventfd);
	put_pid(ev->reader);
	uintr_target_put(&ev->target);
}

/* Take it off the list, if nobody else has: then the caller has to get rid of it. */
static bool uintr_event_unlist(struct uintr_event *ev)
{
	bool listed;

	guard(mutex)(&uintr_events_lock);
	listed = !list_empty(&ev->node);
	list_del_init(&ev->node);
	return listed;
}

/* Nobody can send to it any more. */
static void uintr_event_vector_gone(struct uintr_target *target, unsigned int nr)
{
	struct uintr_event *ev = to_event(target);

	if (!uintr_event_unlist(ev))
		return;
	uintr_target_leave(target);
	uintr_event_put(ev);
}

static struct uintr_event *uintr_event_new(int fd)
{
	struct uintr_event *ev = kzalloc(sizeof(*ev), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!ev)
		return ERR_PTR(-ENOMEM);
	ev->target.eventfd = eventfd_ctx_fdget(fd);
	if (IS_ERR(ev->target.eventfd)) {
		ret = PTR_ERR(ev->target.eventfd);
		goto err_free;
	}
	ev->move = IRQ_WORK_INIT(uintr_event_move);
	ev->seen = raw_smp_processor_id();
	ret = uintr_target_init(&ev->target, &uintr_event_ops);
	if (ret)
		goto err_eventfd;
	ev->reader = get_task_pid(current, PIDTYPE_PID);
	return ev;

err_eventfd:
	eventfd_ctx_put(ev->target.eventfd);
err_free:
	kfree(ev);
	return ERR_PTR(ret);
}

/* uintr_event(2); the caller lets the module not go meanwhile. */
static int uintr_event_make(int fd, unsigned int flags)
{
	struct uintr_event *ev = uintr_event_new(fd);
	int ret;

	if (IS_ERR(ev))
		return PTR_ERR(ev);

	sched_direct_use();
	/* Without polls it does nothing, and it stays when this module goes. */
	eventfd_ctx_look_first(ev->target.eventfd, uintr_poll_eventfd);
	preempt_disable();
	uintr_target_listen(&ev->target);
	preempt_enable();
	/* Once there is the file, another thread may close it. */
	scoped_guard(mutex, &uintr_events_lock)
		list_add(&ev->node, &uintr_events);
	ret = uintr_vector_fd(&ev->target, UINTR_EVENT_NR, flags);
	if (ret < 0) {
		uintr_event_unlist(ev);
		uintr_target_leave(&ev->target);
		uintr_event_put(ev);
	}
	return ret;
}

static int __init uintr_event_init(void)
{
	int ret;

	if (!cpu_feature_enabled(X86_FEATURE_UINTR)) {
		pr_err("this CPU has no user interrupts, or they are switched off\n");
		return -ENODEV;
	}
	ret = uintr_event_set(uintr_event_make);
	if (!ret)
		uintr_event_poll_init();
	return ret;
}

static struct uintr_event *uintr_event_first(void)
{
	struct uintr_event *ev;

	guard(mutex)(&uintr_events_lock);
	ev = list_first_entry_or_null(&uintr_events, struct uintr_event, node);
	if (ev)
		list_del_init(&ev->node);
	return ev;
}

/* Files, and those who send by them, stay, and nothing comes of it any more. */
static void __exit uintr_event_exit(void)
{
	struct uintr_event *ev;

	uintr_event_poll_exit();
	uintr_event_set(NULL);
	while ((ev = uintr_event_first())) {
		/* Also waits until uintr_event_vector_gone() has seen that it is not listed. */
		uintr_target_detach(&ev->target);
		uintr_event_put(ev);
	}
	/* Nor does it run for one that it took off the list itself. */
	uintr_target_synchronize();
}

module_init(uintr_event_init);
module_exit(uintr_event_exit);
MODULE_DESCRIPTION("User interrupts that signal an eventfd");
MODULE_LICENSE("GPL");
