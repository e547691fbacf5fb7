// SPDX-License-Identifier: GPL-2.0-or-later
/* MX and FLEXmax charge controllers. */
#include <math.h>

#include "device.h"

#define FIELD(name) offsetof(struct charger, name)

static const struct binding bindings[] = {
	{ MATE_REG_MX_BATTERY_VOLTAGE,		FIELD(battery_v) },
	{ MATE_REG_MX_BATTERY_VOLTAGE_MAX,	FIELD(battery_max) },
	{ MATE_REG_MX_VOC,			FIELD(voc) },
	{ MATE_REG_MX_VOC_MAX,			FIELD(voc_max) },
	{ MATE_REG_MX_ENERGY_TOTAL,		FIELD(energy_total) },
	{ MATE_REG_MX_CHARGE_TOTAL,		FIELD(charge_total) },
	{ MATE_REG_MX_POWER_MAX,		FIELD(power_max) },
	{ MATE_REG_MX_OUTPUT_CURRENT_LIMIT,	FIELD(current_limit) },
	{ MATE_REG_MX_FLOAT_VOLTAGE,		FIELD(float_v) },
	{ MATE_REG_MX_ABSORB_VOLTAGE,		FIELD(absorb_v) },
	{ MATE_REG_MX_EQ_VOLTAGE,		FIELD(eq_v) },
	{ MATE_REG_MX_REBULK_VOLTAGE,		FIELD(rebulk_v) },
	{ MATE_REG_MX_ABSORB_END_CURRENT,	FIELD(absorb_end_a) },
	{ MATE_REG_MX_ABSORB_TIME,		FIELD(absorb_h) },
	{ MATE_REG_MX_EQ_TIME,			FIELD(eq_h) },
	{ MATE_REG_MX_ENERGY_TODAY,		FIELD(energy_today) },
	{ MATE_REG_MX_ABSORB_SETPOINT,		FIELD(absorb_v) },
	{ MATE_REG_MX_FLOAT_SETPOINT,		FIELD(float_v) },
	{ MATE_REG_MX_CHARGER_POWER,		FIELD(power) },
	{ MATE_REG_MX_PV_VOLTAGE,		FIELD(pv_voltage) },
	{ MATE_REG_MX_CHARGER_CURRENT,		FIELD(output_current) },
	{ MATE_REG_MX_CHARGE_MODE,		FIELD(stage) },
	{ MATE_REG_MX_AUX_RELAY,		FIELD(aux) },
	{ MATE_REG_MX_BATTERY_TEMP_RAW,		FIELD(temp_raw) },
};

static const struct initial initials[] = {
	{ MATE_REG_MX_FW_REV_A,			1 },
	{ MATE_REG_MX_FW_REV_B,			9 },
	{ MATE_REG_MX_FW_REV_C,			8 },
	{ MATE_REG_MX_WAKEUP_VOC_CHANGE,	1.5 },
	{ MATE_REG_MX_WAKEUP_TIME,		5 },
	{ MATE_REG_MX_PARK_MPP,			77 },
	{ MATE_REG_MX_RTS_LOWER_LIMIT,		26 },
	{ MATE_REG_MX_RTS_UPPER_LIMIT,		30 },
	{ MATE_REG_MX_SNOOZE_CURRENT,		0.6 },
};

static const struct govern governs[] = {
	{ MATE_REG_MX_CHARGE_MODE, { "charge_mode" }, { 0 } },
	{ MATE_REG_MX_AUX_RELAY, { "aux_on", "aux_mode" }, { 0 } },
};

static void status(const struct device *dev, uint8_t *bytes)
{
	const struct charger *c = dev->charger;
	long tenths = lround(c->output_current * 10);
	struct mate_mx_status page = {
		.charge_valid	= !dev->options.no_ah,
		.charge_today	= c->today->charge_ah,
		.output_tenths	= tenths % 10,
		.output_current	= tenths / 10.0,
		.pv_current	= lround(c->pv_current),
		.energy_today	= c->today->energy_kwh,
		.aux_on		= (int)c->aux & 0x80,
		.aux_mode	= (int)c->aux & 0x3f,
		.charge_mode	= c->stage,
		.battery_voltage = c->battery_v,
		.pv_voltage	= c->pv_voltage,
	};

	if (dev->options.no_ah) {
		page.charge_today = 0;
		page.output_tenths = 0;
		page.output_current = lround(c->output_current);
	}
	mate_mx_status_encode(bytes, &page);
}

static void log_page(const struct device *dev, unsigned int ago,
		     uint8_t bytes[LOG_BYTES])
{
	const struct charger_day *d = charger_day(dev->world, dev->charger,
						  ago);
	struct mate_mx_log page = {
		.output_current_max	= d->current_max,
		.battery_voltage_max	= d->battery_max,
		.energy			= d->energy_kwh,
		.pv_voltage_max		= d->pv_voltage_max,
		.absorb_time		= d->absorb_s / 60,
		.float_time		= d->float_s / 60,
		.charge			= d->charge_ah,
		.battery_voltage_min	= d->battery_min,
		.power_max		= d->power_max,
		.day			= ago,
	};

	mate_mx_log_encode(bytes, &page);
}

static uint16_t written(struct device *dev, const struct mate_reg_desc *desc,
			uint16_t value)
{
	if (desc->addr == MATE_REG_MX_CHARGE_MODE)
		dev->charger->stage_s = 0;
	if (desc->addr == MATE_REG_MX_FACTORY_RESET && value == 0xff) {
		charger_defaults(dev->charger);
		device_forget(dev);
		device_initials(dev);
	}
	return value & 0xff;		/* never more than the low byte */
}

const struct device_kind mx_kind = {
	.name		= "mx",
	.type		= MATE_MX,
	.read_byte0	= CMD_READ,
	.bindings	= bindings,
	.n_bindings	= sizeof(bindings) / sizeof(bindings[0]),
	.initials	= initials,
	.n_initials	= sizeof(initials) / sizeof(initials[0]),
	.governs	= governs,
	.n_governs	= sizeof(governs) / sizeof(governs[0]),
	.passing	= MATE_REG_MX_CHARGE_MODE,
	.first_page	= 1,
	.n_pages	= 1,
	.status_page	= MATE_PAGE_MX_STATUS,
	.status		= status,
	.log_page	= MATE_PAGE_MX_LOG,
	.log		= log_page,
	.written	= written,
};
