/* SPDX-License-Identifier: MIT */
/*
 * walls: what reception can no longer do once it talks to strangers.
 *
 * After walls_begin and walls_end a process that strangers have taken over
 * can add to the spool, and talk on the sockets it has. It can open no file
 * that is there already, start nothing, connect to nothing, signal nobody.
 *
 * Order: walls_begin, the threads, walls_end. Landlock binds the thread that
 * asks for it and those that it starts later; seccomp lets nobody start one.
 * Before walls_begin: all that is to be opened, signal handlers, signalfd,
 * epoll, names of hosts and users.
 *
 *		seccomp				Landlock (ABI 2 or newer)
 *	files	only openat of new ones		in tmp/: make, read, write,
 *						remove; in new/: make, remove
 *	rename	any				between tmp/ and new/
 *	network	accept, talk			no bind and connect of TCP
 *	else	no exec, fork, socket, kill	no signals and abstract
 *						sockets to the outside
 *
 * What accept and spool need beyond: no look at the text before it is stored
 * (accept's `check` and `keep` open the file again), no journal in the outbox
 * (journal_reserve opens it), and `list`, or spool_limits without max_queue
 * and max_spool (they list folders).
 *
 * Source: relay.md 6.2 to 6.5; seccomp(2), landlock(7).
 */
#ifndef RELAY_WALLS_H
#define RELAY_WALLS_H

#include <stdbool.h>

#include "base/err.h"

enum { WALLS_SECCOMP = 1, WALLS_LANDLOCK = 2, WALLS_TEXT_SIZE = 256 };

struct walls_ask {
	int tmp, new;     /* the spool's folders, open */
	const char *list; /* a folder whose names, and those of the folders
			     in it, may be read; NULL: none */
	bool strict;      /* walls = strict */
	unsigned without; /* for tests: WALLS_... that are left out */
};

struct walls {
	struct walls_ask ask;
	int landlock;    /* its ABI; 0: there is none */
	bool seccomp;    /* there is */
	int no_landlock; /* errno: why not */
	int no_seccomp;  /* likewise; 0: it is left out */
	char text[WALLS_TEXT_SIZE];
};

/*
 * What this kernel has, without raising anything: for `relay --check`, and
 * walls_text. strict: ERR_CONFIG says what is missing and what to do.
 */
bool walls_look(bool strict, struct walls *w, struct err *e)
    __attribute__((warn_unused_result));

/*
 * No core file, no debugger, no new privileges, and Landlock. Nothing is kept
 * of ask. Where a wall is not to be had: ERR_CONFIG if strict, else
 * walls_text says so. ERR_RETRY with exit 71: the kernel has it and fails.
 */
bool walls_begin(const struct walls_ask *ask, struct walls *w, struct err *e)
    __attribute__((warn_unused_result));

/* seccomp, for all threads at once. Failures as of walls_begin. */
bool walls_end(struct walls *w, struct err *e)
    __attribute__((warn_unused_result));

/* Is one missing that was to be there? */
bool walls_has_gap(const struct walls *w);

/* "walls: seccomp, Landlock (ABI 7)", and why one is missing. Lends. */
const char *walls_text(struct walls *w);

#endif
