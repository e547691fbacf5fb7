// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool scan: who is on the bus. */
#include <stdio.h>
#include <string.h>

#include "tool.h"

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
		ret = show_found(bus, found, n);
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
		"  matetool scan -o port,name,device\n"
		"  matetool scan -d 1 -j | jq '.devices[] | select(.type == \"mx\") | .port'\n",
	.words = "",
	.short_options = "",
	.run = run_scan,
	.columns = scan_columns,
};
