// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of matesim's control socket, one after the other: each has one line of reply,
 * and what an item was set to can be asked and set again.  Devices and faults of the
 * command line are tried with the same lines.
 */
#include "text.h"

#include "control.h"
#include "device.h"

static struct site site;
static struct bus bus;
static struct fault_plan faults;
static unsigned long commands;

static void tell(const char *line, char reply[CONTROL_LINE])
{
	struct control control = {
		.site = &site, .faults = &faults, .commands = &commands, .junk = true,
	};

	memset(reply, 'x', CONTROL_LINE);
	control_command(&control, line, reply);
	check(memchr(reply, 0, CONTROL_LINE) && !strchr(reply, '\n'));
	check(*reply);
}

/* "set 1 reg x = 5" worked: "get 1 reg x" gives a text that can be set again. */
static void set_again(const char *line)
{
	char reply[CONTROL_LINE], name[200], whole[2 * CONTROL_LINE];
	size_t n = strcspn(line, "=");
	const char *set = strstr(line, "set");

	if (n > 180 || set > line + n)
		return;
	snprintf(name, sizeof(name), "get%.*s", (int)(n - (size_t)(set + 3 - line)), set + 3);
	tell(name, reply);
	if (!strncmp(reply, "error", 5))
		return;
	snprintf(whole, sizeof(whole), "set%s= %s", name + 3, reply);
	if (strlen(whole) < CONTROL_LINE - 1)
		tell(whole, reply);
}

static void one_line(const char *line)
{
	char reply[CONTROL_LINE];
	struct fault_plan plan = { 0 };
	const char *what, *wrong;
	struct slot slot;
	int len;

	/* A year takes a second. */
	if (strstr(line, "run"))
		return;
	tell(line, reply);
	if (!strcmp(reply, "ok") && strspn(line, " \t") == strcspn(line, "s") &&
	    strstr(line, "set") == line + strspn(line, " \t"))
		set_again(line);
	fault_add(&plan, line);
	wrong = site_parse_device(line, &slot, &what, &len);
	check(what >= line && what + len <= line + strlen(line));
	check(wrong || slot.kind || !strncmp(line, "none", 4));
}

static void ask(void)
{
	struct reply reply = { 0 };
	const struct command command = { (uint8_t)(commands % BUS_PORTS), 4,
					 (uint16_t)(commands % 16), 0 };

	int64_t delay = 0;

	bus_answer(&bus, &command, &reply);
	fault_apply(&faults, ++commands, &command, &reply, &delay);
	check(reply.len <= sizeof(reply.bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size), *line, *rest = text;

	memset(&site, 0, sizeof(site));
	memset(&faults, 0, sizeof(faults));
	site.hub_ports = 10;
	commands = 0;
	site_defaults(&site);
	site_build(&site, &bus, 1, 12 * 3600.0, 0);
	while ((line = strsep(&rest, "\n"))) {
		one_line(line);
		ask();
	}
	free(text);
	return 0;
}
