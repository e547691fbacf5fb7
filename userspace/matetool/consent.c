// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether a change may be made: options, rules, and asking on the terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "revert.h"

struct consent consent;

enum { OPT_CONFIRM = 256, OPT_ACCEPT, OPT_REVERT };

const struct option revert_options[] = {
	{ "revert-after", required_argument, NULL, OPT_REVERT },
	{ "yes", no_argument, NULL, 'y' },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "confirm", required_argument, NULL, OPT_CONFIRM },
	{ "i-accept", required_argument, NULL, OPT_ACCEPT },
	{ NULL, 0, NULL, 0 },
};

static int accept_risk(const char *id)
{
	size_t max = sizeof(consent.accepted) / sizeof(consent.accepted[0]);

	if ((size_t)consent.n_accepted == max)
		return fail(EXIT_USAGE, "usage", "--i-accept: at most %zu times", max);
	consent.accepted[consent.n_accepted++] = id;
	return 0;
}

static int set_revert(const char *text)
{
	unsigned int ms;
	int ret = parse_period("--revert-after", text, &ms);

	if (ret)
		return ret;
	if (ms < REVERT_MIN_S * 1000 || ms / 1000 > REVERT_MAX_S)
		return fail(EXIT_USAGE, "usage", "--revert-after %s: from %d second to %d days",
			    text, REVERT_MIN_S, REVERT_MAX_S / 86400);
	consent.revert_ms = ms;
	return 0;
}

int consent_option(int c, const char *arg)
{
	switch (c) {
	case 'y':
		consent.yes = true;
		return 0;
	case 'n':
		consent.dry_run = true;
		return 0;
	case OPT_CONFIRM:
		consent.name = arg;
		return 0;
	case OPT_ACCEPT:
		return accept_risk(arg);
	default:
		return set_revert(arg);
	}
}

void remember_request(const char *verb, int argc, char **argv)
{
	static char text[400];
	size_t len = (size_t)snprintf(text, sizeof(text), "%s", verb);

	for (int i = 0; i < argc && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " %s", argv[i]);
	consent.request = text;
}

const char *risk_warning(enum mate_risk risk)
{
	return risk == MATE_RISK_FORBIDDEN ? "can do lasting harm" :
	       risk == MATE_RISK_DANGER ? "can cut the power" : "";
}

/* ---- asking ---------------------------------------------------------------- */

/* What is typed at a question; false if nobody is there to answer. */
static bool read_answer(char *answer, int size)
{
	if (!fgets(answer, size, stdin)) {
		fputc('\n', stderr);
		return false;
	}
	answer[strcspn(answer, "\n")] = '\0';
	return true;
}

static bool is_accepted(const char *id)
{
	for (int i = 0; i < consent.n_accepted; i++)
		if (!strcmp(consent.accepted[i], id))
			return true;
	return false;
}

static int ask_forbidden(const struct question *q, const char **rule)
{
	if (is_accepted(q->id))
		return 0;
	*rule = "forbidden";
	return fail(EXIT_REFUSED, "forbidden", "%s %s: nothing written; if it must be: "
		    "--i-accept=%s", q->id, risk_warning(q->risk), q->id);
}

/* Only who knows which device it is may switch it off. */
static int ask_danger(const struct target *t, const struct question *q, const char **rule)
{
	char answer[80];

	*rule = "danger";
	if (consent.name && !strcmp(consent.name, t->name))
		return 0;
	if (consent.name)
		return fail(EXIT_REFUSED, "danger", "--confirm=%s: the device is called %s: "
			    "nothing written", consent.name, t->name);
	if (!isatty(STDIN_FILENO))
		return fail(EXIT_REFUSED, "danger", "%s %s: nothing written; where there is no "
			    "terminal to ask on it takes --confirm=%s", q->id,
			    risk_warning(q->risk), t->name);
	fprintf(stderr, "%s %s. Type the name of the device, %s, to go on: ", q->id,
		risk_warning(q->risk), t->name);
	*rule = "user";
	if (read_answer(answer, sizeof(answer)) && !strcmp(answer, t->name))
		return 0;
	return fail(EXIT_REFUSED, "declined", "that is not %s: nothing written", t->name);
}

static int ask_ordinary(const char **rule)
{
	char answer[80];

	if (consent.yes)
		return 0;
	*rule = "unattended";
	if (!isatty(STDIN_FILENO))
		return fail(EXIT_REFUSED, "unattended", "there is no terminal to ask on: nothing "
			    "written without --yes");
	fprintf(stderr, "Write this? [y/N] ");
	*rule = "user";
	if (read_answer(answer, sizeof(answer)) && (!strcmp(answer, "y") || !strcmp(answer, "yes")))
		return 0;
	return fail(EXIT_REFUSED, "declined", "nothing written");
}

int ask(const struct target *t, const struct question *list, int n, const char **rule)
{
	const struct question *danger = NULL;
	int ret = 0;

	for (int i = 0; !ret && i < n; i++) {
		if (list[i].risk == MATE_RISK_FORBIDDEN)
			ret = ask_forbidden(&list[i], rule);
		if (list[i].risk == MATE_RISK_DANGER)
			danger = &list[i];
	}
	if (ret)
		return ret;
	return danger ? ask_danger(t, danger, rule) : ask_ordinary(rule);
}
