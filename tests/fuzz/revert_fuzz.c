// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file of a change that undoes itself: it makes no sense, or what it says is
 * written again and read the same.
 */
#include "text.h"

/* What reads and writes it is nobody else's. */
#include "userspace/matetool/revert.c"

static bool read_back(const char *path, struct revert *r)
{
	FILE *f = fopen(path, "re");
	bool good;

	check(f);
	memset(r, 0, sizeof(*r));
	good = parse_file(f, r);
	fclose(f);
	return good;
}

static void check_same(const struct revert *a, const struct revert *b)
{
	check(!strcmp(a->bus, b->bus) && !strcmp(a->tty, b->tty) && !strcmp(a->name, b->name));
	check(!strcmp(a->reg, b->reg) && !strcmp(a->boot, b->boot) && !strcmp(a->user, b->user));
	check(a->port == b->port && a->device == b->device && a->addr == b->addr);
	check(a->old == b->old && a->new == b->new && a->period_s == b->period_s);
	check(a->due_ms == b->due_ms && a->due_s == b->due_s && a->made_s == b->made_s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct revert r, again;
	const char *path = file_of(data, size);
	int fd;

	if (!read_back(path, &r))
		return 0;
	check(r.port <= MATE_PORT_MAX && r.addr <= 0xffff && r.old <= 0xffff && r.new <= 0xffff);
	check(r.period_s <= REVERT_MAX_S && revert_left_ms(&r) >= 0);
	path = file_of(NULL, 0);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	check(fd >= 0 && !print_members(fd, &r));
	close(fd);
	check(read_back(path, &again));
	check_same(&r, &again);
	return 0;
}
