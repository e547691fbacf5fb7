// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages decoded and encoded in a second of processor time, on this machine; one line of
 * JSON.  "decode count", in the guest of profile timing: how many instructions each is.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <libmatenet.h>

#define PAGES	1024	/* different ones, in the cache */
#define BATCHES	5
#define LEAST_S	0.2	/* of a batch */
#define COUNTED	(64 * PAGES)
#define INSTRUCTION_NS	2	/* of virtual time */

static uint8_t mx[PAGES][13], fx[PAGES][13], dc[PAGES][78], mx_log[PAGES][14];
static uint8_t out[78];

/* So that nothing is left out because nobody looks. */
static void used(const void *what)
{
	__asm__ volatile ("" :: "r" (what) : "memory");
}

#define DECODE(_name, _bytes)						\
static void decode_##_name(unsigned int i)				\
{									\
	struct mate_##_name page;					\
									\
	mate_##_name##_decode(&page, _bytes[i]);			\
	used(&page);							\
}									\
static void both_##_name(unsigned int i)				\
{									\
	struct mate_##_name page;					\
									\
	mate_##_name##_decode(&page, _bytes[i]);			\
	used(&page);							\
	mate_##_name##_encode(out, &page);				\
	used(out);							\
}

DECODE(mx_status, mx)
DECODE(fx_status, fx)
DECODE(dc_status, dc)
DECODE(mx_log, mx_log)

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The fastest of some batches: what else the machine does only makes it slower. */
static double per_s(void (*what)(unsigned int i))
{
	double best = 0, began, took, rate;
	unsigned long n;
	int batch;

	for (batch = 0; batch < BATCHES; batch++) {
		began = cpu_s();
		n = 0;
		do {
			for (unsigned int i = 0; i < PAGES; i++)
				what(i);
			n += PAGES;
			took = cpu_s() - began;
		} while (took < LEAST_S);
		rate = (double)n / took;
		best = rate > best ? rate : best;
	}
	return best;
}

static void nothing(unsigned int i)
{
	used(&i);
}

static double ns_each(void (*what)(unsigned int i))
{
	struct timespec a, b;
	unsigned int i;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (i = 0; i < COUNTED; i++)
		what(i % PAGES);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / COUNTED;
}

/* Of @what, without the loop. */
static double instructions(void (*what)(unsigned int i))
{
	return (ns_each(what) - ns_each(nothing)) / INSTRUCTION_NS;
}

static void fill(void *to, size_t size)
{
	static uint32_t seed = 1;
	uint8_t *byte = to;

	while (size--)
		*byte++ = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
}

static const struct page {
	const char *name;
	void (*decode)(unsigned int i), (*both)(unsigned int i);
} pages[] = {
	{ "mx_status", decode_mx_status, both_mx_status },
	{ "fx_status", decode_fx_status, both_fx_status },
	{ "dc_status", decode_dc_status, both_dc_status },
	{ "mx_log", decode_mx_log, both_mx_log },
};

#define KINDS (sizeof(pages) / sizeof(pages[0]))

static void print_rates(void)
{
	const struct page *p;

	printf("{\"bench\":\"decode\"");
	for (p = pages; p < pages + KINDS; p++) {
		double decode = per_s(p->decode), both = per_s(p->both);

		printf(",\"%s\":{\"decode_per_s\":%.0f,\"encode_per_s\":%.0f}", p->name, decode,
		       1 / (1 / both - 1 / decode));
	}
	printf("}\n");
}

static void print_instructions(void)
{
	const struct page *p;

	printf("{\"bench\":\"instructions\"");
	for (p = pages; p < pages + KINDS; p++) {
		double decode = instructions(p->decode);

		printf(",\"%s\":{\"decode\":%.0f,\"encode\":%.0f}", p->name, decode,
		       instructions(p->both) - decode);
	}
	printf("}\n");
}

int main(int argc, char **argv)
{
	fill(mx, sizeof(mx));
	fill(fx, sizeof(fx));
	fill(dc, sizeof(dc));
	fill(mx_log, sizeof(mx_log));
	if (argc == 1)
		print_rates();
	else if (argc == 2 && !strcmp(argv[1], "count"))
		print_instructions();
	else
		errx(2, "usage: decode [count]");
	return 0;
}
