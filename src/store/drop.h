/* SPDX-License-Identifier: MIT */
/*
 * drop: mail of users who have no queue of their own, while no relay answers:
 * a folder of mode 1733. All may add to it; who did not make the folder can
 * neither list it nor, since a name is 128 random bits, open, replace or
 * remove what others put there.
 *
 * A file has 32 hex digits as its name and mode 0644, for its reader is
 * another user. It holds
 *
 *	a head, as envelope.h says, with an id of zeros
 *	the message
 *	End: LENGTH SUM		(as at the end of a file in the queue)
 *
 *	step			found			then
 *	add
 *	1 create, write		any bytes		not accepted: removed
 *							after 36 h
 *	2 fsync			whole			is sent
 *	3 fsync the folder	whole			ACCEPTED, is sent
 *	take
 *	1 copy into the queue	whole			is sent
 *	2 commit there		whole, and in new/	sent TWICE, if the cut
 *							falls here
 *	3 unlink, fsync		none			is sent
 *
 * Who adds may be anybody: every length is bounded, links and what is no
 * regular file are not opened, and what does not fit its end record is left
 * where it is. Who it was is the owner of the file.
 *
 * Source: relay.md 6.7; Postfix's maildrop.
 */
#ifndef STORE_DROP_H
#define STORE_DROP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/dir.h"
#include "base/err.h"
#include "base/source.h"
#include "store/envelope.h"

enum {
	DROP_NAME_SIZE = 33, /* 32 hex digits, a NUL */
	DROP_HALF_S = 36 * 3600
};

/*
 * Makes the folder what it has to be, if it is ours. ERR_CONFIG: it cannot
 * be.
 */
bool drop_make(const char *folder, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Adds a message: true means that it survives a power cut. Id and account of
 * v do not count. ERR_RETRY, nothing is left: there is no such folder, or it
 * cannot be written; ERR_INPUT: v cannot be written.
 */
bool drop_add(const char *folder, const struct envelope *v,
    const struct source *text, char name[DROP_NAME_SIZE], struct err *e)
    __attribute__((warn_unused_result));

/*
 * Opens the folder to take from it; *d is not open where there is none, or it
 * is another user's, who alone may remove from it. Keeps folder.
 */
bool drop_open(struct dir *d, const char *folder, struct err *e)
    __attribute__((warn_unused_result));

enum drop_found {
	DROP_WHOLE,
	DROP_GONE,
	DROP_HALF,   /* it is being written, or its writer died */
	DROP_FOREIGN /* *e says why */
};

struct drop_file {
	const char *name; /* borrowed */
	int fd;
	uid_t owner;
	uint64_t head, size; /* bytes: of the head, of head and message */
	struct envelope envelope;
	/* the rest is drop's */
	struct arena mem;
	char end[ENVELOPE_END + 1]; /* as it is there */
};

/* most: bytes of the largest that may be. Close it in any case. */
enum drop_found drop_look(const struct dir *d, const char *name, uint64_t most,
    struct drop_file *f, struct err *e);
/*
 * Hands the message over in pieces. False: what take says, or ERR_INPUT: it
 * is not what its end record says, so that it must not be taken.
 */
bool drop_read(const struct drop_file *f, source_take *take, void *arg,
    struct err *e) __attribute__((warn_unused_result));
void drop_close(struct drop_file *f);

#endif
