/* SPDX-License-Identifier: MIT */
#include "compose/part.h"

#include <string.h>

#include "codec/charset.h"
#include "codec/qp.h"
#include "codec/unbase64.h"
#include "codec/utf8.h"
#include "mail/rope.h"

enum { PLAIN = SOURCE_PIECE + 256 }; /* decoded; qp holds back QP_HELD */

static bool
is_message(const struct mime_part *p)
{
	return str_eq(p->type, STR("message/rfc822"));
}

bool
prepare_part_is_whole(struct str text)
{
	struct str word = str_from(text, str_find(text, STR("=?")));

	return str_find(text, STR("\xef\xbf\xbd")) == text.n &&
	    str_find(word, STR("?=")) == word.n;
}

/* One that may be taken out: not sealed, nor of an attached message. */
static bool
is_movable(const struct mime_part *p)
{
	for (const struct mime_part *q = p->parent; q != NULL; q = q->parent)
		if (is_message(q))
			return false;
	return !p->sealed && p->encoding != MIME_UNKNOWN &&
	    !mime_is_multipart(p);
}

bool
prepare_part_is_text(const struct mime_part *p)
{
	return is_movable(p) && !is_message(p) && !prepare_part_is_file(p);
}

bool
prepare_part_is_file(const struct mime_part *p)
{
	if (!is_movable(p))
		return false;
	if (is_message(p))
		return p->parent != NULL && p->encoding == MIME_IDENTITY;
	return p->name.p != NULL ||
	    str_ieq(p->disposition, STR("attachment")) ||
	    !str_starts(p->type, STR("text/"));
}

size_t
prepare_part_list(const struct mime_part *root, prepare_part_is *is,
    const struct mime_part **out, size_t max)
{
	size_t n = 0, i;

	for (const struct mime_part *p = root; p != NULL; p = mime_next(p)) {
		if (!is(p))
			continue;
		for (i = n; i > 0 &&
		     out[i - 1]->end - out[i - 1]->body < p->end - p->body;
		     i--)
			if (i < max)
				out[i] = out[i - 1];
		if (i < max)
			out[i] = p;
		n += n < max;
	}
	return n;
}

/* A body on its way out of its encoding, to the end of plain or by way of it
   into a file. */
struct decoder {
	enum mime_encoding encoding;
	struct qp qp;
	struct unbase64 base64;
	struct buf *plain;
	struct temp *to; /* or NULL */
};

static bool
decoder_spill(struct decoder *d, struct err *e)
{
	bool ok = d->to == NULL ||
	    (buf_ok(d->plain, e) && temp_add(d->to, buf_view(d->plain), e));

	if (d->to != NULL)
		buf_reset(d->plain);
	return ok;
}

static bool
decoder_feed(void *arg, struct str in, struct err *e)
{
	struct decoder *d = arg;

	if (d->encoding == MIME_BASE64)
		unbase64_feed(&d->base64, in, d->plain);
	else if (d->encoding == MIME_QP)
		qp_feed(&d->qp, in, d->plain);
	else
		buf_adds(d->plain, in);
	return decoder_spill(d, e);
}

static bool
decoder_finish(struct decoder *d)
{
	if (d->encoding == MIME_QP)
		qp_finish(&d->qp, d->plain);
	return d->encoding != MIME_BASE64 ||
	    unbase64_finish(&d->base64, d->plain);
}

static bool
decode(const struct prepare_part *s, const struct mime_part *p, struct temp *to,
    struct buf *plain, struct err *e)
{
	struct decoder d = { .encoding = p->encoding,
		.plain = plain,
		.to = to };
	struct source_range r = { s->raw, p->body, p->end - p->body };
	bool sound;

	if (!source_copy(r, decoder_feed, &d, e))
		return false;
	sound = decoder_finish(&d);
	if (!decoder_spill(&d, e) || !buf_ok(plain, e))
		return false;
	return sound || err_set(e, ERR_INPUT, "its base64 is damaged");
}

/* Of the part, not of the machine: the message may still go another way. */
static bool
is_flaw(const struct err *e)
{
	return e->kind == ERR_INPUT && e->exit == 0;
}

/* A part of a source as a source. */
static bool
range(struct arena *a, const struct source *from, uint64_t start, uint64_t n,
    struct source *out, struct err *e)
{
	struct rope *r = arena_alloc(a, sizeof(*r));

	if (r != NULL) {
		rope_init(r, a);
		rope_range(r, ROPE_RAW, from, start, n);
		*out = rope_source(r);
	}
	return arena_ok(a, e);
}

static bool
decode_file(struct prepare_part *s, const struct mime_part *p,
    struct source *out, struct err *e)
{
	struct source all;
	struct buf plain;
	uint64_t start;
	bool ok;

	if (s->decoded.name == NULL &&
	    !temp_open(&s->decoded, "attachments", s->spool, e))
		return false;
	start = s->decoded.size;
	buf_init(&plain, PLAIN);
	ok = decode(s, p, &s->decoded, &plain, e);
	buf_release(&plain);
	all = temp_source(&s->decoded);
	return ok &&
	    range(s->mem, &all, start, s->decoded.size - start, out, e);
}

static void
describe(const struct prepare_part *s, const struct mime_part *p,
    struct message_file *out)
{
	struct buf name;

	*out = (struct message_file){ .name = p->name, .type = p->type };
	if (p->cid.n > 0 && !str_ieq(p->disposition, STR("attachment")))
		out->cid = p->cid;
	if (p->name.p == NULL)
		out->name =
		    is_message(p) ? STR("message.eml") : STR("attachment");
	if (utf8_is_valid(out->name))
		return;
	buf_init(&name, MIME_HEAD_MAX);
	utf8_add_mended(&name, out->name);
	out->name = arena_str(s->mem, buf_view(&name));
	buf_release(&name);
}

static bool
part_read_nothing(const struct source *self, uint64_t at, char *p, size_t n,
    struct err *e)
{
	(void)self;
	(void)at;
	(void)e;
	memset(p, 'x', n);
	return true;
}

uint64_t
prepare_part_size(const struct mime_part *p)
{
	uint64_t n = p->end - p->body;

	return p->encoding == MIME_BASE64 ? n / 25 * 18 : n;
}

bool
prepare_part_file(struct prepare_part *s, const struct mime_part *p,
    struct message_file *out, bool *sound, struct err *e)
{
	describe(s, p, out);
	*sound = true;
	if (p->encoding == MIME_IDENTITY)
		return range(s->mem, s->raw, p->body, p->end - p->body,
		    &out->content, e);
	if (s->look) {
		out->content = (struct source){ .size = prepare_part_size(p),
			.read = part_read_nothing };
		return true;
	}
	*sound = decode_file(s, p, &out->content, e);
	return *sound || is_flaw(e);
}

/* Without a charset it may be UTF-8. */
static bool
to_utf8(const struct mime_part *p, struct str bytes, struct buf *out)
{
	struct str charset = param_find(p->param, STR("charset"));

	if (charset.n > 0 && !str_ieq(charset, STR("us-ascii")) &&
	    !str_ieq(charset, STR("utf-8")))
		return charset_to_utf8(out, charset, bytes);
	buf_adds(out, bytes);
	return utf8_is_valid(bytes);
}

bool
prepare_part_text(struct prepare_part *s, const struct mime_part *p,
    struct buf *out, bool *sound, struct err *e)
{
	struct buf plain;
	bool ok;

	buf_init(&plain, out->limit);
	ok = decode(s, p, NULL, &plain, e);
	*sound = ok && to_utf8(p, buf_view(&plain), out);
	out->full = out->full || plain.full;
	buf_release(&plain);
	return ok || is_flaw(e);
}

void
prepare_part_release(struct prepare_part *s)
{
	temp_close(&s->decoded);
}
