/* SPDX-License-Identifier: MIT */
/*
 * config: the settings, from option, environment and file.
 *
 * One table in config_key.c holds every key: its name, environment
 * variables, default, type and help. design.md 1 has the syntax. Nothing
 * here is read twice: what a key means is decided once, at load.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "config/type.h"

struct config_row;

enum config_key {
	CONFIG_TENANT_ID,
	CONFIG_CLIENT_ID,
	CONFIG_CLIENT_SECRET,
	CONFIG_CLIENT_SECRET_FILE,
	CONFIG_CLIENT_SECRET_COMMAND,
	CONFIG_CLIENT_CERTIFICATE,
	CONFIG_FEDERATED_TOKEN_FILE,
	CONFIG_MANAGED_IDENTITY,
	CONFIG_CLIENT_CERTIFICATE_KEY,
	CONFIG_CLIENT_CERTIFICATE_PASSWORD,
	CONFIG_CLIENT_CERTIFICATE_PASSWORD_FILE,
	CONFIG_CLIENT_ASSERTION_ALG,
	CONFIG_SECRET_EXPIRES,
	CONFIG_FROM,
	CONFIG_MAILBOX,
	CONFIG_FROM_POLICY,
	CONFIG_FROM_MAP,
	CONFIG_ALIASES,
	CONFIG_DEFAULT_DOMAIN,
	CONFIG_LOCAL_NAMES,
	CONFIG_SAVE_TO_SENT,
	CONFIG_DELIVERY,
	CONFIG_MIME_LIMIT,
	CONFIG_MAX_MESSAGE_SIZE,
	CONFIG_RATE,
	CONFIG_ENABLED,
	CONFIG_BOUNCES,
	CONFIG_POSTMASTER,
	CONFIG_ALERT_COMMAND,
	CONFIG_CLOUD,
	CONFIG_LOGIN_URL,
	CONFIG_GRAPH_URL,
	CONFIG_CA,
	CONFIG_PROXY,
	CONFIG_NO_PROXY,
	CONFIG_CONNECT_TIMEOUT,
	CONFIG_TIMEOUT,
	CONFIG_TOKEN_CACHE,
	CONFIG_STATE_DIR,
	CONFIG_SPOOL_DIR,
	CONFIG_SPOOL_SYNC,
	CONFIG_MAX_AGE,
	CONFIG_LOG_FILE,
	CONFIG_KEYS
};

struct config {
	struct arena mem;   /* all texts below, each with a NUL behind it */
	struct str file;    /* the file that was read; empty: none */
	struct str account; /* its name; empty: the keys at the top */
	bool chosen;        /* by name or sender, so that no author counts */
	struct str tenant_id, client_id;
	/* of these six at most one is set; config_secret fills the first */
	struct secret client_secret;
	struct str client_secret_file, client_secret_command;
	struct str client_certificate;   /* a PEM file */
	struct str federated_token_file; /* a JWT of somebody else */
	struct str managed_identity;     /* "system" or a client id */
	/* what is set as well and gave way, for people; may be empty */
	struct str credential_note;
	struct str environment; /* what it changes, for people; or empty */
	/* why nobody can sign in with these settings; kind ERR_NONE: nothing */
	struct err unusable;
	struct str client_certificate_key; /* empty: in the same file */
	struct secret client_certificate_password;
	struct str client_certificate_password_file;
	struct str client_assertion_alg; /* "PS256" or "RS256" */
	int64_t secret_expires;          /* seconds since 1970; 0: not said */
	struct str cloud;
	struct str login_url, graph_url; /* without a final slash */
	struct str scope;                /* of graph_url, with "/.default" */
	struct str from;                 /* may have a display name */
	struct str mailbox;              /* "local@domain" */
	struct str from_policy;          /* "keep", "rewrite" or "map" */
	struct str from_map;             /* as from_map_parse takes it */
	struct str aliases;              /* a file; empty: where there is one */
	struct str default_domain;       /* for bare names; may be empty */
	struct str local_names;          /* "a, b"; may be empty */
	struct str delivery;             /* "auto", "exact" or "once" */
	uint64_t mime_limit, max_message_size; /* bytes */
	struct config_rate rate;
	struct str ca, ca_system_file;
	struct secret proxy;  /* as proxy_parse takes it, unchecked where the
				 environment has it; or "none"; or empty */
	struct str no_proxy;  /* as proxy_entry takes it */
	struct str state_dir; /* empty: nothing is kept on disk */
	/* empty where state_dir is, unless set */
	struct str spool_dir, log_file;
	struct str spool_sync; /* "full", "file" or "none" */
	int64_t connect_timeout_ms, timeout_ms, max_age_ms;
	struct str postmaster;    /* an address; may be empty */
	struct str alert_command; /* for /bin/sh; may be empty */
	bool token_cache, save_to_sent, enabled, bounces;
	bool relative; /* a path, of any section, does not begin with "/" */
	struct str accounts; /* names of those in the file, "a, b" */
	/* where each came from, for people; p NULL: not set */
	struct str origin[CONFIG_KEYS];
};

/* What the command line says about the settings; NULL: nothing. */
struct config_ask {
	const char *path;    /* "-": standard input */
	const char *account; /* "": the keys at the top */
	const char *from;    /* is the sender, too */
	bool no_file;        /* environment and defaults only */
	/* These choose the account only, and may be any text: */
	const char *sender; /* of the envelope */
	const char *author; /* as the message names it */
};

/*
 * Loads file and environment. The account is the one that is named, else the
 * one whose `from` or `mailbox` is from or sender, else that of
 * POST365_ACCOUNT, else the author's, else the top. Warnings go to log.
 * ERR_CONFIG names file, line, key and what to do; ERR_INPUT: ask->from is no
 * address. What is wrong with settings that only signing in needs is no
 * error here: it stands in c->unusable, so that mail can be stored. Release
 * in any case.
 */
bool config_load(struct config *c, const struct config_ask *ask,
    const struct log *log, struct err *e) __attribute__((warn_unused_result));

/* What must be known to name the sender, to sign in, or for both. */
enum config_need { CONFIG_TO_COMPOSE, CONFIG_FOR_TOKEN, CONFIG_TO_SIGN_IN };
/* ERR_CONFIG names all that lacks, or is what c->unusable says. */
bool config_check(const struct config *c, enum config_need need, struct err *e)
    __attribute__((warn_unused_result));

/* The row of what proves who signs in (config_key.h); NULL: none is set. */
const struct config_row *config_credential(const struct config *c);

/*
 * Where the file is looked for, in this order. `named`: by option or
 * POST365_CONFIG, so that it must exist.
 */
enum { CONFIG_PLACES = 2 };
struct config_places {
	struct str item[CONFIG_PLACES]; /* with a NUL behind each */
	size_t n;
	bool named;
};
void config_find(struct arena *a, const char *path, struct config_places *out);

/* Why nobody can sign in: the first reason counts. */
void config_unusable(struct config *c, const struct err *why);

void config_release(struct config *c);

#endif
