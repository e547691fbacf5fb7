// SPDX-License-Identifier: GPL-2.0-or-later
/* Arguments: numbers, periods, the port, the bus. */
#include <ctype.h>
#include <limits.h>
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

int parse_count(const char *option, const char *text, unsigned int min, unsigned int max,
		unsigned int *n)
{
	unsigned long value;
	char *end;

	value = isdigit((unsigned char)*text) ? strtoul(text, &end, 10) : ULONG_MAX;
	if (value > max || value < min || *end)
		return fail(EXIT_USAGE, "usage", "%s %s: a number from %u to %u is wanted",
			    option, text, min, max);
	*n = (unsigned int)value;
	return 0;
}

int parse_period(const char *option, const char *text, unsigned int *ms)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = {
		{ "", 1e3 }, { "ms", 1 }, { "s", 1e3 }, { "m", 6e4 }, { "min", 6e4 }, { "h", 36e5 },
	};
	char *end = "";
	double n = isdigit((unsigned char)*text) && !strpbrk(text, "xX") ? strtod(text, &end) : -1;

	for (size_t i = 0; n >= 0 && i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(end, units[i].unit) && n * units[i].ms >= 1 &&
		    n * units[i].ms <= INT_MAX) {
			*ms = (unsigned int)(n * units[i].ms);
			return 0;
		}
	return fail(EXIT_USAGE, "usage",
		    "%s %s: a time such as 500ms, 10s, 5m or 2h is wanted", option, text);
}

/* ---- the port -------------------------------------------------------------- */

int maybe_port(int *argc, char ***argv, struct port_name *port, bool *given)
{
	const char *text = flags.port;

	*given = text || *argc;
	if (!*given)
		return 0;
	if (!text) {
		text = **argv;
		--*argc;
		++*argv;
	}
	return resolve_port(text, port);
}

int want_port(const struct verb *verb, int *argc, char ***argv, struct port_name *port)
{
	bool given;
	int ret = maybe_port(argc, argv, port, &given);

	if (!ret && !given)
		return fail(EXIT_USAGE, "usage", "%s: which port? matetool %s %s", verb->name,
			    verb->name, verb->args);
	return ret;
}

/* ---- the bus --------------------------------------------------------------- */

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

int open_bus_flags(struct mate_bus **bus, unsigned int open_flags)
{
	int ret = load_names();
	const char *prefix = "";

	if (ret)
		return ret;
	ret = mate_open(bus, flags.bus, open_flags);
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

int open_bus(struct mate_bus **bus)
{
	return open_bus_flags(bus, 0);
}
