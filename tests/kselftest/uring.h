/* SPDX-License-Identifier: GPL-2.0 */
/* An io_uring, by its system calls: what a test needs of it, one request at a time. */
#ifndef URING_H
#define URING_H

#include <errno.h>
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RING_ENTRIES 4

struct ring {
	int fd;
	struct io_uring_sqe *sqes;
	atomic_uint *sq_tail, *cq_head, *cq_tail;
	unsigned int *sq_array, sq_mask, cq_mask;
	struct io_uring_cqe *cqes;
};

static inline void *ring_map(int fd, size_t size, off_t offset)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);
}

/* It ends with the process. */
static inline bool ring_begin(struct ring *r)
{
	struct io_uring_params p = { };
	char *sq, *cq;

	r->fd = syscall(SYS_io_uring_setup, RING_ENTRIES, &p);
	if (r->fd < 0)
		return false;
	sq = ring_map(r->fd, p.sq_off.array + RING_ENTRIES * sizeof(int), IORING_OFF_SQ_RING);
	cq = ring_map(r->fd, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe),
		      IORING_OFF_CQ_RING);
	r->sqes = ring_map(r->fd, RING_ENTRIES * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || r->sqes == MAP_FAILED)
		return false;
	r->sq_tail = (void *)(sq + p.sq_off.tail);
	r->sq_mask = *(unsigned int *)(sq + p.sq_off.ring_mask);
	r->sq_array = (void *)(sq + p.sq_off.array);
	r->cq_head = (void *)(cq + p.cq_off.head);
	r->cq_tail = (void *)(cq + p.cq_off.tail);
	r->cq_mask = *(unsigned int *)(cq + p.cq_off.ring_mask);
	r->cqes = (void *)(cq + p.cq_off.cqes);
	return true;
}

static inline bool ring_submit(struct ring *r, const struct io_uring_sqe *sqe)
{
	unsigned int tail = *r->sq_tail, i = tail & r->sq_mask;

	r->sqes[i] = *sqe;
	r->sq_array[i] = i;
	atomic_store(r->sq_tail, tail + 1);
	return syscall(SYS_io_uring_enter, r->fd, 1, 0, 0, NULL, 0) == 1;
}

/* The result of the next one that completes, once it is there; -ENODATA if none comes. */
static inline int ring_result(struct ring *r)
{
	unsigned int head = *r->cq_head;
	int res;

	if (atomic_load(r->cq_tail) == head)
		syscall(SYS_io_uring_enter, r->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	if (atomic_load(r->cq_tail) == head)
		return -ENODATA;
	res = r->cqes[head & r->cq_mask].res;
	atomic_store(r->cq_head, head + 1);
	return res;
}

#endif /* URING_H */
