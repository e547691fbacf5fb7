// SPDX-License-Identifier: GPL-2.0-or-later
/* Registers: the table, raw numbers to values, values to text. */
#include "cm.h"

#include <libmatenet.h>

static void decode(unsigned int device, const char *id, uint16_t raw, bool is_230v,
		   struct mate_quantity *q)
{
	const struct mate_reg_desc *reg = mate_reg_by_id(device, id);

	assert_non_null(reg);
	mate_reg_decode(reg, raw, is_230v, q);
}

static void assert_text(unsigned int device, const char *id, uint16_t raw, const char *want)
{
	struct mate_quantity q;
	char text[128];

	decode(device, id, raw, false, &q);
	assert_int_equal(mate_quantity_format(&q, text, sizeof(text)), strlen(want));
	assert_string_equal(text, want);
}

/* Every entry is found by what it is called and by where it is. */
static void lookups_find_every_entry(void **state)
{
	size_t n;
	const struct mate_reg_desc *regs = mate_reg_table(&n);

	(void)state;
	assert_true(n > 100);
	for (size_t i = 0; i < n; i++) {
		unsigned int device = regs[i].device == MATE_ANY ? MATE_FX : regs[i].device;

		assert_ptr_equal(mate_reg_by_id(device, regs[i].id), &regs[i]);
		assert_ptr_equal(mate_reg_by_addr(device, regs[i].addr), &regs[i]);
	}
}

static void lookups_keep_devices_apart(void **state)
{
	(void)state;
	assert_int_equal(mate_reg_by_id(MATE_MX, "battery_voltage")->addr, 0x0008);
	assert_int_equal(mate_reg_by_id(MATE_FX, "battery_voltage")->addr, 0x0019);
	assert_null(mate_reg_by_id(MATE_HUB, "battery_voltage"));
	assert_null(mate_reg_by_id(MATE_FX, "foo"));
	assert_null(mate_reg_by_addr(MATE_MX, 0xabcd));
	assert_string_equal(mate_reg_by_addr(9, 0)->id, "device_type");
	assert_int_equal(MATE_REG_DC_BATTERY_CAPACITY, 0x0034);
}

/* Each register can be decoded and written as text at the ends of its range. */
static void every_register_has_a_text(void **state)
{
	static const uint16_t raws[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff };
	size_t n;
	const struct mate_reg_desc *regs = mate_reg_table(&n);
	struct mate_quantity q;
	char text[300];

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizeof(raws) / sizeof(raws[0]); k++) {
			mate_reg_decode(&regs[i], raws[k], k & 1, &q);
			assert_in_range(mate_quantity_format(&q, text, sizeof(text)), 1, 299);
			assert_int_equal(q.valid, !q.name || strcmp(q.name, "not_present"));
		}
}

static void numbers(void **state)
{
	(void)state;
	assert_text(MATE_MX, "battery_voltage", 0x00fe, "25.4 V");
	assert_text(MATE_MX, "battery_voltage", 0xffff, "-0.1 V");
	assert_text(MATE_MX, "pv_voltage", 68, "68 V");
	assert_text(MATE_MX, "charger_current", 0x84, "4 A");
	assert_text(MATE_MX, "charger_current", 0x7f, "255 A");
	assert_text(MATE_DC, "shunt_a_current_max_removed", 0xfc42, "-95.8 A");
	assert_text(MATE_DC, "shunt_a_energy_charged", 1234, "12.34 kWh");
	assert_text(MATE_FX, "air_temp_raw", 0x12ff, "255");
	assert_text(MATE_FX, "float_time_remaining", 5, "0.5 h");
	assert_text(MATE_DC, "battery_temp", 21, "21 degC");
	assert_text(MATE_DC, "battery_temp", 254, "not_present");
}

static void names(void **state)
{
	(void)state;
	assert_text(MATE_MX, "charge_mode", 2, "bulk");
	assert_text(MATE_MX, "charge_mode", 77, "77");
	assert_text(MATE_FX, "sell_status", 55, "55");
	assert_text(MATE_FX, "sell_status", 11, "current_limit_sell");
	assert_text(MATE_MX, "device_type", 0x0203, "mx");
	assert_text(MATE_MX, "aux_relay", 0x85, "on, vent_fan");
	assert_text(MATE_MX, "aux_relay", 0x05, "off, vent_fan");
	assert_text(MATE_MX, "aux_relay", 0xbf, "on, 63");
}

static void bits(void **state)
{
	(void)state;
	assert_text(MATE_FX, "errors", 0, "none");
	assert_text(MATE_FX, "errors", 0x0c, "over_temp, low_battery");
	assert_text(MATE_FX, "errors", 0x0101, "low_vac_output, 0x100");
}

static void time_and_date(void **state)
{
	(void)state;
	assert_text(MATE_MX, "clock_time", 13 << 11 | 59 << 5 | 29, "13:59:58");
	assert_text(MATE_DC, "clock_date", 24 << 9 | 2 << 5 | 29, "2024-02-29");
}

static void fx_of_230_volts(void **state)
{
	struct mate_quantity q;
	char text[32];

	(void)state;
	decode(MATE_FX, "output_voltage", 115, true, &q);
	assert_value(q.value, 230);
	decode(MATE_FX, "output_voltage", 115, false, &q);
	assert_value(q.value, 115);
	decode(MATE_FX, "inverter_current", 7, true, &q);
	assert_value(q.value, 3.5);
	mate_quantity_format(&q, text, sizeof(text));
	assert_string_equal(text, "3.5 A");
	decode(MATE_FX, "battery_voltage", 254, true, &q);
	assert_value(q.value, 25.4);
}

/* As snprintf(): cut, ended, and the length that was wanted. */
static void text_without_room(void **state)
{
	struct mate_quantity q;
	char text[16];

	(void)state;
	decode(MATE_FX, "errors", 0x0c, false, &q);
	memset(text, 'x', sizeof(text));
	assert_int_equal(mate_quantity_format(&q, text, 6), strlen("over_temp, low_battery"));
	assert_string_equal(text, "over_");
	assert_int_equal(text[6], 'x');
	assert_int_equal(mate_quantity_format(&q, NULL, 0), strlen("over_temp, low_battery"));
}

/* ---- text to values ------------------------------------------------------- */

static int parse(unsigned int device, const char *id, const char *text, uint16_t *raw)
{
	const struct mate_reg_desc *reg = mate_reg_by_id(device, id);

	assert_non_null(reg);
	return mate_reg_parse(reg, false, text, raw);
}

static void assert_raw(unsigned int device, const char *id, const char *text, uint16_t want)
{
	uint16_t raw = 0x5a5a;
	int ret = parse(device, id, text, &raw);

	if (ret || raw != want)
		fail_msg("%s \"%s\": %s, raw %04x, should be %04x", id, text, mate_errname(ret),
			 raw, want);
	assert_string_equal(mate_last_detail()->text, "");
}

static void assert_no_raw(unsigned int device, const char *id, const char *text, int err,
			  const char *allowed)
{
	uint16_t raw = 0x5a5a;
	int ret = parse(device, id, text, &raw);

	if (ret != err)
		fail_msg("%s \"%s\": %s, should be %s", id, text, mate_errname(ret),
			 mate_errname(err));
	assert_int_equal(raw, 0x5a5a);
	assert_string_equal(mate_last_detail()->text, allowed);
}

static void texts(void **state)
{
	(void)state;
	assert_raw(MATE_FX, "absorb_setpoint", "28.8", 288);
	assert_raw(MATE_FX, "absorb_setpoint", "28.8 V", 288);
	assert_raw(MATE_FX, "absorb_setpoint", " 28.80v ", 288);
	assert_raw(MATE_FX, "absorb_setpoint", "+28", 280);
	assert_raw(MATE_FX, "absorb_setpoint", ".5", 5);
	assert_raw(MATE_FX, "absorb_setpoint", "80.", 800);
	assert_raw(MATE_FX, "absorb_setpoint", "-0.0", 0);
	assert_raw(MATE_FX, "absorb_setpoint", "0x0120", 0x120);
	assert_raw(MATE_FX, "absorb_setpoint", "0X120", 0x120);
	assert_raw(MATE_FX, "inverter_control", "off", 0);
	assert_raw(MATE_FX, "inverter_control", " Search ", 1);
	assert_raw(MATE_FX, "inverter_control", "2", 2);
	assert_raw(MATE_FX, "inverter_control", "0x2", 2);
	assert_raw(MATE_MX, "aux_relay", "on, vent_fan", 0x85);
	assert_raw(MATE_MX, "aux_relay", "off,remote", 4);
	assert_raw(MATE_MX, "aux_relay", "on , 3", 0x83);
	assert_raw(MATE_MX, "aux_relay", "0x83", 0x83);
	assert_raw(MATE_MX, "aux_mode_setting", "float", 0);
	assert_raw(MATE_MX, "aux_mode_setting", "17", 17);
	assert_raw(MATE_MX, "clock_time", "13:59:58", 13 << 11 | 59 << 5 | 29);
	assert_raw(MATE_MX, "clock_time", "13:59:59", 13 << 11 | 59 << 5 | 29);
	assert_raw(MATE_MX, "clock_time", " 7:05 ", 7 << 11 | 5 << 5);
	assert_raw(MATE_DC, "clock_date", "2024-02-29", 24 << 9 | 2 << 5 | 29);
	assert_raw(MATE_DC, "clock_date", "2127-12-31", 0xff9f);
	assert_raw(MATE_DC, "battery_capacity", "400 Ah", 400);
	assert_raw(MATE_DC, "shunt_a_power_max_charged", "0 kW", 0);
	assert_raw(MATE_DC, "battery_voltage_max_reset", "reset", 255);
}

static void texts_that_are_no_value(void **state)
{
	static const char * const voltages[] = {
		"", " ", "V", "28.8 W", "28.8 V V", "28,8", "28.85", "28.8.1", "twenty", "--1",
		"1e1", "0x", "0x12345", "0x12g4", "-0x1", ".", "-", "nan", "inf",
		"99999999999999999999", "28.8\xc2\xb0", "3276.8", "-3276.9",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(voltages) / sizeof(voltages[0]); i++)
		assert_no_raw(MATE_FX, "absorb_setpoint", voltages[i], MATE_E_VALUE,
			      "0.0 to 80.0 V");
	assert_no_raw(MATE_FX, "inverter_control", "of", MATE_E_VALUE, "off, search or on");
	assert_no_raw(MATE_FX, "inverter_control", "off on", MATE_E_VALUE, "off, search or on");
	assert_no_raw(MATE_FX, "inverter_control", "-1", MATE_E_VALUE, "off, search or on");
	assert_no_raw(MATE_MX, "clock_time", "13:59:58:1", MATE_E_VALUE, "00:00:00 to 23:59:58");
	assert_no_raw(MATE_MX, "clock_time", "13", MATE_E_VALUE, "00:00:00 to 23:59:58");
	assert_no_raw(MATE_MX, "clock_time", "13:", MATE_E_VALUE, "00:00:00 to 23:59:58");
	assert_no_raw(MATE_MX, "clock_time", "13:59:", MATE_E_VALUE, "00:00:00 to 23:59:58");
	assert_no_raw(MATE_MX, "clock_time", "013:59", MATE_E_VALUE, "00:00:00 to 23:59:58");
	assert_no_raw(MATE_DC, "clock_date", "1999-12-31", MATE_E_VALUE,
		      "2000-01-01 to 2127-12-31");
	assert_no_raw(MATE_DC, "clock_date", "2128-01-01", MATE_E_VALUE,
		      "2000-01-01 to 2127-12-31");
	assert_no_raw(MATE_DC, "clock_date", "2024-02", MATE_E_VALUE, "2000-01-01 to 2127-12-31");
	assert_no_raw(MATE_MX, "aux_relay", "on", MATE_E_VALUE,
		      "\"on, \" or \"off, \" and float, diversion_relay, diversion_solid_state, "
		      "low_battery_disconnect, remote, vent_fan, pv_trigger, error_output or "
		      "night_light");
}

static void texts_out_of_range(void **state)
{
	(void)state;
	assert_no_raw(MATE_FX, "absorb_setpoint", "288", MATE_E_RANGE, "0.0 to 80.0 V");
	assert_no_raw(MATE_FX, "absorb_setpoint", "80.1 V", MATE_E_RANGE, "0.0 to 80.0 V");
	assert_no_raw(MATE_FX, "absorb_setpoint", "-0.1", MATE_E_RANGE, "0.0 to 80.0 V");
	assert_no_raw(MATE_FX, "absorb_setpoint", "0xffff", MATE_E_RANGE, "0.0 to 80.0 V");
	assert_no_raw(MATE_FX, "inverter_control", "3", MATE_E_RANGE, "off, search or on");
	assert_no_raw(MATE_MX, "aux_relay", "0x0183", MATE_E_RANGE,
		      "\"on, \" or \"off, \" and float, diversion_relay, diversion_solid_state, "
		      "low_battery_disconnect, remote, vent_fan, pv_trigger, error_output or "
		      "night_light");
	assert_no_raw(MATE_MX, "aux_mode_setting", "256", MATE_E_RANGE, "float, or 0 to 255");
	assert_no_raw(MATE_MX, "clock_time", "24:00", MATE_E_RANGE, "00:00:00 to 23:59:58");
	assert_no_raw(MATE_MX, "clock_time", "23:60", MATE_E_RANGE, "00:00:00 to 23:59:58");
	assert_no_raw(MATE_MX, "clock_time", "23:59:60", MATE_E_RANGE, "00:00:00 to 23:59:58");
	assert_no_raw(MATE_DC, "clock_date", "2023-02-29", MATE_E_RANGE,
		      "2000-01-01 to 2127-12-31");
	assert_no_raw(MATE_DC, "clock_date", "2100-02-29", MATE_E_RANGE,
		      "2000-01-01 to 2127-12-31");
	assert_no_raw(MATE_DC, "clock_date", "2024-13-01", MATE_E_RANGE,
		      "2000-01-01 to 2127-12-31");
	assert_no_raw(MATE_DC, "clock_date", "2024-00-00", MATE_E_RANGE,
		      "2000-01-01 to 2127-12-31");
	assert_no_raw(MATE_DC, "battery_capacity", "65535", MATE_E_RANGE, "0 to 65530 Ah");
	assert_no_raw(MATE_DC, "shunt_a_power_max_charged", "0.01", MATE_E_RANGE, "0.00 kW");
	assert_no_raw(MATE_DC, "battery_voltage_max_reset", "1", MATE_E_RANGE, "reset");
}

/* Bits and 230 V occur in registers that are only read: without a look at the range. */
static void texts_of_what_is_only_read(void **state)
{
	const struct mate_reg_desc *bits = mate_reg_by_id(MATE_FX, "errors");
	const struct mate_reg_desc *volts = mate_reg_by_id(MATE_FX, "output_voltage");
	const struct mate_reg_desc *amps = mate_reg_by_id(MATE_FX, "inverter_current");
	char text[80];
	uint16_t raw;

	(void)state;
	assert_int_equal(mate_reg_parse_any(bits, false, "none", &raw), 0);
	assert_int_equal(raw, 0);
	assert_int_equal(mate_reg_parse_any(bits, false, "over_temp,LOW_BATTERY , 0x100", &raw), 0);
	assert_int_equal(raw, 0x10c);
	assert_int_equal(mate_reg_parse_any(bits, false, "over_temp, none", &raw), MATE_E_VALUE);
	assert_int_equal(mate_reg_parse_any(bits, false, "none, over_temp", &raw), MATE_E_VALUE);
	assert_int_equal(mate_reg_parse_any(bits, false, "over_temp,", &raw), MATE_E_VALUE);
	assert_int_equal(mate_reg_parse_any(bits, false, "4", &raw), MATE_E_VALUE);
	assert_int_equal(mate_reg_parse_any(volts, true, "230 V", &raw), 0);
	assert_int_equal(raw, 115);
	assert_int_equal(mate_reg_parse_any(volts, true, "231", &raw), MATE_E_VALUE);
	assert_int_equal(mate_reg_parse_any(volts, false, "231", &raw), 0);
	assert_int_equal(raw, 231);
	assert_int_equal(mate_reg_parse_any(amps, true, "3.5 A", &raw), 0);
	assert_int_equal(raw, 7);
	assert_int_equal(mate_reg_parse_any(amps, true, "3.4", &raw), MATE_E_VALUE);
	assert_int_equal(mate_reg_parse_any(amps, false, "3.5", &raw), MATE_E_VALUE);
	mate_reg_allowed(volts, true, text, sizeof(text));
	assert_string_equal(text, "0 to 131070 V in steps of 2");
	mate_reg_allowed(amps, true, text, sizeof(text));
	assert_string_equal(text, "0.0 to 32767.5 A in steps of 0.5");
}

/*
 * Every number of every register: its text means the same number, in both kinds of
 * unit; and what may be written is accepted, what may not is not.
 */
static void every_text_is_its_number(void **state)
{
	size_t n;
	const struct mate_reg_desc *regs = mate_reg_table(&n);

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (unsigned int k = 0; k < 0x20000; k++) {
			uint16_t raw = (uint16_t)k, meant = raw & (regs[i].value_mask |
								    regs[i].flag_mask), back;
			bool is_230v = k >> 16;
			struct mate_quantity q;
			char text[300];

			if (is_230v && regs[i].rule230 == MATE_230_NONE)
				break;
			/* all bytes, and a part of all words */
			if (raw > 0x1ff && raw < 0xfe00 && raw % 97 && ((raw + 1) & 0xfff) > 2)
				continue;
			mate_reg_decode(&regs[i], raw, is_230v, &q);
			mate_quantity_format(&q, text, sizeof(text));
			if (mate_reg_parse_any(&regs[i], is_230v, text, &back) || back != meant)
				fail_msg("%s %04x -> \"%s\" -> %04x", regs[i].id, raw, text, back);
			assert_int_equal(mate_reg_parse(&regs[i], is_230v, text, &back),
					 mate_reg_check(&regs[i], meant));
		}
}

/* The ends of each range, by number: in, and one beyond: out. */
static void every_range_has_its_ends(void **state)
{
	size_t n;
	const struct mate_reg_desc *r = mate_reg_table(&n);

	(void)state;
	for (const struct mate_reg_desc *end = r + n; r < end; r++) {
		int holds = r->type == MATE_T_S16 ? INT16_MAX : UINT16_MAX;

		assert_true(r->step >= 1 && r->min <= r->max);
		if (r->type == MATE_T_TIME || r->type == MATE_T_DATE)
			continue;
		assert_int_equal(mate_reg_check(r, (uint16_t)r->min), 0);
		assert_int_equal(mate_reg_check(r, (uint16_t)r->max), 0);
		if (r->max < holds)
			assert_int_equal(mate_reg_check(r, (uint16_t)(r->max + 1)), MATE_E_RANGE);
		if (r->type == MATE_T_S16 && r->min > INT16_MIN)
			assert_int_equal(mate_reg_check(r, (uint16_t)(r->min - 1)), MATE_E_RANGE);
	}
}

/* What can be written, stepped or switched is what the table says, each device's own. */
static void registers_of_a_device(void **state)
{
	static const unsigned int devices[] = { MATE_HUB, MATE_FX, MATE_MX, MATE_DC, 99 };
	size_t n, all = 0;
	const struct mate_reg_desc *r, *regs = mate_reg_table(&n);

	(void)state;
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		for (r = mate_reg_next(devices[i], NULL); r; r = mate_reg_next(devices[i], r)) {
			assert_true(r >= regs && r < regs + n);
			assert_true(r->device == devices[i] || r->device == MATE_ANY);
			assert_ptr_equal(mate_reg_by_id(devices[i], r->id), r);
			all += r->device != MATE_ANY;
		}
	for (size_t i = 0; i < n; i++)
		all += regs[i].device == MATE_ANY;
	assert_int_equal(all, n);
	assert_string_equal(mate_reg_next(99, NULL)->id, "device_type");
	assert_null(mate_reg_next(99, mate_reg_next(99, NULL)));
}

static void words(void **state)
{
	(void)state;
	assert_string_equal(mate_risk_name(MATE_RISK_NONE), "none");
	assert_string_equal(mate_risk_name(MATE_RISK_DANGER), "danger");
	assert_string_equal(mate_risk_name(77), "unknown");
	assert_string_equal(mate_evidence_name(MATE_EV_PROVEN), "proven");
	assert_string_equal(mate_evidence_name(77), "unknown");
	assert_string_equal(mate_outcome_name(MATE_UNVERIFIED), "unverified");
	assert_string_equal(mate_outcome_name((enum mate_outcome)77), "unknown");
	assert_int_equal(mate_reg_by_id(MATE_FX, "inverter_control")->risk, MATE_RISK_DANGER);
	assert_int_equal(mate_reg_by_id(MATE_DC, "battery_capacity")->step, 10);
}

static void firmware(void **state)
{
	struct mate_device_info info = { .fw_parts = 3, .fw = { 1, 9, 8 } };
	char text[24];

	(void)state;
	mate_firmware_format(&info, text, sizeof(text));
	assert_string_equal(text, "001.009.008");
	info = (struct mate_device_info){ .fw_parts = 1, .fw = { 61 } };
	mate_firmware_format(&info, text, sizeof(text));
	assert_string_equal(text, "061");
	info.fw_parts = 0;
	mate_firmware_format(&info, text, sizeof(text));
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lookups_find_every_entry),
		cmocka_unit_test(lookups_keep_devices_apart),
		cmocka_unit_test(every_register_has_a_text),
		cmocka_unit_test(numbers),
		cmocka_unit_test(names),
		cmocka_unit_test(bits),
		cmocka_unit_test(time_and_date),
		cmocka_unit_test(fx_of_230_volts),
		cmocka_unit_test(text_without_room),
		cmocka_unit_test(texts),
		cmocka_unit_test(texts_that_are_no_value),
		cmocka_unit_test(texts_out_of_range),
		cmocka_unit_test(texts_of_what_is_only_read),
		cmocka_unit_test(every_text_is_its_number),
		cmocka_unit_test(every_range_has_its_ends),
		cmocka_unit_test(registers_of_a_device),
		cmocka_unit_test(words),
		cmocka_unit_test(firmware),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
