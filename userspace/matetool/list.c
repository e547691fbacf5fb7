// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool list: the buses of this machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

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

static json_t *json_buses(const struct bus_row *rows, int n)
{
	json_t *list = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_bus(&rows[i]));
	return json_pack("{s:o}", "buses", list);
}

static const struct column list_columns[] = {
	COLUMN("NODE", "node", "what to open"),
	COLUMN("NAME", "name", "what -d takes", .style = COLUMN_HIDDEN),
	COLUMN("NUMBER", "number", "what -d takes, too", .style = COLUMN_HIDDEN | COLUMN_RIGHT),
	COLUMN("TTY", "tty", "the serial port below it"),
	COLUMN("ROLE", "role", "controller, device or monitor"),
	COLUMN("BAUD", "baud", "speed", .style = COLUMN_RIGHT),
	COLUMN("FRAMING", "framing", "how the first byte of a frame is told"),
	COLUMN("PARITY", "parity", "how the ninth bit is sent"),
	END_OF_COLUMNS
};

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
	if (!n && !flags.json) {
		fprintf(stderr, "matetool: there is no bus: make one with matetool attach TTY\n");
		return EXIT_OK;
	}
	status = show_table(json_buses(rows, n), "buses", list_columns);
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
		status = fail(EXIT_FAILED, "memory", "out of memory");
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
		"  matetool list -o node,tty\n"
		"  matetool list -j | jq -r '.buses[].node'\n",
	.words = "",
	.short_options = "",
	.run = run_list,
	.columns = list_columns,
};
