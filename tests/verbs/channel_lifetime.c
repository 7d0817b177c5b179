// SPDX-License-Identifier: GPL-2.0
/* A channel that is inherited by fork() or closed, with and without a reader. */
#include <sys/wait.h>

#include "channel.h"

TEST_F(channel, forked_child_reads_the_event)
{
	int status;
	pid_t pid;
	int i;

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
