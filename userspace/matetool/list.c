// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool list, matetool scan: tables of buses and of devices. */
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>

#include "tool.h"

static int no_memory(void)
{
	return fail(EXIT_FAILED, "memory", "out of memory");
}

static struct libscols_table *new_table(const char * const *columns)
{
	struct libscols_table *table;

	scols_init_debug(0);
	table = scols_new_table();
	for (; table && *columns; columns++)
		if (!scols_table_new_column(table, *columns, 0, 0)) {
			scols_unref_table(table);
			return NULL;
		}
	return table;
}

/* One line of @n cells; 0 or an error. */
static int add_line(struct libscols_table *table, const char * const *cells, size_t n)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	if (!line)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (scols_line_set_data(line, i, cells[i]))
			return -1;
	return 0;
}

/* ---- list ----------------------------------------------------------------- */

struct bus_row {
	struct mate_bus_info info;
	char node[32];
	const char *role, *framing, *parity;	/* NULL if the bus cannot be asked */
	unsigned int baud;
	int err;
};

static const char *name_of(const char * const *names, size_t n, unsigned int i)
{
	return i < n && names[i] ? names[i] : "unknown";
}

#define NAME_OF(names, i) name_of(names, sizeof(names) / sizeof(names[0]), i)

static void ask_bus(struct bus_row *row)
{
	static const char * const roles[] = {
		[MATENET_ROLE_MONITOR] = "monitor", [MATENET_ROLE_CONTROLLER] = "controller",
		[MATENET_ROLE_DEVICE] = "device",
	};
	static const char * const framings[] = {
		[MATENET_FRAMING_AUTO] = "auto", [MATENET_FRAMING_MARK] = "mark",
		[MATENET_FRAMING_GAP] = "gap",
	};
	static const char * const parities[] = {
		[MATENET_PARITY_AUTO] = "auto", [MATENET_PARITY_STICK] = "stick",
		[MATENET_PARITY_EVENODD] = "evenodd",
	};
	struct matenet_config config;
	struct matenet_caps caps;
	struct mate_bus *bus;

	row->err = mate_open(&bus, row->node, 0);
	if (row->err)
		return;
	row->err = mate_caps(bus, &caps) ?: mate_get_config(bus, &config);
	mate_close(bus);
	if (row->err)
		return;
	row->role = NAME_OF(roles, config.role);
	row->framing = NAME_OF(framings, caps.framing);
	row->parity = NAME_OF(parities, caps.parity);
	row->baud = config.baud;
}

static json_t *json_bus(const struct bus_row *row)
{
	json_t *o = json_pack("{s:i,s:s,s:s,s:s}", "number", (int)row->info.number,
			      "name", row->info.name, "node", row->node, "tty", row->info.tty);

	if (row->err)
		json_object_set_new(o, "error", json_error(row->err));
	else
		json_object_update_new(o, json_pack("{s:s,s:s,s:s,s:i}", "role", row->role,
						    "framing", row->framing, "parity",
						    row->parity, "baud", (int)row->baud));
	return o;
}

static int print_buses(const struct bus_row *rows, int n)
{
	static const char * const columns[] = {
		"NODE", "TTY", "ROLE", "BAUD", "FRAMING", "PARITY", NULL
	};
	struct libscols_table *table;
	int ret = 0;

	if (!n) {
		fprintf(stderr, "matetool: there is no bus: make one with matetool attach TTY\n");
		return EXIT_OK;
	}
	table = new_table(columns);
	for (int i = 0; table && !ret && i < n; i++) {
		char baud[16] = "-";
		const char *cells[] = {
			rows[i].node, rows[i].info.tty, rows[i].role ?: "-", baud,
			rows[i].framing ?: "-", rows[i].parity ?: "-",
		};

		if (!rows[i].err)
			snprintf(baud, sizeof(baud), "%u", rows[i].baud);
		ret = add_line(table, cells, 6);
	}
	if (!table || ret || scols_print_table(table))
		ret = no_memory();
	scols_unref_table(table);
	return ret;
}

static int print_json_buses(const struct bus_row *rows, int n)
{
	json_t *list = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_bus(&rows[i]));
	return print_json(json_pack("{s:o}", "buses", list));
}

static int show_buses(const struct mate_bus_info *list, struct bus_row *rows, int n)
{
	int status;

	for (int i = 0; i < n; i++) {
		rows[i].info = list[i];
		snprintf(rows[i].node, sizeof(rows[i].node), "/dev/%s", list[i].name);
		ask_bus(&rows[i]);
		if (rows[i].err && !flags.json)
			fail_mate(NULL, rows[i].err, "%s", rows[i].node);
	}
	status = flags.json ? print_json_buses(rows, n) : print_buses(rows, n);
	for (int i = 0; !status && i < n; i++)
		if (rows[i].err)
			status = mate_exit(rows[i].err);
	return status;
}

static int list_buses(int n)
{
	struct mate_bus_info *list = calloc((size_t)n + 1, sizeof(*list));
	struct bus_row *rows = calloc((size_t)n + 1, sizeof(*rows));
	int there = list ? mate_bus_list(list, (size_t)n) : 0;
	int status;

	if (!list || !rows)
		status = no_memory();
	else if (there < 0)
		status = fail_mate(NULL, there, "list of buses");
	else	/* one may have come or gone since they were counted */
		status = show_buses(list, rows, there < n ? there : n);
	free(list);
	free(rows);
	return status;
}

static int run_list(int argc, char **argv)
{
	int n = want_args(&verb_list, argc, 0, 0);

	(void)argv;
	if (n)
		return n;
	n = mate_bus_list(NULL, 0);
	return n < 0 ? fail_mate(NULL, n, "list of buses") : list_buses(n);
}

const struct verb verb_list = {
	.name = "list",
	.args = "",
	.summary = "List the buses of this machine and how they are set",
	.help = "Examples:\n"
		"  matetool list\n"
		"  matetool list -j | jq -r '.buses[].node'\n",
	.short_options = "",
	.run = run_list,
};

/* ---- scan ----------------------------------------------------------------- */

static json_t *json_info(const struct mate_device_info *d, const char *fw)
{
	json_t *o = json_pack("{s:i,s:o,s:i,s:i}", "port", d->port, "type",
			      json_device(d->device), "type_number", d->device,
			      "variant", d->variant);

	json_object_set_new(o, "firmware", *fw ? json_string(fw) : json_null());
	return o;
}

static int print_json_devices(struct mate_bus *bus, const struct mate_device_info *found, int n)
{
	json_t *list = json_array();
	char fw[24];

	for (int i = 0; i < n; i++) {
		mate_firmware_format(&found[i], fw, sizeof(fw));
		json_array_append_new(list, json_info(&found[i], fw));
	}
	return print_json(json_pack("{s:s,s:o}", "bus", mate_bus_name(bus), "devices", list));
}

static int print_devices(const struct mate_device_info *found, int n)
{
	static const char * const columns[] = { "PORT", "DEVICE", "VARIANT", "FIRMWARE", NULL };
	struct libscols_table *table = new_table(columns);
	int ret = 0;

	for (int i = 0; table && !ret && i < n; i++) {
		char port[8], device[40], variant[8], fw[24];
		const char *cells[] = { port, device, variant, fw };

		snprintf(port, sizeof(port), "%u", found[i].port);
		snprintf(device, sizeof(device), "%s", device_title(found[i].device));
		if (!mate_device_name(found[i].device))
			snprintf(device, sizeof(device), "unknown, type %u", found[i].device);
		snprintf(variant, sizeof(variant), "%02X", found[i].variant);
		if (mate_firmware_format(&found[i], fw, sizeof(fw)) <= 0)
			snprintf(fw, sizeof(fw), "-");
		ret = add_line(table, cells, 4);
	}
	if (!table || ret || scols_print_table(table))
		ret = no_memory();
	scols_unref_table(table);
	return ret;
}

static int run_scan(int argc, char **argv)
{
	struct mate_device_info found[MAX_DEVICES];
	struct mate_bus *bus;
	int ret, n;

	(void)argv;
	ret = want_args(&verb_scan, argc, 0, 0) ?: open_bus(&bus);
	if (ret)
		return ret;
	n = find_devices(bus, 0, found);
	if (n < 0)
		ret = fail_mate(bus, n, "%s: port 0", mate_bus_name(bus));
	else
		ret = flags.json ? print_json_devices(bus, found, n) : print_devices(found, n);
	mate_close(bus);
	return ret;
}

const struct verb verb_scan = {
	.name = "scan",
	.args = "",
	.summary = "Find the devices on the bus: the hub, and what is on its ports",
	.help = "On a terminal the progress is shown; an empty port costs one timeout.\n\n"
		"Examples:\n"
		"  matetool scan\n"
		"  matetool scan -d 1 -j | jq '.devices[] | select(.type == \"mx\") | .port'\n",
	.short_options = "",
	.run = run_scan,
};
