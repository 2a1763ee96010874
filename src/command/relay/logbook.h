/* SPDX-License-Identifier: MIT */
/*
 * logbook: where all processes of the relay send what happens
 * (base/record.h), and who writes it: to standard error, to syslog or
 * nowhere, and to a file besides. Writing waits for nothing but a file.
 *
 * Source: relay.md 1 (log, log_file, log_format, syslog_name), 4, 6.8.
 */
#ifndef COMMAND_RELAY_LOGBOOK_H
#define COMMAND_RELAY_LOGBOOK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/stats.h"
#include "relay/conf.h"

struct logbook {
	int in;  /* poll it for POLLIN, then logbook_write */
	int out; /* of struct record_way */
	struct stats *stats;
	/* settings; the texts are copies */
	int to, format;
	struct buf name, path;
	struct str host;  /* borrowed; set by the owner */
	int file, syslog; /* -1: not open */
	struct buf line;
};

/*
 * Opens the way; until logbook_follow all goes to standard error. Keeps
 * stats, which counts lines that are lost. ERR_RETRY.
 */
bool logbook_open(struct logbook *b, struct stats *stats, struct err *e)
    __attribute__((warn_unused_result));
void logbook_close(struct logbook *b); /* what is on its way is written */

/* By these settings from now on. ERR_CONFIG: the file; all stays. */
bool logbook_follow(struct logbook *b, const struct conf *c, struct err *e)
    __attribute__((warn_unused_result));
/* The file anew: it was moved away. ERR_CONFIG: the old one stays. */
bool logbook_reopen(struct logbook *b, struct err *e)
    __attribute__((warn_unused_result));

/* Writes what came. */
void logbook_write(struct logbook *b);

#endif
