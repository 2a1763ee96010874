/* SPDX-License-Identifier: MIT */
#include "base/crypt.h"
#include "codec/base64.h"
#include "t.h"
#include "web/form.h"
#include "web/gate.h"
#include "web/html.h"
#include "web/look.h"
#include "web/session.h"
#include "web/text.h"

#include <string.h>

#define N(table) (sizeof(table) / sizeof(*(table)))

/* --- html: what is put in is escaped, whatever it is --- */

static const struct {
	const char *name, *value, *want;
} escapes[] = {
	{ "plain", "backup of db1", "backup of db1" },
	{ "markup", "<script>alert(1)</script>",
	    "&lt;script&gt;alert(1)&lt;/script&gt;" },
	{ "attribute", "\" onload='x'", "&quot; onload=&#39;x&#39;" },
	{ "reference", "&lt;&amp;", "&amp;lt;&amp;amp;" },
	{ "not ours to fill", "$ @Save@", "$ @Save@" },
	{ "control", "a\x1b[31m\x7f\r",
	    "a\xef\xbf\xbd[31m\xef\xbf\xbd"
	    "\xef\xbf\xbd" },
	{ "line and tab", "a\tb\nc", "a\tb\nc" },
	{ "UTF-8", "caf\xc3\xa9 \xf0\x9f\x98\x80",
	    "caf\xc3\xa9 \xf0\x9f\x98\x80" },
	{ "no UTF-8", "a\xff\xc3z", "a\xef\xbf\xbd\xef\xbf\xbdz" },
	{ "overlong", "\xc0\xbcscript>", "\xef\xbf\xbd\xef\xbf\xbdscript&gt;" },
	{ "empty", "", "" },
};

static void
test_escapes(void)
{
	for (size_t i = 0; i < N(escapes); i++) {
		struct buf out;
		struct html h = { .out = &out };
		char want[256] = "<b title=\"";

		buf_init(&out, 1024);
		HTML_PUT(&h, "<b title=\"$\">$</b>", str_of(escapes[i].value),
		    str_of(escapes[i].value));
		strcat(strcat(want, escapes[i].want), "\">");
		strcat(strcat(want, escapes[i].want), "</b>");
		T_CHECK(str_eq(buf_view(&out), str_of(want)), "%s: %.*s",
		    escapes[i].name, STR_ARG(buf_view(&out)));
		buf_release(&out);
	}
}

static const struct {
	const char *markup;
	enum text_language language;
	const char *want;
} words[] = {
	{ "<p>@Save@</p>", TEXT_ENGLISH, "<p>Save</p>" },
	{ "<p>@Save@</p>", TEXT_FRENCH, "<p>Enregistrer</p>" },
	{ "<p>@Queue@", TEXT_FRENCH, "<p>File d&#39;attente" },
	{ "<p>@not in the table@", TEXT_FRENCH, "<p>not in the table" },
	{ "@Certificates & secrets > the column Value, not Secret ID@",
	    TEXT_ENGLISH,
	    "Certificates &amp; secrets &gt; the column Value, not Secret ID" },
};

static void
test_words(void)
{
	for (size_t i = 0; i < N(words); i++) {
		struct buf out;
		struct html h = { .out = &out, .language = words[i].language };

		buf_init(&out, 1024);
		html_put(&h, words[i].markup);
		T_CHECK(str_eq(buf_view(&out), str_of(words[i].want)),
		    "%s: %.*s", words[i].markup, STR_ARG(buf_view(&out)));
		buf_release(&out);
	}
}

static void
test_values(void)
{
	struct buf out;
	struct arena mem;
	struct html h = { .out = &out, .mem = &mem, .language = TEXT_FRENCH };

	arena_init(&mem, 4096);
	buf_init(&out, 1024);
	HTML_PUT(&h, "<i>$</i>@$ of $ are shown.@<a href=\"?q=$\">",
	    html_size(&h, 12345678), html_number(&h, 7), STR("<9>"),
	    html_query(&h, STR("<a&b>+c@d")));
	T_CHECK(str_eq(buf_view(&out),
		    STR("<i>12 MB</i>7 sur &lt;9&gt; sont montr\xc3\xa9s."
			"<a href=\"?q=%3Ca%26b%3E%2Bc%40d\">")),
	    "%.*s", STR_ARG(buf_view(&out)));
	buf_release(&out);
	arena_release(&mem);
}

/* --- texts --- */

static const struct {
	const char *accept;
	enum text_language want;
} accepts[] = {
	{ "", TEXT_ENGLISH },
	{ "*", TEXT_ENGLISH },
	{ "de-DE,de;q=0.9", TEXT_ENGLISH },
	{ "fr", TEXT_FRENCH },
	{ "fr-CA, en;q=0.8", TEXT_FRENCH },
	{ "FR-fr,fr;q=0.9,en-US;q=0.8,en;q=0.7", TEXT_FRENCH },
	{ "en-US,en;q=0.9,fr;q=0.8", TEXT_ENGLISH },
	{ "de, fr;q=0.5, en;q=0.6", TEXT_ENGLISH },
	{ "de, fr;q=0.65, en;q=0.6", TEXT_FRENCH },
	{ "fr;q=0", TEXT_ENGLISH },
	{ "en;q=0.5, fr;q=1.0", TEXT_FRENCH },
	{ "fro, en", TEXT_ENGLISH },
	{ "fr ; q=0.9 , en;q=0.1", TEXT_FRENCH },
};

static void
test_languages(void)
{
	for (size_t i = 0; i < N(accepts); i++)
		T_CHECK(text_choose(str_of(accepts[i].accept)) ==
			accepts[i].want,
		    "%s", accepts[i].accept);
}

/* Each is there once, and as many values go into both languages. */
static void
test_texts(void)
{
	size_t n = 0;

	for (; text_key(n).n > 0; n++) {
		struct str key = text_key(n),
			   french = text_find(TEXT_FRENCH, key);
		size_t in_key = 0, in_french = 0;

		for (size_t i = 0; i < key.n; i++)
			in_key += key.p[i] == '$';
		for (size_t i = 0; i < french.n; i++)
			in_french += french.p[i] == '$';
		T_CHECK(in_key == in_french, "%.*s", STR_ARG(key));
		for (size_t i = 0; i < n; i++)
			T_CHECK(!str_eq(text_key(i), key), "%.*s twice",
			    STR_ARG(key));
	}
	T_CHECK(n > 100, "%zu texts", n);
}

/* --- form --- */

static const struct {
	const char *text, *name, *want; /* want NULL: there is none */
	bool ok;
} forms[] = {
	{ "a=1&b=2", "b", "2", true },
	{ "a=1&b=2", "c", NULL, true },
	{ "a=x+y%26z&b=2", "a", "x y&z", true },
	{ "a=++x++", "a", "x", true },
	{ "password=++x++", "password", "  x  ", true },
	{ "passwords=+x+&password=%20", "passwords", "x", true },
	{ "a", "a", "", true },
	{ "&&a=1&", "a", "1", true },
	{ "a=1&a=2", "a", "1", true },
	{ "%61=1", "a", "1", true },
	{ "", "a", NULL, true },
	{ "a=%0", "a", NULL, false },
	{ "a=x%00y", "a", NULL, false },
};

static void
test_forms(void)
{
	for (size_t i = 0; i < N(forms); i++) {
		struct arena mem;
		struct form f;
		struct err e;
		bool ok;
		struct str got;

		arena_init(&mem, 65536);
		ok = form_parse(&mem, str_of(forms[i].text), &f, &e);
		got = ok ? form_get(&f, forms[i].name) : (struct str){ 0 };
		T_CHECK(ok == forms[i].ok, "%s", forms[i].text);
		T_CHECK((got.p == NULL) == (forms[i].want == NULL) &&
			str_eq(got, str_of(forms[i].want)),
		    "%s: %.*s", forms[i].text, STR_ARG(got));
		T_CHECK(got.p == NULL || got.p[got.n] == '\0', "no NUL");
		arena_release(&mem);
	}
}

static void
test_many_fields(void)
{
	struct buf text;
	struct arena mem;
	struct form f;
	struct err e;

	buf_init(&text, 4096);
	for (int i = 0; i < FORM_FIELDS; i++)
		buf_addz(&text, "a=1&");
	arena_init(&mem, 65536);
	T_CHECK(form_parse(&mem, buf_view(&text), &f, &e), "%s", e.msg);
	buf_addz(&text, "b=1");
	T_CHECK(!form_parse(&mem, buf_view(&text), &f, &e), "too many");
	arena_release(&mem);
	buf_release(&text);
}

/* --- gate --- */

static const struct {
	const char *host;
	bool want;
} hosts[] = {
	{ "127.0.0.1:8365", true },
	{ "127.0.0.1", true },
	{ "[::1]:8365", true },
	{ "192.168.1.20:8365", true },
	{ "localhost:9000", true },
	{ "LocalHost", true },
	{ "nas.example.com:8365", true },
	{ "NAS.example.com", true },
	{ "mail.example.com", true },
	{ "example.com", false },
	{ "evil.example", false },
	{ "127.0.0.1.evil.example", false },
	{ "localhost.evil.example:8365", false },
	{ "127.0.0.1@evil.example", false },
	{ "1.2.3", false },
	{ "1.2.3.4.5", false },
	{ "256.1.1.1", false },
	{ "[evil.example", false },
	{ "[evil.example]:8365", false },
	{ "[::1]evil.example", false },
	{ "[::1", false },
	{ "[]", false },
	{ "[", false },
	{ "[ab]", false },
	{ "[::ffff:127.0.0.1]:1", true },
	{ "127.0.0.1:@evil.example", false },
	{ "127.0.0.1:80@evil.example", false },
	{ "127.0.0.1:", false },
	{ "127.0.0.1:65536", false },
	{ "nas.example.com:x", false },
	{ "", false },
	{ ":8365", false },
};

static void
test_hosts(void)
{
	for (size_t i = 0; i < N(hosts); i++)
		T_CHECK(gate_host(str_of(hosts[i].host),
			    STR("nas.example.com  mail.example.com")) ==
			hosts[i].want,
		    "\"%s\"", hosts[i].host);
}

static const struct {
	const char *origin, *site, *host;
	bool want, tls;
} origins[] = {
	{ "http://127.0.0.1:8365", NULL, "127.0.0.1:8365", true, false },
	{ "https://nas.example.com", "same-origin", "nas.example.com", true,
	    false },
	{ "http://127.0.0.1:9", NULL, "127.0.0.1:8365", false, false },
	{ "http://evil.example", "cross-site", "127.0.0.1:8365", false, false },
	{ "null", NULL, "127.0.0.1:8365", false, false },
	{ "", NULL, "127.0.0.1:8365", false, false },
	{ "ftp://127.0.0.1:8365", NULL, "127.0.0.1:8365", false, false },
	{ "http://127.0.0.1:8365.evil.example", NULL, "127.0.0.1:8365", false,
	    false },
	{ NULL, "same-origin", "127.0.0.1:8365", true, false },
	{ NULL, "same-site", "127.0.0.1:8365", false, false },
	{ NULL, "none", "127.0.0.1:8365", false, false },
	{ NULL, NULL, "127.0.0.1:8365", false, false },
	{ "http://127.0.0.1:8365", "cross-site", "127.0.0.1:8365", false,
	    false },
	{ "http://127.0.0.1:8365", "same-site", "127.0.0.1:8365", false,
	    false },
	{ "http://127.0.0.1:8365", "none", "127.0.0.1:8365", true, false },
	{ "https://nas.example.com", NULL, "nas.example.com", true, true },
	{ "http://nas.example.com", NULL, "nas.example.com", false, true },
};

static void
test_origins(void)
{
	for (size_t i = 0; i < N(origins); i++)
		T_CHECK(gate_origin(&(
			    struct gate_from){ str_of(origins[i].origin),
			    str_of(origins[i].site), str_of(origins[i].host),
			    origins[i].tls }) == origins[i].want,
		    "%s, %s", origins[i].origin, origins[i].site);
}

static const struct {
	const char *cookies, *want;
} cookies[] = {
	{ "post365-1=abc", "abc" },
	{ "a=1; post365-1=abc; b=2", "abc" },
	{ "a=1;post365-1=abc", "abc" },
	{ "post365-1=a; post365-1=b", "a" },
	{ "post365-11=abc", NULL },
	{ "xpost365-1=abc", NULL },
	{ "post365-1", NULL },
	{ "", NULL },
};

static void
test_cookies(void)
{
	for (size_t i = 0; i < N(cookies); i++) {
		struct str rest = str_of(cookies[i].cookies);
		struct str got = gate_cookie(&rest, STR("post365-1"));

		T_CHECK((got.p == NULL) == (cookies[i].want == NULL) &&
			str_eq(got, str_of(cookies[i].want)),
		    "%s", cookies[i].cookies);
	}
}

static void
test_more_cookies(void)
{
	struct str name = STR("post365-1"),
		   rest = STR("post365-1=; x=1;post365-1=a; post365-1");

	T_CHECK(gate_cookie(&rest, name).n == 0 && rest.n > 0, "an empty one");
	T_CHECK(str_eq(gate_cookie(&rest, name), STR("a")), "the next");
	T_CHECK(gate_cookie(&rest, name).p == NULL, "the end");
	T_CHECK(gate_cookie(&rest, name).p == NULL, "and again");
}

/* --- session --- */

static void
test_sessions(void)
{
	struct web_sessions s = { 0 };
	struct web_session *a = web_sessions_begin(&s, STR("ann"), 1000), *b;
	struct str id = str_of(a->id);
	char first[WEB_SESSION_TEXT];

	T_CHECK(id.n == 64 && !str_eq(id, str_of(a->token)), "two of 64");
	T_CHECK(web_sessions_find(&s, id, 2000) == a, "by its id");
	T_CHECK(web_sessions_find(&s, str_first(id, 63), 2000) == NULL,
	    "by a part of it");
	T_CHECK(web_sessions_find(&s, STR(""), 2000) == NULL, "by nothing");
	T_CHECK(web_sessions_find(&s, (struct str){ 0 }, 2000) == NULL,
	    "without a cookie");
	T_CHECK(web_sessions_find(&s, str_of(a->token), 2000) == NULL,
	    "the form's token is none");
	T_CHECK(web_sessions_find(&s, id, 2000 + WEB_SESSION_IDLE_MS - 1) == a,
	    "used within the hour");
	memcpy(first, a->id, sizeof(first));
	T_CHECK(web_sessions_find(&s, id, 2000 + 2 * WEB_SESSION_IDLE_MS) ==
		NULL,
	    "an hour later");
	T_CHECK(a->id[0] == '\0' && a->user[0] == '\0', "it is wiped");
	a = web_sessions_begin(&s, STR("ann"), 1000);
	memcpy(first, a->id, sizeof(first));
	T_CHECK(web_sessions_find(&s, str_of(first),
		    1000 + WEB_SESSION_IDLE_MS) == NULL,
	    "to the millisecond");
	b = web_sessions_begin(&s, STR(""), 5000);
	for (int64_t t = 5000; t < 5000 + WEB_SESSION_LIFE_MS; t += 1000000)
		T_CHECK(web_sessions_find(&s, str_of(b->id), t) == b,
		    "in use at %lld", (long long)t);
	T_CHECK(web_sessions_find(&s, str_of(b->id),
		    5000 + WEB_SESSION_LIFE_MS) == NULL,
	    "a day later");
	T_CHECK(web_sessions_find(&s, str_of(first), 5000) == NULL,
	    "an id does not come back");
}

static void
test_many_sessions(void)
{
	struct web_sessions s = { 0 };
	struct web_session *one[WEB_SESSION_MOST], *next;
	char kept[WEB_SESSION_TEXT];

	for (int i = 0; i < WEB_SESSION_MOST; i++)
		one[i] = web_sessions_begin(&s, STR("u"), 1000 + i);
	memcpy(kept, one[0]->id, sizeof(kept));
	(void)web_sessions_find(&s, str_of(kept), 5000);
	next = web_sessions_begin(&s, STR("new"), 6000);
	T_CHECK(next == one[1], "the place of the one not used for longest");
	T_CHECK(web_sessions_find(&s, str_of(kept), 6000) == one[0],
	    "one in use stays");
}

/* --- look: the policy has the hashes of what is sent --- */

static void
test_policy(void)
{
	static const enum packed_text parts[] = { TEXT_WEB_STYLE,
		TEXT_WEB_SCRIPT };
	struct buf fields, want, part;

	buf_init(&fields, 4096);
	look_fields(&fields);
	for (size_t i = 0; i < N(parts); i++) {
		unsigned char sum[CRYPT_SHA256_SIZE];

		buf_init(&want, 256);
		buf_init(&part, 65536);
		packed_add(parts[i], &part);
		T_CHECK(part.n > 100, "%zu bytes", part.n);
		crypt_sha256(buf_view(&part), sum);
		buf_release(&part);
		buf_addz(&want,
		    i == 0 ? "style-src 'sha256-" : "script-src 'sha256-");
		base64_encode(&want,
		    (struct str){ (const char *)sum, sizeof(sum) });
		buf_addz(&want, "';");
		T_CHECK(str_find(buf_view(&fields), buf_view(&want)) < fields.n,
		    "%.*s", STR_ARG(buf_view(&want)));
		buf_release(&want);
	}
	T_CHECK(str_find(buf_view(&fields), STR("unsafe")) == fields.n,
	    "nothing is unsafe");
	buf_release(&fields);
}

/* --- memory that ends --- */

static void
scenario(void)
{
	struct arena mem;
	struct buf out;
	struct html h = { .out = &out, .mem = &mem };
	struct form f;
	struct err e;

	arena_init(&mem, 65536);
	buf_init(&out, 65536);
	if (form_parse(&mem, STR("a=1&b=%32"), &f, &e)) {
		HTML_PUT(&h, "<i>$</i>$ $", form_get(&f, "b"),
		    html_query(&h, STR("a b")), html_number(&h, 5));
		if (buf_ok(&out, &e) && arena_ok(&mem, &e))
			T_CHECK(str_eq(buf_view(&out), STR("<i>2</i>a%20b 5")),
			    "%.*s", STR_ARG(buf_view(&out)));
	}
	buf_release(&out);
	arena_release(&mem);
}

static void
test_allocations(void)
{
	t_each_allocation_fails(scenario);
}

static const struct t_test tests[] = {
	{ "escapes", test_escapes },
	{ "words", test_words },
	{ "values", test_values },
	{ "languages", test_languages },
	{ "texts", test_texts },
	{ "forms", test_forms },
	{ "many fields", test_many_fields },
	{ "hosts", test_hosts },
	{ "origins", test_origins },
	{ "cookies", test_cookies },
	{ "more cookies", test_more_cookies },
	{ "sessions", test_sessions },
	{ "many sessions", test_many_sessions },
	{ "policy", test_policy },
	{ "allocations", test_allocations },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
