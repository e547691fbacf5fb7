/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hangs on the bus, and who answers. */
#ifndef MATESIM_BUS_H
#define MATESIM_BUS_H

#include <stdbool.h>

#include "device.h"
#include "frame.h"

#define BUS_PORTS 11		/* 0 and the hub's 1 to 10 */

struct bus {
	bool pattern;		/* answer by pattern.h instead of devices */
	struct device *ports[BUS_PORTS];	/* NULL: silent */
};

/* Ports that answer; bit 0 is port 0. */
uint16_t bus_port_mask(const struct bus *bus);

/* Whether some device sends unmarked bytes in front of its replies. */
bool bus_has_junk(const struct bus *bus);

/* Fills @reply, sealed with its checksum; len 0 means silence. */
void bus_answer(struct bus *bus, const struct command *cmd,
		struct reply *reply);

#endif
