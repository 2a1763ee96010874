/* SPDX-License-Identifier: MIT */
/*
 * credential: what the settings say about who signs in, as graph/identity.h
 * wants it. Files are read whenever a token is asked for, since one may be
 * replaced while we run, and a command is run for the first. With a token in
 * the cache nothing but a secret's file is touched.
 */
#ifndef CONFIG_CREDENTIAL_H
#define CONFIG_CREDENTIAL_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "config/access.h"
#include "graph/identity.h"

struct credential {
	const struct config *config; /* borrowed, as are both that follow */
	struct access *access;
	const struct log *log;
	struct arena mem;
	struct sign sign;
	struct secret assertion, password;
	struct managed managed;
	int64_t warned; /* of files; wall clock */
	bool used;      /* the secret, of a command, for an earlier request */
};

/*
 * k->config, ->access and ->log say whose. Fills *who, which borrows from
 * them until credential_close; *k must not be moved. Tells of a secret that
 * ends soon. ERR_CONFIG.
 */
bool credential_open(struct credential *k, struct identity *who, struct err *e)
    __attribute__((warn_unused_result));
void credential_close(struct credential *k); /* a zeroed one is fine */

/*
 * Looks at everything that is put off, for `check`: the same errors as when
 * it is wanted. Appends what it is to out, "certificate FILE, until DATE".
 */
bool credential_describe(struct credential *k, const struct identity *who,
    struct buf *out, struct err *e) __attribute__((warn_unused_result));

#endif
