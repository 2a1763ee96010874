/* SPDX-License-Identifier: MIT */
#include "deliver/pass.h"

#include "base/os.h"
#include "deliver/bell.h"
#include "deliver/holder.h"
#include "deliver/worker_returns.h"

enum { PASS_ENDS_MS = 5 /* who ends lets go of the lock in a moment */ };

static bool
pass_send(const struct manager_ask *ask, struct manager_sum *sum, struct err *e)
{
	struct spool *s = &ask->outbox->spool;
	struct err why = { 0 };
	int lock;
	bool ok;

	for (;;) {
		if (bell_ask(s, sum, sizeof(*sum)))
			return true;
		/* where no file can be made, what is stored can still go */
		if (!holder_lock(s, &lock, &why)) {
			log_trace(ask->log, "%s", why.msg);
			break;
		}
		if (lock >= 0)
			break;
		/* one that ends lets go of it in a moment */
		(void)os_poll(NULL, 0, os_mono_ms() + PASS_ENDS_MS);
	}
	ok = manager_run(ask, MANAGER_PASS, lock, sum, e);
	os_close(&lock);
	return ok;
}

bool
pass_run(const struct manager_ask *ask, struct manager_sum *sum, struct err *e)
{
	bool ok = pass_send(ask, sum, e);

	if (ok)
		worker_returns(ask->config, ask->path, &ask->outbox->journal,
		    ask->log);
	return ok;
}
