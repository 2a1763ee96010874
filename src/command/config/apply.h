/* SPDX-License-Identifier: MIT */
/*
 * apply: changes to a settings file, and to the file `secret` beside it: made
 * in memory, loaded as if they were written, then written at once, or not at
 * all. Who changes them has a lock on their folder meanwhile.
 */
#ifndef COMMAND_CONFIG_APPLY_H
#define COMMAND_CONFIG_APPLY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cli/cli.h"
#include "config/key.h"

enum { APPLY_FILES = 2, APPLY_TAG = 33 };
enum { APPLY_GIVEN = 1, APPLY_CHANGED = 2 };

struct apply_file {
	const char *path; /* NULL: there is none */
	struct buf text;  /* as it is to be; wiped */
	bool changed;
};

struct apply {
	const struct cli *cli; /* whose file and account; borrowed */
	struct arena mem;
	struct apply_file file[APPLY_FILES]; /* the settings; `secret` */
	bool there; /* the settings were; else they are a sample */
	int lock;
	char made[4096]; /* the folder that was made for it, or "" */
	size_t kept;     /* so much of that was there */
	/* of each key: a value was given; the text is another one now */
	unsigned char did[CONFIG_KEYS];
	const struct config_row *at; /* whose value apply_check refused */
	const char *relay; /* the key of [relay] that was changed; or NULL */
};

/*
 * Where config init makes a file: the owner's own place; root's is the
 * machine's. named: by --config, or NULL. Lives in mem, which may be full:
 * NULL.
 */
const char *apply_place(struct arena *mem, const char *named);
/* The settings file; where *there says that there is none, apply_place. */
const char *apply_file(struct arena *mem, const char *named, bool *there);
/* Where `secret` would be beside it; NULL: nowhere. Lives in mem. */
const char *apply_apart(struct arena *mem, const char *path);

/*
 * What tells the bytes of both files (apart may be NULL) from any others: 32
 * hex digits. "": there is no file, or it cannot be read.
 */
void apply_tag(const char *path, const char *apart, char out[APPLY_TAG]);

/* May this process make or replace that file? ERR_CONFIG says why not. */
bool apply_may_write(const char *path, struct err *e)
    __attribute__((warn_unused_result));

/* Release it in any case. */
void apply_init(struct apply *a, const struct cli *cli);
void apply_release(struct apply *a);

/*
 * Two who change settings at once take turns: by a lock on the folder of
 * a->file, since the file is another one afterwards. It is held until release,
 * or until a->lock is closed; a folder that was made for it goes again, if it
 * is empty. One that cannot be locked is not. ERR_RETRY: taken for too long.
 */
bool apply_lock(struct apply *a, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Takes the lock and reads the files. make: where there are none, begins with
 * a sample. tag: of what the caller saw; NULL: no matter. ERR_CONFIG,
 * ERR_INPUT: there is none, or it cannot be read; ERR_RETRY: the lock is
 * taken; ERR_CONFIG with exit 75: another tag.
 */
bool apply_open(struct apply *a, bool make, const char *tag, struct err *e)
    __attribute__((warn_unused_result));

/*
 * The text is the file to start with, with what the environment has. printed:
 * but for secrets. ERR_CONFIG.
 */
bool apply_sample(struct apply *a, bool printed, struct err *e)
    __attribute__((warn_unused_result));

/* Gives the key a value. ERR_CONFIG: no value that it can have. */
bool apply_set(struct apply *a, const struct config_row *row, struct str value,
    struct err *e) __attribute__((warn_unused_result));
/* Takes the key away, if it is there; a default is named in its place. */
bool apply_unset(struct apply *a, const struct config_row *row, struct err *e)
    __attribute__((warn_unused_result));
/*
 * Gives the key of [relay] its values, which ";" parts: a line each, in place
 * of all that it had. No value: its lines go; file->changed says whether there
 * were any. Keeps key, whose sense and values apply_check looks at.
 */
bool apply_relay(struct apply *a, const char *key, struct str values,
    struct err *e) __attribute__((warn_unused_result));
/* The file that has the key, or is to have it. Lends. */
const char *apply_path(struct apply *a, const struct config_row *row);

/*
 * Loads the texts as the files. ERR_CONFIG. warn: tells what the environment
 * says of the keys that were given.
 */
bool apply_check(struct apply *a, bool warn, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Writes what was changed; owner, group and mode stay. Of two files one may be
 * written, and the other not: ERR_CONFIG or ERR_RETRY says so.
 */
bool apply_close(struct apply *a, struct err *e)
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
