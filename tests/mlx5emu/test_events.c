// SPDX-License-Identifier: GPL-2.0
/*
 * Completion and event queues: when there is an event, in which queue, and when
 * there is none.
 */
#include <unistd.h>

#include "test_lib.h"

static u32 comp_cqn(const u8 *eqe)
{
	EXPECT_EQ(eqe[EQE_TYPE], EV_COMP);
	return get_be32(eqe + EQE_DATA + 24) & 0xffffff;
}

/* One message to the second of a pair, which gets a completion */
static void deliver(struct vf *vf, struct pair *p, u8 flags)
{
	vf_post_recv(vf, &p->qp[1], p->mr[1].va, 64, p->mr[1].key);
	vf_send(vf, &p->qp[0], WQE_SEND, flags, 0, &p->mr[0], 0, 8);
}

static void setup(struct vf *vf, struct pair *p)
{
	vf_init(vf);
	pair_make(vf, p, QPT_RC);
}

static void arm_next(struct vf *vf)
{
	struct pair p;

	setup(vf, &p);
	deliver(vf, &p, 0);
	EXPECT(!vf_next_eqe(vf, &p.eq[1]));
	vf_wait_cqe(vf, &p.cq[1]);
	vf_arm_cq(vf, &p.cq[1], false);
	EXPECT(!vf_next_eqe(vf, &p.eq[1]));
	deliver(vf, &p, 0);
	EXPECT_EQ(comp_cqn(vf_wait_eqe(vf, &p.eq[1])), p.cq[1].id);
	EXPECT(vf_irq_wait(vf, 2, 1000));
	/* Fired: no more until it is armed again. */
	deliver(vf, &p, 0);
	EXPECT(!vf_next_eqe(vf, &p.eq[1]));
}

/* What came before the request, and was not read, counts. */
static void arm_late(struct vf *vf)
{
	struct pair p;

	setup(vf, &p);
	deliver(vf, &p, 0);
	vf_arm_cq(vf, &p.cq[1], false);
	EXPECT_EQ(comp_cqn(vf_wait_eqe(vf, &p.eq[1])), p.cq[1].id);
	/* But only once: what was told of is not told of again. */
	p.cq[1].sn++;
	vf_arm_cq(vf, &p.cq[1], false);
	EXPECT(!vf_next_eqe(vf, &p.eq[1]));
	deliver(vf, &p, 0);
	EXPECT_EQ(comp_cqn(vf_wait_eqe(vf, &p.eq[1])), p.cq[1].id);
}

static void arm_solicited(struct vf *vf)
{
	struct pair p;

	setup(vf, &p);
	vf_arm_cq(vf, &p.cq[1], true);
	deliver(vf, &p, 0);
	EXPECT(!vf_next_eqe(vf, &p.eq[1]));
	deliver(vf, &p, WQE_SOLICITED);
	EXPECT_EQ(comp_cqn(vf_wait_eqe(vf, &p.eq[1])), p.cq[1].id);
	/* An error is as good as solicited. */
	p.cq[1].sn++;
	vf_arm_cq(vf, &p.cq[1], true);
	vf_post_recv(vf, &p.qp[1], p.mr[1].va, 64, p.mr[1].key);
	EXPECT_EQ(vf_modify_qp(vf, &p.qp[1], MLX5_CMD_OP_2ERR_QP, NULL, 0), ST_OK);
	EXPECT_EQ(comp_cqn(vf_wait_eqe(vf, &p.eq[1])), p.cq[1].id);
}

static void arm_upgrade(struct vf *vf)
{
	struct pair p;

	setup(vf, &p);
	vf_arm_cq(vf, &p.cq[1], true);
	vf_arm_cq(vf, &p.cq[1], false);
	deliver(vf, &p, 0);
	EXPECT_EQ(comp_cqn(vf_wait_eqe(vf, &p.eq[1])), p.cq[1].id);
}

static void arm_stale(struct vf *vf)
{
	struct pair p;

	setup(vf, &p);
	vf_arm_cq(vf, &p.cq[1], false);
	deliver(vf, &p, 0);
	vf_wait_eqe(vf, &p.eq[1]);
	/* As if the guest had not seen the event yet */
	vf_arm_cq(vf, &p.cq[1], false);
	deliver(vf, &p, 0);
	EXPECT(!vf_next_eqe(vf, &p.eq[1]));
	EXPECT(strstr(vf_control(vf, "stats"), "\"stale_arms\":1"));
	p.cq[1].sn++;
	vf_arm_cq(vf, &p.cq[1], false);
	EXPECT_EQ(comp_cqn(vf_wait_eqe(vf, &p.eq[1])), p.cq[1].id);
}

static void eq_arming(struct vf *vf)
{
	struct pair p;
	int i;

	setup(vf, &p);
	EXPECT(!vf_irq_wait(vf, 2, 0));
	/* An unarmed queue gets events, and no interrupt. */
	for (i = 0; i < 3; i++) {
		vf_arm_cq(vf, &p.cq[1], false);
		deliver(vf, &p, 0);
		p.cq[1].sn++;
		EXPECT_EQ(vf_irq_wait(vf, 2, 0), !i);
	}
	for (i = 0; i < 2; i++)
		EXPECT_EQ(comp_cqn(vf_wait_eqe(vf, &p.eq[1])), p.cq[1].id);
	/* Told without arming; then armed with one left to read */
	vf_write32(vf, (u64)vf->uar * ADAPTER_PAGE + UAR_EQ_UPDATE,
		   p.eq[1].id << 24 | p.eq[1].ci);
	vf_doorbell_sync(vf);
	EXPECT(!vf_irq_wait(vf, 2, 0));
	vf_arm_eq(vf, &p.eq[1]);
	EXPECT(vf_irq_wait(vf, 2, 1000));
	vf_wait_eqe(vf, &p.eq[1]);
	vf_arm_eq(vf, &p.eq[1]);
	EXPECT(!vf_irq_wait(vf, 2, 0));
}

static void eq_wraps(struct vf *vf)
{
	struct pair p;
	int i;

	setup(vf, &p);
	for (i = 0; i < 500; i++) {
		vf_arm_cq(vf, &p.cq[1], false);
		deliver(vf, &p, 0);
		EXPECT_EQ(comp_cqn(vf_wait_eqe(vf, &p.eq[1])), p.cq[1].id);
		vf_arm_eq(vf, &p.eq[1]);
		vf_wait_cqe(vf, &p.cq[1]);
		p.cq[1].sn++;
	}
}

static void doorbell_in_halves(struct vf *vf)
{
	struct pair p;
	u64 at;

	setup(vf, &p);
	at = (u64)vf->uar * ADAPTER_PAGE + UAR_CQ_ARM;
	deliver(vf, &p, 0);
	vf_write32(vf, at, 0);
	vf_write32(vf, at + 4, p.cq[1].id);
	EXPECT_EQ(comp_cqn(vf_wait_eqe(vf, &p.eq[1])), p.cq[1].id);
}

static void foreign_doorbell(struct vf *vf)
{
	struct pair p;
	u32 other;

	setup(vf, &p);
	other = vf_number(vf, MLX5_CMD_OP_ALLOC_UAR);
	deliver(vf, &p, 0);
	vf_write64(vf, (u64)other * ADAPTER_PAGE + UAR_CQ_ARM, 0, p.cq[1].id);
	vf_write64(vf, (u64)(other + 1) * ADAPTER_PAGE + UAR_CQ_ARM, 0, p.cq[1].id);
	vf_write64(vf, (u64)vf->uar * ADAPTER_PAGE + UAR_CQ_ARM, 0, 0xffffff);
	vf_doorbell_sync(vf);
	EXPECT(!vf_next_eqe(vf, &p.eq[1]));
	EXPECT(strstr(vf_control(vf, "stats"), "\"mmio_bad\":3"));
}

static void big_entries(struct vf *vf)
{
	struct ring cq;
	struct pair p;
	u8 *cqe;

	setup(vf, &p);
	EXPECT_EQ(vf_create_cq(vf, &cq, 3, 128, p.eq[0].id), ST_OK);
	EXPECT_EQ(vf_create_qp(vf, &p.qp[1], QPT_RC, &cq, &cq, 0), ST_OK);
	EXPECT_EQ(vf_modify_qp(vf, &p.qp[0], MLX5_CMD_OP_2RST_QP, NULL, 0), ST_OK);
	p.qp[0].sq_pi = 0;
	vf_connect_qp(vf, &p.qp[0], p.qp[1].id, 1);
	vf_connect_qp(vf, &p.qp[1], p.qp[0].id, 1);
	deliver(vf, &p, 0);
	cqe = vf_wait_cqe(vf, &cq);
	cqe_check(cqe, CQE_OP_RESP_SEND, p.qp[1].id, 0);
	EXPECT_EQ((u64)(cqe - vf->mem) % 128, 64);
}

static void only_small_entries(struct vf *vf)
{
	struct ring cq;

	vf_init(vf);
	EXPECT_EQ(vf_create_cq(vf, &cq, 3, 128, vf->async_eq.id), ST_BAD_PARAM);
	EXPECT_EQ(vf_create_cq(vf, &cq, 3, 64, vf->async_eq.id), ST_OK);
}

static void overrun(struct vf *vf)
{
	struct ring cq;
	struct pair p;
	u8 *eqe;
	int i;

	setup(vf, &p);
	EXPECT_EQ(vf_create_cq(vf, &cq, 2, 64, p.eq[0].id), ST_OK);
	EXPECT_EQ(vf_create_qp(vf, &p.qp[1], QPT_RC, &cq, &cq, 0), ST_OK);
	EXPECT_EQ(vf_modify_qp(vf, &p.qp[0], MLX5_CMD_OP_2RST_QP, NULL, 0), ST_OK);
	vf_connect_qp(vf, &p.qp[0], p.qp[1].id, 1);
	vf_connect_qp(vf, &p.qp[1], p.qp[0].id, 1);
	for (i = 0; i < 4; i++)
		deliver(vf, &p, 0);
	EXPECT(!vf_next_eqe(vf, &vf->async_eq));
	deliver(vf, &p, 0);
	eqe = vf_wait_eqe(vf, &vf->async_eq);
	EXPECT_EQ(eqe[EQE_TYPE], EV_CQ_ERROR);
	EXPECT_EQ(get_be32(eqe + EQE_DATA), cq.id);
	EXPECT_EQ(eqe[EQE_DATA + 11], CQ_ERR_OVERRUN);
	eqe = vf_wait_eqe(vf, &vf->async_eq);
	EXPECT_EQ(eqe[EQE_TYPE], EV_WQ_CATAS);
	EXPECT_EQ(get_be32(eqe + EQE_DATA + 24), p.qp[1].id);
	cqe_check_error(vf_wait_cqe(vf, &p.cq[0]), CQE_OP_REQ_ERR, p.qp[0].id, SYN_REMOTE_OP);
}

static void moderation_count(struct vf *vf)
{
	struct pair p;
	int i;

	setup(vf, &p);
	EXPECT_EQ(vf_modify_cq(vf, &p.cq[1], 3, 0, 3, 0), ST_OK);
	vf_arm_cq(vf, &p.cq[1], false);
	for (i = 0; i < 3; i++) {
		EXPECT(!vf_next_eqe(vf, &p.eq[1]));
		deliver(vf, &p, 0);
	}
	EXPECT_EQ(comp_cqn(vf_wait_eqe(vf, &p.eq[1])), p.cq[1].id);
}

static void moderation_period(struct vf *vf)
{
	long long start;
	struct pair p;
	u8 *early;

	setup(vf, &p);
	/* The longest period is four milliseconds. */
	EXPECT_EQ(vf_modify_cq(vf, &p.cq[1], 3, 4000, 100, 0), ST_OK);
	vf_arm_cq(vf, &p.cq[1], false);
	start = test_now();
	deliver(vf, &p, 0);
	early = vf_next_eqe(vf, &p.eq[1]);
	EXPECT(!early || test_now() - start > 3);
	if (!early)
		EXPECT_EQ(comp_cqn(vf_wait_eqe(vf, &p.eq[1])), p.cq[1].id);
	/* Switched off while it holds an event back: that one comes. */
	p.cq[1].sn++;
	EXPECT_EQ(vf_modify_cq(vf, &p.cq[1], 3, 0, 100, 0), ST_OK);
	vf_arm_cq(vf, &p.cq[1], false);
	deliver(vf, &p, 0);
	EXPECT(!vf_next_eqe(vf, &p.eq[1]));
	EXPECT_EQ(vf_modify_cq(vf, &p.cq[1], 3, 0, 0, 0), ST_OK);
	EXPECT_EQ(comp_cqn(vf_wait_eqe(vf, &p.eq[1])), p.cq[1].id);
}

static void resize(struct vf *vf)
{
	u32 sizes[] = { 7, 5, 6 }, i;
	struct pair p;
	int k;

	setup(vf, &p);
	for (i = 0; i < 3; i++) {
		for (k = 0; k < 40; k++) {
			deliver(vf, &p, 0);
			cqe_check(vf_wait_cqe(vf, &p.cq[1]), CQE_OP_RESP_SEND, p.qp[1].id,
				  (p.qp[1].rq_pi - 1) & 31);
		}
		/* With some to be moved */
		for (k = 0; k < 5; k++)
			deliver(vf, &p, 0);
		EXPECT_EQ(vf_resize_cq(vf, &p.cq[1], sizes[i]), ST_OK);
		for (k = 0; k < 5; k++)
			cqe_check(vf_wait_cqe(vf, &p.cq[1]), CQE_OP_RESP_SEND, p.qp[1].id,
				  (p.qp[1].rq_pi - 5 + (u32)k) & 31);
	}
	for (k = 0; k < 10; k++)
		deliver(vf, &p, 0);
	EXPECT_EQ(vf_resize_cq(vf, &p.cq[1], 3), ST_OUTS_CQES);
}

static void remap(struct vf *vf)
{
	u8 in[16] = { 0 }, out[IFC_SZ(query_cq_out)];
	struct pair p;

	setup(vf, &p);
	EXPECT_EQ(vf_modify_cq(vf, &p.cq[1], 8, 0, 0, p.eq[0].id), ST_OK);
	IFC_SET(query_cq_in, in, opcode, MLX5_CMD_OP_QUERY_CQ);
	IFC_SET(query_cq_in, in, cqn, p.cq[1].id);
	EXPECT_EQ(vf_cmd(vf, in, sizeof(in), out, sizeof(out)), ST_OK);
	EXPECT_EQ(IFC_GET(cqc, IFC_AT(query_cq_out, out, cq_context), c_eqn_or_apu_element),
		  p.eq[0].id);
	vf_arm_cq(vf, &p.cq[1], false);
	deliver(vf, &p, 0);
	EXPECT_EQ(comp_cqn(vf_wait_eqe(vf, &p.eq[0])), p.cq[1].id);
	EXPECT(!vf_next_eqe(vf, &p.eq[1]));
	EXPECT_EQ(vf_modify_cq(vf, &p.cq[1], 8, 0, 0, 200), ST_BAD_RES);
	/* The queue that it left can be destroyed, the one that it uses cannot. */
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_DESTROY_EQ, 0, p.eq[1].id, 0, NULL), ST_OK);
	EXPECT_EQ(vf_simple(vf, MLX5_CMD_OP_DESTROY_EQ, 0, p.eq[0].id, 0, NULL), ST_BAD_RES_STATE);
}

static void remap_not_offered(struct vf *vf)
{
	struct pair p;

	setup(vf, &p);
	EXPECT_EQ(vf_modify_cq(vf, &p.cq[1], 8, 0, 0, p.eq[0].id), ST_BAD_PARAM);
}

/*
 * Remaps while events are raised: each is in one of the two queues, none is lost
 * and none doubled. Both queues must get some, or the test tests nothing.
 */
static void remap_in_flight(struct vf *vf)
{
	u32 events = 0, i, k, old[2] = { 0 }, to = 0;
	u8 in[IFC_SZ(modify_cq_in)] = { 0 };
	long long end;
	u8 *slot, *eqe;
	struct pair p;

	setup(vf, &p);
	slot = vf_ptr(vf, vf->cmdq);
	for (i = 0; i < 200; i++) {
		u64 box = vf_alloc(vf, MBOX_ALIGN);
		u8 *b = vf_ptr(vf, box);
		u8 *ctx = IFC_AT(modify_cq_in, in, cq_context);
		u8 x = 0;

		/* A command that is left under way */
		vf->next = box;
		IFC_SET(modify_cq_in, in, opcode, MLX5_CMD_OP_MODIFY_CQ);
		IFC_SET(modify_cq_in, in, cqn, p.cq[1].id);
		put_be32(in + 12, 8);
		IFC_SET(cqc, ctx, c_eqn_or_apu_element, p.eq[to].id);
		memset(slot, 0, CMD_SIZE);
		memset(b, 0, MBOX_SIZE);
		memcpy(b, in + 16, sizeof(in) - 16);
		slot[CMD_TYPE] = CMD_TYPE_PCI;
		put_be32(slot + CMD_INLEN, sizeof(in));
		put_be32(slot + CMD_OUTLEN, 16);
		put_be64(slot + CMD_IN_PTR, box);
		memcpy(slot + CMD_IN, in, 16);
		slot[CMD_STATUS_OWN] = 1;
		for (k = 0; k < CMD_SIZE; k++)
			x ^= slot[k];
		slot[CMD_SIG] = ~x;
		vf_write32(vf, ISEG_CMD_DBELL, 1);
		do {
			vf_arm_cq(vf, &p.cq[1], false);
			deliver(vf, &p, 0);
			p.cq[1].sn++;
			events++;
			vf_wait_cqe(vf, &p.cq[1]);
			/* The device writes the completion before its event. */
			for (end = test_now() + vf->patience_ms; events && test_now() < end;) {
				for (k = 0; k < 2; k++) {
					while ((eqe = vf_next_eqe(vf, &p.eq[k]))) {
						EXPECT_EQ(comp_cqn(eqe), p.cq[1].id);
						events--;
						old[k == to]++;
						vf_arm_eq(vf, &p.eq[k]);
					}
				}
			}
			EXPECT_EQ(events, 0);
		} while (slot[CMD_STATUS_OWN] & 1);
		EXPECT_EQ(slot[CMD_OUT], ST_OK);
		to = !to;
	}
	printf("# %u events in the old queue, %u in the new\n", old[0], old[1]);
	EXPECT(old[0] && old[1]);
	EXPECT(!vf_next_eqe(vf, &p.eq[0]) && !vf_next_eqe(vf, &p.eq[1]));
}

static void mask_of_types(struct vf *vf)
{
	vf_init(vf);
	EXPECT(!strcmp(vf_control(vf, "pages 3"), "ok"));
	EXPECT_EQ(vf_wait_eqe(vf, &vf->page_eq)[EQE_TYPE], EV_PAGE_REQUEST);
	EXPECT(!vf_next_eqe(vf, &vf->async_eq));
	/* Commands since the queue for them was made have had theirs. */
	EXPECT_EQ(vf_wait_eqe(vf, &vf->cmd_eq)[EQE_TYPE], EV_CMD);
	EXPECT(vf_irq_wait(vf, 0, 1000));
}

int main(void)
{
	static const struct test tests[] = {
		T(arm_next), T(arm_late), T(arm_solicited), T(arm_upgrade), T(arm_stale),
		T(eq_arming), T(eq_wraps), T(doorbell_in_halves), T(foreign_doorbell),
		T(big_entries), T_OPT(only_small_entries, -1, 1, .cqe_sizes = 1),
		T(overrun), T(moderation_count), T(moderation_period), T(resize), T(remap),
		T_OPT(remap_not_offered, -1, 1, .no_eq_remap = true),
		T_OPT(remap_in_flight, 0, 1), T_OPT(remap_in_flight, 0, 2),
		T_OPT(remap_in_flight, 3, 3), T(mask_of_types),
	};

	return test_main("events", tests, ARRAY_SIZE(tests));
}
