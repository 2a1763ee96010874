/* SPDX-License-Identifier: MIT */
/*
 * config: the settings, from option, environment and file.
 *
 * One table in key.c holds every key: its name, environment variables,
 * default, type, half and help. design.md 1 has the syntax. Nothing
 * here is read twice: what a key means is decided once, at load.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "config/type.h"

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
	CONFIG_READ_BOUNCES,
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
	CONFIG_MIN_FREE,
	CONFIG_MAX_QUEUE,
	CONFIG_MAX_SPOOL,
	CONFIG_MAX_AGE,
	CONFIG_LOG_FILE,
	CONFIG_LOG_SUBJECT,
	CONFIG_KEYS
};

/* In the order in which they are applied. */
enum config_place {
	CONFIG_DEFAULTS,
	CONFIG_SYSTEMD,
	CONFIG_TOP,   /* of the file */
	CONFIG_AZURE, /* Azure Identity's variables */
	CONFIG_ENVIRONMENT,
	CONFIG_SECTION, /* of the account that was chosen */
	CONFIG_OPTION,
	CONFIG_LEVELS,
	CONFIG_DERIVED /* from another setting */
};

/* Where a value came from. */
struct config_origin {
	enum config_place place;
	unsigned line;    /* of the file */
	const char *name; /* of file, variable, option; NULL: it is not set */
};
struct config_origin_text {
	char s[512];
};
/* "from FILE:3", "from environment NAME", "default": lends from *out. */
const char *config_origin(const struct config_origin *o,
    struct config_origin_text *out);
/* The same without "from": "FILE:3". */
const char *config_origin_place(const struct config_origin *o,
    struct config_origin_text *out);

enum { CONFIG_HASH_SIZE = 17 };

/* Texts that are loaded as if they were in those files already. Borrowed. */
struct config_draft {
	const char *path;
	struct str text;
	const struct config_draft *next; /* or NULL */
};

/*
 * The public half: what takes, composes, stores and keeps mail needs. No
 * secret, no URL, no command.
 */
struct config {
	struct arena mem;   /* all texts below, each with a NUL behind it */
	struct str file;    /* the file that was read; empty: none */
	struct str account; /* its name; empty: the keys at the top */
	bool chosen;        /* by name or sender, so that no author counts */
	bool piped;         /* the file is standard input */
	bool apart; /* there is a file `secret`, for those who sign in */
	struct str client_id;      /* who signs in, as envelopes say it */
	struct str from;           /* may have a display name */
	struct str mailbox;        /* "local@domain" */
	struct str from_policy;    /* "keep", "rewrite" or "map" */
	struct str from_map;       /* as from_map_parse takes it */
	struct str aliases;        /* a file; empty: where there is one */
	struct str default_domain; /* for bare names; may be empty */
	struct str local_names;    /* "a, b"; may be empty */
	struct str delivery;       /* "auto", "exact" or "once" */
	uint64_t mime_limit, max_message_size; /* bytes */
	struct config_rate rate;
	struct str state_dir; /* empty: nothing is kept on disk */
	/* empty where state_dir is, unless set */
	struct str spool_dir, log_file;
	struct str spool_sync;        /* "full", "file" or "none" */
	uint64_t min_free, max_spool; /* bytes; max_spool 0: no limit */
	uint64_t max_queue;           /* messages */
	int64_t max_age_ms;
	struct str postmaster; /* an address; may be empty */
	bool save_to_sent, enabled, bounces, read_bounces, log_subject;
	const struct config_draft *draft; /* of the question */
	bool relative; /* a path, of any section, does not begin with "/" */
	struct str accounts; /* names of those in the file, "a, b" */
	/* where each came from, and those of access.h that are given */
	struct config_origin origin[CONFIG_KEYS];
};

/* What the command line says about the settings; NULL: nothing. */
struct config_ask {
	const char *path;                 /* "-": standard input */
	const char *account;              /* "": the keys at the top */
	const char *from;                 /* is the sender, too */
	bool no_file;                     /* environment and defaults only */
	const struct config_draft *draft; /* or NULL; for access_load, too */
	/* These choose the account only, and may be any text: */
	const char *sender; /* of the envelope */
	const char *author; /* as the message names it */
};

/*
 * Loads the public half of file and environment, and keeps no byte of a value
 * of the other. The account is the one that is named, else the one whose
 * `from` or `mailbox` is from or sender, else that of POST365_ACCOUNT, else
 * the author's, else the top. Warnings go to log. ERR_CONFIG names file, line,
 * key and what to do; ERR_INPUT: ask->from is no address. What is wrong with
 * the other half is told by access_load, so that mail can be stored. Who has
 * no settings of his own, and may not look into /etc/post365, has the file
 * there, which is closed to him. Release in any case.
 */
bool config_load(struct config *c, const struct config_ask *ask,
    const struct log *log, struct err *e) __attribute__((warn_unused_result));

/* The same, where a file that this user may not read counts as none. */
bool config_load_readable(struct config *c, const struct config_ask *ask,
    const struct log *log, struct err *e) __attribute__((warn_unused_result));

/* What must be known to name the sender, to sign in, or for both. */
enum config_need { CONFIG_TO_COMPOSE, CONFIG_FOR_TOKEN, CONFIG_TO_SIGN_IN };
struct access;
/* ERR_CONFIG names all that lacks. a NULL: as far as that can be known. */
bool config_check(const struct config *c, const struct access *a,
    enum config_need need, struct err *e) __attribute__((warn_unused_result));

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

/*
 * Wipes the secrets in our own environment, of which /proc tells: for who
 * signs in neither himself nor by what he leaves behind.
 */
void config_forget_secrets(void);

/*
 * Is the file closed to this user, or the file `secret` beside it? After
 * config_load, whether or not it went well.
 */
bool config_is_closed(const struct config *c);

void config_release(struct config *c);

#endif
