// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool status: the decoded status pages of devices. */
#include <stdio.h>

#include "tool.h"

static bool raw;

static bool has_status(unsigned int device)
{
	return status_desc(device);
}

/* The bytes as they came, a page a line. */
static void print_raw(unsigned int device, const struct mate_device_status *st)
{
	unsigned int first = device == MATE_DC ? 0x0A : 1;
	char text[3 * 13];

	for (unsigned int i = 0; i < status_desc(device)->length; i += 13) {
		hex_text(st->bytes + i, 13, text);
		printf("%02x: %s\n", first + i / 13, text);
	}
}

static void print_status(struct mate_bus *bus, const struct mate_device_info *dev,
			 const struct mate_device_status *st)
{
	print_heading(bus, dev, "");
	if (raw)
		print_raw(dev->device, st);
	else
		print_page(mate_page_desc(st->page), &st->u);
	if (st->starting)
		printf("It has just started and has measured nothing yet.\n");
	if (st->torn)
		printf("Its pages are of different moments: sums may not hold.\n");
}

static int status_of(struct mate_bus *bus, const struct mate_device_info *dev, json_t *list,
		     void *arg)
{
	const struct mate_page_desc *desc = status_desc(dev->device);
	struct mate_device_status st;
	json_t *object;
	int ret;

	(void)arg;
	if (!page_wanted(desc))
		return 0;
	ret = mate_device_status(bus, dev->port, dev->device, &st);
	if (ret)
		return ret;
	if (!flags.json) {
		print_status(bus, dev, &st);
		return 0;
	}
	object = json_object();
	set_device(object, dev, named_port(bus, dev->port)->name);
	json_object_set_new(object, "status", json_page(desc, &st.u, st.bytes));
	if (dev->device == MATE_DC) {
		json_object_set_new(object, "starting", json_boolean(st.starting));
		json_object_set_new(object, "torn", json_boolean(st.torn));
	}
	json_array_append_new(list, object);
	return 0;
}

static int run_status(int argc, char **argv)
{
	static const struct device_job job = {
		.fn = status_of, .wanted = has_status, .what = "status",
	};
	struct port_name port;
	bool given;
	int ret = maybe_port(&argc, &argv, &port, &given) ?: want_args(&verb_status, argc, 0, 0);

	if (!ret && flags.columns)
		ret = check_fields();
	return ret ?: for_devices(given ? &port : NULL, &job);
}

static int status_option(int c, const char *arg)
{
	(void)arg;
	raw = c == 'r';
	return 0;
}

static const struct option status_options[] = {
	{ "raw", no_argument, NULL, 'r' },
	{ NULL, 0, NULL, 0 },
};

const struct verb verb_status = {
	.name = "status",
	.args = "[PORT]",
	.summary = "Read the status of the device on PORT, or of all devices",
	.help = "  -r, --raw           the bytes as they came, in hex; JSON has them always\n\n"
		"-o takes names of fields, such as battery_voltage, as JSON has them.\n"
		"Without PORT it asks the devices that the last scan has found in these ten\n"
		"minutes; if there was none, or one of them is missing, it scans.\n\n"
		"Examples:\n"
		"  matetool status                all devices of the only bus\n"
		"  matetool status 3              what is on port 3 of the hub\n"
		"  matetool status -P roof        the same by a name of the configuration\n"
		"  matetool status -o battery_voltage\n"
		"  matetool status 0 -d 1         what is plugged in directly, on matenet1\n"
		"  matetool status 1 -j | jq '.devices[0].status.battery_voltage_v'\n",
	.words = "p",
	.short_options = "r",
	.long_options = status_options,
	.option = status_option,
	.run = run_status,
	.fields = true,
};
