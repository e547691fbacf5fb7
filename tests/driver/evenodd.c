// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UARTs that know no stick parity: the ninth bit by even and odd parity.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "testbus.h"
#include "wirelib.h"

#define TRANSACTIONS	1000

FIXTURE(evenodd) {
	pid_t sim;
	int tty;
	int fd;
};

FIXTURE_VARIANT(evenodd) {
	const char *knob;
	bool ask;	/* the tty keeps CMSPAR, so it has to be asked for */
};

FIXTURE_VARIANT_ADD(evenodd, cleared) { .knob = "cmspar=cleared" };
FIXTURE_VARIANT_ADD(evenodd, lying) { .knob = "cmspar=ignored", .ask = true };
FIXTURE_VARIANT_ADD(evenodd, wanted) { .knob = "cmspar=yes", .ask = true };

FIXTURE_SETUP(evenodd)
{
	struct matenet_config config;

	testbus_modules();
	ASSERT_EQ(0, wire_knobs(0, "%s", variant->knob));
	self->sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--turnaround-us", "1000", NULL);
	self->tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
	self->fd = testbus_open(O_RDWR);
	if (variant->ask) {
		config = testbus_config(self->fd);
		config.parity = MATENET_PARITY_EVENODD;
		ASSERT_EQ(0, testbus_set_config(self->fd, config));
	}
	ASSERT_EQ(0, wire_record_clear(0));
}

FIXTURE_TEARDOWN(evenodd)
{
	close(self->fd);
	testbus_detach(self->tty);
	testbus_end(self->sim, SIGTERM);
	EXPECT_EQ(0, wire_knobs(0, "cmspar=yes"));
}

TEST_F_TIMEOUT(evenodd, a_thousand, 120)
{
	/* Eight switches a command, each late in smp: there a fifth has to do. */
	int i, wrong = 0, n = TRANSACTIONS / (wire_exact_time() ? 1 : 5) / (variant->ask ? 10 : 1);
	struct matenet_caps caps;
	struct wire_log log;
	size_t k, marks = 0;

	srand(9);
	for (i = 0; i < n; i++)
		wrong += i % 10 ? !testbus_read_right(self->fd, rand() % 11, rand()) :
				  !testbus_status_right(self->fd, rand() % 11, rand() % 16);
	EXPECT_EQ(0, wrong);
	ASSERT_EQ(0, wire_record_read(0, &log));
	EXPECT_EQ((size_t)n * 8 + n / 10 * 16 + n / 10 * 9 * 5, log.n);
	for (k = 0; k < log.n; k++) {
		bool first = k == 0 || log.byte[k].port != log.byte[k - 1].port;

		marks += !!(log.byte[k].bits & 0x100) != first;
	}
	EXPECT_EQ(0, marks);
	wire_log_free(&log);

	ASSERT_EQ(0, ioctl(self->fd, MATENET_IOC_G_CAPS, &caps));
	EXPECT_EQ(MATENET_PARITY_EVENODD, caps.parity);
	EXPECT_EQ(MATENET_FRAMING_MARK, caps.framing);
	EXPECT_EQ(strcmp(variant->knob, "cmspar=cleared") ? MATENET_CAP_CMSPAR : 0,
		  caps.capabilities & MATENET_CAP_CMSPAR);
}

TEST_F(evenodd, ninth_bits_of_replies)
{
	struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, 1, 0);
	struct matenet_config config = testbus_config(self->fd);

	config.framing = MATENET_FRAMING_MARK;
	ASSERT_EQ(0, testbus_set_config(self->fd, config));
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
	ASSERT_EQ(0, wire_inject(0, "1 flip-mark 2"));
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_EQ(MATENET_ST_OK | MATENET_ST_TX_DONE | MATENET_ST_MARK, x.status);
}

TEST_F(evenodd, stick_cannot_be_had)
{
	struct matenet_config config = testbus_config(self->fd);

	if (variant->ask)
		SKIP(return, "this tty keeps CMSPAR");
	config.parity = MATENET_PARITY_STICK;
	EXPECT_EQ(-EOPNOTSUPP, testbus_set_config(self->fd, config));
	/* Nothing has changed. */
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
}

TEST_HARNESS_MAIN
