// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool reg set, inc, dec, enable, disable: registers that are changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"

/* ---- which device ---------------------------------------------------------- */

static size_t name_length(const char *word)
{
	return strcspn(word, "=");
}

static bool has_all(unsigned int device, int argc, char **argv, has_name_fn has)
{
	for (int i = 0; i < argc; i++)
		if (!has(device, argv[i], name_length(argv[i])))
			return false;
	return true;
}

/* The only port with a device that has all the names, or an error. */
static int port_with(struct mate_bus *bus, int argc, char **argv, has_name_fn has,
		     struct port_name *port)
{
	struct mate_device_info found[MAX_DEVICES];
	/* Not from memory: a second one may have been plugged in. */
	int n = find_devices(bus, 0, found), count = 0;
	char ports[80] = "";

	if (n < 0)
		return fail_mate(bus, n, "%s: port 0", mate_bus_name(bus));
	for (int i = 0; i < n; i++) {
		if (!has_all(found[i].device, argc, argv, has))
			continue;
		*port = *named_port(bus, found[i].port);
		port->port = found[i].port;
		snprintf(ports + strlen(ports), sizeof(ports) - strlen(ports), " %u",
			 found[i].port);
		count++;
	}
	if (count > 1)
		return fail(EXIT_USAGE, "port", "ports%s have %.*s: choose one with -P", ports,
			    (int)name_length(argv[0]), argv[0]);
	return count ? 0 : fail(EXIT_USAGE, "register", "\"%.*s\": no device on %s has that",
				(int)name_length(argv[0]), argv[0], mate_bus_name(bus));
}

static int open_sole_target(struct target *t, int argc, char **argv, has_name_fn has)
{
	struct port_name port;
	struct mate_bus *bus;
	int ret = open_bus_flags(&bus, consent.dry_run ? 0 : MATE_OPEN_WRITE);

	if (ret)
		return ret;
	ret = port_with(bus, argc, argv, has, &port) ?: fill_target(t, bus, &port);
	if (ret)
		mate_close(bus);
	return ret;
}

int open_named_target(const struct verb *verb, struct target *t, int *argc, char ***argv,
		      has_name_fn has)
{
	struct port_name port;
	int ret;

	remember_request(verb->name, *argc, *argv);
	/* A name of a register is no port: those are numbers or names with a device. */
	if (!flags.port && *argc && (strchr(**argv, '=') ||
	    (*argc == 1 && (***argv < '0' || ***argv > '9'))))
		return open_sole_target(t, *argc, *argv, has);
	ret = want_port(verb, argc, argv, &port);
	if (!ret && !*argc)
		return want_args(verb, 0, 1, MAX_CHANGES);
	return ret ?: open_target(t, &port);
}

static bool has_register(unsigned int device, const char *name, size_t length)
{
	for (const struct mate_reg_desc *r = mate_reg_next(device, NULL); r;
	     r = mate_reg_next(device, r))
		if (strlen(r->id) == length && !strncmp(r->id, name, length))
			return true;
	return false;
}

/* ---- values ---------------------------------------------------------------- */

int parse_change(const struct mate_reg_desc *reg, const char *value, struct change *c)
{
	const char *name = *reg->id ? reg->id : "register";
	int ret;

	*c = (struct change) { .reg = reg };
	if (!(reg->access & MATE_ACC_WRITE))
		return fail(EXIT_USAGE, mate_errname(MATE_E_ACCESS),
			    "register \"%s\": it can be stepped (matetool inc), not written", name);
	ret = mate_reg_parse(reg, false, value, &c->new);
	if (!ret)
		return 0;
	if (ret == MATE_E_VALUE || ret == MATE_E_RANGE)
		return fail(EXIT_USAGE, mate_errname(ret), "%s=%s: %s: %s", name, value,
			    mate_strerror(ret), mate_last_detail()->text);
	return fail_mate(NULL, ret, "%s=%s", name, value);
}

/* A register twice would leave open what is wanted. */
static int check_twice(const struct change *list, int n)
{
	for (int i = 0; i < n - 1; i++)
		if (list[i].reg->addr == list[n - 1].reg->addr)
			return fail(EXIT_USAGE, "usage", "register %04X: it is there twice",
				    list[i].reg->addr);
	return 0;
}

/* ---- reg set --------------------------------------------------------------- */

static int parse_all(const struct target *t, int argc, char **argv, struct mate_reg_desc *regs,
		     struct change *list)
{
	int ret = 0;

	for (int i = 0; !ret && i < argc; i++) {
		size_t length = name_length(argv[i]);

		if (!argv[i][length])
			return fail(EXIT_USAGE, "usage", "\"%s\": NAME=VALUE is wanted", argv[i]);
		ret = find_writable(t->info.device, argv[i], length, &regs[i]) ?:
		      parse_change(&regs[i], argv[i] + length + 1, &list[i]) ?:
		      check_twice(list, i + 1);
	}
	return ret;
}

static int run_set(int argc, char **argv)
{
	struct mate_reg_desc regs[MAX_CHANGES];
	struct change list[MAX_CHANGES];
	struct target t;
	int ret = want_args(&verb_reg_set, argc, 1, MAX_CHANGES) ?:
		  open_named_target(&verb_reg_set, &t, &argc, &argv, has_register);

	if (ret)
		return ret;
	ret = parse_all(&t, argc, argv, regs, list) ?: make_changes(&t, list, argc);
	close_target(&t);
	return ret;
}

const struct verb verb_reg_set = {
	.name = "reg set",
	.args = "PORT NAME=VALUE..",
	.summary = "Write registers: show old and new, ask, write, read back",
	.help = "matetool reg list PORT shows names, values and ranges.  PORT may be left out if\n"
		"only one device has such a register.  A register that is in no table goes by its\n"
		"address and takes --i-accept=ADDRESS.\n\n"
		CONSENT_HELP
		"      --revert-after TIME  write the old value back after so long, unless\n"
		"                       matetool confirm comes before\n\n"
		"Exit status: 0 applied, 3 refused by you or a rule, 4 reads back as something\n"
		"else, 5 no reply, 6 trouble on the wire.\n\n"
		"Examples:\n"
		"  matetool reg set 1 absorb_voltage=28.8\n"
		"  matetool reg set 1 absorb_voltage=28.8 float_voltage=27.2 --dry-run\n"
		"  matetool reg set -P house charger_limit=12 --yes -j\n",
	.words = "pw+",
	.short_options = CONSENT_SHORT,
	.long_options = revert_options,
	.option = consent_option,
	.run = run_set,
};

/* ---- inc, dec, enable, disable --------------------------------------------- */

/* Command number of INC; the sources contradict each other. */
static unsigned int inc_command = MATENET_CMD_INC;

enum { OPT_NUMBERING = 300 };

static const struct option step_options[] = {
	{ "inc-command", required_argument, NULL, OPT_NUMBERING },
	{ "yes", no_argument, NULL, 'y' },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "confirm", required_argument, NULL, 256 },
	{ "i-accept", required_argument, NULL, 257 },
	{ NULL, 0, NULL, 0 },
};

static int step_option(int c, const char *arg)
{
	return c == OPT_NUMBERING ? parse_count("--inc-command", arg, 0, 1, &inc_command) :
				    consent_option(c, arg);
}

static int find_steppable(const struct target *t, const char *name, enum change_kind kind,
			  struct mate_reg_desc *reg)
{
	bool incdec = kind == CHANGE_INC || kind == CHANGE_DEC;
	int ret = find_writable(t->info.device, name, strlen(name), reg);

	if (ret || reg->access & (incdec ? MATE_ACC_INCDEC : MATE_ACC_ENDIS))
		return ret;
	return fail(EXIT_USAGE, mate_errname(MATE_E_ACCESS), "register \"%s\": it cannot be %s", name,
		    incdec ? "incremented or decremented" : "enabled or disabled");
}

static int run_step(const struct verb *verb, enum change_kind kind, int argc, char **argv)
{
	struct mate_reg_desc reg;
	struct change c = { .reg = &reg, .kind = kind };
	struct target t = { .bus = NULL };
	int ret = want_args(verb, argc, 1, 2) ?:
		  open_named_target(verb, &t, &argc, &argv, has_register);

	if (ret)
		return ret;
	mate_set_numbering(t.bus, inc_command);
	ret = want_args(verb, argc, 1, 1) ?: find_steppable(&t, argv[0], kind, &reg) ?:
	      make_changes(&t, &c, 1);
	close_target(&t);
	return ret;
}

static int run_inc(int argc, char **argv)
{
	return run_step(&verb_inc, CHANGE_INC, argc, argv);
}

static int run_dec(int argc, char **argv)
{
	return run_step(&verb_dec, CHANGE_DEC, argc, argv);
}

static int run_enable(int argc, char **argv)
{
	return run_step(&verb_enable, CHANGE_ENABLE, argc, argv);
}

static int run_disable(int argc, char **argv)
{
	return run_step(&verb_disable, CHANGE_DISABLE, argc, argv);
}

#define STEP_HELP(example) \
	"The step is the device's own.  It is sent once, whatever becomes of it, and the\n" \
	"register is read before and after: if it moved the wrong way, your devices number\n" \
	"the commands the other way round: --inc-command 0.\n\n" \
	CONSENT_HELP \
	"      --inc-command 0|1  the number of INC, 1 by default; DEC is the other one\n\n" \
	"Example:\n" example
#define SWITCH_HELP(example) \
	"It is sent once, whatever becomes of it, and the register is read before and after.\n\n" \
	CONSENT_HELP "\nExample:\n" example

#define STEP_VERB(word, run_fn, text, help_text, own_options) { \
	.name = word, \
	.args = "PORT NAME", \
	.summary = text, \
	.help = help_text, \
	.words = "pr", \
	.short_options = CONSENT_SHORT, \
	.long_options = own_options, \
	.option = step_option, \
	.run = run_fn, \
}

const struct verb verb_inc = STEP_VERB("inc", run_inc, "One step up of a set point, as the MATE's button does",
	STEP_HELP("  matetool inc 2 absorb_setpoint\n"), step_options);
const struct verb verb_dec = STEP_VERB("dec", run_dec, "One step down of a set point",
	STEP_HELP("  matetool dec 2 absorb_setpoint --dry-run\n"), step_options);
const struct verb verb_enable = STEP_VERB("enable", run_enable, "Enable what a register stands for",
	SWITCH_HELP("  matetool enable 3 shunt_b_mode\n"), consent_options);
const struct verb verb_disable = STEP_VERB("disable", run_disable, "Disable what a register stands for",
	SWITCH_HELP("  matetool disable 3 shunt_b_mode --yes\n"), consent_options);
