/* SPDX-License-Identifier: MIT */
#include "store/claim.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/scratch.h"

enum {
	/* slots, and a head of some ten recipients: of nearly all messages */
	FIRST_READ = ENVELOPE_SLOTS + 1024,
	PIECE = 65536,
	ROUNDS = 2 /* one may move while the folders are looked through */
};

void
claim_leave(struct claim *c)
{
	if (c->spool != NULL)
		os_close(&c->fd);
	c->spool = NULL;
}

static struct os_at
claim_place(const struct claim *c, uint64_t at)
{
	return (struct os_at){ .name = c->id, .fd = c->fd, .at = at };
}

static uint64_t
claim_body_at(const struct claim *c)
{
	return c->slots + ENVELOPE_SLOTS;
}

static bool
claim_read_body(const struct source *self, uint64_t at, char *p, size_t n,
    struct err *e)
{
	const struct claim *c = self->arg;

	return os_read_at(claim_place(c, claim_body_at(c) + at), p, n, e);
}

/*
 * In a folder of one user a file of another has no business; one that lets
 * its group in has other owners by right.
 */
static bool
claim_is_trusted(const struct claim *c, const struct os_stat *st, struct err *e)
{
	const struct dir *d = &c->spool->dir[c->where];

	if (!st->regular)
		return err_set(e, ERR_INPUT, "not a regular file");
	if (st->owner == d->owner || st->owner == 0 || st->owner == geteuid() ||
	    (d->mode & S_IWGRP) != 0)
		return true;
	err_set(e, ERR_CONFIG, "belongs to another user (%lu)",
	    (unsigned long)st->owner);
	return err_remedy(e,
	    "remove the file, or chown it to the owner of "
	    "its folder");
}

/* n bytes of the file into memory of a. */
static bool
claim_read(struct os_at from, struct arena *a, size_t n, struct str *out,
    struct err *e)
{
	char *p = arena_alloc(a, n);

	*out = (struct str){ p, n };
	return arena_ok(a, e) && os_read_at(from, p, n, e);
}

/* size: of the file. *start: its first bytes, which have the whole head. */
static bool
claim_read_head(struct claim *c, struct arena *a, uint64_t size,
    struct str *start, struct err *e)
{
	static const size_t most[] = { FIRST_READ,
		ENVELOPE_HEAD_MOST + ENVELOPE_SLOTS };
	enum parse r = PARSE_MORE;
	size_t n;

	for (size_t i = 0; i < 2 && r == PARSE_MORE; i++) {
		n = size < most[i] ? (size_t)size : most[i];
		if (!claim_read(claim_place(c, 0), a, n, start, e))
			return false;
		r = envelope_read(a, *start, &c->envelope, &n, e);
	}
	if (r == PARSE_MORE)
		return err_set(e, ERR_INPUT, "is cut short");
	c->slots = n;
	return r == PARSE_DONE;
}

static bool
claim_load(struct claim *c, struct arena *a, struct err *e)
{
	struct os_stat st;
	struct str start, slots;

	if (!os_stat_fd(c->fd, c->id, &st, e) || !claim_is_trusted(c, &st, e) ||
	    !claim_read_head(c, a, st.size, &start, e))
		return false;
	if (!str_eq(c->envelope.id, str_of(c->id)))
		return err_set(e, ERR_INPUT, "holds the id %.*s",
		    STR_ARG(c->envelope.id));
	if (st.size < claim_body_at(c) + ENVELOPE_END)
		return err_set(e, ERR_INPUT, "is cut short");
	slots = str_first(str_from(start, (size_t)c->slots), ENVELOPE_SLOTS);
	if (slots.n < ENVELOPE_SLOTS &&
	    !claim_read(claim_place(c, c->slots), a, ENVELOPE_SLOTS, &slots, e))
		return false;
	envelope_state_read(slots, &c->state);
	c->body = (struct source){
		.size = st.size - claim_body_at(c) - ENVELOPE_END,
		.read = claim_read_body,
		.arg = c,
	};
	return true;
}

static bool
claim_sum_part(const struct claim *c, struct envelope_sum *sum, uint64_t at,
    uint64_t n, struct err *e)
{
	SCRATCH char piece[PIECE];
	size_t some;

	for (; n > 0; n -= some, at += some) {
		some = n < sizeof(piece) ? (size_t)n : sizeof(piece);
		if (!os_read_at(claim_place(c, at), piece, some, e))
			return false;
		envelope_sum_add(sum, (struct str){ piece, some });
	}
	return true;
}

static bool
claim_is_whole(const struct claim *c, struct err *e)
{
	char want[ENVELOPE_END + 1], is[ENVELOPE_END];
	struct envelope_sum sum;

	envelope_sum_init(&sum, c->envelope.version);
	if (!claim_sum_part(c, &sum, 0, c->slots, e) ||
	    !claim_sum_part(c, &sum, claim_body_at(c), c->body.size, e) ||
	    !os_read_at(claim_place(c, claim_body_at(c) + c->body.size), is,
		sizeof(is), e))
		return false;
	envelope_sum_end(&sum, want);
	if (memcmp(want, is, sizeof(is)) == 0)
		return true;
	return err_set(e, ERR_INPUT, "is not whole: its end does not match");
}

/* False with c->spool NULL, the descriptor closed and the file named. */
static bool
claim_give_up(struct claim *c, struct err *e)
{
	err_wrap(e, "%s/%s/%s", c->spool->path, spool_where_name(c->where),
	    c->id);
	claim_leave(c);
	return false;
}

/* What is no id may be a path, and is the name of no message. */
static bool
claim_start(struct claim *c, struct spool *s, const char *id)
{
	*c = (struct claim){ .fd = -1 };
	if (!envelope_is_id(str_of(id)))
		return false;
	memcpy(c->id, id, sizeof(c->id));
	c->spool = s;
	return true;
}

bool
claim_look(struct claim *c, struct spool *s, const char *id, unsigned folders,
    struct arena *a, struct err *e)
{
	if (!claim_start(c, s, id))
		return true;
	for (unsigned i = 0; i < ROUNDS * SPOOL_FOLDERS && c->fd < 0; i++) {
		c->where = (enum spool_where)(i % SPOOL_FOLDERS);
		if ((folders & SPOOL_IN(c->where)) != 0 &&
		    !dir_file(&s->dir[c->where], c->id, DIR_READ, &c->fd, e)) {
			claim_leave(c);
			return false;
		}
	}
	if (c->fd < 0) {
		claim_leave(c);
		return true;
	}
	c->busy = c->where == SPOOL_WORK && os_is_locked(c->fd);
	return claim_load(c, a, e) || claim_give_up(c, e);
}

/* Leaves c->fd open with the lock, or -1. */
static bool
claim_take_lock(struct claim *c, struct err *e)
{
	const struct dir *d = &c->spool->dir[c->where];

	if (!dir_file(d, c->id, DIR_UPDATE, &c->fd, e))
		return false;
	if (c->fd < 0)
		return true;
	/* who had it a moment ago may have moved or removed it */
	c->busy = !os_try_lock(c->fd);
	if (c->busy && errno != EWOULDBLOCK) {
		err_sys(e, ERR_RETRY, "%s: cannot lock", c->id);
		os_close(&c->fd);
		return false;
	}
	if (c->busy || !dir_has(d, c->id, c->fd))
		os_close(&c->fd);
	return true;
}

static bool
claim_move(struct claim *c, enum spool_where to, struct err *e)
{
	const struct dir *dir = c->spool->dir;

	if (to == c->where)
		return true;
	if (!dir_move(&dir[c->where], c->id, &dir[to], c->id, e))
		return false;
	c->where = to;
	return true;
}

/* What no worker can send is put where a person finds it. */
static bool
claim_put_aside(struct claim *c, struct err *e)
{
	struct err other;

	if (e->kind != ERR_INPUT)
		return claim_give_up(c, e);
	if ((SPOOL_IN(c->where) & SPOOL_QUEUED) != 0 &&
	    claim_move(c, SPOOL_HOLD, &other) &&
	    spool_sync_folder(c->spool, SPOOL_HOLD, &other))
		err_remedy(e,
		    "it is kept in %s/hold and not sent; look into "
		    "the file",
		    c->spool->path);
	return claim_give_up(c, e);
}

static bool
claim_is_settled(const struct claim *c)
{
	return c->state.done >= c->envelope.recipients;
}

bool
claim_take(struct claim *c, struct spool *s, const char *id, unsigned folders,
    struct arena *a, struct err *e)
{
	if (!claim_start(c, s, id))
		return true;
	for (unsigned i = 0; i < ROUNDS * SPOOL_FOLDERS && c->fd < 0; i++) {
		c->where = (enum spool_where)(i % SPOOL_FOLDERS);
		if ((folders & SPOOL_IN(c->where)) == 0)
			continue;
		if (!claim_take_lock(c, e)) {
			claim_leave(c);
			return false;
		}
		if (c->busy)
			break;
	}
	if (c->fd < 0) {
		claim_leave(c);
		return true;
	}
	if (!claim_load(c, a, e) || !claim_is_whole(c, e))
		return claim_put_aside(c, e);
	if (claim_is_settled(c))
		return claim_done(c, e);
	return c->where != SPOOL_NEW || claim_move(c, SPOOL_WORK, e) ||
	    claim_give_up(c, e);
}

bool
claim_save(struct claim *c, struct err *e)
{
	struct envelope_state new = c->state;
	char slot[ENVELOPE_SLOT];
	uint64_t at;

	new.sequence++;
	at = c->slots + envelope_slot(new.sequence) * (uint64_t)ENVELOPE_SLOT;
	envelope_state_write(slot, &new);
	if (!os_write_at(claim_place(c, at), (struct str){ slot, sizeof(slot) },
		e) ||
	    !spool_sync_file(c->spool, c->fd, c->id, e))
		return err_wrap(e, "%s/%s", c->spool->path,
		    spool_where_name(c->where));
	c->state.sequence = new.sequence;
	return true;
}

bool
claim_put(struct claim *c, enum spool_where where, struct err *e)
{
	struct err other, *why;
	bool kept = where == SPOOL_NEW && c->where == SPOOL_WORK, ok;
	int64_t now = clock_wall(c->spool->clock), next = c->state.next;

	c->state.wait = next > now ? (uint64_t)(next - now) : 0;
	ok = claim_save(c, e);
	why = ok ? e : &other; /* the first failure is told */
	os_touch(c->fd, where == SPOOL_NEW ? next : now);
	/* What a worker puts back is queued in both folders: no sync. */
	ok = claim_move(c, where, why) &&
	    (kept || spool_sync_folder(c->spool, where, why)) && ok;
	claim_leave(c);
	return ok;
}

bool
claim_done(struct claim *c, struct err *e)
{
	struct err other;
	bool ok;

	c->state.done = c->envelope.recipients;
	/* The mark is durable, so the removal need not be; without a mark
	   (the disk fails) it must. */
	ok = claim_save(c, &other);
	ok = dir_remove(&c->spool->dir[c->where], c->id, e) &&
	    (ok || spool_sync_folder(c->spool, c->where, e));
	claim_leave(c);
	return ok;
}
