/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/matenet.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_MATENET_GEN_H
#define _LINUX_MATENET_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/matenet_netlink.h>
#include <linux/matenet.h>
#include <linux/matenet.h>
#include <linux/matenet.h>
#include <linux/matenet.h>
#include <linux/matenet.h>
#include <linux/matenet.h>
#include <linux/matenet.h>

/* Global operation policy for matenet */
extern const struct nla_policy matenet_bus_nl_policy[MATENET_A_JOIN + 1];

/* Ops table for matenet */
extern const struct genl_small_ops matenet_nl_ops[3];

int matenet_nl_bus_get_doit(struct sk_buff *skb, struct genl_info *info);
int matenet_nl_bus_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int matenet_nl_bus_set_doit(struct sk_buff *skb, struct genl_info *info);
int matenet_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int matenet_nl_stats_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);

enum {
	MATENET_NLGRP_EVENTS,
	MATENET_NLGRP_MONITOR,
};

#endif /* _LINUX_MATENET_GEN_H */
