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

/*
 * Where config init makes a file: the owner's own place; root's is the
 * machine's. named: by --config, or NULL. Lives in mem, which may be full:
 * NULL.
 */
const char *apply_place(struct arena *mem, const char *named);
/* The settings file; where *there says that there is none, apply_place. */
const char *apply_file(struct arena *mem, const char *named, bool *there);

enum { APPLY_TAG = 33 };
/*
 * What tells these texts from any others: 32 hex digits. apart: of `secret`
 * beside the settings, p NULL: there is none.
 */
void apply_tag(struct str text, struct str apart, char out[APPLY_TAG]);

/*
 * May this process make or replace that file? ERR_CONFIG says why not. path
 * begins with "/".
 */
bool apply_may_write(const char *path, struct err *e)
    __attribute__((warn_unused_result));

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
