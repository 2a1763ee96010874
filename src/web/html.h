/* SPDX-License-Identifier: MIT */
/*
 * html: writes a page. All that is put into it is escaped here, so that no
 * caller can forget to.
 *
 * In markup, which is a literal of ours, `$` stands for the next value, and
 * text between two `@` is looked up in the language of the reader
 * (web/text.h); a `$` in it, too, is the next value. Values may stand in text
 * and in attributes between quotation marks, and nowhere else.
 *
 * Source: HTML Living Standard 13.1.2 (attributes), 13.1.4 (references).
 */
#ifndef WEB_HTML_H
#define WEB_HTML_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "web/text.h"

/* All borrowed. */
struct html {
	struct buf *out;
	struct arena *mem;
	enum text_language language;
};

/*
 * Appends markup with its values, n of them. Where that is not the number of
 * `$`, it is our mistake: out is latched, and there is no page. (assert would
 * bring stdio, 9 kB.)
 */
void html_fill(struct html *h, const char *markup, const struct str *value,
    size_t n);
#define HTML_PUT(h, markup, ...)                                               \
	html_fill(h, markup, (const struct str[]){ __VA_ARGS__ },              \
	    sizeof((const struct str[]){ __VA_ARGS__ }) / sizeof(struct str))
/* Markup without values. */
void html_put(struct html *h, const char *markup);

/* A value: a number, a size with its unit. Lives in h->mem. */
struct str html_number(struct html *h, int64_t n);
struct str html_size(struct html *h, int64_t bytes);
/* A value for the query of a link. */
struct str html_query(struct html *h, struct str s);
/* A value: a text of the page's own, in the reader's language. */
struct str html_word(const struct html *h, const char *english);

#endif
