// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool reg get: one register by name or address. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

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

static int find_register(unsigned int device, const char *text, struct mate_reg_desc *reg)
{
	const struct mate_reg_desc *r = mate_reg_by_id(device, text);
	unsigned int addr;

	if (!r && !parse_address(text, &addr))
		return fail(EXIT_USAGE, "register", "register \"%s\": %s has none of that name",
			    text, device_phrase(device));
	if (r && !(r->access & MATE_ACC_READ))
		return fail(EXIT_USAGE, "register", "register \"%s\": it can only be written",
			    text);
	if (!r)
		r = mate_reg_by_addr(device, addr);
	*reg = r ? *r : unlisted;
	if (!r)
		reg->addr = (uint16_t)addr;
	return 0;
}

static json_t *json_register(const struct mate_reg_desc *r, const struct mate_quantity *q,
			     uint16_t raw)
{
	static const char * const risks[] = {
		[MATE_RISK_NONE] = "none", [MATE_RISK_SYNC] = "sync",
		[MATE_RISK_RESET] = "reset", [MATE_RISK_SETPOINT] = "setpoint",
		[MATE_RISK_CONTROL] = "control", [MATE_RISK_DANGER] = "danger",
		[MATE_RISK_FORBIDDEN] = "forbidden",
	};
	static const char * const evidence[] = {
		[MATE_EV_REPORTED] = "reported", [MATE_EV_INFERRED] = "inferred",
		[MATE_EV_PROVEN] = "proven",
	};
	json_t *o = json_object();
	char addr[8], hex[8];

	snprintf(addr, sizeof(addr), "%04X", r->addr);
	snprintf(hex, sizeof(hex), "%04X", raw);
	json_object_set_new(o, "name", *r->id ? json_string(r->id) : json_null());
	json_object_set_new(o, "label", *r->label ? json_string(r->label) : json_null());
	json_object_set_new(o, "address", json_string(addr));
	json_quantity(o, "value", q);
	json_object_set_new(o, "unit", *r->unit ? json_string(r->unit) : json_null());
	json_object_set_new(o, "raw", json_string(hex));
	json_object_set_new(o, "writable", json_boolean(r->access & MATE_ACC_WRITE));
	/* A register without a table entry has neither. */
	json_object_set_new(o, "risk", *r->id ? json_string(risks[r->risk]) : json_null());
	json_object_set_new(o, "evidence",
			    *r->id ? json_string(evidence[r->evidence]) : json_null());
	json_object_set_new(o, "note", *r->note ? json_string(r->note) : json_null());
	return o;
}

static void print_register(const struct mate_reg_desc *r, const struct mate_quantity *q,
			   uint16_t raw)
{
	char text[256], name[8];

	mate_quantity_format(q, text, sizeof(text));
	snprintf(name, sizeof(name), "%04X", r->addr);
	printf("%s: %s (raw 0x%04X)\n", *r->id ? r->id : name, text, raw);
}

static int get_register(struct mate_bus *bus, unsigned int port, const char *which)
{
	struct mate_reg_desc reg;
	struct mate_quantity q;
	unsigned int device = 0;
	uint16_t raw;
	int ret;

	ret = device_type(bus, port, &device) ?: find_register(device, which, &reg);
	if (ret)
		return ret;
	ret = mate_reg_read(bus, port, &reg, &q, &raw);
	if (ret)
		return fail_mate(bus, ret, "port %u: register %04X", port, reg.addr);
	if (flags.json)
		return print_json(json_pack("{s:s,s:i,s:o,s:o}", "bus", mate_bus_name(bus),
					    "port", (int)port, "type", json_device(device),
					    "register", json_register(&reg, &q, raw)));
	print_register(&reg, &q, raw);
	return EXIT_OK;
}

static int run_reg(int argc, char **argv)
{
	struct mate_bus *bus;
	unsigned int port;
	int ret;

	if (argc && strcmp(argv[0], "get"))
		return fail(EXIT_USAGE, "usage", "reg %s: there is only reg get", argv[0]);
	ret = want_args(&verb_reg, argc, 3, 3) ?: parse_port(argv[1], &port) ?: open_bus(&bus);
	if (ret)
		return ret;
	ret = get_register(bus, port, argv[2]);
	mate_close(bus);
	return ret;
}

const struct verb verb_reg = {
	.name = "reg",
	.args = "get PORT NAME|ADDR",
	.summary = "Read one register, by its name or its address in hex",
	.help = "An address starts with a digit or 0x and need not be in the table.\n\n"
		"Examples:\n"
		"  matetool reg get 1 battery_voltage\n"
		"  matetool reg get 2 003D        the inverter control of an FX\n"
		"  matetool reg get 3 0x5c -j     with unit, risk and evidence\n",
	.short_options = "",
	.run = run_reg,
};
