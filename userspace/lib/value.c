// SPDX-License-Identifier: LGPL-2.1-or-later
/* Values: raw numbers to quantities with units and names, and to text. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static double scaled(const struct mate_reg_desc *reg, double n)
{
	/* n / 10 is the double nearest to the decimal number, n * 0.1 is not. */
	static const double divisor[] = { 1, 10, 100 };

	return n / divisor[reg->decimals];
}

void mate_reg_decode(const struct mate_reg_desc *reg, uint16_t raw, bool is_230v,
		     struct mate_quantity *q)
{
	uint16_t n = raw & reg->value_mask;

	*q = (struct mate_quantity) {
		.unit = reg->unit, .values = reg->values, .n_values = reg->n_values,
		.number = n, .type = reg->type, .decimals = reg->decimals, .valid = true,
		.has_flag = reg->flag_mask != 0, .flag = (raw & reg->flag_mask) != 0,
	};
	q->name = reg->type == MATE_T_BITS ? NULL :
		  mate_value_name(reg->values, reg->n_values, n);
	/* the data's word for "no sensor" */
	q->valid = !q->name || strcmp(q->name, "not_present");
	switch (reg->type) {
	case MATE_T_S16:
		q->value = scaled(reg, (int16_t)n);
		break;
	case MATE_T_OFFSET128:
		q->value = scaled(reg, (n + 128) & 0xFF);
		break;
	default:
		q->value = scaled(reg, n);
	}
	if (is_230v && reg->rule230 == MATE_230_DOUBLE)
		q->value *= 2;
	/* Both kinds of unit show the same decimals. */
	if (reg->rule230 == MATE_230_HALVE) {
		q->decimals = 1;
		if (is_230v)
			q->value /= 2;
	}
}

static bool *validity(const struct mate_field_desc *f, void *page)
{
	return f->valid_offset < 0 ? NULL : (bool *)((char *)page + f->valid_offset);
}

static double load(const struct mate_field_desc *f, const void *page)
{
	const char *p = (const char *)page + f->offset;

	switch (f->storage) {
	case MATE_C_BOOL:
		return *(const bool *)p;
	case MATE_C_U8:
		return *(const uint8_t *)p;
	case MATE_C_U16:
		return *(const uint16_t *)(const void *)p;
	case MATE_C_S16:
		return *(const int16_t *)(const void *)p;
	default:
		return *(const double *)(const void *)p;
	}
}

void mate_field_get(const struct mate_field_desc *f, const void *page,
		    struct mate_quantity *q)
{
	*q = (struct mate_quantity) {
		.unit = f->unit, .values = f->values, .n_values = f->n_values,
		.type = f->type, .decimals = f->decimals, .value = load(f, page),
		.valid = f->valid_offset < 0 ||
			 *(const bool *)((const char *)page + f->valid_offset),
	};
	if (f->type == MATE_T_ENUM || f->type == MATE_T_BITS || f->type == MATE_T_RAW)
		q->number = (uint16_t)q->value;
	if (f->type == MATE_T_ENUM)
		q->name = mate_value_name(f->values, f->n_values, q->number);
}

int mate_field_set(const struct mate_field_desc *f, void *page, double value)
{
	static const struct {
		int min, max;
	} holds[] = {
		[MATE_C_BOOL] = { 0, 1 }, [MATE_C_U8] = { 0, UINT8_MAX },
		[MATE_C_U16] = { 0, UINT16_MAX }, [MATE_C_S16] = { INT16_MIN, INT16_MAX },
	};
	char *p = (char *)page + f->offset;
	bool *valid = validity(f, page);

	if (f->storage == MATE_C_DOUBLE ? value != value :
	    !(value >= holds[f->storage].min && value <= holds[f->storage].max))
		return MATE_E_RANGE;
	switch (f->storage) {
	case MATE_C_BOOL:
		*(bool *)p = value != 0;
		break;
	case MATE_C_U8:
		*(uint8_t *)p = (uint8_t)value;
		break;
	case MATE_C_U16:
		*(uint16_t *)(void *)p = (uint16_t)value;
		break;
	case MATE_C_S16:
		*(int16_t *)(void *)p = (int16_t)value;
		break;
	default:
		*(double *)(void *)p = value;
	}
	if (valid)
		*valid = true;
	return 0;
}

int mate_field_clear(const struct mate_field_desc *f, void *page)
{
	bool *valid = validity(f, page);

	if (!valid)
		return MATE_E_DEVICE;
	*valid = false;
	return 0;
}

void mate_put(struct mate_text *t, const char *fmt, ...)
{
	size_t room = t->len < t->size ? t->size - t->len : 0;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(room ? t->at + t->len : NULL, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n;
}

static void put_bits(struct mate_text *t, const struct mate_quantity *q)
{
	const char *comma = "";
	uint16_t rest = q->number;

	if (!rest)
		mate_put(t, "none");
	for (unsigned int i = 0; i < q->n_values; i++) {
		if (!(q->number & q->values[i].number))
			continue;
		mate_put(t, "%s%s", comma, q->values[i].name);
		comma = ", ";
		rest &= (uint16_t)~q->values[i].number;
	}
	if (rest)
		mate_put(t, "%s0x%02x", comma, rest);
}

static void put_number(struct mate_text *t, const struct mate_quantity *q)
{
	if (q->name)
		mate_put(t, "%s", q->name);
	else
		mate_put(t, "%.*f%s%s", q->decimals, q->value, *q->unit ? " " : "", q->unit);
}

int mate_quantity_format(const struct mate_quantity *q, char *text, size_t size)
{
	struct mate_text t = { text, size, 0 };
	unsigned int n = q->number;

	if (size)
		*text = '\0';
	if (!q->valid) {
		mate_put(&t, "%s", q->name ? q->name : "not available");
		return (int)t.len;
	}
	if (q->has_flag)
		mate_put(&t, "%s, ", q->flag ? "on" : "off");
	switch (q->type) {
	case MATE_T_BOOL:
		mate_put(&t, "%s", q->value != 0 ? "yes" : "no");
		break;
	case MATE_T_BITS:
		put_bits(&t, q);
		break;
	case MATE_T_RAW:
		mate_put(&t, "0x%02x", n);
		break;
	case MATE_T_TIME:
		mate_put(&t, "%02u:%02u:%02u", n >> 11, (n >> 5) & 63, (n & 31) * 2);
		break;
	case MATE_T_DATE:
		mate_put(&t, "%04u-%02u-%02u", 2000 + (n >> 9), (n >> 5) & 15, n & 31);
		break;
	default:
		put_number(&t, q);
	}
	return (int)t.len;
}
