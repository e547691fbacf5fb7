/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices of a site, from the text that describes them. */
#ifndef MATESIM_SITE_H
#define MATESIM_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "bus.h"
#include "device.h"
#include "world.h"

/* What is wanted on one port. */
struct slot {
	const struct device_kind *kind;	/* NULL: nothing there */
	struct device_options options;
};

struct site {
	int hub_ports;		/* 10 or 4 */
	bool direct;		/* port 0 is a device, not the hub */
	bool chosen;		/* anything was asked for */
	struct slot slots[BUS_PORTS];
	struct device devices[BUS_PORTS];
	struct world world;
};

/*
 * "TYPE[,option...]".  Returns NULL, or what is wrong; *@what and *@len then
 * say which part of @text it is about.
 */
const char *site_parse_device(const char *text, struct slot *slot,
			      const char **what, int *len);

/* Without anything asked for: a hub with mx@1, fx@2 and dc@3. */
void site_defaults(struct site *site);

/* Builds world and devices and puts them on the bus. */
void site_build(struct site *site, struct bus *bus, uint32_t seed,
		double time_of_day, uint8_t dec_command);

#endif
