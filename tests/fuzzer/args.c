// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Arguments.  Most are as the description says, so that calls get somewhere; a few
 * have a value out of its range, some bytes bent, or a pointer to nowhere.
 */
#define _GNU_SOURCE
#include "args.h"

#include <err.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "pools.h"

#define ARENA_BYTES	(64 * 1024)
#define VARYING_BYTES	8192
#define MESSAGE_BYTES	4096
#define MOST_FIELDS	16
#define ODD_VALUE	300	/* one in so many */
#define ODD_BYTES	12
#define ODD_POINTER	60

static uint64_t state;
static char *arena;	/* before a page that is not there */
static unsigned int used;
static struct arguments *now;

void chance_seed(uint32_t seed)
{
	state = seed * 0x9e3779b97f4a7c15ULL + 1;
}

uint32_t chance(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (uint32_t)(z ^ z >> 31);
}

uint32_t below(uint32_t n)
{
	return n ? chance() % n : 0;
}

bool once_in(uint32_t n)
{
	return !below(n);
}

void args_init(void)
{
	long page = sysconf(_SC_PAGESIZE);

	for (unsigned int i = 0; i < n_calls; i++)
		if (calls[i].n > MOST_ARGS)
			errx(1, "%s: %u arguments", calls[i].name, calls[i].n);
	arena = mmap(NULL, ARENA_BYTES + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	if (arena == MAP_FAILED || mprotect(arena + ARENA_BYTES, page, PROT_NONE))
		err(1, "memory");
}

static unsigned int aligned(unsigned int at, unsigned int align)
{
	return (at + align - 1) / align * align;
}

/* A new piece of the arena, zeroed. */
static char *take(unsigned int size, unsigned int align)
{
	char *at;

	used = aligned(used, align);
	if (used + size > ARENA_BYTES)
		errx(1, "%u bytes of arguments and %u more: no room", used, size);
	at = memset(arena + used, 0, size);
	used += size;
	return at;
}

static void put_number(char *at, unsigned int size, bool be, uint64_t value)
{
	for (unsigned int i = 0; i < size; i++)
		at[be ? size - 1 - i : i] = (char)(value >> 8 * i);
}

static uint64_t odd_number(uint64_t lo, uint64_t hi)
{
	const uint64_t odd[] = { lo - 1, hi + 1, 0, ~0ULL, 1ULL << 31, 0x7fffffff, chance(),
				 1ULL << below(64) };

	return odd[below(sizeof(odd) / sizeof(odd[0]))];
}

/* Small numbers are more likely: long times hold everybody up. */
static uint64_t number_between(uint64_t lo, uint64_t hi)
{
	uint64_t range = hi - lo, any = (uint64_t)chance() << 32 | chance();

	range >>= range > 256 ? below(24) : 0;
	return range == ~0ULL ? any : lo + any % (range + 1);
}

static bool is_bitmask(const struct type *t)
{
	uint64_t seen = 0;

	for (unsigned int i = 0; i < t->n; i++) {
		if (!t->values[i] || t->values[i] & (t->values[i] - 1) || seen & t->values[i])
			return false;
		seen |= t->values[i];
	}
	return true;
}

static uint64_t some_flags(const struct type *t)
{
	uint64_t value = 0;

	if (!is_bitmask(t))
		return t->values[below(t->n)];
	for (unsigned int i = 0; i < t->n; i++)
		if (once_in(3))
			value |= t->values[i];
	return value;
}

static uint64_t number(const struct type *t)
{
	uint64_t value;

	if (t->kind == RESOURCE)
		return pool_some((unsigned int)t->lo, &value) && !once_in(ODD_VALUE) ?
			value : t->values[below(t->n)];
	if (t->kind == CONST)
		return once_in(4 * ODD_VALUE) ? odd_number(t->lo, t->lo) : t->lo;
	if (once_in(ODD_VALUE))
		return t->kind == FLAGS ? chance() : odd_number(t->lo, t->hi);
	return t->kind == FLAGS ? some_flags(t) : number_between(t->lo, t->hi);
}

/* What a pointer points to, or an array is. */
struct extent {
	unsigned int bytes, elements;
};

static uint64_t pointer(const struct type *elem, struct extent *extent);
static unsigned int fill(const struct type *t, char *at, unsigned int room,
			 struct extent *extent);

/* A field that becomes a resource. */
static void note_output(const struct type *t, const char *at)
{
	if (now->n_outputs < MOST_OUTPUTS)
		now->output[now->n_outputs++] =
			(struct output){ at, t->size, (unsigned int)t->lo };
}

static unsigned int fill_struct(const struct type *t, char *at, unsigned int room)
{
	struct extent extents[MOST_FIELDS] = { { 0 } };
	unsigned int places[MOST_FIELDS], n = 0, i;
	const struct type *f;

	if (t->n > MOST_FIELDS)
		errx(1, "%s: %u fields", t->name, t->n);
	for (i = 0; i < t->n; i++) {
		f = t->fields[i].type;
		n = aligned(n, f->align);
		if (n + f->size > room)
			return 0;
		places[i] = n;
		n += fill(f, at + n, room - n, &extents[i]);
		if (t->fields[i].out)
			note_output(f, at + places[i]);
	}
	for (i = 0; i < t->n; i++) {
		f = t->fields[i].type;
		if (f->kind == LEN && !once_in(ODD_VALUE))
			put_number(at + places[i], f->size, f->be,
				   f->bytes ? extents[f->target].bytes :
					      extents[f->target].elements);
	}
	return aligned(n, t->align);
}

static unsigned int fill_array(const struct type *t, char *at, unsigned int room)
{
	unsigned int count = (unsigned int)number_between(t->lo, t->hi), n = 0;
	struct extent unused;

	while (count-- && n + t->elem->size <= room)
		n += fill(t->elem, at + n, room - n, &unused);
	return n;
}

/* Bytes that nobody describes: zeros, random ones, or one again and again. */
static unsigned int fill_bytes(const struct type *t, char *at, unsigned int room)
{
	unsigned int count = (unsigned int)number_between(t->lo, t->hi), how = below(4), i;
	char same = (char)chance();

	if (count > room)
		count = room;
	for (i = 0; i < count; i++)
		at[i] = how == 0 ? 0 : how == 1 ? same : (char)chance();
	return count;
}

static unsigned int fill_string(const struct type *t, char *at, unsigned int room)
{
	const char *text = t->strings[below(t->n)];
	unsigned int n = (unsigned int)strlen(text) + t->terminated;

	if (n > room)
		return 0;
	memcpy(at, text, n);
	return n;
}

static unsigned int fill_attribute(const struct type *t, char *at, unsigned int room)
{
	struct nlattr *attr = (struct nlattr *)at;
	struct extent unused;
	unsigned int n;

	if (room < 128)
		return 0;
	n = fill(t->elem, at + NLA_HDRLEN, room - NLA_HDRLEN - NLA_ALIGNTO, &unused);
	attr->nla_type = (uint16_t)(once_in(ODD_VALUE) ? below(40) : t->lo);
	attr->nla_len = (uint16_t)(once_in(ODD_VALUE) ? chance() : NLA_HDRLEN + n);
	return NLA_ALIGN(NLA_HDRLEN + n);
}

static uint16_t request_flags(void)
{
	if (once_in(ODD_VALUE))
		return (uint16_t)chance();
	return (uint16_t)(NLM_F_REQUEST | (once_in(2) ? NLM_F_ACK : 0) |
			  (once_in(4) ? NLM_F_DUMP : 0));
}

/* The request itself, with attributes of @t->elem; the first says which bus. */
static unsigned int fill_request(const struct type *t, char *at, unsigned int room)
{
	struct genlmsghdr generic = { .cmd = (uint8_t)t->lo, .version = 1 };
	struct nlmsghdr header = { .nlmsg_flags = request_flags() };
	unsigned int n = NLMSG_HDRLEN + GENL_HDRLEN, attributes = below(6);
	uint64_t family;

	if (!once_in(10))
		n += fill_attribute(t->elem->fields[0].type, at + n, room - n);
	while (attributes--)
		n += fill_attribute(t->elem->fields[below(t->elem->n)].type, at + n, room - n);
	header.nlmsg_len = once_in(ODD_VALUE) ? chance() : n;
	header.nlmsg_type = pool_some((unsigned int)t->hi, &family) ? (uint16_t)family : 0;
	memcpy(at, &header, sizeof(header));
	memcpy(at + NLMSG_HDRLEN, &generic, sizeof(generic));
	return n;
}

static unsigned int fill_message(const struct type *t, char *at, unsigned int room)
{
	char *request = take(MESSAGE_BYTES, 8);
	struct msghdr *msg = (struct msghdr *)at;
	struct iovec *iov = (struct iovec *)(msg + 1);

	if (room < sizeof(*msg) + sizeof(*iov))
		return 0;
	iov->iov_base = request;
	iov->iov_len = fill_request(t, request, MESSAGE_BYTES);
	msg->msg_iov = iov;
	msg->msg_iovlen = 1;
	return sizeof(*msg) + sizeof(*iov);
}

/* Bytes written; @at is zeroed, and has room for the size of a type that has one. */
static unsigned int fill(const struct type *t, char *at, unsigned int room,
			 struct extent *extent)
{
	switch (t->kind) {
	case LEN:	/* by the struct, when it knows */
		break;
	case PTR:
		put_number(at, t->size, false, pointer(t->elem, extent));
		break;
	case ARRAY:
		if (t->elem->size == 1 && t->elem->kind == INT)
			return fill_bytes(t, at, room);
		return fill_array(t, at, room);
	case STRING:
		return fill_string(t, at, room);
	case STRUCT:
		return fill_struct(t, at, room);
	case UNION: {
		unsigned int n = fill(t->fields[below(t->n)].type, at, room, extent);

		return t->size ? t->size : n;
	}
	case NLATTR:
		return fill_attribute(t, at, room);
	case NLMSG:
		return fill_message(t, at, room);
	default:
		put_number(at, t->size, t->be, number(t));
	}
	return t->size;
}

/* Nowhere, or where there soon is nothing. */
static uint64_t odd_pointer(void)
{
	uint64_t end = (uint64_t)(uintptr_t)arena + ARENA_BYTES;
	const uint64_t odd[] = { 0, 8, ~0ULL, 0xffff888000000000ULL, end, end - 1 - below(200) };

	return odd[below(sizeof(odd) / sizeof(odd[0]))];
}

/*
 * Not names: those of other ttys, the console's for one, are too much like ours.  Not
 * line disciplines, which are flags: the kernel's own for mice complains of pulled plugs.
 */
static bool may_bend(const struct type *elem)
{
	return elem->kind != FLAGS && !(elem->kind == STRING && elem->terminated);
}

static uint64_t pointer(const struct type *elem, struct extent *extent)
{
	unsigned int room = elem->size ? elem->size : VARYING_BYTES;
	char *at = take(room, 8);

	extent->bytes = fill(elem, at, room, extent);
	extent->elements = elem->kind == ARRAY && elem->elem->size ?
				   extent->bytes / elem->elem->size : 1;
	if (extent->bytes && may_bend(elem) && once_in(ODD_BYTES))
		at[below(extent->bytes)] ^= (char)(once_in(2) ? 1U << below(8) : chance());
	return once_in(ODD_POINTER) ? odd_pointer() : (uint64_t)(uintptr_t)at;
}

void args_make(const struct call *call, uint32_t seed, struct arguments *args)
{
	struct extent extents[MOST_ARGS] = { { 0 } };
	const struct type *t;
	unsigned int i;

	chance_seed(seed);
	used = 0;
	now = args;
	memset(args, 0, sizeof(*args));
	for (i = 0; i < call->n; i++) {
		t = call->args[i].type;
		if (t->kind == PTR)
			args->value[i] = pointer(t->elem, &extents[i]);
		else if (t->kind != LEN)
			args->value[i] = number(t);
	}
	/* A file with the name of a node would be in its way. */
	if (call->nr == SYS_openat)
		args->value[2] &= ~(uint64_t)(O_CREAT | O_TMPFILE);
	for (i = 0; i < call->n; i++) {
		t = call->args[i].type;
		if (t->kind == LEN)
			args->value[i] = once_in(ODD_VALUE) ? below(5000) :
					 t->bytes ? extents[t->target].bytes :
						    extents[t->target].elements;
	}
}
