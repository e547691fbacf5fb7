// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool reg list, get, dump: what registers there are and what they say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"

/* A register that no table has: sixteen bits and nothing more. */
static const struct mate_reg_desc unlisted = {
	.id = "", .label = "", .unit = "", .note = "", .scale = 1, .type = MATE_T_U16,
	.value_mask = 0xFFFF, .access = MATE_ACC_READ,
};

/* "0x1c8" or a number in hex that starts with a digit: names start with a letter. */
static bool parse_address(const char *text, unsigned int *addr)
{
	const char *digits = strncmp(text, "0x", 2) ? text : text + 2;
	size_t n = strlen(digits);

	if (text == digits && !(*text >= '0' && *text <= '9'))
		return false;
	if (!n || n > 4 || strspn(digits, "0123456789abcdefABCDEF") != n)
		return false;
	*addr = (unsigned int)strtoul(digits, NULL, 16);
	return true;
}

int find_register(unsigned int device, const char *text, struct mate_reg_desc *reg)
{
	const struct mate_reg_desc *r = mate_reg_by_id(device, text);
	unsigned int addr;

	*reg = unlisted;
	if (!r && !parse_address(text, &addr))
		return fail(EXIT_USAGE, "register", "register \"%s\": %s has none of that name",
			    text, device_phrase(device));
	if (!r)
		r = mate_reg_by_addr(device, addr);
	if (r)
		*reg = *r;
	if (!r)
		reg->addr = (uint16_t)addr;
	return 0;
}

static int find_readable(unsigned int device, const char *text, struct mate_reg_desc *reg)
{
	int ret = find_register(device, text, reg);

	if (!ret && !(reg->access & MATE_ACC_READ) && mate_reg_by_id(device, text))
		return fail(EXIT_USAGE, "register", "register \"%s\": it can only be written",
			    text);
	return ret;
}

/* ---- what a register is ---------------------------------------------------- */

static const char * const type_names[] = {
	[MATE_T_U8] = "number", [MATE_T_U16] = "number", [MATE_T_S16] = "signed",
	[MATE_T_ENUM] = "enum", [MATE_T_BITS] = "bits", [MATE_T_OFFSET128] = "signed",
	[MATE_T_TIME] = "time", [MATE_T_DATE] = "date",
};

static const char *type_name(const struct mate_reg_desc *r)
{
	return r->type < sizeof(type_names) / sizeof(type_names[0]) ? type_names[r->type] : NULL;
}

/* "rw incdec" */
static json_t *json_access(const struct mate_reg_desc *r)
{
	char text[32];

	snprintf(text, sizeof(text), "%s%s%s%s", r->access & MATE_ACC_READ ? "r" : "",
		 r->access & MATE_ACC_WRITE ? "w" : "",
		 r->access & MATE_ACC_INCDEC ? " incdec" : "",
		 r->access & MATE_ACC_ENDIS ? " endis" : "");
	return json_string(text);
}

static json_t *json_values(const struct mate_reg_desc *r)
{
	json_t *values = json_object();

	for (unsigned int i = 0; i < r->n_values; i++)
		json_object_set_new(values, r->values[i].name,
				    json_integer(r->values[i].number));
	return values;
}

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

/* Members that list, get and dump share. */
static json_t *json_register(const struct mate_reg_desc *r)
{
	bool listed = *r->id;
	json_t *o = json_object();
	char addr[8];

	snprintf(addr, sizeof(addr), "%04X", r->addr);
	json_object_set_new(o, "name", text_or_null(r->id));
	json_object_set_new(o, "label", text_or_null(r->label));
	json_object_set_new(o, "address", json_string(addr));
	json_object_set_new(o, "unit", text_or_null(r->unit));
	json_object_set_new(o, "kind", text_or_null(listed ? type_name(r) : NULL));
	json_object_set_new(o, "access", listed ? json_access(r) : json_null());
	json_object_set_new(o, "writable", json_boolean(r->access & MATE_ACC_WRITE));
	/* A register without a table entry has neither. */
	json_object_set_new(o, "risk", text_or_null(listed ? mate_risk_name(r->risk) : NULL));
	json_object_set_new(o, "evidence",
			    text_or_null(listed ? mate_evidence_name(r->evidence) : NULL));
	json_object_set_new(o, "note", text_or_null(r->note));
	return o;
}

static void values_text(const json_t *row, char *text, size_t size)
{
	json_t *values = json_object_get(row, "values"), *number;
	const char *name;
	size_t at = 0;

	snprintf(text, size, "-");
	json_object_foreach(values, name, number) {
		if (at >= size)
			return;
		at += (size_t)snprintf(text + at, size - at, "%s%lld=%s", at ? " " : "",
				       (long long)json_integer_value(number), name);
	}
}

/* ---- list ------------------------------------------------------------------ */

static const struct column list_columns[] = {
	COLUMN("DEVICE", "device", "whose it is; \"all\": of every device"),
	COLUMN("NAME", "name", "what reg get and reg set take"),
	COLUMN("LABEL", "label", "in words", .style = COLUMN_HIDDEN),
	COLUMN("ADDRESS", "address", "in hex"),
	COLUMN("KIND", "kind", "number, signed, enum, bits, time or date"),
	COLUMN("UNIT", "unit", "of the value"),
	COLUMN("ACCESS", "access", "r and w; incdec, endis: takes inc and dec, enable and disable"),
	COLUMN("RISK", "risk", "of a write: sync, reset, setpoint, control, danger, forbidden"),
	COLUMN("EVIDENCE", "evidence", "proven by recordings, reported or inferred"),
	COLUMN("ALLOWED", "allowed", "what may be written", .style = COLUMN_HIDDEN),
	COLUMN("VALUES", "values", "names of numbers or bits", .style = COLUMN_HIDDEN,
	       .text = values_text),
	COLUMN("NOTE", "note", "what else is known", .style = COLUMN_HIDDEN),
	END_OF_COLUMNS
};

/* Least or greatest number that may be written, as a value. */
static json_t *json_limit(const struct mate_reg_desc *r, int32_t raw)
{
	static const double divisor[] = { 1, 10, 100 };

	if (!(r->access & MATE_ACC_WRITE))
		return json_null();
	return r->decimals ? json_real(raw / divisor[r->decimals]) : json_integer(raw);
}

static json_t *json_allowed(const struct mate_reg_desc *r)
{
	char text[200];

	if (!(r->access & MATE_ACC_WRITE))
		return json_null();
	mate_reg_allowed(r, false, text, sizeof(text));
	return text_or_null(text);
}

static void list_registers(json_t *rows, unsigned int device)
{
	for (const struct mate_reg_desc *r = mate_reg_next(device, NULL); r;
	     r = mate_reg_next(device, r)) {
		json_t *o = json_register(r);

		json_object_set_new(o, "device", mate_device_name(r->device) ?
				    json_device(r->device) : json_string("all"));
		json_object_set_new(o, "min", json_limit(r, r->min));
		json_object_set_new(o, "max", json_limit(r, r->max));
		json_object_set_new(o, "allowed", json_allowed(r));
		json_object_set_new(o, "values", json_values(r));
		json_array_append_new(rows, o);
	}
}

static int device_by_name(const char *name)
{
	for (unsigned int i = MATE_HUB; i <= MATE_DC; i++)
		if (!strcmp(mate_device_name(i), name))
			return (int)i;
	return 0;
}

/* Type of the device on a port that the arguments name. */
static int ask_type(const struct port_name *port, unsigned int *device)
{
	struct mate_bus *bus;
	int ret = open_bus(&bus);

	if (ret)
		return ret;
	ret = device_type(bus, port->port, device) ?: check_promise(port, *device);
	mate_close(bus);
	return ret;
}

static int run_list(int argc, char **argv)
{
	unsigned int device = 0;
	struct port_name port;
	json_t *rows;
	bool given;
	int ret;

	ret = want_args(&verb_reg_list, argc, 0, flags.port ? 0 : 1);
	if (ret)
		return ret;
	if (argc)
		device = (unsigned int)device_by_name(argv[0]);
	if (!device) {
		ret = maybe_port(&argc, &argv, &port, &given) ?:
		      (given ? ask_type(&port, &device) : 0);
		if (ret)
			return ret;
	}
	rows = json_array();
	for (unsigned int i = MATE_HUB; i <= MATE_DC; i++)
		if (!device || i == device)
			list_registers(rows, i);
	return show_table(json_pack("{s:o}", "registers", rows), "registers", list_columns);
}

const struct verb verb_reg_list = {
	.name = "reg list",
	.args = "[PORT | hub | fx | mx | dc]",
	.summary = "List the registers of the device on PORT, of a type of device, or all",
	.help = "Examples:\n"
		"  matetool reg list 2                      of what is on port 2\n"
		"  matetool reg list mx                     of charge controllers; needs no bus\n"
		"  matetool reg list fx -o name,allowed,note\n"
		"  matetool reg list fx -o name,values | grep inverter\n"
		"  matetool reg list -j | jq -r '.registers[] | select(.risk == \"danger\") | .name'\n",
	.words = "p",
	.short_options = "",
	.run = run_list,
	.columns = list_columns,
};

/* ---- get, dump ------------------------------------------------------------- */

static void value_text(const json_t *row, char *text, size_t size)
{
	const char *error = json_string_value(json_object_get(json_object_get(row, "error"),
							      "message"));

	snprintf(text, size, "%s",
		 json_string_value(json_object_get(row, "text")) ?: error ?: "-");
}

static const struct column value_columns[] = {
	COLUMN("NAME", "name", "of the register"),
	COLUMN("LABEL", "label", "in words", .style = COLUMN_HIDDEN),
	COLUMN("ADDRESS", "address", "in hex"),
	COLUMN("VALUE", "value", "with its unit", .text = value_text),
	COLUMN("RAW", "raw", "the sixteen bits in hex"),
	COLUMN("UNIT", "unit", "of the value", .style = COLUMN_HIDDEN),
	COLUMN("ACCESS", "access", "r and w", .style = COLUMN_HIDDEN),
	COLUMN("RISK", "risk", "of a write", .style = COLUMN_HIDDEN),
	COLUMN("EVIDENCE", "evidence", "proven, reported or inferred", .style = COLUMN_HIDDEN),
	COLUMN("NOTE", "note", "what else is known", .style = COLUMN_HIDDEN),
	END_OF_COLUMNS
};

/* Read a register into a JSON object; 0 or an error of the library. */
static int read_register(struct mate_bus *bus, unsigned int port,
			 const struct mate_reg_desc *reg, json_t *o)
{
	struct mate_quantity q;
	char text[256], hex[8];
	uint16_t raw;
	int ret = mate_reg_read(bus, port, reg, &q, &raw);

	if (ret)
		return ret;
	mate_quantity_format(&q, text, sizeof(text));
	snprintf(hex, sizeof(hex), "%04X", raw);
	json_quantity(o, "value", &q);
	json_object_set_new(o, "text", json_string(text));
	json_object_set_new(o, "raw", json_string(hex));
	return 0;
}

static json_t *json_values_of(struct mate_bus *bus, unsigned int port, unsigned int device,
			      const char *key, json_t *registers)
{
	return json_pack("{s:s,s:i,s:o,s:o}", "bus", mate_bus_name(bus), "port", (int)port,
			 "type", json_device(device), key, registers);
}

static void print_value(const json_t *o)
{
	const char *name = json_string_value(json_object_get(o, "name"));

	printf("%s: %s (raw 0x%s)\n",
	       name ?: json_string_value(json_object_get(o, "address")),
	       json_string_value(json_object_get(o, "text")),
	       json_string_value(json_object_get(o, "raw")));
}

/* All or nothing: a program that asks for two values cannot do with one. */
static int read_all(struct mate_bus *bus, unsigned int port, unsigned int device, int n,
		    char **names, json_t *list)
{
	struct mate_reg_desc reg;
	int ret = 0;

	for (int i = 0; i < n && !ret; i++)
		ret = find_readable(device, names[i], &reg);
	for (int i = 0; i < n && !ret; i++) {
		json_t *o;

		find_readable(device, names[i], &reg);
		o = json_register(&reg);
		json_array_append_new(list, o);
		ret = read_register(bus, port, &reg, o);
		if (ret)
			return fail_mate(bus, ret, "port %u: register %04X", port, reg.addr);
	}
	return ret;
}

static int get_registers(struct mate_bus *bus, const struct port_name *port, int n, char **names)
{
	json_t *list = json_array();
	unsigned int device = 0;
	int ret;

	ret = device_type(bus, port->port, &device) ?: check_promise(port, device) ?:
	      read_all(bus, port->port, device, n, names, list);
	if (ret) {
		json_decref(list);
		return ret;
	}
	if (flags.json && n == 1) {
		json_t *only = json_incref(json_array_get(list, 0));

		json_decref(list);
		return show_table(json_values_of(bus, port->port, device, "register", only),
				  "register", value_columns);
	}
	if (flags.json || flags.columns)
		return show_table(json_values_of(bus, port->port, device, "registers", list),
				  "registers", value_columns);
	for (size_t i = 0; i < json_array_size(list); i++)
		print_value(json_array_get(list, i));
	json_decref(list);
	return EXIT_OK;
}

static int run_get(int argc, char **argv)
{
	struct port_name port;
	struct mate_bus *bus;
	int ret = want_port(&verb_reg_get, &argc, &argv, &port) ?:
		  want_args(&verb_reg_get, argc, 1, 1000) ?: open_bus(&bus);

	if (ret)
		return ret;
	ret = get_registers(bus, &port, argc, argv);
	mate_close(bus);
	return ret;
}

const struct verb verb_reg_get = {
	.name = "reg get",
	.args = "PORT NAME|ADDRESS..",
	.summary = "Read registers, by name or by address in hex",
	.help = "matetool reg list PORT shows the names.  An address starts with a digit or 0x\n"
		"and need not be in the table.\n\n"
		"Examples:\n"
		"  matetool reg get 1 battery_voltage\n"
		"  matetool reg get 1 absorb_voltage float_voltage\n"
		"  matetool reg get 2 003D        the inverter control of an FX\n"
		"  matetool reg get -P house inverter_control -o value\n"
		"  matetool reg get 3 0x5c -j     with unit, risk and evidence\n",
	.words = "pr+",
	.short_options = "",
	.run = run_get,
	.columns = value_columns,
};

/* A register that fails does not keep the others from being shown. */
static int dump_all(struct mate_bus *bus, unsigned int port, unsigned int device, json_t *list)
{
	int status = EXIT_OK;

	progress_begin();
	for (const struct mate_reg_desc *r = mate_reg_next(device, NULL); r;
	     r = mate_reg_next(device, r)) {
		json_t *o;
		int ret;

		if (!(r->access & MATE_ACC_READ))
			continue;
		progress("port %u: register %04X %s", port, r->addr, r->id);
		o = json_register(r);
		json_array_append_new(list, o);
		ret = read_register(bus, port, r, o);
		if (!ret)
			continue;
		json_object_set_new(o, "error", json_error(ret));
		if (!status)
			status = mate_exit(ret);
		if (ret == MATE_E_GONE)
			break;
	}
	progress_end();
	return status;
}

static int dump_registers(struct mate_bus *bus, const struct port_name *port)
{
	unsigned int device = 0;
	json_t *list;
	int ret, status;

	ret = device_type(bus, port->port, &device) ?: check_promise(port, device);
	if (ret)
		return ret;
	list = json_array();
	status = dump_all(bus, port->port, device, list);
	if (status == EXIT_NO_BUS) {
		json_decref(list);
		return fail_mate(bus, MATE_E_GONE, "port %u", port->port);
	}
	ret = show_table(json_values_of(bus, port->port, device, "registers", list), "registers",
			 value_columns);
	return status ?: ret;
}

static int run_dump(int argc, char **argv)
{
	struct port_name port;
	struct mate_bus *bus;
	int ret = want_port(&verb_reg_dump, &argc, &argv, &port) ?:
		  want_args(&verb_reg_dump, argc, 0, 0) ?: open_bus(&bus);

	if (ret)
		return ret;
	ret = dump_registers(bus, &port);
	mate_close(bus);
	return ret;
}

const struct verb verb_reg_dump = {
	.name = "reg dump",
	.args = "PORT",
	.summary = "Read all registers of a device",
	.help = "Examples:\n"
		"  matetool reg dump 2\n"
		"  matetool reg dump -P roof -o +evidence\n"
		"  matetool reg dump 1 -j | jq -r '.registers[] | [.name, .text] | @tsv'\n",
	.words = "p",
	.short_options = "",
	.run = run_dump,
	.columns = value_columns,
};

static const struct verb * const reg_verbs[] = {
	&verb_reg_list, &verb_reg_get, &verb_reg_dump, &verb_reg_set, NULL
};

const struct verb verb_reg = {
	.name = "reg",
	.args = "list|get|dump|set ..",
	.summary = "List, read and write registers",
	.help = "Examples:\n"
		"  matetool reg list 1                  the registers of what is on port 1\n"
		"  matetool reg get 1 battery_voltage   one of them\n"
		"  matetool reg dump 1                  all of them\n"
		"  matetool reg set 1 absorb_voltage=28.8\n",
	.verbs = reg_verbs,
};
