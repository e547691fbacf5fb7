// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The monitor of a busy bus, against the recorder of the wire: no frame is lost, and
 * bytes, ninth bits and times are those of the wire; damage is shown as it was; and
 * who is too slow learns exactly how much he has missed.
 *
 * Listened to by the controller itself and by two ttys that are one bus; by records
 * and by netlink.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <linux/matenet_netlink.h>

#include "kselftest_harness.h"
#include "testbus.h"
#include "wirelib.h"

#define TRANSACTIONS	1200	/* of two frames; faults make more of some */
#define MOST_LOGGED	5	/* of what is wrong in one way */
#define MAX_FRAMES	(4 * TRANSACTIONS)
#define NODES		3	/* the controller's bus, and the two that listen */
#define WAIT_MS		500	/* after the last frame nothing comes for so long */
#define QUIET_US	50000	/* what is on the wire is told by then */

/*
 * A byte is in the FIFO half a bit before its end.  With a trigger of one byte the
 * interrupt, the work item of the tty and the line discipline follow at once; where two
 * ttys listen it takes Linux 5.10 a tenth longer than later ones.  Among equals, though,
 * a work item may have to wait its turn: behind that of the other tty, of the wire's
 * recorder, of the events.  So a few frames may be later, by less than a byte.
 *
 * With lazy preemption, which Debian has from 7.x on, a work item waits for whatever task
 * is in the kernel, until that leaves it or the next tick takes it away (250 Hz).
 */
#define TS_EARLY_NS	53000
#define TS_LATE_NS	120000
#define TS_LATER	100	/* at most one frame in so many */
#define TS_TICK_NS	4000000
#define PREEMPTION	"/sys/kernel/debug/sched/preempt"

enum { CONTROLLER, COMMANDS, REPLIES };

struct frame {
	uint64_t ts;
	struct matenet_frame f;
	uint32_t lost;
};

/* What was heard in one way, and on the wire all the time. */
struct heard {
	struct frame frame[MAX_FRAMES];
	size_t n;
};

FIXTURE(monitor) {
	pid_t sim;
	int tty[NODES];
	int fd[NODES];
	struct heard *heard;
	int lazy;		/* is the kernel's way to preempt */
};

/* The ttys of controller and listeners; ttyW1 is that of the devices. */
static const char * const ttys[NODES] = { "ttyW0", "ttyW2", "ttyW3" };

static void configure(int fd, unsigned int role, unsigned int join)
{
	struct matenet_config config = testbus_config(fd);

	config.role = role;
	config.join = join;
	config.turnaround_us = 0;
	config.late_us = 0;
	config.gap_us = 3000 * testbus_slowness();
	config.reply_timeout_us = 4000 * testbus_slowness();
	if (testbus_set_config(fd, config))
		exit(99);
}

/* Marked in the list of the ways to preempt; kernels that have but one have no list. */
static int preempts_lazily(void)
{
	int fd = open(PREEMPTION, O_RDONLY | O_CLOEXEC);
	char ways[64] = "";

	if (fd >= 0) {
		if (read(fd, ways, sizeof(ways) - 1) < 0)
			err(99, PREEMPTION);
		close(fd);
	}
	return !!strstr(ways, "(lazy)");
}

static void preempt(const char *way)
{
	int fd = open(PREEMPTION, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, way, strlen(way)) < 0)
		err(99, "%s: %s", PREEMPTION, way);
	close(fd);
}

FIXTURE_SETUP(monitor)
{
	char path[32];
	int i;

	self->lazy = preempts_lazily();
	if (self->lazy)
		preempt("full");
	ASSERT_EQ(0, wire_load_listeners(1));
	testbus_modules();
	self->sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--turnaround-us", "0", NULL);
	for (i = 0; i < NODES; i++) {
		testbus_rx_trigger(ttys[i], 1);
		snprintf(path, sizeof(path), "/dev/%s", ttys[i]);
		self->tty[i] = testbus_attach_plain(path);
		ASSERT_LE(0, self->tty[i]);
		snprintf(path, sizeof(path), "/dev/matenet%d", i);
		self->fd[i] = open(path, O_RDWR | O_CLOEXEC);
		ASSERT_LE(0, self->fd[i]);
	}
	configure(self->fd[CONTROLLER], MATENET_ROLE_CONTROLLER, 0);
	configure(self->fd[COMMANDS], MATENET_ROLE_MONITOR, 0);
	configure(self->fd[REPLIES], MATENET_ROLE_MONITOR, 1 + COMMANDS);
	self->heard = mmap(NULL, sizeof(*self->heard), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->heard);
	ASSERT_EQ(0, wire_record_clear(0));
}

FIXTURE_TEARDOWN(monitor)
{
	int i;

	for (i = NODES - 1; i >= 0; i--) {
		close(self->fd[i]);
		if (self->tty[i] >= 0)
			testbus_detach(self->tty[i]);
	}
	testbus_end(self->sim, SIGTERM);
	munmap(self->heard, sizeof(*self->heard));
	if (self->lazy)
		preempt("lazy");
	for (i = 0; testbus_rmmod("uart9") && i < 50; i++)
		sleep_us(20000);
}

/* ---- traffic --------------------------------------------------------------- */

/* What may befall a byte that the controller (port 0) or the devices (port 1) send. */
static const char * const faults[] = {
	"%d flip-bit %d 3", "%d flip-bit %d 0", "%d flip-mark %d", "%d drop %d",
	"%d insert %d 055", "%d insert %d 1aa", "%d break %d", "%d frame-error %d",
	"%d overrun %d", "%d delay %d 900", "%d flip-mark %d 3", "%d insert %d 033 50",
};

static void disturb(void)
{
	static const unsigned int n = sizeof(faults) / sizeof(faults[0]);
	int port = rand() % 2;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (wire_inject(0, faults[rand() % n], port, 1 + rand() % 40))
		_exit(98);
#pragma GCC diagnostic pop
}

static struct matenet_xfer any_request(void)
{
	switch (rand() % 3) {
	case 0:
		return testbus_request(1 + rand() % 10, MATENET_CMD_STATUS, rand(), 0);
	case 1:
		return testbus_request(1 + rand() % 10, MATENET_CMD_LOG, 0, rand());
	default:
		return testbus_request(1 + rand() % 10, MATENET_CMD_READ, rand(), 0);
	}
}

/* Batches, so that one command follows the reply to the last without any pause. */
static void talk(int fd, unsigned int transactions, int faulty)
{
	struct matenet_xfer x[8];
	struct matenet_batch batch = { .xfers = (uintptr_t)x, .count = 8 };
	unsigned int i, k;

	for (i = 0; i < transactions; i += 8) {
		for (k = 0; k < 8; k++)
			x[k] = any_request();
		if (faulty)
			disturb();
		if (ioctl(fd, MATENET_IOC_BATCH, &batch))
			_exit(97);
	}
}

static pid_t start_talking(int fd, unsigned int transactions, int faulty)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	srand(1);
	talk(fd, transactions, faulty);
	_exit(0);
}

static int ended_well(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status);
}

/* ---- ears ------------------------------------------------------------------ */

static int open_monitor(int node)
{
	struct matenet_mode mode = { .mode = MATENET_MODE_MONITOR };
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/matenet%d", node);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 || ioctl(fd, MATENET_IOC_S_MODE, &mode) ? -1 : fd;
}

/* Records until none comes any more. */
static void hear_records(int fd, struct heard *heard)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct matenet_record r[16];
	ssize_t got;
	int i;

	heard->n = 0;
	while (heard->n + 16 <= MAX_FRAMES && poll(&p, 1, WAIT_MS) > 0) {
		got = read(fd, r, sizeof(r));
		for (i = 0; i < got / (ssize_t)sizeof(r[0]); i++)
			heard->frame[heard->n++] = (struct frame){ r[i].ts, r[i].frame, r[i].lost };
		if (got <= 0)
			return;
	}
}

struct nl_ear {
	struct nl_sock *sock;
	struct heard *heard;
	uint32_t bus;
};

static int take(struct nl_msg *msg, void *arg)
{
	struct nlattr *attr[MATENET_A_MAX + 1];
	struct nl_ear *ear = arg;
	struct frame *f = &ear->heard->frame[ear->heard->n];

	if (genlmsg_parse(nlmsg_hdr(msg), 0, attr, MATENET_A_MAX, NULL) ||
	    !attr[MATENET_A_BUS] || nla_get_u32(attr[MATENET_A_BUS]) != ear->bus)
		return NL_SKIP;
	*f = (struct frame){
		.ts = nla_get_u64(attr[MATENET_A_TS]),
		.lost = attr[MATENET_A_LOST] ? nla_get_u32(attr[MATENET_A_LOST]) : 0,
		.f = {
			.mark = nla_get_u64(attr[MATENET_A_MARK]),
			.sequence = nla_get_u32(attr[MATENET_A_SEQUENCE]),
			.flags = nla_get_u32(attr[MATENET_A_FRAME_FLAGS]),
			.status = nla_get_u32(attr[MATENET_A_STATUS]),
			.len = nla_len(attr[MATENET_A_DATA]),
		},
	};
	memcpy(f->f.data, nla_data(attr[MATENET_A_DATA]), f->f.len);
	ear->heard->n++;
	return NL_OK;
}

/* Room for about @messages of them, or as the library does if 0. */
static int open_ear(struct nl_ear *ear, struct heard *heard, uint32_t bus, int room)
{
	int id;

	*ear = (struct nl_ear){ .sock = nl_socket_alloc(), .heard = heard, .bus = bus };
	heard->n = 0;
	if (!ear->sock || genl_connect(ear->sock))
		return -1;
	nl_socket_disable_seq_check(ear->sock);
	nl_socket_modify_cb(ear->sock, NL_CB_VALID, NL_CB_CUSTOM, take, ear);
	if (setsockopt(nl_socket_get_fd(ear->sock), SOL_SOCKET, SO_RCVBUFFORCE, &room,
		       sizeof(room)))
		return -1;
	id = genl_ctrl_resolve_grp(ear->sock, MATENET_FAMILY_NAME, MATENET_MCGRP_MONITOR);
	return id < 0 ? -1 : nl_socket_add_membership(ear->sock, id);
}

/* Messages until none comes any more; counts how often the socket was too small. */
static unsigned int hear_messages(struct nl_ear *ear)
{
	struct pollfd p = { .fd = nl_socket_get_fd(ear->sock), .events = POLLIN };
	unsigned int overruns = 0;

	while (ear->heard->n < MAX_FRAMES && poll(&p, 1, WAIT_MS) > 0)
		if (nl_recvmsgs_default(ear->sock) == -NLE_NOMEM)
			overruns++;
	return overruns;
}

/* ---- the wire, as it should have been heard -------------------------------- */

static int is_error(const struct wire_byte *b)
{
	return !!strpbrk(b->flags, "bo");	/* no byte comes of it: a break, an overrun */
}

/* The bytes one direction has carried, without those that never came to be heard. */
static size_t bytes_of(const struct wire_log *log, unsigned int port,
		       const struct wire_byte **bytes)
{
	size_t i, n = 0;

	for (i = 0; i < log->n; i++)
		if (log->byte[i].port == port && !is_error(&log->byte[i]))
			bytes[n++] = &log->byte[i];
	return n;
}

static size_t count_flag(const struct wire_log *log, unsigned int port, char flag)
{
	size_t i, n = 0;

	for (i = 0; i < log->n; i++)
		n += log->byte[i].port == port && strchr(log->byte[i].flags, flag);
	return n;
}

/* Which wire of the pair a frame was on. */
static unsigned int port_of(const struct frame *f, int by_listeners)
{
	return by_listeners ? !!(f->f.flags & MATENET_FRAME_JOINED) :
			      !(f->f.flags & MATENET_FRAME_TX);
}

static int64_t longest_late_ns, longest_early_ns;
static size_t later;

/* Frame by frame, byte by byte, ninth bit by ninth bit, and the time of the last byte. */
static size_t compare(struct __test_metadata *_metadata, const struct heard *heard,
		      unsigned int port, int by_listeners, const struct wire_log *log)
{
	const struct wire_byte **bytes = calloc(log->n + 1, sizeof(*bytes));
	size_t n = bytes_of(log, port, bytes), at = 0, i, k, wrong = 0;

	for (i = 0; i < heard->n; i++) {
		const struct matenet_frame *f = &heard->frame[i].f;
		int64_t off;

		if (port_of(&heard->frame[i], by_listeners) != port)
			continue;
		for (k = 0; k < f->len && at < n; k++, at++)
			if ((bytes[at]->bits & 0xff) != f->data[k] ||
			    (bytes[at]->bits >> 8 & 1) != (f->mark >> k & 1)) {
				if (wrong++ >= MOST_LOGGED)
					continue;
				TH_LOG("port %u frame %zu byte %zu: %03x on the wire", port, i, k,
				       bytes[at]->bits);
			}
		/* A frame that ends in a break ends later than its last byte. */
		if (!f->len || f->status & (MATENET_ST_BREAK | MATENET_ST_OVERRUN))
			continue;
		off = heard->frame[i].ts - bytes[at - 1]->end;
		later += off > TS_LATE_NS;
		if (off > longest_late_ns)
			longest_late_ns = off;
		if (-off > longest_early_ns)
			longest_early_ns = -off;
	}
	EXPECT_EQ(n, at) {
		TH_LOG("port %u: %zu bytes on the wire, %zu heard", port, n, at);
	}
	free(bytes);
	return wrong;
}

/*
 * Those of one direction come in the order of their ends, and so do the others unless
 * both were on the wire at once, as with a fault that makes one party talk longer.
 */
static int in_order(const struct frame *f)
{
	uint64_t ends = f->ts;

	if ((f->f.flags ^ f[-1].f.flags) & (MATENET_FRAME_TX | MATENET_FRAME_JOINED))
		ends += f[-1].f.len * WIRE_BYTE_NS;
	return ends >= f[-1].ts;
}

/* Order, numbers without a gap, and nothing said that is not so. */
static size_t check_frames(struct __test_metadata *_metadata, const struct heard *heard)
{
	size_t i, wrong = 0;

	for (i = 0; i < heard->n; i++) {
		const struct frame *f = &heard->frame[i];
		unsigned int k, sum = 0, len = f->f.len;
		int whole;

		for (k = 0; k + 2 < len; k++)
			sum += f->f.data[k];
		whole = len > 2 && f->f.mark == 1 &&
			(f->f.data[len - 2] << 8 | f->f.data[len - 1]) == sum;
		if (f->lost || (i && f->f.sequence != f[-1].f.sequence + 1) ||
		    (i && !in_order(f)) ||
		    !!(f->f.status & MATENET_ST_OK) >
		    whole || (whole && f->f.status & (MATENET_ST_CHECKSUM | MATENET_ST_MARK))) {
			if (wrong++ >= MOST_LOGGED)
				continue;
			TH_LOG("frame %zu: sequence %u lost %u len %u mark %llx status %x, %lld ns",
			       i, f->f.sequence, f->lost, len, f->f.mark, f->f.status,
			       i ? (long long)(f->ts - f[-1].ts) : 0);
		}
	}
	return wrong;
}

static size_t count_status(const struct heard *heard, unsigned int port, int by_listeners,
			   uint32_t status)
{
	size_t i, n = 0;

	for (i = 0; i < heard->n; i++)
		n += port_of(&heard->frame[i], by_listeners) == port &&
		     heard->frame[i].f.status & status;
	return n;
}

static void judge(struct __test_metadata *_metadata, const struct heard *heard,
		  int by_listeners, int64_t latest_ns)
{
	struct wire_log log;
	unsigned int port;

	ASSERT_EQ(0, wire_record_read(0, &log));
	longest_late_ns = 0;
	longest_early_ns = 0;
	later = 0;
	EXPECT_EQ(0, check_frames(_metadata, heard));
	for (port = 0; port < 2; port++) {
		/* What it sends itself the controller knows without hearing it. */
		if (!by_listeners && !port && count_flag(&log, 0, 'i') + count_flag(&log, 0, 'f'))
			continue;
		EXPECT_EQ(0, compare(_metadata, heard, port, by_listeners, &log));
		if (!by_listeners && !port)
			continue;
		EXPECT_EQ(!count_flag(&log, port, 'b'),
			  !count_status(heard, port, by_listeners, MATENET_ST_BREAK));
		EXPECT_EQ(!count_flag(&log, port, 'o'),
			  !count_status(heard, port, by_listeners, MATENET_ST_OVERRUN));
	}
	TH_LOG("%zu frames, %zu bytes; last byte told %lld us before its end to %lld us after; "
	       "%zu after %d us", heard->n, log.n, (long long)longest_early_ns / 1000,
	       (long long)longest_late_ns / 1000, later, TS_LATE_NS / 1000);
	EXPECT_GE(TS_EARLY_NS, longest_early_ns);
	EXPECT_GE(heard->n / TS_LATER, later);
	EXPECT_GE(latest_ns, longest_late_ns);
	wire_log_free(&log);
}

/* ---- tests ----------------------------------------------------------------- */

/* Two emulated processors are late by more than a frame; they are for the storm below. */
#define NEEDS_EXACT_TIME						\
	do {								\
		if (!wire_exact_time())					\
			SKIP(return, "time is not exact here");		\
	} while (0)

/* As full as it gets: how much of the time somebody sends. */
static double load_of(void)
{
	uint64_t busy = 0;
	struct wire_log log;
	double load;
	size_t i;

	if (wire_record_read(0, &log) || !log.n)
		return 0;
	for (i = 0; i < log.n; i++)
		busy += log.byte[i].end - log.byte[i].start;
	load = (double)busy / (log.byte[log.n - 1].end - log.byte[0].start);
	wire_log_free(&log);
	return load;
}

TEST_F_TIMEOUT(monitor, controller_by_records, 600)
{
	pid_t pid;
	int fd;

	NEEDS_EXACT_TIME;
	fd = open_monitor(CONTROLLER);
	pid = start_talking(self->fd[CONTROLLER], TRANSACTIONS, 0);
	hear_records(fd, self->heard);
	EXPECT_TRUE(ended_well(pid));
	EXPECT_EQ(2 * TRANSACTIONS, self->heard->n);
	judge(_metadata, self->heard, 0, WIRE_BYTE_NS);
	EXPECT_EQ(self->heard->n, count_status(self->heard, 0, 0, MATENET_ST_OK) +
				  count_status(self->heard, 1, 0, MATENET_ST_OK));
	EXPECT_LT(0.98, load_of());
	close(fd);
}

TEST_F_TIMEOUT(monitor, controller_by_netlink, 600)
{
	struct nl_ear ear;
	pid_t pid;

	NEEDS_EXACT_TIME;
	ASSERT_EQ(0, open_ear(&ear, self->heard, CONTROLLER, 4 << 20));
	pid = start_talking(self->fd[CONTROLLER], TRANSACTIONS, 0);
	EXPECT_EQ(0, hear_messages(&ear));
	EXPECT_TRUE(ended_well(pid));
	EXPECT_EQ(2 * TRANSACTIONS, self->heard->n);
	judge(_metadata, self->heard, 0, WIRE_BYTE_NS);
	nl_socket_free(ear.sock);
}

TEST_F_TIMEOUT(monitor, two_ttys_by_records, 600)
{
	pid_t pid;
	int fd;

	NEEDS_EXACT_TIME;
	fd = open_monitor(COMMANDS);
	pid = start_talking(self->fd[CONTROLLER], TRANSACTIONS, 0);
	hear_records(fd, self->heard);
	EXPECT_TRUE(ended_well(pid));
	EXPECT_EQ(2 * TRANSACTIONS, self->heard->n);
	judge(_metadata, self->heard, 1, WIRE_BYTE_NS);
	/* A command, its reply, a command ... */
	EXPECT_EQ(self->heard->n / 2, count_status(self->heard, 0, 1, MATENET_ST_OK));
	EXPECT_EQ(self->heard->n / 2, count_status(self->heard, 1, 1, MATENET_ST_OK));
	close(fd);
}

TEST_F_TIMEOUT(monitor, two_ttys_damaged, 600)
{
	pid_t pid;
	int fd;

	NEEDS_EXACT_TIME;
	fd = open_monitor(COMMANDS);
	pid = start_talking(self->fd[CONTROLLER], TRANSACTIONS, 1);
	hear_records(fd, self->heard);
	EXPECT_TRUE(ended_well(pid));
	judge(_metadata, self->heard, 1, WIRE_BYTE_NS);
	EXPECT_LT(TRANSACTIONS / 16,
		  self->heard->n - count_status(self->heard, 0, 1, MATENET_ST_OK) -
		  count_status(self->heard, 1, 1, MATENET_ST_OK));
	close(fd);
}

/* Preempted as the kernel would by itself. */
TEST_F_TIMEOUT(monitor, two_ttys_damaged_by_netlink, 600)
{
	struct nl_ear ear;
	pid_t pid;

	NEEDS_EXACT_TIME;
	if (self->lazy)
		preempt("lazy");
	ASSERT_EQ(0, open_ear(&ear, self->heard, COMMANDS, 4 << 20));
	pid = start_talking(self->fd[CONTROLLER], TRANSACTIONS, 1);
	EXPECT_EQ(0, hear_messages(&ear));
	EXPECT_TRUE(ended_well(pid));
	judge(_metadata, self->heard, 1, WIRE_BYTE_NS + (self->lazy ? TS_TICK_NS : 0));
	nl_socket_free(ear.sock);
}

/* Records that nobody reads: as many are lost as the next one says. */
TEST_F_TIMEOUT(monitor, slow_reader, 200)
{
	uint32_t last = 0, lost = 0;
	struct matenet_record r;
	size_t n;
	int fd;

	NEEDS_EXACT_TIME;
	fd = open_monitor(COMMANDS);
	talk(self->fd[CONTROLLER], 400, 0);
	sleep_us(QUIET_US);
	for (n = 0; n < MATENET_MAX_RECORDS; n++) {
		ASSERT_EQ(sizeof(r), read(fd, &r, sizeof(r)));
		EXPECT_EQ(n ? 0 : MATENET_REC_LOST, r.flags);
		lost += r.lost;
		EXPECT_EQ(n + 1 + lost, r.frame.sequence);
		last = r.frame.sequence;
	}
	EXPECT_EQ(800, last);
	EXPECT_EQ(800 - MATENET_MAX_RECORDS, lost);
	/* From here on again none. */
	talk(self->fd[CONTROLLER], 8, 0);
	sleep_us(QUIET_US);
	ASSERT_EQ(sizeof(r), read(fd, &r, sizeof(r)));
	EXPECT_EQ(801, r.frame.sequence);
	EXPECT_EQ(0, r.lost);
	close(fd);
}

/* A socket that is full: the gaps in the numbers of the frames are what is lost. */
TEST_F_TIMEOUT(monitor, slow_listener, 200)
{
	size_t i, missing = 0;
	struct nl_ear ear;
	uint32_t last = 0;

	NEEDS_EXACT_TIME;
	ASSERT_EQ(0, open_ear(&ear, self->heard, COMMANDS, 8192));
	talk(self->fd[CONTROLLER], 104, 0);
	sleep_us(QUIET_US);
	EXPECT_LT(0, hear_messages(&ear));
	talk(self->fd[CONTROLLER], 8, 0);
	hear_messages(&ear);
	for (i = 0; i < self->heard->n; i++) {
		missing += self->heard->frame[i].f.sequence - last - 1;
		last = self->heard->frame[i].f.sequence;
	}
	EXPECT_LT(0, missing);
	EXPECT_EQ(2 * 112, last);
	EXPECT_EQ(2 * 112, self->heard->n + missing);
	nl_socket_free(ear.sock);
}

static int set_join(int fd, unsigned int join)
{
	struct matenet_config config = testbus_config(fd);

	config.join = join;
	return testbus_set_config(fd, config);
}

/* Who may join whom, and what becomes of it. */
TEST_F(monitor, joining)
{
	struct matenet_config config;
	struct matenet_record r;
	int fd = open_monitor(REPLIES);

	EXPECT_EQ(-EINVAL, set_join(self->fd[REPLIES], 1 + REPLIES));
	EXPECT_EQ(-ENXIO, set_join(self->fd[REPLIES], 1 + NODES));
	EXPECT_EQ(-EINVAL, set_join(self->fd[REPLIES], 65));
	EXPECT_EQ(1 + COMMANDS, testbus_config(self->fd[REPLIES]).join);
	/* In another role it says nothing. */
	EXPECT_EQ(0, set_join(self->fd[CONTROLLER], 1 + COMMANDS));
	configure(self->fd[CONTROLLER], MATENET_ROLE_MONITOR, 0);
	EXPECT_EQ(-EBUSY, set_join(self->fd[CONTROLLER], 1 + COMMANDS));
	/* In a ring, too, nobody waits for anybody. */
	EXPECT_EQ(0, set_join(self->fd[COMMANDS], 1 + REPLIES));
	configure(self->fd[CONTROLLER], MATENET_ROLE_CONTROLLER, 0);
	talk(self->fd[CONTROLLER], 8, 0);
	EXPECT_EQ(0, set_join(self->fd[COMMANDS], 0));

	/* When the first ends, the second tells its own again. */
	close(self->fd[COMMANDS]);
	testbus_detach(self->tty[COMMANDS]);
	self->tty[COMMANDS] = -1;
	self->fd[COMMANDS] = -1;
	hear_records(fd, self->heard);
	talk(self->fd[CONTROLLER], 8, 0);
	ASSERT_EQ(sizeof(r), read(fd, &r, sizeof(r)));
	EXPECT_EQ(MATENET_REC_FRAME, r.type);
	EXPECT_EQ(0, r.frame.flags);
	EXPECT_EQ(0x01, r.frame.mark & 1);
	/* Nor is it a reason to refuse what else is changed. */
	config = testbus_config(self->fd[REPLIES]);
	EXPECT_EQ(1 + COMMANDS, config.join);
	config.gap_us++;
	EXPECT_EQ(0, testbus_set_config(self->fd[REPLIES], config));
	EXPECT_EQ(0, set_join(self->fd[CONTROLLER], 1 + COMMANDS));
	EXPECT_EQ(-ENXIO, testbus_set_role(self->fd[CONTROLLER], MATENET_ROLE_MONITOR));
	EXPECT_EQ(0, set_join(self->fd[REPLIES], 0));
	close(fd);
}

/* Ends of either, and joining anew, while both hear. */
TEST_F_TIMEOUT(monitor, joined_storm, 200)
{
	pid_t pid = start_talking(self->fd[CONTROLLER], 400, 1);
	int i, k, fd = open_monitor(REPLIES);
	char path[32];

	for (i = 0; i < 40; i++) {
		k = 1 + rand() % 2;
		sleep_us(rand() % 20000);
		close(self->fd[k]);
		testbus_detach(self->tty[k]);
		snprintf(path, sizeof(path), "/dev/%s", ttys[k]);
		self->tty[k] = testbus_attach_plain(path);
		ASSERT_LE(0, self->tty[k]);
		snprintf(path, sizeof(path), "/dev/matenet%d", k);
		self->fd[k] = open(path, O_RDWR | O_CLOEXEC);
		ASSERT_LE(0, self->fd[k]);
		configure(self->fd[k], MATENET_ROLE_MONITOR, k == REPLIES ? 1 + COMMANDS : 0);
		if (k == COMMANDS) {
			EXPECT_EQ(0, set_join(self->fd[REPLIES], 0));
			EXPECT_EQ(0, set_join(self->fd[REPLIES], 1 + COMMANDS));
		}
	}
	EXPECT_TRUE(ended_well(pid));
	close(fd);
}

TEST_HARNESS_MAIN
