// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool scan: who is on the bus, who comes and who goes. */
#include <stdio.h>
#include <string.h>

#include "loop.h"

static struct {
	bool follow;
	unsigned int interval_ms, count;
} options = { .interval_ms = 10000 };

static json_t *json_info(struct mate_bus *bus, const struct mate_device_info *d)
{
	const struct port_name *name = named_port(bus, d->port);
	char fw[24];

	mate_firmware_format(d, fw, sizeof(fw));
	return json_pack("{s:i,s:s*,s:o,s:i,s:i,s:s?}", "port", d->port,
			 "name", *name->name ? name->name : NULL, "type", json_device(d->device),
			 "type_number", d->device, "variant", d->variant,
			 "firmware", *fw ? fw : NULL);
}

static void device_text(const json_t *row, char *text, size_t size)
{
	unsigned int device = (unsigned int)json_integer_value(json_object_get(row, "type_number"));

	if (mate_device_name(device))
		snprintf(text, size, "%s", device_title(device));
	else
		snprintf(text, size, "unknown, type %u", device);
}

static void variant_text(const json_t *row, char *text, size_t size)
{
	snprintf(text, size, "%02X",
		 (unsigned int)json_integer_value(json_object_get(row, "variant")));
}

static const struct column scan_columns[] = {
	COLUMN("PORT", "port", "of the hub; 0 is the hub itself", .style = COLUMN_RIGHT),
	COLUMN("NAME", "name", "what the configuration calls it", .style = COLUMN_HIDDEN),
	COLUMN("DEVICE", "type", "what it is", .text = device_text),
	COLUMN("TYPE", "type_number", "the same as a number", .style = COLUMN_HIDDEN | COLUMN_RIGHT),
	COLUMN("VARIANT", "variant", "high byte of the type register, in hex", .text = variant_text),
	COLUMN("FIRMWARE", "firmware", "revision"),
	END_OF_COLUMNS
};

static int show_found(struct mate_bus *bus, const struct mate_device_info *found, int n)
{
	json_t *list = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_info(bus, &found[i]));
	return show_table(json_pack("{s:s,s:o}", "bus", mate_bus_name(bus), "devices", list),
			  "devices", scan_columns);
}

/* ---- follow ------------------------------------------------------------------ */

/* A device on a port, if there is one. */
struct seat {
	struct mate_device_info info;
	bool taken;
};

static void tell(struct mate_bus *bus, const struct mate_device_info *d, bool came)
{
	const char *name = named_port(bus, d->port)->name;
	char now[32], fw[24];

	if (flags.json) {
		json_t *o = json_pack("{s:o,s:s,s:s}", "time", json_time(), "bus",
				      mate_bus_name(bus), "event", came ? "came" : "went");

		json_object_update_new(o, json_info(bus, d));
		print_json(o);
		return;
	}
	local_time(now);
	mate_firmware_format(d, fw, sizeof(fw));
	printf("%s port %u%s%s%s: %s: %s%s%s\n", now, d->port, *name ? " (" : "", name,
	       *name ? ")" : "", came ? "came" : "went", device_title(d->device),
	       *fw ? " " : "", fw);
}

/* One that is taken is asked twice before it counts as empty; 0 or MATE_E_GONE. */
static int look_at(struct mate_bus *bus, unsigned int port, struct seat *seat)
{
	struct mate_device_info info;
	uint16_t type;
	int ret;

	mate_set_patience(bus, 0, seat->taken || !port ? 1 : 0);
	ret = mate_read(bus, port, MATE_REG_ALL_DEVICE_TYPE, &type);
	if (ret == MATE_E_GONE)
		return ret;
	/* Damage says that somebody is there, but not who. */
	if (ret && ret != MATE_E_NO_REPLY)
		return 0;
	if (seat->taken && (ret || (type & 0xFF) != seat->info.device)) {
		tell(bus, &seat->info, false);
		seat->taken = false;
	}
	if (ret || seat->taken)
		return 0;
	mate_set_patience(bus, 0, 1);
	if (mate_identify(bus, port, &info))
		return 0;	/* the next round will tell */
	seat->info = info;
	seat->taken = true;
	tell(bus, &info, true);
	return 0;
}

/* Without the hub nobody can be reached on its ports. */
static int look_round(struct mate_bus *bus, struct seat seats[MAX_DEVICES])
{
	int ret = look_at(bus, 0, &seats[0]);
	bool hub = seats[0].taken && seats[0].info.device == MATE_HUB;

	for (unsigned int port = 1; !ret && port <= MATE_PORT_MAX; port++) {
		if (hub) {
			ret = look_at(bus, port, &seats[port]);
		} else if (seats[port].taken) {
			tell(bus, &seats[port].info, false);
			seats[port].taken = false;
		}
	}
	return ret;
}

static int follow(struct mate_bus *bus)
{
	struct seat seats[MAX_DEVICES] = { 0 };
	double round = loop_clock();

	/* One document of a line is one event. */
	flags.pretty = false;
	loop_signals();
	/* Who comes and goes is not what others remember. */
	forget_devices(bus);
	for (unsigned int i = 1;; i++) {
		int ret = look_round(bus, seats);

		if (ret)
			return fail_mate(bus, ret, "%s", mate_bus_name(bus));
		if (fflush(stdout) || i == options.count)
			return EXIT_OK;	/* main() tells of stdout */
		ret = loop_wait(&round, options.interval_ms);
		if (ret)
			return ret > 0 ? EXIT_OK : fail(EXIT_FAILED, "system", "poll: %m");
	}
}

/* ---- the verb ---------------------------------------------------------------- */

static int scan_once(struct mate_bus *bus)
{
	struct mate_device_info found[MAX_DEVICES];
	int n = find_devices(bus, 0, found);

	if (n < 0)
		return fail_mate(bus, n, "%s: port 0", mate_bus_name(bus));
	return show_found(bus, found, n);
}

static int run_scan(int argc, char **argv)
{
	struct mate_bus *bus;
	int ret;

	(void)argv;
	ret = want_args(&verb_scan, argc, 0, 0) ?: open_bus(&bus);
	if (ret)
		return ret;
	ret = options.follow ? follow(bus) : scan_once(bus);
	mate_close(bus);
	return ret;
}

static int scan_option(int c, const char *arg)
{
	switch (c) {
	case 'n':
		return parse_period("-n", arg, &options.interval_ms);
	case 'c':
		return parse_count("-c", arg, 1, 1000000000, &options.count);
	default:
		options.follow = true;
		return 0;
	}
}

static const struct option scan_options[] = {
	{ "follow", no_argument, NULL, 'f' },
	{ "interval", required_argument, NULL, 'n' },
	{ "count", required_argument, NULL, 'c' },
	{ NULL, 0, NULL, 0 },
};

const struct verb verb_scan = {
	.name = "scan",
	.args = "[--follow]",
	.summary = "Find the devices on the bus: the hub, and what is on its ports",
	.help = "On a terminal the progress is shown; an empty port costs one timeout.\n\n"
		"  -f, --follow         go on: a line for each device that comes or goes, until\n"
		"                       SIGINT or SIGTERM\n"
		"  -n, --interval TIME  with -f, between two rounds: 10s by default\n"
		"  -c, --count N        with -f, end after N rounds\n\n"
		"Examples:\n"
		"  matetool scan\n"
		"  matetool scan --follow -n 2s\n"
		"  matetool scan -o port,name,device\n"
		"  matetool scan -d 1 -j | jq '.devices[] | select(.type == \"mx\") | .port'\n",
	.words = "",
	.short_options = "fn:c:",
	.long_options = scan_options,
	.option = scan_option,
	.run = run_scan,
	.columns = scan_columns,
};
