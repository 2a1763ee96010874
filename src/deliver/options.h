/* SPDX-License-Identifier: MIT */
/*
 * options: how a message is to be sent, beside the settings: the words of an
 * envelope's Options.
 *
 *	raw		it is as it was handed in: the worker prepares it
 *	via=ROUTE	--via
 *	no-save		no copy in Sent Items
 *	no-report	who sent it wants none (NOTIFY=NEVER)
 *	envid=XTEXT	a name that the report repeats (ENVID)
 *	from=ADDRESS	--from of send: it chose the mailbox; the last word
 */
#ifndef DELIVER_OPTIONS_H
#define DELIVER_OPTIONS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "graph/route.h"

struct options {
	enum route via; /* ROUTE_AUTO: as the settings say then */
	bool raw, no_save, no_report;
	struct str envelope_id, from; /* or empty */
};

/* Appends them as words. */
void options_write(const struct options *o, struct buf *out);
/* Lends from words. Those that are not known are skipped. */
struct options options_read(struct str words);

#endif
