/* SPDX-License-Identifier: MIT */
#include "web/html.h"

#include "codec/url.h"

/* A character that nobody sees, and that could turn a line around, is none. */
static void
html_escape(struct buf *out, struct str s)
{
	static const struct {
		char c;
		const char *as;
	} escapes[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" },
		{ '"', "&quot;" }, { '\'', "&#39;" } };

	while (s.n > 0) {
		size_t n = str_utf8(s), i = 0;
		char c = s.p[0];

		while (i < 5 && escapes[i].c != c)
			i++;
		if (i < 5)
			buf_addz(out, escapes[i].as);
		else if (n == 0 || c == 0x7f ||
		    (n == 1 && c < ' ' && c != '\n' && c != '\t'))
			buf_addz(out, "\xef\xbf\xbd");
		else
			buf_add(out, s.p, n);
		s = str_from(s, n > 0 ? n : 1);
	}
}

struct html_values {
	const struct str *item;
	size_t n;
};

/* Up to `to` of s, with the values in it. */
static void
html_part(struct html *h, struct str s, bool escaped, struct html_values *left)
{
	struct str part;
	size_t at;

	for (;;) {
		at = str_chr(s, '$');
		part = str_first(s, at);
		if (escaped)
			html_escape(h->out, part);
		else
			buf_adds(h->out, part);
		if (at == s.n)
			return;
		if (left->n == 0) {
			h->out->full = true;
			return;
		}
		html_escape(h->out, *left->item++);
		left->n--;
		s = str_from(s, at + 1);
	}
}

void
html_fill(struct html *h, const char *markup, const struct str *value, size_t n)
{
	struct html_values left = { value, n };
	struct str rest = str_of(markup), part;
	bool word = false;

	for (; str_next(&rest, '@', &part); word = !word)
		html_part(h, word ? text_find(h->language, part) : part, word,
		    &left);
	h->out->full = h->out->full || left.n > 0;
}

void
html_put(struct html *h, const char *markup)
{
	html_fill(h, markup, NULL, 0);
}

struct str
html_number(struct html *h, int64_t n)
{
	return arena_fmt(h->mem, "%lld", (long long)n);
}

struct str
html_size(struct html *h, int64_t bytes)
{
	if (bytes < 10000)
		return arena_fmt(h->mem, "%lld B", (long long)bytes);
	if (bytes < 10000000)
		return arena_fmt(h->mem, "%lld kB", (long long)bytes / 1000);
	return arena_fmt(h->mem, "%lld MB", (long long)bytes / 1000000);
}

struct str
html_query(struct html *h, struct str s)
{
	struct buf b;
	struct str coded;

	buf_init(&b, 3 * s.n + 1);
	url_encode(&b, s);
	h->out->no_memory = h->out->no_memory || b.no_memory;
	coded = arena_str(h->mem, buf_view(&b));
	buf_release(&b);
	return coded;
}

struct str
html_word(const struct html *h, const char *english)
{
	return text_find(h->language, str_of(english));
}
