// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * matetool __complete WORD..: what the last word of a command line could become, a
 * candidate a line, for the completion of shells.  A line ":files" stands for the
 * names of files.  Nothing is said about mistakes: who types is not done yet.
 */
#include <stdio.h>
#include <string.h>

#include "tool.h"

/* What the words before the last one say. */
struct line {
	const struct verb *verb;	/* NULL: none yet */
	const char *pending;		/* option that the last word is the value of, or NULL */
	const char *port;		/* of -P or of an argument */
	int arguments;			/* that are complete */
};

static void offer(const char *prefix, const char *text, const char *tail)
{
	if (!strncmp(text, prefix, strlen(prefix)))
		printf("%s%s\n", text, tail);
}

/* ---- reading the line -------------------------------------------------------- */

static const struct option *long_option(const struct option *list, const char *name)
{
	for (; list && list->name; list++)
		if (!strcmp(list->name, name))
			return list;
	return NULL;
}

/* Whether an option takes a value, which is then the next word. */
static bool takes_value(const struct verb *verb, const char *word)
{
	const struct option *own = verb ? verb->long_options : NULL, *o;
	const char *at;

	if (!strncmp(word, "--", 2)) {
		o = long_option(common_options, word + 2) ?: long_option(own, word + 2);
		return o && o->has_arg == required_argument;
	}
	/* Of letters in one word only the last can. */
	word += strlen(word) - 1;
	for (o = common_options; o->name; o++)
		if (o->val == *word)
			return o->has_arg == required_argument;
	at = verb ? strchr(verb->short_options ?: "", *word) : NULL;
	return at && at[1] == ':';
}

static bool is_option(const char *word, const char *letter, const char *name)
{
	return !strcmp(word, letter) || !strcmp(word, name);
}

static void take_value(struct line *l, const char *option, const char *value)
{
	if (is_option(option, "-d", "--bus"))
		flags.bus = value;
	else if (is_option(option, "-P", "--port"))
		l->port = flags.port = value;
}

static void take_word(struct line *l, const char *word)
{
	if (!l->verb || l->verb->verbs) {
		const struct verb *verb = find_verb(l->verb ? l->verb->verbs : verbs, word);

		if (verb)
			l->verb = verb;
		return;
	}
	if (!l->arguments && !l->port && l->verb->words && *l->verb->words == 'p')
		l->port = word;
	l->arguments++;
}

static struct line read_line(int n, char **words)
{
	struct line l = { 0 };

	for (int i = 0; i < n; i++) {
		if (l.pending) {
			take_value(&l, l.pending, words[i]);
			l.pending = NULL;
		} else if (*words[i] != '-' || !words[i][1]) {
			take_word(&l, words[i]);
		} else if (!strchr(words[i], '=') && takes_value(l.verb, words[i])) {
			l.pending = words[i];
		}
	}
	return l;
}

/* ---- candidates -------------------------------------------------------------- */

static const char *now_prefix;

static void offer_name(const struct port_name *port)
{
	offer(now_prefix, port->name, "");
}

static void offer_ports(const char *prefix)
{
	struct mate_device_info found[MAX_DEVICES];
	struct mate_bus *bus;
	char text[8];
	int n;

	now_prefix = prefix;
	each_port_name(offer_name);
	if (mate_open(&bus, flags.bus, 0))
		return;
	/* Who asks for a completion does not want to wait for a scan. */
	n = recall_devices(bus, found);
	for (int i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%u", found[i].port);
		offer(prefix, text, "");
	}
	mate_close(bus);
}

static void offer_buses(const char *prefix)
{
	struct mate_bus_info list[32];
	int n = mate_bus_list(list, 32);

	for (int i = 0; i < n && i < 32; i++)
		offer(prefix, list[i].name, "");
}

/* Type of the device on the port of the line: promised, remembered or asked for; or 0. */
static unsigned int device_of(const struct line *l)
{
	struct mate_device_info found[MAX_DEVICES];
	struct port_name port;
	struct mate_bus *bus;
	uint16_t type = 0;
	int n;

	if (!l->port || resolve_port(l->port, &port))
		return 0;
	if (port.device || mate_open(&bus, flags.bus, 0))
		return port.device;
	n = recall_devices(bus, found);
	for (int i = 0; i < n && !type; i++)
		if (found[i].port == port.port)
			type = found[i].device;
	if (!type)
		mate_read(bus, port.port, MATE_REG_ALL_DEVICE_TYPE, &type);
	mate_close(bus);
	return type & 0xFF;
}

/* Those before it in the table have the same name. */
static bool is_repeated(const struct mate_reg_desc *r)
{
	size_t count;

	for (const struct mate_reg_desc *t = mate_reg_table(&count); t < r; t++)
		if (!strcmp(t->id, r->id))
			return true;
	return false;
}

/* Whether a register goes with a letter of struct verb's words. */
static bool suits(const struct mate_reg_desc *r, char kind)
{
	switch (kind) {
	case 'r':
		return r->access & MATE_ACC_READ;
	case 'c':
		return r->risk == MATE_RISK_CONTROL || r->risk == MATE_RISK_DANGER;
	default:
		return r->access & MATE_ACC_WRITE;
	}
}

static void offer_values(const struct mate_reg_desc *r, const char *word)
{
	size_t name = strlen(r->id);
	char text[128];

	if (strncmp(word, r->id, name) || word[name] != '=')
		return;
	for (unsigned int i = 0; i < r->n_values; i++) {
		snprintf(text, sizeof(text), "%s=%s", r->id, r->values[i].name);
		offer(word, text, "");
	}
}

static void offer_registers(const struct line *l, char kind, const char *word)
{
	unsigned int device = device_of(l);
	const struct mate_reg_desc *table;
	size_t n;

	table = mate_reg_table(&n);
	for (const struct mate_reg_desc *r = table; r < table + n; r++) {
		if (!suits(r, kind) ||
		    (device ? r->device != device && mate_device_name(r->device) : is_repeated(r)))
			continue;
		if (strchr(word, '='))
			offer_values(r, word);
		else
			offer(word, r->id, kind == 'r' ? "" : "=");
	}
}

static void offer_types(const char *prefix)
{
	for (unsigned int i = MATE_HUB; i <= MATE_DC; i++)
		offer(prefix, mate_device_name(i), "");
}

static void offer_days(const struct line *l, const char *prefix)
{
	static const char * const days[] = { "0", "1", "0-6", "0-30", "all" };

	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++)
		/* The first word of log may be a port: a number alone is one. */
		if (l->port || strpbrk(days[i], "-a"))
			offer(prefix, days[i], "");
}

/* The next one of a list with commas. */
static void offer_listed(const char *word, const char *name)
{
	const char *last = strrchr(word, ',');
	size_t before = last ? (size_t)(last - word) + 1 : *word == '+';

	if (!strncmp(name, word + before, strlen(word + before)))
		printf("%.*s%s\n", (int)before, word, name);
}

/* Whether the page of an earlier type of device has the field, too. */
static bool is_earlier(unsigned int device, const char *id)
{
	for (unsigned int d = MATE_FX; d < device; d++)
		for (unsigned int i = 0; i < status_desc(d)->n_fields; i++)
			if (!strcmp(status_desc(d)->fields[i].id, id))
				return true;
	return false;
}

static void offer_fields(const char *word)
{
	for (unsigned int device = MATE_FX; device <= MATE_DC; device++) {
		const struct mate_page_desc *desc = status_desc(device);

		for (unsigned int i = 0; i < desc->n_fields; i++)
			if (!is_earlier(device, desc->fields[i].id))
				offer_listed(word, desc->fields[i].id);
	}
}

static void offer_columns(const struct verb *verb, const char *word)
{
	char name[64];

	if (verb->fields) {
		offer_fields(word);
		return;
	}
	for (const struct column *c = verb->columns; c && c->heading; c++) {
		snprintf(name, sizeof(name), "%s", c->heading);
		for (char *p = name; *p; p++)
			*p |= *p >= 'A' && *p <= 'Z' ? 0x20 : 0;
		offer_listed(word, name);
	}
}

static void offer_value(const struct line *l, const char *word)
{
	if (is_option(l->pending, "-d", "--bus"))
		offer_buses(word);
	else if (is_option(l->pending, "-P", "--port"))
		offer_ports(word);
	else if (is_option(l->pending, "-o", "--columns") && l->verb)
		offer_columns(l->verb, word);
}

static void offer_options(const struct verb *verb, const char *word)
{
	const struct option *lists[] = { common_options, verb ? verb->long_options : NULL };
	char text[64];

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (const struct option *o = lists[i]; o && o->name; o++) {
			snprintf(text, sizeof(text), "--%s", o->name);
			offer(word, text, "");
		}
}

static void offer_verbs(const struct verb * const *list, const char *word)
{
	for (; *list; list++) {
		const char *last = strrchr((*list)->name, ' ');

		offer(word, last ? last + 1 : (*list)->name, "");
	}
	offer(word, "help", "");
}

/* The letter of the argument that comes next: the last may be repeated. */
static char next_kind(const struct line *l)
{
	const char *words = l->verb->words ?: "";

	if (flags.port && *words == 'p')
		words++;
	for (int i = 0; i < l->arguments && *words; i++)
		if (words[1] != '+')
			words++;
	return *words;
}

static void offer_argument(const struct line *l, const char *word)
{
	char kind = next_kind(l);

	switch (kind) {
	case 'p':
		offer_ports(word);
		/* Where the port may be left out, what follows it may come first. */
		if (l->verb == &verb_log)
			offer_days(l, word);
		if (l->verb == &verb_reg_list)
			offer_types(word);
		break;
	case 'r': case 'w': case 'c':
		offer_registers(l, kind, word);
		break;
	case 'D':
		offer_days(l, word);
		break;
	case 'b':
		offer_buses(word);
		break;
	case 'f': case 't':
		puts(":files");
		break;
	}
}

/* Errors would be printed into the line that is being typed. */
static int run_complete(int argc, char **argv)
{
	const char *word = argc ? argv[argc - 1] : "";
	struct line l;

	if (!freopen("/dev/null", "w", stderr))
		return EXIT_FAILED;
	l = read_line(argc - 1, argv);
	if (l.pending)
		offer_value(&l, word);
	else if (*word == '-')
		offer_options(l.verb, word);
	else if (!l.verb || l.verb->verbs)
		offer_verbs(l.verb ? l.verb->verbs : verbs, word);
	else
		offer_argument(&l, word);
	return EXIT_OK;
}

const struct verb verb_complete = {
	.name = "__complete",
	.run = run_complete,
};
