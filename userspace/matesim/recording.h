/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sites and set points in files: --site and --state. */
#ifndef MATESIM_RECORDING_H
#define MATESIM_RECORDING_H

#include "matefile.h"
#include "site.h"

/* All give -1 after a message on stderr. */

/* Which devices there are; before site_build(). */
int recording_devices(const struct matefile *file, struct site *site);
/* What they answer; after it. */
int recording_answers(const struct matefile *file, struct site *site);

/* Set points as they were left; that there is no such file is no error. */
int state_load(struct site *site, const char *path);
/* The whole file or nothing. */
int state_save(struct site *site, const char *path);
/* Whether there is something to save. */
bool state_dirty(const struct site *site);
/* Saves it if there is, and a @path: before each answer, so that none is forgotten. */
void state_keep(struct site *site, const char *path);

#endif
