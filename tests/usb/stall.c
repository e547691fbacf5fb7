// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An adapter that takes nothing for a while: its driver has the command, and cannot drop
 * it.  Nobody knows whether it goes out yet, and that is what is said.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "adapter.h"
#include "kselftest_harness.h"
#include "testbus.h"

#define COMMAND		8	/* bytes */
#define HOLD_US		600000
#define UNKNOWN		(MATENET_ST_TX_DONE | MATENET_ST_TX_ERROR)

FIXTURE(stall) {
	struct rig *rig;
	pid_t adapter;
	int tty, fd;
};

FIXTURE_VARIANT(stall) {
	const struct chip *chip;
};

FIXTURE_VARIANT_ADD(stall, ft232r) { .chip = &chip_ft232r };
FIXTURE_VARIANT_ADD(stall, cp2102) { .chip = &chip_cp2102 };
FIXTURE_VARIANT_ADD(stall, ch341) { .chip = &chip_ch341 };
FIXTURE_VARIANT_ADD(stall, pl2303) { .chip = &chip_pl2303 };

FIXTURE_SETUP(stall)
{
	adapter_load(variant->chip);
	self->rig = adapter_rig();
	self->adapter = adapter_plug(variant->chip, self->rig);
	self->tty = testbus_attach(ADAPTER_TTY);
	ASSERT_LE(0, self->tty);
	self->fd = testbus_open(O_RDWR);
	testbus_allow_writes(self->fd);
	ASSERT_TRUE(testbus_read_right(self->fd, 1, 1));
}

FIXTURE_TEARDOWN(stall)
{
	close(self->fd);
	testbus_detach(self->tty);
	adapter_pull(self->adapter);
	EXPECT_TRUE(adapter_wait_gone(self->adapter));
}

static unsigned int commands_since(const struct rig *rig, unsigned int first)
{
	unsigned int i, n = 0;

	for (i = first; i < rig->n; i++)
		n += !rig->byte[i].device;
	return n / COMMAND;
}

/* All but byte 0 comes when nobody waits for its reply any more. */
TEST_F_TIMEOUT(stall, command, 60)
{
	static const uint32_t flags[] = { 0, MATENET_XFER_NO_REPLY };
	unsigned int first, i;

	for (i = 0; i < 2; i++) {
		struct matenet_xfer x = testbus_request(1, MATENET_CMD_INC, 2, 0);

		first = self->rig->n;
		x.flags = flags[i];
		self->rig->hold_after = self->rig->bulk_out + 1;
		self->rig->hold_us = HOLD_US;
		ASSERT_EQ(0, testbus_xfer(self->fd, &x));
		EXPECT_EQ(UNKNOWN, x.status);
		EXPECT_EQ(1, x.attempts);
		EXPECT_EQ(0, commands_since(self->rig, first));
		sleep_us(2 * HOLD_US);
		EXPECT_EQ(1, commands_since(self->rig, first));
		EXPECT_TRUE(testbus_read_right(self->fd, 1, 2));
	}
}

TEST_HARNESS_MAIN
