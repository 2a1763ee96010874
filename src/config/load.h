/* SPDX-License-Identifier: MIT */
/*
 * load: what both halves of the settings are loaded by: the files, read into
 * memory that is wiped, and all levels, of which one half is kept.
 */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "config/file.h"
#include "config/level.h"

enum {
	LOAD_MEMORY = 4 * 1024 * 1024, /* a file of 1 MB and what it becomes */
	LOAD_MOSTLY = 8 * 1024 - 64    /* of one account */
};

struct load {
	const struct log *log;
	const struct config_draft *draft; /* or NULL */
	struct arena mem;                 /* until load_release */
	struct buf text, apart;           /* of the files; wiped */
	struct config_section *top;
	struct config_pass pass;
	struct config_level level[CONFIG_LEVELS];
};

/* Begins with pass.half, .at, .mem and .origin set, and no section. */
bool load_init(struct load *l, struct err *e)
    __attribute__((warn_unused_result));
void load_release(struct load *l);

/*
 * Reads the settings of c->file. A file with a secret that all may read is
 * wrong for those who sign in. ERR_CONFIG, ERR_RETRY.
 */
bool load_file(struct load *l, const struct config *c, struct err *e)
    __attribute__((warn_unused_result));
/*
 * Reads `secret` beside it as well. One without "=" is none of ours: people
 * keep a secret of that name. *unread: this user must not read it.
 */
bool load_apart(struct load *l, const char *path, bool *unread, struct err *e)
    __attribute__((warn_unused_result));
/* Its path; p NULL: c->file is not called `config`. Lives in a. */
struct str load_apart_path(const struct config *c, struct arena *a);

/*
 * Gathers and applies all levels with that account; from: of the option, or
 * NULL. l->pass.why says what is wrong. The other accounts are looked at,
 * and warned of.
 */
void load_apply(struct load *l, const struct config_section *account,
    const char *from);

/* Does a path in any section or level depend on the folder we stand in? */
bool load_is_relative(const struct load *l);

#endif
