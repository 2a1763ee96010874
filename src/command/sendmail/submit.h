/* SPDX-License-Identifier: MIT */
/*
 * submit: a message to the relay of this machine, by its UNIX socket, or into
 * the folder that it looks into: for who may not read the settings, or not
 * write into the queue.
 *
 * The relay knows by the socket who it was (SO_PEERCRED), so nothing is asked
 * for and nothing has to be secret.
 *
 * Where: the settings `socket` and `drop` of [relay], if they can be read, or
 * POST365_RELAY_SOCKET and POST365_RELAY_DROP, else their defaults.
 *
 * Source: relay.md 1, 6.7.
 */
#ifndef COMMAND_SENDMAIL_SUBMIT_H
#define COMMAND_SENDMAIL_SUBMIT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "config/relay.h"
#include "deliver/accept.h"
#include "smtp/submission.h"
#include "store/drop.h"

enum { SUBMIT_ID_SIZE = DROP_NAME_SIZE };

struct submit {
	struct arena mem;
	const struct log *log;
	struct config_relay_places places;
	/* once it is handed over, and to whom: a socket, or a folder */
	const char *whose;
	char as[SUBMISSION_TEXT_SIZE]; /* the reply */
	char id[SUBMIT_ID_SIZE];       /* its name there */
};

/* c: the settings, as far as they are known. Borrows log until the release. */
void submit_init(struct submit *s, const struct config *c,
    const struct log *log);
void submit_release(struct submit *s); /* a zeroed one is fine */

/*
 * Hands over what was accepted with keep: to the relay, or, with leave, into
 * the drop folder where none answers (store/drop.h). True: it survives a power
 * cut. False: what submission.h says; with e->away neither took it, and it may
 * go another way.
 */
bool submit_accepted(struct submit *s, struct accept *a, bool leave,
    struct err *e) __attribute__((warn_unused_result));

/*
 * There is no other way: puts why the settings are closed before *e, and what
 * an administrator can do. Returns false.
 */
bool submit_refuse(const struct err *closed, struct err *e);

#endif
