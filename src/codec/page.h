/* SPDX-License-Identifier: MIT */
/*
 * page: what a person is shown of an answer that is no error object: the
 * page of a proxy or gateway, or whatever else came.
 */
#ifndef CODEC_PAGE_H
#define CODEC_PAGE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum {
	PAGE_WORDS_MAX = 100,
	PAGE_ECHO = 8 /* bytes in a row that two texts share by no chance */
};

/* Its title, else its first words; PAGE_WORDS_MAX bytes at most. */
struct str page_words(struct str body);
/* It is HTML or XML, or wants to be. */
bool page_is_web(struct str body);
/*
 * What answers may echo the request, and its body or head are secret: words
 * in which one could stand are not to be shown.
 */
bool page_may_be_secret(struct str s);
/* s, or a word in its place if page_may_be_secret. */
struct str page_shown(struct str s);
/* Puts stars over each PAGE_ECHO bytes, or more, that the secret has too. */
void page_mask(struct buf *text, struct str secret);

#endif
