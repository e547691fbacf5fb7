// SPDX-License-Identifier: GPL-2.0-or-later
/* Sites and set points in files. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "item.h"
#include "recording.h"

static bool is_device(const struct mate_line *line)
{
	return !strcmp(line->name, "device");
}

/* --- a site -------------------------------------------------------------- */

static int take_device(const struct matefile *file, const struct mate_line *l,
		       struct site *site)
{
	struct slot *slot = &site->slots[l->port];
	const char *what, *why;
	int len;

	if (l->port == 0 && !strcmp(l->value, "hub")) {
		slot->kind = &hub_kind;
		return 0;
	}
	why = site_parse_device(l->value, slot, &what, &len);
	if (why)
		return matefile_complain(file, l->number, "device = %s: %.*s: %s",
					 l->value, len, what, why);
	if (!slot->kind)
		return matefile_complain(file, l->number,
			"device = none: a port without a section is silent");
	return 0;
}

int recording_devices(const struct matefile *file, struct site *site)
{
	const struct mate_line *l, *end;

	if (!file->n)
		return matefile_complain(file, 1, "a site without devices");
	end = file->lines + file->n;
	site->chosen = true;
	for (l = file->lines; l < end; l++)
		if (is_device(l) && take_device(file, l, site) < 0)
			return -1;
	site->direct = site->slots[0].kind && site->slots[0].kind != &hub_kind;
	for (l = file->lines; l < end; l++)
		if (site->direct && l->port != 0)
			return matefile_complain(file, l->number,
				"port %d: the device on port 0 is no hub",
				l->port);
	return 0;
}

static bool same(const struct item *a, const struct item *b)
{
	return a->kind == b->kind && a->number == b->number &&
	       a->field == b->field;
}

static int give_answers(const struct matefile *file, struct site *site,
			struct item *items)
{
	const struct mate_line *l, *other, *end = file->lines + file->n;
	const char *why;
	struct device *dev;

	for (l = file->lines; l < end; l++) {
		struct item *item = &items[l - file->lines];

		if (is_device(l))
			continue;
		dev = &site->devices[l->port];
		why = item_parse(dev, l->name, item);
		for (other = file->lines; !why && other < l; other++)
			if (other->port == l->port && !is_device(other) &&
			    same(&items[other - file->lines], item))
				why = "given twice";
		if (!why)
			why = item_set(dev, item, l->value);
		if (why)
			return matefile_complain(file, l->number, "%s = %s: %s",
						 l->name, l->value, why);
	}
	return 0;
}

int recording_answers(const struct matefile *file, struct site *site)
{
	struct item *items = calloc(file->n + 1, sizeof(*items));
	int port, ret = -1;

	if (items)
		ret = give_answers(file, site, items);
	else
		perror("matesim");
	free(items);
	/* What was recorded is known to the controller, and no set point of ours. */
	for (port = 0; port < BUS_PORTS; port++)
		device_recorded(&site->devices[port]);
	return ret;
}

/* --- set points ---------------------------------------------------------- */

static int restore(const struct matefile *file, const struct mate_line *l,
		   struct site *site)
{
	struct device *dev = &site->devices[l->port];
	struct device_reg *reg;
	const char *why;
	struct item item;

	if (!site->slots[l->port].kind)
		return matefile_complain(file, l->number,
					 "there is no device on port %d", l->port);
	if (is_device(l))
		return strcmp(l->value, dev->kind->name) ?
		       matefile_complain(file, l->number,
				"device = %s: port %d has %s now", l->value,
				l->port, dev->kind->name) : 0;
	why = item_parse(dev, l->name, &item);
	if (!why && item.kind != ITEM_REG)
		why = "not a set point";
	reg = why ? NULL : device_reg(dev, item.number);
	if (!why && (!reg || !device_keeps(dev, reg)))
		why = "not a set point";
	if (!why)
		why = item_set(dev, &item, l->value);
	if (!why)
		reg->pinned = false;	/* it was only left so */
	return why ? matefile_complain(file, l->number, "%s = %s: %s", l->name,
				       l->value, why) : 0;
}

int state_load(struct site *site, const char *path)
{
	struct matefile file;
	int ret = 0;
	size_t i;

	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (matefile_read(&file, path) < 0)
		return -1;
	for (i = 0; i < file.n && ret == 0; i++)
		ret = restore(&file, &file.lines[i], site);
	matefile_free(&file);
	return ret;
}

static void print_device(FILE *to, int port, const struct device *dev)
{
	const struct device_reg *reg, *end = dev->regs + dev->n_regs;
	bool any = false;

	for (reg = dev->regs; reg < end; reg++) {
		if (!reg->kept)
			continue;
		if (!any)
			fprintf(to, "\n[port %d]\ndevice = %s\n", port,
				dev->kind->name);
		any = true;
		fprintf(to, "reg 0x%04X = 0x%04X  # %s\n", reg->addr,
			device_get(dev, reg), reg->desc->id);
	}
}

bool state_dirty(const struct site *site)
{
	int port;

	for (port = 0; port < BUS_PORTS; port++)
		if (site->devices[port].dirty)
			return true;
	return false;
}

static int complain(const char *path)
{
	fprintf(stderr, "matesim: %s: cannot save set points: %s\n", path,
		strerror(errno));
	return -1;
}

static int print_state(const struct site *site, const char *path)
{
	FILE *to = fopen(path, "we");
	int port, bad;

	if (!to)
		return complain(path);
	fputs(MATEFILE_MAGIC "\n", to);
	for (port = 0; port < BUS_PORTS; port++)
		if (site->slots[port].kind)
			print_device(to, port, &site->devices[port]);
	bad = ferror(to);
	return fclose(to) || bad ? complain(path) : 0;
}

int state_save(struct site *site, const char *path)
{
	char temporary[PATH_MAX];
	int port;

	for (port = 0; port < BUS_PORTS; port++)
		site->devices[port].dirty = false;
	if (snprintf(temporary, sizeof(temporary), "%s.new", path) >=
	    (int)sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return complain(path);
	}
	if (print_state(site, temporary) < 0)
		return -1;
	return rename(temporary, path) < 0 ? complain(path) : 0;
}

void state_keep(struct site *site, const char *path)
{
	if (path && state_dirty(site))
		state_save(site, path);
}
