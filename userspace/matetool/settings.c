// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool bus: the settings of a bus, shared by all who use it. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "journal.h"

#define MAX_SETTINGS	16

/* Names of the numbers 0, 1, ...; NULL at the end. */
static const char * const roles[] = { "monitor", "controller", "device", NULL };
static const char * const framings[] = { "auto", "mark", "gap", NULL };
static const char * const parities[] = { "auto", "stick", "evenodd", NULL };
static const char * const switches[] = { "off", "on", NULL };

/* The names are those below /sys/class/matenet/matenetN. */
static const struct setting {
	const char *name;
	size_t offset;
	const char * const *words;	/* NULL: a number */
	uint32_t bit;			/* of a word of flags; 0: all of it */
	uint32_t min, max;
	const char *unit;
} settings[] = {
#define AT(member) offsetof(struct matenet_config, member)
	{ "writable", AT(flags), switches, MATENET_CFG_WRITABLE, 0, 1, "" },
	{ "strict", AT(flags), switches, MATENET_CFG_STRICT, 0, 1, "" },
	{ "role", AT(role), roles, 0, 0, MATENET_ROLE_DEVICE, "" },
	{ "framing", AT(framing), framings, 0, 0, MATENET_FRAMING_GAP, "" },
	{ "parity", AT(parity), parities, 0, 0, MATENET_PARITY_EVENODD, "" },
	{ "baud", AT(baud), NULL, 0, 300, 115200, "bit/s" },
	{ "reply_timeout_us", AT(reply_timeout_us), NULL, 0, 1000, 10000000, "us" },
	{ "gap_us", AT(gap_us), NULL, 0, 1000, 1000000, "us" },
	{ "turnaround_us", AT(turnaround_us), NULL, 0, 0, 1000000, "us" },
	{ "tx_guard_us", AT(tx_guard_us), NULL, 0, 20, 10000, "us" },
	{ "late_us", AT(late_us), NULL, 0, 0, 10000000, "us" },
#undef AT
};

#define N_SETTINGS (sizeof(settings) / sizeof(settings[0]))

static uint32_t get_setting(const struct matenet_config *config, const struct setting *s)
{
	uint32_t value = *(const uint32_t *)((const char *)config + s->offset);

	return s->bit ? (value & s->bit) != 0 : value;
}

static void set_setting(struct matenet_config *config, const struct setting *s, uint32_t value)
{
	uint32_t *at = (uint32_t *)((char *)config + s->offset);

	if (s->bit)
		*at = value ? *at | s->bit : *at & ~s->bit;
	else
		*at = value;
}

static void format_setting(const struct setting *s, uint32_t value, char *text, size_t size)
{
	if (s->words && value <= s->max)
		snprintf(text, size, "%s", s->words[value]);
	else
		snprintf(text, size, "%u%s%s", value, *s->unit ? " " : "", s->unit);
}

/* ---- show ----------------------------------------------------------------- */

static int show_settings(struct mate_bus *bus)
{
	struct matenet_config config;
	json_t *object = json_object();
	char text[32];
	int ret = mate_get_config(bus, &config);

	for (size_t i = 0; !ret && i < N_SETTINGS; i++) {
		const struct setting *s = &settings[i];
		uint32_t value = get_setting(&config, s);

		format_setting(s, value, text, sizeof(text));
		if (!flags.json)
			printf("%s: %s\n", s->name, text);
		json_object_set_new(object, s->name, s->bit ? json_boolean(value) :
				    s->words ? json_string(text) : json_integer(value));
	}
	if (ret)
		ret = fail_mate(bus, ret, "%s: settings", mate_bus_name(bus));
	else if (flags.json)
		return print_json(json_pack("{s:s,s:o}", "bus", mate_bus_name(bus), "settings",
					    object));
	json_decref(object);
	return ret;
}

static int run_show(int argc, char **argv)
{
	struct mate_bus *bus;
	int ret = want_args(&verb_bus_show, argc, 0, 0) ?: open_bus(&bus);

	(void)argv;
	if (ret)
		return ret;
	ret = show_settings(bus);
	mate_close(bus);
	return ret;
}

/* ---- set ------------------------------------------------------------------ */

/* What the user wants a setting to be. */
struct wish {
	const struct setting *setting;
	uint32_t value;
};

static int fail_name(const char *text)
{
	char list[300] = "";

	for (size_t i = 0; i < N_SETTINGS; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), " %s",
			 settings[i].name);
	return fail(EXIT_USAGE, "setting", "\"%s\": no setting, there are%s", text, list);
}

static int parse_word(const struct setting *s, const char *text, uint32_t *value)
{
	char list[100] = "";

	*value = 0;
	for (uint32_t i = 0; s->words[i]; i++) {
		if (!strcmp(s->words[i], text)) {
			*value = i;
			return 0;
		}
		snprintf(list + strlen(list), sizeof(list) - strlen(list), " %s", s->words[i]);
	}
	return fail(EXIT_USAGE, "setting", "%s=%s: there are%s", s->name, text, list);
}

/* NAME=VALUE */
static int parse_wish(const char *text, struct wish *wish)
{
	size_t length = strcspn(text, "=");

	for (size_t i = 0; text[length] && i < N_SETTINGS; i++) {
		const struct setting *s = &settings[i];
		unsigned int value = 0;

		if (strlen(s->name) != length || strncmp(s->name, text, length))
			continue;
		wish->setting = s;
		text += length + 1;
		if (s->words)
			return parse_word(s, text, &wish->value);
		if (parse_count(s->name, text, s->min, s->max, &value))
			return EXIT_USAGE;
		wish->value = value;
		return 0;
	}
	return text[length] ? fail_name(text) :
	       fail(EXIT_USAGE, "usage", "\"%s\": NAME=VALUE is wanted, such as writable=on", text);
}

static void log_setting(struct mate_bus *bus, const struct wish *wish, const char *old,
			const char *new, int err)
{
	const struct journal_field fields[] = {
		{ "bus", mate_bus_name(bus) }, { "setting", wish->setting->name },
		{ "old", old }, { "new", new }, { "result", err ? "failed" : "applied" },
		{ "detail", err ? error_text(err) : NULL },
	};

	journal("bus", err != 0, fields, sizeof(fields) / sizeof(fields[0]));
}

/* All of them at once, or none. */
static int change_settings(struct mate_bus *bus, const struct wish *wishes, int n)
{
	struct matenet_config old, new;
	int ret = mate_get_config(bus, &old);

	if (ret)
		return fail_mate(bus, ret, "%s: settings", mate_bus_name(bus));
	new = old;
	for (int i = 0; i < n; i++)
		set_setting(&new, wishes[i].setting, wishes[i].value);
	ret = mate_set_config(bus, &new);
	for (int i = 0; i < n; i++) {
		const struct setting *s = wishes[i].setting;
		char before[32], after[32];

		format_setting(s, get_setting(&old, s), before, sizeof(before));
		format_setting(s, wishes[i].value, after, sizeof(after));
		log_setting(bus, &wishes[i], before, after, ret);
		if (!ret && !flags.json)
			printf("%s: %s -> %s\n", s->name, before, after);
	}
	if (ret)
		return fail_mate(bus, ret, "%s: settings", mate_bus_name(bus));
	return flags.json ? show_settings(bus) : 0;
}

static int run_set(int argc, char **argv)
{
	struct wish wishes[MAX_SETTINGS];
	struct mate_bus *bus;
	int ret = want_args(&verb_bus_set, argc, 1, MAX_SETTINGS);

	for (int i = 0; !ret && i < argc; i++)
		ret = parse_wish(argv[i], &wishes[i]);
	ret = ret ?: open_bus(&bus);
	if (ret)
		return ret;
	ret = change_settings(bus, wishes, argc);
	mate_close(bus);
	return ret;
}

/* ---- verbs ---------------------------------------------------------------- */

const struct verb verb_bus_show = {
	.name = "bus show",
	.args = "",
	.summary = "Show the settings of a bus",
	.help = "Examples:\n"
		"  matetool bus show\n"
		"  matetool bus show -j | jq .settings.writable\n",
	.words = "",
	.short_options = "",
	.run = run_show,
};

const struct verb verb_bus_set = {
	.name = "bus set",
	.args = "NAME=VALUE...",
	.summary = "Change settings of a bus, for all who use it",
	.help = "It takes the right to administer the network (CAP_NET_ADMIN), and lasts as\n"
		"long as the bus.  All are set at once, or none.\n\n"
		"  writable=on|off       whether commands that change a device are sent at all;\n"
		"                        off when a bus is attached\n"
		"  strict=on|off         whether a wrong ninth bit fails a reply\n"
		"  role=controller|monitor|device\n"
		"  framing=auto|mark|gap, parity=auto|stick|evenodd\n"
		"  baud=N, reply_timeout_us=N, gap_us=N, turnaround_us=N, tx_guard_us=N,\n"
		"  late_us=N             see matenet(4)\n\n"
		"Examples:\n"
		"  matetool bus set writable=on      unlock: now registers can be set\n"
		"  matetool bus set writable=off     lock it again\n",
	.words = "",
	.short_options = "",
	.run = run_set,
};

static const struct verb * const bus_verbs[] = { &verb_bus_show, &verb_bus_set, NULL };

const struct verb verb_bus = {
	.name = "bus",
	.args = "[show|set NAME=VALUE...]",
	.summary = "Settings of a bus; writable=on unlocks it for changes",
	.help = "Examples:\n"
		"  matetool bus\n"
		"  matetool bus set writable=on\n",
	.words = "",
	.short_options = "",
	.run = run_show,
	.verbs = bus_verbs,
};
