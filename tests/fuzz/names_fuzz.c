// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * matetool's configuration file with names of ports: it is refused with a message, or
 * each name in it is one, and stands for a port that there can be.
 */
#include "text.h"

/* What reads the file is nobody else's. */
#include "userspace/matetool/names.c"

static void check_entry(const struct entry *e)
{
	const struct entry *found;
	struct port_name again = { 0 };
	char place[32];

	check(good_name(e->port.name));
	check(e->port.port <= MATE_PORT_MAX);
	check(!e->port.device || mate_device_name(e->port.device));
	check(memchr(e->bus, 0, sizeof(e->bus)));
	snprintf(place, sizeof(place), "%u %s", e->port.port,
		 e->port.device ? mate_device_name(e->port.device) : "");
	check(parse_place(place, &again) && again.port == e->port.port &&
	      again.device == e->port.device);
	found = entry_on(e->port.name, *e->bus ? e->bus : "matenet0");
	check(!found || !strcmp(found->port.name, e->port.name));
	for (const struct entry *other = entries; other < e; other++)
		check(strcmp(other->port.name, e->port.name) || strcmp(other->bus, e->bus));
}

/* The same bytes as the name of a port on a command line. */
static void as_argument(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	struct port_name port;

	if (!isalpha((unsigned char)*text) && !resolve_port(text, &port))
		check(port.port <= MATE_PORT_MAX && *text &&
		      strspn(text, "0123456789") == strlen(text));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int ret = load_file(file_of(data, size), true);

	check(ret == 0 || ret == EXIT_USAGE);
	for (size_t i = 0; i < n_entries; i++)
		check_entry(&entries[i]);
	free(entries);
	entries = NULL;
	n_entries = 0;
	as_argument(data, size);
	return 0;
}
