// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages: whatever bytes come, decoding and encoding lose nothing, each value has a
 * text, and values that were never on a wire become bytes that decode.
 */
#include <string.h>

#include <libmatenet.h>

#include "check.h"

struct values {
	_Alignas(8) char at[sizeof(struct mate_device_status)];
};

static void every_field(const struct mate_page_desc *d, const struct values *v)
{
	struct mate_quantity q;
	char text[300], part[8];

	for (unsigned int i = 0; i < d->n_fields; i++) {
		int n;

		mate_field_get(&d->fields[i], v->at, &q);
		n = mate_quantity_format(&q, text, sizeof(text));
		check(n > 0 && (size_t)n == strlen(text));
		check(mate_quantity_format(&q, part, sizeof(part)) == n);
		check(!strncmp(part, text, sizeof(part) - 1));
	}
}

/* The bytes again, but as the doubles of a struct. */
static void any_values(const struct mate_page_desc *d, const uint8_t *data, size_t size)
{
	uint8_t bytes[MATE_DC_STATUS_BYTES], again[MATE_DC_STATUS_BYTES];
	struct values v = { { 0 } };

	for (unsigned int i = 0; i < d->n_fields && size >= sizeof(double); i++) {
		double value;

		memcpy(&value, data, sizeof(value));
		mate_field_set(&d->fields[i], v.at, value);
		data += sizeof(value);
		size -= sizeof(value);
	}
	d->encode(bytes, v.at);
	d->decode(v.at, bytes);
	d->encode(again, v.at);
	check(!memcmp(bytes, again, d->length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[MATE_DC_STATUS_BYTES] = { 0 }, again[MATE_DC_STATUS_BYTES];
	const struct mate_page_desc *d;
	struct values v;

	if (!size)
		return 0;
	d = mate_page_desc((enum mate_page)(data[0] % (MATE_PAGE_MX_LOG + 1)));
	check(d && d->length <= sizeof(bytes) && d->size <= sizeof(v.at));
	data++;
	size--;
	memcpy(bytes, data, size < d->length ? size : d->length);
	d->decode(v.at, bytes);
	d->encode(again, v.at);
	check(!memcmp(bytes, again, d->length));
	every_field(d, &v);
	any_values(d, data, size);
	return 0;
}
