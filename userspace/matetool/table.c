// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables of JSON objects, for people; the choice of columns, also in JSON. */
#include <ctype.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tool.h"

#define MAX_COLUMNS 64

/* One name of -o: a heading or a key, in any case. */
static const struct column *find_column(const struct column *columns, const char *name,
					size_t length)
{
	for (; columns->heading; columns++)
		if ((strlen(columns->heading) == length &&
		     !strncasecmp(columns->heading, name, length)) ||
		    (strlen(columns->key) == length && !strncasecmp(columns->key, name, length)))
			return columns;
	return NULL;
}

static int fail_column(const struct column *columns, const char *name, size_t length)
{
	char list[1024] = "";

	for (; columns->heading; columns++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), " %s",
			 columns->heading);
	return fail(EXIT_USAGE, "columns", "-o \"%.*s\": no such column, there are%s",
		    (int)length, name, list);
}

/* Those of -o, or those by default: how many, or an error that has been printed. */
static int choose(const struct column *columns, const struct column *chosen[MAX_COLUMNS],
		  int *n)
{
	const char *at = flags.columns ?: "+";

	*n = 0;
	for (const struct column *c = columns; *at == '+' && c->heading; c++)
		if (!(c->style & COLUMN_HIDDEN))
			chosen[(*n)++] = c;
	if (*at == '+' && !*++at)
		return flags.columns ? fail_column(columns, "", 0) : 0;
	for (;;) {
		size_t length = strcspn(at, ",");
		const struct column *c = find_column(columns, at, length);

		if (!c || *n == MAX_COLUMNS)
			return fail_column(columns, at, length);
		chosen[(*n)++] = c;
		if (!at[length])
			return 0;
		at += length + 1;
	}
}

int check_columns(const struct column *columns)
{
	const struct column *chosen[MAX_COLUMNS];
	int n;

	return choose(columns, chosen, &n);
}

/* ---- text ------------------------------------------------------------------ */

/* "a, b, c" */
static void list_text(const json_t *list, char *text, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < json_array_size(list) && at < size; i++)
		at += (size_t)snprintf(text + at, size - at, "%s%s", i ? ", " : "",
				       json_string_value(json_array_get(list, i)) ?: "?");
	if (!json_array_size(list))
		snprintf(text, size, "-");
}

static void cell_text(const struct column *c, const json_t *row, char *text, size_t size)
{
	const json_t *value = json_object_get(row, c->key);

	if (c->text) {
		c->text(row, text, size);
		return;
	}
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING:
		snprintf(text, size, "%s", json_string_value(value));
		break;
	case JSON_INTEGER:
		snprintf(text, size, "%lld", (long long)json_integer_value(value));
		break;
	case JSON_REAL:
		snprintf(text, size, "%.*f", c->decimals, json_real_value(value));
		break;
	case JSON_TRUE:
		snprintf(text, size, "yes");
		break;
	case JSON_FALSE:
		snprintf(text, size, "no");
		break;
	case JSON_ARRAY:
		list_text(value, text, size);
		break;
	default:
		snprintf(text, size, "-");
	}
}

static int add_line(struct libscols_table *table, const struct column * const *columns, int n,
		    const json_t *row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char text[512];

	for (int i = 0; line && i < n; i++) {
		cell_text(columns[i], row, text, sizeof(text));
		if (scols_line_set_data(line, (size_t)i, text))
			return -1;
	}
	return line ? 0 : -1;
}

static int print_table(const json_t *rows, const struct column * const *columns, int n)
{
	struct libscols_table *table;
	int ret = 0;

	scols_init_debug(0);
	table = scols_new_table();
	for (int i = 0; table && !ret && i < n; i++)
		ret = scols_table_new_column(table, columns[i]->heading, 0,
					     columns[i]->style & COLUMN_RIGHT ?
					     SCOLS_FL_RIGHT : 0) ? 0 : -1;
	for (size_t i = 0; table && !ret && i < json_array_size(rows); i++)
		ret = add_line(table, columns, n, json_array_get(rows, i));
	if (!table || ret || scols_print_table(table))
		ret = fail(EXIT_FAILED, "memory", "out of memory");
	scols_unref_table(table);
	return ret;
}

/* ---- comma-separated values -------------------------------------------------- */

static void print_csv_cell(const char *text)
{
	if (!strpbrk(text, ",\"\n")) {
		fputs(text, stdout);
		return;
	}
	putchar('"');
	for (; *text; text++)
		printf("%s%c", *text == '"' ? "\"" : "", *text);
	putchar('"');
}

static void print_csv_row(const struct column * const *columns, int n, const json_t *row)
{
	char text[512];

	for (int i = 0; i < n; i++) {
		cell_text(columns[i], row, text, sizeof(text));
		printf("%s", i ? "," : "");
		print_csv_cell(strcmp(text, "-") ? text : "");
	}
	putchar('\n');
}

int show_csv(json_t *document, const char *key, const struct column *columns)
{
	const struct column *chosen[MAX_COLUMNS];
	const json_t *rows = json_object_get(document, key);
	int n = 0, ret = 0;

	if (flags.columns)
		ret = choose(columns, chosen, &n);
	else
		for (; n < MAX_COLUMNS && columns[n].heading; n++)
			chosen[n] = &columns[n];
	for (int i = 0; !ret && i < n; i++)
		printf("%s%s%s", i ? "," : "", chosen[i]->key, i == n - 1 ? "\n" : "");
	for (size_t i = 0; !ret && i < json_array_size(rows); i++)
		print_csv_row(chosen, n, json_array_get(rows, i));
	json_decref(document);
	return ret;
}

/* ---- JSON ------------------------------------------------------------------ */

/* A row with the members of the columns only, and what went wrong with it. */
static json_t *trimmed(json_t *row, const struct column * const *columns, int n)
{
	json_t *less = json_object(), *error = json_object_get(row, "error");

	for (int i = 0; i < n; i++) {
		json_t *value = json_object_get(row, columns[i]->key);

		json_object_set_new(less, columns[i]->key, value ? json_incref(value) : json_null());
	}
	if (error)
		json_object_set(less, "error", error);
	return less;
}

static void trim(json_t *rows, const struct column * const *columns, int n)
{
	for (size_t i = 0; i < json_array_size(rows); i++)
		json_array_set_new(rows, i, trimmed(json_array_get(rows, i), columns, n));
}

/* The one row or the rows below @key. */
static void trim_member(json_t *document, const char *key, const struct column * const *columns,
			int n)
{
	json_t *member = json_object_get(document, key);

	if (json_is_array(member))
		trim(member, columns, n);
	else
		json_object_set_new(document, key, trimmed(member, columns, n));
}

int show_table(json_t *document, const char *key, const struct column *columns)
{
	const struct column *chosen[MAX_COLUMNS];
	int n, ret = choose(columns, chosen, &n);

	if (!ret && flags.json) {
		if (flags.columns)
			trim_member(document, key, chosen, n);
		return print_json(document);
	}
	if (!ret)
		ret = print_table(json_object_get(document, key), chosen, n);
	json_decref(document);
	return ret;
}
