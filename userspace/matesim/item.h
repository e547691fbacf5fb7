/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One thing that a device answers, by its name in site files and commands:
 * "reg 0x003D", "status 0x01", "log 5", "status.battery_voltage", "log.5.energy".
 */
#ifndef MATESIM_ITEM_H
#define MATESIM_ITEM_H

#include <stddef.h>

#include "device.h"

enum item_kind {
	ITEM_REG, ITEM_STATUS, ITEM_LOG, ITEM_STATUS_FIELD, ITEM_LOG_FIELD,
};

struct item {
	enum item_kind kind;
	uint16_t number;	/* address; page, from 0 on; day */
	const struct mate_field_desc *field;	/* of the fields */
};

/* Both give NULL, or what is wrong. */
const char *item_parse(const struct device *dev, const char *name,
		       struct item *item);
/* Pins it, to a value or to "refused" or "silent". */
const char *item_set(struct device *dev, const struct item *item,
		     const char *value);

/* No longer pinned: what the world says counts again. */
void item_free(struct device *dev, const struct item *item);

/* As item_set() takes it; a field as a number in its unit. */
void item_print(const struct device *dev, const struct item *item, char *text,
		size_t size);

#endif
