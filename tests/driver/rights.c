// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may put what on the wire: by role of the bus, mode of the file, how it was opened,
 * privilege, and whether the bus is writable; every combination is a case.  The judge is
 * the recorder of the wire: what was allowed is on it, and nothing else.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "testbus.h"
#include "wirelib.h"

#define NOBODY		65534
#define GROUP		4242	/* stands for matenet */
#define PORT		1
#define MAX_ALLOWED	64

static const uint8_t harmless_commands[] = {
	MATENET_CMD_READ, MATENET_CMD_STATUS, MATENET_CMD_LOG
};

static int is_harmless(unsigned int code)
{
	return memchr(harmless_commands, code, sizeof(harmless_commands)) != NULL;
}

static void set_config(int role, unsigned int flags)
{
	int fd = testbus_open(O_RDWR);
	struct matenet_config config = testbus_config(fd);

	config.role = role;
	config.flags = flags;
	config.late_us = 0;
	/* Nobody here is too late. */
	config.reply_timeout_us = 2000000;
	config.gap_us = 1000000;
	if (testbus_set_config(fd, config))
		_exit(1);
	close(fd);
}

static int set_mode(int fd, unsigned int mode, uint64_t ports)
{
	struct matenet_mode m = { .mode = mode, .port_mask = ports };

	return ioctl(fd, MATENET_IOC_S_MODE, &m) ? -errno : 0;
}

/* Over when its last bit is on the wire: nobody answers here. */
static struct matenet_xfer command(unsigned int code, unsigned int len, unsigned int flags)
{
	struct matenet_xfer x = testbus_request(PORT, code, 8, 0);

	x.tx_len = len;
	x.flags = flags | MATENET_XFER_NO_REPLY;
	return x;
}

static int submit(int fd, struct matenet_xfer x)
{
	return ioctl(fd, MATENET_IOC_SUBMIT, &x) ? -errno : 0;
}

/* As the second of two, the first of which is harmless. */
static int batch(int fd, struct matenet_xfer x)
{
	struct matenet_xfer xs[2] = { command(MATENET_CMD_READ, 6, 0), x };
	struct matenet_batch b = { .xfers = (uintptr_t)xs, .count = 2 };

	return ioctl(fd, MATENET_IOC_BATCH, &b) ? -errno : 0;
}

static int xfer(int fd, struct matenet_xfer x)
{
	return testbus_xfer(fd, &x);
}

/* All of them: four frames on the wire, or none.  A submitted one ends before the next. */
#define FRAMES_OF_ALL_WAYS	4
static int all_ways(int fd, struct matenet_xfer x)
{
	int ret = submit(fd, x);

	return batch(fd, x) == ret && xfer(fd, x) == ret ? ret : -EPROTO;
}

static int reply(int fd, uint32_t sequence, unsigned int code, unsigned int flags)
{
	struct matenet_reply r = {
		.sequence = sequence, .flags = flags, .len = 6, .data = { PORT, code, 0, 8, 0, 0 },
	};

	return ioctl(fd, MATENET_IOC_REPLY, &r) ? -errno : 0;
}

/* ---- what is on the wire --------------------------------------------------------- */

struct frame {
	unsigned int port, len;
	uint8_t data[40];
};

/* The frames on the wire since it was cleared; their number, or -1. */
static int frames(struct frame *f, int room)
{
	struct wire_log log;
	int n = 0;
	size_t i;

	if (wire_record_read(0, &log))
		return -1;
	for (i = 0; i < log.n; i++) {
		if (log.byte[i].bits & 0x100 || !n) {
			if (n == room)
				break;
			f[n++] = (struct frame){ .port = log.byte[i].port };
		}
		if (f[n - 1].len < sizeof(f->data))
			f[n - 1].data[f[n - 1].len++] = log.byte[i].bits;
	}
	wire_log_free(&log);
	return n;
}

static int frame_is(const struct frame *f, const struct matenet_xfer *x)
{
	unsigned int len = x->tx_len + (x->flags & MATENET_XFER_RAW ? 0 : 2);

	return f->port == 0 && f->len == len && !memcmp(f->data, x->tx, x->tx_len);
}

static int frame_is_harmless(const struct frame *f)
{
	return f->port == 0 && f->len == 8 && is_harmless(f->data[1]);
}

/* ---- every combination ----------------------------------------------------------- */

/* What an attempt can be in want of, and the error that tells so. */
enum {
	CONTROLLER = 1, DEVICE = 2, SENDER = 4, ALONE = 8, WRITER = 16, UNLOCKED = 32, ADMIN = 64,
};

static const struct {
	int need, error;
} needs[] = {
	{ CONTROLLER, EOPNOTSUPP }, { DEVICE, EOPNOTSUPP }, { SENDER, EPERM }, { ALONE, EBUSY },
	{ WRITER, EPERM }, { UNLOCKED, EROFS }, { ADMIN, EPERM },
};

#define SEND		(CONTROLLER | SENDER | ALONE)
#define CHANGE		(SEND | WRITER | UNLOCKED)
#define SHUT_OUT	100	/* mode USER, while another file is EXCLUSIVE */

FIXTURE(rights) {
	int other;
	int fd;
};

FIXTURE_VARIANT(rights) {
	unsigned int role, mode;
	int access;
	int admin, writable;
};

FIXTURE_SETUP(rights)
{
	set_config(variant->role, variant->writable ? MATENET_CFG_WRITABLE : 0);
	self->other = testbus_open(O_RDWR);
	self->fd = testbus_open(variant->access);
	ASSERT_EQ(0, variant->mode == SHUT_OUT ?
		  set_mode(self->other, MATENET_MODE_EXCLUSIVE, 0) :
		  set_mode(self->fd, variant->mode, 0));
	ASSERT_EQ(0, wire_record_clear(0));
	if (!variant->admin)
		ASSERT_EQ(0, seteuid(NOBODY));
}

FIXTURE_TEARDOWN(rights)
{
	EXPECT_EQ(0, seteuid(0));
	close(self->fd);
	close(self->other);
}

static int there_is(const FIXTURE_VARIANT(rights) *v)
{
	return (v->role == MATENET_ROLE_CONTROLLER ? CONTROLLER : 0) |
	       (v->role == MATENET_ROLE_DEVICE ? DEVICE : 0) |
	       (v->mode == MATENET_MODE_NONE || v->mode == MATENET_MODE_MONITOR ? 0 : SENDER) |
	       (v->mode == SHUT_OUT ? 0 : ALONE) | (v->access == O_RDONLY ? 0 : WRITER) |
	       (v->writable ? UNLOCKED : 0) | (v->admin ? ADMIN : 0);
}

/* Allowed if nothing is missing, else refused because of one thing that is. */
static int right_answer(int missing, int ret, int allowed)
{
	unsigned int i;

	if (!missing)
		return ret == allowed;
	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (missing & needs[i].need && ret == -needs[i].error)
			return 1;
	return 0;
}

#define EXPECT_ANSWER(_need, _allowed, _attempt) do {				\
	int _ret = _attempt;							\
	EXPECT_TRUE(right_answer((_need) & ~there_is(variant), _ret, _allowed)) { \
		TH_LOG("%s: %d", #_attempt, _ret);				\
	}									\
} while (0)

TEST_F(rights, to_send)
{
	const struct matenet_xfer read = command(MATENET_CMD_READ, 6, 0);
	const struct {
		struct matenet_xfer x;
		int need;
	} attempts[] = {
		{ read, SEND },
		{ command(MATENET_CMD_STATUS, 6, 0), SEND },
		{ command(MATENET_CMD_LOG, 6, 0), SEND },
		{ command(MATENET_CMD_DEC, 6, 0), CHANGE },
		{ command(MATENET_CMD_INC, 6, 0), CHANGE },
		{ command(MATENET_CMD_WRITE, 6, 0), CHANGE },
		{ command(5, 6, 0), CHANGE },
		{ command(MATENET_CMD_READ, 5, 0), CHANGE },
		{ command(MATENET_CMD_READ, 7, 0), CHANGE },
		{ command(MATENET_CMD_READ, 6, MATENET_XFER_RAW), CHANGE },
	};
	struct matenet_xfer allowed[MAX_ALLOWED];
	struct frame f[MAX_ALLOWED];
	unsigned int i, n = 0;
	int k;

	for (i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		const struct matenet_xfer x = attempts[i].x;

		EXPECT_ANSWER(attempts[i].need, 0, all_ways(self->fd, x));
		if (attempts[i].need & ~there_is(variant))
			continue;
		allowed[n++] = x;
		allowed[n++] = read;
		allowed[n++] = x;
		allowed[n++] = x;
	}
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(n, frames(f, MAX_ALLOWED));
	for (k = 0; k < n; k++)
		EXPECT_TRUE(frame_is(&f[k], &allowed[k])) {
			TH_LOG("frame %d: %u bytes, command %u", k, f[k].len, f[k].data[1]);
		}
}

TEST_F(rights, to_all_else)
{
	struct matenet_config config;
	struct matenet_mode mode;
	struct matenet_caps caps;
	struct frame f;

	EXPECT_EQ(0, ioctl(self->fd, MATENET_IOC_G_CAPS, &caps));
	EXPECT_EQ(0, ioctl(self->fd, MATENET_IOC_G_CONFIG, &config));
	EXPECT_EQ(0, ioctl(self->fd, MATENET_IOC_G_MODE, &mode));
	EXPECT_EQ(variant->role, config.role);
	EXPECT_EQ(variant->mode == SHUT_OUT ? MATENET_MODE_USER : variant->mode, mode.mode);

	/* There is no command that could be answered. */
	EXPECT_ANSWER(DEVICE | SENDER | ALONE | WRITER, -ESTALE, reply(self->fd, 1, 2, 0));
	EXPECT_ANSWER(DEVICE | SENDER | ALONE | WRITER, -ESTALE,
		      reply(self->fd, 1, 3, MATENET_XFER_RAW));
	EXPECT_ANSWER(ADMIN, 0, testbus_set_config(self->fd, config));
	EXPECT_ANSWER(ADMIN, 0, set_mode(self->fd, MATENET_MODE_MONITOR, 0));
	EXPECT_ANSWER(ALONE, 0, set_mode(self->fd, MATENET_MODE_EXCLUSIVE, 0));
	EXPECT_ANSWER(0, 0, set_mode(self->fd, MATENET_MODE_NONE, 0));
	EXPECT_ANSWER(0, 0, set_mode(self->fd, MATENET_MODE_USER, 0));
	ASSERT_EQ(0, seteuid(0));
	EXPECT_EQ(0, frames(&f, 1));
}

#define RIGHTS(_name, _role, _mode, _access, _admin, _writable)			\
	FIXTURE_VARIANT_ADD(rights, _name) {					\
		.role = MATENET_ROLE_##_role, .mode = _mode, .access = _access,	\
		.admin = _admin, .writable = _writable				\
	};
#define LOCKS(_name, ...)							\
	RIGHTS(_name##_locked, __VA_ARGS__, 0) RIGHTS(_name##_writable, __VA_ARGS__, 1)
#define PRIVILEGES(_name, ...)							\
	LOCKS(_name##_nobody, __VA_ARGS__, 0) LOCKS(_name##_admin, __VA_ARGS__, 1)
#define ACCESSES(_name, ...)							\
	PRIVILEGES(_name##_rdonly, __VA_ARGS__, O_RDONLY)			\
	PRIVILEGES(_name##_wronly, __VA_ARGS__, O_WRONLY)			\
	PRIVILEGES(_name##_rdwr, __VA_ARGS__, O_RDWR)
#define MODES(_name, _role)							\
	ACCESSES(_name##_user, _role, MATENET_MODE_USER)			\
	ACCESSES(_name##_none, _role, MATENET_MODE_NONE)			\
	ACCESSES(_name##_exclusive, _role, MATENET_MODE_EXCLUSIVE)		\
	ACCESSES(_name##_monitor, _role, MATENET_MODE_MONITOR)			\
	ACCESSES(_name##_shut_out, _role, SHUT_OUT)

MODES(controller, CONTROLLER)
MODES(device, DEVICE)
MODES(monitor, MONITOR)

/* ---- a program with a read-only descriptor ---------------------------------------- */

/*
 * It is unable to put a command that changes something on the wire by any means, on a
 * bus that is writable for others, as root or as a member of the group of the node.
 */
FIXTURE(read_only) {
	int fd;
	int writer;
};

FIXTURE_VARIANT(read_only) {
	int member;
};

FIXTURE_VARIANT_ADD(read_only, root) { .member = 0 };
FIXTURE_VARIANT_ADD(read_only, member) { .member = 1 };

FIXTURE_SETUP(read_only)
{
	gid_t group = GROUP;

	set_config(MATENET_ROLE_CONTROLLER, MATENET_CFG_WRITABLE);
	self->writer = testbus_open(O_RDWR);
	ASSERT_EQ(0, chown(TESTBUS_NODE, 0, GROUP));
	ASSERT_EQ(0, chmod(TESTBUS_NODE, 0640));
	ASSERT_EQ(0, wire_record_clear(0));
	if (variant->member) {
		ASSERT_EQ(0, setgroups(1, &group));
		ASSERT_EQ(0, seteuid(NOBODY));
	}
	self->fd = testbus_open(O_RDONLY);
}

FIXTURE_TEARDOWN(read_only)
{
	EXPECT_EQ(0, seteuid(0));
	close(self->fd);
	close(self->writer);
}

/* So many harmless commands are on the wire, and nothing else. */
#define EXPECT_HARMLESS(_count) do {						\
	static struct frame f[2000];						\
	int _i, _n, _bad = 0;							\
	ASSERT_EQ(0, seteuid(0));						\
	_n = frames(f, 2000);							\
	for (_i = 0; _i < _n; _i++)						\
		_bad += !frame_is_harmless(&f[_i]);				\
	EXPECT_EQ(0, _bad);							\
	EXPECT_EQ(_count, _n);							\
} while (0)

/* The judge is not blind. */
TEST_F(read_only, but_a_writer_can)
{
	struct frame f[FRAMES_OF_ALL_WAYS];

	EXPECT_EQ(0, all_ways(self->writer, command(MATENET_CMD_WRITE, 6, 0)));
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(FRAMES_OF_ALL_WAYS, frames(f, FRAMES_OF_ALL_WAYS));
	EXPECT_FALSE(frame_is_harmless(&f[0]));
	EXPECT_TRUE(frame_is_harmless(&f[1]));
	EXPECT_FALSE(frame_is_harmless(&f[2]));
	EXPECT_FALSE(frame_is_harmless(&f[3]));
}

TEST_F(read_only, every_command)
{
	unsigned int code, sent = 0;

	for (code = 0; code < 256; code++) {
		struct matenet_xfer x = command(code, 6, 0);
		int expected = is_harmless(code) ? 0 : -EPERM;

		EXPECT_EQ(expected, all_ways(self->fd, x));
		/* With a reply, and a time to wait for it. */
		x.flags = 0;
		x.timeout_us = 1000;
		EXPECT_EQ(expected, all_ways(self->fd, x));
		sent += expected ? 0 : 2 * FRAMES_OF_ALL_WAYS;

		x.flags = MATENET_XFER_RAW;
		EXPECT_EQ(-EPERM, all_ways(self->fd, x));
		EXPECT_EQ(-EPERM, all_ways(self->fd, command(code, 6, MATENET_XFER_RAW)));
	}
	EXPECT_HARMLESS(sent);
}

TEST_F(read_only, every_length)
{
	unsigned int len;

	for (len = 1; len <= MATENET_MAX_DATA; len++) {
		struct matenet_xfer x = command(len == 1 ? 0 : MATENET_CMD_READ, len, 0);

		x.tx[3] = 0;
		EXPECT_EQ(len == 6 ? 0 : -EPERM, all_ways(self->fd, x));
		x.flags |= MATENET_XFER_RAW;
		EXPECT_EQ(-EPERM, all_ways(self->fd, x));
	}
	EXPECT_HARMLESS(FRAMES_OF_ALL_WAYS);
}

TEST_F(read_only, every_mode)
{
	struct matenet_xfer x = command(MATENET_CMD_WRITE, 6, 0);
	unsigned int mode;

	for (mode = MATENET_MODE_USER; mode <= MATENET_MODE_MONITOR; mode++) {
		EXPECT_EQ(mode == MATENET_MODE_MONITOR && variant->member ? -EPERM : 0,
			  set_mode(self->fd, mode, ~0ULL));
		EXPECT_EQ(-EPERM, all_ways(self->fd, x));
		EXPECT_EQ(-EPERM, reply(self->fd, 1, MATENET_CMD_WRITE, 0));
	}
	EXPECT_HARMLESS(0);
}

/* Every number of a request, known or not, with a WRITE for an argument. */
TEST_F(read_only, every_number)
{
	static const unsigned int sizes[] = { 0, 4, 32, 56, 64, 112, 128, 192 };
	struct { struct matenet_xfer x, more; } r;
	unsigned int nr, direction, i;

	for (nr = 0; nr < 256; nr++)
		for (direction = 0; direction < 4; direction++)
			for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
				memset(&r, 0, sizeof(r));
				r.x = command(MATENET_CMD_WRITE, 6, 0);
				ioctl(self->fd, _IOC(direction, MATENET_IOC_MAGIC, nr, sizes[i]), &r);
			}
	EXPECT_EQ(-1, write(self->fd, r.x.tx, 6));
	EXPECT_HARMLESS(0);
}

static int send_frame(const uint8_t *data, size_t n)
{
	int peer = wire_open(1);
	int ret = peer < 0 || wire_set_parity(peer, WIRE_MARK) || wire_write(peer, data, 1) ||
		  wire_drain(peer) || wire_set_parity(peer, WIRE_SPACE) ||
		  wire_write(peer, data + 1, n - 1) || wire_drain(peer);

	close(peer);
	return ret;
}

/* Not even when there is a command to be answered, and time to do it. */
TEST_F(read_only, reply)
{
	static const uint8_t data[] = { PORT, MATENET_CMD_READ, 0, 8, 0, 0, 0, 11 };
	struct pollfd p = { .fd = self->fd, .events = POLLIN };
	struct matenet_record r = { 0 };
	struct frame f[3];

	ASSERT_EQ(0, set_mode(self->fd, MATENET_MODE_USER, 1 << PORT));
	ASSERT_EQ(0, seteuid(0));
	set_config(MATENET_ROLE_DEVICE, MATENET_CFG_WRITABLE);
	ASSERT_EQ(0, send_frame(data, sizeof(data)));
	while (r.type != MATENET_REC_COMMAND) {
		ASSERT_EQ(1, poll(&p, 1, 5000));
		ASSERT_EQ(sizeof(r), read(self->fd, &r, sizeof(r)));
	}
	ASSERT_EQ(0, seteuid(variant->member ? NOBODY : 0));
	EXPECT_EQ(-EPERM, reply(self->fd, r.frame.sequence, MATENET_CMD_WRITE, 0));
	EXPECT_EQ(-EPERM, reply(self->fd, r.frame.sequence, MATENET_CMD_WRITE, MATENET_XFER_RAW));
	EXPECT_EQ(-EPERM, reply(self->fd, r.frame.sequence, MATENET_CMD_READ, 0));
	EXPECT_EQ(0, reply(self->writer, r.frame.sequence, MATENET_CMD_READ, 0));
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(2, frames(f, 3));
	EXPECT_EQ(1, f[0].port);
	EXPECT_TRUE(frame_is_harmless(&f[1]));
}

/* Another descriptor that can write cannot be made of this one. */
TEST_F(read_only, opened_again)
{
	struct matenet_xfer x = command(MATENET_CMD_WRITE, 6, 0);
	char path[64];
	int fd = dup(self->fd);

	EXPECT_EQ(0, fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK));
	EXPECT_EQ(-EPERM, all_ways(fd, x));
	close(fd);
	if (variant->member) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
		EXPECT_EQ(-1, open(path, O_RDWR));
		EXPECT_EQ(EACCES, errno);
		EXPECT_EQ(-1, open(TESTBUS_NODE, O_RDWR));
		EXPECT_EQ(EACCES, errno);
		EXPECT_EQ(-1, open(TESTBUS_NODE, O_WRONLY));
		EXPECT_EQ(EACCES, errno);
	}
	EXPECT_HARMLESS(0);
}

/* A READ that is a WRITE by turns, while the driver looks at it: takes two processors. */
TEST_F(read_only, changed_meanwhile)
{
	struct { struct matenet_xfer x[2]; } *shared;
	int i, ret, answers[2] = { 0, 0 };
	struct matenet_batch b;
	pid_t pid;

	if (testbus_profile() != PROFILE_SMP)
		SKIP(return, "this kernel has one processor");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	shared->x[0] = shared->x[1] = command(MATENET_CMD_READ, 6, 0);
	b = (struct matenet_batch){ .xfers = (uintptr_t)shared->x, .count = 2 };
	pid = fork();
	while (!pid)
		for (i = 0; i < 2; i++)
			((volatile struct matenet_xfer *)shared->x)[i].tx[1] ^=
				MATENET_CMD_READ ^ MATENET_CMD_WRITE;
	for (i = 0; i < 300; i++) {
		ret = i % 3 == 0 ? ioctl(self->fd, MATENET_IOC_XFER, &shared->x[0]) :
		      i % 3 == 1 ? ioctl(self->fd, MATENET_IOC_SUBMIT, &shared->x[0]) :
				   ioctl(self->fd, MATENET_IOC_BATCH, &b);
		answers[!ret] += !ret && i % 3 == 2 ? 2 : 1;
		if (ret)
			EXPECT_EQ(EPERM, errno);
	}
	testbus_end(pid, SIGKILL);
	EXPECT_LT(0, answers[0]);
	EXPECT_EQ(0, xfer(self->fd, command(MATENET_CMD_READ, 6, 0)));
	EXPECT_HARMLESS(answers[1] + 1);
}

int main(int argc, char **argv)
{
	int tty;

	testbus_modules();
	testbus_rx_trigger("ttyW0", 1);
	tty = testbus_attach_plain(TESTBUS_TTY);
	return tty < 0 ? KSFT_FAIL : test_harness_run(argc, argv);
}
