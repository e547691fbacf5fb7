// SPDX-License-Identifier: GPL-2.0-or-later
/* FX and VFX inverters. */
#include <math.h>

#include "device.h"

#define FIELD(name) offsetof(struct inverter, name)

static const struct binding bindings[] = {
	{ MATE_REG_FX_FLOAT_SETPOINT,		FIELD(float_v) },
	{ MATE_REG_FX_ABSORB_SETPOINT,		FIELD(absorb_v) },
	{ MATE_REG_FX_LOW_BATTERY_CUTOUT,	FIELD(low_cutout) },
	{ MATE_REG_FX_LOW_BATTERY_CUTIN,	FIELD(low_cutin) },
	{ MATE_REG_FX_CHARGER_LIMIT,		FIELD(charger_limit) },
	{ MATE_REG_FX_ACIN_CONTROL,		FIELD(acin_control) },
	{ MATE_REG_FX_CHARGE_CONTROL,		FIELD(charge_control) },
	{ MATE_REG_FX_INVERTER_CONTROL,		FIELD(inverter_control) },
	{ MATE_REG_FX_AUX_CONTROL,		FIELD(aux_control) },
	{ MATE_REG_FX_BATTERY_TEMP_COMPENSATED,	FIELD(battery_v) },
	{ MATE_REG_FX_BATTERY_VOLTAGE,		FIELD(battery_v) },
	{ MATE_REG_FX_INPUT_VOLTAGE,		FIELD(ac_in) },
	{ MATE_REG_FX_OUTPUT_VOLTAGE,		FIELD(ac_out) },
	{ MATE_REG_FX_BATTERY_TEMP_RAW,		FIELD(battery_temp_raw) },
	{ MATE_REG_FX_AIR_TEMP_RAW,		FIELD(air_raw) },
	{ MATE_REG_FX_FET_TEMP_RAW,		FIELD(fet_raw) },
	{ MATE_REG_FX_CAPACITOR_TEMP_RAW,	FIELD(cap_raw) },
	{ MATE_REG_FX_ERRORS,			FIELD(errors) },
	{ MATE_REG_FX_WARNINGS,			FIELD(warnings) },
	{ MATE_REG_FX_CHARGER_CURRENT,		FIELD(charger_a) },
	{ MATE_REG_FX_SELL_CURRENT,		FIELD(sell_a) },
	{ MATE_REG_FX_INPUT_CURRENT,		FIELD(buy_a) },
	{ MATE_REG_FX_INVERTER_CURRENT,		FIELD(inverter_a) },
};

static const struct initial initials[] = {
	{ MATE_REG_FX_FW_REV,			61 },
	{ MATE_REG_FX_EQ_SETPOINT,		29.2 },
	{ MATE_REG_FX_REFLOAT_SETPOINT,		25.0 },
	{ MATE_REG_FX_GENALERT_OFF_SETPOINT,	28.0 },
	{ MATE_REG_FX_GENALERT_ON_SETPOINT,	22.0 },
	{ MATE_REG_FX_LOADSHED_OFF_SETPOINT,	22.0 },
	{ MATE_REG_FX_VENTFAN_ON_SETPOINT,	28.0 },
	{ MATE_REG_FX_DIVERSION_ON_SETPOINT,	29.2 },
	{ MATE_REG_FX_SELL_VOLTAGE,		26.0 },
	{ MATE_REG_FX_ABSORB_TIME_LIMIT,	1 },
	{ MATE_REG_FX_EQ_TIME_PERIOD,		1 },
	{ MATE_REG_FX_FLOAT_TIME_PERIOD,	1 },
	{ MATE_REG_FX_AC1_TRANSFER_DELAY,	6 },
	{ MATE_REG_FX_AC2_TRANSFER_DELAY,	60 },
	{ MATE_REG_FX_AC1_INPUT_LIMIT,		24 },
	{ MATE_REG_FX_AC2_INPUT_LIMIT,		24 },
	{ MATE_REG_FX_SEARCH_SENSITIVITY,	6 },
	{ MATE_REG_FX_SEARCH_PULSE_LENGTH,	8 },
	{ MATE_REG_FX_SEARCH_PULSE_SPACING,	60 },
	{ MATE_REG_FX_AC1_LOWER_LIMIT,		104 },
	{ MATE_REG_FX_AC1_UPPER_LIMIT,		127 },
	{ MATE_REG_FX_AC2_LOWER_LIMIT,		104 },
	{ MATE_REG_FX_AC2_UPPER_LIMIT,		127 },
	{ MATE_REG_FX_OUTPUT_VOLTAGE_SETTING,	115 },
	{ MATE_REG_FX_GEN_CONNECT_DELAY,	0.5 },
	{ MATE_REG_FX_GENALERT_ON_DELAY,	4 },
	{ MATE_REG_FX_GENALERT_OFF_DELAY,	4 },
	{ MATE_REG_FX_VENTFAN_OFF_PERIOD,	5 },
	{ MATE_REG_FX_DIVERSION_OFF_DELAY,	30 },
	{ MATE_REG_FX_EQ_CONTROL,		2 },
	{ MATE_REG_FX_FACTORY_RESET_1,		0x62 },
	{ MATE_REG_FX_SELL_STATUS,		55 },	/* as a real one gave */
};

/* Whether it inverts, charges or does nothing shows in all that flows. */
#define FLOWS { "operating_mode", "ac_mode", "inverter_current", \
		"charger_current", "buy_current", "sell_current", \
		"ac_in_voltage", "ac_out_voltage" }, \
	      { MATE_REG_FX_INPUT_VOLTAGE, MATE_REG_FX_OUTPUT_VOLTAGE, \
		MATE_REG_FX_CHARGER_CURRENT, MATE_REG_FX_SELL_CURRENT, \
		MATE_REG_FX_INPUT_CURRENT, MATE_REG_FX_INVERTER_CURRENT }

static const struct govern governs[] = {
	{ MATE_REG_FX_INVERTER_CONTROL, FLOWS },
	{ MATE_REG_FX_CHARGE_CONTROL, FLOWS },
	{ MATE_REG_FX_ACIN_CONTROL, FLOWS },
	{ MATE_REG_FX_AUX_CONTROL, { "aux_on" }, { 0 } },
};

static void status(const struct device *dev, uint8_t *bytes)
{
	const struct inverter *i = dev->inverter;
	const struct mate_fx_status page = {
		.inverter_current = i->inverter_a,
		.charger_current = i->charger_a,
		.buy_current	= i->buy_a,
		.ac_in_voltage	= lround(i->ac_in),
		.ac_out_voltage	= lround(i->ac_out),
		.sell_current	= i->sell_a,
		.operating_mode	= i->mode,
		.errors		= i->errors,
		.ac_mode	= i->ac_mode,
		.battery_voltage = i->battery_v,
		.aux_on		= i->aux_control == 2,
		.is_230v	= !dev->options.is_120v,
		.warnings	= i->warnings,
	};

	mate_fx_status_encode(bytes, &page);
}

static uint16_t written(struct device *dev, const struct mate_reg_desc *desc,
			uint16_t value)
{
	if (desc->addr == MATE_REG_FX_BATTERY_TEMP_SYNC)
		dev->inverter->battery_temp_raw = value;
	return value;
}

const struct device_kind fx_kind = {
	.name		= "fx",
	.type		= MATE_FX,
	.read_byte0	= CMD_READ,
	.bindings	= bindings,
	.n_bindings	= sizeof(bindings) / sizeof(bindings[0]),
	.initials	= initials,
	.n_initials	= sizeof(initials) / sizeof(initials[0]),
	.governs	= governs,
	.n_governs	= sizeof(governs) / sizeof(governs[0]),
	.first_page	= 1,
	.n_pages	= 1,
	.status_page	= MATE_PAGE_FX_STATUS,
	.status		= status,
	.no_log		= ANSWER_REFUSED,
	.written	= written,
};
