/* SPDX-License-Identifier: MIT */
#include "command/queue/open.h"

#include <errno.h>
#include <unistd.h>

bool
queue_open(const struct queue_open *q, const struct config_ask *ask,
    struct err *e)
{
	const struct config *c = q->config;
	bool loaded = config_load(q->config, ask, q->log, e);

	if (loaded && outbox_open(q->outbox, c, e))
		return true;
	if (loaded ? access(c->spool_dir.n > 0 ? c->spool_dir.p : "/",
			 R_OK | W_OK | X_OK) == 0 ||
		    errno != EACCES :
		     !config_is_closed(c))
		return false;
	return err_remedy(e,
	    "only root and the user of the relay look at this queue: sudo "
	    "post365 queue");
}
