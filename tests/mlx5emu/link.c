// SPDX-License-Identifier: GPL-2.0
/*
 * The wire: back to this device, or to a peer that is another mlx5emu, through a
 * UNIX socket. A packet's LID says which. The peer is not trusted: what it sends
 * is bounded here, and checked by the transports like anything from a network.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "emu.h"

#define MCAST_LID	0xc000
#define LINK_MAGIC	0x6d6c7835
#define MAX_PACKET	(sizeof(struct packet) + (1U << LOG_MAX_MSG))
#define TX_LIMIT	(64U << 20)

/* What both sides say first: that they mean the same by a packet, and who they are */
struct hello {
	u32 magic;
	u32 packet_size;
	u32 lid;
	u32 eth;
};

static bool unix_address(const char *path, struct sockaddr_un *sa)
{
	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(sa->sun_path))
		return false;
	memcpy(sa->sun_path, path, strlen(path) + 1);
	return true;
}

/**
 * unix_listen - listen on a UNIX socket
 * @path: its name; a socket of that name that nobody serves is replaced
 *
 * Return: file descriptor, or -1 with errno set
 */
int unix_listen(const char *path)
{
	struct sockaddr_un sa;
	int fd;

	if (!unix_address(path, &sa)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (!connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		close(fd);
		errno = EADDRINUSE;
		return -1;
	}
	if (errno == ECONNREFUSED)
		unlink(path);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, 4)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool peer_queue(struct emu *e, const void *data, u64 len)
{
	struct peer *peer = &e->peer;
	u8 *tx;

	if (peer->tx_len - peer->tx_done + len > TX_LIMIT)
		return false;
	if (peer->tx_done == peer->tx_len) {
		peer->tx_done = 0;
		peer->tx_len = 0;
	}
	tx = realloc(peer->tx, peer->tx_len + len);
	if (!tx)
		return false;
	memcpy(tx + peer->tx_len, data, len);
	peer->tx = tx;
	peer->tx_len += len;
	return true;
}

static void peer_start(struct emu *e, int fd)
{
	struct hello hello = { LINK_MAGIC, sizeof(struct packet), e->opt.lid, e->opt.eth };

	e->peer.fd = fd;
	e->peer.greeted = false;
	e->peer.trusted = false;
	e->peer.rx_len = 0;
	peer_queue(e, &hello, sizeof(hello));
	log_info("peer: connected");
}

/* The first to come listens, the second connects. */
static void peer_open(struct emu *e)
{
	struct sockaddr_un sa;
	int fd = -1;

	if (unix_address(e->peer.path, &sa))
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		peer_start(e, fd);
		return;
	}
	if (fd >= 0)
		close(fd);
	if (e->peer.listener < 0)
		e->peer.listener = unix_listen(e->peer.path);
	if (e->peer.listener < 0)
		log_err("peer %s: %s", e->peer.path, strerror(errno));
}

/*
 * A peer that was one and is gone may come back: whoever listened goes on, and
 * the other is now the first to come. One that refused us, or that we refused,
 * would do so again.
 */
static void peer_close(struct emu *e)
{
	bool was_peer = e->peer.trusted;

	close(e->peer.fd);
	e->peer.fd = -1;
	e->peer.tx_len = 0;
	e->peer.tx_done = 0;
	/* One that goes without a greeting has its reason, and says so, or has just ended. */
	if (was_peer || !e->peer.greeted)
		log_info("peer: gone");
	if (was_peer && e->peer.listener < 0)
		peer_open(e);
}

/**
 * link_init - set the wire up
 * @e: the device, with its options
 */
void link_init(struct emu *e)
{
	e->peer = (struct peer){ .path = e->opt.peer, .listener = -1, .fd = -1 };
	if (e->opt.peer)
		peer_open(e);
}

/**
 * link_close - take the wire down
 * @e: the device
 */
void link_close(struct emu *e)
{
	if (e->peer.fd >= 0)
		close(e->peer.fd);
	if (e->peer.listener >= 0) {
		close(e->peer.listener);
		unlink(e->peer.path);
	}
	free(e->peer.rx);
	free(e->peer.tx);
}

/**
 * link_listener_ready - somebody wants to be our peer
 * @e: the device
 */
void link_listener_ready(struct emu *e)
{
	int fd = accept4(e->peer.listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (e->peer.fd >= 0) {
		/* There are two ends only. */
		close(fd);
		return;
	}
	peer_start(e, fd);
}

static void packet_deliver(struct emu *e, const struct packet *p)
{
	e->stats.packets++;
	if (!roce_accepts(e, p))
		e->stats.packets_dropped++;
	else if (p->type == PKT_DATAGRAM)
		ud_receive(e, p);
	else
		rc_receive(e, p);
}

/**
 * link_send - send a packet
 * @e: the device
 * @p: the packet
 *
 * It may be lost. What goes to this device itself is delivered before this
 * returns, and its answer as well.
 */
void link_send(struct emu *e, const struct packet *p)
{
	bool mcast = p->dlid >= MCAST_LID, local = p->dlid == e->opt.lid || mcast;

	if (e->fault.wire_drop) {
		e->fault.wire_drop--;
		e->fault.hits++;
		e->stats.packets_dropped++;
		return;
	}
	/* LID 0 is nobody's: a RoCE address that leads nowhere. */
	if (!e->port_up || !p->dlid) {
		e->stats.packets_dropped++;
		return;
	}
	if (!local || mcast) {
		if (e->peer.fd >= 0 && peer_queue(e, p, sizeof(*p) + p->payload)) {
			e->peer.sent++;
			link_peer_ready(e, POLLOUT);
		} else if (!mcast) {
			e->stats.packets_dropped++;
		}
	}
	if (local)
		packet_deliver(e, p);
}

static bool hello_ok(struct emu *e, const struct hello *h)
{
	if (h->magic != LINK_MAGIC || h->packet_size != sizeof(struct packet))
		log_err("peer: not one of us");
	else if (h->lid == e->opt.lid)
		log_err("peer: has the same LID (%u): see --lid", h->lid);
	else if (h->eth != e->opt.eth)
		log_err("peer: has another kind of link: see --link");
	else
		return true;
	return false;
}

static bool packet_ok(struct emu *e, struct packet *p)
{
	p->src_qp &= 0xffffff;
	p->psn &= 0xffffff;
	p->npsn &= 0xffffff;
	if (p->type < PKT_TYPES && p->slid != e->opt.lid)
		return true;
	log_err("peer: a packet of type %u from LID %u", p->type, p->slid);
	return false;
}

/* How much of the next thing the peer sends there must be, to go on. */
static u64 peer_wants(struct emu *e)
{
	const struct packet *p = (const struct packet *)e->peer.rx;

	if (!e->peer.greeted)
		return sizeof(struct hello);
	if (e->peer.rx_len < sizeof(*p))
		return sizeof(*p);
	return sizeof(*p) + p->payload;
}

/* One packet at a time: the buffer is as long as that needs. */
static bool peer_receive(struct emu *e)
{
	struct peer *peer = &e->peer;
	struct packet *p;
	u64 want = peer_wants(e);
	ssize_t n;
	u8 *rx;

	if (want > MAX_PACKET) {
		log_err("peer: a packet of %llu bytes", (unsigned long long)want);
		peer->malformed++;
		peer->trusted = false;
		return false;
	}
	rx = realloc(peer->rx, max_t(u64, want, sizeof(*p)));
	if (!rx)
		return false;
	peer->rx = rx;
	if (want > peer->rx_len) {
		n = recv(peer->fd, rx + peer->rx_len, want - peer->rx_len, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n <= 0)
			return false;
		peer->rx_len += (u64)n;
	}
	if (peer->rx_len < peer_wants(e))
		return true;
	peer->rx_len = 0;
	if (!peer->greeted) {
		peer->greeted = true;
		peer->trusted = hello_ok(e, (const struct hello *)rx);
		return peer->trusted;
	}
	p = (struct packet *)rx;
	if (!packet_ok(e, p)) {
		peer->malformed++;
		peer->trusted = false;
		return false;
	}
	peer->received++;
	/* It does not know our LID: what is for nobody comes here, too. */
	if (e->port_up && (p->dlid == e->opt.lid || p->dlid >= MCAST_LID))
		packet_deliver(e, p);
	else
		e->stats.packets_dropped++;
	return true;
}

/**
 * link_peer_ready - the peer sent something, or can take something
 * @e: the device
 * @revents: as from poll()
 */
void link_peer_ready(struct emu *e, short revents)
{
	struct peer *peer = &e->peer;
	ssize_t n;

	if (revents & (POLLIN | POLLHUP | POLLERR) && !peer_receive(e)) {
		peer_close(e);
		return;
	}
	if (peer->fd < 0 || peer->tx_done == peer->tx_len)
		return;
	n = send(peer->fd, peer->tx + peer->tx_done, peer->tx_len - peer->tx_done,
		 MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		peer->tx_done += (u64)n;
	/* An error is noticed by the next read. */
}
