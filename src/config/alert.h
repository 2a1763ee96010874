/* SPDX-License-Identifier: MIT */
/*
 * alert: a person hears of what post365 cannot mend by itself: the mail of an
 * account waits, a message is on hold or given up.
 *
 * Each time a line in the machine's log; and the setting alert_command, which
 * gets what happened on its standard input, at most once in ALERT_PAUSE for
 * an account, whatever happens and however many processes there are: a file
 * alert-HASH in state_dir has the last time. One that fails is run again with
 * the next event, ALERT_AGAIN later at the earliest. Where no file can be
 * kept, each process counts for itself.
 *
 * Source: design.md 1 (AUTH and CONFIG: the account waits; BUG: hold).
 */
#ifndef CONFIG_ALERT_H
#define CONFIG_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/syslog.h"
#include "config/access.h"

enum {
	ALERT_PAUSE = 3600,      /* seconds */
	ALERT_AGAIN = 300,       /* seconds, after a failure */
	ALERT_DAYS = 30,         /* before the end of a proof */
	ALERT_TIMEOUT_MS = 30000 /* for the command; then it is killed */
};

struct alert {
	const struct config *config; /* of the account; all five borrowed */
	const struct access *access;
	const struct clock *clock;
	const struct syslog *syslog;
	const struct log *log;
	int64_t told; /* by this process, wall clock; begins as 0 */
};

enum alert_what {
	ALERT_WAITS, /* all of the account's mail */
	ALERT_ALONE, /* one message, for a setting or a permission */
	ALERT_HELD,  /* one message, for a person to decide */
	ALERT_DEAD,  /* one message was given up */
	ALERT_ENDS   /* a secret or certificate */
};

struct alert_about {
	enum alert_what what;
	struct str id;         /* of the message; empty: not about one */
	const struct err *why; /* msg, code, remedy */
	const char *note;      /* bounce.h: who is told; NULL: nothing */
};

/*
 * Tells. Waits for the command. What fails is in both logs and has no other
 * consequence: mail does not depend on it. True: the command ran well.
 */
bool alert_tell(struct alert *a, const struct alert_about *about);

/*
 * Tells that a secret or certificate ("the client secret") ends: in the log
 * given, the machine's log and by alert_command; once each when 30, 14, 7, 3
 * and 1 days are left, and each day after its end. A file ends-HASH in
 * state_dir has what was told. True: the command ran well.
 */
bool alert_ends(const struct alert *a, const char *what, int64_t end);

#endif
