/* SPDX-License-Identifier: MIT */
/*
 * value: what a header field says, as UTF-8, for all who read or rewrite one.
 *
 * Lists of addresses and parameters are taken apart in the text where encoded
 * words still stand, since a word may hold a comma; their names are decoded
 * afterwards (mail/word.h). Texts are shown, and written anew, decoded.
 */
#ifndef MAIL_VALUE_H
#define MAIL_VALUE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "mail/addr.h"
#include "mail/head.h"

struct value {
	struct str text;  /* encoded words stand in it as they are */
	struct str plain; /* encoded words are decoded */
	bool whole;       /* plain: none was left that could not be decoded */
};

/*
 * Reads the value of a field as it stands (head_field.value), unfolded.
 * Bytes that are no UTF-8 are taken for charset, else for Windows-1252 as
 * old programs write it. Texts are slices of raw or a's: ask arena_ok.
 */
struct value value_read(struct arena *a, struct str raw, struct str charset);

/* The same of a text that is unfolded UTF-8, as the name of an address is. */
struct value value_words(struct arena *a, struct str text);

/*
 * The addresses of a field, which may be NULL; bare: names without a domain,
 * too. NULL: none, or it is no list. Lives in a.
 */
struct addr *value_addresses(struct arena *a, const struct head_field *f,
    bool bare);

#endif
