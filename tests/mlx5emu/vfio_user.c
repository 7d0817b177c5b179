// SPDX-License-Identifier: GPL-2.0
/*
 * The transport: a vfio-user server for one client, QEMU's vfio-user-pci. The
 * client maps nothing of the device, so each access of the guest is a message.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "emu.h"
#include "vfio_user.h"

#define MAX_FDS		MAX_VECTORS
#define MAX_XFER	4096

struct request_msg {
	struct vfio_user_header h;
	u8 *body;
	u32 len;
	int fd[MAX_FDS];
	u32 nfds;
};

/* Takes a file descriptor out of the message; the others are closed with it. */
static int take_fd(struct request_msg *m, u32 i)
{
	int fd = -1;

	if (i < m->nfds) {
		fd = m->fd[i];
		m->fd[i] = -1;
	}
	return fd;
}

static bool wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	/* A client that stops amidst a message is no client. */
	return poll(&p, 1, 10000) > 0;
}

static bool read_all(int fd, void *buf, size_t len)
{
	u8 *to = buf;
	ssize_t n;

	while (len) {
		n = recv(fd, to, len, 0);
		if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
			if (!wait_for(fd, POLLIN))
				return false;
			continue;
		}
		if (n <= 0)
			return false;
		to += n;
		len -= (size_t)n;
	}
	return true;
}

static bool write_all(int fd, const void *buf, size_t len)
{
	const u8 *from = buf;
	ssize_t n;

	while (len) {
		n = send(fd, from, len, MSG_NOSIGNAL);
		if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
			if (!wait_for(fd, POLLOUT))
				return false;
			continue;
		}
		if (n <= 0)
			return false;
		from += n;
		len -= (size_t)n;
	}
	return true;
}

static bool reply(struct emu *e, const struct request_msg *m, const void *body, u32 len, int error)
{
	struct vfio_user_header h = m->h;
	u8 out[sizeof(h) + MAX_XFER + 64];

	if (m->h.flags & VFIO_USER_F_NO_REPLY)
		return true;
	if (error)
		len = 0;
	h.size = (u32)sizeof(h) + len;
	h.flags = VFIO_USER_F_REPLY | (error ? VFIO_USER_F_ERROR : 0);
	h.error = (u32)error;
	memcpy(out, &h, sizeof(h));
	if (len)
		memcpy(out + sizeof(h), body, len);
	return write_all(e->client, out, h.size);
}

static bool do_version(struct emu *e, struct request_msg *m)
{
	static const char caps[] =
		"{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":4096}}";
	u8 out[4 + sizeof(caps)] = { 0 };

	/* Major and minor are both 0, and 0.1 is what clients of today ask for. */
	if (m->len < 4)
		return reply(e, m, NULL, 0, EINVAL);
	memcpy(out, m->body, 4);
	if (out[0] || out[1])
		return reply(e, m, NULL, 0, EINVAL);
	memcpy(out + 4, caps, sizeof(caps));
	return reply(e, m, out, sizeof(out), 0);
}

static bool do_dma_map(struct emu *e, struct request_msg *m)
{
	struct vfio_user_dma_map d;
	int fd = take_fd(m, 0), err;

	if (m->len < sizeof(d)) {
		if (fd >= 0)
			close(fd);
		return reply(e, m, NULL, 0, EINVAL);
	}
	memcpy(&d, m->body, sizeof(d));
	err = dma_map(e, d.addr, d.size, fd, d.offset, d.flags & VFIO_DMA_MAP_FLAG_WRITE);
	if (fd >= 0)
		close(fd);
	log_debug("dma map %#llx + %#llx: %d", (unsigned long long)d.addr,
		  (unsigned long long)d.size, err);
	return reply(e, m, NULL, 0, -err);
}

static bool do_dma_unmap(struct emu *e, struct request_msg *m)
{
	struct vfio_user_dma_unmap d;

	if (m->len < sizeof(d))
		return reply(e, m, NULL, 0, EINVAL);
	memcpy(&d, m->body, sizeof(d));
	if (d.flags & VFIO_DMA_UNMAP_FLAG_ALL)
		dma_unmap_all(e);
	else
		dma_unmap(e, d.addr, d.size);
	return reply(e, m, &d, sizeof(d), 0);
}

static bool do_get_info(struct emu *e, struct request_msg *m)
{
	const u32 info[4] = { sizeof(info), VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
			      VFIO_PCI_NUM_REGIONS, VFIO_PCI_NUM_IRQS };

	return reply(e, m, info, sizeof(info), 0);
}

static bool do_region_info(struct emu *e, struct request_msg *m)
{
	struct vfio_region_info info;

	if (m->len < sizeof(info))
		return reply(e, m, NULL, 0, EINVAL);
	memcpy(&info, m->body, sizeof(info));
	if (info.index >= VFIO_PCI_NUM_REGIONS)
		return reply(e, m, NULL, 0, EINVAL);
	info = (struct vfio_region_info){ .argsz = sizeof(info), .index = info.index };
	if (info.index == VFIO_PCI_BAR0_REGION_INDEX)
		info.size = BAR_SIZE;
	else if (info.index == VFIO_PCI_CONFIG_REGION_INDEX)
		info.size = sizeof(e->config);
	if (info.size)
		info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	return reply(e, m, &info, sizeof(info), 0);
}

static bool do_irq_info(struct emu *e, struct request_msg *m)
{
	struct vfio_irq_info info;

	if (m->len < sizeof(info))
		return reply(e, m, NULL, 0, EINVAL);
	memcpy(&info, m->body, sizeof(info));
	if (info.index >= VFIO_PCI_NUM_IRQS)
		return reply(e, m, NULL, 0, EINVAL);
	info = (struct vfio_irq_info){ .argsz = sizeof(info), .index = info.index };
	if (info.index == VFIO_PCI_MSIX_IRQ_INDEX) {
		info.flags = VFIO_IRQ_INFO_EVENTFD;
		info.count = e->opt.vectors + 1;
	}
	return reply(e, m, &info, sizeof(info), 0);
}

static bool do_set_irqs(struct emu *e, struct request_msg *m)
{
	struct vfio_irq_set set;
	u32 i, n = e->opt.vectors + 1;

	if (m->len < sizeof(set))
		return reply(e, m, NULL, 0, EINVAL);
	memcpy(&set, m->body, sizeof(set));
	if (set.index != VFIO_PCI_MSIX_IRQ_INDEX)
		return reply(e, m, NULL, 0, 0);
	if (set.start > n || set.count > n - set.start)
		return reply(e, m, NULL, 0, EINVAL);
	if (set.flags & VFIO_IRQ_SET_DATA_BOOL)
		return reply(e, m, NULL, 0, ENOTSUP);
	if (!set.count) {
		for (i = 0; i < n; i++)
			irq_set_fd(e, i, -1);
	}
	for (i = 0; i < set.count; i++) {
		if (set.flags & VFIO_IRQ_SET_DATA_EVENTFD)
			irq_set_fd(e, set.start + i, take_fd(m, i));
		else
			irq_raise(e, set.start + i);
	}
	return reply(e, m, NULL, 0, 0);
}

static bool do_region_read(struct emu *e, struct request_msg *m)
{
	u8 out[sizeof(struct vfio_user_region) + MAX_XFER];
	struct vfio_user_region r;
	bool ok = true;

	if (m->len < sizeof(r))
		return reply(e, m, NULL, 0, EINVAL);
	memcpy(&r, m->body, sizeof(r));
	if (r.count > MAX_XFER)
		return reply(e, m, NULL, 0, EINVAL);
	memcpy(out, &r, sizeof(r));
	if (r.region == VFIO_PCI_CONFIG_REGION_INDEX)
		ok = pci_config_read(e, r.offset, out + sizeof(r), r.count);
	else if (r.region == VFIO_PCI_BAR0_REGION_INDEX && r.offset < BAR_SIZE)
		bar_read(e, r.offset, out + sizeof(r), r.count);
	else
		ok = false;
	clock_step(e);
	return reply(e, m, out, (u32)sizeof(r) + r.count, ok ? 0 : EINVAL);
}

static bool do_region_write(struct emu *e, struct request_msg *m)
{
	struct vfio_user_region r;
	const u8 *data = m->body + sizeof(r);
	bool ok = true;

	if (m->len < sizeof(r))
		return reply(e, m, NULL, 0, EINVAL);
	memcpy(&r, m->body, sizeof(r));
	if (r.count > m->len - sizeof(r))
		return reply(e, m, NULL, 0, EINVAL);
	if (r.region == VFIO_PCI_CONFIG_REGION_INDEX)
		ok = pci_config_write(e, r.offset, data, r.count);
	else if (r.region != VFIO_PCI_BAR0_REGION_INDEX)
		ok = false;
	clock_step(e);
	/* A write is posted: the guest's CPU does not wait for what it sets off. */
	if (!reply(e, m, &r, sizeof(r), ok ? 0 : EINVAL))
		return false;
	if (r.region == VFIO_PCI_BAR0_REGION_INDEX)
		bar_write(e, r.offset, data, r.count);
	return true;
}

static bool dispatch(struct emu *e, struct request_msg *m)
{
	switch (m->h.command) {
	case VFIO_USER_VERSION:
		return do_version(e, m);
	case VFIO_USER_DMA_MAP:
		return do_dma_map(e, m);
	case VFIO_USER_DMA_UNMAP:
		return do_dma_unmap(e, m);
	case VFIO_USER_DEVICE_GET_INFO:
		return do_get_info(e, m);
	case VFIO_USER_DEVICE_GET_REGION_INFO:
		return do_region_info(e, m);
	case VFIO_USER_DEVICE_GET_IRQ_INFO:
		return do_irq_info(e, m);
	case VFIO_USER_DEVICE_SET_IRQS:
		return do_set_irqs(e, m);
	case VFIO_USER_REGION_READ:
		return do_region_read(e, m);
	case VFIO_USER_REGION_WRITE:
		return do_region_write(e, m);
	case VFIO_USER_DEVICE_RESET:
		emu_reset(e);
		return reply(e, m, NULL, 0, 0);
	}
	log_info("vfio-user command %u is not supported", m->h.command);
	return reply(e, m, NULL, 0, ENOTSUP);
}

/* The header, and the file descriptors that come with it */
static bool receive_header(struct emu *e, struct request_msg *m)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(m->fd))];
	} control;
	struct iovec iov = { .iov_base = &m->h, .iov_len = sizeof(m->h) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *c;
	ssize_t n = recvmsg(e->client, &msg, MSG_CMSG_CLOEXEC);

	if (n <= 0)
		return false;
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		m->nfds = (u32)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(m->fd, CMSG_DATA(c), m->nfds * sizeof(int));
	}
	return (size_t)n == sizeof(m->h) ||
	       read_all(e->client, (u8 *)&m->h + n, sizeof(m->h) - (size_t)n);
}

static bool receive(struct emu *e, struct request_msg *m)
{
	if (!receive_header(e, m))
		return false;
	if (m->h.size < sizeof(m->h) || m->h.size - sizeof(m->h) > VFIO_USER_MAX_BODY)
		return false;
	m->len = m->h.size - (u32)sizeof(m->h);
	m->body = e->vfu_buf;
	return read_all(e->client, m->body, m->len);
}

/**
 * vfio_user_ready - the client sent something, or is gone
 * @e: the device
 */
void vfio_user_ready(struct emu *e)
{
	struct request_msg m = { .nfds = 0 };
	bool ok = receive(e, &m);
	u32 i;

	/* We ask the client nothing, so there is no answer to wait for. */
	if (ok && (m.h.flags & VFIO_USER_F_TYPE) == VFIO_USER_F_COMMAND)
		ok = dispatch(e, &m);
	for (i = 0; i < m.nfds; i++)
		if (m.fd[i] >= 0)
			close(m.fd[i]);
	if (!ok)
		vfio_user_close(e);
}

/**
 * vfio_user_accept - a client connects
 * @e: the device
 */
void vfio_user_accept(struct emu *e)
{
	int fd = accept4(e->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (e->client >= 0) {
		log_info("there is a client already");
		close(fd);
		return;
	}
	log_info("client connected");
	e->client = fd;
	e->removed = false;
	emu_reset(e);
}

/**
 * vfio_user_close - the client is gone, or to be gone
 * @e: the device
 */
void vfio_user_close(struct emu *e)
{
	u32 i;

	if (e->client < 0)
		return;
	log_info("client disconnected");
	close(e->client);
	e->client = -1;
	for (i = 0; i < MAX_VECTORS; i++)
		irq_set_fd(e, i, -1);
	emu_reset(e);
	dma_unmap_all(e);
	if (e->opt.once)
		e->quit = true;
}
