/* SPDX-License-Identifier: MIT */
/*
 * submit: a message to the relay of this machine, by its UNIX socket: for who
 * may not read the settings, or not write into the queue.
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
#include "base/source.h"
#include "config/config.h"
#include "config/relay.h"
#include "smtp/submission.h"

struct submit {
	struct arena mem;
	const struct log *log;
	struct config_relay_places places;
	/* once it is handed over: "queued as ID", for logs */
	char as[SUBMISSION_TEXT_SIZE];
};

/* c: the settings, as far as they are known. Borrows log until the release. */
void submit_init(struct submit *s, const struct config *c,
    const struct log *log);
void submit_release(struct submit *s); /* a zeroed one is fine */

/*
 * True: the relay has it, and it survives a power cut. False: what
 * submission.h says; with e->away nobody took it, and it may go another way.
 */
bool submit_to_relay(struct submit *s, const struct submission_ask *ask,
    const struct source *text, struct err *e)
    __attribute__((warn_unused_result));

#endif
