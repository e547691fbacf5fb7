// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/class/matenet/matenetN: the settings, and a counter a file below
 * statistics/.  To be read only: settings are changed by ioctl and netlink, by
 * one function that checks them.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "matenet.h"

static struct matenet_bus *to_bus(struct device *dev)
{
	return container_of(dev, struct matenet_bus, dev);
}

static const char * const role_names[] = { "monitor", "controller", "device" };
static const char * const framing_names[] = { "auto", "mark", "gap" };
static const char * const parity_names[] = { "auto", "stick", "evenodd" };

/* MATENET_ATTR(name, format, expression of config and caps) */
#define MATENET_ATTR(_name, _format, _value)					\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr,	\
			    char *buf)						\
{										\
	struct matenet_config config;						\
	struct matenet_caps caps;						\
										\
	matenet_bus_get_config(to_bus(dev), &config);				\
	matenet_bus_get_caps(to_bus(dev), &caps);				\
	return sysfs_emit(buf, _format "\n", _value);				\
}										\
static DEVICE_ATTR_RO(_name)

MATENET_ATTR(tty, "%s", caps.tty);
MATENET_ATTR(baud, "%u", config.baud);
MATENET_ATTR(role, "%s", role_names[config.role]);
MATENET_ATTR(framing, "%s", framing_names[config.framing]);
MATENET_ATTR(framing_in_force, "%s", framing_names[caps.framing]);
MATENET_ATTR(parity, "%s", parity_names[config.parity]);
MATENET_ATTR(parity_in_force, "%s", parity_names[caps.parity]);
MATENET_ATTR(capabilities, "0x%x", caps.capabilities);
MATENET_ATTR(strict, "%d", !!(config.flags & MATENET_CFG_STRICT));
MATENET_ATTR(writable, "%d", !!(config.flags & MATENET_CFG_WRITABLE));
MATENET_ATTR(reply_timeout_us, "%u", config.reply_timeout_us);
MATENET_ATTR(gap_us, "%u", config.gap_us);
MATENET_ATTR(turnaround_us, "%u", config.turnaround_us);
MATENET_ATTR(tx_guard_us, "%u", config.tx_guard_us);
MATENET_ATTR(late_us, "%u", config.late_us);
MATENET_ATTR(join, "%u", config.join);

static struct attribute *matenet_attrs[] = {
	&dev_attr_tty.attr,
	&dev_attr_baud.attr,
	&dev_attr_role.attr,
	&dev_attr_framing.attr,
	&dev_attr_framing_in_force.attr,
	&dev_attr_parity.attr,
	&dev_attr_parity_in_force.attr,
	&dev_attr_capabilities.attr,
	&dev_attr_strict.attr,
	&dev_attr_writable.attr,
	&dev_attr_reply_timeout_us.attr,
	&dev_attr_gap_us.attr,
	&dev_attr_turnaround_us.attr,
	&dev_attr_tx_guard_us.attr,
	&dev_attr_late_us.attr,
	&dev_attr_join.attr,
	NULL
};

static const struct attribute_group matenet_group = {
	.attrs = matenet_attrs,
};

/* A counter is known by its place in struct matenet_stats. */
struct matenet_counter {
	struct device_attribute attr;
	size_t offset;
};

static ssize_t counter_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct matenet_counter *counter = container_of(attr, struct matenet_counter, attr);
	struct matenet_bus *bus = to_bus(dev);
	u64 value;

	spin_lock(&bus->lock);
	value = *(u64 *)((char *)&bus->stats + counter->offset);
	spin_unlock(&bus->lock);
	return sysfs_emit(buf, "%llu\n", value);
}

#define MATENET_COUNTER(_name, _member)						\
static struct matenet_counter counter_##_name = {				\
	.attr = __ATTR(_name, 0444, counter_show, NULL),			\
	.offset = offsetof(struct matenet_stats, _member),			\
}

#define MATENET_STATUS_COUNTER(_name, _status)					\
	MATENET_COUNTER(_name, status[const_ilog2(_status)])

MATENET_STATUS_COUNTER(replies, MATENET_ST_OK);
MATENET_STATUS_COUNTER(commands, MATENET_ST_TX_DONE);
MATENET_STATUS_COUNTER(tx_errors, MATENET_ST_TX_ERROR);
MATENET_STATUS_COUNTER(timeouts, MATENET_ST_TIMEOUT);
MATENET_STATUS_COUNTER(checksum_errors, MATENET_ST_CHECKSUM);
MATENET_STATUS_COUNTER(short_replies, MATENET_ST_SHORT);
MATENET_STATUS_COUNTER(long_replies, MATENET_ST_LONG);
MATENET_STATUS_COUNTER(mark_errors, MATENET_ST_MARK);
MATENET_STATUS_COUNTER(framing_errors, MATENET_ST_FRAMING);
MATENET_STATUS_COUNTER(breaks, MATENET_ST_BREAK);
MATENET_STATUS_COUNTER(overruns, MATENET_ST_OVERRUN);
MATENET_STATUS_COUNTER(junk, MATENET_ST_JUNK);
MATENET_STATUS_COUNTER(refusals, MATENET_ST_REFUSED);
MATENET_STATUS_COUNTER(aborted, MATENET_ST_ABORTED);
MATENET_COUNTER(tx_bytes, tx_bytes);
MATENET_COUNTER(rx_bytes, rx_bytes);
MATENET_COUNTER(rx_stray, rx_stray);
MATENET_COUNTER(retries, retries);
MATENET_COUNTER(tx_slow, tx_slow);
MATENET_COUNTER(tx_gap_max_ns, tx_gap_max_ns);

static struct attribute *matenet_counters[] = {
	&counter_replies.attr.attr,
	&counter_commands.attr.attr,
	&counter_tx_errors.attr.attr,
	&counter_timeouts.attr.attr,
	&counter_checksum_errors.attr.attr,
	&counter_short_replies.attr.attr,
	&counter_long_replies.attr.attr,
	&counter_mark_errors.attr.attr,
	&counter_framing_errors.attr.attr,
	&counter_breaks.attr.attr,
	&counter_overruns.attr.attr,
	&counter_junk.attr.attr,
	&counter_refusals.attr.attr,
	&counter_aborted.attr.attr,
	&counter_tx_bytes.attr.attr,
	&counter_rx_bytes.attr.attr,
	&counter_rx_stray.attr.attr,
	&counter_retries.attr.attr,
	&counter_tx_slow.attr.attr,
	&counter_tx_gap_max_ns.attr.attr,
	NULL
};

static const struct attribute_group matenet_statistics_group = {
	.name = "statistics",
	.attrs = matenet_counters,
};

const struct attribute_group *matenet_groups[] = {
	&matenet_group,
	&matenet_statistics_group,
	NULL
};
