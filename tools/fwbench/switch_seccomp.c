// SPDX-License-Identifier: GPL-2.0
/*
 * The hand-over by seccomp: side 0 calls getppid(), which its filter traps, and
 * side 1, the supervisor, answers. With SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP the
 * kernel takes each wake-up for a hand-over: the waker is about to sleep.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fwbench.h"
#include "switch.h"

/* Linux 6.6; the headers of the C library's packages may be older. */
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

#define ANSWER 0x5eccc	/* no process ID, and no error */

const char *seccomp_missing(void)
{
	unsigned int action = SECCOMP_RET_USER_NOTIF;

	if (syscall(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action))
		return "this kernel has no seccomp notifications";
	return NULL;
}

/* A socket pair, which brings the filter's descriptor to the supervisor. */
int seccomp_open(struct pair *pair)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -1;
	pair->side[0].out = fds[0];
	pair->side[1].in = fds[1];
	return 0;
}

/* The filter is the calling thread's alone. Returns the supervisor's end. */
static int install_filter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = ARRAY_SIZE(code), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
		       SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
}

union fd_message {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static int send_fd(int sock, int fd)
{
	union fd_message control = { };
	struct iovec iov = { .iov_base = "+", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -1;
}

static int receive_fd(int sock)
{
	union fd_message control;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(sock, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

static void enter_target(struct side *me)
{
	int fd = install_filter();

	if (fd < 0)
		give_up(me->why, FAILED, "installing a seccomp filter: %s", strerror(errno));
	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP))
		give_up(me->why, MISSING, "this kernel has no synchronous wake-up of seccomp");
	if (send_fd(me->out, fd))
		give_up(me->why, FAILED, "sending the filter's descriptor: %s", strerror(errno));
	close(fd);
}

void seccomp_enter(struct side *me)
{
	int fd;

	if (me->id == 0) {
		enter_target(me);
		return;
	}
	fd = receive_fd(me->in);
	if (fd < 0)
		give_up(me->why, FAILED, "no filter's descriptor came: %s", strerror(errno));
	close(me->in);
	me->in = fd;
}

static int take_request(struct side *me)
{
	struct seccomp_notif request = { };

	if (ioctl(me->in, SECCOMP_IOCTL_NOTIF_RECV, &request))
		return -1;
	me->request = request.id;
	return 0;
}

static int answer(struct side *me)
{
	struct seccomp_notif_resp response = { .id = me->request, .val = ANSWER };

	return ioctl(me->in, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static int call(void)
{
	long ret = syscall(__NR_getppid);

	if (ret == ANSWER)
		return 0;
	if (ret != -1)
		errno = EPROTO;
	return -1;
}

int seccomp_wait(struct side *me)
{
	return take_request(me);
}

int seccomp_swap(struct side *me)
{
	struct pair *pair = me->pair;

	if (me->id == 0)
		return call();
	if (answer(me) || take_request(me))
		return -1;
	/* Nobody else would answer the call in seccomp_release(). */
	return pair->turns.count[1] == all_rounds(pair->run) ? answer(me) : 0;
}

int seccomp_release(struct side *me __maybe_unused)
{
	return call();
}
