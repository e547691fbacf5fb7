// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * matetool config diff, apply: a file of set points is refused whole, with a message,
 * or each of its lines is a set point of the device it is for, and its value survives
 * being written and read again.
 */
#include "text.h"

/* What reads the file is nobody else's. */
#include "userspace/matetool/config.c"

static void check_line(const struct config *c, const struct line *l)
{
	char text[200];
	uint16_t again = 0;

	check(l->reg && l->reg->device == c->device && is_set_point(l->reg));
	check(mate_reg_by_id(c->device, l->reg->id) == l->reg);
	raw_text(l->reg, l->raw, text, sizeof(text));
	check(!mate_reg_parse_any(l->reg, false, text, &again));
	check((again & l->reg->value_mask) == (l->raw & l->reg->value_mask));
	for (const struct line *other = c->lines; other < l; other++)
		check(other->reg != l->reg && other->number < l->number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config c;
	int ret = read_config(file_of(data, size), &c);

	check(ret == 0 || ret == EXIT_USAGE);
	check(c.n >= 0 && c.n <= MAX_CHANGES);
	if (ret)
		return 0;
	check(c.n > 0 && c.device);
	for (int i = 0; i < c.n; i++)
		check_line(&c, &c.lines[i]);
	return 0;
}
