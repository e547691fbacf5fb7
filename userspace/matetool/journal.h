/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal: who changed what, from what to what, and how it went. */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>

/* One field of an entry; those whose value is NULL or empty are left out. */
struct journal_field {
	const char *name;	/* lower case: "register"; MATENET_REGISTER in journald */
	const char *value;
};

/*
 * One entry: @action is its first word, such as "set"; who does it is added.
 * @bad: it is worth a warning.  False if neither journald nor syslog took it.
 */
bool journal(const char *action, bool bad, const struct journal_field *fields, int n);

/* "anna", or the number of a user without a name; of the login, if there was one. */
const char *journal_user(void);

#endif /* JOURNAL_H */
