/* SPDX-License-Identifier: MIT */
#include "graph/patience.h"

bool
patience_wait(struct patience *p, const struct err *e)
{
	const struct clock *clock = p->source->clock;
	int64_t pause = (int64_t)PATIENCE_PAUSE_MS << p->failures;

	if (e->kind != ERR_RETRY && e->kind != ERR_UNSURE)
		return false;
	if (e->retry_after_ms > 0)
		pause = e->retry_after_ms;
	if (++p->failures >= PATIENCE_MOST || pause > PATIENCE_AFTER_MS)
		return false;
	log_trace(p->source->log, "* failed (%s); once more in %lld ms", e->msg,
	    (long long)pause);
	clock_sleep_until(clock, clock_mono_ms(clock) + pause);
	return true;
}
