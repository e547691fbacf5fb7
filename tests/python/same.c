// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What libmatenet makes of a question a line, for comparison with the Python package:
 *
 *   page NAME HEX             each field of a page: id, valid, value, text
 *   reg DEVICE ADDR 230V RAW  a register's value: valid, value, flag, text
 *   parse DEVICE ADDR 230V TEXT   what a text is as raw number, or the error
 *   allowed DEVICE ADDR 230V  what may be written, in words
 *
 * An answer ends with an empty line.
 */
#include <libmatenet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_quantity(const struct mate_quantity *q)
{
	char text[300];

	mate_quantity_format(q, text, sizeof(text));
	printf("%d\t%.17g\t%d\t%s\n", q->valid, q->value, q->has_flag ? q->flag : -1, text);
}

static void answer_page(const char *name, const char *hex)
{
	union {
		struct mate_mx_status mx;
		struct mate_fx_status fx;
		struct mate_dc_status dc;
		struct mate_mx_log log;
	} page;
	const struct mate_page_desc *desc = NULL;
	struct mate_quantity q;
	uint8_t bytes[128];

	for (int i = 0; (desc = mate_page_desc((enum mate_page)i)); i++)
		if (!strcmp(desc->id, name))
			break;
	if (!desc || strlen(hex) != 2 * desc->length)
		exit(1);
	for (unsigned int i = 0; i < desc->length; i++) {
		unsigned int byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			exit(1);
		bytes[i] = (uint8_t)byte;
	}
	desc->decode(&page, bytes);
	for (unsigned int i = 0; i < desc->n_fields; i++) {
		mate_field_get(&desc->fields[i], &page, &q);
		printf("%s\t", desc->fields[i].id);
		print_quantity(&q);
	}
}

static const struct mate_reg_desc *find(const char *device, unsigned int addr)
{
	const struct mate_reg_desc *reg = NULL;

	for (unsigned int d = MATE_HUB; d <= MATE_DC; d++)
		if (!strcmp(mate_device_name(d), device))
			reg = mate_reg_by_addr(d, addr);
	if (!reg)
		exit(1);
	return reg;
}

static void answer_register(const char *what, const char *device, unsigned int addr,
			    int is_230v, const char *text)
{
	const struct mate_reg_desc *reg = find(device, addr);
	struct mate_quantity q;
	char words[400];
	uint16_t raw;
	int ret;

	if (!strcmp(what, "reg")) {
		mate_reg_decode(reg, (uint16_t)strtoul(text, NULL, 16), is_230v, &q);
		print_quantity(&q);
	} else if (!strcmp(what, "parse")) {
		ret = mate_reg_parse(reg, is_230v, text, &raw);
		if (ret)
			printf("%s\n", mate_errname(ret));
		else
			printf("%04X\n", raw);
	} else {
		mate_reg_allowed(reg, is_230v, words, sizeof(words));
		printf("%s\n", words);
	}
}

int main(void)
{
	char line[500], what[16], name[32], hex[200];
	unsigned int addr;
	int is_230v, at;

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "page %31s %199s", name, hex) == 2)
			answer_page(name, hex);
		else if (sscanf(line, "%15s %31s %x %d%n", what, name, &addr, &is_230v, &at) == 4)
			answer_register(what, name, addr, is_230v, line + at + (line[at] == ' '));
		else
			return 1;
		puts("");
		fflush(stdout);
	}
	return 0;
}
