// SPDX-License-Identifier: GPL-2.0-or-later
/* Errors and values, as text for people and as JSON for programs. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

/* Digits that a value can have; more would show the binary fraction. */
#define REAL_DIGITS 12

int print_json(json_t *root)
{
	size_t style = JSON_REAL_PRECISION(REAL_DIGITS) |
		       (flags.pretty ? JSON_INDENT(2) : JSON_COMPACT);

	if (!root || json_dumpf(root, stdout, style)) {
		fprintf(stderr, "matetool: out of memory\n");
		exit(EXIT_FAILED);
	}
	putchar('\n');
	json_decref(root);
	return EXIT_OK;
}

__attribute__((format(printf, 3, 0)))
static int vfail(int status, const char *code, const char *fmt, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	if (flags.json)
		print_json(json_pack("{s:{s:s,s:s,s:i}}", "error", "code", code,
				     "message", text, "exit_status", status));
	else
		fprintf(stderr, "matetool: %s\n", text);
	return status;
}

int fail(int status, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfail(status, code, fmt, ap);
	va_end(ap);
	return status;
}

const char *error_text(int err)
{
	const struct mate_detail *d = mate_last_detail();

	return err == MATE_E_SYSTEM && d->sys_errno ? strerror(d->sys_errno) : mate_strerror(err);
}

int mate_exit(int err)
{
	switch (err) {
	case MATE_E_NO_BUS:
	case MATE_E_SEVERAL:
	case MATE_E_NOT_A_BUS:
	case MATE_E_GONE:
		return EXIT_NO_BUS;
	case MATE_E_NO_REPLY:
		return EXIT_NO_REPLY;
	case MATE_E_DEVICE:
		return EXIT_USAGE;
	default:
		return err <= MATE_E_TRANSMIT ? EXIT_WIRE : EXIT_FAILED;
	}
}

int fail_mate(struct mate_bus *bus, int err, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	/* A bus that is gone is no matter of one port. */
	if (err == MATE_E_GONE && bus)
		snprintf(what, sizeof(what), "%s", mate_bus_name(bus));
	return fail(mate_exit(err), mate_errname(err), "%s: %s", what, error_text(err));
}

json_t *json_error(int err)
{
	return json_pack("{s:s,s:s}", "code", mate_errname(err), "message", error_text(err));
}

static json_t *bit_names(const struct mate_quantity *q)
{
	json_t *names = json_array();

	for (unsigned int i = 0; i < q->n_values; i++)
		if (q->number & q->values[i].number)
			json_array_append_new(names, json_string(q->values[i].name));
	return names;
}

static json_t *json_number(const struct mate_quantity *q)
{
	if (!q->valid)
		return json_null();
	if (q->type == MATE_T_BOOL)
		return json_boolean(q->value != 0);
	return q->decimals ? json_real(q->value) : json_integer((json_int_t)q->value);
}

void json_quantity(json_t *object, const char *name, const struct mate_quantity *q)
{
	char key[80];

	json_object_set_new(object, name, json_number(q));
	if (q->type == MATE_T_BITS) {
		snprintf(key, sizeof(key), "%s_names", name);
		json_object_set_new(object, key, bit_names(q));
	} else if (q->type == MATE_T_ENUM || q->name) {
		snprintf(key, sizeof(key), "%s_name", name);
		json_object_set_new(object, key, q->name ? json_string(q->name) : json_null());
	}
	if (q->has_flag) {
		snprintf(key, sizeof(key), "%s_on", name);
		json_object_set_new(object, key, json_boolean(q->flag));
	}
}

json_t *json_page(const struct mate_page_desc *desc, const void *page, const uint8_t *bytes)
{
	json_t *object = json_object();
	char hex[2 * MATE_DC_STATUS_BYTES + 1];
	struct mate_quantity q;

	for (unsigned int i = 0; i < desc->n_fields; i++) {
		if (!field_wanted(&desc->fields[i]))
			continue;
		mate_field_get(&desc->fields[i], page, &q);
		json_quantity(object, desc->fields[i].json, &q);
	}
	for (unsigned int i = 0; i < desc->length; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	if (raw_wanted())
		json_object_set_new(object, "raw", json_string(hex));
	return object;
}

void print_page(const struct mate_page_desc *desc, const void *page)
{
	struct mate_quantity q;
	char text[256];

	for (unsigned int i = 0; i < desc->n_fields; i++) {
		const struct mate_field_desc *f = &desc->fields[i];

		/* What nobody can explain is shown to who asks for it. */
		if (flags.columns ? !field_wanted(f) :
				    f->type == MATE_T_RAW || is_validity(desc, f))
			continue;
		mate_field_get(f, page, &q);
		mate_quantity_format(&q, text, sizeof(text));
		printf("%s: %s\n", f->label, text);
	}
}

void hex_text(const uint8_t *bytes, size_t n, char *text)
{
	*text = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(text + 3 * i - !!i, 4, "%s%02x", i ? " " : "", bytes[i]);
}
