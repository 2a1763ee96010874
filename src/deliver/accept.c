/* SPDX-License-Identifier: MIT */
#include "deliver/accept.h"

#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/scratch.h"
#include "codec/date.h"
#include "codec/utf8.h"
#include "compose/prepare.h"
#include "mail/dsn.h"
#include "mail/head.h"
#include "mail/intake.h"
#include "mail/mime.h"

enum {
	/* the header and what entry adds, a copy of each of its values, and
	   10,000 addresses */
	ACCEPT_ARENA = 96 << 20,
	ACCEPT_TEXT = 2 * ACCEPT_HEADER + 4 * ACCEPT_PIECE,
	/* of a piece: a line of 76 bytes may need one more for its end */
	ACCEPT_LINES = ACCEPT_PIECE + ACCEPT_PIECE / 32,
	ACCEPT_WORDS = 2048,          /* of the options */
	ACCEPT_PARTS = 8 * 1024 - 64, /* of a message without files */
	ACCEPT_DRAIN = 1 << 28 /* bytes that are read of what is refused */
};

/* What is checked is looked at as it comes, not read once more. */
struct accept_look {
	struct arena parts;
	struct mime reader;
};

uint64_t
accept_largest(const struct config *c)
{
	return c->max_message_size + c->max_message_size / 8 * 3;
}

void
accept_begin(struct accept *a, const struct accept_ask *ask)
{
	*a = (struct accept){ .ask = *ask, .fd = -1 };
	arena_init_of(&a->mem, ACCEPT_ARENA, ask->stash);
	buf_init(&a->text, ACCEPT_TEXT);
}

static void
accept_end_look(struct accept *a)
{
	if (a->look == NULL)
		return;
	mime_release(&a->look->reader);
	arena_release(&a->look->parts);
	a->look = NULL;
}

void
accept_release(struct accept *a)
{
	spool_abort(&a->add);
	if (a->fd > 0) /* a zeroed one has none */
		os_close(&a->fd);
	temp_close(&a->temp);
	accept_end_look(a);
	buf_release(&a->text);
	arena_release(&a->mem);
	*a = (struct accept){ .fd = -1 };
}

/* --- into the spool */

/* Each recipient, with what is asked for it. */
static bool
accept_fill_recipients(struct accept *a, struct envelope *v, struct err *e)
{
	size_t n = a->entry.n_rcpt;
	bool asked = a->ask.notify != 0;

	for (const struct addr *r = a->entry.rcpt; r != NULL; r = r->next)
		asked =
		    asked || r->notify.when != 0 || r->notify.original.n > 0;
	v->recipient = arena_array(&a->mem, n, sizeof(*v->recipient));
	if (asked)
		v->notify = arena_array(&a->mem, n, sizeof(*v->notify));
	if (!arena_ok(&a->mem, e))
		return false;
	for (const struct addr *r = a->entry.rcpt; r != NULL; r = r->next) {
		if (asked)
			v->notify[v->recipients] = r->notify;
		if (asked && r->notify.when == 0)
			v->notify[v->recipients].when = a->ask.notify;
		v->recipient[v->recipients++] = r->text;
	}
	return true;
}

bool
accept_envelope(struct accept *a, struct envelope *v, struct err *e)
{
	const struct config *c = a->to.config;
	struct options o = a->ask.options;
	struct str who = a->ask.who;
	struct buf words;

	if (who.n == 0)
		who = arena_fmt(&a->mem, "uid=%lu", (unsigned long)getuid());
	o.raw = true;
	buf_init(&words, ACCEPT_WORDS);
	options_write(&o, &words);
	*v = (struct envelope){ .account = c->account,
		.mailbox = c->mailbox,
		.client_id = c->client_id,
		.settings = c->file,
		.sender = a->to.sender,
		/* one that is no text stays in the message only */
		.message_id = utf8_is_valid(a->entry.message_id) ?
		    a->entry.message_id :
		    STR(""),
		.subject = a->entry.subject,
		.client =
		    arena_fmt(&a->mem, "%s %.*s", a->ask.client, STR_ARG(who)),
		.envelope_id = a->ask.envelope_id,
		.ret = a->ask.ret,
		.options = arena_str(&a->mem, buf_view(&words)) };
	buf_release(&words);
	return accept_fill_recipients(a, v, e);
}

/* What was written is part of the message. */
static void
accept_count(struct accept *a, struct str piece)
{
	if (a->look != NULL)
		mime_feed(&a->look->reader, piece);
	a->size += piece.n;
}

static bool
accept_add_received(struct accept *a, struct err *e)
{
	int64_t now = os_wall();
	char date[DATE_MAIL_SIZE];
	struct str line;

	if (a->ask.received.n == 0)
		return true;
	date_mail(now, os_zone(now), date);
	line = arena_fmt(&a->mem, "Received: %.*s id %s;\r\n\t%s\r\n",
	    STR_ARG(a->ask.received), a->add.id, date);
	if (!arena_ok(&a->mem, e) || !spool_write(&a->add, line, e))
		return false;
	accept_count(a, line);
	return true;
}

/* Makes its file in tmp/. */
static bool
accept_make(struct accept *a, struct err *e)
{
	struct outbox *o = a->to.outbox;
	struct envelope v;
	struct os_stat st;
	struct err unnoted;

	if (o == NULL) {
		*e = a->to.why;
		return false;
	}
	/* a disk that fills up before the first run must not stop it */
	if (o->journal.name != NULL &&
	    !dir_stat(&o->journal.dir, o->journal.name, &st))
		(void)!journal_reserve(&o->journal, &unnoted);
	if (!spool_room(&o->spool, &o->limits, a->text.n, e) ||
	    !accept_envelope(a, &v, e) ||
	    !spool_begin(&o->spool, &v, &a->add, e))
		return false;
	memcpy(a->id, a->add.id, sizeof(a->id));
	return true;
}

static bool
accept_read_file(const struct source *self, uint64_t at, char *p, size_t n,
    struct err *e)
{
	const struct accept *a = self->arg;
	const struct os_at from = { .name = a->id,
		.fd = a->fd,
		.at = a->add.head + ENVELOPE_SLOTS + at };

	return os_read_at(from, p, n, e);
}

struct source
accept_source(const struct accept *a)
{
	if (a->temp.name != NULL)
		return temp_source(&a->temp);
	if (a->size == 0)
		return source_of(buf_view(&a->text));
	return (struct source){
		.size = a->size,
		.read = accept_read_file,
		.arg = a,
	};
}

static bool
accept_take_temp(void *arg, struct str piece, struct err *e)
{
	return temp_add(arg, piece, e);
}

/* The spool takes no more: all of it goes elsewhere. */
static bool
accept_move(struct accept *a, struct err *e)
{
	struct source from = accept_source(a);
	struct temp to;

	if (!temp_open(&to, "the message", STR(""), e))
		return false;
	/* what is in memory is written next */
	if (a->size > 0 &&
	    !source_copy(source_all(&from), accept_take_temp, &to, e)) {
		temp_close(&to);
		return false;
	}
	a->temp = to;
	return true;
}

/* May what failed be kept elsewhere? */
static bool
accept_may_move(struct accept *a, const struct err *e)
{
	if (!a->ask.keep || e->kind == ERR_INPUT)
		return false;
	a->unstored = *e;
	return true;
}

/*
 * To be read while it is written, and after spool_write has failed. Not the
 * writer's descriptor: a copy of that would keep its lock.
 */
static bool
accept_open(struct accept *a, struct err *e)
{
	const struct dir *tmp = &a->to.outbox->spool.dir[SPOOL_TMP];

	return dir_file(tmp, a->id, DIR_READ, &a->fd, e) &&
	    (a->fd >= 0 ||
		err_set(e, ERR_RETRY, "%s/tmp/%s is gone",
		    a->to.outbox->spool.path, a->id));
}

/* To be read before anything is in it: what is there can be moved then. */
static bool
accept_make_large(struct accept *a, struct err *e)
{
	return accept_make(a, e) &&
	    ((!a->ask.keep && !a->ask.check) || accept_open(a, e)) &&
	    accept_add_received(a, e);
}

/* Writes the next piece to where it belongs. */
static bool
accept_put(struct accept *a, struct str piece, struct err *e)
{
	bool ok;

	if (piece.n == 0)
		return true;
	if (a->temp.name == NULL) {
		ok = (a->size > 0 || accept_make_large(a, e)) &&
		    spool_write(&a->add, piece, e);
		if (!ok && (!accept_may_move(a, e) || !accept_move(a, e)))
			return false;
	}
	if (a->temp.name != NULL && !temp_add(&a->temp, piece, e))
		return false;
	accept_count(a, piece);
	return true;
}

/* The same for what is in a->text. */
static bool
accept_flush(struct accept *a, struct err *e)
{
	if (!accept_put(a, buf_view(&a->text), e))
		return false;
	buf_reset(&a->text);
	return true;
}

/* --- the header */

static bool
accept_too_large(struct accept *a, struct err *e)
{
	a->too_large = true;
	err_set(e, ERR_INPUT, "the message has a header of more than %d bytes",
	    ACCEPT_HEADER);
	return err_remedy(e, "name fewer recipients in it, or send a list");
}

static bool
accept_begin_look(struct accept *a, struct err *e)
{
	a->look = arena_alloc(&a->mem, sizeof(*a->look));
	if (a->look == NULL)
		return arena_ok(&a->mem, e);
	arena_init(&a->look->parts, PREPARE_MEMORY);
	arena_expect(&a->look->parts, ACCEPT_PARTS);
	mime_init(&a->look->reader, &a->look->parts);
	return true;
}

/* May the message have n bytes more? */
static bool
accept_fits(struct accept *a, size_t n, struct err *e)
{
	uint64_t most = accept_largest(a->to.config);

	if (most == 0 || a->size + a->text.n + n <= most)
		return true;
	a->too_large = true;
	err_set(e, ERR_INPUT,
	    "the message has more than %llu bytes, which is max_message_size "
	    "and what base64 adds to it",
	    (unsigned long long)most);
	err_code(e, STR(DSN_TOO_LARGE));
	return err_remedy(e,
	    "put large files where they can be linked, or raise "
	    "max_message_size");
}

/* It has n bytes. */
static bool
accept_head(struct accept *a, size_t n, struct err *e)
{
	struct str whole = buf_view(&a->text);
	struct str header = arena_str(&a->mem, str_first(whole, n));
	struct entry_ask ask = a->ask.entry;
	struct buf out;
	bool ok;

	if (n > ACCEPT_HEADER)
		return accept_too_large(a, e);
	if (!arena_ok(&a->mem, e) ||
	    !a->ask.choose(a->ask.arg, header, &a->to, e))
		return false;
	if (a->to.header.n > 0)
		header = a->to.header;
	ask.config = a->to.config;
	ask.when = os_wall();
	ask.zone = os_zone(ask.when);
	buf_init(&out, ACCEPT_TEXT);
	ok = entry_read(&a->mem, header, &ask, &out, &a->entry, e);
	if (ok && a->entry.n_rcpt > ENVELOPE_RECIPIENTS_MOST) {
		err_set(e, ERR_INPUT,
		    "the message has %zu recipients, the queue takes at most "
		    "%d",
		    a->entry.n_rcpt, ENVELOPE_RECIPIENTS_MOST);
		ok = err_remedy(e,
		    "send it in parts, or to a group: that counts as one");
	}
	buf_adds(&out, str_from(whole, n));
	ok = ok && buf_ok(&out, e);
	buf_release(&a->text);
	a->text = out;
	a->headed = true;
	return ok && accept_fits(a, 0, e) &&
	    (!a->ask.check || accept_begin_look(a, e));
}

/* Looks whether the header ends in what is there. */
static bool
accept_find_head(struct accept *a, struct err *e)
{
	struct str rest, line;
	size_t end;

	for (;;) {
		rest = str_from(buf_view(&a->text), a->line);
		end = str_chr(rest, '\n');
		line = str_first(rest, end + 1);
		if (end == rest.n && rest.n + a->line <= ACCEPT_HEADER)
			return true;
		if (head_is_end(line))
			return accept_head(a, a->line + line.n, e);
		if (!head_is_line(line, a->line == 0))
			return accept_head(a, a->line, e);
		if (a->line + line.n > ACCEPT_HEADER)
			return accept_too_large(a, e);
		a->line += line.n;
	}
}

/* --- the text */

/* More of it, behind the header: what is large is written without a copy. */
static bool
accept_text(struct accept *a, struct str piece, struct err *e)
{
	if (!accept_fits(a, piece.n, e))
		return false;
	if (a->text.n + piece.n > ACCEPT_MEMORY)
		return accept_flush(a, e) && accept_put(a, piece, e);
	buf_adds(&a->text, piece);
	return buf_ok(&a->text, e);
}

static bool
accept_piece(struct accept *a, struct str piece, struct err *e)
{
	if (a->headed)
		return accept_text(a, piece, e);
	buf_adds(&a->text, piece);
	return buf_ok(&a->text, e) && accept_find_head(a, e);
}

/* What failed is over. */
static bool
accept_drop(struct accept *a)
{
	bool too_large = a->too_large;

	accept_release(a);
	a->too_large = too_large;
	return false;
}

bool
accept_feed(struct accept *a, struct str text, struct err *e)
{
	struct str piece;

	for (; text.n > 0; text = str_from(text, piece.n)) {
		piece = a->headed ? text : str_first(text, ACCEPT_PIECE);
		if (!accept_piece(a, piece, e))
			return accept_drop(a);
	}
	return true;
}

static bool
accept_check(struct accept *a, struct err *e)
{
	struct source text = accept_source(a);
	struct prepare_envelope v = { .sender = a->ask.entry.sender,
		.rcpt = a->entry.rcpt,
		.no_save_asked = a->ask.options.no_save,
		.want = a->ask.options.via,
		.look = true };
	struct config config = *a->to.config;
	struct prepared p = { 0 };
	struct route_choice choice;
	struct mime_part *root;
	bool ok;

	if (a->look == NULL)
		return true;
	if (a->size == 0)
		mime_feed(&a->look->reader, buf_view(&a->text));
	if (!mime_finish(&a->look->reader, &root, e))
		return false;
	v.root = root;
	config.save_to_sent = config.save_to_sent && !v.no_save_asked;
	ok = prepare_raw(&p, &config, &text, &v, a->ask.log, e) &&
	    route_choose(&p.out.facts, v.want, &choice, e);
	prepare_release(&p);
	accept_end_look(a);
	if (ok)
		a->why = choice.why;
	return ok;
}

/* What stands in memory stays there, for accept_source. */
static bool
accept_store_small(struct accept *a, struct err *e)
{
	uint64_t size = a->size;
	bool ok = accept_make(a, e) && accept_add_received(a, e) &&
	    spool_write(&a->add, buf_view(&a->text), e);

	a->size = size;
	return ok || accept_may_move(a, e);
}

bool
accept_end(struct accept *a, struct err *e)
{
	bool ok = a->headed ||
	    accept_head(a, head_size(buf_view(&a->text), false), e);

	if (ok && a->size == 0)
		ok = accept_check(a, e) && accept_store_small(a, e);
	else
		ok = ok && accept_flush(a, e) && accept_check(a, e);
	return ok || accept_drop(a);
}

bool
accept_commit(struct accept *a, struct err *e)
{
	if (a->add.spool != NULL && spool_commit(&a->add, e))
		return true;
	if (a->unstored.kind != ERR_NONE)
		*e = a->unstored;
	else
		a->unstored = *e;
	return false;
}

bool
accept_seal(struct accept *a, struct err *e)
{
	return (a->add.spool != NULL && spool_seal(&a->add, e)) ||
	    accept_drop(a);
}

bool
accept_settle(struct accept **list, size_t n, struct err *e)
{
	struct spool_add *add[ACCEPT_SETTLE_MOST];

	for (size_t i = 0; i < n; i++)
		add[i] = &list[i]->add;
	return spool_settle(add, n, e);
}

bool
accept_is_stored(const struct accept *a)
{
	return a->add.stored;
}

/* --- from a program */

/* A program's output on its way in. */
struct accept_program {
	const struct accept_input *in;
	struct intake intake;
	struct buf lines;
	uint64_t drained; /* bytes read for nothing */
};

/* Lone CRs before the first LF: what they are is known with it. */
static bool
accept_program_settle(struct accept_program *p, bool last, struct err *e)
{
	struct intake *i = &p->intake;
	struct buf out;

	if (!i->kept)
		return true;
	if (!last && !i->seen_lf && p->lines.n < ACCEPT_HEADER)
		return true; /* not yet */
	buf_init(&out, ACCEPT_TEXT);
	intake_settle(i, buf_view(&p->lines), &out);
	buf_release(&p->lines);
	p->lines = out;
	return buf_ok(&p->lines, e);
}

static bool
accept_program_feed(struct accept *a, struct accept_program *p, bool last,
    struct err *e)
{
	bool ok = buf_ok(&p->lines, e) && accept_program_settle(p, last, e);

	if (ok && p->intake.kept)
		return true;
	ok = ok && accept_feed(a, buf_view(&p->lines), e);
	buf_reset(&p->lines);
	return ok && (!last || accept_end(a, e));
}

/* False at its end. */
static bool
accept_program_read(struct accept_program *p, char *bytes, bool *failed,
    struct err *e)
{
	struct os_piece piece = { .p = bytes, .max = ACCEPT_PIECE };
	struct str rest;

	*failed = !os_read_some(p->in->fd, p->in->name, &piece, e);
	if (*failed)
		return false;
	rest = (struct str){ bytes, piece.n };
	if (piece.n > 0 &&
	    intake_feed(&p->intake, &rest, &p->lines) != PARSE_DONE)
		return true;
	intake_finish(&p->intake, &p->lines);
	return false;
}

bool
accept_read(struct accept *a, const struct accept_input *in, struct err *e)
{
	struct accept_program p = { .in = in };
	SCRATCH char bytes[ACCEPT_PIECE], lines[ACCEPT_LINES];
	bool more = true, failed, ok = true;
	struct err ignored;

	intake_init(&p.intake,
	    in->dot_ends ? INTAKE_PROGRAM_DOT : INTAKE_PROGRAM);
	buf_init_in(&p.lines, lines, ACCEPT_LINES, ACCEPT_TEXT);
	while (more && !a->too_large && p.drained < ACCEPT_DRAIN) {
		more =
		    accept_program_read(&p, bytes, &failed, ok ? e : &ignored);
		if (failed) {
			ok = ok && accept_drop(a);
			break;
		}
		ok = ok && accept_program_feed(a, &p, !more, e);
		if (ok)
			continue;
		p.drained += p.lines.n;
		buf_reset(&p.lines);
	}
	buf_release(&p.lines);
	return ok;
}
