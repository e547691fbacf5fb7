// SPDX-License-Identifier: GPL-2.0-or-later
/* Sun, clouds and chance. */
#include <math.h>

#include "sky.h"

/* Panels face south and stand flatter than the latitude by this much. */
#define LATITUDE_RAD	(45 * M_PI / 180)
#define TILTED_RAD	(10 * M_PI / 180)

/* The finisher of splitmix64: every bit of the input reaches all others. */
static double hash01(uint32_t seed, uint32_t stream, int64_t slot)
{
	uint64_t x = ((uint64_t)seed << 32 | stream) ^
		     (uint64_t)slot * 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	x ^= x >> 31;
	return (double)(x >> 11) / 9007199254740992.0;
}

double sky_chance(uint32_t seed, uint32_t stream, double t, double period)
{
	return hash01(seed, stream, (int64_t)floor(t / period));
}

double sky_noise(uint32_t seed, uint32_t stream, double t, double period)
{
	double slot = floor(t / period);
	double x = t / period - slot;
	double a = hash01(seed, stream, (int64_t)slot);
	double b = hash01(seed, stream, (int64_t)slot + 1);

	return a + (b - a) * x * x * (3 - 2 * x);
}

double sky_sun(double t, int first_day_of_year)
{
	double day = first_day_of_year + t / DAY_S;
	double hour = 2 * M_PI * (t / DAY_S - floor(t / DAY_S)) - M_PI;
	double decl = 23.45 * M_PI / 180 * sin(2 * M_PI * (day - 81) / 365.25);
	double up = sin(LATITUDE_RAD) * sin(decl) +
		    cos(LATITUDE_RAD) * cos(decl) * cos(hour);
	double facing = sin(TILTED_RAD) * sin(decl) +
			cos(TILTED_RAD) * cos(decl) * cos(hour);

	if (up <= 0)
		return 0;
	/* Clear air dims a low sun; some light comes from all of the sky. */
	return fmax(facing, 0) * pow(0.72, pow(1 / (up + 0.01), 0.68)) * 1.25 +
	       0.08 * up;
}

double sky_clearness(uint32_t seed, double t)
{
	double weather = sky_noise(seed, 1, t, 1.7 * DAY_S);
	double clouds = sky_noise(seed, 2, t, 1100) * 0.7 +
			sky_noise(seed, 3, t, 160) * 0.3;
	double cover = fmin(1, fmax(0, 1.35 * (1 - weather) - 0.25));

	return fmax(0.12, 1 - cover * (0.35 + 0.75 * clouds));
}
