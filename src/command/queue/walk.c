/* SPDX-License-Identifier: MIT */
#include "command/queue/walk.h"

static bool
has(struct str whole, struct str part)
{
	return part.n == 0 || str_ifind(whole, part) < whole.n;
}

static bool
fits(const struct queue_pick *p, const struct envelope *v)
{
	bool to = p->to.n == 0;

	for (size_t i = 0; i < v->recipients && !to; i++)
		to = has(v->recipient[i], p->to);
	return to && has(v->sender, p->from) &&
	    (p->before == 0 || v->arrived < p->before);
}

static bool
filters(const struct queue_pick *p)
{
	return p->from.n > 0 || p->to.n > 0 || p->before != 0;
}

/* One that is meant: told, or only counted. */
static bool
walk_tell(const struct queue_walk *w, const struct queue_seen *seen,
    struct err *e)
{
	if (w->total != NULL && (*w->total)++ >= w->most)
		return true;
	return w->each(w->arg, seen, e);
}

static bool
walk_one(const struct queue_walk *w, struct queue_seen seen, unsigned folders,
    struct arena *a, struct err *e)
{
	struct claim c;
	struct err bad;
	bool ok = true;

	if (!claim_look(&c, w->spool, seen.id, folders, a, &bad)) {
		seen.why = &bad;
		ok = filters(w->pick) || walk_tell(w, &seen, e);
	} else if (c.spool != NULL) {
		seen.claim = &c;
		ok = !fits(w->pick, &c.envelope) || walk_tell(w, &seen, e);
		claim_leave(&c);
	}
	arena_renew(a);
	return ok;
}

/* Ids in order: the longest beginning that two have in common, and one. */
static size_t
walk_unique(const struct spool_list *list)
{
	size_t most = 0, n;

	for (size_t i = 1; i < list->n; i++) {
		for (n = 0; n < ENVELOPE_ID_SIZE - 2; n++)
			if (list->item[i].id[n] != list->item[i - 1].id[n])
				break;
		most = n > most ? n : most;
	}
	return most + 1;
}

static bool
walk_all(const struct queue_walk *w, struct arena *a, struct err *e)
{
	struct queue_seen seen = { 0 };
	struct spool_list list;
	bool ok = spool_list(w->spool, w->folders, &list, e);

	if (ok && list.foreign > 0)
		log_warn(w->log, "%s: %zu %s not of the queue, as %s",
		    w->spool->path, list.foreign,
		    list.foreign == 1 ? "file is" : "files are",
		    list.foreign_name);
	seen.unique = walk_unique(&list);
	for (size_t i = 0; ok && i < list.n; i++) {
		if (w->count != NULL && !filters(w->pick)) {
			w->count[list.item[i].where]++;
			continue;
		}
		/* the rest need not be opened to be counted */
		if (w->total != NULL && *w->total >= w->most &&
		    !filters(w->pick)) {
			*w->total += list.n - i;
			break;
		}
		seen.id = list.item[i].id;
		ok = walk_one(w, seen, w->folders, a, e);
	}
	spool_list_release(&list);
	return ok;
}

static bool
walk_named(const struct queue_walk *w, struct arena *a, struct err *e)
{
	char id[ENVELOPE_ID_SIZE];

	for (size_t i = 0; i < w->pick->n; i++)
		if (!spool_find(w->spool, str_of(w->pick->prefix[i]), SPOOL_ALL,
			id, e) ||
		    !walk_one(w, (struct queue_seen){ .id = id }, SPOOL_ALL, a,
			e))
			return false;
	return true;
}

bool
queue_walk(const struct queue_walk *w, struct err *e)
{
	struct arena a; /* one for all: to get and give it back takes time */
	bool ok;

	arena_init(&a, QUEUE_WALK_MEMORY);
	ok = w->pick->n == 0 ? walk_all(w, &a, e) : walk_named(w, &a, e);
	arena_release(&a);
	return ok;
}
