// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool attach, matetool detach: a bus lives as long as its tty is open. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

#define LDISC_MATENET	29	/* N_DEVELOPMENT */
#define LDISC_TTY	0	/* N_TTY */
#define TICK_MS		500	/* how often the attached tty is looked at */
#define DETACH_MS	5000	/* a bus ends with its transaction, 10 s at worst by setting */

static struct {
	int ldisc;
	bool foreground;
	bool listen;
	const char *join;	/* bus, NULL for none */
} opts = { .ldisc = LDISC_MATENET };

enum { OPT_LDISC = 256, OPT_JOIN };

static const struct option attach_options[] = {
	{ "foreground", no_argument, NULL, 'f' },
	{ "ldisc", required_argument, NULL, OPT_LDISC },
	{ "listen", no_argument, NULL, 'l' },
	{ "join", required_argument, NULL, OPT_JOIN },
	{ NULL, 0, NULL, 0 },
};

static int attach_option(int c, const char *arg)
{
	char *end;
	long n;

	if (c == 'f') {
		opts.foreground = true;
		return 0;
	}
	if (c == 'l' || c == OPT_JOIN) {
		opts.listen = true;
		opts.join = c == OPT_JOIN ? arg : opts.join;
		return 0;
	}
	n = strtol(arg, &end, 10);
	if (*end || end == arg || n < 1 || n > 255)
		return fail(EXIT_USAGE, "usage", "--ldisc %s: a number from 1 to 255 is wanted",
			    arg);
	opts.ldisc = (int)n;
	return 0;
}

/* ---- the tty -------------------------------------------------------------- */

/* A tty that is a bus, and what it was before. */
struct taken {
	int fd;
	int ldisc;
	struct termios termios;
};

static int fail_tty(const char *path)
{
	return fail(EXIT_FAILED, "tty", "%s: %s", path, strerror(errno));
}

/* Open a tty without becoming its session and without waiting for a carrier. */
static int open_tty(const char *path, int *fd, int *ldisc)
{
	*fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0)
		return fail_tty(path);
	/* Not isatty(): a tty that is a bus answers no terminal settings. */
	if (!ioctl(*fd, TIOCGETD, ldisc))
		return 0;
	close(*fd);
	return fail(EXIT_USAGE, "tty", "%s: not a tty", path);
}

/*
 * A terminal takes the bytes of a busy bus for input.  One of them (XOFF) stops its
 * output, what it echoes then is never sent, and TIOCSETD waits for just that.
 */
static int make_quiet(const struct taken *tty)
{
	struct termios quiet = tty->termios;

	quiet.c_iflag &= ~(tcflag_t)(IXON | IXOFF);
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	(void)tcflush(tty->fd, TCIOFLUSH);
	if (tcsetattr(tty->fd, TCSANOW, &quiet))
		return -1;
	(void)tcflush(tty->fd, TCIOFLUSH);
	return tcflow(tty->fd, TCOON);
}

/* Put back what was, unless somebody else has made something of the tty. */
static void give_back(const struct taken *tty)
{
	int ldisc;

	if (!ioctl(tty->fd, TIOCGETD, &ldisc) && ldisc == opts.ldisc)
		(void)ioctl(tty->fd, TIOCSETD, &tty->ldisc);
	if (!ioctl(tty->fd, TIOCGETD, &ldisc) && ldisc == tty->ldisc) {
		(void)tcsetattr(tty->fd, TCSANOW, &tty->termios);
		(void)ioctl(tty->fd, TIOCNXCL);
	}
	close(tty->fd);
}

static int fail_ldisc(const char *path, const struct taken *tty)
{
	if (errno == EINVAL || errno == ENODEV)
		fail(EXIT_FAILED, "no_ldisc", "line discipline %d is not there: modprobe n_matenet",
		     opts.ldisc);
	else
		fail(EXIT_FAILED, "tty", "%s: line discipline %d: %s", path, opts.ldisc,
		     strerror(errno));
	give_back(tty);
	return EXIT_FAILED;
}

/* Make a bus of the tty. */
static int attach_tty(const char *path, struct taken *tty, struct mate_bus_info *bus)
{
	int ret = open_tty(path, &tty->fd, &tty->ldisc);

	if (ret)
		return ret;
	/* It may be one under another number, which has no terminal settings either. */
	if (tty->ldisc == opts.ldisc || find_bus_of_tty(tty_base(path), bus)) {
		close(tty->fd);
		return fail(EXIT_FAILED, "busy", "%s: it is a bus already", path);
	}
	if (tcgetattr(tty->fd, &tty->termios) || make_quiet(tty)) {
		ret = fail_tty(path);
		close(tty->fd);
		return ret;
	}
	(void)ioctl(tty->fd, TIOCEXCL);
	/* Before the line discipline is there: this may clear the FIFOs. */
	tty_set_low_latency(tty->fd, tty_base(path));
	if (ioctl(tty->fd, TIOCSETD, &opts.ldisc))
		return fail_ldisc(path, tty);
	if (find_bus_of_tty(tty_base(path), bus))
		return 0;
	give_back(tty);
	return fail(EXIT_FAILED, "no_ldisc", "%s: line discipline %d made no bus of it: is it n_matenet?",
		    path, opts.ldisc);
}

/* ---- a bus that only listens ----------------------------------------------- */

/* The bus that a number, a bus or a tty names. */
static int named_bus(const char *arg, struct mate_bus_info *bus)
{
	char name[64];

	if (*arg && strspn(arg, "0123456789") == strlen(arg))
		snprintf(name, sizeof(name), "matenet%s", arg);
	else
		snprintf(name, sizeof(name), "%s", tty_base(arg));
	if (find_bus_by_name(name, bus) || find_bus_of_tty(name, bus))
		return 0;
	return fail(EXIT_NO_BUS, mate_errname(MATE_E_NO_BUS), "%s: no such bus, and no bus on such a tty",
		    name);
}

static int set_listening(struct mate_bus *bus, unsigned int join)
{
	struct matenet_config config;
	int ret = mate_get_config(bus, &config);

	if (ret)
		return ret;
	config.role = MATENET_ROLE_MONITOR;
	config.join = join;
	return mate_set_config(bus, &config);
}

/* As the options want it, before anybody hears of the bus. */
static int listen_only(const struct mate_bus_info *info)
{
	unsigned int join = 0;
	struct mate_bus_info to;
	struct mate_bus *bus;
	int ret;

	if (!opts.listen)
		return 0;
	if (opts.join) {
		ret = named_bus(opts.join, &to);
		if (ret)
			return ret;
		join = 1 + to.number;
	}
	ret = mate_open(&bus, info->name, 0);
	if (!ret) {
		ret = set_listening(bus, join);
		mate_close(bus);
	}
	return ret ? fail_mate(NULL, ret, "%s", info->name) : 0;
}

/* ---- staying -------------------------------------------------------------- */

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void catch_signals(sigset_t *unblocked)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGINT);
	sigprocmask(SIG_BLOCK, &block, unblocked);
	sigdelset(unblocked, SIGTERM);
	sigdelset(unblocked, SIGINT);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
}

/* Until a signal, a hangup, or somebody took the line discipline away. */
static void stay(const struct taken *tty, const sigset_t *unblocked)
{
	const struct timespec tick = { .tv_nsec = TICK_MS * 1000000L };
	struct pollfd p = { .fd = tty->fd };
	int ldisc;

	while (!stop) {
		/* A hangup need not wake a poller of a foreign line discipline. */
		if (ppoll(&p, 1, &tick, unblocked) < 0 && errno != EINTR)
			return;
		if (p.revents & (POLLHUP | POLLERR | POLLNVAL))
			return;
		if (ioctl(tty->fd, TIOCGETD, &ldisc) || ldisc != opts.ldisc)
			return;
	}
	notify_systemd("STOPPING=1");
}

static void print_attached(const struct mate_bus_info *bus, const char *path, pid_t pid)
{
	if (flags.json)
		print_json(json_pack("{s:s,s:s+,s:s,s:i}", "bus", bus->name, "node", "/dev/",
				     bus->name, "tty", path, "pid", (int)pid));
	else
		printf("/dev/%s\n", bus->name);
	fflush(stdout);
}

/* Nothing of the caller's may be held: terminal, directory, pipes. */
static void become_daemon(void)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	if (chdir("/") || null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
}

static int in_background(const struct taken *tty, const char *path,
			 const struct mate_bus_info *bus, const sigset_t *unblocked)
{
	pid_t pid = fork();

	if (pid < 0) {
		fail_tty("fork");
		give_back(tty);
		return EXIT_FAILED;
	}
	if (pid) {
		print_attached(bus, path, pid);
		return EXIT_OK;
	}
	become_daemon();
	stay(tty, unblocked);
	give_back(tty);
	_exit(EXIT_OK);
}

static int run_attach(int argc, char **argv)
{
	struct mate_bus_info bus;
	sigset_t unblocked;
	char path[256];
	struct taken tty = { .fd = -1 };
	int ret;

	ret = want_args(&verb_attach, argc, 1, 1);
	if (ret)
		return ret;
	tty_path(argv[0], path, sizeof(path));
	/* From here on a signal means: put back what was. */
	catch_signals(&unblocked);
	ret = attach_tty(path, &tty, &bus);
	if (ret)
		return ret;
	ret = listen_only(&bus);
	if (ret) {
		give_back(&tty);
		return ret;
	}
	if (!opts.foreground)
		return in_background(&tty, path, &bus, &unblocked);
	print_attached(&bus, path, getpid());
	notify_systemd("READY=1");
	stay(&tty, &unblocked);
	give_back(&tty);
	return EXIT_OK;
}

const struct verb verb_attach = {
	.name = "attach",
	.args = "[-f] [--ldisc N] [-l] [--join BUS] TTY",
	.summary = "Make a bus of a serial port and print its node",
	.help = "Goes to the background and stays there as long as the bus.\n\n"
		"  -f, --foreground  stay in the foreground; tells systemd when ready\n"
		"      --ldisc N     number of the line discipline, 29 by default\n"
		"  -l, --listen      the bus is somebody else's: never send, see monitor\n"
		"      --join BUS    the same, and hear for BUS the other direction of its wires\n\n"
		"Examples:\n"
		"  matetool attach /dev/ttyS1\n"
		"  matetool attach -f /dev/ttyUSB0     in a systemd unit with Type=notify\n",
	.words = "t",
	.short_options = "fl",
	.long_options = attach_options,
	.option = attach_option,
	.run = run_attach,
};

/* ---- detach --------------------------------------------------------------- */

static bool wait_gone(const struct mate_bus_info *bus)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	struct mate_bus_info now;

	for (int ms = 0; ms < DETACH_MS; ms += 10) {
		if (!find_bus_by_name(bus->name, &now) || strcmp(now.tty, bus->tty))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static int run_detach(int argc, char **argv)
{
	const int ldisc = LDISC_TTY;
	struct mate_bus_info bus;
	char path[64];
	int fd, before, ret;

	ret = want_args(&verb_detach, argc, 1, 1) ?: named_bus(argv[0], &bus);
	if (ret)
		return ret;
	tty_path(bus.tty, path, sizeof(path));
	ret = open_tty(path, &fd, &before);
	if (ret)
		return ret;
	ret = ioctl(fd, TIOCSETD, &ldisc) ? fail_tty(path) : EXIT_OK;
	if (!ret && !wait_gone(&bus))
		ret = fail(EXIT_FAILED, "busy", "%s: it is still there", bus.name);
	(void)ioctl(fd, TIOCNXCL);
	close(fd);
	if (!ret && flags.json)
		ret = print_json(json_pack("{s:s,s:s}", "bus", bus.name, "tty", path));
	return ret;
}

const struct verb verb_detach = {
	.name = "detach",
	.args = "TTY|BUS",
	.summary = "End a bus: its serial port becomes a plain tty again",
	.help = "The matetool attach or ldattach that made the bus is told by the tty and ends\n"
		"(ldattach has to be ended by hand).\n\n"
		"Examples:\n"
		"  matetool detach /dev/ttyS1\n"
		"  matetool detach 0              the bus matenet0\n",
	.words = "b",
	.short_options = "",
	.run = run_detach,
};
