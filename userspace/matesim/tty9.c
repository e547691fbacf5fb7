// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A tty as a nine-bit line, by termios alone.
 *
 * The parity setting is changed only while the transmitter is empty.  It is
 * never waited for by polling or by tcdrain(), which sleeps in jiffies: the
 * end of a byte is known, so sleep until then and ask the UART afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/serial.h>
#include <unistd.h>

#include "clock.h"
#include "tty9.h"

#ifndef CMSPAR
#define CMSPAR 010000000000
#endif
#ifndef TIOCSER_TEMT
#define TIOCSER_TEMT 0x01
#endif

/* After the computed end of a byte: clock error of the UART, interrupt. */
#define GUARD_NS	(25 * NSEC_PER_USEC)
/* The same for a driver that cannot tell whether it is empty. */
#define BLIND_GUARD_NS	(4 * NSEC_PER_MSEC)
/* Asking again when the UART was not empty yet. */
#define RECHECK_NS	(50 * NSEC_PER_USEC)
#define EMPTY_TIMEOUT_NS (100 * NSEC_PER_MSEC)
#define WRITE_TIMEOUT_MS 1000

static const tcflag_t parity_flags[] = {
	[NINTH_SPACE]	= PARENB | CMSPAR,
	[NINTH_MARK]	= PARENB | CMSPAR | PARODD,
	[NINTH_EVEN]	= PARENB,
	[NINTH_ODD]	= PARENB | PARODD,
};

static int complain(const struct tty9 *tty, const char *what)
{
	fprintf(stderr, "matesim: %s: %s: %s\n", tty->path, what,
		strerror(errno));
	return -1;
}

static int set_parity(struct tty9 *tty, enum ninth_parity parity)
{
	if (tty->parity == parity)
		return 0;
	tty->raw.c_cflag &= ~(PARENB | PARODD | CMSPAR);
	tty->raw.c_cflag |= parity_flags[parity];
	if (tcsetattr(tty->fd, TCSANOW, &tty->raw) < 0)
		return complain(tty, "cannot set the parity");
	tty->parity = parity;
	tty->rx.setting = parity;
	return 0;
}

static void make_raw(struct termios *raw)
{
	cfmakeraw(raw);
	cfsetispeed(raw, B9600);
	cfsetospeed(raw, B9600);
	raw->c_cflag &= ~(CSIZE | CSTOPB | CRTSCTS | PARENB | PARODD | CMSPAR);
	raw->c_cflag |= CS8 | CREAD | CLOCAL;
	raw->c_iflag &= ~(IGNPAR | IGNBRK | IXOFF | IXANY);
	/*
	 * BRKINT with NOFLSH drops a break without a trace.  Without it a
	 * break reads as FF 00 00, like a marked byte 00.
	 */
	raw->c_iflag |= INPCK | PARMRK | BRKINT;
	raw->c_lflag |= NOFLSH;
	raw->c_cc[VMIN] = 1;
	raw->c_cc[VTIME] = 0;
}

/* Whether the tty keeps CMSPAR: some drivers clear it, and say so. */
static int keeps_cmspar(struct tty9 *tty, bool *keeps)
{
	struct termios now;

	if (set_parity(tty, NINTH_SPACE) < 0)
		return -1;
	if (tcgetattr(tty->fd, &now) < 0)
		return complain(tty, "cannot read the settings back");
	*keeps = (now.c_cflag & CMSPAR) && (now.c_cflag & PARENB);
	return 0;
}

static int choose_method(struct tty9 *tty, enum tty9_want want)
{
	bool keeps = false;

	tty->method = NINTH_EVENODD;
	if (want != TTY9_EVENODD) {
		if (keeps_cmspar(tty, &keeps) < 0)
			return -1;
		if (keeps) {
			tty->method = NINTH_STICK;
		} else if (want == TTY9_STICK) {
			fprintf(stderr, "matesim: %s: the tty does not keep mark and space parity (CMSPAR); try --evenodd\n",
				tty->path);
			return -1;
		} else {
			fprintf(stderr, "matesim: %s: the tty clears CMSPAR, using even and odd parity\n",
				tty->path);
		}
	}
	return set_parity(tty, ninth_setting(tty->method, 0));
}

int tty9_open(struct tty9 *tty, const char *path, enum tty9_want want)
{
	unsigned int lsr;

	memset(tty, 0, sizeof(*tty));
	tty->path = path;
	tty->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (tty->fd < 0)
		return complain(tty, "cannot open");
	if (tcgetattr(tty->fd, &tty->saved) < 0) {
		complain(tty, "not a tty");
		goto err_close;
	}
	tty->raw = tty->saved;
	make_raw(&tty->raw);
	tty->parity = NINTH_ODD;	/* anything but what comes next */
	if (choose_method(tty, want) < 0)
		goto err_restore;
	tty->tells_empty = ioctl(tty->fd, TIOCSERGETLSR, &lsr) == 0;
	prompt_begin(&tty->prompt, path);
	tcflush(tty->fd, TCIOFLUSH);
	return 0;

err_restore:
	tcsetattr(tty->fd, TCSANOW, &tty->saved);
err_close:
	close(tty->fd);
	tty->fd = -1;
	return -1;
}

void tty9_close(struct tty9 *tty)
{
	if (tty->fd < 0)
		return;
	/* Let the last reply leave with the parity it was given. */
	clock_sleep_until(tty->sent_at + GUARD_NS);
	tcsetattr(tty->fd, TCSANOW, &tty->saved);
	prompt_end(&tty->prompt);
	close(tty->fd);
	tty->fd = -1;
}

static int wait_empty(struct tty9 *tty)
{
	int64_t until = tty->sent_at;
	unsigned int lsr = 0;

	if (!tty->sent_at)
		return 0;
	if (!tty->tells_empty) {
		clock_sleep_until(until + BLIND_GUARD_NS);
		return 0;
	}
	for (until += GUARD_NS; ; until += RECHECK_NS) {
		clock_sleep_until(until);
		if (ioctl(tty->fd, TIOCSERGETLSR, &lsr) < 0)
			return complain(tty, "cannot ask for the line status");
		if (lsr & TIOCSER_TEMT)
			return 0;
		if (until > tty->sent_at + EMPTY_TIMEOUT_NS) {
			errno = ETIMEDOUT;
			return complain(tty, "the transmitter does not get empty");
		}
	}
}

static int write_all(struct tty9 *tty, const uint8_t *bytes, size_t n)
{
	struct pollfd pfd = { .fd = tty->fd, .events = POLLOUT };
	ssize_t done;

	while (n) {
		done = write(tty->fd, bytes, n);
		if (done > 0) {
			bytes += done;
			n -= done;
			continue;
		}
		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return complain(tty, "cannot write");
		if (poll(&pfd, 1, WRITE_TIMEOUT_MS) == 0) {
			errno = ETIMEDOUT;
			return complain(tty, "the tty takes no bytes");
		}
	}
	return 0;
}

/* The words from @words on that go out under one parity setting. */
static size_t run_length(const struct tty9 *tty, const uint16_t *words,
			 size_t n)
{
	enum ninth_parity first = ninth_setting(tty->method, words[0]);
	size_t i;

	for (i = 1; i < n; i++)
		if (ninth_setting(tty->method, words[i]) != first)
			break;
	return i;
}

static int send_run(struct tty9 *tty, const uint16_t *words, size_t n,
		    int64_t start)
{
	enum ninth_parity setting = ninth_setting(tty->method, words[0]);
	uint8_t bytes[n];
	size_t i;

	for (i = 0; i < n; i++)
		bytes[i] = words[i] & 0xff;
	if (tty->parity != setting) {
		if (wait_empty(tty) < 0 || set_parity(tty, setting) < 0)
			return -1;
	}
	if (start > clock_now())
		clock_sleep_until(start);
	if (write_all(tty, bytes, n) < 0)
		return -1;
	/* What was still on its way goes first. */
	start = clock_now();
	if (start < tty->sent_at)
		start = tty->sent_at;
	tty->sent_at = start + n * TTY9_CHAR_NS;
	return 0;
}

/*
 * The last setting stays: a switch after the last byte could fall into the
 * first byte of the next command.
 */
int tty9_send(struct tty9 *tty, const uint16_t *words, size_t n, int64_t start)
{
	size_t run;

	for (; n; words += run, n -= run, start = 0) {
		run = run_length(tty, words, n);
		if (send_run(tty, words, run, start) < 0)
			return -1;
	}
	return 0;
}

int tty9_receive(struct tty9 *tty, uint16_t *words, size_t max)
{
	uint8_t raw[256];
	ssize_t got, i;
	int n = 0;

	/* One raw byte never makes more than one word. */
	got = read(tty->fd, raw, max < sizeof(raw) ? max : sizeof(raw));
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got == 0) {
		fprintf(stderr, "matesim: %s: the line was hung up\n",
			tty->path);
		return -1;
	}
	if (got < 0)
		return complain(tty, "cannot read");
	for (i = 0; i < got; i++)
		if (ninth_rx(&tty->rx, raw[i], &words[n]))
			n++;
	return n;
}
