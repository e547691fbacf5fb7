/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the library share. */
#ifndef MATE_INTERNAL_H
#define MATE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "libmatenet.h"

struct mate_bus {
	int fd;			/* const after open */
	char *name;		/* const after open */
	/* set by any thread, read once for each transaction */
	atomic_uint timeout_us;
	atomic_uint retries;
	atomic_uint inc_command;
	/* one change at a time, with its reads before and after */
	pthread_mutex_t change;
};

/* Text of limited room that counts on when it is full, as snprintf() does. */
struct mate_text {
	char *at;
	size_t size, len;
};

/* Where the buses are listed; a variable for the tests. */
extern const char *mate_sysfs_class;

/* ioctl() on the bus; 0, or an error whose errno is in the detail. */
int mate_ioctl(struct mate_bus *bus, unsigned long request, void *arg);

/* Start of a call: forget the detail of the last one. */
struct mate_detail *mate_detail_clear(void);

/* Error for an errno, which is kept in the detail. */
int mate_errno_error(int sys_errno);

/* READ with a number of retries of its own. */
int mate_read_retries(struct mate_bus *bus, unsigned int port, unsigned int addr,
		      unsigned int retries, uint16_t *value);

/* A command that changes something: sent once, @answer may be NULL. */
int mate_change(struct mate_bus *bus, unsigned int port, unsigned int cmd, unsigned int addr,
		unsigned int param, uint16_t *answer);

/* Whether this thread's last command was on the wire: it may have had its effect. */
bool mate_was_sent(void);

__attribute__((format(printf, 2, 3)))
void mate_put(struct mate_text *t, const char *fmt, ...);

/* @err, with what a register allows in the detail. */
int mate_not_allowed(int err, const struct mate_reg_desc *reg, bool is_230v);

#endif /* MATE_INTERNAL_H */
