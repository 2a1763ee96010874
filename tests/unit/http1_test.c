/* SPDX-License-Identifier: MIT */
#include "codec/http1.h"

#include <string.h>

#include "http1_feed.h"
#include "t.h"

static void
check_summary(struct feeding f, const char *want, const char *name)
{
	struct seen s;
	struct buf got;

	see(f, &s);
	buf_init(&got, LIMIT);
	summary(&s, &got);
	T_CHECK(str_eq(buf_view(&got), str_of(want)), "%s: %.200s", name,
	    got.p);
	buf_release(&got);
	forget(&s);
	check_cuts(f, name);
}

#define GET         "GET /a HTTP/1.1\r\n"
#define HEAD_CUT    "cut: connection closed before the end of the head"
#define BODY_CUT    "cut: connection closed before the end of the body"
#define NO_LF       "bad: carriage return without line feed"
#define NO_CR       "bad: line feed without carriage return"
#define NO_ANSWER   "bad: not an HTTP answer"
#define NO_VERSION  "bad: not HTTP/1.0 or HTTP/1.1"
#define NO_STATUS   "bad: status code out of range"
#define TWO_LENGTHS "bad: more than one Content-Length"
#define GREETING    "bad: a greeting came, not HTTP: "

static const struct {
	const char *name;
	enum http1_kind kind;
	struct str in;
	const char *want;
} rows[] = {
/* clang-format off */
#define ROW(name, kind, in, want) { name, kind, STR_INIT(in), want }
ROW("length", ANSWER, OK "Content-Length: 2\r\n\r\nab", "200 keep [ab]"),
ROW("length 0", ANSWER, OK "content-length:0\r\n\r\n", "200 keep []"),
ROW("next one", ANSWER, OK "Content-Length: 1\r\n\r\nabc", "200 keep [a]+2"),
ROW("close", ANSWER, OK "Connection: x, Close\r\nContent-Length: 1\r\n\r\na",
    "200 close [a]"),
ROW("close in the second", ANSWER, OK "Connection: x\r\nConnection: close\r\n"
    "Content-Length: 0\r\n\r\n", "200 close []"),
ROW("closely", ANSWER, OK "Connection: closely\r\nContent-Length: 0\r\n\r\n",
    "200 keep []"),
ROW("until close", ANSWER, OK "\r\nabc", "200 eof [abc]"),
ROW("until close, empty", ANSWER, OK "\r\n", "200 eof []"),
ROW("1.0", ANSWER, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"
    "Content-Length: 1\r\n\r\na", "200 close [a]"),
ROW("1.0 chunked", ANSWER, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n"
    "\r\n", "bad: Transfer-Encoding with HTTP/1.0"),
ROW("no reason", ANSWER, "HTTP/1.1 204\r\n\r\n", "204 keep []"),
ROW("empty reason", ANSWER, "HTTP/1.1 204 \r\n\r\n", "204 keep []"),
ROW("reason", ANSWER, "HTTP/1.1 204  \t\xe9 :;x\r\n\r\n", "204 keep []"),
ROW("204", ANSWER, "HTTP/1.1 204 x\r\n\r\nab", "204 keep []+2"),
ROW("204, 0", ANSWER, "HTTP/1.1 204 x\r\nContent-Length: 0\r\n\r\n",
    "204 keep []"),
ROW("204 and a body", ANSWER, "HTTP/1.1 204 x\r\nContent-Length: 1\r\n\r\na",
    "204 close []+1"),
ROW("204 and chunks", ANSWER, "HTTP/1.1 204 x\r\nTransfer-Encoding: chunked"
    "\r\n\r\n0\r\n\r\n", "204 close []+5"),
ROW("304", ANSWER, "HTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n",
    "304 keep []"),
ROW("to HEAD", NO_BODY, OK "Content-Length: 9\r\n\r\n", "200 keep []"),
ROW("to CONNECT", NO_BODY, OK "\r\n\x16\x03\x01", "200 keep []+3"),
ROW("to CONNECT, lengths", NO_BODY, OK "Content-Length: x\r\nContent-Length:"
    " 2\r\nTransfer-Encoding: y\r\n\r\n", "200 keep []"),
ROW("to CONNECT, refused", NO_BODY, "HTTP/1.1 407 No\r\nContent-Length: 2\r\n"
    "\r\nno", "407 keep []+2"),
ROW("interim", ANSWER, "HTTP/1.1 100 Go\r\nContent-Length: 5\r\n\r\nHTTP/1.0 "
    "103 x\r\n\r\n" OK "Content-Length: 1\r\n\r\na", "200 keep [a]"),
ROW("199", ANSWER, "HTTP/1.1 199 x\r\n\r\nHTTP/1.1 204 x\r\n\r\n",
    "204 keep []"),
ROW("interim only", ANSWER, "HTTP/1.1 100 x\r\n\r\n", HEAD_CUT),
ROW("101", ANSWER, "HTTP/1.1 101 x\r\n\r\n",
    "bad: 101: a change of protocol that nobody asked for"),
ROW("status 599", ANSWER, "HTTP/1.1 599 x\r\nContent-Length: 0\r\n\r\n",
    "599 keep []"),
ROW("status 600", ANSWER, "HTTP/1.1 600 x\r\n", NO_STATUS),
ROW("status 099", ANSWER, "HTTP/1.1 099 x\r\n", NO_STATUS),
ROW("status 2000", ANSWER, "HTTP/1.1 2000 x", "bad: broken status line"),
ROW("tab before status", ANSWER, "HTTP/1.1\t200", "bad: broken status line"),
ROW("tab after status", ANSWER, "HTTP/1.1 200\tx", "bad: broken status line"),
ROW("two blanks", ANSWER, "HTTP/1.1  200 x", "bad: broken status line"),
ROW("status cut", ANSWER, "HTTP/1.1 200", HEAD_CUT),
ROW("nothing", ANSWER, "", "cut: connection closed without an answer"),

ROW("http/1.1", ANSWER, "http/1.1 200 OK", NO_ANSWER),
ROW("HTTQ", ANSWER, "HTTQ", NO_ANSWER),
ROW("RTSP", ANSWER, "RTSP/1.0", NO_ANSWER),
ROW("HTTP/2.0", ANSWER, "HTTP/2.0", NO_VERSION),
ROW("HTTP/1.2", ANSWER, "HTTP/1.2", NO_VERSION),
ROW("HTTP/1.10", ANSWER, "HTTP/1.10", "bad: broken status line"),
ROW("empty line", ANSWER, "\r\n" OK, NO_ANSWER),
ROW("TLS alert", ANSWER, "\x15\x03\x01",
    "bad: a TLS alert came, not HTTP: this port wants https"),
ROW("TLS handshake", ANSWER, "\x16\x03\x01",
    "bad: a TLS handshake came, not HTTP: this port speaks https"),
ROW("SMTP", ANSWER, "220 mx", GREETING "a mail or FTP server is here"),
ROW("SMTP, busy", ANSWER, "421 mx", GREETING "a mail or FTP server is here"),
ROW("SMTP, never", ANSWER, "554 mx", GREETING "a mail or FTP server is here"),
ROW("SSH", ANSWER, "SSH-2.0-x", GREETING "an SSH server is here"),
ROW("HTML", ANSWER, "<html>", "bad: a page without a head came, not HTTP"),
ROW("HTTP/2 frame", ANSWER, "\0\0\x12\x04", "bad: HTTP/2 came, not HTTP/1.1"),

ROW("two lengths", ANSWER, OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    TWO_LENGTHS),
ROW("the same twice", ANSWER, OK "Content-Length: 1\r\nContent-Length: 1\r\n"
    "\r\n", TWO_LENGTHS),
ROW("blanks around", ANSWER, OK "Content-Length:\t 1 \t\r\n\r\na",
    "200 keep [a]"),
ROW("1, 1", ANSWER, OK "Content-Length: 1, 1\r\n\r\n",
    "bad: Content-Length is not a number"),
ROW("2^64", ANSWER, OK "Content-Length: 18446744073709551616\r\n\r\n",
    "bad: Content-Length is not a number"),
ROW("2^64-1", ANSWER, OK "Content-Length: 18446744073709551615\r\n\r\n",
    "bad: body too large"),
ROW("both", ANSWER, OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"
    "\r\n", "bad: both Content-Length and Transfer-Encoding"),
ROW("gzip, chunked", ANSWER, OK "Transfer-Encoding: gzip, chunked\r\n\r\n",
    "bad: Transfer-Encoding is not chunked"),
ROW("chunked twice", ANSWER, OK "Transfer-Encoding: chunked\r\n"
    "Transfer-Encoding: chunked\r\n\r\n",
    "bad: more than one Transfer-Encoding"),
ROW("body cut", ANSWER, OK "Content-Length: 2\r\n\r\na", BODY_CUT),

ROW("bare LF", ANSWER, "HTTP/1.1 200 OK\n", NO_CR),
ROW("bare LF, field", ANSWER, OK "A: b\n", NO_CR),
ROW("bare LF, last", ANSWER, OK "A: b\r\n\n", NO_CR),
ROW("bare CR", ANSWER, OK "A: b\rc", NO_LF),
ROW("two CR", ANSWER, OK "A: b\r\r\n", NO_LF),
ROW("CR at the end", ANSWER, OK "\rX", NO_LF),
ROW("blank before colon", ANSWER, OK "A : b", "bad: broken field name"),
ROW("no colon", ANSWER, OK "A\r\n", "bad: broken field name"),
ROW("no name", ANSWER, OK ": b", "bad: field line without a name, or folded"),
ROW("folded", ANSWER, OK "A: b\r\n c",
    "bad: field line without a name, or folded"),
ROW("NUL", ANSWER, OK "A: b\0c", "bad: control character in a field"),
ROW("no value", ANSWER, OK "A:\r\nContent-Length: 0\r\n\r\n", "200 keep []"),

ROW("chunks", ANSWER, CH "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\nX",
    "200 keep [abcde]+1"),
ROW("no chunks", ANSWER, CH "0\r\n\r\n", "200 keep []"),
ROW("hex", ANSWER, CH "00A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n",
    "200 keep [01234567890123456789]"),
ROW("extensions", ANSWER, CH "1;a=\"b;c\" ; d\r\nx\r\n1 \t;e\r\ny\r\n"
    "0;f\r\n\r\n", "200 keep [xy]"),
ROW("blank after size", ANSWER, CH "1 \r\n", "bad: broken chunk size"),
ROW("LF in extension", ANSWER, CH "1;a\nb", NO_CR),
ROW("CR in extension", ANSWER, CH "1;a\rb", NO_LF),
ROW("NUL in extension", ANSWER, CH "1;\0", "bad: broken chunk extension"),
ROW("no size", ANSWER, CH "\r\n", "bad: broken chunk size"),
ROW("0x", ANSWER, CH "0x1\r\n", "bad: broken chunk size"),
ROW("sign", ANSWER, CH "-1\r\n", "bad: broken chunk size"),
ROW("2^64", ANSWER, CH "10000000000000000\r\n", "bad: broken chunk size"),
ROW("2^64-1", ANSWER, CH "ffffffffffffffff\r\n", "bad: body too large"),
ROW("short of size", ANSWER, CH "2\r\na\r\nX", NO_CR),
ROW("longer", ANSWER, CH "1\r\nab", "bad: chunk longer than its size"),
ROW("LF after chunk", ANSWER, CH "1\r\na\n0\r\n\r\n", NO_CR),
ROW("CR after chunk", ANSWER, CH "1\r\na\r0", NO_LF),
ROW("trailers", ANSWER, CH "0\r\nContent-Length: 7\r\nB: c\r\n\r\nX",
    "200 keep []+1"),
ROW("broken trailer", ANSWER, CH "0\r\nA : b\r\n", "bad: broken field name"),
ROW("trailers cut", ANSWER, CH "0\r\nA: b\r\n", BODY_CUT),
ROW("last CRLF cut", ANSWER, CH "0\r\n\r", BODY_CUT),

ROW("get", REQUEST, GET "Host: x\r\n\r\n" GET, "GET /a keep []+17"),
ROW("empty line before", REQUEST, "\r\n" GET "\r\n", "GET /a keep []"),
ROW("two before", REQUEST, "\r\n\r\n" GET, "bad: not an HTTP request"),
ROW("half before", REQUEST, "\rG", NO_LF),
ROW("1.0", REQUEST, "GET * HTTP/1.0\r\n\r\n", "GET * close []"),
ROW("close", REQUEST, GET "Connection: close\r\n\r\n", "GET /a close []"),
ROW("post", REQUEST, "POST http://x/?a HTTP/1.1\r\nContent-Length: 2\r\n\r\nab",
    "POST http://x/?a keep [ab]"),
ROW("post chunked", REQUEST, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked"
    "\r\n\r\n1\r\na\r\n0\r\n\r\n", "POST / keep [a]"),
ROW("both", REQUEST, GET "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"
    "\r\n", "bad: both Content-Length and Transfer-Encoding"),
ROW("gzip", REQUEST, GET "Transfer-Encoding: gzip\r\n\r\n",
    "bad: Transfer-Encoding is not chunked"),
ROW("preface", REQUEST, "PRI * HTTP/2.0\r\n\r\n", NO_VERSION),
ROW("TLS", REQUEST, "\x16\x03",
    "bad: a TLS handshake came, not HTTP: this port speaks https"),
ROW("no HTTP", REQUEST, "GET /\r\n", "bad: broken request target"),
ROW("tab", REQUEST, "GET\t/ HTTP/1.1\r\n", "bad: broken method"),
ROW("second tab", REQUEST, "GET /\tHTTP/1.1\r\n",
    "bad: broken request target"),
ROW("two blanks", REQUEST, "GET  / HTTP/1.1\r\n", "bad: broken request target"),
ROW("blank at the end", REQUEST, "GET / HTTP/1.1 \r\n",
    "bad: broken request line"),
ROW("no version", REQUEST, "GET / x", "bad: not an HTTP request"),
ROW("blank first", REQUEST, " GET /", "bad: not an HTTP request"),
	/* clang-format on */
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct feeding f = { rows[i].kind, rows[i].in, LIMIT, 0 };

		check_summary(f, rows[i].want, rows[i].name);
	}
}

/* Limits: `piece` n times between `before` and `after`. */
static const struct {
	const char *name;
	enum http1_kind kind;
	const char *before, *piece;
	size_t n;
	const char *after, *want;
	size_t limit; /* of the body; 0: LIMIT */
} caps[] = {
	/* clang-format off */
{ "status line fits", ANSWER, "HTTP/1.1 204 ", "a", HTTP1_LINE_MAX - 15,
    "\r\n\r\n", "204 keep []", 0 },
{ "status line", ANSWER, "HTTP/1.1 204 ", "a", HTTP1_LINE_MAX - 14,
    "\r\n\r\n", "bad: status line too long", 0 },
{ "request line", REQUEST, "GET ", "/", HTTP1_REQUEST_MAX, "",
    "bad: request line too long", 0 },
{ "head fits", NO_BODY, OK "A:", "a", HTTP1_HEAD_MAX - 23, "\r\n\r\nX",
    "200 keep []+1", 0 },
{ "head", NO_BODY, OK "A:", "a", HTTP1_HEAD_MAX - 22, "\r\n\r\nX",
    "bad: head too large", 0 },
{ "fields fit", NO_BODY, OK, "A: b\r\n", HTTP1_FIELDS_MAX, "\r\n",
    "200 keep []", 0 },
{ "fields", NO_BODY, OK, "A: b\r\n", HTTP1_FIELDS_MAX + 1, "\r\n",
    "bad: too many fields", 0 },
{ "interims fit", ANSWER, "", "HTTP/1.1 103 x\r\nA: b\r\n\r\n",
    HTTP1_INTERIM_MAX, "HTTP/1.1 204 x\r\n\r\n", "204 keep []", 0 },
{ "interims", ANSWER, "", "HTTP/1.1 100 x\r\n\r\n", HTTP1_INTERIM_MAX + 1, "",
    "bad: too many interim answers", 0 },
{ "size line fits", ANSWER, CH, "0", HTTP1_CHUNK_LINE_MAX - 2, "\r\n\r\n",
    "200 keep []", 0 },
{ "size line", ANSWER, CH, "0", HTTP1_CHUNK_LINE_MAX - 1, "\r\n\r\n",
    "bad: chunk-size line too long", 0 },
{ "extension", ANSWER, CH "1;", "x", HTTP1_CHUNK_LINE_MAX, "\r\nx",
    "bad: chunk-size line too long", 0 },
{ "trailers fit", ANSWER, CH "0\r\nA:", "b", HTTP1_TRAILER_MAX - 6, "\r\n\r\n",
    "200 keep []", 0 },
{ "trailers", ANSWER, CH "0\r\nA:", "b", HTTP1_TRAILER_MAX - 5, "\r\n\r\n",
    "bad: trailers too large", 0 },
{ "framing fits", ANSWER, CH, "1\r\na\r\n", HTTP1_CHUNK_FREE / 4, "X",
    "bad: broken chunk size", 0 },
{ "framing", ANSWER, CH, "1;3456789\r\na\r\n", HTTP1_CHUNK_FREE / 13 + 1, "",
    "bad: more chunk framing than data", 0 },
{ "length fits", ANSWER, OK "Content-Length: 5\r\n\r\n", "a", 5, "",
    "200 keep [aaaaa]", 5 },
{ "length", ANSWER, OK "Content-Length: 6\r\n\r\n", "", 0, "",
    "bad: body too large", 5 },
{ "chunks fit", ANSWER, CH, "1\r\na\r\n", 5, "0\r\n\r\n",
    "200 keep [aaaaa]", 5 },
{ "chunks", ANSWER, CH "5\r\naaaaa\r\n", "1\r\n", 1, "",
    "bad: body too large", 5 },
{ "until close fits", ANSWER, OK "\r\n", "a", 5, "", "200 eof [aaaaa]", 5 },
{ "until close", ANSWER, OK "\r\n", "a", 6, "", "bad: body too large", 5 },
	/* clang-format on */
};

static void
test_caps(void)
{
	struct buf in;

	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		struct feeding f = { caps[i].kind, { NULL, 0 }, LIMIT, 0 };

		buf_init(&in, LIMIT);
		buf_addz(&in, caps[i].before);
		for (size_t n = 0; n < caps[i].n; n++)
			buf_addz(&in, caps[i].piece);
		buf_addz(&in, caps[i].after);
		f.in = buf_view(&in);
		if (caps[i].limit > 0)
			f.limit = caps[i].limit;
		check_summary(f, caps[i].want, caps[i].name);
		buf_release(&in);
	}
}

/* Which of the 256 bytes may stand where. */
static const char tokens[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrs"
			     "tuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static bool
is_token(int c)
{
	return c != 0 && strchr(tokens, c) != NULL;
}

static bool
is_name_or_colon(int c)
{
	return is_token(c) || c == ':';
}

static bool
is_text(int c)
{
	return c == '\t' || (c >= 0x20 && c != 0x7f);
}

static bool
is_visible(int c)
{
	return c > 0x20 && c < 0x7f;
}

static const struct {
	const char *name, *before, *after;
	enum http1_kind kind;
	bool (*legal)(int c);
} places[] = {
	{ "reason", "HTTP/1.1 204 a", "b\r\n\r\n", ANSWER, is_text },
	{ "name", GET "A", "B: c\r\n\r\n", REQUEST, is_name_or_colon },
	{ "first of name", GET, "B: c\r\n\r\n", REQUEST, is_token },
	{ "value", GET "A: b", "c\r\n\r\n", REQUEST, is_text },
	{ "first of value", GET "A:", "c\r\n\r\n", REQUEST, is_text },
	{ "method", "G", "T / HTTP/1.1\r\n\r\n", REQUEST, is_token },
	{ "target", "GET /", "a HTTP/1.1\r\n\r\n", REQUEST, is_visible },
	{ "extension", CH "0;", "a\r\n\r\n", ANSWER, is_text },
	{ "trailer", CH "0\r\nA: b", "c\r\n\r\n", ANSWER, is_text },
};

static void
check_byte(size_t i, int c)
{
	struct seen s;
	struct buf in;

	buf_init(&in, LIMIT);
	buf_addz(&in, places[i].before);
	buf_addc(&in, (char)c);
	buf_addz(&in, places[i].after);
	see((struct feeding){ places[i].kind, buf_view(&in), LIMIT, 0 }, &s);
	T_CHECK((s.fed == PARSE_DONE) == places[i].legal(c), "%s, byte %02x",
	    places[i].name, (unsigned)c);
	forget(&s);
	buf_release(&in);
}

static void
test_bytes(void)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (int c = 0; c < 256; c++)
			check_byte(i, c);
}

static const struct str whole[] = {
	STR_INIT("HTTP/1.1 100 x\r\n\r\n" OK "Content-Length: 3\r\n\r\nabc"),
	STR_INIT(CH "1;x\r\na\r\n2\r\nbc\r\n0\r\nA: b\r\n\r\n"),
};

/* A message is not over before it is over. */
static void
test_cut_short(void)
{
	struct seen s;

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		for (size_t n = 0; n < whole[i].n; n++) {
			see((struct feeding){ ANSWER, str_first(whole[i], n),
				LIMIT, 0 },
			    &s);
			T_CHECK(s.fed == PARSE_MORE && s.end == PARSE_BAD,
			    "whole %zu, first %zu", i, n);
			forget(&s);
		}
}

static void
test_fields(void)
{
	static const char in[] = OK "A:  b c \t\r\nX-Empty: \t\r\n"
				    "a: second\r\nContent-Length: 1\r\n\r\n\n";
	struct seen s;
	struct http1 h;
	struct str part = str_first(str_of(in), 40), value;

	see((struct feeding){ ANSWER, str_of(in), LIMIT, 0 }, &s);
	T_CHECK(http1_has_head(&s.h) && s.h.n_fields == 4, "head");
	T_CHECK(str_eq(http1_field(&s.h, STR("a")), STR("b c")), "first A");
	value = http1_field(&s.h, STR("x-empty"));
	T_CHECK(value.p != NULL && value.n == 0, "present and empty");
	T_CHECK(http1_field(&s.h, STR("X-Emp")).p == NULL, "absent");
	T_CHECK(http1_field(&s.h, STR("")).p == NULL, "no name");
	forget(&s);

	http1_init(&h, HTTP1_ANSWER);
	T_CHECK(http1_feed(&h, &part, &s.body) == PARSE_MORE, "half a head");
	T_CHECK(!http1_has_head(&h) && http1_field(&h, STR("A")).p == NULL &&
		http1_method(&h).p == NULL && http1_target(&h).p == NULL,
	    "nothing to ask for yet");
	http1_release(&h);
	T_CHECK(h.head.p == NULL, "released");
	http1_release(&h);
}

/* The status is known even if the body then breaks: 202 is 202. */
static void
test_broken_body(void)
{
	struct seen s;

	see((struct feeding){ ANSWER, STR(CH "1\r\nab"), LIMIT, 0 }, &s);
	T_CHECK(s.fed == PARSE_BAD && http1_has_head(&s.h) &&
		s.h.status == 200 && !s.h.keep_alive,
	    "status %d", s.h.status);
	forget(&s);
	see((struct feeding){ ANSWER, STR(OK "Content-Length: x\r\n\r\n"),
		LIMIT, 0 },
	    &s);
	T_CHECK(s.fed == PARSE_BAD && !http1_has_head(&s.h), "unsound head");
	forget(&s);
}

static void
starve(void)
{
	struct str in = whole[1];
	struct http1 h;
	struct buf body;
	enum parse r;

	http1_init(&h, HTTP1_ANSWER);
	buf_init(&body, LIMIT);
	r = http1_feed(&h, &in, &body);
	T_CHECK((r == PARSE_DONE && str_eq(buf_view(&body), STR("abc"))) ||
		(r == PARSE_BAD && strcmp(h.reason, "out of memory") == 0),
	    "result %d", (int)r);
	T_CHECK(!http1_is_untouched(&h), "touched");
	http1_release(&h);
	buf_release(&body);
}

static void
test_no_memory(void)
{
	t_each_allocation_fails(starve);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "caps", test_caps },
	{ "every byte", test_bytes },
	{ "cut short", test_cut_short },
	{ "fields", test_fields },
	{ "broken body", test_broken_body },
	{ "no memory", test_no_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
