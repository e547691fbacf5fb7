/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As much of the kernel's headers as kernel/matenet.h and kernel/listen.c need to be
 * built into a program; the Makefile makes a file of each name that includes this.
 */
#ifndef SHIM_H
#define SHIM_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int16_t s16;
typedef int64_t s64;
typedef s64 ktime_t;
typedef unsigned int gfp_t, tcflag_t;
typedef unsigned int spinlock_t, refcount_t, wait_queue_head_t;

struct list_head {
	struct list_head *next, *prev;
};

struct mutex { int unused; };
struct completion { int unused; };
struct work_struct { int unused; };
struct ktermios { int unused; };
struct device { int references; };
struct cdev { int unused; };
struct tty_struct;
struct dentry;
struct task_struct;
struct attribute_group;
struct sk_buff;
struct genl_info;
struct netlink_callback;
struct nla_policy { int unused; };
struct genl_small_ops { int unused; };

#define KTIME_MAX		INT64_MAX
#define U32_MAX			UINT32_MAX
#define GFP_ATOMIC		0
#define BIT_ULL(n)		(1ULL << (n))
#define READ_ONCE(x)		(x)
#define min(a, b)		((a) < (b) ? (a) : (b))
#define lockdep_assert_held(l)	((void)(l))
#define spin_lock(l)		((void)(l))
#define spin_unlock(l)		((void)(l))
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))
#define list_for_each_entry(pos, head, member)						\
	for (pos = container_of((head)->next, __typeof__(*pos), member);		\
	     &pos->member != (head);							\
	     pos = container_of(pos->member.next, __typeof__(*pos), member))

static inline ktime_t ktime_add_us(ktime_t t, u64 us)
{
	return t + (s64)us * 1000;
}

static inline ktime_t ktime_add_ns(ktime_t t, u64 ns)
{
	return t + (s64)ns;
}

static inline bool ktime_before(ktime_t a, ktime_t b)
{
	return a < b;
}

static inline bool ktime_after(ktime_t a, ktime_t b)
{
	return a > b;
}

static inline s64 ktime_to_ns(ktime_t t)
{
	return t;
}

static inline void put_device(struct device *dev)
{
	dev->references--;
}

/* By the program that this is built into. */
ktime_t ktime_get(void);
int wake_up_process(struct task_struct *task);

#endif
