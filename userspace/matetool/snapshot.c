// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool snapshot, matetool simulate: a site as a text file, see site.mate(5). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "change.h"

#define PAGE_FX_FLAGS	11	/* byte of the status page with the 230 V bit */
#define FX_230V		0x01

/* What was noticed on the way and belongs into the device line. */
struct recording {
	struct mate_bus *bus;
	const struct mate_device_info *info;
	FILE *out;
	bool junk;
	bool is_120v;
};

/* ---- one transaction ------------------------------------------------------- */

/* 0 with the reply in @x; else an error of the library. */
static int ask_port(struct recording *rec, unsigned int cmd, unsigned int addr,
		    unsigned int param, struct matenet_xfer *x)
{
	int ret;

	*x = (struct matenet_xfer) {
		.tx_len = 6, .retries = 2,
		.tx = { rec->info->port, (uint8_t)cmd, (uint8_t)(addr >> 8), (uint8_t)addr,
			(uint8_t)(param >> 8), (uint8_t)param },
	};
	ret = mate_xfer(rec->bus, x);
	if (!ret && x->status & MATENET_ST_JUNK)
		rec->junk = true;
	return ret;
}

/* What stands for an answer: NULL for one that was damaged and may not stand so. */
static const char *no_answer(int err)
{
	return err == MATE_E_REFUSED ? "refused" : err == MATE_E_NO_REPLY ? "silent" : NULL;
}

static int fail_record(const struct recording *rec, int err, const char *what, unsigned int n)
{
	return fail_mate(rec->bus, err, "port %u: %s %04X", rec->info->port, what, n);
}

/* ---- what a device has ----------------------------------------------------- */

static int record_register(struct recording *rec, const struct mate_reg_desc *r)
{
	struct matenet_xfer x;
	char text[160];
	uint16_t raw;
	int ret = ask_port(rec, MATENET_CMD_READ, r->addr, 0, &x);

	if (ret && !no_answer(ret))
		return fail_record(rec, ret, "register", r->addr);
	if (ret) {
		fprintf(rec->out, "reg 0x%04X = %s  # %s\n", r->addr, no_answer(ret), r->id);
		return 0;
	}
	raw = (uint16_t)(x.rx[1] << 8 | x.rx[2]);
	raw_text(r, raw, text, sizeof(text));
	fprintf(rec->out, "reg 0x%04X = 0x%04X  # %s: %s\n", r->addr, raw, r->id, text);
	return 0;
}

static int by_addr(const void *a, const void *b)
{
	const struct mate_reg_desc * const *x = a, * const *y = b;

	return (*x)->addr - (*y)->addr;
}

static int record_registers(struct recording *rec)
{
	const struct mate_reg_desc *list[MAX_CHANGES] = { NULL };
	int ret = 0;
	size_t n = 0;

	for (const struct mate_reg_desc *r = mate_reg_next(rec->info->device, NULL); r;
	     r = mate_reg_next(rec->info->device, r))
		if (r->access & MATE_ACC_READ && n < MAX_CHANGES)
			list[n++] = r;
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are what is sorted */
	qsort(list, n, sizeof(list[0]), by_addr);
	for (size_t i = 0; !ret && i < n; i++) {
		progress("port %u: register %zu of %zu", rec->info->port, i + 1, n);
		ret = record_register(rec, list[i]);
	}
	return ret;
}

static void print_bytes(struct recording *rec, const struct matenet_xfer *x)
{
	for (unsigned int i = 1; i < x->rx_len; i++)
		fprintf(rec->out, "%s%02x", i > 1 ? " " : "", x->rx[i]);
	fputc('\n', rec->out);
}

static int record_page(struct recording *rec, unsigned int cmd, unsigned int addr,
		       unsigned int param)
{
	struct matenet_xfer x;
	int ret = ask_port(rec, cmd, addr, param, &x);

	if (ret && !no_answer(ret))
		return fail_record(rec, ret, cmd == MATENET_CMD_LOG ? "log" : "status", addr | param);
	if (cmd == MATENET_CMD_LOG)
		fprintf(rec->out, "log %u = ", param);
	else
		fprintf(rec->out, "status 0x%02X = ", addr);
	if (ret)
		fprintf(rec->out, "%s\n", no_answer(ret));
	else
		print_bytes(rec, &x);
	if (!ret && rec->info->device == MATE_FX && cmd == MATENET_CMD_STATUS)
		rec->is_120v = !(x.rx[1 + PAGE_FX_FLAGS] & FX_230V);
	return 0;
}

static int record_pages(struct recording *rec)
{
	unsigned int first = rec->info->device == MATE_DC ? 0x0A : 1;
	unsigned int last = rec->info->device == MATE_DC ? 0x0F : 1;
	int ret = 0;

	for (unsigned int page = first; !ret && page <= last; page++)
		ret = record_page(rec, MATENET_CMD_STATUS, page, 0);
	for (unsigned int day = 0; !ret && rec->info->device == MATE_MX && day <= MATE_DAY_MAX;
	     day++) {
		progress("port %u: log, day %u of %d", rec->info->port, day, MATE_DAY_MAX);
		ret = record_page(rec, MATENET_CMD_LOG, 0, day);
	}
	return ret;
}

/* The device line says what is known only after the rest has been read. */
static int record_device(struct mate_bus *bus, const struct mate_device_info *info, FILE *out)
{
	struct recording rec = { .bus = bus, .info = info };
	char *text;
	size_t size;
	int ret;

	rec.out = open_memstream(&text, &size);
	if (!rec.out)
		return fail(EXIT_FAILED, "memory", "out of memory");
	ret = record_registers(&rec);
	if (!ret && info->device != MATE_HUB)
		ret = record_pages(&rec);
	fclose(rec.out);
	if (!ret)
		fprintf(out, "\n[port %u]\ndevice = %s%s%s\n%s", info->port,
			mate_device_name(info->device), rec.is_120v ? ",120v" : "",
			rec.junk ? ",junk" : "", text);
	free(text);
	return ret;
}

static int record_site(struct mate_bus *bus, FILE *out)
{
	struct mate_device_info found[MAX_DEVICES];
	int n = find_devices(bus, 0, found), ret = 0;

	if (n < 0)
		return fail_mate(bus, n, "%s: port 0", mate_bus_name(bus));
	fprintf(out, "matenet-site 1\n");
	progress_begin();
	for (int i = 0; !ret && i < n; i++) {
		if (mate_device_name(found[i].device))
			ret = record_device(bus, &found[i], out);
		else
			fprintf(stderr, "matetool: port %u: unknown device of type %u: left out\n",
				found[i].port, found[i].device);
	}
	progress_end();
	return ret;
}

static int run_snapshot(int argc, char **argv)
{
	struct mate_bus *bus = NULL;
	char *text;
	size_t size;
	FILE *out;
	int ret = want_args(&verb_snapshot, argc, 0, 0);

	(void)argv;
	ret = ret ?: flags.json ? fail(EXIT_USAGE, "usage", "snapshot has a format of its own: no -j") :
	      open_bus(&bus);
	if (ret)
		return ret;
	out = open_memstream(&text, &size);
	if (!out) {
		mate_close(bus);
		return fail(EXIT_FAILED, "memory", "out of memory");
	}
	ret = record_site(bus, out);
	if (fclose(out) && !ret)
		ret = fail(EXIT_FAILED, "memory", "out of memory");
	mate_close(bus);
	/* A site with holes would look like a whole one. */
	if (!ret)
		fwrite(text, 1, size, stdout);
	free(text);
	return ret;
}

const struct verb verb_snapshot = {
	.name = "snapshot",
	.args = "",
	.summary = "All that the devices of a bus can tell, as a text file",
	.help = "Registers, status pages and the logs of 129 days; it takes about half a minute.\n"
		"Nothing is written to any device.  The format is that of site.mate(5).\n\n"
		"Examples:\n"
		"  matetool snapshot > home.mate\n"
		"  matetool simulate home.mate /dev/ttyS2\n",
	.words = "",
	.short_options = "",
	.run = run_snapshot,
};

/* ---- simulate -------------------------------------------------------------- */

/* matesim says by itself what is wrong with the file or the tty. */
static int run_simulate(int argc, char **argv)
{
	char *args[] = { "matesim", "--site", NULL, NULL, NULL };
	int ret = want_args(&verb_simulate, argc, 2, 2);

	if (ret)
		return ret;
	if (flags.json)
		return fail(EXIT_USAGE, "usage", "simulate prints no results: no -j");
	if (access(argv[0], R_OK))
		return fail(EXIT_FAILED, "file", "%s: %s", argv[0], strerror(errno));
	args[2] = argv[0];
	args[3] = argv[1];
	execvp(args[0], args);
	return fail(EXIT_FAILED, "matesim", "matesim: %s", strerror(errno));
}

const struct verb verb_simulate = {
	.name = "simulate",
	.args = "FILE TTY",
	.summary = "Answer on a serial port as the devices of a snapshot do",
	.help = "Runs matesim --site FILE TTY, see matesim(1), which has more options.  A MATE or\n"
		"matetool at the other end of the line sees the site.\n\n"
		"Example:\n"
		"  matetool simulate home.mate /dev/ttyUSB1\n",
	.words = "ft",
	.short_options = "",
	.run = run_simulate,
};
