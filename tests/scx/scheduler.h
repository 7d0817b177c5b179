/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A sched_ext scheduler, loaded and unloaded. It is nothing but a name and flags, as
 * "minimal" of the kernel's own selftests: without callbacks the kernel puts all of
 * its tasks into one queue. So there is no program to compile, and what is left of
 * libbpf's work is to find out how the kernel lays the structure out.
 */
#ifndef SCHEDULER_H
#define SCHEDULER_H

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KERNEL_TYPES "/sys/kernel/btf/vmlinux"
#define SCHED_EXT "/sys/kernel/sched_ext"
#define NO_SCHED_EXT "this kernel has no sched_ext"

/* Linux 6.4 and later; a C library's headers may be older. */
#define STRUCT_OPS_BY_LINK 0x2000		/* BPF_F_LINK */
#define ATTACH_STRUCT_OPS 44		/* BPF_STRUCT_OPS */

#define SCHEDULER_NAME "fastwake_test"

/* Only tasks of SCHED_EXT are its own, the others stay in the fair class. */
#define SWITCH_PARTIAL 8ULL	/* SCX_OPS_SWITCH_PARTIAL */

struct types {
	char *data;
	const char *names;
	const struct btf_type *first, *end;
};

static inline bool types_read(struct types *t)
{
	int fd = open(KERNEL_TYPES, O_RDONLY | O_CLOEXEC);
	const struct btf_header *header;
	struct stat st;
	ssize_t got;
	off_t size;

	t->data = NULL;
	if (fd < 0)
		return false;
	if (!fstat(fd, &st))
		t->data = malloc(st.st_size);
	for (size = 0; t->data && size < st.st_size; size += got) {
		got = read(fd, t->data + size, st.st_size - size);
		if (got <= 0)
			break;
	}
	close(fd);

	header = (void *)t->data;
	if (!header || size < st.st_size || header->magic != BTF_MAGIC)
		return false;
	t->names = t->data + header->hdr_len + header->str_off;
	t->first = (void *)(t->data + header->hdr_len + header->type_off);
	t->end = (void *)((char *)t->first + header->type_len);
	return true;
}

/* How much there is behind a type, see Documentation/bpf/btf.rst; -1: unknown kind. */
static inline int type_tail(const struct btf_type *type)
{
	int count = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return count * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return count * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return count * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return count * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return count * sizeof(struct btf_var_secinfo);
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	default:
		return -1;
	}
}

/* The structure of that name, and its id; NULL if there is none. */
static inline const struct btf_type *types_struct(struct types *t, const char *name, int *id)
{
	const struct btf_type *type = t->first;

	for (*id = 1; type < t->end && type_tail(type) >= 0; ++*id) {
		if (BTF_INFO_KIND(type->info) == BTF_KIND_STRUCT &&
		    !strcmp(t->names + type->name_off, name))
			return type;
		type = (void *)((char *)(type + 1) + type_tail(type));
	}
	return NULL;
}

/* Where in @value the member is, NULL if there is none. */
static inline void *member(struct types *t, const struct btf_type *type, const char *name,
			   void *value)
{
	const struct btf_member *m = (void *)(type + 1);
	const struct btf_member *end = m + BTF_INFO_VLEN(type->info);

	for (; value && m < end; m++) {
		if (!strcmp(t->names + m->name_off, name))
			return (char *)value + BTF_MEMBER_BIT_OFFSET(m->offset) / 8;
	}
	return NULL;
}

static inline int bpf_call(int command, union bpf_attr *attr)
{
	return syscall(__NR_bpf, command, attr, sizeof(*attr));
}

/*
 * A map of kernel types has to come with types of its own, though nothing refers to
 * them: one integer. Returns a file descriptor.
 */
static inline int load_own_types(void)
{
	static const struct {
		struct btf_header header;
		struct btf_type type;
		__u32 encoding;
		char names[8];
	} own = {
		.header = {
			.magic = BTF_MAGIC,
			.version = BTF_VERSION,
			.hdr_len = sizeof(own.header),
			.type_len = sizeof(own.type) + sizeof(own.encoding),
			.str_off = sizeof(own.type) + sizeof(own.encoding),
			.str_len = sizeof(own.names),
		},
		.type = { .name_off = 1, .info = BTF_KIND_INT << 24, .size = sizeof(int) },
		.encoding = 8 * sizeof(int),
		.names = "\0int",
	};
	union bpf_attr attr = { .btf = (unsigned long)&own, .btf_size = sizeof(own) };

	return bpf_call(BPF_BTF_LOAD, &attr);
}

/* The value that makes the scheduler; the caller frees it. NULL: no such thing here. */
static inline void *scheduler_value(struct types *t, unsigned long long flags,
				    union bpf_attr *map)
{
	const struct btf_type *whole, *ops;
	void *value, *data, *name, *flags_at;
	int id;

	ops = types_struct(t, "sched_ext_ops", &id);
	whole = types_struct(t, "bpf_struct_ops_sched_ext_ops", &id);
	if (!ops || !whole)
		return NULL;

	value = calloc(1, whole->size);
	data = member(t, whole, "data", value);
	name = member(t, ops, "name", data);
	flags_at = member(t, ops, "flags", data);
	if (!name || !flags_at) {
		free(value);
		return NULL;
	}
	memcpy(name, SCHEDULER_NAME, sizeof(SCHEDULER_NAME));
	memcpy(flags_at, &flags, sizeof(flags));

	map->map_type = BPF_MAP_TYPE_STRUCT_OPS;
	map->key_size = sizeof(int);
	map->value_size = whole->size;
	map->max_entries = 1;
	map->map_flags = STRUCT_OPS_BY_LINK;
	map->btf_vmlinux_value_type_id = id;
	return value;
}

/*
 * Loads it and returns a file descriptor, which keeps it loaded, at the longest until
 * the process and those that have inherited it end. -1 if it cannot be loaded, and stderr has why.
 */
static inline int scheduler_load(unsigned long long flags)
{
	union bpf_attr map = {}, set = {}, attach = {};
	const char *what = "reading " KERNEL_TYPES;
	int types_fd = -1, map_fd = -1, fd = -1;
	void *value = NULL;
	struct types t;
	int key = 0;

	if (types_read(&t)) {
		what = "looking for struct sched_ext_ops";
		value = scheduler_value(&t, flags, &map);
	}
	if (value) {
		what = "BPF_BTF_LOAD";
		types_fd = load_own_types();
	}
	if (types_fd >= 0) {
		what = "BPF_MAP_CREATE";
		map.btf_fd = types_fd;
		map_fd = bpf_call(BPF_MAP_CREATE, &map);
	}
	if (map_fd >= 0) {
		what = "BPF_MAP_UPDATE_ELEM";
		set.map_fd = map_fd;
		set.key = (unsigned long)&key;
		set.value = (unsigned long)value;
		if (!bpf_call(BPF_MAP_UPDATE_ELEM, &set)) {
			what = "BPF_LINK_CREATE";
			attach.link_create.prog_fd = map_fd;
			attach.link_create.attach_type = ATTACH_STRUCT_OPS;
			fd = bpf_call(BPF_LINK_CREATE, &attach);
		}
	}
	if (fd < 0)
		perror(what);
	if (types_fd >= 0)
		close(types_fd);
	if (map_fd >= 0)
		close(map_fd);
	free(value);
	free(t.data);
	return fd;
}

/* "enabled", "disabled", or what is in between; empty if there is no sched_ext. */
static inline bool scheduler_is(const char *state)
{
	char buf[32] = "";
	FILE *f = fopen(SCHED_EXT "/state", "re");

	if (f) {
		if (fscanf(f, "%31s", buf) != 1)
			buf[0] = '\0';
		fclose(f);
	}
	return !strcmp(buf, state);
}

/*
 * Unloads it, whatever child processes have inherited. False if the kernel had done so
 * before: it does when the scheduler has made a mistake, such as to leave a task
 * waiting for half a minute.
 */
static inline bool scheduler_unload(int fd)
{
	union bpf_attr detach = { .link_detach.link_fd = fd };
	bool ok = scheduler_is("enabled") && !bpf_call(BPF_LINK_DETACH, &detach);

	close(fd);
	return ok && scheduler_is("disabled");
}

#endif /* SCHEDULER_H */
