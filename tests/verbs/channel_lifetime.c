// SPDX-License-Identifier: GPL-2.0
/*
 * A channel that is inherited by fork(), duplicated, passed on to another process, or
 * closed, with and without a reader.
 */
#include <rdma/ib_user_verbs.h>
#include <sys/wait.h>

#include "channel.h"
#include "pass_fd.h"

TEST_F(channel, forked_child_reads_the_event)
{
	int status;
	pid_t pid;
	int i;

	if (rig_arms_once_per_event())
		return;
	for (i = 0; i < 5; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(read_event(self->ch) != self->loop.cq);
		ASSERT_TRUE(wait_for_sleep_in(pid, SYS_read));
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(0, status);
		/* Reported to the child, but it is this process' CQ. */
		ibv_ack_cq_events(self->loop.cq, 1);
		ASSERT_RIG(&self->rig, loop_receive(&self->loop));
		ASSERT_FALSE(is_readable(self->ch));
	}
}

TEST_F(channel, parent_goes_on_after_the_child)
{
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(self->ch->fd);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_RIG(&self->rig, loop_event(&self->loop));
	ASSERT_EQ(self->loop.cq, read_event(self->ch));
	ibv_ack_cq_events(self->loop.cq, 1);
	ASSERT_RIG(&self->rig, loop_receive(&self->loop));
}

/* Close it behind the library's back, which then closes something harmless. */
static bool close_channel(struct ibv_comp_channel *ch)
{
	int null = open("/dev/null", O_RDWR);

	return null >= 0 && dup2(null, ch->fd) == ch->fd && !close(null);
}

TEST_F(channel, either_of_two_descriptors)
{
	struct ibv_comp_channel other = *self->ch;
	int i;

	other.fd = dup(self->ch->fd);
	ASSERT_LE(0, other.fd);
	for (i = 0; i < 10; i++) {
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
		ASSERT_TRUE(wait_readable(&other));
		ASSERT_TRUE(is_readable(self->ch));
		ASSERT_EQ(self->loop.cq, read_event(i & 1 ? &other : self->ch));
		ibv_ack_cq_events(self->loop.cq, 1);
		ASSERT_RIG(&self->rig, loop_receive(&self->loop));
		ASSERT_FALSE(is_readable(&other));
		ASSERT_FALSE(is_readable(self->ch));
	}
	ASSERT_EQ(0, close(other.fd));
	ASSERT_TRUE(some_events(&self->loop, self->ch, 5));
}

TEST_F(channel, original_closed_before_its_duplicate)
{
	struct ibv_comp_channel other = *self->ch;
	struct reader r;

	other.fd = dup(self->ch->fd);
	ASSERT_LE(0, other.fd);
	ASSERT_RIG(&self->rig, loop_event(&self->loop));
	ASSERT_TRUE(wait_readable(self->ch));
	ASSERT_TRUE(close_channel(self->ch));
	/* What was there, and what comes, also if somebody waits for it. */
	ASSERT_TRUE(is_readable(&other));
	ASSERT_EQ(self->loop.cq, read_event(&other));
	ibv_ack_cq_events(self->loop.cq, 1);
	ASSERT_RIG(&self->rig, loop_receive(&self->loop));
	ASSERT_TRUE(some_events(&self->loop, &other, 5));
	ASSERT_TRUE(reader_start(&r, &other));
	ASSERT_RIG(&self->rig, loop_event(&self->loop));
	ASSERT_EQ(0, pthread_join(r.thread, NULL));
	ASSERT_EQ(self->loop.cq, r.cq);
	ibv_ack_cq_events(r.cq, 1);
	ASSERT_RIG(&self->rig, loop_receive(&self->loop));
	ASSERT_EQ(0, close(other.fd));
}

/* A process that knows nothing of the CQs: what it reads, the other one is told. */
static int read_passed(int sock, int events)
{
	struct ib_uverbs_comp_event_desc desc;
	int fd = receive_fd(sock);

	if (fd < 0)
		return 1;
	while (events--) {
		if (read(fd, &desc, sizeof(desc)) != sizeof(desc))
			return 2;
		if (write(sock, &desc, sizeof(desc)) != sizeof(desc))
			return 3;
	}
	return 0;
}

/* The process is there before the channel, so that it has it by the message only. */
TEST_F(channel, passed_to_a_process)
{
	struct ib_uverbs_comp_event_desc desc;
	struct ibv_comp_channel *ch;
	struct loop l[3];
	int sock[2];
	int status;
	pid_t pid;
	int i;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(close(sock[0]) ? 4 : read_passed(sock[1], 2));
	/* If it fails, the read below ends. */
	ASSERT_EQ(0, close(sock[1]));

	ch = ibv_create_comp_channel(self->rig.ctx);
	ASSERT_NE(NULL, ch);
	for (i = 0; i < 3; i++)
		ASSERT_RIG(&self->rig, loop_open(&l[i], &self->rig, ch, 0));
	ASSERT_TRUE(send_fd(sock[0], ch->fd));

	/* Of each CQ one: this process' library, which arms it, does not see the event. */
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(wait_for_sleep_in(pid, SYS_read));
		ASSERT_RIG(&self->rig, loop_event(&l[i]));
		ASSERT_EQ(sizeof(desc), read(sock[0], &desc, sizeof(desc)));
		ASSERT_EQ((uintptr_t)l[i].cq, desc.cq_handle);
		ibv_ack_cq_events(l[i].cq, 1);
		ASSERT_RIG(&self->rig, loop_receive(&l[i]));
		ASSERT_FALSE(is_readable(ch));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);

	ASSERT_TRUE(one_event(&l[2], ch));
	for (i = 0; i < 3; i++)
		ASSERT_RIG(&self->rig, loop_close(&l[i]));
	ASSERT_EQ(0, ibv_destroy_comp_channel(ch));
	ASSERT_EQ(0, close(sock[0]));
}

TEST_F(channel, close_with_events_queued)
{
	ASSERT_RIG(&self->rig, loop_event(&self->loop));
	ASSERT_RIG(&self->rig, loop_event(&self->loop));
	ASSERT_TRUE(wait_readable(self->ch));
	ASSERT_TRUE(close_channel(self->ch));
	ASSERT_RIG(&self->rig, loop_receive(&self->loop));
	ASSERT_RIG(&self->rig, loop_receive(&self->loop));
}

TEST_F(channel, completions_after_the_close)
{
	int i;

	ASSERT_EQ(0, ibv_req_notify_cq(self->loop.cq, 0));
	ASSERT_TRUE(close_channel(self->ch));
	for (i = 0; i < 5; i++) {
		ASSERT_RIG(&self->rig, loop_event(&self->loop));
		ASSERT_RIG(&self->rig, loop_receive(&self->loop));
	}
}

/* read() holds the file: a close() by another thread takes nothing from it. */
TEST_F(channel, close_under_a_blocked_reader)
{
	struct reader r;

	ASSERT_TRUE(reader_start(&r, self->ch));
	ASSERT_TRUE(close_channel(self->ch));
	ASSERT_EQ(SYS_read, thread_sleeps_in(r.tid));
	ASSERT_RIG(&self->rig, loop_event(&self->loop));
	ASSERT_EQ(0, pthread_join(r.thread, NULL));
	ASSERT_EQ(self->loop.cq, r.cq);
	ibv_ack_cq_events(r.cq, 1);
	ASSERT_RIG(&self->rig, loop_receive(&self->loop));
}

TEST_F(channel, exit_with_a_blocked_reader)
{
	struct rig rig;
	struct ibv_comp_channel *ch;
	struct reader r;
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		/* A device of its own; the kernel cleans up. */
		if (!rig_open(&rig))
			_exit(1);
		ch = ibv_create_comp_channel(rig.ctx);
		_exit(ch && reader_start(&r, ch) ? 7 : 1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	ASSERT_EQ(7, WEXITSTATUS(status));
}

TEST_HARNESS_MAIN
