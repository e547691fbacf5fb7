// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Registers: whatever text comes, it is refused with what is allowed, or it is a
 * number whose own text means the same; whatever number comes, likewise.
 * Input: register (2 bytes), raw number (2), kind of unit (1), text.
 */
#include <string.h>

#include <libmatenet.h>

#include "check.h"

/* The number's text means the number, as far as the register has bits for it. */
static void number_to_text_and_back(const struct mate_reg_desc *reg, bool is_230v, uint16_t raw)
{
	uint16_t mask = reg->value_mask | reg->flag_mask, back = 0;
	struct mate_quantity q;
	char text[300];

	mate_reg_decode(reg, raw, is_230v, &q);
	check(mate_quantity_format(&q, text, sizeof(text)) < (int)sizeof(text));
	check(!mate_reg_parse_any(reg, is_230v, text, &back));
	check(back == (raw & mask));
	check(mate_reg_parse(reg, is_230v, text, &back) == mate_reg_check(reg, raw & mask));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mate_reg_desc *regs, *reg;
	uint16_t raw, kept;
	char text[256];
	bool is_230v;
	size_t n;
	int ret;

	if (size < 5 || size - 5 >= sizeof(text))
		return 0;
	regs = mate_reg_table(&n);
	reg = &regs[(data[0] << 8 | data[1]) % n];
	raw = (uint16_t)(data[2] << 8 | data[3]);
	is_230v = data[4] & 1 && reg->rule230 != MATE_230_NONE;
	memcpy(text, data + 5, size - 5);
	text[size - 5] = '\0';

	number_to_text_and_back(reg, is_230v, raw);
	kept = raw;
	ret = mate_reg_parse(reg, is_230v, text, &raw);
	if (ret) {
		check(ret == MATE_E_VALUE || ret == MATE_E_RANGE);
		check(raw == kept && *mate_last_detail()->text);
		return 0;
	}
	check(!mate_reg_check(reg, raw));
	number_to_text_and_back(reg, is_230v, raw);
	return 0;
}
