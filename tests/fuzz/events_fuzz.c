// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the library reads from netlink messages: whatever the bytes are, an event has no
 * more than its struct has room for.
 * Input: one byte says which of the two, the rest is the message behind its header.
 */
#include <sanitizer/asan_interface.h>

#include "check.h"

#define BEHIND	64	/* bytes of libnl's buffer that are not of the message */

/* The functions that take the messages are nobody else's. */
#include "userspace/lib/events.c"

/* Whoever reads behind its end is caught. */
static struct nl_msg *message(const uint8_t *data, size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_HDRLEN + size + 2 * BEHIND);
	struct nlmsghdr *header = nlmsg_put(msg, 0, 0, 20, (int)size, 0);

	check(header);
	memcpy(nlmsg_data(header), data, size);
	header->nlmsg_len = (uint32_t)(NLMSG_HDRLEN + size);
	ASAN_POISON_MEMORY_REGION((char *)header + header->nlmsg_len, BEHIND);
	return msg;
}

static void message_free(struct nl_msg *msg)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);

	ASAN_UNPOISON_MEMORY_REGION((char *)header + header->nlmsg_len, BEHIND);
	nlmsg_free(msg);
}

/* libnl is not built to be caught reading: what was taken for a number was long enough. */
static void check_numbers(struct nl_msg *msg)
{
	static const struct {
		int attr, bytes;
	} numbers[] = {
		{ MATENET_A_BUS, 4 }, { MATENET_A_LOST, 4 }, { MATENET_A_TS, 8 },
		{ MATENET_A_SEQUENCE, 4 }, { MATENET_A_STATUS, 4 }, { MATENET_A_ATTEMPTS, 4 },
		{ MATENET_A_FRAME_FLAGS, 4 }, { MATENET_A_MARK, 8 },
	};
	struct nlattr *attr[MATENET_A_MAX + 1];

	check(!genlmsg_parse(nlmsg_hdr(msg), 0, attr, MATENET_A_MAX, NULL));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		check(!attr[numbers[i].attr] ||
		      nla_len(attr[numbers[i].attr]) >= numbers[i].bytes);
}

static void one_event(struct nl_msg *msg)
{
	struct mate_event event = { 0 };
	struct mate_events events = { .event = &event };
	int ret = take_event(msg, &events);

	check(ret == NL_OK || ret == NL_SKIP);
	if (ret == NL_SKIP) {
		check(!event.type);
		return;
	}
	check(event.type >= MATE_EVENT_ATTACHED && event.type <= MATE_EVENT_FRAME);
	check(event.len <= sizeof(event.data) && event.command_len <= sizeof(event.command));
	check(memchr(event.tty, 0, sizeof(event.tty)));
	check_numbers(msg);
}

static void some_counters(struct nl_msg *msg)
{
	struct mate_counter list[N_COUNTERS];
	struct stats_request request = { .list = list, .max = N_COUNTERS / 2, .n = -1 };

	if (take_stats(msg, &request) == NL_OK)
		check(request.n >= 0 && request.n <= (int)N_COUNTERS);
	else
		check(request.n == -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nl_msg *msg;

	if (!size || size > 2000)
		return 0;
	msg = message(data + 1, size - 1);
	if (data[0] & 1)
		one_event(msg);
	else
		some_counters(msg);
	message_free(msg);
	return 0;
}
