/* SPDX-License-Identifier: MIT */
/*
 * text: what pages say, in the languages of the reader. English is the key;
 * one table has the rest.
 *
 * Source: RFC 9110 12.5.4 (Accept-Language).
 */
#ifndef WEB_TEXT_H
#define WEB_TEXT_H

#include "base/str.h"

enum text_language { TEXT_ENGLISH, TEXT_FRENCH };

/* The first that is ours; of several, the one that is wanted most. */
enum text_language text_choose(struct str accept_language);
/* "en", "fr" */
struct str text_tag(enum text_language l);

/* The text in that language; where it is not known, as it is. */
struct str text_find(enum text_language l, struct str english);

/* The i-th English text; empty behind the last. For tests. */
struct str text_key(size_t i);

#endif
