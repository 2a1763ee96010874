/* SPDX-License-Identifier: MIT */
#include "relay/metrics.h"

#include <sys/statvfs.h>

#include "base/os.h"
#include "base/record.h"
#include "base/stats.h"
#include "base/version.h"

static struct stats *
metrics_stats(const struct metrics *m)
{
	return m->house->log->way->stats;
}

/* Why no mail is taken; NULL: it is. */
static const char *
metrics_why_not(const struct metrics *m, struct err *e)
{
	struct outbox *o = m->house->outbox;

	if (m->draining)
		return "the relay is shutting down";
	return spool_room(&o->spool, &o->limits, 0, e) ? NULL : e->msg;
}

static const char *
metrics_why_ill(const struct metrics *m)
{
	return stats_beats(metrics_stats(m), os_mono_ms(), STATS_ALIVE_S) ?
	    NULL :
	    "the manager has not been heard of for 30 s";
}

static void
metrics_say(struct serve_answer *a, const char *why)
{
	a->status = why == NULL ? 200 : 503;
	a->type = "text/plain; charset=utf-8";
	buf_addf(&a->body, "%s\n", why == NULL ? "ok" : why);
}

/* What is known when it is asked for. */
static void
metrics_look(const struct metrics *m)
{
	struct stats *stats = metrics_stats(m);
	const struct str none = STR("");
	struct statvfs v;

	stats_set(stats, STATS_BUILD, 1, STR(VERSION), none);
	stats_set(stats, STATS_CONNECTIONS, m->connections, none, none);
	if (fstatvfs(m->house->outbox->spool.dir[SPOOL_NEW].fd, &v) < 0)
		return;
	stats_set(stats, STATS_FREE_BYTES, v.f_bavail * v.f_frsize, none, none);
	stats_set(stats, STATS_FREE_INODES, v.f_favail, none, none);
}

static void
metrics_answer(void *arg, const struct serve_request *r, struct serve_answer *a)
{
	const struct metrics *m = arg;
	struct err e;

	if (!str_eq(r->method, STR("GET")) && !str_eq(r->method, STR("HEAD"))) {
		a->status = 405;
		buf_addz(&a->fields, "Allow: GET, HEAD\r\n");
	} else if (str_eq(r->path, STR("/metrics"))) {
		metrics_look(m);
		a->status = 200;
		a->type = "text/plain; version=0.0.4; charset=utf-8";
		stats_print(metrics_stats(m), &a->body);
	} else if (str_eq(r->path, STR("/healthz"))) {
		metrics_say(a, metrics_why_ill(m));
	} else if (str_eq(r->path, STR("/readyz"))) {
		metrics_say(a, metrics_why_not(m, &e));
	}
}

struct metrics *
metrics_open(struct arena *a, int listener, const struct visit_house *house)
{
	struct metrics *m = arena_alloc(a, sizeof(*m));
	const struct serve_how how = { .body_max = 1,
		.handle = metrics_answer,
		.arg = m };

	if (m == NULL) {
		os_close(&listener);
		return NULL;
	}
	*m = (struct metrics){ .house = house };
	serve_init(&m->serve, &how, listener);
	return m;
}

void
metrics_close(struct metrics *m)
{
	if (m == NULL)
		return;
	serve_close(&m->serve);
	os_close(&m->serve.listener);
}

size_t
metrics_wants(struct metrics *m, struct pollfd at[SERVE_FDS], int64_t *until)
{
	size_t n;

	m->until = INT64_MAX;
	n = serve_wants(&m->serve, at, &m->until);
	if (m->until < *until)
		*until = m->until;
	return n;
}

void
metrics_step(struct metrics *m, const struct pollfd *at, size_t n, int64_t now)
{
	bool due = now >= m->until;

	for (size_t i = 0; i < n; i++)
		due = due || at[i].revents != 0;
	if (due)
		serve_step(&m->serve, now, os_wall());
}
