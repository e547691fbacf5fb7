// SPDX-License-Identifier: GPL-2.0-or-later
/* What came of a window of transactions, by the recorder of the wire. */
#include "campaign.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#define TIMER_NS	2000
#define BENT_MAX	3	/* bits that a fault turns over */

/* The recorder's lines of one sort, in the order of their ends. */
struct lines {
	struct wire_byte *at;
	size_t n, from, to;	/* those of the transaction that is looked at */
};

struct window {
	struct lines command;	/* sent by the driver's port */
	struct lines reply;	/* by the device's */
	struct lines heard, taken;	/* by the driver's port, by the device's */
	struct lines noise;
};

static bool is(const struct wire_byte *b, char flag)
{
	return strchr(b->flags, flag);
}

static void lines_add(struct lines *l, const struct wire_byte *b)
{
	l->at[l->n++] = *b;
}

/* A UART tells that it has lost a byte with the next one that it has not. */
static void heard_add(struct lines *l, const struct wire_byte *b, bool *lost)
{
	struct wire_byte byte = *b;

	if (is(b, 'o')) {
		*lost = true;
		return;
	}
	if (*lost)
		snprintf(byte.flags, sizeof(byte.flags), "%.8s%c", b->flags, FLAG_TELLS_OVERRUN);
	*lost = false;
	lines_add(l, &byte);
}

static void window_sort(struct window *w, const struct wire_log *log, bool *lost)
{
	struct lines *all[] = { &w->command, &w->reply, &w->heard, &w->taken, &w->noise };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		*all[i] = (struct lines){ 0 };
		all[i]->at = calloc(log->n + 1, sizeof(*all[i]->at));
		if (!all[i]->at)
			err(1, "calloc");
	}
	for (i = 0; i < log->n; i++) {
		const struct wire_byte *b = &log->byte[i];

		if (is(b, 'z'))
			lines_add(&w->noise, b);
		else if (is(b, 'h') && b->port)
			lines_add(&w->taken, b);
		else if (is(b, 'h'))
			heard_add(&w->heard, b, lost);
		else
			lines_add(b->port ? &w->reply : &w->command, b);
	}
}

static void window_free(struct window *w)
{
	free(w->command.at);
	free(w->reply.at);
	free(w->heard.at);
	free(w->taken.at);
	free(w->noise.at);
}

/* A byte that is sent ends half a bit after it has been heard, and may be answered by then. */
static uint64_t moment(const struct wire_byte *b)
{
	return is(b, 'h') ? b->end : b->start;
}

static void lines_turn_to(struct lines *l, uint64_t begin, uint64_t end)
{
	l->from = l->to;
	while (l->from < l->n && moment(&l->at[l->from]) < begin)
		l->from++;
	for (l->to = l->from; l->to < l->n && moment(&l->at[l->to]) < end; l->to++)
		;
}

static void window_turn_to(struct window *w, uint64_t begin, uint64_t end)
{
	lines_turn_to(&w->command, begin, end);
	lines_turn_to(&w->reply, begin, end);
	lines_turn_to(&w->heard, begin, end);
	lines_turn_to(&w->taken, begin, end);
	lines_turn_to(&w->noise, begin, end);
}

bool value_given(const struct transaction *t)
{
	return !t->error && t->x.status & MATENET_ST_OK;
}

/* Byte 0 is a hint, the rest is the value. */
bool value_right(const struct transaction *t)
{
	uint8_t reply[REPLY_MAX];
	size_t n = model_reply(t->command, reply);

	return t->x.rx_len == n - 2 && !memcmp(t->x.rx + 1, reply + 1, n - 3);
}

/* ---- explanations ---- */

static void print_words(const char *who, const struct lines *l)
{
	size_t i;

	printf("#   %-22s", who);
	for (i = l->from; i < l->to && i < l->from + 40; i++)
		printf(" %03x%s%s", l->at[i].bits, is(&l->at[i], 'e') ? "!" : "",
		       is(&l->at[i], 'b') ? "_" : "");
	printf("%s\n", i < l->to ? " ..." : "");
}

static void print_bytes(const char *who, const uint8_t *data, size_t n)
{
	size_t i;

	printf("#   %-22s", who);
	for (i = 0; i < n; i++)
		printf(" %03x", data[i] | (i ? 0 : 0x100));
	printf("\n");
}

/* Which bits differ, with what they add. */
static void print_flips(const char *who, const uint8_t *sent, const uint8_t *got, size_t n)
{
	size_t i;
	int bit;

	printf("#   %-22s", who);
	for (i = 0; i < n; i++)
		for (bit = 0; bit < 8; bit++)
			if ((sent[i] ^ got[i]) >> bit & 1)
				printf(" byte %zu bit %d (%c%d)", i, bit,
				       got[i] >> bit & 1 ? '+' : '-', 1 << bit);
	printf("\n");
}

/* ---- a value ---- */

/* The words that were taken for the reply: the last ones until it was complete. */
static const struct wire_byte *accepted(const struct transaction *t, const struct lines *heard,
					size_t want)
{
	size_t i, k, to = heard->to;

	while (to > heard->from && heard->at[to - 1].end > t->x.rx_ts)
		to--;
	for (i = 0; i < 8 && to - i >= heard->from + want; i++) {
		const struct wire_byte *b = &heard->at[to - i - want];

		for (k = 0; k + 2 < want && (b[k].bits & 0xff) == t->x.rx[k]; k++)
			;
		if (k + 2 == want)
			return b;
	}
	return NULL;
}

/* Did the device send just this? */
static bool device_sent(const struct lines *sent, const uint8_t *reply, size_t n)
{
	size_t i;

	for (i = 0; i < n && sent->from + i < sent->to; i++)
		if ((sent->at[sent->from + i].bits & 0xff) != reply[i])
			return false;
	return i == n && sent->from + n == sent->to;
}

static int bits_apart(const uint8_t *a, const uint8_t *b, size_t n)
{
	int bits = 0;

	while (n--)
		bits += __builtin_popcount(*a++ ^ *b++);
	return bits;
}

/* The right command that the device has heard last, as tests/uart/answer.c takes it. */
static bool device_heard(const struct lines *taken, uint8_t command[COMMAND_BYTES])
{
	uint8_t data[COMMAND_BYTES];
	size_t i, got = 0;
	bool any = false;

	for (i = taken->from; i < taken->to; i++) {
		if (taken->at[i].bits & 0x100)
			got = 0;
		else if (!got)
			continue;
		data[got++] = taken->at[i].bits;
		if (got < COMMAND_BYTES)
			continue;
		got = 0;
		if (!model_command(data))
			continue;
		memcpy(command, data, COMMAND_BYTES);
		any = true;
	}
	return any;
}

static void driver_fault(struct tally *tally, const struct transaction *t, const struct window *w,
			 const char *what)
{
	tally->faults++;
	printf("# FAULT %s: transaction %u, status %#x\n", what, t->nr, t->x.status);
	print_bytes("asked", t->command, COMMAND_BYTES);
	print_words("sent", &w->command);
	print_words("device sent", &w->reply);
	print_words("heard", &w->heard);
	print_bytes("result", t->x.rx, t->x.rx_len);
}

/* Ninth bits as they have to be. */
static bool marks_right(const struct wire_byte *b, size_t want)
{
	size_t i;

	for (i = 0; i < want; i++)
		if (b[i].bits >> 8 != !i)
			return false;
	return true;
}

static void explain_wrong(const struct transaction *t, const struct window *w,
			  const struct wire_byte *b, size_t want, struct tally *tally)
{
	uint8_t reply[REPLY_MAX], got[REPLY_MAX], command[COMMAND_BYTES];
	bool heard = device_heard(&w->taken, command);
	size_t i;

	model_reply(t->command, reply);
	for (i = 0; i < want; i++)
		got[i] = b[i].bits;
	printf("# WRONG transaction %u, status %#x, %zu pulses of noise\n", t->nr, t->x.status,
	       w->noise.to - w->noise.from);
	print_bytes("asked", t->command, COMMAND_BYTES);
	print_words("device heard", &w->taken);
	print_words("device sent", &w->reply);
	print_words("heard", &w->heard);
	if (heard && memcmp(command, t->command, COMMAND_BYTES)) {
		tally->by_command++;
		print_flips("command", t->command, command, COMMAND_BYTES);
	} else if (heard && (device_sent(&w->reply, reply, want) ||
			     bits_apart(reply, got, want) <= BENT_MAX)) {
		tally->by_reply++;
		print_flips("reply", reply, got, want);
	} else {
		tally->by_other++;
		printf("#   somebody else's reply\n");
	}
	if (!marks_right(b, want)) {
		tally->seen_marks++;
		printf("#   the ninth bits tell\n");
	}
	if (got[0] != reply[0]) {
		tally->seen_byte0++;
		printf("#   byte 0 tells: %02x instead of %02x\n", got[0], reply[0]);
	}
}

static void judge_value(const struct transaction *t, const struct window *w,
			const struct mode *mode, struct tally *tally)
{
	uint8_t reply[REPLY_MAX], data[REPLY_MAX];
	size_t i, want = model_reply(t->command, reply);
	const struct wire_byte *b = accepted(t, &w->heard, want);

	if (t->x.rx_len != want - 2 || !b) {
		driver_fault(tally, t, w, "a result that was not heard");
		return;
	}
	for (i = 0; i < want; i++)
		data[i] = b[i].bits;
	if (model_sum(data, want - 2) != (data[want - 2] << 8 | data[want - 1]))
		driver_fault(tally, t, w, "a wrong sum");
	else if (mode->flags & MATENET_CFG_STRICT && !marks_right(b, want))
		driver_fault(tally, t, w, "wrong ninth bits where they count");
	if (!value_right(t))
		explain_wrong(t, w, b, want, tally);
}

/* ---- a transaction ---- */

static void judge_command(const struct transaction *t, const struct window *w, struct tally *tally)
{
	uint8_t command[COMMAND_BYTES];
	const struct lines *c = &w->command;
	size_t i;

	if (device_heard(&w->taken, command) && model_changes(command) &&
	    memcmp(command, t->command, COMMAND_BYTES)) {
		tally->changing++;
		printf("# CHANGES transaction %u: the device has heard a command that changes something\n",
		       t->nr);
		print_bytes("asked", t->command, COMMAND_BYTES);
		print_words("device heard", &w->taken);
		print_flips("command", t->command, command, COMMAND_BYTES);
	}
	for (i = c->from; i < c->to; i++)
		if (strcmp(c->at[i].flags, "-"))
			return;		/* by a rule */
	if (c->to - c->from != COMMAND_BYTES)
		return;			/* the same, or none was sent */
	for (i = 0; i < COMMAND_BYTES; i++)
		if (c->at[c->from + i].bits != (t->command[i] | (i ? 0U : 0x100U)))
			break;
	if (i < COMMAND_BYTES)
		driver_fault(tally, t, w, "not what was asked is sent");
}

/*
 * A timer of User-Mode Linux may be a microsecond late, and what was heard just before an
 * end has come after it: then both are right.
 */
static struct foretold foretell_about(const struct transaction *t, const struct mode *mode,
				      uint64_t end, const struct lines *heard)
{
	static const int about[] = { 0, -TIMER_NS, TIMER_NS };
	struct foretold f, first = { 0 };
	size_t i, from;

	for (i = 0; i < 9; i++) {
		for (from = heard->from; from < heard->to &&
		     heard->at[from].end < end + about[i % 3]; from++)
			;
		f = foretell(t, mode, end, about[i / 3], heard->at + from, heard->to - from);
		if (f.status == t->x.status)
			return f;
		if (!i)
			first = f;
	}
	return first;
}

static void judge_status(const struct transaction *t, const struct window *w,
			 const struct mode *mode, struct tally *tally)
{
	const struct lines *c = &w->command;
	struct foretold f;
	unsigned int bit;
	size_t i;
	uint64_t end;

	if (mode->framing == MATENET_FRAMING_AUTO || t->error ||
	    !(t->x.status & MATENET_ST_TX_DONE) || c->to - c->from != COMMAND_BYTES)
		return;
	for (i = c->from; i < c->to; i++)
		if (is(&c->at[i], 'i'))
			return;
	end = c->at[c->to - 1].end;
	f = foretell_about(t, mode, end, &w->heard);
	tally->taken += f.taken;
	tally->breaks += f.words - f.taken;
	for (bit = 0; bit < MATENET_STATUS_BITS; bit++)
		tally->status[bit] += f.status >> bit & 1;
	if (f.status == t->x.status) {
		tally->foretold++;
		return;
	}
	tally->unlike++;
	printf("# UNLIKE transaction %u: status %#x, foretold %#x\n", t->nr, t->x.status, f.status);
	print_bytes("asked", t->command, COMMAND_BYTES);
	print_words("heard", &w->heard);
	printf("#   at, us                ");
	for (i = w->heard.from; i < w->heard.to && i < w->heard.from + 10; i++)
		printf(" %.3f", (int64_t)(w->heard.at[i].end - end) / 1e3);
	printf("\n");
}

static void judge_one(const struct transaction *t, const struct window *w, const struct mode *mode,
		      struct tally *tally)
{
	judge_command(t, w, tally);
	judge_status(t, w, mode, tally);
	if (t->again)
		return;
	tally->n++;
	tally->busy_ns += t->end - t->begin;
	if (!value_given(t)) {
		tally->verdict[ERROR]++;
		tally->clean_failed += !t->disturbed;
		return;
	}
	tally->verdict[value_right(t) ? RIGHT : WRONG]++;
	judge_value(t, w, mode, tally);
}

/* A wrong value was asked for again until there was one. */
static void judge_again(const struct transaction *wrong, const struct transaction *again,
			struct tally *tally)
{
	bool same;

	if (!value_given(again))
		return;
	same = !memcmp(wrong->x.rx, again->x.rx, sizeof(again->x.rx));
	tally->again++;
	tally->again_same += same;
	printf("#   asked again, transaction %u: %s\n", again->nr,
	       same ? "the same" : value_right(again) ? "the right value" : "another one");
}

void judge(const struct transaction *t, unsigned int n, const struct wire_log *log,
	   const struct mode *mode, struct tally *tally)
{
	const struct transaction *wrong = NULL;
	struct window w;
	unsigned int i;

	window_sort(&w, log, &tally->lost);
	for (i = 0; i < n; i++) {
		if (t[i].error)
			errx(1, "transaction %u: %s", t[i].nr, strerror(-t[i].error));
		window_turn_to(&w, t[i].begin, i + 1 < n ? t[i + 1].begin : UINT64_MAX);
		judge_one(&t[i], &w, mode, tally);
		if (!t[i].again)
			wrong = &t[i];
		else
			judge_again(wrong, &t[i], tally);
	}
	tally->sent += w.command.n;
	tally->heard += w.heard.n;
	tally->pulses += w.noise.n;
	window_free(&w);
}
