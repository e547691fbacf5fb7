/* SPDX-License-Identifier: GPL-2.0 */
/* uart9: what differs between kernels 5.10 and 7.x; the code has the newest form. */
#ifndef U9_COMPAT_H
#define U9_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/mm.h>		/* 5.16: kvfree() and its like moved to slab.h */
#include <linux/serial_8250.h>
#include <linux/version.h>

/* 6.13 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void u9_hrtimer_setup(struct hrtimer *timer,
				    enum hrtimer_restart (*fn)(struct hrtimer *),
				    clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}

#define hrtimer_setup u9_hrtimer_setup
#endif

/* 6.17: register offset and value of uart_port.serial_in/out became unsigned */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define U9_REG_T int
#define U9_VAL_T int
#else
#define U9_REG_T unsigned int
#define U9_VAL_T u32
#endif

/* 5.10 and 8250_core have but the number for a way to the registers that is none */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0) && !defined(UPIO_UNKNOWN)
#define UPIO_UNKNOWN	((unsigned char)~0U)
#endif

/* 6.0: a field of the port; before it was what all ports do */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 0, 0)
static inline void u9_keep_line_errors(struct uart_8250_port *up) { }
#else
static inline void u9_keep_line_errors(struct uart_8250_port *up)
{
	up->lsr_save_mask = LSR_SAVE_FLAGS;
}
#endif

/* 5.18: what Alpha needs is nobody else's matter; before, 8250_core allowed each bit */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
static inline void u9_allow_modem_lines(struct uart_8250_port *up)
{
	up->mcr_mask = ~0;
}
#else
static inline void u9_allow_modem_lines(struct uart_8250_port *up) { }
#endif

/* 6.1: const */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#define U9_CONST_OLD
#else
#define U9_CONST_OLD const
#endif

#endif
