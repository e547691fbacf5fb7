// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool status, matetool log: decoded pages. */
#include <stdio.h>

#include "tool.h"

static bool first = true;

/* Heading of one device's lines. */
static void print_heading(const struct mate_device_info *dev, const char *more)
{
	printf("%sPort %u, %s%s\n", first ? "" : "\n", dev->port, device_title(dev->device), more);
	first = false;
}

static void set_device(json_t *object, const struct mate_device_info *dev)
{
	json_object_set_new(object, "port", json_integer(dev->port));
	json_object_set_new(object, "type", json_device(dev->device));
}

/* ---- status --------------------------------------------------------------- */

static bool has_status(unsigned int device)
{
	return device == MATE_FX || device == MATE_MX || device == MATE_DC;
}

static int status_of(struct mate_bus *bus, const struct mate_device_info *dev,
		     json_t *object, void *arg)
{
	const struct mate_page_desc *desc;
	struct mate_device_status st;
	int ret;

	(void)arg;
	set_device(object, dev);
	ret = mate_device_status(bus, dev->port, dev->device, &st);
	if (ret)
		return ret;
	desc = mate_page_desc(st.page);
	json_object_set_new(object, "status", json_page(desc, &st.u, st.bytes));
	if (!flags.json) {
		print_heading(dev, "");
		print_page(desc, &st.u);
	}
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

	return ret ?: for_devices(given ? &port : NULL, &job);
}

const struct verb verb_status = {
	.name = "status",
	.args = "[PORT]",
	.summary = "Read the status of the device on PORT, or of all devices",
	.help = "Examples:\n"
		"  matetool status                all devices of the only bus\n"
		"  matetool status 3              what is on port 3 of the hub\n"
		"  matetool status 0 -d 1         what is plugged in directly, on matenet1\n"
		"  matetool status 1 -j | jq '.devices[0].status.battery_voltage_v'\n",
	.short_options = "",
	.run = run_status,
};

/* ---- log ------------------------------------------------------------------ */

static bool has_log(unsigned int device)
{
	return device == MATE_MX;
}

static int log_of(struct mate_bus *bus, const struct mate_device_info *dev,
		  json_t *object, void *arg)
{
	const unsigned int *day = arg;
	uint8_t bytes[MATE_MX_LOG_BYTES];
	struct mate_mx_log log;
	char more[32];
	int ret;

	set_device(object, dev);
	ret = mate_log(bus, dev->port, *day, bytes);
	if (ret)
		return ret;
	mate_mx_log_decode(&log, bytes);
	json_object_set_new(object, "log",
			    json_page(mate_page_desc(MATE_PAGE_MX_LOG), &log, bytes));
	if (!flags.json) {
		snprintf(more, sizeof(more), ", day %u", log.day);
		print_heading(dev, more);
		print_page(mate_page_desc(MATE_PAGE_MX_LOG), &log);
	}
	return 0;
}

static int run_log(int argc, char **argv)
{
	unsigned int day = 0;
	const struct device_job job = {
		.fn = log_of, .wanted = has_log, .what = "log", .arg = &day,
	};
	struct port_name port;
	bool given;
	int ret = maybe_port(&argc, &argv, &port, &given) ?: want_args(&verb_log, argc, 0, 1);

	if (!ret && argc)
		ret = parse_count("day", argv[0], 0, MATE_DAY_MAX, &day);
	return ret ?: for_devices(given ? &port : NULL, &job);
}

const struct verb verb_log = {
	.name = "log",
	.args = "[PORT] [DAY]",
	.summary = "Read the log page of a charge controller, DAY days ago",
	.help = "DAY is 0 (today, the default) to 128.  Without PORT: all charge controllers.\n\n"
		"Examples:\n"
		"  matetool log                   today, of every charge controller\n"
		"  matetool log 1 1               yesterday, of the one on port 1\n"
		"  matetool log 1 7 -j | jq '.devices[0].log.energy_kwh'\n",
	.short_options = "",
	.run = run_log,
};
