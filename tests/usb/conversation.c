// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A controller's conversation through each adapter: every value right, every ninth
 * bit on the wire right, no settings changed under a byte, no pause too long.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "adapter.h"
#include "kselftest_harness.h"
#include "testbus.h"

#define TRANSACTIONS	200
#define FEWER		60	/* where only the beginning of commands matters */
#define COMMAND		8	/* bytes */

FIXTURE(conversation) {
	struct rig *rig;
	pid_t adapter;
	int tty, fd;
};

FIXTURE_VARIANT(conversation) {
	const struct chip *chip;
	unsigned int frame_us, start_us;
	bool late_state;
	bool even_odd;		/* mark and space it has not */
};

/* Every adapter on a host that begins something once in a full-speed frame ... */
FIXTURE_VARIANT_ADD(conversation, ft232r) { .chip = &chip_ft232r };
FIXTURE_VARIANT_ADD(conversation, cp2102) { .chip = &chip_cp2102 };
FIXTURE_VARIANT_ADD(conversation, cp2102_clone) { .chip = &chip_cp2102_clone };
FIXTURE_VARIANT_ADD(conversation, cp2101) { .chip = &chip_cp2101, .even_odd = true };
FIXTURE_VARIANT_ADD(conversation, ch341) { .chip = &chip_ch341 };
FIXTURE_VARIANT_ADD(conversation, pl2303) { .chip = &chip_pl2303 };
FIXTURE_VARIANT_ADD(conversation, pl2303_late_state) { .chip = &chip_pl2303, .late_state = true };

/* ... on one that is quick, so that nothing but the driver puts off what comes too early ... */
FIXTURE_VARIANT_ADD(conversation, ft232r_quick) { .chip = &chip_ft232r, .frame_us = 125 };
FIXTURE_VARIANT_ADD(conversation, cp2102_quick) { .chip = &chip_cp2102, .frame_us = 125 };
FIXTURE_VARIANT_ADD(conversation, ch341_quick) { .chip = &chip_ch341, .frame_us = 125 };
FIXTURE_VARIANT_ADD(conversation, pl2303_quick) { .chip = &chip_pl2303, .frame_us = 125 };

/* ... and as a chip that takes its time between the end of a packet and the start bit. */
#define LATE	.frame_us = 125, .start_us = 400
FIXTURE_VARIANT_ADD(conversation, ft232r_late) { .chip = &chip_ft232r, LATE };
FIXTURE_VARIANT_ADD(conversation, cp2102_late) { .chip = &chip_cp2102, LATE };
FIXTURE_VARIANT_ADD(conversation, ch341_late) { .chip = &chip_ch341, LATE };
FIXTURE_VARIANT_ADD(conversation, pl2303_late) { .chip = &chip_pl2303, LATE };

FIXTURE_SETUP(conversation)
{
	adapter_load(variant->chip);
	self->rig = adapter_rig();
	if (variant->frame_us)
		self->rig->frame_us = variant->frame_us;
	self->rig->start_us = variant->start_us;
	self->rig->late_state = variant->late_state;
	self->adapter = adapter_plug(variant->chip, self->rig);
	self->tty = testbus_attach(ADAPTER_TTY);
	ASSERT_LE(0, self->tty);
	self->fd = testbus_open(O_RDONLY);
}

FIXTURE_TEARDOWN(conversation)
{
	close(self->fd);
	testbus_detach(self->tty);
	adapter_pull(self->adapter);
	EXPECT_TRUE(adapter_wait_gone(self->adapter));
}

struct facts {
	unsigned int commands, wrong, cut;
	int64_t gap_median, gap_most, inner_most;
};

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Bytes of one side that follow each other are a frame; its first one is marked. */
static struct facts look_at(const struct rig *rig)
{
	int64_t *gaps = calloc(rig->n, sizeof(*gaps)), gap;
	const struct rig_byte *b = rig->byte;
	struct facts facts = { };
	unsigned int i, at = 0;

	for (i = 0; i < rig->n; i++) {
		at = !i || b[i].device != b[i - 1].device ? 0 : at + 1;
		facts.wrong += (b[i].word & 0x300) != (at ? 0 : 0x100);
		facts.cut += b[i].cut;
		if (b[i].device)
			continue;
		gap = at ? b[i].start - b[i - 1].end : 0;
		if (!at)
			facts.commands++;
		else if (at == 1)
			gaps[facts.commands - 1] = gap;
		else if (gap > facts.inner_most)
			facts.inner_most = gap;
		facts.wrong += at >= COMMAND;
	}
	if (facts.commands) {
		qsort(gaps, facts.commands, sizeof(*gaps), compare);
		facts.gap_median = gaps[facts.commands / 2];
		facts.gap_most = gaps[facts.commands - 1];
	}
	free(gaps);
	return facts;
}

TEST_F_TIMEOUT(conversation, right, 120)
{
	struct matenet_caps caps;
	static int64_t late[TRANSACTIONS];
	struct facts facts;
	int i, wrong = 0, n = variant->frame_us ? FEWER : TRANSACTIONS;

	srand(7);
	for (i = 0; i < n; i++) {
		wrong += i % 10 ? !testbus_read_right(self->fd, rand() % 11, rand()) :
			 !testbus_status_right(self->fd, rand() % 11, rand() % 16);
		late[i] = now_us() * 1000 - self->rig->byte[self->rig->n - 1].end;
		/* The frames of USB are not to be what the engine runs by. */
		sleep_us(rand() % 2000);
	}
	facts = look_at(self->rig);
	ASSERT_EQ(0, ioctl(self->fd, MATENET_IOC_G_CAPS, &caps));
	qsort(late, n, sizeof(*late), compare);
	TH_LOG("%s: %d wrong values, %u wrong ninth bits, %u bytes with settings changed under them",
	       variant->chip->name, wrong, facts.wrong, facts.cut);
	/* table.awk makes Documentation of this line. */
	TH_LOG("row %s|%u|%u|%.1f|%.1f|%s|%s|%.1f|%.1f", variant->chip->name, self->rig->frame_us,
	       self->rig->start_us, facts.gap_median / 1e6, facts.gap_most / 1e6,
	       caps.parity == MATENET_PARITY_STICK ? "mark and space" : "even and odd",
	       caps.framing == MATENET_FRAMING_MARK ? "ninth bits" : "length and checksum",
	       late[n / 2] / 1e6, late[n - 1] / 1e6);
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(0, facts.wrong);
	EXPECT_EQ(0, facts.cut);
	EXPECT_EQ(n, facts.commands);
	EXPECT_GE(6000000, facts.gap_most);
	EXPECT_GE(variant->even_odd ? 6000000 : 0, facts.inner_most);
	/* What the driver says of the tty is what the tty can do. */
	EXPECT_EQ(variant->even_odd ? 0 : MATENET_CAP_CMSPAR,
		  caps.capabilities & MATENET_CAP_CMSPAR);
	EXPECT_EQ(variant->even_odd ? MATENET_PARITY_EVENODD : MATENET_PARITY_STICK, caps.parity);
	EXPECT_EQ(variant->chip->tells_empty ? MATENET_CAP_TX_EMPTY : 0,
		  caps.capabilities & MATENET_CAP_TX_EMPTY);
	/* The emulated chip knows all that its driver asks of it. */
	EXPECT_EQ(0, self->rig->unknown) {
		TH_LOG("request %02x %02x", self->rig->unknown_setup[0], self->rig->unknown_setup[1]);
	}
}

TEST_HARNESS_MAIN
