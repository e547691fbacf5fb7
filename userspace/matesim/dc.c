// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * FLEXnet DC battery monitor.
 *
 * All numbers of a page come from numbers already rounded to what the wire
 * carries, so that the sums hold as exactly as on a real one:
 * net = in - out, and the shunts add up to net.
 */
#include <math.h>
#include <string.h>

#include "device.h"

#define FIELD(name) offsetof(struct meter, name)

#define FIRST_PAGE	0x0a
#define PAGES		6
#define SUMMARY_AT	39	/* pages 0D to 0F */
#define FLAGS_ALWAYS	0x21

static const struct binding bindings[] = {
	{ MATE_REG_DC_SHUNT_A_ENERGY_CHARGED,	FIELD(full_kwh[0][METER_IN]) },
	{ MATE_REG_DC_SHUNT_B_ENERGY_CHARGED,	FIELD(full_kwh[1][METER_IN]) },
	{ MATE_REG_DC_SHUNT_C_ENERGY_CHARGED,	FIELD(full_kwh[2][METER_IN]) },
	{ MATE_REG_DC_SHUNT_A_ENERGY_REMOVED,	FIELD(full_kwh[0][METER_OUT]) },
	{ MATE_REG_DC_SHUNT_B_ENERGY_REMOVED,	FIELD(full_kwh[1][METER_OUT]) },
	{ MATE_REG_DC_SHUNT_C_ENERGY_REMOVED,	FIELD(full_kwh[2][METER_OUT]) },
	{ MATE_REG_DC_SHUNT_A_CHARGE_CHARGED,	FIELD(full_ah[0][METER_IN]) },
	{ MATE_REG_DC_SHUNT_B_CHARGE_CHARGED,	FIELD(full_ah[1][METER_IN]) },
	{ MATE_REG_DC_SHUNT_C_CHARGE_CHARGED,	FIELD(full_ah[2][METER_IN]) },
	{ MATE_REG_DC_SHUNT_A_CHARGE_REMOVED,	FIELD(full_ah[0][METER_OUT]) },
	{ MATE_REG_DC_SHUNT_B_CHARGE_REMOVED,	FIELD(full_ah[1][METER_OUT]) },
	{ MATE_REG_DC_SHUNT_C_CHARGE_REMOVED,	FIELD(full_ah[2][METER_OUT]) },
	{ MATE_REG_DC_SHUNT_A_CURRENT_MAX_CHARGED, FIELD(peak_a[0][METER_IN]) },
	{ MATE_REG_DC_SHUNT_B_CURRENT_MAX_CHARGED, FIELD(peak_a[1][METER_IN]) },
	{ MATE_REG_DC_SHUNT_C_CURRENT_MAX_CHARGED, FIELD(peak_a[2][METER_IN]) },
	{ MATE_REG_DC_SHUNT_A_POWER_MAX_CHARGED, FIELD(peak_kw[0][METER_IN]) },
	{ MATE_REG_DC_SHUNT_B_POWER_MAX_CHARGED, FIELD(peak_kw[1][METER_IN]) },
	{ MATE_REG_DC_SHUNT_C_POWER_MAX_CHARGED, FIELD(peak_kw[2][METER_IN]) },
	{ MATE_REG_DC_SHUNT_A_CURRENT_MAX_REMOVED, FIELD(peak_a[0][METER_OUT]) },
	{ MATE_REG_DC_SHUNT_B_CURRENT_MAX_REMOVED, FIELD(peak_a[1][METER_OUT]) },
	{ MATE_REG_DC_SHUNT_C_CURRENT_MAX_REMOVED, FIELD(peak_a[2][METER_OUT]) },
	{ MATE_REG_DC_SHUNT_A_POWER_MAX_REMOVED, FIELD(peak_kw[0][METER_OUT]) },
	{ MATE_REG_DC_SHUNT_B_POWER_MAX_REMOVED, FIELD(peak_kw[1][METER_OUT]) },
	{ MATE_REG_DC_SHUNT_C_POWER_MAX_REMOVED, FIELD(peak_kw[2][METER_OUT]) },
	{ MATE_REG_DC_SHUNT_A_MODE,		FIELD(shunt_off[0]) },
	{ MATE_REG_DC_SHUNT_B_MODE,		FIELD(shunt_off[1]) },
	{ MATE_REG_DC_SHUNT_C_MODE,		FIELD(shunt_off[2]) },
	{ MATE_REG_DC_CHARGE_REMOVED_LIFETIME,	FIELD(removed_kah) },
	{ MATE_REG_DC_BATTERY_CAPACITY,		FIELD(capacity) },
	{ MATE_REG_DC_BATTERY_VOLTAGE_MIN_TODAY, FIELD(battery_min) },
	{ MATE_REG_DC_BATTERY_VOLTAGE_MAX_TODAY, FIELD(battery_max) },
	{ MATE_REG_DC_RETURN_CURRENT,		FIELD(return_current) },
	{ MATE_REG_DC_CHARGED_VOLTAGE,		FIELD(charged_voltage) },
	{ MATE_REG_DC_DAYS_SINCE_FULL,		FIELD(days_since_full) },
	{ MATE_REG_DC_DAYS_AT_FULL_TOTAL,	FIELD(days_at_full) },
	{ MATE_REG_DC_CHARGE_FACTOR,		FIELD(charge_factor) },
	{ MATE_REG_DC_CYCLE_CHARGE_FACTOR,	FIELD(charge_factor) },
	{ MATE_REG_DC_PARAMS_MET_TIME,		FIELD(params_met_min) },
	{ MATE_REG_DC_STATE_OF_CHARGE,		FIELD(soc) },
	{ MATE_REG_DC_BATTERY_TEMP,		FIELD(temp_c) },
};

static const struct initial initials[] = {
	{ MATE_REG_DC_FW_REV_A,			1 },
	{ MATE_REG_DC_FW_REV_B,			1 },
	{ MATE_REG_DC_FW_REV_C,			56 },
	{ MATE_REG_DC_BATTERY_SETPOINT_COMPENSATED, 28.8 },
	{ MATE_REG_DC_CYCLE_EFFICIENCY,		87 },
	{ MATE_REG_DC_AUX_HIGH_VOLTAGE,		28.0 },
	{ MATE_REG_DC_AUX_LOW_VOLTAGE,		24.0 },
	{ MATE_REG_DC_AUX_SOC_HIGH,		90 },
	{ MATE_REG_DC_AUX_SOC_LOW,		50 },
	{ MATE_REG_DC_AUX_HIGH_DELAY,		1 },
	{ MATE_REG_DC_AUX_LOW_DELAY,		1 },
	{ MATE_REG_DC_AUX_CONTROL,		1 },
};

/* --- the block of six pages ---------------------------------------------- */

static long tenths(double value)
{
	return lround(value * 10);
}

static long hundredths(double value)
{
	return lround(value * 100);
}

static long whole(double value)
{
	return lround(value);
}

/* Rounds each shunt, then adds up what goes in and what comes out. */
static void flows(const double value[SHUNTS], long (*round_to)(double),
		  long shunt[SHUNTS], long way[METER_WAYS])
{
	int s;

	way[METER_IN] = way[METER_OUT] = 0;
	for (s = 0; s < SHUNTS; s++) {
		shunt[s] = round_to(value[s]);
		if (shunt[s] >= 0)
			way[METER_IN] += shunt[s];
		else
			way[METER_OUT] -= shunt[s];
	}
}

static void flow_fields(struct mate_dc_status *page, const struct meter *m)
{
	long shunt[SHUNTS], way[METER_WAYS];

	flows(m->current, tenths, shunt, way);
	page->shunt_a_current = shunt[SHUNT_A] / 10.0;
	page->shunt_b_current = shunt[SHUNT_B] / 10.0;
	page->shunt_c_current = shunt[SHUNT_C] / 10.0;
	page->input_current = way[METER_IN] / 10.0;
	page->output_current = way[METER_OUT] / 10.0;
	page->battery_current = (way[METER_IN] - way[METER_OUT]) / 10.0;

	flows(m->power, hundredths, shunt, way);
	page->shunt_a_power = shunt[SHUNT_A] / 100.0;
	page->shunt_b_power = shunt[SHUNT_B] / 100.0;
	page->shunt_c_power = shunt[SHUNT_C] / 100.0;
	page->input_power = way[METER_IN] / 100.0;
	page->output_power = way[METER_OUT] / 100.0;
	page->battery_power = (way[METER_IN] - way[METER_OUT]) / 100.0;
}

static void today_fields(struct mate_dc_status *page, const struct meter *m)
{
	long in = whole(m->today_ah[METER_IN]);
	long out = whole(m->today_ah[METER_OUT]);

	page->today_input_charge = in;
	page->today_output_charge = out;
	page->today_battery_charge = in - out;

	in = hundredths(m->today_kwh[METER_IN]);
	out = hundredths(m->today_kwh[METER_OUT]);
	page->today_input_energy = in / 100.0;
	page->today_output_energy = out / 100.0;
	page->today_battery_energy = (in - out) / 100.0;
	page->soc_min_today = whole(m->soc_min_today);
}

/* What each shunt counted, rounded as the registers give it, and the sums. */
static void totals(const double counted[SHUNTS][METER_WAYS],
		   long (*round_to)(double), long shunt[SHUNTS],
		   long way[METER_WAYS])
{
	long in, out;
	int s;

	way[METER_IN] = way[METER_OUT] = 0;
	for (s = 0; s < SHUNTS; s++) {
		in = round_to(counted[s][METER_IN]);
		out = round_to(counted[s][METER_OUT]);
		way[METER_IN] += in;
		way[METER_OUT] += out;
		shunt[s] = in - out;
	}
}

static long corrected(const struct meter *m, const long way[METER_WAYS])
{
	return lround(m->charge_factor / 100 * way[METER_IN]) - way[METER_OUT];
}

static void full_fields(struct mate_dc_status *page, const struct meter *m)
{
	long shunt[SHUNTS], way[METER_WAYS];

	totals(m->full_ah, whole, shunt, way);
	page->since_full_shunt_a_charge = shunt[SHUNT_A];
	page->since_full_shunt_b_charge = shunt[SHUNT_B];
	page->since_full_shunt_c_charge = shunt[SHUNT_C];
	page->since_full_input_charge = way[METER_IN];
	page->since_full_output_charge = way[METER_OUT];
	page->since_full_net_charge = way[METER_IN] - way[METER_OUT];
	page->since_full_corrected_charge = corrected(m, way);

	totals(m->full_kwh, hundredths, shunt, way);
	page->since_full_shunt_a_energy = shunt[SHUNT_A] / 100.0;
	page->since_full_shunt_b_energy = shunt[SHUNT_B] / 100.0;
	page->since_full_shunt_c_energy = shunt[SHUNT_C] / 100.0;
	page->since_full_input_energy = way[METER_IN] / 100.0;
	page->since_full_output_energy = way[METER_OUT] / 100.0;
	page->since_full_net_energy = (way[METER_IN] - way[METER_OUT]) / 100.0;
	page->since_full_corrected_energy = corrected(m, way) / 100.0;
	page->days_since_full = m->days_since_full;
}

static void make_block(const struct meter *m, struct mate_dc_status *page)
{
	memset(page, 0, sizeof(*page));
	page->battery_voltage = m->battery_v;
	page->state_of_charge = whole(m->soc);
	page->flags = FLAGS_ALWAYS;
	if (m->params_met)
		page->flags |= MATE_DC_STATUS_FLAGS_CHARGE_PARAMETERS_MET;
	page->battery_temp = m->temp_c;
	page->battery_temp_valid = true;
	flow_fields(page, m);
	today_fields(page, m);
	full_fields(page, m);
}

/* Just started it knows nothing, and calls its battery 0.1 V. */
static void status(const struct device *dev, uint8_t *bytes)
{
	struct mate_dc_status page = {
		.battery_voltage = 0.1, .battery_temp_valid = true,
	};

	if (!dev->options.fresh)
		make_block(dev->meter, &page);
	mate_dc_status_encode(bytes, &page);
}

static void say_changed(uint8_t *bytes)
{
	struct mate_dc_status page;

	mate_dc_status_decode(&page, bytes);
	page.flags |= MATE_DC_STATUS_FLAGS_SUMMARY_CHANGED;
	mate_dc_status_encode(bytes, &page);
}

/* What has changed in the summary is said until that is fetched. */
static void serve(struct device *dev, unsigned int number, uint8_t *bytes)
{
	size_t at = number * STATUS_BYTES;

	if (!dev->options.fresh &&
	    memcmp(dev->served + SUMMARY_AT, bytes + SUMMARY_AT,
		   MATE_DC_STATUS_BYTES - SUMMARY_AT))
		say_changed(bytes);
	memcpy(dev->served + at, bytes + at, STATUS_BYTES);
}

/* --- commands ------------------------------------------------------------ */

/* 00EB and 00EC start today's extremes anew from the present voltage. */
static uint16_t reset_extreme(struct device *dev, uint16_t addr)
{
	uint8_t bytes[MATE_DC_STATUS_BYTES];
	struct mate_dc_status page;

	device_status(dev, bytes);
	mate_dc_status_decode(&page, bytes);
	device_set_units(dev, addr, page.battery_voltage);
	return device_get(dev, device_reg(dev, addr));
}

static uint16_t written(struct device *dev, const struct mate_reg_desc *desc,
			uint16_t value)
{
	switch (desc->addr) {
	case MATE_REG_DC_BATTERY_VOLTAGE_MAX_RESET:
		return reset_extreme(dev, MATE_REG_DC_BATTERY_VOLTAGE_MAX_TODAY);
	case MATE_REG_DC_BATTERY_VOLTAGE_MIN_RESET:
		return reset_extreme(dev, MATE_REG_DC_BATTERY_VOLTAGE_MIN_TODAY);
	case MATE_REG_DC_BATTERY_TEMP_SYNC:
		dev->meter->temp_c = temp_from_raw(value);
		return value;
	}
	return value;
}

const struct device_kind dc_kind = {
	.name		= "dc",
	.type		= MATE_DC,
	.read_byte0	= CMD_READ,
	.bindings	= bindings,
	.n_bindings	= sizeof(bindings) / sizeof(bindings[0]),
	.initials	= initials,
	.n_initials	= sizeof(initials) / sizeof(initials[0]),
	.first_page	= FIRST_PAGE,
	.n_pages	= PAGES,
	.status_page	= MATE_PAGE_DC_STATUS,
	.status		= status,
	.serve		= serve,
	.no_log		= ANSWER_SILENT,	/* nobody has ever seen a page */
	.written	= written,
};
