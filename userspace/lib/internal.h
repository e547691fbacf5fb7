/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the library share. */
#ifndef MATE_INTERNAL_H
#define MATE_INTERNAL_H

#include <stdatomic.h>

#include "libmatenet.h"

struct mate_bus {
	int fd;			/* const after open */
	char *name;		/* const after open */
	/* set by any thread, read once for each transaction */
	atomic_uint timeout_us;
	atomic_uint retries;
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

#endif /* MATE_INTERNAL_H */
