// SPDX-License-Identifier: GPL-2.0-or-later
/* The test's hand: drivers in, adapter in, adapter out. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapter.h"
#include "testbus.h"

#define PLUG_MS		10000
#define FREE_STATUS	"004"

static void modprobe(const char *module)
{
	char command[64];

	snprintf(command, sizeof(command), "modprobe %s", module);
	if (system(command))
		errx(1, "%s failed", command);
}

void adapter_load(const struct chip *chip)
{
	modprobe("vhci-hcd");
	modprobe(chip->driver);
	if (access("/sys/module/n_matenet", F_OK) && testbus_insmod("n_matenet"))
		errx(1, "insmod n_matenet failed");
}

struct rig *adapter_rig(void)
{
	struct rig *rig = mmap(NULL, sizeof(*rig), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (rig == MAP_FAILED)
		err(1, "mmap");
	rig->frame_us = 1000;
	rig->turnaround_us = 11000;
	rig->hub_us = 30000;
	return rig;
}

static bool port_free(void)
{
	char line[128];
	bool is_free = false;
	FILE *status = fopen(USBIP_VHCI "status", "re");

	while (status && fgets(line, sizeof(line), status))
		if (!strncmp(line, "hs  0000 " FREE_STATUS, 12))
			is_free = true;
	if (status)
		fclose(status);
	return is_free;
}

/* The name comes a moment before the tty. */
static bool tty_opens(void)
{
	int fd = open(ADAPTER_TTY, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool tty_gone(void)
{
	return access(ADAPTER_TTY, F_OK) && port_free();
}

static bool wait_until(bool (*is_so)(void))
{
	int ms;

	for (ms = 0; ms < PLUG_MS; ms += 10) {
		if (is_so())
			return true;
		sleep_us(10000);
	}
	return false;
}

int adapter_plug(const struct chip *chip, struct rig *rig)
{
	pid_t pid, parent = getpid();
	int fd;

	rig->pull_bytes = rig->pull_requests = RIG_NEVER;
	rig->n = rig->requests = rig->bulk_out = 0;
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		fd = usbip_attach();
		if (fd < 0)
			errx(1, "%s: vhci attach: %s", chip->name, strerror(-fd));
		adapter_run(chip, rig, fd);
		_exit(0);
	}
	if (!wait_until(tty_opens))
		errx(1, "%s: no " ADAPTER_TTY, chip->name);
	return pid;
}

bool adapter_wait_gone(int pid)
{
	int status;

	waitpid(pid, &status, 0);
	return wait_until(tty_gone) && !(WIFEXITED(status) && WEXITSTATUS(status));
}

void adapter_pull(int pid)
{
	kill(pid, SIGKILL);
}
