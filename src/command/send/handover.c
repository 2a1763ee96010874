/* SPDX-License-Identifier: MIT */
#include "command/send/handover.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

enum { HANDOVER_FROM = 512 };

bool
handover_begin(struct handover *h, struct config *c,
    const struct config_ask *ask, const struct log *log, struct err *e)
{
	const struct passwd *who = getpwuid(getuid());
	char from[HANDOVER_FROM], host[HANDOVER_FROM / 2] = "";
	struct config_ask again = { .no_file = true, .from = ask->from };
	const struct config nothing = { 0 };

	if (!config_is_closed(c))
		return false;
	h->closed = *e;
	config_release(c);
	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(from, sizeof(from), "%.200s@%s",
	    who != NULL ? who->pw_name : "nobody", host);
	if (again.from == NULL)
		again.from = from;
	h->begun = config_load(c, &again, log, e);
	/* no settings: spool_dir of *c is the user's own, where no relay is */
	if (h->begun)
		submit_init(&h->submit, &nothing, log);
	return h->begun;
}

bool
handover_end(struct handover *h, struct accept *a, struct err *e)
{
	if (submit_accepted(&h->submit, a, true, e))
		return true;
	return e->away ? submit_refuse(&h->closed, e) : false;
}

void
handover_close(struct handover *h)
{
	submit_release(&h->submit);
}
