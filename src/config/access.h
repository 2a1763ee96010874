/* SPDX-License-Identifier: MIT */
/*
 * access: the half of the settings that only signing in needs: who signs in,
 * where, and what is run for it. What takes, composes and stores mail never
 * knows it. It stands in the same file as the public half (config.h) or in a
 * file `secret` beside a file `config`, which fewer may read then.
 *
 * Included by config/, deliver/client, deliver/worker* and the commands that
 * sign in or show settings: `./build.sh check` holds that.
 */
#ifndef CONFIG_ACCESS_H
#define CONFIG_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "config/config.h"

/* What proves who signs in: in the order of the keys. */
enum access_proof {
	ACCESS_NO_PROOF,
	ACCESS_SECRET,         /* client_secret has it */
	ACCESS_SECRET_FILE,    /* proof_text is the file, of */
	ACCESS_SECRET_COMMAND, /* or the command, or */
	ACCESS_CERTIFICATE,    /* a PEM file, or */
	ACCESS_FEDERATED,      /* the file of a JWT of somebody else, or */
	ACCESS_MANAGED         /* "system" or a client id */
};

struct access {
	struct arena mem;  /* all texts below, each with a NUL behind it */
	struct str file;   /* `secret`, if it was read; or empty */
	struct str closed; /* a file of it that this user may not read */
	struct str tenant_id, client_id;
	enum access_proof proof;
	struct secret client_secret; /* config_secret fills it */
	struct str proof_text;
	/* what is set as well and gave way, for people; may be empty */
	struct str credential_note;
	struct str environment;            /* what it changes, or empty */
	struct str client_certificate_key; /* empty: in the same file */
	struct secret client_certificate_password;
	struct str client_certificate_password_file;
	struct str client_assertion_alg; /* "PS256" or "RS256" */
	int64_t secret_expires;          /* seconds since 1970; 0: not said */
	struct str cloud;
	struct str login_url, graph_url; /* without a final slash */
	struct str scope;                /* of graph_url, with "/.default" */
	struct str ca, ca_system_file;
	struct secret proxy; /* as proxy_parse takes it, unchecked where the
				environment has it; or "none"; or empty */
	struct str no_proxy; /* as proxy_entry takes it */
	int64_t connect_timeout_ms, timeout_ms;
	struct str alert_command; /* for /bin/sh; may be empty */
	bool token_cache;
	bool looks_only; /* for check: nobody is told that a proof ends */
	/* where each of its keys came from; of the others nothing */
	struct config_origin origin[CONFIG_KEYS];
};

/*
 * Loads what *c was loaded from once more, for the account of *c. False:
 * nobody can sign in with it. ERR_CONFIG names file, line, key and what to
 * do, and all else is in *a. ERR_RETRY: no memory. Release it in any case.
 */
bool access_load(struct access *a, const struct config *c,
    const struct log *log, struct err *e) __attribute__((warn_unused_result));
void access_release(struct access *a);

/*
 * False: a file of it is closed to this user, who therefore knows nothing of
 * whether mail can go. ERR_CONFIG names it.
 */
bool access_is_open(const struct access *a, struct err *e)
    __attribute__((warn_unused_result));

/* Of the row of the proof; ACCESS_NO_PROOF: CONFIG_KEYS. */
enum config_key access_key(const struct access *a);

/*
 * A hash of the settings that decide whether mail can go, and of the proof as
 * far as it is known: the secret, the files of a certificate. A command's
 * secret counts once it was asked for.
 */
void access_hash(const struct access *a, const struct config *c,
    char out[CONFIG_HASH_SIZE]);

#endif
