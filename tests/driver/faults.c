// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can go wrong on the wire: each fault has its status and its counter,
 * and the next transaction works.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "pattern.h"
#include "testbus.h"
#include "wirelib.h"

#define DONE	MATENET_ST_TX_DONE
#define OK	(MATENET_ST_OK | MATENET_ST_TX_DONE)
#define PORT	1
/* A register whose reply has a checksum below 0x80: bit 7 adds without a carry. */
#define ADDR	2

FIXTURE(faults) {
	pid_t sim;
	int tty;
	int fd;
};

FIXTURE_VARIANT(faults) {
	uint32_t framing;
};

FIXTURE_VARIANT_ADD(faults, mark) { .framing = MATENET_FRAMING_MARK };
FIXTURE_VARIANT_ADD(faults, gap) { .framing = MATENET_FRAMING_GAP };

FIXTURE_SETUP(faults)
{
	struct matenet_config config;

	testbus_modules();
	ASSERT_EQ(0, wire_inject(0, "clear"));
	self->sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--turnaround-us", "1000", NULL);
	self->tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
	self->fd = testbus_open(O_RDWR);
	config = testbus_config(self->fd);
	config.framing = variant->framing;
	ASSERT_EQ(0, testbus_set_config(self->fd, config));
	ASSERT_TRUE(testbus_read_right(self->fd, PORT, ADDR));
}

FIXTURE_TEARDOWN(faults)
{
	EXPECT_EQ(0, wire_inject(0, "clear"));
	close(self->fd);
	testbus_detach(self->tty);
	testbus_end(self->sim, SIGTERM);
}

struct fault {
	const char *inject;	/* port 1 is the device's */
	uint32_t status;
	const char *counter;
};

static void try_fault(struct __test_metadata *_metadata, int fd, const struct fault *f)
{
	struct matenet_xfer x = testbus_request(PORT, MATENET_CMD_READ, ADDR, 0);
	uint64_t before = testbus_counter(f->counter), replies = testbus_counter("replies");

	ASSERT_EQ(0, wire_inject(0, "%s", f->inject));
	EXPECT_EQ(0, testbus_xfer(fd, &x));
	EXPECT_EQ(f->status, x.status) {
		TH_LOG("after \"%s\"", f->inject);
	}
	EXPECT_EQ(1, x.attempts);
	EXPECT_EQ(before + 1, testbus_counter(f->counter));
	EXPECT_EQ(replies + !!(f->status & MATENET_ST_OK), testbus_counter("replies"));
	if (x.status & MATENET_ST_OK)
		EXPECT_EQ(matesim_pattern(PORT, ADDR), x.rx[1] << 8 | x.rx[2]);
	ASSERT_EQ(0, wire_inject(0, "clear"));
	/* The next one works. */
	EXPECT_TRUE(testbus_read_right(fd, PORT, ADDR + 1));
}

TEST_F(faults, damage)
{
	static const struct fault rows[] = {
		{ "1 flip-bit 1 0", DONE | MATENET_ST_CHECKSUM, "checksum_errors" },
		{ "1 flip-bit 3 0", DONE | MATENET_ST_CHECKSUM, "checksum_errors" },
		{ "1 flip-bit 5 7", DONE | MATENET_ST_CHECKSUM, "checksum_errors" },
		{ "1 drop 5", DONE | MATENET_ST_SHORT, "short_replies" },
		{ "1 drop 2 4", DONE | MATENET_ST_SHORT, "short_replies" },
		{ "1 insert 3 055", DONE | MATENET_ST_LONG, "long_replies" },
		{ "1 insert 3 055 20", DONE | MATENET_ST_LONG, "long_replies" },
		{ "1 silence 5", DONE | MATENET_ST_TIMEOUT, "timeouts" },
		{ "0 silence 8", DONE | MATENET_ST_TIMEOUT, "timeouts" },
		{ "0 flip-bit 4 0", DONE | MATENET_ST_TIMEOUT, "timeouts" },
		{ "1 insert 1 000 2", OK | MATENET_ST_JUNK, "junk" },
		{ "1 insert 1 0a5 4", OK | MATENET_ST_JUNK, "junk" },
		{ "1 flip-bit 1 7\n1 flip-bit 5 7", DONE | MATENET_ST_REFUSED, "refusals" },
		{ "1 frame-error 3", DONE | MATENET_ST_FRAMING, "framing_errors" },
		{ "1 overrun 3", DONE | MATENET_ST_OVERRUN | MATENET_ST_SHORT, "overruns" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		try_fault(_metadata, self->fd, &rows[i]);
}

/* A long low level: between bytes, and instead of a reply. */
TEST_F(faults, break)
{
	static const struct fault between = { "1 break 3", DONE | MATENET_ST_BREAK, "breaks" };
	struct matenet_xfer x = testbus_request(PORT, MATENET_CMD_READ, ADDR, 0);

	try_fault(_metadata, self->fd, &between);
	ASSERT_EQ(0, wire_inject(0, "1 silence 5\n1 break 1"));
	EXPECT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_EQ(DONE | MATENET_ST_BREAK, x.status);
	ASSERT_EQ(0, wire_inject(0, "clear"));
	EXPECT_TRUE(testbus_read_right(self->fd, PORT, ADDR));
}

static void break_off(void)
{
	int fd = open(TESTBUS_SIM_TTY, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	ioctl(fd, TIOCCBRK);
	close(fd);
	sleep_us(500000);
}

/* Breaks, one behind the other for seconds, on the wire from the devices. */
static pid_t break_on(void)
{
	int fd = open(TESTBUS_SIM_TTY, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), i;
	pid_t pid = fork();

	for (i = 0; !pid && i < 2000; i++) {
		ioctl(fd, TIOCSBRK);
		sleep_us(2500);
		ioctl(fd, TIOCCBRK);
		sleep_us(2500);
	}
	if (!pid)
		_exit(0);
	close(fd);
	return pid;
}

/* Is a monitor told of a frame that is nothing but breaks? */
static bool breaks_told(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct matenet_record r;

	while (poll(&p, 1, 1000) == 1 && read(fd, &r, sizeof(r)) == sizeof(r))
		if (r.type == MATENET_REC_FRAME && !r.frame.len &&
		    r.frame.status & MATENET_ST_BREAK)
			return true;
	return false;
}

/* No byte, and no silence either: whoever asks or hears is not kept until it ends. */
TEST_F(faults, breaks_without_end)
{
	struct matenet_xfer x = testbus_request(PORT, MATENET_CMD_READ, ADDR, 0);
	struct matenet_mode mode = { .mode = MATENET_MODE_MONITOR };
	int monitor = testbus_open(O_RDONLY);
	pid_t breaker;

	ASSERT_EQ(0, ioctl(monitor, MATENET_IOC_S_MODE, &mode));
	breaker = break_on();
	sleep_us(100000);
	EXPECT_TRUE(breaks_told(monitor));
	close(monitor);
	EXPECT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_TRUE(x.status & (MATENET_ST_BREAK | MATENET_ST_TX_ERROR));
	EXPECT_FALSE(x.status & MATENET_ST_OK);
	EXPECT_EQ(0, waitpid(breaker, NULL, WNOHANG)) {
		TH_LOG("it took as long as the breaks");
	}
	testbus_end(breaker, SIGKILL);
	/* The one that was on the wire when it was killed. */
	break_off();
	EXPECT_TRUE(testbus_read_right(self->fd, PORT, ADDR));
}

/* Seen, and said; the reply is right by length and checksum all the same. */
TEST_F(faults, ninth_bit)
{
	static const struct fault rows[] = {
		{ "1 flip-mark 1", OK | MATENET_ST_MARK, "mark_errors" },
		{ "1 flip-mark 3", OK | MATENET_ST_MARK, "mark_errors" },
		{ "1 flip-mark 5", OK | MATENET_ST_MARK, "mark_errors" },
	};
	struct matenet_config config = testbus_config(self->fd);
	unsigned int i;

	if (variant->framing == MATENET_FRAMING_GAP) {
		/* Where they are not looked at they cannot be wrong. */
		ASSERT_EQ(0, wire_inject(0, "1 flip-mark 1"));
		EXPECT_TRUE(testbus_read_right(self->fd, PORT, ADDR));
		return;
	}
	for (i = 0; i < 3; i++)
		try_fault(_metadata, self->fd, &rows[i]);

	config.flags |= MATENET_CFG_STRICT;
	ASSERT_EQ(0, testbus_set_config(self->fd, config));
	for (i = 0; i < 3; i++) {
		struct fault strict = rows[i];

		strict.status = DONE | MATENET_ST_MARK;
		try_fault(_metadata, self->fd, &strict);
	}
}

/* Whatever came of it: a value that is taken for right is right. */
static int wrong_value(int fd, uint8_t port, uint16_t addr)
{
	struct matenet_xfer x = testbus_request(port, MATENET_CMD_READ, addr, 0);

	return !testbus_xfer(fd, &x) && x.status & MATENET_ST_OK &&
	       (x.rx[1] << 8 | x.rx[2]) != matesim_pattern(port, addr);
}

/*
 * Replies later than their timeout, by every step until they end with late_us,
 * 4.6 ms for the chip to report them included: none is taken for the next one's.
 */
TEST_F_TIMEOUT(faults, late_reply, 60)
{
	struct matenet_config config = testbus_config(self->fd);
	int ms, wrong = 0;

	config.reply_timeout_us = 45000;
	config.gap_us = 20000;
	config.late_us = 100000;
	ASSERT_EQ(0, testbus_set_config(self->fd, config));
	for (ms = 44; ms < 88; ms++) {
		struct matenet_xfer x = testbus_request(PORT, MATENET_CMD_READ, ADDR, 0);
		uint64_t stray = testbus_counter("rx_stray");

		ASSERT_EQ(0, wire_inject(0, "1 delay 1 %d", ms * 1000));
		ASSERT_EQ(0, testbus_xfer(self->fd, &x));
		if (!wire_exact_time()) {
			wrong += wrong_value(self->fd, PORT, 0x100 + ms);
			wrong += wrong_value(self->fd, 2, 0x200 + ms);
			continue;
		}
		if (x.status == OK)	/* by a hair it was not */
			continue;
		EXPECT_EQ(DONE | MATENET_ST_TIMEOUT, x.status);
		wrong += !testbus_read_right(self->fd, PORT, 0x100 + ms);
		wrong += !testbus_read_right(self->fd, 2, 0x200 + ms);
		EXPECT_EQ(stray + 5, testbus_counter("rx_stray")) {
			TH_LOG("%d ms late", ms);
		}
	}
	EXPECT_EQ(0, wrong);
}

/* How late is a setting. */
TEST_F(faults, very_late_reply)
{
	struct matenet_config config = testbus_config(self->fd);
	struct matenet_xfer x = testbus_request(PORT, MATENET_CMD_READ, ADDR, 0);

	config.late_us = 600000;
	config.reply_timeout_us = 45000;
	ASSERT_EQ(0, testbus_set_config(self->fd, config));
	testbus_end(self->sim, SIGTERM);
	self->sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--fault", "1=late:250", NULL);
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_EQ(DONE | MATENET_ST_TIMEOUT, x.status);
	config.reply_timeout_us *= testbus_slowness();
	ASSERT_EQ(0, testbus_set_config(self->fd, config));
	EXPECT_TRUE(testbus_read_right(self->fd, PORT, ADDR + 1));
}

/* A damaged reply is over after a gap, however long one would wait for its beginning. */
TEST_F_TIMEOUT(faults, long_patience, 60)
{
	static const char * const rows[] = { "1 flip-bit 3 0", "1 drop 5", "1 silence 5\n1 break 1" };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct matenet_xfer x = testbus_request(PORT, MATENET_CMD_READ, ADDR, 0);
		int64_t begin = now_us();

		x.timeout_us = 5000000;
		ASSERT_EQ(0, wire_inject(0, "%s", rows[i]));
		ASSERT_EQ(0, testbus_xfer(self->fd, &x));
		EXPECT_EQ(0, x.status & (MATENET_ST_OK | MATENET_ST_TIMEOUT));
		EXPECT_GT(2500000, now_us() - begin) {
			TH_LOG("after \"%s\"", rows[i]);
		}
		ASSERT_EQ(0, wire_inject(0, "clear"));
	}
	EXPECT_TRUE(testbus_read_right(self->fd, PORT, ADDR));
}

TEST_F(faults, another_try)
{
	struct matenet_xfer x = testbus_request(PORT, MATENET_CMD_READ, ADDR, 0);

	x.retries = 2;
	ASSERT_EQ(0, wire_inject(0, "1 flip-bit 3 0"));
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_EQ(OK, x.status);
	EXPECT_EQ(2, x.attempts);
	EXPECT_EQ(1, testbus_counter("retries"));

	x = testbus_request(PORT, MATENET_CMD_READ, ADDR, 0);
	x.retries = 2;
	ASSERT_EQ(0, wire_inject(0, "1 silence"));
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_EQ(DONE | MATENET_ST_TIMEOUT, x.status);
	EXPECT_EQ(3, x.attempts);
}

/* Nobody reads the reply to this; it must not disturb the next one. */
TEST_F(faults, no_reply_wanted)
{
	struct matenet_xfer x = testbus_request(PORT, MATENET_CMD_READ, ADDR, 0);

	x.flags = MATENET_XFER_NO_REPLY;
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_EQ(OK, x.status);
	EXPECT_NE(0, x.tx_ts);
	EXPECT_TRUE(testbus_read_right(self->fd, PORT, ADDR + 1));
	EXPECT_EQ(5, testbus_counter("rx_stray"));
}

/* A length that the caller says, and one that nobody knows. */
TEST_F(faults, reply_lengths)
{
	struct matenet_xfer x = testbus_request(PORT, MATENET_CMD_STATUS, 1, 0);

	x.rx_len = 3;
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_EQ(DONE | MATENET_ST_LONG, x.status);
	x = testbus_request(PORT, MATENET_CMD_READ, ADDR, 0);
	x.rx_len = 14;
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_EQ(DONE | MATENET_ST_SHORT, x.status);

	testbus_allow_writes(self->fd);
	x = testbus_request(PORT, MATENET_CMD_READ, ADDR, 0);
	x.flags = MATENET_XFER_RAW;
	x.tx_len = 8;
	x.tx[7] = PORT + MATENET_CMD_READ + ADDR;
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_EQ(OK, x.status);
	EXPECT_EQ(5, x.rx_len);
	EXPECT_EQ(matesim_pattern(PORT, ADDR), x.rx[1] << 8 | x.rx[2]);
}

/* Somebody who never stops: no command goes out into that, and it is said so. */
TEST_F_TIMEOUT(faults, babble, 60)
{
	struct matenet_xfer x = testbus_request(PORT, MATENET_CMD_READ, ADDR, 0);
	uint64_t sent = testbus_counter("tx_bytes");

	ASSERT_EQ(0, wire_inject(0, "1 insert 0 055 2000"));
	sleep_us(50000);
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_EQ(MATENET_ST_TX_ERROR, x.status);
	EXPECT_EQ(sent, testbus_counter("tx_bytes"));
	EXPECT_EQ(1, testbus_counter("tx_errors"));
	ASSERT_EQ(0, wire_inject(0, "clear"));
	sleep_us(2000000);
	EXPECT_TRUE(testbus_read_right(self->fd, PORT, ADDR));
}

TEST_HARNESS_MAIN
