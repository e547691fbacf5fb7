// SPDX-License-Identifier: GPL-2.0-or-later
/* -o of verbs that show status pages: which of their fields. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tool.h"

static const enum mate_page pages[] = {
	[MATE_FX] = MATE_PAGE_FX_STATUS, [MATE_MX] = MATE_PAGE_MX_STATUS,
	[MATE_DC] = MATE_PAGE_DC_STATUS,
};

const struct mate_page_desc *status_desc(unsigned int device)
{
	return device >= MATE_FX && device <= MATE_DC ? mate_page_desc(pages[device]) : NULL;
}

static bool is_called(const char *name, const char *text, size_t length)
{
	return strlen(name) == length && !strncasecmp(name, text, length);
}

/* Whether -o has that name: battery_voltage or battery_voltage_v. */
static bool listed(const char *id, const char *json)
{
	for (const char *at = flags.columns;; at++) {
		size_t length = strcspn(at, ",");

		if (is_called(id, at, length) || is_called(json, at, length))
			return true;
		at += length;
		if (!*at)
			return false;
	}
}

bool field_wanted(const struct mate_field_desc *field)
{
	return !flags.columns || listed(field->id, field->json);
}

bool page_wanted(const struct mate_page_desc *desc)
{
	for (unsigned int i = 0; i < desc->n_fields; i++)
		if (field_wanted(&desc->fields[i]))
			return true;
	return raw_wanted();
}

bool raw_wanted(void)
{
	return !flags.columns || listed("raw", "raw");
}

bool is_validity(const struct mate_page_desc *desc, const struct mate_field_desc *f)
{
	for (unsigned int i = 0; i < desc->n_fields; i++)
		if (desc->fields[i].valid_offset == (int)f->offset)
			return true;
	return false;
}

static bool is_field(const char *text, size_t length)
{
	if (is_called("raw", text, length))
		return true;
	for (unsigned int device = MATE_FX; device <= MATE_DC; device++) {
		const struct mate_page_desc *desc = mate_page_desc(pages[device]);

		for (unsigned int i = 0; i < desc->n_fields; i++)
			if (is_called(desc->fields[i].id, text, length) ||
			    is_called(desc->fields[i].json, text, length))
				return true;
	}
	return false;
}

int check_fields(void)
{
	for (const char *at = flags.columns;; at++) {
		size_t length = strcspn(at, ",");

		if (!is_field(at, length))
			return fail(EXIT_USAGE, "columns",
				    "-o \"%.*s\": no status has such a field: matetool status -j shows all",
				    (int)length, at);
		at += length;
		if (!*at)
			return 0;
	}
}
