/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What syzlang.py makes of the description of the interface. */
#ifndef TABLES_H
#define TABLES_H

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum kind {
	CONST, INT, FLAGS, LEN, RESOURCE, STRING, PTR, ARRAY, STRUCT, UNION, NLMSG, NLATTR
};

struct field;

/**
 * struct type - what an argument or a part of one may be
 * @kind: what it is
 * @name: of a struct or union
 * @size: bytes, 0 if they vary
 * @align: where it may begin
 * @lo: CONST: the value; INT, ARRAY: least; RESOURCE: pool; NLATTR: type; NLMSG: command
 * @hi: INT, ARRAY: most; NLMSG: pool of the family
 * @be: the number is big endian
 * @values: FLAGS: those there are; RESOURCE: without one from a pool
 * @strings: STRING: those there are
 * @terminated: STRING: by a zero
 * @n: of @values, @strings or @fields
 * @target: LEN: field whose length it is
 * @bytes: LEN: in bytes, else in elements
 * @elem: ARRAY, PTR, NLATTR: of what; NLMSG: union of its attributes
 * @fields: STRUCT, UNION
 */
struct type {
	enum kind kind;
	const char *name;
	unsigned int size, align;
	uint64_t lo, hi;
	bool be;
	const uint64_t *values;
	const char *const *strings;
	bool terminated;
	unsigned int n;
	unsigned int target;
	bool bytes;
	const struct type *elem;
	const struct field *fields;
};

struct field {
	const char *name;
	const struct type *type;
	bool out;	/* becomes a resource when the call has succeeded */
};

/**
 * struct call - one line of the description
 * @name: with its variant
 * @nr: system call, or
 * @call: a function of ours
 * @args: arguments
 * @n: number of them
 * @result: pool that takes what it returns, or -1
 * @closes: takes its first argument out of its pool
 */
struct call {
	const char *name;
	long nr;
	long (*call)(const uint64_t *args);
	const struct field *args;
	unsigned int n;
	int result;
	bool closes;
};

struct pool_kind {
	const char *name;
	bool fd;
};

extern const struct call calls[];
extern const unsigned int n_calls;
extern const struct pool_kind pool_kinds[];
extern const unsigned int n_pools;

/* Calls that are no system calls: pseudo.c. */
long syz_genetlink_get_family_id(const uint64_t *args);
long syz_matenet_unload(const uint64_t *args);
long syz_matenet_reload(const uint64_t *args);
long syz_matenet_asked(const uint64_t *args);
long syz_matenet_fork(const uint64_t *args);

#endif
