// SPDX-License-Identifier: GPL-2.0
/* uart9: debugfs portN/knobs: how a port departs from a good 16550A. */

#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/serial_reg.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "uart9.h"

#define U9_KNOBS_MAX_BYTES 1024
#define U9_WAIT_MAX_US 1000000

struct u9_knob {
	const char *name;
	size_t offset;		/* of an int in struct u9_knobs */
	const char *words[5];	/* values 0, 1, 2, 3; none: a number */
	int min, max;
};

#define U9_KNOB(x) .name = #x, .offset = offsetof(struct u9_knobs, x)

static const struct u9_knob u9_knob_table[] = {
	{ U9_KNOB(flags),	.words = { "byte", "packet", "never", "next" } },
	{ U9_KNOB(cmspar),	.words = { "yes", "cleared", "ignored", "none" } },
	{ U9_KNOB(txempty),	.words = { "no", "yes" } },
	{ U9_KNOB(fifo_clear),	.words = { "no", "yes" } },
	{ U9_KNOB(fifo),	.min = 1, .max = U9_MAX_FIFO },
	{ U9_KNOB(ppm),		.min = -U9_PPM_LIMIT, .max = U9_PPM_LIMIT },
	{ U9_KNOB(latch),	.words = { "start", "parity" } },
	{ U9_KNOB(irq),		.words = { "no", "yes" } },
	{ U9_KNOB(answer),	.min = -1, .max = U9_WAIT_MAX_US },
	{ U9_KNOB(present),	.min = 0, .max = U9_HUB_PORTS },
	{ U9_KNOB(heard),	.words = { "no", "yes" } },
	{ U9_KNOB(resume),	.words = { "ready", "hangup" } },
	{ U9_KNOB(start),	.min = 0, .max = U9_WAIT_MAX_US },
	{ U9_KNOB(bridge),	.words = { "no", "yes" } },
};

static DEFINE_MUTEX(u9_knobs_mutex);	/* writers */

static int *u9_knob_value(struct u9_knobs *knobs, const struct u9_knob *k)
{
	return (void *)knobs + k->offset;
}

static int u9_knob_parse(const struct u9_knob *k, const char *text, int *value)
{
	int ret;

	if (k->words[0]) {
		ret = match_string(k->words, ARRAY_SIZE(k->words), text);
		if (ret < 0)
			return -EINVAL;
		*value = ret;
		return 0;
	}
	ret = kstrtoint(text, 10, value);
	if (ret)
		return ret;
	return *value < k->min || *value > k->max ? -EINVAL : 0;
}

static int u9_knobs_parse(char *text, struct u9_knobs *knobs)
{
	unsigned int i;
	char *key;
	int ret;

	while ((key = strsep(&text, " \t\r\n"))) {
		char *value = key;

		if (!*key)
			continue;
		strsep(&value, "=");
		if (!value)
			return -EINVAL;
		for (i = 0; i < ARRAY_SIZE(u9_knob_table); i++)
			if (!strcmp(u9_knob_table[i].name, key))
				break;
		if (i == ARRAY_SIZE(u9_knob_table))
			return -EINVAL;
		ret = u9_knob_parse(&u9_knob_table[i], value,
				    u9_knob_value(knobs, &u9_knob_table[i]));
		if (ret)
			return ret;
	}
	return knobs->fifo == 1 || knobs->fifo == 16 || knobs->fifo == U9_MAX_FIFO ? 0 : -EINVAL;
}

static int u9_knobs_set(struct u9_port *p, const struct u9_knobs *knobs)
{
	unsigned long flags;
	u64 now;
	int ret;

	/* Another depth is another type of chip: only while nobody uses it. */
	if (knobs->fifo != p->knobs.fifo) {
		ret = u9_port_set_depth(p, knobs->fifo);
		if (ret)
			return ret;
	}
	raw_spin_lock_irqsave(&p->pair->lock, flags);
	now = u9_replay(p->pair);
	if (knobs->bridge != p->knobs.bridge)
		u9_loop_changing(p, now);
	p->knobs = *knobs;
	if (knobs->answer >= 0)
		u9_answer_setup(p);
	if (knobs->cmspar == U9_CMSPAR_IGNORED)
		p->lcr &= ~UART_LCR_SPAR;
	u9_chip_set_clock(p);
	u9_chip_kick(p->pair, now);
	raw_spin_unlock_irqrestore(&p->pair->lock, flags);
	return 0;
}

static ssize_t u9_knobs_write(struct file *file, const char __user *buf, size_t n, loff_t *pos)
{
	struct u9_port *p = file_inode(file)->i_private;
	struct u9_knobs knobs;
	char *text;
	int ret;

	if (n > U9_KNOBS_MAX_BYTES)
		return -E2BIG;
	text = memdup_user_nul(buf, n);
	if (IS_ERR(text))
		return PTR_ERR(text);
	mutex_lock(&u9_knobs_mutex);
	knobs = p->knobs;
	ret = u9_knobs_parse(text, &knobs);
	if (!ret)
		ret = u9_knobs_set(p, &knobs);
	mutex_unlock(&u9_knobs_mutex);
	kfree(text);
	return ret ? ret : n;
}

static int u9_knobs_show(struct seq_file *m, void *v)
{
	struct u9_port *p = m->private;
	struct u9_knobs knobs = p->knobs;
	const struct u9_knob *k;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(u9_knob_table); i++) {
		k = &u9_knob_table[i];
		if (k->words[0])
			seq_printf(m, "%s=%s\n", k->name, k->words[*u9_knob_value(&knobs, k)]);
		else
			seq_printf(m, "%s=%d\n", k->name, *u9_knob_value(&knobs, k));
	}
	return 0;
}

static int u9_knobs_open(struct inode *inode, struct file *file)
{
	return single_open(file, u9_knobs_show, inode->i_private);
}

const struct file_operations u9_knobs_fops = {
	.owner		= THIS_MODULE,
	.open		= u9_knobs_open,
	.read		= seq_read,
	.write		= u9_knobs_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};
