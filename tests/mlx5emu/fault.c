// SPDX-License-Identifier: GPL-2.0
/*
 * The control socket's commands: faults on demand, and statistics. A command is
 * a line, and so is its answer, which starts with "ok", "error" or "{".
 */
#include <stdlib.h>

#include "emu.h"

#define MAX_ARGS	5

/**
 * fault_take - whether a fault is to happen now
 * @e: the device
 * @kind: what kind of fault
 * @match: opcode or queue pair number
 * @value: where to put the fault's parameter, may be NULL
 *
 * Return: whether it is; then it is used up by one
 */
bool fault_take(struct emu *e, enum rule_kind kind, u32 match, u32 *value)
{
	struct rule *r;

	for (r = e->fault.rule; r < e->fault.rule + MAX_RULES; r++) {
		if (r->kind != kind || (r->match != match && r->match != MATCH_ALL))
			continue;
		if (value)
			*value = r->value;
		if (!--r->count)
			r->kind = RULE_NONE;
		e->fault.hits++;
		return true;
	}
	return false;
}

static const char *rule_add(struct emu *e, enum rule_kind kind, u32 match, u32 value, u32 count)
{
	struct rule *r;

	for (r = e->fault.rule; r < e->fault.rule + MAX_RULES; r++) {
		if (r->kind != RULE_NONE)
			continue;
		*r = (struct rule){ .kind = kind, .match = match, .value = value,
				    .count = max(count, 1U) };
		return NULL;
	}
	return "too many rules; \"clear\" removes all";
}

/* Decimal, hexadecimal with 0x, or "all" */
static u32 number(const char *s)
{
	if (!s)
		return 0;
	return strcmp(s, "all") ? (u32)strtoul(s, NULL, 0) : MATCH_ALL;
}

static const char *irq_rule(u32 vector, u32 value, u32 *array)
{
	u32 i;

	if (vector != MATCH_ALL && vector >= MAX_VECTORS)
		return "no such vector";
	for (i = 0; i < MAX_VECTORS; i++)
		if (vector == i || vector == MATCH_ALL)
			array[i] = value;
	return NULL;
}

static const char *do_irq_drop(struct emu *e, char **arg)
{
	return irq_rule(number(arg[0]), max(number(arg[1]), 1U), e->fault.irq_drop);
}

static const char *do_irq_delay(struct emu *e, char **arg)
{
	return irq_rule(number(arg[0]), number(arg[1]), e->fault.irq_delay_us);
}

static const char *do_cqe_delay(struct emu *e, char **arg)
{
	e->fault.wqe_delay_us = number(arg[0]);
	return NULL;
}

static const char *do_cqe_error(struct emu *e, char **arg)
{
	if (!number(arg[1]) || number(arg[1]) > 0xff)
		return "a syndrome is 1 to 0xff";
	return rule_add(e, RULE_CQE_ERROR, number(arg[0]), number(arg[1]), number(arg[2]));
}

/* Also with a status that says that nothing failed: then it is the device that lies. */
static const char *do_cmd_fail(struct emu *e, char **arg)
{
	if (!strcmp(arg[1], "ignore"))
		return rule_add(e, RULE_CMD_FAIL, number(arg[0]), ST_OK, number(arg[2]));
	if (!number(arg[1]) || number(arg[1]) > 0xff)
		return "a status is 1 to 0xff, or \"ignore\"";
	return rule_add(e, RULE_CMD_FAIL, number(arg[0]), number(arg[1]), number(arg[2]));
}

static const char *do_cmd_timeout(struct emu *e, char **arg)
{
	return rule_add(e, RULE_CMD_TIMEOUT, number(arg[0]), 0, number(arg[1]));
}

static const char *do_cmd_busy(struct emu *e, char **arg)
{
	return rule_add(e, RULE_CMD_BUSY, number(arg[0]), number(arg[1]), number(arg[2]));
}

static const char *do_eq_overflow(struct emu *e, char **arg)
{
	struct cq *cq = table_get(&e->cqs, number(arg[0]));

	if (!cq)
		return "no such completion queue";
	cq->overflow = max(number(arg[1]), 1U);
	return NULL;
}

static const char *do_link(struct emu *e, char **arg)
{
	if (strcmp(arg[0], "up") && strcmp(arg[0], "down"))
		return "up or down?";
	port_set(e, !strcmp(arg[0], "up"));
	return NULL;
}

static const char *do_wire_drop(struct emu *e, char **arg)
{
	e->fault.wire_drop = number(arg[0]);
	return NULL;
}

static const char *do_pages(struct emu *e, char **arg)
{
	return hca_request_pages(e, (int)strtol(arg[0], NULL, 0)) ? NULL : "nobody listens";
}

static const char *do_fatal(struct emu *e, char **arg)
{
	u32 syndrome = arg[0] ? number(arg[0]) : MLX5_INITIAL_SEG_HEALTH_SYNDROME_FW_INTERNAL_ERR;

	if (!syndrome || syndrome > 0xff)
		return "a syndrome is 1 to 0xff";
	hca_fatal(e, (u8)syndrome);
	return NULL;
}

static const char *do_remove(struct emu *e, char **arg)
{
	(void)arg;
	e->removed = true;
	return NULL;
}

static const char *do_disconnect(struct emu *e, char **arg)
{
	(void)arg;
	e->disconnect = true;
	return NULL;
}

static const char *do_clear(struct emu *e, char **arg)
{
	u32 hits = (u32)e->fault.hits, i;
	struct cq *cq;

	(void)arg;
	memset(&e->fault, 0, sizeof(e->fault));
	e->fault.hits = hits;
	table_for_each(&e->cqs, i, cq)
		cq->overflow = 0;
	cmd_answer_late(e);
	return NULL;
}

static const char *do_quit(struct emu *e, char **arg)
{
	(void)arg;
	e->quit = true;
	return NULL;
}

static const struct {
	const char *name;
	const char *args;
	u32 min_args;
	const char *(*fn)(struct emu *e, char **arg);
} control[] = {
	{ "irq-drop", "VECTOR|all [COUNT]", 1, do_irq_drop },
	{ "irq-delay", "VECTOR|all USEC", 2, do_irq_delay },
	{ "cqe-delay", "USEC", 1, do_cqe_delay },
	{ "cqe-error", "QPN|all SYNDROME [COUNT]", 2, do_cqe_error },
	{ "cmd-fail", "OPCODE|all STATUS|ignore [COUNT]", 2, do_cmd_fail },
	{ "cmd-timeout", "OPCODE|all [COUNT]", 1, do_cmd_timeout },
	{ "cmd-busy", "OPCODE|all MSEC [COUNT]", 2, do_cmd_busy },
	{ "eq-overflow", "CQN [COUNT]", 1, do_eq_overflow },
	{ "link", "up|down", 1, do_link },
	{ "wire-drop", "COUNT", 1, do_wire_drop },
	{ "pages", "N", 1, do_pages },
	{ "fatal", "[SYNDROME]", 0, do_fatal },
	{ "remove", "", 0, do_remove },
	{ "disconnect", "", 0, do_disconnect },
	{ "clear", "", 0, do_clear },
	{ "quit", "", 0, do_quit },
};

static void print_help(FILE *out)
{
	size_t i;

	fprintf(out, "ok help; stats");
	for (i = 0; i < ARRAY_SIZE(control); i++)
		fprintf(out, "; %s%s%s", control[i].name, *control[i].args ? " " : "",
			control[i].args);
	fputc('\n', out);
}

/**
 * fault_command - execute a line of the control socket
 * @e: the device
 * @line: the line, which is taken to pieces
 * @out: where the answer goes
 */
void fault_command(struct emu *e, char *line, FILE *out)
{
	char *arg[MAX_ARGS + 1] = { NULL }, *save = NULL;
	const char *name, *error;
	u32 n = 0;
	size_t i;

	name = strtok_r(line, " \t\r\n", &save);
	while (n < MAX_ARGS && (arg[n] = strtok_r(NULL, " \t\r\n", &save)))
		n++;
	if (!name || !strcmp(name, "help")) {
		print_help(out);
		return;
	}
	if (!strcmp(name, "stats")) {
		stats_print(e, out);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(control); i++) {
		if (strcmp(control[i].name, name))
			continue;
		if (n < control[i].min_args) {
			fprintf(out, "error usage: %s %s\n", name, control[i].args);
			return;
		}
		error = control[i].fn(e, arg);
		fprintf(out, error ? "error %s\n" : "ok\n", error);
		return;
	}
	fprintf(out, "error no such command; try \"help\"\n");
}
