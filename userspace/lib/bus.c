// SPDX-License-Identifier: LGPL-2.1-or-later
/* Buses: finding, opening, settings. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

#define PREFIX "matenet"

const char *mate_sysfs_class = "/sys/class/matenet";

/* Number of "matenetN", or -1 if @name is none. */
static long bus_number(const char *name)
{
	const char *digits = name + strlen(PREFIX);
	char *end;
	long n;

	if (strncmp(name, PREFIX, strlen(PREFIX)) || !isdigit((unsigned char)*digits))
		return -1;
	n = strtol(digits, &end, 10);
	return *end || n > 99999 ? -1 : n;
}

static void read_tty(struct mate_bus_info *info)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/tty", mate_sysfs_class, info->name);
	f = fopen(path, "re");
	if (!f)
		return;
	if (fgets(info->tty, sizeof(info->tty), f))
		info->tty[strcspn(info->tty, "\n")] = '\0';
	fclose(f);
}

static int by_number(const void *a, const void *b)
{
	const struct mate_bus_info *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

int mate_bus_list(struct mate_bus_info *list, size_t max)
{
	struct dirent *e;
	size_t n = 0;
	DIR *dir;

	mate_detail_clear();
	dir = opendir(mate_sysfs_class);
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return mate_errno_error(errno);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is not shared */
	while ((e = readdir(dir))) {
		long number = bus_number(e->d_name);

		if (number < 0)
			continue;
		if (n < max) {
			memset(&list[n], 0, sizeof(list[n]));
			list[n].number = (unsigned int)number;
			snprintf(list[n].name, sizeof(list[n].name), PREFIX "%u",
				 list[n].number);
			read_tty(&list[n]);
		}
		n++;
	}
	closedir(dir);
	if (max)
		qsort(list, n < max ? n : max, sizeof(*list), by_number);
	return (int)n;
}

/* Path of the only bus there is. */
static int only_bus(char *path, size_t size)
{
	struct mate_bus_info info;
	int n = mate_bus_list(&info, 1);

	if (n < 0)
		return n;
	if (n != 1)
		return n ? MATE_E_SEVERAL : MATE_E_NO_BUS;
	snprintf(path, size, "/dev/%s", info.name);
	return 0;
}

static int bus_path(const char *name, char *path, size_t size)
{
	int n;

	if (!name)
		return only_bus(path, size);
	if (strchr(name, '/'))
		n = snprintf(path, size, "%s", name);
	else if (*name && strspn(name, "0123456789") == strlen(name))
		n = snprintf(path, size, "/dev/" PREFIX "%s", name);
	else if (bus_number(name) >= 0)
		n = snprintf(path, size, "/dev/%s", name);
	else
		return MATE_E_NO_BUS;
	return n < (int)size ? 0 : MATE_E_INVALID;
}

static struct mate_bus *new_bus(int fd, const char *path)
{
	struct mate_bus *bus = calloc(1, sizeof(*bus));

	if (!bus)
		return NULL;
	bus->name = strdup(strrchr(path, '/') + 1);
	if (!bus->name) {
		free(bus);
		return NULL;
	}
	bus->fd = fd;
	atomic_init(&bus->timeout_us, 0);
	atomic_init(&bus->retries, 1);
	atomic_init(&bus->inc_command, MATENET_CMD_INC);
	pthread_mutex_init(&bus->change, NULL);
	return bus;
}

int mate_open(struct mate_bus **out, const char *name, unsigned int flags)
{
	struct matenet_caps caps;
	struct mate_bus *bus;
	char path[4096];
	int fd, ret;

	mate_detail_clear();
	if (!out || flags & ~MATE_OPEN_WRITE)
		return MATE_E_INVALID;
	ret = bus_path(name, path, sizeof(path));
	if (ret)
		return ret;
	/* O_NOCTTY, O_NONBLOCK: the path may be some other device, even a tty. */
	fd = open(path, (flags & MATE_OPEN_WRITE ? O_RDWR : O_RDONLY) |
		  O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return mate_errno_error(errno);
	bus = new_bus(fd, path);
	if (!bus) {
		close(fd);
		return MATE_E_MEMORY;
	}
	ret = mate_caps(bus, &caps);
	/* Not every foreign driver knows that ENOTTY is the answer. */
	if (ret == MATE_E_INVALID || ret == MATE_E_SYSTEM)
		ret = MATE_E_NOT_A_BUS;
	if (!ret && fcntl(fd, F_SETFL, 0) < 0)
		ret = mate_errno_error(errno);
	if (ret) {
		mate_close(bus);
		return ret;
	}
	*out = bus;
	return 0;
}

void mate_close(struct mate_bus *bus)
{
	if (!bus)
		return;
	close(bus->fd);
	pthread_mutex_destroy(&bus->change);
	free(bus->name);
	free(bus);
}

const char *mate_bus_name(const struct mate_bus *bus)
{
	return bus->name;
}

int mate_ioctl(struct mate_bus *bus, unsigned long request, void *arg)
{
	return ioctl(bus->fd, request, arg) < 0 ? mate_errno_error(errno) : 0;
}

int mate_caps(struct mate_bus *bus, struct matenet_caps *caps)
{
	mate_detail_clear();
	memset(caps, 0, sizeof(*caps));
	return mate_ioctl(bus, MATENET_IOC_G_CAPS, caps);
}

int mate_get_config(struct mate_bus *bus, struct matenet_config *config)
{
	mate_detail_clear();
	memset(config, 0, sizeof(*config));
	return mate_ioctl(bus, MATENET_IOC_G_CONFIG, config);
}

int mate_set_config(struct mate_bus *bus, struct matenet_config *config)
{
	mate_detail_clear();
	return mate_ioctl(bus, MATENET_IOC_S_CONFIG, config);
}

int mate_set_patience(struct mate_bus *bus, uint32_t timeout_us, unsigned int retries)
{
	if ((timeout_us && timeout_us < 1000) || timeout_us > 10000000 || retries > 15)
		return MATE_E_INVALID;
	atomic_store(&bus->timeout_us, timeout_us);
	atomic_store(&bus->retries, retries);
	return 0;
}

int mate_set_numbering(struct mate_bus *bus, unsigned int inc_command)
{
	if (inc_command > 1)
		return MATE_E_INVALID;
	atomic_store(&bus->inc_command, inc_command);
	return 0;
}

const char *mate_version(void)
{
	return MATE_VERSION;
}
