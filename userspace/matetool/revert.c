// SPDX-License-Identifier: GPL-2.0-or-later
/* Changes that undo themselves: the files, and the guard that sees to it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "change.h"
#include "journal.h"
#include "revert.h"

/* How long a guard sleeps at most: clocks may be set, files may go. */
#define NAP_MS		1000
/* How often a guard that does not succeed says so in the journal. */
#define COMPLAIN_S	60

static const char * const suffixes[] = {
	[REVERT_PENDING] = ".pending", [REVERT_DUE] = ".due",
};

static const char *state_dir(void)
{
	const char *dir = getenv("MATENET_STATE");

	return dir && *dir ? dir : REVERT_DIR;
}

static void path_of(const char *id, enum revert_state state, char path[512])
{
	snprintf(path, 512, "%.400s/%.79s%s", state_dir(), id, suffixes[state]);
}

/* ---- time ----------------------------------------------------------------- */

static int64_t clock_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void boot_id(char *text, size_t size)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	*text = '\0';
	if (!f)
		return;
	if (!fgets(text, (int)size, f))
		*text = '\0';
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
}

/*
 * The clock that no one can set counts within a boot.  After another boot it is
 * the wall clock, unless that is behind where it was when the change was made, as
 * it is on a machine whose clock has no battery: then the whole time passes again.
 */
int64_t revert_left_ms(const struct revert *r)
{
	int64_t now_s = clock_ms(CLOCK_REALTIME) / 1000, left;
	char boot[40];

	boot_id(boot, sizeof(boot));
	if (!strcmp(boot, r->boot))
		left = r->due_ms - clock_ms(CLOCK_BOOTTIME);
	else if (now_s >= r->made_s)
		left = (r->due_s - now_s) * 1000;
	else
		left = r->period_s * 1000LL - clock_ms(CLOCK_BOOTTIME);
	return left > 0 ? left : 0;
}

static void set_times(struct revert *r)
{
	boot_id(r->boot, sizeof(r->boot));
	r->due_ms = clock_ms(CLOCK_BOOTTIME) + r->period_s * 1000LL;
	r->made_s = clock_ms(CLOCK_REALTIME) / 1000;
	r->due_s = r->made_s + r->period_s;
}

/* ---- the file ------------------------------------------------------------- */

/* Of times, in s or ms: twenty nine thousand years, and a thousand times that is still a number. */
#define LONGEST	(INT64_MAX / 1000 / 10)

/* One line a member: its name, where it is, and how it is written. */
enum member { TEXT, NUMBER, HEX, LONG_NUMBER };

static const struct {
	const char *name;
	enum member kind;
	size_t at, size;
} members[] = {
#define M(name, kind) { #name, kind, offsetof(struct revert, name), \
			sizeof(((struct revert *)0)->name) }
	M(bus, TEXT), M(tty, TEXT), M(port, NUMBER), M(device, NUMBER), M(addr, HEX),
	M(name, TEXT), M(reg, TEXT), M(old, HEX), M(new, HEX), M(period_s, NUMBER),
	M(boot, TEXT), M(due_ms, LONG_NUMBER), M(due_s, LONG_NUMBER),
	M(made_s, LONG_NUMBER), M(user, TEXT),
#undef M
};

#define N_MEMBERS (sizeof(members) / sizeof(members[0]))

static int print_members(int fd, const struct revert *r)
{
	dprintf(fd, "# matetool confirm %s: keep it; matetool revert --now %s: do it now\n",
		r->id, r->id);
	for (size_t i = 0; i < N_MEMBERS; i++) {
		const void *at = (const char *)r + members[i].at;
		const char *name = members[i].name;
		int n;

		switch (members[i].kind) {
		case TEXT:
			n = dprintf(fd, "%s=%s\n", name, (const char *)at);
			break;
		case NUMBER:
			n = dprintf(fd, "%s=%u\n", name, *(const unsigned int *)at);
			break;
		case HEX:
			n = dprintf(fd, "%s=0x%04X\n", name, *(const unsigned int *)at);
			break;
		default:
			n = dprintf(fd, "%s=%lld\n", name, (long long)*(const int64_t *)at);
		}
		if (n < 0)
			return -1;
	}
	return 0;
}

static bool set_member(struct revert *r, size_t i, const char *value)
{
	void *at = (char *)r + members[i].at;
	char *end = NULL;
	long long n;

	if (members[i].kind == TEXT)
		return (size_t)snprintf(at, members[i].size, "%s", value) < members[i].size;
	n = strtoll(value, &end, 0);
	if (!*value || *end)
		return false;
	if (members[i].kind == LONG_NUMBER && (n < 0 || n > LONGEST))
		return false;
	else if (members[i].kind == LONG_NUMBER)
		*(int64_t *)at = n;
	else if (n < 0 || n > (members[i].kind == HEX ? 0xFFFF : REVERT_MAX_S))
		return false;
	else
		*(unsigned int *)at = (unsigned int)n;
	return true;
}

/* True if every member was there once and all make sense. */
static bool parse_file(FILE *f, struct revert *r)
{
	unsigned int seen = 0;
	char line[256];

	while (fgets(line, sizeof(line), f)) {
		char *value = strchr(line, '=');
		size_t i = 0;

		line[strcspn(line, "\n")] = '\0';
		if (*line == '#' || !value)
			continue;
		*value++ = '\0';
		while (i < N_MEMBERS && strcmp(members[i].name, line))
			i++;
		if (i == N_MEMBERS || !set_member(r, i, value))
			return false;
		seen |= 1U << i;
	}
	return seen == (1U << N_MEMBERS) - 1 && r->port <= MATE_PORT_MAX;
}

enum revert_state revert_read(const char *id, struct revert *r)
{
	enum revert_state state = REVERT_PENDING;
	char path[512];
	FILE *f;
	bool good;

	memset(r, 0, sizeof(*r));
	if (strchr(id, '/') || *id == '.' || strlen(id) >= sizeof(r->id))
		return REVERT_GONE;
	snprintf(r->id, sizeof(r->id), "%s", id);
	for (; state <= REVERT_DUE; state++) {
		path_of(id, state, path);
		f = fopen(path, "re");
		if (!f)
			continue;
		good = parse_file(f, r);
		fclose(f);
		return good ? state : REVERT_GONE;
	}
	return REVERT_GONE;
}

/* Names are on the disk, too. */
static int sync_dir(void)
{
	int fd = open(state_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		close(fd);
	return ret;
}

/* With all above it, which on a small system may not be there either. */
static int make_dir(void)
{
	char path[512];

	snprintf(path, sizeof(path), "%.400s/", state_dir());
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return 0;
}

/*
 * The complete file, on the disk, locked and under its name; or -1 with errno,
 * EEXIST if there is one.  A reader never sees a part of it.
 */
static int create_file(const struct revert *r)
{
	char part[512], path[512];
	int fd, saved;

	snprintf(part, sizeof(part), "%.400s/.%.79s.%d", state_dir(), r->id, (int)getpid());
	path_of(r->id, REVERT_PENDING, path);
	fd = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -1;
	if (print_members(fd, r) || flock(fd, LOCK_EX | LOCK_NB) || fsync(fd) ||
	    link(part, path) || sync_dir()) {
		saved = errno;
		unlink(part);
		close(fd);
		errno = saved;
		return -1;
	}
	unlink(part);
	return fd;
}

/* ---- list, find, confirm -------------------------------------------------- */

static bool take_id(const char *name, char id[80])
{
	for (enum revert_state s = REVERT_PENDING; s <= REVERT_DUE; s++) {
		size_t n = strlen(name), tail = strlen(suffixes[s]);

		if (*name == '.' || n <= tail || n - tail >= 80 ||
		    strcmp(name + n - tail, suffixes[s]))
			continue;
		snprintf(id, 80, "%.*s", (int)(n - tail), name);
		return true;
	}
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

int revert_list(char (**ids)[80])
{
	DIR *dir = opendir(state_dir());
	size_t n = 0, room = 0;
	struct dirent *e;

	*ids = NULL;
	if (!dir)
		return errno == ENOENT ? 0 : -1;
	while ((e = readdir(dir))) {
		if (n == room) {
			char (*more)[80] = realloc(*ids, (room = 2 * room + 8) * sizeof(**ids));

			if (!more) {
				closedir(dir);
				return -1;
			}
			*ids = more;
		}
		if (take_id(e->d_name, (*ids)[n]))
			n++;
	}
	closedir(dir);
	if (n)
		qsort(*ids, n, sizeof(**ids), by_name);
	return (int)n;
}

static void make_id(const char *bus, unsigned int port, unsigned int addr, const char *reg,
		    char id[80])
{
	if (*reg)
		snprintf(id, 80, "%.23s-%u-%.39s", bus, port, reg);
	else
		snprintf(id, 80, "%.23s-%u-%04X", bus, port, addr);
}

bool revert_find(const char *bus, unsigned int port, unsigned int addr, struct revert *r)
{
	char (*ids)[80];
	int n = revert_list(&ids);
	bool found = false;

	for (int i = 0; i < n && !found; i++)
		found = revert_read(ids[i], r) != REVERT_GONE && !strcmp(r->bus, bus) &&
			r->port == port && r->addr == addr;
	free(ids);
	return found;
}

int revert_confirm(const char *id)
{
	char path[512];

	path_of(id, REVERT_PENDING, path);
	return unlink(path) || sync_dir() ? errno : 0;
}

int revert_hasten(const char *id)
{
	char from[512], to[512];

	path_of(id, REVERT_PENDING, from);
	path_of(id, REVERT_DUE, to);
	return rename(from, to) || sync_dir() ? errno : 0;
}

/* ---- the guard ------------------------------------------------------------ */

/* Which name the file behind @fd has; it may have lost it. */
static enum revert_state state_of(const char *id, int fd)
{
	struct stat mine, there;
	char path[512];

	if (fstat(fd, &mine))
		return REVERT_GONE;
	for (enum revert_state s = REVERT_PENDING; s <= REVERT_DUE; s++) {
		path_of(id, s, path);
		if (!stat(path, &there) && there.st_ino == mine.st_ino &&
		    there.st_dev == mine.st_dev)
			return s;
	}
	return REVERT_GONE;
}

static void nap(int64_t ms)
{
	struct timespec ts;

	if (ms > NAP_MS)
		ms = NAP_MS;
	ts.tv_sec = ms / 1000;
	ts.tv_nsec = ms % 1000 * 1000000;
	nanosleep(&ts, NULL);
}

static void log_revert(const struct revert *r, const char *result, const char *detail)
{
	const struct mate_reg_desc *reg = mate_reg_by_addr(r->device, r->addr);
	char port[8], addr[8], old[80], new[80];
	const struct journal_field fields[] = {
		{ "bus", r->bus }, { "port", port }, { "name", r->name },
		{ "device", mate_device_name(r->device) }, { "register", r->reg },
		{ "address", addr }, { "old", new }, { "new", old }, { "result", result },
		{ "detail", detail }, { "revert", r->id }, { "by", r->user },
	};

	snprintf(port, sizeof(port), "%u", r->port);
	snprintf(addr, sizeof(addr), "%04X", r->addr);
	raw_text(reg, (uint16_t)r->old, old, sizeof(old));
	raw_text(reg, (uint16_t)r->new, new, sizeof(new));
	journal("revert", strcmp(result, "applied") != 0, fields,
		(int)(sizeof(fields) / sizeof(fields[0])));
}

/* Until it has worked; it is never given up, for the alternative is darkness. */
static void write_back(const struct revert *r)
{
	int64_t told = -1000LL * COMPLAIN_S, now;
	char text[200];

	while (revert_write(r, text, sizeof(text))) {
		now = clock_ms(CLOCK_BOOTTIME);
		if (now - told >= 1000LL * COMPLAIN_S) {
			log_revert(r, "failed", text);
			told = now;
		}
		nap(NAP_MS);
	}
	log_revert(r, "applied", text);
}

/* With the lock on @fd. */
static void guard(const struct revert *r, int fd)
{
	char path[512];
	int64_t left;

	for (;;) {
		switch (state_of(r->id, fd)) {
		case REVERT_GONE:
			return;
		case REVERT_PENDING:
			left = revert_left_ms(r);
			/* Who renames the file first has decided: this or a confirm. */
			if (left)
				nap(left);
			else if (revert_hasten(r->id))
				nap(NAP_MS);
			continue;
		case REVERT_DUE:
			write_back(r);
			path_of(r->id, REVERT_DUE, path);
			unlink(path);
			sync_dir();
			return;
		}
	}
}

static int open_file(const char *id)
{
	char path[512];
	int fd = -1;

	for (enum revert_state s = REVERT_PENDING; fd < 0 && s <= REVERT_DUE; s++) {
		path_of(id, s, path);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	return fd;
}

/* A file that nobody can act on must not be found again and again. */
static int put_aside(const char *id)
{
	char from[512], to[512];

	snprintf(to, sizeof(to), "%.400s/%.79s.bad", state_dir(), id);
	for (enum revert_state s = REVERT_PENDING; s <= REVERT_DUE; s++) {
		path_of(id, s, from);
		rename(from, to);
	}
	return fail(EXIT_FAILED, "state", "%s: the file of this revert makes no sense: it cannot be "
		    "undone", to);
}

int revert_guard(const char *id)
{
	struct revert r;
	int fd = open_file(id), ret = 0;

	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_EX))
		ret = fail(EXIT_FAILED, "state", "%s: %s", id, strerror(errno));
	else if (state_of(id, fd) == REVERT_GONE)
		ret = 0;
	else if (revert_read(id, &r) == REVERT_GONE)
		ret = put_aside(id);
	else
		guard(&r, fd);
	close(fd);
	return ret;
}

/*
 * The guard's process: of no session, terminal or working directory, and holding
 * nothing open but the file.  What ends the tool does not end it.
 */
static void become_guard(const struct revert *r, int fd, int ready)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	if (fork())
		_exit(0);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	for (int s = SIGHUP; s <= SIGTERM; s++)
		signal(s, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	prctl(PR_SET_NAME, "matetool-guard");
	if (chdir("/"))
		_exit(1);
	/* Highest first: neither may be overwritten before it has been moved. */
	fd = fcntl(fd, F_DUPFD, 100);
	ready = fcntl(ready, F_DUPFD, 100);
	dup2(fd, 3);
	dup2(ready, 4);
	close_range(5, ~0U, 0);
	if (write(4, "", 1) != 1)
		_exit(1);
	close(4);
	guard(r, 3);
	_exit(0);
}

/* 0 once the guard stands. */
static int start_guard(const struct revert *r, int fd)
{
	int pipes[2], status, got = 0;
	char byte;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid)
		become_guard(r, fd, pipes[1]);
	close(pipes[1]);
	if (pid > 0) {
		waitpid(pid, &status, 0);
		got = read(pipes[0], &byte, 1) == 1;
	}
	close(pipes[0]);
	return got ? 0 : -1;
}

static void adopt(const char *id)
{
	struct revert r;
	int fd = open_file(id);

	if (fd < 0)
		return;
	if (!flock(fd, LOCK_EX | LOCK_NB) && state_of(id, fd) != REVERT_GONE &&
	    revert_read(id, &r) != REVERT_GONE)
		start_guard(&r, fd);
	close(fd);
}

void revert_adopt(void)
{
	char (*ids)[80];
	int n;

	/* Who cannot finish it must not take the lock from those who can. */
	if (access(state_dir(), W_OK))
		return;
	n = revert_list(&ids);
	for (int i = 0; i < n; i++)
		adopt(ids[i]);
	free(ids);
}

int revert_arm(struct revert *r)
{
	int fd;

	make_id(r->bus, r->port, r->addr, r->reg, r->id);
	set_times(r);
	fd = make_dir() ? -1 : create_file(r);
	if (fd < 0 && errno == EEXIST)
		return fail(EXIT_REFUSED, "pending", "%s: a revert of it is outstanding already: "
			    "matetool confirm %s or matetool revert --now %s first", r->id, r->id,
			    r->id);
	if (fd < 0)
		return fail(EXIT_FAILED, "state", "%s: %s: without this file the change could not "
			    "be undone: nothing written", state_dir(), strerror(errno));
	if (start_guard(r, fd)) {
		revert_disarm(r);
		close(fd);
		return fail(EXIT_FAILED, "guard", "no process to undo the change: nothing written");
	}
	close(fd);
	return 0;
}

void revert_disarm(const struct revert *r)
{
	revert_confirm(r->id);
}
