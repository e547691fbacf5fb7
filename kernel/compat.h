/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels from 5.10 on.  The code is written for the
 * newest one; this header lends the older ones its form.
 */
#ifndef MATENET_COMPAT_H
#define MATENET_COMPAT_H

#include <linux/completion.h>
#include <linux/freezer.h>
#include <linux/tty.h>
#include <linux/tty_ldisc.h>
#include <linux/version.h>
#include <net/genetlink.h>

/* 5.14: const flags; 6.6: u8 and size_t */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
#define matenet_rx_flags	char
#define matenet_rx_count	int
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define matenet_rx_flags	const char
#define matenet_rx_count	int
#else
#define matenet_rx_flags	const u8
#define matenet_rx_count	size_t
#endif

/* 5.14: the number went into the operations */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
#define tty_register_ldisc(ops)		tty_register_ldisc((ops)->num, ops)
#define tty_unregister_ldisc(ops)	tty_unregister_ldisc((ops)->num)
#endif

/* 6.10: the source is known from __string() */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define matenet_assign_str(dst, src)	__assign_str(dst, src)
#else
#define matenet_assign_str(dst, src)	__assign_str(dst)
#endif

/* 6.7, and stable kernels since */
#ifndef GENL_MCAST_CAP_NET_ADMIN
#define GENL_MCAST_CAP_NET_ADMIN	GENL_UNS_ADMIN_PERM
#endif

/*
 * Wait for what a transaction on the wire may take, up to minutes: no reason for
 * the system not to go to sleep.  6.1: a state of the task says so.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
static inline int matenet_wait_killable(struct completion *done)
{
	int ret;

	freezer_do_not_count();
	ret = wait_for_completion_killable(done);
	freezer_count();
	return ret;
}
#else
static inline int matenet_wait_killable(struct completion *done)
{
	return wait_for_completion_state(done, TASK_KILLABLE | TASK_FREEZABLE);
}
#endif

#ifndef N_DEVELOPMENT
#define N_DEVELOPMENT	29	/* 5.12 gave the number its name */
#endif

#endif /* MATENET_COMPAT_H */
