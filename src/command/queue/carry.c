/* SPDX-License-Identifier: MIT */
#include "command/queue/carry.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/os.h"
#include "base/scratch.h"

enum {
	PIECE = 64 * 1024,
	START_MOST = ENVELOPE_HEAD_MOST + ENVELOPE_SLOTS,
	MEMORY = 8 << 20, /* START_MOST, and the envelope in it */
	NAME_SIZE = ENVELOPE_ID_SIZE + sizeof(QUEUE_CARRY_END) + 1
};

/* --- out */

static bool
copy(const struct claim *c, int fd, const char *name, struct err *e)
{
	const uint64_t size =
	    c->slots + ENVELOPE_SLOTS + c->body.size + ENVELOPE_END;
	SCRATCH char piece[PIECE];
	uint64_t at = 0;
	size_t n;

	for (; at < size; at += n) {
		n = size - at < PIECE ? (size_t)(size - at) : PIECE;
		if (!os_read_at((struct os_at){ c->id, c->fd, at }, piece, n,
			e) ||
		    !os_write_fd(fd, name, (struct str){ piece, n }, e))
			return false;
	}
	return os_sync(fd, name, e);
}

bool
queue_carry_out(const struct claim *c, const struct dir *to, struct err *e)
{
	char name[NAME_SIZE], half[NAME_SIZE + 1];
	struct os_stat st;
	struct err other;
	bool ok;
	int fd = -1;

	(void)snprintf(name, sizeof(name), "%s" QUEUE_CARRY_END, c->id);
	(void)snprintf(half, sizeof(half), ".%s", name);
	if (dir_stat(to, name, &st)) {
		err_set(e, ERR_INPUT, "%s/%s: is there already", to->path,
		    name);
		return err_remedy(e, "export to an empty folder");
	}
	/* what an export left that was killed */
	if (!dir_remove(to, half, e) || !dir_file(to, half, DIR_CREATE, &fd, e))
		return false;
	if (fd < 0)
		return err_set(e, ERR_RETRY, "%s/%s: another export writes it",
		    to->path, half);
	ok = copy(c, fd, half, e) && dir_move(to, half, to, name, e) &&
	    dir_sync(to, e);
	if (!ok) {
		(void)!dir_remove(to, half, &other);
		err_wrap(e, "%s", to->path);
	}
	os_close(&fd);
	return ok;
}

/* --- in */

struct carried {
	struct file file;
	struct source bytes;
	struct envelope envelope;
	struct str start; /* head and slots, and perhaps more */
	uint64_t head, body;
	char end[ENVELOPE_END];
};

static bool
cut_short(struct err *e)
{
	return err_set(e, ERR_INPUT, "is cut short");
}

static bool
read_start(struct carried *in, struct arena *a, struct err *e)
{
	const uint64_t size = in->bytes.size;
	size_t n = size < START_MOST ? (size_t)size : START_MOST;
	char *p = arena_alloc(a, n);
	enum parse r;

	if (!arena_ok(a, e) || !source_read(&in->bytes, 0, p, n, e))
		return false;
	in->start = (struct str){ p, n };
	r = envelope_read(a, in->start, &in->envelope, &n, e);
	if (r == PARSE_BAD)
		return false;
	in->head = n;
	if (r == PARSE_MORE || size < in->head + ENVELOPE_SLOTS + ENVELOPE_END)
		return cut_short(e);
	in->body = size - in->head - ENVELOPE_SLOTS - ENVELOPE_END;
	return source_read(&in->bytes, size - ENVELOPE_END, in->end,
	    ENVELOPE_END, e);
}

struct pouring {
	struct envelope_sum sum;
	struct spool_add *to;
};

static bool
pour_piece(void *arg, struct str piece, struct err *e)
{
	struct pouring *p = arg;

	envelope_sum_add(&p->sum, piece);
	return spool_write(p->to, piece, e);
}

/* The message into the spool, and what its end record should be. */
static bool
pour(const struct carried *in, struct spool_add *a, struct err *e)
{
	struct source_range r = { &in->bytes, in->head + ENVELOPE_SLOTS,
		in->body };
	char want[ENVELOPE_END + 1];
	struct pouring p = { .to = a };

	envelope_sum_init(&p.sum, in->envelope.version);
	envelope_sum_add(&p.sum, str_first(in->start, (size_t)in->head));
	if (!source_copy(r, pour_piece, &p, e))
		return false;
	envelope_sum_end(&p.sum, want);
	return memcmp(want, in->end, ENVELOPE_END) == 0 ||
	    err_set(e, ERR_INPUT, "is not whole: its end does not match");
}

static bool
store(const struct carried *in, struct spool *s, struct spool_add *a,
    struct err *e)
{
	const struct str slots =
	    str_first(str_from(in->start, (size_t)in->head), ENVELOPE_SLOTS);

	if (!spool_begin(s, &in->envelope, a, e))
		return false;
	/* where it stands is no part of what the end record is about */
	if (os_write_at((struct os_at){ a->id, a->fd, a->head }, slots, e) &&
	    pour(in, a, e))
		return spool_commit(a, e);
	spool_abort(a);
	return false;
}

/*
 * The same id and the same end record: the same message. One that is marked
 * as gone (an export that was cut) will be removed, so it is not here.
 */
static bool
is_here(const struct carried *in, struct spool *s, struct arena *mem)
{
	char end[ENVELOPE_END];
	char id[ENVELOPE_ID_SIZE] = { 0 };
	struct claim c;
	struct err e;
	bool same;

	memcpy(id, in->envelope.id.p, in->envelope.id.n);
	if (!claim_look(&c, s, id, SPOOL_ALL, mem, &e) || c.spool == NULL)
		return false;
	same = c.state.done < c.envelope.recipients && c.slots == in->head &&
	    c.body.size == in->body &&
	    os_read_at((struct os_at){ id, c.fd,
			   in->bytes.size - ENVELOPE_END },
		end, sizeof(end), &e) &&
	    memcmp(end, in->end, sizeof(end)) == 0;
	claim_leave(&c);
	return same;
}

bool
queue_carry_in(struct spool *s, const char *path, char id[ENVELOPE_ID_SIZE],
    bool *here, struct err *e)
{
	struct carried in = { 0 };
	struct spool_add a = { 0 };
	struct arena mem;
	bool ok;

	*here = false;
	if (!file_open(&in.file, path, e))
		return false;
	in.bytes = file_source(&in.file);
	arena_init(&mem, 2 * MEMORY);
	ok = read_start(&in, &mem, e);
	if (ok) {
		*here = is_here(&in, s, &mem);
		memcpy(id, in.envelope.id.p, in.envelope.id.n);
		id[in.envelope.id.n] = '\0';
	}
	if (ok && !*here) {
		ok = store(&in, s, &a, e);
		memcpy(id, a.id, sizeof(a.id));
	}
	if (!ok && e->kind == ERR_INPUT)
		err_remedy(e, "copy it once more from where it was exported");
	if (!ok)
		err_wrap(e, "%s", path);
	arena_release(&mem);
	file_close(&in.file);
	return ok;
}
