// SPDX-License-Identifier: GPL-2.0-or-later
/* The site: what flows where, step by step. */
#include <math.h>
#include <string.h>

#include "mate_tables.h"
#include "sky.h"
#include "world.h"

#define HISTORY_STEP_S	300.0
/* History begins in January, so that it ends in May with the sun gaining. */
#define FIRST_DAY_OF_YEAR 7

#define ARRAY_W		2000.0
#define PANEL_VOC	88.0
#define INVERTER_IDLE_W	18.0
#define INVERTER_EFF	0.92
#define SILENT_W	3.0
#define STACK_W		300.0	/* more than that wakes the next slave */
#define CHARGER_EFF	0.88
#define MX_EFF		0.965
#define GENERATOR_FILL_DAYS 10
#define GENERATOR_MAX_S	(10 * 3600)
#define FULL_SOC	0.985
#define CHARGE_EFF	0.94	/* the charge factor the meter starts with */

enum { NOISE_LOAD = 10, NOISE_KETTLE, NOISE_GRID, NOISE_TEMP, NOISE_PV };

double temp_to_raw(double celsius)
{
	return round((70.1 - celsius) / 0.3576);
}

double temp_from_raw(double raw)
{
	return round(-0.3576 * raw + 70.1);
}

void charger_defaults(struct charger *c)
{
	c->current_limit = 60;
	c->float_v = 27.2;
	c->absorb_v = 28.8;
	c->eq_v = 29.6;
	c->rebulk_v = 24.0;
	c->absorb_end_a = 10;
	c->absorb_h = 2;
	c->eq_h = 1;
	c->aux = MATE_MX_STATUS_AUX_MODE_VENT_FAN;
}

void inverter_defaults(struct inverter *i)
{
	i->inverter_control = 2;
	i->charge_control = 1;
	i->acin_control = 1;
	i->aux_control = 1;
	i->absorb_v = 28.8;
	i->float_v = 27.2;
	i->low_cutout = 21.0;
	i->low_cutin = 25.0;
	i->charger_limit = 14;
	i->ac_nominal = 230;
}

void meter_defaults(struct meter *m)
{
	m->capacity = 800;
	m->return_current = 16;
	m->charged_voltage = 28.4;
	m->charge_factor = 100 * CHARGE_EFF;
	m->params_met_min = 1;
}

/* --- battery ------------------------------------------------------------- */

static double rest_voltage(double soc)
{
	return 23.4 + 2.1 * soc;
}

/* A full battery resists further charge. */
static double resistance(double soc, bool charging)
{
	double size = 0.012;

	return charging ? size + 0.45 * exp((soc - 1) / 0.035) : size;
}

static double voltage_at(const struct world *w, double current)
{
	return rest_voltage(w->soc) + current * resistance(w->soc, current > 0);
}

static void battery_step(struct world *w, double dt)
{
	double ah = w->battery_a * dt / 3600;

	if (ah > 0)
		ah *= CHARGE_EFF;
	w->soc = fmin(1, fmax(0, w->soc + ah / w->capacity_ah));
}

/* --- loads and generator ------------------------------------------------- */

static double bump(double hour, double at, double width)
{
	double x = (hour - at) / width;

	return exp(-x * x / 2);
}

static void loads_step(struct world *w)
{
	double hour = fmod(w->t, DAY_S) / 3600;
	bool awake = hour > 6.5 && hour < 23;

	w->load_w = 60 + 50 * sky_noise(w->seed, NOISE_LOAD, w->t, 1500) +
		    130 * bump(hour, 7.3, 0.8) + 60 * bump(hour, 12.5, 0.7) +
		    210 * bump(hour, 19.8, 1.7);
	if (awake && sky_chance(w->seed, NOISE_KETTLE, w->t, 300) > 0.97)
		w->load_w += 1100;
	w->dc_load_w = 14 + 8 * sky_noise(w->seed, NOISE_LOAD + 100, w->t, 2400);
	w->temp_c = 15 + 5 * sin(2 * M_PI * (hour - 10) / 24) +
		    4 * sky_noise(w->seed, NOISE_TEMP, w->t, DAY_S);
}

/*
 * It starts when the battery is low, and in the morning when it was not full
 * for long: then it fills it.
 */
static void generator_step(struct world *w, double dt)
{
	const struct inverter *master = &w->inverters[0];
	bool allowed = master->charge_control && master->acin_control;
	bool fill = w->t - w->full_t > GENERATOR_FILL_DAYS * DAY_S;
	double hour = fmod(w->t, DAY_S) / 3600;

	if (w->soc >= FULL_SOC)
		w->full_t = w->t;
	if (!w->generator) {
		w->generator_s = 0;
		w->generator = allowed && (w->soc < 0.42 ||
					   (fill && floor(hour) == 8));
		return;
	}
	w->generator_s += dt;
	if (!allowed || w->soc > (fill ? FULL_SOC : 0.72) ||
	    w->generator_s > GENERATOR_MAX_S)
		w->generator = false;
}

/* --- inverters ----------------------------------------------------------- */

/* Power from the battery while inverting. */
static double invert(struct inverter *i, double load_w)
{
	i->ac_out = i->ac_nominal;
	if (i->silent) {
		i->mode = MATE_FX_STATUS_OPERATING_MODE_SILENT;
		return -SILENT_W;
	}
	i->inverter_a = load_w / i->ac_nominal;
	i->mode = i->inverter_control == 1 && load_w < 20 ?
		  MATE_FX_STATUS_OPERATING_MODE_SEARCH :
		  MATE_FX_STATUS_OPERATING_MODE_ON;
	return -(load_w / INVERTER_EFF + INVERTER_IDLE_W);
}

/* Power into the battery while AC comes in. */
static double pass_through(struct inverter *i, const struct world *w,
			   double load_w)
{
	double limit_w = i->charger_limit * i->ac_nominal * CHARGER_EFF;
	double room = (i->absorb_v - rest_voltage(w->soc)) /
		      resistance(w->soc, true) * i->absorb_v;
	double charge_w = fmax(0, fmin(limit_w, room));

	i->ac_in = i->ac_nominal *
		   (0.98 + 0.04 * sky_noise(w->seed, NOISE_GRID, w->t, 240));
	i->ac_out = i->ac_in;
	i->ac_mode = MATE_FX_STATUS_AC_MODE_USE;
	i->mode = MATE_FX_STATUS_OPERATING_MODE_CHARGE;
	if (!i->charge_control) {
		i->mode = MATE_FX_STATUS_OPERATING_MODE_CHARGER_OFF;
		charge_w = 0;
	}
	i->charger_a = charge_w / CHARGER_EFF / i->ac_in;
	i->buy_a = i->charger_a + load_w / i->ac_in;
	return charge_w;
}

static void cut_out(struct inverter *i)
{
	if (i->battery_v < i->low_cutout)
		i->cut_out = true;
	else if (i->battery_v > i->low_cutin)
		i->cut_out = false;
	i->errors = i->cut_out ? MATE_FX_STATUS_ERRORS_LOW_BATTERY : 0;
}

static double inverter_power(struct inverter *i, const struct world *w,
			     double load_w)
{
	i->inverter_a = i->charger_a = i->buy_a = i->sell_a = 0;
	i->ac_in = i->ac_out = 0;
	i->ac_mode = MATE_FX_STATUS_AC_MODE_NONE;
	if (w->generator && i->acin_control)
		return pass_through(i, w, load_w);
	if (w->generator)
		i->ac_mode = MATE_FX_STATUS_AC_MODE_DROP;
	i->mode = MATE_FX_STATUS_OPERATING_MODE_OFF;
	if (!i->inverter_control || i->cut_out)
		return 0;
	return invert(i, load_w);
}

/* The inverter that slaves follow. */
static struct inverter *master_of(struct world *w)
{
	struct inverter *i, *end = w->inverters + w->n_inverters;

	for (i = w->inverters; i < end; i++)
		if (!i->slave)
			return i;
	return w->inverters;
}

static void follow(struct inverter *i, const struct inverter *master)
{
	i->inverter_control = master->inverter_control;
	i->charge_control = master->charge_control;
	i->acin_control = master->acin_control;
	i->cut_out = master->cut_out;
}

/* Who carries the load: all masters, and as many slaves as it takes. */
static int share_load(struct world *w)
{
	double need = fmax(1, ceil(w->load_w / STACK_W));
	int n = 0, pass;
	struct inverter *i;

	for (pass = 0; pass < 2; pass++)
		for (i = w->inverters; i < w->inverters + w->n_inverters; i++) {
			if (i->slave != (pass > 0))
				continue;
			i->silent = i->slave && n >= need && !w->generator;
			n += !i->silent;
		}
	return n;
}

static double inverters_step(struct world *w)
{
	struct inverter *i, *master = master_of(w);
	double load_w = w->load_w / share_load(w);
	double sum = 0;

	for (i = w->inverters; i < w->inverters + w->n_inverters; i++) {
		i->battery_v = w->battery_v;
		cut_out(i);
		if (i->slave)
			follow(i, master);
		i->dc_current = inverter_power(i, w, load_w) / w->battery_v;
		sum += i->dc_current;
		i->air_raw = temp_to_raw(w->temp_c + 8);
		i->cap_raw = temp_to_raw(w->temp_c + 10 + 2 * i->charger_a);
		i->fet_raw = temp_to_raw(w->temp_c + 12 + 3 * i->inverter_a);
	}
	return sum;
}

/* --- charge controllers -------------------------------------------------- */

static void enter(struct charger *c, enum charge_stage stage)
{
	c->stage = stage;
	c->stage_s = 0;
}

static double stage_voltage(const struct charger *c)
{
	switch ((enum charge_stage)c->stage) {
	case STAGE_FLOAT:
		return c->float_v;
	case STAGE_EQUALIZE:
		return c->eq_v;
	default:
		return c->absorb_v;
	}
}

/* What the panels of @c could give now, in amperes of the battery. */
static double potential(const struct charger *c, double battery_v)
{
	double amps = c->power * MX_EFF / battery_v;

	return c->stage == STAGE_SLEEPING ? 0 : fmin(amps, c->current_limit);
}

/* Light on the panels: open-circuit voltage, and power if it were drawn. */
static void panels_step(struct world *w, struct charger *c)
{
	double light = sky_sun(w->t, FIRST_DAY_OF_YEAR) *
		       sky_clearness(w->seed, w->t);

	c->power = c->array_w * light;
	c->voc = light > 0 ? PANEL_VOC * (0.8 + 0.035 * log(light + 0.003)) +
		 PANEL_VOC * 0.14 : 0;
	c->voc = fmax(0, c->voc);
	if (c->power < 8 || c->voc < w->battery_v + 2) {
		if (c->stage != STAGE_SLEEPING)
			enter(c, STAGE_SLEEPING);
	} else if (c->stage == STAGE_SLEEPING && c->power > 16) {
		enter(c, STAGE_BULK);
	}
}

static void stage_step(const struct world *w, struct charger *c, double dt)
{
	bool at_target = w->battery_v >= stage_voltage(c) - 0.05;

	if (dt <= 0)
		return;
	c->stage_s += dt;
	switch ((enum charge_stage)c->stage) {
	case STAGE_BULK:
		if (at_target)
			enter(c, STAGE_ABSORB);
		break;
	case STAGE_ABSORB:
		if (c->stage_s >= c->absorb_h * 3600 ||
		    (at_target && w->battery_a < c->absorb_end_a))
			enter(c, STAGE_FLOAT);
		break;
	case STAGE_FLOAT:
		if (w->battery_v < c->rebulk_v)
			enter(c, STAGE_BULK);
		break;
	case STAGE_EQUALIZE:
		if (c->stage_s >= c->eq_h * 3600)
			enter(c, STAGE_FLOAT);
		break;
	case STAGE_SLEEPING:
		break;
	}
}

/* Panels that give less than they could run at a higher voltage. */
static void measure_panels(const struct world *w, struct charger *c,
			   double share)
{
	double vmp = c->voc * (0.775 + 0.01 * sky_noise(w->seed, NOISE_PV,
							w->t, 45));

	c->battery_v = w->battery_v;
	c->temp_raw = temp_to_raw(w->temp_c);
	if (c->stage == STAGE_SLEEPING) {
		c->output_current = c->power = c->pv_current = 0;
		c->pv_voltage = c->voc;
		return;
	}
	c->output_current = potential(c, w->battery_v) * share;
	c->power = c->output_current * w->battery_v;
	c->pv_voltage = vmp + (c->voc - vmp) * (1 - share) * 0.9;
	c->pv_current = c->power / MX_EFF / c->pv_voltage;
}

static void count_day(struct charger *c, double dt)
{
	struct charger_day *d = c->today;

	d->energy_kwh += c->power * dt / 3.6e6;
	d->charge_ah += c->output_current * dt / 3600;
	d->current_max = fmax(d->current_max, c->output_current);
	d->power_max = fmax(d->power_max, c->power);
	d->pv_voltage_max = fmax(d->pv_voltage_max, c->pv_voltage);
	d->battery_max = fmax(d->battery_max, c->battery_v);
	d->battery_min = fmin(d->battery_min, c->battery_v);
	if (c->stage == STAGE_ABSORB)
		d->absorb_s += dt;
	if (c->stage == STAGE_FLOAT)
		d->float_s += dt;
	c->energy_today = d->energy_kwh;
	c->energy_total += c->power * dt / 3.6e6;
	c->charge_total += c->output_current * dt / 3.6e6;
	c->power_max = fmax(c->power_max, c->power);
	c->battery_max = fmax(c->battery_max, c->battery_v);
	c->voc_max = fmax(c->voc_max, c->voc);
}

/* The vent fan runs while the battery gasses; other modes are left alone. */
static void aux_step(struct charger *c)
{
	bool gassing = c->stage == STAGE_ABSORB || c->stage == STAGE_EQUALIZE;

	if (((int)c->aux & 0x7f) == MATE_MX_STATUS_AUX_MODE_VENT_FAN)
		c->aux = MATE_MX_STATUS_AUX_MODE_VENT_FAN | (gassing ? 0x80 : 0);
}

/*
 * The chargers together hold the battery at the highest voltage one of them
 * wants; below it each gives all it has.  Sets voltage and current.
 */
static void chargers_step(struct world *w, double others, double dt)
{
	double could = 0, target = 0, share = 1, need;
	struct charger *c, *end = w->chargers + w->n_chargers;

	for (c = w->chargers; c < end; c++) {
		panels_step(w, c);
		could += potential(c, w->battery_v);
		if (c->stage != STAGE_SLEEPING)
			target = fmax(target, stage_voltage(c));
	}
	w->battery_a = could + others;
	w->battery_v = voltage_at(w, w->battery_a);
	if (could > 0 && w->battery_v > target) {
		need = (target - rest_voltage(w->soc)) /
		       resistance(w->soc, true) - others;
		share = fmin(1, fmax(0, need / could));
		w->battery_a = could * share + others;
		w->battery_v = voltage_at(w, w->battery_a);
	}
	for (c = w->chargers; c < end; c++) {
		measure_panels(w, c, share);
		stage_step(w, c, dt);
		aux_step(c);
		count_day(c, dt);
	}
}

/* --- battery monitor ----------------------------------------------------- */

static void count_shunt(struct meter *m, int shunt, double amps, double dt)
{
	int way = amps >= 0 ? METER_IN : METER_OUT;
	double ah = fabs(amps) * dt / 3600;
	double kwh = fabs(m->power[shunt]) * dt / 3600;

	m->full_ah[shunt][way] += ah;
	m->full_kwh[shunt][way] += kwh;
	m->today_ah[way] += ah;
	m->today_kwh[way] += kwh;
	if (way == METER_OUT)
		m->removed_kah += ah / 1000;
	/* Peaks keep their sign: removed ones are negative. */
	if (fabs(amps) > fabs(m->peak_a[shunt][way]))
		m->peak_a[shunt][way] = amps;
	if (fabs(m->power[shunt]) > fabs(m->peak_kw[shunt][way]))
		m->peak_kw[shunt][way] = m->power[shunt];
}

static double corrected_ah(const struct meter *m)
{
	double in = 0, out = 0;
	int s;

	for (s = 0; s < SHUNTS; s++) {
		in += m->full_ah[s][METER_IN];
		out += m->full_ah[s][METER_OUT];
	}
	return in * m->charge_factor / 100 - out;
}

static void full(struct meter *m)
{
	memset(m->full_ah, 0, sizeof(m->full_ah));
	memset(m->full_kwh, 0, sizeof(m->full_kwh));
	m->days_since_full = 0;
}

static void meter_step(const struct world *w, struct meter *m,
		       const double amps[SHUNTS], double dt)
{
	double net = 0;
	int s;

	m->battery_v = w->battery_v;
	for (s = 0; s < SHUNTS; s++) {
		m->current[s] = m->shunt_off[s] ? 0 : amps[s];
		m->power[s] = m->current[s] * m->battery_v / 1000;
		net += m->current[s];
		count_shunt(m, s, m->current[s], dt);
	}
	m->days_since_full += dt / DAY_S;
	if (m->battery_v >= m->charged_voltage && net <= m->return_current)
		m->met_s += dt;
	else
		m->met_s = 0;
	m->params_met = m->met_s > 0 && m->met_s >= m->params_met_min * 60;
	if (m->params_met)
		full(m);
	m->soc = 100;
	if (m->capacity > 0)
		m->soc = fmin(100, fmax(0, 100 + 100 * corrected_ah(m) /
					   m->capacity));
	m->soc_min_today = fmin(m->soc_min_today, m->soc);
	if (m->soc >= 99.5)
		m->days_at_full += dt / DAY_S;
	m->battery_min = fmin(m->battery_min, m->battery_v);
	m->battery_max = fmax(m->battery_max, m->battery_v);
}

/* --- time ---------------------------------------------------------------- */

static void midnight(struct world *w)
{
	int slot = (int)floor(w->t / DAY_S) % (HISTORY_DAYS + 1);
	struct charger *c;
	struct meter *m;

	for (c = w->chargers; c < w->chargers + w->n_chargers; c++) {
		c->today = &c->days[slot];
		memset(c->today, 0, sizeof(*c->today));
		c->energy_today = 0;
		c->today->battery_min = c->today->battery_max = w->battery_v;
	}
	for (m = w->meters; m < w->meters + w->n_meters; m++) {
		memset(m->today_ah, 0, sizeof(m->today_ah));
		memset(m->today_kwh, 0, sizeof(m->today_kwh));
		m->battery_min = m->battery_max = w->battery_v;
		m->soc_min_today = m->soc;
	}
}

static void step(struct world *w, double dt)
{
	double amps[SHUNTS];
	struct meter *m;
	int i;

	loads_step(w);
	generator_step(w, dt);
	amps[SHUNT_A] = inverters_step(w);
	amps[SHUNT_C] = -w->dc_load_w / w->battery_v;
	chargers_step(w, amps[SHUNT_A] + amps[SHUNT_C], dt);
	for (amps[SHUNT_B] = 0, i = 0; i < w->n_chargers; i++)
		amps[SHUNT_B] += w->chargers[i].output_current;
	battery_step(w, dt);
	for (m = w->meters; m < w->meters + w->n_meters; m++)
		meter_step(w, m, amps, dt);
}

static void run(struct world *w, double t, double dt)
{
	double day;

	while (w->t + dt <= t) {
		day = floor(w->t / DAY_S);
		step(w, dt);
		w->t += dt;
		if (floor(w->t / DAY_S) != day)
			midnight(w);
	}
}

void world_run(struct world *w, double t)
{
	/* Far behind, at a high speed: big steps first. */
	if (t - w->t > 100 * WORLD_STEP_S)
		run(w, t - WORLD_STEP_S, HISTORY_STEP_S);
	run(w, t, WORLD_STEP_S);
}

/* At the time of the last step, so that what has not changed stays as it was. */
void world_settle(struct world *w)
{
	double t = w->t;

	w->t -= WORLD_STEP_S;
	step(w, 0);
	w->t = t;
}

static int at_least_one(int n)
{
	return n < 1 ? 1 : n;
}

void world_at_least_one(struct world *w)
{
	w->n_chargers = at_least_one(w->n_chargers);
	w->n_inverters = at_least_one(w->n_inverters);
	w->n_meters = at_least_one(w->n_meters);
}

void world_init(struct world *w, uint32_t seed, double time_of_day)
{
	struct inverter *v;
	int i;

	world_at_least_one(w);
	w->seed = seed;
	w->capacity_ah = 800;
	w->soc = 0.8;
	w->temp_c = 15;
	w->battery_v = rest_voltage(w->soc);
	for (i = 0; i < w->n_chargers; i++) {
		charger_defaults(&w->chargers[i]);
		w->chargers[i].array_w = ARRAY_W / w->n_chargers *
					 (1 - 0.03 * i);
	}
	for (i = 0; i < w->n_meters; i++) {
		meter_defaults(&w->meters[i]);
		w->meters[i].soc = 100 * w->soc;
		/* What it would have counted since the battery was full. */
		w->meters[i].full_ah[SHUNT_A][METER_OUT] =
			w->capacity_ah * (1 - w->soc);
		w->meters[i].full_kwh[SHUNT_A][METER_OUT] =
			w->capacity_ah * (1 - w->soc) * w->battery_v / 1000;
	}
	for (i = 0; i < w->n_inverters; i++)
		inverter_defaults(&w->inverters[i]);
	midnight(w);
	run(w, HISTORY_DAYS * DAY_S, HISTORY_STEP_S);
	run(w, HISTORY_DAYS * DAY_S + time_of_day, WORLD_STEP_S);
	w->started = w->t;
	/* Until a controller says otherwise the sensors know the battery's. */
	for (i = 0; i < w->n_meters; i++)
		w->meters[i].temp_c = round(w->temp_c);
	for (v = w->inverters; v < w->inverters + w->n_inverters; v++)
		v->battery_temp_raw = temp_to_raw(w->temp_c);
}

const struct charger_day *charger_day(const struct world *w,
				      const struct charger *c, int ago)
{
	int day = (int)floor(w->t / DAY_S) - ago;

	return &c->days[day % (HISTORY_DAYS + 1)];
}
