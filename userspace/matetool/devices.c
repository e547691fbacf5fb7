// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices: finding them, and doing something with each. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

static const struct {
	const char *title, *phrase;
} kinds[] = {
	[MATE_HUB] = { "hub", "a hub" },
	[MATE_FX] = { "FX inverter", "an FX" },
	[MATE_MX] = { "MX charge controller", "an MX" },
	[MATE_DC] = { "FLEXnet DC", "a FLEXnet DC" },
};

const char *device_title(unsigned int device)
{
	return mate_device_name(device) ? kinds[device].title : "unknown device";
}

const char *device_phrase(unsigned int device)
{
	return mate_device_name(device) ? kinds[device].phrase : "an unknown device";
}

json_t *json_device(unsigned int device)
{
	const char *name = mate_device_name(device);

	return name ? json_string(name) : json_null();
}

/* One line on a terminal that is written over until the scan is done. */
static void show_progress(const struct mate_scan_event *ev)
{
	const char *what = ev->info ? device_title(ev->info->device) :
			   ev->err == MATE_E_NO_REPLY ? "empty" : mate_strerror(ev->err);

	fprintf(stderr, "\r\033[Kport %u", ev->port);
	if (ev->last_port)
		fprintf(stderr, " of %u", ev->last_port);
	fprintf(stderr, ": %s", what);
}

static int on_port(void *arg, const struct mate_scan_event *ev)
{
	const bool *terminal = arg;

	if (*terminal)
		show_progress(ev);
	/* Damage is worth a word also where nobody looks on. */
	if (ev->err && ev->err != MATE_E_NO_REPLY)
		fprintf(stderr, "%smatetool: port %u: %s\n", *terminal ? "\r\033[K" : "",
			ev->port, mate_strerror(ev->err));
	return 0;
}

int find_devices(struct mate_bus *bus, unsigned int scan_flags,
		 struct mate_device_info found[MAX_DEVICES])
{
	bool terminal = isatty(STDERR_FILENO);
	int n;

	if (terminal)
		fprintf(stderr, "asking port 0");
	n = mate_scan(bus, scan_flags, found, MAX_DEVICES, on_port, &terminal);
	if (terminal)
		fprintf(stderr, "\r\033[K");
	return n;
}

int device_type(struct mate_bus *bus, unsigned int port, unsigned int *device)
{
	uint16_t type;
	int ret = mate_read(bus, port, MATE_REG_ALL_DEVICE_TYPE, &type);

	if (ret)
		return fail_mate(bus, ret, "port %u", port);
	*device = type & 0xFF;
	return 0;
}

static int one_device(struct mate_bus *bus, const struct port_name *port,
		      const struct device_job *job)
{
	struct mate_device_info dev = { .port = (uint8_t)port->port };
	json_t *object = json_object();
	unsigned int device = 0;
	int ret;

	ret = device_type(bus, port->port, &device) ?: check_promise(port, device);
	if (!ret) {
		dev.device = (uint8_t)device;
		if (!job->wanted(device))
			ret = fail(EXIT_USAGE, mate_errname(MATE_E_DEVICE), "port %u: %s has no %s",
				   port->port, device_phrase(device), job->what);
	}
	if (!ret) {
		ret = job->fn(bus, &dev, object, job->arg);
		if (ret)
			ret = fail_mate(bus, ret, "port %u", port->port);
	}
	if (!ret && flags.json)
		return print_json(json_pack("{s:s,s:[o]}", "bus", mate_bus_name(bus), "devices",
					    object));
	json_decref(object);
	return ret;
}

/* A device that fails does not keep the others from being shown. */
static int each_device(struct mate_bus *bus, const struct mate_device_info *devs, int n,
		       const struct device_job *job)
{
	json_t *list = json_array();
	int status = EXIT_OK;

	for (int i = 0; i < n; i++) {
		json_t *object;
		int ret;

		if (!job->wanted(devs[i].device))
			continue;
		object = json_object();
		ret = job->fn(bus, &devs[i], object, job->arg);
		if (ret == MATE_E_GONE) {
			json_decref(object);
			json_decref(list);
			return fail_mate(bus, ret, "port %u", devs[i].port);
		}
		if (ret && !flags.json)
			fail_mate(bus, ret, "port %u", devs[i].port);
		if (ret)
			json_object_set_new(object, "error", json_error(ret));
		if (!status)
			status = ret ? mate_exit(ret) : EXIT_OK;
		json_array_append_new(list, object);
	}
	if (!json_array_size(list) && !flags.json)
		fprintf(stderr, "matetool: %s: no device with a %s\n", mate_bus_name(bus),
			job->what);
	if (flags.json)
		print_json(json_pack("{s:s,s:O}", "bus", mate_bus_name(bus), "devices", list));
	json_decref(list);
	return status;
}

static int all_devices(struct mate_bus *bus, const struct device_job *job)
{
	struct mate_device_info found[MAX_DEVICES];
	int n = find_devices(bus, MATE_SCAN_QUICK, found);

	if (n < 0)
		return fail_mate(bus, n, "%s: port 0", mate_bus_name(bus));
	return each_device(bus, found, n, job);
}

int for_devices(const struct port_name *port, const struct device_job *job)
{
	struct mate_bus *bus;
	int ret = open_bus(&bus);

	if (ret)
		return ret;
	ret = port ? one_device(bus, port, job) : all_devices(bus, job);
	mate_close(bus);
	return ret;
}
