/* SPDX-License-Identifier: MIT */
/*
 * url_fuzz: the parts of a URL make it again, and are read as the same parts;
 * what was encoded comes back, alone and as a field of a form.
 */
#include <assert.h>
#include <string.h>

#include "codec/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_harmless(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		assert(s.p[i] > ' ' && s.p[i] < 0x7f && s.p[i] != '#');
}

static void
check_parts(const struct url *u)
{
	struct url v;
	struct buf text;
	struct err e;

	buf_init(&text, URL_MAX);
	buf_adds(&text, u->origin);
	buf_adds(&text, u->path);
	if (u->query.n > 0) {
		buf_addc(&text, '?');
		buf_adds(&text, u->query);
	} else {
		buf_adds(&text, str_from(u->target, u->path.n));
	}
	assert(buf_ok(&text, &e));
	assert(url_parse(buf_view(&text), &v, &e));
	assert(v.tls == u->tls && v.ip6 == u->ip6 && v.port == u->port);
	assert(str_eq(v.host, u->host) && str_eq(v.origin, u->origin));
	assert(str_eq(v.path, u->path) && str_eq(v.query, u->query));
	assert(str_eq(v.target, u->target));
	assert(u->tls == v.tls && u->port == v.port);
	buf_release(&text);
}

static void
check_url(struct str in)
{
	struct url u;
	struct err e;

	if (!url_parse(in, &u, &e)) {
		assert(e.kind == ERR_CONFIG);
		return;
	}
	assert(u.origin.n + u.target.n == in.n && u.port > 0);
	assert(u.host.n > 0 && str_find(u.origin, u.host) < u.origin.n);
	assert(str_chr(u.host, '@') == u.host.n);
	assert(str_chr(u.host, '/') == u.host.n);
	assert(u.target.n == 0 || *u.target.p == '/' || *u.target.p == '?');
	assert(!url_is_loopback(&u) || u.ip6 || *u.host.p == '1' ||
	    ascii_lower(*u.host.p) == 'l');
	check_harmless(in);
	check_parts(&u);
}

static void
check_encoding(struct str in)
{
	struct buf text, back;
	struct err e;

	for (int plus = 0; plus < 2; plus++) {
		buf_init(&text, 3 * in.n);
		buf_init(&back, in.n);
		url_encode(&text, in);
		assert(buf_ok(&text, &e));
		check_harmless(buf_view(&text));
		assert(url_decode(&back, buf_view(&text), plus, &e));
		assert(str_eq(buf_view(&back), in));
		buf_release(&text);
		buf_release(&back);
	}
}

static void
check_form(struct str in)
{
	struct str name = str_first(in, in.n / 3);
	struct str value = str_from(in, in.n / 3);
	struct buf text, back;
	struct err e;
	bool found;

	buf_init(&text, 3 * in.n + 64);
	buf_init(&back, in.n);
	url_form_add(&text, STR("first"), STR("1"));
	url_form_add(&text, name, value);
	found = false;
	if (url_form_get(buf_view(&text), name, &back, &found, &e)) {
		assert(found && str_eq(buf_view(&back), value));
	} else {
		assert(str_eq(name, STR("first")) && back.n == 0);
	}
	buf_reset(&back);
	/* any bytes as a form, and as an encoded text */
	if (!url_form_get(in, STR("a"), &back, &found, &e))
		assert(e.kind == ERR_INPUT && back.n == 0);
	buf_reset(&back);
	if (!url_decode(&back, in, true, &e))
		assert(e.kind == ERR_INPUT && back.n == 0);
	buf_release(&text);
	buf_release(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };

	check_url(in);
	check_encoding(in);
	check_form(in);
	return 0;
}
