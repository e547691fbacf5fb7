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
		cmocka_unit_test(firmware),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
