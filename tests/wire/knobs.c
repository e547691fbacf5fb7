// SPDX-License-Identifier: GPL-2.0-or-later
/* Every knob does what it says; good and bad text. */

#include "kselftest.h"
#include "wirelib.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <math.h>
#include <sys/ioctl.h>

#ifndef CMSPAR
#define CMSPAR 010000000000
#endif

#define DEFAULTS "flags=byte\ncmspar=yes\ntxempty=yes\nfifo_clear=no\nfifo=16\nppm=0\n" \
		 "latch=start\nirq=yes\nanswer=-1\npresent=2047\nheard=no\n" \
		 "resume=ready\nstart=0\nbridge=no\n"

static int fd[2];
static struct wire_char got[256];

static void open_both(void)
{
	fd[0] = wire_open(0);
	fd[1] = wire_open(1);
	if (fd[0] < 0 || fd[1] < 0)
		ksft_exit_fail_msg("cannot open the ttys\n");
	wire_set_parity(fd[0], WIRE_SPACE);
	wire_set_parity(fd[1], WIRE_SPACE);
}

static int receive(void)
{
	return wire_read(fd[1], &(struct wire_parmrk){ 0 }, got, 256, wire_quiet_ms());
}

/* Port 0 sends @text, marked where @marks has an m; the driver sees all of it at once. */
static int send_held(const char *text, const char *marks)
{
	wire_knobs(1, "irq=no");
	for (; *text; text++, marks++) {
		wire_set_parity(fd[0], *marks == 'm' ? WIRE_MARK : WIRE_SPACE);
		wire_write(fd[0], text, 1);
		wire_drain(fd[0]);
	}
	wire_set_parity(fd[0], WIRE_SPACE);
	wire_knobs(1, "irq=yes");
	return receive();
}

static void check_flags(void)
{
	struct wire_counts a, b;
	int n;

	n = send_held("abcd", ".m..");
	ksft_test_result(wire_chars_are(got, n, "a!bcd"), "flags=byte: the bad byte is bad\n");
	wire_knobs(1, "flags=packet");
	n = send_held("abcd", ".m..");
	ksft_test_result(wire_chars_are(got, n, "!a!b!c!d"),
			 "flags=packet: all of a packet are bad\n");
	n = send_held("abcd", "....");
	ksft_test_result(wire_chars_are(got, n, "abcd"), "flags=packet: but not the next packet\n");
	wire_knobs(1, "flags=never");
	wire_counts(fd[1], &a);
	n = send_held("abcd", ".m..");
	wire_counts(fd[1], &b);
	ksft_test_result(wire_chars_are(got, n, "abcd") && a.parity == b.parity,
			 "flags=never: none is bad\n");
	wire_knobs(1, "flags=next");
	n = send_held("ab", "m.");
	ksft_test_result(wire_chars_are(got, n, "ab"), "flags=next: the bad packet is good\n");
	n = send_held("cd", "..");
	ksft_test_result(wire_chars_are(got, n, "!c!d"), "flags=next: the next packet is bad\n");
	n = send_held("ef", "..");
	ksft_test_result(wire_chars_are(got, n, "ef"), "flags=next: and only that one\n");
	wire_knobs(1, "flags=never");
	/* Not even interrupts early: a bad byte waits for the timeout like a good one. */
	wire_set_parity(fd[0], WIRE_MARK);
	wire_write(fd[0], "x", 1);
	n = receive();
	ksft_test_result(wire_chars_are(got, n, "x"), "flags=never: a bad byte alone arrives\n");
	wire_set_parity(fd[0], WIRE_SPACE);
	wire_knobs(1, "flags=byte");
}

static unsigned int last_bits(void)
{
	struct wire_log log;
	unsigned int bits;

	if (wire_record_read(0, &log) || !log.n)
		ksft_exit_fail_msg("nothing recorded\n");
	bits = log.byte[log.n - 1].bits;
	wire_log_free(&log);
	return bits;
}

/* Set mark parity, read back, send one byte of even weight: what is its ninth bit? */
static void check_cmspar(const char *value, bool readback, bool ninth)
{
	struct termios t;

	wire_knobs(0, "cmspar=%s", value);
	/* From another setting: the kernel skips one that changes nothing. */
	wire_set_parity(fd[0], WIRE_NONE);
	wire_set_parity(fd[0], WIRE_MARK);
	tcgetattr(fd[0], &t);
	wire_write(fd[0], "\x01", 1);
	wire_drain(fd[0]);
	ksft_test_result(!(t.c_cflag & CMSPAR) == !readback && t.c_cflag & PARENB &&
			 last_bits() == (0x001u | (ninth ? 0x100 : 0)),
			 "cmspar=%s: termios %s it, mark parity sends %03x\n", value,
			 t.c_cflag & CMSPAR ? "keeps" : "has lost", last_bits());
	wire_set_parity(fd[0], WIRE_SPACE);
	receive();
}

/* A byte at 300 baud takes 37 ms: long enough to ask meanwhile in any profile. */
static bool empty_while_sending(void)
{
	int lsr, queued;

	wire_set_format(fd[0], B300, CS8, WIRE_SPACE, false);
	wire_write(fd[0], "x", 1);
	do {
		wire_sleep_us(100);
		ioctl(fd[0], TIOCOUTQ, &queued);
	} while (queued);
	ioctl(fd[0], TIOCSERGETLSR, &lsr);
	return lsr & TIOCSER_TEMT;
}

static void check_txempty(void)
{
	ksft_test_result(!empty_while_sending(), "txempty=yes: not empty while a byte is sent\n");
	wire_drain(fd[0]);
	wire_knobs(0, "txempty=no");
	ksft_test_result(empty_while_sending(), "txempty=no: empty all the time\n");
	wire_knobs(0, "txempty=yes");
	wire_drain(fd[0]);
	wire_set_parity(fd[0], WIRE_SPACE);
	wire_discard(fd[1], wire_quiet_ms());
}

/* Change the parity while the first data bits go out. */
static void check_latch(const char *value, unsigned int bits)
{
	wire_knobs(0, "latch=%s", value);
	wire_record_clear(0);
	wire_set_format(fd[0], B300, CS8, WIRE_MARK, false);
	wire_write(fd[0], "\x55", 1);
	wire_sleep_us(5000);
	wire_set_format(fd[0], B300, CS8, WIRE_SPACE, false);
	wire_drain(fd[0]);
	ksft_test_result(last_bits() == bits, "latch=%s: switched too early sends %03x\n", value,
			 last_bits());
	wire_knobs(0, "latch=start");
	wire_set_parity(fd[0], WIRE_SPACE);
	wire_discard(fd[1], wire_quiet_ms());
}

/* The same at the receiver: which parity does it check? */
static void check_latch_receiver(const char *value, const char *chars)
{
	int i, n;

	wire_knobs(1, "latch=%s", value);
	for (i = 0; i < 2; i++)
		wire_set_format(fd[i], B300, CS8, WIRE_SPACE, false);
	wire_write(fd[0], "U", 1);
	wire_sleep_us(10000);
	wire_set_format(fd[1], B300, CS8, WIRE_MARK, false);
	wire_drain(fd[0]);
	n = wire_read(fd[1], &(struct wire_parmrk){ 0 }, got, 1, 500);
	ksft_test_result(wire_chars_are(got, n, chars), "latch=%s at the receiver\n", value);
	wire_knobs(1, "latch=start");
	for (i = 0; i < 2; i++)
		wire_set_parity(fd[i], WIRE_SPACE);
	wire_discard(fd[1], wire_quiet_ms());
}

static void check_fifo_clear(const char *value, const char *chars)
{
	int n;

	wire_knobs(1, "fifo_clear=%s irq=no", value);
	wire_write(fd[0], "abc", 3);
	wire_drain(fd[0]);
	wire_set_parity(fd[1], WIRE_EVEN);
	wire_set_parity(fd[1], WIRE_SPACE);
	wire_knobs(1, "irq=yes");
	n = receive();
	ksft_test_result(wire_chars_are(got, n, chars),
			 "fifo_clear=%s: set_termios leaves %d of 3 bytes\n", value, n);
	wire_knobs(1, "fifo_clear=no");
}

static void check_ppm(int ppm)
{
	struct wire_log log;
	double ratio;

	wire_knobs(0, "ppm=%d", ppm);
	wire_record_clear(0);
	wire_write(fd[0], "0123456789", 10);
	wire_drain(fd[0]);
	wire_record_read(0, &log);
	ratio = log.n == 10 ? 10 * WIRE_BYTE_NS / (log.byte[9].end - log.byte[0].start) : 0;
	wire_log_free(&log);
	ksft_test_result(fabs(ratio - (1 + ppm / 1e6)) < 1e-6, "ppm=%d: %.6f times as fast\n", ppm,
			 ratio);
	wire_knobs(0, "ppm=0");
	receive();
}

static void check_start(unsigned int us)
{
	struct wire_log log;
	uint64_t before, late = 0;

	wire_knobs(0, "start=%u", us);
	wire_record_clear(0);
	before = wire_now();
	wire_write(fd[0], "ab", 2);
	wire_drain(fd[0]);
	if (wire_record_read(0, &log))
		ksft_exit_fail_msg("cannot read the recorder\n");
	if (log.n == 2)
		late = log.byte[0].start - before;
	ksft_test_result(late >= us * 1000 && (!wire_exact_time() || late < us * 1000 + 100000) &&
			 log.byte[1].start == log.byte[0].end,
			 "start=%u: begins %llu us after the write, goes on at once\n", us,
			 (unsigned long long)late / 1000);
	wire_log_free(&log);
	wire_knobs(0, "start=0");
	receive();
}

/* The port hears itself, and so does the other one; what that one says is heard by nobody. */
static void check_bridge(void)
{
	int n, other;

	wire_knobs(0, "bridge=yes");
	wire_write(fd[0], "abc", 3);
	wire_write(fd[1], "xyz", 3);
	wire_drain(fd[0]);
	n = wire_read(fd[0], &(struct wire_parmrk){ 0 }, got, 256, wire_quiet_ms());
	other = wire_chars_are(got, n, "abc");
	n = receive();
	ksft_test_result(other && wire_chars_are(got, n, "abc"), "bridge=yes: hears itself\n");
	wire_knobs(0, "bridge=no");
	wire_write(fd[0], "abc", 3);
	wire_drain(fd[0]);
	n = wire_read(fd[0], &(struct wire_parmrk){ 0 }, got, 256, wire_quiet_ms());
	ksft_test_result(!n, "bridge=no: does not\n");
	receive();
}

/* Not even plain parity is kept. */
static void check_no_parity(void)
{
	struct termios t;

	wire_knobs(0, "cmspar=none");
	wire_set_parity(fd[0], WIRE_NONE);
	wire_set_parity(fd[0], WIRE_ODD);
	tcgetattr(fd[0], &t);
	ksft_test_result(!(t.c_cflag & (PARENB | PARODD | CMSPAR)), "cmspar=none: no parity at all\n");
	wire_knobs(0, "cmspar=yes");
	wire_set_parity(fd[0], WIRE_SPACE);
}

static int trigger(char *text, size_t size)
{
	int f = open("/sys/class/tty/ttyW1/rx_trig_bytes", O_RDONLY), ret = -errno;

	if (f < 0)
		return ret;
	ret = read(f, text, size - 1);
	if (ret < 0)
		ret = -errno;
	text[ret < 0 ? 0 : ret] = 0;
	close(f);
	return ret;
}

/* Of 80 bytes that come while nobody reads: how many are kept, and which? */
static void check_depth(int depth, int type, const char *level)
{
	struct serial_struct info;
	uint8_t data[80];
	char text[16];
	int i, n, wrong = 0, ret;

	ret = wire_knobs(0, "fifo=%d", depth) | wire_knobs(1, "fifo=%d", depth);
	open_both();
	ioctl(fd[1], TIOCGSERIAL, &info);
	trigger(text, sizeof(text));
	ksft_test_result(!ret && info.type == type && !strcmp(text, level),
			 "fifo=%d: type %d, trigger %.*s\n", depth, info.type,
			 *text ? (int)strcspn(text, "\n") : 4,
			 *text ? text : "none");

	wire_knobs(1, "irq=no");
	for (i = 0; i < 80; i++)
		data[i] = i;
	wire_write(fd[0], data, sizeof(data));
	wire_drain(fd[0]);
	wire_knobs(1, "irq=yes");
	n = receive();
	/* A FIFO keeps what came first, a single register what came last. */
	for (i = 0; i < n; i++)
		wrong += got[i].byte != (depth == 1 ? 79 : i);
	ksft_test_result(n == depth && !wrong, "fifo=%d: %d bytes are kept\n", depth, n);
	ksft_test_result(wire_knobs(1, "fifo=%d", depth == 16 ? 1 : 16) == -EBUSY,
			 "fifo=%d: cannot be changed while open\n", depth);
	close(fd[0]);
	close(fd[1]);
}

static void check_text(void)
{
	static const char * const bad[] = {
		"flags", "flags=", "flags=Byte", "nonsense=1", "=1", "fifo=2", "fifo=0", "fifo=x",
		"fifo=128", "ppm=100001", "ppm=-100001", "ppm=1.5", "cmspar=no", "latch=stop",
		"txempty=1", "heard=1", "present=2048", "present=-1", "start=-1",
		"bridge=1", "ppm=5 flags=bad", "flags=packet irq",
	};
	char text[512];
	size_t i, accepted = 0;

	wire_knobs_read(0, text, sizeof(text));
	ksft_test_result(!strcmp(text, DEFAULTS), "the defaults are those of a good 16550A\n");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		int ret = wire_knobs(0, "%s\n", bad[i]);

		if (ret == -EINVAL)
			continue;
		ksft_print_msg("'%s' gave %d\n", bad[i], ret);
		accepted++;
	}
	wire_knobs_read(0, text, sizeof(text));
	ksft_test_result(!accepted && !strcmp(text, DEFAULTS), "%zu bad texts change nothing\n", i);
	wire_knobs(0, "flags=never\ncmspar=cleared txempty=no\nppm=-77 latch=parity "
		   "fifo_clear=yes irq=no");
	wire_knobs_read(0, text, sizeof(text));
	ksft_test_result(!strcmp(text, "flags=never\ncmspar=cleared\ntxempty=no\n"
				 "fifo_clear=yes\nfifo=16\nppm=-77\nlatch=parity\nirq=no\nanswer=-1\n"
				 "present=2047\nheard=no\nresume=ready\nstart=0\nbridge=no\n"),
			 "reads back what was set\n");
	ksft_test_result(!wire_knobs(0, DEFAULTS), "what was read can be written\n");
}

/* Ask with @command, and read what the recorder has of it. */
static void ask(const char *command, struct wire_log *log)
{
	uint8_t data[8];
	int i, sum = 0;

	for (i = 0; i < 6; i++)
		sum += data[i] = command[i];
	data[6] = sum >> 8;
	data[7] = sum;
	wire_record_clear(0);
	wire_set_parity(fd[0], WIRE_MARK);
	wire_write(fd[0], data, 1);
	wire_drain(fd[0]);
	wire_set_parity(fd[0], WIRE_SPACE);
	wire_write(fd[0], data + 1, 7);
	wire_discard(fd[0], 10 * wire_quiet_ms());
	if (wire_record_read(0, log))
		ksft_exit_fail_msg("cannot read the recorder\n");
}

/* The port is a device: a reply of 5, 16 or 17 bytes, when it was asked for. */
static void check_answer(const char *command, unsigned int us, size_t bytes)
{
	struct wire_log log;
	size_t i, wrong = 0;

	wire_knobs(1, "answer=%u", us);
	ask(command, &log);
	for (i = 8; i < log.n; i++)
		wrong += log.byte[i].port != 1 || log.byte[i].bits >> 8 != (i == 8) ||
			 llabs((long long)(log.byte[i].start - log.byte[i - 1].end) -
			       (i == 8 ? us * 1000LL : 0)) > 1;
	ksft_test_result(log.n == 8 + bytes && !wrong, "answer=%u: %zu bytes, %zu wrong\n", us,
			 log.n - 8, wrong);
	wire_log_free(&log);
}

/* Its bytes can be disturbed as those of a chip, and it is not there if one does not want it. */
static void check_answer_rules(void)
{
	struct wire_log log;

	wire_knobs(1, "answer=0");
	wire_inject(0, "1 drop 2\n1 flip-mark 1\n1 delay 5 3000\n1 insert 3 0aa");
	ask("\1\2\0\1\0\0", &log);
	ksft_test_result(log.n == 13 && !strcmp(log.byte[8].flags, "im") &&
			 log.byte[8].bits == 0x002 && log.byte[9].bits == 0x0aa &&
			 !strcmp(log.byte[12].flags, "di") &&
			 log.byte[12].start - log.byte[11].end == 3000000,
			 "answer: rules are for its bytes, too\n");
	wire_log_free(&log);
	wire_knobs(1, "present=%u", 0x7ff & ~(1 << 1));
	ask("\1\2\0\1\0\0", &log);
	ksft_test_result(log.n == 8, "present: nobody at port 1\n");
	wire_log_free(&log);
	ask("\2\2\0\1\0\0", &log);
	ksft_test_result(log.n == 13, "present: but somebody at port 2\n");
	wire_log_free(&log);
	wire_knobs(1, "present=2047");
}

/* What each end has heard stands beside what was sent, where it is asked for. */
static void check_heard(void)
{
	unsigned int heard[2] = { 0 }, wrong = 0, late = 0;
	struct wire_log log;
	size_t i, sent = 0;

	wire_knobs(0, "heard=yes");
	wire_knobs(1, "heard=yes");
	wire_inject(0, "0 frame-error 3");
	ask("\3\2\0\1\0\0", &log);
	for (i = 0; i < log.n; i++) {
		const struct wire_byte *b = &log.byte[i];

		if (!strchr(b->flags, 'h')) {
			sent++;
			/* Heard half a bit before its end, so that comes first. */
			late += !i || log.byte[i - 1].bits != b->bits ||
				llabs((long long)(b->end - log.byte[i - 1].end) - 52083) > 1;
			continue;
		}
		wrong += !!strchr(b->flags, 'e') != (b->port == 1 && heard[1] == 2);
		heard[b->port]++;
	}
	ksft_test_result(sent == 13 && heard[1] == 8 && heard[0] == 5 && !wrong,
			 "heard: %u bytes at one end, %u at the other\n", heard[1], heard[0]);
	ksft_test_result(!late || !wire_exact_time(),
			 "heard: in the middle of the stop bit, %u not\n", late);
	wire_log_free(&log);
	wire_knobs(0, "heard=no");
	wire_knobs(1, "heard=no");
	ask("\3\2\0\1\0\0", &log);
	ksft_test_result(log.n == 13, "heard=no: %zu records\n", log.n);
	wire_log_free(&log);
}

int main(void)
{
	ksft_print_header();
	ksft_set_plan(4 + 9 + 8 + 3 + 2 + 2 + 2 + 2 + 2 + 4 + 3 + 3 + 4);
	if (wire_load(1))
		ksft_exit_fail_msg("no wire\n");
	check_text();
	check_depth(1, PORT_16450, "");
	check_depth(64, PORT_16750, "32\n");
	check_depth(16, PORT_16550A, "8\n");
	open_both();
	check_flags();
	check_cmspar("cleared", false, false);
	check_cmspar("ignored", true, false);
	check_cmspar("yes", true, true);
	check_txempty();
	check_latch("start", 0x155);
	check_latch("parity", 0x055);
	check_latch_receiver("start", "U");
	check_latch_receiver("parity", "!U");
	check_fifo_clear("yes", "");
	check_fifo_clear("no", "abc");
	check_ppm(12345);
	check_ppm(-20000);
	check_start(700);
	check_bridge();
	check_no_parity();
	wire_knobs(0, "ppm=0");
	wire_knobs(1, "ppm=0");
	close(fd[1]);
	check_answer("\1\2\0\1\0\0", 0, 5);
	check_answer("\2\4\0\1\0\0", 500, 16);
	check_answer("\012\26\0\0\0\3", 11000, 17);
	check_answer("\013\2\0\1\0\0", 0, 0);
	check_answer_rules();
	check_heard();
	ksft_finished();
}
