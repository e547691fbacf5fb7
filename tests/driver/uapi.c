// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rules of the interface: whatever is not right in a request is refused,
 * one condition at a time, and nothing of it reaches the wire.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "testbus.h"

#define NOBODY 65534

FIXTURE(uapi) {
	pid_t sim;
	int tty;
	int fd;
	int ro;
};

FIXTURE_SETUP(uapi)
{
	testbus_modules();
	self->sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--turnaround-us", "1000", NULL);
	self->tty = testbus_attach_plain(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
	self->fd = testbus_open(O_RDWR);
	self->ro = testbus_open(O_RDONLY);
}

FIXTURE_TEARDOWN(uapi)
{
	close(self->ro);
	close(self->fd);
	testbus_detach(self->tty);
	testbus_end(self->sim, SIGTERM);
}

static struct matenet_xfer a_read(void)
{
	return testbus_request(1, MATENET_CMD_READ, 8, 0);
}

#define EXPECT_REFUSED(_error, _change) do {				\
	uint64_t before = testbus_counter("tx_bytes");			\
	struct matenet_xfer x = a_read();				\
	_change;							\
	EXPECT_EQ(-(_error), testbus_xfer(self->fd, &x)) {		\
		TH_LOG("after %s", #_change);				\
	}								\
	EXPECT_EQ(before, testbus_counter("tx_bytes"));			\
} while (0)

TEST_F(uapi, a_right_request_works)
{
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 8));
	EXPECT_TRUE(testbus_status_right(self->fd, 3, 0x0a));
	EXPECT_TRUE(testbus_log_right(self->fd, 1, 128));
}

TEST_F(uapi, result_fields)
{
	struct matenet_xfer x = a_read(), y = a_read();
	int64_t before = now_us();

	x.user_data = 0x1122334455667788;
	x.sequence = 77;	/* what is only written is not looked at */
	x.status = ~0U;
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_EQ(0x1122334455667788, x.user_data);
	EXPECT_EQ(1, x.attempts);
	EXPECT_EQ(MATENET_ST_OK | MATENET_ST_TX_DONE, x.status);
	EXPECT_LT(before * 1000, x.tx_ts);
	EXPECT_LT(x.tx_ts, x.rx_ts);
	EXPECT_LE(x.rx_ts, (now_us() + 1) * 1000);
	ASSERT_EQ(0, testbus_xfer(self->fd, &y));
	EXPECT_NE(0, y.sequence);
	EXPECT_EQ(x.sequence + 1, y.sequence);
}

TEST_F(uapi, reserved_fields)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		EXPECT_REFUSED(EINVAL, x.reserved8[i] = 1);
	for (i = 0; i < 4; i++)
		EXPECT_REFUSED(EINVAL, x.reserved[i] = 1);
}

TEST_F(uapi, unknown_flags)
{
	unsigned int bit;

	/* STOP is for batches. */
	for (bit = 2; bit < 32; bit++)
		EXPECT_REFUSED(EINVAL, x.flags = 1U << bit);
}

TEST_F(uapi, lengths)
{
	EXPECT_REFUSED(EINVAL, x.tx_len = 0);
	EXPECT_REFUSED(EINVAL, x.tx_len = MATENET_MAX_DATA + 1);
	EXPECT_REFUSED(EINVAL, x.tx_len = 255);
	EXPECT_REFUSED(EINVAL, x.rx_len = MATENET_MAX_DATA + 1);
	EXPECT_REFUSED(EINVAL, x.rx_len = 255);
}

TEST_F(uapi, unused_tx_bytes)
{
	unsigned int i;

	for (i = 6; i < MATENET_MAX_DATA; i++)
		EXPECT_REFUSED(EINVAL, x.tx[i] = 1);
}

TEST_F(uapi, limits)
{
	EXPECT_REFUSED(EINVAL, x.timeout_us = 10000001);
	EXPECT_REFUSED(EINVAL, x.retries = 16);
}

TEST_F(uapi, no_reply_takes_nothing_about_a_reply)
{
	EXPECT_REFUSED(EINVAL, x.flags = MATENET_XFER_NO_REPLY; x.rx_len = 3);
	EXPECT_REFUSED(EINVAL, x.flags = MATENET_XFER_NO_REPLY; x.retries = 1);
	EXPECT_REFUSED(EINVAL, x.flags = MATENET_XFER_NO_REPLY; x.timeout_us = 1000);
}

TEST_F(uapi, never_twice)
{
	testbus_allow_writes(self->fd);
	EXPECT_REFUSED(EINVAL, x.tx[1] = MATENET_CMD_INC; x.retries = 1);
	EXPECT_REFUSED(EINVAL, x.tx[1] = MATENET_CMD_DEC; x.retries = 1);
	EXPECT_REFUSED(EINVAL, x.tx[1] = 5; x.retries = 1);
	EXPECT_REFUSED(EINVAL, x.flags = MATENET_XFER_RAW; x.retries = 1);
	EXPECT_REFUSED(EINVAL, x.tx_len = 5; x.tx[5] = 0; x.retries = 1);
}

TEST_F(uapi, pointers)
{
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static const unsigned int requests[] = {
		MATENET_IOC_G_CAPS, MATENET_IOC_G_CONFIG, MATENET_IOC_S_CONFIG, MATENET_IOC_XFER
	};
	unsigned int i;

	ASSERT_NE(MAP_FAILED, page);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(-1, ioctl(self->fd, requests[i], NULL));
		EXPECT_EQ(EFAULT, errno);
	}
	EXPECT_EQ(-1, ioctl(self->fd, MATENET_IOC_G_CAPS, page));
	EXPECT_EQ(EFAULT, errno);
	munmap(page, 4096);
}

TEST_F(uapi, unknown_requests)
{
	static const unsigned int requests[] = {
		_IO(MATENET_IOC_MAGIC, 0x00), _IO(MATENET_IOC_MAGIC, 0x10),
		_IOR(MATENET_IOC_MAGIC, 0x10, struct matenet_xfer),
		_IOWR(MATENET_IOC_MAGIC, 0x10, struct matenet_config),
		_IO(MATENET_IOC_MAGIC, 0xff), TIOCSETD, TCGETS, 0, ~0U
	};
	unsigned int i;
	char text[4];

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		EXPECT_EQ(-1, ioctl(self->fd, requests[i], text));
		EXPECT_EQ(ENOTTY, errno);
	}
	EXPECT_EQ(-1, read(self->fd, text, 4));
	EXPECT_EQ(-1, write(self->fd, text, 4));
}

TEST_F(uapi, caps)
{
	struct matenet_caps caps;
	unsigned int i;

	memset(&caps, 0xff, sizeof(caps));
	ASSERT_EQ(0, ioctl(self->ro, MATENET_IOC_G_CAPS, &caps));
	EXPECT_STREQ("n_matenet", caps.driver);
	EXPECT_STREQ("ttyW0", caps.tty);
	EXPECT_EQ(0, caps.bus);
	EXPECT_EQ(MATENET_MAX_DATA, caps.max_data);
	EXPECT_EQ(64, caps.max_queue);
	EXPECT_EQ(MATENET_CAP_TX | MATENET_CAP_CMSPAR | MATENET_CAP_TX_EMPTY, caps.capabilities);
	EXPECT_EQ(MATENET_PARITY_STICK, caps.parity);
	EXPECT_EQ(MATENET_FRAMING_GAP, caps.framing);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(0, caps.reserved[i]);
}

/* AUTO says what it chose: three right replies are enough. */
TEST_F(uapi, auto_framing)
{
	struct matenet_caps caps;
	char text[16];
	int i;

	for (i = 0; i < 3; i++)
		EXPECT_TRUE(testbus_read_right(self->fd, 1, i));
	ASSERT_EQ(0, ioctl(self->ro, MATENET_IOC_G_CAPS, &caps));
	EXPECT_EQ(MATENET_FRAMING_MARK, caps.framing);
	EXPECT_TRUE(caps.capabilities & MATENET_CAP_RX_MARK);
	testbus_attribute("framing", text, sizeof(text));
	EXPECT_STREQ("auto", text);
	testbus_attribute("framing_in_force", text, sizeof(text));
	EXPECT_STREQ("mark", text);
}

TEST_F(uapi, config_defaults)
{
	struct matenet_config config = testbus_config(self->ro);
	unsigned int i;

	EXPECT_EQ(9600, config.baud);
	EXPECT_EQ(MATENET_ROLE_CONTROLLER, config.role);
	EXPECT_EQ(MATENET_FRAMING_AUTO, config.framing);
	EXPECT_EQ(MATENET_PARITY_AUTO, config.parity);
	EXPECT_EQ(0, config.flags);
	EXPECT_EQ(45000, config.reply_timeout_us);
	EXPECT_EQ(20000, config.gap_us);
	EXPECT_EQ(2000, config.turnaround_us);
	EXPECT_EQ(100000, config.late_us);
	EXPECT_EQ(0, config.join);
	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, config.reserved[i]);
	/* What was got can be set. */
	EXPECT_EQ(0, testbus_set_config(self->fd, config));
}

TEST_F(uapi, config_ranges)
{
	static const struct {
		size_t offset;
		uint32_t low, high;
		int too_low;
	} rows[] = {
		{ offsetof(struct matenet_config, baud), 300, 115200, 1 },
		{ offsetof(struct matenet_config, framing), 0, 2, 0 },
		{ offsetof(struct matenet_config, parity), 0, 2, 0 },
		{ offsetof(struct matenet_config, flags), 0, 3, 0 },
		{ offsetof(struct matenet_config, reply_timeout_us), 1000, 10000000, 1 },
		{ offsetof(struct matenet_config, gap_us), 1000, 1000000, 1 },
		{ offsetof(struct matenet_config, turnaround_us), 0, 1000000, 0 },
		{ offsetof(struct matenet_config, tx_guard_us), 20, 10000, 1 },
		{ offsetof(struct matenet_config, late_us), 0, 10000000, 0 },
		{ offsetof(struct matenet_config, join), 0, 64, 0 },
	};
	struct matenet_config good = testbus_config(self->fd), now;
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct matenet_config config = good;
		uint32_t *field = (uint32_t *)((char *)&config + rows[i].offset);

		*field = rows[i].low;
		EXPECT_EQ(0, testbus_set_config(self->fd, config)) {
			TH_LOG("row %u low", i);
		}
		*field = rows[i].high;
		EXPECT_EQ(0, testbus_set_config(self->fd, config)) {
			TH_LOG("row %u high", i);
		}
		ASSERT_EQ(0, testbus_set_config(self->fd, good));
		*field = rows[i].high + 1;
		EXPECT_EQ(-EINVAL, testbus_set_config(self->fd, config));
		*field = ~0U;
		EXPECT_EQ(-EINVAL, testbus_set_config(self->fd, config));
		if (rows[i].too_low) {
			*field = rows[i].low - 1;
			EXPECT_EQ(-EINVAL, testbus_set_config(self->fd, config));
		}
		now = testbus_config(self->fd);
		EXPECT_EQ(0, memcmp(&good, &now, sizeof(now)));
	}
}

TEST_F(uapi, config_reserved_and_role)
{
	struct matenet_config config;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		config = testbus_config(self->fd);
		config.reserved[i] = 1;
		EXPECT_EQ(-EINVAL, testbus_set_config(self->fd, config));
	}
	config = testbus_config(self->fd);
	config.role = 3;
	EXPECT_EQ(-EINVAL, testbus_set_config(self->fd, config));
}

/* A descriptor opened for reading reads, and does nothing else on the wire. */
TEST_F(uapi, read_only_descriptor)
{
	uint64_t before;
	unsigned int cmd, len;

	testbus_allow_writes(self->fd);
	EXPECT_TRUE(testbus_read_right(self->ro, 1, 8));
	EXPECT_TRUE(testbus_status_right(self->ro, 1, 1));
	EXPECT_TRUE(testbus_log_right(self->ro, 1, 0));

	before = testbus_counter("tx_bytes");
	for (cmd = 0; cmd < 256; cmd++) {
		struct matenet_xfer x = testbus_request(1, cmd, 8, 0);

		if (cmd == MATENET_CMD_READ || cmd == MATENET_CMD_STATUS || cmd == MATENET_CMD_LOG)
			continue;
		EXPECT_EQ(-EPERM, testbus_xfer(self->ro, &x));
	}
	for (len = 1; len <= MATENET_MAX_DATA; len++) {
		struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, 0, 0);

		x.tx_len = len;
		if (len == 1)
			x.tx[1] = 0;
		if (len != 6)
			EXPECT_EQ(-EPERM, testbus_xfer(self->ro, &x));
		x.tx_len = 6;
		x.tx[1] = MATENET_CMD_READ;
		x.flags = MATENET_XFER_RAW;
		EXPECT_EQ(-EPERM, testbus_xfer(self->ro, &x));
	}
	EXPECT_EQ(before, testbus_counter("tx_bytes"));
}

TEST_F(uapi, writable_bus)
{
	struct matenet_xfer x = testbus_request(1, MATENET_CMD_WRITE, 8, 0x1234);
	uint64_t before = testbus_counter("tx_bytes");

	EXPECT_EQ(-EROFS, testbus_xfer(self->fd, &x));
	EXPECT_EQ(before, testbus_counter("tx_bytes"));
	testbus_allow_writes(self->fd);
	EXPECT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_EQ(MATENET_ST_OK | MATENET_ST_TX_DONE, x.status);
	EXPECT_EQ(before + 8, testbus_counter("tx_bytes"));
}

TEST_F(uapi, privileges)
{
	struct matenet_config config = testbus_config(self->fd);

	ASSERT_EQ(0, seteuid(NOBODY));
	EXPECT_EQ(-EPERM, testbus_set_config(self->fd, config));
	/* What the descriptor was opened for stays allowed. */
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 8));
	ASSERT_EQ(0, seteuid(0));
}

TEST_F(uapi, attaching_takes_a_privilege)
{
	int ldisc = TESTBUS_LDISC, tty = open(TESTBUS_SIM_TTY, O_RDWR | O_NOCTTY | O_NONBLOCK);

	ASSERT_LE(0, tty);
	ASSERT_EQ(0, seteuid(NOBODY));
	EXPECT_EQ(-1, ioctl(tty, TIOCSETD, &ldisc));
	EXPECT_EQ(EPERM, errno);
	ASSERT_EQ(0, seteuid(0));
	close(tty);
}

/* A pty has no parity bit to carry the ninth. */
TEST_F(uapi, tty_without_parity)
{
	int ldisc = TESTBUS_LDISC, pty = open("/dev/ptmx", O_RDWR | O_NOCTTY);

	ASSERT_LE(0, pty);
	EXPECT_EQ(-1, ioctl(pty, TIOCSETD, &ldisc));
	EXPECT_EQ(EOPNOTSUPP, errno);
	close(pty);
}

/* While we have the tty nobody changes its settings or takes its bytes. */
TEST_F(uapi, the_tty_is_ours)
{
	int tty = open(TESTBUS_TTY, O_RDWR | O_NOCTTY | O_NONBLOCK);
	struct { int i[64]; } termios;
	char byte = 0;

	ASSERT_LE(0, tty);
	EXPECT_EQ(-1, ioctl(tty, TCGETS, &termios));
	EXPECT_EQ(-1, ioctl(tty, TCSETS, &termios));
	EXPECT_EQ(-1, write(tty, &byte, 1));
	EXPECT_EQ(-1, read(tty, &byte, 1));
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 8));
	close(tty);
}

TEST_HARNESS_MAIN
