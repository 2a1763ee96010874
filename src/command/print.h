/* SPDX-License-Identifier: MIT */
/*
 * print: `post365 print NAME`, files for the machine: who runs the queue, and
 * the relay, and what works with it.
 *
 * They name this executable where it is, and folders as the settings have
 * them, so that what is printed is what is to be installed. Those of
 * containers, and who sends to or watches the relay, are examples.
 *
 * Source: print_text.h.
 */
#ifndef COMMAND_PRINT_H
#define COMMAND_PRINT_H

#include "base/arena.h"
#include "base/buf.h"
#include "cli/cli.h"

/*
 * ERR_USAGE: no name, several, or an unknown one. ERR_CONFIG: the settings, or
 * a path in them that such a file cannot name.
 */
int print_main(const struct cli_command *self, int argc, char **argv);
extern const struct cli_option print_options[];

/* What the files name. */
struct print_names {
	const char *program;
	struct str config; /* the settings' file; empty: the usual one */
	struct str spool, state;
	struct str user;    /* a name, or a number */
	bool own;           /* units of a user's own */
	bool root;          /* prints: the user is to be made */
	bool installed;     /* the user is there, and the queue is its */
	struct str mailbox; /* empty: an example */
};
#define PRINT_MACHINE "/etc/post365/config" /* the usual one */

/*
 * Sets spool, state, config and user by the settings; root says what the user
 * is without one. They live as long as c and mem. ERR_CONFIG.
 */
struct config;
bool print_find_names(struct print_names *names, const struct config *c,
    struct arena *mem, struct err *e) __attribute__((warn_unused_result));

/* What such a file takes without quotes: as a name, and as a path. */
bool print_is_plain(struct str word);
bool print_is_path(struct str path);

/* Appends the file of that name. ERR_USAGE, ERR_CONFIG. */
bool print_file(const char *name, const struct print_names *names,
    struct buf *out, struct err *e) __attribute__((warn_unused_result));

/* What may be asked for, for struct cli_command. */
const char *print_word(size_t i);

#endif
