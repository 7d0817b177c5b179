// SPDX-License-Identifier: GPL-2.0
/* The comp_vector of ibv_create_cq(). */
#include "channel.h"

TEST_F(channel, every_vector_delivers)
{
	int n = self->rig.ctx->num_comp_vectors;
	struct loop l;
	int i;
	int v;

	ASSERT_LT(0, n);
	for (v = 0; v < n; v++) {
		ASSERT_RIG(&self->rig, loop_open(&l, &self->rig, self->ch, v));
		for (i = 0; i < 10; i++) {
			ASSERT_RIG(&self->rig, loop_event(&l));
			ASSERT_EQ(l.cq, read_event(self->ch));
			ibv_ack_cq_events(l.cq, 1);
			ASSERT_RIG(&self->rig, loop_receive(&l));
		}
		ASSERT_RIG(&self->rig, loop_close(&l));
	}
}

/* As many as CPUs could be, so at least as many as there are. */
TEST_F(channel, one_for_each_cpu)
{
	ASSERT_LE(sysconf(_SC_NPROCESSORS_ONLN), self->rig.ctx->num_comp_vectors);
}

TEST_F(channel, out_of_range)
{
	int n = self->rig.ctx->num_comp_vectors;

	ASSERT_EQ(NULL, ibv_create_cq(self->rig.ctx, 16, NULL, self->ch, n));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(NULL, ibv_create_cq(self->rig.ctx, 16, NULL, self->ch, -1));
	ASSERT_EQ(EINVAL, errno);
}

TEST_HARNESS_MAIN
