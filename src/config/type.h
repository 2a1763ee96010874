/* SPDX-License-Identifier: MIT */
/*
 * type: the kinds of value that a setting has: how its text becomes the
 * value, and the value a text again.
 */
#ifndef CONFIG_TYPE_H
#define CONFIG_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* So many messages in so many seconds; n 0: no limit. */
struct config_rate {
	uint64_t n;
	int64_t seconds;
};

struct config_type;

/* Where a value goes. All borrowed. */
struct config_value {
	const struct config_type *type;
	void *at;            /* the value */
	struct arena *mem;   /* where its text lives */
	const char *example; /* for messages */
};

/* Appends the value; or asks whether this text of one is secret. */
typedef void config_print(const void *at, struct buf *out);
typedef bool config_secrecy(struct str text);
/* ERR_CONFIG without a context, or out of memory. */
typedef bool config_parse(struct str text, const struct config_value *to,
    struct err *e);

struct config_type {
	config_parse *parse;
	config_print *print;    /* as the file would have it, secrets as *** */
	config_secrecy *secret; /* NULL: the value is no struct secret */
	size_t size;            /* bytes of the value */
	bool path;              /* of a file */
	const char *const *words; /* the texts there are, NULL at the end */
};

extern const struct config_type config_type_text, config_type_path;
extern const struct config_type config_type_sender, config_type_mailbox;
extern const struct config_type config_type_domain, config_type_names;
extern const struct config_type config_type_map, config_type_policy;
extern const struct config_type config_type_delivery, config_type_sync;
extern const struct config_type config_type_alg, config_type_hidden;
extern const struct config_type config_type_proxy, config_type_yes_no;
extern const struct config_type config_type_day, config_type_time;
extern const struct config_type config_type_age, config_type_size;
extern const struct config_type config_type_space, config_type_count;
extern const struct config_type config_type_mime_limit, config_type_rate;

/* A struct str, kept as it is written. */
config_parse config_keep;
config_print config_print_text;

/* "90s", "15m", "1h", "5d" or seconds: from 1 to `most` seconds. */
bool config_time(struct str text, uint64_t most, int64_t *seconds);

/* Words that `ca` takes instead of a file. */
bool config_is_no_path(struct str text);

/* "8-4-4-4-12" hex digits. */
bool config_is_guid(struct str s);
/* A name of two labels or more. */
bool config_is_domain(struct str s);

#endif
