/* SPDX-License-Identifier: MIT */
/*
 * web_fuzz: whatever is put into a page stays text: it ends no tag and no
 * attribute, and read back by a browser's rules it is what was put in. A form
 * that is taken makes the same fields again; a Host that is taken is an
 * address or a name of ours; an Origin that is taken is this Host's.
 */
#include <assert.h>
#include <string.h>

#include "codec/url.h"
#include "web/form.h"
#include "web/gate.h"
#include "web/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MOST = 1 << 20 };

/* The character that a reference of ours stands for. */
static char
unescape(struct str *s)
{
	static const struct {
		struct str as;
		char c;
	} all[] = { { STR_INIT("&amp;"), '&' }, { STR_INIT("&lt;"), '<' },
		{ STR_INIT("&gt;"), '>' }, { STR_INIT("&quot;"), '"' },
		{ STR_INIT("&#39;"), '\'' } };
	char c = s->p[0];

	for (size_t i = 0; c == '&' && i < 5; i++)
		if (str_starts(*s, all[i].as)) {
			*s = str_from(*s, all[i].as.n);
			return all[i].c;
		}
	assert(c != '&' && c != '<' && c != '>' && c != '"' && c != '\'');
	*s = str_from(*s, 1);
	return c;
}

/* What was put in, but for what no page may have. */
static void
check_text(struct str out, struct str in)
{
	static const struct str odd = STR_INIT("\xef\xbf\xbd");

	while (in.n > 0) {
		size_t n = str_utf8(in);
		unsigned char c = (unsigned char)in.p[0];

		if (n == 0 || c == 0x7f ||
		    (n == 1 && c < ' ' && c != '\n' && c != '\t')) {
			assert(str_starts(out, odd));
			out = str_from(out, odd.n);
			in = str_from(in, 1);
			continue;
		}
		for (; n > 0; n--, in = str_from(in, 1))
			assert(out.n > 0 && unescape(&out) == in.p[0]);
	}
	assert(out.n == 0);
}

static void
check_html(struct str in)
{
	struct buf out;
	struct arena mem;
	struct html h = { .out = &out, .mem = &mem, .language = TEXT_FRENCH };
	struct str all, text;
	struct err e;

	buf_init(&out, MOST);
	arena_init(&mem, MOST);
	HTML_PUT(&h, "<a title=\"$\">$<", in, in);
	assert(buf_ok(&out, &e));
	all = str_from(buf_view(&out), strlen("<a title=\""));
	text = str_from(all, str_find(all, STR("\">")) + 2);
	check_text(str_first(all, all.n - text.n - 2), in);
	check_text(str_first(text, text.n - 1), in);
	buf_reset(&out);
	HTML_PUT(&h, "$", html_query(&h, in));
	assert(str_chr(buf_view(&out), '&') == out.n || in.n == 0);
	buf_release(&out);
	arena_release(&mem);
}

static void
check_form(struct str in)
{
	static struct form f, again;
	struct arena mem;
	struct buf text;
	struct err e;

	arena_init(&mem, MOST);
	buf_init(&text, MOST);
	if (form_parse(&mem, in, &f, &e)) {
		for (size_t i = 0; i < f.n; i++) {
			if (text.n > 0)
				buf_addc(&text, '&');
			url_encode(&text, f.field[i].name);
			buf_addc(&text, '=');
			url_encode(&text, f.field[i].value);
			assert(f.field[i].value.p[f.field[i].value.n] == '\0');
		}
		assert(form_parse(&mem, buf_view(&text), &again, &e));
		assert(again.n == f.n);
		for (size_t i = 0; i < f.n; i++) {
			assert(str_eq(f.field[i].name, again.field[i].name));
			assert(str_eq(f.field[i].value, again.field[i].value));
		}
	}
	buf_release(&text);
	arena_release(&mem);
}

static void
check_gate(struct str in)
{
	struct gate_from from = { in, STR(""), STR("127.0.0.1:8365"), false };
	struct str names = STR("nas.example.com");
	struct str got;

	if (gate_host(in, names)) {
		assert(str_istarts(in, names) ||
		    str_istarts(in, STR("localhost")) || in.p[0] == '[' ||
		    ascii_is_digit(in.p[0]));
		for (size_t i = 0;
		     ascii_is_digit(in.p[0]) && i < in.n && in.p[i] != ':'; i++)
			assert(ascii_is_digit(in.p[i]) || in.p[i] == '.');
	}
	if (gate_origin(&from))
		assert(str_ends(in, STR("://127.0.0.1:8365")));
	from.tls = true;
	if (gate_origin(&from))
		assert(str_eq(in, STR("https://127.0.0.1:8365")));
	from = (struct gate_from){ in, STR("same-origin"), STR("x"), false };
	assert(!gate_origin(&from) || str_iends(in, STR("://x")));
	from = (struct gate_from){ STR("http://x"), in, STR("x"), false };
	assert(!gate_origin(&from) || !str_ends(in, STR("-site")));
	got = gate_cookie(in, STR("post365-1"));
	if (got.p != NULL)
		assert(str_chr(got, ';') == got.n &&
		    str_find(in, STR("post365-1=")) < in.n);
	(void)text_choose(in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };

	if (n == 0)
		return 0;
	check_html(in);
	check_form(in);
	check_gate(in);
	return 0;
}
