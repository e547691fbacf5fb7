// SPDX-License-Identifier: GPL-2.0-or-later
/* Noise: as often as asked for, a bit long, the same for the same seed, and heard for what it is. */

#include "kselftest.h"
#include "wirelib.h"

#include <math.h>

#define PULSES	4000
#define CHARS	4000

static int fd[2];

struct pulses {
	uint64_t start[PULSES];
	size_t n, wrong;	/* not a bit long */
};

static void read_log(struct wire_log *log)
{
	if (wire_record_read(0, log))
		ksft_exit_fail_msg("cannot read the recorder\n");
}

static void take_pulses(struct pulses *p)
{
	struct wire_log log;
	size_t i;

	*p = (struct pulses){ 0 };
	read_log(&log);
	for (i = 0; i < log.n && p->n < PULSES; i++) {
		const struct wire_byte *b = &log.byte[i];

		if (strcmp(b->flags, "z") || b->port)
			continue;
		p->wrong += fabs(b->end - b->start - WIRE_BIT_NS(9600.0)) > 1;
		p->start[p->n++] = b->start;
	}
	wire_log_free(&log);
}

static void clean_up(void)
{
	wire_inject(0, "clear");
	wire_discard(fd[0], wire_quiet_ms());
	wire_discard(fd[1], wire_quiet_ms());
	wire_record_clear(0);
}

/* Noise alone for so long. */
static void listen_to(struct pulses *p, unsigned int ppb, unsigned int seed, unsigned int us)
{
	clean_up();
	wire_inject(0, "0 noise %u %u", ppb, seed);
	wire_sleep_us(us);
	wire_inject(0, "0 noise 0");
	wire_sleep_us(1000);
	take_pulses(p);
}

static void check_rate(unsigned int ppb, unsigned int us)
{
	static struct pulses p;
	double span, expect;

	listen_to(&p, ppb, 1, us);
	span = p.n > 1 ? p.start[p.n - 1] - p.start[0] : 0;
	expect = span / WIRE_BIT_NS(9600.0) * ppb / 1e9;
	ksft_test_result(p.n > 100 && fabs(p.n - 1 - expect) < 4 * sqrt(expect) &&
			 p.wrong <= (wire_exact_time() ? 0 : p.n / 100),
			 "noise %u: %zu pulses in %.3f s, %.0f expected, %zu not a bit long\n", ppb,
			 p.n, span / 1e9, expect, p.wrong);
}

/* The pauses between the first ones; the very first depends on when it was asked for. */
static size_t same(const struct pulses *a, const struct pulses *b)
{
	size_t i = 0;

	while (i + 1 < a->n && i + 1 < b->n &&
	       llabs((long long)(a->start[i + 1] - a->start[i]) -
		     (long long)(b->start[i + 1] - b->start[i])) <= 1)
		i++;
	return i;
}

static void check_seed(void)
{
	static struct pulses a, b, c;

	listen_to(&a, 50000000, 7, 200000);
	listen_to(&b, 50000000, 7, 200000);
	listen_to(&c, 50000000, 8, 200000);
	ksft_test_result(same(&a, &b) >= 50, "seed 7 twice: %zu pauses are the same\n",
			 same(&a, &b));
	ksft_test_result(same(&a, &c) < 3, "seed 7 and 8: %zu pauses are the same\n", same(&a, &c));
}

/* On an idle line a pulse is a start bit, and all after it are ones. */
static void check_idle(void)
{
	struct wire_char got[8];
	struct wire_log log;
	size_t i, heard = 0, wrong = 0;
	int n;

	clean_up();
	wire_inject(0, "0 noise 1000000 3");
	wire_sleep_us(300000);
	wire_inject(0, "clear");
	n = wire_read(fd[1], &(struct wire_parmrk){ 0 }, got, 8, wire_quiet_ms());
	read_log(&log);
	for (i = 0; i < log.n; i++) {
		if (strcmp(log.byte[i].flags, "h"))
			continue;
		wrong += log.byte[i].bits != 0x1ff || log.byte[i].port != 1;
		heard++;
	}
	ksft_test_result(heard && !wrong && n >= 1 && got[0].byte == 0xff && got[0].bad,
			 "on an idle line: %zu times 1ff heard, %zu times not, %d characters\n",
			 heard - wrong, wrong, n);
	wire_log_free(&log);
}

/*
 * Bytes under noise: what the tty gets is what the recorder says the receiver has
 * heard, nearly as often as not something else than was sent.
 */
static void check_bytes(void)
{
	static struct wire_char got[CHARS];
	uint8_t data[600];
	struct wire_log log;
	size_t i, heard = 0, sent = 0, wrong = 0, bent = 0;
	int n;

	for (i = 0; i < sizeof(data); i++)
		data[i] = 37 * i + 1;	/* no zero comes out as a break unless it is one */
	clean_up();
	wire_inject(0, "0 noise 20000000 5");
	n = wire_exchange(fd[0], fd[1], data, sizeof(data), got, CHARS);
	wire_inject(0, "clear");
	n += wire_read(fd[1], &(struct wire_parmrk){ 0 }, got + n, CHARS - n, wire_quiet_ms());
	read_log(&log);
	for (i = 0; i < log.n; i++) {
		const struct wire_byte *b = &log.byte[i];
		bool bad = strpbrk(b->flags, "eb") || b->bits & 0x100;

		if (!strcmp(b->flags, "-"))
			bent += b->bits != data[sent++ % sizeof(data)];
		if (!strchr(b->flags, 'h'))
			continue;
		wrong += (int)heard >= n || got[heard].byte != (b->bits & 0xff) ||
			 got[heard].bad != bad;
		heard++;
	}
	ksft_test_result(sent == sizeof(data) && !bent, "%zu bytes sent as they are\n", sent);
	ksft_test_result((int)heard == n && !wrong, "%zu heard, %d characters, %zu not the same\n",
			 heard, n, wrong);
	wire_log_free(&log);
}

static void check_text(void)
{
	static const char * const bad[] = {
		"0 noise", "0 noise -1", "0 noise 100000001", "0 noise 1.5", "0 noise 1 x",
		"0 noise 1 4294967296", "0 noise 1 1 1",
	};
	char text[256];
	size_t i, accepted = 0;

	clean_up();
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		accepted += !wire_inject(0, "%s", bad[i]);
	wire_inject_read(0, text, sizeof(text));
	ksft_test_result(!accepted && !*text, "%zu bad lines refused\n", i);
	wire_inject(0, "0 noise 5 7\n1 noise 100\n0 noise 6 8\n0 drop 3");
	wire_inject_read(0, text, sizeof(text));
	ksft_test_result(!strcmp(text, "0 noise 6 8\n0 drop 3 1\n1 noise 100 1\n"),
			 "reads back as it is, one a port\n");
	wire_inject(0, "0 noise 0");
	wire_inject_read(0, text, sizeof(text));
	ksft_test_result(!strcmp(text, "0 drop 3 1\n1 noise 100 1\n"), "noise 0 ends it\n");
	clean_up();
}

int main(void)
{
	ksft_print_header();
	ksft_set_plan(2 + 2 + 1 + 2 + 3);
	if (wire_begin(fd))
		ksft_exit_fail_msg("no wire\n");
	wire_set_parity(fd[0], WIRE_SPACE);
	wire_set_parity(fd[1], WIRE_SPACE);
	check_rate(100000000, 500000);
	check_rate(10000000, 3000000);
	check_seed();
	wire_knobs(1, "heard=yes");
	check_idle();
	check_bytes();
	check_text();
	ksft_finished();
}
