// SPDX-License-Identifier: GPL-2.0-or-later
/* Arguments: ports, days, the bus. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

int want_args(const struct verb *verb, int argc, int min, int max)
{
	if (argc >= min && argc <= max)
		return 0;
	return fail(EXIT_USAGE, "usage", "%s: too %s arguments: matetool %s %s", verb->name,
		    argc < min ? "few" : "many", verb->name, verb->args);
}

/* A decimal number of at most @max, or -1. */
static long parse_number(const char *text, long max)
{
	char *end;
	long n;

	if (!isdigit((unsigned char)*text))
		return -1;
	n = strtol(text, &end, 10);
	return *end || n > max ? -1 : n;
}

int parse_port(const char *text, unsigned int *port)
{
	long n = parse_number(text, MATE_PORT_MAX);

	if (n < 0)
		return fail(EXIT_USAGE, "port", "port %s: a hub has ports 1 to %d", text,
			    MATE_PORT_MAX);
	*port = (unsigned int)n;
	return 0;
}

int parse_day(const char *text, unsigned int *day)
{
	long n = parse_number(text, MATE_DAY_MAX);

	if (n < 0)
		return fail(EXIT_USAGE, "day",
			    "day %s: logs go from 0, today, to %d days ago", text, MATE_DAY_MAX);
	*day = (unsigned int)n;
	return 0;
}

static int fail_several(void)
{
	struct mate_bus_info list[32];
	char names[800] = "";
	int n = mate_bus_list(list, 32);

	for (int i = 0; i < n && i < 32; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), " %s",
			 list[i].name);
	return fail(EXIT_NO_BUS, mate_errname(MATE_E_SEVERAL),
		    "there are several buses:%s: choose one with -d", names);
}

int open_bus(struct mate_bus **bus)
{
	int ret = mate_open(bus, flags.bus, 0);
	const char *prefix = "";

	if (!ret)
		return 0;
	if (ret == MATE_E_SEVERAL)
		return fail_several();
	if (!flags.bus && ret == MATE_E_NO_BUS)
		return fail(EXIT_NO_BUS, mate_errname(ret),
			    "there is no bus: make one with matetool attach TTY");
	/* -d 3 means matenet3, and so says the error. */
	if (flags.bus && isdigit((unsigned char)*flags.bus))
		prefix = "matenet";
	return fail_mate(NULL, ret, "%s%s", prefix, flags.bus ? flags.bus : "the only bus");
}
