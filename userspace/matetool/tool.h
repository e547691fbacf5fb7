/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs of matetool share. */
#ifndef TOOL_H
#define TOOL_H

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdnoreturn.h>

#include <libmatenet.h>

/* Exit status. */
enum {
	EXIT_OK = 0,		/* done; of a write: applied */
	EXIT_FAILED = 1,	/* the system: permission, memory, files */
	EXIT_USAGE = 2,		/* wrong arguments, names that do not exist */
	EXIT_REFUSED = 3,	/* by the user, or by a rule that keeps from harm */
	EXIT_DIFFERS = 4,	/* what was written reads back as something else */
	EXIT_NO_REPLY = 5,
	EXIT_WIRE = 6,		/* damaged or refusing reply */
	EXIT_NO_BUS = 7,	/* no such bus, or it went away */
};

/* The flags that every verb has. */
struct flags {
	const char *bus;	/* -d, NULL: the only one */
	const char *port;	/* -P, NULL: none */
	const char *columns;	/* -o, NULL: those shown by default */
	bool json;
	bool pretty;
};

extern struct flags flags;

/* One column of a table: a member of each row, which is a JSON object. */
struct column {
	const char *heading;	/* NULL ends the list */
	const char *key;	/* of the member */
	const char *help;	/* one line for --help */
	unsigned int style;	/* COLUMN_* */
	int decimals;		/* of a real number */
	/* the cell's text, where it is not just the member's */
	void (*text)(const json_t *row, char *text, size_t size);
};

/* One of a list that END_OF_COLUMNS ends; further members follow by name. */
#define COLUMN(h, k, t, ...) { .heading = h, .key = k, .help = t, ##__VA_ARGS__ }
#define END_OF_COLUMNS { .heading = NULL }

#define COLUMN_RIGHT	1U	/* numbers */
#define COLUMN_HIDDEN	2U	/* only if -o names it */

/*
 * One verb: its words, what it takes, and how it is done.
 *
 * @words says what its arguments are, a letter each, for the completion:
 *	p port  r register  w register to be written, NAME=  c control, NAME=
 *	d days  b bus  t tty  f file  and + for "the last, any number of times"
 * A port falls away where -P names one.
 */
struct verb {
	const char *name;	/* "scan"; of one below another: "reg get" */
	const char *args;
	const char *summary;
	const char *help;	/* options of its own and examples */
	const char *words;
	const char *short_options;	/* of its own, may be "" */
	const struct option *long_options;	/* of its own, or NULL */
	int (*option)(int c, const char *arg);	/* 0, or an exit status */
	int (*run)(int argc, char **argv);	/* argv[0] is the first argument */
	const struct column *columns;	/* for -o, or NULL */
	bool fields;		/* -o takes something else than these, and run() checks it */
	const struct verb * const *verbs;	/* those below it, NULL at the end */
};

/* All verbs, NULL at the end; and the flags they share, as getopt wants them. */
extern const struct verb * const verbs[];
extern const struct option common_options[];

/* Verb called so in a list, or NULL. */
const struct verb *find_verb(const struct verb * const *list, const char *name);

extern const struct verb verb_list, verb_scan, verb_status, verb_log, verb_reg,
			 verb_attach, verb_detach, verb_uart, verb_monitor, verb_stats, verb_complete;
extern const struct verb verb_reg_list, verb_reg_get, verb_reg_dump, verb_watch, verb_top;

/* ---- output.c, table.c: errors, JSON, tables ------------------------------ */

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

/* Fields of a decoded page, those of -o or all, and its bytes as "raw". */
json_t *json_page(const struct mate_page_desc *desc, const void *page,
		  const uint8_t *bytes);

/* Fields of a decoded page, those of -o or all, "label: value unit" a line. */
void print_page(const struct mate_page_desc *desc, const void *page);

/* "a0 b1 ..", size 3 * @n. */
void hex_text(const uint8_t *bytes, size_t n, char *text);

/*
 * Show a document, which is given away, as it is with -j, else its member @key,
 * a list of rows, as a table.  Both have the columns of -o, which takes headings
 * or keys; "+NAME" for one more than by default.
 */
int show_table(json_t *document, const char *key, const struct column *columns);

/* The same rows as comma-separated values with the keys above; all columns by default. */
int show_csv(json_t *document, const char *key, const struct column *columns);

/* 0, or an error if -o names what @columns has not; before the bus is asked. */
int check_columns(const struct column *columns);

/* ---- fields.c: -o where it names fields of status pages --------------------- */

/* 0, or an error if -o names what no status page has. */
int check_fields(void);

/* Whether -o, if it is given, names the field; any field of the page; "raw". */
bool field_wanted(const struct mate_field_desc *field);
bool page_wanted(const struct mate_page_desc *desc);
bool raw_wanted(void);

/* Status page of a type of device, or NULL. */
const struct mate_page_desc *status_desc(unsigned int device);

/* Whether a field only says that another one is valid. */
bool is_validity(const struct mate_page_desc *desc, const struct mate_field_desc *field);

/* ---- args.c, names.c: what the arguments say ------------------------------ */

/* Wrong number of arguments: 0, or an error that shows how it is meant. */
int want_args(const struct verb *verb, int argc, int min, int max);

/* A port as the user named it. */
struct port_name {
	unsigned int port;
	char name[32];		/* "" if it was a number */
	uint8_t device;		/* enum mate_device that the name promises, or 0 */
};

/*
 * The port that @text, a number or a name of the configuration, stands for.
 * 0 or an error that has been printed.  A name of one bus also chooses that bus,
 * if -d did not; so this comes before open_bus().
 */
int resolve_port(const char *text, struct port_name *port);

/*
 * The port of -P, or else of the first argument, which is then taken away.
 * 0 or an error; want_port() fails if there is none, maybe_port() sets *@given.
 */
int want_port(const struct verb *verb, int *argc, char ***argv, struct port_name *port);
int maybe_port(int *argc, char ***argv, struct port_name *port, bool *given);

/*
 * Whether the device that is there is of the type the name promised: 0, or
 * EXIT_REFUSED with an error printed.
 */
int check_promise(const struct port_name *port, unsigned int device);

/* What the configuration calls a port of the bus: never NULL, "" for no name. */
const struct port_name *named_port(const struct mate_bus *bus, unsigned int port);

/* Read the configuration files, once: 0 or an error that has been printed. */
int load_names(void);

/* Call @fn with each name of a port; for the completion. */
int each_port_name(void (*fn)(const struct port_name *port));

/* "500ms", "1s", "5m", "2h", "90" seconds: 0 and *@ms, or an error about @option. */
int parse_period(const char *option, const char *text, unsigned int *ms);

/* Number from @min to @max: 0 and *@n, or an error about @option. */
int parse_count(const char *option, const char *text, unsigned int min, unsigned int max,
		unsigned int *n);

/* Open the bus of -d, or the only one; 0 or an error that has been printed. */
int open_bus(struct mate_bus **bus);

/* The same with flags of mate_open(). */
int open_bus_flags(struct mate_bus **bus, unsigned int open_flags);

/* ---- devices.c: who is there ---------------------------------------------- */

#define MAX_DEVICES	(MATE_PORT_MAX + 1)

/* "MX charge controller", for people. */
const char *device_title(unsigned int device);

/* "an FX", "a hub": for messages. */
const char *device_phrase(unsigned int device);

/* "fx" for JSON, or null. */
json_t *json_device(unsigned int device);

/*
 * Find all devices, with progress on a terminal, and remember them.  With
 * MATE_SCAN_QUICK it is enough to look whether those of the last scan are still
 * there, if that was not long ago: the empty ports of a hub cost a timeout each.
 * Returns their number, or a negative error that is not printed yet.
 */
int find_devices(struct mate_bus *bus, unsigned int scan_flags,
		 struct mate_device_info found[MAX_DEVICES]);

/* memory.c: what find_devices() goes by; recall gives their number, 0 for none. */
void remember_devices(struct mate_bus *bus, const struct mate_device_info *found, int n);
int recall_devices(struct mate_bus *bus, struct mate_device_info found[MAX_DEVICES]);
void forget_devices(struct mate_bus *bus);

/* Members "port", "name" if it is not NULL, and "type" of a device's object. */
void set_device(json_t *object, const struct mate_device_info *dev, const char *name);

/* Line above a device's lines, with an empty one before it but for the first. */
void print_heading(struct mate_bus *bus, const struct mate_device_info *dev, const char *more);

/* Type of the device on a port; 0 or an error that has been printed. */
int device_type(struct mate_bus *bus, unsigned int port, unsigned int *device);

/*
 * For each device of the bus, or only that on @port if it is not NULL: call @fn.
 * Returns the first exit status that is not 0.
 */
struct device_job {
	/* 0 or an error of the library; adds the device's JSON objects to a list */
	int (*fn)(struct mate_bus *bus, const struct mate_device_info *dev,
		  json_t *list, void *arg);
	bool (*wanted)(unsigned int device);
	/* shows { bus, devices: list }, given away; NULL: as it is, with -j only */
	int (*show)(json_t *document, void *arg);
	const char *what;	/* "status": what unwanted devices do not have */
	void *arg;
};

int for_devices(const struct port_name *port, const struct device_job *job);

/* ---- reg.c: registers ----------------------------------------------------- */

/*
 * Register of a device by name or by address in hex, one without a name if the
 * table does not have it; 0 or an error that has been printed.
 */
int find_register(unsigned int device, const char *text, struct mate_reg_desc *reg);

/* ---- progress.c: what takes more than a second ----------------------------- */

/* Shown on a terminal only, and only from the second second on. */
void progress_begin(void);
__attribute__((format(printf, 1, 2)))
void progress(const char *fmt, ...);
void progress_end(void);

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
