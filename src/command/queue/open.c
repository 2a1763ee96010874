/* SPDX-License-Identifier: MIT */
#include "command/queue/open.h"

#include <errno.h>
#include <unistd.h>

bool
queue_is_closed(const struct config *c)
{
	return config_is_closed(c) ||
	    (c->spool_dir.n > 0 &&
		access(c->spool_dir.p, R_OK | W_OK | X_OK) != 0 &&
		errno == EACCES);
}

bool
queue_open(const struct queue_open *q, const struct config_ask *ask,
    struct err *e)
{
	const struct config *c = q->config;

	if (config_load(q->config, ask, q->log, e) &&
	    (q->look ? outbox_look(q->outbox, c, e) :
		       outbox_open(q->outbox, c, e)))
		return true;
	if (!queue_is_closed(c))
		return false;
	return err_remedy(e,
	    "only root and the user of the relay look at this queue: sudo "
	    "post365 queue");
}
