/* SPDX-License-Identifier: MIT */
/*
 * config_level: the places that settings come from: option, environment,
 * section of the file, systemd's credentials, default. A later level
 * replaces what an earlier one says about a key.
 */
#ifndef CONFIG_LEVEL_H
#define CONFIG_LEVEL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "config/config.h"
#include "config/file.h"

/* In the order in which they are applied. */
enum config_place {
	CONFIG_DEFAULTS,
	CONFIG_SYSTEMD,
	CONFIG_TOP,   /* of the file */
	CONFIG_AZURE, /* Azure Identity's variables */
	CONFIG_ENVIRONMENT,
	CONFIG_SECTION, /* of the account that was chosen */
	CONFIG_OPTION,
	CONFIG_LEVELS
};

struct config_level {
	struct str value[CONFIG_KEYS];  /* p NULL: not given here */
	struct str origin[CONFIG_KEYS]; /* "from FILE:3" */
	/* of Azure's variables: which give way to another; may be empty */
	struct str passed_over;
	bool account; /* a section of an account */
};

/* Texts that have to be made live in a; all others are lent. */
void config_level_defaults(struct config_level *out);
/* The client secret as a credential of systemd, by this name. */
#define CONFIG_SYSTEMD_SECRET "post365.client_secret"
void config_level_systemd(struct arena *a, struct config_level *out);
void config_level_section(struct arena *a, struct str file,
    const struct config_section *s, struct config_level *out);

/*
 * POST365_<KEY>, and the variables of Azure Identity. An empty one counts as
 * none; a POST365_ one that we do not know is warned of, unless Kubernetes or
 * Docker makes it for a service of our name. Where several of Azure's name a
 * proof, secret goes before certificate before federated token, as there.
 * Texts live in c->mem. ERR_CONFIG; a bad one that is for signing in only is
 * noted in c->unusable.
 */
bool config_level_environment(struct config *c, const struct log *log,
    struct config_level *out, struct err *e)
    __attribute__((warn_unused_result));
bool config_level_azure(struct config *c, struct config_level *out,
    struct err *e) __attribute__((warn_unused_result));

/*
 * Parses what the level gives into *c, over what is there. A proof replaces
 * the others with all that belongs to them, a cloud replaces both URLs, and an
 * account's `from` the mailbox. ERR_CONFIG says where the bad value stands;
 * where signing in alone needs it, it is noted in c->unusable instead.
 */
bool config_level_apply(const struct config_level *level, struct config *c,
    struct err *e) __attribute__((warn_unused_result));

/*
 * All levels together: whether Azure's variables count (they do where nothing
 * else names a proof or a client_id; else *c notes what was passed over), and
 * whether tenant, client and proof belong together (else c->unusable).
 */
void config_level_settle(struct config_level level[CONFIG_LEVELS],
    struct config *c);

/* Notes in *c what the environment changes. */
void config_level_note(const struct config_level level[CONFIG_LEVELS],
    struct config *c);

#endif
