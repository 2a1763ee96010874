/* SPDX-License-Identifier: MIT */
/*
 * config_file: reads the text of a configuration file.
 *
 * Lines of `key = value`; `#` at the start of a line begins a comment; a
 * value is the rest of its line, trimmed, without quoting. `[account NAME]`
 * begins the keys of an account, `[relay]` those of the relay. UTF-8, with or
 * without a byte order mark, lines ending in LF or CRLF.
 *
 * Source: design.md 1, "Syntax of the file".
 */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "config/config.h"

enum {
	CONFIG_FILE_MAX = 1024 * 1024, /* bytes; ours have a few hundred */
	CONFIG_LINE_MAX = 8192,        /* bytes of a line; a URL is shorter */
	CONFIG_ACCOUNTS_MAX = 200
};

struct config_line {
	struct str value;
	const char *file;
	unsigned line; /* 0: not set */
};

/* A line of [relay]: what its keys mean is the relay's. */
struct config_pair {
	struct str key, value;
	const char *file;
	unsigned line; /* 0: of an environment variable, named by file */
	struct config_pair *next;
};

struct config_section {
	struct str name; /* of the account; empty: the top */
	unsigned line;   /* of its header, in the file that was read last */
	const char *file;
	struct config_line key[CONFIG_KEYS];
	struct config_section *next;
	struct config_pair *relay; /* of the top: the lines of [relay] */
};

/*
 * Makes sections of `text`, which is lent to them, as is the name `file`; the
 * first is the top. Values are not looked at yet. *out, where it is not NULL,
 * has those of another file: this one adds keys to them, and only such as its
 * readers alone may know (config_half). ERR_CONFIG names file and line; it
 * never quotes a value, which may be a secret.
 */
bool config_file_parse(struct arena *a, const char *file, struct str text,
    struct config_section **out, struct err *e)
    __attribute__((warn_unused_result));

/* The section of that name; "" is the top. NULL: there is none. */
struct config_section *config_section_find(struct config_section *first,
    struct str name);

/* ERR_CONFIG that names it, as far as it cannot be a secret. False. */
bool config_unknown_key(struct str name, struct err *e);

/* One line of text, at most CONFIG_LINE_MAX bytes. ERR_CONFIG. */
bool config_text_check(struct str line, struct err *e)
    __attribute__((warn_unused_result));

#endif
