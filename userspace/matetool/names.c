// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names for ports, from configuration files:
 *
 *	[ports]			; of any bus
 *	roof = 1 mx		; port, and the type of device that is to be there
 *	[matenet1]		; of this bus: name, number, node or tty
 *	shed = 2 fx
 */
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

#define SYSTEM_FILE	"/etc/matenet/matetool.conf"
#define USER_FILE	"matenet/matetool.conf"
#define ANY_BUS		"ports"

struct entry {
	struct port_name port;
	char bus[64];		/* section; "" for any */
};

static struct entry *entries;
static size_t n_entries;

/* ---- reading them ---------------------------------------------------------- */

static int device_number(const char *name)
{
	for (unsigned int i = 0; i < 256; i++)
		if (mate_device_name(i) && !strcmp(mate_device_name(i), name))
			return (int)i;
	return -1;
}

/* A name must not be taken for a number, the days of a log or a type of device. */
static bool good_name(const char *name)
{
	return isalpha((unsigned char)*name) && strcmp(name, "all") && device_number(name) < 0 &&
	       strlen(name) < sizeof(((struct port_name *)0)->name) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789_-.") == strlen(name);
}

/* "1" or "1 mx" */
static bool parse_place(const char *value, struct port_name *port)
{
	char type[16] = "", rest;
	unsigned int number;
	int n = sscanf(value, "%2u %15s %c", &number, type, &rest);
	int device = n == 2 ? device_number(type) : 0;

	if (!isdigit((unsigned char)*value) || n < 1 || n > 2 || number > MATE_PORT_MAX ||
	    device < 0)
		return false;
	port->port = number;
	port->device = (uint8_t)device;
	return true;
}

/* The later of two with the same name in the same section counts. */
static struct entry *place_for(const char *bus, const char *name)
{
	struct entry *more;

	for (size_t i = 0; i < n_entries; i++)
		if (!strcmp(entries[i].bus, bus) && !strcmp(entries[i].port.name, name))
			return &entries[i];
	more = realloc(entries, (n_entries + 1) * sizeof(*entries));
	if (!more)
		return NULL;
	entries = more;
	return &entries[n_entries++];
}

/* What is wrong with the first bad line of a file. */
struct complaint {
	char text[400];
};

__attribute__((format(printf, 2, 3)))
static int complain(struct complaint *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (!*c->text)
		vsnprintf(c->text, sizeof(c->text), fmt, ap);
	va_end(ap);
	return 0;
}

/* For inih: 1, or 0 for a bad line. */
static int on_entry(void *arg, const char *section, const char *name, const char *value)
{
	const char *bus = strcmp(section, ANY_BUS) ? section : "";
	struct port_name port = { 0 };
	struct entry *e;

	if (!*section)
		return complain(arg, "%s: it stands in no section such as [%s]", name, ANY_BUS);
	if (!good_name(name))
		return complain(arg, "%s: a name begins with a letter, has at most 31 letters, digits, - _ and ., and is not \"all\", hub, fx, mx or dc",
				name);
	if (!parse_place(value, &port))
		return complain(arg, "%s = %s: a port from 0 to %d and hub, fx, mx or dc is wanted, such as %s = 1 mx",
				name, value, MATE_PORT_MAX, name);
	if (strlen(bus) >= sizeof(e->bus))
		return complain(arg, "[%s]: there is no such bus", bus);
	memcpy(port.name, name, strlen(name) + 1);
	e = place_for(bus, name);
	if (!e)
		return complain(arg, "out of memory");
	e->port = port;
	memcpy(e->bus, bus, strlen(bus) + 1);
	return 1;
}

/* 0 or an error; a file that is not there is none if it need not be. */
static int load_file(const char *path, bool needed)
{
	struct complaint c = { "" };
	int line;

	errno = 0;
	line = ini_parse(path, on_entry, &c);
	if (line > 0)
		return fail(EXIT_USAGE, "configuration", "%s:%d: %s", path, line,
			    *c.text ? c.text : "neither [section] nor name = value");
	if (line < 0 && (needed || errno != ENOENT))
		return fail(EXIT_FAILED, "configuration", "%s: %s", path, strerror(errno));
	return 0;
}

int load_names(void)
{
	static int status = -1;
	const char *file = getenv("MATETOOL_CONFIG");
	const char *home = getenv("XDG_CONFIG_HOME");
	char path[4096] = "";

	if (status >= 0)
		return status;
	if (file)
		return status = *file ? load_file(file, true) : 0;
	if (home && *home)
		snprintf(path, sizeof(path), "%s/%s", home, USER_FILE);
	else if (getenv("HOME"))
		snprintf(path, sizeof(path), "%s/.config/%s", getenv("HOME"), USER_FILE);
	status = load_file(SYSTEM_FILE, false);
	if (!status && *path)
		status = load_file(path, false);
	return status;
}

/* ---- asking them ----------------------------------------------------------- */

/* matenet0 for 0, a node or a tty; as it is if there is no such bus. */
static void canonical_bus(const char *text, char *name, size_t size)
{
	struct mate_bus_info info;

	if (*text && strspn(text, "0123456789") == strlen(text))
		snprintf(name, size, "matenet%s", text);
	else if (find_bus_of_tty(text, &info))
		snprintf(name, size, "%s", info.name);
	else
		snprintf(name, size, "%s", tty_base(text));
}

/* The bus that is meant without a word about it: that of -d, or the only one. */
static bool obvious_bus(char *name, size_t size)
{
	struct mate_bus_info info;
	int n;

	if (flags.bus) {
		canonical_bus(flags.bus, name, size);
		return true;
	}
	n = mate_bus_list(&info, 1);
	if (n == 1)
		snprintf(name, size, "%s", info.name);
	return n == 1;
}

static bool is_of_bus(const struct entry *e, const char *bus)
{
	char name[64];

	if (!*e->bus)
		return true;
	canonical_bus(e->bus, name, sizeof(name));
	return !strcmp(name, bus);
}

/* Entry for a name on a bus: what is said of the bus counts more than [ports]. */
static const struct entry *entry_on(const char *text, const char *bus)
{
	const struct entry *found = NULL;

	for (size_t i = 0; i < n_entries; i++)
		if (!strcmp(entries[i].port.name, text) && is_of_bus(&entries[i], bus) &&
		    (!found || *entries[i].bus))
			found = &entries[i];
	return found;
}

/* The only entry for a name, whatever its bus, which is then chosen. */
static int entry_anywhere(const char *text, const struct entry **found)
{
	static char bus[64];

	*found = NULL;
	for (size_t i = 0; i < n_entries; i++) {
		if (strcmp(entries[i].port.name, text))
			continue;
		if (*found)
			return fail(EXIT_USAGE, "port",
				    "port \"%s\": [%s] and [%s] both have one: choose a bus with -d",
				    text, *(*found)->bus ? (*found)->bus : ANY_BUS,
				    *entries[i].bus ? entries[i].bus : ANY_BUS);
		*found = &entries[i];
	}
	if (*found && *(*found)->bus) {
		canonical_bus((*found)->bus, bus, sizeof(bus));
		flags.bus = bus;
	}
	return 0;
}

static int resolve_name(const char *text, struct port_name *port)
{
	const struct entry *e;
	char bus[64];
	int ret = load_names();

	if (ret)
		return ret;
	if (obvious_bus(bus, sizeof(bus)))
		e = entry_on(text, bus);
	else
		ret = entry_anywhere(text, &e);
	if (ret)
		return ret;
	if (!e)
		return fail(EXIT_USAGE, "port", "port \"%s\": no configuration file has that name",
			    text);
	*port = e->port;
	return 0;
}

int resolve_port(const char *text, struct port_name *port)
{
	size_t digits = strspn(text, "0123456789");

	if (isalpha((unsigned char)*text))
		return resolve_name(text, port);
	memset(port, 0, sizeof(*port));
	port->port = digits && digits < 3 ? (unsigned int)atoi(text) : MATE_PORT_MAX + 1;
	if (text[digits] || port->port > MATE_PORT_MAX)
		return fail(EXIT_USAGE, "port", "port %s: a hub has ports 1 to %d", text,
			    MATE_PORT_MAX);
	return 0;
}

const struct port_name *named_port(const struct mate_bus *bus, unsigned int port)
{
	static const struct port_name nameless;
	const struct entry *found = NULL;

	for (size_t i = 0; i < n_entries; i++)
		if (entries[i].port.port == port && is_of_bus(&entries[i], mate_bus_name(bus)) &&
		    (!found || *entries[i].bus))
			found = &entries[i];
	return found ? &found->port : &nameless;
}

int each_port_name(void (*fn)(const struct port_name *port))
{
	char bus[64];
	bool known = obvious_bus(bus, sizeof(bus));
	int ret = load_names();

	for (size_t i = 0; i < n_entries; i++)
		if (!known || is_of_bus(&entries[i], bus))
			fn(&entries[i].port);
	return ret;
}

int check_promise(const struct port_name *port, unsigned int device)
{
	if (!port->device || port->device == device)
		return 0;
	return fail(EXIT_REFUSED, "promise", "port %u: \"%s\" is to be %s, but there is %s",
		    port->port, port->name, device_phrase(port->device), device_phrase(device));
}
