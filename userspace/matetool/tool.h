/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs of matetool share. */
#ifndef TOOL_H
#define TOOL_H

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdnoreturn.h>

#include <libmatenet.h>

/* Exit status; 3 and 4 are kept for writes refused and writes that differ. */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,	/* the system: permission, memory, files */
	EXIT_USAGE = 2,		/* wrong arguments, names that do not exist */
	EXIT_NO_REPLY = 5,
	EXIT_WIRE = 6,		/* damaged or refusing reply */
	EXIT_NO_BUS = 7,	/* no such bus, or it went away */
};

/* The flags that every verb has. */
struct flags {
	const char *bus;	/* -d, NULL: the only one */
	bool json;
	bool pretty;
};

extern struct flags flags;

/* One verb: its words, what it takes, and how it is done. */
struct verb {
	const char *name;
	const char *args;
	const char *summary;
	const char *help;	/* options of its own and examples */
	const char *short_options;	/* of its own, may be "" */
	const struct option *long_options;	/* of its own, or NULL */
	int (*option)(int c, const char *arg);	/* 0, or an exit status */
	int (*run)(int argc, char **argv);	/* argv[0] is the first argument */
};

extern const struct verb verb_list, verb_scan, verb_status, verb_log, verb_reg,
			 verb_attach, verb_detach, verb_monitor, verb_stats;

/* ---- output.c: errors and JSON -------------------------------------------- */

/*
 * Say what is wrong, as a line on stderr or with -j as an error object on
 * stdout.  Returns @status, to be returned by the verb.
 */
__attribute__((format(printf, 3, 4)))
int fail(int status, const char *code, const char *fmt, ...);

/* The same for an error of the library; @fmt names what it happened to. */
__attribute__((format(printf, 3, 4)))
int fail_mate(struct mate_bus *bus, int err, const char *fmt, ...);

/* Exit status for an error of the library. */
int mate_exit(int err);

/* {"code":..., "message":...} for an error of one of several devices. */
json_t *json_error(int err);

/* Text of an error: of the system where that says more. */
const char *error_text(int err);

/* Print @root, which is given away, as the one JSON document of this run. */
int print_json(json_t *root);

/* A quantity under @name; enums and bits get a second key with their names. */
void json_quantity(json_t *object, const char *name, const struct mate_quantity *q);

/* All fields of a decoded page, and its bytes as "raw". */
json_t *json_page(const struct mate_page_desc *desc, const void *page,
		  const uint8_t *bytes);

/* All fields of a decoded page, "label: value unit" a line. */
void print_page(const struct mate_page_desc *desc, const void *page);

/* ---- args.c: what the arguments say --------------------------------------- */

/* Wrong number of arguments: 0, or an error that shows how it is meant. */
int want_args(const struct verb *verb, int argc, int min, int max);

/* 0 and *@port, or an error. */
int parse_port(const char *text, unsigned int *port);

/* 0 and *@day, or an error. */
int parse_day(const char *text, unsigned int *day);

/* Open the bus of -d, or the only one; 0 or an error that has been printed. */
int open_bus(struct mate_bus **bus);

/* ---- devices.c: who is there ---------------------------------------------- */

#define MAX_DEVICES	(MATE_PORT_MAX + 1)

/* "MX charge controller", for people. */
const char *device_title(unsigned int device);

/* "an FX", "a hub": for messages. */
const char *device_phrase(unsigned int device);

/* "fx" for JSON, or null. */
json_t *json_device(unsigned int device);

/*
 * Find all devices, with progress on a terminal.
 * Returns their number, or a negative error that is not printed yet.
 */
int find_devices(struct mate_bus *bus, unsigned int scan_flags,
		 struct mate_device_info found[MAX_DEVICES]);

/* Type of the device on a port; 0 or an error that has been printed. */
int device_type(struct mate_bus *bus, unsigned int port, unsigned int *device);

/*
 * For each device of the bus, or only the one on the port that @port_arg
 * names if it is not NULL: call @fn.
 * Returns the first exit status that is not 0.
 */
struct device_job {
	/* 0 or an error of the library; fills in the device's JSON object */
	int (*fn)(struct mate_bus *bus, const struct mate_device_info *dev,
		  json_t *object, void *arg);
	bool (*wanted)(unsigned int device);
	const char *what;	/* "status": what unwanted devices do not have */
	void *arg;
};

int for_devices(const char *port_arg, const struct device_job *job);

/* ---- tty.c: the UART below a bus ------------------------------------------ */

/* Make the UART answer at once, as far as its driver can; before attaching. */
void tty_set_low_latency(int fd, const char *tty);

/* "ttyS1" for "/dev/ttyS1". */
const char *tty_base(const char *path);

/* "/dev/ttyS1" for "ttyS1"; a path stays as it is. */
void tty_path(const char *name, char *path, size_t size);

/* Bus on a tty, or the bus called so; false if there is none. */
bool find_bus_of_tty(const char *tty, struct mate_bus_info *info);
bool find_bus_by_name(const char *name, struct mate_bus_info *info);

/* Tell systemd, if it asked to be told. */
void notify_systemd(const char *message);

#endif /* TOOL_H */
