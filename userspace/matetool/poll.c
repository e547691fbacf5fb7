// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices that are asked for their status again and again. */
#include <string.h>

#include "loop.h"

/* The device on one port; 1, or 0 and *@exit_status. */
static int find_one(struct mate_bus *bus, const struct port_name *port, struct polled *p,
		    int *exit_status)
{
	unsigned int device = 0;

	*exit_status = device_type(bus, port->port, &device) ?: check_promise(port, device);
	if (*exit_status)
		return 0;
	if (!status_desc(device)) {
		*exit_status = fail(EXIT_USAGE, mate_errname(MATE_E_DEVICE),
				    "port %u: %s has no status", port->port,
				    device_phrase(device));
		return 0;
	}
	p->dev = (struct mate_device_info){ .port = (uint8_t)port->port,
					    .device = (uint8_t)device };
	return 1;
}

int poll_find(struct mate_bus *bus, const struct port_name *port,
	      struct polled list[MAX_DEVICES], int *exit_status)
{
	struct mate_device_info found[MAX_DEVICES];
	int n, wanted = 0;

	memset(list, 0, MAX_DEVICES * sizeof(*list));
	if (port)
		return find_one(bus, port, list, exit_status);
	n = find_devices(bus, MATE_SCAN_QUICK, found);
	if (n < 0) {
		*exit_status = fail_mate(bus, n, "%s: port 0", mate_bus_name(bus));
		return 0;
	}
	for (int i = 0; i < n; i++)
		if (status_desc(found[i].device))
			list[wanted++].dev = found[i];
	if (!wanted)
		*exit_status = fail(EXIT_NO_REPLY, "no_device", "%s: no device with a status",
				    mate_bus_name(bus));
	return wanted;
}

int poll_device(struct mate_bus *bus, struct polled *p)
{
	unsigned int port = p->dev.port;

	p->err = p->dev.device == MATE_DC ?
		 mate_dc_refresh(bus, port, &p->cache, &p->status) :
		 mate_device_status(bus, port, p->dev.device, &p->status);
	if (!p->err) {
		p->seen = true;
		p->when = loop_clock();
	}
	return p->err;
}
