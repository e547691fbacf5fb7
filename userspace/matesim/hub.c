// SPDX-License-Identifier: GPL-2.0-or-later
/* The hub itself: a type and a firmware revision. */
#include "device.h"

static const struct initial initials[] = {
	{ MATE_REG_HUB_FW_REV_A, 0 },
	{ MATE_REG_HUB_FW_REV_B, 4 },
	{ MATE_REG_HUB_FW_REV_C, 2 },
};

const struct device_kind hub_kind = {
	.name		= "hub",
	.type		= MATE_HUB,
	.read_byte0	= 0x00,		/* unlike all others */
	.initials	= initials,
	.n_initials	= sizeof(initials) / sizeof(initials[0]),
	.no_log		= ANSWER_REFUSED,
};
