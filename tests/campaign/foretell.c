// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What should come of the words that were heard, by the rules of the protocol and of
 * Documentation/driver.rst, written down once more and apart from the driver.
 */
#include "campaign.h"

#include <string.h>

#define TIMEOUT_NS	45000000ULL	/* the driver's defaults */
#define GAP_NS		20000000ULL
#define FRAME_NS	1145833ULL	/* eleven bits at 9600 baud */
#define JUNK_MAX	4
#define ROOM		64

struct reply {
	uint16_t word[ROOM];
	size_t n, want;
	uint32_t errors;
	bool marked;		/* the ninth bits count */
};

static bool odd(unsigned int byte)
{
	return __builtin_parity(byte);
}

/*
 * A 16550 has one flag for a byte in the 8250 driver's eyes, and the parity error goes
 * before the missing stop bit.
 */
static bool stop_bit_seen_missing(const struct transaction *t, const struct mode *mode,
				  const struct wire_byte *b)
{
	bool ninth = b->bits & 0x100, expect = false;

	if (!strchr(b->flags, 'e'))
		return false;
	if (mode->parity == MATENET_PARITY_EVENODD)	/* as the last byte was sent */
		expect = odd(b->bits & 0xff) ^ odd(t->command[COMMAND_BYTES - 1]);
	return ninth == expect;
}

static bool sum_right(const struct reply *r, size_t from)
{
	uint16_t sum = 0;
	size_t i;

	for (i = from; i + 2 < r->n; i++)
		sum += r->word[i] & 0xff;
	return (r->word[r->n - 2] & 0xff) == sum >> 8 && (r->word[r->n - 1] & 0xff) == (sum & 0xff);
}

static size_t marks(const struct reply *r)
{
	size_t i, n = 0;

	for (i = 0; i < r->n; i++)
		n += r->word[i] >> 8 & 1;
	return n;
}

static bool first_usual(const struct reply *r, uint8_t command)
{
	unsigned int first = r->word[0] & 0xff;

	switch (command) {
	case MATENET_CMD_READ: return first == 0 || first == 2 || first == 3;
	case MATENET_CMD_WRITE: return first == 3;
	case MATENET_CMD_STATUS: return first >= 2 && first <= 4;
	case MATENET_CMD_LOG: return first == 22;
	default: return first < 2;
	}
}

/* Is it over with this word, beyond doubt? */
static bool over(const struct reply *r, uint8_t command)
{
	size_t from;

	if (r->errors)
		return false;
	if (r->marked && r->n == 5 && r->word[0] & 0x80 && r->word[0] & 0x100 && marks(r) == 1 &&
	    sum_right(r, 0))
		return true;
	if (r->n < r->want || r->n - r->want > JUNK_MAX)
		return false;
	from = r->n - r->want;
	if (!sum_right(r, from))
		return false;
	if (r->marked)
		return r->word[from] & 0x100 && marks(r) == 1;
	return !from && first_usual(r, command);
}

static size_t start_of(const struct reply *r)
{
	size_t i;

	for (i = 0; r->marked && marks(r) == 1 && i < r->n; i++)
		if (r->word[i] & 0x100)
			return i;
	if (r->n > r->want && r->n - r->want <= JUNK_MAX && sum_right(r, r->n - r->want))
		return r->n - r->want;
	return 0;
}

static uint32_t whole(const struct reply *r, size_t from)
{
	size_t len = r->n - from;

	if (len > r->want || r->errors & MATENET_ST_LONG)
		return MATENET_ST_LONG;
	if (len == 5 && r->word[from] & 0x80 && sum_right(r, from))
		return MATENET_ST_REFUSED;
	if (len < r->want)
		return MATENET_ST_SHORT;
	if (!sum_right(r, from))
		return MATENET_ST_CHECKSUM;
	return r->word[from] & 0x80 ? MATENET_ST_REFUSED : MATENET_ST_OK;
}

static uint32_t verdict_on(const struct reply *r, bool strict)
{
	const uint32_t good = MATENET_ST_OK | MATENET_ST_REFUSED;
	size_t from;
	uint32_t status;

	if (!r->n)
		return r->errors ? r->errors : MATENET_ST_TIMEOUT;
	from = start_of(r);
	status = whole(r, from);
	if (from)
		status |= MATENET_ST_JUNK;
	if (r->marked && !(r->word[from] & 0x100 && marks(r) == 1)) {
		status |= MATENET_ST_MARK;
		if (strict)
			status &= ~good;
	}
	if (r->errors)
		status = (status & ~good) | r->errors;
	if (from > JUNK_MAX)
		status = (status & ~good) | MATENET_ST_LONG;
	return status;
}

/* What is missing of a reply that has begun takes its time, beside the gap. */
static uint64_t patience(const struct reply *r)
{
	return GAP_NS + (r->want > r->n ? (r->want - r->n) * FRAME_NS : 0);
}

struct foretold foretell(const struct transaction *t, const struct mode *mode, uint64_t end,
			 int late, const struct wire_byte *heard, size_t n)
{
	struct reply r = { .marked = mode->framing == MATENET_FRAMING_MARK };
	uint64_t deadline = end + TIMEOUT_NS + late;
	struct foretold f = { 0 };
	uint8_t none[REPLY_MAX];
	bool missing;

	r.want = model_reply(t->command, none);
	while (f.words < n && heard[f.words].end <= deadline) {
		const struct wire_byte *b = &heard[f.words++];

		deadline = b->end + patience(&r) + late;
		if (strchr(b->flags, 'b')) {
			r.errors |= MATENET_ST_BREAK;
			if (strchr(b->flags, FLAG_TELLS_OVERRUN))
				r.errors |= MATENET_ST_OVERRUN;
			continue;
		}
		missing = stop_bit_seen_missing(t, mode, b);
		if (missing)
			r.errors |= MATENET_ST_FRAMING;
		if (r.n == ROOM) {
			r.errors |= MATENET_ST_LONG;
			break;
		}
		/* Nobody trusts the ninth bit of such a byte. */
		r.word[r.n++] = missing ? b->bits & 0xff : b->bits;
		deadline = b->end + patience(&r) + late;
		if (over(&r, t->command[1]))
			break;
		if (strchr(b->flags, FLAG_TELLS_OVERRUN))
			r.errors |= MATENET_ST_OVERRUN;
	}
	f.taken = r.n;
	f.status = MATENET_ST_TX_DONE | verdict_on(&r, mode->flags & MATENET_CFG_STRICT);
	return f;
}
