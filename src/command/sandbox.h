/* SPDX-License-Identifier: MIT */
/*
 * sandbox: a stand-in for Entra ID and Graph on this machine's loopback.
 *
 * A token endpoint and sendMail (JSON and MIME), over TLS with a certificate
 * made at the start, stricter than the services are said to be. What arrives
 * is kept as files, and faults are played on demand. For people who try or
 * test their mail without an account, and for the tests of this program.
 *
 *	sandbox.c	 options, the folder, the processes
 *	sandbox_state.h  what these processes share
 *	sandbox_rule.h	 --fault: syntax and table
 *	sandbox_serve.h  one connection
 *	sandbox_play.h	 writes an answer, or spoils it as a rule says
 *	sandbox_login.h  the token endpoint
 *	sandbox_graph.h  sendMail: who may, and what
 *	sandbox_draft.h  drafts
 *	sandbox_sent.h	 Sent Items
 *	sandbox_json.h	 sendMail's JSON
 *	sandbox_mime.h	 sendMail's MIME
 *	sandbox_keep.h	 the files
 *
 * Source: facts.md 1.6, 1.7, 3, 4.2 to 4.4.
 */
#ifndef COMMAND_SANDBOX_H
#define COMMAND_SANDBOX_H

#include "cli/cli.h"

extern const struct cli_option sandbox_options[]; /* ends with a zeroed one */

/* Runs until a signal or --exit-after ends it: 0, or the exit status. */
int sandbox_main(const struct cli_command *self, int argc, char **argv);

#endif
