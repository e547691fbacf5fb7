// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool monitor: what goes over the wire and what happens to the buses. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "loop.h"

#define COMMAND_BYTES	8	/* with its checksum */
#define MAX_BUSES	64
#define ALL_BUSES	(-1)

static bool events_only;

static const char * const event_names[] = {
	[MATE_EVENT_ATTACHED] = "attached",
	[MATE_EVENT_CHANGED] = "changed",
	[MATE_EVENT_DETACHED] = "detached",
	[MATE_EVENT_ERROR] = "error",
	[MATE_EVENT_FRAME] = "frame",
	[MATE_EVENT_OVERRUN] = "overrun",
};

static const struct {
	uint32_t bit;
	const char *name;
} status_names[] = {
	{ MATENET_ST_OK, "ok" },
	{ MATENET_ST_TX_DONE, "tx_done" },
	{ MATENET_ST_TX_ERROR, "tx_error" },
	{ MATENET_ST_TIMEOUT, "timeout" },
	{ MATENET_ST_CHECKSUM, "checksum" },
	{ MATENET_ST_SHORT, "short" },
	{ MATENET_ST_LONG, "long" },
	{ MATENET_ST_MARK, "mark" },
	{ MATENET_ST_FRAMING, "framing" },
	{ MATENET_ST_BREAK, "break" },
	{ MATENET_ST_OVERRUN, "overrun" },
	{ MATENET_ST_JUNK, "junk" },
	{ MATENET_ST_REFUSED, "refused" },
	{ MATENET_ST_ABORTED, "aborted" },
};

#define N_STATUS (sizeof(status_names) / sizeof(status_names[0]))

/* Port and command of an event, -1 where they are not known. */
struct subject {
	int port, command;
};

static const char *command_name(int command)
{
	static const char * const names[] = {
		[MATENET_CMD_DEC] = "dec", [MATENET_CMD_INC] = "inc",
		[MATENET_CMD_READ] = "read", [MATENET_CMD_WRITE] = "write",
		[MATENET_CMD_STATUS] = "status", [MATENET_CMD_LOG] = "log",
	};

	return command >= 0 && command < (int)(sizeof(names) / sizeof(names[0])) ?
	       names[command] : NULL;
}

/* A reply does not say what it is the reply to: the command before it does. */
static struct subject subject_of(const struct mate_event *e)
{
	static struct subject asked[MAX_BUSES];
	struct subject none = { -1, -1 }, subject;
	bool command = e->sent || (e->len == COMMAND_BYTES && !e->joined);

	if (e->type == MATE_EVENT_ERROR)
		return e->command_len > 1 ? (struct subject){ e->command[0], e->command[1] } : none;
	if (e->type != MATE_EVENT_FRAME || e->bus >= MAX_BUSES)
		return none;
	if (command && e->len > 1) {
		/* Kept by one more than it is, so that 0 is nothing. */
		asked[e->bus] = (struct subject){ e->data[0] + 1, e->data[1] + 1 };
		return (struct subject){ e->data[0], e->data[1] };
	}
	subject = (struct subject){ asked[e->bus].port - 1, asked[e->bus].command - 1 };
	asked[e->bus] = (struct subject){ 0, 0 };
	return subject;
}

/* What has no time of its own has just happened. */
static double event_time(const struct mate_event *e)
{
	struct timespec now;

	if (e->ts)
		return (double)e->ts / 1e9;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- text ------------------------------------------------------------------ */

static void print_status(uint32_t status)
{
	const char *between = " ";

	for (size_t i = 0; i < N_STATUS; i++)
		if (status & status_names[i].bit) {
			printf("%s%s", between, status_names[i].name);
			between = ",";
		}
}

/* Ninth bits that the UART does not tell: a frame always has one, or is wrong. */
static bool marks_known(const struct mate_event *e)
{
	return e->mark || e->status & MATENET_ST_MARK;
}

static char mark_digit(const struct mate_event *e, unsigned int i)
{
	if (!marks_known(e))
		return '-';
	return e->mark >> i & 1 ? '1' : '0';
}

/* Nine bits a byte. */
static void print_frame(const struct mate_event *e, struct subject s)
{
	const char *name = command_name(s.command);

	printf(" %s", e->sent ? ">" : e->joined ? "<<" : "<");
	if (s.port < 0)
		printf(" - -");
	else if (name)
		printf(" %d %s", s.port, name);
	else
		printf(" %d %d", s.port, s.command);
	for (unsigned int i = 0; i < e->len; i++)
		printf(" %c%02x", mark_digit(e, i), e->data[i]);
	print_status(e->status);
}

static void print_error(const struct mate_event *e, struct subject s)
{
	const char *name = command_name(s.command);

	if (name)
		printf(" error %d %s", s.port, name);
	else
		printf(" error %d %d", s.port, s.command);
	printf(" attempt %u", e->attempts);
	print_status(e->status);
}

static void print_event(const struct mate_event *e, struct subject s)
{
	if (e->lost)
		printf("%.6f matenet%u lost %u\n", event_time(e), e->bus, e->lost);
	if (e->type == MATE_EVENT_OVERRUN) {
		printf("%.6f - overrun\n", event_time(e));
		return;
	}
	printf("%.6f matenet%u", event_time(e), e->bus);
	if (e->type == MATE_EVENT_FRAME)
		print_frame(e, s);
	else if (e->type == MATE_EVENT_ERROR)
		print_error(e, s);
	else
		printf(" %s %s", event_names[e->type], e->tty);
	putchar('\n');
}

/* ---- JSON ------------------------------------------------------------------ */

static json_t *json_status(uint32_t status)
{
	json_t *names = json_array();

	for (size_t i = 0; i < N_STATUS; i++)
		if (status & status_names[i].bit)
			json_array_append_new(names, json_string(status_names[i].name));
	return names;
}

static json_t *json_bytes(const uint8_t *data, size_t len)
{
	char hex[2 * MATENET_MAX_FRAME + 1] = "";

	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", data[i]);
	return json_string(hex);
}

static json_t *json_marks(const struct mate_event *e)
{
	json_t *marks = marks_known(e) ? json_array() : json_null();

	for (int i = 0; i < e->len; i++)
		if (e->mark >> i & 1)
			json_array_append_new(marks, json_integer(i));
	return marks;
}

static json_t *json_subject(struct subject s)
{
	const char *name = command_name(s.command);

	return json_pack("{s:o,s:o,s:o}", "port", s.port < 0 ? json_null() : json_integer(s.port),
			 "command", s.command < 0 ? json_null() : json_integer(s.command),
			 "command_name", name ? json_string(name) : json_null());
}

static json_t *json_wire(const struct mate_event *e, struct subject s)
{
	json_t *o = json_subject(s);

	json_object_set_new(o, "sequence", json_integer(e->sequence));
	json_object_set_new(o, "status_names", json_status(e->status));
	json_object_set_new(o, "raw", json_bytes(e->data, e->len));
	if (e->type == MATE_EVENT_FRAME) {
		json_object_set_new(o, "sent", json_boolean(e->sent));
		json_object_set_new(o, "joined", json_boolean(e->joined));
		json_object_set_new(o, "marks", json_marks(e));
	} else {
		json_object_set_new(o, "attempts", json_integer(e->attempts));
		json_object_set_new(o, "command_raw", json_bytes(e->command, e->command_len));
	}
	return o;
}

static void print_json_event(const struct mate_event *e, struct subject s)
{
	json_t *o = json_pack("{s:s,s:f,s:i}", "event", event_names[e->type], "time_s",
			      event_time(e), "lost", (int)e->lost);
	char bus[24];

	if (e->type != MATE_EVENT_OVERRUN) {
		snprintf(bus, sizeof(bus), "matenet%u", e->bus);
		json_object_set_new(o, "bus", json_string(bus));
	}
	if (e->type == MATE_EVENT_FRAME || e->type == MATE_EVENT_ERROR)
		json_object_update_new(o, json_wire(e, s));
	else if (e->type != MATE_EVENT_OVERRUN)
		json_object_set_new(o, "tty", json_string(e->tty));
	print_json(o);
}

/* ---- the verb -------------------------------------------------------------- */

/* Everything there is; 0 or an error. */
static int drain(struct mate_events *events, long bus)
{
	struct mate_event e;
	int ret;

	while ((ret = mate_events_read(events, &e)) > 0) {
		struct subject s;

		if (bus != ALL_BUSES && e.type != MATE_EVENT_OVERRUN && e.bus != bus)
			continue;
		s = subject_of(&e);
		if (flags.json)
			print_json_event(&e, s);
		else
			print_event(&e, s);
	}
	return fflush(stdout) ? MATE_E_SYSTEM : ret;
}

static int watch(struct mate_events *events, long bus)
{
	int ret;

	loop_signals();
	/* Who waits for this line knows that nothing will be missed from now on. */
	fprintf(stderr, "matetool: listening\n");
	while (!loop_stopped) {
		if (loop_poll(mate_events_fd(events), -1) < 0)
			return fail(EXIT_FAILED, "system", "poll: %m");
		ret = drain(events, bus);
		if (ferror(stdout))
			return EXIT_FAILED;	/* main() tells */
		if (ret)
			return fail_mate(NULL, ret, "events");
	}
	return EXIT_OK;
}

/* By number, name or path. */
static bool named_bus(const char *arg, struct mate_bus_info *info)
{
	char name[64];

	if (*arg && strspn(arg, "0123456789") == strlen(arg))
		snprintf(name, sizeof(name), "matenet%s", arg);
	else
		snprintf(name, sizeof(name), "%s", tty_base(arg));
	return find_bus_by_name(name, info);
}

static int run_monitor(int argc, char **argv)
{
	struct mate_bus_info info;
	struct mate_events *events;
	long bus = ALL_BUSES;
	int ret;

	(void)argv;
	ret = want_args(&verb_monitor, argc, 0, 0);
	if (ret)
		return ret;
	if (flags.bus) {
		if (!named_bus(flags.bus, &info))
			return fail_mate(NULL, MATE_E_NO_BUS, "%s", flags.bus);
		bus = info.number;
	}
	/* One document of a line is one event. */
	flags.pretty = false;
	ret = mate_events_open(&events, events_only ? 0 : MATE_EVENTS_FRAMES);
	if (ret == MATE_E_NO_BUS)
		return fail(EXIT_NO_BUS, "no_bus", "the driver is not there: modprobe n_matenet");
	if (ret)
		return fail_mate(NULL, ret, "events");
	ret = watch(events, bus);
	mate_events_close(events);
	return ret;
}

static int monitor_option(int c, const char *arg)
{
	(void)arg;
	events_only = c == 'e';
	return 0;
}

static const struct option monitor_options[] = {
	{ "events", no_argument, NULL, 'e' },
	{ NULL, 0, NULL, 0 },
};

const struct verb verb_monitor = {
	.name = "monitor",
	.args = "[-e]",
	.summary = "Show every frame on the wire and what happens to the buses",
	.help = "Of all buses, also of those to come, or of that of -d; until SIGINT.\n"
		"Frames take CAP_NET_ADMIN.\n\n"
		"  -e, --events    no frames: only buses that come, change and go, and errors\n\n"
		"Examples:\n"
		"  matetool monitor\n"
		"  matetool monitor -e -j | jq -c 'select(.event == \"error\")'\n",
	.words = "",
	.short_options = "e",
	.long_options = monitor_options,
	.option = monitor_option,
	.run = run_monitor,
};
