/* SPDX-License-Identifier: MIT */
/*
 * key: every key of the configuration as a row of one table.
 */
#ifndef CONFIG_KEY_H
#define CONFIG_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/packed.h"
#include "config/config.h"
#include "config/type.h"

/* Who needs it: all who take, store and keep mail, or who signs in. */
enum config_half { CONFIG_PUBLIC, CONFIG_ACCESS };

struct config_row {
	const char *name;
	const struct config_type *type; /* NULL: of [relay] */
	enum config_half half;
	bool top_only; /* the machine's, not a sender's: not in an account */
	uint16_t at;   /* in struct config or access */
	const char *azure;    /* the variable that Azure Identity has for it */
	const char *standard; /* the default; NULL: none */
	const char *example;
};

/* Rows 0 to CONFIG_KEYS - 1 are those of enum config_key. */
extern const struct config_row config_rows[];

/*
 * What it is for, a line or more: of src/texts/settings.txt. Lends a part of
 * texts, which are open up to TEXT_SETTINGS.
 */
struct str config_row_help(const struct config_row *row,
    const struct packed *texts);

/* NULL: no such key. */
const struct config_row *config_row_find(struct str name);
/* The name of the nearest key, or NULL. */
const char *config_row_nearest(struct str name);

/* The value lives in a struct secret. */
bool config_row_is_secret(const struct config_row *row);
/* This text of it is secret, or a part of the text. */
bool config_row_has_secret(const struct config_row *row, struct str text);
/* What proves who signs in: of these keys one replaces the others. */
bool config_row_is_credential(const struct config_row *row);
/*
 * Where that proof is a new one, is this another proof, or what belonged to the
 * one before? The key of a certificate stays with the next certificate.
 */
bool config_row_gives_way(const struct config_row *row,
    const struct config_row *proof);

/* Appends the value as the file would have it; what is secret as "***". */
void config_row_print(const struct config_row *row, const void *half,
    struct buf *out);

#endif
