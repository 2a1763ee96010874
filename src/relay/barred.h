/* SPDX-License-Identifier: MIT */
/*
 * barred: local names that take no mail, since their alias is an error (a
 * command, a file, an include, no address), so that a recipient is refused
 * at once and not by a report later. The parent, who may read the alias file,
 * writes the list; reception only looks names up in it.
 *
 *	"localhost host.example" LF	domains whose names are local
 *	"name:why" LF			or "*:why": all that have no line
 *	"name:" LF			takes mail: stands there beside "*"
 *
 * Source: relay.md 2 (RCPT); mail/alias.h.
 */
#ifndef RELAY_BARRED_H
#define RELAY_BARRED_H

#include "base/buf.h"
#include "base/str.h"
#include "mail/addr.h"
#include "mail/alias.h"

/* Appends the list; nothing where all names take mail. */
void barred_write(const struct alias_rules *r, struct buf *out);

/* Why mail for it is refused, lent by list; empty: it is not. */
struct str barred_why(struct str list, const struct addr *to);

#endif
