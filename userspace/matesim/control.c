// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands of the control socket. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "item.h"
#include "sky.h"

#define RUN_MAX_S	(400 * DAY_S)

/* A command's words; those that it has no use for are NULL. */
struct words {
	struct device *dev;
	const char *name, *value;	/* NAME = VALUE */
	char *reply;			/* CONTROL_LINE */
};

/* All give NULL, or what is wrong. */
static const char *do_set(struct control *c, struct words *w)
{
	struct item item;
	const char *why = item_parse(w->dev, w->name, &item);

	(void)c;
	return why ? why : item_set(w->dev, &item, w->value);
}

static const char *do_get(struct control *c, struct words *w)
{
	struct item item;
	const char *why = item_parse(w->dev, w->name, &item);

	(void)c;
	if (!why)
		item_print(w->dev, &item, w->reply, CONTROL_LINE);
	return why;
}

static const char *do_free(struct control *c, struct words *w)
{
	struct item item;
	const char *why = item_parse(w->dev, w->name, &item);

	(void)c;
	if (!why)
		item_free(w->dev, &item);
	return why;
}

/* Register and status field of the same name, where a device has them. */
static const char *set_both(struct words *w, const char *id)
{
	static const char *const forms[] = { "reg %s", "status.%s" };
	const char *why, *wrong = "this device has none";
	struct item item;
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		snprintf(name, sizeof(name), forms[i], id);
		if (item_parse(w->dev, name, &item))
			continue;
		why = item_set(w->dev, &item, w->value);
		if (why)
			return why;
		wrong = NULL;
	}
	return wrong;
}

static const char *do_errors(struct control *c, struct words *w)
{
	(void)c;
	return set_both(w, "errors");
}

static const char *do_warnings(struct control *c, struct words *w)
{
	(void)c;
	return set_both(w, "warnings");
}

static const char *do_run(struct control *c, struct words *w)
{
	struct world *world = &c->site->world;
	char *end;
	double s = strtod(w->name, &end);

	if (end == w->name || *end || !(s >= 0) || s > RUN_MAX_S)
		return "so many seconds, at most 400 days";
	world->started += s;
	world_run(world, world->t + s);
	return NULL;
}

static const char *do_fault(struct control *c, struct words *w)
{
	const char *why;
	char text[CONTROL_LINE];

	if (!w->value) {
		if (strcmp(w->name, "none"))
			return "write it as N=KIND, or none";
		c->faults->n = 0;
		return NULL;
	}
	snprintf(text, sizeof(text), "%s=%s", w->name, w->value);
	why = fault_add(c->faults, text);
	if (why)
		return why;
	if (!c->junk && fault_plan_has_junk(c->faults)) {
		c->faults->n--;
		return "a bus in the device role cannot send junk";
	}
	fault_later(c->faults, *c->commands);
	return NULL;
}

static const struct {
	const char *word;
	const char *usage;
	bool takes_port;
	enum { VALUE_NO, VALUE_MAY, VALUE_MUST } value;
	const char *(*run)(struct control *control, struct words *words);
} commands[] = {
	{ "set", "set PORT ITEM = VALUE", true, VALUE_MUST, do_set },
	{ "get", "get PORT ITEM", true, VALUE_NO, do_get },
	{ "free", "free PORT ITEM", true, VALUE_NO, do_free },
	{ "errors", "errors PORT = NAMES", true, VALUE_MUST, do_errors },
	{ "warnings", "warnings PORT = NAMES", true, VALUE_MUST, do_warnings },
	{ "run", "run SECONDS", false, VALUE_NO, do_run },
	{ "fault", "fault N=KIND[:ARG], fault none", false, VALUE_MAY, do_fault },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* Takes the next word off *@text. */
static char *next_word(char **text)
{
	char *word = *text + strspn(*text, " \t");

	*text = word + strcspn(word, " \t");
	if (**text)
		*(*text)++ = '\0';
	*text += strspn(*text, " \t");
	return word;
}

static void trim(char *text)
{
	size_t n = strlen(text);

	while (n && strchr(" \t\r", text[n - 1]))
		text[--n] = '\0';
}

static const char *take_port(struct control *c, char **text, struct words *w)
{
	char *end, *word = next_word(text);
	unsigned long port = strtoul(word, &end, 10);

	if (!strchr("0123456789", *word) || !*word || *end || port >= BUS_PORTS)
		return "ports are 0 to 10";
	if (!c->site->slots[port].kind)
		return "there is no device on this port";
	w->dev = &c->site->devices[port];
	return NULL;
}

static const char *run(struct control *c, size_t which, char *text,
		       struct words *w)
{
	const char *why = NULL;
	char *value = strchr(text, '=');

	if (value) {
		*value++ = '\0';
		value += strspn(value, " \t");
		trim(value);
	}
	trim(text);
	if (commands[which].takes_port)
		why = take_port(c, &text, w);
	if (why)
		return why;
	if ((commands[which].value == VALUE_MUST && (!value || !*value)) ||
	    (commands[which].value == VALUE_NO && value))
		return commands[which].usage;
	w->name = text;
	w->value = value;
	return commands[which].run(c, w);
}

void control_command(struct control *control, const char *line,
		     char reply[CONTROL_LINE])
{
	const char *why = "the commands are set get free errors warnings run fault";
	struct words w = { .reply = reply };
	char copy[CONTROL_LINE];
	char *text = copy, *word;
	size_t i;

	snprintf(reply, CONTROL_LINE, "ok");
	snprintf(copy, sizeof(copy), "%s", line);
	word = next_word(&text);
	for (i = 0; i < N_COMMANDS; i++)
		if (!strcmp(commands[i].word, word))
			break;
	if (i < N_COMMANDS)
		why = run(control, i, text, &w);
	if (why)
		snprintf(reply, CONTROL_LINE, "error: %.300s: %s", line, why);
}
