// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool config: the set points of a device as a text file. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "change.h"

#define FIRST_LINE	"# matetool config 1"
#define VALUE_COLUMN	36	/* where the comments begin */

static bool overwrite;

/* What is kept and put back; controls are switched, not restored. */
static bool is_set_point(const struct mate_reg_desc *r)
{
	return r->risk == MATE_RISK_SETPOINT && r->access & MATE_ACC_READ &&
	       r->access & MATE_ACC_WRITE;
}

/* ---- save ------------------------------------------------------------------ */

/* What else can be written is told, but behind a #. */
static const char *why_not(const struct mate_reg_desc *r)
{
	if (!(r->access & MATE_ACC_READ) || !(r->access & MATE_ACC_WRITE))
		return NULL;
	switch (r->risk) {
	case MATE_RISK_CONTROL:
	case MATE_RISK_DANGER:
		return "not restored: a control";
	case MATE_RISK_FORBIDDEN:
		return "not restored: it can do lasting harm";
	default:
		return NULL;
	}
}

static void print_register(FILE *out, const struct mate_reg_desc *r, const char *value,
			   json_t *object, const struct mate_quantity *q)
{
	const char *reason = why_not(r);
	int n;

	if (!reason)
		json_quantity(object, r->id, q);
	n = fprintf(out, "%s%s = %s", reason ? "# " : "", r->id, value);
	fprintf(out, "%*s# %s%s%s\n", n < VALUE_COLUMN ? VALUE_COLUMN - n : 1, "", r->label,
		reason ? "; " : "", reason ?: "");
}

/* All of it or nothing: a copy with holes would not show them. */
static int write_config(const struct target *t, FILE *out, json_t *object)
{
	char text[200];
	int ret = 0;

	target_text(t, text, sizeof(text));
	fprintf(out, FIRST_LINE "\n# %s\ndevice = %s\n\n", text,
		mate_device_name(t->info.device));
	progress_begin();
	for (const struct mate_reg_desc *r = mate_reg_next(t->info.device, NULL); r && !ret;
	     r = mate_reg_next(t->info.device, r)) {
		struct mate_quantity q;

		if (!is_set_point(r) && !why_not(r))
			continue;
		progress("port %u: register %04X %s", t->info.port, r->addr, r->id);
		ret = mate_reg_read(t->bus, t->info.port, r, &q, NULL);
		if (ret) {
			progress_end();
			return fail_mate(t->bus, ret, "port %u: register %s: nothing saved",
					 t->info.port, r->id);
		}
		mate_quantity_format(&q, text, sizeof(text));
		print_register(out, r, text, object, &q);
	}
	progress_end();
	return 0;
}

static bool fill_file(FILE *f, const char *text, size_t size)
{
	bool good = fwrite(text, 1, size, f) == size && !fflush(f) && !fsync(fileno(f));

	return !fclose(f) && good;
}

/* All of the file or none: an older one is replaced when the new one is complete. */
static int put_file(const char *path, const char *text, size_t size)
{
	char part[4096];
	FILE *f;

	if (!overwrite && !access(path, F_OK))
		return fail(EXIT_USAGE, "exists", "%s: the file exists; --force overwrites it", path);
	if ((size_t)snprintf(part, sizeof(part), "%s.new", path) >= sizeof(part))
		return fail(EXIT_USAGE, "file", "%s: the name is too long", path);
	f = fopen(part, "we");
	if (!f)
		return fail(EXIT_FAILED, "file", "%s: %s", path, strerror(errno));
	if (!fill_file(f, text, size) || rename(part, path)) {
		int err = errno;

		unlink(part);
		return fail(EXIT_FAILED, "file", "%s: %s", path, strerror(err));
	}
	return 0;
}

static bool has_set_points(unsigned int device)
{
	for (const struct mate_reg_desc *r = mate_reg_next(device, NULL); r;
	     r = mate_reg_next(device, r))
		if (is_set_point(r))
			return true;
	return false;
}

static int save(const struct target *t, const char *path)
{
	json_t *object;
	char *text;
	size_t size;
	FILE *out;
	int ret;

	if (!has_set_points(t->info.device))
		return fail(EXIT_USAGE, mate_errname(MATE_E_DEVICE), "port %u: %s has no set points",
			    t->info.port, device_phrase(t->info.device));
	out = open_memstream(&text, &size);
	if (!out)
		return fail(EXIT_FAILED, "memory", "out of memory");
	object = json_object();
	ret = write_config(t, out, object);
	fclose(out);
	if (!ret && path)
		ret = put_file(path, text, size);
	else if (!ret && !flags.json)
		fwrite(text, 1, size, stdout);
	if (!ret && flags.json)
		print_json(json_pack("{s:s,s:i,s:s,s:o,s:s,s:O}", "bus", mate_bus_name(t->bus),
				     "port", (int)t->info.port, "name", t->name, "type",
				     json_device(t->info.device), "firmware", t->fw, "config",
				     object));
	json_decref(object);
	free(text);
	return ret;
}

static int run_save(int argc, char **argv)
{
	struct port_name port;
	struct target t;
	int ret = want_port(&verb_config_save, &argc, &argv, &port) ?:
		  want_args(&verb_config_save, argc, 0, 1);

	consent.dry_run = true;	/* the bus is opened for reading */
	ret = ret ?: open_target(&t, &port);
	if (ret)
		return ret;
	ret = save(&t, argc ? argv[0] : NULL);
	close_target(&t);
	return ret;
}

/* ---- reading a file -------------------------------------------------------- */

struct line {
	const struct mate_reg_desc *reg;
	uint16_t raw;
	unsigned int number;
};

struct config {
	const char *path;
	unsigned int device;
	struct line lines[MAX_CHANGES];
	int n;
};

/* Without what surrounds it. */
static char *trim(char *text)
{
	size_t n;

	while (isspace((unsigned char)*text))
		text++;
	for (n = strlen(text); n && isspace((unsigned char)text[n - 1]); n--)
		text[n - 1] = '\0';
	return text;
}

__attribute__((format(printf, 3, 4)))
static int fail_line(const struct config *c, unsigned int number, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fail(EXIT_USAGE, "file", "%s:%u: %s", c->path, number, text);
}

static int parse_device(struct config *c, unsigned int number, const char *value)
{
	for (unsigned int device = 0; device < 256; device++) {
		if (!mate_device_name(device) || strcmp(mate_device_name(device), value))
			continue;
		if (c->device)
			return fail_line(c, number, "device: it is there twice");
		c->device = device;
		return 0;
	}
	return fail_line(c, number, "device = %s: there are hub, fx, mx and dc", value);
}

static int parse_register(struct config *c, unsigned int number, const char *name,
			  const char *value)
{
	const struct mate_reg_desc *r;
	struct line *line = &c->lines[c->n];

	if (!c->device)
		return fail_line(c, number, "%s: a line device = TYPE must come before", name);
	r = mate_reg_by_id(c->device, name);
	if (!r)
		return fail_line(c, number, "%s: %s has no register of that name", name,
				 device_phrase(c->device));
	if (!is_set_point(r))
		return fail_line(c, number, "%s: it is no set point%s", name,
				 why_not(r) ? "; matetool reg set writes it" : "");
	for (int i = 0; i < c->n; i++)
		if (c->lines[i].reg == r)
			return fail_line(c, number, "%s: it is on line %u already", name,
					 c->lines[i].number);
	/* A device may hold what must not be written; that matters if it differs. */
	if (mate_reg_parse_any(r, false, value, &line->raw))
		return fail_line(c, number, "%s = %s: %s: %s", name, value,
				 mate_strerror(MATE_E_VALUE), mate_last_detail()->text);
	line->reg = r;
	line->number = number;
	c->n++;
	return 0;
}

static int parse_line(struct config *c, unsigned int number, char *text)
{
	char *name, *value;

	text[strcspn(text, "#")] = '\0';
	name = trim(text);
	if (!*name)
		return 0;
	value = strchr(name, '=');
	if (!value)
		return fail_line(c, number, "\"%s\": NAME = VALUE is wanted", name);
	*value++ = '\0';
	name = trim(name);
	value = trim(value);
	return strcmp(name, "device") ? parse_register(c, number, name, value) :
					parse_device(c, number, value);
}

static int read_lines(struct config *c, FILE *f)
{
	unsigned int number = 0;
	char text[300];
	int ret = 0;

	while (!ret && fgets(text, sizeof(text), f)) {
		number++;
		if (number == 1 && strncmp(text, FIRST_LINE "\n", strlen(FIRST_LINE) + 1) &&
		    strncmp(text, FIRST_LINE "\r\n", strlen(FIRST_LINE) + 2))
			return fail_line(c, 1, "the first line is not \"" FIRST_LINE "\"");
		if (!strchr(text, '\n') && !feof(f))
			return fail_line(c, number, "the line is too long");
		ret = parse_line(c, number, text);
	}
	if (!ret && ferror(f))
		return fail(EXIT_FAILED, "file", "%s: %s", c->path, strerror(errno));
	if (!ret && !c->n)
		return fail_line(c, number, "there is no set point in this file");
	return ret;
}

static int read_config(const char *path, struct config *c)
{
	FILE *f = fopen(path, "re");
	int ret;

	memset(c, 0, sizeof(*c));
	c->path = path;
	if (!f)
		return fail(EXIT_FAILED, "file", "%s: %s", path, strerror(errno));
	ret = read_lines(c, f);
	fclose(f);
	return ret;
}

static int check_type(const struct target *t, const struct config *c)
{
	if (t->info.device == c->device)
		return 0;
	return fail(EXIT_REFUSED, "promise", "port %u: %s is for %s, but there is %s", t->info.port,
		    c->path, device_phrase(c->device), device_phrase(t->info.device));
}

/* The file's lines whose register holds something else: how many, or -1 with *@ret. */
static int find_differences(const struct target *t, const struct config *c,
			    struct change *list, unsigned int *numbers, int *ret)
{
	int n = 0;

	*ret = 0;
	progress_begin();
	for (int i = 0; i < c->n; i++) {
		const struct line *l = &c->lines[i];
		uint16_t now;

		progress("port %u: register %04X %s", t->info.port, l->reg->addr, l->reg->id);
		*ret = mate_read(t->bus, t->info.port, l->reg->addr, &now);
		if (*ret) {
			progress_end();
			*ret = fail_mate(t->bus, *ret, "port %u: register %s", t->info.port,
					 l->reg->id);
			return -1;
		}
		if ((now & l->reg->value_mask) == (l->raw & l->reg->value_mask))
			continue;
		list[n] = (struct change) {
			.reg = l->reg, .old = now, .has_old = true, .new = l->raw,
		};
		numbers[n++] = l->number;
	}
	progress_end();
	return n;
}

/* ---- diff ------------------------------------------------------------------ */

static const struct column diff_columns[] = {
	COLUMN("REGISTER", "register", "name"),
	COLUMN("FILE", "file", "value in the file"),
	COLUMN("DEVICE", "device", "value in the device"),
	COLUMN("LINE", "line", "line of the file", .style = COLUMN_RIGHT | COLUMN_HIDDEN),
	END_OF_COLUMNS
};

static int diff(const struct target *t, const struct config *c)
{
	struct change list[MAX_CHANGES];
	unsigned int numbers[MAX_CHANGES];
	json_t *rows;
	int ret, n = find_differences(t, c, list, numbers, &ret);

	if (n < 0)
		return ret;
	if (!n && !flags.json)
		return 0;
	rows = json_array();
	for (int i = 0; i < n; i++) {
		char file[80], device[80];

		raw_text(list[i].reg, list[i].new, file, sizeof(file));
		raw_text(list[i].reg, list[i].old, device, sizeof(device));
		json_array_append_new(rows, json_pack("{s:s,s:s,s:s,s:i}", "register",
						      list[i].reg->id, "file", file, "device",
						      device, "line", (int)numbers[i]));
	}
	ret = show_table(json_pack("{s:s,s:i,s:s,s:o,s:s,s:o}", "bus", mate_bus_name(t->bus),
				   "port", (int)t->info.port, "name", t->name, "type",
				   json_device(t->info.device), "file", c->path, "differences",
				   rows), "differences", diff_columns);
	return ret ?: n ? EXIT_DIFFERS : EXIT_OK;
}

/* ---- apply ----------------------------------------------------------------- */

static int number_of(const struct mate_reg_desc *r, uint16_t raw)
{
	return r->type == MATE_T_S16 ? (int16_t)raw : raw & r->value_mask;
}

/*
 * An order in which no limit crosses another on the way, whichever belong together:
 * what rises from the highest down, then what falls from the lowest up, then what
 * is no quantity but a choice.
 */
static int by_safety(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	int new_x = number_of(x->reg, x->new), new_y = number_of(y->reg, y->new);
	int rank_x = x->reg->type == MATE_T_ENUM ? 2 : new_x < number_of(x->reg, x->old);
	int rank_y = y->reg->type == MATE_T_ENUM ? 2 : new_y < number_of(y->reg, y->old);

	if (rank_x != rank_y)
		return rank_x - rank_y;
	if (new_x != new_y && rank_x < 2)
		return rank_x ? new_x - new_y : new_y - new_x;
	return x->reg->addr - y->reg->addr;
}

static int check_ranges(const struct config *c, const struct change *list,
			const unsigned int *numbers, int n)
{
	char text[80];

	for (int i = 0; i < n; i++) {
		if (!mate_reg_check(list[i].reg, list[i].new))
			continue;
		raw_text(list[i].reg, list[i].new, text, sizeof(text));
		return fail_line(c, numbers[i], "%s = %s: %s: %s", list[i].reg->id, text,
				 mate_strerror(MATE_E_RANGE), mate_last_detail()->text);
	}
	return 0;
}

static int apply(struct target *t, const struct config *c)
{
	struct change list[MAX_CHANGES];
	unsigned int numbers[MAX_CHANGES];
	int ret, n = find_differences(t, c, list, numbers, &ret);

	if (n < 0)
		return ret;
	if (!n && !flags.json) {
		printf("The device holds what %s says: nothing written.\n", c->path);
		return 0;
	}
	ret = check_ranges(c, list, numbers, n);
	if (ret)
		return ret;
	qsort(list, (size_t)n, sizeof(*list), by_safety);
	return make_changes(t, list, n);
}

/* ---- verbs ----------------------------------------------------------------- */

static int run_with_file(const struct verb *verb, int argc, char **argv,
			 int (*fn)(struct target *t, const struct config *c))
{
	struct port_name port;
	struct config c;
	struct target t;
	int ret;

	remember_request(verb->name, argc, argv);
	ret = want_port(verb, &argc, &argv, &port) ?: want_args(verb, argc, 1, 1) ?:
	      read_config(argv[0], &c) ?: open_target(&t, &port);
	if (ret)
		return ret;
	ret = check_type(&t, &c) ?: fn(&t, &c);
	close_target(&t);
	return ret;
}

static int do_diff(struct target *t, const struct config *c)
{
	return diff(t, c);
}

static int run_diff(int argc, char **argv)
{
	consent.dry_run = true;
	return run_with_file(&verb_config_diff, argc, argv, do_diff);
}

static int run_apply(int argc, char **argv)
{
	return run_with_file(&verb_config_apply, argc, argv, apply);
}

static int save_option(int c, const char *arg)
{
	(void)c;
	(void)arg;
	overwrite = true;
	return 0;
}

static const struct option save_options[] = {
	{ "force", no_argument, NULL, 'f' },
	{ NULL, 0, NULL, 0 },
};

const struct verb verb_config_save = {
	.name = "config save",
	.args = "PORT [FILE]",
	.summary = "Write all set points of a device as text, to FILE or standard output",
	.help = "  -f, --force   overwrite FILE\n\n"
		"Examples:\n"
		"  matetool config save 1 roof.conf\n"
		"  matetool config save -P house\n",
	.words = "pf",
	.short_options = "f",
	.long_options = save_options,
	.option = save_option,
	.run = run_save,
};

const struct verb verb_config_diff = {
	.name = "config diff",
	.args = "PORT FILE",
	.summary = "Show which set points of a device differ from a saved file",
	.help = "Exit status: 0 nothing differs, 4 something does.\n\n"
		"Example:\n"
		"  matetool config diff 1 roof.conf || echo somebody changed something\n",
	.words = "pf",
	.short_options = "",
	.run = run_diff,
	.columns = diff_columns,
};

const struct verb verb_config_apply = {
	.name = "config apply",
	.args = "PORT FILE",
	.summary = "Write those set points that differ from a saved file",
	.help = "Only for the same type of device.  Written one after another in an order in which\n"
		"no limit crosses another; it ends at the first that fails.\n\n"
		CONSENT_HELP
		"\nExamples:\n"
		"  matetool config apply 1 roof.conf --dry-run\n"
		"  matetool config apply 1 roof.conf --yes\n",
	.words = "pf",
	.short_options = CONSENT_SHORT,
	.long_options = consent_options,
	.option = consent_option,
	.run = run_apply,
};

static const struct verb * const config_verbs[] = {
	&verb_config_save, &verb_config_diff, &verb_config_apply, NULL
};

const struct verb verb_config = {
	.name = "config",
	.args = "save|diff|apply ..",
	.summary = "All set points of a device as a file: save, compare, restore",
	.help = "Examples:\n"
		"  matetool config save 1 roof.conf\n"
		"  matetool config diff 1 roof.conf\n"
		"  matetool config apply 1 roof.conf --dry-run\n",
	.verbs = config_verbs,
};
