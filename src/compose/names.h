/* SPDX-License-Identifier: MIT */
/*
 * prepare_names: names of this machine, and where their mail goes.
 *
 * Local are names without a domain, and those at localhost, at this host's own
 * names (gethostname, the full name that /etc/hosts has for it, /etc/mailname)
 * and at those of the setting local_names. A name of the host that could be a
 * domain of people (the domain of `from` or `mailbox`, default_domain,
 * anything of two labels) is none of ours: mail for it goes out as addressed.
 */
#ifndef COMPOSE_NAMES_H
#define COMPOSE_NAMES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "mail/addr.h"
#include "mail/alias.h"

struct prepare_names {
	struct alias_rules rules;
	struct str host; /* what this machine calls itself; may be empty */
};

/*
 * Reads the alias file. ERR_CONFIG: one that is configured cannot be read; one
 * that only happens to be there is done without then, and log says so.
 */
bool prepare_names_load(struct prepare_names *n, struct arena *a,
    const struct config *config, const struct log *log, struct err *e)
    __attribute__((warn_unused_result));

/* Tells each entry of the alias file that is of no use, of 20 at most. */
typedef void prepare_names_tell(void *arg, const struct err *why);
void prepare_names_each(const struct prepare_names *n, prepare_names_tell *tell,
    void *arg);
/* Warns of them. */
void prepare_names_check(const struct prepare_names *n, const struct log *log);

/*
 * The full name of a host by the text of /etc/hosts: the first of the line
 * that names it, if that begins with "host.". Empty: none.
 */
struct str prepare_names_full(struct str hosts, struct str host);

bool prepare_names_is_local(const struct prepare_names *n,
    const struct addr *address);

#endif
