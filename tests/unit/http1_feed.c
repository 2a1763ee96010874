/* SPDX-License-Identifier: MIT */
#include "http1_feed.h"

#include "t.h"

enum {
	ALL_CUTS = 4 * 1024, /* longer inputs are cut at some places only */
	SOME_CUTS = 16,
	DETAILS_MAX = 8 * LIMIT
};

static enum parse
feed_some(struct seen *s, struct str *in, size_t n)
{
	struct str piece = str_first(*in, n);
	size_t whole = piece.n;
	enum parse r = http1_feed(&s->h, &piece, &s->body);

	*in = str_from(*in, whole - piece.n);
	T_CHECK(r != PARSE_MORE || piece.n == 0, "MORE, but %zu left", piece.n);
	return r;
}

void
see(struct feeding f, struct seen *s)
{
	size_t first = f.cut > 0 ? (size_t)f.cut : f.in.n;
	size_t then = f.cut == BYTEWISE ? 1 : f.in.n;
	struct str in = f.in;

	http1_init(&s->h, f.kind);
	buf_init(&s->body, f.limit);
	T_CHECK(http1_is_untouched(&s->h), "untouched");
	s->fed = feed_some(s, &in, f.cut == BYTEWISE ? 1 : first);
	while (s->fed == PARSE_MORE && in.n > 0)
		s->fed = feed_some(s, &in, then);
	s->left = in.n;
	s->end = http1_finish(&s->h);
	T_CHECK(http1_feed(&s->h, &in, &s->body) == s->end && in.n == s->left,
	    "latched");
	T_CHECK(http1_finish(&s->h) == s->end, "latched at the end");
	T_CHECK(http1_is_untouched(&s->h) == (f.in.n == 0), "touched");
	T_CHECK(!s->h.keep_alive || (s->fed == PARSE_DONE && !s->h.until_close),
	    "kept alive");
}

void
forget(struct seen *s)
{
	http1_release(&s->h);
	buf_release(&s->body);
}

void
summary(const struct seen *s, struct buf *out)
{
	const struct http1 *h = &s->h;
	struct str method = http1_method(h), target = http1_target(h);

	if (s->end == PARSE_BAD) {
		buf_addf(out, "%s: %s", s->fed == PARSE_BAD ? "bad" : "cut",
		    h->reason);
		return;
	}
	if (h->kind == HTTP1_REQUEST)
		buf_addf(out, "%.*s %.*s ", STR_ARG(method), STR_ARG(target));
	else
		buf_addf(out, "%d ", h->status);
	buf_addz(out,
	    s->fed == PARSE_MORE ? "eof [" :
		h->keep_alive    ? "keep [" :
				   "close [");
	buf_adds(out, buf_view(&s->body));
	buf_addc(out, ']');
	if (s->left > 0)
		buf_addf(out, "+%zu", s->left);
}

/* Everything that may not depend on how the bytes came. */
static void
details(const struct seen *s, struct buf *out)
{
	const struct http1_field *f = s->h.field;

	summary(s, out);
	buf_addf(out, "|%zu %d %d %u|", s->left, s->h.status, s->h.headed,
	    s->h.interim);
	buf_adds(out, buf_view(&s->h.head));
	buf_adds(out, buf_view(&s->body));
	for (size_t i = 0; i < s->h.n_fields; i++, f++)
		buf_addf(out, "|%u %u %u %u", f->name, f->name_n, f->value,
		    f->value_n);
}

static void
check_same(struct feeding f, const struct buf *want, const char *name)
{
	struct seen s;
	struct buf got;

	see(f, &s);
	buf_init(&got, DETAILS_MAX);
	details(&s, &got);
	T_CHECK(str_eq(buf_view(&got), buf_view(want)), "%s, cut %ld", name,
	    f.cut);
	buf_release(&got);
	forget(&s);
}

void
check_cuts(struct feeding f, const char *name)
{
	size_t stride = f.in.n <= ALL_CUTS ? 1 : f.in.n / SOME_CUTS;
	struct seen s;
	struct buf want;

	f.cut = 0;
	see(f, &s);
	buf_init(&want, DETAILS_MAX);
	details(&s, &want);
	forget(&s);
	f.cut = BYTEWISE;
	check_same(f, &want, name);
	for (size_t cut = 1; cut < f.in.n; cut += stride) {
		f.cut = (long)cut;
		check_same(f, &want, name);
	}
	buf_release(&want);
}
