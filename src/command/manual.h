/* SPDX-License-Identifier: MIT */
/*
 * manual: the manual pages, from the tables that help and the settings are
 * read from, so that nothing can be missing in one of them.
 *
 * Source: mdoc(7).
 */
#ifndef COMMAND_MANUAL_H
#define COMMAND_MANUAL_H

#include "base/buf.h"
#include "cli/cli.h"

enum { MANUAL_PAGES = 3 };

/* Pages as `post365 print` calls them: man, man-conf, man-sendmail. */
extern const struct manual_page {
	const char *name;
	void (*write)(const struct packed *texts, struct buf *out);
} manual_pages[MANUAL_PAGES];

/* Appends one. */
void manual_add(const struct manual_page *page, struct buf *out);

/* Prints all of it as plain text, for who has no man(1). */
int manual_main(const struct cli_command *self, int argc, char **argv);

#endif
