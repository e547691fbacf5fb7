// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulated wire as seen from a test. */

#define _GNU_SOURCE
#include "wirelib.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/serial.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef CMSPAR
#define CMSPAR 010000000000
#endif

#define WIRE_MODULE	"/lib/matenet/uart9.ko"
#define WIRE_DEBUGFS	"/sys/kernel/debug/uart9"
#define WIRE_FIFO	16
#define WIRE_DRAIN_US	500	/* between looks at the shift register */
#define WIRE_UNLOAD_MS	1000
#define WIRE_NODES_MS	5000	/* devtmpfs makes them from another thread */

uint64_t wire_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

void wire_sleep_until(uint64_t ns)
{
	struct timespec t = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

void wire_sleep_us(unsigned int us)
{
	wire_sleep_until(wire_now() + us * 1000ULL);
}

bool wire_exact_time(void)
{
	const char *profile = getenv("MATENET_PROFILE");

	return profile && strcmp(profile, "smp");
}

int wire_quiet_ms(void)
{
	return wire_exact_time() ? 10 : 50;
}

/* ---- the module ---- */

int wire_load_with(const char *parameters)
{
	int fd = open(WIRE_MODULE, O_RDONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, parameters, 0))
		ret = -errno;
	close(fd);
	return ret;
}

static int wire_load_ports(const char *parameters, unsigned int ports)
{
	char text[32];
	struct stat st;
	int ret, ms;

	ret = wire_load_with(parameters);
	if (ret)
		return ret;
	snprintf(text, sizeof(text), "/dev/ttyW%u", ports - 1);
	for (ms = 0; stat(text, &st); ms++) {
		if (ms == WIRE_NODES_MS)
			return -errno;
		wire_sleep_us(1000);
	}
	return 0;
}

int wire_load(unsigned int pairs)
{
	char text[32];

	snprintf(text, sizeof(text), "pairs=%u", pairs);
	return wire_load_ports(text, 2 * pairs);
}

int wire_load_listeners(unsigned int pairs)
{
	char text[32];

	snprintf(text, sizeof(text), "pairs=%u listeners=1", pairs);
	return wire_load_ports(text, 4 * pairs);
}

/* The kernel lets go of a closed tty some time later, from a work item. */
int wire_unload(void)
{
	int ms;

	for (ms = 0; syscall(SYS_delete_module, "uart9", O_NONBLOCK); ms++) {
		if (ms == WIRE_UNLOAD_MS || (errno != EWOULDBLOCK && errno != EBUSY))
			return -errno;
		wire_sleep_us(1000);
	}
	return 0;
}

/* ---- debugfs ---- */

static int wire_open_file(const char *kind, unsigned int nr, const char *name, int mode)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), WIRE_DEBUGFS "/%s%u/%s", kind, nr, name);
	fd = open(path, mode | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int wire_put(const char *kind, unsigned int nr, const char *name, const char *text)
{
	size_t n = strlen(text);
	int fd = wire_open_file(kind, nr, name, O_WRONLY);
	int ret = 0;
	ssize_t done;

	if (fd < 0)
		return fd;
	done = write(fd, text, n);
	if (done < 0)
		ret = -errno;
	else if ((size_t)done != n)
		ret = -EIO;
	close(fd);
	return ret;
}

static int wire_vput(const char *kind, unsigned int nr, const char *name, const char *format,
		     va_list args)
{
	char *text;
	int ret;

	if (vasprintf(&text, format, args) < 0)
		return -ENOMEM;
	ret = wire_put(kind, nr, name, text);
	free(text);
	return ret;
}

int wire_inject(unsigned int pair, const char *format, ...)
{
	va_list args;
	int ret;

	va_start(args, format);
	ret = wire_vput("pair", pair, "inject", format, args);
	va_end(args);
	return ret;
}

int wire_knobs(unsigned int port, const char *format, ...)
{
	va_list args;
	int ret;

	va_start(args, format);
	ret = wire_vput("port", port, "knobs", format, args);
	va_end(args);
	return ret;
}

static int wire_get(const char *kind, unsigned int nr, const char *name, char *text, size_t size)
{
	int fd = wire_open_file(kind, nr, name, O_RDONLY);
	size_t used = 0;
	ssize_t n;

	text[0] = 0;
	if (fd < 0)
		return fd;
	while (used + 1 < size && (n = read(fd, text + used, size - 1 - used)) != 0) {
		if (n < 0) {
			n = -errno;
			close(fd);
			return n;
		}
		used += n;
	}
	text[used] = 0;
	close(fd);
	return used;
}

int wire_inject_read(unsigned int pair, char *text, size_t size)
{
	return wire_get("pair", pair, "inject", text, size);
}

int wire_knobs_read(unsigned int port, char *text, size_t size)
{
	return wire_get("port", port, "knobs", text, size);
}

/* ---- recorder ---- */

int wire_record_clear(unsigned int pair)
{
	return wire_put("pair", pair, "record", "clear\n");
}

static int wire_log_add(struct wire_log *log, size_t *room, const char *line)
{
	struct wire_byte *b;
	size_t flags;
	char *at;

	if (log->n == *room) {
		*room = *room ? 2 * *room : 1024;
		b = realloc(log->byte, *room * sizeof(*b));
		if (!b)
			return -ENOMEM;
		log->byte = b;
	}
	b = &log->byte[log->n];
	/* sscanf() takes three times as long, and there may be millions of them. */
	b->port = strtoul(line, &at, 10);
	b->start = strtoull(at, &at, 10);
	b->end = strtoull(at, &at, 10);
	b->bits = strtoul(at, &at, 16);
	flags = strcspn(at + (*at == ' '), " \n");
	if (*at != ' ' || !flags || flags >= sizeof(b->flags))
		return -EBADMSG;
	memcpy(b->flags, at + 1, flags);
	b->flags[flags] = 0;
	log->n++;
	return 0;
}

int wire_record_read(unsigned int pair, struct wire_log *log)
{
	int fd = wire_open_file("pair", pair, "record", O_RDONLY);
	size_t room = 0, size = 0;
	char *line = NULL;
	FILE *file;
	int ret = 0;

	*log = (struct wire_log){ 0 };
	if (fd < 0)
		return fd;
	file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	errno = 0;
	while (!ret && getline(&line, &size, file) >= 0)
		ret = wire_log_add(log, &room, line);
	if (!ret && ferror(file))
		ret = -errno;
	free(line);
	fclose(file);
	return ret;
}

void wire_log_free(struct wire_log *log)
{
	free(log->byte);
	*log = (struct wire_log){ 0 };
}

/* ---- tty ---- */

static const struct {
	const char *name;
	tcflag_t cflag;
} parities[] = {
	[WIRE_NONE]	= { "none", 0 },
	[WIRE_EVEN]	= { "even", PARENB },
	[WIRE_ODD]	= { "odd", PARENB | PARODD },
	[WIRE_MARK]	= { "mark", PARENB | PARODD | CMSPAR },
	[WIRE_SPACE]	= { "space", PARENB | CMSPAR },
};

const char *wire_parity_name(enum wire_parity parity)
{
	return parities[parity].name;
}

bool wire_parity_bit(enum wire_parity parity, uint8_t byte)
{
	switch (parity) {
	case WIRE_EVEN:
		return __builtin_parity(byte);
	case WIRE_ODD:
		return !__builtin_parity(byte);
	case WIRE_SPACE:
		return false;
	default:
		return true;	/* without parity the stop bit comes in its place */
	}
}

int wire_set_format(int fd, speed_t speed, tcflag_t size, enum wire_parity parity,
		    bool two_stop_bits)
{
	const tcflag_t mask = CSIZE | CSTOPB | PARENB | PARODD | CMSPAR;
	struct termios t;

	if (tcgetattr(fd, &t))
		return -errno;
	t.c_cflag = (t.c_cflag & ~mask) | size | parities[parity].cflag |
		    (two_stop_bits ? CSTOPB : 0);
	cfsetspeed(&t, speed);
	return tcsetattr(fd, TCSANOW, &t) ? -errno : 0;
}

int wire_set_parity(int fd, enum wire_parity parity)
{
	return wire_set_format(fd, B9600, CS8, parity, false);
}

int wire_open(unsigned int port)
{
	struct termios t;
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/ttyW%u", port);
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (tcgetattr(fd, &t)) {
		close(fd);
		return -ENOTTY;
	}
	cfmakeraw(&t);
	t.c_iflag |= INPCK | PARMRK;
	t.c_iflag &= ~(IGNPAR | IGNBRK | BRKINT);
	t.c_cflag |= CREAD | CLOCAL;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	cfsetspeed(&t, B9600);
	if (tcsetattr(fd, TCSANOW, &t) || tcflush(fd, TCIOFLUSH)) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	return fd;
}

int wire_begin(int fd[2])
{
	int ret = wire_load(1);

	if (ret)
		return ret;
	fd[0] = wire_open(0);
	fd[1] = wire_open(1);
	return fd[0] < 0 ? fd[0] : fd[1] < 0 ? fd[1] : 0;
}

int wire_write(int fd, const void *data, size_t n)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	const uint8_t *byte = data;
	ssize_t done;

	while (n) {
		done = write(fd, byte, n);
		if (done < 0 && errno == EAGAIN) {
			poll(&p, 1, -1);
			continue;
		}
		if (done < 0)
			return -errno;
		byte += done;
		n -= done;
	}
	return 0;
}

int wire_drain(int fd)
{
	int queued, lsr;

	for (;;) {
		if (ioctl(fd, TIOCOUTQ, &queued) || ioctl(fd, TIOCSERGETLSR, &lsr))
			return -errno;
		if (!queued && lsr & TIOCSER_TEMT)
			return 0;
		wire_sleep_us(WIRE_DRAIN_US);
	}
}

/* PARMRK: FF 00 x is a bad x, FF FF is FF, anything else is itself. */
size_t wire_parmrk_decode(struct wire_parmrk *state, const uint8_t *raw, size_t n,
			  struct wire_char *chars)
{
	enum { PLAIN, AFTER_FF, AFTER_FF_00 };
	size_t i, done = 0;

	for (i = 0; i < n; i++) {
		switch (state->state) {
		case PLAIN:
			if (raw[i] == 0xff)
				state->state = AFTER_FF;
			else
				chars[done++] = (struct wire_char){ raw[i], false };
			break;
		case AFTER_FF:
			state->state = raw[i] ? PLAIN : AFTER_FF_00;
			if (raw[i])
				chars[done++] = (struct wire_char){ raw[i], false };
			break;
		default:
			state->state = PLAIN;
			chars[done++] = (struct wire_char){ raw[i], true };
			break;
		}
	}
	return done;
}

int wire_read(int fd, struct wire_parmrk *state, struct wire_char *chars, size_t n,
	      int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t raw[4096];
	size_t done = 0, want;
	ssize_t got;

	while (done < n) {
		/* Every character is at least one raw byte: never more than fit. */
		want = n - done < sizeof(raw) ? n - done : sizeof(raw);
		got = read(fd, raw, want);
		if (got < 0 && errno != EAGAIN)
			return -errno;
		if (got > 0) {
			done += wire_parmrk_decode(state, raw, got, chars + done);
			continue;
		}
		if (poll(&p, 1, timeout_ms) <= 0)
			break;
	}
	return done;
}

int wire_exchange(int from, int to, const void *data, size_t n, struct wire_char *chars,
		  size_t room)
{
	struct wire_parmrk state = { 0 };
	const uint8_t *byte = data;
	size_t chunk, done = 0;
	int ret;

	while (n) {
		chunk = n < WIRE_FIFO ? n : WIRE_FIFO;
		ret = wire_write(from, byte, chunk);
		if (!ret)
			ret = wire_drain(from);
		if (!ret)
			ret = wire_read(to, &state, chars + done, room - done,
					chunk == n ? wire_quiet_ms() : 1);
		if (ret < 0)
			return ret;
		done += ret;
		byte += chunk;
		n -= chunk;
	}
	return done;
}

bool wire_chars_are(const struct wire_char *chars, int n, const char *text)
{
	int i;

	for (i = 0; *text; i++, text++) {
		bool bad = *text == '!';

		text += bad;
		if (i >= n || chars[i].byte != (uint8_t)*text || chars[i].bad != bad)
			return false;
	}
	return i == n;
}

int wire_counts(int fd, struct wire_counts *counts)
{
	struct serial_icounter_struct c;

	if (ioctl(fd, TIOCGICOUNT, &c))
		return -errno;
	*counts = (struct wire_counts){
		.parity = c.parity, .frame = c.frame, .overrun = c.overrun, .brk = c.brk,
		.cts = c.cts, .dsr = c.dsr, .dcd = c.dcd,
	};
	return 0;
}

void wire_discard(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t raw[256];

	while (read(fd, raw, sizeof(raw)) > 0 || poll(&p, 1, ms) > 0)
		;
}
