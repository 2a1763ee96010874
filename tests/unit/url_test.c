/* SPDX-License-Identifier: MIT */
#include "codec/url.h"

#include <string.h>

#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

static const struct {
	const char *in;
	bool tls, ip6, loopback;
	unsigned port;
	const char *host, *origin, *path, *query, *target;
} good[] = {
	{ "https://graph.microsoft.com/v1.0", true, false, false, 443,
	    "graph.microsoft.com", "https://graph.microsoft.com", "/v1.0", "",
	    "/v1.0" },
	{ "https://a", true, false, false, 443, "a", "https://a", "", "", "" },
	{ "https://a/", true, false, false, 443, "a", "https://a", "/", "",
	    "/" },
	{ "HTTPS://A.Example/P?Q", true, false, false, 443, "A.Example",
	    "HTTPS://A.Example", "/P", "Q", "/P?Q" },
	{ "https://a?q=/x", true, false, false, 443, "a", "https://a", "",
	    "q=/x", "?q=/x" },
	{ "https://a/?", true, false, false, 443, "a", "https://a", "/", "",
	    "/?" },
	{ "https://a/b?c?d", true, false, false, 443, "a", "https://a", "/b",
	    "c?d", "/b?c?d" },
	{ "https://a:8443/x", true, false, false, 8443, "a", "https://a:8443",
	    "/x", "", "/x" },
	{ "https://a:/x", true, false, false, 443, "a", "https://a:", "/x", "",
	    "/x" },
	{ "http://a:", false, false, false, 80, "a", "http://a:", "", "", "" },
	{ "https://a:65535", true, false, false, 65535, "a", "https://a:65535",
	    "", "", "" },
	{ "https://a:00443", true, false, false, 443, "a", "https://a:00443",
	    "", "", "" },
	{ "https://under_score.a-b.c/", true, false, false, 443,
	    "under_score.a-b.c", "https://under_score.a-b.c", "/", "", "/" },
	{ "http://[::1]:8080/x", false, true, true, 8080, "::1",
	    "http://[::1]:8080", "/x", "", "/x" },
	{ "https://[2001:db8::a]", true, true, false, 443, "2001:db8::a",
	    "https://[2001:db8::a]", "", "", "" },
	{ "https://[::ffff:127.0.0.1]:1/", true, true, false, 1,
	    "::ffff:127.0.0.1", "https://[::ffff:127.0.0.1]:1", "/", "", "/" },
	{ "http://localhost:4010", false, false, true, 4010, "localhost",
	    "http://localhost:4010", "", "", "" },
	{ "http://LocalHost.", false, false, true, 80, "LocalHost.",
	    "http://LocalHost.", "", "", "" },
	{ "http://127.0.0.1/", false, false, true, 80, "127.0.0.1",
	    "http://127.0.0.1", "/", "", "/" },
	{ "http://127.255.0.255", false, false, true, 80, "127.255.0.255",
	    "http://127.255.0.255", "", "", "" },
	{ "https://a/users('x')/%2F%e2%82%ac|{}^`\"<>[]@:", true, false, false,
	    443, "a", "https://a", "/users('x')/%2F%e2%82%ac|{}^`\"<>[]@:", "",
	    "/users('x')/%2F%e2%82%ac|{}^`\"<>[]@:" },
};

static void
test_good(void)
{
	struct url u;
	struct err e;

	for (size_t i = 0; i < N(good); i++) {
		const char *in = good[i].in;

		if (!url_parse(str_of(in), &u, &e)) {
			T_CHECK(false, "%s: %s", in, e.msg);
			continue;
		}
		T_CHECK(u.tls == good[i].tls && u.ip6 == good[i].ip6, "%s", in);
		T_CHECK(u.port == good[i].port, "%s: %u", in, u.port);
		T_CHECK(str_eq(u.host, str_of(good[i].host)), "%s", in);
		T_CHECK(str_eq(u.origin, str_of(good[i].origin)), "%s", in);
		T_CHECK(str_eq(u.path, str_of(good[i].path)), "%s", in);
		T_CHECK(str_eq(u.query, str_of(good[i].query)), "%s", in);
		T_CHECK(str_eq(u.target, str_of(good[i].target)), "%s", in);
		T_CHECK(url_is_loopback(&u) == good[i].loopback, "%s", in);
	}
}

static const struct {
	const char *name;
	struct str in;
} refused[] = {
	{ "empty", STR_INIT("") },
	{ "no scheme", STR_INIT("graph.microsoft.com") },
	{ "relative", STR_INIT("/v1.0") },
	{ "no authority", STR_INIT("https:/a") },
	{ "cut scheme", STR_INIT("https:/") },
	{ "short", STR_INIT("http") },
	{ "other scheme", STR_INIT("ftp://a/") },
	{ "longer scheme", STR_INIT("httpss://a/") },
	{ "empty host", STR_INIT("https://") },
	{ "empty host, path", STR_INIT("https:///x") },
	{ "empty host, query", STR_INIT("https://?x") },
	{ "empty host, port", STR_INIT("https://:443/") },
	{ "user", STR_INIT("https://user@a/") },
	{ "user and password", STR_INIT("https://u:p@a/") },
	{ "empty user", STR_INIT("https://@a/") },
	{ "host in the user", STR_INIT("https://good.example@evil.example/") },
	{ "fragment", STR_INIT("https://a/#x") },
	{ "fragment after the host", STR_INIT("https://a#@b/") },
	{ "empty fragment", STR_INIT("https://a/?q#") },
	{ "port 0", STR_INIT("https://a:0/") },
	{ "port 65536", STR_INIT("https://a:65536/") },
	{ "port 4294967739", STR_INIT("https://a:4294967739/") },
	{ "port of letters", STR_INIT("https://a:http/") },
	{ "port with sign", STR_INIT("https://a:+443/") },
	{ "two ports", STR_INIT("https://a:1:2/") },
	{ "space before", STR_INIT(" https://a/") },
	{ "space in path", STR_INIT("https://a/b c") },
	{ "space in host", STR_INIT("https://a b/") },
	{ "line end", STR_INIT("https://a/b\r\nHost: x") },
	{ "NUL", STR_INIT("https://a/\0b") },
	{ "DEL", STR_INIT("https://a/\x7f") },
	{ "tab", STR_INIT("https://a\t/") },
	{ "not ASCII in path", STR_INIT("https://a/\xc3\xa9") },
	{ "not ASCII in host", STR_INIT("https://\xc3\xa9/") },
	{ "backslash", STR_INIT("https://a\\b/") },
	{ "backslash in path", STR_INIT("https://a/\\b") },
	{ "percent in host", STR_INIT("https://a%2e/") },
	{ "bad triplet", STR_INIT("https://a/%zz") },
	{ "cut triplet", STR_INIT("https://a/%2") },
	{ "cut triplet in query", STR_INIT("https://a/?%") },
	{ "bracket not closed", STR_INIT("https://[::1/") },
	{ "brackets empty", STR_INIT("https://[]/") },
	{ "brackets without colon", STR_INIT("https://[abcd]/") },
	{ "zone", STR_INIT("https://[fe80::1%25eth0]/") },
	{ "name in brackets", STR_INIT("https://[::g]/") },
	{ "after the bracket", STR_INIT("https://[::1]x/") },
	{ "closing bracket alone", STR_INIT("https://a]/") },
	{ "bare IPv6", STR_INIT("https://::1/") },
	{ "pipe in host", STR_INIT("https://a|b/") },
	{ "quote in host", STR_INIT("https://a\"b/") },
};

static void
test_refused(void)
{
	struct url u = { .port = 7 };
	struct err e;

	for (size_t i = 0; i < N(refused); i++) {
		T_CHECK(!url_parse(refused[i].in, &u, &e), "%s",
		    refused[i].name);
		T_CHECK(e.kind == ERR_CONFIG, "%s", refused[i].name);
		T_CHECK(u.port == 7, "%s: out is left alone", refused[i].name);
	}
}

/* A password in the wrong place must not get into a log. */
static void
test_password(void)
{
	struct url u;
	struct err e;

	T_CHECK(!url_parse(STR("https://user:hunter2@a/"), &u, &e), "refused");
	T_CHECK(strstr(e.msg, "password") != NULL &&
		strstr(e.msg, "hunter2") == NULL,
	    "%s", e.msg);
}

static void
test_limits(void)
{
	char text[URL_MAX + 1] = "https://a/";
	char host[300] = "https://";
	struct url u;
	struct err e;

	memset(text + 10, 'x', sizeof(text) - 10);
	T_CHECK(url_parse((struct str){ text, URL_MAX }, &u, &e), "%s", e.msg);
	T_CHECK(!url_parse((struct str){ text, URL_MAX + 1 }, &u, &e), "long");
	memset(host + 8, 'x', sizeof(host) - 8);
	T_CHECK(url_parse((struct str){ host, 8 + 253 }, &u, &e), "%s", e.msg);
	T_CHECK(!url_parse((struct str){ host, 8 + 254 }, &u, &e), "long host");
}

static void
test_not_loopback(void)
{
	static const char *const hosts[] = { "http://127.1/",
		"http://127.0.0.256/", "http://127.0.0.01/", "http://127.0.0/",
		"http://127.0.0.1.2/", "http://127.0.0.1./", "http://127..0.1/",
		"http://127.0.0.1.example/", "http://128.0.0.1/",
		"http://0127.0.0.1/", "http://2130706433/", "http://0.0.0.0/",
		"http://localhost.example/", "http://localhost../",
		"http://xlocalhost/", "http://a.localhost/", "http://[::]/",
		"http://[::2]/", "http://[::1:1]/", "http://10.0.0.1/",
		"http://127.0.0.+1/" };
	struct url u;
	struct err e;

	for (size_t i = 0; i < N(hosts); i++) {
		T_CHECK(url_parse(str_of(hosts[i]), &u, &e), "%s: %s", hosts[i],
		    e.msg);
		T_CHECK(!url_is_loopback(&u), "%s", hosts[i]);
	}
}

static const struct {
	struct str in;
	const char *want;
} encoded[] = {
	{ STR_INIT(""), "" },
	{ STR_INIT("azAZ09-._~"), "azAZ09-._~" },
	{ STR_INIT("a b+c"), "a%20b%2Bc" },
	{ STR_INIT("!$&'()*,;=:/?#[]@%"),
	    "%21%24%26%27%28%29%2A%2C%3B%3D%3A%2F%3F%23%5B%5D%40%25" },
	{ STR_INIT("\0\x7f\x80\xff"), "%00%7F%80%FF" },
	{ STR_INIT("\xe2\x82\xac"), "%E2%82%AC" },
};

static void
test_encode(void)
{
	struct buf out, back;
	struct err e;

	buf_init(&out, 1000);
	buf_init(&back, 1000);
	for (size_t i = 0; i < N(encoded); i++) {
		buf_reset(&out);
		buf_reset(&back);
		buf_addc(&out, '>');
		url_encode(&out, encoded[i].in);
		T_CHECK(strcmp(out.p + 1, encoded[i].want) == 0, "%s: %s",
		    encoded[i].want, out.p);
		T_CHECK(url_decode(&back, str_from(buf_view(&out), 1), i % 2,
			    &e),
		    "%s", e.msg);
		T_CHECK(str_eq(buf_view(&back), encoded[i].in), "%s",
		    encoded[i].want);
	}
	buf_release(&out);
	buf_release(&back);
}

static const struct {
	const char *in;
	bool plus;
	struct str want;
	const char *bad; /* how the message ends */
} decoded[] = {
	{ "a+b", false, STR_INIT("a+b"), NULL },
	{ "a+b%2b", true, STR_INIT("a b+"), NULL },
	{ "%00%fF%41", false,
	    STR_INIT("\0\xff"
		     "A"),
	    NULL },
	{ "%", false, STR_INIT(""), "byte 0" },
	{ "ab%4", false, STR_INIT(""), "byte 2" },
	{ "a%4g", false, STR_INIT(""), "byte 1" },
	{ "a%%41", false, STR_INIT(""), "byte 1" },
	{ "a% 41", true, STR_INIT(""), "byte 1" },
};

static void
test_decode(void)
{
	struct buf out;
	struct err e;

	for (size_t i = 0; i < N(decoded); i++) {
		struct str in = str_of(decoded[i].in);

		buf_init(&out, 100);
		buf_addc(&out, '>');
		T_CHECK(url_decode(&out, in, decoded[i].plus, &e) ==
			(decoded[i].bad == NULL),
		    "%s", in.p);
		T_CHECK(str_eq(str_from(buf_view(&out), 1), decoded[i].want),
		    "%s: %s", in.p, out.p);
		if (decoded[i].bad != NULL)
			T_CHECK(e.kind == ERR_INPUT &&
				str_ends(str_of(e.msg), str_of(decoded[i].bad)),
			    "%s: %s", in.p, e.msg);
		buf_release(&out);
	}
	buf_init(&out, 2);
	T_CHECK(!url_decode(&out, STR("%41%42%43"), false, &e) &&
		e.kind == ERR_INPUT && out.n == 0 && buf_ok(&out, &e),
	    "a full out is as it was");
	T_CHECK(url_decode(&out, STR("%41%42"), false, &e), "%s", e.msg);
	buf_addc(&out, 'x');
	T_CHECK(!url_decode(&out, STR(""), false, &e) && !buf_ok(&out, &e),
	    "what latched before stays so");
	buf_release(&out);
}

static void
test_form_add(void)
{
	struct buf out;
	struct err e;

	buf_init(&out, 1000);
	/* RFC 6749 appendix B */
	url_form_add(&out, STR("n"), STR(" %&+\xc2\xa3\xe2\x82\xac"));
	T_CHECK(strcmp(out.p, "n=+%25%26%2B%C2%A3%E2%82%AC") == 0, "%s", out.p);
	url_form_add(&out, STR("a b"), STR(""));
	url_form_add(&out, STR("scope"), STR("https://x/.default"));
	T_CHECK(str_ends(buf_view(&out),
		    STR("&a+b=&scope=https%3A%2F%2Fx%2F.default")),
	    "%s", out.p);
	T_CHECK(buf_ok(&out, &e), "fine");
	buf_release(&out);
}

static const struct {
	const char *form, *name;
	bool ok, found;
	struct str want;
} fields[] = {
	{ "a=1&b=2", "a", true, true, STR_INIT("1") },
	{ "a=1&b=2", "b", true, true, STR_INIT("2") },
	{ "a=1&b=2", "c", true, false, STR_INIT("") },
	{ "a=1&b=2", "A", true, false, STR_INIT("") },
	{ "", "a", true, false, STR_INIT("") },
	{ "", "", true, false, STR_INIT("") },
	{ "&&a=1&", "a", true, true, STR_INIT("1") },
	{ "&&", "", true, false, STR_INIT("") },
	{ "=x", "", true, true, STR_INIT("x") },
	{ "a", "a", true, true, STR_INIT("") },
	{ "a=", "a", true, true, STR_INIT("") },
	{ "a=b=c", "a", true, true, STR_INIT("b=c") },
	{ "%61=x+y%2Bz", "a", true, true, STR_INIT("x y+z") },
	{ "a+b=1", "a b", true, true, STR_INIT("1") },
	{ "ab=1", "a", true, false, STR_INIT("") },
	{ "a=1", "ab", true, false, STR_INIT("") },
	{ "a=1&a=1", "a", false, false, STR_INIT("") },
	{ "a=1&%61=2", "a", false, false, STR_INIT("") },
	{ "a=%zz", "a", false, false, STR_INIT("") },
	{ "b=%zz&a=1", "a", true, true, STR_INIT("1") },
	{ "%zz=1&a=1", "a", true, true, STR_INIT("1") },
	{ "a%=1", "a", true, false, STR_INIT("") },
};

static void
test_form_get(void)
{
	struct buf out;
	struct err e;
	bool found, ok;

	for (size_t i = 0; i < N(fields); i++) {
		buf_init(&out, 100);
		buf_addc(&out, '>');
		found = false;
		ok = url_form_get(str_of(fields[i].form),
		    str_of(fields[i].name), &out, &found, &e);
		T_CHECK(ok == fields[i].ok, "%s", fields[i].form);
		T_CHECK(found == fields[i].found, "%s", fields[i].form);
		T_CHECK(ok || e.kind == ERR_INPUT, "%s", fields[i].form);
		T_CHECK(str_eq(str_from(buf_view(&out), 1), fields[i].want),
		    "%s: %s", fields[i].form, out.p);
		buf_release(&out);
	}
}

static void
use_all(void)
{
	struct buf form, out;
	struct err e;
	bool found;

	buf_init(&form, 1000);
	buf_init(&out, 1000);
	url_form_add(&form, STR("name"), STR("a value with blanks"));
	if (!buf_ok(&form, &e))
		T_CHECK(e.kind == ERR_RETRY, "%s", e.msg);
	else if (!url_form_get(buf_view(&form), STR("name"), &out, &found, &e))
		T_CHECK(e.kind == ERR_RETRY && out.n == 0, "%s", e.msg);
	buf_release(&form);
	buf_release(&out);
}

static void
test_allocation(void)
{
	t_each_allocation_fails(use_all);
}

static const struct t_test tests[] = {
	{ "good", test_good },
	{ "refused", test_refused },
	{ "password", test_password },
	{ "limits", test_limits },
	{ "not loopback", test_not_loopback },
	{ "encode", test_encode },
	{ "decode", test_decode },
	{ "form add", test_form_add },
	{ "form get", test_form_get },
	{ "allocation", test_allocation },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
