/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: what goes over the wire, and what came of it.
 *
 * A bus goes by the name of its tty: the settings of that are worked on before
 * the bus has a number.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM matenet

#if !defined(MATENET_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MATENET_TRACE_H

#include <linux/tracepoint.h>

#include "compat.h"
#include "matenet.h"

#ifndef MATENET_TRACE_NAMES
#define MATENET_TRACE_NAMES
#define show_matenet_parity(parity)			\
	__print_symbolic(parity,			\
			 { MATENET_MARK, "mark" },	\
			 { MATENET_SPACE, "space" },	\
			 { MATENET_EVEN, "even" },	\
			 { MATENET_ODD, "odd" })

#define show_matenet_word(word)					\
	__print_flags(word, "|",				\
		      { MATENET_WORD_MARK, "mark" },		\
		      { MATENET_WORD_FRAMING, "framing" },	\
		      { MATENET_WORD_BREAK, "break" },		\
		      { MATENET_WORD_OVERRUN, "overrun" })

#define show_matenet_status(status)				\
	__print_flags(status, "|",				\
		      { MATENET_ST_OK, "ok" },			\
		      { MATENET_ST_TX_DONE, "tx_done" },	\
		      { MATENET_ST_TX_ERROR, "tx_error" },	\
		      { MATENET_ST_TIMEOUT, "timeout" },	\
		      { MATENET_ST_CHECKSUM, "checksum" },	\
		      { MATENET_ST_SHORT, "short" },		\
		      { MATENET_ST_LONG, "long" },		\
		      { MATENET_ST_MARK, "mark" },		\
		      { MATENET_ST_FRAMING, "framing" },	\
		      { MATENET_ST_BREAK, "break" },		\
		      { MATENET_ST_OVERRUN, "overrun" },	\
		      { MATENET_ST_JUNK, "junk" },		\
		      { MATENET_ST_REFUSED, "refused" },	\
		      { MATENET_ST_ABORTED, "aborted" })
#endif

/* An attempt at a transaction begins: it waits for the line to be idle. */
TRACE_EVENT(matenet_xfer_start,
	    TP_PROTO(const struct matenet_bus *bus, const struct matenet_xfer *x),
	    TP_ARGS(bus, x),
	    TP_STRUCT__entry(__string(tty, bus->tty_name)
			     __field(u32, sequence)
			     __field(u32, flags)
			     __field(u8, attempt)
			     __dynamic_array(u8, tx, x->tx_len)),
	    TP_fast_assign(matenet_assign_str(tty, bus->tty_name);
			   __entry->sequence = x->sequence;
			   __entry->flags = x->flags;
			   __entry->attempt = x->attempts;
			   memcpy(__get_dynamic_array(tx), x->tx, x->tx_len);),
	    TP_printk("%s seq=%u attempt=%u flags=%#x tx=%s", __get_str(tty),
		      __entry->sequence, __entry->attempt, __entry->flags,
		      __print_hex(__get_dynamic_array(tx), __get_dynamic_array_len(tx)))
);

/* It has ended, with a reply or without. */
TRACE_EVENT(matenet_xfer_end,
	    TP_PROTO(const struct matenet_bus *bus, const struct matenet_xfer *x,
		     u32 status, u8 len),
	    TP_ARGS(bus, x, status, len),
	    TP_STRUCT__entry(__string(tty, bus->tty_name)
			     __field(u32, sequence)
			     __field(u32, status)
			     __field(u8, attempt)
			     __dynamic_array(u8, rx, len)),
	    TP_fast_assign(matenet_assign_str(tty, bus->tty_name);
			   __entry->sequence = x->sequence;
			   __entry->status = status;
			   __entry->attempt = x->attempts;
			   memcpy(__get_dynamic_array(rx), x->rx, len);),
	    TP_printk("%s seq=%u attempt=%u status=%s rx=%s", __get_str(tty),
		      __entry->sequence, __entry->attempt, show_matenet_status(__entry->status),
		      __print_hex(__get_dynamic_array(rx), __get_dynamic_array_len(rx)))
);

/* A byte has come, whether anybody expects it or not. */
TRACE_EVENT(matenet_rx_byte,
	    TP_PROTO(const struct matenet_bus *bus, u16 word),
	    TP_ARGS(bus, word),
	    TP_STRUCT__entry(__string(tty, bus->tty_name)
			     __field(u16, word)),
	    TP_fast_assign(matenet_assign_str(tty, bus->tty_name);
			   __entry->word = word;),
	    TP_printk("%s byte=%02x flags=%s", __get_str(tty), __entry->word & 0xff,
		      show_matenet_word(__entry->word & ~0xff))
);

/* The parity of the tty has been switched. */
TRACE_EVENT(matenet_parity,
	    TP_PROTO(const struct matenet_bus *bus, u32 parity),
	    TP_ARGS(bus, parity),
	    TP_STRUCT__entry(__string(tty, bus->tty_name)
			     __field(u32, parity)),
	    TP_fast_assign(matenet_assign_str(tty, bus->tty_name);
			   __entry->parity = parity;),
	    TP_printk("%s %s", __get_str(tty), show_matenet_parity(__entry->parity))
);

#endif /* MATENET_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
