// SPDX-License-Identifier: GPL-2.0-or-later
/* Registers and commands that all devices share. */
#include <math.h>
#include <string.h>

#include "device.h"
#include "value.h"

/* A phase that is not the master's 0; the numbers are not known. */
#define STACKED 1

/* --- raw and units ------------------------------------------------------- */

double device_factor(const struct device *dev, const struct mate_reg_desc *desc)
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

static long clamp_to(long raw, long min, long max)
{
	return raw < min ? min : raw > max ? max : raw;
}

static long clamp(const struct mate_reg_desc *desc, long raw)
{
	if (is_signed(desc))
		return clamp_to(raw, -0x8000, 0x7fff);
	return clamp_to(raw, 0, desc->type == MATE_T_U8 ? 0xff : 0xffff);
}

static uint16_t to_raw(const struct device *dev,
		       const struct mate_reg_desc *desc, double value)
{
	long raw = lround(value / device_factor(dev, desc) *
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
	return value * desc->scale * device_factor(dev, desc);
}

uint16_t device_get(const struct device *dev, const struct device_reg *reg)
{
	return reg->desc && reg->field && !reg->pinned ?
	       to_raw(dev, reg->desc, *reg->field) : reg->raw;
}

void device_set(struct device *dev, struct device_reg *reg, uint16_t raw)
{
	if (reg->field)
		*reg->field = from_raw(dev, reg->desc, raw);
	reg->raw = raw;
}

struct device_reg *device_reg(struct device *dev, uint16_t addr)
{
	size_t i;

	for (i = 0; i < dev->n_regs; i++)
		if (dev->regs[i].addr == addr)
			return &dev->regs[i];
	return NULL;
}

struct device_reg *device_reg_make(struct device *dev, uint16_t addr)
{
	struct device_reg *reg = device_reg(dev, addr);

	if (reg || dev->n_regs == DEVICE_REGS)
		return reg;
	reg = &dev->regs[dev->n_regs++];
	reg->addr = addr;
	return reg;
}

bool device_keeps(const struct device *dev, const struct device_reg *reg)
{
	const unsigned int rw = MATE_ACC_READ | MATE_ACC_WRITE;

	return reg->desc && (reg->desc->access & rw) == rw &&
	       reg->desc->risk >= MATE_RISK_SETPOINT &&
	       reg->addr != dev->kind->passing;
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

static void lay_over(uint8_t *bytes, const uint8_t *pinned,
		     const uint8_t *mask, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		bytes[i] = (bytes[i] & ~mask[i]) | (pinned[i] & mask[i]);
}

/* --- building a device --------------------------------------------------- */

static void add_regs(struct device *dev)
{
	size_t n, i;
	const struct mate_reg_desc *desc = mate_reg_table(&n);

	for (i = 0; i < n; i++, desc++)
		if (desc->device == MATE_ANY ||
		    desc->device == dev->kind->type)
			device_reg_make(dev, desc->addr)->desc = desc;
	device_forget(dev);
}

static void bind_fields(struct device *dev, void *plant)
{
	const struct device_kind *kind = dev->kind;
	struct device_reg *reg;
	size_t i;

	for (i = 0; i < kind->n_bindings; i++) {
		reg = device_reg(dev, kind->bindings[i].addr);
		if (reg)
			reg->field = (void *)((char *)plant +
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

void device_forget(struct device *dev)
{
	struct device_reg *reg;

	for (reg = dev->regs; reg < dev->regs + dev->n_regs; reg++) {
		if (!reg->desc || !(reg->desc->access & MATE_ACC_WRITE))
			continue;
		reg->raw = clamp_to(0, reg->desc->min, reg->desc->max);
		reg->pinned = reg->kept = false;
	}
	dev->dirty = true;
}

void device_recorded(struct device *dev)
{
	struct device_reg *reg;

	lay_over(dev->served, dev->status, dev->status_mask,
		 sizeof(dev->served));
	for (reg = dev->regs; reg < dev->regs + dev->n_regs; reg++)
		reg->kept = false;
	dev->dirty = false;
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
	if (dev->inverter)
		dev->inverter->slave = options->slave;
	device_initials(dev);
	if (options->slave)
		device_set_units(dev, MATE_REG_FX_STACK_PHASE, STACKED);
	set_identity(dev);
	dev->dirty = false;
}

/* --- pages --------------------------------------------------------------- */

void device_status(const struct device *dev, uint8_t *bytes)
{
	dev->kind->status(dev, bytes);
	lay_over(bytes, dev->status, dev->status_mask,
		 dev->kind->n_pages * STATUS_BYTES);
}

void device_log(const struct device *dev, unsigned int ago,
		uint8_t bytes[LOG_BYTES])
{
	dev->kind->log(dev, ago, bytes);
	lay_over(bytes, dev->logs[ago].bytes, dev->logs[ago].mask, LOG_BYTES);
}

/* --- commands ------------------------------------------------------------ */

/* Bit 7 in byte 0 and a reply of the length that was asked for; reported only. */
static void refuse(const struct command *cmd, struct reply *reply)
{
	memset(reply->bytes, 0, sizeof(reply->bytes));
	reply->bytes[0] = cmd->cmd | REPLY_REFUSED;
	reply->len = 1 + reply_data_bytes(cmd->cmd);
}

/* False if there is an answer other than a value, which is then given. */
static bool has_value(enum answer answer, const struct command *cmd,
		      struct reply *reply)
{
	if (answer == ANSWER_REFUSED)
		refuse(cmd, reply);
	return answer == ANSWER_VALUE;
}

/* What the table does not know or calls write-only reads as 0. */
static void answer_read(struct device *dev, const struct command *cmd,
			struct reply *reply)
{
	struct device_reg *reg = device_reg(dev, cmd->addr);
	uint8_t byte0 = dev->options.read_byte0_set ?
			dev->options.read_byte0 : dev->kind->read_byte0;
	uint16_t value = 0;

	if (reg && !has_value(reg->answer, cmd, reply))
		return;
	if (reg && (!reg->desc || reg->desc->access & MATE_ACC_READ))
		value = device_get(dev, reg);
	reply_value(reply, byte0, value);
}

static void free_field(struct device *dev, const char *id)
{
	const struct mate_page_desc *page =
		mate_page_desc(dev->kind->status_page);
	uint8_t mask[MATE_DC_STATUS_BYTES];
	unsigned int i, b;

	for (i = 0; i < page->n_fields; i++) {
		if (strcmp(page->fields[i].id, id))
			continue;
		value_field_mask(page, &page->fields[i], mask);
		for (b = 0; b < page->length; b++)
			dev->status_mask[b] &= ~mask[b];
	}
}

/* What a recording says of it is past; the world shows what comes of it. */
static void take_effect(struct device *dev, const struct govern *govern)
{
	struct device_reg *reg;
	unsigned int i;

	for (i = 0; govern->fields[i]; i++)
		free_field(dev, govern->fields[i]);
	for (i = 0; govern->regs[i]; i++) {
		reg = device_reg(dev, govern->regs[i]);
		if (reg)
			reg->pinned = false;
	}
	world_settle(dev->world);
}

static void changed(struct device *dev, const struct device_reg *reg)
{
	const struct device_kind *kind = dev->kind;
	size_t i;

	/* other names of the same thing */
	for (i = 0; reg->field && i < dev->n_regs; i++)
		if (dev->regs[i].field == reg->field && &dev->regs[i] != reg)
			dev->regs[i].pinned = false;
	for (i = 0; i < kind->n_governs; i++)
		if (kind->governs[i].addr == reg->addr)
			take_effect(dev, &kind->governs[i]);
}

static uint16_t store(struct device *dev, struct device_reg *reg,
		      uint16_t value)
{
	bool same;

	/* A counter: whatever is written, it starts from 0. */
	if (reg->desc->risk == MATE_RISK_RESET &&
	    reg->desc->access & MATE_ACC_READ)
		value = 0;
	same = device_get(dev, reg) == value;
	device_set(dev, reg, value);
	reg->answer = ANSWER_VALUE;
	if (device_keeps(dev, reg))
		reg->kept = dev->dirty = true;
	if (dev->kind->written)
		value = dev->kind->written(dev, reg->desc, value);
	if (!same)
		changed(dev, reg);
	return value;
}

static bool writable(const struct device_reg *reg, unsigned int access)
{
	return reg && reg->desc && reg->answer == ANSWER_VALUE &&
	       reg->desc->access & access;
}

static void answer_write(struct device *dev, const struct command *cmd,
			 struct reply *reply)
{
	struct device_reg *reg = device_reg(dev, cmd->addr);

	if (writable(reg, MATE_ACC_WRITE))
		reply_value(reply, CMD_WRITE, store(dev, reg, cmd->param));
	else
		refuse(cmd, reply);
}

static uint16_t stepped(const struct mate_reg_desc *desc, uint16_t raw,
			bool up)
{
	long value = is_signed(desc) ? (int16_t)raw : raw;

	/* It stops at the end of its range; what lies beyond that stays there. */
	return (uint16_t)(up ? clamp_to(value + desc->step, value,
					value > desc->max ? value : desc->max) :
			       clamp_to(value - desc->step,
					value < desc->min ? value : desc->min,
					value));
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

	if (writable(reg, MATE_ACC_INCDEC)) {
		value = stepped(reg->desc, device_get(dev, reg),
				cmd->cmd != dev->dec_command);
	} else if (writable(reg, MATE_ACC_ENDIS)) {
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
	const struct device_kind *kind = dev->kind;
	unsigned int number = cmd->addr - kind->first_page;
	uint8_t bytes[MATE_DC_STATUS_BYTES];

	if (number >= kind->n_pages) {
		refuse(cmd, reply);
		return;
	}
	if (!has_value(dev->status_answer[number], cmd, reply))
		return;
	device_status(dev, bytes);
	if (kind->serve)
		kind->serve(dev, number, bytes);
	reply_page(reply, kind->type, bytes + number * STATUS_BYTES,
		   STATUS_BYTES);
}

static void answer_log(struct device *dev, const struct command *cmd,
		       struct reply *reply)
{
	unsigned int ago = cmd->param < HISTORY_DAYS ? cmd->param : HISTORY_DAYS;
	uint8_t bytes[LOG_BYTES];

	if (!dev->kind->log) {
		has_value(dev->kind->no_log, cmd, reply);
		return;
	}
	if (!has_value(dev->logs[ago].answer, cmd, reply))
		return;
	device_log(dev, ago, bytes);
	reply_page(reply, CMD_LOG, bytes, sizeof(bytes));
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
