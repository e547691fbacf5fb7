// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * matetool control: what an owner switches - inverter, AC input, charger, aux, EQ,
 * charge mode.  These are the registers whose risk is control or danger.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"

static bool is_control(const struct mate_reg_desc *reg)
{
	return reg->risk == MATE_RISK_CONTROL || reg->risk == MATE_RISK_DANGER;
}

/* inverter_control goes by "inverter" as well, aux_relay by "aux". */
static size_t short_length(const char *id)
{
	static const char * const tails[] = { "_control", "_relay" };
	size_t length = strlen(id);

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		size_t tail = strlen(tails[i]);

		if (length > tail && !strcmp(id + length - tail, tails[i]))
			return length - tail;
	}
	return length;
}

static const struct mate_reg_desc *next_control(unsigned int device,
						const struct mate_reg_desc *reg)
{
	do
		reg = mate_reg_next(device, reg);
	while (reg && !is_control(reg));
	return reg;
}

static const struct mate_reg_desc *find_control(unsigned int device, const char *name,
						size_t length)
{
	for (const struct mate_reg_desc *r = next_control(device, NULL); r;
	     r = next_control(device, r))
		if ((strlen(r->id) == length || short_length(r->id) == length) &&
		    !strncmp(r->id, name, length))
			return r;
	return NULL;
}

static bool has_control(unsigned int device, const char *name, size_t length)
{
	return find_control(device, name, length);
}

/* ---- show ------------------------------------------------------------------ */

static const struct column control_columns[] = {
	COLUMN("PORT", "port", "port of the hub", .style = COLUMN_RIGHT),
	COLUMN("DEVICE", "device", "name of the configuration, or type and port"),
	COLUMN("CONTROL", "name", "what control set takes"),
	COLUMN("VALUE", "text", "what it is set to now"),
	COLUMN("RISK", "risk", "control, or danger if it can cut the power"),
	COLUMN("ALLOWED", "allowed", "what it can be set to"),
	COLUMN("REGISTER", "register", "name of the register", .style = COLUMN_HIDDEN),
	END_OF_COLUMNS
};

static json_t *json_control(const struct target *t, const struct mate_reg_desc *r)
{
	json_t *o = json_object();
	char text[300];

	snprintf(text, sizeof(text), "%.*s", (int)short_length(r->id), r->id);
	json_object_set_new(o, "port", json_integer(t->info.port));
	json_object_set_new(o, "device", json_string(t->name));
	json_object_set_new(o, "type", json_device(t->info.device));
	json_object_set_new(o, "name", json_string(text));
	json_object_set_new(o, "register", json_string(r->id));
	mate_reg_allowed(r, false, text, sizeof(text));
	json_object_set_new(o, "allowed", json_string(text));
	json_object_set_new(o, "risk", json_string(r->risk == MATE_RISK_DANGER ? "danger" :
						   "control"));
	return o;
}

/* A control that cannot be read does not keep the others from being shown. */
static int list_controls(const struct target *t, json_t *list)
{
	int status = EXIT_OK;

	for (const struct mate_reg_desc *r = next_control(t->info.device, NULL); r;
	     r = next_control(t->info.device, r)) {
		json_t *o = json_control(t, r);
		struct mate_quantity q;
		uint16_t raw;
		char text[120];
		int ret = mate_reg_read(t->bus, t->info.port, r, &q, &raw);

		json_array_append_new(list, o);
		if (ret) {
			if (!flags.json)
				fail_mate(t->bus, ret, "port %u: %s", t->info.port, r->id);
			json_object_set_new(o, "error", json_error(ret));
			status = status ?: mate_exit(ret);
			continue;
		}
		json_quantity(o, "value", &q);
		mate_quantity_format(&q, text, sizeof(text));
		json_object_set_new(o, "text", json_string(text));
	}
	return status;
}

static int list_port(struct mate_bus *bus, const struct port_name *port, json_t *list)
{
	struct target t;

	return fill_target(&t, bus, port) ?: list_controls(&t, list);
}

static int list_all(struct mate_bus *bus, json_t *list)
{
	struct mate_device_info found[MAX_DEVICES];
	int n = find_devices(bus, MATE_SCAN_QUICK, found), status = EXIT_OK;

	if (n < 0)
		return fail_mate(bus, n, "%s: port 0", mate_bus_name(bus));
	for (int i = 0; i < n; i++) {
		struct target t;
		int ret;

		make_target(&t, bus, &found[i]);
		ret = list_controls(&t, list);
		status = status ?: ret;
	}
	return status;
}

static int run_show(int argc, char **argv)
{
	struct port_name port;
	struct mate_bus *bus;
	json_t *list, *document;
	bool given;
	int shown, ret = maybe_port(&argc, &argv, &port, &given) ?:
			 want_args(&verb_control_show, argc, 0, 0) ?: open_bus(&bus);

	if (ret)
		return ret;
	list = json_array();
	ret = given ? list_port(bus, &port, list) : list_all(bus, list);
	document = json_pack("{s:s,s:o}", "bus", mate_bus_name(bus), "controls", list);
	if (ret && !json_array_size(list)) {
		json_decref(document);
	} else {
		shown = show_table(document, "controls", control_columns);
		if (shown)
			ret = shown;
	}
	mate_close(bus);
	return ret;
}

/* ---- set ------------------------------------------------------------------- */

static int fail_control(unsigned int device, const char *name, size_t length)
{
	char list[300] = "";

	for (const struct mate_reg_desc *r = next_control(device, NULL); r;
	     r = next_control(device, r))
		snprintf(list + strlen(list), sizeof(list) - strlen(list), " %.*s",
			 (int)short_length(r->id), r->id);
	return fail(EXIT_USAGE, "control", "\"%.*s\": %s has no such control%s%s", (int)length, name,
		    device_phrase(device), *list ? ", but" : "", list);
}

static int parse_all(const struct target *t, int argc, char **argv, struct change *list)
{
	int ret = 0;

	for (int i = 0; !ret && i < argc; i++) {
		size_t length = strcspn(argv[i], "=");
		const struct mate_reg_desc *r = find_control(t->info.device, argv[i], length);

		if (!argv[i][length])
			return fail(EXIT_USAGE, "usage", "\"%s\": NAME=VALUE is wanted, such as inverter=on",
				    argv[i]);
		if (!r)
			return fail_control(t->info.device, argv[i], length);
		for (int k = 0; k < i; k++)
			if (list[k].reg == r)
				return fail(EXIT_USAGE, "usage", "%s: it is there twice", r->id);
		ret = parse_change(r, argv[i] + length + 1, &list[i]);
	}
	return ret;
}

static int run_set(int argc, char **argv)
{
	struct change list[MAX_CHANGES];
	struct target t;
	int ret = want_args(&verb_control_set, argc, 1, MAX_CHANGES) ?:
		  open_named_target(&verb_control_set, &t, &argc, &argv, has_control);

	if (ret)
		return ret;
	ret = parse_all(&t, argc, argv, list) ?: make_changes(&t, list, argc);
	close_target(&t);
	return ret;
}

/* ---- verbs ----------------------------------------------------------------- */

const struct verb verb_control_show = {
	.name = "control show",
	.args = "[PORT]",
	.summary = "Show the controls of all devices, or of one",
	.help = "Examples:\n"
		"  matetool control show\n"
		"  matetool control show 2 -o control,value\n",
	.words = "p",
	.short_options = "",
	.run = run_show,
	.columns = control_columns,
};

const struct verb verb_control_set = {
	.name = "control set",
	.args = "[PORT] NAME=VALUE..",
	.summary = "Switch something: show old and new, ask, write, read back",
	.help = "matetool control show tells names and values.  PORT may be left out if only one\n"
		"device has such a control.\n\n"
		CONSENT_HELP
		"      --revert-after TIME  write the old value back after so long, unless\n"
		"                       matetool confirm comes before; even if matetool is killed\n\n"
		"Exit status: 0 applied, 3 refused by you or a rule, 4 reads back as something\n"
		"else, 5 no reply, 6 trouble on the wire.\n\n"
		"Examples:\n"
		"  matetool control set 1 aux=\"on, vent_fan\"\n"
		"  matetool control set charge=off --yes\n"
		"  matetool control set inverter=off --revert-after 5m\n"
		"  matetool confirm                   before the five minutes are over: keep it\n",
	.words = "pc+",
	.short_options = CONSENT_SHORT,
	.long_options = revert_options,
	.option = consent_option,
	.run = run_set,
};

static const struct verb * const control_verbs[] = {
	&verb_control_show, &verb_control_set, NULL
};

const struct verb verb_control = {
	.name = "control",
	.args = "[show|set ..]",
	.summary = "Show and switch inverter, AC input, charger, aux, EQ, charge mode",
	.help = "Examples:\n"
		"  matetool control\n"
		"  matetool control set inverter=search --revert-after 10m\n",
	.words = "",
	.short_options = "",
	.run = run_show,
	.verbs = control_verbs,
};
