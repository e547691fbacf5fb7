// SPDX-License-Identifier: GPL-2.0-or-later
/* What a device answers, by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "item.h"
#include "value.h"

#define NAME_MAX_LEN	64

static const char *const answers[] = {
	[ANSWER_REFUSED] = "refused", [ANSWER_SILENT] = "silent",
};

/* --- names --------------------------------------------------------------- */

static const char *parse_reg(const struct device *dev, const char *name,
			     struct item *item)
{
	const struct mate_reg_desc *desc;

	item->kind = ITEM_REG;
	if (value_hex16(name, &item->number))
		return NULL;
	desc = mate_reg_by_id(dev->kind->type, name);
	if (!desc)
		return "this device has no register of that name";
	item->number = desc->addr;
	return NULL;
}

static const char *parse_status(const struct device *dev, const char *name,
				struct item *item)
{
	const struct device_kind *kind = dev->kind;

	item->kind = ITEM_STATUS;
	if (!value_hex16(name, &item->number))
		return "a page is 0x and hex digits";
	item->number -= kind->first_page;
	return item->number < kind->n_pages ? NULL :
	       "this device has no such page";
}

static const char *parse_day(const struct device *dev, const char *name,
			     uint16_t *day)
{
	unsigned long n = 0;
	char *end;

	if (!dev->kind->log)
		return "this device has no log";
	if (strspn(name, "0123456789"))
		n = strtoul(name, &end, 10);
	else
		return "a day is a number of days ago";
	if (*end || n > HISTORY_DAYS)
		return "days go from 0 to 128";
	*day = n;
	return NULL;
}

static const char *parse_log(const struct device *dev, const char *name,
			     struct item *item)
{
	item->kind = ITEM_LOG;
	return parse_day(dev, name, &item->number);
}

static const char *find_field(enum mate_page page, const char *name,
			      struct item *item)
{
	const struct mate_page_desc *desc = mate_page_desc(page);
	unsigned int i;

	for (i = 0; i < desc->n_fields; i++)
		if (!strcmp(desc->fields[i].id, name))
			item->field = &desc->fields[i];
	return item->field ? NULL : "this page has no field of that name";
}

static const char *parse_status_field(const struct device *dev,
				      const char *name, struct item *item)
{
	item->kind = ITEM_STATUS_FIELD;
	if (!dev->kind->n_pages)
		return "this device has no status page";
	return find_field(dev->kind->status_page, name, item);
}

static const char *parse_log_field(const struct device *dev, const char *name,
				   struct item *item)
{
	char day[8];
	size_t len = strcspn(name, ".");
	const char *why;

	item->kind = ITEM_LOG_FIELD;
	snprintf(day, sizeof(day), "%.*s", (int)len, name);
	why = parse_day(dev, day, &item->number);
	if (why)
		return why;
	if (!name[len])
		return "a field of a log page is log.DAY.FIELD";
	return find_field(dev->kind->log_page, name + len + 1, item);
}

/* In front of the name proper. */
static const struct {
	const char *word;
	const char *(*parse)(const struct device *dev, const char *name,
			     struct item *item);
} prefixes[] = {
	{ "reg ", parse_reg },
	{ "status ", parse_status },
	{ "log ", parse_log },
	{ "status.", parse_status_field },
	{ "log.", parse_log_field },
};

const char *item_parse(const struct device *dev, const char *name,
		       struct item *item)
{
	size_t i, len;

	memset(item, 0, sizeof(*item));
	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		len = strlen(prefixes[i].word);
		if (strncmp(name, prefixes[i].word, len))
			continue;
		name += len;
		return prefixes[i].parse(dev, name + strspn(name, " "), item);
	}
	return "not one of reg, status, log, status.FIELD and log.DAY.FIELD";
}

/* --- values -------------------------------------------------------------- */

static bool answer_of(const char *text, enum answer *answer)
{
	for (*answer = ANSWER_REFUSED; *answer <= ANSWER_SILENT; ++*answer)
		if (!strcmp(text, answers[*answer]))
			return true;
	return false;
}

static const char *reg_raw(const struct device *dev,
			   const struct mate_reg_desc *desc, const char *value,
			   uint16_t *raw)
{
	const char *why;

	if (!desc)
		return value_hex16(value, raw) ? NULL :
		       "the table does not know this register: 0x and hex digits";
	if (!(desc->access & MATE_ACC_READ))
		return "this register cannot be read";
	why = value_reg(desc, device_factor(dev, desc), value, raw);
	if (!why && desc->addr == MATE_REG_ALL_DEVICE_TYPE &&
	    (*raw & desc->value_mask) != dev->kind->type)
		return "that is not the type of this device";
	return why;
}

static const char *set_reg(struct device *dev, const struct item *item,
			   const char *value)
{
	const struct mate_reg_desc *desc =
		mate_reg_by_addr(dev->kind->type, item->number);
	enum answer answer = ANSWER_VALUE;
	struct device_reg *reg;
	uint16_t raw = 0;
	const char *why;

	if (!answer_of(value, &answer)) {
		answer = ANSWER_VALUE;
		why = reg_raw(dev, desc, value, &raw);
		if (why)
			return why;
	}
	reg = device_reg_make(dev, item->number);
	if (!reg)
		return "no room for more registers";
	reg->answer = answer;
	if (answer != ANSWER_VALUE)
		return NULL;
	device_set(dev, reg, raw);
	reg->pinned = true;
	if (device_keeps(dev, reg))
		reg->kept = dev->dirty = true;
	return NULL;
}

/* The place of a page, or of the page that a field is in. */
struct place {
	uint8_t *bytes, *mask;
	size_t len;
	enum answer *answer;
};

static struct place place_of(struct device *dev, const struct item *item)
{
	struct device_log *log = &dev->logs[item->number];
	size_t at = item->number * STATUS_BYTES;

	switch (item->kind) {
	case ITEM_STATUS:
		return (struct place){ dev->status + at, dev->status_mask + at,
			STATUS_BYTES, &dev->status_answer[item->number] };
	case ITEM_STATUS_FIELD:
		return (struct place){ dev->status, dev->status_mask,
			dev->kind->n_pages * STATUS_BYTES, &dev->status_answer[0] };
	default:
		return (struct place){ log->bytes, log->mask, LOG_BYTES,
			&log->answer };
	}
}

static const char *set_page(struct device *dev, const struct item *item,
			    const char *value)
{
	struct place p = place_of(dev, item);
	uint8_t bytes[LOG_BYTES];
	enum answer answer;

	if (answer_of(value, &answer)) {
		*p.answer = answer;
		return NULL;
	}
	if (!value_bytes(value, bytes, p.len))
		return item->kind == ITEM_LOG ?
		       "a log page is 14 bytes as 9f 39 64" :
		       "a status page is 13 bytes as 9f 39 64";
	*p.answer = ANSWER_VALUE;
	memcpy(p.bytes, bytes, p.len);
	memset(p.mask, 0xff, p.len);
	return NULL;
}

static const struct mate_page_desc *page_of(const struct device *dev,
					    const struct item *item)
{
	return mate_page_desc(item->kind == ITEM_LOG_FIELD ?
			      dev->kind->log_page : dev->kind->status_page);
}

static void present(const struct device *dev, const struct item *item,
		    uint8_t *bytes)
{
	if (item->kind == ITEM_LOG || item->kind == ITEM_LOG_FIELD)
		device_log(dev, item->number, bytes);
	else
		device_status(dev, bytes);
}

static const char *set_field(struct device *dev, const struct item *item,
			     const char *value)
{
	const struct mate_page_desc *page = page_of(dev, item);
	struct place p = place_of(dev, item);
	uint8_t bytes[MATE_DC_STATUS_BYTES], mask[MATE_DC_STATUS_BYTES];
	const char *why;
	size_t i;

	present(dev, item, bytes);
	why = value_field(page, item->field, value, bytes);
	if (why)
		return why;
	value_field_mask(page, item->field, mask);
	for (i = 0; i < p.len; i++) {
		p.mask[i] |= mask[i];
		p.bytes[i] = (p.bytes[i] & ~mask[i]) | (bytes[i] & mask[i]);
	}
	return NULL;
}

const char *item_set(struct device *dev, const struct item *item,
		     const char *value)
{
	switch (item->kind) {
	case ITEM_REG:
		return set_reg(dev, item, value);
	case ITEM_STATUS:
	case ITEM_LOG:
		return set_page(dev, item, value);
	default:
		return set_field(dev, item, value);
	}
}

void item_free(struct device *dev, const struct item *item)
{
	struct device_reg *reg = device_reg(dev, item->number);
	uint8_t mask[MATE_DC_STATUS_BYTES];
	struct place p;
	size_t i;

	if (item->kind == ITEM_REG) {
		if (reg) {
			reg->pinned = false;
			reg->answer = ANSWER_VALUE;
		}
		return;
	}
	p = place_of(dev, item);
	if (item->field)
		value_field_mask(page_of(dev, item), item->field, mask);
	else
		memset(mask, 0xff, p.len);
	for (i = 0; i < p.len; i++)
		p.mask[i] &= ~mask[i];
	if (!item->field)
		*p.answer = ANSWER_VALUE;
}

/* --- printing ------------------------------------------------------------ */

static void print_bytes(const uint8_t *bytes, size_t n, char *text, size_t size)
{
	size_t i;

	*text = '\0';
	for (i = 0; i < n && size > 3; i++, size -= 3, text += 3)
		snprintf(text, size, "%02x ", bytes[i]);
	if (n)
		text[-1] = '\0';
}

void item_print(const struct device *dev, const struct item *item, char *text,
		size_t size)
{
	struct device *d = (struct device *)dev;	/* looked at only */
	struct device_reg *reg = device_reg(d, item->number);
	uint8_t bytes[MATE_DC_STATUS_BYTES];
	enum answer answer = ANSWER_VALUE;
	struct place p;

	if (item->kind == ITEM_REG) {
		answer = reg ? reg->answer : ANSWER_VALUE;
		snprintf(text, size, "0x%04X", reg ? device_get(dev, reg) : 0);
	} else {
		p = place_of(d, item);
		answer = item->field ? ANSWER_VALUE : *p.answer;
		present(dev, item, bytes);
		if (item->field)
			snprintf(text, size, "%.*f", item->field->decimals,
				 value_field_get(page_of(dev, item),
						 item->field, bytes));
		else
			print_bytes(item->kind == ITEM_LOG ? bytes :
				    bytes + item->number * STATUS_BYTES, p.len,
				    text, size);
	}
	if (answer != ANSWER_VALUE)
		snprintf(text, size, "%s", answers[answer]);
}
