/* SPDX-License-Identifier: MIT */
/*
 * spool: the queue on the disk. One message is one file (store/envelope.h),
 * its folder is its state, its id is its name in all of them. claim.h reads
 * and changes one message.
 *
 *	tmp/	being written; its writer holds the file's lock
 *	new/	accepted, waits for its time
 *	work/	claimed; its worker holds the file's lock
 *	hold/	a person decides
 *	dead/	failed for good, kept for a while
 *
 * Locks end with their holder, so no recovery has to run: a file in work/
 * whose lock is free belonged to a worker that died, and claim_take takes it
 * like one of new/. The table, for SPOOL_FULL: what a kill or a power cut
 * during or after a step leaves. Tests do both at every system call
 * (unit/spool_test.c, story/powercut.sh).
 *
 *	step			found			then
 *	add
 *	1 create in tmp/, lock	tmp/, any bytes		not accepted:
 *	2 write it, seal it	tmp/, any bytes		spool_clean removes
 *	  settle any number, each step for all before the next:
 *	3 write out, wait	tmp/, any bytes		it after 36 h
 *	4 rename to new/	tmp/ or new/, whole	the same, or sent
 *	5 fdatasync		tmp/ or new/, whole	the same, or sent
 *	6 fsync new/		new/, whole		ACCEPTED, is sent
 *	7 close: lock is free	new/, whole		is sent
 *	  the one for which 3, 4 or 5 fails goes, the others go on; where 6
 *	  fails, none is accepted:
 *	8 unlink each		new/, whole; or none	refused, or sent
 *	9 fsync new/		none			REFUSED
 *	take
 *	1 lock, read, check	new/			is sent
 *	2 rename to work/	new/ or work/		is sent
 *	save (before a request: with unsure_since)
 *	1 write the other slot	old or new state	as it says
 *	2 fdatasync		new state		"perhaps sent": the
 *							policy decides
 *	put (later, hold, dead, or from these back to new)
 *	1 save			new state		is sent
 *	2 rename		old or new folder	as the folder says
 *	3 fsync the folder	new folder		as the folder says
 *	  (not for later: both folders mean queued)
 *	done
 *	1 save: all settled	work/, settled		never sent again
 *	2 unlink		work/, settled; or none	removed by the next
 *							who takes it
 *
 * So a message goes out twice only if the cut falls between its request and
 * the journal's line, which comes before step 1 of done, and then
 * unsure_since tells.
 *
 * The rename comes before the sync, so that a file system with a journal (ext4,
 * XFS) commits once for both: a commit is most of what a message costs. What
 * is written out by then gets to the disk with that commit, if not before. On
 * others a power cut between 4 and 6 may leave in new/, torn, what was not
 * accepted.
 *
 * A torn file (SPOOL_NONE and a power cut, or a bad disk) fails its check
 * when it is taken, moves to hold/ and is never sent. One of another version
 * or owner stays where it is. Names that are no ids are left alone and told.
 *
 * Failures are ERR_RETRY unless said otherwise. Of the functions that add,
 * with exit 75: nothing was stored, and the message is still the caller's.
 *
 * Source: design.md 4; sendmail.md 3.2 (order of syncs, 36 h).
 */
#ifndef STORE_SPOOL_H
#define STORE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/dir.h"
#include "base/source.h"
#include "store/envelope.h"

/* Beside them `lock`, by which spool_open finds out whether there are locks. */
enum spool_where { SPOOL_TMP, SPOOL_NEW, SPOOL_WORK, SPOOL_HOLD, SPOOL_DEAD };
enum { SPOOL_FOLDERS = SPOOL_DEAD + 1, SPOOL_TMP_AGE = 36 * 3600 /* s */ };

/* Folders as a set. */
#define SPOOL_IN(where) (1U << (where))
#define SPOOL_QUEUED    (SPOOL_IN(SPOOL_NEW) | SPOOL_IN(SPOOL_WORK))
#define SPOOL_KEPT      (SPOOL_IN(SPOOL_HOLD) | SPOOL_IN(SPOOL_DEAD))
#define SPOOL_ALL       (SPOOL_QUEUED | SPOOL_KEPT)

/* The setting spool_sync: what a power cut may cost. */
enum spool_sync {
	SPOOL_FULL, /* nothing */
	SPOOL_FILE, /* messages of the last seconds, whole ones */
	SPOOL_NONE, /* more of them, and a few torn */
	/* no setting: for who only reads. Makes no folder; a missing one is
	   empty */
	SPOOL_LOOK
};

/* Of store/room: how much there is, and until when (monotonic ms) that is
 * good enough. */
struct spool_seen {
	int64_t until;
	uint64_t n;
};

struct spool {
	const char *path; /* borrowed */
	struct dir dir[SPOOL_FOLDERS];
	const struct clock *clock; /* borrowed */
	enum spool_sync sync;
	int64_t latest; /* microseconds, of the last id that was made here */
	struct spool_seen files, bytes;
};

/*
 * Opens the spool, making its folders (mode 0700, and existing ones are the
 * owner's business). Keeps path and clock. ERR_CONFIG with exit 73;
 * also where the file system has no locks.
 */
bool spool_open(struct spool *s, const char *path, enum spool_sync sync,
    const struct clock *clock, struct err *e)
    __attribute__((warn_unused_result));
void spool_close(struct spool *s); /* a zeroed one is fine */

/* Sync as the setting says: nothing to do is true. */
bool spool_sync_file(const struct spool *s, int fd, const char *id,
    struct err *e) __attribute__((warn_unused_result));
bool spool_sync_folder(const struct spool *s, enum spool_where where,
    struct err *e) __attribute__((warn_unused_result));

/* "new", "work", ...: the folder's name. */
const char *spool_where_name(enum spool_where where);

/* --- adding a message */

struct spool_add {
	struct spool *spool; /* NULL: not begun, or over */
	char id[ENVELOPE_ID_SIZE];
	enum spool_where where;
	uint64_t size; /* of the message so far */
	struct envelope_sum sum;
	uint64_t head; /* bytes */
	int fd;
	bool stored; /* by spool_settle */
};

/*
 * Begins a message. Borrows v for the call. Its id stays if it has one that
 * is free, else it gets a new one; a->id says. arrived is now if it is 0.
 * Keeps s. ERR_INPUT: v cannot be written.
 */
bool spool_begin(struct spool *s, const struct envelope *v, struct spool_add *a,
    struct err *e) __attribute__((warn_unused_result));
/* A piece of the message; large ones are cheap. False: the add is over. */
bool spool_write(struct spool_add *a, struct str piece, struct err *e)
    __attribute__((warn_unused_result));
/*
 * All at once for one message: true means that it survives a power cut and
 * may be acknowledged. False: it is not queued. Both ways the add is over.
 */
bool spool_commit(struct spool_add *a, struct err *e)
    __attribute__((warn_unused_result));
/*
 * The same for several of one spool that share one commit of the disk: seal
 * each (false: that one is over), then settle them all (n > 0) at once. True:
 * all are accepted. False: those are that say `stored`; the others are not
 * there any more, for the first of them *e says why. Either way all are over.
 * Settle waits for the disk and needs nothing but these: it may run in a
 * thread beside the one that goes on to add others, or in a forked process
 * (then the forker closes its copies of a->fd: the lock ends with the last).
 */
bool spool_seal(struct spool_add *a, struct err *e)
    __attribute__((warn_unused_result));
bool spool_settle(struct spool_add **a, size_t n, struct err *e)
    __attribute__((warn_unused_result));
/* Gives up: removes what is there. Fine when it is over already. */
void spool_abort(struct spool_add *a);

/* --- all of them */

struct spool_entry {
	char id[ENVELOPE_ID_SIZE];
	unsigned char where; /* enum spool_where */
};

struct spool_list {
	const struct spool_entry *item; /* by id, so in order of arrival */
	size_t n;
	size_t foreign;         /* files that are not ours */
	char foreign_name[256]; /* one of them, with its folder */
	struct buf bytes;       /* of item */
};

/*
 * Lists the messages of these folders from the folders alone: of 100,000
 * files that nobody looked at yet, to ask for each would take seconds. One
 * that moves at that moment may be missing. Release out in both cases.
 */
bool spool_list(struct spool *s, unsigned folders, struct spool_list *out,
    struct err *e) __attribute__((warn_unused_result));
void spool_list_release(struct spool_list *l);
/*
 * New: not before this (wall clock). Dead: since then. 0: it has moved. A
 * hint: the state has the word, after a power cut the two may differ.
 */
int64_t spool_due(const struct spool *s, const struct spool_entry *entry);

/*
 * The id that begins with prefix (letters of any case). ERR_INPUT: none does,
 * or several.
 */
bool spool_find(struct spool *s, struct str prefix, unsigned folders,
    char id[ENVELOPE_ID_SIZE], struct err *e)
    __attribute__((warn_unused_result));

/*
 * Removes files of SPOOL_TMP (whose writer died) or SPOOL_DEAD that have not
 * changed since `before`. *removed counts them.
 */
bool spool_clean(struct spool *s, enum spool_where where, int64_t before,
    size_t *removed, struct err *e) __attribute__((warn_unused_result));

#endif
