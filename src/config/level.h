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
#include "config/key.h"

struct config_level {
	struct str value[CONFIG_KEYS]; /* p NULL: not given here */
	struct config_origin origin[CONFIG_KEYS];
	/* of Azure's variables: which give way to another; may be empty */
	struct str passed_over;
	bool account; /* a section of an account */
};

/*
 * One half, and all levels on their way into it. Of a key that belongs to the
 * other half nothing is parsed, and nothing is an error.
 */
struct config_pass {
	enum config_half half;
	void *at;                     /* the struct config or access */
	struct arena *mem;            /* its */
	struct config_origin *origin; /* its, CONFIG_KEYS of them */
	struct str note;              /* which proofs gave way, for people */
	struct err why; /* the first thing that is wrong; else ERR_NONE */
};

/* Notes what is wrong, unless something was wrong before. */
void config_pass_fail(struct config_pass *p, const struct err *e);

/* Texts that have to be made live in a; all others are lent. */
void config_level_defaults(struct config_level *out);
/* The client secret as a credential of systemd, by this name. */
#define CONFIG_SYSTEMD_SECRET "post365.client_secret"
void config_level_systemd(struct arena *a, struct config_level *out);
void config_level_section(const struct config_section *s,
    enum config_place place, struct config_level *out);

/*
 * POST365_<KEY>, and the variables of Azure Identity. An empty one counts as
 * none; a POST365_ one that we do not know is warned of, unless Kubernetes or
 * Docker makes it for a service of our name. Where several of Azure's name a
 * proof, secret goes before certificate before federated token, as there.
 * What is wrong is noted in *p.
 */
void config_level_environment(struct config_pass *p, const struct log *log,
    struct config_level *out);
void config_level_azure(struct config_pass *p, struct config_level *out);

/*
 * Parses what the level gives into the half, over what is there. A proof
 * replaces the others with all that belongs to them, a cloud replaces both
 * URLs, and an account's `from` the mailbox. What is wrong is noted in *p.
 */
void config_level_apply(const struct config_level *level,
    struct config_pass *p);

/*
 * All levels together: whether Azure's variables count (they do where nothing
 * else names a proof or a client_id; else p->note says what was passed over),
 * and whether tenant, client and proof belong together.
 */
void config_level_settle(struct config_level level[CONFIG_LEVELS],
    struct config_pass *p);

/* Who decides of a key: the level's number; 0 (defaults): nobody gives it. */
size_t config_level_of(const struct config_level level[CONFIG_LEVELS],
    enum config_key key);

/* What the environment changes, as a list for people. */
struct str config_level_note(const struct config_level level[CONFIG_LEVELS],
    struct arena *a);

#endif
