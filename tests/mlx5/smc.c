// SPDX-License-Identifier: GPL-2.0
/*
 * SMC-R: sockets of AF_SMC, with both ends in this guest. Connections agree by TCP to
 * go by RDMA, or else they go on by TCP, and nobody is told; so the kernel is asked how
 * each one goes, and the device what it moved.
 *
 * The TCP connection is one of the loopback device, by an address that is its own: both
 * ends must be in a subnet of the device that leads there. That this device and the RDMA
 * device are on the same physical network is what the PNET table is told.
 */
#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/smc.h>
#include <linux/smc_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "control.h"
#include "kselftest_harness.h"

#ifndef AF_SMC
#define AF_SMC		43
#endif
#define ADDRESS		"127.0.0.1"
#define TOTAL		(4 << 20)
#define TIMEOUT_S	60

static bool insert(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && (!syscall(SYS_finit_module, fd, "", 0) || errno == EEXIST);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* --- netlink */

struct message {
	struct nlmsghdr nlh;
	char body[512];
};

static void put_attr(struct message *m, int type, const void *data, size_t len)
{
	struct nlattr *a = (struct nlattr *)((char *)m + NLMSG_ALIGN(m->nlh.nlmsg_len));

	a->nla_type = (uint16_t)type;
	a->nla_len = (uint16_t)(NLA_HDRLEN + len);
	memcpy((char *)a + NLA_HDRLEN, data, len);
	m->nlh.nlmsg_len = NLMSG_ALIGN(m->nlh.nlmsg_len) + NLA_ALIGN(a->nla_len);
}

static void genl_message(struct message *m, uint16_t family, uint8_t cmd)
{
	struct genlmsghdr *g = NLMSG_DATA(&m->nlh);

	memset(m, 0, sizeof(*m));
	m->nlh.nlmsg_type = family;
	m->nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	m->nlh.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	g->cmd = cmd;
	g->version = 1;
}

/* Sends it; the answer's length, 0 if that is that it was done, or -1. */
static ssize_t talk(int fd, struct message *m, void *answer, size_t size)
{
	struct nlmsghdr *nlh = answer;
	ssize_t n;

	if (send(fd, m, m->nlh.nlmsg_len, 0) < 0)
		return -1;
	n = recv(fd, answer, size, 0);
	if (n < (ssize_t)sizeof(*nlh))
		return -1;
	if (nlh->nlmsg_type != NLMSG_ERROR)
		return n;
	errno = -((struct nlmsgerr *)NLMSG_DATA(nlh))->error;
	return errno ? -1 : 0;
}

static int family_id(int fd, const char *name)
{
	char answer[8192];
	struct nlattr *a;
	struct message m;
	ssize_t n, at;

	genl_message(&m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	m.nlh.nlmsg_flags = NLM_F_REQUEST;
	put_attr(&m, CTRL_ATTR_FAMILY_NAME, name, strlen(name) + 1);
	n = talk(fd, &m, answer, sizeof(answer));
	for (at = NLMSG_LENGTH(GENL_HDRLEN); at + NLA_HDRLEN <= n; at += NLA_ALIGN(a->nla_len)) {
		a = (struct nlattr *)(answer + at);
		if (a->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(uint16_t *)((char *)a + NLA_HDRLEN);
		if (a->nla_len < NLA_HDRLEN)
			break;
	}
	return -1;
}

/* The network device, or else the RDMA device with its port, is on this network. */
static bool pnet_add(int fd, int family, const char *net, const char *ib)
{
	char answer[1024];
	unsigned char port = 1;
	struct message m;

	genl_message(&m, (uint16_t)family, SMC_PNETID_ADD);
	put_attr(&m, SMC_PNETID_NAME, "FASTWAKE", sizeof("FASTWAKE"));
	if (net)
		put_attr(&m, SMC_PNETID_ETHNAME, net, strlen(net) + 1);
	if (ib) {
		put_attr(&m, SMC_PNETID_IBNAME, ib, strlen(ib) + 1);
		put_attr(&m, SMC_PNETID_IBPORT, &port, sizeof(port));
	}
	return !talk(fd, &m, answer, sizeof(answer));
}

/* How the socket's connection goes: SMC_DIAG_MODE_*, or -1 */
static int socket_mode(int sock)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), mode = -1;
	struct smc_diag_req *req;
	char answer[16384];
	struct nlmsghdr *nlh;
	struct message m;
	struct stat st;
	ssize_t n;

	memset(&m, 0, sizeof(m));
	m.nlh.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	m.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	m.nlh.nlmsg_len = NLMSG_LENGTH(sizeof(*req));
	req = NLMSG_DATA(&m.nlh);
	req->diag_family = AF_SMC;
	if (fstat(sock, &st) || send(fd, &m, m.nlh.nlmsg_len, 0) < 0) {
		close(fd);
		return -1;
	}
	while ((n = recv(fd, answer, sizeof(answer), 0)) > 0) {
		for (nlh = (void *)answer; NLMSG_OK(nlh, n); nlh = NLMSG_NEXT(nlh, n)) {
			struct smc_diag_msg *d = NLMSG_DATA(nlh);

			if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR)
				goto out;
			if (d->diag_inode == st.st_ino)
				mode = d->diag_mode;
		}
	}
out:
	close(fd);
	return mode;
}

/* --- traffic */

static unsigned char pattern(size_t i, unsigned int seed)
{
	return (unsigned char)(i * 31 + (i >> 8) * 7 + (i >> 16) * 3 + seed);
}

struct stream {
	int fd;
	unsigned int seed;
	size_t chunk;
	bool ok;
};

static void *send_all(void *arg)
{
	struct stream *s = arg;
	unsigned char *buf = malloc(s->chunk);
	size_t at = 0, i, len;
	ssize_t n;

	s->ok = false;
	while (buf && at < TOTAL) {
		len = s->chunk < TOTAL - at ? s->chunk : TOTAL - at;
		for (i = 0; i < len; i++)
			buf[i] = pattern(at + i, s->seed);
		n = send(s->fd, buf, len, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	s->ok = at == TOTAL;
	free(buf);
	return NULL;
}

static bool receive_all(int fd, unsigned int seed, size_t chunk)
{
	unsigned char *buf = malloc(chunk);
	size_t at = 0, i;
	ssize_t n = 0;

	while (buf && at < TOTAL) {
		n = recv(fd, buf, chunk, 0);
		if (n <= 0)
			break;
		for (i = 0; i < (size_t)n; i++) {
			if (buf[i] != pattern(at + i, seed)) {
				printf("# byte %zu is %u, not %u\n", at + i, buf[i],
				       pattern(at + i, seed));
				free(buf);
				return false;
			}
		}
		at += (size_t)n;
	}
	if (at < TOTAL)
		printf("# %zu bytes came, then %s\n", at, n ? strerror(errno) : "the end");
	free(buf);
	return at == TOTAL;
}

/* From one end to the other, and both ways at the same time if @both */
static bool exchange(int a, int b, size_t chunk, bool both)
{
	struct stream s[2] = { { .fd = a, .seed = 1, .chunk = chunk },
			       { .fd = b, .seed = 2, .chunk = chunk } };
	pthread_t thread[2];
	bool ok;
	int i;

	for (i = 0; i <= both; i++)
		if (pthread_create(&thread[i], NULL, send_all, &s[i]))
			return false;
	ok = receive_all(b, 1, 3 * chunk);
	if (both)
		ok = receive_all(a, 2, chunk) && ok;
	for (i = 0; i <= both; i++) {
		pthread_join(thread[i], NULL);
		ok = ok && s[i].ok;
	}
	return ok;
}

FIXTURE(smc)
{
	struct control control;
	int listener;
	int client;
	int server;
};

static unsigned long long moved_bytes(struct control *c)
{
	const char *at;

	if (!control(c, "stats"))
		return 0;
	at = strstr(c->answer, "\"bytes\":");
	return at ? strtoull(at + 8, NULL, 10) : 0;
}

FIXTURE_SETUP(smc)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	struct timeval timeout = { .tv_sec = TIMEOUT_S };
	socklen_t len = sizeof(sa);
	int fd, family;

	ASSERT_TRUE(insert("/lib/modules/smc.ko"));
	ASSERT_TRUE(insert("/lib/modules/smc_diag.ko"));
	ASSERT_TRUE(control_open(&self->control));
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	family = family_id(fd, SMCR_GENL_FAMILY_NAME);
	ASSERT_LE(0, family);
	/* It stays, from one test to the next. */
	ASSERT_TRUE(pnet_add(fd, family, "lo", NULL) || errno == EEXIST);
	ASSERT_TRUE(pnet_add(fd, family, NULL, "mlx5_0") || errno == EEXIST);
	close(fd);
	self->listener = socket(AF_SMC, SOCK_STREAM | SOCK_CLOEXEC, 0);
	self->client = socket(AF_SMC, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, self->listener);
	ASSERT_LE(0, self->client);
	inet_pton(AF_INET, ADDRESS, &sa.sin_addr);
	ASSERT_EQ(0, bind(self->listener, (struct sockaddr *)&sa, sizeof(sa)));
	ASSERT_EQ(0, listen(self->listener, 1));
	ASSERT_EQ(0, getsockname(self->listener, (struct sockaddr *)&sa, &len));
	ASSERT_EQ(0, connect(self->client, (struct sockaddr *)&sa, sizeof(sa)));
	self->server = accept(self->listener, NULL, NULL);
	ASSERT_LE(0, self->server);
	setsockopt(self->client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(self->server, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
}

FIXTURE_TEARDOWN(smc)
{
	close(self->client);
	close(self->server);
	close(self->listener);
	control_close(&self->control);
}

TEST_F_TIMEOUT(smc, goes_by_rdma, 300)
{
	ASSERT_EQ(SMC_DIAG_MODE_SMCR, socket_mode(self->client));
	ASSERT_EQ(SMC_DIAG_MODE_SMCR, socket_mode(self->server));
}

TEST_F_TIMEOUT(smc, one_way, 300)
{
	unsigned long long before = moved_bytes(&self->control);

	ASSERT_TRUE(exchange(self->client, self->server, 65536, false));
	ASSERT_EQ(SMC_DIAG_MODE_SMCR, socket_mode(self->client));
	ASSERT_LE(before + TOTAL, moved_bytes(&self->control));
}

TEST_F_TIMEOUT(smc, both_ways, 300)
{
	unsigned long long before = moved_bytes(&self->control);

	ASSERT_TRUE(exchange(self->client, self->server, 10007, true));
	ASSERT_EQ(SMC_DIAG_MODE_SMCR, socket_mode(self->server));
	ASSERT_LE(before + 2ULL * TOTAL, moved_bytes(&self->control));
}

/* The end of a stream is told, and what comes from the other side still does. */
TEST_F_TIMEOUT(smc, half_closed, 300)
{
	char buf[8];

	ASSERT_EQ(4, send(self->client, "last", 4, 0));
	ASSERT_EQ(0, shutdown(self->client, SHUT_WR));
	ASSERT_EQ(4, recv(self->server, buf, sizeof(buf), MSG_WAITALL));
	ASSERT_EQ(0, recv(self->server, buf, sizeof(buf), 0));
	ASSERT_EQ(5, send(self->server, "reply", 5, 0));
	ASSERT_EQ(5, recv(self->client, buf, 5, MSG_WAITALL));
	ASSERT_EQ(0, memcmp(buf, "reply", 5));
}

TEST_HARNESS_MAIN
