// SPDX-License-Identifier: GPL-2.0-or-later
/* Entries for journald, with fields, or for syslog where there is no journald. */
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "journal.h"

/* All entries of matetool: journalctl MESSAGE_ID=... */
#define MESSAGE_ID	"2f8e4c1b7a354d9cb1e06d53c7a49f10"
#define MAX_FIELDS	24
#define WHO_FIELDS	5
#define NO_LOGINUID	"4294967295"

/* ---- who ------------------------------------------------------------------ */

static void user_name(uid_t uid, char *name, size_t size)
{
	const struct passwd *pw = getpwuid(uid);

	if (pw)
		snprintf(name, size, "%s", pw->pw_name);
	else
		snprintf(name, size, "%u", (unsigned int)uid);
}

/* The user who logged in, whatever became of him since; "" if nobody did. */
static void login_uid(char *text, size_t size)
{
	FILE *f = fopen("/proc/self/loginuid", "re");

	*text = '\0';
	if (!f)
		return;
	if (!fgets(text, (int)size, f))
		*text = '\0';
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	if (!strcmp(text, NO_LOGINUID))
		*text = '\0';
}

const char *journal_user(void)
{
	static char name[64];
	char login[16];

	login_uid(login, sizeof(login));
	user_name(*login ? (uid_t)strtoul(login, NULL, 10) : getuid(), name, sizeof(name));
	return name;
}

/* Fields about this process; their texts live until the next call. */
static int who(struct journal_field fields[WHO_FIELDS])
{
	static char uid[16], user[64], login[16];
	const char *tty = ttyname(STDIN_FILENO);
	int n = 0;

	snprintf(uid, sizeof(uid), "%u", (unsigned int)getuid());
	user_name(getuid(), user, sizeof(user));
	login_uid(login, sizeof(login));
	fields[n++] = (struct journal_field) { "uid", uid };
	fields[n++] = (struct journal_field) { "user", user };
	fields[n++] = (struct journal_field) { "loginuid", login };
	fields[n++] = (struct journal_field) { "sudo_user", getenv("SUDO_USER") };
	fields[n++] = (struct journal_field) { "terminal", tty };
	return n;
}

/* ---- entry ---------------------------------------------------------------- */

struct text {
	char bytes[4096];
	size_t len;
};

/* What does not fit is left out; an entry is far smaller than that. */
__attribute__((format(printf, 2, 3)))
static void put(struct text *t, const char *fmt, ...)
{
	size_t room = sizeof(t->bytes) - t->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->bytes + t->len, room, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < room)
		t->len += (size_t)n;
	else
		t->bytes[t->len] = '\0';
}

/* A line break in a value would begin a field of its own. */
static void put_value(struct text *t, const char *value)
{
	for (; *value; value++)
		put(t, "%c", (unsigned char)*value < ' ' ? '?' : *value);
}

/* set bus=matenet0 port=2 old=on new="low_battery, 0x80" */
static void put_message(struct text *t, const char *action,
			const struct journal_field *fields, int n)
{
	put(t, "%s", action);
	for (int i = 0; i < n; i++) {
		const char *quote = strpbrk(fields[i].value, " \"=") ? "\"" : "";

		put(t, " %s=%s", fields[i].name, quote);
		put_value(t, fields[i].value);
		put(t, "%s", quote);
	}
}

static void put_fields(struct text *t, const struct journal_field *fields, int n)
{
	for (int i = 0; i < n; i++) {
		put(t, "MATENET_");
		for (const char *c = fields[i].name; *c; c++)
			put(t, "%c", *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
		put(t, "=");
		put_value(t, fields[i].value);
		put(t, "\n");
	}
}

static bool send_to(const char *path, const struct text *t)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 1 };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool sent;

	if (fd < 0)
		return false;
	/* A log that does not read must not keep an inverter from being switched. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	sent = sendto(fd, t->bytes, t->len, MSG_NOSIGNAL, (struct sockaddr *)&addr,
		      sizeof(addr)) == (ssize_t)t->len;
	close(fd);
	return sent;
}

static bool to_journald(const char *action, int priority, const struct journal_field *fields,
			int n)
{
	struct text t = { .len = 0 };

	put(&t, "MESSAGE=");
	put_message(&t, action, fields, n);
	put(&t, "\nMESSAGE_ID=" MESSAGE_ID "\nPRIORITY=%d\nSYSLOG_FACILITY=%d\n", priority,
	    LOG_FAC(LOG_AUTHPRIV));
	put(&t, "SYSLOG_IDENTIFIER=matetool\nSYSLOG_PID=%d\nMATENET_ACTION=%s\n", (int)getpid(),
	    action);
	put_fields(&t, fields, n);
	return send_to("/run/systemd/journal/socket", &t);
}

/* Not by syslog(3), which does not say whether anybody was there. */
static bool to_syslog(const char *action, int priority, const struct journal_field *fields,
		      int n)
{
	struct text t = { .len = 0 };
	time_t now = time(NULL);
	char stamp[32];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", &tm);
	put(&t, "<%d>%s matetool[%d]: ", LOG_AUTHPRIV | priority, stamp, (int)getpid());
	put_message(&t, action, fields, n);
	return send_to("/dev/log", &t);
}

static int keep_full(struct journal_field *fields, int n)
{
	int kept = 0;

	for (int i = 0; i < n; i++)
		if (fields[i].value && *fields[i].value)
			fields[kept++] = fields[i];
	return kept;
}

bool journal(const char *action, bool bad, const struct journal_field *fields, int n)
{
	struct journal_field all[MAX_FIELDS + WHO_FIELDS];
	int priority = bad ? LOG_WARNING : LOG_NOTICE;

	if (n > MAX_FIELDS)
		n = MAX_FIELDS;
	memcpy(all, fields, (size_t)n * sizeof(*fields));
	n = keep_full(all, n + who(all + n));
	return to_journald(action, priority, all, n) || to_syslog(action, priority, all, n);
}
