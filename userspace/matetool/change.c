// SPDX-License-Identifier: GPL-2.0-or-later
/* The way of every change: shown, allowed, made, read back, told to the journal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "journal.h"
#include "revert.h"

/* ---- the device ------------------------------------------------------------ */

static void name_target(struct target *t)
{
	const char *given = named_port(t->bus, t->info.port)->name;
	const char *type = mate_device_name(t->info.device);

	if (*given)
		snprintf(t->name, sizeof(t->name), "%s", given);
	else
		snprintf(t->name, sizeof(t->name), "%s%u", type ?: "port", t->info.port);
}

static int refuse_promise(struct target *t)
{
	const struct record r = {
		.action = "refuse", .risk = MATE_RISK_DANGER, .result = "refused",
		.detail = "promise",
	};
	int ret = check_promise(&t->port, t->info.device);

	if (ret)
		record(t, &r, true);
	return ret;
}

void make_target(struct target *t, struct mate_bus *bus, const struct mate_device_info *info)
{
	*t = (struct target) { .bus = bus, .info = *info, .port.port = info->port };
	name_target(t);
	mate_firmware_format(&t->info, t->fw, sizeof(t->fw));
}

int fill_target(struct target *t, struct mate_bus *bus, const struct port_name *port)
{
	struct mate_device_info info;
	struct matenet_config config;
	int ret;

	ret = mate_get_config(bus, &config);
	if (ret)
		return fail_mate(bus, ret, "%s: settings", mate_bus_name(bus));
	ret = mate_identify(bus, port->port, &info);
	if (ret)
		return fail_mate(bus, ret, "port %u", port->port);
	make_target(t, bus, &info);
	t->port = *port;
	/* Whoever means the port by its number is warned of swapped plugs, too. */
	if (!t->port.device)
		t->port = *named_port(bus, port->port);
	t->port.port = port->port;
	t->writable = config.flags & MATENET_CFG_WRITABLE;
	return refuse_promise(t);
}

int open_target(struct target *t, const struct port_name *port)
{
	struct mate_bus *bus;
	int ret = open_bus_flags(&bus, consent.dry_run ? 0 : MATE_OPEN_WRITE);

	if (ret)
		return ret;
	ret = fill_target(t, bus, port);
	if (ret)
		mate_close(bus);
	return ret;
}

void close_target(struct target *t)
{
	mate_close(t->bus);
}

void target_text(const struct target *t, char *text, size_t size)
{
	snprintf(text, size, "%s %s, port %u of %s%s%s", device_title(t->info.device), t->name,
		 t->info.port, mate_bus_name(t->bus), *t->fw ? ", revision " : "", t->fw);
}

/* ---- the journal ----------------------------------------------------------- */

void record(const struct target *t, const struct record *r, bool bad)
{
	static bool told;
	char port[8];
	const struct journal_field fields[] = {
		{ "bus", mate_bus_name(t->bus) }, { "port", port }, { "name", t->name },
		{ "device", mate_device_name(t->info.device) }, { "firmware", t->fw },
		{ "register", r->reg }, { "address", r->addr }, { "risk", mate_risk_name(r->risk) },
		{ "old", r->old }, { "new", r->new }, { "read", r->read },
		{ "result", r->result }, { "detail", r->detail }, { "revert", r->revert },
		{ "request", consent.request },
	};

	snprintf(port, sizeof(port), "%u", t->info.port);
	if (!journal(r->action, bad, fields, sizeof(fields) / sizeof(fields[0])) && !told) {
		fprintf(stderr, "matetool: warning: neither journald nor syslog is there to keep a record\n");
		told = true;
	}
}

void raw_text(const struct mate_reg_desc *reg, uint16_t raw, char *text, size_t size)
{
	struct mate_quantity q;

	if (!reg || !*reg->id) {
		snprintf(text, size, "0x%04X", raw);
		return;
	}
	mate_reg_decode(reg, raw, false, &q);
	mate_quantity_format(&q, text, size);
}

static const char * const kind_names[] = {
	[CHANGE_WRITE] = "set", [CHANGE_INC] = "inc", [CHANGE_DEC] = "dec",
	[CHANGE_ENABLE] = "enable", [CHANGE_DISABLE] = "disable",
};

static const char *result_name(const struct change *c)
{
	static const char * const names[] = {
		[CHANGE_PLANNED] = "planned", [CHANGE_UNCHANGED] = "unchanged",
		[CHANGE_APPLIED] = "applied", [CHANGE_UNVERIFIED] = "unverified",
		[CHANGE_DIFFERS] = "differs", [CHANGE_FAILED] = "failed",
	};

	return c->result == CHANGE_FAILED ? mate_errname(c->err) : names[c->result];
}

/* "0032" for messages and --i-accept where a register has no name. */
static const char *reg_name(const struct mate_reg_desc *reg, char addr[8])
{
	snprintf(addr, 8, "%04X", reg->addr);
	return *reg->id ? reg->id : addr;
}

static int exit_of(const struct change *c)
{
	switch (c->result) {
	case CHANGE_DIFFERS:
		return EXIT_DIFFERS;
	case CHANGE_FAILED:
		return mate_exit(c->err);
	case CHANGE_UNVERIFIED:
		return c->err ? mate_exit(c->err) : EXIT_OK;
	default:
		return EXIT_OK;
	}
}

/* @result: a word instead of what has become of it, or NULL. */
static void record_change(const struct target *t, const struct change *c, const char *result,
			  const char *detail)
{
	char addr[8], old[80] = "", new[80], now[80] = "";
	const struct record r = {
		.action = kind_names[c->kind], .risk = c->reg->risk, .reg = c->reg->id,
		.addr = addr, .old = old, .new = new, .read = now,
		.result = result ?: result_name(c),
		.detail = detail ?: c->err ? error_text(c->err) : NULL,
		.revert = c->revert,
	};

	reg_name(c->reg, addr);
	if (c->has_old)
		raw_text(c->reg, c->old, old, sizeof(old));
	raw_text(c->reg, c->new, new, sizeof(new));
	if (c->has_now)
		raw_text(c->reg, c->now, now, sizeof(now));
	record(t, &r, result ? !strcmp(result, "refused") : exit_of(c) != EXIT_OK);
}

/* An attempt at something dangerous is worth an entry even if nothing came of it. */
static void record_refusals(const struct target *t, const struct change *list, int n,
			    const char *rule)
{
	for (int i = 0; i < n; i++)
		if (list[i].result == CHANGE_PLANNED && list[i].reg->risk >= MATE_RISK_DANGER)
			record_change(t, &list[i], "refused", rule);
}

/* ---- the plan -------------------------------------------------------------- */

static bool is_step(const struct change *c)
{
	return c->kind != CHANGE_WRITE;
}

/* Where a step is expected to lead; where the number of "off" is not known, nowhere. */
static uint16_t expected(const struct change *c)
{
	int n = c->reg->type == MATE_T_S16 ? (int16_t)c->old : c->old;

	if (c->kind == CHANGE_INC)
		return (uint16_t)(n + c->reg->step);
	if (c->kind == CHANGE_DEC)
		return (uint16_t)(n - c->reg->step);
	for (unsigned int i = 0; i < c->reg->n_values; i++) {
		const char *name = c->reg->values[i].name;
		bool on = !strcmp(name, "on") || !strcmp(name, "enabled");
		bool off = !strcmp(name, "off") || !strcmp(name, "disabled");

		if (c->kind == CHANGE_ENABLE ? on : off)
			return c->reg->values[i].number;
	}
	return c->old;
}

static int read_old(struct target *t, struct change *c)
{
	char addr[8];
	int ret;

	c->has_old = false;
	if (!(c->reg->access & MATE_ACC_READ))
		return 0;
	ret = mate_read(t->bus, t->info.port, c->reg->addr, &c->old);
	if (ret)
		return fail_mate(t->bus, ret, "port %u: register %s", t->info.port,
				 reg_name(c->reg, addr));
	c->has_old = true;
	if (is_step(c))
		c->new = expected(c);
	/* Writing a reset register does something whatever it holds. */
	if (!is_step(c) && c->old == c->new && c->reg->risk != MATE_RISK_RESET)
		c->result = CHANGE_UNCHANGED;
	return 0;
}

static void print_planned(FILE *out, const struct change *c)
{
	char addr[8], old[80] = "?", new[80];
	const char *warning = risk_warning(c->reg->risk);

	if (c->has_old)
		raw_text(c->reg, c->old, old, sizeof(old));
	raw_text(c->reg, c->new, new, sizeof(new));
	if (c->result == CHANGE_UNCHANGED)
		fprintf(out, "  %s: %s, as it is\n", reg_name(c->reg, addr), old);
	else
		fprintf(out, "  %s: %s -> %s%s%s%s\n", reg_name(c->reg, addr), old, new,
			*warning ? "  (" : "", warning, *warning ? ")" : "");
}

static bool is_anything_planned(const struct change *list, int n)
{
	for (int i = 0; i < n; i++)
		if (list[i].result == CHANGE_PLANNED)
			return true;
	return false;
}

static void print_plan(const struct target *t, const struct change *list, int n)
{
	FILE *out = flags.json ? stderr : stdout;
	char text[160];

	target_text(t, text, sizeof(text));
	fprintf(out, "%s\n", text);
	for (int i = 0; i < n; i++)
		print_planned(out, &list[i]);
	if (consent.revert_ms && is_anything_planned(list, n))
		fprintf(out, "  and back again after %u s, unless it is confirmed\n",
			consent.revert_ms / 1000);
	fflush(out);
}

/* ---- results --------------------------------------------------------------- */

static void json_raw(json_t *o, const char *name, const struct mate_reg_desc *reg, uint16_t raw)
{
	struct mate_quantity q;

	mate_reg_decode(reg, raw, false, &q);
	json_quantity(o, name, &q);
}

static json_t *json_change(const struct change *c)
{
	char addr[8];
	json_t *o = json_object();

	snprintf(addr, sizeof(addr), "%04X", c->reg->addr);
	json_object_set_new(o, "register", *c->reg->id ? json_string(c->reg->id) : json_null());
	json_object_set_new(o, "address", json_string(addr));
	json_object_set_new(o, "risk", json_string(mate_risk_name(c->reg->risk)));
	json_object_set_new(o, "unit", *c->reg->unit ? json_string(c->reg->unit) : json_null());
	if (c->has_old)
		json_raw(o, "old", c->reg, c->old);
	else
		json_object_set_new(o, "old", json_null());
	json_raw(o, "new", c->reg, c->new);
	if (c->has_now)
		json_raw(o, "read", c->reg, c->now);
	json_object_set_new(o, "result", json_string(result_name(c)));
	if (c->err)
		json_object_set_new(o, "error", json_error(c->err));
	if (*c->revert)
		json_object_set_new(o, "revert", json_string(c->revert));
	return o;
}

static void print_result(const struct change *c)
{
	char addr[8], now[80] = "";
	const char *name = reg_name(c->reg, addr);

	if (c->has_now)
		raw_text(c->reg, c->now, now, sizeof(now));
	switch (c->result) {
	case CHANGE_APPLIED:
		printf("%s: applied, reads %s\n", name, now);
		break;
	case CHANGE_UNVERIFIED:
		printf("%s: sent; it cannot be read back\n", name);
		break;
	default:	/* the others are told as errors, or not at all */
		break;
	}
	if (*c->revert && c->result != CHANGE_PLANNED)
		printf("back again in %u s, unless: matetool confirm %s\n",
		       consent.revert_ms / 1000, c->revert);
}

/* One error for all: the changes stop at the first that fails. */
static int fail_change(const struct target *t, const struct change *c)
{
	char addr[8], now[80] = "", new[80];
	const char *name = reg_name(c->reg, addr);

	raw_text(c->reg, c->new, new, sizeof(new));
	if (c->has_now)
		raw_text(c->reg, c->now, now, sizeof(now));
	if (c->result == CHANGE_DIFFERS)
		fprintf(stderr, "matetool: port %u: %s: wanted %s, reads %s\n", t->info.port,
			name, new, now);
	else
		fprintf(stderr, "matetool: port %u: %s: %s%s%s%s\n", t->info.port, name,
			error_text(c->err), *now ? "; it reads " : "", now,
			c->result == CHANGE_UNVERIFIED ? "; sent, but not read back" : "");
	return exit_of(c);
}

static bool is_anything_done(const struct change *list, int n)
{
	for (int i = 0; i < n; i++)
		if (list[i].result > CHANGE_UNCHANGED)
			return true;
	return false;
}

static int show_results(const struct target *t, const struct change *list, int n)
{
	json_t *array = json_array();
	int status = EXIT_OK;

	for (int i = 0; i < n; i++) {
		int ret = exit_of(&list[i]);

		json_array_append_new(array, json_change(&list[i]));
		if (!flags.json && !consent.dry_run)
			print_result(&list[i]);
		if (ret && !flags.json)
			fail_change(t, &list[i]);
		status = status ?: ret;
	}
	if (flags.json)
		print_json(json_pack("{s:s,s:i,s:s,s:o,s:s,s:b,s:O}", "bus",
				     mate_bus_name(t->bus), "port", (int)t->info.port, "name",
				     t->name, "type", json_device(t->info.device), "firmware",
				     t->fw, "dry_run", consent.dry_run, "changes", array));
	else if (consent.dry_run || !is_anything_done(list, n))
		printf("Nothing written.\n");
	json_decref(array);
	return status;
}

/* ---- making them ----------------------------------------------------------- */

static void from_outcome(struct change *c, enum mate_outcome outcome, int err)
{
	static const enum change_result results[] = {
		[MATE_APPLIED] = CHANGE_APPLIED, [MATE_DIFFERS] = CHANGE_DIFFERS,
		[MATE_WRITE_REFUSED] = CHANGE_FAILED, [MATE_WRITE_NO_REPLY] = CHANGE_FAILED,
		[MATE_UNVERIFIED] = CHANGE_UNVERIFIED,
	};

	c->result = results[outcome];
	c->err = outcome == MATE_WRITE_REFUSED ? MATE_E_REFUSED :
		 outcome == MATE_APPLIED ? 0 : err;	/* a lost answer, but it was done */
	if (outcome == MATE_WRITE_NO_REPLY && !err)
		c->err = MATE_E_NO_REPLY;
}

/* True if the device may not be as it was before. */
static bool write_change(struct target *t, struct change *c)
{
	struct mate_write w = { .err = 0 };
	int ret = mate_reg_write(t->bus, t->info.port, c->reg, c->new, &w);

	if (ret) {
		c->result = CHANGE_FAILED;
		c->err = ret;
		return false;
	}
	if (w.has_before)
		c->old = w.before;
	c->has_now = w.has_after;
	c->now = w.after;
	from_outcome(c, w.outcome, w.err);
	return !(w.has_after && w.has_before && w.after == w.before);
}

static bool step_change(struct target *t, struct change *c)
{
	static const enum mate_step steps[] = {
		[CHANGE_INC] = MATE_STEP_INC, [CHANGE_DEC] = MATE_STEP_DEC,
		[CHANGE_ENABLE] = MATE_STEP_ENABLE, [CHANGE_DISABLE] = MATE_STEP_DISABLE,
	};
	struct mate_step_result s = { .err = 0 };
	int ret = mate_step(t->bus, t->info.port, c->reg, steps[c->kind], &s);

	if (ret) {
		c->result = CHANGE_FAILED;
		c->err = ret;
		return false;
	}
	c->old = s.before;
	c->has_now = s.has_after;
	c->now = s.after;
	from_outcome(c, s.outcome, s.err);
	return true;
}

static int arm(const struct target *t, struct change *c)
{
	struct mate_bus_info info;
	struct revert r = {
		.port = t->info.port, .device = t->info.device, .addr = c->reg->addr,
		.old = c->old, .new = c->new, .period_s = (consent.revert_ms + 999) / 1000,
	};
	int ret;

	snprintf(r.bus, sizeof(r.bus), "%s", mate_bus_name(t->bus));
	if (find_bus_by_name(r.bus, &info))
		snprintf(r.tty, sizeof(r.tty), "%s", info.tty);
	snprintf(r.name, sizeof(r.name), "%s", t->name);
	snprintf(r.reg, sizeof(r.reg), "%s", c->reg->id);
	snprintf(r.user, sizeof(r.user), "%s", journal_user());
	ret = revert_arm(&r);
	if (!ret)
		snprintf(c->revert, sizeof(c->revert), "%s", r.id);
	return ret;
}

static void disarm(struct change *c)
{
	if (*c->revert)
		revert_confirm(c->revert);
	*c->revert = '\0';
}

/* All are armed before the first is written: if one cannot be, nothing happens. */
static int arm_all(const struct target *t, struct change *list, int n)
{
	int ret = 0;

	for (int i = 0; !ret && consent.revert_ms && i < n; i++)
		if (list[i].result == CHANGE_PLANNED)
			ret = arm(t, &list[i]);
	for (int i = 0; ret && i < n; i++)
		disarm(&list[i]);
	return ret;
}

/* A revert that somebody else waits for is settled by what it would write. */
static void settle_pending(const struct target *t, const struct change *c)
{
	struct revert r;

	if (*c->revert || !c->has_now ||
	    !revert_find(mate_bus_name(t->bus), t->info.port, c->reg->addr, &r))
		return;
	if (c->now == r.old && !revert_confirm(r.id))
		fprintf(stderr, "matetool: the revert %s has nothing left to do\n", r.id);
	else if (c->now != r.old)
		fprintf(stderr, "matetool: note: a revert is outstanding and will change it again: "
			"matetool confirm %s keeps it\n", r.id);
}

static void make_all(struct target *t, struct change *list, int n)
{
	for (int i = 0; i < n; i++) {
		struct change *c = &list[i];
		bool touched;

		if (c->result != CHANGE_PLANNED)
			continue;
		/* If this machine does not live to tell the end, at least the beginning. */
		if (c->reg->risk >= MATE_RISK_DANGER || *c->revert)
			record_change(t, c, "begun", NULL);
		touched = is_step(c) ? step_change(t, c) : write_change(t, c);
		if (!touched && c->result != CHANGE_APPLIED)
			disarm(c);
		record_change(t, c, NULL, NULL);
		settle_pending(t, c);
		if (exit_of(c)) {
			while (++i < n)
				disarm(&list[i]);
			return;
		}
	}
}

int check_unlocked(const struct target *t, enum mate_risk risk, const char *id)
{
	const struct record r = {
		.action = "refuse", .risk = risk, .reg = id, .result = "refused",
		.detail = "locked",
	};

	if (t->writable || consent.dry_run)
		return 0;
	if (risk >= MATE_RISK_DANGER)
		record(t, &r, true);
	return fail(EXIT_REFUSED, "locked", "%s is locked: nothing written; to unlock it: "
		    "matetool bus set writable=on -d %s", mate_bus_name(t->bus),
		    mate_bus_name(t->bus));
}

static int allow(const struct target *t, const struct change *list, int n)
{
	struct question questions[MAX_CHANGES];
	char addrs[MAX_CHANGES][8];
	enum mate_risk worst = MATE_RISK_NONE;
	const char *rule = "", *id = "";
	int ret, count = 0;

	for (int i = 0; i < n; i++) {
		const struct mate_reg_desc *reg = list[i].reg;

		if (list[i].result != CHANGE_PLANNED)
			continue;
		questions[count] = (struct question) { reg->risk, reg_name(reg, addrs[count]) };
		if (reg->risk >= worst)
			id = questions[count].id;
		if (reg->risk > worst)
			worst = reg->risk;
		count++;
	}
	if (!count)
		return 0;
	ret = check_unlocked(t, worst, id);
	if (ret)
		return ret;
	ret = ask(t, questions, count, &rule);
	if (ret)
		record_refusals(t, list, n, rule);
	return ret;
}

/* Without an old value there is nothing to go back to. */
static int check_revertible(const struct change *list, int n)
{
	char addr[8];

	for (int i = 0; consent.revert_ms && i < n; i++)
		if (!(list[i].reg->access & MATE_ACC_READ) || list[i].reg->risk == MATE_RISK_RESET)
			return fail(EXIT_USAGE, "usage", "--revert-after: %s cannot be undone",
				    reg_name(list[i].reg, addr));
	return 0;
}

int make_changes(struct target *t, struct change *list, int n)
{
	int ret = check_revertible(list, n);

	/* Who changes something may also see that others' changes are undone. */
	if (!consent.dry_run)
		revert_adopt();

	for (int i = 0; !ret && i < n; i++)
		ret = read_old(t, &list[i]);
	if (ret)
		return ret;
	if (!flags.json || (isatty(STDIN_FILENO) && !consent.dry_run))
		print_plan(t, list, n);
	if (!consent.dry_run) {
		ret = allow(t, list, n) ?: arm_all(t, list, n);
		if (ret)
			return ret;
		make_all(t, list, n);
	}
	return show_results(t, list, n);
}

/* ---- registers ------------------------------------------------------------- */

/* Of a register in no table nothing is known, so all must be feared. */
static const struct mate_reg_desc unlisted = {
	.id = "", .label = "", .unit = "", .note = "", .scale = 1, .type = MATE_T_U16,
	.value_mask = 0xFFFF, .max = 0xFFFF, .step = 1, .risk = MATE_RISK_FORBIDDEN,
	.access = MATE_ACC_READ | MATE_ACC_WRITE | MATE_ACC_INCDEC | MATE_ACC_ENDIS,
};

/* "0x1c8", or hex that starts with a digit: names start with a letter. */
static bool parse_address(const char *text, unsigned int *addr)
{
	const char *digits = strncmp(text, "0x", 2) ? text : text + 2;
	size_t n = strlen(digits);

	if ((text == digits && !(*text >= '0' && *text <= '9')) || !n || n > 4 ||
	    strspn(digits, "0123456789abcdefABCDEF") != n)
		return false;
	*addr = (unsigned int)strtoul(digits, NULL, 16);
	return true;
}

int find_writable(unsigned int device, const char *name, size_t length,
		  struct mate_reg_desc *reg)
{
	const struct mate_reg_desc *r;
	unsigned int addr;
	char text[48];

	if (length >= sizeof(text))
		length = sizeof(text) - 1;
	snprintf(text, sizeof(text), "%.*s", (int)length, name);
	r = mate_reg_by_id(device, text);
	if (!r && parse_address(text, &addr)) {
		r = mate_reg_by_addr(device, addr);
		*reg = r ? *r : unlisted;
		reg->addr = (uint16_t)addr;
		r = reg;
	}
	if (!r)
		return fail(EXIT_USAGE, "register", "register \"%s\": %s has none of that name",
			    text, device_phrase(device));
	*reg = *r;
	if (r->access & (MATE_ACC_WRITE | MATE_ACC_INCDEC | MATE_ACC_ENDIS))
		return 0;
	return fail(EXIT_USAGE, "register", "register \"%s\": it can only be read", text);
}
