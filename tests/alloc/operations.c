// SPDX-License-Identifier: GPL-2.0-or-later
/* The operations, each with what it needs and what must come of it. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/matenet_netlink.h>

#include "alloc.h"
#include "testbus.h"

#define MODULE	"/lib/matenet/n_matenet.ko"
#define OK	(MATENET_ST_OK | MATENET_ST_TX_DONE)
#define BATCH	8
#define NOBODY_THERE	11	/* a port without a device */
#define SETTLE_US	50000	/* for what goes on after the operation: work items, a gap */

static pid_t sim;
static int tty = -1, tty_peer = -1, node = -1, node_peer = -1, module_fd = -1;

/* ---- what there is ---- */

static bool bus_works(void)
{
	int fd = testbus_open(O_RDWR);
	bool right = testbus_read_right(fd, 1, 1);

	close(fd);
	return right;
}

static void sim_up(void)
{
	testbus_modules();
	sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--turnaround-us", "1000", NULL);
}

static void sim_down(void)
{
	testbus_end(sim, SIGTERM);
}

static void attach(void)
{
	tty = testbus_attach(TESTBUS_TTY);
	if (tty < 0)
		errx(1, "%s: cannot attach: %d", TESTBUS_TTY, tty);
}

static void bus_up(void)
{
	sim_up();
	attach();
}

static void bus_down(void)
{
	testbus_detach(tty);
	sim_down();
}

static void node_up(void)
{
	bus_up();
	node = testbus_open(O_RDWR);
	testbus_allow_writes(node);
}

static void node_down(void)
{
	close(node);
	bus_down();
}

/* ---- the module ---- */

static void module_up(void)
{
	sim_up();
	module_fd = open(MODULE, O_RDONLY | O_CLOEXEC);
	if (module_fd < 0)
		err(1, MODULE);
}

static void no_module_up(void)
{
	module_up();
	testbus_rmmod("n_matenet");
}

static void module_down(void)
{
	close(module_fd);
	sim_down();
}

static int module_load(void)
{
	return syscall(SYS_finit_module, module_fd, "", 0) ? -errno : 0;
}

static int module_unload(void)
{
	return syscall(SYS_delete_module, "n_matenet", O_NONBLOCK) ? -errno : 0;
}

static bool bus_comes_and_works(void)
{
	bool right;

	attach();
	right = bus_works();
	testbus_detach(tty);
	return right;
}

static bool loaded_after(int ret)
{
	return ret || (bus_comes_and_works() && !module_unload());
}

static bool unloaded_after(int ret)
{
	/* Memory or not, it has to go. */
	return !ret && !module_load() && bus_comes_and_works();
}

/* ---- attaching and detaching ---- */

static void tty_up(void)
{
	sim_up();
	tty = open(TESTBUS_TTY, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (tty < 0)
		err(1, TESTBUS_TTY);
}

static void tty_down(void)
{
	close(tty);
	sim_down();
}

static int set_ldisc(int number)
{
	return ioctl(tty, TIOCSETD, &number) ? -errno : 0;
}

static int tty_attach(void)
{
	return set_ldisc(TESTBUS_LDISC);
}

static int tty_detach(void)
{
	return set_ldisc(0);
}

static bool attached_after(int ret)
{
	return ret || (bus_works() && !tty_detach());
}

/* The node may be missing, which no driver is told: then all but using it works. */
static bool attached_after_without_node(int ret)
{
	if (!ret && access(TESTBUS_NODE, F_OK))
		return !tty_detach();
	return attached_after(ret);
}

static bool detached_after(int ret)
{
	int ldisc = -1;

	if (ret || !access(TESTBUS_NODE, F_OK))
		/* N_TTY had no memory: then the tty is ours as before. */
		return ret && !ioctl(tty, TIOCGETD, &ldisc) && ldisc == TESTBUS_LDISC &&
		       bus_works();
	return !tty_attach() && bus_works();
}

static int tty_close(void)
{
	return close(tty) ? -errno : 0;
}

static bool closed_after(int ret)
{
	if (ret || !access(TESTBUS_NODE, F_OK))
		return false;
	attach();
	return bus_works();
}

/* ---- opening ---- */

static int node_open(void)
{
	node = open(TESTBUS_NODE, O_RDWR | O_CLOEXEC);
	return node < 0 ? -errno : 0;
}

static bool opened_after(int ret)
{
	if (ret)
		return true;
	return testbus_read_right(node, 1, 1) && !close(node);
}

/* ---- transactions ---- */

static struct matenet_xfer xfers[BATCH];

static void xfers_prepare(void)
{
	int i;

	for (i = 0; i < BATCH; i++)
		xfers[i] = testbus_request(1, MATENET_CMD_READ, i, 0);
}

static bool xfers_right(int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (xfers[i].status != OK)
			return false;
	return true;
}

static int do_xfer(void)
{
	xfers_prepare();
	return testbus_xfer(node, xfers);
}

static int do_batch(void)
{
	struct matenet_batch batch = { .xfers = (uintptr_t)xfers, .count = BATCH };

	xfers_prepare();
	return ioctl(node, MATENET_IOC_BATCH, &batch) ? -errno : 0;
}

static bool xfer_after(int ret)
{
	return (ret || xfers_right(1)) && testbus_read_right(node, 1, 2);
}

static bool batch_after(int ret)
{
	return (ret || xfers_right(BATCH)) && testbus_read_right(node, 1, 2);
}

static int do_submit(void)
{
	xfers_prepare();
	return ioctl(node, MATENET_IOC_SUBMIT, xfers) ? -errno : 0;
}

/* Its record, and no other. */
static bool submit_after(int ret)
{
	struct pollfd p = { .fd = node, .events = POLLIN };
	struct matenet_record r;

	if (ret)
		return poll(&p, 1, 500) == 0;
	return poll(&p, 1, 500) == 1 && read(node, &r, sizeof(r)) == sizeof(r) && r.type == MATENET_REC_XFER &&
	       r.xfer.status == OK && r.xfer.sequence == xfers->sequence;
}

/* ---- records: what could not be told is counted ---- */

static unsigned int expected;

/* Records of the node that are there or are said to be lost. */
static unsigned int records(void)
{
	struct matenet_record r;
	unsigned int n = 0;

	while (read(node, &r, sizeof(r)) == sizeof(r))
		n += 1 + r.lost;
	return n;
}

static void set_mode(int fd, unsigned int mode, uint64_t ports)
{
	struct matenet_mode m = { .mode = mode, .port_mask = ports };

	if (ioctl(fd, MATENET_IOC_S_MODE, &m))
		err(1, "S_MODE");
}

static void records_up(void)
{
	node_up();
	fcntl(node, F_SETFL, O_NONBLOCK);
	records();
	expected = 0;
}

static int do_set_mode(void)
{
	struct matenet_mode m = { .mode = MATENET_MODE_MONITOR };

	return ioctl(node, MATENET_IOC_S_MODE, &m) ? -errno : 0;
}

static bool mode_after(int ret)
{
	set_mode(node, MATENET_MODE_USER, 0);
	return !ret && testbus_read_right(node, 1, 1);
}

static int change(void)
{
	struct matenet_config config;

	expected++;
	if (ioctl(node, MATENET_IOC_G_CONFIG, &config))
		return -errno;
	config.late_us ^= 1;
	return ioctl(node, MATENET_IOC_S_CONFIG, &config) ? -errno : 0;
}

/* All changes are there, or counted with the next one. */
static bool change_after(int ret)
{
	bool right;

	if (change())
		return false;
	right = !ret && records() == expected && testbus_read_right(node, 1, 1);
	expected = 0;
	return right;
}

/* ---- the same by netlink ---- */

static void events_up(void)
{
	records_up();
	netlink_join(MATENET_MCGRP_EVENTS);
}

static void events_down(void)
{
	netlink_leave();
	node_down();
}

static int change_and_settle(void)
{
	int ret = change();

	sleep_us(SETTLE_US);
	return ret;
}

static bool events_after(int ret)
{
	unsigned int events;

	if (ret || change_and_settle())
		return false;
	events = netlink_events();
	if (events != expected && !(netlink_overrun() && events < expected)) {
		printf("# %u events for %u changes\n", events, expected);
		return false;
	}
	records();
	expected = 0;
	return true;
}

/* An attempt that fails is told of, too. */
static int fail_and_settle(void)
{
	struct matenet_xfer x = testbus_request(NOBODY_THERE, MATENET_CMD_READ, 0, 0);
	int ret = testbus_xfer(node, &x);

	expected++;
	sleep_us(SETTLE_US);
	return ret;
}

/* ---- frames, for a file and for netlink ---- */

static int listener = -1;

static void frames_up(void)
{
	bus_up();
	node = testbus_open(O_RDONLY | O_NONBLOCK);
	listener = testbus_open(O_RDWR);
	set_mode(node, MATENET_MODE_MONITOR, 0);
	netlink_join(MATENET_MCGRP_MONITOR);
	expected = 0;
}

static void frames_down(void)
{
	netlink_leave();
	close(listener);
	node_down();
}

/* A command and a reply. */
static int frames(void)
{
	int ret;

	xfers_prepare();
	ret = testbus_xfer(listener, xfers);
	expected += 2;
	sleep_us(SETTLE_US);
	return ret ? ret : xfers_right(1) ? 0 : -EIO;
}

static bool frames_after(int ret)
{
	unsigned int heard, events;

	if (ret || frames())
		return false;
	heard = records();
	events = netlink_events();
	if (heard != expected || (events != expected && !(netlink_overrun() && events < expected))) {
		printf("# %u frames: %u in records, %u in events\n", expected, heard, events);
		return false;
	}
	expected = 0;
	return true;
}

/* ---- the device role: bus 0 answers what bus 1 asks ---- */

static void set_role(int fd, unsigned int role)
{
	struct matenet_config config = testbus_config(fd);

	config.role = role;
	if (testbus_set_config(fd, config))
		err(1, "S_CONFIG");
}

static void pair_up(void)
{
	testbus_modules();
	attach();
	tty_peer = testbus_attach(TESTBUS_SIM_TTY);
	node = testbus_open(O_RDWR | O_NONBLOCK);
	node_peer = open("/dev/matenet1", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (tty_peer < 0 || node_peer < 0)
		err(1, "/dev/matenet1");
	set_role(node, MATENET_ROLE_DEVICE);
	set_mode(node, MATENET_MODE_USER, ~0ULL);
	records();
	expected = 0;
}

static void pair_down(void)
{
	close(node_peer);
	close(node);
	testbus_detach(tty_peer);
	testbus_detach(tty);
}

static struct matenet_record command;

/* Ask from the other end, and take the command. */
static bool pair_asks(void)
{
	struct pollfd p = { .fd = node, .events = POLLIN };
	struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, 7, 0);

	return !ioctl(node_peer, MATENET_IOC_SUBMIT, &x) && poll(&p, 1, 500) == 1 &&
	       read(node, &command, sizeof(command)) == sizeof(command) &&
	       command.type == MATENET_REC_COMMAND;
}

/* How that ended at the other end. */
static uint32_t pair_outcome(void)
{
	struct pollfd p = { .fd = node_peer, .events = POLLIN };
	struct matenet_record r;

	while (poll(&p, 1, 500) == 1 && read(node_peer, &r, sizeof(r)) == sizeof(r))
		if (r.type == MATENET_REC_XFER)
			return r.xfer.status;
	return 0;
}

static int pair_reply(void)
{
	struct matenet_reply r = {
		.sequence = command.frame.sequence, .len = 3, .data = { 2, 0x12, 0x34 },
	};

	return ioctl(node, MATENET_IOC_REPLY, &r) ? -errno : 0;
}

static void reply_up(void)
{
	pair_up();
	if (!pair_asks())
		errx(1, "no command has come");
}

/* A second try is in time; a reply that was sent is the right one. */
static bool reply_after(int ret)
{
	if (ret && pair_reply())
		return false;
	return pair_outcome() == OK && pair_asks();
}

static int commands(void)
{
	struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, 7, 0);

	expected++;
	if (ioctl(node_peer, MATENET_IOC_SUBMIT, &x))
		return -errno;
	pair_outcome();
	return 0;
}

static bool commands_after(int ret)
{
	unsigned int heard;

	if (ret || commands())
		return false;
	heard = records();
	if (heard != expected)
		printf("# %u commands of %u\n", heard, expected);
	ret = heard == expected;
	expected = 0;
	return ret;
}

/* ---- netlink requests ---- */

static void requests_up(void)
{
	bus_up();
	netlink_open();
}

static void requests_down(void)
{
	netlink_close();
	bus_down();
}

static bool works_after(int ret)
{
	(void)ret;
	return bus_works();
}

const struct operation operations[] = {
	{ "load", VICTIM_SELF, 200, 100, 0, no_module_up, module_load, loaded_after, module_down },
	{ "unload", VICTIM_SELF, 1, 0, 0, module_up, module_unload, unloaded_after, module_down },
	{ "attach", VICTIM_SELF, 40, 20, 0, tty_up, tty_attach, attached_after, tty_down },
	{ "attach", VICTIM_KTHREADD, 10, 5, EAGAIN, tty_up, tty_attach, attached_after, tty_down },
	{ "attach", VICTIM_DEVTMPFS, 1, 0, 0, tty_up, tty_attach, attached_after_without_node,
	  tty_down },
	{ "detach", VICTIM_SELF, 1, 0, 0, bus_up, tty_detach, detached_after, bus_down },
	{ "close tty", VICTIM_SELF, 1, 0, 0, bus_up, tty_close, closed_after, bus_down },
	{ "open", VICTIM_SELF, 2, 1, 0, bus_up, node_open, opened_after, bus_down },
	{ "xfer", VICTIM_SELF, 1, 1, 0, node_up, do_xfer, xfer_after, node_down },
	{ "batch", VICTIM_SELF, 2, 2, 0, node_up, do_batch, batch_after, node_down },
	{ "submit", VICTIM_SELF, 2, 2, 0, records_up, do_submit, submit_after, node_down },
	{ "set mode", VICTIM_SELF, 0, 0, 0, node_up, do_set_mode, mode_after, node_down },
	{ "set config", VICTIM_SELF, 0, 0, 0, records_up, change, change_after, node_down },
	{ "set config", VICTIM_ENGINE, 1, 0, 0, records_up, change, change_after, node_down },
	{ "reply", VICTIM_SELF, 1, 1, 0, reply_up, pair_reply, reply_after, pair_down },
	{ "command", VICTIM_WORKERS, 1, 0, 0, pair_up, commands, commands_after, pair_down },
	{ "netlink bus get", VICTIM_SELF, 6, 3, ENOBUFS, requests_up, netlink_bus_get,
	  works_after, requests_down },
	{ "netlink stats get", VICTIM_SELF, 6, 3, ENOBUFS, requests_up, netlink_stats_get,
	  works_after, requests_down },
	{ "netlink bus dump", VICTIM_SELF, 6, 2, ENOBUFS, requests_up, netlink_bus_dump,
	  works_after, requests_down },
	{ "netlink stats dump", VICTIM_SELF, 6, 2, ENOBUFS, requests_up, netlink_stats_dump,
	  works_after, requests_down },
	{ "netlink bus set", VICTIM_SELF, 4, 2, ENOBUFS, requests_up, netlink_bus_set,
	  works_after, requests_down },
	{ "event", VICTIM_ENGINE, 2, 0, 0, events_up, change_and_settle, events_after,
	  events_down },
	{ "event", VICTIM_WORKERS, 3, 0, 0, events_up, change_and_settle, events_after,
	  events_down },
	{ "failure", VICTIM_ENGINE, 1, 0, 0, events_up, fail_and_settle, events_after,
	  events_down },
	{ "frame", VICTIM_ENGINE, 2, 0, 0, frames_up, frames, frames_after, frames_down },
	{ "frame", VICTIM_WORKERS, 5, 0, 0, frames_up, frames, frames_after, frames_down },
};

const size_t operations_n = sizeof(operations) / sizeof(operations[0]);
