/* SPDX-License-Identifier: MIT */
/*
 * cut: ends the program, or fails a call, at the n-th system call that has to
 * do with files. Linked into the programs that build.sh gives the wraps.
 */
#ifndef UNIT_CUT_H
#define UNIT_CUT_H

enum cut {
	CUT_NONE,
	CUT_KILL, /* _exit before the call */
	CUT_HALF, /* the same, but half of a write is done */
	CUT_TORN, /* ... a 40th: half of a slot of state would be all its text
		   */
	CUT_LATE, /* ... all but a 40th: what came first is the old one */
	CUT_FAIL, /* this one call fails */
	CUT_MEET, /* cut_meet's */
	CUT_FULL  /* from here on all that want room on the disk fail */
};

enum { CUT_STATUS = 99 /* of _exit */, CUT_ORDER = 256 /* kept, and a NUL */ };

/* From here on: the n-th call (1, 2, ...); code is for errno. */
void cut_at(long n, enum cut how, int code);
/* f is called before the n-th call, once; its own calls do not count. */
void cut_meet(long n, void (*f)(void *arg), void *arg);
/* Calls since then. */
long cut_calls(void);
/*
 * Which they were, a letter each: w a write, s a write-out,
 * d fdatasync, r a rename, u unlink,
 * f a folder's fsync, ! one that failed, . any other. Lends.
 */
const char *cut_order(void);

#endif
