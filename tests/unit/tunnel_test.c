/* SPDX-License-Identifier: MIT */
#include "net/tunnel.h"

#include "t.h"

#define N(a) (sizeof(a) / sizeof(*(a)))

#define TARGET         "graph.test:443"
#define WANTS(schemes) "HTTP/1.1 407 Proxy Authentication Required\r\n" schemes
#define BASIC          "Proxy-Authenticate: Basic realm=\"x\"\r\n"
#define NTLM           "proxy-authenticate: NTLM\r\n"
#define SPNEGO         "Proxy-Authenticate: Negotiate\r\n"
#define PAGE           "<html><title> Access denied </title><p>by rule 7"

/* What a proxy answers, what comes of it, and how it is told. */
/* clang-format off */
static const struct {
	const char *name;
	struct str answer;
	bool password; /* one is given */
	enum parse state;
	enum err_kind kind;
	const char *says[3]; /* in message or remedy */
} rows[] = {
	{ "tunnel", STR_INIT("HTTP/1.1 200 Connection established\r\n\r\n"),
	  false, PARSE_DONE, ERR_NONE, { NULL } },
	{ "HTTP/1.0", STR_INIT("HTTP/1.0 200 OK\r\nVia: x\r\n\r\n"), true,
	  PARSE_DONE, ERR_NONE, { NULL } },
	{ "other 2xx", STR_INIT("HTTP/1.1 204 \r\n\r\n"), false, PARSE_DONE,
	  ERR_NONE, { NULL } },
	{ "interim", STR_INIT("HTTP/1.1 100 Continue\r\n\r\n"
	  "HTTP/1.1 200 OK\r\n\r\n"), false, PARSE_DONE, ERR_NONE, { NULL } },
	/* RFC 9110 9.3.6: to be ignored */
	{ "length in 2xx", STR_INIT("HTTP/1.1 200 OK\r\n"
	  "Content-Length: 99999999\r\nTransfer-Encoding: chunked\r\n\r\n"),
	  false, PARSE_DONE, ERR_NONE, { NULL } },
	{ "page in 2xx", STR_INIT("HTTP/1.1 200 OK\r\n"
	  "Content-Length: 6\r\n\r\n<html>"), false, PARSE_BAD, ERR_CONFIG,
	  { "p.test:3128 does not answer as an HTTP proxy does", "HERE" } },

	{ "wants a password", STR_INIT(WANTS(BASIC "\r\n")), false, PARSE_BAD,
	  ERR_CONFIG, { "wants a user name and a password (Basic): HTTP 407",
	  "proxy = http://user:password@p.test:3128", "HERE" } },
	{ "another password", STR_INIT(WANTS(NTLM BASIC "\r\n")), true,
	  PARSE_BAD, ERR_CONFIG, { "does not accept the user name and password",
	  "NTLM, Basic", "HERE" } },
	{ "as a server would say it", STR_INIT("HTTP/1.0 401 Unauthorized\r\n"
	  "WWW-Authenticate: Basic realm=\"Tinyproxy\"\r\n\r\n"), true,
	  PARSE_BAD, ERR_CONFIG, { "does not accept the user name and password",
	  "(Basic)", "HERE" } },
	{ "other schemes", STR_INIT(WANTS(SPNEGO NTLM "\r\n")), true,
	  PARSE_BAD, ERR_CONFIG, { "of the kind Negotiate, NTLM,", "cntlm" } },
	{ "no scheme", STR_INIT(WANTS("\r\n")), true, PARSE_BAD, ERR_CONFIG,
	  { "it does not name", "cntlm", "(HTTP 407)" } },
	{ "many schemes", STR_INIT(WANTS(
	  "Proxy-Authenticate: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"
	  "Proxy-Authenticate: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n"
	  "Proxy-Authenticate: cccccccccccccccccccccccccccccc\r\n"
	  "Proxy-Authenticate: dddddddddddddddddddddddddddddd\r\n"
	  "Proxy-Authenticate: eeeeeeeeeeeeeeeeeeeeeeeeeeeeee\r\n"
	  "Proxy-Authenticate: ffffffffffffffffffffffffffffff\r\n"
	  "Proxy-Authenticate: gggggggggggggggggggggggggggggg\r\n"
	  "Proxy-Authenticate: hhhhhhhhhhhhhhhhhhhhhhhhhhhhhh\r\n"
	  "Proxy-Authenticate: iiiiiiiiiiiiiiiiiiiiiiiiiiiiii\r\n\r\n")),
	  true, PARSE_BAD, ERR_CONFIG, { "aaaa, bbbb", "cntlm" } },

	{ "denied", STR_INIT("HTTP/1.1 403 Access violation\r\n"
	  "Content-Length: 48\r\n\r\n" PAGE), false, PARSE_BAD, ERR_CONFIG,
	  { "the proxy p.test:3128 refused to connect to " TARGET
	    ": 403 Access violation (\"Access denied\")",
	    "allow CONNECT to " TARGET, "HERE" } },
	{ "denied without a word", STR_INIT("HTTP/1.1 403 \r\n"
	  "Content-Length: 0\r\n\r\n"), false, PARSE_BAD, ERR_CONFIG,
	  { "refused to connect to " TARGET ": 403 " } },
	{ "no such method", STR_INIT("HTTP/1.1 405 Method Not Allowed\r\n"
	  "Content-Length: 0\r\n\r\n"), false, PARSE_BAD, ERR_CONFIG,
	  { "405 Method Not Allowed" } },
	{ "unreachable", STR_INIT("HTTP/1.1 503 Service Unavailable\r\n"
	  "Transfer-Encoding: chunked\r\n\r\n5\r\nsorry\r\n0\r\n\r\n"), false,
	  PARSE_BAD, ERR_RETRY, { "503 Service Unavailable (\"sorry\")" } },
	{ "throttled", STR_INIT("HTTP/1.1 429 Too Many\r\n"
	  "Content-Length: 0\r\n\r\n"), false, PARSE_BAD, ERR_RETRY,
	  { "429 Too Many" } },
	{ "portal", STR_INIT("HTTP/1.1 302 Found\r\n"
	  "Location: http://portal.test/\r\nContent-Length: 0\r\n\r\n"),
	  false, PARSE_BAD, ERR_RETRY, { "302 Found (\"http://portal.test/\")"
	  } },
	{ "page that is too long to read", STR_INIT(
	  "HTTP/1.1 403 No\r\nContent-Length: 999999999\r\n\r\n"), false,
	  PARSE_BAD, ERR_CONFIG, { "403 No" } },
	{ "echo of the request", STR_INIT("HTTP/1.1 400 Bad\r\n"
	  "Content-Length: 35\r\n\r\nProxy-Authorization: Basic dTpodXNo"),
	  true, PARSE_BAD, ERR_CONFIG, { "400 Bad" } },

	{ "echo of the password alone", STR_INIT("HTTP/1.1 403 dTpodXNo\r\n"
	  "Content-Length: 16\r\n\r\nno, not dTpodXNo"), true, PARSE_BAD,
	  ERR_CONFIG, { "403 ******** (\"no, not ********\")" } },
	{ "redirect with a secret", STR_INIT("HTTP/1.1 302 Found\r\n"
	  "Location: http://x/?client_secret=a\r\nContent-Length: 0\r\n\r\n"),
	  true, PARSE_BAD, ERR_RETRY, { "302 Found", "", "HERE" } },

	{ "SSH", STR_INIT("SSH-2.0-x\r\n"), false, PARSE_BAD, ERR_CONFIG,
	  { "does not answer as an HTTP proxy does", "HERE" } },
	{ "TLS", STR_INIT("\x15\x03\x01\x00\x02\x02\x16"), false, PARSE_BAD,
	  ERR_CONFIG, { "does not answer as an HTTP proxy does" } },
	{ "bare line feeds", STR_INIT("HTTP/1.1 200 OK\n\n"), false, PARSE_BAD,
	  ERR_CONFIG, { "does not answer as an HTTP proxy does" } },
	{ "101", STR_INIT("HTTP/1.1 101 Switching\r\n\r\n"), false, PARSE_BAD,
	  ERR_CONFIG, { "101" } },
};

/* Where the proxy says no more. */
static const struct {
	const char *name;
	struct str answer;
	enum err_kind kind;
	const char *says;
} ends[] = {
	{ "nothing", STR_INIT(""), ERR_RETRY,
	  "the proxy p.test:3128 went away before it connected to " TARGET },
	{ "half a line", STR_INIT("HTTP/1.1 2"), ERR_RETRY, "went away" },
	{ "half a head", STR_INIT("HTTP/1.1 200 OK\r\n"), ERR_RETRY,
	  "went away" },
	{ "half a refusal", STR_INIT("HTTP/1.1 403 No\r\n"), ERR_RETRY,
	  "went away" },
	{ "a refusal until close", STR_INIT("HTTP/1.1 403 No\r\n\r\nby rule"),
	  ERR_CONFIG, "403 No (\"by rule\")" },
	{ "half a page", STR_INIT("HTTP/1.1 502 No\r\nContent-Length: 99\r\n"
	  "\r\nby rule"), ERR_RETRY, "502 No (\"by rule\")" },
};
/* clang-format on */

static void
start(struct tunnel *t, struct proxy *p, bool password)
{
	struct err e;

	T_CHECK(proxy_parse(password ? STR("http://u:hush@p.test:3128") :
				       STR("http://p.test:3128"),
		    p, &e),
	    "%s", e.msg);
	p->origin = STR("from HERE");
	T_CHECK(tunnel_start(t, p, STR(TARGET), &e), "%s", e.msg);
	tunnel_wrote(t, tunnel_out(t).n);
}

/* Feeds in pieces of n bytes; the state after the last. */
static enum parse
feed(struct tunnel *t, struct str in, size_t first, size_t n, struct err *e)
{
	enum parse state = PARSE_MORE;
	size_t size = first;

	while (in.n > 0 && state == PARSE_MORE) {
		state = tunnel_feed(t, str_first(in, size), e);
		in = str_from(in, size);
		size = n;
	}
	return state;
}

static bool
tells(const struct err *e, const char *part)
{
	struct str want = str_of(part);

	return str_find(str_of(e->msg), want) < str_of(e->msg).n ||
	    str_find(str_of(e->remedy), want) < str_of(e->remedy).n;
}

static bool
hides(const struct err *e)
{
	return !tells(e, "hush") && !tells(e, "dTpodXNo");
}

static void
check_row(size_t i, size_t first, size_t n)
{
	struct err e = { 0 };
	struct proxy p;
	struct tunnel t;
	enum parse state;

	start(&t, &p, rows[i].password);
	state = feed(&t, rows[i].answer, first, n, &e);
	T_CHECK(state == rows[i].state, "%s, %zu/%zu: %d", rows[i].name, first,
	    n, (int)state);
	T_CHECK(state == PARSE_DONE || e.kind == rows[i].kind, "%s: %s",
	    rows[i].name, err_kind_name(e.kind));
	for (size_t k = 0; k < N(rows[i].says); k++)
		T_CHECK(rows[i].says[k] == NULL || tells(&e, rows[i].says[k]),
		    "%s: %s / %s", rows[i].name, e.msg, e.remedy);
	T_CHECK(hides(&e), "%s: %s", rows[i].name, e.msg);
	if (state == PARSE_BAD)
		T_CHECK(tunnel_feed(&t, STR("x"), &e) == PARSE_BAD, "%s: stays",
		    rows[i].name);
	tunnel_release(&t);
	proxy_release(&p);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < N(rows); i++) {
		check_row(i, rows[i].answer.n, 1);
		/* what comes behind a 2xx can be told only if it is there */
		if (str_eq(str_of(rows[i].name), STR("page in 2xx")))
			continue;
		check_row(i, 1, 1);
		for (size_t cut = 1; cut < rows[i].answer.n; cut++)
			check_row(i, cut, rows[i].answer.n);
	}
}

static void
test_ends(void)
{
	struct err e;
	struct proxy p;
	struct tunnel t;

	for (size_t i = 0; i < N(ends); i++) {
		start(&t, &p, true);
		T_CHECK(feed(&t, ends[i].answer, 1, 1, &e) == PARSE_MORE, "%s",
		    ends[i].name);
		T_CHECK(!tunnel_end(&t, "went away", &e), "%s", ends[i].name);
		T_CHECK(e.kind == ends[i].kind && tells(&e, ends[i].says),
		    "%s: %s, %s", ends[i].name, err_kind_name(e.kind), e.msg);
		T_CHECK(hides(&e), "%s: %s", ends[i].name, e.msg);
		tunnel_release(&t);
		proxy_release(&p);
	}
}

static void
test_request(void)
{
	struct proxy p;
	struct tunnel t;
	struct err e;
	struct str want = STR("CONNECT [fd00::1]:443 HTTP/1.1\r\n"
			      "Host: [fd00::1]:443\r\n"
			      "Proxy-Authorization: Basic dTpodXNo\r\n\r\n");

	t_watch(STR("dTpodXNo"));
	start(&t, &p, true);
	T_CHECK(tunnel_out(&t).n == 0, "written");
	tunnel_release(&t);
	T_CHECK(tunnel_start(&t, &p, STR("[fd00::1]:443"), &e), "%s", e.msg);
	T_CHECK(str_eq(tunnel_out(&t), want), "%.*s", STR_ARG(tunnel_out(&t)));
	tunnel_wrote(&t, 8);
	T_CHECK(str_eq(tunnel_out(&t), str_from(want, 8)), "%.*s",
	    STR_ARG(tunnel_out(&t)));
	tunnel_release(&t);
	proxy_release(&p);
	T_CHECK(t_left_behind() == 0, "the password is in %u pieces of memory",
	    t_left_behind());
	t_watch((struct str){ 0 });
}

/* Never asks for more than there is reason to. */
static void
test_endless(void)
{
	static const struct {
		struct str first, again;
		enum err_kind kind;
	} streams[] = {
		{ STR_INIT(""), STR_INIT("HTTP/1.1 100 Continue\r\n\r\n"),
		    ERR_CONFIG },
		{ STR_INIT("HTTP/1.1 200 OK\r\n"), STR_INIT("X: y\r\n"),
		    ERR_CONFIG },
		{ STR_INIT("HTTP/1.1 200 OK\r\nX: "), STR_INIT("yyyyyyyyyy"),
		    ERR_CONFIG },
		{ STR_INIT("HTTP/1.1 200 "), STR_INIT("OKOKOKOK"), ERR_CONFIG },
		{ STR_INIT("HTTP/1.1 502 No\r\n\r\n"), STR_INIT("sorry, "),
		    ERR_RETRY },
	};
	struct err e = { 0 };
	struct proxy p;
	struct tunnel t;
	enum parse state;

	for (size_t i = 0; i < N(streams); i++) {
		start(&t, &p, false);
		state = feed(&t, streams[i].first, 1000, 1000, &e);
		for (size_t n = 0; n < 20000 && state == PARSE_MORE; n++)
			state = tunnel_feed(&t, streams[i].again, &e);
		T_CHECK(state == PARSE_BAD && e.kind == streams[i].kind,
		    "%zu: %d, %s", i, (int)state, e.msg);
		tunnel_release(&t);
		proxy_release(&p);
	}
}

static void
use_all(void)
{
	struct str answer =
	    STR("HTTP/1.1 502 No\r\nContent-Length: 5\r\n\r\nsorry");
	struct err e = { 0 };
	struct tunnel t = { 0 };
	struct proxy p;

	if (proxy_parse(STR("http://u:p@p.test:1"), &p, &e) &&
	    tunnel_start(&t, &p, STR(TARGET), &e))
		T_CHECK(tunnel_feed(&t, answer, &e) == PARSE_BAD, "state");
	T_CHECK(e.kind == ERR_RETRY, "%s", e.msg);
	tunnel_release(&t);
	proxy_release(&p);
}

static void
test_allocation(void)
{
	t_each_allocation_fails(use_all);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "ends", test_ends },
	{ "request", test_request },
	{ "endless", test_endless },
	{ "allocation", test_allocation },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
