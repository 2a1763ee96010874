/* SPDX-License-Identifier: MIT */
/*
 * session: TLS sessions kept in files, so that a new process resumes one
 * instead of doing the whole handshake.
 *
 * A file is named by what the session is good for: the peer and the trust
 * that verified it. It holds a secret: mode 0600, ours, or it is as good as
 * none. Losing one costs a round trip, so nothing here is an error.
 *
 * Source: RFC 8446 4.6.1 (lifetime), RFC 5077 3.3; RFC 9325 7.3 wants them
 * short-lived.
 */
#ifndef NET_SESSION_H
#define NET_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum {
	SESSION_LIMIT = 65536,     /* a chain of certificates and a ticket */
	SESSION_LIFE_S = 24 * 3600 /* at most, whatever the server says */
};

struct session_for {
	struct str folder; /* empty: sessions are not kept */
	struct str peer;   /* "host:port" */
	struct str trust;  /* what verified it */
};

/* The file's path, in the arena; NULL without a folder or memory. */
const char *session_path(struct arena *mem, const struct session_for *f);

/*
 * Appends the kept session to out. False: none, of another user, readable by
 * others, broken, or not valid at `now` (seconds since 1970).
 */
bool session_load(const char *path, int64_t now, struct buf *out)
    __attribute__((warn_unused_result));

/* Keeps s until `expires`, in place of an older one; makes the folder. */
bool session_save(const char *path, int64_t expires, struct str s)
    __attribute__((warn_unused_result));

/* One that a server did not like must not be offered again. */
void session_forget(const char *path);

#endif
