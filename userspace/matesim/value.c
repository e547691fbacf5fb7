// SPDX-License-Identifier: GPL-2.0-or-later
/* Values as text to what registers and fields of pages hold. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

#define PAGE_BYTES_MAX	MATE_DC_STATUS_BYTES
/* Of any of the structs that the tables decode pages to. */
#define PAGE_SIZE_MAX	1024
_Static_assert(sizeof(struct mate_dc_status) <= PAGE_SIZE_MAX, "no room for a page");

/* How far from a whole number of steps text may be: it is decimal, doubles are not. */
#define NEARLY		1e-6

/* What registers and fields have in common. */
struct kind {
	unsigned int type;		/* enum mate_type */
	const struct mate_value *values;
	unsigned int n_values;
	uint16_t flag_mask;
};

/* Either raw bits, or a number in units. */
struct parsed {
	bool is_raw;
	uint16_t raw;
	double number;
};

bool value_hex16(const char *text, uint16_t *value)
{
	size_t digits;

	if (text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
		return false;
	text += 2;
	digits = strspn(text, "0123456789abcdefABCDEF");
	if (digits < 1 || digits > 4 || text[digits])
		return false;
	*value = strtoul(text, NULL, 16);
	return true;
}

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' :
	       isxdigit((unsigned char)c) ? tolower(c) - 'a' + 10 : -1;
}

bool value_bytes(const char *text, uint8_t *bytes, unsigned int n)
{
	int high, low;
	unsigned int i;

	for (i = 0; i < n; i++) {
		while (i && isblank((unsigned char)*text))
			text++;
		high = hex_digit(text[0]);
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0 || (text[2] && !isblank((unsigned char)text[2])))
			return false;
		bytes[i] = high << 4 | low;
		text += 2;
	}
	return !*text;
}

static bool decimal(const char *text, double *number)
{
	char *end;

	/* strtod() takes more than a person would write here */
	if (text[strspn(text, "+-.0123456789")])
		return false;
	*number = strtod(text, &end);
	return end != text && !*end;
}

static bool by_name(const struct kind *kind, const char *text, size_t len,
		    uint16_t *number)
{
	unsigned int i;

	for (i = 0; i < kind->n_values; i++)
		if (strlen(kind->values[i].name) == len &&
		    !strncmp(kind->values[i].name, text, len)) {
			*number = kind->values[i].number;
			return true;
		}
	return false;
}

static const char *skip(const char *text, const char *set)
{
	return text + strspn(text, set);
}

/* A name, or a number that may have none. */
static const char *parse_enum(const struct kind *kind, const char *text,
			      struct parsed *p)
{
	uint16_t flag = 0;

	if (kind->flag_mask && !strncmp(text, "on,", 3))
		flag = kind->flag_mask;
	if (flag || (kind->flag_mask && !strncmp(text, "off,", 4)))
		text = skip(strchr(text, ',') + 1, " \t");
	p->is_raw = true;
	if (by_name(kind, text, strlen(text), &p->raw)) {
		p->raw |= flag;
		return NULL;
	}
	if (value_hex16(text, &p->raw))
		return flag & p->raw ? "the flag is in the number already" :
		       (p->raw |= flag, NULL);
	if (!decimal(text, &p->number) || p->number != floor(p->number) ||
	    p->number < 0 || p->number > 0xffff)
		return "no value of this has that name";
	p->raw = (uint16_t)p->number | flag;
	return NULL;
}

static const char *parse_bits(const struct kind *kind, const char *text,
			      struct parsed *p)
{
	char word[32];
	uint16_t bits;
	size_t len;

	p->is_raw = true;
	p->raw = 0;
	if (!strcmp(text, "none"))
		return NULL;
	for (;; text = skip(text + 1, " \t")) {
		len = strcspn(text, ", \t");
		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (!by_name(kind, text, len, &bits) &&
		    !value_hex16(word, &bits))
			return "no bit of this has that name";
		p->raw |= bits;
		text = skip(text + len, " \t");
		if (!*text)
			return NULL;
		if (*text != ',')
			return "names of bits have commas between them";
	}
}

static const char *parse_time(const char *text, struct parsed *p)
{
	unsigned int h, m, s;
	int end = 0;

	p->is_raw = true;
	if (sscanf(text, "%2u:%2u:%2u%n", &h, &m, &s, &end) != 3 || text[end] ||
	    h > 23 || m > 59 || s > 59 || s % 2)
		return "not a time as 13:07:58, with an even second";
	p->raw = h << 11 | m << 5 | s >> 1;
	return NULL;
}

static const char *parse_date(const char *text, struct parsed *p)
{
	unsigned int y, m, d;
	int end = 0;

	p->is_raw = true;
	if (sscanf(text, "%4u-%2u-%2u%n", &y, &m, &d, &end) != 3 || text[end] ||
	    y < 2000 || y > 2127 || m < 1 || m > 12 || d < 1 || d > 31)
		return "not a date as 2026-11-22, from 2000 to 2127";
	p->raw = (y - 2000) << 9 | m << 5 | d;
	return NULL;
}

static const char *parse(const struct kind *kind, const char *text,
			 struct parsed *p)
{
	memset(p, 0, sizeof(*p));
	p->is_raw = value_hex16(text, &p->raw);
	if (p->is_raw)
		return NULL;
	switch (kind->type) {
	case MATE_T_ENUM:
		return parse_enum(kind, text, p);
	case MATE_T_BITS:
		return parse_bits(kind, text, p);
	case MATE_T_TIME:
		return parse_time(text, p);
	case MATE_T_DATE:
		return parse_date(text, p);
	case MATE_T_BOOL:
		p->number = !strcmp(text, "yes");
		if (p->number || !strcmp(text, "no"))
			return NULL;
		break;
	}
	/* Some numbers have a name of their own, as "not_present". */
	p->is_raw = by_name(kind, text, strlen(text), &p->raw);
	return p->is_raw || decimal(text, &p->number) ? NULL :
	       "not a number in its unit, nor 0x and hex digits";
}

/* --- registers ----------------------------------------------------------- */

const char *value_reg(const struct mate_reg_desc *desc, double factor,
		      const char *text, uint16_t *raw)
{
	const struct kind kind = {
		desc->type, desc->values, desc->n_values, desc->flag_mask,
	};
	long min = 0, max = desc->type == MATE_T_U8 ? 0xff : 0xffff;
	struct parsed p;
	const char *why = parse(&kind, text, &p);
	double number;
	long n;

	if (why)
		return why;
	if (p.is_raw) {
		*raw = p.raw;
		return NULL;
	}
	if (desc->type == MATE_T_S16)
		min = -0x8000, max = 0x7fff;
	if (desc->type == MATE_T_OFFSET128)
		max = 0xff;
	number = p.number / factor * pow(10, desc->decimals);
	if (number < min - NEARLY || number > max + NEARLY)
		return "more than the register can hold";
	n = lround(number);
	if (fabs(number - n) > NEARLY)
		return "finer than the register can hold";
	*raw = desc->type == MATE_T_OFFSET128 ? (n + 128) & 0xff : n;
	return NULL;
}

/* --- fields of pages ----------------------------------------------------- */

static void store(const struct mate_field_desc *field, void *page, double v)
{
	void *at = (char *)page + field->offset;

	switch ((enum mate_storage)field->storage) {
	case MATE_C_BOOL:
		*(bool *)at = v != 0;
		break;
	case MATE_C_U8:
		*(uint8_t *)at = (uint8_t)fmin(fmax(v, 0), 0xff);
		break;
	case MATE_C_U16:
		*(uint16_t *)at = (uint16_t)fmin(fmax(v, 0), 0xffff);
		break;
	case MATE_C_S16:
		*(int16_t *)at = (int16_t)fmin(fmax(v, -0x8000), 0x7fff);
		break;
	case MATE_C_DOUBLE:
		*(double *)at = v;
		break;
	}
	/* What says that the value is there, if anything does. */
	if (field->valid_offset >= 0)
		*(bool *)((char *)page + field->valid_offset) = true;
}

static double load(const struct mate_field_desc *field, const void *page)
{
	const void *at = (const char *)page + field->offset;

	switch ((enum mate_storage)field->storage) {
	case MATE_C_BOOL:
		return *(const bool *)at;
	case MATE_C_U8:
		return *(const uint8_t *)at;
	case MATE_C_U16:
		return *(const uint16_t *)at;
	case MATE_C_S16:
		return *(const int16_t *)at;
	default:
		return *(const double *)at;
	}
}

/* A page with @v in this field and 0 in all others: no rule takes effect. */
static void encode_alone(const struct mate_page_desc *page,
			 const struct mate_field_desc *field, double v,
			 uint8_t *bytes)
{
	_Alignas(max_align_t) uint8_t decoded[PAGE_SIZE_MAX] = { 0 };

	store(field, decoded, v);
	page->encode(bytes, decoded);
}

void value_field_mask(const struct mate_page_desc *page,
		      const struct mate_field_desc *field, uint8_t *mask)
{
	bool is_signed = field->type == MATE_T_S16;
	uint8_t none[PAGE_BYTES_MAX];
	unsigned int i;

	encode_alone(page, field, 0, none);
	/* The encoder takes the nearest number that fits: all ones. */
	encode_alone(page, field, is_signed ? -pow(10, -field->decimals) : 1e5,
		     mask);
	if (field->type == MATE_T_OFFSET128)
		encode_alone(page, field, 0xff, mask);
	for (i = 0; i < page->length; i++)
		mask[i] ^= none[i];
}

static unsigned int width(const uint8_t *mask, unsigned int n)
{
	unsigned int bits = 0;

	while (n--)
		bits += __builtin_popcount(*mask++);
	return bits;
}

/* What one more in the raw number is in units, no rule taking effect. */
static double unit_of(const struct mate_page_desc *page,
		      const struct mate_field_desc *field,
		      const uint8_t *mask, unsigned int bits)
{
	_Alignas(max_align_t) uint8_t decoded[PAGE_SIZE_MAX];

	if (field->type == MATE_T_OFFSET128)
		return 1;
	page->decode(decoded, mask);
	return field->type == MATE_T_S16 ? -load(field, decoded) :
	       load(field, decoded) / ((1ul << bits) - 1);
}

/* Bits as they stand in the page to the number that the encoder takes. */
static const char *encode_raw(const struct mate_page_desc *page,
			      const struct mate_field_desc *field,
			      const uint8_t *mask, uint16_t raw, uint8_t *bytes)
{
	unsigned int bits = width(mask, page->length);
	long n = raw;

	if (raw >> bits)
		return "more bits than the field has";
	if (field->type == MATE_T_S16 && raw >> (bits - 1))
		n -= 1L << bits;
	if (field->type == MATE_T_OFFSET128)
		n = (raw + 128) & 0xff;
	encode_alone(page, field, n * unit_of(page, field, mask, bits), bytes);
	return NULL;
}

static const char *encode_number(const struct mate_page_desc *page,
				 const struct mate_field_desc *field, double v,
				 uint8_t *bytes)
{
	_Alignas(max_align_t) uint8_t decoded[PAGE_SIZE_MAX];

	page->decode(decoded, bytes);
	store(field, decoded, v);
	page->encode(bytes, decoded);
	page->decode(decoded, bytes);
	return fabs(load(field, decoded) - v) < NEARLY ? NULL :
	       "the field cannot hold exactly that";
}

const char *value_field(const struct mate_page_desc *page,
			const struct mate_field_desc *field, const char *text,
			uint8_t *bytes)
{
	const struct kind kind = { field->type, field->values, field->n_values, 0 };
	uint8_t mask[PAGE_BYTES_MAX], now[PAGE_BYTES_MAX];
	struct parsed p;
	const char *why = parse(&kind, text, &p);
	unsigned int i;

	if (why)
		return why;
	value_field_mask(page, field, mask);
	memcpy(now, bytes, page->length);
	why = p.is_raw ? encode_raw(page, field, mask, p.raw, now) :
			 encode_number(page, field, p.number, now);
	if (why)
		return why;
	for (i = 0; i < page->length; i++)
		bytes[i] = (bytes[i] & ~mask[i]) | (now[i] & mask[i]);
	return NULL;
}

double value_field_get(const struct mate_page_desc *page,
		       const struct mate_field_desc *field,
		       const uint8_t *bytes)
{
	_Alignas(max_align_t) uint8_t decoded[PAGE_SIZE_MAX];

	page->decode(decoded, bytes);
	return load(field, decoded);
}
