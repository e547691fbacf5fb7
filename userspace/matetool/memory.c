// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the last scan of a bus found, kept for a while: asking the empty ports of
 * a hub takes longer than all that is to be read of the others.  A file in the
 * directory of the user's session, or of the system for root; whatever is wrong
 * with it, there is just no memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

#define MEMORY_S	600	/* then somebody may have plugged in another device */

static bool directory(char *path, size_t size)
{
	const char *run = getenv("XDG_RUNTIME_DIR");

	if (!run || !*run)
		run = geteuid() ? NULL : "/run";
	return run && snprintf(path, size, "%s/matetool", run) < (int)size;
}

static bool file_path(struct mate_bus *bus, char *path, size_t size)
{
	char dir[200];

	return directory(dir, sizeof(dir)) &&
	       snprintf(path, size, "%s/%s", dir, mate_bus_name(bus)) < (int)size;
}

/* Of this attachment: the node of a bus is made anew for each. */
static bool identity(struct mate_bus *bus, char *text, size_t size)
{
	char node[64];
	struct stat st;

	snprintf(node, sizeof(node), "/dev/%s", mate_bus_name(bus));
	if (stat(node, &st))
		return false;
	snprintf(text, size, "%lu %lu %lld.%09ld\n", (unsigned long)st.st_dev,
		 (unsigned long)st.st_ino, (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
	return true;
}

void remember_devices(struct mate_bus *bus, const struct mate_device_info *found, int n)
{
	char dir[200], path[260], new[300], id[100];
	FILE *f;

	if (!directory(dir, sizeof(dir)) || !file_path(bus, path, sizeof(path)) ||
	    !identity(bus, id, sizeof(id)))
		return;
	mkdir(dir, 0700);
	snprintf(new, sizeof(new), "%s.%d", path, (int)getpid());
	f = fopen(new, "wxe");
	if (!f)
		return;
	fputs(id, f);
	for (int i = 0; i < n && i < MAX_DEVICES; i++)
		fprintf(f, "%u %u\n", found[i].port, found[i].device);
	/* NOLINTNEXTLINE(readability-suspicious-call-argument): "new" is the old name to rename() */
	if (fclose(f) || rename(new, path))
		unlink(new);
}

void forget_devices(struct mate_bus *bus)
{
	char path[260];

	if (file_path(bus, path, sizeof(path)))
		unlink(path);
}

static bool is_fresh(FILE *f)
{
	time_t now = time(NULL);
	struct stat st;

	return !fstat(fileno(f), &st) && st.st_uid == geteuid() && st.st_mtime <= now &&
	       st.st_mtime > now - MEMORY_S;
}

static int read_devices(FILE *f, const char *id, struct mate_device_info found[MAX_DEVICES])
{
	char line[100];
	unsigned int port, device;
	int n = 0;

	if (!is_fresh(f) || !fgets(line, sizeof(line), f) || strcmp(line, id))
		return 0;
	memset(found, 0, MAX_DEVICES * sizeof(*found));
	while (n < MAX_DEVICES && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%3u %3u", &port, &device) != 2 || port > MATE_PORT_MAX ||
		    device > 255)
			return 0;
		found[n].port = (uint8_t)port;
		found[n++].device = (uint8_t)device;
	}
	return n;
}

int recall_devices(struct mate_bus *bus, struct mate_device_info found[MAX_DEVICES])
{
	char path[260], id[100];
	FILE *f;
	int n;

	if (!file_path(bus, path, sizeof(path)) || !identity(bus, id, sizeof(id)))
		return 0;
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = read_devices(f, id, found);
	fclose(f);
	return n;
}
