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

void set_device(json_t *object, const struct mate_device_info *dev, const char *name)
{
	json_object_set_new(object, "port", json_integer(dev->port));
	if (name)
		json_object_set_new(object, "name", *name ? json_string(name) : json_null());
	json_object_set_new(object, "type", json_device(dev->device));
}

void print_heading(struct mate_bus *bus, const struct mate_device_info *dev, const char *more)
{
	static bool first = true;
	const char *name = named_port(bus, dev->port)->name;

	printf("%sPort %u%s%s%s, %s%s\n", first ? "" : "\n", dev->port, *name ? " (" : "", name,
	       *name ? ")" : "", device_title(dev->device), more);
	first = false;
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

/* Whether those who were there last time are there again, and nobody else is. */
static bool still_there(struct mate_bus *bus, struct mate_device_info *known, int n)
{
	for (int i = 0; i < n; i++) {
		uint16_t type;

		/* The hub itself proves by its ports that it is there. */
		if (n > 1 && known[i].device == MATE_HUB)
			continue;
		if (mate_read(bus, known[i].port, MATE_REG_ALL_DEVICE_TYPE, &type) ||
		    (type & 0xFF) != known[i].device)
			return false;
		known[i].variant = (uint8_t)(type >> 8);
	}
	return n > 0;
}

static int scan_devices(struct mate_bus *bus, unsigned int scan_flags,
			struct mate_device_info found[MAX_DEVICES])
{
	bool terminal = isatty(STDERR_FILENO);
	int n;

	if (terminal)
		fprintf(stderr, "asking port 0");
	n = mate_scan(bus, scan_flags, found, MAX_DEVICES, on_port, &terminal);
	if (terminal)
		fprintf(stderr, "\r\033[K");
	if (n > 0)
		remember_devices(bus, found, n);
	else
		forget_devices(bus);
	return n;
}

int find_devices(struct mate_bus *bus, unsigned int scan_flags,
		 struct mate_device_info found[MAX_DEVICES])
{
	int n = scan_flags & MATE_SCAN_QUICK ? recall_devices(bus, found) : 0;

	return still_there(bus, found, n) ? n : scan_devices(bus, scan_flags, found);
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

/* What the job has made of the devices: {bus, devices: [...]}. */
static int show(struct mate_bus *bus, const struct device_job *job, json_t *list)
{
	json_t *document = json_pack("{s:s,s:o}", "bus", mate_bus_name(bus), "devices", list);

	if (job->show)
		return job->show(document, job->arg);
	if (flags.json)
		return print_json(document);
	json_decref(document);
	return EXIT_OK;
}

static int one_device(struct mate_bus *bus, const struct port_name *port,
		      const struct device_job *job)
{
	struct mate_device_info dev = { .port = (uint8_t)port->port };
	unsigned int device = 0;
	json_t *list;
	int ret, status = EXIT_OK;

	ret = device_type(bus, port->port, &device) ?: check_promise(port, device);
	if (ret)
		return ret;
	dev.device = (uint8_t)device;
	if (!job->wanted(device))
		return fail(EXIT_USAGE, mate_errname(MATE_E_DEVICE), "port %u: %s has no %s",
			    port->port, device_phrase(device), job->what);
	list = json_array();
	ret = job->fn(bus, &dev, list, job->arg);
	/* What has been read before something failed is worth to be shown. */
	if (ret && !json_array_size(list)) {
		json_decref(list);
		return fail_mate(bus, ret, "port %u", port->port);
	}
	if (ret)
		status = flags.json ? mate_exit(ret) : fail_mate(bus, ret, "port %u", port->port);
	ret = show(bus, job, list);
	return status ?: ret;
}

static json_t *json_failed(const struct mate_device_info *dev, int err)
{
	json_t *object = json_object();

	set_device(object, dev, NULL);
	json_object_set_new(object, "error", json_error(err));
	return object;
}

/* A device that fails does not keep the others from being shown. */
static int each_device(struct mate_bus *bus, const struct mate_device_info *devs, int n,
		       const struct device_job *job)
{
	json_t *list = json_array();
	int status = EXIT_OK, wanted = 0, ret;

	for (int i = 0; i < n; i++) {
		if (!job->wanted(devs[i].device))
			continue;
		wanted++;
		ret = job->fn(bus, &devs[i], list, job->arg);
		if (ret == MATE_E_GONE) {
			json_decref(list);
			return fail_mate(bus, ret, "port %u", devs[i].port);
		}
		if (!ret)
			continue;
		if (flags.json)
			json_array_append_new(list, json_failed(&devs[i], ret));
		else
			fail_mate(bus, ret, "port %u", devs[i].port);
		if (!status)
			status = mate_exit(ret);
	}
	if (!wanted && !flags.json)
		fprintf(stderr, "matetool: %s: no device with a %s\n", mate_bus_name(bus),
			job->what);
	ret = show(bus, job, list);
	return status ?: ret;
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
