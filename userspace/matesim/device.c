// SPDX-License-Identifier: GPL-2.0-or-later
/* Registers and commands that all devices share. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "device.h"

/* --- raw and units ------------------------------------------------------- */

static double rule230(const struct device *dev,
		      const struct mate_reg_desc *desc)
{
	if (dev->options.is_120v)
		return 1;
	switch (desc->rule230) {
	case MATE_230_DOUBLE:
		return 2;
	case MATE_230_HALVE:
		return 0.5;
	default:
		return 1;
	}
}

static bool is_signed(const struct mate_reg_desc *desc)
{
	return desc->type == MATE_T_S16;
}

static long clamp(const struct mate_reg_desc *desc, long raw)
{
	long min = is_signed(desc) ? -0x8000 : 0;
	long max = is_signed(desc) ? 0x7fff :
		   desc->type == MATE_T_U8 ? 0xff : 0xffff;

	return raw < min ? min : raw > max ? max : raw;
}

static uint16_t to_raw(const struct device *dev,
		       const struct mate_reg_desc *desc, double value)
{
	long raw = lround(value / rule230(dev, desc) *
			  pow(10, desc->decimals));

	if (desc->type == MATE_T_OFFSET128)
		return (raw + 128) & 0xff;
	return (uint16_t)clamp(desc, raw);
}

static double from_raw(const struct device *dev,
		       const struct mate_reg_desc *desc, uint16_t raw)
{
	double value = is_signed(desc) ? (int16_t)raw : raw;

	if (desc->type == MATE_T_OFFSET128)
		value = (raw + 128) & 0xff;
	return value * desc->scale * rule230(dev, desc);
}

uint16_t device_get(const struct device *dev, const struct device_reg *reg)
{
	return reg->field ? to_raw(dev, reg->desc, *reg->field) : reg->raw;
}

void device_set(struct device *dev, struct device_reg *reg, uint16_t raw)
{
	if (reg->field)
		*reg->field = from_raw(dev, reg->desc, raw);
	else
		reg->raw = raw;
}

struct device_reg *device_reg(struct device *dev, uint16_t addr)
{
	size_t i;

	for (i = 0; i < dev->n_regs; i++)
		if (dev->regs[i].desc->addr == addr)
			return &dev->regs[i];
	return NULL;
}

void device_set_units(struct device *dev, uint16_t addr, double value)
{
	struct device_reg *reg = device_reg(dev, addr);

	if (reg)
		device_set(dev, reg, to_raw(dev, reg->desc, value));
}

double device_get_units(struct device *dev, uint16_t addr)
{
	struct device_reg *reg = device_reg(dev, addr);

	return reg ? from_raw(dev, reg->desc, device_get(dev, reg)) : 0;
}

/* --- building a device --------------------------------------------------- */

static void add_regs(struct device *dev)
{
	size_t n, i;
	const struct mate_reg_desc *desc = mate_reg_table(&n);

	for (i = 0; i < n && dev->n_regs < DEVICE_REGS; i++, desc++)
		if (desc->device == MATE_ANY ||
		    desc->device == dev->kind->type)
			dev->regs[dev->n_regs++].desc = desc;
}

static void bind_fields(struct device *dev, void *plant)
{
	const struct device_kind *kind = dev->kind;
	struct device_reg *reg;
	size_t i;

	for (i = 0; i < kind->n_bindings; i++) {
		reg = device_reg(dev, kind->bindings[i].addr);
		if (reg)
			reg->field = (double *)((char *)plant +
						kind->bindings[i].offset);
	}
}

void device_initials(struct device *dev)
{
	const struct device_kind *kind = dev->kind;
	size_t i;

	for (i = 0; i < kind->n_initials; i++)
		device_set_units(dev, kind->initials[i].addr,
				 kind->initials[i].value);
}

static void set_identity(struct device *dev)
{
	static const uint16_t fw[] = { MATE_REG_MX_FW_REV_A,
		MATE_REG_MX_FW_REV_B, MATE_REG_MX_FW_REV_C };
	int i;

	device_set_units(dev, MATE_REG_ALL_DEVICE_TYPE,
			 dev->options.variant << 8 | dev->kind->type);
	if (!dev->options.firmware_set)
		return;
	/* hub, MX and DC keep it in three registers, the FX in one */
	if (dev->kind->type == MATE_FX) {
		device_set_units(dev, MATE_REG_FX_FW_REV,
				 dev->options.firmware[0]);
		return;
	}
	for (i = 0; i < 3; i++)
		device_set_units(dev, fw[i], dev->options.firmware[i]);
}

void device_init(struct device *dev, const struct device_kind *kind,
		 const struct device_options *options, struct world *world,
		 void *plant)
{
	memset(dev, 0, sizeof(*dev));
	dev->kind = kind;
	dev->options = *options;
	dev->world = world;
	dev->charger = kind->type == MATE_MX ? plant : NULL;
	dev->inverter = kind->type == MATE_FX ? plant : NULL;
	dev->meter = kind->type == MATE_DC ? plant : NULL;
	add_regs(dev);
	if (plant)
		bind_fields(dev, plant);
	if (dev->inverter && options->is_120v)
		dev->inverter->ac_nominal = 120;
	device_initials(dev);
	set_identity(dev);
}

/* --- commands ------------------------------------------------------------ */

/* Bit 7 in byte 0 and a reply of the length that was asked for; reported only. */
static void refuse(const struct command *cmd, struct reply *reply)
{
	memset(reply->bytes, 0, sizeof(reply->bytes));
	reply->bytes[0] = cmd->cmd | REPLY_REFUSED;
	reply->len = 1 + reply_data_bytes(cmd->cmd);
}

/* What the table does not know or calls write-only reads as 0. */
static void answer_read(struct device *dev, const struct command *cmd,
			struct reply *reply)
{
	struct device_reg *reg = device_reg(dev, cmd->addr);
	uint16_t value = 0;

	if (reg && reg->desc->access & MATE_ACC_READ)
		value = device_get(dev, reg);
	reply_value(reply, dev->kind->read_byte0, value);
}

static uint16_t store(struct device *dev, struct device_reg *reg,
		      uint16_t value)
{
	device_set(dev, reg, value);
	if (dev->kind->written)
		return dev->kind->written(dev, reg->desc, value);
	return value;
}

static void answer_write(struct device *dev, const struct command *cmd,
			 struct reply *reply)
{
	struct device_reg *reg = device_reg(dev, cmd->addr);

	if (!reg || !(reg->desc->access & MATE_ACC_WRITE)) {
		refuse(cmd, reply);
		return;
	}
	reply_value(reply, CMD_WRITE, store(dev, reg, cmd->param));
}

/* The table's notes give the step where it is known, in units. */
static long step_of(const struct mate_reg_desc *desc)
{
	const char *note = strstr(desc->note, "step ");
	double units;

	if (note && sscanf(note, "step %lf", &units) == 1)
		return lround(units * pow(10, desc->decimals));
	return 1;
}

static uint16_t stepped(const struct mate_reg_desc *desc, uint16_t raw,
			bool up)
{
	long value = is_signed(desc) ? (int16_t)raw : raw;

	return (uint16_t)clamp(desc, value + (up ? step_of(desc) :
					      -step_of(desc)));
}

/* The number for on or off; the DC calls an enabled shunt 0. */
static uint16_t switched(const struct mate_reg_desc *desc, bool on)
{
	static const char *const names[2][2] = {
		{ "off", "disabled" }, { "on", "enabled" },
	};
	unsigned int i;

	for (i = 0; i < desc->n_values; i++)
		if (!strcmp(desc->values[i].name, names[on][0]) ||
		    !strcmp(desc->values[i].name, names[on][1]))
			return desc->values[i].number;
	return on;
}

static void answer_change(struct device *dev, const struct command *cmd,
			  struct reply *reply)
{
	struct device_reg *reg = device_reg(dev, cmd->addr);
	uint16_t value;

	if (reg && reg->desc->access & MATE_ACC_INCDEC) {
		value = stepped(reg->desc, device_get(dev, reg),
				cmd->cmd != dev->dec_command);
	} else if (reg && reg->desc->access & MATE_ACC_ENDIS) {
		value = switched(reg->desc, cmd->cmd == CMD_INC_ENABLE);
	} else {
		refuse(cmd, reply);
		return;
	}
	store(dev, reg, value);
	reply_value(reply, cmd->cmd, value);
}

static void answer_status(struct device *dev, const struct command *cmd,
			  struct reply *reply)
{
	uint8_t page[STATUS_BYTES];

	if (dev->kind->status && dev->kind->status(dev, cmd->addr, page))
		reply_page(reply, dev->kind->type, page, sizeof(page));
	else
		refuse(cmd, reply);
}

static void answer_log(struct device *dev, const struct command *cmd,
		       struct reply *reply)
{
	if (dev->kind->log)
		dev->kind->log(dev, cmd, reply);
	else
		refuse(cmd, reply);
}

void device_answer(struct device *dev, const struct command *cmd,
		   struct reply *reply)
{
	switch (cmd->cmd) {
	case CMD_READ:
		answer_read(dev, cmd, reply);
		break;
	case CMD_WRITE:
		answer_write(dev, cmd, reply);
		break;
	case CMD_INC_ENABLE:
	case CMD_DEC_DISABLE:
		answer_change(dev, cmd, reply);
		break;
	case CMD_STATUS:
		answer_status(dev, cmd, reply);
		break;
	case CMD_LOG:
		answer_log(dev, cmd, reply);
		break;
	default:
		refuse(cmd, reply);
	}
	reply->junk = dev->options.junk;
}
