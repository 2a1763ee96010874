/* SPDX-License-Identifier: MIT */
#include "net/proxy.h"

#include "t.h"

#define N(a) (sizeof(a) / sizeof(*(a)))

/* clang-format off */
static const struct {
	const char *text, *host;
	uint16_t port;
	const char *basic; /* `printf user:password | base64` */
	const char *name, *masked;
} good[] = {
	{ "http://proxy.test:3128", "proxy.test", 3128, "",
	  "proxy.test:3128", "http://proxy.test:3128" },
	{ "proxy.test:3128", "proxy.test", 3128, "", "proxy.test:3128",
	  "proxy.test:3128" },
	{ "HTTP://10.0.0.1:80/", "10.0.0.1", 80, "", "10.0.0.1:80",
	  "HTTP://10.0.0.1:80/" },
	{ "http://[fd00::1]:8080", "fd00::1", 8080, "", "[fd00::1]:8080",
	  "http://[fd00::1]:8080" },
	{ "http://Aladdin:open%20sesame@p.test:1", "p.test", 1,
	  "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "p.test:1",
	  "http://***@p.test:1" },
	{ "u:p@p.test:1", "p.test", 1, "dTpw", "p.test:1", "***@p.test:1" },
	{ "http://u@p.test:1", "p.test", 1, "dTo=", "p.test:1",
	  "http://***@p.test:1" },
	{ "http://u:@p.test:1", "p.test", 1, "dTo=", "p.test:1",
	  "http://***@p.test:1" },
	{ "http://@p.test:1", "p.test", 1, "", "p.test:1",
	  "http://***@p.test:1" },
	{ "http://u:a:b@p.test:1", "p.test", 1, "dTphOmI=", "p.test:1",
	  "http://***@p.test:1" },
	/* what should have been encoded and can be meant in one way only */
	{ "http://u:a@b/c#d?@p.test:1", "p.test", 1, "dTphQGIvYyNkPw==",
	  "p.test:1", "http://***@p.test:1" },
	{ "u:a://b@p.test:1", "p.test", 1, "dTphOi8vYg==", "p.test:1",
	  "***@p.test:1" },
	{ "http://u:%c3%a4%25@p.test:1", "p.test", 1, "dTrDpCU=", "p.test:1",
	  "http://***@p.test:1" },
};

/* None of these messages may have a word of "hush" or "me". */
static const struct {
	const char *text, *says, *masked;
} bad[] = {
	{ "", "is no host", "" },
	{ "http://", "is no host", "http://" },
	{ "http://proxy.test", "port is missing", "http://proxy.test" },
	{ "http://proxy.test:", "port is missing", "http://proxy.test:" },
	{ "http://[::1]", "port is missing", "http://[::1]" },
	{ "http://proxy.test:0", "port is not", "http://proxy.test:0" },
	{ "http://me:hush@proxy.test:99999", "port is not",
	  "http://***@proxy.test:99999" },
	{ "http://me:hush@", "is no host", "http://***@" },
	{ "http://me:hush%zz@proxy.test:1", "bad %XX at byte",
	  "http://***@proxy.test:1" },
	{ "http://me%3ahush:hush@proxy.test:1", "a colon in the user name",
	  "http://***@proxy.test:1" },
	{ "http://me:hu%0ash@proxy.test:1", "control character",
	  "http://***@proxy.test:1" },
	{ "me:hush@proxy test:1", "may not stand there",
	  "***@proxy test:1" },
	{ "https://me:hush@proxy.test:443", "TLS to the proxy itself",
	  "https://***@proxy.test:443" },
	{ "socks5h://me:hush@proxy.test:1080", "SOCKS is not supported",
	  "socks5h://***@proxy.test:1080" },
	{ "SOCKS4://127.0.0.1:1080", "SOCKS is not supported",
	  "SOCKS4://127.0.0.1:1080" },
	{ "ftp://proxy.test:21", "no http://", "ftp://proxy.test:21" },
	{ "http://proxy.test:80/proxy.pac", "PAC files",
	  "http://proxy.test:80/proxy.pac" },
	{ "http://proxy.test:80#x", "fragment", "http://proxy.test:80#x" },
	{ "hush@me://x@y", "port is missing", "***@y" },
};

static const struct {
	const char *list, *host;
	uint16_t port;
	const char *entry; /* NULL: none */
} lists[] = {
	{ "", "a.test", 443, NULL },
	{ " , ,\t", "a.test", 443, NULL },
	{ "*", "a.test", 443, "*" },
	{ "x.test,*", "10.0.0.1", 443, "*" },
	{ "*:444", "a.test", 443, NULL },
	{ "a.test", "a.test", 443, "a.test" },
	{ "A.Test.", "a.tEST", 443, "A.Test." },
	{ "a.test", "a.test.", 443, "a.test" },
	{ "a.test", "b.a.test", 443, "a.test" },
	{ "a.test", "c.b.a.test", 443, "a.test" },
	{ "a.test", "ba.test", 443, NULL },
	{ "b.a.test", "a.test", 443, NULL },
	{ ".a.test", "b.a.test", 443, ".a.test" },
	{ ".a.test", "a.test", 443, ".a.test" },
	{ "*.a.test", "b.a.test", 443, "*.a.test" },
	{ ".", "a.test", 443, NULL },
	{ "*.", "a.test", 443, NULL },
	{ "test", "a.test", 443, "test" },
	{ "x.test, y.test\tz.test", "z.test", 443, "z.test" },
	{ "x.test,,a.test", "a.test", 443, "a.test" },
	{ "a.test:443", "a.test", 443, "a.test:443" },
	{ "a.test:443", "a.test", 8443, NULL },
	{ "a.test:444,a.test", "a.test", 443, "a.test" },
	{ "a.test:x", "a.test", 443, NULL },
	{ "a.test:70000", "a.test", 443, NULL },
	{ "10.1.2.3", "10.1.2.3", 443, "10.1.2.3" },
	{ "10.1.2.3", "10.1.2.30", 443, NULL },
	{ "1.2.3", "10.1.2.3", 443, NULL },
	{ "2.3", "1.2.3.2.3", 443, "2.3" }, /* no address: a name */
	{ "2.3", "10.1.2.3", 443, NULL },
	{ "10.1.2.3:443", "10.1.2.3", 443, "10.1.2.3:443" },
	{ "10.0.0.0/8", "10.1.2.3", 443, "10.0.0.0/8" },
	{ "10.1.2.3/8", "10.9.9.9", 443, "10.1.2.3/8" },
	{ "10.0.0.0/8", "11.0.0.0", 443, NULL },
	{ "10.0.0.0/8:443", "10.1.2.3", 443, "10.0.0.0/8:443" },
	{ "10.0.0.0/8:80", "10.1.2.3", 443, NULL },
	{ "10.0.0.0/8", "a10.test", 443, NULL },
	{ "192.168.4.0/22", "192.168.7.255", 443, "192.168.4.0/22" },
	{ "192.168.4.0/22", "192.168.8.0", 443, NULL },
	{ "192.168.4.0/23", "192.168.6.0", 443, NULL },
	{ "0.0.0.0/0", "8.8.8.8", 443, "0.0.0.0/0" },
	{ "0.0.0.0/0", "::1", 443, NULL },
	{ "10.0.0.1/32", "10.0.0.1", 443, "10.0.0.1/32" },
	{ "10.0.0.1/33", "10.0.0.1", 443, NULL },
	{ "10.0.0.1/", "10.0.0.1", 443, NULL },
	{ "10.0.0.1/x", "10.0.0.1", 443, NULL },
	{ "/8", "10.0.0.1", 443, NULL },
	{ "fd00::1", "fd00::1", 443, "fd00::1" },
	{ "FD00:0::1", "fd00::1", 443, "FD00:0::1" },
	{ "[fd00::1]", "fd00::1", 443, "[fd00::1]" },
	{ "[fd00::1]:443", "fd00::1", 443, "[fd00::1]:443" },
	{ "[fd00::1]:80", "fd00::1", 443, NULL },
	{ "[fd00::1", "fd00::1", 443, "[fd00::1" },
	{ "[fd00::1]x", "fd00::1", 443, NULL },
	{ "fd00::/8", "fdff::1", 443, "fd00::/8" },
	{ "fd00::/7", "fc00::1", 443, "fd00::/7" },
	{ "fd00::/8", "fe80::1", 443, NULL },
	{ "[fd00::/8]:443", "fdff::1", 443, "[fd00::/8]:443" },
	{ "::/0", "fdff::1", 443, "::/0" },
	{ "::1/128", "::1", 443, "::1/128" },
	{ "::1/129", "::1", 443, NULL },
	{ "[]", "a.test", 443, NULL },
	{ "[", "a.test", 443, NULL },
	{ ":443", "a.test", 443, NULL },
};

static const struct {
	const char *url;
	bool proxied;
	const char *why; /* else */
} decisions[] = {
	{ "https://graph.test/v1.0", true, "" },
	{ "https://a.none.test/", false, "none.test" },
	{ "https://localhost:8443/", false, "loopback" },
	{ "https://127.1.2.3/", false, "loopback" },
	{ "https://[::1]:8443/", false, "loopback" },
	{ "https://[::2]:8443/", true, "" },
};
/* clang-format on */

static bool
hides(struct str s)
{
	return str_find(s, STR("hush")) == s.n &&
	    str_find(s, STR("me:")) == s.n;
}

static void
check_mask(const char *text, const char *want)
{
	struct buf out;

	buf_init(&out, 1000);
	proxy_mask(str_of(text), &out);
	T_CHECK(str_eq(buf_view(&out), str_of(want)), "%s: %.*s", text,
	    STR_ARG(buf_view(&out)));
	buf_release(&out);
}

static void
test_good(void)
{
	struct proxy p;
	struct err e;

	for (size_t i = 0; i < N(good); i++) {
		T_CHECK(proxy_parse(str_of(good[i].text), &p, &e), "%s: %s",
		    good[i].text, e.msg);
		T_CHECK(str_eq(p.url.host, str_of(good[i].host)), "%s: %.*s",
		    good[i].text, STR_ARG(p.url.host));
		T_CHECK(p.url.port == good[i].port, "%s: %u", good[i].text,
		    p.url.port);
		T_CHECK(secret_eq(&p.basic, str_of(good[i].basic)), "%s: %.*s",
		    good[i].text, STR_ARG(secret_view(&p.basic)));
		T_CHECK(str_eq(str_of(p.name), str_of(good[i].name)), "%s: %s",
		    good[i].text, p.name);
		T_CHECK(proxy_has_secret(str_of(good[i].text)) ==
			(str_chr(str_of(good[i].text), '@') <
			    str_of(good[i].text).n),
		    "%s", good[i].text);
		check_mask(good[i].text, good[i].masked);
		proxy_release(&p);
	}
}

static void
test_bad(void)
{
	struct proxy p;
	struct err e;

	for (size_t i = 0; i < N(bad); i++) {
		e = (struct err){ 0 };
		T_CHECK(!proxy_parse(str_of(bad[i].text), &p, &e), "%s",
		    bad[i].text);
		T_CHECK(e.kind == ERR_CONFIG, "%s: %s", bad[i].text,
		    err_kind_name(e.kind));
		T_CHECK(str_find(str_of(e.msg), str_of(bad[i].says)) <
			str_of(e.msg).n,
		    "%s: %s", bad[i].text, e.msg);
		T_CHECK(hides(str_of(e.msg)) && hides(str_of(e.remedy)),
		    "%s: %s / %s", bad[i].text, e.msg, e.remedy);
		T_CHECK(p.url.host.n == 0 && p.text.p == NULL, "%s: left",
		    bad[i].text);
		check_mask(bad[i].text, bad[i].masked);
	}
}

static void
test_limits(void)
{
	struct buf text;
	struct proxy p;
	struct err e;

	buf_init(&text, 100000);
	buf_addz(&text, "http://u:");
	while (text.n < 9 + PROXY_USER_MAX - 2)
		buf_addc(&text, 'x');
	buf_addz(&text, "@p.test:1");
	T_CHECK(proxy_parse(buf_view(&text), &p, &e), "%s", e.msg);
	proxy_release(&p);
	buf_rewind(&text, 9 + PROXY_USER_MAX - 2);
	buf_addz(&text, "x@p.test:1");
	T_CHECK(!proxy_parse(buf_view(&text), &p, &e) && e.kind == ERR_CONFIG,
	    "longer");
	buf_reset(&text);
	while (text.n < 50000)
		buf_addc(&text, 'x');
	T_CHECK(!proxy_parse(buf_view(&text), &p, &e) && e.kind == ERR_CONFIG,
	    "a long host");
	buf_release(&text);
}

static void
test_lists(void)
{
	struct str got;

	for (size_t i = 0; i < N(lists); i++) {
		got = proxy_entry(str_of(lists[i].list), str_of(lists[i].host),
		    lists[i].port);
		T_CHECK((got.p == NULL) == (lists[i].entry == NULL) &&
			str_eq(got, str_of(lists[i].entry)),
		    "\"%s\", %s: \"%.*s\"", lists[i].list, lists[i].host,
		    STR_ARG(got));
	}
}

static void
test_decisions(void)
{
	struct proxy p, none = { 0 };
	struct str why;
	struct url u;
	struct err e;

	T_CHECK(proxy_parse(STR("http://proxy.test:1"), &p, &e), "%s", e.msg);
	p.direct = STR("x.test none.test");
	for (size_t i = 0; i < N(decisions); i++) {
		why = (struct str){ 0 };
		T_CHECK(url_parse(str_of(decisions[i].url), &u, &e), "%s",
		    e.msg);
		T_CHECK(proxy_for(&p, &u, &why) ==
			(decisions[i].proxied ? &p : NULL),
		    "%s", decisions[i].url);
		T_CHECK(str_eq(why, str_of(decisions[i].why)), "%s: %.*s",
		    decisions[i].url, STR_ARG(why));
		T_CHECK(proxy_for(&none, &u, &why) == NULL, "none");
		T_CHECK(proxy_for(NULL, &u, &why) == NULL, "NULL");
	}
	proxy_release(&p);
	proxy_release(&none);
}

static void
use_all(void)
{
	struct proxy p;
	struct err e;

	if (proxy_parse(STR("http://u:p@proxy.test:1"), &p, &e))
		T_CHECK(secret_is_set(&p.basic), "no password");
	else
		T_CHECK(e.kind == ERR_RETRY, "%s", e.msg);
	proxy_release(&p);
}

static void
test_allocation(void)
{
	t_each_allocation_fails(use_all);
}

static const struct t_test tests[] = {
	{ "good", test_good },
	{ "bad", test_bad },
	{ "limits", test_limits },
	{ "lists", test_lists },
	{ "decisions", test_decisions },
	{ "allocation", test_allocation },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
