/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A simulated device: the registers that the table gives its type, bound to
 * fields of the world or stored, and its pages.
 */
#ifndef MATESIM_DEVICE_H
#define MATESIM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "mate_tables.h"
#include "world.h"

#define DEVICE_REGS 160

/* What can be asked for by -d PORT=TYPE,option... */
struct device_options {
	uint8_t variant;	/* high byte of register 0000 */
	uint8_t firmware[3];
	bool firmware_set;
	unsigned int junk;	/* 00 bytes in front of each reply */
	bool no_ah;		/* MX: counts neither Ah nor tenths */
	bool is_120v;		/* FX */
	bool fresh;		/* DC: just started */
};

/* A register that is a field (a double) of the charger, inverter or meter. */
struct binding {
	uint16_t addr;
	size_t offset;
};

/* First value, in units, of a register that is only stored. */
struct initial {
	uint16_t addr;
	double value;
};

struct device;

struct device_kind {
	const char *name;
	enum mate_device type;
	uint8_t read_byte0;
	const struct binding *bindings;
	size_t n_bindings;
	const struct initial *initials;
	size_t n_initials;
	/* false: no such page */
	bool (*status)(struct device *dev, uint16_t page,
		       uint8_t bytes[STATUS_BYTES]);
	/* NULL: LOG is an unknown command */
	void (*log)(struct device *dev, const struct command *cmd,
		    struct reply *reply);
	/* What a write does beyond storing; returns the value to reply. */
	uint16_t (*written)(struct device *dev,
			    const struct mate_reg_desc *desc, uint16_t value);
};

struct device_reg {
	const struct mate_reg_desc *desc;
	double *field;		/* NULL: stored in raw */
	uint16_t raw;
};

struct device {
	const struct device_kind *kind;
	struct device_options options;
	struct world *world;
	/* the one of the kind's */
	struct charger *charger;
	struct inverter *inverter;
	struct meter *meter;
	uint8_t served[MATE_DC_STATUS_BYTES];	/* DC: as last fetched */
	uint8_t dec_command;	/* 00 or 01 */
	size_t n_regs;
	struct device_reg regs[DEVICE_REGS];
};

extern const struct device_kind hub_kind, mx_kind, fx_kind, dc_kind;

/* @plant is the struct charger, inverter or meter; NULL for a hub. */
void device_init(struct device *dev, const struct device_kind *kind,
		 const struct device_options *options, struct world *world,
		 void *plant);

/* Stored registers back to their first values. */
void device_initials(struct device *dev);

void device_answer(struct device *dev, const struct command *cmd,
		   struct reply *reply);

/* Register by address, NULL if the table has none. */
struct device_reg *device_reg(struct device *dev, uint16_t addr);
uint16_t device_get(const struct device *dev, const struct device_reg *reg);
void device_set(struct device *dev, struct device_reg *reg, uint16_t raw);
/* In units; writes through to a bound field. */
void device_set_units(struct device *dev, uint16_t addr, double value);
double device_get_units(struct device *dev, uint16_t addr);

#endif
