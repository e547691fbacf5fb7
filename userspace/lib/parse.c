// SPDX-License-Identifier: LGPL-2.1-or-later
/* Values from text, and what may be written. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "internal.h"

#define MILLI	1000	/* decimal numbers are kept as whole thousandths */

static int digit_value(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : -1;
}

static const char *skip_space(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

/* Nothing but white space is left. */
static bool at_end(const char *s)
{
	return !*skip_space(s);
}

/* "0x" and one to four digits, as the whole of the @len characters at @s. */
static bool parse_hex(const char *s, size_t len, uint16_t *raw)
{
	unsigned int n = 0;

	if (len < 3 || len > 6 || s[0] != '0' || (s[1] | 0x20) != 'x')
		return false;
	for (size_t i = 2; i < len; i++) {
		int c = tolower((unsigned char)s[i]);

		if (!isxdigit(c))
			return false;
		n = n << 4 | (unsigned int)(isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	*raw = (uint16_t)n;
	return true;
}

/*
 * A decimal number as thousandths; what follows it, or NULL if there is none.
 * More decimals than three are none of a register's.
 */
static const char *parse_decimal(const char *s, long *milli)
{
	bool negative = *s == '-', digits = false;
	long n = 0, unit = MILLI;

	if (*s == '-' || *s == '+')
		s++;
	for (; digit_value(*s) >= 0; s++, digits = true) {
		if (n > 9999999)
			return NULL;
		n = n * 10 + digit_value(*s);
	}
	n *= MILLI;
	if (*s == '.')
		for (s++; digit_value(*s) >= 0; s++, digits = true) {
			unit /= 10;
			if (!unit && *s != '0')
				return NULL;
			n += unit * digit_value(*s);
		}
	*milli = negative ? -n : n;
	return digits ? s : NULL;
}

/* Thousandths of the unit that one step of the raw number is. */
static long milli_step(const struct mate_reg_desc *reg, bool is_230v)
{
	static const long steps[] = { MILLI, MILLI / 10, MILLI / 100 };
	long step = steps[reg->decimals];

	if (is_230v && reg->rule230 == MATE_230_DOUBLE)
		step *= 2;
	if (is_230v && reg->rule230 == MATE_230_HALVE)
		step /= 2;
	return step;
}

static bool parse_name(const struct mate_reg_desc *reg, const char *s, size_t len,
		       uint16_t *number)
{
	for (unsigned int i = 0; i < reg->n_values; i++)
		if (strlen(reg->values[i].name) == len &&
		    !strncasecmp(reg->values[i].name, s, len)) {
			*number = reg->values[i].number;
			return true;
		}
	return false;
}

/* "28.8", "28.8 V": the number that the register would hold. */
static bool parse_number(const struct mate_reg_desc *reg, bool is_230v, const char *s,
			 uint16_t *raw)
{
	long milli, step = milli_step(reg, is_230v), n;
	const char *unit = parse_decimal(s, &milli);

	if (!unit || milli % step)
		return false;
	unit = skip_space(unit);
	if (*unit && *reg->unit && !strncasecmp(unit, reg->unit, strlen(reg->unit)))
		unit += strlen(reg->unit);
	n = milli / step;
	if (!at_end(unit))
		return false;
	if (reg->type == MATE_T_S16 ? n < INT16_MIN || n > INT16_MAX :
	    reg->type == MATE_T_OFFSET128 ? n < 0 || n > UINT8_MAX : n < 0 || n > UINT16_MAX)
		return false;
	*raw = (uint16_t)(reg->type == MATE_T_OFFSET128 ? (n - 128) & 0xFF : n);
	return true;
}

/* Length of the word at @s without white space behind it. */
static size_t word_length(const char *s, size_t len)
{
	while (len && isspace((unsigned char)s[len - 1]))
		len--;
	return len;
}

/* "on, vent_fan": the flag; what follows the comma, or NULL. */
static const char *parse_flag(const struct mate_reg_desc *reg, const char *s, uint16_t *flag)
{
	const char *comma = strchr(s, ',');
	size_t len = comma ? word_length(s, (size_t)(comma - s)) : 0;

	if (len == 2 && !strncasecmp(s, "on", len))
		*flag = reg->flag_mask;
	else if (len == 3 && !strncasecmp(s, "off", len))
		*flag = 0;
	else
		return NULL;
	return skip_space(comma + 1);
}

/* "low_battery, over_temp, 0x100", "none" */
static bool parse_bits(const struct mate_reg_desc *reg, const char *s, uint16_t *raw)
{
	uint16_t bits = 0, one;

	for (;;) {
		size_t all = strcspn(s, ","), len = word_length(s, all);

		if (!parse_name(reg, s, len, &one) && !parse_hex(s, len, &one)) {
			if (bits || s[all] || len != 4 || strncasecmp(s, "none", len))
				return false;
			one = 0;
		}
		bits |= one;
		if (!s[all])
			break;
		s = skip_space(s + all + 1);
	}
	*raw = bits;
	return true;
}

/* One or two digits (@max_digits) up to @max; what follows, or NULL. */
static const char *parse_part(const char *s, int max_digits, unsigned int max,
			      unsigned int *part)
{
	int n = 0;

	*part = 0;
	for (; n < max_digits && digit_value(*s) >= 0; n++, s++)
		*part = *part * 10 + (unsigned int)digit_value(*s);
	return n && *part <= max ? s : NULL;
}

/* Three parts with @sep between, or two and 0 if the third may be missing. */
static bool parse_parts(const char *s, char sep, const unsigned int max[3], bool may_miss,
			unsigned int part[3])
{
	part[2] = 0;
	for (int i = 0; i < 3; i++) {
		s = parse_part(s, max[i] > 99 ? 4 : 2, max[i], &part[i]);
		if (!s)
			return false;
		if (i == 2 || (i == 1 && may_miss && at_end(s)))
			return at_end(s);
		if (*s++ != sep)
			return false;
	}
	return false;
}

/* The parts are as wide as their bits: whether it is a time is checked later. */
static bool parse_time(const char *s, uint16_t *raw)
{
	static const unsigned int max[3] = { 31, 63, 63 };
	unsigned int p[3];

	if (!parse_parts(s, ':', max, true, p))
		return false;
	*raw = (uint16_t)(p[0] << 11 | p[1] << 5 | p[2] >> 1);
	return true;
}

static bool parse_date(const char *s, uint16_t *raw)
{
	static const unsigned int max[3] = { 2127, 15, 31 };
	unsigned int p[3];

	if (!parse_parts(s, '-', max, false, p) || p[0] < 2000)
		return false;
	*raw = (uint16_t)((p[0] - 2000) << 9 | p[1] << 5 | p[2]);
	return true;
}

static bool parse_text(const struct mate_reg_desc *reg, bool is_230v, const char *s,
		       uint16_t *raw)
{
	uint16_t flag = 0;
	size_t len;

	s = skip_space(s);
	len = word_length(s, strlen(s));
	if (parse_hex(s, len, raw))
		return true;
	if (reg->type == MATE_T_BITS)
		return parse_bits(reg, s, raw);
	if (reg->type == MATE_T_TIME)
		return parse_time(s, raw);
	if (reg->type == MATE_T_DATE)
		return parse_date(s, raw);
	if (reg->flag_mask) {
		s = parse_flag(reg, s, &flag);
		if (!s)
			return false;
		len = word_length(s, strlen(s));
	}
	if (!parse_name(reg, s, len, raw) && !parse_number(reg, is_230v, s, raw))
		return false;
	if (*raw & ~reg->value_mask)
		return false;
	*raw |= flag;
	return true;
}

int mate_reg_parse_any(const struct mate_reg_desc *reg, bool is_230v, const char *text,
		       uint16_t *raw)
{
	uint16_t value;

	if (!parse_text(reg, is_230v, text, &value))
		return mate_not_allowed(MATE_E_VALUE, reg, is_230v);
	mate_detail_clear();
	*raw = value;
	return 0;
}

static bool is_time(unsigned int n)
{
	return n >> 11 < 24 && (n >> 5 & 63) < 60 && (n & 31) < 30;
}

static bool is_date(unsigned int n)
{
	static const uint8_t days[] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned int year = n >> 9, month = n >> 5 & 15, day = n & 31;

	/* 2000 to 2127: only 2100 has no leap day against the rule of four. */
	if (month == 2 && year % 4 == 0 && year != 100)
		return day >= 1 && day <= 29;
	return month >= 1 && month <= 12 && day >= 1 && day <= days[month];
}

static bool is_allowed(const struct mate_reg_desc *reg, uint16_t raw)
{
	uint16_t number = raw & reg->value_mask;
	int n = reg->type == MATE_T_S16 ? (int16_t)number : number;

	if (raw & ~(reg->value_mask | reg->flag_mask))
		return false;
	if (reg->type == MATE_T_TIME)
		return is_time(number);
	if (reg->type == MATE_T_DATE)
		return is_date(number);
	if (reg->named_only)
		return mate_value_name(reg->values, reg->n_values, number);
	return n >= reg->min && n <= reg->max;
}

int mate_reg_check(const struct mate_reg_desc *reg, uint16_t raw)
{
	if (!is_allowed(reg, raw))
		return mate_not_allowed(MATE_E_RANGE, reg, false);
	mate_detail_clear();
	return 0;
}

int mate_reg_parse(const struct mate_reg_desc *reg, bool is_230v, const char *text,
		   uint16_t *raw)
{
	uint16_t value = 0;
	int ret = mate_reg_parse_any(reg, is_230v, text, &value);

	if (ret)
		return ret;
	if (!is_allowed(reg, value))
		return mate_not_allowed(MATE_E_RANGE, reg, is_230v);
	*raw = value;
	return 0;
}

/* ---- what is allowed, in words -------------------------------------------- */

/* Names of numbers within the range: "off, search or on"; how many there were. */
static unsigned int put_names(struct mate_text *t, const struct mate_reg_desc *reg)
{
	unsigned int n = 0, total = 0;

	for (unsigned int i = 0; i < reg->n_values; i++)
		total += reg->type == MATE_T_BITS || is_allowed(reg, reg->values[i].number);
	for (unsigned int i = 0; i < reg->n_values; i++) {
		if (reg->type != MATE_T_BITS && !is_allowed(reg, reg->values[i].number))
			continue;
		mate_put(t, "%s%s", !n ? "" : n + 1 == total ? " or " : ", ",
			 reg->values[i].name);
		n++;
	}
	return n;
}

static void put_range(struct mate_text *t, const struct mate_reg_desc *reg, bool is_230v)
{
	double step = (double)milli_step(reg, is_230v) / MILLI;
	int decimals = reg->rule230 == MATE_230_HALVE ? 1 : reg->decimals;

	mate_put(t, "%.*f", decimals, reg->min * step);
	if (reg->max != reg->min)
		mate_put(t, " to %.*f", decimals, reg->max * step);
	mate_put(t, "%s%s", *reg->unit ? " " : "", reg->unit);
	if (step > 1 || decimals != reg->decimals)
		mate_put(t, " in steps of %g", step);
}

int mate_reg_allowed(const struct mate_reg_desc *reg, bool is_230v, char *text, size_t size)
{
	struct mate_text t = { text, size, 0 };
	unsigned int named;

	if (size)
		*text = '\0';
	if (reg->type == MATE_T_TIME) {
		mate_put(&t, "00:00:00 to 23:59:58");
	} else if (reg->type == MATE_T_DATE) {
		mate_put(&t, "2000-01-01 to 2127-12-31");
	} else if (reg->type == MATE_T_BITS) {
		mate_put(&t, "none, or with commas between: ");
		put_names(&t, reg);
	} else {
		if (reg->flag_mask)
			mate_put(&t, "\"on, \" or \"off, \" and ");
		named = put_names(&t, reg);
		if (!reg->named_only && named < (unsigned int)(reg->max - reg->min + 1)) {
			mate_put(&t, "%s", named ? ", or " : "");
			put_range(&t, reg, is_230v);
		}
	}
	return (int)t.len;
}
