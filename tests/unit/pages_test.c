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

/* ---- every bit of every field --------------------------------------------- */

struct page {
	const struct mate_page_desc *desc;
	uint8_t bytes[MATE_DC_STATUS_BYTES];
	_Alignas(8) char values[1024];
};

static double field_value(struct page *p, const struct mate_field_desc *f)
{
	struct mate_quantity q;

	p->desc->decode(p->values, p->bytes);
	mate_field_get(f, p->values, &q);
	return q.value;
}

static void set_bit(struct page *p, unsigned int bit, bool on)
{
	p->bytes[bit / 8] = (uint8_t)(p->bytes[bit / 8] & ~(1u << bit % 8));
	p->bytes[bit / 8] |= (uint8_t)((unsigned int)on << bit % 8);
}

#define FIELD_BITS	16

/* The bits that change a field of a page of zeros. */
static unsigned int bits_of(const struct page *zeros, const struct mate_field_desc *f,
			    unsigned int bits[FIELD_BITS])
{
	unsigned int n = 0;

	for (unsigned int bit = 0; bit < zeros->desc->length * 8u; bit++) {
		struct page p = *zeros;
		double zero = field_value(&p, f);

		set_bit(&p, bit, true);
		if (field_value(&p, f) == zero)
			continue;
		assert_true(n < FIELD_BITS);
		bits[n++] = bit;
	}
	return n;
}

static void assert_near(double a, double b, const struct page *p,
			const struct mate_field_desc *f, unsigned int k)
{
	if (a - b > 1e-9 || b - a > 1e-9)
		fail_msg("%s.%s of bits %#x is %.17g, should be %.17g", p->desc->id, f->id, k, a,
			 b);
}

/* The bits of a number count 1, 2, 4, ...; the first one of a signed one downwards. */
static void assert_weights(const struct page *p, const struct mate_field_desc *f,
			   const double *weights, unsigned int n)
{
	double least = 1e9;

	for (unsigned int i = 0; i < n; i++)
		if (fabs(weights[i]) < least)
			least = fabs(weights[i]);
	for (unsigned int power = 0; power < n; power++) {
		unsigned int found = 0;

		for (unsigned int i = 0; i < n; i++)
			found += fabs(fabs(weights[i]) / least - (1 << power)) < 1e-9;
		if (found != 1)
			fail_msg("%s.%s: %u bits count %u times the least", p->desc->id, f->id,
				 found, 1u << power);
	}
}

/* The numbers of a FLEXnet DC are big-endian, all of them. */
static void assert_big_endian(const struct page *p, const struct mate_field_desc *f,
			      const unsigned int *bits, const double *weights, unsigned int n)
{
	for (unsigned int i = 1; i < n; i++) {
		bool same_byte = bits[i] / 8 == bits[i - 1] / 8;

		if ((fabs(weights[i]) > fabs(weights[i - 1])) != same_byte)
			fail_msg("%s.%s: bit %u is in the wrong place", p->desc->id, f->id,
				 bits[i]);
	}
}

/* All numbers of a field amid whatever else is in the page. */
static void sweep_field(struct page *p, const struct mate_field_desc *f,
			const unsigned int *bits, unsigned int n)
{
	double weights[FIELD_BITS], base, want;
	uint8_t back[MATE_DC_STATUS_BYTES];

	for (unsigned int i = 0; i < n; i++)
		set_bit(p, bits[i], false);
	base = field_value(p, f);
	for (unsigned int i = 0; i < n; i++) {
		set_bit(p, bits[i], true);
		weights[i] = field_value(p, f) - base;
		set_bit(p, bits[i], false);
	}
	/* more bits than its own: tenths come from elsewhere */
	if (n == f->n_bits)
		assert_weights(p, f, weights, n);
	if (p->desc == mate_page_desc(MATE_PAGE_DC_STATUS))
		assert_big_endian(p, f, bits, weights, n);
	for (unsigned int k = 0; k < 1u << n; k++) {
		want = base;
		for (unsigned int i = 0; i < n; i++) {
			set_bit(p, bits[i], k >> i & 1);
			if (k >> i & 1)
				want += weights[i];
		}
		assert_near(field_value(p, f), want, p, f, k);
		if (k % 16 && n > 12)
			continue;
		p->desc->encode(back, p->values);
		assert_memory_equal(back, p->bytes, p->desc->length);
	}
}

static void every_bit_of_every_field(void **state)
{
	uint32_t seed = 0x5eed;
	unsigned int bits[FIELD_BITS], n;

	(void)state;
	for (int page = MATE_PAGE_MX_STATUS; page <= MATE_PAGE_MX_LOG; page++) {
		const struct page zeros = { .desc = mate_page_desc((enum mate_page)page) };

		for (unsigned int i = 0; i < zeros.desc->n_fields; i++) {
			struct page p = zeros;

			n = bits_of(&zeros, &zeros.desc->fields[i], bits);
			assert_in_range(n, zeros.desc->fields[i].n_bits, FIELD_BITS);
			for (unsigned int b = 0; b < zeros.desc->length; b++)
				p.bytes[b] = (uint8_t)(random32(&seed) >> 7);
			sweep_field(&p, &zeros.desc->fields[i], bits, n);
		}
	}
}

/* A struct put together field by field is the struct: what can be read can be set. */
static void fields_set_as_they_were(void **state)
{
	uint32_t seed = 0xf1e1d;

	(void)state;
	for (int page = MATE_PAGE_MX_STATUS; page <= MATE_PAGE_MX_LOG; page++)
		for (int round = 0; round < 20000; round++) {
			struct page p = { .desc = mate_page_desc((enum mate_page)page) };
			struct page copy = p;

			for (unsigned int b = 0; b < p.desc->length; b++)
				p.bytes[b] = (uint8_t)(random32(&seed) >> 7);
			p.desc->decode(p.values, p.bytes);
			for (unsigned int i = 0; i < p.desc->n_fields; i++) {
				const struct mate_field_desc *f = &p.desc->fields[i];
				struct mate_quantity q;

				mate_field_get(f, p.values, &q);
				assert_int_equal(mate_field_set(f, copy.values, q.value), 0);
				if (!q.valid)
					assert_int_equal(mate_field_clear(f, copy.values), 0);
			}
			p.desc->encode(copy.bytes, copy.values);
			assert_memory_equal(copy.bytes, p.bytes, p.desc->length);
		}
}

static const struct mate_field_desc *field(const struct mate_page_desc *d, const char *id)
{
	for (unsigned int i = 0; i < d->n_fields; i++)
		if (!strcmp(d->fields[i].id, id))
			return &d->fields[i];
	fail_msg("%s has no field %s", d->id, id);
	return NULL;
}

static void fields_that_cannot_hold_it(void **state)
{
	const struct mate_page_desc *d = mate_page_desc(MATE_PAGE_DC_STATUS);
	const struct mate_page_desc *fx = mate_page_desc(MATE_PAGE_FX_STATUS);
	struct mate_dc_status dc = { .state_of_charge = 7, .battery_temp = 3 };
	struct mate_fx_status inverter = { 0 };

	(void)state;
	assert_int_equal(mate_field_set(field(d, "state_of_charge"), &dc, 256), MATE_E_RANGE);
	assert_int_equal(mate_field_set(field(d, "state_of_charge"), &dc, -1), MATE_E_RANGE);
	assert_int_equal(mate_field_set(field(d, "state_of_charge"), &dc, NAN), MATE_E_RANGE);
	assert_int_equal(mate_field_set(field(d, "battery_voltage"), &dc, NAN), MATE_E_RANGE);
	assert_int_equal(mate_field_set(field(d, "battery_temp"), &dc, 32768), MATE_E_RANGE);
	assert_int_equal(mate_field_set(field(fx, "is_230v"), &inverter, 2), MATE_E_RANGE);
	assert_int_equal(dc.state_of_charge, 7);
	assert_int_equal(dc.battery_temp, 3);
	assert_false(dc.battery_temp_valid);
	assert_int_equal(mate_field_clear(field(d, "state_of_charge"), &dc), MATE_E_DEVICE);
}

/* No sensor is no temperature. */
static void no_temperature_sensor(void **state)
{
	const struct mate_field_desc *f = field(mate_page_desc(MATE_PAGE_DC_STATUS),
						"battery_temp");
	uint8_t block[MATE_DC_STATUS_BYTES] = { [72] = 254 };
	struct mate_dc_status dc;
	struct mate_quantity q;
	char text[32];

	(void)state;
	mate_dc_status_decode(&dc, block);
	assert_false(dc.battery_temp_valid);
	mate_field_get(f, &dc, &q);
	assert_false(q.valid);
	mate_quantity_format(&q, text, sizeof(text));
	assert_string_equal(text, "not available");
	block[72] = (uint8_t)-3;
	mate_dc_status_decode(&dc, block);
	assert_true(dc.battery_temp_valid);
	assert_int_equal(dc.battery_temp, -3);
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
		cmocka_unit_test(every_bit_of_every_field),
		cmocka_unit_test(fields_set_as_they_were),
		cmocka_unit_test(fields_that_cannot_hold_it),
		cmocka_unit_test(no_temperature_sensor),
		cmocka_unit_test(field_table),
		cmocka_unit_test(unknown_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
