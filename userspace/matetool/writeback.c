// SPDX-License-Identifier: GPL-2.0-or-later
/* Writing back: finding the bus again, and writing even if it was locked meanwhile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "revert.h"

/*
 * The bus may have another number by now, and the tty, too.  The same tty is the
 * same bus, else one of the same name, else the only one there is; what device is
 * on the port is asked in any case.
 */
static bool find_bus(const struct revert *r, char name[24])
{
	struct mate_bus_info list[64];
	int n = mate_bus_list(list, 64), best = -1;

	for (int i = 0; i < n && i < 64; i++) {
		if (*r->tty && !strcmp(list[i].tty, r->tty)) {
			best = i;
			break;
		}
		if (n == 1 || !strcmp(list[i].name, r->bus))
			best = i;
	}
	if (best >= 0)
		snprintf(name, 24, "%s", list[best].name);
	return best >= 0;
}

static int check_device(struct mate_bus *bus, const struct revert *r, char *text, size_t size)
{
	uint16_t type;
	int ret = mate_read(bus, r->port, MATE_REG_ALL_DEVICE_TYPE, &type);

	if (!ret && (type & 0xFF) != r->device) {
		snprintf(text, size, "port %u: %s, not %s", r->port, device_phrase(type & 0xFF),
			 device_phrase(r->device));
		return MATE_E_DEVICE;
	}
	return ret;
}

/* Whatever the register holds now, unless it is the old value already. */
static int write_old(struct mate_bus *bus, const struct revert *r, char *text, size_t size)
{
	const struct mate_reg_desc *known = mate_reg_by_addr(r->device, r->addr);
	const struct mate_reg_desc bare = {
		.id = "", .label = "", .unit = "", .note = "", .scale = 1, .type = MATE_T_U16,
		.value_mask = 0xFFFF, .max = 0xFFFF, .step = 1, .addr = (uint16_t)r->addr,
		.access = MATE_ACC_READ | MATE_ACC_WRITE, .risk = MATE_RISK_CONTROL,
	};
	struct mate_reg_desc reg = known ? *known : bare;
	struct mate_write w = { .outcome = MATE_APPLIED };
	uint16_t now;
	int ret;

	/* The device had this value, whatever the table thinks of it. */
	reg.min = INT32_MIN;
	reg.max = INT32_MAX;
	reg.named_only = false;
	ret = mate_read(bus, r->port, r->addr, &now);
	if (!ret && now == r->old) {
		snprintf(text, size, "it was so already");
		return 0;
	}
	if (!ret)
		ret = mate_reg_write(bus, r->port, &reg, (uint16_t)r->old, &w);
	if (ret || w.outcome == MATE_APPLIED)
		return ret;
	snprintf(text, size, "%s", mate_outcome_name(w.outcome));
	return w.err ?: MATE_E_REFUSED;
}

static int write_on(struct mate_bus *bus, const struct revert *r, char *text, size_t size)
{
	struct matenet_config config, unlocked;
	int ret = mate_get_config(bus, &config);
	bool was_locked = !(config.flags & MATENET_CFG_WRITABLE);

	if (ret)
		return ret;
	ret = check_device(bus, r, text, size);
	if (ret)
		return ret;
	/* A bus that was locked after the change, or attached anew, is no excuse. */
	if (was_locked) {
		unlocked = config;
		unlocked.flags |= MATENET_CFG_WRITABLE;
		ret = mate_set_config(bus, &unlocked);
		if (ret)
			return ret;
	}
	ret = write_old(bus, r, text, size);
	if (was_locked)
		mate_set_config(bus, &config);
	return ret;
}

int revert_write(const struct revert *r, char *text, size_t size)
{
	struct mate_bus *bus;
	char name[24];
	int ret;

	*text = '\0';
	if (!find_bus(r, name))
		ret = MATE_E_NO_BUS;
	else
		ret = mate_open(&bus, name, MATE_OPEN_WRITE);
	if (!ret) {
		ret = write_on(bus, r, text, size);
		mate_close(bus);
	}
	if (ret && !*text)
		snprintf(text, size, "%s", error_text(ret));
	return ret;
}
