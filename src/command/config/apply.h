/* SPDX-License-Identifier: MIT */
/*
 * apply: changes to a settings file: made in memory, loaded as if they were
 * written, then written at once, or not at all.
 */
#ifndef COMMAND_CONFIG_APPLY_H
#define COMMAND_CONFIG_APPLY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cli/cli.h"
#include "config/key.h"

struct apply {
	const struct cli *cli; /* whose file and account; borrowed */
	struct arena mem;
	struct buf text;  /* as the file is to be; wiped */
	const char *main; /* the settings file */
	const char *path; /* what is changed: that, or `secret` beside it */
};

/* Release it in any case. */
void apply_init(struct apply *a, const struct cli *cli);
void apply_release(struct apply *a);

/*
 * Finds and reads the file that has, or is to have, this key. ERR_CONFIG,
 * ERR_INPUT: there is none, or it cannot be read.
 */
bool apply_read(struct apply *a, const struct config_row *row, struct err *e)
    __attribute__((warn_unused_result));

/* Gives the key a value. ERR_CONFIG: no value that a file can have. */
bool apply_set(struct apply *a, const struct config_row *row, struct str value,
    struct err *e) __attribute__((warn_unused_result));
/* Takes the key away; a default is named in its place. False: not there. */
bool apply_unset(struct apply *a, const struct config_row *row, bool *was,
    struct err *e) __attribute__((warn_unused_result));

/*
 * Loads the text as the file. ERR_CONFIG. Tells what the environment says of
 * that key in its place; row NULL: of none.
 */
bool apply_check(const struct apply *a, const struct config_row *row,
    struct err *e) __attribute__((warn_unused_result));

/* Replaces the file; its owner, group and mode stay. */
bool apply_replace(const struct apply *a, struct err *e)
    __attribute__((warn_unused_result));

/* False: there is such a file; ERR_CONFIG with exit 73, and what to do. */
bool apply_is_free(const char *path, const char *remedy, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Makes a file that is not there yet, with mode 0600, and its folder. What
 * root writes into a folder that it shares with one group, as post365 install
 * makes it, that group may read (0640): the timer and the relay are its.
 * ERR_CONFIG with exit 73.
 */
bool apply_make(const char *path, struct str text, struct err *e)
    __attribute__((warn_unused_result));

#endif
