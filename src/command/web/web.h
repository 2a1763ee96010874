/* SPDX-License-Identifier: MIT */
/*
 * web: the command `web`, a dashboard for a browser.
 *
 *	web.c           options; what it listens on
 *	house.c         the process that serves: requests, sessions, children
 *	call.c          the children that make pages
 *	job.c           a test mail on its way
 *	run.c           commands of the program, with what they say caught
 *	visit.c         the frame of all pages
 *	page_*.c        the pages
 *	send.c, sign.c  POST /send, and who may
 */
#ifndef COMMAND_WEB_WEB_H
#define COMMAND_WEB_WEB_H

#include <signal.h>

#include "base/stats.h"
#include "cli/cli.h"
#include "relay/conf.h"

extern const struct cli_option web_options[];

/* 0 after Ctrl-C or an hour without use; 78 for an address it must not have. */
int web_main(const struct cli_command *self, int argc, char **argv);

/*
 * The same of the relay's, for ever: people sign in. SIGTERM and SIGINT are
 * blocked. All borrowed; 78: the certificate cannot be used.
 */
struct web_of_relay {
	const struct conf *conf;
	int listener;     /* of conf->web */
	struct str spool; /* spool_dir */
	struct stats *stats;
	const sigset_t *mask; /* of children */
};
int web_serve_relay(const struct cli *cli, const struct web_of_relay *of);

#endif
