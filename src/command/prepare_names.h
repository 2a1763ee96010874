/* SPDX-License-Identifier: MIT */
/*
 * prepare_names: names of this machine, and where their mail goes.
 *
 * Local are names without a domain, and those at localhost or at this host's
 * own name. A host name that could be a domain of people (the domain of
 * `from` or `mailbox`, default_domain, anything of two labels) is none of
 * ours: mail for it goes out as addressed.
 */
#ifndef COMMAND_PREPARE_NAMES_H
#define COMMAND_PREPARE_NAMES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "command/config.h"
#include "mail/addr.h"
#include "mail/alias.h"

enum { PREPARE_NAMES_LOCAL = 3 };

/* Must not be moved: rules point into it. */
struct prepare_names {
	struct alias_rules rules;
	struct str local[PREPARE_NAMES_LOCAL];
	struct str host; /* what this machine calls itself; may be empty */
};

/*
 * Reads the alias file. ERR_CONFIG: one that is configured cannot be used; one
 * that only happens to be there is done without then, and log says so.
 */
bool prepare_names_load(struct prepare_names *n, struct arena *a,
    const struct config *config, const struct log *log, struct err *e)
    __attribute__((warn_unused_result));

bool prepare_names_is_local(const struct prepare_names *n,
    const struct addr *address);

#endif
