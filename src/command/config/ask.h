/* SPDX-License-Identifier: MIT */
/*
 * ask: questions on a terminal, by standard input and standard error.
 *
 * What is typed for a hidden one is not shown, and the terminal shows what is
 * typed again afterwards, by whatever signal it ends.
 */
#ifndef COMMAND_CONFIG_ASK_H
#define COMMAND_CONFIG_ASK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

/* Can somebody answer? */
bool ask_somebody(void);

/* What a person is told between questions. */
void ask_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * The answer, without blanks at its ends, in place of what out held. ERR_USAGE
 * at the end of input.
 */
bool ask_line(const char *question, bool hidden, struct buf *out, struct err *e)
    __attribute__((warn_unused_result));

/*
 * A secret: a hidden answer where somebody can give it, else the first line of
 * standard input. name: for messages.
 */
bool ask_secret(const char *name, struct secret *out, struct err *e)
    __attribute__((warn_unused_result));

/* Yes, unless the answer begins with n. */
bool ask_yes(const char *question, bool *yes, struct err *e)
    __attribute__((warn_unused_result));

#endif
