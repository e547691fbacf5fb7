// SPDX-License-Identifier: GPL-2.0
/*
 * uart9: noise: pulses a bit time long turn the line over, at random moments that
 * have nothing to do with those of the bytes.  A pulse covers the middle of one bit,
 * whichever: data, ninth, stop or start bit, or makes a start bit on an idle line.
 */

#include <linux/bitops.h>
#include <linux/math64.h>

#include "uart9.h"

#define U9_LN2_16	45426	/* ln 2 * 2^16 */
#define U9_CURVE_16	22713	/* see below: 0.3466 * 2^16 */

/* -ln of a random number between 0 and 1, times 2^16. */
static u32 u9_minus_ln(struct rnd_state *random)
{
	u32 r = prandom_u32_state(random) | 1;
	unsigned int log = __fls(r);
	/* What is behind the leading one, and what log2(1 + x) is more than x. */
	u64 x = log ? (u64)(r - BIT(log)) << 16 >> log : 0;
	u64 log2_16 = ((u64)log << 16) + x + (U9_CURVE_16 * (x * (0x10000 - x) >> 16) >> 16);

	return mul_u64_u32_shr((32ULL << 16) - log2_16, U9_LN2_16, 16);
}

/* From the end of one pulse to the next. */
static u64 u9_noise_pause(struct u9_port *p)
{
	struct u9_noise *noise = &p->tx.noise;
	u64 mean = div_u64(p->bit * (1000000000ULL - noise->ppb), noise->ppb);

	return mul_u64_u32_shr(mean, u9_minus_ln(&noise->random), 16);
}

/* @ppb 0: no more; a pulse that is on ends at once. */
void u9_noise_set(struct u9_port *p, u32 ppb, u32 seed, u64 now)
{
	struct u9_noise *noise = &p->tx.noise;

	noise->ppb = ppb;
	prandom_seed_state(&noise->random, seed);
	noise->next = U9_NEVER;
	if (p->tx.line.inverted)
		noise->next = now;
	else if (ppb)
		noise->next = now + u9_noise_pause(p);
}

/* The line has just turned over or back; returns when it does so again. */
u64 u9_noise_toggled(struct u9_port *p, u64 t)
{
	struct u9_noise *noise = &p->tx.noise;

	if (p->tx.line.inverted) {
		noise->start = t;
		return t + p->bit;
	}
	if (p->peer)
		u9_record_add(p, noise->start, t, 0, U9_DID_NOISE);
	return noise->ppb ? t + u9_noise_pause(p) : U9_NEVER;
}
