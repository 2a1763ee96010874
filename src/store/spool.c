/* SPDX-License-Identifier: MIT */
#include "store/spool.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/os.h"
#include "base/scratch.h"

enum {
	HEAD_MOSTLY = 1024,      /* bytes of a head of ten recipients */
	ID_TRIES = 8,            /* of 12 random bits in a microsecond */
	SPOOL_STRETCH = 1 << 20, /* bytes that the disk gets at a time */
	SECOND_US = 1000000
};

static const char *const names[] = {
	[SPOOL_TMP] = "tmp",
	[SPOOL_NEW] = "new",
	[SPOOL_WORK] = "work",
	[SPOOL_HOLD] = "hold",
	[SPOOL_DEAD] = "dead",
};

const char *
spool_where_name(enum spool_where where)
{
	return names[where];
}

static bool
spool_no_locks(const struct spool *s, struct err *e)
{
	err_sys(e, ERR_CONFIG,
	    "%s: its file system cannot lock files (flock), which keeps mail "
	    "from being sent twice",
	    s->path);
	e->exit = EX_CANTCREAT;
	return err_remedy(e,
	    "set spool_dir to a folder on a disk of this machine; NFS needs "
	    "its lock service, or the mount option local_lock=flock");
}

/* Where no file can be made, who adds or takes a message will see. */
static bool
spool_can_lock(const struct spool *s, const struct dir *top, struct err *e)
{
	struct err ignored;
	bool ok = true;
	int fd;

	if (dir_file(top, "lock", DIR_APPEND, &fd, &ignored))
		ok = os_try_lock(fd) || errno == EWOULDBLOCK ||
		    spool_no_locks(s, e);
	os_close(&fd);
	return ok;
}

bool
spool_open(struct spool *s, const char *path, enum spool_sync sync,
    const struct clock *clock, struct err *e)
{
	const mode_t mode = sync == SPOOL_LOOK ? DIR_LOOK : 0700;
	struct dir top;
	bool ok;

	*s = (struct spool){ .path = path, .clock = clock, .sync = sync };
	/* first itself, so that it is durable in its parent */
	if (!dir_open(&top, path, NULL, mode, e))
		return false;
	ok = top.fd < 0 || spool_can_lock(s, &top, e);
	dir_close(&top);
	if (!ok)
		return false;
	for (unsigned i = 0; i < SPOOL_FOLDERS; i++)
		if (!dir_open(&s->dir[i], path, names[i], mode, e)) {
			spool_close(s);
			return false;
		}
	return true;
}

void
spool_close(struct spool *s)
{
	for (unsigned i = 0; i < SPOOL_FOLDERS; i++)
		dir_close(&s->dir[i]);
	*s = (struct spool){ 0 };
}

bool
spool_sync_folder(const struct spool *s, enum spool_where where, struct err *e)
{
	return s->sync != SPOOL_FULL || dir_sync(&s->dir[where], e);
}

bool
spool_sync_file(const struct spool *s, int fd, const char *id, struct err *e)
{
	return s->sync == SPOOL_NONE || os_sync(fd, id, e);
}

/* --- adding a message */

void
spool_abort(struct spool_add *a)
{
	struct err ignored;

	/* where that fails, spool_clean does it later */
	if (a->spool == NULL)
		return;
	(void)!dir_remove(&a->spool->dir[a->where], a->id, &ignored);
	os_close(&a->fd);
	a->spool = NULL;
}

/* One exit status for all that was not stored, whatever failed. */
static bool
spool_refuse(const struct spool *s, struct err *e)
{
	if (e->remedy[0] == '\0' && e->kind == ERR_RETRY)
		err_remedy(e, "look after the disk of %s; nothing was stored",
		    s->path);
	err_wrap(e, "%s", s->path);
	e->exit = 0;
	return false;
}

static bool
spool_fail_add(struct spool_add *a, struct err *e)
{
	const struct spool *s = a->spool;

	spool_abort(a);
	return spool_refuse(s, e);
}

/*
 * By time: seconds, microseconds, and 12 random bits against other processes.
 * Within this process a later id is greater, also if the clock stands.
 */
static void
spool_new_id(struct spool_add *a)
{
	struct spool *s = a->spool;
	int64_t now = clock_wall_us(s->clock);
	uint32_t r;

	if (now <= s->latest && s->latest - now < SECOND_US)
		now = s->latest + 1;
	s->latest = now;
	os_random(&r, sizeof(r));
	(void)snprintf(a->id, sizeof(a->id), "%08X%05X%03X",
	    (unsigned)((uint64_t)(now / SECOND_US) & UINT32_MAX),
	    (unsigned)(now % SECOND_US), (unsigned)(r & 0xfff));
}

/* The name it has, else a new one; nowhere in the spool. */
static bool
spool_create(struct spool_add *a, struct err *e)
{
	struct spool *s = a->spool;
	struct os_stat st;
	bool taken;

	for (int i = 0; i < ID_TRIES; i++) {
		if (i > 0 || a->id[0] == '\0')
			spool_new_id(a);
		taken = false;
		for (unsigned f = SPOOL_NEW; f < SPOOL_FOLDERS; f++)
			taken = taken || dir_stat(&s->dir[f], a->id, &st);
		if (taken)
			continue;
		if (!dir_file(&s->dir[SPOOL_TMP], a->id, DIR_CREATE, &a->fd, e))
			return false;
		if (a->fd >= 0)
			return true;
	}
	return err_set(e, ERR_RETRY, "%s: no free id", s->path);
}

static bool
spool_write_part(struct spool_add *a, struct str s, struct err *e)
{
	envelope_sum_add(&a->sum, s);
	return os_write_fd(a->fd, a->id, s, e);
}

static bool
spool_write_head(struct spool_add *a, const struct envelope *v, struct err *e)
{
	SCRATCH char room[ENVELOPE_SLOTS + HEAD_MOSTLY];
	struct buf b;
	bool ok;

	buf_init_in(&b, room, sizeof(room),
	    ENVELOPE_HEAD_MOST + ENVELOPE_SLOTS);
	ok = envelope_write(&b, v, e);
	a->head = b.n;
	envelope_sum_add(&a->sum, buf_view(&b));
	for (int i = 0; i < ENVELOPE_SLOTS; i++)
		buf_addc(&b,
		    i % ENVELOPE_SLOT == ENVELOPE_SLOT - 1 ? '\n' : ' ');
	ok = ok && buf_ok(&b, e) && os_write_fd(a->fd, a->id, buf_view(&b), e);
	buf_release(&b);
	return ok;
}

bool
spool_begin(struct spool *s, const struct envelope *v, struct spool_add *a,
    struct err *e)
{
	struct envelope mine = *v;

	*a = (struct spool_add){ .spool = s, .where = SPOOL_TMP, .fd = -1 };
	if (envelope_is_id(v->id))
		memcpy(a->id, v->id.p, v->id.n);
	if (mine.arrived == 0)
		mine.arrived = clock_wall(s->clock);
	if (!spool_create(a, e)) {
		a->spool = NULL;
		e->exit = 0;
		return false;
	}
	/* nobody else has it open: this lock is for spool_clean to see */
	if (!os_try_lock(a->fd) && errno != EWOULDBLOCK) {
		err_sys(e, ERR_RETRY, "%s: cannot lock", a->id);
		return spool_fail_add(a, e);
	}
	mine.id = str_of(a->id);
	envelope_sum_init(&a->sum, envelope_version(&mine));
	return spool_write_head(a, &mine, e) || spool_fail_add(a, e);
}

bool
spool_write(struct spool_add *a, struct str piece, struct err *e)
{
	uint64_t before;

	if (a->spool == NULL)
		return err_set(e, ERR_BUG, "spool_write after the end");
	before = a->size;
	a->size += piece.n;
	if (!spool_write_part(a, piece, e))
		return spool_fail_add(a, e);
	/* of what is large, little is left for the sync */
	if (a->spool->sync != SPOOL_NONE &&
	    before / SPOOL_STRETCH != a->size / SPOOL_STRETCH)
		os_sync_start(a->fd);
	return true;
}

bool
spool_seal(struct spool_add *a, struct err *e)
{
	char end[ENVELOPE_END + 1];

	if (a->spool == NULL)
		return err_set(e, ERR_BUG, "spool_seal after the end");
	envelope_sum_end(&a->sum, end);
	if (!os_write_fd(a->fd, a->id, str_of(end), e))
		return spool_fail_add(a, e);
	os_touch(a->fd, clock_wall(a->spool->clock)); /* it is due */
	return true;
}

static bool
spool_settle_write_out(struct spool_add *a, struct err *e)
{
	return a->spool->sync == SPOOL_NONE || os_write_out(a->fd, a->id, e);
}

static bool
spool_settle_sync(struct spool_add *a, struct err *e)
{
	return spool_sync_file(a->spool, a->fd, a->id, e);
}

static bool
spool_settle_move(struct spool_add *a, struct err *e)
{
	const struct spool *s = a->spool;

	if (!dir_move(&s->dir[SPOOL_TMP], a->id, &s->dir[SPOOL_NEW], a->id, e))
		return false;
	a->where = SPOOL_NEW;
	return true;
}

/* For those that are left. One that fails is over; the others go on. */
static bool
spool_settle_each(struct spool_add **a, size_t n,
    bool (*step)(struct spool_add *a, struct err *e), struct err *e)
{
	bool ok = true;
	struct err more;

	for (size_t i = 0; i < n; i++) {
		if (a[i]->spool == NULL || step(a[i], ok ? e : &more))
			continue;
		spool_abort(a[i]);
		ok = false;
	}
	return ok;
}

/*
 * No worker has one yet: the locks still are ours. Also for those that were
 * refused after their rename: else a power cut could bring them back.
 */
static bool
spool_settle_folder(const struct spool *s, struct spool_add **a, size_t n,
    struct err *e)
{
	size_t renamed = 0;
	struct err ignored;

	for (size_t i = 0; i < n; i++)
		renamed += a[i]->where == SPOOL_NEW;
	if (renamed == 0 || spool_sync_folder(s, SPOOL_NEW, e))
		return true;
	for (size_t i = 0; i < n; i++)
		spool_abort(a[i]);
	(void)!spool_sync_folder(s, SPOOL_NEW, &ignored);
	return false;
}

/*
 * Each step for all before the next. The first sync commits for all what the
 * file system has begun: with the renames in it, that is all there is to
 * commit, and the other syncs find nothing to do. What is written out before
 * it is renamed is whole wherever its new name is durable (spool.h).
 */
bool
spool_settle(struct spool_add **a, size_t n, struct err *e)
{
	const struct spool *s = a[0]->spool;
	struct err more;
	bool ok;

	for (size_t i = 0; n > 1 && s->sync != SPOOL_NONE && i < n; i++)
		os_sync_start(a[i]->fd);
	ok = spool_settle_each(a, n, spool_settle_write_out, e);
	ok = spool_settle_each(a, n, spool_settle_move, ok ? e : &more) && ok;
	ok = spool_settle_each(a, n, spool_settle_sync, ok ? e : &more) && ok;
	ok = spool_settle_folder(s, a, n, ok ? e : &more) && ok;
	/* From here on the mail is safe. */
	for (size_t i = 0; i < n; i++) {
		a[i]->stored = a[i]->spool != NULL;
		os_close(&a[i]->fd);
		a[i]->spool = NULL;
	}
	return ok || spool_refuse(s, e);
}

bool
spool_commit(struct spool_add *a, struct err *e)
{
	return spool_seal(a, e) && spool_settle(&a, 1, e);
}

/* --- all of them */

struct listing {
	struct spool_list *out;
	enum spool_where where;
};

static void
spool_list_one(void *arg, const char *name, bool regular)
{
	struct listing *l = arg;
	struct spool_entry entry = { .where = (unsigned char)l->where };

	if (!regular || !envelope_is_id(str_of(name))) {
		l->out->foreign++;
		(void)snprintf(l->out->foreign_name,
		    sizeof(l->out->foreign_name), "%s/%s", names[l->where],
		    name);
		return;
	}
	memcpy(entry.id, name, sizeof(entry.id));
	buf_add(&l->out->bytes, &entry, sizeof(entry));
}

/* Its letters as a number, half by half: their order is that of numbers. */
static uint64_t
spool_id_half(const char *at)
{
	uint64_t n;

	memcpy(&n, at, sizeof(n));
	return be64toh(n);
}

static bool
spool_is_before(const struct spool_entry *x, const struct spool_entry *y)
{
	uint64_t a = spool_id_half(x->id), b = spool_id_half(y->id);

	if (a == b) {
		a = spool_id_half(x->id + sizeof(a));
		b = spool_id_half(y->id + sizeof(b));
	}
	return a < b;
}

/* The one at the top sinks to where it belongs. */
static void
spool_sink(struct spool_entry *item, size_t n, size_t i)
{
	const struct spool_entry top = item[i];
	size_t down;

	while ((down = 2 * i + 1) < n) {
		if (down + 1 < n &&
		    spool_is_before(&item[down], &item[down + 1]))
			down++;
		if (!spool_is_before(&top, &item[down]))
			break;
		item[i] = item[down];
		i = down;
	}
	item[i] = top;
}

/* musl's qsort takes four times as long, half a second of 100,000. */
static void
spool_sort(struct spool_entry *item, size_t n)
{
	struct spool_entry last;

	for (size_t i = n / 2; i > 0; i--)
		spool_sink(item, n, i - 1);
	while (n > 1) {
		last = item[--n];
		item[n] = item[0];
		item[0] = last;
		spool_sink(item, n, 0);
	}
}

/* A message that moved while we looked is there twice. */
static void
spool_drop_twins(struct spool_entry *item, size_t *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++)
		if (kept == 0 || spool_is_before(&item[kept - 1], &item[i]))
			item[kept++] = item[i];
	*n = kept;
}

bool
spool_list(struct spool *s, unsigned folders, struct spool_list *out,
    struct err *e)
{
	struct listing l = { .out = out };
	struct spool_entry *item;

	*out = (struct spool_list){ 0 };
	buf_init(&out->bytes, SIZE_MAX / 2);
	for (unsigned i = 0; i < SPOOL_FOLDERS; i++) {
		l.where = (enum spool_where)i;
		if ((folders & SPOOL_IN(i)) != 0 &&
		    !dir_each(&s->dir[i], spool_list_one, &l, e))
			return false;
	}
	if (!buf_ok(&out->bytes, e))
		return err_wrap(e, "%s", s->path);
	item = (struct spool_entry *)(void *)out->bytes.p;
	out->n = out->bytes.n / sizeof(*item);
	spool_sort(item, out->n);
	spool_drop_twins(item, &out->n);
	out->item = item;
	return true;
}

int64_t
spool_due(const struct spool *s, const struct spool_entry *entry)
{
	struct os_stat st;

	return dir_stat(&s->dir[entry->where], entry->id, &st) ? st.mtime : 0;
}

void
spool_list_release(struct spool_list *l)
{
	buf_release(&l->bytes);
	*l = (struct spool_list){ 0 };
}

/* A whole id needs no list of a hundred thousand others. */
static bool
spool_is_there(const struct spool *s, const char *id, unsigned folders)
{
	struct os_stat st;

	for (unsigned i = 0; i < SPOOL_FOLDERS; i++)
		if ((folders & SPOOL_IN(i)) != 0 &&
		    dir_stat(&s->dir[i], id, &st) && st.regular)
			return true;
	return false;
}

bool
spool_find(struct spool *s, struct str prefix, unsigned folders,
    char id[ENVELOPE_ID_SIZE], struct err *e)
{
	char whole[ENVELOPE_ID_SIZE] = { 0 };
	struct spool_list list;
	size_t hits = 0;
	bool ok;

	if (envelope_is_id(prefix)) {
		memcpy(whole, prefix.p, prefix.n);
		if (spool_is_there(s, whole, folders)) {
			memcpy(id, whole, sizeof(whole));
			return true;
		}
	}
	ok = spool_list(s, folders, &list, e);
	for (size_t i = 0; ok && i < list.n; i++)
		if (str_istarts(str_of(list.item[i].id), prefix) && ++hits == 1)
			memcpy(id, list.item[i].id, ENVELOPE_ID_SIZE);
	spool_list_release(&list);
	if (ok && prefix.n > 0 && hits == 1)
		return true;
	if (!ok)
		return false;
	if (prefix.n == 0 || hits == 0)
		return err_set(e, ERR_INPUT, "%s: no message \"%.*s\" there",
		    s->path, STR_ARG(str_first(prefix, 64)));
	return err_set(e, ERR_INPUT, "%s: %zu messages begin with \"%.*s\"",
	    s->path, hits, STR_ARG(prefix));
}

/* True: it was removed. */
static bool
spool_clean_one(struct spool *s, const struct spool_entry *entry)
{
	const struct dir *d = &s->dir[entry->where];
	struct err ignored;
	bool ok;
	int fd;

	/* A free lock: its writer, or the person who moves it, is gone. */
	ok = dir_file(d, entry->id, DIR_READ, &fd, &ignored) && fd >= 0 &&
	    os_try_lock(fd) && dir_has(d, entry->id, fd) &&
	    dir_remove(d, entry->id, &ignored);
	os_close(&fd);
	return ok;
}

bool
spool_clean(struct spool *s, enum spool_where where, int64_t before,
    size_t *removed, struct err *e)
{
	struct spool_list list;
	bool ok = spool_list(s, SPOOL_IN(where), &list, e);

	*removed = 0;
	for (size_t i = 0; ok && i < list.n; i++)
		if (spool_due(s, &list.item[i]) < before)
			*removed += spool_clean_one(s, &list.item[i]);
	spool_list_release(&list);
	return ok;
}
