/* SPDX-License-Identifier: MIT */
/*
 * page_metrics: the relay's numbers, or without one those of the queue.
 *
 * Source: Prometheus' text format 0.0.4.
 */
#include "base/stats.h"
#include "base/version.h"
#include "command/web/visit.h"

static void
metrics_count_queue(struct visit *v, struct stats *stats)
{
	const char *const word[] = { "queue", "count", "--json", NULL };
	static const char *const states[] = { "queued", "hold", "dead" };
	struct visit_said said;
	const struct json *n;

	visit_run(v, word, STR(""), &said);
	n = visit_line(v, &said.out);
	for (size_t i = 0; n != NULL && i < 3; i++)
		stats_set(stats, STATS_QUEUE, (uint64_t)visit_int(n, states[i]),
		    str_of(states[i]), STR(""));
}

void
web_metrics(struct visit *v)
{
	struct stats *stats = v->stats;
	int fd = -1;

	v->type = VISIT_STATS;
	if (stats == NULL) {
		stats = stats_open(&fd);
		stats_set(stats, STATS_BUILD, 1, STR(VERSION), STR(""));
		metrics_count_queue(v, stats);
	}
	stats_print(stats, &v->body_out);
}
