// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on demand, and what survives them.
 */
#include <unistd.h>

#include "test_lib.h"

static void ok(struct vf *vf, const char *line)
{
	const char *answer = vf_control(vf, line);

	if (strcmp(answer, "ok"))
		printf("# %s: %s\n", line, answer);
	EXPECT(!strcmp(answer, "ok"));
}

static void okf(struct vf *vf, const char *fmt, u32 n)
{
	char line[80];

	snprintf(line, sizeof(line), fmt, n);
	ok(vf, line);
}

static void setup(struct vf *vf, struct pair *p)
{
	vf_init(vf);
	pair_make(vf, p, QPT_RC);
}

static void control_socket(struct vf *vf)
{
	EXPECT(strstr(vf_control(vf, "help"), "irq-drop"));
	EXPECT(!strncmp(vf_control(vf, "nonsense"), "error", 5));
	EXPECT(!strncmp(vf_control(vf, "cqe-error 1"), "error", 5));
	EXPECT(!strncmp(vf_control(vf, "irq-drop 1000"), "error", 5));
	EXPECT(!strncmp(vf_control(vf, "eq-overflow 9"), "error", 5));
	EXPECT(!strncmp(vf_control(vf, "link sideways"), "error", 5));
	EXPECT(!strncmp(vf_control(vf, "a b c d e f g h i j"), "error", 5));
	EXPECT(strstr(vf_control(vf, "stats"), "{\"mmio_reads\":0,"));
}

static void irq_drop(struct vf *vf)
{
	struct pair p;

	setup(vf, &p);
	ok(vf, "irq-drop 2 1");
	vf_arm_cq(vf, &p.cq[1], false);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 64, p.mr[1].key);
	vf_send(vf, &p.qp[0], WQE_SEND, 0, 0, &p.mr[0], 0, 8);
	vf_wait_eqe(vf, &p.eq[1]);
	EXPECT(!vf_irq_wait(vf, 2, 20));
	/* The queue is disarmed: whoever looks and arms again goes on. */
	vf_arm_eq(vf, &p.eq[1]);
	p.cq[1].sn++;
	vf_wait_cqe(vf, &p.cq[1]);
	vf_arm_cq(vf, &p.cq[1], false);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 64, p.mr[1].key);
	vf_send(vf, &p.qp[0], WQE_SEND, 0, 0, &p.mr[0], 0, 8);
	EXPECT(vf_irq_wait(vf, 2, 1000));
}

static void irq_delay(struct vf *vf)
{
	struct pair p;

	setup(vf, &p);
	ok(vf, "irq-delay all 30000");
	vf_arm_cq(vf, &p.cq[1], false);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 64, p.mr[1].key);
	vf_send(vf, &p.qp[0], WQE_SEND, 0, 0, &p.mr[0], 0, 8);
	vf_wait_eqe(vf, &p.eq[1]);
	EXPECT(!vf_irq_wait(vf, 2, 5));
	EXPECT(vf_irq_wait(vf, 2, 1000));
}

static void cqe_delay(struct vf *vf)
{
	struct pair p;

	setup(vf, &p);
	ok(vf, "cqe-delay 30000");
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 64, p.mr[1].key);
	vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 0, 8);
	usleep(3000);
	EXPECT(!vf_next_cqe(vf, &p.cq[0]));
	vf_wait_cqe(vf, &p.cq[0]);
}

static void cqe_error(struct vf *vf)
{
	struct pair p;

	setup(vf, &p);
	okf(vf, "cqe-error %u 0x22", p.qp[0].id);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 64, p.mr[1].key);
	vf_send(vf, &p.qp[0], WQE_SEND, 0, 0, &p.mr[0], 0, 8);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ_ERR, p.qp[0].id, SYN_REMOTE_ABORTED);
}

static void cmd_fails(struct vf *vf)
{
	vf_init(vf);
	okf(vf, "cmd-fail %u 0x8 2", MLX5_CMD_OP_ALLOC_PD);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_ALLOC_PD, 0, 0, 0, NULL), ST_LIMIT);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_ALLOC_UAR, 0, 0, 0, NULL), ST_OK);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_ALLOC_PD, 0, 0, 0, NULL), ST_LIMIT);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_ALLOC_PD, 0, 0, 0, NULL), ST_OK);
}

/* The answer is that the queue has moved, but it has not. */
static void cmd_is_ignored(struct vf *vf)
{
	u8 in[16] = { 0 }, out[IFC_SZ(query_cq_out)];
	struct pair p;
	int i;

	setup(vf, &p);
	EXPECT(!strncmp(vf_control(vf, "cmd-fail 0x403 0"), "error", 5));
	EXPECT(!strncmp(vf_control(vf, "cmd-fail 0x403 ignored"), "error", 5));
	okf(vf, "cmd-fail %u ignore", MLX5_CMD_OP_MODIFY_CQ);
	IFC_SET(query_cq_in, in, opcode, MLX5_CMD_OP_QUERY_CQ);
	IFC_SET(query_cq_in, in, cqn, p.cq[1].id);
	for (i = 1; i >= 0; i--) {
		EXPECT_EQ(vf_modify_cq(vf, &p.cq[1], 8, 0, 0, p.eq[0].id), ST_OK);
		EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_OK);
		EXPECT_EQ(IFC_GET(cqc, IFC_AT(query_cq_out, out, cq_context),
				  c_eqn_or_apu_element), p.eq[i].id);
		vf_arm_cq(vf, &p.cq[1], false);
		vf_post_recv(vf, &p.qp[1], p.mr[1].va, 64, p.mr[1].key);
		vf_send(vf, &p.qp[0], WQE_SEND, 0, 0, &p.mr[0], 0, 8);
		vf_wait_eqe(vf, &p.eq[i]);
		EXPECT(!vf_next_eqe(vf, &p.eq[!i]));
		p.cq[1].sn++;
	}
}

static void cmd_is_busy(struct vf *vf)
{
	u8 *slot;

	vf_init(vf);
	okf(vf, "cmd-busy %u 50", MLX5_CMD_OP_ALLOC_PD);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_ALLOC_PD, 0, 0, 0, NULL), ST_OK);
	/* Not answered before the faults are cleared, or the interface is started anew */
	okf(vf, "cmd-timeout %u", MLX5_CMD_OP_ALLOC_PD);
	vf->patience_ms = 300;
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_ALLOC_PD, 0, 0, 0, NULL), -1000);
	vf->patience_ms = 30000;
	slot = vf_ptr(vf, vf->cmdq);
	EXPECT(slot[CMD_STATUS_OWN] & 1);
	/* An error, without its output: that is for others by now */
	ok(vf, "clear");
	EXPECT(!(slot[CMD_STATUS_OWN] & 1));
	okf(vf, "cmd-timeout %u", MLX5_CMD_OP_ALLOC_PD);
	vf->patience_ms = 300;
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_ALLOC_PD, 0, 0, 0, NULL), -1000);
	vf->patience_ms = 30000;
	EXPECT(slot[CMD_STATUS_OWN] & 1);
	vf_write32(vf, ISEG_CMDQ_L, (u32)vf->cmdq);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_ALLOC_PD, 0, 0, 0, NULL), ST_OK);
}

static void eq_overflow(struct vf *vf)
{
	struct pair p;

	setup(vf, &p);
	okf(vf, "eq-overflow %u", p.cq[1].id);
	vf_arm_cq(vf, &p.cq[1], false);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 64, p.mr[1].key);
	vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 0, 8);
	vf_wait_cqe(vf, &p.cq[1]);
	EXPECT(!vf_next_eqe(vf, &p.eq[1]));
	EXPECT_EQ(vf_read32(vf, ISEG_HEALTH_SYND) >> 16, 0xc);
	EXPECT_EQ(vf_read32(vf, ISEG_HEALTH_RFR), 0);
}

/* A small queue that nobody reads */
static void eq_really_full(struct vf *vf)
{
	struct ring eq, cq;
	struct pair p;
	int i;

	setup(vf, &p);
	EXPECT_EQ(vf_create_eq(vf, &eq, 1, 1, 0), ST_OK);
	EXPECT_EQ(vf_create_cq(vf, &cq, 6, 64, eq.id), ST_OK);
	EXPECT_EQ(vf_create_qp(vf, &p.qp[1], QPT_RC, &cq, &cq, 0), ST_OK);
	EXPECT_EQ(vf_modify_qp(vf, &p.qp[0], MLX5_CMD_OP_2RST_QP, NULL, 0), ST_OK);
	vf_connect_qp(vf, &p.qp[0], p.qp[1].id, 1);
	vf_connect_qp(vf, &p.qp[1], p.qp[0].id, 1);
	for (i = 0; i < 5; i++) {
		vf_arm_cq(vf, &cq, false);
		vf_post_recv(vf, &p.qp[1], p.mr[1].va, 64, p.mr[1].key);
		vf_send(vf, &p.qp[0], WQE_SEND, 0, 0, &p.mr[0], 0, 8);
		vf_wait_cqe(vf, &cq);
		cq.sn++;
	}
	EXPECT(strstr(vf_control(vf, "stats"), "\"events\":2,\"overruns\":3"));
}

static void link_down(struct vf *vf)
{
	struct pair p;
	u8 *eqe;

	setup(vf, &p);
	ok(vf, "link down");
	eqe = vf_wait_eqe(vf, &vf->async_eq);
	EXPECT_EQ(eqe[EQE_TYPE], EV_PORT_CHANGE);
	EXPECT_EQ(eqe[EQE_SUBTYPE], PORT_DOWN);
	EXPECT_EQ(eqe[EQE_DATA + 8] >> 4, 1);
	vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 0, 8);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ_ERR, p.qp[0].id, SYN_RETRY_EXC);
	ok(vf, "link up");
	eqe = vf_wait_eqe(vf, &vf->async_eq);
	EXPECT_EQ(eqe[EQE_SUBTYPE], PORT_ACTIVE);
}

static void fatal(struct vf *vf)
{
	struct pair p;
	int i;

	setup(vf, &p);
	ok(vf, "fatal");
	EXPECT_EQ(vf_read32(vf, ISEG_HEALTH_RFR), BIT(31));
	EXPECT_EQ(vf_read32(vf, ISEG_HEALTH_SYND) >> 16, 1);
	vf_write32(vf, ISEG_CMD_DBELL, 1);
	for (i = 0; (vf_read32(vf, ISEG_CMDQ_L) >> 8 & 7) != NIC_DISABLED; i++) {
		EXPECT(i < 1000);
		usleep(1000);
	}
	EXPECT_EQ(vf_read32(vf, ISEG_HEALTH_RFR), BIT(31));
	EXPECT_EQ(vf_read32(vf, ISEG_HEALTH_SYND) >> 16, 1);
	vf->next = GUEST_LOW;
	setup(vf, &p);
	EXPECT_EQ(vf_read32(vf, ISEG_HEALTH_RFR), 0);
	EXPECT_EQ(vf_read32(vf, ISEG_HEALTH_SYND), 0);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 64, p.mr[1].key);
	vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 0, 8);
	cqe_check(vf_wait_cqe(vf, &p.cq[1]), CQE_OP_RESP_SEND, p.qp[1].id, 0);
}

static void removal(struct vf *vf)
{
	struct pair p;

	setup(vf, &p);
	ok(vf, "remove");
	EXPECT_EQ(vf_read32(vf, ISEG_HEALTH_FW_VER), 0xffffffff);
	vf_write32(vf, ISEG_CMD_DBELL, 1);
	EXPECT_EQ(vf_read32(vf, ISEG_CMDQ_L), 0xffffffff);
}

/* The client is thrown out, comes back, and finds a device as new. */
static void disconnect(struct vf *vf)
{
	struct pair p;
	u8 byte;
	u32 i;

	setup(vf, &p);
	ok(vf, "disconnect");
	EXPECT(read(vf->sock, &byte, 1) <= 0);
	close(vf->sock);
	for (i = 0; i <= vf->opt.vectors; i++)
		close(vf->irq[i]);
	vf_connect(vf);
	setup(vf, &p);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 64, p.mr[1].key);
	vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 0, 8);
	cqe_check(vf_wait_cqe(vf, &p.cq[1]), CQE_OP_RESP_SEND, p.qp[1].id, 0);
}

static void reset(struct vf *vf)
{
	struct pair p;
	int i;

	for (i = 0; i < 3; i++) {
		vf->next = GUEST_LOW;
		setup(vf, &p);
		/* With a message that waits */
		vf_send(vf, &p.qp[0], WQE_SEND, CE, 0, &p.mr[0], 0, 8);
		EXPECT_EQ(vf_message(vf, 13, NULL, 0, NULL, 0, NULL, 0), 0);
		EXPECT_EQ(vf_read32(vf, ISEG_CMDQ_H), 0);
	}
}

static void page_request(struct vf *vf)
{
	u8 *eqe;

	vf_init(vf);
	ok(vf, "pages -5");
	eqe = vf_wait_eqe(vf, &vf->page_eq);
	EXPECT_EQ(eqe[EQE_TYPE], EV_PAGE_REQUEST);
	EXPECT_EQ((s32)get_be32(eqe + EQE_DATA + 4), -5);
}

static void clear(struct vf *vf)
{
	int i;

	vf_init(vf);
	for (i = 0; i < MAX_RULES; i++)
		okf(vf, "cmd-fail %u 0x8 9", MLX5_CMD_OP_ALLOC_PD);
	EXPECT(!strncmp(vf_control(vf, "cmd-timeout all"), "error", 5));
	ok(vf, "clear");
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_ALLOC_PD, 0, 0, 0, NULL), ST_OK);
}

int main(void)
{
	static const struct test tests[] = {
		T(control_socket), T(irq_drop), T(irq_delay), T(cqe_delay), T(cqe_error),
		T(cmd_fails), T(cmd_is_ignored), T(cmd_is_busy), T(eq_overflow),
		T(eq_really_full), T(link_down), T(fatal), T(removal), T(disconnect), T(reset),
		T(page_request), T(clear),
	};

	return test_main("faults", tests, ARRAY_SIZE(tests));
}
