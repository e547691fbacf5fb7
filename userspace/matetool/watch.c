// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool watch: what changes in the status of devices, a line each. */
#include <stdio.h>
#include <string.h>

#include "loop.h"

static struct {
	unsigned int interval_ms, count, idle_ms;
	bool all;
} options = { .interval_ms = 1000 };

/* Whether a field is to be shown: wanted, and not as it was in @before. */
static bool shown(const struct mate_page_desc *desc, const struct mate_field_desc *f,
		  const void *page, const void *before)
{
	struct mate_quantity now, then;

	if (flags.columns ? !field_wanted(f) : f->type == MATE_T_RAW || is_validity(desc, f))
		return false;
	if (!before || options.all)
		return true;
	mate_field_get(f, page, &now);
	mate_field_get(f, before, &then);
	return now.value != then.value || now.valid != then.valid;
}

/* "roof" or "1" */
static void port_text(struct mate_bus *bus, const struct polled *p, char text[40])
{
	const char *name = named_port(bus, p->dev.port)->name;

	if (*name)
		snprintf(text, 40, "%s", name);
	else
		snprintf(text, 40, "%u", p->dev.port);
}

static int print_changes(struct mate_bus *bus, const struct polled *p, const void *before)
{
	const struct mate_page_desc *desc = status_desc(p->dev.device);
	char now[32], port[40], text[256];
	struct mate_quantity q;
	int n = 0;

	local_time(now);
	port_text(bus, p, port);
	for (unsigned int i = 0; i < desc->n_fields; i++) {
		const struct mate_field_desc *f = &desc->fields[i];

		if (!shown(desc, f, &p->status.u, before))
			continue;
		mate_field_get(f, &p->status.u, &q);
		mate_quantity_format(&q, text, sizeof(text));
		printf("%s %s %s: %s\n", now, port, f->id, text);
		n++;
	}
	return n;
}

static json_t *json_line(struct mate_bus *bus, const struct polled *p)
{
	json_t *o = json_object();

	json_object_set_new(o, "time", json_time());
	json_object_set_new(o, "bus", json_string(mate_bus_name(bus)));
	set_device(o, &p->dev, named_port(bus, p->dev.port)->name);
	return o;
}

static int json_changes(struct mate_bus *bus, const struct polled *p, const void *before)
{
	const struct mate_page_desc *desc = status_desc(p->dev.device);
	json_t *status = json_object(), *o;
	struct mate_quantity q;
	int n = 0;

	for (unsigned int i = 0; i < desc->n_fields; i++) {
		const struct mate_field_desc *f = &desc->fields[i];

		if (!shown(desc, f, &p->status.u, before))
			continue;
		mate_field_get(f, &p->status.u, &q);
		json_quantity(status, f->json, &q);
		n++;
	}
	if (!n) {
		json_decref(status);
		return 0;
	}
	o = json_line(bus, p);
	json_object_set_new(o, "status", status);
	print_json(o);
	return n;
}

/* A device that stops to answer, or fails in another way than before. */
static void show_error(struct mate_bus *bus, const struct polled *p)
{
	char now[32], port[40];

	if (flags.json) {
		json_t *o = json_line(bus, p);

		json_object_set_new(o, "error", json_error(p->err));
		print_json(o);
		return;
	}
	local_time(now);
	port_text(bus, p, port);
	printf("%s %s error: %s\n", now, port, error_text(p->err));
}

/* Ask one and show what is new: how many lines, or MATE_E_GONE. */
static int watch_one(struct mate_bus *bus, struct polled *p)
{
	struct mate_device_status before = p->status;
	int err_before = p->err;
	/* After a pause everything is new. */
	bool fresh = !p->seen || err_before;

	if (poll_device(bus, p)) {
		if (p->err == MATE_E_GONE)
			return p->err;
		if (p->err == err_before)
			return 0;
		show_error(bus, p);
		return 1;
	}
	return (flags.json ? json_changes : print_changes)(bus, p, fresh ? NULL : &before.u);
}

/* One round: how many lines, or an error that ends all. */
static int watch_all(struct mate_bus *bus, struct polled *list, int n)
{
	int lines = 0;

	for (int i = 0; i < n; i++) {
		int ret;

		if (!page_wanted(status_desc(list[i].dev.device)))
			continue;
		ret = watch_one(bus, &list[i]);
		if (ret < 0)
			return ret;
		lines += ret;
	}
	fflush(stdout);
	return lines;
}

/* Exit status by how the last round went. */
static int last_status(const struct polled *list, int n)
{
	for (int i = 0; i < n; i++)
		if (list[i].err)
			return mate_exit(list[i].err);
	return EXIT_OK;
}

static int watch(struct mate_bus *bus, struct polled *list, int n)
{
	double round = loop_clock(), changed = round;

	loop_signals();
	for (unsigned int i = 1;; i++) {
		int lines = watch_all(bus, list, n), ret;

		if (lines < 0)
			return fail_mate(bus, lines, "%s", mate_bus_name(bus));
		if (ferror(stdout))
			return EXIT_FAILED;	/* main() tells */
		if (lines)
			changed = loop_clock();
		if (i == options.count ||
		    (options.idle_ms && loop_clock() >= changed + options.idle_ms / 1e3))
			return last_status(list, n);
		ret = loop_wait(&round, options.interval_ms);
		if (ret)
			return ret > 0 ? EXIT_OK : fail(EXIT_FAILED, "system", "poll: %m");
	}
}

static int run_watch(int argc, char **argv)
{
	struct polled list[MAX_DEVICES];
	struct port_name port;
	struct mate_bus *bus;
	bool given;
	int n, ret = maybe_port(&argc, &argv, &port, &given) ?: want_args(&verb_watch, argc, 0, 0);

	if (!ret && flags.columns)
		ret = check_fields();
	ret = ret ?: open_bus(&bus);
	if (ret)
		return ret;
	/* One document of a line is one reading. */
	flags.pretty = false;
	n = poll_find(bus, given ? &port : NULL, list, &ret);
	if (n)
		ret = watch(bus, list, n);
	mate_close(bus);
	return ret;
}

static int watch_option(int c, const char *arg)
{
	switch (c) {
	case 'n':
		return parse_period("-n", arg, &options.interval_ms);
	case 'c':
		return parse_count("-c", arg, 1, 1000000000, &options.count);
	case 'i':
		return parse_period("-i", arg, &options.idle_ms);
	default:
		options.all = true;
		return 0;
	}
}

static const struct option watch_options[] = {
	{ "interval", required_argument, NULL, 'n' },
	{ "count", required_argument, NULL, 'c' },
	{ "idle", required_argument, NULL, 'i' },
	{ "all", no_argument, NULL, 'a' },
	{ NULL, 0, NULL, 0 },
};

const struct verb verb_watch = {
	.name = "watch",
	.args = "[PORT]",
	.summary = "Read the status again and again and show what changes",
	.help = "All values first, then a line for each that has changed; with -j a document\n"
		"for each device that has changed.  Until SIGINT or SIGTERM.\n\n"
		"  -n, --interval TIME  between readings: 1s by default; 500ms, 10s, 5m\n"
		"  -a, --all            all values each time, changed or not\n"
		"  -c, --count N        end after N readings\n"
		"  -i, --idle TIME      end when nothing has changed for so long\n\n"
		"-o takes names of fields, such as battery_voltage, as JSON has them.\n\n"
		"Examples:\n"
		"  matetool watch\n"
		"  matetool watch -P roof -n 5s -o pv_voltage,output_current\n"
		"  matetool watch 3 -a -n 1m -o state_of_charge >>soc.txt\n"
		"  matetool watch -j | jq -r 'select(.status.errors_names) | .time'\n",
	.words = "p",
	.short_options = "n:c:i:a",
	.long_options = watch_options,
	.option = watch_option,
	.run = run_watch,
	.fields = true,
};
