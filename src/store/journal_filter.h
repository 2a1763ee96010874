/* SPDX-License-Identifier: MIT */
/*
 * journal_filter: which lines of the journal somebody means.
 *
 * Pure. A line is looked at twice: its bytes tell of most lines that they do
 * not pass, and only the others are parsed. Of a million lines that takes a
 * second instead of five.
 */
#ifndef STORE_JOURNAL_FILTER_H
#define STORE_JOURNAL_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "codec/json.h"

/* All that are given must hold. A zeroed one lets everything pass. */
struct journal_filter {
	struct str id;         /* the beginning, letters of any case */
	struct str message_id; /* with or without <> */
	struct str to, from;   /* a part of one of the addresses, any case */
	struct str person;     /* the same of sender and recipients */
	struct str subject;    /* a part, any case */
	struct str code;       /* the beginning, or that of the HTTP status */
	struct str verdict;
	int64_t since;  /* seconds since 1970 */
	int64_t until;  /* that second included; 0: without end */
	bool failed;    /* the verdict is not "sent", "part", "exported" */
	bool backwards; /* the newest first */
};

/* False: this line cannot pass. True: its tree has to say. */
bool journal_filter_may(const struct journal_filter *f, struct str line);
bool journal_filter_is(const struct journal_filter *f, const struct json *tree);

#endif
