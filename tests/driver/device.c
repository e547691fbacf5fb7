// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The device role and the monitor: our driver on both ends of the wire.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "testbus.h"
#include "wirelib.h"

#define OK		(MATENET_ST_OK | MATENET_ST_TX_DONE)
#define TRANSACTIONS	300

FIXTURE(device) {
	int tty[2];
	int controller;	/* /dev/matenet0 on ttyW0 */
	int device;	/* /dev/matenet1 on ttyW1 */
};

static int open_node(int n, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/matenet%d", n);
	return open(path, flags | O_CLOEXEC);
}

static int set_mode(int fd, unsigned int mode, uint64_t ports)
{
	struct matenet_mode m = { .mode = mode, .port_mask = ports };

	return ioctl(fd, MATENET_IOC_S_MODE, &m) ? -errno : 0;
}

static int next(int fd, struct matenet_record *r)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, 3000) <= 0)
		return -ETIME;
	n = read(fd, r, sizeof(*r));
	return n == sizeof(*r) ? 0 : n < 0 ? -errno : -EIO;
}

/* The next record that is not about the configuration. */
static int next_frame(int fd, struct matenet_record *r)
{
	int ret;

	do
		ret = next(fd, r);
	while (!ret && r->type == MATENET_REC_STATE);
	return ret;
}

static int reply(int fd, uint32_t sequence, uint16_t value)
{
	struct matenet_reply r = {
		.sequence = sequence, .len = 3, .data = { 2, value >> 8, value },
	};

	return ioctl(fd, MATENET_IOC_REPLY, &r) ? -errno : 0;
}

FIXTURE_SETUP(device)
{
	testbus_modules();
	ASSERT_EQ(0, wire_inject(0, "clear"));
	testbus_rx_trigger("ttyW0", 1);
	testbus_rx_trigger("ttyW1", 1);
	self->tty[0] = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty[0]);
	self->tty[1] = testbus_attach(TESTBUS_SIM_TTY);
	ASSERT_LE(0, self->tty[1]);
	self->controller = open_node(0, O_RDWR);
	self->device = open_node(1, O_RDWR);
	ASSERT_LE(0, self->device);
	ASSERT_EQ(0, testbus_set_role(self->device, MATENET_ROLE_DEVICE));
	ASSERT_EQ(0, set_mode(self->device, MATENET_MODE_USER, 1 << 1 | 1 << 5));
	ASSERT_EQ(0, wire_record_clear(0));
}

FIXTURE_TEARDOWN(device)
{
	close(self->controller);
	close(self->device);
	testbus_detach(self->tty[1]);
	testbus_detach(self->tty[0]);
	testbus_rx_trigger("ttyW0", 8);
	testbus_rx_trigger("ttyW1", 8);
}

/* Answers every READ with its register, turned over, until the bus ends. */
static pid_t start_device(int fd)
{
	struct matenet_record r;
	pid_t pid = fork();

	if (pid)
		return pid;
	while (!next_frame(fd, &r))
		if (r.type == MATENET_REC_COMMAND)
			reply(fd, r.frame.sequence, ~(r.frame.data[2] << 8 | r.frame.data[3]));
	_exit(0);
}

static int ask(int fd, unsigned int port, uint16_t addr, uint32_t *status)
{
	struct matenet_xfer x = testbus_request(port, MATENET_CMD_READ, addr, 0);
	int ret = testbus_xfer(fd, &x);

	*status = x.status;
	return ret ? ret : x.rx[1] << 8 | x.rx[2];
}

TEST_F_TIMEOUT(device, answers, 120)
{
	pid_t pid = start_device(self->device);
	struct wire_log log;
	size_t i, wrong = 0;
	uint32_t status;

	for (i = 0; i < TRANSACTIONS; i++) {
		uint16_t addr = rand();

		wrong += ask(self->controller, i % 2 ? 1 : 5, addr, &status) != (uint16_t)~addr ||
			 status != OK;
	}
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(0, testbus_counter("rx_stray"));
	sleep_us(2000);
	ASSERT_EQ(0, wire_record_read(0, &log));
	EXPECT_EQ(TRANSACTIONS * 13, log.n);
	/* It answers as soon as the turnaround of 1 ms has passed. */
	if (wire_exact_time())
		EXPECT_GE(1500000, log.byte[8].start - log.byte[7].end);
	for (i = 0; i < log.n; i++)
		wrong += !!(log.byte[i].bits & 0x100) !=
			 (i == 0 || log.byte[i].port != log.byte[i - 1].port);
	EXPECT_EQ(0, wrong);
	wire_log_free(&log);
	testbus_end(pid, SIGKILL);
}

/* What was heard as a controller does not keep a device waiting. */
TEST_F(device, answers_after_other_words)
{
	struct wire_log log;
	uint32_t status;
	pid_t pid;

	ASSERT_EQ(0, testbus_set_role(self->device, MATENET_ROLE_CONTROLLER));
	ask(self->controller, 1, 7, &status);
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, status);
	ASSERT_EQ(0, testbus_set_role(self->device, MATENET_ROLE_DEVICE));
	pid = start_device(self->device);
	ASSERT_EQ(0, wire_record_clear(0));
	EXPECT_EQ(0xfff8, ask(self->controller, 1, 7, &status));
	sleep_us(2000);
	ASSERT_EQ(0, wire_record_read(0, &log));
	ASSERT_EQ(13, log.n);
	if (wire_exact_time())
		EXPECT_GE(4000000, log.byte[8].start - log.byte[7].end);
	wire_log_free(&log);
	testbus_end(pid, SIGKILL);
}

TEST_F(device, command_record)
{
	struct matenet_xfer x = testbus_request(5, MATENET_CMD_READ, 0x1234, 0);
	struct matenet_record r;
	pid_t pid = fork();

	if (!pid)
		_exit(testbus_xfer(self->controller, &x));
	ASSERT_EQ(0, next_frame(self->device, &r));
	EXPECT_EQ(MATENET_REC_COMMAND, r.type);
	EXPECT_NE(0, r.ts);
	EXPECT_NE(0, r.frame.sequence);
	EXPECT_EQ(8, r.frame.len);
	EXPECT_EQ(1, r.frame.mark);
	EXPECT_EQ(0, r.frame.flags);
	EXPECT_EQ(MATENET_ST_OK, r.frame.status);
	EXPECT_EQ(0, memcmp(r.frame.data, "\x05\x02\x12\x34\x00\x00\x00\x4d", 8));
	waitpid(pid, NULL, 0);
}

/* Only the ports that were asked for. */
TEST_F(device, port_mask)
{
	pid_t pid = start_device(self->device);
	uint32_t status;

	EXPECT_EQ(0xfffe, ask(self->controller, 1, 1, &status));
	ask(self->controller, 2, 1, &status);
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, status);
	ask(self->controller, 200, 1, &status);
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, status);
	EXPECT_EQ(0xfffd, ask(self->controller, 5, 2, &status));
	testbus_end(pid, SIGKILL);
}

/* Too late, twice, or to a command that is not the last: never on the wire. */
TEST_F(device, stale)
{
	struct matenet_record r, later;
	struct wire_log log;
	size_t i;
	pid_t pid = fork();

	if (!pid) {
		uint32_t status;

		ask(self->controller, 1, 1, &status);
		ask(self->controller, 1, 2, &status);
		_exit(status != OK);
	}
	ASSERT_EQ(0, next_frame(self->device, &r));
	ASSERT_EQ(0, next_frame(self->device, &later));
	EXPECT_NE(r.frame.sequence, later.frame.sequence);
	EXPECT_EQ(-ESTALE, reply(self->device, r.frame.sequence, 1));
	EXPECT_EQ(-ESTALE, reply(self->device, later.frame.sequence + 1, 1));
	EXPECT_EQ(0, reply(self->device, later.frame.sequence, 1));
	EXPECT_EQ(-ESTALE, reply(self->device, later.frame.sequence, 1));
	waitpid(pid, NULL, 0);

	pid = fork();
	if (!pid) {
		uint32_t status;

		ask(self->controller, 1, 1, &status);
		_exit(0);
	}
	ASSERT_EQ(0, next_frame(self->device, &r));
	sleep_us(60000 * testbus_slowness());
	EXPECT_EQ(-ESTALE, reply(self->device, r.frame.sequence, 1));
	waitpid(pid, NULL, 0);

	ASSERT_EQ(0, wire_record_read(0, &log));
	for (i = 0; i < log.n; i++)
		if (log.byte[i].port)
			break;
	EXPECT_EQ(3 * 8 + 5, log.n);
	wire_log_free(&log);
}

/* Equal to what the recorder of the wire has: bytes, ninth bits, times. */
static size_t compare_with_wire(struct __test_metadata *_metadata, struct matenet_record *recs,
				size_t count, const struct wire_log *log)
{
	size_t i, k, at = 0, wrong = 0;

	for (i = 0; i < count; i++) {
		const struct matenet_frame *f = &recs[i].frame;

		for (k = 0; k < f->len && at < log->n; k++, at++) {
			wrong += (log->byte[at].bits & 0xff) != f->data[k];
			wrong += !!(log->byte[at].bits & 0x100) != !!(f->mark & 1ULL << k);
		}
		if (wire_exact_time() &&
		    llabs((long long)(recs[i].ts - log->byte[at - 1].end)) > 300000) {
			TH_LOG("frame %zu: %lld ns off", i,
			       (long long)(recs[i].ts - log->byte[at - 1].end));
			wrong++;
		}
	}
	EXPECT_EQ(log->n, at);
	return wrong;
}

/* A busy bus, heard from the controller itself: nothing is lost. */
TEST_F_TIMEOUT(device, monitor, 120)
{
	static struct matenet_record recs[2 * TRANSACTIONS];
	pid_t pid = start_device(self->device);
	int monitor = open_node(0, O_RDONLY), fds[2];
	struct wire_log log;
	size_t i, n = 0;
	pid_t traffic;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, set_mode(monitor, MATENET_MODE_MONITOR, 0));
	traffic = fork();
	if (!traffic) {
		uint32_t status;

		for (i = 0; i < TRANSACTIONS; i++)
			ask(self->controller, 1, rand(), &status);
		_exit(0);
	}
	while (n < 2 * TRANSACTIONS && !next_frame(monitor, &recs[n])) {
		EXPECT_EQ(MATENET_REC_FRAME, recs[n].type);
		EXPECT_EQ(0, recs[n].flags);
		EXPECT_EQ(n % 2 ? 5 : 8, recs[n].frame.len);
		EXPECT_EQ(n % 2 ? 0 : MATENET_FRAME_TX, recs[n].frame.flags);
		EXPECT_TRUE(recs[n].frame.status & MATENET_ST_OK);
		n++;
	}
	ASSERT_EQ(2 * TRANSACTIONS, n);
	waitpid(traffic, NULL, 0);
	sleep_us(2000);
	ASSERT_EQ(0, wire_record_read(0, &log));
	EXPECT_EQ(0, compare_with_wire(_metadata, recs, n, &log));
	wire_log_free(&log);
	testbus_end(pid, SIGKILL);
}

/* Damage is shown as it was. */
TEST_F(device, monitor_sees_errors)
{
	struct matenet_record r;
	int monitor = open_node(1, O_RDONLY);
	uint32_t status;

	ASSERT_EQ(0, set_mode(monitor, MATENET_MODE_MONITOR, 0));
	/* That the UART tells ninth bits at all, a right frame has to show. */
	ask(self->controller, 1, 1, &status);
	ASSERT_EQ(0, next_frame(monitor, &r));
	EXPECT_EQ(MATENET_ST_OK, r.frame.status);

	ASSERT_EQ(0, wire_inject(0, "0 flip-bit 4 0"));
	ask(self->controller, 1, 1, &status);
	ASSERT_EQ(0, next_frame(monitor, &r));
	EXPECT_EQ(MATENET_ST_CHECKSUM, r.frame.status);
	EXPECT_EQ(8, r.frame.len);

	ASSERT_EQ(0, wire_inject(0, "0 flip-mark 4"));
	ask(self->controller, 1, 1, &status);
	ASSERT_EQ(0, next_frame(monitor, &r));
	EXPECT_EQ(MATENET_ST_CHECKSUM, r.frame.status & MATENET_ST_CHECKSUM);
	EXPECT_EQ(3, r.frame.len);
	ASSERT_EQ(0, next_frame(monitor, &r));
	EXPECT_EQ(5, r.frame.len);
	EXPECT_EQ(1, r.frame.mark);

	ASSERT_EQ(0, wire_inject(0, "0 drop 1"));
	ask(self->controller, 1, 1, &status);
	ASSERT_EQ(0, next_frame(monitor, &r));
	EXPECT_EQ(7, r.frame.len);
	EXPECT_EQ(0, r.frame.mark);
	EXPECT_TRUE(r.frame.status & MATENET_ST_MARK);

	ASSERT_EQ(0, wire_inject(0, "0 break 1"));
	ask(self->controller, 1, 1, &status);
	ASSERT_EQ(0, next_frame(monitor, &r));
	EXPECT_TRUE(r.frame.status & MATENET_ST_BREAK);
	close(monitor);
}

/* ---- what else can become of a reply ---- */

static int submit(int fd, uint16_t addr)
{
	struct matenet_xfer x = testbus_request(5, MATENET_CMD_READ, addr, 0);

	return ioctl(fd, MATENET_IOC_SUBMIT, &x) ? -errno : 0;
}

TEST_F(device, cannot_be_sent)
{
	struct matenet_record r;
	pid_t pid;
	uint32_t status;

	ASSERT_EQ(0, submit(self->controller, 1));
	ASSERT_EQ(0, next_frame(self->device, &r));
	ASSERT_EQ(0, wire_knobs(1, "irq=no"));
	EXPECT_EQ(-EIO, reply(self->device, r.frame.sequence, 1));
	ASSERT_EQ(0, wire_knobs(1, "irq=yes"));
	pid = start_device(self->device);
	EXPECT_EQ(0xfffe, ask(self->controller, 5, 1, &status));
	testbus_end(pid, SIGKILL);
}

/* A device that waits a second for silence does not get it. */
TEST_F(device, never_silent)
{
	struct matenet_config config = testbus_config(self->device);
	struct matenet_record r;
	int64_t began;
	int i, status;
	pid_t pid;

	config.turnaround_us = 1000000;
	config.reply_timeout_us = 5000000;
	ASSERT_EQ(0, testbus_set_config(self->device, config));
	for (i = 1; i <= 20; i++)
		ASSERT_EQ(0, submit(self->controller, i));
	ASSERT_EQ(0, next_frame(self->device, &r));
	began = now_us();
	pid = fork();
	if (!pid)
		_exit(-reply(self->device, r.frame.sequence, 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(ESTALE, WEXITSTATUS(status));
	/* Somebody has talked for a second; the pause after that was not long enough. */
	if (wire_exact_time()) {
		EXPECT_LT(1000000, now_us() - began);
		EXPECT_GT(2100000, now_us() - began);
	}
}

/* However long the pause that a controller wants: it may come later than in a second. */
TEST_F_TIMEOUT(device, spoken_to_while_it_waits, 60)
{
	struct matenet_config config = testbus_config(self->controller);
	struct matenet_record r;
	uint32_t status;

	config.gap_us = 1000000;
	ASSERT_EQ(0, testbus_set_config(self->controller, config));
	ASSERT_EQ(0, testbus_set_role(self->device, MATENET_ROLE_CONTROLLER));
	ask(self->device, 5, 1, &status);
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, status);
	ASSERT_EQ(0, submit(self->controller, 2));
	sleep_us(300000);
	ask(self->device, 5, 3, &status);
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, status);
	do {
		ASSERT_EQ(0, next(self->controller, &r));
	} while (r.type != MATENET_REC_XFER);
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, r.xfer.status);
}

/* ---- how a device tells commands from the rest ---- */

static int set_framing(int fd, uint32_t framing)
{
	struct matenet_config config = testbus_config(fd);

	config.framing = framing;
	return testbus_set_config(fd, config);
}

TEST_F(device, framing_as_told)
{
	static const uint32_t framings[] = { MATENET_FRAMING_MARK, MATENET_FRAMING_GAP };
	struct matenet_caps caps;
	uint32_t status;
	pid_t pid;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, set_framing(self->device, framings[i]));
		pid = start_device(self->device);
		EXPECT_EQ(0xfffe, ask(self->controller, 1, 1, &status));
		EXPECT_EQ(OK, status);
		EXPECT_EQ(0xedcb, ask(self->controller, 5, 0x1234, &status));
		EXPECT_EQ(OK, status);
		ASSERT_EQ(0, ioctl(self->device, MATENET_IOC_G_CAPS, &caps));
		EXPECT_EQ(framings[i], caps.framing);
		testbus_end(pid, SIGKILL);
	}
}

static int send_raw(int fd, const char *bytes, size_t n)
{
	struct matenet_xfer x = {
		.flags = MATENET_XFER_RAW | MATENET_XFER_NO_REPLY, .tx_len = n,
	};

	memcpy(x.tx, bytes, n);
	return testbus_xfer(fd, &x);
}

/* Without ninth bits commands begin anywhere: behind noise, at once or after a pause. */
TEST_F(device, command_after_noise)
{
	struct matenet_config config = testbus_config(self->controller);
	struct matenet_record r;

	config.flags = MATENET_CFG_WRITABLE;
	config.late_us = 0;
	config.turnaround_us = 5000;
	ASSERT_EQ(0, testbus_set_config(self->controller, config));
	ASSERT_EQ(0, set_framing(self->device, MATENET_FRAMING_GAP));
	EXPECT_EQ(0, send_raw(self->controller, "\x11\x22\x33\x05\x02\x12\x34\0\0\0\x4d", 11));
	ASSERT_EQ(0, next_frame(self->device, &r));
	EXPECT_EQ(MATENET_REC_COMMAND, r.type);
	EXPECT_EQ(8, r.frame.len);
	EXPECT_EQ(0x12, r.frame.data[2]);
	EXPECT_EQ(0, send_raw(self->controller, "\x11\x22\x33", 3));
	EXPECT_EQ(0, send_raw(self->controller, "\x05\x02\x56\x78\0\0\0\xd5", 8));
	ASSERT_EQ(0, next_frame(self->device, &r));
	EXPECT_EQ(MATENET_REC_COMMAND, r.type);
	EXPECT_EQ(8, r.frame.len);
	EXPECT_EQ(0x56, r.frame.data[2]);
}

/* What another bus hears for it is for its monitors only: it is what the device has said. */
TEST_F(device, hears_itself)
{
	struct matenet_config config = testbus_config(self->controller);
	int monitor = open_node(1, O_RDONLY);
	struct matenet_record r;

	ASSERT_EQ(0, set_mode(monitor, MATENET_MODE_MONITOR, 0));
	config.role = MATENET_ROLE_MONITOR;
	config.join = 2;
	ASSERT_EQ(0, testbus_set_config(self->controller, config));
	ASSERT_EQ(0, wire_inject(0, "1 insert 0 105\n1 insert 0 002\n1 insert 0 012\n"
				 "1 insert 0 034\n1 insert 0 000 3\n1 insert 0 04d"));
	ASSERT_EQ(0, next_frame(monitor, &r));
	EXPECT_EQ(8, r.frame.len);
	EXPECT_EQ(MATENET_ST_OK, r.frame.status);
	EXPECT_EQ(MATENET_FRAME_JOINED, r.frame.flags);
	EXPECT_EQ(-ETIME, next_frame(self->device, &r));
	close(monitor);
}

#define BYTE_US		1146	/* on the wire */

/*
 * A monitor of both directions: one side has ended, the other says a single byte at once,
 * and both fall silent, shorter than a gap.  When the first goes on, what there is are two
 * frames, in their order.
 */
TEST_F(device, both_fall_silent)
{
	struct matenet_config config = testbus_config(self->controller);
	int i, monitor = open_node(1, O_RDONLY);
	struct matenet_record r;

	if (!wire_exact_time())
		SKIP(return, "pauses are not what they are here");
	config.role = MATENET_ROLE_MONITOR;
	ASSERT_EQ(0, testbus_set_config(self->device, config));
	config.join = 2;
	ASSERT_EQ(0, testbus_set_config(self->controller, config));
	ASSERT_EQ(0, set_mode(monitor, MATENET_MODE_MONITOR, 0));
	/* That its bytes come one by one, each tty has to show. */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, wire_inject(0, "%d insert 0 111\n%d insert 0 022 4", i, i));
		ASSERT_EQ(0, next_frame(monitor, &r));
		EXPECT_EQ(5, r.frame.len);
	}
	ASSERT_EQ(0, wire_inject(0, "0 insert 0 105\n0 insert 0 011 7"));
	sleep_us(8 * BYTE_US);
	ASSERT_EQ(0, wire_inject(0, "1 insert 0 182"));
	sleep_us(6 * BYTE_US);
	ASSERT_EQ(0, wire_inject(0, "0 insert 0 133"));
	ASSERT_EQ(0, next_frame(monitor, &r));
	EXPECT_EQ(8, r.frame.len);
	EXPECT_EQ(0, r.frame.flags);
	ASSERT_EQ(0, next_frame(monitor, &r));
	EXPECT_EQ(1, r.frame.len);
	EXPECT_EQ(MATENET_FRAME_JOINED, r.frame.flags);
	EXPECT_EQ(0x82, r.frame.data[0]);
	ASSERT_EQ(0, next_frame(monitor, &r));
	EXPECT_EQ(1, r.frame.len);
	EXPECT_EQ(0x33, r.frame.data[0]);
	close(monitor);
}

/* Without ninth bits, what is whole is over after less than a gap, if more comes then. */
TEST_F(device, whole_before_a_pause)
{
	static const uint8_t second[] = { 0x05, 0x02, 0x56, 0x78, 0, 0, 0, 0xd5 };
	struct matenet_config config = testbus_config(self->device);
	int monitor = open_node(1, O_RDONLY);
	struct matenet_record r;
	uint64_t first;

	config.role = MATENET_ROLE_MONITOR;
	config.framing = MATENET_FRAMING_GAP;
	ASSERT_EQ(0, testbus_set_config(self->device, config));
	ASSERT_EQ(0, set_mode(monitor, MATENET_MODE_MONITOR, 0));
	ASSERT_EQ(0, wire_inject(0, "0 insert 0 105\n0 insert 0 002\n0 insert 0 012\n"
				 "0 insert 0 034\n0 insert 0 000 3\n0 insert 0 04d"));
	sleep_us(12 * BYTE_US);
	ASSERT_EQ(0, wire_inject(0, "0 insert 0 105\n0 insert 0 002\n0 insert 0 056\n"
				 "0 insert 0 078\n0 insert 0 000 3\n0 insert 0 0d5"));
	ASSERT_EQ(0, next_frame(monitor, &r));
	EXPECT_EQ(8, r.frame.len);
	EXPECT_EQ(MATENET_ST_OK, r.frame.status);
	first = r.ts;
	ASSERT_EQ(0, next_frame(monitor, &r));
	EXPECT_EQ(MATENET_ST_OK, r.frame.status);
	EXPECT_EQ(8, r.frame.len);
	/* Where a processor may stand still, one look may find both. */
	if (wire_exact_time())
		EXPECT_LT(8000 * BYTE_US, r.ts - first);
	EXPECT_EQ(0, memcmp(second, r.frame.data, 8));
	close(monitor);
}

TEST_HARNESS_MAIN
