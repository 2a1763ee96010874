/* SPDX-License-Identifier: MIT */
/*
 * identity: who signs in, and by what proof.
 *
 * Four kinds: a client secret, a certificate (whose key signs an assertion
 * for each request), a token of another identity provider (federation), and
 * a managed identity, which Azure vouches for and where nothing is proved.
 * What a proof needs (a file, a command) is looked at only when a token is
 * wanted: `prepare` is called then.
 *
 * Source: RFC 6749 2.3.1 and 4.4, RFC 7523 2.2; facts.md 1.2 to 1.5.
 */
#ifndef GRAPH_IDENTITY_H
#define GRAPH_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "graph/managed.h"
#include "net/sign.h"

enum identity_kind {
	IDENTITY_SECRET,
	IDENTITY_CERTIFICATE,
	IDENTITY_FEDERATED,
	IDENTITY_MANAGED
};

/* Borrowed texts and parts. */
struct identity {
	enum identity_kind kind;
	struct str login_url; /* "https://login.microsoftonline.com" */
	struct str tenant;    /* GUID or domain */
	struct str client_id;
	struct str scope; /* "https://graph.microsoft.com/.default" */
	/*
	 * What a kept token belongs to, beside the four texts: another proof
	 * has another one, so that it is tried at once.
	 */
	struct str proof_id;
	/* Makes the proof ready; called again for each request. NULL: it is. */
	bool (*prepare)(void *arg, struct err *e);
	/*
	 * The service does not know the proof, or it has expired: forgets it,
	 * if `prepare` may then find another one. NULL: it looks each time.
	 */
	bool (*renew)(void *arg);
	void *arg;
	const struct secret *secret; /* the client's, or the foreign token */
	const struct sign *sign;     /* of IDENTITY_CERTIFICATE */
	enum sign_alg alg;
	const struct managed *managed;
};

/* Appends the address of the token endpoint. ERR_CONFIG. */
bool identity_endpoint(const struct identity *who, struct buf *out,
    struct err *e) __attribute__((warn_unused_result));

/*
 * Appends the form that asks for a token (secrets included); not for a
 * managed identity. claims: JSON that Graph asked for, or empty. now: wall
 * clock. ERR_BUG, ERR_RETRY (no memory).
 */
struct identity_ask {
	struct str claims;
	int64_t now; /* seconds since 1970 */
};
bool identity_form(const struct identity *who, const struct identity_ask *ask,
    struct buf *out, struct err *e) __attribute__((warn_unused_result));

/*
 * Adds to the remedy of *e, an error of the token endpoint, what the cloud
 * in use has to do with it. Returns false.
 */
bool identity_remedy(const struct identity *who, struct err *e);

/* "client secret", "certificate", ...: for messages. */
const char *identity_kind_name(enum identity_kind kind);

#endif
