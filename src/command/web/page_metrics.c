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
	const char *const word[] = { "queue", "list", "--json", NULL };
	static const char *const states[] = { "queued", "active", "hold",
		"dead" };
	unsigned long n[4] = { 0 };
	struct visit_said said;
	const struct json *line;

	visit_run(v, word, STR(""), &said);
	while ((line = visit_line(v, &said.out)) != NULL)
		for (size_t i = 0; i < 4; i++)
			n[i] +=
			    str_eq(visit_str(line, "state"), str_of(states[i]));
	for (size_t i = 0; i < 4; i++)
		stats_set(stats, STATS_QUEUE, n[i], str_of(states[i]), STR(""));
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
