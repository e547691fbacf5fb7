// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sweep SOCKET: for every register and every field of every device on the bus,
 * set in the simulator -> read over the wire -> printed value equal.
 *
 * What is printed is told from the raw number once more here, with whole
 * numbers alone, so that the library's arithmetic is not judged by itself.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "libmatenet.h"

#define LOG_DAY	7

static struct mate_bus *bus;
static FILE *sim;
static int tests, failures, wrong;

/* ---- results, and the simulator ------------------------------------------- */

static void result(int count, const char *what)
{
	bool ok = !wrong && count > 0;

	printf("%sok %d - %d %s: %d wrong\n", ok ? "" : "not ", ++tests, count, what, wrong);
	failures += !ok;
	wrong = 0;
}

static void compare(const char *got, const char *wanted, const char *what, unsigned int raw)
{
	if (!strcmp(got, wanted))
		return;
	if (wrong++ < 20)
		printf("# %s raw 0x%04x: \"%s\", should be \"%s\"\n", what, raw, got, wanted);
}

static void tell(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s", path);
	sim = fdopen(fd, "r");
}

static void set(unsigned int port, const char *kind, const char *name, unsigned int raw)
{
	char line[128], reply[512];
	int n = snprintf(line, sizeof(line), "set %u %s%s = 0x%X\n", port, kind, name, raw);

	if (write(fileno(sim), line, n) != n || !fgets(reply, sizeof(reply), sim))
		err(1, "the simulator");
	if (strcmp(reply, "ok\n"))
		errx(1, "%s", reply);
}

/* ---- what should be printed ----------------------------------------------- */

/* @n tenths or hundredths, with sign, point and unit. */
static void print_scaled(long n, unsigned int decimals, const char *unit, char *text)
{
	static const long tens[] = { 1, 10, 100 };
	long m = labs(n), d = tens[decimals];

	text += sprintf(text, "%s%ld", n < 0 ? "-" : "", m / d);
	if (decimals)
		text += sprintf(text, ".%0*ld", (int)decimals, m % d);
	if (*unit)
		sprintf(text, " %s", unit);
}

static const char *name_in(const struct mate_value *values, unsigned int n, unsigned int number)
{
	for (; n; n--, values++)
		if (values->number == number)
			return values->name;
	return NULL;
}

static void print_bits(const struct mate_value *v, unsigned int n, unsigned int bits, char *text)
{
	const char *comma = "";

	if (!bits)
		strcpy(text, "none");
	for (; n; n--, v++)
		if (bits & v->number) {
			text += sprintf(text, "%s%s", comma, v->name);
			bits &= ~v->number;
			comma = ", ";
		}
	if (bits)
		sprintf(text, "%s0x%02x", comma, bits);
}

static void wanted_reg(const struct mate_reg_desc *d, bool is_230v, uint16_t raw, char *text)
{
	unsigned int number = raw & d->value_mask, decimals = d->decimals;
	const char *name = name_in(d->values, d->n_values, number);
	long n = d->type == MATE_T_S16 ? (int16_t)raw : (long)number;

	if (d->flag_mask)
		text += sprintf(text, "%s, ", raw & d->flag_mask ? "on" : "off");
	if (d->rule230 == MATE_230_DOUBLE && is_230v)
		n *= 2;
	if (d->rule230 == MATE_230_HALVE) {
		n *= is_230v ? 5 : 10;
		decimals = 1;
	}
	switch (d->type) {
	case MATE_T_BITS:
		print_bits(d->values, d->n_values, number, text);
		return;
	case MATE_T_TIME:
		sprintf(text, "%02u:%02u:%02u", raw >> 11, raw >> 5 & 63, (raw & 31) * 2);
		return;
	case MATE_T_DATE:
		sprintf(text, "%04u-%02u-%02u", 2000 + (raw >> 9), raw >> 5 & 15, raw & 31);
		return;
	case MATE_T_OFFSET128:
		n = (number + 128) & 0xff;
		break;
	}
	if (name)
		strcpy(text, name);
	else
		print_scaled(n, decimals, d->unit, text);
}

/* A field's rules are known by its name here: volts double, amperes half, tenths. */
static void wanted_field(const struct mate_field_desc *f, const char *page, bool is_230v,
			 uint16_t raw, char *text)
{
	bool fx = !strcmp(page, "fx_status"), amperes = fx && !strcmp(f->unit, "A");
	const char *name = name_in(f->values, f->n_values, raw);
	long n = raw;

	if (f->type == MATE_T_S16 && raw >> (f->n_bits - 1))
		n -= 1L << f->n_bits;
	if (f->type == MATE_T_OFFSET128)
		n = (raw + 128) & 0xff;
	if (amperes || (!strcmp(page, "mx_status") && !strcmp(f->id, "output_current")))
		n *= amperes && is_230v ? 5 : 10;
	if (fx && is_230v && !strncmp(f->id, "ac_", 3) && !strcmp(f->unit, "V"))
		n *= 2;
	switch (f->type) {
	case MATE_T_BITS:
		print_bits(f->values, f->n_values, raw, text);
		return;
	case MATE_T_BOOL:
		strcpy(text, raw ? "yes" : "no");
		return;
	case MATE_T_RAW:
		sprintf(text, "0x%02x", raw);
		return;
	case MATE_T_ENUM:
		if (name) {
			strcpy(text, name);
			return;
		}
	}
	print_scaled(n, f->decimals, f->unit, text);
}

/* ---- registers ------------------------------------------------------------ */

static void one_reg(unsigned int port, const struct mate_reg_desc *d, bool is_230v, uint16_t raw)
{
	char got[256] = "no reply", wanted[256];
	struct mate_quantity q;
	uint16_t back = 0;

	set(port, "reg ", d->id, raw);
	if (!mate_reg_read(bus, port, d, &q, &back))
		mate_quantity_format(&q, got, sizeof(got));
	wanted_reg(d, is_230v, raw, wanted);
	compare(got, wanted, d->id, raw);
	wrong += back != raw;
}

/* Both ends of 16 bits, 0 and its neighbours, all bits, and every name. */
static void all_registers(const struct mate_device_info *dev, bool is_230v, const char *what)
{
	static const uint16_t raws[] = { 0, 1, 0x7fff, 0x8000, 0xffff, 0x5a5a };
	const struct mate_reg_desc *d;
	int count = 0;
	unsigned int i;

	for (d = NULL; (d = mate_reg_next(dev->device, d));) {
		if (!(d->access & MATE_ACC_READ) || d->addr == 0)
			continue;
		for (i = 0; i < sizeof(raws) / sizeof(raws[0]); i++)
			one_reg(dev->port, d, is_230v, raws[i]);
		for (i = 0; i < d->n_values; i++)
			one_reg(dev->port, d, is_230v, d->values[i].number | d->flag_mask);
		count++;
	}
	result(count, what);
}

/* ---- pages ---------------------------------------------------------------- */

/* What field @f gets in one of the rounds: each of its bits alone, none, all. */
static uint16_t pattern(const struct mate_field_desc *f, int round)
{
	if (round < 0)
		return round == -1 ? 0 : (1u << f->n_bits) - 1;
	return 1u << round % f->n_bits;
}

static int read_page(const struct mate_device_info *dev, bool log, void *page)
{
	struct mate_device_status st;
	int ret;

	if (log)
		return mate_mx_log(bus, dev->port, LOG_DAY, page);
	/* twice: what has changed in a FLEXnet DC's summary shows in its flags once */
	ret = mate_device_status(bus, dev->port, dev->device, &st);
	if (!ret)
		ret = mate_device_status(bus, dev->port, dev->device, &st);
	memcpy(page, &st.u, sizeof(st.u));
	return ret;
}

/* These say how to read others: they stay as they are, and are swept alone. */
static bool steers(const struct mate_field_desc *f)
{
	return !strcmp(f->id, "is_230v") || !strcmp(f->id, "charge_valid") ||
	       !strcmp(f->id, "output_tenths");
}

static void check_fields(const struct mate_page_desc *desc, const void *page, bool is_230v, int round)
{
	char got[256], wanted[256];
	struct mate_quantity q;
	unsigned int i;

	for (i = 0; i < desc->n_fields; i++) {
		const struct mate_field_desc *f = &desc->fields[i];

		if (steers(f))
			continue;
		mate_field_get(f, page, &q);
		mate_quantity_format(&q, got, sizeof(got));
		wanted_field(f, desc->id, is_230v, pattern(f, round), wanted);
		compare(got, wanted, f->id, pattern(f, round));
	}
}

static void all_fields(const struct mate_device_info *dev, enum mate_page number, bool is_230v,
		       const char *what)
{
	const struct mate_page_desc *desc = mate_page_desc(number);
	bool log = number == MATE_PAGE_MX_LOG;
	struct mate_device_status page;
	char prefix[16] = "status.";
	unsigned int i;
	int round;

	if (log)
		snprintf(prefix, sizeof(prefix), "log.%d.", LOG_DAY);
	for (round = -2; round < 16; round++) {
		for (i = 0; i < desc->n_fields; i++)
			if (!steers(&desc->fields[i]))
				set(dev->port, prefix, desc->fields[i].id,
				    pattern(&desc->fields[i], round));
		if (read_page(dev, log, &page.u))
			wrong++;
		else
			check_fields(desc, &page.u, is_230v, round);
	}
	result(desc->n_fields, what);
}

static void check_status(const struct mate_device_info *dev, const char *id, const char *wanted,
			 unsigned int raw)
{
	const struct mate_page_desc *desc = mate_page_desc(MATE_PAGE_MX_STATUS);
	struct mate_device_status st;
	char got[64] = "no reply";
	struct mate_quantity q;
	unsigned int i;

	if (mate_device_status(bus, dev->port, dev->device, &st))
		return compare(got, wanted, id, raw);
	for (i = 0; i < desc->n_fields; i++)
		if (!strcmp(desc->fields[i].id, id)) {
			mate_field_get(&desc->fields[i], &st.u, &q);
			mate_quantity_format(&q, got, sizeof(got));
		}
	compare(got, wanted, id, raw);
}

/* Amperes with their tenths; amp-hours that are there or not. */
static void steering_fields(const struct mate_device_info *dev, const char *what)
{
	unsigned int tenths;
	char wanted[32];

	set(dev->port, "status.", "output_current", 45 ^ 0x80);
	set(dev->port, "status.", "charge_today", 2000);
	for (tenths = 0; tenths < 16; tenths++) {
		set(dev->port, "status.", "output_tenths", tenths);
		print_scaled(450 + tenths, 1, "A", wanted);
		check_status(dev, "output_current", wanted, tenths);
	}
	check_status(dev, "charge_today", "2000 Ah", 1);
	set(dev->port, "status.", "charge_valid", 0);
	check_status(dev, "charge_today", "not available", 0);
	result(18, what);
}

/* ---- all ------------------------------------------------------------------ */

static void one_device(const struct mate_device_info *dev)
{
	struct mate_device_status st;
	bool is_230v = false;
	char what[64], which[32];

	snprintf(which, sizeof(which), "%s on port %u",
		 mate_device_name(dev->device), dev->port);
	if (dev->device == MATE_MX) {
		set(dev->port, "status.", "charge_valid", 1);
		set(dev->port, "status.", "output_tenths", 0);
	}
	if (dev->device == MATE_FX) {
		if (mate_device_status(bus, dev->port, MATE_FX, &st))
			errx(1, "%s: no status", which);
		is_230v = st.u.fx.is_230v;
	}
	snprintf(what, sizeof(what), "registers of the %s", which);
	all_registers(dev, is_230v, what);
	snprintf(what, sizeof(what), "status fields of the %s", which);
	if (dev->device != MATE_HUB)
		all_fields(dev, dev->device == MATE_MX ? MATE_PAGE_MX_STATUS :
			   dev->device == MATE_FX ? MATE_PAGE_FX_STATUS : MATE_PAGE_DC_STATUS,
			   is_230v, what);
	if (dev->device != MATE_MX)
		return;
	snprintf(what, sizeof(what), "log fields of the %s", which);
	all_fields(dev, MATE_PAGE_MX_LOG, false, what);
	snprintf(what, sizeof(what), "fields that steer others of the %s", which);
	steering_fields(dev, what);
}

int main(int argc, char **argv)
{
	struct mate_device_info found[11];
	int n, i;

	if (argc != 2)
		errx(2, "usage: sweep SOCKET");
	tell(argv[1]);
	if (mate_open(&bus, NULL, 0))
		errx(1, "no bus");
	n = mate_scan(bus, 0, found, 11, NULL, NULL);
	for (i = 0; i < n; i++)
		one_device(&found[i]);
	printf("1..%d\n", tests);
	return failures || n < 1;
}
