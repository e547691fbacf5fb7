// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a controller must do regularly: clocks and battery temperature. */
#include <string.h>

#include "internal.h"

int mate_temp_degc(uint16_t raw)
{
	/* -0.3576 * raw + 70.1 in whole numbers, rounded to the nearest degree */
	long n = 701000L - 3576L * raw;

	return (int)((n >= 0 ? n + 5000 : n - 5000) / 10000);
}

bool mate_temp_plausible(uint16_t raw)
{
	return raw >= 1 && raw <= 254;
}

uint16_t mate_clock_time(const struct tm *tm)
{
	/* A leap second has no number of its own. */
	int sec = tm->tm_sec > 59 ? 59 : tm->tm_sec;

	return (uint16_t)(tm->tm_hour << 11 | tm->tm_min << 5 | sec >> 1);
}

uint16_t mate_clock_date(const struct tm *tm)
{
	return (uint16_t)((tm->tm_year - 100) << 9 | (tm->tm_mon + 1) << 5 | tm->tm_mday);
}

struct sync {
	struct mate_bus *bus;
	struct mate_sync_step *steps;
	size_t max, n;
	int fatal;		/* what ends all */
};

/* Trouble with one device says nothing of the next; all else does. */
static bool is_fatal(int err)
{
	return err && !(err <= MATE_E_NO_REPLY && err >= MATE_E_OVERRUN) && err != MATE_E_RANGE;
}

static void record(struct sync *s, const struct mate_device_info *d,
		   const struct mate_reg_desc *reg, uint16_t value, int err)
{
	if (is_fatal(err)) {
		s->fatal = err;
		return;
	}
	if (s->n < s->max)
		s->steps[s->n] = (struct mate_sync_step) {
			.port = d->port, .device = d->device, .reg = reg, .value = value,
			.err = err,
		};
	s->n++;
}

/* Write @value to each device of the types in @mask that has the register. */
static void tell(struct sync *s, const struct mate_device_info *devices, size_t n,
		 unsigned int mask, unsigned int addr, uint16_t value)
{
	for (size_t i = 0; i < n && !s->fatal; i++) {
		const struct mate_reg_desc *reg;

		if (devices[i].device > MATE_DC || !(mask & 1U << devices[i].device))
			continue;
		reg = mate_reg_by_addr(devices[i].device, addr);
		record(s, &devices[i], reg, value,
		       mate_write(s->bus, devices[i].port, addr, value, NULL));
	}
}

/* The first MX that has a sensor. */
static bool ask_temperature(struct sync *s, const struct mate_device_info *devices, size_t n,
			    uint16_t *raw)
{
	for (size_t i = 0; i < n && !s->fatal; i++) {
		uint16_t value = 0;
		int err;

		if (devices[i].device != MATE_MX)
			continue;
		err = mate_read(s->bus, devices[i].port, MATE_REG_MX_BATTERY_TEMP_RAW, &value);
		if (!err && !mate_temp_plausible(value))
			err = MATE_E_RANGE;
		record(s, &devices[i],
		       mate_reg_by_addr(MATE_MX, MATE_REG_MX_BATTERY_TEMP_RAW), value, err);
		if (!err) {
			*raw = value;
			return true;
		}
	}
	return false;
}

int mate_sync(struct mate_bus *bus, const struct mate_device_info *devices, size_t n,
	      unsigned int flags, const struct tm *now, struct mate_sync_step *steps,
	      size_t max)
{
	struct sync s = { .bus = bus, .steps = steps, .max = max };
	time_t t = time(NULL);
	struct tm local;
	uint16_t raw;

	mate_detail_clear();
	if (!now)
		now = localtime_r(&t, &local);
	if (flags & ~MATE_SYNC_ALL || !now || now->tm_year < 100 || now->tm_year > 227)
		return MATE_E_INVALID;
	if (flags & MATE_SYNC_TIME)
		tell(&s, devices, n, 1U << MATE_MX | 1U << MATE_DC,
		     MATE_REG_DC_CLOCK_TIME, mate_clock_time(now));
	if (flags & MATE_SYNC_DATE)
		tell(&s, devices, n, 1U << MATE_DC, MATE_REG_DC_CLOCK_DATE,
		     mate_clock_date(now));
	if (flags & MATE_SYNC_TEMPERATURE && ask_temperature(&s, devices, n, &raw))
		tell(&s, devices, n, 1U << MATE_FX | 1U << MATE_DC,
		     MATE_REG_DC_BATTERY_TEMP_SYNC, raw);
	return s.fatal ? s.fatal : (int)s.n;
}
