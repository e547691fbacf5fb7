/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all targets share. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An invariant that does not hold is a find; the stack trace says which one. */
#define check(right) do { if (!(right)) __attribute__((nomerge)) abort(); } while (0)

/* Input, byte by byte; zeros when there is no more. */
struct input {
	const uint8_t *at, *end;
};

static inline bool input_more(const struct input *in)
{
	return in->at < in->end;
}

static inline uint8_t input_byte(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

#endif
