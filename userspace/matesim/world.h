/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The site that the devices measure: panels, battery, loads, a generator.
 * A 24 V system; everything in V, A, W, kWh, Ah, seconds, all doubles, so
 * that a register is a field and a scale.
 */
#ifndef MATESIM_WORLD_H
#define MATESIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#define WORLD_DEVICES	10	/* of each kind */
#define HISTORY_DAYS	128
#define WORLD_STEP_S	10.0

/* What a charge controller keeps of one day. */
struct charger_day {
	double energy_kwh, charge_ah;
	double current_max, power_max, pv_voltage_max;
	double battery_max, battery_min;
	double absorb_s, float_s;
};

/* Charge modes as register 01C8 and the status page number them. */
enum charge_stage {
	STAGE_SLEEPING, STAGE_FLOAT, STAGE_BULK, STAGE_ABSORB, STAGE_EQUALIZE,
};

/* An MX with its panels. */
struct charger {
	/* settings */
	double current_limit, float_v, absorb_v, eq_v, rebulk_v;
	double absorb_end_a, absorb_h, eq_h;
	double aux;			/* mode, 0x80 = relay on */
	/* state */
	double stage;			/* enum charge_stage */
	double stage_s;			/* how long it lasts */
	double array_w;
	/* measured */
	double voc, pv_voltage, pv_current, output_current, power;
	double battery_v, temp_raw;
	/* counted */
	double energy_today, energy_total, charge_total;
	double power_max, battery_max, voc_max;
	struct charger_day days[HISTORY_DAYS + 1];	/* by day modulo */
	struct charger_day *today;
};

/*
 * An FX; settings that decide what it does.  Slaves are stacked onto the first
 * inverter that is none: they help it when the load is more than the others
 * carry, are silent when it is not, and off when it is.
 */
struct inverter {
	bool slave;
	double inverter_control, charge_control, acin_control, aux_control;
	double absorb_v, float_v, low_cutout, low_cutin, charger_limit;
	double ac_nominal;		/* 230 or 120 V */
	/* measured */
	double mode, ac_mode, errors, warnings;
	double inverter_a, charger_a, buy_a, sell_a;
	double ac_in, ac_out, battery_v;
	double battery_temp_raw, air_raw, fet_raw, cap_raw;
	double dc_current;		/* into the battery, A */
	bool cut_out;
	bool silent;
};

enum { SHUNT_A, SHUNT_B, SHUNT_C, SHUNTS };	/* inverters, chargers, rest */
enum { METER_IN, METER_OUT, METER_WAYS };

/* A FLEXnet DC. */
struct meter {
	/* settings */
	double capacity, return_current, charged_voltage, charge_factor;
	double params_met_min;
	double shunt_off[SHUNTS];
	/* measured */
	double current[SHUNTS], power[SHUNTS];	/* A, kW, into the battery + */
	double battery_v, temp_c;
	/* counted, [shunt][METER_IN] charged, [shunt][METER_OUT] removed */
	double full_ah[SHUNTS][METER_WAYS], full_kwh[SHUNTS][METER_WAYS];
	double today_ah[METER_WAYS], today_kwh[METER_WAYS];
	double peak_a[SHUNTS][METER_WAYS], peak_kw[SHUNTS][METER_WAYS];
	double days_since_full, days_at_full, removed_kah;
	double battery_min, battery_max, soc, soc_min_today;
	double met_s;			/* charge parameters met for so long */
	bool params_met;
};

struct world {
	uint32_t seed;
	double t;			/* s since the midnight that began history */
	double started;			/* t at which the devices began to speak */
	/* battery */
	double capacity_ah, soc, battery_v, battery_a, temp_c;
	/* the rest of the house */
	double load_w, dc_load_w;
	bool generator;
	double generator_s;
	double full_t;			/* when the battery was last full */
	int n_chargers, n_inverters, n_meters;
	struct charger chargers[WORLD_DEVICES];
	struct inverter inverters[WORLD_DEVICES];
	struct meter meters[WORLD_DEVICES];
};

void charger_defaults(struct charger *charger);
void inverter_defaults(struct inverter *inverter);
void meter_defaults(struct meter *meter);

/* There is always one charger, inverter and meter, on the bus or not. */
void world_at_least_one(struct world *w);

/*
 * A world of one charger, inverter and meter at least.  It lives through
 * HISTORY_DAYS and then until @time_of_day seconds of the next.
 */
void world_init(struct world *w, uint32_t seed, double time_of_day);
/* Live on until @t; in steps of WORLD_STEP_S, so @t may lie ahead a little. */
void world_run(struct world *w, double t);

/* After settings have changed: what flows now, without any time passing. */
void world_settle(struct world *w);

/* Of the day @ago days before today; ago 0 to HISTORY_DAYS. */
const struct charger_day *charger_day(const struct world *w,
				      const struct charger *c, int ago);

/* Raw reading of OutBack's temperature sensor. */
double temp_to_raw(double celsius);
double temp_from_raw(double raw);

#endif
