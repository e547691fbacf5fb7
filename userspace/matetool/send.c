// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * matetool send: one transaction, as it is on the wire but for the checksum:
 *
 *	PORT#CMD[.ADDR[.PARAM]]		port decimal, all else hex; 0 if left out
 *
 * and the answer as PORT#BYTE0.DATA, two hex digits a byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"

struct command {
	unsigned int port, cmd, addr, param;
};

/* ---- grammar --------------------------------------------------------------- */

/* @min to @max hex digits; where they end, or NULL. */
static const char *take_hex(const char *at, size_t min, size_t max, unsigned int *n)
{
	size_t digits = strspn(at, "0123456789abcdefABCDEF");

	if (digits < min || digits > max)
		return NULL;
	*n = (unsigned int)strtoul(at, NULL, 16);
	return at + digits;
}

static int parse_command(const char *text, struct command *c)
{
	const char *at = text + strspn(text, "0123456789");

	*c = (struct command) { .port = MATE_PORT_MAX + 1 };
	if (at > text && at - text <= 2)
		c->port = (unsigned int)strtoul(text, NULL, 10);
	if (c->port <= MATE_PORT_MAX && *at == '#') {
		at = take_hex(at + 1, 1, 2, &c->cmd);
		if (at && *at == '.')
			at = take_hex(at + 1, 1, 4, &c->addr);
		if (at && *at == '.')
			at = take_hex(at + 1, 1, 4, &c->param);
		if (at && !*at)
			return 0;
	}
	return fail(EXIT_USAGE, "usage", "\"%s\": PORT#CMD[.ADDR[.PARAM]] is wanted, port 0 to %d, the "
		    "rest hex: 1#02.0000", text, MATE_PORT_MAX);
}

/* ---- what it does ---------------------------------------------------------- */

static bool is_harmless(unsigned int cmd)
{
	return cmd == MATENET_CMD_READ || cmd == MATENET_CMD_STATUS || cmd == MATENET_CMD_LOG;
}

/*
 * Risk of a command that changes something: that of its register, and the worst for
 * a register or command that nobody knows.  @id is what --i-accept must name.
 */
static enum mate_risk risk_of(const struct command *c, unsigned int device, char *id,
			      size_t size)
{
	const struct mate_reg_desc *r = mate_reg_by_addr(device, c->addr);

	if (c->cmd > MATENET_CMD_WRITE) {
		snprintf(id, size, "command_%02X", c->cmd);
		return MATE_RISK_FORBIDDEN;
	}
	snprintf(id, size, "%04X", c->addr);
	if (!r || r->risk == MATE_RISK_NONE)
		return MATE_RISK_FORBIDDEN;
	snprintf(id, size, "%s", r->id);
	return r->risk;
}

static void print_plan(const struct target *t, const struct command *c, const char *id,
		       enum mate_risk risk)
{
	FILE *out = flags.json ? stderr : stdout;
	const char *warning = risk_warning(risk);
	char text[160];

	target_text(t, text, sizeof(text));
	fprintf(out, "%s\n  %u#%02X.%04X.%04X: %s%s%s%s\n", text, c->port, c->cmd, c->addr, c->param,
		id, *warning ? "  (" : "", warning, *warning ? ")" : "");
	fflush(out);
}

/* Who is on the port decides what the command would do there. */
static int ask_send(struct target *t, const struct command *c)
{
	const struct port_name port = { .port = c->port };
	struct question q;
	char id[48], frame[24];
	struct record r = { .action = "send", .new = frame, .result = "refused", .reg = id };
	int ret = open_target(t, &port);

	if (ret)
		return ret;
	q = (struct question) { risk_of(c, t->info.device, id, sizeof(id)), id };
	print_plan(t, c, id, q.risk);
	if (consent.dry_run)
		return 0;
	snprintf(frame, sizeof(frame), "%u#%02X.%04X.%04X", c->port, c->cmd, c->addr, c->param);
	r.risk = q.risk;
	ret = check_unlocked(t, q.risk, id);
	if (!ret) {
		ret = ask(t, &q, 1, &r.detail);
		if (ret && q.risk >= MATE_RISK_DANGER)
			record(t, &r, true);
	}
	if (ret)
		close_target(t);
	return ret;
}

/* ---- sending --------------------------------------------------------------- */

static void answer_text(const struct matenet_xfer *x, unsigned int port, char *text)
{
	int n = sprintf(text, "%u#%02X", port, x->rx[0]);

	if (x->rx_len > 1)
		n += sprintf(text + n, ".");
	for (unsigned int i = 1; i < x->rx_len; i++)
		n += sprintf(text + n, "%02X", x->rx[i]);
}

static int show_answer(struct mate_bus *bus, const struct command *c, const struct matenet_xfer *x)
{
	double ms = (double)(x->rx_ts - x->tx_ts) / 1e6;
	char text[96];

	answer_text(x, c->port, text);
	if (flags.json)
		return print_json(json_pack("{s:s,s:i,s:s,s:f,s:i,s:b}", "bus", mate_bus_name(bus),
					    "port", (int)c->port, "reply", text, "latency_ms", ms,
					    "sequence", (int)x->sequence, "junk",
					    !!(x->status & MATENET_ST_JUNK)));
	printf("%s\n", text);
	return 0;
}

static void record_send(const struct target *t, const struct command *c, int ret,
			const struct matenet_xfer *x)
{
	char id[48], frame[24], answer[96];
	struct record r = {
		.action = "send", .reg = id, .new = frame, .read = ret ? NULL : answer,
		.result = ret ? mate_errname(ret) : "sent",
	};

	r.risk = risk_of(c, t->info.device, id, sizeof(id));
	snprintf(frame, sizeof(frame), "%u#%02X.%04X.%04X", c->port, c->cmd, c->addr, c->param);
	answer_text(x, c->port, answer);
	record(t, &r, ret);
}

/* Once: what it does a second time is nobody's to guess. */
static int transfer(struct mate_bus *bus, const struct command *c, struct matenet_xfer *x)
{
	*x = (struct matenet_xfer) {
		.tx_len = 6,
		.tx = { (uint8_t)c->port, (uint8_t)c->cmd, (uint8_t)(c->addr >> 8), (uint8_t)c->addr,
			(uint8_t)(c->param >> 8), (uint8_t)c->param },
	};
	return mate_xfer(bus, x);
}

static int send_and_show(struct mate_bus *bus, const struct command *c, const struct target *t)
{
	struct matenet_xfer x;
	int ret = transfer(bus, c, &x);

	if (t)
		record_send(t, c, ret, &x);
	return ret ? fail_mate(bus, ret, "port %u", c->port) : show_answer(bus, c, &x);
}

static int run_send(int argc, char **argv)
{
	struct mate_bus *bus;
	struct command c;
	struct target t;
	int ret = want_args(&verb_send, argc, 1, 1) ?: parse_command(argv[0], &c);

	if (ret)
		return ret;
	remember_request("send", argc, argv);
	if (is_harmless(c.cmd)) {
		ret = open_bus(&bus);
		if (ret)
			return ret;
		ret = send_and_show(bus, &c, NULL);
		mate_close(bus);
		return ret;
	}
	ret = ask_send(&t, &c);
	if (ret)
		return ret;
	if (!consent.dry_run)
		ret = send_and_show(t.bus, &c, &t);
	else if (!flags.json)
		printf("Nothing written.\n");
	close_target(&t);
	return ret;
}

const struct verb verb_send = {
	.name = "send",
	.args = "PORT#CMD[.ADDR[.PARAM]]",
	.summary = "One raw transaction: the command, and what comes back",
	.help = "PORT is decimal, all else hex and 0 if left out; the checksum is added.  CMD is 02\n"
		"READ, 04 STATUS, 16 LOG, and 03 WRITE, 00 DEC, 01 INC, which ask as reg set does.\n"
		"The answer is PORT#BYTE0.DATA.  It is sent once only.\n\n"
		CONSENT_HELP
		"\nExamples:\n"
		"  matetool send 1#02.0000            1#02.0003: an MX\n"
		"  matetool send 3#04.0A              the first page of a FLEXnet DC\n"
		"  matetool send 1#16.0.1             yesterday\n"
		"  matetool send 1#03.0019.0120 --yes\n",
	.words = "",
	.short_options = CONSENT_SHORT,
	.long_options = consent_options,
	.option = consent_option,
	.run = run_send,
};
