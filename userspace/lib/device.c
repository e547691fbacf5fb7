// SPDX-License-Identifier: LGPL-2.1-or-later
/* Devices: who is there, their status, registers and logs. */
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define DAMAGED_TRIES	3	/* a damaged reply is proof that somebody is there */

static const char * const device_names[] = {
	[MATE_HUB] = "hub", [MATE_FX] = "fx", [MATE_MX] = "mx", [MATE_DC] = "dc",
};

const char *mate_device_name(unsigned int device)
{
	return device < sizeof(device_names) / sizeof(device_names[0]) ?
	       device_names[device] : NULL;
}

static void read_firmware(struct mate_bus *bus, struct mate_device_info *info)
{
	/* An FX has one number, all others have three. */
	unsigned int addr = info->device == MATE_FX ? MATE_REG_FX_FW_REV :
						      MATE_REG_HUB_FW_REV_A;
	unsigned int parts = info->device == MATE_FX ? 1 : 3;

	if (!mate_device_name(info->device))
		return;
	for (unsigned int i = 0; i < parts; i++)
		if (mate_read(bus, info->port, addr + i, &info->fw[i]))
			return;
	info->fw_parts = (uint8_t)parts;
}

static void set_type(struct mate_device_info *info, unsigned int port, uint16_t type)
{
	memset(info, 0, sizeof(*info));
	info->port = (uint8_t)port;
	info->device = (uint8_t)type;
	info->variant = (uint8_t)(type >> 8);
}

int mate_identify(struct mate_bus *bus, unsigned int port, struct mate_device_info *info)
{
	uint16_t type;
	int ret = mate_read(bus, port, MATE_REG_ALL_DEVICE_TYPE, &type);

	if (ret)
		return ret;
	set_type(info, port, type);
	read_firmware(bus, info);
	return 0;
}

/* Trouble with one reply, which says nothing about the next. */
static bool is_reply_error(int err)
{
	return err <= MATE_E_NO_REPLY && err >= MATE_E_OVERRUN;
}

/*
 * A silent port of a hub is asked once, port 0 as often as any register: all
 * depends on it.  One that answers garbage deserves more.
 */
static int probe(struct mate_bus *bus, unsigned int port, unsigned int flags,
		 struct mate_device_info *info)
{
	unsigned int retries = port ? 0 : atomic_load(&bus->retries);
	uint16_t type;
	int ret = 0;

	for (int i = 0; i < DAMAGED_TRIES; i++) {
		ret = mate_read_retries(bus, port, MATE_REG_ALL_DEVICE_TYPE, retries, &type);
		if (!is_reply_error(ret) || ret == MATE_E_NO_REPLY)
			break;
	}
	if (ret)
		return ret;
	set_type(info, port, type);
	if (!(flags & MATE_SCAN_QUICK))
		read_firmware(bus, info);
	return 0;
}

struct scan {
	unsigned int flags;
	struct mate_device_info *found;
	size_t max, n;
	mate_scan_fn fn;
	void *arg;
};

static int scan_port(struct mate_bus *bus, struct scan *s, unsigned int port,
		     unsigned int last_port, uint8_t *device)
{
	struct mate_device_info info = { 0 };
	struct mate_scan_event ev = { .port = port, .last_port = last_port };

	ev.err = probe(bus, port, s->flags, &info);
	if (ev.err && !is_reply_error(ev.err))
		return ev.err;
	if (!ev.err) {
		ev.info = &info;
		*device = info.device;
		if (s->n < s->max)
			s->found[s->n] = info;
		s->n++;
	}
	if (s->fn && s->fn(s->arg, &ev))
		return MATE_E_ABORTED;
	return port ? 0 : ev.err;
}

int mate_scan(struct mate_bus *bus, unsigned int flags, struct mate_device_info *found,
	      size_t max, mate_scan_fn fn, void *arg)
{
	struct scan s = { .flags = flags, .found = found, .max = max, .fn = fn, .arg = arg };
	uint8_t device = 0;
	int ret;

	if (flags & ~MATE_SCAN_QUICK)
		return MATE_E_INVALID;
	ret = scan_port(bus, &s, 0, 0, &device);
	if (ret)
		return ret;
	if (device == MATE_HUB)
		for (unsigned int port = 1; port <= MATE_PORT_MAX; port++) {
			ret = scan_port(bus, &s, port, MATE_PORT_MAX, &device);
			if (ret)
				return ret;
		}
	return (int)s.n;
}

/* ---- status --------------------------------------------------------------- */

#define PAGE_BYTES	13	/* of each STATUS reply */
#define DC_FIRST_PAGE	0x0A
#define DC_PAGES	6
#define DC_SUMMARY	3	/* from this one on they change seldom */
#define DC_TRIES	2	/* to get pages of one moment */

/* Pages @from to @to - 1 of those from @first on, each to its place in @bytes. */
static int fetch(struct mate_bus *bus, unsigned int port, unsigned int first,
		 unsigned int from, unsigned int to, uint8_t *bytes)
{
	for (unsigned int i = from; i < to; i++) {
		int ret = mate_status(bus, port, first + i, bytes + PAGE_BYTES * i);

		if (ret)
			return ret;
	}
	return 0;
}

/* in - out = net in @per to the unit, but for rounding and counters that went round. */
static bool adds_up(double in, double out, double net, int per)
{
	double rest = (in - out - net) * per;
	int16_t n = (int16_t)(int)(rest < 0 ? rest - 0.5 : rest + 0.5);

	return n >= -2 && n <= 2;
}

/*
 * The sums that lie across pages hold: power across 0B and 0C, energy of today
 * across 0C and 0D, charge since full across 0D and 0E.  They include every
 * value of which one half is on each of two pages.
 */
static bool is_whole(const struct mate_dc_status *dc)
{
	return adds_up(dc->input_power, dc->output_power, dc->battery_power, 100) &&
	       adds_up(dc->today_input_energy, dc->today_output_energy,
		       dc->today_battery_energy, 100) &&
	       adds_up(dc->since_full_input_charge, dc->since_full_output_charge,
		       dc->since_full_net_charge, 1);
}

static bool is_starting(const uint8_t bytes[MATE_DC_STATUS_BYTES])
{
	for (size_t i = 0; i < MATE_DC_STATUS_BYTES; i++)
		if (bytes[i] != (i == 7))
			return false;
	return true;
}

int mate_dc_refresh(struct mate_bus *bus, unsigned int port, struct mate_dc_cache *cache,
		    struct mate_device_status *status)
{
	struct mate_device_status st = { .page = MATE_PAGE_DC_STATUS };
	struct mate_dc_cache c = *cache;
	bool all = !c.filled;

	for (int try = 0; try < DC_TRIES; try++) {
		int ret = fetch(bus, port, DC_FIRST_PAGE, 0, DC_SUMMARY, c.bytes);

		mate_dc_status_decode(&st.u.dc, c.bytes);
		if (!ret && (all || st.u.dc.flags & MATE_DC_STATUS_FLAGS_SUMMARY_CHANGED)) {
			ret = fetch(bus, port, DC_FIRST_PAGE, DC_SUMMARY, DC_PAGES, c.bytes);
			c.refreshes++;
		}
		if (ret)
			return ret;
		mate_dc_status_decode(&st.u.dc, c.bytes);
		st.torn = !is_whole(&st.u.dc);
		if (!st.torn)
			break;
		all = true;
	}
	memcpy(st.bytes, c.bytes, sizeof(st.bytes));
	st.starting = is_starting(st.bytes);
	c.filled = true;
	*cache = c;
	*status = st;
	return 0;
}

int mate_device_status(struct mate_bus *bus, unsigned int port, unsigned int device,
		       struct mate_device_status *status)
{
	struct mate_device_status st = { .page = MATE_PAGE_MX_STATUS };
	struct mate_dc_cache nothing = { .filled = false };
	int ret;

	switch (device) {
	case MATE_DC:
		return mate_dc_refresh(bus, port, &nothing, status);
	case MATE_FX:
		st.page = MATE_PAGE_FX_STATUS;
		break;
	case MATE_MX:
		break;
	default:
		mate_detail_clear();
		return MATE_E_DEVICE;
	}
	ret = fetch(bus, port, 1, 0, 1, st.bytes);
	if (ret)
		return ret;
	mate_page_desc(st.page)->decode(&st.u, st.bytes);
	*status = st;
	return 0;
}

static int is_230v_unit(struct mate_bus *bus, unsigned int port, bool *is_230v)
{
	struct mate_device_status st;
	int ret = mate_device_status(bus, port, MATE_FX, &st);

	if (!ret)
		*is_230v = st.u.fx.is_230v;
	return ret;
}

int mate_reg_read(struct mate_bus *bus, unsigned int port, const struct mate_reg_desc *reg,
		  struct mate_quantity *q, uint16_t *raw)
{
	bool is_230v = false;
	uint16_t value;
	int ret = 0;

	if (reg->rule230 != MATE_230_NONE)
		ret = is_230v_unit(bus, port, &is_230v);
	if (!ret)
		ret = mate_read(bus, port, reg->addr, &value);
	if (ret)
		return ret;
	mate_reg_decode(reg, value, is_230v, q);
	if (raw)
		*raw = value;
	return 0;
}

int mate_log_date(unsigned int days_ago, const struct tm *now, struct tm *date)
{
	/* At noon UTC no clock is put forward or back. */
	struct tm noon = { .tm_hour = 12 };
	time_t t;

	noon.tm_year = now->tm_year;
	noon.tm_mon = now->tm_mon;
	noon.tm_mday = now->tm_mday;
	t = timegm(&noon);
	if (days_ago > MATE_DAY_MAX || noon.tm_mon != now->tm_mon ||
	    noon.tm_mday != now->tm_mday)
		return MATE_E_INVALID;
	t -= (time_t)days_ago * 24 * 60 * 60;
	if (!gmtime_r(&t, &noon))
		return MATE_E_INVALID;
	*date = (struct tm) {
		.tm_year = noon.tm_year, .tm_mon = noon.tm_mon, .tm_mday = noon.tm_mday,
		.tm_wday = noon.tm_wday, .tm_yday = noon.tm_yday, .tm_isdst = -1,
	};
	return 0;
}

int mate_mx_log(struct mate_bus *bus, unsigned int port, unsigned int day,
		struct mate_mx_log *log)
{
	uint8_t bytes[MATE_MX_LOG_BYTES];
	int ret = mate_log(bus, port, day, bytes);

	if (!ret)
		mate_mx_log_decode(log, bytes);
	return ret;
}

int mate_firmware_format(const struct mate_device_info *info, char *text, size_t size)
{
	switch (info->fw_parts) {
	case 3:
		return snprintf(text, size, "%03u.%03u.%03u",
				info->fw[0], info->fw[1], info->fw[2]);
	case 1:
		return snprintf(text, size, "%03u", info->fw[0]);
	default:
		return snprintf(text, size, "%s", "");
	}
}
