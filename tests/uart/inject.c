// SPDX-License-Identifier: GPL-2.0
/*
 * uart9: debugfs pairN/inject: rules that disturb what a port sends.
 * Grammar: Documentation/testing/uart9.rst.
 */

#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "uart9.h"

#define U9_BREAK_DEFAULT_US	5000
#define U9_WAIT_MAX_US		60000000	/* of delay and break */
#define U9_INJECT_MAX_BYTES	4096		/* longest text written at once */
#define U9_INJECT_MAX_LINES	U9_MAX_RULES

enum u9_op_kind {
	U9_OP_FLIP, U9_OP_MUTE, U9_OP_DEAF, U9_OP_NOISE, U9_OP_DELAY, U9_OP_INSERT, U9_OP_BREAK,
	U9_OP_HISS,
};

struct u9_op {
	const char *name;
	enum u9_op_kind kind;
	/*
	 * Arguments, those in lower case may be left out: N which byte from now,
	 * A the same or 0 for at once, C count, B bit, V nine bits in hex,
	 * U microseconds, P parts per billion, S seed.
	 */
	const char *args;
	u64 count;		/* if not given */
	u32 arg;		/* if not given */
	u16 did;
};

static const struct u9_op u9_ops[] = {
	{ "flip-mark",	 U9_OP_FLIP,   "Nc",  1, 8, U9_DID_FLIP_MARK },
	{ "flip-bit",	 U9_OP_FLIP,   "NBc", 1, 0, U9_DID_FLIP_BIT },
	{ "drop",	 U9_OP_MUTE,   "Nc",  1, 0, 0 },
	{ "silence",	 U9_OP_MUTE,   "c",   U9_FOREVER, 0, 0 },
	{ "overrun",	 U9_OP_DEAF,   "Nc",  1, 0, U9_DID_OVERRUN },
	{ "frame-error", U9_OP_NOISE,  "Nc",  1, 0, U9_DID_FRAME },
	{ "delay",	 U9_OP_DELAY,  "NU",  1, 0, U9_DID_DELAY },
	{ "insert",	 U9_OP_INSERT, "AVc", 1, 0, U9_DID_INSERT },
	{ "break",	 U9_OP_BREAK,  "Au",  1, U9_BREAK_DEFAULT_US, U9_DID_BREAK },
	{ "noise",	 U9_OP_HISS,   "Ps",  1, 0, 0 },
};

static void u9_rule_remove(struct u9_port *p, unsigned int i)
{
	p->nrules--;
	memmove(&p->rules[i], &p->rules[i + 1], (p->nrules - i) * sizeof(p->rules[0]));
}

/* Is @r for the byte that has just left the FIFO?  The last one ends the rule. */
static bool u9_rule_hit(struct u9_port *p, unsigned int i, bool *last)
{
	const struct u9_rule *r = &p->rules[i];
	u64 n = p->tx.ordinal - r->first;

	*last = n + 1 == r->count;
	return p->tx.ordinal >= r->first && n < r->count;
}

/* Not for certain bytes; its count is the seed. */
static bool u9_rule_is_noise(const struct u9_rule *r)
{
	return r->op->kind == U9_OP_HISS;
}

static bool u9_rule_is_extra(const struct u9_rule *r)
{
	return r->op->kind == U9_OP_INSERT || r->op->kind == U9_OP_BREAK;
}

/* What is to happen to the byte that starts now. */
void u9_rules_disturb(struct u9_port *p, struct u9_disturb *d)
{
	unsigned int i = 0;
	bool last;

	while (i < p->nrules) {
		const struct u9_rule *r = &p->rules[i];

		if (u9_rule_is_extra(r) || u9_rule_is_noise(r) || !u9_rule_hit(p, i, &last)) {
			i++;
			continue;
		}
		d->did |= r->op->did;
		switch (r->op->kind) {
		case U9_OP_FLIP:
			d->flip ^= BIT(r->arg);
			break;
		case U9_OP_MUTE:
			d->mute = true;
			break;
		case U9_OP_DEAF:
			d->deaf = true;
			break;
		case U9_OP_NOISE:
			d->noise = true;
			break;
		default:
			break;
		}
		if (last)
			u9_rule_remove(p, i);
		else
			i++;
	}
}

/* How long the byte that has just left the FIFO has to wait. */
u64 u9_rules_delay(struct u9_port *p)
{
	u64 ticks = 0;
	unsigned int i = 0;
	bool last;

	while (i < p->nrules) {
		if (p->rules[i].op->kind != U9_OP_DELAY || !u9_rule_hit(p, i, &last)) {
			i++;
			continue;
		}
		ticks += p->rules[i].arg * U9_TICKS_PER_US;
		u9_rule_remove(p, i);
	}
	return ticks;
}

/* Is there something that goes out even if the chip sends nothing? */
bool u9_rules_want_line(const struct u9_port *p)
{
	unsigned int i;

	for (i = 0; i < p->nrules; i++)
		if (u9_rule_is_extra(&p->rules[i]) && p->rules[i].first == U9_AT_ONCE)
			return true;
	return false;
}

/* Has something to go out before the next byte?  Nine bits, or a break if it has a length. */
bool u9_rules_extra(struct u9_port *p, u16 *bits, u64 *break_ticks)
{
	bool more = p->tx.count || u9_answer_pending(p);
	struct u9_rule *r;
	unsigned int i;

	for (i = 0; i < p->nrules; i++) {
		r = &p->rules[i];
		if (!u9_rule_is_extra(r))
			continue;
		if (r->first != U9_AT_ONCE && (!more || r->first > p->tx.ordinal + 1))
			continue;
		*bits = r->arg;
		*break_ticks = r->op->kind == U9_OP_BREAK ? r->arg * U9_TICKS_PER_US : 0;
		if (!--r->count)
			u9_rule_remove(p, i);
		return true;
	}
	return false;
}

/* ---- text ---- */

/* One parsed line; rule.op NULL: clear. */
struct u9_command {
	unsigned int ports;	/* bit mask of the pair's two */
	struct u9_rule rule;	/* first still counts from now */
};

static int u9_parse_number(const char *text, unsigned int base, u64 min, u64 max, u64 *value)
{
	int ret = kstrtou64(text, base, value);

	if (ret)
		return ret;
	return *value < min || *value > max ? -EINVAL : 0;
}

static int u9_parse_arg(char kind, const char *text, struct u9_rule *r)
{
	u64 value;
	int ret;

	switch (kind) {
	case 'N':
		return u9_parse_number(text, 10, 1, S64_MAX, &r->first);
	case 'A':
		return u9_parse_number(text, 10, 0, S64_MAX, &r->first);
	case 'C':
		return u9_parse_number(text, 10, 1, S64_MAX, &r->count);
	case 'B':
		ret = u9_parse_number(text, 10, 0, 8, &value);
		break;
	case 'V':
		ret = u9_parse_number(text, 16, 0, 0x1ff, &value);
		break;
	case 'P':
		ret = u9_parse_number(text, 10, 0, U9_NOISE_MAX_PPB, &value);
		break;
	case 'S':
		return u9_parse_number(text, 10, 0, U32_MAX, &r->count);
	default:
		ret = u9_parse_number(text, 10, 1, U9_WAIT_MAX_US, &value);
		break;
	}
	r->arg = value;
	return ret;
}

static const struct u9_op *u9_op_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(u9_ops); i++)
		if (!strcmp(name, u9_ops[i].name))
			return &u9_ops[i];
	return NULL;
}

static char *u9_token(char **text)
{
	char *token;

	do {
		token = strsep(text, " \t\r");
	} while (token && !*token);
	return token;
}

/* "PORT OP ARGS...", "PORT clear" or "clear". */
static int u9_parse_line(struct u9_pair *pair, char *line, struct u9_command *c)
{
	char *token = u9_token(&line);
	struct u9_rule *r = &c->rule;
	const char *kind;
	unsigned int nr;
	int ret;

	*c = (struct u9_command){ .ports = 3 };
	if (token && strcmp(token, "clear")) {
		ret = kstrtouint(token, 10, &nr);
		if (ret)
			return ret;
		if (nr / U9_ENDS != pair->nr)
			return -EINVAL;
		c->ports = BIT(nr % U9_ENDS);
		token = u9_token(&line);
	}
	if (!token)
		return -EINVAL;
	if (!strcmp(token, "clear"))
		return u9_token(&line) ? -EINVAL : 0;

	r->op = u9_op_find(token);
	if (!r->op)
		return -EINVAL;
	r->first = 1;
	r->count = r->op->count;
	r->arg = r->op->arg;
	for (kind = r->op->args; *kind; kind++) {
		token = u9_token(&line);
		if (!token && islower(*kind))
			return 0;
		if (!token)
			return -EINVAL;
		ret = u9_parse_arg(toupper(*kind), token, r);
		if (ret)
			return ret;
	}
	return u9_token(&line) ? -EINVAL : 0;
}

/* All lines or, at the first bad one, none. */
static int u9_parse_text(struct u9_pair *pair, char *text, struct u9_command *c)
{
	int n = 0, ret;
	char *line;

	while ((line = strsep(&text, "\n;"))) {
		line = skip_spaces(line);
		if (!*line || *line == '#')
			continue;
		if (n == U9_INJECT_MAX_LINES)
			return -ENOSPC;
		ret = u9_parse_line(pair, line, &c[n++]);
		if (ret)
			return ret;
	}
	return n;
}

static bool u9_commands_fit(const struct u9_pair *pair, const struct u9_command *c, int n)
{
	unsigned int rules, i;
	int k;

	for (i = 0; i < 2; i++) {
		rules = pair->port[i].nrules;
		for (k = 0; k < n; k++) {
			if (!(c[k].ports & BIT(i)))
				continue;
			rules = c[k].rule.op ? rules + 1 : 0;
			if (rules > U9_MAX_RULES)
				return false;
		}
	}
	return true;
}

/* There is one noise; it takes the place of the one before, 0 ends it. */
static void u9_rules_noise(struct u9_port *p, const struct u9_rule *noise, u64 now)
{
	unsigned int i;

	for (i = 0; i < p->nrules; i++)
		if (u9_rule_is_noise(&p->rules[i]))
			u9_rule_remove(p, i--);
	if (noise->arg)
		p->rules[p->nrules++] = *noise;
	u9_noise_set(p, noise->arg, noise->count, now);
}

static void u9_command_run(struct u9_port *p, const struct u9_command *c, u64 now)
{
	struct u9_rule *r;

	if (!c->rule.op) {
		p->nrules = 0;
		u9_noise_set(p, 0, 0, now);
		if (p->tx.state == U9_TX_HELD)
			p->tx.next = now;
		return;
	}
	if (u9_rule_is_noise(&c->rule)) {
		u9_rules_noise(p, &c->rule, now);
		return;
	}
	r = &p->rules[p->nrules++];
	*r = c->rule;
	if (r->first != U9_AT_ONCE)
		r->first += p->tx.ordinal;
}

static int u9_commands_run(struct u9_pair *pair, const struct u9_command *c, int n)
{
	unsigned long flags;
	int i, k, ret = 0;
	u64 now;

	raw_spin_lock_irqsave(&pair->lock, flags);
	now = u9_replay(pair);
	if (u9_commands_fit(pair, c, n)) {
		for (k = 0; k < n; k++)
			for (i = 0; i < 2; i++)
				if (c[k].ports & BIT(i))
					u9_command_run(&pair->port[i], &c[k], now);
		u9_tx_start(&pair->port[0], now);
		u9_tx_start(&pair->port[1], now);
		u9_chip_kick(pair, u9_replay(pair));
	} else {
		ret = -ENOSPC;
	}
	raw_spin_unlock_irqrestore(&pair->lock, flags);
	return ret;
}

static ssize_t u9_inject_write(struct file *file, const char __user *buf, size_t n, loff_t *pos)
{
	struct u9_pair *pair = file_inode(file)->i_private;
	struct u9_command *c;
	char *text;
	int ret;

	if (n > U9_INJECT_MAX_BYTES)
		return -E2BIG;
	text = memdup_user_nul(buf, n);
	if (IS_ERR(text))
		return PTR_ERR(text);
	c = kcalloc(U9_INJECT_MAX_LINES, sizeof(*c), GFP_KERNEL);
	ret = c ? u9_parse_text(pair, text, c) : -ENOMEM;
	if (ret >= 0)
		ret = u9_commands_run(pair, c, ret);
	kfree(c);
	kfree(text);
	return ret ? ret : n;
}

static void u9_rule_show(struct seq_file *m, const struct u9_port *p, const struct u9_rule *r)
{
	u64 done = p->tx.ordinal >= r->first ? p->tx.ordinal + 1 - r->first : 0;
	u64 nth = r->first - p->tx.ordinal;
	const char *kind;

	if (r->first == U9_AT_ONCE || u9_rule_is_extra(r) || u9_rule_is_noise(r))
		done = 0;
	else if (done)
		nth = 1;
	if (r->first == U9_AT_ONCE)
		nth = 0;

	seq_printf(m, "%u %s", u9_port_nr(p), r->op->name);
	for (kind = r->op->args; *kind; kind++) {
		switch (toupper(*kind)) {
		case 'N':
		case 'A':
			seq_printf(m, " %llu", nth);
			break;
		case 'C':
			if (r->count != U9_FOREVER)
				seq_printf(m, " %llu", r->count - done);
			break;
		case 'V':
			seq_printf(m, " %03x", r->arg);
			break;
		case 'S':
			seq_printf(m, " %llu", r->count);
			break;
		default:
			seq_printf(m, " %u", r->arg);
			break;
		}
	}
	seq_putc(m, '\n');
}

static int u9_inject_show(struct seq_file *m, void *v)
{
	struct u9_pair *pair = m->private;
	struct u9_port *copy;
	unsigned long flags;
	unsigned int i, k;

	/* seq_printf() is too slow for the lock; the rules are small. */
	copy = kmalloc_array(2, sizeof(*copy), GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	raw_spin_lock_irqsave(&pair->lock, flags);
	u9_chip_kick(pair, u9_replay(pair));
	memcpy(copy, pair->port, 2 * sizeof(*copy));
	raw_spin_unlock_irqrestore(&pair->lock, flags);
	for (i = 0; i < 2; i++)
		for (k = 0; k < copy[i].nrules; k++)
			u9_rule_show(m, &copy[i], &copy[i].rules[k]);
	kfree(copy);
	return 0;
}

static int u9_inject_open(struct inode *inode, struct file *file)
{
	return single_open(file, u9_inject_show, inode->i_private);
}

const struct file_operations u9_inject_fops = {
	.owner		= THIS_MODULE,
	.open		= u9_inject_open,
	.read		= seq_read,
	.write		= u9_inject_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};
