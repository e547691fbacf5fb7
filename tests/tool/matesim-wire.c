// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * matesim on the simulated wire, asked by plain termios and judged by the
 * recorder.  All is done twice: with matesim on the tty itself, when nothing of
 * the driver takes part, and on a bus of the driver in the device role.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/matenet.h>
#include <linux/serial.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "pattern.h"
#include "wirelib.h"

#ifndef CMSPAR
#define CMSPAR 010000000000
#endif

#define CLIENT		0		/* ttyW0 */
#define DEVICE		1		/* ttyW1, matesim's */
#define DEVICE_TTY	"/dev/ttyW1"
#define DEVICE_NODE	"/dev/matenet0"
#define LDISC		29
#define NINTH		0x100
#define MAX_REPLY	24
#define REPLY_MS	1000	/* what silence costs, in virtual time */
/* A UART has a byte in the middle of the stop bit, half a bit before its end. */
#define HALF_BIT_US	53

enum { READ = 0x02, WRITE = 0x03, STATUS = 0x04, LOG = 0x16 };

/* Microseconds that software may add. */
#define GAP_US		200		/* between byte 0 and byte 1 of a reply */
#define FIRST_GAP_US	2200		/* the same while the driver does not know the UART */
#define LATE_US		500		/* to the turnaround */

struct question {
	uint8_t port, cmd;
	uint16_t addr, param;
};

struct words {
	uint16_t word[MAX_REPLY];
	int n;
};

/* How matesim comes to its line. */
enum backend { ON_TTY, ON_BUS };
static enum backend backend;

static int client = -1;
static bool evenodd;
static enum wire_parity parity_now = WIRE_NONE;
static struct wire_parmrk parmrk;

static void die(const char *what)
{
	ksft_exit_fail_msg("%s: %s\n", what, strerror(errno));
}

/* The two CPUs of the smp profile run on the host's time: they prove no timing. */
static bool timed(void)
{
	const char *profile = getenv("MATENET_PROFILE");

	return !profile || strcmp(profile, "smp");
}

#define timing_result(ok, ...) do { \
	if (timed()) \
		ksft_test_result(ok, __VA_ARGS__); \
	else \
		ksft_test_result_skip(__VA_ARGS__); \
} while (0)

/* --- the bus that matesim is on ------------------------------------------ */

static const char *device(void)
{
	return backend == ON_BUS ? DEVICE_NODE : DEVICE_TTY;
}

static int bus_tty = -1;

static void attach(void)
{
	int ldisc = LDISC;

	bus_tty = open(DEVICE_TTY, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (bus_tty < 0 || ioctl(bus_tty, TIOCSETD, &ldisc))
		die("attach " DEVICE_TTY);
	backend = ON_BUS;
}

static void detach(void)
{
	int ldisc = 0;

	if (ioctl(bus_tty, TIOCSETD, &ldisc))
		die("detach " DEVICE_TTY);
	close(bus_tty);
	backend = ON_TTY;
}

/* --- matesim ------------------------------------------------------------- */

/* Its output; after "ready" it may have more to say. */
static FILE *sim_says;

/* Returns when it says "ready", which is then @why, or when it has ended. */
static pid_t sim_start(const char *options, char *why, size_t size)
{
	char command[256];
	int out[2];
	pid_t pid;

	snprintf(command, sizeof(command), "exec matesim %s 2>&1", options);
	if (pipe2(out, O_CLOEXEC))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		dup2(out[1], 1);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(out[1]);
	if (sim_says)
		fclose(sim_says);
	sim_says = fdopen(out[0], "r");
	while (why[0] = 0, fgets(why, size, sim_says) && strcmp(why, "ready\n"))
		ksft_print_msg("%s", why);
	return pid;
}

static pid_t sim(const char *options)
{
	char line[160], all[200];
	pid_t pid;

	snprintf(all, sizeof(all), "%s %s", options, device());
	pid = sim_start(all, line, sizeof(line));
	if (strcmp(line, "ready\n"))
		ksft_exit_fail_msg("matesim %s: not ready\n", all);
	return pid;
}

static int sim_wait(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int sim_end(pid_t pid)
{
	kill(pid, SIGTERM);
	return sim_wait(pid);
}

/* --- the controller's side, as simple as can be -------------------------- */

static void set_parity(enum wire_parity parity)
{
	if (parity == parity_now)
		return;
	if (wire_drain(client) || wire_set_parity(client, parity) < 0)
		die("set parity");
	parity_now = parity;
}

static enum wire_parity parity_for(uint16_t word)
{
	bool ninth = word & NINTH;

	if (!evenodd)
		return ninth ? WIRE_MARK : WIRE_SPACE;
	return ninth == __builtin_parity(word & 0xff) ? WIRE_EVEN : WIRE_ODD;
}

static void idle(void)
{
	set_parity(evenodd ? WIRE_EVEN : WIRE_SPACE);
}

/* The last parity stays, for the reply may come at once. */
static void send_words(const uint16_t *words, int n)
{
	uint8_t bytes[MAX_REPLY];
	int i = 0, run;

	while (i < n) {
		enum wire_parity parity = parity_for(words[i]);

		for (run = 0; i + run < n && parity_for(words[i + run]) == parity; run++)
			bytes[run] = words[i + run] & 0xff;
		set_parity(parity);
		if (wire_write(client, bytes, run))
			die("write");
		i += run;
	}
}

static void make_command(struct question q, uint16_t words[8])
{
	const uint8_t bytes[6] = {
		q.port, q.cmd, q.addr >> 8, q.addr, q.param >> 8, q.param,
	};
	unsigned int sum = 0, i;

	for (i = 0; i < 6; i++) {
		words[i] = bytes[i];
		sum += bytes[i];
	}
	words[0] |= NINTH;
	words[6] = sum >> 8;
	words[7] = sum & 0xff;
}

static struct words receive(int want)
{
	struct wire_char chars[MAX_REPLY];
	struct words reply;
	int i;

	reply.n = wire_read(client, &parmrk, chars, want, REPLY_MS);
	if (reply.n < 0)
		die("read");
	for (i = 0; i < reply.n; i++) {
		bool ninth = wire_parity_bit(parity_now, chars[i].byte);

		if (chars[i].bad)
			ninth = !ninth;
		reply.word[i] = chars[i].byte | (ninth ? NINTH : 0);
	}
	return reply;
}

static int reply_bytes(uint8_t cmd)
{
	return cmd == STATUS ? 16 : cmd == LOG ? 17 : 5;
}

static struct words ask(struct question q)
{
	uint16_t words[8];

	make_command(q, words);
	send_words(words, 8);
	return receive(reply_bytes(q.cmd));
}

static struct words ask_read(uint8_t port, uint16_t addr)
{
	return ask((struct question){ port, READ, addr, 0 });
}

static bool sum_fits(const struct words *r)
{
	unsigned int sum = 0;
	int i;

	for (i = 0; i < r->n - 2; i++)
		sum += r->word[i] & 0xff;
	return r->n > 2 && ((r->word[r->n - 2] & 0xff) << 8 | (r->word[r->n - 1] & 0xff)) ==
			   (sum & 0xffff);
}

static bool marks_fit(const struct words *r)
{
	int i;

	for (i = 0; i < r->n; i++)
		if (!(r->word[i] & NINTH) != (i > 0))
			return false;
	return r->n > 0;
}

/* Value of a READ or WRITE reply, -1 if it is not one. */
static long value(const struct words *r)
{
	if (r->n != 5 || !sum_fits(r) || !marks_fit(r))
		return -1;
	return (r->word[1] << 8 | r->word[2]) & 0xffff;
}

static bool answers(uint8_t port, uint16_t addr)
{
	struct words r = ask_read(port, addr);

	return value(&r) == matesim_pattern(port, addr);
}

static bool right_page(const struct words *r, struct question q)
{
	int i, n = reply_bytes(q.cmd) - 3;

	if (!sum_fits(r) || !marks_fit(r))
		return false;
	for (i = 0; i < n; i++)
		if (r->word[1 + i] != (q.cmd == LOG ? matesim_pattern_log(q.port, q.param, i) :
				       matesim_pattern_status(q.port, q.addr, i)))
			return false;
	return true;
}

static bool right(const struct words *r, struct question q)
{
	switch (q.cmd) {
	case READ:
		return value(r) == matesim_pattern(q.port, q.addr);
	case WRITE:
		return value(r) == q.param;
	default:
		return right_page(r, q);
	}
}

/* A mix of everything on all ports. */
static struct question question(unsigned int i)
{
	struct question q = {
		.port = i % 11, .cmd = READ, .addr = i * 977, .param = 0,
	};

	if (i % 10 == 3)
		q.cmd = STATUS;
	if (i % 10 == 6)
		q = (struct question){ q.port, LOG, 0, i % 129 };
	if (i % 10 == 9)
		q = (struct question){ q.port, WRITE, q.addr, i * 31 };
	return q;
}

/* Bytes that the test's own UART lost because the guest was too slow. */
static int overruns(void)
{
	struct serial_icounter_struct count;

	if (ioctl(client, TIOCGICOUNT, &count))
		die("TIOCGICOUNT");
	return count.overrun;
}

struct score {
	int wrong, incomplete, lost;	/* replies, replies, bytes */
};

static int show(const struct words *r, int number)
{
	char text[MAX_REPLY * 4 + 1];
	int i;

	for (i = 0; i < r->n; i++)
		sprintf(text + 4 * i, " %03x", r->word[i]);
	ksft_print_msg("command %d was answered%s\n", number, text);
	return 1;
}

static struct score ask_many(int count)
{
	struct score s = { .lost = -overruns() };
	struct words r;
	int i;

	for (i = 0; i < count; i++) {
		r = ask(question(i));
		if (r.n < reply_bytes(question(i).cmd))
			s.incomplete++;
		else if (!right(&r, question(i)))
			s.wrong += show(&r, i);
	}
	s.lost += overruns();
	return s;
}

/* --- what the recorder saw ----------------------------------------------- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct figures {
	double *gap, *turn;	/* us, one a reply */
	double inside;		/* longest later gap, us */
	int replies, wrong_marks;
};

/* A reply is the device's bytes after a byte of the client's. */
static struct figures judge(const struct wire_log *log)
{
	struct figures f = { 0 };
	const struct wire_byte *b = log->byte;
	double gap;
	size_t i;
	int at = 0;

	f.gap = calloc(log->n + 1, sizeof(double));
	f.turn = calloc(log->n + 1, sizeof(double));
	if (!f.gap || !f.turn)
		die("calloc");
	for (i = 1; i < log->n; i++) {
		if (b[i].port != DEVICE)
			continue;
		gap = ((double)b[i].start - (double)b[i - 1].end) / 1e3;
		at = b[i - 1].port == DEVICE ? at + 1 : 0;
		f.wrong_marks += !(b[i].bits & NINTH) != (at > 0);
		if (at == 0)
			f.turn[f.replies++] = gap;
		else if (at == 1)
			f.gap[f.replies - 1] = gap;
		else if (gap > f.inside)
			f.inside = gap;
	}
	qsort(f.gap, f.replies, sizeof(double), compare);
	qsort(f.turn, f.replies, sizeof(double), compare);
	return f;
}

#define inject(...) do { \
	if (wire_inject(0, __VA_ARGS__)) \
		die("inject"); \
} while (0)

static void forget(void)
{
	if (wire_record_clear(0))
		die("clear the recorder");
}

static struct wire_log recorded(void)
{
	struct wire_log log;

	if (wire_record_read(0, &log))
		die("read the recorder");
	return log;
}

/* --- tests --------------------------------------------------------------- */

/* Commands as a stream and every reply judged on the wire. */
static void many_commands(int count, const char *options, double turnaround)
{
	pid_t pid = sim(options);
	struct wire_log log;
	struct figures f;
	struct score s;
	int slack;

	idle();
	forget();
	s = ask_many(count);
	log = recorded();
	f = judge(&log);
	/* In smp a reply may be too late to be sent: one in a hundred commands. */
	slack = timed() ? 0 : count / 100;
	ksft_test_result(!s.wrong && s.incomplete <= s.lost + slack && !(timed() && s.lost),
			 "%s: %d commands, %d answered wrong, %d cut short by %d lost bytes\n",
			 options, count, s.wrong, s.incomplete, s.lost);
	ksft_test_result(f.replies <= count && f.replies >= count - slack && !f.wrong_marks,
			 "%s: %d replies on the wire, %d wrong ninth bits\n", options, f.replies,
			 f.wrong_marks);
	if (f.replies < 2)
		ksft_exit_fail_msg("no replies to judge\n");
	if (!evenodd) {
		timing_result(f.gap[f.replies - 2] <= GAP_US &&
			      f.gap[f.replies - 1] <= (backend == ON_BUS ? FIRST_GAP_US : GAP_US),
			      "byte 0 to byte 1: median %.1f us, maximum %.1f us\n",
			      f.gap[f.replies / 2], f.gap[f.replies - 1]);
		timing_result(f.inside <= 1, "no gap after byte 1: longest %.1f us\n", f.inside);
		timing_result(f.turn[f.replies - 1] <= turnaround + LATE_US,
			      "turnaround at most %.1f us, %.0f asked for\n",
			      f.turn[f.replies - 1], turnaround);
		ksft_test_result(f.turn[0] >= turnaround - HALF_BIT_US,
				 "turnaround at least %.1f us, %.0f asked for\n", f.turn[0],
				 turnaround);
	}
	free(f.gap);
	free(f.turn);
	wire_log_free(&log);
	ksft_test_result(sim_end(pid) == 0, "SIGTERM ends it with status 0\n");
}

static void default_site(void)
{
	static const struct {
		uint8_t port;
		long type, byte0;
	} expected[] = {
		{ 0, 0x0001, 0x100 }, { 1, 0x0003, 0x102 }, { 2, 0x0002, 0x102 },
		{ 3, 0x0004, 0x102 }, { 4, -1, 0 }, { 10, -1, 0 },
	};
	pid_t pid = sim("--speed 0");
	struct words r;
	size_t i;
	int bad = 0;

	idle();
	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		r = ask_read(expected[i].port, 0);
		if (expected[i].type < 0)
			bad += r.n != 0;
		else
			bad += value(&r) != expected[i].type || r.word[0] != expected[i].byte0;
	}
	ksft_test_result(!bad, "a hub with mx, fx and dc, the other ports silent\n");
	r = ask((struct question){ 3, STATUS, 0x0b, 0 });
	ksft_test_result(r.n == 16 && sum_fits(&r) && r.word[0] == 0x104, "a page of the dc\n");
	sim_end(pid);
}

/* Whether a page of the dc is another one two seconds later. */
static bool page_moves(const char *options)
{
	const struct question q = { 3, STATUS, 0x0a, 0 };
	struct words before, after;
	pid_t pid = sim(options);

	idle();
	before = ask(q);
	wire_sleep_us(2000000);
	after = ask(q);
	sim_end(pid);
	if (before.n != 16 || after.n != 16 || !sum_fits(&before) || !sum_fits(&after))
		ksft_exit_fail_msg("no page of the dc\n");
	return memcmp(before.word, after.word, sizeof(before.word[0]) * before.n);
}

static void values_move(void)
{
	ksft_test_result(page_moves("--speed 3600 --time 06:00"), "two hours in two seconds\n");
	ksft_test_result(!page_moves("--speed 0"), "time stands still at speed 0\n");
}

/* What the device role cannot do is refused before anything else. */
static void no_junk(const char *options)
{
	char all[200], line[200];
	pid_t pid;

	snprintf(all, sizeof(all), "%s " DEVICE_NODE, options);
	pid = sim_start(all, line, sizeof(line));
	ksft_test_result(!line[0] && sim_wait(pid) == 1, "%s: refused on a bus\n", options);
}

static void mx60_junk(void)
{
	static const uint16_t expected[] = { 0x00, 0x00, 0x102, 0x11, 0x03, 0x00, 0x16 };
	uint16_t words[8];
	struct words r;
	pid_t pid;

	if (backend == ON_BUS) {
		no_junk("--direct mx,mx60");
		no_junk("--pattern --fault 2-3=junk:1");
		return;
	}
	pid = sim("--direct mx,mx60");
	idle();
	make_command((struct question){ 0, READ, 0, 0 }, words);
	send_words(words, 8);
	r = receive(7);
	ksft_test_result(r.n == 7 && !memcmp(r.word, expected, sizeof(expected)),
			 "an MX60 sends two unmarked 00 first\n");
	sim_end(pid);
}

/* Broken commands are met with silence, and the next right one is answered. */
static void broken_commands(void)
{
	static const uint16_t noise[] = { 0x00, 0xff, 0x55, 0x02 };
	pid_t pid = sim("--pattern --turnaround-us 1000");
	uint16_t words[8];

	idle();
	make_command((struct question){ 1, READ, 5, 0 }, words);
	words[7] ^= 1;
	send_words(words, 8);
	ksft_test_result(receive(1).n == 0, "wrong checksum: silence\n");
	words[7] ^= 1;
	words[0] &= ~NINTH;
	send_words(words, 8);
	ksft_test_result(receive(1).n == 0, "no mark: silence\n");
	words[0] |= NINTH;
	send_words(words, 5);
	ksft_test_result(answers(1, 6), "right after half a command\n");
	send_words(noise, 4);
	ksft_test_result(answers(1, 7), "right after noise\n");
	words[4] |= NINTH;
	send_words(words, 8);
	ksft_test_result(receive(1).n == 0 && answers(1, 8), "right after a mark amid a command\n");
	inject("%d break 0 5000\n", CLIENT);
	ksft_test_result(answers(2, 9), "right after a break\n");
	/* after four of eight: what is left does not make a command */
	words[4] &= ~NINTH;
	inject("%d break 5 3000\n", CLIENT);
	send_words(words, 8);
	receive(5);
	ksft_test_result(answers(2, 10), "right after a break amid a command\n");
	inject("%d frame-error 3\n", CLIENT);
	send_words(words, 8);
	ksft_test_result(receive(1).n == 0 && answers(2, 11),
			 "silence after a framing error, then right\n");
	inject("%d overrun 6\n", CLIENT);
	send_words(words, 8);
	ksft_test_result(receive(1).n == 0 && answers(2, 12),
			 "silence after an overrun, then right\n");
	inject("clear\n");
	ksft_test_result(answers(0, 0xffff), "a command full of FF\n");
	sim_end(pid);
}

static void faults(void)
{
	const char *junk = backend == ON_TTY ? "--fault 7=junk" : "";
	char options[200];
	pid_t pid;
	struct wire_log log;
	struct figures f;
	struct words r;
	uint16_t words[8];

	snprintf(options, sizeof(options), "--pattern --turnaround-us 1000 --fault 1=late:60 "
		 "--fault 2=sum --fault 3=short --fault 4=long --fault 5=refuse "
		 "--fault 6=silent %s", junk);
	pid = sim(options);
	idle();
	forget();
	r = ask_read(1, 1);
	log = recorded();
	f = judge(&log);
	ksft_test_result(value(&r) == matesim_pattern(1, 1) && f.turn[0] >= 61000 - HALF_BIT_US,
			 "late: by %.0f us\n", f.turn[0]);
	free(f.gap);
	free(f.turn);
	wire_log_free(&log);
	r = ask_read(1, 2);
	ksft_test_result(r.n == 5 && !sum_fits(&r), "sum\n");
	r = ask_read(1, 3);
	ksft_test_result(r.n == 4, "short\n");
	make_command((struct question){ 1, READ, 4, 0 }, words);
	send_words(words, 8);
	ksft_test_result(receive(7).n == 6, "long\n");
	r = ask_read(1, 5);
	ksft_test_result(value(&r) == 0 && r.word[0] == 0x182, "refuse\n");
	r = ask_read(1, 6);
	ksft_test_result(r.n == 0, "silent\n");
	if (backend == ON_TTY) {
		send_words(words, 8);
		r = receive(8);
		ksft_test_result(r.n == 7 && !r.word[0] && !r.word[1] && r.word[2] == 0x102,
				 "junk\n");
	}
	ksft_test_result(answers(1, 8), "the next is right\n");
	sim_end(pid);
}

/*
 * A command that comes while a reply waits is heard, and answered before it.
 * On a bus the driver then keeps the late one from the wire.
 */
static void hears_while_waiting(void)
{
	pid_t pid = sim("--pattern --turnaround-us 5000 --fault 1=late:400");
	struct words first, second;
	uint16_t words[8];

	idle();
	make_command((struct question){ 1, READ, 1, 0 }, words);
	send_words(words, 8);
	wire_sleep_us(5000);
	make_command((struct question){ 1, READ, 2, 0 }, words);
	send_words(words, 8);
	second = receive(5);
	first = receive(5);
	ksft_test_result(value(&second) == matesim_pattern(1, 2) &&
			 (backend == ON_BUS ? !first.n :
					      value(&first) == matesim_pattern(1, 1)),
			 "hears and answers while a late reply waits\n");
	sim_end(pid);
}

static void restores_the_tty(void)
{
	struct termios before, after;
	int fd = wire_open(DEVICE);
	pid_t pid;

	if (fd < 0 || wire_set_format(fd, B19200, CS7, WIRE_EVEN, true) || tcgetattr(fd, &before))
		die(DEVICE_TTY);
	pid = sim("--pattern");
	idle();
	answers(1, 1);
	sim_end(pid);
	tcgetattr(fd, &after);
	ksft_test_result(before.c_cflag == after.c_cflag && before.c_iflag == after.c_iflag &&
			 before.c_lflag == after.c_lflag && before.c_oflag == after.c_oflag &&
			 !memcmp(before.c_cc, after.c_cc, sizeof(before.c_cc)),
			 "the tty is as it was before\n");
	close(fd);
}

static struct matenet_config config_of(const char *node)
{
	int fd = open(node, O_RDONLY | O_CLOEXEC);
	struct matenet_config config;

	if (fd < 0 || ioctl(fd, MATENET_IOC_G_CONFIG, &config))
		die(node);
	close(fd);
	return config;
}

static void restores_the_bus(void)
{
	struct matenet_config before = config_of(DEVICE_NODE), during, after;
	pid_t pid = sim("--pattern");

	during = config_of(DEVICE_NODE);
	sim_end(pid);
	after = config_of(DEVICE_NODE);
	ksft_test_result(before.role == MATENET_ROLE_CONTROLLER &&
			 during.role == MATENET_ROLE_DEVICE &&
			 !memcmp(&before, &after, sizeof(before)),
			 "the bus is as it was before\n");
}

/* The way it ends, and what it says then. */
static void ends(pid_t pid, const char *message)
{
	char line[160] = "", expected[160];

	snprintf(expected, sizeof(expected), "matesim: %s: %s\n", device(), message);
	ksft_test_result(sim_wait(pid) == 1 && fgets(line, sizeof(line), sim_says) &&
			 !strcmp(line, expected), "it ends with status 1 and: %s\n", message);
}

static void hangup(void)
{
	pid_t pid = sim("--pattern");
	int fd = wire_open(DEVICE);

	if (fd < 0 || ioctl(fd, TIOCVHANGUP))
		die("hang up");
	close(fd);
	ends(pid, "the line was hung up");
}

static void loses_the_bus(void)
{
	pid_t pid = sim("--pattern");

	detach();
	backend = ON_BUS;
	ends(pid, "the bus is gone");
	attach();
}

static void loses_the_role(void)
{
	struct matenet_config config = config_of(DEVICE_NODE);
	pid_t pid = sim("--pattern");
	int fd = open(DEVICE_NODE, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, MATENET_IOC_S_CONFIG, &config))
		die(DEVICE_NODE);
	close(fd);
	ends(pid, "somebody gave the bus another role");
}

/* A driver looks at what its tty can do when it is attached. */
static void set_cmspar(const char *knob)
{
	bool attached = backend == ON_BUS;

	if (attached)
		detach();
	if (wire_knobs(CLIENT, "%s", knob) || wire_knobs(DEVICE, "%s", knob))
		die("knobs");
	if (attached)
		attach();
}

static void cleared_cmspar(void)
{
	char line[160], options[64];
	pid_t pid;

	set_cmspar("cmspar=cleared\n");
	snprintf(options, sizeof(options), "--stick --pattern %s", device());
	pid = sim_start(options, line, sizeof(line));
	ksft_test_result(sim_wait(pid) == 1 && strcmp(line, "ready\n"),
			 "--stick is refused by a tty without CMSPAR\n");
	evenodd = true;
	many_commands(200, "--pattern --turnaround-us 1000", 1000);
	many_commands(200, "--pattern --evenodd --turnaround-us 0", 0);
	evenodd = false;
	set_cmspar("cmspar=yes\n");
}

/* What is asked of it, whatever it is on. */
static void everything(void)
{
	many_commands(timed() ? 1000 : 300, "--pattern", 11000);
	many_commands(300, "--pattern --turnaround-us 0", 0);
	default_site();
	values_move();
	mx60_junk();
	broken_commands();
	faults();
	hears_while_waiting();
	cleared_cmspar();
}

static void load(void)
{
	int ret = wire_load(1);

	if (ret && ret != -EEXIST)
		ksft_exit_fail_msg("uart9 does not load: %s\n", strerror(-ret));
	if (system("insmod /lib/matenet/n_matenet.ko"))
		ksft_exit_fail_msg("n_matenet does not load\n");
}

int main(void)
{
	ksft_print_header();
	ksft_set_plan(95);
	load();
	client = wire_open(CLIENT);
	if (client < 0)
		ksft_exit_fail_msg("ttyW0: %s\n", strerror(-client));
	ksft_print_msg("on the tty itself\n");
	everything();
	restores_the_tty();
	hangup();
	ksft_print_msg("on a bus in the device role\n");
	attach();
	everything();
	restores_the_bus();
	loses_the_bus();
	loses_the_role();
	detach();
	close(client);
	ksft_finished();
}
