/* SPDX-License-Identifier: MIT */
/*
 * house: the process that serves the dashboard. It reads requests, keeps
 * sessions, and has pages made by children (visit.h); it holds no secret of
 * the settings and waits for nobody.
 *
 *	who		what		is asked for
 *	a browser	pages		the cookie of a session; it begins with
 *					the token of the printed address, or by
 *					signing in (auth_file, role=admin)
 *			forms		Origin and the session's token, too
 *	a program	POST /send	a bearer token, or a user of auth_file
 *	a monitor	/metrics	nothing at a loopback address, else as
 *					a program
 *			/healthz	nothing
 *
 * Source: design.md 1; web.md.
 */
#ifndef COMMAND_WEB_HOUSE_H
#define COMMAND_WEB_HOUSE_H

#include <signal.h>
#include <stdbool.h>

#include "base/stats.h"
#include "cli/cli.h"
#include "net/cert.h"
#include "relay/conf.h"

struct house_how {
	const struct cli *cli; /* whose settings; its log */
	int listener;
	unsigned port;
	const struct cert *cert; /* NULL: plain */
	const struct conf *conf; /* auth_file, web_hosts, web_token_file */
	struct str spool;        /* spool_dir: large messages on their way */
	const char *once;        /* the printed token; NULL: there is none */
	bool loopback;           /* strangers cannot reach it */
	bool forever;            /* not ended by an hour without use */
	struct stats *stats;     /* the relay's; or NULL */
	const sigset_t *mask;    /* of children */
};

/* Until SIGTERM or SIGINT, which are to be blocked. Gives the exit status. */
int house_run(const struct house_how *how);

#endif
