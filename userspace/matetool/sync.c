// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool sync: clocks and battery temperature, as a MATE sets them. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "change.h"

/* A new device is found, and one that has gone forgotten, within so long. */
#define SCAN_S	300

static bool once;
static volatile sig_atomic_t ended;

static const struct {
	unsigned int flag, period_s;
} duties[] = {
	{ MATE_SYNC_TIME, 30 },
	{ MATE_SYNC_DATE, 60 },
	{ MATE_SYNC_TEMPERATURE, 60 },
};

static void on_signal(int sig)
{
	(void)sig;
	ended = 1;
}

static int64_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec;
}

/* ---- one round ------------------------------------------------------------- */

static bool is_write(const struct mate_sync_step *s)
{
	return s->reg->access & MATE_ACC_WRITE;
}

static void step_text(const struct mate_sync_step *s, char *text, size_t size)
{
	struct mate_quantity q;

	mate_reg_decode(s->reg, s->value, false, &q);
	mate_quantity_format(&q, text, size);
	if (s->reg->addr == MATE_REG_MX_BATTERY_TEMP_RAW)
		snprintf(text, size, "%u, %d degC", s->value, mate_temp_degc(s->value));
}

static json_t *json_step(const struct mate_sync_step *s)
{
	char text[80];
	json_t *o = json_pack("{s:i,s:o,s:s,s:s}", "port", s->port, "type", json_device(s->device),
			      "command", is_write(s) ? "write" : "read", "register", s->reg->id);

	if (s->err) {
		json_object_set_new(o, "error", json_error(s->err));
		return o;
	}
	step_text(s, text, sizeof(text));
	json_object_set_new(o, "value", json_integer(s->value));
	json_object_set_new(o, "text", json_string(text));
	return o;
}

static void print_step(const struct mate_sync_step *s)
{
	char text[80];

	step_text(s, text, sizeof(text));
	if (s->err)
		fprintf(stderr, "matetool: port %u: %s: %s\n", s->port, s->reg->id,
			mate_strerror(s->err));
	else
		printf("port %u: %s %s %s\n", s->port, s->reg->id, is_write(s) ? "=" : "is", text);
}

static void record_step(struct mate_bus *bus, const struct mate_device_info *info,
			const struct mate_sync_step *s)
{
	char addr[8], text[80];
	const struct record r = {
		.action = "sync", .risk = MATE_RISK_SYNC, .reg = s->reg->id, .addr = addr,
		.new = s->err ? NULL : text, .result = s->err ? mate_errname(s->err) : "sent",
	};
	struct target t;

	snprintf(addr, sizeof(addr), "%04X", s->reg->addr);
	step_text(s, text, sizeof(text));
	make_target(&t, bus, info);
	record(&t, &r, s->err);
}

/*
 * The first round goes to the journal, then only what works no more, or works
 * again: a line every 15 seconds would hide all others.
 */
static void record_news(struct mate_bus *bus, const struct mate_device_info *devices, int n,
			const struct mate_sync_step *s)
{
	static struct {
		bool known;
		int err;
	} last[MAX_DEVICES][4];
	int kind = s->reg->addr == MATE_REG_MX_CLOCK_TIME ? 0 :
		   s->reg->addr == MATE_REG_MX_CLOCK_DATE ? 1 : is_write(s) ? 2 : 3;

	if (s->port >= MAX_DEVICES || (!is_write(s) && !s->err) ||
	    (last[s->port][kind].known && last[s->port][kind].err == s->err))
		return;
	last[s->port][kind].known = true;
	last[s->port][kind].err = s->err;
	for (int i = 0; i < n; i++)
		if (devices[i].port == s->port)
			record_step(bus, &devices[i], s);
}

static int sync_round(struct mate_bus *bus, const struct mate_device_info *devices, int n,
		      unsigned int flag)
{
	struct mate_sync_step steps[MATE_SYNC_STEPS];
	int count = mate_sync(bus, devices, (size_t)n, flag, NULL, steps, MATE_SYNC_STEPS);
	json_t *list;
	int status = EXIT_OK;

	if (count == MATE_E_INTERRUPTED && ended)
		return EXIT_OK;
	if (count < 0)
		return fail_mate(bus, count, "%s", mate_bus_name(bus));
	list = json_array();
	for (int i = 0; i < count && i < MATE_SYNC_STEPS; i++) {
		if (!flags.json)
			print_step(&steps[i]);
		json_array_append_new(list, json_step(&steps[i]));
		record_news(bus, devices, n, &steps[i]);
		status = status ?: steps[i].err ? mate_exit(steps[i].err) : EXIT_OK;
	}
	if (flags.json)
		print_json(json_pack("{s:s,s:O}", "bus", mate_bus_name(bus), "steps", list));
	json_decref(list);
	fflush(stdout);
	return status;
}

/* ---- again and again ------------------------------------------------------- */

static void catch_signals(void)
{
	const struct sigaction act = { .sa_handler = on_signal };

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

/* Until a signal comes or the bus goes; a device that is silent is no reason. */
static int sync_forever(struct mate_bus *bus, struct mate_device_info *devices, int n)
{
	int64_t start = now_s(), scanned = start, due[sizeof(duties) / sizeof(duties[0])] = { 0 };

	catch_signals();
	while (!ended) {
		const struct timespec second = { .tv_sec = 1 };
		unsigned int flag = 0;
		int ret = 0;

		if (now_s() - scanned >= SCAN_S) {
			int found = mate_scan(bus, 0, devices, MAX_DEVICES, NULL, NULL);

			n = found > 0 ? found : n;
			scanned = now_s();
		}
		for (size_t i = 0; i < sizeof(duties) / sizeof(duties[0]); i++) {
			if (now_s() - start < due[i])
				continue;
			flag |= duties[i].flag;
			due[i] += duties[i].period_s;
			/* After a suspend: once, not all that was missed. */
			if (now_s() - start >= due[i])
				due[i] = now_s() - start + duties[i].period_s;
		}
		if (flag)
			ret = sync_round(bus, devices, n, flag);
		if (ret == EXIT_NO_BUS || ret == EXIT_FAILED)
			return ret;
		nanosleep(&second, NULL);
	}
	return EXIT_OK;
}

static int ask_sync(struct mate_bus *bus, const struct mate_device_info *devices, int n)
{
	const struct question q = { MATE_RISK_SYNC, "sync" };
	struct matenet_config config;
	struct target t;
	const char *rule;
	int ret = mate_get_config(bus, &config);

	if (ret)
		return fail_mate(bus, ret, "%s: settings", mate_bus_name(bus));
	make_target(&t, bus, &devices[0]);
	t.writable = config.flags & MATENET_CFG_WRITABLE;
	if (!flags.json && !consent.yes)
		printf("%s: clock and battery temperature of %d device%s, from this computer and the MX\n",
		       mate_bus_name(bus), n, n == 1 ? "" : "s");
	fflush(stdout);
	return check_unlocked(&t, MATE_RISK_SYNC, "") ?: ask(&t, &q, 1, &rule);
}

static int do_sync(struct mate_bus *bus)
{
	struct mate_device_info devices[MAX_DEVICES];
	int ret, n = find_devices(bus, 0, devices);

	if (n < 0)
		return fail_mate(bus, n, "%s: port 0", mate_bus_name(bus));
	ret = ask_sync(bus, devices, n);
	if (ret)
		return ret;
	return once ? sync_round(bus, devices, n, MATE_SYNC_ALL) : sync_forever(bus, devices, n);
}

static int run_sync(int argc, char **argv)
{
	struct mate_bus *bus;
	int ret = want_args(&verb_sync, argc, 0, 0);

	remember_request("sync", argc, argv);
	ret = ret ?: open_bus_flags(&bus, MATE_OPEN_WRITE);
	if (ret)
		return ret;
	ret = do_sync(bus);
	mate_close(bus);
	return ret;
}

static int sync_option(int c, const char *arg)
{
	(void)arg;
	if (c == '1')
		once = true;
	else
		consent.yes = true;
	return 0;
}

static const struct option sync_options[] = {
	{ "once", no_argument, NULL, '1' },
	{ "yes", no_argument, NULL, 'y' },
	{ NULL, 0, NULL, 0 },
};

const struct verb verb_sync = {
	.name = "sync",
	.args = "[--once]",
	.summary = "Set clocks and pass on the battery temperature, as a MATE does",
	.help = "The local time goes to each MX and FLEXnet DC every 30 s, the date to each FLEXnet\n"
		"DC every 60 s, the battery temperature from the MX to each FX and FLEXnet DC every\n"
		"60 s; until it is ended.  With -j one document a round.\n\n"
		"  -1, --once    only now\n"
		"  -y, --yes     do not ask\n\n"
		"Examples:\n"
		"  matetool sync --once\n"
		"  matetool sync --yes               in a service\n",
	.words = "",
	.short_options = "1y",
	.long_options = sync_options,
	.option = sync_option,
	.run = run_sync,
};
