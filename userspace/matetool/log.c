// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool log: what charge controllers remember of each day. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tool.h"

#define MAX_FIELDS	32
#define MAX_FAILURES	3	/* days in a row; then nobody is there any more */

static bool csv;

/* Which days, and whether they are shown as a table. */
struct days {
	unsigned int first, last;
	bool all;		/* as many as there are */
	bool table;
};

static bool has_log(unsigned int device)
{
	return device == MATE_MX;
}

/* ---- columns: one for each field of the page -------------------------------- */

/* "voltage" and so on: the word for which the unit can stand. */
static bool is_quantity(const char *word, size_t length)
{
	static const char * const quantities[] = {
		"voltage", "current", "energy", "charge", "power", "time",
	};

	for (size_t i = 0; i < sizeof(quantities) / sizeof(quantities[0]); i++)
		if (strlen(quantities[i]) == length && !strncmp(quantities[i], word, length))
			return true;
	return false;
}

/* battery_voltage_max in V: "BATTERY-V-MAX", which is as short as it can be. */
static void make_heading(const struct mate_field_desc *f, char *text, size_t size)
{
	size_t at = 0;

	for (const char *word = f->id; *word && at < size;) {
		size_t length = strcspn(word, "_");
		bool unit = is_quantity(word, length);

		at += (size_t)snprintf(text + at, size - at, "%s%.*s", at ? "-" : "",
				       unit ? (int)strlen(f->unit) : (int)length,
				       unit ? f->unit : word);
		word += length + (word[length] == '_');
	}
	for (; *text; text++)
		*text = (char)toupper((unsigned char)*text);
}

static void error_cell(const json_t *row, char *text, size_t size)
{
	const char *error = json_string_value(json_object_get(json_object_get(row, "error"),
							      "message"));

	snprintf(text, size, "%s", error ?: "");
}

static const struct column *log_columns(void)
{
	static const struct column fixed[] = {
		COLUMN("PORT", "port", "of the charge controller", .style = COLUMN_RIGHT),
		COLUMN("NAME", "name", "what the configuration calls it",
		       .style = COLUMN_HIDDEN),
		COLUMN("DATE", "date", "of the day"),
		COLUMN("ERROR", "error", "why it could not be read", .style = COLUMN_HIDDEN,
		       .text = error_cell),
	};
	static struct column columns[MAX_FIELDS];
	static char headings[MAX_FIELDS][32];
	const struct mate_page_desc *desc = mate_page_desc(MATE_PAGE_MX_LOG);
	size_t n = sizeof(fixed) / sizeof(fixed[0]);

	memcpy(columns, fixed, sizeof(fixed));
	for (unsigned int i = 0; i < desc->n_fields && n < MAX_FIELDS - 1; i++, n++) {
		const struct mate_field_desc *f = &desc->fields[i];

		make_heading(f, headings[n], sizeof(headings[n]));
		columns[n] = (struct column){
			.heading = headings[n], .key = f->json, .help = f->label,
			.style = COLUMN_RIGHT, .decimals = f->decimals,
		};
		/* DATE says it better. */
		if (!strcmp(f->id, "day"))
			columns[n].style |= COLUMN_HIDDEN;
	}
	return columns;
}

/* ---- reading ---------------------------------------------------------------- */

static json_t *json_date(unsigned int day)
{
	time_t t = time(NULL);
	struct tm now, date;
	char text[16];

	if (!localtime_r(&t, &now) || mate_log_date(day, &now, &date) ||
	    !strftime(text, sizeof(text), "%Y-%m-%d", &date))
		return json_null();
	return json_string(text);
}

static void print_day(struct mate_bus *bus, const struct mate_device_info *dev,
		      const struct mate_mx_log *log)
{
	json_t *date = json_date(log->day);
	char more[32];

	snprintf(more, sizeof(more), ", day %u", log->day);
	print_heading(bus, dev, more);
	if (json_is_string(date))
		printf("Date: %s\n", json_string_value(date));
	print_page(mate_page_desc(MATE_PAGE_MX_LOG), log);
	json_decref(date);
}

static json_t *json_day(struct mate_bus *bus, const struct mate_device_info *dev, json_t *page,
			unsigned int day)
{
	json_t *object = json_object();

	set_device(object, dev, named_port(bus, dev->port)->name);
	json_object_set_new(page, "date", json_date(day));
	json_object_set_new(object, "log", page);
	return object;
}

/* A day that cannot be read is a row that says so. */
static void add_failure(struct mate_bus *bus, const struct mate_device_info *dev, json_t *list,
			unsigned int day, int err)
{
	json_t *page = json_pack("{s:i}", "day_d", (int)day);
	json_t *object = json_day(bus, dev, page, day);

	json_object_set_new(object, "error", json_error(err));
	json_array_append_new(list, object);
}

/* One day.  1 if the device has no such day and repeats an earlier one. */
static int add_day(struct mate_bus *bus, const struct mate_device_info *dev, json_t *list,
		   const struct days *days, unsigned int day)
{
	const struct mate_page_desc *desc = mate_page_desc(MATE_PAGE_MX_LOG);
	uint8_t bytes[MATE_MX_LOG_BYTES];
	const char *columns = flags.columns;
	struct mate_mx_log log;
	int ret = mate_log(bus, dev->port, day, bytes);

	if (ret)
		return ret;
	mate_mx_log_decode(&log, bytes);
	if (days->all && log.day < day)
		return 1;
	if (!days->table && !flags.json) {
		print_day(bus, dev, &log);
		return 0;
	}
	/* -o is for the rows of the table, which are made of all of it. */
	flags.columns = NULL;
	json_array_append_new(list, json_day(bus, dev, json_page(desc, &log, bytes), log.day));
	flags.columns = columns;
	return 0;
}

static int log_of(struct mate_bus *bus, const struct mate_device_info *dev, json_t *list,
		  void *arg)
{
	const struct days *days = arg;
	int failures = 0, first_error = 0;

	progress_begin();
	for (unsigned int day = days->first; day <= days->last; day++) {
		int ret;

		progress("port %u: day %u of %u", dev->port, day, days->last);
		ret = add_day(bus, dev, list, days, day);
		if (ret > 0)
			break;
		failures = ret ? failures + 1 : 0;
		first_error = first_error ?: ret;
		if (ret == MATE_E_GONE || (ret && days->first == days->last))
			break;
		if (ret)
			add_failure(bus, dev, list, day, ret);
		if (failures == MAX_FAILURES)
			break;
	}
	progress_end();
	return first_error;
}

/* ---- showing ---------------------------------------------------------------- */

/* Rows of the table: the members of "log" beside those of the device. */
static void flatten(json_t *devices)
{
	json_t *row;
	size_t i;

	json_array_foreach(devices, i, row) {
		json_object_update(row, json_object_get(row, "log"));
		json_object_del(row, "log");
	}
}

static int show_log(json_t *document, void *arg)
{
	const struct days *days = arg;

	/* With -o also JSON is the table: flat rows. */
	if (flags.json && !flags.columns)
		return print_json(document);
	if (!flags.json && !days->table) {
		json_decref(document);
		return EXIT_OK;
	}
	flatten(json_object_get(document, "devices"));
	return csv ? show_csv(document, "devices", log_columns()) :
		     show_table(document, "devices", log_columns());
}

/* ---- the verb --------------------------------------------------------------- */

static bool looks_like_days(const char *text)
{
	return !strcmp(text, "all") || (isdigit((unsigned char)*text) && strchr(text, '-'));
}

static int bad_days(const char *text)
{
	return fail(EXIT_USAGE, "day", "day %s: logs go from 0, today, to %d days ago", text,
		    MATE_DAY_MAX);
}

/* "7", "0-6" or "all" */
static int parse_days(const char *text, struct days *days)
{
	unsigned int first, last;
	char rest;

	if (!strcmp(text, "all")) {
		*days = (struct days){ 0, MATE_DAY_MAX, true, true };
		return 0;
	}
	if (!isdigit((unsigned char)*text) || strlen(text) > 7)
		return bad_days(text);
	if (sscanf(text, "%3u%c", &first, &rest) == 1)
		last = first;
	else if (sscanf(text, "%3u-%3u%c", &first, &last, &rest) != 2 || last < first)
		return bad_days(text);
	if (last > MATE_DAY_MAX)
		return bad_days(text);
	*days = (struct days){ first, last, false, first != last };
	return 0;
}

static int run_log(int argc, char **argv)
{
	struct days days = { 0 };
	const struct device_job job = {
		.fn = log_of, .wanted = has_log, .what = "log", .show = show_log, .arg = &days,
	};
	struct port_name port;
	bool given = false;
	int ret = 0;

	if (flags.columns)
		ret = check_columns(log_columns());
	if (!ret && csv && flags.json)
		ret = fail(EXIT_USAGE, "usage", "--csv and -j: only one of them");
	if (!ret && (flags.port || (argc && !looks_like_days(argv[0]))))
		ret = maybe_port(&argc, &argv, &port, &given);
	ret = ret ?: want_args(&verb_log, argc, 0, 1);
	if (!ret && argc)
		ret = parse_days(argv[0], &days);
	if (ret)
		return ret;
	days.table = days.table || csv || flags.columns;
	return for_devices(given ? &port : NULL, &job);
}

static int log_option(int c, const char *arg)
{
	(void)arg;
	csv = c == 'c';
	return 0;
}

static const struct option log_options[] = {
	{ "csv", no_argument, NULL, 'c' },
	{ NULL, 0, NULL, 0 },
};

const struct verb verb_log = {
	.name = "log",
	.args = "[PORT] [DAY | FIRST-LAST | all]",
	.summary = "Read what charge controllers remember of each day, with dates",
	.help = "A DAY is so many days ago: 0, the default, is today so far, 128 the earliest.\n"
		"Without PORT: of all charge controllers.  Dates count back from the date of\n"
		"this computer.\n\n"
		"  -c, --csv           comma-separated values, one line a day, keys as in JSON\n\n"
		"-o takes headings of the table or keys of JSON.\n\n"
		"Examples:\n"
		"  matetool log                   today, of every charge controller\n"
		"  matetool log 1 1               yesterday, of the one on port 1\n"
		"  matetool log 1-1               yesterday, of all of them\n"
		"  matetool log 0-6               this week, as a table\n"
		"  matetool log all --csv >all.csv\n"
		"  matetool log -P roof 0-30 -o date,kwh,w-max\n"
		"  matetool log 1 7 -j | jq '.devices[0].log.energy_kwh'\n",
	.words = "pD",
	.short_options = "c",
	.long_options = log_options,
	.option = log_option,
	.run = run_log,
	.fields = true,
};
