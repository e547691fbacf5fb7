/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A simulated device: the registers that the table gives its type, bound to
 * fields of the world or stored, and its pages.
 *
 * Whatever a recording or a tester has set is pinned: it lies over what the
 * world says until a command of the bus changes it, or until it is freed.
 */
#ifndef MATESIM_DEVICE_H
#define MATESIM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "mate_tables.h"
#include "world.h"

#define DEVICE_REGS 1024		/* a recording may have more than the table */
#define DEVICE_LOGS (HISTORY_DAYS + 1)

enum answer { ANSWER_VALUE, ANSWER_REFUSED, ANSWER_SILENT };

/* What can be asked for by -d PORT=TYPE,option... */
struct device_options {
	uint8_t variant;	/* high byte of register 0000 */
	uint8_t firmware[3];
	bool firmware_set;
	unsigned int junk;	/* 00 bytes in front of each reply */
	bool no_ah;		/* MX: counts neither Ah nor tenths */
	bool is_120v;		/* FX */
	bool slave;		/* FX: stacked onto another */
	bool fresh;		/* DC: just started */
	bool read_byte0_set;
	uint8_t read_byte0;	/* of replies to READ */
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

/* What a control decides: it is not pinned any more when that is written. */
struct govern {
	uint16_t addr;
	const char *fields[9];		/* of the status page */
	uint16_t regs[7];
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
	const struct govern *governs;
	size_t n_governs;
	/* a control that does not outlive a restart; 0: none */
	uint16_t passing;
	/* STATUS: so many pages of 13 bytes make up one of the tables */
	uint16_t first_page, n_pages;	/* none: refused */
	enum mate_page status_page;
	void (*status)(const struct device *dev, uint8_t *bytes);
	/* Page @number of what is pinned and the rest goes out now; or NULL. */
	void (*serve)(struct device *dev, unsigned int number, uint8_t *bytes);
	/* LOG; NULL: no_log instead */
	enum mate_page log_page;
	void (*log)(const struct device *dev, unsigned int ago,
		    uint8_t bytes[LOG_BYTES]);
	enum answer no_log;
	/* What a write does beyond storing; returns the value to reply. */
	uint16_t (*written)(struct device *dev,
			    const struct mate_reg_desc *desc, uint16_t value);
};

struct device_reg {
	const struct mate_reg_desc *desc;	/* NULL: the table has none */
	double *field;		/* NULL: stored in raw */
	uint16_t addr;
	uint16_t raw;		/* as set last */
	bool pinned;		/* reads as raw, whatever field says */
	bool kept;		/* set by hand: outlives a restart */
	enum answer answer;	/* to READ */
};

struct device_log {
	uint8_t bytes[LOG_BYTES], mask[LOG_BYTES];	/* mask: pinned bits */
	enum answer answer;
};

struct device {
	const struct device_kind *kind;
	struct device_options options;
	struct world *world;
	/* the one of the kind's */
	struct charger *charger;
	struct inverter *inverter;
	struct meter *meter;
	/* status pages one after another */
	uint8_t status[MATE_DC_STATUS_BYTES];
	uint8_t status_mask[MATE_DC_STATUS_BYTES];	/* pinned bits */
	enum answer status_answer[MATE_DC_STATUS_BYTES / STATUS_BYTES];
	uint8_t served[MATE_DC_STATUS_BYTES];	/* DC: as last fetched */
	struct device_log logs[DEVICE_LOGS];
	uint8_t dec_command;	/* 00 or 01 */
	bool dirty;		/* something kept has changed */
	size_t n_regs;
	struct device_reg regs[DEVICE_REGS];
};

extern const struct device_kind hub_kind, mx_kind, fx_kind, dc_kind;

/* @plant is the struct charger, inverter or meter; NULL for a hub. */
void device_init(struct device *dev, const struct device_kind *kind,
		 const struct device_options *options, struct world *world,
		 void *plant);

/* What is pinned by now was so all the time: no news, and no set points. */
void device_recorded(struct device *dev);

/* Stored registers back to their first values. */
void device_initials(struct device *dev);
/* What can be written is as if it never had been; where nothing is bound, 0 or next to it. */
void device_forget(struct device *dev);

void device_answer(struct device *dev, const struct command *cmd,
		   struct reply *reply);

/* All status pages, and the log page of a day, as they would be answered. */
void device_status(const struct device *dev, uint8_t *bytes);
void device_log(const struct device *dev, unsigned int ago,
		uint8_t bytes[LOG_BYTES]);

/* Register by address, NULL if there is none. */
struct device_reg *device_reg(struct device *dev, uint16_t addr);
/* The same, made if it is not in the table; NULL: there is no room. */
struct device_reg *device_reg_make(struct device *dev, uint16_t addr);
/* What the 230 V rule makes of a raw 1 of this register. */
double device_factor(const struct device *dev, const struct mate_reg_desc *desc);
/* A set point or control that a real device keeps without power. */
bool device_keeps(const struct device *dev, const struct device_reg *reg);
uint16_t device_get(const struct device *dev, const struct device_reg *reg);
void device_set(struct device *dev, struct device_reg *reg, uint16_t raw);
/* In units; writes through to a bound field. */
void device_set_units(struct device *dev, uint16_t addr, double value);
double device_get_units(struct device *dev, uint16_t addr);

#endif
