/* SPDX-License-Identifier: MIT */
/*
 * journal: what happened to each message, one line of JSON an attempt.
 *
 * A line is durable before the message leaves the spool: a power cut can
 * leave a line of a message that is still queued, never the reverse. Lines of
 * several processes do not mix. A line torn by a cut is ended by the next
 * one, and readers skip it. No body, no secret.
 *
 * A file that would grow over `most` bytes becomes PATH.1, PATH.1 becomes
 * PATH.2, ..., and PATH.KEEP goes.
 *
 * Source: design.md 1 (the names of the fields).
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dir.h"
#include "base/err.h"
#include "base/str.h"
#include "codec/json.h"
#include "store/envelope.h"
#include "store/journal_filter.h"

enum {
	JOURNAL_LINE_MOST = 2 * ENVELOPE_HEAD_MOST, /* bytes: all recipients,
						       each byte escaped once */
	JOURNAL_FILE_MOST = 64 << 20, /* a reader has one file in memory */
	JOURNAL_KEEP_MOST = 100
};

struct journal {
	struct dir dir;
	const char *name; /* of the file in its folder; borrowed */
	uint64_t most;    /* bytes of one file */
	unsigned keep;    /* older files */
	bool sync;
};

struct journal_options {
	uint64_t most; /* 64 kB to JOURNAL_FILE_MOST */
	unsigned keep; /* up to JOURNAL_KEEP_MOST */
	bool sync;     /* unless spool_sync = none */
	bool look;     /* only to read: its folder is not made */
};

/*
 * The journal `name` in a folder, which is made if missing (mode 0700). Keeps
 * both texts. ERR_CONFIG: the folder, or options beyond their bounds.
 */
bool journal_open(struct journal *j, const char *folder, const char *name,
    struct journal_options o, struct err *e)
    __attribute__((warn_unused_result));
void journal_close(struct journal *j); /* a zeroed one is fine */

/* One attempt. Empty texts and zero numbers are left out of the line. */
struct journal_line {
	int64_t time; /* seconds since 1970; always written */
	struct str id, message_id, subject, account, client;
	struct str from; /* always written: "" is the null sender */
	const struct str *to;
	size_t to_n;
	uint64_t size;
	struct str via;
	int64_t status; /* of HTTP */
	struct str code, request_id, client_request_id;
	int64_t ms;
	uint64_t attempt;
	int64_t next; /* seconds since 1970 */
	struct str verdict;
	struct str reason; /* for people: the error, or why it was decided so */
};

/*
 * Appends a line; true: it is on the disk. ERR_RETRY with exit 74: it is not,
 * and no half of it; the message must stay in the spool.
 */
bool journal_add(const struct journal *j, const struct journal_line *line,
    struct err *e) __attribute__((warn_unused_result));

/*
 * Before something is done that must be noted: is there a file, and room for
 * a short line? ERR_RETRY with exit 74: no. Takes more where it can,
 * and keeps it, so that a disk that fills up can still be emptied.
 */
bool journal_reserve(const struct journal *j, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Calls f with each line that passes, without its line end, and its tree,
 * until f says false. Memory: one file, and one line's tree. ERR_RETRY: a
 * file cannot be read. A journal that was never written is empty.
 */
typedef bool journal_each_fn(void *arg, struct str line,
    const struct json *tree);
bool journal_read(const struct journal *j, const struct journal_filter *f,
    journal_each_fn *each, void *arg, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Is there a line of this message and verdict, no older than since? False
 * also where it cannot be read. Reads backwards no further than it must.
 */
bool journal_says(const struct journal *j, struct str id, struct str verdict,
    int64_t since);

/* A place in the journal, for who waits for more. */
struct journal_tail {
	int fd;      /* -1: there is no file yet */
	uint64_t at; /* the beginning of a line */
};
/* Begins at the end of what is there. Release with os_close(&t->fd). */
bool journal_tail(const struct journal *j, struct journal_tail *t,
    struct err *e) __attribute__((warn_unused_result));
struct journal_wait {
	struct journal_tail tail;
	const struct journal_filter *filter;
	journal_each_fn *each;
	void *arg;
};
/*
 * The same as journal_read, forwards, of what was added since the last time;
 * goes on in the new file when the old one is full. Calls each for all.
 */
bool journal_more(const struct journal *j, struct journal_wait *w,
    struct err *e) __attribute__((warn_unused_result));

#endif
