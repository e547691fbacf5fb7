// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/matenet.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "genl-gen.h"

#include <uapi/linux/matenet_netlink.h>
#include <linux/matenet.h>
#include <linux/matenet.h>
#include <linux/matenet.h>
#include <linux/matenet.h>
#include <linux/matenet.h>
#include <linux/matenet.h>
#include <linux/matenet.h>

/* Global operation policy for matenet */
const struct nla_policy matenet_bus_nl_policy[MATENET_A_JOIN + 1] = {
	[MATENET_A_BUS] = { .type = NLA_U32, },
	[MATENET_A_ROLE] = NLA_POLICY_MAX(NLA_U32, 2),
	[MATENET_A_FRAMING] = NLA_POLICY_MAX(NLA_U32, 2),
	[MATENET_A_PARITY] = NLA_POLICY_MAX(NLA_U32, 2),
	[MATENET_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x3),
	[MATENET_A_BAUD] = { .type = NLA_U32, },
	[MATENET_A_REPLY_TIMEOUT_US] = { .type = NLA_U32, },
	[MATENET_A_GAP_US] = { .type = NLA_U32, },
	[MATENET_A_TURNAROUND_US] = { .type = NLA_U32, },
	[MATENET_A_TX_GUARD_US] = { .type = NLA_U32, },
	[MATENET_A_LATE_US] = { .type = NLA_U32, },
	[MATENET_A_JOIN] = { .type = NLA_U32, },
};

/* Ops table for matenet */
const struct genl_small_ops matenet_nl_ops[3] = {
	{
		.cmd	= MATENET_NL_CMD_BUS_GET,
		.doit	= matenet_nl_bus_get_doit,
		.dumpit	= matenet_nl_bus_get_dumpit,
	},
	{
		.cmd	= MATENET_NL_CMD_BUS_SET,
		.doit	= matenet_nl_bus_set_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= MATENET_NL_CMD_STATS_GET,
		.doit	= matenet_nl_stats_get_doit,
		.dumpit	= matenet_nl_stats_get_dumpit,
	},
};

static const struct genl_multicast_group matenet_nl_mcgrps[] = {
	[MATENET_NLGRP_EVENTS] = { "events", },
	[MATENET_NLGRP_MONITOR] = { "monitor", },
};
