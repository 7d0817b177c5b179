// SPDX-License-Identifier: GPL-2.0
/*
 * The completion queues, as the RDMA core tells of them over netlink. Which vector
 * reports one is among what its driver adds: a name and a number, one after the other.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <rdma/rdma_netlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fastwake.h"

static const char usage[] =
	"Usage: fastwake cq [ show ] [ dev DEV ] [ pid PID ]\n"
	"\n"
	"The completion queues of all RDMA devices, or of one; of all programs, or of one.\n"
	"vector and cpu are missing where no completion vector reports the CQ, as with one\n"
	"of the kernel over rxe or siw.\n";

static int run_cq_show(char **args);

static int run_help(char **args)
{
	(void)args;
	fputs(usage, stdout);
	return 0;
}

static const struct command commands[] = {
	{ "show", run_cq_show },
	{ "help", run_help },
	{ NULL, NULL }
};

static const struct level level = { " cq", "Command", usage, commands };

/* --- netlink --------------------------------------------------------------------- */

struct device {
	char name[64];
	uint32_t index;
};

struct query {
	struct mnl_socket *nl;
	unsigned int seq;
	const char *device;	/* or null for all */
	uint32_t pid;		/* or 0 */
	struct device *devices;
	size_t nr_devices;
};

static void query_open(struct query *q)
{
	q->nl = mnl_socket_open2(NETLINK_RDMA, SOCK_CLOEXEC);
	if (!q->nl)
		refused(errno == EPROTONOSUPPORT ?
			"this kernel has no RDMA; maybe the module ib_core is missing" :
			"cannot ask the kernel for RDMA devices: %m");
	if (mnl_socket_bind(q->nl, 0, MNL_SOCKET_AUTOPID))
		refused("cannot ask the kernel for RDMA devices: %m");
	q->seq = time(NULL);
}

/*
 * Dump @command, of the device @index if there is one; @each is called for what the
 * kernel tells. 0, or an errno.
 */
static int query_dump(struct query *q, int command, const uint32_t *index, mnl_cb_t each)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	unsigned int port = mnl_socket_get_portid(q->nl);
	ssize_t n;
	int ret;

	msg->nlmsg_type = RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, command);
	msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP;
	msg->nlmsg_seq = ++q->seq;
	if (index)
		mnl_attr_put_u32(msg, RDMA_NLDEV_ATTR_DEV_INDEX, *index);
	if (mnl_socket_sendto(q->nl, msg, msg->nlmsg_len) < 0)
		return errno;
	do {
		n = mnl_socket_recvfrom(q->nl, buf, sizeof(buf));
		if (n < 0)
			return errno;
		ret = mnl_cb_run(buf, n, q->seq, port, each, q);
	} while (ret > MNL_CB_STOP);
	return ret < 0 ? errno : 0;
}

/* The attributes in a message or a nest, by their type. */
static int by_type(const struct nlattr *attr, void *arg)
{
	const struct nlattr **tb = arg;

	if (mnl_attr_get_type(attr) < RDMA_NLDEV_ATTR_MAX)
		tb[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static int add_device(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *tb[RDMA_NLDEV_ATTR_MAX] = { NULL };
	struct query *q = arg;
	struct device *d;

	mnl_attr_parse(msg, 0, by_type, tb);
	if (!tb[RDMA_NLDEV_ATTR_DEV_INDEX] || !tb[RDMA_NLDEV_ATTR_DEV_NAME])
		return MNL_CB_ERROR;
	if (q->device && strcmp(q->device, mnl_attr_get_str(tb[RDMA_NLDEV_ATTR_DEV_NAME])))
		return MNL_CB_OK;
	d = reallocarray(q->devices, q->nr_devices + 1, sizeof(*d));
	if (!d)
		refused("no memory");
	q->devices = d;
	d += q->nr_devices++;
	snprintf(d->name, sizeof(d->name), "%s", mnl_attr_get_str(tb[RDMA_NLDEV_ATTR_DEV_NAME]));
	d->index = mnl_attr_get_u32(tb[RDMA_NLDEV_ATTR_DEV_INDEX]);
	return MNL_CB_OK;
}

/* --- CQs -------------------------------------------------------------------------- */

/* A number that the driver tells; false if it does not. */
static bool driver_number(const struct nlattr *table, const char *name, uint32_t *number)
{
	const struct nlattr *attr;
	bool is_next = false;

	mnl_attr_for_each_nested(attr, table) {
		switch (mnl_attr_get_type(attr)) {
		case RDMA_NLDEV_ATTR_DRIVER_STRING:
			is_next = !strcmp(mnl_attr_get_str(attr), name);
			break;
		case RDMA_NLDEV_ATTR_DRIVER_U32:
			if (is_next) {
				*number = mnl_attr_get_u32(attr);
				return true;
			}
			break;
		}
	}
	return false;
}

static void show_driver(const struct nlattr *table)
{
	uint32_t vector, cpu;

	if (!table || !driver_number(table, "comp_vector", &vector) ||
	    !driver_number(table, "cpu", &cpu))
		return;
	out_number("vector", vector);
	out_number("cpu", cpu);
}

static void show_owner(const struct nlattr **tb)
{
	char file[sizeof("/proc/4294967295/comm")], comm[MAX_TEXT];
	uint32_t pid;

	if (tb[RDMA_NLDEV_ATTR_RES_KERN_NAME]) {
		snprintf(comm, sizeof(comm), "[%s]",
			 mnl_attr_get_str(tb[RDMA_NLDEV_ATTR_RES_KERN_NAME]));
		out_string("comm", comm);
	} else if (tb[RDMA_NLDEV_ATTR_RES_PID]) {
		pid = mnl_attr_get_u32(tb[RDMA_NLDEV_ATTR_RES_PID]);
		out_number("pid", pid);
		snprintf(file, sizeof(file), "/proc/%u/comm", pid);
		/* It may be gone. */
		if (!read_line(comm, file))
			out_string("comm", comm);
	}
}

static bool is_wanted(const struct query *q, const struct nlattr **tb)
{
	return !q->pid || (tb[RDMA_NLDEV_ATTR_RES_PID] &&
			   mnl_attr_get_u32(tb[RDMA_NLDEV_ATTR_RES_PID]) == q->pid);
}

static void show_cq(const struct query *q, const char *device, const struct nlattr *entry)
{
	const struct nlattr *tb[RDMA_NLDEV_ATTR_MAX] = { NULL };

	mnl_attr_parse_nested(entry, by_type, tb);
	if (!is_wanted(q, tb))
		return;
	out_item();
	out_string("dev", device);
	if (tb[RDMA_NLDEV_ATTR_RES_CQN])
		out_number("cqn", mnl_attr_get_u32(tb[RDMA_NLDEV_ATTR_RES_CQN]));
	if (tb[RDMA_NLDEV_ATTR_RES_CQE])
		out_number("cqe", mnl_attr_get_u32(tb[RDMA_NLDEV_ATTR_RES_CQE]));
	show_owner(tb);
	show_driver(tb[RDMA_NLDEV_ATTR_DRIVER]);
	out_item_end();
}

static int show_cqs(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *tb[RDMA_NLDEV_ATTR_MAX] = { NULL };
	const struct nlattr *entry;

	mnl_attr_parse(msg, 0, by_type, tb);
	if (!tb[RDMA_NLDEV_ATTR_DEV_NAME] || !tb[RDMA_NLDEV_ATTR_RES_CQ])
		return MNL_CB_OK;
	mnl_attr_for_each_nested(entry, tb[RDMA_NLDEV_ATTR_RES_CQ])
		show_cq(arg, mnl_attr_get_str(tb[RDMA_NLDEV_ATTR_DEV_NAME]), entry);
	return MNL_CB_OK;
}

static void show(const char *device, uint32_t pid)
{
	struct query q = { .device = device, .pid = pid };
	size_t i;
	int error;

	query_open(&q);
	error = query_dump(&q, RDMA_NLDEV_CMD_GET, NULL, add_device);
	if (error)
		refused("the kernel does not list its RDMA devices: %s", strerror(error));
	if (device && !q.nr_devices)
		refused("there is no RDMA device \"%s\"", device);

	out_begin();
	for (i = 0; i < q.nr_devices; i++) {
		error = query_dump(&q, RDMA_NLDEV_CMD_RES_CQ_GET, &q.devices[i].index, show_cqs);
		/* EINVAL: it has gone meanwhile. */
		if (error && error != EINVAL)
			refused("the kernel does not list the CQs of %s: %s", q.devices[i].name,
				strerror(error));
	}
	out_end();
	free(q.devices);
	mnl_socket_close(q.nl);
}

static uint32_t parse_pid(const char *value)
{
	unsigned long pid;
	char *end;

	errno = 0;
	pid = strtoul(value, &end, 10);
	if (!*value || strspn(value, "0123456789") != strlen(value) || errno || !pid ||
	    pid > INT32_MAX)
		bad_syntax("argument \"%s\" is wrong: pid takes the number of a process.", value);
	return pid;
}

static int run_cq_show(char **args)
{
	const char *device = NULL;
	uint32_t pid = 0;

	while (*args) {
		if (word_is(*args, "help"))
			return run_help(args);
		if (word_is(*args, "dev")) {
			if (device)
				bad_syntax("duplicate \"dev\".");
			device = take_value(&args);
		} else if (word_is(*args, "pid")) {
			if (pid)
				bad_syntax("duplicate \"pid\".");
			pid = parse_pid(take_value(&args));
		} else {
			bad_word(&level, *args);
		}
	}
	show(device, pid);
	return 0;
}

int run_cq(char **args)
{
	/* What is to be shown can be said without "show". */
	if (*args && (word_is(*args, "dev") || word_is(*args, "pid")))
		return run_cq_show(args);
	return run_level(&level, args);
}
