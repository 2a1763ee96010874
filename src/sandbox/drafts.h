/* SPDX-License-Identifier: MIT */
/*
 * sandbox_drafts: drafts as folders of files, whatever process asks for them.
 *
 *	FOLDER/drafts/NAME/info       lines "key: value"
 *	FOLDER/drafts/NAME/raw        JSON as received, or the decoded MIME
 *	FOLDER/drafts/NAME/1          the bytes of its first attachment, and
 *	FOLDER/drafts/NAME/1.info     what is known of it; written last
 *	FOLDER/drafts/NAME/TOKEN      the bytes of an upload so far, and
 *	FOLDER/drafts/NAME/TOKEN.info what is known of it
 *	FOLDER/sent/NAME              the same, once it was sent and its
 *	                              attachments were moved
 *
 * One client at a time works on a draft.
 */
#ifndef SANDBOX_DRAFTS_H
#define SANDBOX_DRAFTS_H

#include <stdbool.h>

#include "sandbox/mail.h"
#include "sandbox/state.h"

enum {
	DRAFTS_FILES_MAX = 250, /* of one message, facts.md 4.4 */
	DRAFTS_NAME = 20        /* characters of NAME and TOKEN */
};

struct draft_folder {
	struct arena *mem; /* borrowed: of the request */
	struct str path, name;
	struct str info; /* as it stands in the file */
	bool sent;
};

/* Makes one that is empty, but for its info. */
bool drafts_make(struct draft_folder *d, const struct sandbox *s,
    struct arena *mem, struct str info, struct err *e)
    __attribute__((warn_unused_result));

/* Opens one by name. False: there is none. */
bool drafts_open(struct draft_folder *d, const struct sandbox *s,
    struct arena *mem, struct str name) __attribute__((warn_unused_result));

/* Graph's id of it, as it stands in JSON; and the name that is in an id. */
struct str drafts_id(const struct draft_folder *d);
struct str drafts_name(struct str id);

void drafts_remove(const struct draft_folder *d);

/* It was sent, or was not after all: it moves to the other list. */
bool drafts_set_sent(struct draft_folder *d, const struct sandbox *s, bool sent,
    struct err *e) __attribute__((warn_unused_result));

/* A file in it: its path, with a NUL behind. */
struct str drafts_path(const struct draft_folder *d, struct str file);
bool drafts_has(const struct draft_folder *d, struct str file);
/* Its bytes, as of d->mem; p NULL: it is not there, or memory ran out. */
struct str drafts_read(const struct draft_folder *d, struct str file);
bool drafts_write(const struct draft_folder *d, struct str file,
    struct str bytes, struct err *e) __attribute__((warn_unused_result));

/* The value of "key: value" in an info; empty: none. */
struct str drafts_get(struct str info, struct str key);

/* What is known of an attachment or an upload, as an info and back. */
struct str drafts_item_info(struct arena *mem, const struct sandbox_item *item);
struct sandbox_item drafts_item(struct str info);

/* The file of the n-th attachment, from 1, and its info's: p NULL: none. */
struct str drafts_file(const struct draft_folder *d, unsigned n,
    struct str *info);

/* A name for the next attachment; ERR_INPUT: there are too many. */
bool drafts_next(const struct draft_folder *d, struct str *file, struct err *e)
    __attribute__((warn_unused_result));

/* DRAFTS_NAME letters and digits nobody can guess. */
struct str drafts_random(struct arena *mem);

#endif
