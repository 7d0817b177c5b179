// SPDX-License-Identifier: GPL-2.0
/*
 * The client: starts a device, speaks vfio-user with it, and runs the tests.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test_lib.h"
#include "vfio_user.h"

/* Whoever takes longer hangs. */
#define TEST_SECONDS	180

jmp_buf test_failed;

void test_fail(const char *file, int line, const char *what, long long a, long long b)
{
	printf("# %s:%d: %s: %lld (%#llx), %lld (%#llx)\n", file, line, what, a,
	       (unsigned long long)a, b, (unsigned long long)b);
	longjmp(test_failed, 1);
}

long long test_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static FILE *corpus;

/* With MLX5EMU_CORPUS, each test leaves what it did there, as seed for the fuzzer. */
static void corpus_open(const char *suite, const char *test)
{
	const char *dir = getenv("MLX5EMU_CORPUS");
	char path[256];

	if (corpus)
		fclose(corpus);
	corpus = NULL;
	if (!dir)
		return;
	snprintf(path, sizeof(path), "%s/%s-%s", dir, suite, test);
	corpus = fopen(path, "we");
}

void corpus_record(enum record type, u32 word, const void *data, u32 len)
{
	u32 size = len + (u32)sizeof(word);
	u8 h[REC_HEADER] = { type, (u8)size, (u8)(size >> 8) };

	if (!corpus || size > 0xffff)
		return;
	fwrite(h, sizeof(h), 1, corpus);
	fwrite(&word, sizeof(word), 1, corpus);
	if (len)
		fwrite(data, len, 1, corpus);
}

static int stop;

static void on_term(int sig)
{
	__atomic_store_n(&stop, sig, __ATOMIC_RELAXED);
}

/* The device: what main() does, without its options. */
static void serve(const struct options *opt)
{
	static struct emu emu;
	struct sigaction sa = { .sa_handler = on_term };
	sigset_t block, mask;

	/* Does not outlive a test that was killed. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &mask);
	sigaction(SIGTERM, &sa, NULL);
	if (getenv("MLX5EMU_LOG"))
		log_level = (enum log_level)atoi(getenv("MLX5EMU_LOG"));
	emu_init(&emu, opt);
	emu.listener = unix_listen(opt->socket);
	emu.control_listener = unix_listen(opt->control);
	if (emu.listener < 0 || emu.control_listener < 0)
		_exit(2);
	loop_run(&emu, &stop, &mask);
	emu_free(&emu);
	exit(0);
}

static int unix_connect(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), i;

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	for (i = 0; i < 1000; i++) {
		if (!connect(fd, (struct sockaddr *)&sa, sizeof(sa)))
			return fd;
		usleep(5000);
	}
	EXPECT(!"connected");
	return -1;
}

void vf_start(struct vf *vf, const struct options *opt)
{
	int i;

	memset(vf, 0, sizeof(*vf));
	vf->patience_ms = 30000;
	vf->ack_timeout = 12;
	vf->opt = *opt;
	vf->opt.vectors = 4;
	if (!vf->opt.lid)
		vf->opt.lid = 1;
	if (!vf->opt.cqe_sizes)
		vf->opt.cqe_sizes = 3;
	if (vf->opt.eth)
		corpus_record(REC_LINK, 1, NULL, 0);
	snprintf(vf->dir, sizeof(vf->dir), "/tmp/mlx5emu-test-XXXXXX");
	EXPECT(mkdtemp(vf->dir));
	for (i = 0; i < 2; i++)
		snprintf(vf->path[i], sizeof(vf->path[i]), "%s/%d", vf->dir, i);
	vf->opt.socket = vf->path[0];
	vf->opt.control = vf->path[1];
	vf->sock = -1;
	vf->control = -1;
	for (i = 0; i < MAX_VECTORS; i++)
		vf->irq[i] = -1;
	fflush(stdout);
	vf->pid = fork();
	EXPECT(vf->pid >= 0);
	if (!vf->pid)
		serve(&vf->opt);
	vf_connect(vf);
	vf->control = unix_connect(vf->path[1]);
}

/* Without tests: it is called after a failed one. */
void vf_stop(struct vf *vf)
{
	int status = -1, i;

	if (vf->pid > 0) {
		kill(vf->pid, SIGTERM);
		waitpid(vf->pid, &status, 0);
	}
	vf->pid = 0;
	if (vf->sock >= 0)
		close(vf->sock);
	if (vf->control >= 0)
		close(vf->control);
	for (i = 0; i < MAX_VECTORS; i++)
		if (vf->irq[i] >= 0)
			close(vf->irq[i]);
	if (vf->mem)
		munmap(vf->mem, GUEST_MEM);
	for (i = 0; i < 2; i++)
		unlink(vf->path[i]);
	rmdir(vf->dir);
	EXPECT_EQ(status, 0);
}

static void xfer(int fd, void *buf, u32 len, bool out)
{
	u8 *p = buf;
	ssize_t n;

	while (len) {
		n = out ? send(fd, p, len, MSG_NOSIGNAL) : recv(fd, p, len, 0);
		EXPECT(n > 0);
		p += n;
		len -= (u32)n;
	}
}

/* Sends a message, and returns the error of the answer. */
int vf_message(struct vf *vf, u16 command, const void *body, u32 len, const int *fds, u32 nfds,
	       void *answer, u32 size)
{
	struct vfio_user_header h = { .id = ++vf->msg_id, .command = command,
				      .size = (u32)sizeof(h) + len };
	struct iovec iov[2] = { { &h, sizeof(h) }, { (void *)body, len } };
	char control[CMSG_SPACE(sizeof(int) * 16)] = { 0 };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	struct cmsghdr *c;

	if (nfds) {
		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
	}
	EXPECT_EQ(sendmsg(vf->sock, &m, MSG_NOSIGNAL), sizeof(h) + len);
	xfer(vf->sock, &h, sizeof(h), false);
	EXPECT_EQ(h.id, vf->msg_id);
	EXPECT_EQ(h.flags & VFIO_USER_F_TYPE, VFIO_USER_F_REPLY);
	EXPECT(h.size >= sizeof(h) && h.size - sizeof(h) <= size);
	if (h.size > sizeof(h))
		xfer(vf->sock, answer, h.size - (u32)sizeof(h), false);
	return h.flags & VFIO_USER_F_ERROR ? (int)h.error : 0;
}

static void map_one(struct vf *vf, int fd, u64 gpa, u64 offset, u64 size)
{
	struct vfio_user_dma_map d = {
		.argsz = sizeof(d),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.offset = offset,
		.addr = gpa,
		.size = size,
	};

	EXPECT_EQ(vf_message(vf, VFIO_USER_DMA_MAP, &d, sizeof(d), &fd, fd >= 0, NULL, 0), 0);
}

void vf_map_memory(struct vf *vf)
{
	int fd = memfd_create("guest", MFD_CLOEXEC);

	EXPECT(fd >= 0 && !ftruncate(fd, GUEST_MEM));
	vf->mem = mmap(NULL, GUEST_MEM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	EXPECT(vf->mem != MAP_FAILED);
	map_one(vf, fd, GUEST_LOW, 0, GUEST_MEM / 2);
	map_one(vf, fd, GUEST_HIGH, GUEST_MEM / 2, GUEST_MEM / 2);
	/* Somebody else's BAR: known, but no memory. */
	map_one(vf, -1, 0xe0000000ULL, 0, 0x100000);
	close(fd);
	vf->next = GUEST_LOW;
}

/* As QEMU does: agree on the version, give memory and interrupts. */
void vf_connect(struct vf *vf)
{
	static const char version[] = "\0\0\1\0{\"capabilities\":{\"max_msg_fds\":8}}";
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
	};
	u8 answer[256];
	u32 i;

	vf->sock = unix_connect(vf->path[0]);
	EXPECT_EQ(vf_message(vf, VFIO_USER_VERSION, version, sizeof(version), NULL, 0, answer,
			     sizeof(answer)), 0);
	EXPECT_EQ(answer[0] | answer[1], 0);
	EXPECT_EQ(vf_message(vf, VFIO_USER_DEVICE_RESET, NULL, 0, NULL, 0, NULL, 0), 0);
	vf_map_memory(vf);
	for (i = 0; i <= vf->opt.vectors; i++) {
		vf->irq[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		set.start = i;
		set.count = 1;
		EXPECT_EQ(vf_message(vf, VFIO_USER_DEVICE_SET_IRQS, &set, sizeof(set), &vf->irq[i],
				     1, NULL, 0), 0);
	}
}

u32 vf_read32(struct vf *vf, u64 offset)
{
	struct vfio_user_region r = { .offset = offset, .region = VFIO_PCI_BAR0_REGION_INDEX,
				      .count = 4 };
	u8 answer[sizeof(r) + 4];

	EXPECT_EQ(vf_message(vf, VFIO_USER_REGION_READ, &r, sizeof(r), NULL, 0, answer,
			     sizeof(answer)), 0);
	return get_be32(answer + sizeof(r));
}

static void bar_write_bytes(struct vf *vf, u64 offset, const void *data, u32 len)
{
	struct vfio_user_region r = { .offset = offset, .region = VFIO_PCI_BAR0_REGION_INDEX,
				      .count = len };
	u8 body[sizeof(r) + 8];

	memcpy(body, &r, sizeof(r));
	memcpy(body + sizeof(r), data, len);
	if (offset != ISEG_CMD_DBELL)
		corpus_record(REC_BAR, (u32)offset, data, len);
	EXPECT_EQ(vf_message(vf, VFIO_USER_REGION_WRITE, body, (u32)sizeof(r) + len, NULL, 0, &r,
			     sizeof(r)), 0);
}

void vf_write32(struct vf *vf, u64 offset, u32 value)
{
	u8 data[4];

	put_be32(data, value);
	bar_write_bytes(vf, offset, data, sizeof(data));
}

void vf_write64(struct vf *vf, u64 offset, u32 word0, u32 word1)
{
	u8 data[8];

	put_be32(data, word0);
	put_be32(data + 4, word1);
	bar_write_bytes(vf, offset, data, sizeof(data));
}

/* A write is answered before it takes effect; a read comes after both. */
void vf_doorbell_sync(struct vf *vf)
{
	vf_read32(vf, ISEG_FW_REV);
}

bool vf_irq_wait(struct vf *vf, u32 vector, int ms)
{
	struct pollfd p = { .fd = vf->irq[vector], .events = POLLIN };
	u64 n;

	if (poll(&p, 1, ms) <= 0)
		return false;
	EXPECT_EQ(read(vf->irq[vector], &n, sizeof(n)), sizeof(n));
	return true;
}

/* One command of the control socket, and its answer without the newline. */
const char *vf_control(struct vf *vf, const char *line)
{
	static char answer[1 << 20];
	u32 len = 0;
	ssize_t n;

	corpus_record(REC_CONTROL, 0, line, (u32)strlen(line));
	EXPECT_EQ(send(vf->control, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	EXPECT_EQ(send(vf->control, "\n", 1, MSG_NOSIGNAL), 1);
	do {
		n = recv(vf->control, answer + len, sizeof(answer) - 1 - len, 0);
		EXPECT(n > 0);
		len += (u32)n;
	} while (answer[len - 1] != '\n');
	answer[len - 1] = '\0';
	return answer;
}

u64 vf_alloc(struct vf *vf, u64 size)
{
	u64 at = vf->next;

	vf->next += (size + ADAPTER_PAGE - 1) / ADAPTER_PAGE * ADAPTER_PAGE;
	EXPECT(vf->next <= GUEST_LOW + GUEST_MEM / 2);
	memset(vf_ptr(vf, at), 0, vf->next - at);
	return at;
}

void *vf_ptr(struct vf *vf, u64 gpa)
{
	if (gpa >= GUEST_HIGH)
		return vf->mem + GUEST_MEM / 2 + (gpa - GUEST_HIGH);
	return vf->mem + (gpa - GUEST_LOW);
}

static bool run_one(const struct test *t)
{
	static struct vf vf;
	static bool ok;

	ok = false;
	alarm(TEST_SECONDS);
	if (!setjmp(test_failed)) {
		vf_start(&vf, &t->opt);
		t->fn(&vf);
		ok = true;
	}
	if (!setjmp(test_failed))
		vf_stop(&vf);
	else
		ok = false;
	return ok;
}

int test_main(const char *name, const struct test *tests, int n)
{
	int i, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n# %s\n1..%d\n", name, n);
	for (i = 0; i < n; i++) {
		bool ok;

		corpus_open(name, tests[i].name);
		ok = run_one(&tests[i]);

		failed += !ok;
		printf("%sok %d %s\n", ok ? "" : "not ", i + 1, tests[i].name);
	}
	return failed != 0;
}
