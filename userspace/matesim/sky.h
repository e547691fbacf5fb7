/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sun, clouds and chance: functions of time and seed without any state, so
 * that the step width does not change the weather.
 */
#ifndef MATESIM_SKY_H
#define MATESIM_SKY_H

#include <stdint.h>

#define DAY_S 86400.0

/* Smooth noise in 0...1 that changes over about @period seconds. */
double sky_noise(uint32_t seed, uint32_t stream, double t, double period);

/* Chance in 0...1, the same for all of one slot of @period seconds. */
double sky_chance(uint32_t seed, uint32_t stream, double t, double period);

/* Light on a panel, 0...about 1; @t in seconds, midnight is 0. */
double sky_sun(double t, int first_day_of_year);

/* What the clouds let through, 0.12...1. */
double sky_clearness(uint32_t seed, double t);

#endif
