// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * matetool top on a terminal of 80 by 24: all values fit on its pages, keys do
 * what the help says, and however it ends the terminal is as it was before.
 * top.t makes the site, with an MX, an FX and a FLEXnet DC; SIM is their process.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define MAX_ROWS	60
#define MAX_COLUMNS	200

static int tests, failures;
static int master = -1, slave = -1;
static pid_t pid;
static struct termios before;

/* What the terminal shows, and what has happened to it. */
static struct {
	int rows, columns, row, column;
	char cells[MAX_ROWS][MAX_COLUMNS + 1];
	bool alternate, cursor_hidden, outside;
	int entered, left;
	char sequence[32];
	size_t length;
} screen;

__attribute__((format(printf, 2, 3)))
static bool ok(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tests);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	failures += !good;
	if (!good)
		for (int i = 0; i < screen.rows; i++)
			printf("# |%s|\n", screen.cells[i]);
	return good;
}

/* ---- a terminal -------------------------------------------------------------- */

static void clear(void)
{
	for (int i = 0; i < MAX_ROWS; i++)
		memset(screen.cells[i], ' ', MAX_COLUMNS);
	for (int i = 0; i < MAX_ROWS; i++)
		screen.cells[i][screen.columns] = '\0';
}

static void control(void)
{
	const char *s = screen.sequence + 2;
	char last = screen.sequence[screen.length - 1];
	int row, column;

	if (!strcmp(s, "?1049h")) {
		screen.alternate = true;
		screen.entered++;
	} else if (!strcmp(s, "?1049l")) {
		screen.alternate = false;
		screen.left++;
	} else if (!strcmp(s, "?25l")) {
		screen.cursor_hidden = true;
	} else if (!strcmp(s, "?25h")) {
		screen.cursor_hidden = false;
	} else if (!strcmp(s, "2J")) {
		clear();
	} else if (last == 'H' && sscanf(s, "%d;%dH", &row, &column) == 2) {
		screen.row = row - 1;
		screen.column = column - 1;
	} else if (last != 'm' && last != 'K') {
		printf("# unknown sequence %s\n", s);
		screen.outside = true;
	}
}

static void put(char c)
{
	if (screen.length) {
		screen.sequence[screen.length++] = c;
		screen.sequence[screen.length] = '\0';
		if (screen.length == 2 || (c >= '0' && c <= '?'))
			return;
		control();
		screen.length = 0;
	} else if (c == '\033') {
		screen.sequence[screen.length++] = c;
	} else if (c >= ' ' && screen.alternate) {
		if (screen.row >= screen.rows || screen.column >= screen.columns)
			screen.outside = true;
		else
			screen.cells[screen.row][screen.column] = c;
		screen.column++;
	}
}

/* Take what comes for so long; false when the other end has gone. */
static bool look(int ms)
{
	struct timespec start, now;
	char text[4096];

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		struct pollfd p = { .fd = master, .events = POLLIN };
		long left;
		ssize_t n;

		clock_gettime(CLOCK_MONOTONIC, &now);
		left = ms - (now.tv_sec - start.tv_sec) * 1000 -
		       (now.tv_nsec - start.tv_nsec) / 1000000;
		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return true;
		n = read(master, text, sizeof(text));
		if (n <= 0)
			return false;
		for (ssize_t i = 0; i < n; i++)
			put(text[i]);
	}
}

static bool shows(const char *text)
{
	for (int i = 0; i < screen.rows; i++)
		if (strstr(screen.cells[i], text))
			return true;
	return false;
}

/* Until the screen shows a text, for ten seconds. */
static bool wait_for(const char *text)
{
	for (int i = 0; i < 100; i++) {
		look(100);
		if (shows(text))
			return true;
	}
	printf("# \"%s\" does not come\n", text);
	return false;
}

static void key(const char *text)
{
	if (write(master, text, strlen(text)) < 0)
		printf("# key: %s\n", strerror(errno));
}

/* ---- the program ------------------------------------------------------------- */

static void start(int rows, int columns, char *const argv[])
{
	struct winsize size = { .ws_row = (unsigned short)rows,
				.ws_col = (unsigned short)columns };

	memset(&screen, 0, sizeof(screen));
	screen.rows = rows;
	screen.columns = columns;
	clear();
	if (openpty(&master, &slave, NULL, NULL, &size)) {
		printf("Bail out! openpty: %s\n", strerror(errno));
		exit(1);
	}
	tcgetattr(slave, &before);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(master);
		login_tty(slave);
		execvp(argv[0], argv);
		_exit(127);
	}
}

static int end(void)
{
	int status;

	look(500);
	waitpid(pid, &status, 0);
	look(100);
	return status;
}

static void done(void)
{
	close(master);
	close(slave);
}

static bool is_restored(void)
{
	struct termios now;

	memset(&now, 0, sizeof(now));	/* there is padding in it */
	tcgetattr(slave, &now);
	return !memcmp(&now, &before, sizeof(now)) && !screen.alternate &&
	       !screen.cursor_hidden && screen.entered == screen.left;
}

static char *const plain[] = { "matetool", "top", NULL };

static void test_pages(void)
{
	char all[16384] = "";
	static const char * const values[] = {
		"Battery voltage", "PV voltage", "Charge mode", "AC output voltage", "Warnings",
		"State of charge", "Since full, corrected net charge", "Battery temperature",
	};

	start(24, 80, plain);
	ok(wait_for("page 1 of 2"), "80 by 24 takes two pages");
	ok(shows("matenet0") && shows("1 MX charge controller") && shows("2 FX inverter") &&
	   shows("3 FLEXnet DC"), "all devices are on the first");
	for (int page = 1; page <= 2; page++) {
		for (int i = 0; i < screen.rows; i++)
			strcat(strcat(all, screen.cells[i]), "\n");
		key(" ");
		wait_for("page 2 of 2");
	}
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		ok(strstr(all, values[i]), "%s is on one of them", values[i]);
	ok(!screen.outside, "nothing was written outside of the screen");
	key("b");
	ok(wait_for("page 1 of 2"), "b goes back");
	key("\033[6~");
	ok(wait_for("page 2 of 2"), "page down goes on");
	key("\033[5~");
	ok(wait_for("page 1 of 2"), "page up goes back");
	key("q");
	ok(end() == 0, "q ends it with status 0");
	ok(screen.entered == 1 && is_restored(), "and the terminal is as it was");
	done();
}

static void test_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		start(24, 80, plain);
		wait_for("page 1");
		kill(pid, signals[i]);
		ok(end() == 0, "%s ends it with status 0", strsignal(signals[i]));
		ok(screen.entered == 1 && is_restored(), "and the terminal is as it was");
		done();
	}
	start(24, 80, plain);
	wait_for("page 1");
	key("\003");
	ok(end() == 0 && is_restored(), "Ctrl-C does the same");
	done();
}

static void test_suspend(void)
{
	int status;

	start(24, 80, plain);
	wait_for("page 1");
	kill(pid, SIGTSTP);
	look(500);
	ok(waitpid(pid, &status, WUNTRACED | WNOHANG) == pid && WIFSTOPPED(status),
	   "SIGTSTP stops it");
	ok(is_restored(), "and the terminal is as it was");
	kill(pid, SIGCONT);
	ok(wait_for("page 1") && screen.alternate, "SIGCONT brings it back");
	key("q");
	end();
	ok(is_restored(), "until it ends");
	done();
}

static void test_sizes(void)
{
	static const struct {
		int rows, columns;
		const char *pages;
	} sizes[] = {
		{ 24, 40, "page 1 of" }, { 50, 132, "page 1 of 1" }, { 5, 60, "page 1 of" },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		start(sizes[i].rows, sizes[i].columns, plain);
		ok(wait_for(sizes[i].pages) && !screen.outside, "%d by %d", sizes[i].columns,
		   sizes[i].rows);
		key("q");
		end();
		done();
	}
	start(24, 80, plain);
	wait_for("page 1 of 2");
	ioctl(master, TIOCSWINSZ, &(struct winsize){ .ws_row = 50, .ws_col = 132 });
	screen.rows = 50;
	screen.columns = 132;
	clear();
	ok(wait_for("page 1 of 1"), "a window that grows");
	key("q");
	end();
	done();
}

static void test_choice(void)
{
	char *const argv[] = { "matetool", "top", "2", "-o", "ac_out_voltage,warnings", NULL };

	start(24, 80, argv);
	ok(wait_for("AC output voltage"), "-o names what is shown");
	ok(shows("2 FX inverter") && !shows("MX charge") && !shows("Battery voltage"),
	   "and nothing else is, of one port");
	key("q");
	end();
	done();
}

static void test_silence(void)
{
	start(24, 80, plain);
	wait_for("page 1");
	if (system("kill $SIM"))
		printf("# the devices do not end\n");
	ok(wait_for("no reply"), "a device that does not answer is told");
	ok(shows("Battery voltage"), "and its old values stay");
	if (system("matetool detach matenet0 >/dev/null"))
		printf("# the bus does not end\n");
	ok(WEXITSTATUS(end()) == 7 && is_restored(), "without a bus it ends with status 7");
	done();
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_pages();
	test_signals();
	test_suspend();
	test_sizes();
	test_choice();
	test_silence();
	printf("1..%d\n", tests);
	return failures != 0;
}
