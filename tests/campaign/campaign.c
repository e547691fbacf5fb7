// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * campaign [-n TRANSACTIONS] [-s SEED] [-r PPB] [-c read|status|log|mix] KIND MODE
 * campaign -l        lists the kinds
 *
 * One kind of fault in one mode of the driver; the same seed gives the same campaign.
 * Prints what is worth an explanation as remarks, then a line of JSON.  Exit status 1: the
 * driver was at fault.
 */
#define _GNU_SOURCE
#include "campaign.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETTLE_US	200000	/* all that is late has come by then */
#define AGAIN_MAX	50	/* times to ask again after a wrong value */
#define ROOM		(WINDOW * 4 + AGAIN_MAX)

static const struct {
	const char *name;
	unsigned int status, log;	/* percent; the rest is READ */
} mixes[] = {
	{ "read", 0, 0 }, { "status", 100, 0 }, { "log", 0, 100 }, { "mix", 25, 15 },
};

struct campaign {
	const struct kind *kind;
	const struct mode *mode;
	unsigned int n, mix;
	uint32_t ppb;
	uint64_t seed;
	struct chance chance;
	struct bus bus;
	struct tally tally;
	struct transaction t[ROOM];
	unsigned int used, nr;
};

static void choose_command(struct campaign *c, uint8_t command[COMMAND_BYTES])
{
	unsigned int kind = chance_of(&c->chance, 100);
	unsigned int addr = chance_of(&c->chance, 0x10000), param = 0;

	command[0] = chance_of(&c->chance, 11);
	command[1] = MATENET_CMD_READ;
	if (kind < mixes[c->mix].status) {
		command[1] = MATENET_CMD_STATUS;
		addr = chance_between(&c->chance, 1, 15);
	} else if (kind < mixes[c->mix].status + mixes[c->mix].log) {
		command[1] = MATENET_CMD_LOG;
		addr = 0;
		param = chance_of(&c->chance, 129);
	}
	command[2] = addr >> 8;
	command[3] = addr;
	command[4] = param >> 8;
	command[5] = param;
	model_finish(command);
}

/* A right reply to the same command, had somebody else been asked or for something else. */
static void choose_foreign(struct campaign *c, const uint8_t *command, struct fault *f)
{
	uint8_t other[COMMAND_BYTES];

	memcpy(other, command, sizeof(other));
	other[0] = (command[0] + chance_between(&c->chance, 1, 10)) % 11;
	other[5] ^= chance_of(&c->chance, 256);
	model_finish(other);
	f->foreign_len = model_reply(other, f->foreign);
}

static void fault_choose(struct campaign *c, const struct transaction *t, struct fault *f)
{
	uint8_t reply[REPLY_MAX];

	*f = (struct fault){ .chance = &c->chance, .midway_us = -1 };
	f->reply = model_reply(t->command, reply);
	choose_foreign(c, t->command, f);
	if (t->disturbed)
		c->kind->prepare(f);
}

static struct transaction *transaction_next(struct campaign *c)
{
	struct transaction *t = &c->t[c->used++];

	*t = (struct transaction){ .nr = c->nr++ };
	return t;
}

/* What a careful program does that has got a value it needs to be sure of. */
static void ask_again(struct campaign *c, const struct transaction *wrong)
{
	unsigned int i;

	for (i = 0; i < AGAIN_MAX && c->used < ROOM; i++) {
		struct transaction *t = transaction_next(c);

		memcpy(t->command, wrong->command, COMMAND_BYTES);
		t->again = true;
		bus_transact(&c->bus, t, NULL);
		if (value_given(t))
			return;
	}
}

static void run_one(struct campaign *c)
{
	struct transaction *t = transaction_next(c);
	struct fault f;

	choose_command(c, t->command);
	t->disturbed = chance_percent(&c->chance, c->kind->percent);
	if (kind_is_noise(c->kind)) {
		bus_transact(&c->bus, t, NULL);
	} else {
		fault_choose(c, t, &f);
		if (!strcmp(c->kind->name, "mixed"))
			bus_noise(c->ppb, chance(&c->chance), true, true);
		bus_transact(&c->bus, t, &f);
		if (t->disturbed && !f.keep && wire_inject(0, "clear"))
			errx(1, "uart9: clear");
	}
	if (value_given(t) && !value_right(t) && !c->kind->blind)
		ask_again(c, t);
}

/* Everybody silent before the recorder is read and emptied: no byte falls in between. */
static void run_window(struct campaign *c, unsigned int n)
{
	struct wire_log log;

	c->used = 0;
	if (kind_is_noise(c->kind))
		bus_noise(c->ppb, chance(&c->chance), strcmp(c->kind->name, "noise-reply"),
			  strcmp(c->kind->name, "noise-command"));
	while (n-- && c->used < ROOM - AGAIN_MAX)
		run_one(c);
	wire_inject(0, "clear");
	wire_sleep_us(SETTLE_US);
	if (wire_record_read(0, &log))
		errx(1, "uart9: no record");
	judge(c->t, c->used, &log, c->mode, &c->tally);
	wire_log_free(&log);
	if (wire_record_clear(0))
		errx(1, "uart9: no record");
}

static void check_counters(struct campaign *c)
{
	uint64_t sent = bus_counter("tx_bytes");
	uint64_t heard = bus_counter("rx_bytes") + bus_counter("rx_stray");
	uint64_t expect = c->tally.heard - c->tally.breaks;

	if (!kind_is_noise(c->kind))
		return;		/* bytes that are dropped or put in by a rule count differently */
	/* Breaks are told apart only where the driver's way is foretold. */
	if (sent == c->tally.sent &&
	    (heard == expect || (c->mode->framing == MATENET_FRAMING_AUTO && heard < expect)))
		return;
	c->tally.faults++;
	printf("# FAULT counters: %llu bytes sent, on the wire %llu; %llu heard, on the wire %llu\n",
	       (unsigned long long)sent, (unsigned long long)c->tally.sent,
	       (unsigned long long)heard, (unsigned long long)expect);
}

static void print_result(const struct campaign *c)
{
	const struct tally *t = &c->tally;

	printf("{\"campaign\":\"%s\",\"mode\":\"%s\",\"mix\":\"%s\",\"ppb\":%u,\"seed\":%llu,"
	       "\"profile\":\"%s\",\"n\":%u,\"right\":%u,\"error\":%u,\"wrong\":%u,"
	       "\"clean_failed\":%u,\"by_command\":%u,\"by_reply\":%u,\"by_other\":%u,"
	       "\"seen_marks\":%u,\"seen_byte0\":%u,\"again\":%u,\"again_same\":%u,"
	       "\"changing\":%u,\"faults\":%u,\"foretold\":%u,\"unlike\":%u,"
	       "\"sent\":%llu,\"heard\":%llu,\"pulses\":%llu,\"seconds\":%.3f}\n",
	       c->kind->name, c->mode->name, mixes[c->mix].name, c->ppb,
	       (unsigned long long)c->seed, getenv("MATENET_PROFILE") ?: "", t->n,
	       t->verdict[RIGHT], t->verdict[ERROR], t->verdict[WRONG], t->clean_failed,
	       t->by_command, t->by_reply, t->by_other, t->seen_marks, t->seen_byte0, t->again,
	       t->again_same, t->changing, t->faults, t->foretold, t->unlike,
	       (unsigned long long)t->sent, (unsigned long long)t->heard,
	       (unsigned long long)t->pulses, t->busy_ns / 1e9);
}

static unsigned long number(const char *text, const char *what, unsigned long min,
			    unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || value < min || value > max)
		errx(2, "%s %s: not a number from %lu to %lu", what, text, min, max);
	return value;
}

static void list_kinds(void)
{
	const struct kind *k;

	for (k = kinds; k->name; k++)
		printf("%-14s %s\n", k->name, k->what);
	exit(0);
}

static void parse(struct campaign *c, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "ln:s:r:c:")) >= 0)
		switch (option) {
		case 'l':
			list_kinds();
			break;
		case 'n':
			c->n = number(optarg, "-n", 1, 10000000);
			break;
		case 's':
			c->seed = number(optarg, "-s", 0, UINT32_MAX);
			break;
		case 'r':
			c->ppb = number(optarg, "-r", 0, 100000000);
			break;
		case 'c':
			for (c->mix = 0; c->mix < 4 && strcmp(mixes[c->mix].name, optarg);)
				c->mix++;
			if (c->mix == 4)
				errx(2, "-c %s: not one of read, status, log, mix", optarg);
			break;
		default:
			exit(2);
		}
	if (argc - optind != 2)
		errx(2, "usage: campaign [-n TRANSACTIONS] [-s SEED] [-r PPB] [-c MIX] KIND MODE");
	for (c->kind = kinds; c->kind->name && strcmp(c->kind->name, argv[optind]);)
		c->kind++;
	for (c->mode = modes; c->mode->name && strcmp(c->mode->name, argv[optind + 1]);)
		c->mode++;
	if (!c->kind->name)
		errx(2, "%s: no such kind of fault", argv[optind]);
	if (!c->mode->name)
		errx(2, "%s: no such mode", argv[optind + 1]);
}

int main(int argc, char **argv)
{
	static struct campaign c = { .n = 100, .seed = 1, .ppb = 1000000, .mix = 3 };

	parse(&c, argc, argv);
	c.chance.state = c.seed;
	bus_begin(&c.bus, c.mode);
	while (c.tally.n < c.n)
		run_window(&c, c.n - c.tally.n < WINDOW ? c.n - c.tally.n : WINDOW);
	check_counters(&c);
	bus_end(&c.bus);
	print_result(&c);
	return c.tally.faults != 0;
}
