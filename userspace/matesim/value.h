/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values as text to what registers and fields of pages hold. */
#ifndef MATESIM_VALUE_H
#define MATESIM_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "mate_tables.h"

/*
 * All give NULL, or what is wrong with @text; then nothing has been changed.
 * @factor: what the 230 V rule makes of a raw 1.
 */
const char *value_reg(const struct mate_reg_desc *desc, double factor,
		      const char *text, uint16_t *raw);

/* Changes the bits of @field in the @bytes of @page, and no others. */
const char *value_field(const struct mate_page_desc *page,
			const struct mate_field_desc *field, const char *text,
			uint8_t *bytes);

/* The bits of @field as ones in @mask, which is as long as the page. */
void value_field_mask(const struct mate_page_desc *page,
		      const struct mate_field_desc *field, uint8_t *mask);

/* In units. */
double value_field_get(const struct mate_page_desc *page,
		       const struct mate_field_desc *field,
		       const uint8_t *bytes);

/* 0x and one to four hex digits, and nothing else. */
bool value_hex16(const char *text, uint16_t *value);

/* Exactly @n bytes of two hex digits, with spaces between them. */
bool value_bytes(const char *text, uint8_t *bytes, unsigned int n);

#endif
