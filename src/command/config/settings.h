/* SPDX-License-Identifier: MIT */
/*
 * settings: the command `config`.
 *
 *	settings.c     its options; show, path and get
 *	json.c         show for programs
 *	set.c          set and unset
 *	init.c         init: asks, and writes a file
 *	certificate.c  certificate: makes one to sign in by
 *	apply.c        what these change: files, checked before they are written
 *	ask.c          questions on a terminal
 */
#ifndef COMMAND_CONFIG_SETTINGS_H
#define COMMAND_CONFIG_SETTINGS_H

#include "cli/cli.h"

extern const struct cli_option settings_options[];

enum { SETTINGS_WORDS = 3 };

/* What was asked for. */
struct settings {
	struct cli cli;
	const char *word[SETTINGS_WORDS]; /* the action and its operands */
	size_t words;
	const char *tenant, *client, *from, *certificate, *days; /* or NULL */
	const char *tag; /* of show --json, or NULL */
	bool managed, set, json, lines;
};

/*
 * show, get: 78 for settings that cannot be used, or a key that is not set;
 * show --json: 0, and says so.
 * path: 66 if there is no file. init: 73 if there is one. set, unset: 78 for a
 * file that could not be used afterwards, 75 where --if names another tag, or
 * somebody else changes it for too long; it is not written then.
 */
int settings_main(const struct cli_command *self, int argc, char **argv);

/* What may be asked for, for struct cli_command. */
const char *settings_word(size_t i);

/* ERR_USAGE: no key of this name, and which is near. */
struct config_row;
const struct config_row *settings_row(const char *name, struct err *e);
/* "relay.KEY": that key of [relay]; NULL: it is none. Lends from name. */
const char *settings_relay_key(const char *name);
/* ERR_CONFIG (66): there is no file to change. */
struct config_places;
bool settings_no_file(const struct config_places *places, struct err *e);

#endif
