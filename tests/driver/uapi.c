// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the interface gives: results, capabilities, settings, and a tty that nobody else
 * uses.  What it refuses is in refuse.c, whom in rights.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "testbus.h"

#define NOBODY	65534
#define OK	(MATENET_ST_OK | MATENET_ST_TX_DONE)

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
	EXPECT_EQ(OK, x.status);
	EXPECT_LT(before * 1000, x.tx_ts);
	EXPECT_LT(x.tx_ts, x.rx_ts);
	EXPECT_LE(x.rx_ts, (now_us() + 1) * 1000);
	ASSERT_EQ(0, testbus_xfer(self->fd, &y));
	EXPECT_NE(0, y.sequence);
	EXPECT_EQ(x.sequence + 1, y.sequence);
}

/* As much as there may be of everything. */
TEST_F(uapi, limits)
{
	struct matenet_xfer x = a_read();

	x.timeout_us = 10000000;
	x.retries = 15;
	x.rx_len = 3;
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_EQ(OK, x.status);
	EXPECT_EQ(1, x.attempts);

	x = a_read();
	x.rx_len = MATENET_MAX_DATA;
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_SHORT, x.status);

	testbus_allow_writes(self->fd);
	for (unsigned int len = 1; len <= MATENET_MAX_DATA; len += MATENET_MAX_DATA - 1) {
		uint64_t before = testbus_counter("tx_bytes");

		x = (struct matenet_xfer){ .tx_len = len, .flags = MATENET_XFER_NO_REPLY };
		ASSERT_EQ(0, testbus_xfer(self->fd, &x));
		EXPECT_EQ(OK, x.status);
		EXPECT_EQ(before + len + 2, testbus_counter("tx_bytes"));
	}
}

TEST_F(uapi, write)
{
	struct matenet_xfer x = testbus_request(1, MATENET_CMD_WRITE, 8, 0x1234);
	uint64_t before;

	testbus_allow_writes(self->fd);
	before = testbus_counter("tx_bytes");
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_EQ(OK, x.status);
	EXPECT_EQ(before + 8, testbus_counter("tx_bytes"));
}

/*
 * What nobody answers is sent as often as was asked for: once and the retries.  What
 * must not be sent twice is sent once; to ask for more is refused, as refuse.c shows.
 */
FIXTURE(unanswered) {
	int tty;
	int fd;
};

FIXTURE_VARIANT(unanswered) {
	int command;
	int retries;
};

FIXTURE_SETUP(unanswered)
{
	testbus_modules();
	self->tty = testbus_attach_plain(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
	self->fd = testbus_open(O_RDWR);
	testbus_allow_writes(self->fd);
}

FIXTURE_TEARDOWN(unanswered)
{
	close(self->fd);
	testbus_detach(self->tty);
}

TEST_F(unanswered, is_sent)
{
	struct matenet_xfer x = testbus_request(1, variant->command, 8, 1);
	int times = 1 + variant->retries;

	x.retries = variant->retries;
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, x.status);
	EXPECT_EQ(times, x.attempts);
	EXPECT_EQ(variant->retries, x.retries);
	EXPECT_EQ(times * 8, testbus_counter("tx_bytes"));
}

FIXTURE_VARIANT_ADD(unanswered, read) { .command = MATENET_CMD_READ };
FIXTURE_VARIANT_ADD(unanswered, read_3_times) { .command = MATENET_CMD_READ, .retries = 2 };
FIXTURE_VARIANT_ADD(unanswered, read_16_times) { .command = MATENET_CMD_READ, .retries = 15 };
FIXTURE_VARIANT_ADD(unanswered, status_twice) { .command = MATENET_CMD_STATUS, .retries = 1 };
FIXTURE_VARIANT_ADD(unanswered, log_twice) { .command = MATENET_CMD_LOG, .retries = 1 };
FIXTURE_VARIANT_ADD(unanswered, write_twice) { .command = MATENET_CMD_WRITE, .retries = 1 };
FIXTURE_VARIANT_ADD(unanswered, inc) { .command = MATENET_CMD_INC };
FIXTURE_VARIANT_ADD(unanswered, dec) { .command = MATENET_CMD_DEC };
FIXTURE_VARIANT_ADD(unanswered, unknown) { .command = 5 };

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
	EXPECT_EQ(1000, config.turnaround_us);
	EXPECT_EQ(100000, config.late_us);
	EXPECT_EQ(0, config.join);
	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, config.reserved[i]);
	/* What was got can be set. */
	EXPECT_EQ(0, testbus_set_config(self->fd, config));
}

/* Both ends of each range can be set. */
TEST_F(uapi, config_ranges)
{
	static const struct {
		size_t offset;
		uint32_t low, high;
	} rows[] = {
		{ offsetof(struct matenet_config, baud), 300, 115200 },
		{ offsetof(struct matenet_config, role), 0, 2 },
		{ offsetof(struct matenet_config, framing), 0, 2 },
		{ offsetof(struct matenet_config, parity), 0, 2 },
		{ offsetof(struct matenet_config, flags), 0, 3 },
		{ offsetof(struct matenet_config, reply_timeout_us), 1000, 10000000 },
		{ offsetof(struct matenet_config, gap_us), 1000, 1000000 },
		{ offsetof(struct matenet_config, turnaround_us), 0, 1000000 },
		{ offsetof(struct matenet_config, tx_guard_us), 20, 10000 },
		{ offsetof(struct matenet_config, late_us), 0, 10000000 },
		{ offsetof(struct matenet_config, join), 0, 64 },
	};
	struct matenet_config good = testbus_config(self->fd), now;
	unsigned int i, k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (k = 0; k < 2; k++) {
			struct matenet_config config = good;

			*(uint32_t *)((char *)&config + rows[i].offset) =
				k ? rows[i].high : rows[i].low;
			EXPECT_EQ(0, testbus_set_config(self->fd, config)) {
				TH_LOG("row %u, %s", i, k ? "high" : "low");
			}
			now = testbus_config(self->ro);
			EXPECT_EQ(0, memcmp(&config, &now, sizeof(now)));
		}
}

/* The line is not changed by settings that are not taken for another reason. */
TEST_F(uapi, config_all_or_nothing)
{
	struct matenet_config config = testbus_config(self->fd);

	config.baud = 19200;
	config.role = MATENET_ROLE_MONITOR;
	config.join = 64;
	EXPECT_EQ(-ENXIO, testbus_set_config(self->fd, config));
	EXPECT_EQ(9600, testbus_config(self->fd).baud);
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 8));
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
