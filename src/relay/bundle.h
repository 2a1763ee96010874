/* SPDX-License-Identifier: MIT */
/*
 * bundle: what reception must know, handed to it by its parent in memory that
 * has a descriptor: it must read no file of the machine's by itself. And the
 * descriptors that it begins with.
 *
 *	"NAME SIZE" LF, SIZE bytes, LF; and so on
 *
 * Source: design.md 6, relay.md 6.1.
 */
#ifndef RELAY_BUNDLE_H
#define RELAY_BUNDLE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
	BUNDLE_SETTINGS = 3, /* the bundle itself */
	BUNDLE_INLET,        /* the manager's: bell_tell */
	BUNDLE_CONTROL,      /* the parent: 'r' when it serves; ends with it */
	BUNDLE_LOG,          /* of struct record_way */
	BUNDLE_STATS,        /* stats_map */
	BUNDLE_DOORS         /* and all behind it: sockets that listen, in the
				order of conf.listen, then that of `socket`,
				and that of `metrics` */
};

enum { BUNDLE_MOST = 64 << 20 };

/* The parts, in this order. */
#define BUNDLE_RELAY   "relay"   /* conf_print */
#define BUNDLE_HOST    "host"    /* the name that it goes by */
#define BUNDLE_GATEWAY "gateway" /* conf_is_trap; may lack */
#define BUNDLE_SOCKET  "socket"  /* there is one; may lack */
#define BUNDLE_ACCOUNT "account" /* config_write; the default's first */
#define BUNDLE_BARRED  "barred"  /* its names, relay/barred.h; may lack */
#define BUNDLE_USERS   "users"   /* of auth_file; may lack */
#define BUNDLE_MAP     "map"     /* of recipient_map; may lack */
#define BUNDLE_CHAIN   "chain"   /* of certificates, PEM; each with its */
#define BUNDLE_KEY     "key"     /* key behind it */

void bundle_add(struct buf *out, const char *name, struct str bytes);
/* The next part. False: there is none, or it is cut. */
bool bundle_next(struct str *rest, struct str *name, struct str *bytes);

/* A descriptor that reads it; closed on exec. -1: ERR_RETRY. */
int bundle_open(struct str text, struct err *e);

#endif
