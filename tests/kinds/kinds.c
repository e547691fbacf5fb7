// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each kind of UART in each role does what is expected of it, and no more is promised.
 * What was measured goes to /run/matenet-kinds, a JSON object a line, for table.py.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "kinds.h"
#include "kselftest.h"
#include "testbus.h"
#include "wirelib.h"

#define RESULTS "/run/matenet-kinds"

static const char * const role_names[] = { "controller", "device", "monitor" };
static const char * const verdict_names[] = { "works", "refused", "fails" };
static const char * const limit_names[] = {
	"setting", "evenodd", "time", "length", "unknown", "learns", "late",
};

/* What a clock may be wrong by, in thousandths, at least; it is symmetric to about one. */
#define CLOCK_EXPECTED	40

static FILE *results;

static const char *limits_text(unsigned int limits, char *text, size_t size)
{
	size_t n = 0;
	unsigned int i;

	*text = 0;
	for (i = 0; i < ARRAY_SIZE(limit_names); i++)
		if (limits & 1U << i)
			n += snprintf(text + n, size - n, "%s%s", n ? " " : "", limit_names[i]);
	return text;
}

static void write_result(const struct kind *k, enum role role, const struct result *r)
{
	char limits[128];

	fprintf(results, "{\"kind\":\"%s\",\"stands\":\"%s\",\"does\":\"%s\",\"role\":\"%s\","
		"\"verdict\":\"%s\",\"limits\":\"%s\",\"error\":%d,\"asked\":%u,\"right\":%u,"
		"\"wrong\":%u,\"lost_first\":%u,\"bad_marks\":%u,\"gap_us\":%.0f,"
		"\"gap_max_us\":%.0f,\"elapsed_us\":%.0f,\"late_us\":%.0f}\n",
		k->name, k->stands, k->does, role_names[role], verdict_names[r->verdict],
		limits_text(r->limits, limits, sizeof(limits)), r->error, r->asked, r->right,
		r->wrong, r->lost_first, r->bad_marks, r->gap_us, r->gap_max_us, r->elapsed_us,
		r->late_us);
}

static void check(const struct kind *k, enum role role)
{
	const struct expected *e = &k->expected[role];
	struct result r = play(k, role);
	char got[128], want[128];

	write_result(k, role, &r);
	limits_text(r.limits, got, sizeof(got));
	limits_text(e->limits, want, sizeof(want));
	ksft_test_result(r.verdict == e->verdict && r.limits == e->limits, "%s, %s: %s%s%s\n",
			 k->name, role_names[role], verdict_names[r.verdict], *got ? ": " : "", got);
	if (r.verdict != e->verdict || r.limits != e->limits)
		ksft_print_msg("expected %s: %s; %u of %u right, %u wrong, %u lost at first, "
			       "%u ninth bits wrong, gap %.0f us, %.0f us late\n",
			       verdict_names[e->verdict], want, r.right, r.asked, r.wrong,
			       r.lost_first, r.bad_marks, r.gap_us, r.late_us);
}

static void check_clock(int fifo)
{
	struct clock_limit limit = clock_limit(fifo);

	fprintf(results, "{\"clock\":%d,\"fast\":%.1f,\"slow\":%.1f}\n", fifo, limit.fast / 10.0,
		limit.slow / 10.0);
	ksft_test_result(limit.fast >= CLOCK_EXPECTED && limit.slow >= CLOCK_EXPECTED,
			 "%d-byte FIFO: a clock may be %.1f %% fast, %.1f %% slow\n", fifo,
			 limit.fast / 10.0, limit.slow / 10.0);
}

int main(int argc, char **argv)
{
	static const int fifos[] = { 1, 16, 64 };
	unsigned int i, role;

	ksft_print_header();
	results = fopen(RESULTS, "we");
	if (!results)
		err(1, RESULTS);
	if (wire_load_listeners(1))
		ksft_exit_fail_msg("no wire\n");
	testbus_modules();
	ksft_set_plan(n_kinds * ROLES + ARRAY_SIZE(fifos));
	for (i = 0; i < n_kinds; i++)
		for (role = 0; role < ROLES; role++)
			if (argc < 2 || strstr(kinds[i].name, argv[1]))
				check(&kinds[i], role);
	for (i = 0; i < ARRAY_SIZE(fifos); i++)
		if (argc < 2 || !strcmp(argv[1], "clock"))
			check_clock(fifos[i]);
	fclose(results);
	ksft_finished();
}
