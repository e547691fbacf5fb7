// SPDX-License-Identifier: GPL-2.0-or-later
/* Every way to disturb the line, on the wire and at the receiver; good and bad text. */

#include "kselftest.h"
#include "wirelib.h"

#include <errno.h>
#include <math.h>

static int fd[2];

/* Bits and flags of every byte on the wire: "161/m 062". */
static void describe(char *text, size_t size)
{
	struct wire_log log;
	size_t i, at = 0;

	text[0] = 0;
	if (wire_record_read(0, &log))
		ksft_exit_fail_msg("cannot read the recorder\n");
	for (i = 0; i < log.n && at < size; i++)
		at += snprintf(text + at, size - at, "%s%03x%s%s", i ? " " : "", log.byte[i].bits,
			       strcmp(log.byte[i].flags, "-") ? "/" : "",
			       strcmp(log.byte[i].flags, "-") ? log.byte[i].flags : "");
	wire_log_free(&log);
}

static void clean_up(void)
{
	wire_inject(0, "clear");
	wire_discard(fd[1], wire_quiet_ms());
	wire_record_clear(0);
}

/* Port 0 sends "abcd" with space parity under @rule. */
static void check(const char *rule, const char *wire, const char *chars)
{
	struct wire_char got[64];
	char text[256], rest[256];
	int ret, n;

	clean_up();
	ret = wire_inject(0, "%s", rule);
	n = wire_exchange(fd[0], fd[1], "abcd", 4, got, 64);
	describe(text, sizeof(text));
	wire_inject_read(0, rest, sizeof(rest));
	ksft_test_result(!ret && !strcmp(text, wire) && wire_chars_are(got, n, chars) && !*rest,
			 "%s: %s, %d characters%s%s\n", rule, text, n,
			 *rest ? ", left over: " : "", rest);
}

static void check_effects(void)
{
	check("0 flip-mark 1", "161/m 062 063 064", "!abcd");
	check("0 flip-mark 2 2", "061 162/m 163/m 064", "a!b!cd");
	check("0 flip-bit 3 0", "061 062 062/f 064", "abbd");
	check("0 flip-bit 1 8", "161/f 062 063 064", "!abcd");
	check("0 drop 2", "061 063 064", "acd");
	check("0 drop 1 4", "", "");
	check("0 silence 3", "064", "d");
	check("0 insert 1 07a", "07a/i 061 062 063 064", "zabcd");
	check("0 insert 3 17a 2", "061 062 17a/i 17a/i 063 064", "ab!z!zcd");
	check("0 insert 0 07a", "07a/i 061 062 063 064", "zabcd");
	check("0 overrun 2 2", "061 062/o 063/o 064", "ad");
	check("0 frame-error 4", "061 062 063 064/e", "abc!d");
	check("0 flip-mark 1;0 insert 2 1fe;# both\n;0 drop 4", "161/m 1fe/i 062 063", "!a!\376bc");
	check("1 flip-mark 1;1 clear", "061 062 063 064", "abcd");
}

/* A flipped data bit changes the parity a parity checker sees. */
static void check_flip_under_even(void)
{
	struct wire_char got[8];
	int n;

	clean_up();
	wire_set_parity(fd[0], WIRE_EVEN);
	wire_set_parity(fd[1], WIRE_EVEN);
	wire_inject(0, "0 flip-bit 2 3");
	n = wire_exchange(fd[0], fd[1], "abcd", 4, got, 8);
	ksft_test_result(wire_chars_are(got, n, "a!jcd"),
			 "flip-bit under even parity: a bad byte\n");
	wire_set_parity(fd[0], WIRE_SPACE);
	wire_set_parity(fd[1], WIRE_SPACE);
}

static void check_break(const char *rule, double us)
{
	struct wire_char got[8];
	struct wire_log log;
	int n, i, good = 0;

	clean_up();
	wire_inject(0, "%s", rule);
	n = wire_exchange(fd[0], fd[1], "abcd", 4, got, 8);
	wire_record_read(0, &log);
	for (i = 0; i < (int)log.n; i++)
		good += !strcmp(log.byte[i].flags, "bi") &&
			fabs(log.byte[i].end - log.byte[i].start - us * 1000) <= 1;
	ksft_test_result(n == 5 && good == 1 && log.n == 5 && !got[2].byte && got[2].bad &&
			 got[1].byte == 'b' && got[3].byte == 'c',
			 "%s: a break of %.0f us between b and c\n", rule, us);
	wire_log_free(&log);
}

/* At once means without any byte to wait for. */
static void check_at_once(void)
{
	struct wire_char got[8];
	int n;

	clean_up();
	wire_inject(0, "1 break 0 300\n0 insert 0 155 3");
	n = wire_read(fd[1], &(struct wire_parmrk){ 0 }, got, 8, wire_quiet_ms());
	ksft_test_result(wire_chars_are(got, n, "!U!U!U"),
			 "insert 0 on an idle line: %d characters\n", n);
	/* 300 us are 2.9 bits: start bit and two data bits, all else high. */
	n = wire_read(fd[0], &(struct wire_parmrk){ 0 }, got, 8, wire_quiet_ms());
	ksft_test_result(n == 1 && got[0].byte == 0xfc && got[0].bad,
			 "a break shorter than a byte is a byte: %02x\n", n > 0 ? got[0].byte : 0);
	wire_discard(fd[0], wire_quiet_ms());
}

static void check_delay(void)
{
	struct wire_char got[8];
	struct wire_log log;
	int n;

	clean_up();
	wire_inject(0, "0 delay 3 7000");
	n = wire_exchange(fd[0], fd[1], "abcd", 4, got, 8);
	wire_record_read(0, &log);
	ksft_test_result(log.n == 4 && wire_chars_are(got, n, "abcd") &&
			 log.byte[2].start - log.byte[1].end == 7000000 &&
			 log.byte[3].start == log.byte[2].end && !strcmp(log.byte[2].flags, "d"),
			 "delay 3 7000: the third byte starts 7 ms late, the fourth follows it\n");
	wire_log_free(&log);

	/* The transmitter is not empty while a byte is held back. */
	clean_up();
	wire_inject(0, "0 delay 1 20000");
	wire_write(fd[0], "x", 1);
	wire_drain(fd[0]);
	wire_record_read(0, &log);
	ksft_test_result(log.n == 1 && log.byte[0].end <= wire_now(),
			 "the chip is not empty before a delayed byte is gone\n");
	wire_log_free(&log);

	clean_up();
	wire_inject(0, "0 delay 1 60000000");
	wire_write(fd[0], "x", 1);
	wire_sleep_us(10000);
	wire_inject(0, "clear");
	n = wire_read(fd[1], &(struct wire_parmrk){ 0 }, got, 8, wire_quiet_ms());
	ksft_test_result(wire_chars_are(got, n, "x"), "clear lets go of a byte held back\n");
}

static void check_silence(void)
{
	struct wire_char got[8];
	char text[64];
	int n;

	clean_up();
	wire_inject(0, "0 silence");
	n = wire_exchange(fd[0], fd[1], "abcd", 4, got, 8);
	n += wire_exchange(fd[0], fd[1], "efgh", 4, got, 8);
	wire_inject_read(0, text, sizeof(text));
	ksft_test_result(n == 0 && !strcmp(text, "0 silence\n"), "silence lasts: %s", text);
	wire_inject(0, "clear");
	n = wire_exchange(fd[0], fd[1], "i", 1, got, 8);
	ksft_test_result(wire_chars_are(got, n, "i"), "clear ends it\n");
}

/* What the file says is valid input, counted from now, and means the same. */
static void check_read_back(void)
{
	static const char rules[] =
		"0 flip-mark 1 10\n0 flip-bit 5 3 2\n0 drop 9 1\n0 silence 6\n0 overrun 7 1\n"
		"0 frame-error 8 3\n0 delay 4 1500\n0 insert 3 0aa 2\n0 break 12 800\n"
		"1 silence\n1 flip-mark 2 1\n";
	static const char later[] =
		"0 flip-mark 1 8\n0 flip-bit 3 3 2\n0 drop 7 1\n0 silence 4\n0 overrun 5 1\n"
		"0 frame-error 6 3\n0 delay 2 1500\n0 insert 1 0aa 2\n0 break 10 800\n"
		"1 silence\n1 flip-mark 2 1\n";
	struct wire_char got[8];
	char text[1024];
	int ret;

	clean_up();
	ret = wire_inject(0, "%s", rules);
	wire_inject_read(0, text, sizeof(text));
	ksft_test_result(!ret && !strcmp(text, rules), "reads back what was written\n");
	wire_exchange(fd[0], fd[1], "ab", 2, got, 8);
	wire_inject_read(0, text, sizeof(text));
	ksft_test_result(!strcmp(text, later), "two bytes later it counts from there\n");
	wire_inject(0, "clear");
	ret = wire_inject(0, "%s", text);
	wire_inject_read(0, text, sizeof(text));
	ksft_test_result(!ret && !strcmp(text, later), "what was read can be written\n");
	wire_inject(0, "1 clear");
	wire_inject_read(0, text, sizeof(text));
	ksft_test_result(strstr(text, "0 break") && !strstr(text, "\n1 "),
			 "PORT clear is for one port\n");
}

static void check_bad_text(void)
{
	static const char * const bad[] = {
		"flip-mark 1", "0", "0 nonsense 1", "0 flip-mark", "0 flip-mark 0",
		"0 flip-mark -1", "0 flip-mark x", "0 flip-mark 1 0", "0 flip-mark 1 1 1",
		"2 flip-mark 1",
		"0 flip-bit 1", "0 flip-bit 1 9", "0 drop", "0 delay 1", "0 delay 1 0",
		"0 delay 1 60000001", "0 insert 1", "0 insert 1 200", "0 insert 1 zz",
		"0 break 1 0",
		"0 silence 0", "clear all", "0 overrun", "0 frame-error 1.5",
		"0 flip-mark 0x10", "0 flip-mark 99999999999999999999", "0 drop 1\n0 drop",
		"0 drop 1\nclear\nx",
	};
	char text[4200];
	size_t i, accepted = 0;
	int k, ret = 0;

	clean_up();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		int r = wire_inject(0, "%s\n", bad[i]);

		if (r == -EINVAL || r == -ERANGE)
			continue;
		ksft_print_msg("'%s' gave %d\n", bad[i], r);
		accepted++;
	}
	wire_inject_read(0, text, sizeof(text));
	ksft_test_result(!accepted && !*text, "%zu bad lines refused, nothing of them kept\n", i);

	for (k = 0; !ret && k < 1000; k++)
		ret = wire_inject(0, "0 drop 1000");
	ksft_test_result(ret == -ENOSPC && k == 65, "a full table refuses the %dth rule\n", k);
	memset(text, '#', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	ksft_test_result(wire_inject(0, "%s", text) == -E2BIG, "a text too long is refused\n");
	ksft_test_result(!wire_inject(0, "\n# nothing\n\n"), "empty lines and remarks are none\n");
}

int main(void)
{
	ksft_print_header();
	ksft_set_plan(14 + 1 + 2 + 2 + 3 + 2 + 4 + 4);
	if (wire_begin(fd))
		ksft_exit_fail_msg("no wire\n");
	wire_set_parity(fd[0], WIRE_SPACE);
	wire_set_parity(fd[1], WIRE_SPACE);
	check_effects();
	check_flip_under_even();
	check_break("0 break 3 2000", 2000);
	check_break("0 break 3", 5000);
	check_at_once();
	check_delay();
	check_silence();
	check_read_back();
	check_bad_text();
	ksft_finished();
}
