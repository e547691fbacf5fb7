// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink family "matenet": the buses, their settings and counters, and
 * what happens to them.  Documentation/netlink/specs/matenet.yaml describes it;
 * genl-gen.c and genl-gen.h are generated from that.
 */
#include <linux/module.h>

#include "compat.h"
#include "genl-gen.h"
#include "matenet.h"

/*
 * For a change of settings: while it waits netlink holds a lock that whoever registers a
 * family wants, and all of generic netlink waits behind that.
 */
#define GENL_PATIENCE	HZ

static const struct genl_multicast_group genl_groups[] = {
	[MATENET_NLGRP_EVENTS] = { .name = MATENET_MCGRP_EVENTS },
	[MATENET_NLGRP_MONITOR] = {
		.name = MATENET_MCGRP_MONITOR,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

/* Not in net namespaces: a serial port is in none. */
static struct genl_family genl_family __ro_after_init = {
	.name		= MATENET_FAMILY_NAME,
	.version	= MATENET_FAMILY_VERSION,
	.module		= THIS_MODULE,
	.maxattr	= ARRAY_SIZE(matenet_bus_nl_policy) - 1,
	.policy		= matenet_bus_nl_policy,
	.small_ops	= matenet_nl_ops,
	.n_small_ops	= ARRAY_SIZE(matenet_nl_ops),
	.mcgrps		= genl_groups,
	.n_mcgrps	= ARRAY_SIZE(genl_groups),
	.parallel_ops	= true,
};

/* Settings that can be changed, and where they are. */
static const struct {
	u16 attr;
	u16 offset;
} genl_settings[] = {
	{ MATENET_A_ROLE, offsetof(struct matenet_config, role) },
	{ MATENET_A_FRAMING, offsetof(struct matenet_config, framing) },
	{ MATENET_A_PARITY, offsetof(struct matenet_config, parity) },
	{ MATENET_A_FLAGS, offsetof(struct matenet_config, flags) },
	{ MATENET_A_BAUD, offsetof(struct matenet_config, baud) },
	{ MATENET_A_REPLY_TIMEOUT_US, offsetof(struct matenet_config, reply_timeout_us) },
	{ MATENET_A_GAP_US, offsetof(struct matenet_config, gap_us) },
	{ MATENET_A_TURNAROUND_US, offsetof(struct matenet_config, turnaround_us) },
	{ MATENET_A_TX_GUARD_US, offsetof(struct matenet_config, tx_guard_us) },
	{ MATENET_A_LATE_US, offsetof(struct matenet_config, late_us) },
	{ MATENET_A_JOIN, offsetof(struct matenet_config, join) },
};

static u32 setting(const struct matenet_config *config, unsigned int i)
{
	return *(const u32 *)((const char *)config + genl_settings[i].offset);
}

static void set_setting(struct matenet_config *config, unsigned int i, u32 value)
{
	*(u32 *)((char *)config + genl_settings[i].offset) = value;
}

#define GENL_STATUS(_name, _status) \
	{ MATENET_A_STATS_##_name, offsetof(struct matenet_stats, status[const_ilog2(_status)]) }
#define GENL_COUNTER(_name, _member) \
	{ MATENET_A_STATS_##_name, offsetof(struct matenet_stats, _member) }

static const struct {
	u16 attr;
	u16 offset;
} genl_counters[] = {
	GENL_STATUS(REPLIES, MATENET_ST_OK),
	GENL_STATUS(COMMANDS, MATENET_ST_TX_DONE),
	GENL_STATUS(TX_ERRORS, MATENET_ST_TX_ERROR),
	GENL_STATUS(TIMEOUTS, MATENET_ST_TIMEOUT),
	GENL_STATUS(CHECKSUM_ERRORS, MATENET_ST_CHECKSUM),
	GENL_STATUS(SHORT_REPLIES, MATENET_ST_SHORT),
	GENL_STATUS(LONG_REPLIES, MATENET_ST_LONG),
	GENL_STATUS(MARK_ERRORS, MATENET_ST_MARK),
	GENL_STATUS(FRAMING_ERRORS, MATENET_ST_FRAMING),
	GENL_STATUS(BREAKS, MATENET_ST_BREAK),
	GENL_STATUS(OVERRUNS, MATENET_ST_OVERRUN),
	GENL_STATUS(JUNK, MATENET_ST_JUNK),
	GENL_STATUS(REFUSALS, MATENET_ST_REFUSED),
	GENL_STATUS(ABORTED, MATENET_ST_ABORTED),
	GENL_COUNTER(TX_BYTES, tx_bytes),
	GENL_COUNTER(RX_BYTES, rx_bytes),
	GENL_COUNTER(RX_STRAY, rx_stray),
	GENL_COUNTER(RETRIES, retries),
	GENL_COUNTER(TX_SLOW, tx_slow),
	GENL_COUNTER(TX_GAP_MAX_NS, tx_gap_max_ns),
};

/* Settings and what is in force; fails only if there is no room. */
static int put_settings(struct sk_buff *skb, struct matenet_bus *bus,
			const struct matenet_config *config)
{
	struct matenet_caps caps;
	unsigned int i;

	matenet_bus_get_caps(bus, &caps);
	if (nla_put_u32(skb, MATENET_A_BUS, bus->number) ||
	    nla_put_string(skb, MATENET_A_TTY, bus->tty_name) ||
	    nla_put_u32(skb, MATENET_A_FRAMING_IN_FORCE, caps.framing) ||
	    nla_put_u32(skb, MATENET_A_PARITY_IN_FORCE, caps.parity) ||
	    nla_put_u32(skb, MATENET_A_CAPABILITIES, caps.capabilities))
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(genl_settings); i++)
		if (nla_put_u32(skb, genl_settings[i].attr, setting(config, i)))
			return -EMSGSIZE;
	return 0;
}

static int put_bus(struct sk_buff *skb, struct matenet_bus *bus)
{
	struct matenet_config config;

	matenet_bus_get_config(bus, &config);
	return put_settings(skb, bus, &config);
}

static int put_stats(struct sk_buff *skb, struct matenet_bus *bus)
{
	struct matenet_stats stats;
	struct nlattr *nest;
	unsigned int i;
	u64 value;

	spin_lock(&bus->lock);
	stats = bus->stats;
	spin_unlock(&bus->lock);
	if (nla_put_u32(skb, MATENET_A_BUS, bus->number) ||
	    nla_put_string(skb, MATENET_A_TTY, bus->tty_name))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, MATENET_A_STATS);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(genl_counters); i++) {
		value = *(u64 *)((char *)&stats + genl_counters[i].offset);
		if (nla_put_u64_64bit(skb, genl_counters[i].attr, value, MATENET_A_STATS_PAD))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int put_frame(struct sk_buff *skb, struct matenet_bus *bus,
		     const struct matenet_event *event)
{
	const struct matenet_frame *frame = &event->frame;

	if (nla_put_u32(skb, MATENET_A_BUS, bus->number) ||
	    nla_put_u64_64bit(skb, MATENET_A_TS, ktime_to_ns(event->ts), MATENET_A_PAD) ||
	    nla_put_u32(skb, MATENET_A_SEQUENCE, frame->sequence) ||
	    nla_put_u32(skb, MATENET_A_FRAME_FLAGS, frame->flags) ||
	    nla_put_u32(skb, MATENET_A_STATUS, frame->status) ||
	    nla_put_u64_64bit(skb, MATENET_A_MARK, frame->mark, MATENET_A_PAD) ||
	    nla_put(skb, MATENET_A_DATA, frame->len, frame->data))
		return -EMSGSIZE;
	return 0;
}

static int put_error(struct sk_buff *skb, struct matenet_bus *bus,
		     const struct matenet_event *event)
{
	const struct matenet_xfer *x = &event->xfer;

	if (nla_put_u32(skb, MATENET_A_BUS, bus->number) ||
	    nla_put_u64_64bit(skb, MATENET_A_TS, ktime_to_ns(event->ts), MATENET_A_PAD) ||
	    nla_put_u32(skb, MATENET_A_SEQUENCE, x->sequence) ||
	    nla_put_u32(skb, MATENET_A_STATUS, x->status) ||
	    nla_put_u32(skb, MATENET_A_ATTEMPTS, x->attempts) ||
	    nla_put(skb, MATENET_A_COMMAND, x->tx_len, x->tx) ||
	    (x->rx_len && nla_put(skb, MATENET_A_DATA, x->rx_len, x->rx)))
		return -EMSGSIZE;
	return 0;
}

typedef int (*put_fn)(struct sk_buff *skb, struct matenet_bus *bus);

static int put_message(struct sk_buff *skb, struct matenet_bus *bus, put_fn put,
		       u32 portid, u32 seq, int flags, u8 cmd)
{
	void *header = genlmsg_put(skb, portid, seq, &genl_family, flags, cmd);

	if (!header)
		return -EMSGSIZE;
	if (put(skb, bus)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

/* The bus that a request is for, to be put back. */
static struct matenet_bus *find_bus(struct genl_info *info)
{
	struct nlattr *attr = info->attrs[MATENET_A_BUS];
	struct matenet_bus *bus;

	if (!attr) {
		NL_SET_ERR_MSG(info->extack, "MATENET_A_BUS is missing");
		return ERR_PTR(-EINVAL);
	}
	bus = matenet_bus_find(nla_get_u32(attr));
	if (bus && !READ_ONCE(bus->dead))
		return bus;
	if (bus)
		put_device(&bus->dev);
	NL_SET_ERR_MSG_ATTR(info->extack, attr, "there is no such bus");
	return ERR_PTR(-ENODEV);
}

static int answer(struct genl_info *info, put_fn put, u8 cmd)
{
	struct matenet_bus *bus = find_bus(info);
	struct sk_buff *skb;
	int ret;

	if (IS_ERR(bus))
		return PTR_ERR(bus);
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	ret = skb ? put_message(skb, bus, put, info->snd_portid, info->snd_seq, 0, cmd) : -ENOMEM;
	put_device(&bus->dev);
	if (!ret)
		return genlmsg_reply(skb, info);
	nlmsg_free(skb);
	return ret;
}

/* args[0] is the number of the first bus that has not been told. */
static int dump(struct sk_buff *skb, struct netlink_callback *cb, put_fn put, u8 cmd)
{
	struct matenet_bus *bus;
	int ret = 0;

	for (; cb->args[0] < MATENET_MAX_BUSES; cb->args[0]++) {
		bus = matenet_bus_find(cb->args[0]);
		if (!bus)
			continue;
		if (!READ_ONCE(bus->dead))
			ret = put_message(skb, bus, put, NETLINK_CB(cb->skb).portid,
					  cb->nlh->nlmsg_seq, NLM_F_MULTI, cmd);
		put_device(&bus->dev);
		if (ret)
			break;
	}
	return skb->len;
}

int matenet_nl_bus_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return answer(info, put_bus, MATENET_NL_CMD_BUS_GET);
}

int matenet_nl_bus_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump(skb, cb, put_bus, MATENET_NL_CMD_BUS_GET);
}

int matenet_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return answer(info, put_stats, MATENET_NL_CMD_STATS_GET);
}

int matenet_nl_stats_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump(skb, cb, put_stats, MATENET_NL_CMD_STATS_GET);
}

/* What is given over what there is; the first that does not fit is named. */
static int change_config(struct genl_info *info, struct matenet_config *config)
{
	struct nlattr *attr;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(genl_settings); i++) {
		attr = info->attrs[genl_settings[i].attr];
		if (!attr)
			continue;
		set_setting(config, i, nla_get_u32(attr));
		if (matenet_config_check(config)) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr, "value out of range");
			return -EINVAL;
		}
	}
	return 0;
}

int matenet_nl_bus_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct matenet_bus *bus = find_bus(info);
	struct matenet_config old, config;
	int ret;

	if (IS_ERR(bus))
		return PTR_ERR(bus);
	/* Again if somebody else has changed something meanwhile. */
	do {
		matenet_bus_get_config(bus, &old);
		config = old;
		ret = change_config(info, &config);
		if (!ret)
			ret = matenet_engine_configure(bus, &config, &old, GENL_PATIENCE);
	} while (ret == -ESTALE);
	put_device(&bus->dev);
	/*
	 * The error goes out in a message: nobody will do it again for the caller.
	 * Not -EINTR, for which netlink sends no message at all.
	 */
	return ret == -ERESTARTSYS || ret == -EINTR ? -ECANCELED : ret;
}

/**
 * matenet_genl_heard - does anybody listen?
 * @group: MATENET_NLGRP_*
 *
 * Return: true if so.
 */
bool matenet_genl_heard(unsigned int group)
{
	return genl_has_listeners(&genl_family, &init_net, group);
}

static int put_event(struct sk_buff *skb, struct matenet_bus *bus,
		     const struct matenet_event *event)
{
	int ret;

	switch (event->cmd) {
	case MATENET_NL_CMD_FRAME_NTF:
		ret = put_frame(skb, bus, event);
		break;
	case MATENET_NL_CMD_ERROR_NTF:
		ret = put_error(skb, bus, event);
		break;
	default:
		ret = put_settings(skb, bus, &event->config);
	}
	if (!ret && event->lost)
		ret = nla_put_u32(skb, MATENET_A_LOST, event->lost);
	return ret;
}

/**
 * matenet_genl_send - tell those who listen
 * @bus: bus, not locked
 * @event: what happened to it
 *
 * Return: false if there was no memory for it.
 */
bool matenet_genl_send(struct matenet_bus *bus, const struct matenet_event *event)
{
	unsigned int group = event->cmd == MATENET_NL_CMD_FRAME_NTF ? MATENET_NLGRP_MONITOR :
								      MATENET_NLGRP_EVENTS;
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *header;

	if (!skb)
		return false;
	header = genlmsg_put(skb, 0, 0, &genl_family, 0, event->cmd);
	if (!header || put_event(skb, bus, event)) {
		nlmsg_free(skb);
		return false;
	}
	genlmsg_end(skb, header);
	/* That nobody listens any more is no error, and a slow listener is told. */
	genlmsg_multicast(&genl_family, skb, 0, group, GFP_KERNEL);
	return true;
}

/**
 * matenet_genl_init - be there for requests
 *
 * Return: 0 or a negative error.
 */
int __init matenet_genl_init(void)
{
	return genl_register_family(&genl_family);
}

/**
 * matenet_genl_exit - undo matenet_genl_init()
 */
void matenet_genl_exit(void)
{
	genl_unregister_family(&genl_family);
}
