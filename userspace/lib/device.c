// SPDX-License-Identifier: LGPL-2.1-or-later
/* Devices: who is there, their status and their logs. */
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define DAMAGED_TRIES	3	/* a damaged reply is proof that somebody is there */

static const char * const device_names[] = {
	[MATE_HUB] = "hub", [MATE_FX] = "fx", [MATE_MX] = "mx", [MATE_DC] = "dc",
};

const char *mate_device_name(unsigned int device)
{
	return device < sizeof(device_names) / sizeof(device_names[0]) ?
	       device_names[device] : NULL;
}

static void read_firmware(struct mate_bus *bus, struct mate_device_info *info)
{
	/* An FX has one number, all others have three. */
	unsigned int addr = info->device == MATE_FX ? MATE_REG_FX_FW_REV :
						      MATE_REG_HUB_FW_REV_A;
	unsigned int parts = info->device == MATE_FX ? 1 : 3;

	if (!mate_device_name(info->device))
		return;
	for (unsigned int i = 0; i < parts; i++)
		if (mate_read(bus, info->port, addr + i, &info->fw[i]))
			return;
	info->fw_parts = (uint8_t)parts;
}

static void set_type(struct mate_device_info *info, unsigned int port, uint16_t type)
{
	memset(info, 0, sizeof(*info));
	info->port = (uint8_t)port;
	info->device = (uint8_t)type;
	info->variant = (uint8_t)(type >> 8);
}

int mate_identify(struct mate_bus *bus, unsigned int port, struct mate_device_info *info)
{
	uint16_t type;
	int ret = mate_read(bus, port, MATE_REG_ALL_DEVICE_TYPE, &type);

	if (ret)
		return ret;
	set_type(info, port, type);
	read_firmware(bus, info);
	return 0;
}

/* Trouble with one reply, which says nothing about the next. */
static bool is_reply_error(int err)
{
	return err <= MATE_E_NO_REPLY && err >= MATE_E_OVERRUN;
}

/*
 * A silent port of a hub is asked once, port 0 as often as any register: all
 * depends on it.  One that answers garbage deserves more.
 */
static int probe(struct mate_bus *bus, unsigned int port, unsigned int flags,
		 struct mate_device_info *info)
{
	unsigned int retries = port ? 0 : atomic_load(&bus->retries);
	uint16_t type;
	int ret = 0;

	for (int i = 0; i < DAMAGED_TRIES; i++) {
		ret = mate_read_retries(bus, port, MATE_REG_ALL_DEVICE_TYPE, retries, &type);
		if (!is_reply_error(ret) || ret == MATE_E_NO_REPLY)
			break;
	}
	if (ret)
		return ret;
	set_type(info, port, type);
	if (!(flags & MATE_SCAN_QUICK))
		read_firmware(bus, info);
	return 0;
}

struct scan {
	unsigned int flags;
	struct mate_device_info *found;
	size_t max, n;
	mate_scan_fn fn;
	void *arg;
};

static int scan_port(struct mate_bus *bus, struct scan *s, unsigned int port,
		     unsigned int last_port, uint8_t *device)
{
	struct mate_device_info info = { 0 };
	struct mate_scan_event ev = { .port = port, .last_port = last_port };

	ev.err = probe(bus, port, s->flags, &info);
	if (ev.err && !is_reply_error(ev.err))
		return ev.err;
	if (!ev.err) {
		ev.info = &info;
		*device = info.device;
		if (s->n < s->max)
			s->found[s->n] = info;
		s->n++;
	}
	if (s->fn && s->fn(s->arg, &ev))
		return MATE_E_ABORTED;
	return port ? 0 : ev.err;
}

int mate_scan(struct mate_bus *bus, unsigned int flags, struct mate_device_info *found,
	      size_t max, mate_scan_fn fn, void *arg)
{
	struct scan s = { .flags = flags, .found = found, .max = max, .fn = fn, .arg = arg };
	uint8_t device = 0;
	int ret;

	if (flags & ~MATE_SCAN_QUICK)
		return MATE_E_INVALID;
	ret = scan_port(bus, &s, 0, 0, &device);
	if (ret)
		return ret;
	if (device == MATE_HUB)
		for (unsigned int port = 1; port <= MATE_PORT_MAX; port++) {
			ret = scan_port(bus, &s, port, MATE_PORT_MAX, &device);
			if (ret)
				return ret;
		}
	return (int)s.n;
}

/* Which pages a type of device answers to STATUS. */
static const struct {
	enum mate_page page;
	uint8_t first, count;
} status_pages[] = {
	[MATE_FX] = { MATE_PAGE_FX_STATUS, 0x01, 1 },
	[MATE_MX] = { MATE_PAGE_MX_STATUS, 0x01, 1 },
	[MATE_DC] = { MATE_PAGE_DC_STATUS, 0x0A, 6 },
};

int mate_device_status(struct mate_bus *bus, unsigned int port, unsigned int device,
		       struct mate_device_status *status)
{
	struct mate_device_status st;
	int ret;

	if (device >= sizeof(status_pages) / sizeof(status_pages[0]) ||
	    !status_pages[device].count) {
		mate_detail_clear();
		return MATE_E_DEVICE;
	}
	memset(&st, 0, sizeof(st));
	st.page = status_pages[device].page;
	for (unsigned int i = 0; i < status_pages[device].count; i++) {
		ret = mate_status(bus, port, status_pages[device].first + i,
				  st.bytes + 13 * i);
		if (ret)
			return ret;
	}
	mate_page_desc(st.page)->decode(&st.u, st.bytes);
	*status = st;
	return 0;
}

int mate_mx_log(struct mate_bus *bus, unsigned int port, unsigned int day,
		struct mate_mx_log *log)
{
	uint8_t bytes[MATE_MX_LOG_BYTES];
	int ret = mate_log(bus, port, day, bytes);

	if (!ret)
		mate_mx_log_decode(log, bytes);
	return ret;
}

int mate_firmware_format(const struct mate_device_info *info, char *text, size_t size)
{
	switch (info->fw_parts) {
	case 3:
		return snprintf(text, size, "%03u.%03u.%03u",
				info->fw[0], info->fw[1], info->fw[2]);
	case 1:
		return snprintf(text, size, "%03u", info->fw[0]);
	default:
		return snprintf(text, size, "%s", "");
	}
}
