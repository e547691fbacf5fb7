// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool confirm, matetool revert: what becomes of changes that undo themselves. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "change.h"
#include "journal.h"
#include "revert.h"

/* How long --now waits for the guard to have written. */
#define NOW_TRIES	300
#define NOW_STEP_MS	100
#define MAX_GUARDS	1024

static bool want_all, want_now, want_pending;

/* ---- the list -------------------------------------------------------------- */

static const struct column revert_columns[] = {
	COLUMN("ID", "id", "for confirm and revert --now"),
	COLUMN("DEVICE", "device", "name of the device"),
	COLUMN("REGISTER", "register", "what was changed"),
	COLUMN("NOW", "new", "what it was set to"),
	COLUMN("BACK TO", "old", "what it will be set to"),
	COLUMN("IN S", "left_s", "seconds until then", .style = COLUMN_RIGHT),
	COLUMN("STATE", "state", "pending, or due: being written back"),
	COLUMN("BY", "user", "who did it", .style = COLUMN_HIDDEN),
	COLUMN("BUS", "bus", "bus", .style = COLUMN_HIDDEN),
	COLUMN("PORT", "port", "port of the hub", .style = COLUMN_RIGHT | COLUMN_HIDDEN),
	END_OF_COLUMNS
};

static json_t *json_revert(const struct revert *r, enum revert_state state)
{
	const struct mate_reg_desc *reg = mate_reg_by_addr(r->device, r->addr);
	char old[80], new[80], addr[8];

	snprintf(addr, sizeof(addr), "%04X", r->addr);
	raw_text(reg, (uint16_t)r->old, old, sizeof(old));
	raw_text(reg, (uint16_t)r->new, new, sizeof(new));
	return json_pack("{s:s,s:s,s:i,s:s,s:s,s:s,s:s,s:s,s:I,s:s,s:s}", "id", r->id, "bus", r->bus,
			 "port", (int)r->port, "device", r->name, "register",
			 *r->reg ? r->reg : addr, "address", addr, "new", new, "old", old, "left_s",
			 (json_int_t)((revert_left_ms(r) + 999) / 1000), "state",
			 state == REVERT_DUE ? "due" : "pending", "user", r->user);
}

static int fail_list(void)
{
	return fail(EXIT_FAILED, "state", "outstanding reverts: %s", strerror(errno));
}

static int list_reverts(void)
{
	json_t *list = json_array();
	char (*ids)[80];
	int n = revert_list(&ids);

	if (n < 0) {
		json_decref(list);
		return fail_list();
	}
	for (int i = 0; i < n; i++) {
		struct revert r;
		enum revert_state state = revert_read(ids[i], &r);

		if (state != REVERT_GONE)
			json_array_append_new(list, json_revert(&r, state));
	}
	free(ids);
	if (!flags.json && !json_array_size(list)) {
		json_decref(list);
		printf("No revert is outstanding.\n");
		return 0;
	}
	return show_table(json_pack("{s:o}", "reverts", list), "reverts", revert_columns);
}

/* ---- choosing -------------------------------------------------------------- */

/* Do @fn with each ID given, with all, or with the only one there is. */
static int with_each(int argc, char **argv, int (*fn)(const char *id))
{
	char (*ids)[80];
	int n = revert_list(&ids), ret = 0;

	if (n < 0)
		return fail_list();
	if (!argc && !want_all && n > 1)
		ret = fail(EXIT_USAGE, "usage", "%d reverts are outstanding, such as %s: which one? "
			   "matetool revert lists them; --all", n, ids[0]);
	else if (!argc && !n)
		ret = fail(EXIT_USAGE, "nothing", "no revert is outstanding");
	for (int i = 0; !ret && argc && i < argc; i++)
		ret = fn(argv[i]);
	for (int i = 0; !ret && !argc && i < n; i++)
		ret = fn(ids[i]);
	free(ids);
	return ret;
}

static int fail_unknown(const char *id)
{
	return fail(EXIT_USAGE, "nothing", "%s: no such revert is outstanding", id);
}

/* ---- confirm --------------------------------------------------------------- */

static void record_confirm(const struct revert *r)
{
	char port[8];
	const struct journal_field fields[] = {
		{ "bus", r->bus }, { "port", port }, { "name", r->name },
		{ "device", mate_device_name(r->device) }, { "register", r->reg },
		{ "result", "confirmed" }, { "revert", r->id }, { "by", r->user },
	};

	snprintf(port, sizeof(port), "%u", r->port);
	journal("confirm", false, fields, sizeof(fields) / sizeof(fields[0]));
}

static int confirm_one(const char *id)
{
	struct revert r;
	char new[80];
	int err;

	switch (revert_read(id, &r)) {
	case REVERT_GONE:
		return fail_unknown(id);
	case REVERT_DUE:
		return fail(EXIT_REFUSED, "late", "%s: too late, it is being written back", id);
	default:
		break;
	}
	err = revert_confirm(id);
	if (err == ENOENT)
		return fail(EXIT_REFUSED, "late", "%s: too late, it is being written back", id);
	if (err)
		return fail(EXIT_FAILED, "state", "%s: %s", id, strerror(err));
	record_confirm(&r);
	raw_text(mate_reg_by_addr(r.device, r.addr), (uint16_t)r.new, new, sizeof(new));
	if (!flags.json)
		printf("%s stays %s\n", *r.reg ? r.reg : id, new);
	return 0;
}

static int run_confirm(int argc, char **argv)
{
	int ret = with_each(argc, argv, confirm_one);

	return ret ?: flags.json ? list_reverts() : 0;
}

/* ---- revert ---------------------------------------------------------------- */

static int hasten_one(const char *id)
{
	const struct timespec step = { .tv_nsec = NOW_STEP_MS * 1000000L };
	struct revert r;
	int err;

	if (revert_read(id, &r) == REVERT_GONE)
		return fail_unknown(id);
	err = revert_hasten(id);
	if (err && err != ENOENT)
		return fail(EXIT_FAILED, "state", "%s: %s", id, strerror(err));
	revert_adopt();
	for (int i = 0; i < NOW_TRIES; i++) {
		if (revert_read(id, &r) == REVERT_GONE) {
			if (!flags.json)
				printf("%s has been written back\n", id);
			return 0;
		}
		nanosleep(&step, NULL);
	}
	return fail(EXIT_NO_REPLY, "no_reply", "%s: it does not work; it will be tried on and on, "
		    "see the journal", id);
}

struct guard {
	pid_t pid;
	char id[80];
};

static bool is_guarded(const struct guard *guards, int n, const char *id)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(guards[i].id, id))
			return true;
	return false;
}

/* One child for each, which becomes its guard when nobody else is. */
static int start_guards(struct guard *guards, int n)
{
	char (*ids)[80];
	int count = revert_list(&ids);

	for (int i = 0; i < count && n < MAX_GUARDS; i++) {
		if (is_guarded(guards, n, ids[i]))
			continue;
		guards[n].pid = fork();
		if (!guards[n].pid) {
			int ret = revert_guard(ids[i]);

			fflush(stdout);
			_exit(ret);
		}
		memcpy(guards[n].id, ids[i], sizeof(*ids));
		if (guards[n].pid > 0)
			n++;
	}
	free(ids);
	return n;
}

/* Those that have ended are forgotten: the same change may be made again. */
static int end_guards(struct guard *guards, int n, int *failed)
{
	int status;

	for (int i = 0; i < n; i++) {
		if (waitpid(guards[i].pid, &status, WNOHANG) != guards[i].pid)
			continue;
		/* One that was killed gets a successor. */
		if (WIFEXITED(status))
			*failed |= WEXITSTATUS(status);
		guards[i--] = guards[--n];
	}
	return n;
}

/*
 * Until nothing is outstanding: as the service does.  Those that come meanwhile
 * are taken on, too.
 */
static int guard_all(void)
{
	static struct guard guards[MAX_GUARDS];
	const struct timespec second = { .tv_sec = 1 };
	int failed = 0, n = 0;

	for (;;) {
		n = end_guards(guards, start_guards(guards, n), &failed);
		if (!n)
			return failed ? EXIT_FAILED : EXIT_OK;
		nanosleep(&second, NULL);
	}
}

static int run_revert(int argc, char **argv)
{
	int ret;

	if (want_pending)
		return want_args(&verb_revert, argc, 0, 0) ?: guard_all();
	if (want_now) {
		ret = with_each(argc, argv, hasten_one);
		return ret ?: flags.json ? list_reverts() : 0;
	}
	return want_args(&verb_revert, argc, 0, 0) ?: list_reverts();
}

/* ---- verbs ----------------------------------------------------------------- */

static int confirm_option(int c, const char *arg)
{
	(void)arg;
	if (c == 'a')
		want_all = true;
	else if (c == 'w')
		want_now = true;
	else
		want_pending = true;
	return 0;
}

static const struct option undo_options[] = {
	{ "now", no_argument, NULL, 'w' },
	{ "pending", no_argument, NULL, 257 },
	{ "all", no_argument, NULL, 'a' },
	{ NULL, 0, NULL, 0 },
};

const struct verb verb_confirm = {
	.name = "confirm",
	.args = "[ID..]",
	.summary = "Keep a change that was made with --revert-after",
	.help = "Without ID: the only one that is outstanding.\n\n"
		"  -a, --all     all of them\n\n"
		"Examples:\n"
		"  matetool confirm\n"
		"  matetool confirm matenet0-2-inverter_control\n",
	.words = "",
	.short_options = "a",
	.long_options = undo_options + 2,
	.option = confirm_option,
	.run = run_confirm,
};

const struct verb verb_revert = {
	.name = "revert",
	.args = "[--now [ID..] | --pending]",
	.summary = "List changes that undo themselves, or undo them now",
	.help = "      --now      write the old value back at once: of ID, of the only one, or with\n"
		"                 --all of all\n"
		"  -a, --all\n"
		"      --pending  see to all of them until none is left, also those whose guard was\n"
		"                 killed or that are from before a reboot; for the service\n\n"
		"Examples:\n"
		"  matetool revert\n"
		"  matetool revert --now\n",
	.words = "",
	.short_options = "a",
	.long_options = undo_options,
	.option = confirm_option,
	.run = run_revert,
	.columns = revert_columns,
};
