/* SPDX-License-Identifier: MIT */
/*
 * addr: mail addresses, alone and in lists.
 *
 * Accepts what RFC 5322 3.4 generates, its obsolete forms (4.4) as far as
 * mail still has them, and UTF-8 (RFC 6531, 6532). Comments are skipped, a
 * lone comment behind an address becomes the display name ("a@b (Name)").
 *
 * Beyond the RFCs, because mail has it: dots in names without quotes; an
 * address as the name of an address ("a@b <a@b>"); ';' between addresses as
 * Outlook writes it; a lone LF as line end in a fold; bytes in names that are
 * not UTF-8 (they become U+FFFD); '_' in domains; ".." within and "." behind
 * a local part (Japanese phone companies gave those out; text quotes it).
 * Short of them: control characters are refused wherever they stand, domains
 * have the shape of host names, literals are IP addresses.
 *
 * Source: RFC 5322 3.4 and 4.4, RFC 5321 4.1.2 and 4.5.3.1 (lengths).
 */
#ifndef MAIL_ADDR_H
#define MAIL_ADDR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "mail/notify.h"

enum {
	ADDR_LOCAL_MAX = 64,   /* RFC 5321 4.5.3.1.1 */
	ADDR_DOMAIN_MAX = 255, /* RFC 5321 4.5.3.1.2 */
	ADDR_MAX = 254,        /* RFC 3696 erratum 1690: fits a path of 256 */
	ADDR_LABEL_MAX = 63    /* RFC 1035 2.3.4; in characters */
};

struct addr {
	struct str name;      /* display name, unquoted; not RFC 2047 decoded */
	struct str local;     /* local part, unquoted */
	struct str domain;    /* without a final dot; empty: a bare name */
	struct str text;      /* "local@domain", quoted where it must be */
	bool grouped;         /* it stands in a group */
	struct notify notify; /* zeroed unless who made it knows */
	struct addr *next;
};

/*
 * Parses an address list; the list lives in a, in time linear in `in`. Empty
 * lists and groups are fine and give NULL. bare: names without a domain are
 * accepted ("root"). ERR_INPUT names the offending part and what is wrong
 * with it, and *out is NULL; else what arena_ok says.
 */
bool addr_parse_list(struct arena *a, struct str in, bool bare,
    struct addr **out, struct err *e) __attribute__((warn_unused_result));

/* As above, exactly one mailbox. */
bool addr_parse(struct arena *a, struct str in, bool bare, struct addr **out,
    struct err *e) __attribute__((warn_unused_result));

/*
 * The same mailbox: domains in any case, local parts to the letter (quoted
 * and unquoted alike) or, since Exchange does so, in any ASCII case.
 */
bool addr_same(const struct addr *a, const struct addr *b);

/*
 * Copies an address to the end of a list, out of its group: *tail is the
 * list's last link. Gives the copy; NULL: arena_ok says why. So of a list.
 */
struct addr *addr_add(struct arena *a, struct addr ***tail,
    const struct addr *address);
void addr_add_list(struct arena *a, struct addr ***tail,
    const struct addr *list);
struct addr *addr_copy(struct arena *a, const struct addr *list);

/*
 * Appends `Name <local@domain>`, the name quoted where it must be, or the
 * plain address if it has no name. Parsing that gives the same address.
 */
void addr_format(struct buf *out, const struct addr *a);

#endif
