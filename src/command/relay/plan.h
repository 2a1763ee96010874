/* SPDX-License-Identifier: MIT */
/*
 * plan: all that one run of the relay goes by, read and checked before
 * anything is changed: the settings, and the bundle that reception gets of
 * them. Read anew for a reload; a plan that is wrong is not followed.
 */
#ifndef COMMAND_RELAY_PLAN_H
#define COMMAND_RELAY_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "cli/cli.h"
#include "config/config.h"
#include "config/file.h"
#include "relay/conf.h"
#include "relay/walls.h"

enum { PLAN_WATCHED = 8 };

struct plan {
	struct arena mem;
	struct config config; /* the default account's */
	struct conf conf;
	struct buf bundle; /* wiped: the certificates' keys are in it */
	struct str host;
	struct range_ip gateway; /* of a container */
	bool in_container;
	bool has_socket;    /* that of `socket` is open: doors_open says so */
	size_t users;       /* of auth_file */
	struct walls walls; /* what this kernel has */
	/* files that are read anew when they change */
	struct plan_file {
		struct str path;
		int64_t mtime;
		uint64_t size;
	} watched[PLAN_WATCHED];
	size_t n_watched;
};

/*
 * cli says which file and account. ERR_CONFIG names file, line and remedy.
 * Release it in any case; plan_seal ends the bundle.
 */
bool plan_load(struct plan *p, const struct cli *cli, struct err *e)
    __attribute__((warn_unused_result));
/* has_socket is known. */
bool plan_seal(struct plan *p, struct err *e)
    __attribute__((warn_unused_result));
void plan_release(struct plan *p);

/* Has one of the files changed that the plan was made of? */
bool plan_is_old(const struct plan *p);

#endif
