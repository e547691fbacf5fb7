// SPDX-License-Identifier: GPL-2.0-or-later
/* The devices of a site. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "site.h"

/* Most that an MX60 was seen to send is 2; more is for tests. */
#define JUNK_MAX 16

struct option_kind {
	const char *name;
	enum mate_device type;	/* MATE_ANY: all */
	bool takes_value;
	/* false: the value is wrong */
	bool (*apply)(struct device_options *options, const char *value);
	const char *usage;
};

static bool number(const char *text, int base, unsigned long max,
		   unsigned long *value)
{
	char *end;

	*value = strtoul(text, &end, base);
	return end != text && !*end && *text != '-' && *value <= max;
}

static bool set_variant(struct device_options *options, const char *value)
{
	unsigned long n;

	if (!number(value, 16, 0xff, &n))
		return false;
	options->variant = n;
	return true;
}

static bool set_firmware(struct device_options *options, const char *value)
{
	unsigned int part[3] = { 0 };
	char rest;
	int n = sscanf(value, "%3u.%3u.%3u%c", &part[0], &part[1], &part[2],
		       &rest);
	int i;

	if ((n != 3 && n != 1) || (n == 1 && value[strspn(value, "0123456789")]))
		return false;
	for (i = 0; i < 3; i++) {
		if (part[i] > 255)
			return false;
		options->firmware[i] = part[i];
	}
	options->firmware_set = true;
	return true;
}

static bool set_junk(struct device_options *options, const char *value)
{
	unsigned long n = 2;

	if (value && !number(value, 10, JUNK_MAX, &n))
		return false;
	options->junk = n;
	return true;
}

static bool set_fm80(struct device_options *options, const char *value)
{
	(void)value;
	options->variant = 0x02;
	return true;
}

/* As reported of one built in 2004. */
static bool set_mx60(struct device_options *options, const char *value)
{
	(void)value;
	options->variant = 0x11;
	options->junk = 2;
	options->no_ah = true;
	return true;
}

static bool set_noah(struct device_options *options, const char *value)
{
	(void)value;
	options->no_ah = true;
	return true;
}

static bool set_120v(struct device_options *options, const char *value)
{
	(void)value;
	options->is_120v = true;
	return true;
}

static bool set_230v(struct device_options *options, const char *value)
{
	(void)value;
	options->is_120v = false;
	return true;
}

static bool set_slave(struct device_options *options, const char *value)
{
	(void)value;
	options->slave = true;
	return true;
}

static bool set_fresh(struct device_options *options, const char *value)
{
	(void)value;
	options->fresh = true;
	return true;
}

static bool set_byte0(struct device_options *options, const char *value)
{
	unsigned long n;

	if (!number(value, 16, 0xff, &n))
		return false;
	options->read_byte0 = n;
	options->read_byte0_set = true;
	return true;
}

static const struct option_kind option_kinds[] = {
	{ "variant", MATE_ANY, true, set_variant, "two hex digits, as variant=02" },
	{ "fw", MATE_ANY, true, set_firmware, "a revision as 1.9.8, for an fx a number" },
	{ "byte0", MATE_ANY, true, set_byte0, "two hex digits, as byte0=03" },
	{ "junk", MATE_ANY, false, set_junk, "0 to 16 bytes, as junk=2" },
	{ "fm80", MATE_MX, false, set_fm80, "no value" },
	{ "mx60", MATE_MX, false, set_mx60, "no value" },
	{ "noah", MATE_MX, false, set_noah, "no value" },
	{ "120v", MATE_FX, false, set_120v, "no value" },
	{ "230v", MATE_FX, false, set_230v, "no value" },
	{ "slave", MATE_FX, false, set_slave, "no value" },
	{ "fresh", MATE_DC, false, set_fresh, "no value" },
};

static const struct device_kind *const kinds[] = {
	&mx_kind, &fx_kind, &dc_kind,
};

static const char *apply_option(struct slot *slot, char *option)
{
	const struct option_kind *kind;
	char *value = strchr(option, '=');
	size_t i;

	if (value)
		*value++ = '\0';
	for (i = 0; i < sizeof(option_kinds) / sizeof(option_kinds[0]); i++) {
		kind = &option_kinds[i];
		if (strcmp(kind->name, option))
			continue;
		if (kind->type != MATE_ANY && kind->type != slot->kind->type)
			return "this device has no such option";
		if (kind->takes_value && !value)
			return kind->usage;
		if (value && !kind->takes_value && kind->apply != set_junk)
			return kind->usage;
		return kind->apply(&slot->options, value) ? NULL : kind->usage;
	}
	return "no such option; see matesim --help";
}

static const char *find_kind(const char *name, struct slot *slot)
{
	size_t i;

	slot->kind = NULL;
	if (!strcmp(name, "none"))
		return NULL;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i]->name, name))
			slot->kind = kinds[i];
	return slot->kind ? NULL : "the types are mx, fx, dc and none";
}

const char *site_parse_device(const char *text, struct slot *slot,
			      const char **what, int *len)
{
	char part[64];
	const char *wrong;

	memset(slot, 0, sizeof(*slot));
	for (*what = text; ; *what += *len + 1) {
		*len = strcspn(*what, ",");
		snprintf(part, sizeof(part), "%.*s", *len, *what);
		if (*what == text)
			wrong = find_kind(part, slot);
		else if (slot->kind)
			wrong = apply_option(slot, part);
		else
			wrong = "nothing takes no option";
		if (wrong || !(*what)[*len])
			return wrong;
	}
}

void site_defaults(struct site *site)
{
	if (site->chosen)
		return;
	site->slots[1].kind = &mx_kind;
	site->slots[2].kind = &fx_kind;
	site->slots[3].kind = &dc_kind;
}

/* The part of the world that a device of this kind measures or is. */
static void *next_plant(struct world *w, const struct device_kind *kind)
{
	switch (kind->type) {
	case MATE_MX:
		return &w->chargers[w->n_chargers++];
	case MATE_FX:
		return &w->inverters[w->n_inverters++];
	case MATE_DC:
		return &w->meters[w->n_meters++];
	default:
		return NULL;
	}
}

static int count(const struct site *site, const struct device_kind *kind)
{
	int port, n = 0;

	for (port = 0; port < BUS_PORTS; port++)
		n += site->slots[port].kind == kind;
	return n;
}

void site_build(struct site *site, struct bus *bus, uint32_t seed,
		double time_of_day, uint8_t dec_command)
{
	struct world *w = &site->world;
	struct device *dev;
	struct slot *slot;
	int port;

	if (!site->direct)
		site->slots[0].kind = &hub_kind;
	w->n_chargers = count(site, &mx_kind);
	w->n_inverters = count(site, &fx_kind);
	w->n_meters = count(site, &dc_kind);
	world_init(w, seed, time_of_day);
	w->n_chargers = w->n_inverters = w->n_meters = 0;
	for (port = 0; port < BUS_PORTS; port++) {
		slot = &site->slots[port];
		dev = &site->devices[port];
		bus->ports[port] = NULL;
		if (!slot->kind)
			continue;
		device_init(dev, slot->kind, &slot->options, w,
			    next_plant(w, slot->kind));
		dev->dec_command = dec_command;
		bus->ports[port] = dev;
	}
	world_at_least_one(w);
	/* The devices as they are now show in the first answers already. */
	world_run(w, w->t + WORLD_STEP_S);
	w->started = w->t;
}
