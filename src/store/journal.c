/* SPDX-License-Identifier: MIT */
#include "store/journal.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/os.h"
#include "codec/date.h"
#include "codec/jsonw.h"
#include "codec/utf8.h"

enum {
	MOST_LEAST = 64 << 10,
	OPEN_TRIES = 16,      /* it is rotated between open and lock */
	LOCK_WAIT_MS = 30000, /* others hold it for one write and sync */
	ROOM = 16 << 10, /* bytes: a line of 500 recipients, or 30 of one */
	ROOM_LEAST = 1 << 10,
	TREE_LIMIT = 16 << 20 /* of a line of 10,000 recipients */
};

bool
journal_open(struct journal *j, const char *folder, const char *name,
    struct journal_options o, struct err *e)
{
	if (o.most < MOST_LEAST || o.most > JOURNAL_FILE_MOST ||
	    o.keep > JOURNAL_KEEP_MOST)
		return err_set(e, ERR_CONFIG,
		    "the journal may have files of %d to %d bytes, and %d "
		    "older ones",
		    MOST_LEAST, JOURNAL_FILE_MOST, JOURNAL_KEEP_MOST);
	*j = (struct journal){
		.name = name,
		.most = o.most,
		.keep = o.keep,
		.sync = o.sync,
	};
	return dir_open(&j->dir, folder, NULL, o.look ? DIR_LOOK : 0700, e);
}

void
journal_close(struct journal *j)
{
	dir_close(&j->dir);
	*j = (struct journal){ 0 };
}

/* --- writing */

/* A journal must take what a hostile envelope has: bad bytes are mended. */
static void
put_text(struct jsonw *w, struct str text)
{
	struct buf mended;

	if (utf8_is_valid(text)) {
		jsonw_str(w, text);
		return;
	}
	buf_init(&mended, JOURNAL_LINE_MOST);
	utf8_add_mended(&mended, text);
	jsonw_str(w, buf_view(&mended));
	buf_release(&mended);
}

static void
put_member(struct jsonw *w, const char *name, struct str text)
{
	if (text.n == 0)
		return;
	jsonw_key(w, str_of(name));
	put_text(w, text);
}

static void
put_number(struct jsonw *w, const char *name, int64_t v)
{
	if (v == 0)
		return;
	jsonw_key(w, str_of(name));
	jsonw_i64(w, v);
}

static void
put_time(struct jsonw *w, const char *name, int64_t when)
{
	char text[DATE_ISO_SIZE];

	date_iso(when, text);
	jsonw_member(w, str_of(name), str_of(text));
}

static void
put_addresses(struct jsonw *w, const struct journal_line *line)
{
	jsonw_key(w, STR("from"));
	put_text(w, line->from);
	jsonw_key(w, STR("to"));
	jsonw_open(w, '[');
	for (size_t i = 0; i < line->to_n; i++)
		put_text(w, line->to[i]);
	jsonw_close(w, ']');
}

static bool
write_line(struct buf *out, const struct journal_line *line, struct err *e)
{
	struct jsonw w = jsonw_begin(out);

	jsonw_open(&w, '{');
	put_time(&w, "time", line->time);
	put_member(&w, "id", line->id);
	put_member(&w, "message_id", line->message_id);
	put_member(&w, "subject", line->subject);
	put_member(&w, "account", line->account);
	put_member(&w, "client", line->client);
	put_addresses(&w, line);
	put_number(&w, "size", (int64_t)line->size);
	put_member(&w, "via", line->via);
	put_number(&w, "status", line->status);
	put_member(&w, "code", line->code);
	put_member(&w, "request_id", line->request_id);
	put_member(&w, "client_request_id", line->client_request_id);
	put_number(&w, "ms", line->ms);
	put_number(&w, "attempt", (int64_t)line->attempt);
	if (line->next != 0)
		put_time(&w, "next", line->next);
	put_member(&w, "verdict", line->verdict);
	put_member(&w, "reason", line->reason);
	jsonw_close(&w, '}');
	return jsonw_end_line(&w, e);
}

static void
older_name(const struct journal *j, unsigned n, char out[256])
{
	(void)snprintf(out, 256, n == 0 ? "%s" : "%s.%u", j->name, n);
}

static bool
io_error(struct err *e)
{
	e->exit = EX_IOERR;
	return false;
}

/* Opens the file and takes its lock; again if it was rotated meanwhile. */
static bool
open_locked(const struct journal *j, int *fd, struct err *e)
{
	int64_t deadline = os_mono_ms() + LOCK_WAIT_MS;

	for (int i = 0; i < OPEN_TRIES; os_close(fd)) {
		if (!dir_file(&j->dir, j->name, DIR_APPEND, fd, e))
			return io_error(e);
		if (*fd >= 0 && os_try_lock(*fd)) {
			if (dir_has(&j->dir, j->name, *fd))
				return true;
			i++;
			continue;
		}
		if (os_mono_ms() >= deadline)
			break;
		(void)os_poll(NULL, 0, os_mono_ms() + 1);
	}
	os_close(fd);
	err_set(e, ERR_RETRY, "%s/%s: another process keeps its lock",
	    j->dir.path, j->name);
	return io_error(e);
}

static bool
rotate(const struct journal *j, struct err *e)
{
	char from[256], to[256];
	struct os_stat st;

	older_name(j, j->keep, to);
	if (!dir_remove(&j->dir, to, e))
		return false;
	for (unsigned n = j->keep; n-- > 0;) {
		older_name(j, n, from);
		older_name(j, n + 1, to);
		if (dir_stat(&j->dir, from, &st) &&
		    !dir_move(&j->dir, from, &j->dir, to, e))
			return false;
	}
	return true;
}

/* Appends under the lock; what cannot be whole is taken back. */
static bool
append(const struct journal *j, int fd, uint64_t size, struct str line,
    struct err *e)
{
	struct err other;
	char last = '\n';

	if (size > 0 &&
	    !os_read_at((struct os_at){ j->name, fd, size - 1 }, &last, 1, e))
		return false;
	if (last != '\n' && !os_write_fd(fd, j->name, STR("\n"), e))
		return false;
	if (os_write_fd(fd, j->name, line, e) &&
	    (!j->sync || os_sync(fd, j->name, e)) &&
	    (!j->sync || size > 0 || dir_sync(&j->dir, e)))
		return true;
	(void)!os_cut(fd, j->name, size, &other);
	return false;
}

static bool
add_bytes(const struct journal *j, struct str line, struct err *e)
{
	struct os_stat st;
	bool ok = false;
	int fd;

	for (int rotated = 0; rotated < 2; rotated++, os_close(&fd)) {
		if (!open_locked(j, &fd, e))
			return false;
		if (!os_stat_fd(fd, j->name, &st, e))
			break;
		if (rotated == 0 && st.size > 0 && st.size + line.n > j->most) {
			/* a full disk must not end it: go on in this file */
			if (rotate(j, e))
				continue;
		}
		ok = append(j, fd, st.size, line, e);
		break;
	}
	os_close(&fd);
	if (!ok)
		err_wrap(e, "%s", j->dir.path);
	return ok || io_error(e);
}

bool
journal_add(const struct journal *j, const struct journal_line *line,
    struct err *e)
{
	struct buf out;
	bool ok;

	buf_init(&out, JOURNAL_LINE_MOST);
	ok = write_line(&out, line, e);
	ok = ok && add_bytes(j, buf_view(&out), e);
	buf_release(&out);
	return ok;
}

bool
journal_reserve(const struct journal *j, struct err *e)
{
	struct os_at at = { .name = j->name };
	struct os_stat st = { 0 };
	bool ok;

	if (!dir_file(&j->dir, j->name, DIR_APPEND, &at.fd, e))
		return io_error(e);
	ok = os_stat_fd(at.fd, j->name, &st, e);
	at.at = st.size;
	/* more than it needs, for when the disk is full */
	ok = ok && (os_reserve(at, ROOM, e) || os_reserve(at, ROOM_LEAST, e));
	os_close(&at.fd);
	if (!ok)
		err_wrap(e, "%s", j->dir.path);
	return ok || io_error(e);
}

/* --- reading */

/* Takes the first or the last line off *in. */
static bool
take_line(struct str *in, bool backwards, struct str *line)
{
	const char *end;
	size_t n;

	if (!backwards)
		return in->n > 0 && str_next(in, '\n', line);
	if (in->n > 0 && in->p[in->n - 1] == '\n')
		in->n--;
	if (in->n == 0)
		return false;
	end = memrchr(in->p, '\n', in->n);
	n = end == NULL ? 0 : (size_t)(end - in->p) + 1;
	*line = str_from(*in, n);
	in->n = n;
	return true;
}

struct reading {
	const struct journal_filter *filter;
	journal_each_fn *each;
	void *arg;
	struct buf file; /* one for all: fresh memory costs more than reading */
	bool over;
};

static void
read_lines(struct reading *r, struct str in)
{
	const struct json *tree;
	struct str line;
	struct arena a; /* one for all: to get and give it back takes time */
	struct err torn;

	arena_init(&a, TREE_LIMIT);
	while (!r->over && take_line(&in, r->filter->backwards, &line)) {
		if (!journal_filter_may(r->filter, line))
			continue;
		if (json_parse(&a, line, &tree, &torn) &&
		    journal_filter_is(r->filter, tree))
			r->over = !r->each(r->arg, line, tree);
		arena_renew(&a);
	}
	arena_release(&a);
}

/* A file that is not there is an empty one. */
static bool
read_file(const struct journal *j, unsigned n, struct reading *r, struct err *e)
{
	char name[256];
	bool ok;
	int fd;

	older_name(j, n, name);
	if (!dir_file(&j->dir, name, DIR_READ, &fd, e))
		return false;
	if (fd < 0)
		return true;
	buf_reset(&r->file);
	ok = os_read_fd(fd, name, &r->file, e);
	if (ok)
		read_lines(r, buf_view(&r->file));
	else
		e->kind = ERR_RETRY;
	os_close(&fd);
	return ok;
}

bool
journal_read(const struct journal *j, const struct journal_filter *f,
    journal_each_fn *each, void *arg, struct err *e)
{
	struct reading r = { .filter = f, .each = each, .arg = arg };
	bool ok = true;

	/* a line may go over the limit where no rotation was possible */
	buf_init(&r.file, 2 * (size_t)JOURNAL_FILE_MOST);
	for (unsigned i = 0; ok && i <= j->keep && !r.over; i++)
		ok = read_file(j, f->backwards ? i : j->keep - i, &r, e);
	buf_release(&r.file);
	return ok;
}

struct wanted {
	struct str id, verdict;
	int64_t since;
	bool found;
};

static bool
see_line(void *arg, struct str line, const struct json *tree)
{
	struct wanted *w = arg;
	int64_t when;

	(void)line;
	if (!date_parse_iso(json_str(json_get(tree, STR("time"))), &when) ||
	    when < w->since)
		return false;
	w->found = str_eq(json_str(json_get(tree, STR("id"))), w->id) &&
	    str_eq(json_str(json_get(tree, STR("verdict"))), w->verdict);
	return !w->found;
}

bool
journal_says(const struct journal *j, struct str id, struct str verdict,
    int64_t since)
{
	struct wanted w = { .id = id, .verdict = verdict, .since = since };
	const struct journal_filter f = { .backwards = true };
	struct err e;

	return journal_read(j, &f, see_line, &w, &e) && w.found;
}

bool
journal_tail(const struct journal *j, struct journal_tail *t, struct err *e)
{
	struct os_stat st = { 0 };

	*t = (struct journal_tail){ .fd = -1 };
	if (!dir_file(&j->dir, j->name, DIR_READ, &t->fd, e))
		return false;
	if (t->fd < 0)
		return true;
	if (!os_stat_fd(t->fd, j->name, &st, e)) {
		os_close(&t->fd);
		return false;
	}
	t->at = st.size;
	return true;
}

/* Whole lines only: the rest of one comes with the next look. */
static bool
read_rest(const struct journal *j, struct journal_wait *w, struct err *e)
{
	struct reading r = { .filter = w->filter,
		.each = w->each,
		.arg = w->arg };
	struct journal_tail *t = &w->tail;
	struct os_stat st;
	const char *end;
	struct buf b;
	char *room;
	size_t n;
	bool ok;

	if (!os_stat_fd(t->fd, j->name, &st, e))
		return false;
	/* a line that could not be synced was taken back */
	if (st.size <= t->at || st.size - t->at > 2 * JOURNAL_FILE_MOST) {
		t->at = st.size;
		return true;
	}
	n = (size_t)(st.size - t->at);
	buf_init(&b, 2 * (size_t)JOURNAL_FILE_MOST);
	room = buf_room(&b, n);
	ok = room == NULL ?
	    buf_ok(&b, e) :
	    os_read_at((struct os_at){ j->name, t->fd, t->at }, room, n, e);
	if (ok) {
		end = memrchr(room, '\n', n);
		n = end == NULL ? 0 : (size_t)(end - room) + 1;
		read_lines(&r, (struct str){ room, n });
		t->at += n;
	}
	buf_release(&b);
	return ok;
}

bool
journal_more(const struct journal *j, struct journal_wait *w, struct err *e)
{
	struct journal_tail *t = &w->tail;
	bool last = false;

	while (!last) {
		if (t->fd < 0) {
			t->at = 0;
			if (!dir_file(&j->dir, j->name, DIR_READ, &t->fd, e))
				return false;
		}
		if (t->fd < 0)
			return true;
		/* asked before: one that was renamed gets no further line */
		last = dir_has(&j->dir, j->name, t->fd);
		if (!read_rest(j, w, e))
			return false;
		if (!last)
			os_close(&t->fd);
	}
	return true;
}
