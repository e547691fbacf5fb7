/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Safe hands: what the verbs that change something in a device share.  They say
 * which device and what would become of what, and every change goes the same way:
 * shown, allowed, made, read back, told to the journal.
 */
#ifndef CHANGE_H
#define CHANGE_H

#include "tool.h"

#define MAX_CHANGES	160	/* more than any device has registers */

/* A device that has been asked who it is. */
struct target {
	struct mate_bus *bus;
	struct port_name port;	/* as the user named it */
	struct mate_device_info info;
	char name[40];		/* of the configuration, or type and port: "fx2" */
	char fw[24];
	bool writable;		/* the bus is unlocked */
};

enum change_kind { CHANGE_WRITE, CHANGE_INC, CHANGE_DEC, CHANGE_ENABLE, CHANGE_DISABLE };

enum change_result {
	CHANGE_PLANNED,		/* not tried, or only planned (--dry-run) */
	CHANGE_UNCHANGED,	/* it was so already */
	CHANGE_APPLIED,		/* and read back */
	CHANGE_UNVERIFIED,	/* done, but it cannot be read back */
	CHANGE_DIFFERS,		/* reads back as something else */
	CHANGE_FAILED,		/* see err */
};

/* One register that is to be changed, and what became of it. */
struct change {
	const struct mate_reg_desc *reg;
	enum change_kind kind;
	uint16_t old;		/* if has_old */
	uint16_t new;		/* as wanted, or as expected after a step */
	uint16_t now;		/* as read back, if it could be */
	bool has_old, has_now;
	enum change_result result;
	int err;
	char revert[80];	/* id of its revert, or "" */
};

/* ---- consent.c: options of these verbs, and asking ------------------------ */

/* With --revert-after, which is the first of them, and without. */
extern const struct option revert_options[];
#define consent_options	(revert_options + 1)
#define CONSENT_SHORT	"yn"

int consent_option(int c, const char *arg);

/* What the options say. */
struct consent {
	bool yes;
	bool dry_run;
	const char *name;		/* --confirm */
	const char *accepted[8];	/* --i-accept */
	int n_accepted;
	unsigned int revert_ms;		/* --revert-after, 0: never */
	const char *request;		/* the arguments, for the journal */
};

extern struct consent consent;

extern const struct verb verb_reg_set, verb_control, verb_control_show, verb_control_set,
			 verb_inc, verb_dec, verb_enable, verb_disable, verb_bus, verb_bus_show,
			 verb_bus_set, verb_confirm, verb_revert, verb_sync, verb_send, verb_config,
			 verb_config_save, verb_config_diff, verb_config_apply, verb_snapshot,
			 verb_simulate;

/* For --help of these verbs. */
#define CONSENT_HELP \
	"  -y, --yes            do not ask; not enough for what can cut the power\n" \
	"  -n, --dry-run        say what would be written, write nothing\n" \
	"      --confirm NAME   the name of the device, instead of typing it, for a\n" \
	"                       register that can cut the power\n" \
	"      --i-accept REG   for a register that can do lasting harm: its name\n"

/* What someone is asked about: its risk and how to call it. */
struct question {
	enum mate_risk risk;
	const char *id;		/* for --i-accept */
};

/*
 * Whether all of it may be done: 0, or EXIT_REFUSED with an error printed and the
 * rule in *@rule, a word for the journal.  What is asked about has been shown.
 */
int ask(const struct target *t, const struct question *list, int n, const char **rule);

/* The arguments of this verb as the user gave them, for the journal. */
void remember_request(const char *verb, int argc, char **argv);

/* "can cut the power": what a risk means, or "" for an ordinary one. */
const char *risk_warning(enum mate_risk risk);

/* ---- change.c: the way of a change ---------------------------------------- */

/* Open the bus and find out who is on @port; 0 or an error that has been printed. */
int open_target(struct target *t, const struct port_name *port);

/* The same on an open bus, which close_target() will close. */
int fill_target(struct target *t, struct mate_bus *bus, const struct port_name *port);
void close_target(struct target *t);

/* One that a scan has found; nobody promised anything, nothing can go wrong. */
void make_target(struct target *t, struct mate_bus *bus, const struct mate_device_info *info);

/*
 * Show, ask, arm the reverts, write, read back, tell the journal, show the result.
 * Stops at the first that fails.  Returns the exit status.
 */
int make_changes(struct target *t, struct change *list, int n);

/*
 * 0, or EXIT_REFUSED with an error printed if the bus is locked; not asked with
 * --dry-run.  @risk is that of what was to be done, for the journal.
 */
int check_unlocked(const struct target *t, enum mate_risk risk, const char *id);

/* Tell the journal, or stderr if nobody takes it; empty values are left out. */
struct record {
	const char *action;	/* "set", "inc", "send", ... */
	enum mate_risk risk;
	const char *reg;	/* id, or "" */
	const char *addr;	/* of the register */
	const char *old, *new, *read;
	const char *result;	/* "applied", "refused", ... */
	const char *detail;
	const char *revert;
};

void record(const struct target *t, const struct record *r, bool bad);

/* Whether a device of type @device has what @name, of @length bytes, stands for. */
typedef bool (*has_name_fn)(unsigned int device, const char *name, size_t length);

/*
 * Open the device that -P or the first argument names, or, if that is no port but
 * a NAME=VALUE or the only word left, the only device that has all the names.
 */
int open_named_target(const struct verb *verb, struct target *t, int *argc, char ***argv,
		      has_name_fn has);

/* Register of a device by name or address, for writing; 0 or an error. */
int find_writable(unsigned int device, const char *name, size_t length,
		  struct mate_reg_desc *reg);

/* A raw value of a register as people read it; of no known register in hex. */
void raw_text(const struct mate_reg_desc *reg, uint16_t raw, char *text, size_t size);

/* "MX charge controller \"roof\", port 1 of matenet0, revision 001.009.008" */
void target_text(const struct target *t, char *text, size_t size);

/* NAME=VALUE with the register that NAME stands for: 0 and *@c, or an error. */
int parse_change(const struct mate_reg_desc *reg, const char *value, struct change *c);

#endif /* CHANGE_H */
