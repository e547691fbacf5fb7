// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a simulated site can be told: every register and every field by hand, a
 * site from a file, set points that stay.  All is judged by what the devices
 * answer to commands of the bus.
 */
#include "cm.h"

#include <errno.h>
#include <unistd.h>

#include "control.h"
#include "item.h"
#include "recording.h"
#include "value.h"

#define NOON	(12 * 3600.0)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT_MAX 200000

static struct site site;
static struct bus bus;
static struct fault_plan faults;
static unsigned long commands;
static char directory[] = "/tmp/simsite.XXXXXX";

/* --- a site, and questions to it ----------------------------------------- */

static struct reply ask(uint8_t port, uint8_t cmd, uint16_t addr, uint16_t param)
{
	const struct command command = { port, cmd, addr, param };
	struct reply reply;

	bus_answer(&bus, &command, &reply);
	return reply;
}

static long read_reg(uint8_t port, uint16_t addr)
{
	struct reply r = ask(port, CMD_READ, addr, 0);

	return r.len == 5 && !(r.bytes[0] & REPLY_REFUSED) ?
	       r.bytes[1] << 8 | r.bytes[2] : -1;
}

static const uint8_t *status(uint8_t port, uint16_t page)
{
	static struct reply r;

	r = ask(port, CMD_STATUS, page, 0);
	assert_int_equal(r.len, 16);
	return r.bytes + 1;
}

/* The control socket's commands, without the socket. */
static const char *tell(const char *fmt, ...)
{
	struct control control = {
		.site = &site, .faults = &faults, .commands = &commands,
	};
	static char reply[CONTROL_LINE];
	char line[CONTROL_LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	control_command(&control, line, reply);
	return reply;
}

#define assert_ok(...) assert_string_equal(tell(__VA_ARGS__), "ok")

static void clear_site(void)
{
	memset(&site, 0, sizeof(site));
	memset(&bus, 0, sizeof(bus));
	memset(&faults, 0, sizeof(faults));
	site.hub_ports = 10;
}

static void build_default(void)
{
	clear_site();
	site_defaults(&site);
	site_build(&site, &bus, 1, NOON, CMD_DEC_DISABLE);
}

static char *path_of(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void write_file(const char *path, const char *text, size_t len)
{
	FILE *to = fopen(path, "w");

	assert_non_null(to);
	assert_int_equal(fwrite(text, 1, len, to), len);
	assert_int_equal(fclose(to), 0);
}

static void read_file(const char *path, char *text, size_t size)
{
	FILE *from = fopen(path, "r");
	size_t n;

	assert_non_null(from);
	n = fread(text, 1, size - 1, from);
	text[n] = '\0';
	fclose(from);
}

/* Runs @what() with stderr in @said. */
static int quietly(int (*what)(const char *path), const char *path, char *said,
		   size_t size)
{
	char err[64];
	int ret, saved = dup(2);

	snprintf(err, sizeof(err), "%s/stderr", directory);
	assert_non_null(freopen(err, "w", stderr));
	ret = what(path);
	fflush(stderr);
	dup2(saved, 2);
	close(saved);
	read_file(err, said, size);
	return ret;
}

static int load_site(const char *path)
{
	struct matefile file;
	int ret;

	clear_site();
	if (matefile_read(&file, path) < 0)
		return -1;
	ret = recording_devices(&file, &site);
	if (ret == 0) {
		site_build(&site, &bus, 1, NOON, CMD_DEC_DISABLE);
		ret = recording_answers(&file, &site);
	}
	matefile_free(&file);
	return ret;
}

static int load_state(const char *path)
{
	build_default();
	return state_load(&site, path);
}

static void load_text(const char *text)
{
	const char *path = path_of("text");

	write_file(path, text, strlen(text));
	assert_int_equal(load_site(path), 0);
}

/* --- registers ----------------------------------------------------------- */

static int port_of(unsigned int device)
{
	return device == MATE_HUB ? 0 : device == MATE_MX ? 1 :
	       device == MATE_FX ? 2 : 3;
}

/* Every register of every device, at its ends, at 0 and below it. */
static void every_register_by_hand(void **state)
{
	static const uint16_t raws[] = {
		0, 1, 0x7fff, 0x8000, 0xffff, 0x1234, 0xff85,
	};
	static const unsigned int devices[] = { MATE_HUB, MATE_MX, MATE_FX, MATE_DC };
	const struct mate_reg_desc *d;
	size_t i, k, seen = 0, n;

	(void)state;
	build_default();
	for (k = 0; k < COUNT(devices); k++)
		for (d = NULL; (d = mate_reg_next(devices[k], d));) {
			if (!(d->access & MATE_ACC_READ) || !d->addr)
				continue;
			for (i = 0; i < COUNT(raws); i++) {
				assert_ok("set %d reg %s = 0x%04X",
					  port_of(devices[k]), d->id, raws[i]);
				if (port_of(devices[k]))
					assert_int_equal(read_reg(port_of(devices[k]),
								  d->addr), raws[i]);
			}
			/* and whatever goes on, it stays */
			world_run(&site.world, site.world.t + 600);
			if (port_of(devices[k]))
				assert_int_equal(read_reg(port_of(devices[k]), d->addr),
						 raws[i - 1]);
			seen++;
		}
	mate_reg_table(&n);
	assert_in_range(seen, n - 12, n);	/* but for the write-only ones */
}

/* What a number in units comes to, counted here once more. */
static long raw_of(const struct mate_reg_desc *d, double value)
{
	static const double tens[] = { 1, 10, 100 };

	if (d->rule230 == MATE_230_DOUBLE)
		value /= 2;
	if (d->rule230 == MATE_230_HALVE)
		value *= 2;
	if (d->type == MATE_T_OFFSET128)
		return (lround(value) + 128) & 0xff;
	return lround(value * tens[d->decimals]) & 0xffff;
}

static void registers_in_units_and_names(void **state)
{
	static const double values[] = { 0, 12, 28, 100, -2, -96 };
	const struct mate_reg_desc *d;
	unsigned int device, i;

	(void)state;
	build_default();
	for (device = MATE_FX; device <= MATE_DC; device++)
		for (d = NULL; (d = mate_reg_next(device, d));) {
			int port = port_of(device);

			if (!(d->access & MATE_ACC_READ) || !d->addr)
				continue;
			for (i = 0; i < d->n_values; i++) {
				assert_ok("set %d reg %s = %s", port, d->id,
					  d->values[i].name);
				assert_int_equal(read_reg(port, d->addr),
						 d->values[i].number);
			}
			if (d->type == MATE_T_ENUM || d->type == MATE_T_BITS)
				continue;
			for (i = 0; i < COUNT(values); i++) {
				if (values[i] < 0 && d->type != MATE_T_S16)
					continue;
				assert_ok("set %d reg %s = %.1f", port, d->id, values[i]);
				assert_int_equal(read_reg(port, d->addr),
						 raw_of(d, values[i]));
			}
		}
	assert_ok("set 1 reg aux_relay = on, vent_fan");
	assert_int_equal(read_reg(1, MATE_REG_MX_AUX_RELAY), 0x85);
	assert_ok("set 1 reg aux_relay = off, remote");
	assert_int_equal(read_reg(1, MATE_REG_MX_AUX_RELAY), 0x04);
	assert_ok("set 2 reg errors = over_temp, low_battery, 0x80");
	assert_int_equal(read_reg(2, MATE_REG_FX_ERRORS), 0x8c);
	assert_ok("set 2 reg errors = none");
	assert_int_equal(read_reg(2, MATE_REG_FX_ERRORS), 0);
}

static void wrong_values_change_nothing(void **state)
{
	static const char *const lines[] = {
		"set 1 reg float_voltage = 27.45", "set 1 reg float_voltage = 3276.8",
		"set 1 reg float_voltage = -3276.9", "set 1 reg float_voltage = 0x12345",
		"set 1 reg float_voltage = 0x", "set 1 reg float_voltage = 1e1",
		"set 1 reg float_voltage = 27.4 V", "set 1 reg float_voltage = 1.2.3",
		"set 1 reg float_voltage =", "set 1 reg float_voltage",
		"set 1 reg output_current_limit = -1", "set 1 reg charge_mode = absorbed",
		"set 1 reg charge_mode = 65536", "set 1 reg charge_mode = 1.5",
		"set 1 reg charge_mode = on, float", "set 1 reg clock_time = 12:00:00",
		"set 1 reg factory_reset = 255", "set 1 reg nothing = 1",
		"set 1 reg 0x12345 = 0x0001", "set 1 reg 0x1234 = 1",
		"set 1 reg device_type = 0x0002", "set 2 reg errors = over_temp low_battery",
		"set 2 reg errors = over_temp,", "set 1 status.pv_current = 300",
		"set 1 status.pv_voltage = 0.05", "set 1 status.charge_valid = maybe",
		"set 1 status.charge_valid = 0x02", "set 1 status.errors = 0x100",
		"set 1 status.nothing = 1", "set 0 status.errors = 1", "set 1 status 0x02 = silent",
		"set 1 status 0x01 = 00 00", "set 1 status 0x01 = 00 00 00 00 00 00 00 00 00 00 00 00 0",
		"set 1 status 0x01 = 00 00 00 00 00 00 00 00 00 00 00 00 0g",
		"set 1 status 0x01 = 00000000000000000000000000",
		"set 1 status 0x01 = 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
		"set 3 log 1 = silent", "set 1 log 129 = silent", "set 1 log -1 = silent",
		"set 1 log.1 = 5", "set 1 log.1.nothing = 5", "set 1 log.energy = 5",
		"set 4 reg float_voltage = 27", "set 11 reg float_voltage = 27",
		"set x reg float_voltage = 27", "set 1 float_voltage = 27", "set", "", "x",
		"get 1 reg nothing", "get 1 reg float_voltage = 1", "run -1", "run 1e9", "run x",
		"fault 1", "fault 0=sum", "fault 1=junk", "errors 0 = none",
		"warnings 1 = none", "errors 2 = nonsense",
	};
	uint8_t before[STATUS_BYTES];
	long regs[3];
	size_t i;

	(void)state;
	build_default();
	memcpy(before, status(1, 1), STATUS_BYTES);
	regs[0] = read_reg(1, MATE_REG_MX_FLOAT_VOLTAGE);
	regs[1] = read_reg(1, MATE_REG_MX_CHARGE_MODE);
	regs[2] = read_reg(2, MATE_REG_FX_ERRORS);
	for (i = 0; i < COUNT(lines); i++)
		if (strncmp(tell("%s", lines[i]), "error: ", 7))
			fail_msg("%s: %s", lines[i], tell("%s", lines[i]));
	assert_memory_equal(before, status(1, 1), STATUS_BYTES);
	assert_int_equal(regs[0], read_reg(1, MATE_REG_MX_FLOAT_VOLTAGE));
	assert_int_equal(regs[1], read_reg(1, MATE_REG_MX_CHARGE_MODE));
	assert_int_equal(regs[2], read_reg(2, MATE_REG_FX_ERRORS));
	assert_false(state_dirty(&site));
	assert_int_equal(faults.n, 0);
}

static void refused_and_silent(void **state)
{
	(void)state;
	build_default();
	assert_ok("set 1 reg float_voltage = refused");
	assert_int_equal(ask(1, CMD_READ, MATE_REG_MX_FLOAT_VOLTAGE, 0).bytes[0], 0x82);
	assert_int_equal(ask(1, CMD_WRITE, MATE_REG_MX_FLOAT_VOLTAGE, 1).bytes[0], 0x83);
	assert_string_equal(tell("get 1 reg float_voltage"), "refused");
	assert_ok("set 1 reg float_voltage = silent");
	assert_int_equal(ask(1, CMD_READ, MATE_REG_MX_FLOAT_VOLTAGE, 0).len, 0);
	assert_ok("free 1 reg float_voltage");
	assert_int_equal(read_reg(1, MATE_REG_MX_FLOAT_VOLTAGE), 272);
	assert_ok("set 3 status 0x0B = silent");
	assert_int_equal(ask(3, CMD_STATUS, 0x0b, 0).len, 0);
	assert_int_equal(ask(3, CMD_STATUS, 0x0a, 0).len, 16);
	assert_ok("free 3 status 0x0B");
	assert_int_equal(ask(3, CMD_STATUS, 0x0b, 0).len, 16);
	assert_ok("set 1 log 3 = refused");
	assert_int_equal(ask(1, CMD_LOG, 0, 3).bytes[0], 0x96);
	assert_int_equal(ask(1, CMD_LOG, 0, 4).bytes[0], 0x16);
}

/* An address that the table does not have. */
static void registers_nobody_knows(void **state)
{
	(void)state;
	build_default();
	assert_int_equal(read_reg(2, 0x7777), 0);
	assert_ok("set 2 reg 0x7777 = 0xBEEF");
	assert_int_equal(read_reg(2, 0x7777), 0xbeef);
	assert_int_equal(ask(2, CMD_WRITE, 0x7777, 1).bytes[0], 0x83);
	assert_int_equal(read_reg(2, 0x7777), 0xbeef);
	assert_int_equal(read_reg(1, 0x7777), 0);
}

/* --- fields of pages, placed by pages.tsv itself ------------------------- */

struct place {
	enum mate_page page;
	char id[48];
	int bits;
	struct { int byte, bit; } bit[16];	/* least significant first */
};

static struct place places[128];
static size_t n_places;

static void add_slices(struct place *p, char *text)
{
	struct { int byte, high, low; } s[16];
	int n = 0, bit;
	char *word;

	for (word = strtok(text, " "); word; word = strtok(NULL, " "), n++) {
		s[n].high = 7;
		s[n].low = 0;
		switch (sscanf(word, "%d[%d:%d]", &s[n].byte, &s[n].high, &s[n].low)) {
		case 2:
			s[n].low = s[n].high;
			break;
		}
	}
	while (n--)
		for (bit = s[n].low; bit <= s[n].high; bit++) {
			p->bit[p->bits].byte = s[n].byte;
			p->bit[p->bits++].bit = bit;
		}
}

static void read_places(void)
{
	FILE *from = fopen(PAGES_TSV, "r");
	char line[1024], page[32], bits[64];
	struct place *p;
	int i;

	assert_non_null(from);
	n_places = 0;
	while (fgets(line, sizeof(line), from)) {
		p = &places[n_places];
		memset(p, 0, sizeof(*p));
		if (*line == '#' ||
		    sscanf(line, "%31[^\t]\t%47[^\t]\t%*[^\t]\t%63[^\t]", page, p->id, bits) != 3)
			continue;
		for (i = 0; i < 4; i++)
			if (!strcmp(mate_page_desc(i)->id, page))
				break;
		if (i == 4)
			continue;	/* the names of the columns */
		p->page = i;
		add_slices(p, bits);
		n_places++;
	}
	fclose(from);
}

/* The page that @p is in, as the bus has it. */
static void fetch(const struct place *p, uint8_t *bytes)
{
	int i;

	switch (p->page) {
	case MATE_PAGE_MX_STATUS:
		memcpy(bytes, status(1, 1), STATUS_BYTES);
		break;
	case MATE_PAGE_FX_STATUS:
		memcpy(bytes, status(2, 1), STATUS_BYTES);
		break;
	case MATE_PAGE_DC_STATUS:
		for (i = 5; i >= 0; i--)	/* the summary first: no flag of it */
			memcpy(bytes + i * STATUS_BYTES, status(3, 0x0a + i), STATUS_BYTES);
		break;
	case MATE_PAGE_MX_LOG:
		memcpy(bytes, ask(1, CMD_LOG, 0, 5).bytes + 1, LOG_BYTES);
		break;
	}
}

static long bits_of(const struct place *p, const uint8_t *bytes)
{
	long n = 0;
	int i;

	for (i = 0; i < p->bits; i++)
		n |= (long)(bytes[p->bit[i].byte] >> p->bit[i].bit & 1) << i;
	return n;
}

static void place_bits(const struct place *p, long n, uint8_t *bytes)
{
	int i;

	for (i = 0; i < p->bits; i++) {
		bytes[p->bit[i].byte] &= ~(1 << p->bit[i].bit);
		bytes[p->bit[i].byte] |= (n >> i & 1) << p->bit[i].bit;
	}
}

static const char *name_of(const struct place *p)
{
	static char name[80];

	snprintf(name, sizeof(name), p->page == MATE_PAGE_MX_LOG ? "%d log.5.%s" :
		 "%d status.%s", p->page == MATE_PAGE_FX_STATUS ? 2 :
		 p->page == MATE_PAGE_DC_STATUS ? 3 : 1, p->id);
	return name;
}

/* Every bit of every field: it is set where the table says, and no other moves. */
static void every_bit_of_every_field(void **state)
{
	uint8_t before[MATE_DC_STATUS_BYTES], after[MATE_DC_STATUS_BYTES];
	const struct mate_page_desc *desc;
	size_t i, fields = 0;
	long n;
	int k;

	(void)state;
	build_default();
	read_places();
	for (i = 0; i < n_places; i++) {
		const struct place *p = &places[i];

		desc = mate_page_desc(p->page);
		for (k = -2; k < p->bits; k++) {
			n = k == -2 ? 0 : k == -1 ? (1L << p->bits) - 1 : 1L << k;
			/* what changes in the summary shows in the flags */
			fetch(p, before);
			fetch(p, before);
			assert_ok("set %s = 0x%lX", name_of(p), n);
			if (p->page == MATE_PAGE_DC_STATUS)
				fetch(p, after);
			fetch(p, after);
			place_bits(p, n, before);
			assert_memory_equal(after, before, desc->length);
			assert_int_equal(bits_of(p, after), n);
		}
		fields++;
	}
	for (k = 0, n = 0; k < 4; k++)
		n += mate_page_desc(k)->n_fields;
	assert_int_equal(fields, n);
}

/* A number in its unit reads back as itself. */
static void fields_in_units(void **state)
{
	static const char *const sets[] = {
		"1 status.energy_today = 6553.5", "1 status.pv_current = 127",
		"1 status.charge_today = 2047", "1 status.battery_voltage = 25.4",
		"2 status.ac_out_voltage = 228", "2 status.buy_current = 1.5",
		"3 status.shunt_a_current = -95.8", "3 status.shunt_c_power = -0.07",
		"3 status.battery_temp = -12", "3 status.since_full_net_charge = -32768",
		"1 log.5.energy = 409.5", "1 log.128.power_max = 16383",
		"1 log.0.output_current_max = 41.5",
	};
	char get[80], *equals;
	size_t i;

	(void)state;
	build_default();
	for (i = 0; i < COUNT(sets); i++) {
		assert_ok("set %s", sets[i]);
		snprintf(get, sizeof(get), "get %s", sets[i]);
		equals = strchr(get, '=');
		equals[-1] = '\0';
		assert_string_equal(tell("%s", get), equals + 2);
	}
	assert_ok("set 2 status.operating_mode = pass_through");
	assert_int_equal(status(2, 1)[6], 10);
	assert_ok("set 2 status.is_230v = no");
	assert_int_equal(status(2, 1)[11] & 1, 0);
	assert_ok("set 1 status.charge_valid = yes");
	assert_int_equal(status(1, 1)[0] & 0x80, 0x80);
}

static void errors_and_warnings(void **state)
{
	(void)state;
	build_default();
	assert_ok("errors 2 = over_temp, 0x80");
	assert_int_equal(read_reg(2, MATE_REG_FX_ERRORS), 0x84);
	assert_int_equal(status(2, 1)[7], 0x84);
	assert_ok("warnings 2 = fan_failure");
	assert_int_equal(read_reg(2, MATE_REG_FX_WARNINGS), 0x80);
	assert_int_equal(status(2, 1)[12], 0x80);
	assert_ok("errors 1 = high_voc");
	assert_int_equal(status(1, 1)[7], 0x80);
	assert_ok("errors 2 = none");
	assert_int_equal(read_reg(2, MATE_REG_FX_ERRORS) | status(2, 1)[7], 0);
	assert_ok("free 2 reg errors");
	assert_ok("free 2 status.errors");
}

static void faults_count_from_now(void **state)
{
	(void)state;
	build_default();
	commands = 17;
	assert_ok("fault 2-3=sum");
	assert_int_equal(faults.faults[0].first, 19);
	assert_int_equal(faults.faults[0].last, 20);
	assert_ok("fault *=late:5");
	assert_int_equal(faults.faults[1].first, 18);
	assert_true(faults.faults[1].last == (unsigned long)-1);
	assert_ok("fault none");
	assert_int_equal(faults.n, 0);
	commands = 0;
}

static void time_on_command(void **state)
{
	double t;

	(void)state;
	build_default();
	t = site.world.t;
	assert_ok("run 86400");
	assert_in_range(site.world.t - t, 86390, 86400);
	/* what was today is yesterday */
	assert_ok("set 1 log.0.energy = 1.5");
	assert_int_equal(ask(1, CMD_LOG, 0, 1).bytes[14], 1);
}

/* --- a recorded site ----------------------------------------------------- */

#define FX_PAGE "00 00 00 03 73 00 04 00 02 00 fe 09 00"

/* Played as it was, until a control is written that decides what flows. */
static void recorded_until_written(void **state)
{
	static const uint8_t page[] = {
		0x00, 0x00, 0x00, 0x03, 0x73, 0x00, 0x04, 0x00, 0x02, 0x00, 0xfe, 0x09, 0x00,
	};
	struct mate_fx_status fx;

	(void)state;
	load_text("matenet-site 1\n[port 2]\ndevice = fx\n"
		  "reg inverter_control = on\nreg output_voltage = 0x0073\n"
		  "status 0x01 = " FX_PAGE "\n");
	assert_memory_equal(status(2, 1), page, 13);
	world_run(&site.world, site.world.t + 7200);
	assert_memory_equal(status(2, 1), page, 13);
	assert_int_equal(read_reg(2, MATE_REG_FX_OUTPUT_VOLTAGE), 0x73);
	/* the same again is no change */
	ask(2, CMD_WRITE, MATE_REG_FX_INVERTER_CONTROL, 2);
	assert_memory_equal(status(2, 1), page, 13);
	ask(2, CMD_WRITE, MATE_REG_FX_INVERTER_CONTROL, 0);
	assert_int_equal(read_reg(2, MATE_REG_FX_INVERTER_CONTROL), 0);
	mate_fx_status_decode(&fx, status(2, 1));
	assert_int_equal(fx.operating_mode, MATE_FX_STATUS_OPERATING_MODE_OFF);
	assert_int_equal(fx.ac_out_voltage, 0);
	assert_int_equal(read_reg(2, MATE_REG_FX_OUTPUT_VOLTAGE), 0);
	/* what it does not decide is as recorded */
	assert_value(fx.battery_voltage, 25.4);
	assert_int_equal(fx.misc_unknown, 4);
	ask(2, CMD_WRITE, MATE_REG_FX_INVERTER_CONTROL, 2);
	mate_fx_status_decode(&fx, status(2, 1));
	assert_int_equal(fx.operating_mode, MATE_FX_STATUS_OPERATING_MODE_ON);
	assert_int_equal(fx.ac_out_voltage, 230);
}

/* A pinned register that the bus writes has the value written, under all its names. */
static void writes_go_through(void **state)
{
	(void)state;
	load_text("matenet-site 1\n[port 1]\ndevice = mx\nreg absorb_voltage = 28.8\n"
		  "reg absorb_setpoint = 28.9\nreg charge_mode = bulk\n"
		  "[port 3]\ndevice = dc\nreg shunt_a_mode = disabled\n"
		  "reg shunt_a_current_max_charged = 12.5\nreg battery_capacity = 800\n");
	ask(1, CMD_WRITE, MATE_REG_MX_ABSORB_VOLTAGE, 290);
	assert_int_equal(read_reg(1, MATE_REG_MX_ABSORB_VOLTAGE), 290);
	assert_int_equal(read_reg(1, MATE_REG_MX_ABSORB_SETPOINT), 290);
	ask(3, CMD_WRITE, MATE_REG_DC_SHUNT_A_CURRENT_MAX_CHARGED, 77);
	assert_int_equal(read_reg(3, MATE_REG_DC_SHUNT_A_CURRENT_MAX_CHARGED), 0);
	ask(3, CMD_INC_ENABLE, MATE_REG_DC_BATTERY_CAPACITY, 0);
	assert_int_equal(read_reg(3, MATE_REG_DC_BATTERY_CAPACITY), 810);
	ask(3, CMD_INC_ENABLE, MATE_REG_DC_SHUNT_A_MODE, 0);
	assert_int_equal(read_reg(3, MATE_REG_DC_SHUNT_A_MODE), 0);
}

/* The flag of page 0B is as recorded, and set when the summary changes. */
static void recorded_summary(void **state)
{
	char text[TEXT_MAX];
	int i, flag;

	(void)state;
	for (flag = 0x21; flag <= 0x61; flag += 0x40) {
		i = sprintf(text, "matenet-site 1\n[port 3]\ndevice = dc\n");
		for (int page = 0; page < 6; page++)
			i += sprintf(text + i, "status 0x%02X = 11 22 33 %02x 55 66 77 88 99 aa bb cc 0%d\n",
				     0x0a + page, page == 1 ? flag : 0x44, page);
		load_text(text);
		for (i = 0; i < 3; i++)
			assert_int_equal(status(3, 0x0b)[3], flag);
		assert_ok("set 3 status.soc_min_today = 40");
		assert_int_equal(status(3, 0x0b)[3], flag | 0x40);
		status(3, 0x0d);
		status(3, 0x0e);
		assert_int_equal(status(3, 0x0b)[3], flag | 0x40);
		assert_int_equal(status(3, 0x0f)[67 - 65], 40);
		assert_int_equal(status(3, 0x0b)[3], flag);
	}
}

static void hubs_and_direct_devices(void **state)
{
	(void)state;
	load_text("matenet-site 1\n[port 5]\ndevice = mx,fm80\n");
	assert_int_equal(ask(0, CMD_READ, 0, 0).bytes[2], 1);
	assert_int_equal(read_reg(5, 0), 0x0203);
	assert_int_equal(ask(4, CMD_READ, 0, 0).len, 0);
	load_text("matenet-site 1\n[port 0]\ndevice = hub\nreg fw_rev_c = 9\n");
	assert_int_equal(ask(0, CMD_READ, 4, 0).bytes[2], 9);
	load_text("\r\n# no hub\r\nmatenet-site 1\r\n  [port 0]\r\ndevice = fx,120v,byte0=05\r\n"
		  "reg 0x0=0x102 # a variant\r\n\treg\tsell_voltage  =  26.0");
	assert_int_equal(ask(0, CMD_READ, 0, 0).bytes[0], 5);
	assert_int_equal(ask(0, CMD_READ, 0, 0).bytes[1], 1);
	assert_int_equal(read_reg(0, MATE_REG_FX_SELL_VOLTAGE), 260);
	assert_int_equal(ask(1, CMD_READ, 0, 0).len, 0);
}

/* Each is refused with file, line, and what is wrong. */
static void bad_files(void **state)
{
	static const struct { const char *text; int line; const char *why; } bad[] = {
		{ "", 1, "not a site" },
		{ "# only a comment\n", 2, "not a site" },
		{ "[port 1]\n", 1, "[port 1]: not a site" },
		{ "matenet-site 2\n", 1, "matenet-site 2: not a site" },
		{ "matenet-site 1\n", 1, "a site without devices" },
		{ "matenet-site 1\ndevice = mx\n", 2, "device = mx: stands in no section" },
		{ "matenet-site 1\n[port 11]\ndevice = mx\n", 2, "[port 11]: sections are" },
		{ "matenet-site 1\n[port -1]\ndevice = mx\n", 2, "[port -1]: sections are" },
		{ "matenet-site 1\n[port 1\ndevice = mx\n", 2, "[port 1: sections are" },
		{ "matenet-site 1\n[port]\ndevice = mx\n", 2, "[port]: sections are" },
		{ "matenet-site 1\n[port 99999999999999999999]\n", 2, "sections are" },
		{ "matenet-site 1\n[port 1]\nreg 0x0 = 0x3\n", 3, "begins with device" },
		{ "matenet-site 1\n[port 1]\n", 3, "[port 1] has no device" },
		{ "matenet-site 1\n[port 1]\n[port 2]\ndevice = mx\n", 3, "has no device" },
		{ "matenet-site 1\n[port 1]\ndevice = mx\n[port 1]\ndevice = mx\n", 4, "twice" },
		{ "matenet-site 1\n[port 1]\ndevice = mx\ndevice = mx\n", 4, "given twice" },
		{ "matenet-site 1\n[port 1]\ndevice = tx\n", 3, "device = tx: tx: the types are" },
		{ "matenet-site 1\n[port 1]\ndevice = hub\n", 3, "hub: the types are" },
		{ "matenet-site 1\n[port 1]\ndevice = none\n", 3, "is silent" },
		{ "matenet-site 1\n[port 1]\ndevice = mx,120v\n", 3, "120v: this device has no such" },
		{ "matenet-site 1\n[port 1]\ndevice =\n", 3, "NAME = VALUE" },
		{ "matenet-site 1\n[port 1]\ndevice = mx\nreg 0x18\n", 4, "NAME = VALUE" },
		{ "matenet-site 1\n[port 1]\ndevice = mx\n= 5\n", 4, "NAME = VALUE" },
		{ "matenet-site 1\n[port 1]\ndevice = mx\nregister 0x18 = 0x1\n", 4, "not one of reg" },
		{ "matenet-site 1\n[port 1]\ndevice = mx\nreg 0x18 = 0x11G\n", 4,
		  "reg 0x18 = 0x11G: not a number" },
		{ "matenet-site 1\n[port 1]\ndevice = mx\nreg 18 = 0x1\n", 4, "no register of that name" },
		{ "matenet-site 1\n[port 1]\ndevice = mx\nreg 0x0000 = 0x0002\n", 4, "not the type" },
		{ "matenet-site 1\n[port 1]\ndevice = mx\nreg 0x18 = 0x1\nreg float_voltage = 2\n", 5,
		  "given twice" },
		{ "matenet-site 1\n[port 1]\ndevice = mx\nlog 0 = silent\nlog 00 = silent\n", 5,
		  "given twice" },
		{ "matenet-site 1\n[port 1]\ndevice = mx\nstatus.errors = none\nstatus.errors = none\n",
		  5, "given twice" },
		{ "matenet-site 1\n[port 2]\ndevice = fx\nlog 0 = silent\n", 4, "has no log" },
		{ "matenet-site 1\n[port 2]\ndevice = fx\nstatus 0x0A = silent\n", 4, "no such page" },
		{ "matenet-site 1\n[port 0]\ndevice = mx\n\n[port 1]\ndevice = mx\n", 6,
		  "the device on port 0 is no hub" },
		{ "matenet-site 1\n[port 1]\ndevice = mx\nreg \x01 = 1\n", 4, "byte 0x01 is not ASCII" },
		{ "matenet-site 1\n# caf\xc3\xa9\n", 2, "byte 0xc3 is not ASCII" },
	};
	char said[512], expected[128], path[64];
	size_t i;

	(void)state;
	snprintf(path, sizeof(path), "%s", path_of("bad"));
	for (i = 0; i < COUNT(bad); i++) {
		write_file(path, bad[i].text, strlen(bad[i].text));
		assert_int_equal(quietly(load_site, path, said, sizeof(said)), -1);
		snprintf(expected, sizeof(expected), "matesim: %s:%d: ", path, bad[i].line);
		if (strncmp(said, expected, strlen(expected)) || !strstr(said, bad[i].why) ||
		    strchr(said, '\n') != said + strlen(said) - 1)
			fail_msg("%s\nsays: %s", bad[i].text, said);
	}
	write_file(path, "matenet-site 1\n\0\n", 17);
	assert_int_equal(quietly(load_site, path, said, sizeof(said)), -1);
	assert_non_null(strstr(said, ":2: byte 0x00"));
	assert_int_equal(quietly(load_site, "/nowhere/at/all", said, sizeof(said)), -1);
	assert_string_equal(said, "matesim: /nowhere/at/all: No such file or directory\n");
	assert_int_equal(quietly(load_site, "/", said, sizeof(said)), -1);
	assert_string_equal(said, "matesim: /: Is a directory\n");
}

/* --- round trips --------------------------------------------------------- */

static int print_bytes(char *text, const struct reply *r, const char *what)
{
	size_t i, n = 0;

	n += sprintf(text, "%s =", what);
	if (!r->len)
		return n + sprintf(text + n, " silent\n");
	if (r->bytes[0] & REPLY_REFUSED)
		return n + sprintf(text + n, " refused\n");
	for (i = 1; i < r->len - 2; i++)
		n += sprintf(text + n, " %02x", r->bytes[i]);
	return n + sprintf(text + n, "\n");
}

static int print_reg(char *text, int port, const struct mate_reg_desc *d)
{
	struct reply r = ask(port, CMD_READ, d->addr, 0);
	int n = sprintf(text, "reg 0x%04X = ", d->addr);

	if (!r.len || r.bytes[0] & REPLY_REFUSED)
		return n + sprintf(text + n, r.len ? "refused\n" : "silent\n");
	return n + sprintf(text + n, "0x%04X\n", r.bytes[1] << 8 | r.bytes[2]);
}

/* All that a site answers, as a snapshot does it: by asking. */
static void snapshot(char *text)
{
	const struct mate_reg_desc *d;
	unsigned int type, i;
	struct reply r;
	char what[32];
	int port;

	text += sprintf(text, "matenet-site 1\n");
	for (port = 0; port <= 10; port++) {
		r = ask(port, CMD_READ, 0, 0);
		type = r.bytes[2];
		if (!r.len)
			continue;
		text += sprintf(text, "\n[port %d]\ndevice = %s%s\n", port,
				site.devices[port].kind->name,
				site.devices[port].options.is_120v ? ",120v" : "");
		for (d = NULL; (d = mate_reg_next(type, d));)
			if (d->access & MATE_ACC_READ)
				text += print_reg(text, port, d);
		for (i = 0x01; i <= 0x0f; i++) {
			r = ask(port, CMD_STATUS, i, 0);
			snprintf(what, sizeof(what), "status 0x%02X", i);
			if (type == MATE_DC ? i >= 0x0a : type != MATE_HUB && i == 1)
				text += print_bytes(text, &r, what);
		}
		for (i = 0; type == MATE_MX && i <= 128; i++) {
			r = ask(port, CMD_LOG, 0, i);
			snprintf(what, sizeof(what), "log %u", i);
			text += print_bytes(text, &r, what);
		}
	}
}

static void random_device(uint32_t *seed, int port)
{
	static const char *const values[] = { "refused", "silent", "0x%04X", "0x%04X", "0x%04X" };
	unsigned int type = site.devices[port].kind->type, n;
	const struct mate_reg_desc *d;
	char line[CONTROL_LINE];

	for (d = NULL; (d = mate_reg_next(type, d));) {
		if (!(d->access & MATE_ACC_READ) || !d->addr || random32(seed) % 3)
			continue;
		n = snprintf(line, sizeof(line), "set %d reg 0x%04X = ", port, d->addr);
		snprintf(line + n, sizeof(line) - n, values[random32(seed) % COUNT(values)],
			 random32(seed) & 0xffff);
		assert_ok("%s", line);
	}
	for (n = random32(seed) % 10; n; n--)
		if (type == MATE_MX)
			assert_ok("set %d log.%d.energy = 0x%03X", port, random32(seed) % 129,
				  random32(seed) & 0xfff);
	if (type != MATE_HUB && random32(seed) % 2)
		assert_ok("set %d status.battery_voltage = 0x%04X", port, random32(seed) & 0xffff);
	if (type == MATE_DC && random32(seed) % 2)
		assert_ok("set %d status 0x%02X = %s", port, 0x0a + random32(seed) % 6,
			  random32(seed) % 2 ? "silent" : "refused");
}

static void random_site(uint32_t *seed)
{
	static const char *const devices[] = { "mx", "fx", "dc", "mx,fm80", "fx,120v", "mx,noah" };
	const char *what;
	int len, port;

	clear_site();
	site.chosen = true;
	site.direct = random32(seed) % 4 == 0;
	for (port = site.direct ? 0 : 1; port <= (site.direct ? 0 : 10); port++)
		if (site.direct || random32(seed) % 2)
			assert_null(site_parse_device(devices[random32(seed) % COUNT(devices)],
						      &site.slots[port], &what, &len));
	site_build(&site, &bus, random32(seed), random32(seed) % 86400, CMD_DEC_DISABLE);
	for (port = 0; port <= 10; port++)
		if (bus.ports[port])
			random_device(seed, port);
}

/* simulate -> snapshot -> simulate -> snapshot gives the same file. */
static void sites_round_trip(void **state)
{
	static char first[TEXT_MAX * 2], second[TEXT_MAX * 2];
	uint32_t seed = 20261122;
	int i;

	(void)state;
	for (i = 0; i < 12; i++) {
		random_site(&seed);
		snapshot(first);
		load_text(first);
		/* whatever the time */
		world_run(&site.world, site.world.t + 5000);
		snapshot(second);
		if (strcmp(first, second)) {
			write_file("/tmp/simsite.first", first, strlen(first));
			write_file("/tmp/simsite.second", second, strlen(second));
			fail_msg("site %d: /tmp/simsite.first and .second differ", i);
		}
		load_text(second);
		snapshot(first);
		assert_string_equal(first, second);
	}
}

/* Files with random damage are read or refused, and nothing worse. */
static void damaged_files(void **state)
{
	static char text[TEXT_MAX * 2], bad[TEXT_MAX * 2], said[1024];
	uint32_t seed = 4711;
	int i, k, ok = 0, refused = 0;
	char path[64], *at;
	size_t len;

	(void)state;
	snprintf(path, sizeof(path), "%s", path_of("damaged"));
	clear_site();
	build_default();
	snapshot(text);
	at = strstr(text, "log 9");
	*at = '\0';			/* days enough */
	strcat(text, strstr(at + 1, "\n[port 2]"));
	for (i = 0; i < 300; i++) {
		strcpy(bad, text);
		len = strlen(bad);
		for (k = random32(&seed) % 4; k >= 0; k--) {
			at = bad + random32(&seed) % len;
			switch (random32(&seed) % 3) {
			case 0:
				*at = random32(&seed);
				break;
			case 1:
				memmove(at, at + 1, bad + len-- - at);
				break;
			case 2:
				len = at - bad + 1;
				break;
			}
		}
		write_file(path, bad, len);
		if (quietly(load_site, path, said, sizeof(said)) == 0) {
			ok++;
			assert_string_equal(said, "");
		} else {
			refused++;
			assert_int_equal(strncmp(said, "matesim: /tmp/simsite.", 22), 0);
			assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
		}
	}
	assert_true(ok > 20 && refused > 100);
}

/* --- set points that stay ------------------------------------------------ */

static void set_points_stay(void **state)
{
	char path[64], text[2048];

	(void)state;
	snprintf(path, sizeof(path), "%s", path_of("state"));
	unlink(path);
	assert_int_equal(load_state(path), 0);
	assert_false(state_dirty(&site));
	ask(1, CMD_WRITE, MATE_REG_MX_FLOAT_VOLTAGE, 268);
	assert_true(state_dirty(&site));
	ask(2, CMD_WRITE, MATE_REG_FX_INVERTER_CONTROL, 0);
	ask(2, CMD_DEC_DISABLE, MATE_REG_FX_ABSORB_SETPOINT, 0);
	ask(3, CMD_DEC_DISABLE, MATE_REG_DC_SHUNT_B_MODE, 0);
	assert_ok("set 3 reg battery_capacity = 440");
	/* neither set points nor changes */
	ask(1, CMD_WRITE, MATE_REG_MX_CHARGE_MODE, 1);
	ask(3, CMD_WRITE, MATE_REG_DC_CLOCK_TIME, 0x1234);
	ask(3, CMD_WRITE, MATE_REG_DC_DAYS_AT_FULL_TOTAL, 0);
	assert_ok("set 2 status.errors = over_temp");
	assert_ok("set 1 reg pv_voltage = 99");
	assert_int_equal(state_save(&site, path), 0);
	assert_false(state_dirty(&site));
	read_file(path, text, sizeof(text));
	assert_string_equal(text,
		"matenet-site 1\n\n[port 1]\ndevice = mx\nreg 0x0018 = 0x010C  # float_voltage\n"
		"\n[port 2]\ndevice = fx\nreg 0x000B = 0x011F  # absorb_setpoint\n"
		"reg 0x003D = 0x0000  # inverter_control\n"
		"\n[port 3]\ndevice = dc\nreg 0x0034 = 0x01B8  # battery_capacity\n"
		"reg 0x00CB = 0x0001  # shunt_b_mode\n");

	assert_int_equal(load_state(path), 0);
	assert_int_equal(read_reg(1, MATE_REG_MX_FLOAT_VOLTAGE), 268);
	assert_int_equal(read_reg(1, MATE_REG_MX_FLOAT_SETPOINT), 268);
	assert_int_equal(read_reg(2, MATE_REG_FX_INVERTER_CONTROL), 0);
	assert_int_equal(read_reg(2, MATE_REG_FX_ABSORB_SETPOINT), 287);
	assert_int_equal(read_reg(3, MATE_REG_DC_SHUNT_B_MODE), 1);
	assert_int_equal(read_reg(3, MATE_REG_DC_BATTERY_CAPACITY), 440);
	world_run(&site.world, site.world.t + 60);
	assert_int_equal(status(2, 1)[6], MATE_FX_STATUS_OPERATING_MODE_OFF);
	/* and they stay in the file when others come */
	ask(1, CMD_WRITE, MATE_REG_MX_ABSORB_VOLTAGE, 286);
	assert_int_equal(state_save(&site, path), 0);
	assert_int_equal(load_state(path), 0);
	assert_int_equal(read_reg(1, MATE_REG_MX_ABSORB_VOLTAGE), 286);
	assert_int_equal(read_reg(3, MATE_REG_DC_BATTERY_CAPACITY), 440);
	/* a reset to factory defaults ends them */
	ask(1, CMD_WRITE, MATE_REG_MX_FACTORY_RESET, 0xff);
	assert_int_equal(read_reg(1, MATE_REG_MX_ABSORB_VOLTAGE), 288);
	assert_int_equal(state_save(&site, path), 0);
	read_file(path, text, sizeof(text));
	assert_null(strstr(text, "[port 1]"));
}

/* A control that is left so still does its work: the fan goes on and off. */
static void kept_controls_live(void **state)
{
	const char *path = path_of("fan");
	unsigned int seen = 0;
	int i;

	(void)state;
	write_file(path, "matenet-site 1\n[port 1]\ndevice = mx\nreg aux_relay = vent_fan\n", 61);
	assert_int_equal(load_state(path), 0);
	for (i = 0; i < 24 * 12; i++) {
		world_run(&site.world, site.world.t + 300);
		seen |= 1u << (read_reg(1, MATE_REG_MX_AUX_RELAY) == 0x85);
		assert_int_equal(read_reg(1, MATE_REG_MX_AUX_RELAY) & 0x7f, 5);
	}
	assert_int_equal(seen, 3);
}

static void bad_states(void **state)
{
	static const struct { const char *text, *why; } bad[] = {
		{ "matenet-site 1\n[port 1]\ndevice = fx\n", ":3: device = fx: port 1 has mx now\n" },
		{ "matenet-site 1\n[port 4]\ndevice = mx\n", ":3: there is no device on port 4\n" },
		{ "matenet-site 1\n[port 1]\ndevice = mx\nreg pv_voltage = 5\n",
		  ":4: reg pv_voltage = 5: not a set point\n" },
		{ "matenet-site 1\n[port 1]\ndevice = mx\nstatus.errors = none\n",
		  ":4: status.errors = none: not a set point\n" },
		{ "matenet-site 1\n[port 1]\ndevice = mx\nreg float_volt", ":4: reg float_volt: a statement" },
	};
	char path[64], said[512];
	size_t i;

	(void)state;
	snprintf(path, sizeof(path), "%s", path_of("state"));
	for (i = 0; i < COUNT(bad); i++) {
		write_file(path, bad[i].text, strlen(bad[i].text));
		assert_int_equal(quietly(load_state, path, said, sizeof(said)), -1);
		assert_non_null(strstr(said, bad[i].why));
	}
	build_default();
	assert_int_equal(quietly(load_state, "/", said, sizeof(said)), -1);
}

static int save_nowhere(const char *path)
{
	return state_save(&site, path);
}

static void a_state_that_cannot_be_saved(void **state)
{
	char said[512];

	(void)state;
	build_default();
	assert_int_equal(quietly(save_nowhere, "/nowhere/at/all", said, sizeof(said)), -1);
	assert_non_null(strstr(said, "/nowhere/at/all"));
}

/* What a recording says is no set point of this simulator. */
static void recordings_are_no_set_points(void **state)
{
	(void)state;
	load_text("matenet-site 1\n[port 1]\ndevice = mx\nreg float_voltage = 26\n");
	assert_false(state_dirty(&site));
	ask(1, CMD_WRITE, MATE_REG_MX_CLOCK_TIME, 1);
	assert_false(state_dirty(&site));
}

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", directory);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_register_by_hand),
		cmocka_unit_test(registers_in_units_and_names),
		cmocka_unit_test(wrong_values_change_nothing),
		cmocka_unit_test(refused_and_silent),
		cmocka_unit_test(registers_nobody_knows),
		cmocka_unit_test(every_bit_of_every_field),
		cmocka_unit_test(fields_in_units),
		cmocka_unit_test(errors_and_warnings),
		cmocka_unit_test(faults_count_from_now),
		cmocka_unit_test(time_on_command),
		cmocka_unit_test(recorded_until_written),
		cmocka_unit_test(writes_go_through),
		cmocka_unit_test(recorded_summary),
		cmocka_unit_test(hubs_and_direct_devices),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(sites_round_trip),
		cmocka_unit_test(damaged_files),
		cmocka_unit_test(set_points_stay),
		cmocka_unit_test(kept_controls_live),
		cmocka_unit_test(bad_states),
		cmocka_unit_test(a_state_that_cannot_be_saved),
		cmocka_unit_test(recordings_are_no_set_points),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
