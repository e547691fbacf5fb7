// SPDX-License-Identifier: LGPL-2.1-or-later
/* Changes: what was there, the command, and a look at what became of it. */
#include <string.h>

#include "internal.h"

#define WRITE_TRIES	2	/* of what may be written twice */

static const char * const outcome_names[] = {
	[MATE_APPLIED] = "applied", [MATE_DIFFERS] = "differs",
	[MATE_WRITE_REFUSED] = "refused", [MATE_WRITE_NO_REPLY] = "no_reply",
	[MATE_UNVERIFIED] = "unverified",
};

const char *mate_outcome_name(enum mate_outcome outcome)
{
	return (unsigned int)outcome < sizeof(outcome_names) / sizeof(outcome_names[0]) ?
	       outcome_names[outcome] : "unknown";
}

/* The detail tells what the register takes. */
static int no_access(const struct mate_reg_desc *reg)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} words[] = {
		{ MATE_ACC_READ, "READ" }, { MATE_ACC_WRITE, "WRITE" },
		{ MATE_ACC_INCDEC, "INC and DEC" }, { MATE_ACC_ENDIS, "ENABLE and DISABLE" },
	};
	struct mate_detail *d = mate_detail_clear();
	struct mate_text t = { d->text, sizeof(d->text), 0 };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (reg->access & words[i].bit)
			mate_put(&t, "%s%s", t.len ? ", " : "", words[i].name);
	return MATE_E_ACCESS;
}

/* The bits that a register has a meaning for. */
static bool same(const struct mate_reg_desc *reg, uint16_t a, uint16_t b)
{
	return !((a ^ b) & (reg->value_mask | reg->flag_mask));
}

static bool may_be_sent_again(const struct mate_reg_desc *reg)
{
	return reg->risk == MATE_RISK_SETPOINT || reg->risk == MATE_RISK_SYNC;
}

/* What a change is, from what was read back. */
static enum mate_outcome judge(const struct mate_reg_desc *reg, const struct mate_write *w)
{
	bool moved = !same(reg, w->after, w->before);

	if (same(reg, w->after, w->wanted))
		return MATE_APPLIED;
	if (reg->risk == MATE_RISK_RESET &&
	    (moved || (w->has_answer && same(reg, w->after, w->answer))))
		return MATE_APPLIED;
	return moved || w->has_answer ? MATE_DIFFERS : MATE_WRITE_NO_REPLY;
}

/* The command once, and a look; 0, or why nothing was sent. */
static int write_once(struct mate_bus *bus, unsigned int port,
		      const struct mate_reg_desc *reg, struct mate_write *w)
{
	int ret;

	w->err = mate_write(bus, port, reg->addr, w->wanted, &w->answer);
	w->has_answer = !w->err;
	/* Nothing went out: an error of the call, or the verdict of the first try. */
	if (w->err && !mate_was_sent())
		return w->sent ? 0 : w->err;
	w->sent++;
	if (w->err == MATE_E_REFUSED) {
		w->outcome = MATE_WRITE_REFUSED;
		return 0;
	}
	if (!(reg->access & MATE_ACC_READ)) {
		w->outcome = w->err ? MATE_WRITE_NO_REPLY : MATE_UNVERIFIED;
		return 0;
	}
	ret = mate_read(bus, port, reg->addr, &w->after);
	w->has_after = !ret;
	if (ret) {
		w->outcome = w->err ? MATE_WRITE_NO_REPLY : MATE_UNVERIFIED;
		w->err = w->err ? w->err : ret;
		return 0;
	}
	w->outcome = judge(reg, w);
	return 0;
}

static int write_locked(struct mate_bus *bus, unsigned int port,
			const struct mate_reg_desc *reg, struct mate_write *w)
{
	int tries = may_be_sent_again(reg) ? WRITE_TRIES : 1;
	int ret;

	if (reg->access & MATE_ACC_READ) {
		ret = mate_read(bus, port, reg->addr, &w->before);
		if (ret)
			return ret;
		w->has_before = true;
	}
	do {
		ret = write_once(bus, port, reg, w);
	} while (!ret && --tries && w->outcome == MATE_WRITE_NO_REPLY && w->has_after);
	return ret;
}

int mate_reg_write(struct mate_bus *bus, unsigned int port, const struct mate_reg_desc *reg,
		   uint16_t raw, struct mate_write *result)
{
	struct mate_write w = { .wanted = raw };
	int ret;

	ret = reg->access & MATE_ACC_WRITE ? mate_reg_check(reg, raw) : no_access(reg);
	if (!ret) {
		pthread_mutex_lock(&bus->change);
		ret = write_locked(bus, port, reg, &w);
		pthread_mutex_unlock(&bus->change);
	}
	*result = w;
	return ret;
}

/* ---- steps ---------------------------------------------------------------- */

static unsigned int step_command(const struct mate_bus *bus, enum mate_step step)
{
	unsigned int inc = atomic_load(&bus->inc_command);

	switch (step) {
	case MATE_STEP_INC:
		return inc;
	case MATE_STEP_DEC:
		return !inc;
	case MATE_STEP_ENABLE:
		return MATENET_CMD_INC;
	default:
		return MATENET_CMD_DEC;
	}
}

static bool is_switch(enum mate_step step)
{
	return step == MATE_STEP_ENABLE || step == MATE_STEP_DISABLE;
}

/* A FLEXnet DC calls an enabled shunt 0: names tell, not numbers. */
static bool is_switched(const struct mate_reg_desc *reg, uint16_t raw, bool on)
{
	const char *name = mate_value_name(reg->values, reg->n_values, raw & reg->value_mask);

	return name && (!strcmp(name, on ? "on" : "off") ||
			!strcmp(name, on ? "enabled" : "disabled"));
}

static int direction(const struct mate_reg_desc *reg, uint16_t before, uint16_t after)
{
	int a = before & reg->value_mask, b = after & reg->value_mask;

	if (reg->type == MATE_T_S16) {
		a = (int16_t)before;
		b = (int16_t)after;
	}
	return (b > a) - (b < a);
}

static bool as_wanted(const struct mate_reg_desc *reg, enum mate_step step,
		      const struct mate_step_result *r)
{
	switch (step) {
	case MATE_STEP_INC:
		return r->moved > 0;
	case MATE_STEP_DEC:
		return r->moved < 0;
	default:
		return is_switched(reg, r->after, step == MATE_STEP_ENABLE);
	}
}

static int step_locked(struct mate_bus *bus, unsigned int port,
		       const struct mate_reg_desc *reg, enum mate_step step,
		       struct mate_step_result *r)
{
	int ret = mate_read(bus, port, reg->addr, &r->before);

	if (ret)
		return ret;
	r->err = mate_change(bus, port, step_command(bus, step), reg->addr, 0, &r->answer);
	r->has_answer = !r->err;
	if (r->err && !mate_was_sent())
		return r->err;
	if (r->err == MATE_E_REFUSED) {
		r->outcome = MATE_WRITE_REFUSED;
		return 0;
	}
	ret = mate_read(bus, port, reg->addr, &r->after);
	if (ret) {
		r->outcome = r->err ? MATE_WRITE_NO_REPLY : MATE_UNVERIFIED;
		r->err = r->err ? r->err : ret;
		return 0;
	}
	r->has_after = true;
	r->moved = direction(reg, r->before, r->after);
	if (as_wanted(reg, step, r))
		r->outcome = MATE_APPLIED;
	else
		r->outcome = r->err && !r->moved ? MATE_WRITE_NO_REPLY : MATE_DIFFERS;
	return 0;
}

int mate_step(struct mate_bus *bus, unsigned int port, const struct mate_reg_desc *reg,
	      enum mate_step step, struct mate_step_result *result)
{
	struct mate_step_result r = { 0 };
	int ret;

	if (!(reg->access & (is_switch(step) ? MATE_ACC_ENDIS : MATE_ACC_INCDEC))) {
		ret = no_access(reg);
	} else {
		pthread_mutex_lock(&bus->change);
		ret = step_locked(bus, port, reg, step, &r);
		pthread_mutex_unlock(&bus->change);
	}
	*result = r;
	return ret;
}
