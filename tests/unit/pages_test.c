// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages: the frames of the protocol description as the values it states, and
 * that decoding and encoding lose nothing.
 */
#include "cm.h"

#include <libmatenet.h>

/* Frames as they are on the wire, byte 0 and checksum included. */
static const uint8_t mx_frame[] = {
	0x03, 0x89, 0x84, 0x89, 0x00, 0x55, 0x3f, 0x02, 0x00, 0x15, 0x00, 0xfe, 0x02, 0xa8,
	0x03, 0xec
};
static const uint8_t fx_frame[] = {
	0x02, 0x00, 0x00, 0x00, 0x03, 0x73, 0x00, 0x04, 0x00, 0x02, 0x00, 0xfe, 0x09, 0x00,
	0x01, 0x85
};
static const uint8_t dc_frames[3][16] = {
	{ 0x04, 0xff, 0xc8, 0x00, 0x4a, 0x00, 0x00, 0x00, 0xfe, 0x4d, 0xff, 0xf2, 0x00, 0x13,
	  0x05, 0x64 },
	{ 0x04, 0x00, 0x00, 0x00, 0x21, 0x00, 0x4a, 0x00, 0x38, 0x00, 0x12, 0x00, 0x13, 0x00,
	  0x00, 0xcc },
	{ 0x04, 0x0e, 0x00, 0x05, 0x00, 0x55, 0x00, 0x6d, 0xff, 0xe8, 0x00, 0xd9, 0x01, 0x09,
	  0x03, 0xa3 },
};
static const uint8_t log_frame[] = {
	0x16, 0x9f, 0x39, 0x64, 0x01, 0x55, 0x00, 0x00, 0x00, 0x59, 0xc0, 0x38, 0x10, 0x5c,
	0x00, 0x03, 0x65
};

static void assert_checksum(const uint8_t *frame, size_t len)
{
	uint16_t sum = 0;

	for (size_t i = 0; i < len - 2; i++)
		sum = (uint16_t)(sum + frame[i]);
	assert_int_equal(sum, frame[len - 2] << 8 | frame[len - 1]);
}

static void checksums_of_the_frames(void **state)
{
	(void)state;
	assert_checksum(mx_frame, sizeof(mx_frame));
	assert_checksum(fx_frame, sizeof(fx_frame));
	assert_checksum(log_frame, sizeof(log_frame));
	for (int i = 0; i < 3; i++)
		assert_checksum(dc_frames[i], sizeof(dc_frames[i]));
}

static void mx_example(void **state)
{
	struct mate_mx_status mx;

	(void)state;
	mate_mx_status_decode(&mx, mx_frame + 1);
	assert_value(mx.pv_voltage, 68.0);
	assert_int_equal(mx.pv_current, 4);
	assert_value(mx.output_current, 9.9);
	assert_value(mx.battery_voltage, 25.4);
	assert_value(mx.energy_today, 2.1);
	assert_true(mx.charge_valid);
	assert_int_equal(mx.charge_today, 85);
	assert_int_equal(mx.charge_mode, MATE_MX_STATUS_CHARGE_MODE_BULK);
	assert_int_equal(mx.aux_mode, 63);
	assert_false(mx.aux_on);
	assert_int_equal(mx.errors, 0);
}

static void fx_example(void **state)
{
	struct mate_fx_status fx;

	(void)state;
	mate_fx_status_decode(&fx, fx_frame + 1);
	assert_int_equal(fx.ac_in_voltage, 6);
	assert_int_equal(fx.ac_out_voltage, 230);
	assert_int_equal(fx.operating_mode, MATE_FX_STATUS_OPERATING_MODE_SILENT);
	assert_int_equal(fx.ac_mode, MATE_FX_STATUS_AC_MODE_USE);
	assert_value(fx.battery_voltage, 25.4);
	assert_int_equal(fx.warnings, 0);
	assert_int_equal(fx.errors, 0);
	assert_true(fx.is_230v);
	assert_false(fx.aux_on);
	assert_int_equal(fx.misc_unknown, 4);
	assert_value(fx.inverter_current, 0);
}

static void dc_block(uint8_t block[MATE_DC_STATUS_BYTES])
{
	memset(block, 0, MATE_DC_STATUS_BYTES);
	for (int i = 0; i < 3; i++)
		memcpy(block + 13 * i, dc_frames[i] + 1, 13);
}

/* The values of the example obey the identities of the protocol description. */
static void dc_example(void **state)
{
	uint8_t block[MATE_DC_STATUS_BYTES];
	struct mate_dc_status dc;

	(void)state;
	dc_block(block);
	mate_dc_status_decode(&dc, block);
	assert_value(dc.shunt_a_current, -5.6);
	assert_value(dc.shunt_b_current, 7.4);
	assert_value(dc.shunt_c_current, 0);
	assert_value(dc.battery_voltage, 25.4);
	assert_int_equal(dc.state_of_charge, 77);
	assert_value(dc.shunt_a_power, -0.14);
	assert_value(dc.shunt_b_power, 0.19);
	assert_value(dc.shunt_c_power, 0);
	assert_int_equal(dc.flags, 0x21);
	assert_value(dc.input_current, 7.4);
	assert_value(dc.output_current, 5.6);
	assert_value(dc.battery_current, 1.8);
	assert_value(dc.input_power, 0.19);
	assert_value(dc.output_power, 0.14);	/* 00 of page 0B and 0E of page 0C */
	assert_value(dc.battery_power, 0.05);
	assert_int_equal(dc.today_input_charge, 85);
	assert_int_equal(dc.today_output_charge, 109);
	assert_int_equal(dc.today_battery_charge, -24);
	assert_value(dc.today_input_energy, 2.17);
	assert_value(dc.today_output_energy, 2.65);
}

static void log_example(void **state)
{
	struct mate_mx_log log;

	(void)state;
	mate_mx_log_decode(&log, log_frame + 1);
	assert_int_equal(log.charge, 89);
	assert_value(log.energy, 2.2);
	assert_int_equal(log.pv_voltage_max, 85);
	assert_value(log.output_current_max, 41.5);
	assert_int_equal(log.power_max, 1116);
	assert_value(log.battery_voltage_min, 22.7);
	assert_value(log.battery_voltage_max, 27.0);
	assert_int_equal(log.absorb_time, 0);
	assert_int_equal(log.float_time, 0);
	assert_int_equal(log.day, 0);
}

/* Amperes are modulo 256, and the amp-hours have three bits more above. */
static void mx_extremes(void **state)
{
	uint8_t v[13] = { 0xf0, 0x7f, 0x80, 0, 0xff };
	struct mate_mx_status mx;

	(void)state;
	mate_mx_status_decode(&mx, v);
	assert_int_equal(mx.pv_current, 255);
	assert_value(mx.output_current, 0);
	assert_int_equal(mx.charge_today, 0x7ff);
	v[0] = 0x70;
	mate_mx_status_decode(&mx, v);
	assert_false(mx.charge_valid);
}

static void mx_tenths_encode(void **state)
{
	struct mate_mx_status mx = { .output_current = 9.9, .output_tenths = 9 };
	uint8_t v[13];

	(void)state;
	mate_mx_status_encode(v, &mx);
	assert_int_equal(v[0], 0x09);
	assert_int_equal(v[2], 0x89);
	mx.output_tenths = 0;	/* an MX60 has whole amperes */
	mate_mx_status_encode(v, &mx);
	assert_int_equal(v[0], 0x00);
	assert_int_equal(v[2], 0x8a);
}

static void fx_120_and_230_volts(void **state)
{
	uint8_t v[13] = { 7, 9, 11, 120, 118, 13 };
	struct mate_fx_status fx;

	(void)state;
	mate_fx_status_decode(&fx, v);
	assert_false(fx.is_230v);
	assert_int_equal(fx.ac_in_voltage, 120);
	assert_int_equal(fx.ac_out_voltage, 118);
	assert_value(fx.inverter_current, 7);
	assert_value(fx.charger_current, 9);
	assert_value(fx.buy_current, 11);
	assert_value(fx.sell_current, 13);
	v[11] = 0x01;
	mate_fx_status_decode(&fx, v);
	assert_true(fx.is_230v);
	assert_int_equal(fx.ac_in_voltage, 240);
	assert_int_equal(fx.ac_out_voltage, 236);
	assert_value(fx.inverter_current, 3.5);
	assert_value(fx.charger_current, 4.5);
	assert_value(fx.buy_current, 5.5);
	assert_value(fx.sell_current, 6.5);
	v[3] = 0xff;
	mate_fx_status_decode(&fx, v);
	assert_int_equal(fx.ac_in_voltage, 510);
}

/* What does not fit into a field becomes the nearest that does. */
static void encode_limits(void **state)
{
	struct mate_mx_status mx = { .battery_voltage = 1e9, .pv_voltage = -3,
				     .energy_today = NAN, .charge_today = 5000 };
	struct mate_dc_status dc = { .shunt_a_current = -1e9, .battery_temp = -500,
				     .battery_temp_valid = true };
	uint8_t v[13], block[78];

	(void)state;
	mate_mx_status_encode(v, &mx);
	assert_int_equal(v[9] << 8 | v[10], 0xffff);
	assert_int_equal(v[11] << 8 | v[12], 0);
	assert_int_equal(v[3] << 8 | v[8], 0);
	assert_int_equal((v[0] & 0x70) << 4 | v[4], 0x7ff);
	mate_dc_status_encode(block, &dc);
	assert_int_equal(block[0] << 8 | block[1], 0x8000);
	assert_int_equal(block[72], 0x80);
}

#define ROUNDS 200000

/* Whatever the bytes: decoded and encoded again they are the same. */
static void round_trip(enum mate_page page)
{
	const struct mate_page_desc *d = mate_page_desc(page);
	uint8_t in[MATE_DC_STATUS_BYTES], out[MATE_DC_STATUS_BYTES];
	struct mate_device_status st;
	struct mate_mx_log log;
	void *p = page == MATE_PAGE_MX_LOG ? (void *)&log : (void *)&st.u;
	uint32_t seed = 0x4d415445u + page;

	for (int i = 0; i < ROUNDS; i++) {
		for (unsigned int b = 0; b < d->length; b++)
			in[b] = (uint8_t)(random32(&seed) >> 11);
		d->decode(p, in);
		d->encode(out, p);
		if (memcmp(in, out, d->length))
			fail_msg("%s: round %d of seed %#x differs", d->id, i,
				 0x4d415445u + page);
	}
}

static void round_trip_mx(void **state) { (void)state; round_trip(MATE_PAGE_MX_STATUS); }
static void round_trip_fx(void **state) { (void)state; round_trip(MATE_PAGE_FX_STATUS); }
static void round_trip_dc(void **state) { (void)state; round_trip(MATE_PAGE_DC_STATUS); }
static void round_trip_log(void **state) { (void)state; round_trip(MATE_PAGE_MX_LOG); }

/* Every bit of a page is seen: it changes the struct. */
static void each_bit_counts(void **state)
{
	(void)state;
	for (int page = MATE_PAGE_MX_STATUS; page <= MATE_PAGE_MX_LOG; page++) {
		const struct mate_page_desc *d = mate_page_desc((enum mate_page)page);

		for (unsigned int bit = 0; bit < d->length * 8u; bit++) {
			uint8_t v[MATE_DC_STATUS_BYTES] = { 0 };
			_Alignas(8) char a[1024] = { 0 }, b[1024] = { 0 };

			assert_true(d->size <= sizeof(a));
			d->decode(a, v);
			v[bit / 8] = (uint8_t)(1u << bit % 8);
			d->decode(b, v);
			assert_memory_not_equal(a, b, d->size);
		}
	}
}

/* The table of fields says the same as the struct. */
static void field_table(void **state)
{
	const struct mate_page_desc *d = mate_page_desc(MATE_PAGE_MX_STATUS);
	struct mate_mx_status mx;
	struct mate_quantity q;
	char text[64];

	(void)state;
	mate_mx_status_decode(&mx, mx_frame + 1);
	for (unsigned int i = 0; i < d->n_fields; i++) {
		mate_field_get(&d->fields[i], &mx, &q);
		mate_quantity_format(&q, text, sizeof(text));
		if (!strcmp(d->fields[i].id, "output_current")) {
			assert_string_equal(text, "9.9 A");
			assert_string_equal(d->fields[i].json, "output_current_a");
		} else if (!strcmp(d->fields[i].id, "charge_mode")) {
			assert_string_equal(text, "bulk");
		} else if (!strcmp(d->fields[i].id, "aux_mode")) {
			assert_string_equal(text, "manual");
		} else if (!strcmp(d->fields[i].id, "charge_today")) {
			assert_string_equal(text, "85 Ah");
		} else if (!strcmp(d->fields[i].id, "errors")) {
			assert_string_equal(text, "none");
		}
	}
	mx.charge_valid = false;
	for (unsigned int i = 0; i < d->n_fields; i++) {
		mate_field_get(&d->fields[i], &mx, &q);
		assert_int_equal(q.valid, strcmp(d->fields[i].id, "charge_today") != 0);
	}
}

static void unknown_page(void **state)
{
	(void)state;
	assert_null(mate_page_desc((enum mate_page)4));
	assert_null(mate_page_desc((enum mate_page)-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums_of_the_frames),
		cmocka_unit_test(mx_example),
		cmocka_unit_test(fx_example),
		cmocka_unit_test(dc_example),
		cmocka_unit_test(log_example),
		cmocka_unit_test(mx_extremes),
		cmocka_unit_test(mx_tenths_encode),
		cmocka_unit_test(fx_120_and_230_volts),
		cmocka_unit_test(encode_limits),
		cmocka_unit_test(round_trip_mx),
		cmocka_unit_test(round_trip_fx),
		cmocka_unit_test(round_trip_dc),
		cmocka_unit_test(round_trip_log),
		cmocka_unit_test(each_bit_counts),
		cmocka_unit_test(field_table),
		cmocka_unit_test(unknown_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
