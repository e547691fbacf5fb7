// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulated devices without a tty: bytes of commands in, bytes of replies
 * out, and whether a simulated day makes sense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bus.h"
#include "clock.h"
#include "fault.h"
#include "frame.h"
#include "ninth.h"
#include "pattern.h"
#include "site.h"

#define NOON (12 * 3600.0)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct site site;
static struct bus bus;

/* --- helpers ------------------------------------------------------------- */

/* A site from "PORT=TYPE,.." texts; port 0 is a direct device. */
static void build(const char *const *texts, size_t n, uint32_t seed,
		  double time_of_day)
{
	const char *what;
	int len, port;
	size_t i;

	memset(&site, 0, sizeof(site));
	memset(&bus, 0, sizeof(bus));
	site.hub_ports = 10;
	for (i = 0; i < n; i++) {
		port = atoi(texts[i]);
		site.direct |= port == 0;
		site.chosen = true;
		assert_null(site_parse_device(strchr(texts[i], '=') + 1,
					      &site.slots[port], &what, &len));
	}
	site_defaults(&site);
	site_build(&site, &bus, seed, time_of_day, CMD_DEC_DISABLE);
}

static void build_default(uint32_t seed, double time_of_day)
{
	build(NULL, 0, seed, time_of_day);
}

#define BUILD(...) do { \
	static const char *const texts_[] = { __VA_ARGS__ }; \
	build(texts_, COUNT(texts_), 1, NOON); \
} while (0)

static struct reply ask(uint8_t port, uint8_t cmd, uint16_t addr,
			uint16_t param)
{
	uint8_t bytes[COMMAND_BYTES] = {
		port, cmd, addr >> 8, addr, param >> 8, param,
	};
	struct command command;
	struct reply reply;
	uint16_t sum = frame_sum(bytes, 6);

	bytes[6] = sum >> 8;
	bytes[7] = sum & 0xff;
	assert_true(command_parse(bytes, &command));
	bus_answer(&bus, &command, &reply);
	if (reply.len) {
		sum = frame_sum(reply.bytes, reply.len - 2);
		assert_int_equal(reply.bytes[reply.len - 2], sum >> 8);
		assert_int_equal(reply.bytes[reply.len - 1], sum & 0xff);
	}
	return reply;
}

/* Value of a 5-byte reply with the given byte 0. */
static uint16_t value_of(struct reply reply, uint8_t byte0)
{
	assert_int_equal(reply.len, 5);
	assert_int_equal(reply.bytes[0], byte0);
	return reply.bytes[1] << 8 | reply.bytes[2];
}

static uint16_t read_reg(uint8_t port, uint16_t addr)
{
	return value_of(ask(port, CMD_READ, addr, 0), 0x02);
}

static uint16_t write_reg(uint8_t port, uint16_t addr, uint16_t value)
{
	return value_of(ask(port, CMD_WRITE, addr, value), 0x03);
}

static void assert_refused(struct reply reply, uint8_t cmd, size_t len)
{
	assert_int_equal(reply.len, len);
	assert_int_equal(reply.bytes[0], cmd | 0x80);
}

static void assert_reply(struct reply reply, const uint8_t *bytes, size_t len)
{
	assert_int_equal(reply.len, len);
	assert_memory_equal(reply.bytes, bytes, len);
}

static void read_block(uint8_t port, uint8_t block[MATE_DC_STATUS_BYTES])
{
	struct reply reply;
	int i;

	for (i = 0; i < 6; i++) {
		reply = ask(port, CMD_STATUS, 0x0a + i, 0);
		assert_int_equal(reply.len, 16);
		assert_int_equal(reply.bytes[0], 4);
		memcpy(block + i * STATUS_BYTES, reply.bytes + 1, STATUS_BYTES);
	}
}

static int s16(const uint8_t *block, int at)
{
	return (int16_t)(block[at] << 8 | block[at + 1]);
}

/* --- ninth bit ----------------------------------------------------------- */

/* What the tty of a UART with this setting reads for @word. */
static size_t as_read(enum ninth_parity setting, uint16_t word, uint8_t out[3])
{
	uint8_t byte = word & 0xff;
	const bool bits[] = {
		[NINTH_SPACE] = 0, [NINTH_MARK] = 1,
		[NINTH_EVEN] = __builtin_parity(byte),
		[NINTH_ODD] = !__builtin_parity(byte),
	};
	bool expected = bits[setting];

	if (expected != !!(word & NINTH)) {
		out[0] = 0xff;
		out[1] = 0x00;
		out[2] = byte;
		return 3;
	}
	out[0] = out[1] = byte;
	return byte == 0xff ? 2 : 1;
}

static void every_word_survives_parmrk(void **state)
{
	struct ninth_rx rx;
	uint16_t word, got;
	uint8_t raw[3];
	size_t n, i;
	int setting;

	(void)state;
	for (setting = NINTH_SPACE; setting <= NINTH_ODD; setting++) {
		memset(&rx, 0, sizeof(rx));
		rx.setting = setting;
		for (word = 0; word < 0x200; word++) {
			n = as_read(setting, word, raw);
			for (i = 0; i + 1 < n; i++)
				assert_false(ninth_rx(&rx, raw[i], &got));
			assert_true(ninth_rx(&rx, raw[n - 1], &got));
			assert_int_equal(got, word);
		}
	}
}

static void parity_settings_carry_the_ninth_bit(void **state)
{
	uint16_t word;
	bool bit;

	(void)state;
	for (word = 0; word < 0x200; word++) {
		assert_int_equal(ninth_setting(NINTH_STICK, word),
				 word & NINTH ? NINTH_MARK : NINTH_SPACE);
		bit = __builtin_parity(word & 0xff);
		if (ninth_setting(NINTH_EVENODD, word) == NINTH_ODD)
			bit = !bit;
		assert_int_equal(bit, !!(word & NINTH));
	}
}

static void a_marked_word_starts_anew(void **state)
{
	static const uint16_t words[] = {
		0x01, 0x02,			/* before any mark: nothing */
		0x101, 0x02, 0x00,		/* cut short by the next mark */
		0x102, 0x02, 0x00, 0x01, 0x00, 0x00, 0x00, 0x05,
		0x33,				/* after the end: nothing */
	};
	struct command_rx rx = { 0 };
	struct command cmd;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(words); i++)
		assert_int_equal(command_rx(&rx, words[i]), i == 12);
	assert_true(command_parse(rx.bytes, &cmd));
	assert_int_equal(cmd.port, 2);
	assert_int_equal(cmd.addr, 1);
	rx.bytes[7] ^= 1;
	assert_false(command_parse(rx.bytes, &cmd));
}

/* --- replies as recorded ------------------------------------------------- */

static void hub_quirks(void **state)
{
	static const uint8_t type[] = { 0x00, 0x00, 0x01, 0x00, 0x01 };
	struct reply reply;

	(void)state;
	build_default(1, NOON);
	assert_reply(ask(0, CMD_READ, 0, 0), type, sizeof(type));
	assert_refused(ask(0, CMD_STATUS, 1, 0), CMD_STATUS, 16);
	reply = ask(4, CMD_READ, 0, 0);
	assert_int_equal(reply.len, 0);
	assert_int_equal(ask(10, CMD_READ, 0, 0).len, 0);
	assert_int_equal(ask(11, CMD_READ, 0, 0).len, 0);
}

static void types_and_variants(void **state)
{
	(void)state;
	BUILD("1=mx,fm80", "2=fx", "3=dc", "4=mx,mx60", "10=mx,variant=2a,fw=2.3.4");
	assert_int_equal(read_reg(1, 0), 0x0203);
	assert_int_equal(read_reg(2, 0), 0x0002);
	assert_int_equal(read_reg(3, 0), 0x0004);
	assert_int_equal(read_reg(4, 0), 0x1103);
	assert_int_equal(read_reg(10, 0), 0x2a03);
	assert_int_equal(read_reg(10, MATE_REG_MX_FW_REV_A), 2);
	assert_int_equal(read_reg(10, MATE_REG_MX_FW_REV_B), 3);
	assert_int_equal(read_reg(10, MATE_REG_MX_FW_REV_C), 4);
	assert_int_equal(read_reg(2, MATE_REG_FX_FW_REV), 61);
	assert_int_equal(ask(4, CMD_READ, 0, 0).junk, 2);
	assert_int_equal(ask(1, CMD_READ, 0, 0).junk, 0);
}

static void direct_device_is_on_port_0_only(void **state)
{
	(void)state;
	BUILD("0=dc");
	assert_int_equal(read_reg(0, 0), 0x0004);
	assert_int_equal(ask(1, CMD_READ, 0, 0).len, 0);
}

/* The values of the examples in the protocol description. */
static void mx_status_example(void **state)
{
	static const uint8_t expected[] = {
		0x03, 0x89, 0x84, 0x89, 0x00, 0x55, 0x3f, 0x02,
		0x00, 0x15, 0x00, 0xfe, 0x02, 0xa8, 0x03, 0xec
	};
	struct charger *c;

	(void)state;
	build_default(1, NOON);
	c = bus.ports[1]->charger;
	c->pv_voltage = 68.0;
	c->pv_current = 4;
	c->output_current = 9.9;
	c->battery_v = 25.4;
	c->today->energy_kwh = 2.1;
	c->today->charge_ah = 85;
	c->stage = STAGE_BULK;
	c->aux = 63;
	assert_reply(ask(1, CMD_STATUS, 1, 0x00ff), expected, sizeof(expected));
	assert_refused(ask(1, CMD_STATUS, 2, 0), CMD_STATUS, 16);
}

static void fx_status_example(void **state)
{
	static const uint8_t expected[] = {
		0x02, 0x00, 0x00, 0x00, 0x03, 0x73, 0x00, 0x04,
		0x00, 0x02, 0x00, 0xfe, 0x09, 0x00, 0x01, 0x85
	};
	struct reply reply;
	struct inverter *i;

	(void)state;
	build_default(1, NOON);
	i = bus.ports[2]->inverter;
	i->inverter_a = i->charger_a = i->buy_a = i->sell_a = 0;
	i->ac_in = 6;
	i->ac_out = 230;
	i->mode = MATE_FX_STATUS_OPERATING_MODE_SILENT;
	i->ac_mode = MATE_FX_STATUS_AC_MODE_USE;
	i->battery_v = 25.4;
	reply = ask(2, CMD_STATUS, 1, 0);
	/* misc 09 in the example: bit 3 is unknown and not simulated */
	assert_int_equal(reply.bytes[12], 0x01);
	reply.bytes[12] = 0x09;
	reply.bytes[15] += 0x08;
	assert_reply(reply, expected, sizeof(expected));
}

static void fx_230v_halves_and_doubles(void **state)
{
	struct reply reply;
	int port;

	(void)state;
	BUILD("1=fx", "2=fx,120v");
	for (port = 1; port <= 2; port++) {
		bus.ports[port]->inverter->inverter_a = 4;
		reply = ask(port, CMD_STATUS, 1, 0);
		assert_int_equal(reply.bytes[12] & 1, port == 1);
		assert_int_equal(reply.bytes[1], port == 1 ? 8 : 4);
		assert_int_equal(reply.bytes[5], port == 1 ? 115 : 120);
		assert_int_equal(read_reg(port, MATE_REG_FX_OUTPUT_VOLTAGE),
				 port == 1 ? 115 : 120);
		assert_int_equal(read_reg(port, MATE_REG_FX_INVERTER_CURRENT),
				 port == 1 ? 8 : 4);
	}
}

static void dc_pages_example(void **state)
{
	static const uint8_t a[] = {
		0x04, 0xff, 0xc8, 0x00, 0x4a, 0x00, 0x00, 0x00,
		0xfe, 0x4d, 0xff, 0xf2, 0x00, 0x13, 0x05, 0x64
	};
	/* b without the flag that pages 0D to 0F changed: as recorded */
	static const uint8_t b[] = {
		0x04, 0x00, 0x00, 0x00, 0x21, 0x00, 0x4a, 0x00,
		0x38, 0x00, 0x12, 0x00, 0x13, 0x00, 0x00, 0xcc
	};
	static const uint8_t c[] = {
		0x04, 0x0e, 0x00, 0x05, 0x00, 0x55, 0x00, 0x6d,
		0xff, 0xe8, 0x00, 0xd9, 0x01, 0x09, 0x03, 0xa3
	};
	uint8_t block[MATE_DC_STATUS_BYTES];
	struct meter *m;

	(void)state;
	build_default(1, NOON);
	m = bus.ports[3]->meter;
	m->current[SHUNT_A] = -5.6;
	m->current[SHUNT_B] = 7.4;
	m->current[SHUNT_C] = 0;
	m->power[SHUNT_A] = -5.6 * 25.4 / 1000;
	m->power[SHUNT_B] = 7.4 * 25.4 / 1000;
	m->power[SHUNT_C] = 0;
	m->battery_v = 25.4;
	m->soc = 77;
	m->params_met = false;
	m->today_ah[METER_IN] = 85;
	m->today_ah[METER_OUT] = 109;
	m->today_kwh[METER_IN] = 2.17;
	m->today_kwh[METER_OUT] = 2.65;
	read_block(3, block);	/* from now on nothing is news */
	assert_reply(ask(3, CMD_STATUS, 0x0a, 0), a, sizeof(a));
	assert_reply(ask(3, CMD_STATUS, 0x0b, 0), b, sizeof(b));
	/* 0C ends with the high byte of today's net energy, -0.48 kWh */
	assert_reply(ask(3, CMD_STATUS, 0x0c, 0), c, sizeof(c));
	assert_refused(ask(3, CMD_STATUS, 0x10, 0), CMD_STATUS, 16);
	assert_refused(ask(3, CMD_STATUS, 0x09, 0), CMD_STATUS, 16);
}

static void mx_log_example(void **state)
{
	static const uint8_t expected[] = {
		0x16, 0x9f, 0x39, 0x64, 0x01, 0x55, 0x00, 0x00, 0x00,
		0x59, 0xc0, 0x38, 0x10, 0x5c, 0x00, 0x03, 0x65
	};
	struct charger_day *d;

	(void)state;
	build_default(1, NOON);
	d = bus.ports[1]->charger->today;
	*d = (struct charger_day){
		.charge_ah = 89, .energy_kwh = 2.2, .pv_voltage_max = 85,
		.current_max = 41.5, .power_max = 1116,
		.battery_min = 22.7, .battery_max = 27.0,
	};
	assert_reply(ask(1, CMD_LOG, 0, 0), expected, sizeof(expected));
}

static void log_days_are_clamped(void **state)
{
	struct reply last, beyond;

	(void)state;
	build_default(1, NOON);
	last = ask(1, CMD_LOG, 0, 128);
	assert_int_equal(last.bytes[0], 0x16);
	assert_int_equal(last.bytes[14], 128);
	beyond = ask(1, CMD_LOG, 0, 200);
	assert_reply(beyond, last.bytes, last.len);
	assert_int_equal(ask(1, CMD_LOG, 0, 127).bytes[14], 127);
	assert_int_equal(ask(3, CMD_LOG, 0, 0).len, 0);
	assert_refused(ask(2, CMD_LOG, 0, 0), CMD_LOG, 17);
}

static void fresh_dc_knows_nothing(void **state)
{
	uint8_t block[MATE_DC_STATUS_BYTES], expected[MATE_DC_STATUS_BYTES] = { 0 };

	(void)state;
	BUILD("0=dc,fresh");
	read_block(0, block);
	expected[7] = 1;
	assert_memory_equal(block, expected, sizeof(block));
}

/* --- writes -------------------------------------------------------------- */

static void mx_answers_with_the_low_byte(void **state)
{
	(void)state;
	build_default(1, NOON);
	assert_int_equal(write_reg(1, MATE_REG_MX_CLOCK_TIME, 0x8da9), 0x00a9);
	assert_int_equal(write_reg(1, MATE_REG_MX_ABSORB_VOLTAGE, 296), 296 & 0xff);
	assert_int_equal(read_reg(1, MATE_REG_MX_ABSORB_VOLTAGE), 296);
	assert_int_equal(read_reg(1, MATE_REG_MX_ABSORB_SETPOINT), 296);
	assert_int_equal(read_reg(1, MATE_REG_MX_CLOCK_TIME), 0);
}

static void dc_echoes_and_resets(void **state)
{
	struct meter *m;

	(void)state;
	build_default(1, NOON);
	m = bus.ports[3]->meter;
	m->battery_v = 25.4;
	assert_int_equal(write_reg(3, MATE_REG_DC_CLOCK_TIME, 0x8da9), 0x8da9);
	assert_int_equal(write_reg(3, MATE_REG_DC_BATTERY_VOLTAGE_MAX_RESET, 0xff), 254);
	assert_int_equal(read_reg(3, MATE_REG_DC_BATTERY_VOLTAGE_MAX_TODAY), 254);
	assert_int_equal(write_reg(3, MATE_REG_DC_BATTERY_VOLTAGE_MIN_RESET, 0xff), 254);
	m->removed_kah = 12;
	assert_int_equal(write_reg(3, MATE_REG_DC_CHARGE_REMOVED_LIFETIME, 0), 0);
	assert_int_equal(read_reg(3, MATE_REG_DC_CHARGE_REMOVED_LIFETIME), 0);
	m->peak_a[SHUNT_A][METER_OUT] = -95.8;
	assert_int_equal(read_reg(3, MATE_REG_DC_SHUNT_A_CURRENT_MAX_REMOVED), 0xfc42);
	assert_int_equal(write_reg(3, MATE_REG_DC_SHUNT_A_CURRENT_MAX_REMOVED, 7), 0);
	assert_int_equal(write_reg(3, MATE_REG_DC_BATTERY_TEMP_SYNC, 154), 154);
	assert_int_equal(read_reg(3, MATE_REG_DC_BATTERY_TEMP), 15);
}

static void inc_and_dec_step(void **state)
{
	uint16_t before;

	(void)state;
	build_default(1, NOON);
	before = read_reg(2, MATE_REG_FX_FLOAT_SETPOINT);
	assert_int_equal(value_of(ask(2, 0x01, MATE_REG_FX_FLOAT_SETPOINT, 0), 0x01),
			 before + 1);
	assert_int_equal(value_of(ask(2, 0x00, MATE_REG_FX_FLOAT_SETPOINT, 0), 0x00),
			 before);
	assert_int_equal(read_reg(3, MATE_REG_DC_BATTERY_CAPACITY), 800);
	ask(3, 0x01, MATE_REG_DC_BATTERY_CAPACITY, 0);
	assert_int_equal(read_reg(3, MATE_REG_DC_BATTERY_CAPACITY), 810);
	ask(3, 0x01, MATE_REG_DC_RETURN_CURRENT, 0);
	assert_int_equal(read_reg(3, MATE_REG_DC_RETURN_CURRENT), 161);

	/* numbered the other way */
	bus.ports[3]->dec_command = 0x01;
	ask(3, 0x01, MATE_REG_DC_BATTERY_CAPACITY, 0);
	assert_int_equal(read_reg(3, MATE_REG_DC_BATTERY_CAPACITY), 800);
	/* at the end of the range */
	write_reg(3, MATE_REG_DC_AUX_SOC_LOW, 0);
	assert_int_equal(value_of(ask(3, 0x01, MATE_REG_DC_AUX_SOC_LOW, 0), 0x01), 0);
}

/* Every register that steps does so by its step, and not out of its range. */
static void every_step(void **state)
{
	const struct mate_reg_desc *d;
	size_t n, i, seen = 0;
	int port;

	(void)state;
	build_default(1, NOON);
	d = mate_reg_table(&n);
	for (i = 0; i < n; i++, d++) {
		if (!(d->access & MATE_ACC_INCDEC))
			continue;
		seen++;
		port = d->device == MATE_FX ? 2 : 3;
		write_reg(port, d->addr, d->min);
		ask(port, 0x01, d->addr, 0);
		assert_int_equal((int16_t)read_reg(port, d->addr), (int16_t)(d->min + d->step));
		ask(port, 0x00, d->addr, 0);
		ask(port, 0x00, d->addr, 0);
		assert_int_equal((int16_t)read_reg(port, d->addr), (int16_t)d->min);
		write_reg(port, d->addr, d->max);
		ask(port, 0x01, d->addr, 0);
		assert_int_equal((int16_t)read_reg(port, d->addr), (int16_t)d->max);
		ask(port, 0x00, d->addr, 0);
		assert_int_equal((int16_t)read_reg(port, d->addr), (int16_t)(d->max - d->step));
	}
	assert_true(seen > 40);
}

/* Whatever is written to a counter, it starts from 0, and says so. */
static void every_reset(void **state)
{
	const struct mate_reg_desc *d;
	size_t n, i, seen = 0;

	(void)state;
	build_default(1, NOON);
	d = mate_reg_table(&n);
	for (i = 0; i < n; i++, d++) {
		if (d->risk != MATE_RISK_RESET || !(d->access & MATE_ACC_READ))
			continue;
		seen++;
		device_set(bus.ports[3], device_reg(bus.ports[3], d->addr), 77);
		assert_int_equal(d->device, MATE_DC);
		assert_int_equal(read_reg(3, d->addr), 77);
		assert_int_equal(write_reg(3, d->addr, 0x1234), 0);
		assert_int_equal(read_reg(3, d->addr), 0);
	}
	assert_true(seen > 10);
}

static void enable_and_disable(void **state)
{
	(void)state;
	build_default(1, NOON);
	assert_int_equal(value_of(ask(2, 0x01, MATE_REG_FX_AC2_GEN_SUPPORT, 0), 1), 1);
	assert_int_equal(value_of(ask(2, 0x00, MATE_REG_FX_AC2_GEN_SUPPORT, 0), 0), 0);
	/* an enabled shunt is a 0 */
	assert_int_equal(value_of(ask(3, 0x00, MATE_REG_DC_SHUNT_A_MODE, 0), 0), 1);
	assert_int_equal(value_of(ask(3, 0x01, MATE_REG_DC_SHUNT_A_MODE, 0), 1), 0);
}

static void what_cannot_be_is_refused(void **state)
{
	(void)state;
	build_default(1, NOON);
	assert_refused(ask(1, CMD_WRITE, MATE_REG_MX_BATTERY_VOLTAGE, 1), CMD_WRITE, 5);
	assert_refused(ask(1, CMD_WRITE, 0x7777, 1), CMD_WRITE, 5);
	assert_refused(ask(2, CMD_WRITE, MATE_REG_FX_BATTERY_VOLTAGE, 250), CMD_WRITE, 5);
	assert_refused(ask(1, 0x55, 0, 0), 0x55, 5);
	assert_refused(ask(1, 0x01, MATE_REG_MX_BATTERY_VOLTAGE, 0), 0x01, 5);
	assert_refused(ask(0, CMD_WRITE, 0, 0), CMD_WRITE, 5);
	assert_int_equal(read_reg(1, 0x7777), 0);
}

static void controls_have_effect(void **state)
{
	struct world *w = &site.world;
	struct reply reply;

	(void)state;
	build_default(1, NOON);
	assert_int_equal(write_reg(2, MATE_REG_FX_INVERTER_CONTROL, 0), 0);
	world_run(w, w->t + 60);
	reply = ask(2, CMD_STATUS, 1, 0);
	assert_int_equal(reply.bytes[7], MATE_FX_STATUS_OPERATING_MODE_OFF);
	assert_int_equal(reply.bytes[5], 0);
	write_reg(2, MATE_REG_FX_INVERTER_CONTROL, 2);
	write_reg(1, MATE_REG_MX_CHARGE_MODE, STAGE_FLOAT);
	write_reg(1, MATE_REG_MX_FLOAT_VOLTAGE, 258);
	world_run(w, w->t + 60);
	reply = ask(1, CMD_STATUS, 1, 0);
	assert_int_equal(reply.bytes[7], STAGE_FLOAT);
	assert_in_range(read_reg(1, MATE_REG_MX_BATTERY_VOLTAGE), 240, 258);
	write_reg(1, MATE_REG_MX_FACTORY_RESET, 255);
	assert_int_equal(read_reg(1, MATE_REG_MX_FLOAT_VOLTAGE), 272);
}

static void generator_charges(void **state)
{
	struct world *w = &site.world;
	struct reply reply;

	(void)state;
	build_default(1, 0);		/* at night */
	w->soc = 0.3;
	world_run(w, w->t + 600);
	reply = ask(2, CMD_STATUS, 1, 0);
	assert_int_equal(reply.bytes[7], MATE_FX_STATUS_OPERATING_MODE_CHARGE);
	assert_int_equal(reply.bytes[9], MATE_FX_STATUS_AC_MODE_USE);
	assert_in_range(reply.bytes[4], 110, 120);	/* half of 230 V */
	assert_true(reply.bytes[2] > 0);		/* charger */
	assert_true(reply.bytes[3] >= reply.bytes[2]);	/* bought */
	assert_true(w->battery_a > 0);
	/* dropped by hand */
	write_reg(2, MATE_REG_FX_ACIN_CONTROL, 0);
	world_run(w, w->t + 60);
	reply = ask(2, CMD_STATUS, 1, 0);
	assert_int_equal(reply.bytes[7], MATE_FX_STATUS_OPERATING_MODE_ON);
}

/* Every register of the table answers, on every device. */
static void all_registers_answer(void **state)
{
	const struct mate_reg_desc *desc;
	size_t n, i;
	int port;

	(void)state;
	build_default(1, NOON);
	desc = mate_reg_table(&n);
	for (i = 0; i < n; i++) {
		if (desc[i].device == MATE_ANY || desc[i].device == MATE_HUB)
			continue;
		port = desc[i].device == MATE_MX ? 1 :
		       desc[i].device == MATE_FX ? 2 : 3;
		assert_non_null(device_reg(bus.ports[port], desc[i].addr));
		read_reg(port, desc[i].addr);
		if ((desc[i].access & (MATE_ACC_WRITE | MATE_ACC_READ)) !=
		    (MATE_ACC_WRITE | MATE_ACC_READ) ||
		    desc[i].risk == MATE_RISK_RESET)
			continue;
		write_reg(port, desc[i].addr, 3);
		assert_int_equal(read_reg(port, desc[i].addr), 3);
	}
}

/* Every binding and first value is of a register that the table has. */
static void bindings_match_the_table(void **state)
{
	static const struct device_kind *const kinds[] = {
		&hub_kind, &mx_kind, &fx_kind, &dc_kind,
	};
	size_t k, i;

	(void)state;
	for (k = 0; k < COUNT(kinds); k++) {
		for (i = 0; i < kinds[k]->n_bindings; i++)
			assert_non_null(mate_reg_by_addr(kinds[k]->type,
							 kinds[k]->bindings[i].addr));
		for (i = 0; i < kinds[k]->n_initials; i++)
			assert_non_null(mate_reg_by_addr(kinds[k]->type,
							 kinds[k]->initials[i].addr));
	}
}

/* --- a day --------------------------------------------------------------- */

/* Sums that hold exactly on a real one, over 48 recorded sets. */
static void assert_identities(const uint8_t *b)
{
	static const struct { int in, out, net, a, b, c; } sums[] = {
		{ 17, 19, 21, 0, 2, 4 },	/* current */
		{ 23, 25, 27, 9, 11, 13 },	/* power */
		{ 29, 31, 33, -1, -1, -1 },	/* today Ah */
		{ 35, 37, 39, -1, -1, -1 },	/* today kWh */
		{ 47, 45, 43, 55, 57, 59 },	/* since full kWh */
		{ 53, 51, 49, 61, 63, 65 },	/* since full Ah */
	};
	size_t i;

	for (i = 0; i < COUNT(sums); i++) {
		assert_int_equal(s16(b, sums[i].net),
				 s16(b, sums[i].in) - s16(b, sums[i].out));
		if (sums[i].a < 0)
			continue;
		assert_int_equal(s16(b, sums[i].net), s16(b, sums[i].a) +
				 s16(b, sums[i].b) + s16(b, sums[i].c));
	}
	/* corrected = 0.94 in - out, to the last digit */
	assert_in_range(10 * (s16(b, 68) + s16(b, 51)) - 94 * s16(b, 53) / 10 + 10, 0, 20);
	assert_in_range(10 * (s16(b, 70) + s16(b, 45)) - 94 * s16(b, 47) / 10 + 10, 0, 20);
	assert_int_equal(b[15], 0);
	assert_int_equal(b[16] & 0x21, 0x21);
	assert_in_range(b[8], 0, 100);
	assert_in_range(b[67], 0, b[8]);
	assert_in_range(s16(b, 6), 200, 310);
}

static void dc_identities_hold_all_day(void **state)
{
	uint8_t block[MATE_DC_STATUS_BYTES];
	struct world *w = &site.world;
	uint32_t seed;
	int i;

	(void)state;
	for (seed = 1; seed <= 10; seed++) {
		build_default(seed, 0);
		for (i = 0; i < 24 * 12; i++) {
			world_run(w, w->t + 300);
			read_block(3, block);
			assert_identities(block);
		}
	}
}

/* Whole years in big steps, as at a high speed: nothing drifts or overflows. */
static void years_stay_sane(void **state)
{
	uint8_t block[MATE_DC_STATUS_BYTES];
	struct world *w = &site.world;
	bool generator = false;
	struct mate_mx_log log;
	uint32_t seed;
	int day;

	(void)state;
	for (seed = 1; seed <= 3; seed++) {
		build_default(seed, 0);
		for (day = 0; day < 800; day++) {
			world_run(w, w->t + 86400);
			generator |= w->generator;
			assert_true(w->soc >= 0.2 && w->soc <= 1);
			assert_in_range(w->battery_v * 10, 220, 300);
			read_block(3, block);
			assert_identities(block);
			mate_mx_log_decode(&log, ask(1, CMD_LOG, 0, 1).bytes + 1);
			assert_true(log.energy > 0 && log.energy < 16);
		}
	}
	assert_true(generator);		/* a winter needs it */
}

static void dc_says_when_the_summary_changed(void **state)
{
	uint8_t block[MATE_DC_STATUS_BYTES];
	struct world *w = &site.world;
	int flags;

	(void)state;
	build_default(1, 0);
	flags = ask(3, CMD_STATUS, 0x0b, 0).bytes[4];
	assert_int_equal(flags & 0x40, 0x40);		/* never fetched */
	read_block(3, block);
	assert_int_equal(ask(3, CMD_STATUS, 0x0b, 0).bytes[4] & 0x40, 0);
	world_run(w, w->t + 3600);
	assert_int_equal(ask(3, CMD_STATUS, 0x0b, 0).bytes[4] & 0x40, 0x40);
	/* it stays until 0D to 0F are fetched, not 0B */
	assert_int_equal(ask(3, CMD_STATUS, 0x0b, 0).bytes[4] & 0x40, 0x40);
	read_block(3, block);
	assert_int_equal(ask(3, CMD_STATUS, 0x0b, 0).bytes[4] & 0x40, 0);
}

/* The devices measure the same thing: what MX and FX say, the DC says too. */
static void devices_agree(void **state)
{
	uint8_t block[MATE_DC_STATUS_BYTES];
	struct world *w = &site.world;
	struct mate_mx_status mx;
	struct reply reply;
	double b;
	int i;

	(void)state;
	build_default(3, 0);
	for (i = 0; i < 48; i++) {
		world_run(w, w->t + 1800);
		reply = ask(1, CMD_STATUS, 1, 0);
		mate_mx_status_decode(&mx, reply.bytes + 1);
		read_block(3, block);
		b = s16(block, 2) / 10.0;
		assert_true(b - mx.output_current < 0.11 && mx.output_current - b < 0.11);
		assert_int_equal(s16(block, 6), reply.bytes[10] << 8 | reply.bytes[11]);
	}
}

static void a_day_looks_like_a_day(void **state)
{
	struct world *w = &site.world;
	unsigned int seen = 0, seed;
	struct mate_mx_status mx;
	struct reply reply;
	int i;

	(void)state;
	for (seed = 1; seed <= 5; seed++) {
		build_default(seed, 0);
		for (i = 1; i <= 24 * 6; i++) {
			world_run(w, w->t + 600);
			reply = ask(1, CMD_STATUS, 1, 0);
			mate_mx_status_decode(&mx, reply.bytes + 1);
			seen |= 1u << mx.charge_mode;
			if (i < 4 * 6 || i > 21 * 6)
				assert_true(mx.output_current == 0);
			assert_in_range(mx.output_current, 0, 60);
			assert_in_range(mx.battery_voltage, 21, 29);
			assert_in_range(mx.pv_voltage, 0, 100);
		}
		/* midnight has passed: all starts from 0 */
		assert_int_equal(mx.charge_today, 0);
	}
	assert_int_equal(seen, 1 << STAGE_SLEEPING | 1 << STAGE_BULK |
			 1 << STAGE_ABSORB | 1 << STAGE_FLOAT);
}

static void day_logs_are_plausible(void **state)
{
	struct mate_mx_log log;
	double kwh = 0;
	int day;

	(void)state;
	build_default(1, NOON);
	for (day = 0; day <= 128; day++) {
		mate_mx_log_decode(&log, ask(1, CMD_LOG, 0, day).bytes + 1);
		assert_int_equal(log.day, day);
		assert_true(log.battery_voltage_min <= log.battery_voltage_max);
		assert_in_range(log.battery_voltage_min, 22, 26);
		assert_in_range(log.battery_voltage_max, 24, 29);
		assert_true(log.output_current_max <= 60);
		assert_in_range(log.pv_voltage_max, 50, 95);
		assert_in_range(log.power_max, log.output_current_max * 22,
				log.output_current_max * 30);
		assert_true(log.energy < 14);
		/* Ah and kWh differ by the voltage */
		if (log.charge > 50)
			assert_in_range(1000 * log.energy / log.charge, 23, 29);
		assert_true(log.absorb_time <= 125);
		kwh += log.energy;
	}
	assert_in_range(kwh / 129, 2, 10);
}

static void a_seed_gives_the_same_history(void **state)
{
	struct reply logs[3];
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		build_default(i == 2 ? 8 : 7, NOON);
		logs[i] = ask(1, CMD_LOG, 0, 50);
	}
	assert_reply(logs[1], logs[0].bytes, logs[0].len);
	assert_memory_not_equal(logs[2].bytes, logs[0].bytes, logs[0].len);
}

/* Two MX share the sun: shunt B carries what both give. */
static void several_of_a_kind(void **state)
{
	uint8_t block[MATE_DC_STATUS_BYTES];
	double sum;

	(void)state;
	BUILD("1=mx", "2=mx", "3=fx", "4=fx", "9=dc");
	read_block(9, block);
	sum = (int8_t)(read_reg(1, MATE_REG_MX_CHARGER_CURRENT) + 128) +
	      (int8_t)(read_reg(2, MATE_REG_MX_CHARGER_CURRENT) + 128);
	assert_true(sum > 0);
	assert_in_range(s16(block, 2), sum * 10 - 11, sum * 10 + 11);
	assert_int_equal(read_reg(3, MATE_REG_FX_OUTPUT_VOLTAGE), 115);
	assert_int_equal(read_reg(4, MATE_REG_FX_OUTPUT_VOLTAGE), 115);
}

/* Slaves help when there is much to carry, and do what their master does. */
static void stacked_inverters(void **state)
{
	struct world *w = &site.world;
	int i, port, helped = 0, rested = 0;
	struct mate_fx_status fx[3];

	(void)state;
	BUILD("2=fx", "3=fx,slave", "4=fx,slave");
	assert_int_equal(read_reg(2, MATE_REG_FX_STACK_PHASE), 0);
	assert_int_equal(read_reg(3, MATE_REG_FX_STACK_PHASE), 1);
	for (i = 0; i < 24 * 60; i++) {
		world_run(w, w->t + 60);
		for (port = 2; port <= 4; port++)
			mate_fx_status_decode(&fx[port - 2], ask(port, CMD_STATUS, 1, 0).bytes + 1);
		if (w->generator)
			continue;
		assert_int_equal(fx[0].operating_mode, MATE_FX_STATUS_OPERATING_MODE_ON);
		assert_int_equal(fx[1].operating_mode, w->load_w > 300 ?
				 MATE_FX_STATUS_OPERATING_MODE_ON :
				 MATE_FX_STATUS_OPERATING_MODE_SILENT);
		assert_int_equal(fx[2].operating_mode, w->load_w > 600 ?
				 MATE_FX_STATUS_OPERATING_MODE_ON :
				 MATE_FX_STATUS_OPERATING_MODE_SILENT);
		assert_int_equal(fx[2].ac_out_voltage, 230);
		if (w->load_w > 600)
			assert_true(fx[2].inverter_current == fx[0].inverter_current);
		else
			assert_true(fx[2].inverter_current == 0);
		helped += w->load_w > 600;
		rested += w->load_w <= 300;
	}
	assert_true(helped > 5 && rested > 100);
	write_reg(2, MATE_REG_FX_INVERTER_CONTROL, 0);
	for (port = 2; port <= 4; port++)
		assert_int_equal(ask(port, CMD_STATUS, 1, 0).bytes[7],
				 MATE_FX_STATUS_OPERATING_MODE_OFF);
}

/* --- pattern and faults -------------------------------------------------- */

static void pattern_answers_by_question(void **state)
{
	struct reply reply;
	unsigned int addr;
	int port, i;

	(void)state;
	memset(&bus, 0, sizeof(bus));
	bus.pattern = true;
	for (port = 0; port <= 10; port++) {
		for (addr = 0; addr < 0x10000; addr += 257)
			assert_int_equal(read_reg(port, addr),
					 (addr * 40503 + port * 4099 + 12345) & 0xffff);
		reply = ask(port, CMD_STATUS, 0x0b, 0);
		for (i = 0; i < 13; i++)
			assert_int_equal(reply.bytes[1 + i],
					 matesim_pattern_status(port, 0x0b, i));
		reply = ask(port, CMD_LOG, 0, 77);
		for (i = 0; i < 14; i++)
			assert_int_equal(reply.bytes[1 + i],
					 matesim_pattern_log(port, 77, i));
		assert_int_equal(write_reg(port, 5, 0xabcd), 0xabcd);
	}
	assert_int_equal(ask(11, CMD_READ, 0, 0).len, 0);
	assert_refused(ask(1, 0x55, 0, 0), 0x55, 5);
}

static struct reply faulty(const char *text, unsigned long n,
			   int64_t *delay_ns)
{
	struct fault_plan plan = { 0 };
	struct command cmd = { .port = 1, .cmd = CMD_READ };
	struct reply reply;

	*delay_ns = 0;
	assert_null(fault_add(&plan, text));
	bus_answer(&bus, &cmd, &reply);
	fault_apply(&plan, n, &cmd, &reply, delay_ns);
	return reply;
}

static bool sum_fits(const struct reply *reply)
{
	uint16_t sum = frame_sum(reply->bytes, reply->len - 2);

	return reply->bytes[reply->len - 2] == sum >> 8 &&
	       reply->bytes[reply->len - 1] == (sum & 0xff);
}

static void faults_spoil_replies(void **state)
{
	struct reply reply;
	int64_t delay;

	(void)state;
	memset(&bus, 0, sizeof(bus));
	bus.pattern = true;
	reply = faulty("3=late:80", 3, &delay);
	assert_int_equal(delay, 80 * NSEC_PER_MSEC);
	assert_true(sum_fits(&reply));
	reply = faulty("3=late:80", 4, &delay);
	assert_int_equal(delay, 0);
	reply = faulty("2-4=sum", 4, &delay);
	assert_int_equal(reply.len, 5);
	assert_false(sum_fits(&reply));
	reply = faulty("2-4=sum", 5, &delay);
	assert_true(sum_fits(&reply));
	assert_int_equal(faulty("*=short", 99, &delay).len, 4);
	assert_int_equal(faulty("*=short:3", 99, &delay).len, 2);
	assert_int_equal(faulty("*=long:2", 99, &delay).len, 7);
	assert_int_equal(faulty("*=silent", 99, &delay).len, 0);
	assert_int_equal(faulty("*=junk", 99, &delay).junk, 2);
	reply = faulty("1=refuse", 1, &delay);
	assert_refused(reply, CMD_READ, 5);
	assert_true(sum_fits(&reply));
}

static void wrong_fault_texts(void **state)
{
	static const char *const texts[] = {
		"", "x=sum", "0=sum", "-1=sum", "3", "3=", "3=nothing",
		"3-2=sum", "3=late", "3=late:", "3=late:x", "3=late:0",
		"3=sum:1", "3=short:99", "1=late:80x", "*3=sum",
	};
	struct fault_plan plan = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++)
		assert_non_null(fault_add(&plan, texts[i]));
	assert_int_equal(plan.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_survives_parmrk),
		cmocka_unit_test(parity_settings_carry_the_ninth_bit),
		cmocka_unit_test(a_marked_word_starts_anew),
		cmocka_unit_test(hub_quirks),
		cmocka_unit_test(types_and_variants),
		cmocka_unit_test(direct_device_is_on_port_0_only),
		cmocka_unit_test(mx_status_example),
		cmocka_unit_test(fx_status_example),
		cmocka_unit_test(fx_230v_halves_and_doubles),
		cmocka_unit_test(dc_pages_example),
		cmocka_unit_test(mx_log_example),
		cmocka_unit_test(log_days_are_clamped),
		cmocka_unit_test(fresh_dc_knows_nothing),
		cmocka_unit_test(mx_answers_with_the_low_byte),
		cmocka_unit_test(dc_echoes_and_resets),
		cmocka_unit_test(inc_and_dec_step),
		cmocka_unit_test(every_step),
		cmocka_unit_test(every_reset),
		cmocka_unit_test(enable_and_disable),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(controls_have_effect),
		cmocka_unit_test(generator_charges),
		cmocka_unit_test(all_registers_answer),
		cmocka_unit_test(bindings_match_the_table),
		cmocka_unit_test(dc_identities_hold_all_day),
		cmocka_unit_test(years_stay_sane),
		cmocka_unit_test(dc_says_when_the_summary_changed),
		cmocka_unit_test(devices_agree),
		cmocka_unit_test(a_day_looks_like_a_day),
		cmocka_unit_test(day_logs_are_plausible),
		cmocka_unit_test(a_seed_gives_the_same_history),
		cmocka_unit_test(several_of_a_kind),
		cmocka_unit_test(stacked_inverters),
		cmocka_unit_test(pattern_answers_by_question),
		cmocka_unit_test(faults_spoil_replies),
		cmocka_unit_test(wrong_fault_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
