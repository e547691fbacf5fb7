// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "inject.h"

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_TASKS 64

const char * const victim_names[] = {
	[VICTIM_SELF] = "caller",
	[VICTIM_ENGINE] = "engine",
	[VICTIM_WORKERS] = "kworkers",
	[VICTIM_KTHREADD] = "kthreadd",
	[VICTIM_DEVTMPFS] = "kdevtmpfs",
};

/* How the tasks of a victim are called. */
static const char * const comms[] = {
	[VICTIM_ENGINE] = "matenet/ttyW0",
	[VICTIM_WORKERS] = "kworker/",
	[VICTIM_KTHREADD] = "kthreadd",
	[VICTIM_DEVTMPFS] = "kdevtmpfs",
};

/* Of those that are armed now: their fail-nth, which stays readable when they end. */
static int armed[MAX_TASKS], n_armed;

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	close(fd);
}

void inject_setup(void)
{
	write_file("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	write_file("/sys/kernel/debug/failslab/cache-filter", "N");
	write_file("/sys/kernel/debug/failslab/verbose", "0");
}

static bool called(const char *pid, const char *comm)
{
	char path[300], name[64] = "";
	FILE *from;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	from = fopen(path, "re");
	if (!from)
		return false;
	if (!fgets(name, sizeof(name), from))
		name[0] = 0;
	fclose(from);
	return !strncmp(name, comm, strlen(comm));
}

static void add(const char *pid)
{
	char path[300];

	snprintf(path, sizeof(path), "/proc/%s/fail-nth", pid);
	if (n_armed == MAX_TASKS)
		errx(1, "more than %d tasks", MAX_TASKS);
	armed[n_armed] = open(path, O_RDWR | O_CLOEXEC);
	if (armed[n_armed] >= 0)
		n_armed++;
}

static void find(enum victim victim)
{
	struct dirent *entry;
	DIR *proc;

	if (victim == VICTIM_SELF) {
		add("thread-self");
		return;
	}
	proc = opendir("/proc");
	if (!proc)
		err(1, "/proc");
	while ((entry = readdir(proc)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    called(entry->d_name, comms[victim]))
			add(entry->d_name);
	closedir(proc);
}

void inject_arm(enum victim victim, unsigned int n)
{
	char text[16];
	int i;

	find(victim);
	if (!n_armed)
		errx(1, "%s: no such task", victim_names[victim]);
	snprintf(text, sizeof(text), "%u", n);
	/* The last thing before the operation: our own calls would count. */
	for (i = 0; i < n_armed; i++)
		if (pwrite(armed[i], text, strlen(text), 0) < 0 && victim != VICTIM_WORKERS)
			err(1, "fail-nth of %s", victim_names[victim]);
}

/* Counted down to nothing: it has failed. */
bool inject_disarm(void)
{
	bool failed = false;
	char text[16];
	int i;

	for (i = 0; i < n_armed; i++) {
		ssize_t n = pread(armed[i], text, sizeof(text) - 1, 0);

		if (n > 0) {
			text[n] = 0;
			failed |= !atoi(text);
			(void)!pwrite(armed[i], "0", 1, 0);
		}
		close(armed[i]);
	}
	n_armed = 0;
	return failed;
}
