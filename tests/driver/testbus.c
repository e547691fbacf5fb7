// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "testbus.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "pattern.h"

#define SYSFS "/sys/class/matenet/matenet0/"
#define COMMAND_BYTES 6

enum profile testbus_profile(void)
{
	static const char * const names[] = { "uml", "timing", "smp" };
	const char *profile = getenv("MATENET_PROFILE");
	unsigned int i;

	for (i = 0; profile && i < 3; i++)
		if (!strcmp(profile, names[i]))
			return (enum profile)i;
	errx(1, "MATENET_PROFILE: %s: not one of uml, timing, smp", profile ? profile : "not set");
}

static int run(const char *program, const char *argument)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 2);
		execlp(program, program, argument, NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int testbus_rmmod(const char *module)
{
	return run("rmmod", module);
}

int testbus_insmod(const char *module)
{
	char path[64];

	snprintf(path, sizeof(path), "/lib/matenet/%s.ko", module);
	return run("insmod", path);
}

void testbus_modules(void)
{
	static const char * const modules[] = { "uart9", "n_matenet" };
	char path[64];
	unsigned int i;

	/* Timers have no high resolution in the first moments of a kernel. */
	if (now_us() < 1000000)
		sleep_us(1000000 - now_us());
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/sys/module/%s", modules[i]);
		if (access(path, F_OK) && testbus_insmod(modules[i]))
			errx(1, "insmod %s failed", modules[i]);
	}
}

/* The port has to be open while its chip is told. */
void testbus_rx_trigger(const char *tty, int bytes)
{
	char path[64];
	FILE *to;
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", tty);
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	snprintf(path, sizeof(path), "/sys/class/tty/%s/rx_trig_bytes", tty);
	to = fopen(path, "we");
	if (fd < 0 || !to || fprintf(to, "%d", bytes) < 0 || fclose(to))
		err(1, "%s", path);
	close(fd);
}

pid_t testbus_sim(const char *tty, ...)
{
	const char *argv[32] = { "matesim" };
	char line[64] = "";
	int out[2], argc = 1;
	va_list ap;
	FILE *from;
	pid_t pid;

	va_start(ap, tty);
	while (argc < 30 && (argv[argc] = va_arg(ap, const char *)))
		argc++;
	va_end(ap);
	argv[argc++] = tty;
	argv[argc] = NULL;

	if (pipe2(out, O_CLOEXEC))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		dup2(out[1], 1);
		execvp(argv[0], (char **)argv);
		_exit(127);
	}
	close(out[1]);
	from = fdopen(out[0], "r");
	if (!fgets(line, sizeof(line), from) || strcmp(line, "ready\n"))
		errx(1, "matesim: not ready but \"%s\"", line);
	fclose(from);
	return pid;
}

void testbus_end(pid_t pid, int sig)
{
	kill(pid, sig);
	waitpid(pid, NULL, 0);
}

unsigned int testbus_slowness(void)
{
	const char *given = getenv("MATENET_SLOWNESS");

	if (testbus_profile() != PROFILE_SMP)
		return 1;
	return given ? (unsigned int)atoi(given) : 5;
}

long testbus_repetitions(long n)
{
	return n / ((testbus_slowness() + 4) / 5);
}

/* On a busy bus a byte may be XOFF: TIOCSETD would wait for an echo that is never sent. */
static void without_xoff(int tty)
{
	struct termios termios;

	if (tcgetattr(tty, &termios))
		return;
	termios.c_iflag &= ~IXON;
	if (tcsetattr(tty, TCSANOW, &termios))
		err(1, "IXON");
}

int testbus_attach_plain(const char *tty)
{
	int ldisc = TESTBUS_LDISC, fd, ret;

	fd = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", tty);
	without_xoff(fd);
	if (ioctl(fd, TIOCSETD, &ldisc)) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

int testbus_open_of(const char *tty, int flags)
{
	char path[64], name[32] = "";
	int n, fd;
	FILE *from;

	for (n = 0; n < 64; n++) {
		snprintf(path, sizeof(path), "/sys/class/matenet/matenet%d/tty", n);
		from = fopen(path, "re");
		if (!from)
			continue;
		if (fscanf(from, "%31s", name) != 1)
			name[0] = 0;
		fclose(from);
		if (strcmp(name, strrchr(tty, '/') + 1))
			continue;
		snprintf(path, sizeof(path), "/dev/matenet%d", n);
		fd = open(path, flags | O_CLOEXEC);
		if (fd < 0)
			err(1, "%s", path);
		return fd;
	}
	errx(1, "%s: no bus of it", tty);
}

void testbus_stretch(int fd)
{
	struct matenet_config config = testbus_config(fd);

	config.reply_timeout_us *= testbus_slowness();
	config.gap_us *= testbus_slowness();
	config.late_us *= testbus_slowness();
	if (testbus_set_config(fd, config))
		err(1, "S_CONFIG");
}

int testbus_attach(const char *tty)
{
	int tty_fd = testbus_attach_plain(tty), fd;

	if (tty_fd < 0 || testbus_slowness() == 1)
		return tty_fd;
	fd = testbus_open_of(tty, O_RDONLY);
	testbus_stretch(fd);
	close(fd);
	return tty_fd;
}

void testbus_detach(int tty_fd)
{
	int ldisc = 0;

	if (ioctl(tty_fd, TIOCSETD, &ldisc))
		err(1, "TIOCSETD N_TTY");
	close(tty_fd);
}

static int tell_uart9(const char *file, int port)
{
	char path[64];
	int fd, ret;

	snprintf(path, sizeof(path), "/sys/bus/platform/drivers/uart9/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = dprintf(fd, "uart9.%d", port) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

int testbus_unplug(int port)
{
	return tell_uart9("unbind", port);
}

int testbus_plug(int port)
{
	return tell_uart9("bind", port);
}

int testbus_open(int flags)
{
	int fd = open(TESTBUS_NODE, flags | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", TESTBUS_NODE);
	return fd;
}

struct matenet_config testbus_config(int fd)
{
	struct matenet_config config;

	if (ioctl(fd, MATENET_IOC_G_CONFIG, &config))
		err(1, "G_CONFIG");
	return config;
}

int testbus_set_config(int fd, struct matenet_config config)
{
	return ioctl(fd, MATENET_IOC_S_CONFIG, &config) ? -errno : 0;
}

int testbus_set_role(int fd, unsigned int role)
{
	struct matenet_config config = testbus_config(fd);

	config.role = role;
	return testbus_set_config(fd, config);
}

void testbus_allow_writes(int fd)
{
	struct matenet_config config = testbus_config(fd);

	config.flags |= MATENET_CFG_WRITABLE;
	if (testbus_set_config(fd, config))
		err(1, "S_CONFIG");
}

struct matenet_xfer testbus_request(uint8_t port, uint8_t cmd, uint16_t addr, uint16_t param)
{
	return (struct matenet_xfer){
		.tx_len = COMMAND_BYTES,
		.tx = { port, cmd, addr >> 8, addr, param >> 8, param },
	};
}

int testbus_submit(int fd, struct matenet_xfer *x)
{
	return ioctl(fd, MATENET_IOC_SUBMIT, x) ? -errno : 0;
}

int testbus_cancel(int fd, uint32_t sequence)
{
	return ioctl(fd, MATENET_IOC_CANCEL, &sequence) ? -errno : 0;
}

int testbus_xfer(int fd, struct matenet_xfer *x)
{
	return ioctl(fd, MATENET_IOC_XFER, x) ? -errno : 0;
}

/* The right status, and nothing doubtful about it. */
static int ask(int fd, struct matenet_xfer *x, unsigned int len)
{
	int ret = testbus_xfer(fd, x);

	if (ret || x->status != (MATENET_ST_OK | MATENET_ST_TX_DONE) || x->rx_len != len) {
		fprintf(stderr, "# %02x %02x %02x%02x %02x%02x: error %d status %#x, %u bytes\n",
			x->tx[0], x->tx[1], x->tx[2], x->tx[3], x->tx[4], x->tx[5],
			ret, x->status, x->rx_len);
		return 0;
	}
	return 1;
}

int testbus_read_right(int fd, uint8_t port, uint16_t addr)
{
	struct matenet_xfer x = testbus_request(port, MATENET_CMD_READ, addr, 0);

	return ask(fd, &x, 3) && (x.rx[1] << 8 | x.rx[2]) == matesim_pattern(port, addr);
}

int testbus_status_right(int fd, uint8_t port, uint16_t page)
{
	struct matenet_xfer x = testbus_request(port, MATENET_CMD_STATUS, page, 0);
	unsigned int i;

	if (!ask(fd, &x, 14))
		return 0;
	for (i = 0; i < 13; i++)
		if (x.rx[i + 1] != matesim_pattern_status(port, page, i))
			return 0;
	return 1;
}

int testbus_log_right(int fd, uint8_t port, uint16_t day)
{
	struct matenet_xfer x = testbus_request(port, MATENET_CMD_LOG, 0, day);
	unsigned int i;

	if (!ask(fd, &x, 15))
		return 0;
	for (i = 0; i < 14; i++)
		if (x.rx[i + 1] != matesim_pattern_log(port, day, i))
			return 0;
	return 1;
}

void testbus_attribute(const char *name, char *text, size_t size)
{
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), SYSFS "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", path);
	n = read(fd, text, size - 1);
	if (n < 1)
		err(1, "%s", path);
	close(fd);
	text[n - (text[n - 1] == '\n')] = 0;
}

uint64_t testbus_counter(const char *name)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "statistics/%s", name);
	testbus_attribute(path, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

void sleep_us(int64_t us)
{
	struct timespec ts = { us / 1000000, us % 1000000 * 1000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}
