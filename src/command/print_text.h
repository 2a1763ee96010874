/* SPDX-License-Identifier: MIT */
/*
 * print_text: the files that `post365 print` has, as templates.
 *
 *	@P	the executable
 *	@C	" -C FILE", or nothing where the settings are found without
 *	@F	the settings' file
 *	@S @T	spool_dir, state_dir
 *	@U	the user
 *	@M	the mailbox that sends
 *	@W	where units are
 *	@H ...	what print_common has
 *	@@	"@"
 *
 * A line that begins with "!" is not for a user's own unit, one with "+" only
 * for that, one with "%" only where root prints: there is no such user yet,
 * one with "=" only where there is: the queue is its (`post365 install`).
 *
 * Source: systemd.service(5), systemd.socket(5), systemd.exec(5), crontab(5),
 * openrc-run(8), logrotate(8), postconf(5), Exim's specification 20.3, the
 * references of Docker, Compose, Kubernetes and Prometheus; relay.md 1, 4, 6;
 * facts.md 7; the references of az ad app, Microsoft.Graph.Applications and
 * ExchangePowerShell.
 */
#ifndef COMMAND_PRINT_TEXT_H
#define COMMAND_PRINT_TEXT_H

#include "base/packed.h"

struct print_text {
	const char *name;
	enum packed_text text; /* src/texts/print-NAME.txt */
};

enum { PRINT_TEXTS = 17 };
extern const struct print_text print_texts[PRINT_TEXTS];

/* A template that stands in several; its p is NULL: no such letter. */
struct str print_common(char letter, const struct packed *texts);

#endif
