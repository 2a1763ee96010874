/* SPDX-License-Identifier: MIT */
#include "smtp/session.h"

#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "smtp_play.h"
#include "t.h"

static const struct log silent = { 0 };
static const struct session_conf plain = { .host = STR_INIT("mx.test"),
	.max_size = 1000,
	.log = &silent };

#define HELO  "EHLO c\r\n"
#define ONE   HELO "MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\n"
#define MAIL1 "FROM<a@b.c> TO<d@e.f>\n"

static const struct {
	const char *name;
	struct str in;
	const char *codes; /* replies in short, the greeting included */
	struct str mail;
	unsigned forgotten;
} rows[] = {
	/* clang-format off */
	{ "nothing", STR_INIT(""), "220", STR_INIT(""), 0 },
	{ "one message", STR_INIT(ONE "DATA\r\nhi\r\n.\r\nQUIT\r\n"),
	  "220 250 250-2.1.0 250-2.1.5 354 250-2.0.0 221-2.0.0",
	  STR_INIT(MAIL1 "hi\r\n=\n"), 0 },
	{ "HELO", STR_INIT("HELO c\r\nMAIL FROM:<a@b.c>\r\n"),
	  "220 250 250-2.1.0", STR_INIT(""), 0 },
	{ "no name", STR_INIT("EHLO\r\nHELO \r\n"),
	  "220 250 250", STR_INIT(""), 0 },
	{ "no greeting", STR_INIT("MAIL FROM:<a@b.c>\r\n"),
	  "220 250-2.1.0", STR_INIT(""), 0 },
	{ "LF commands", STR_INIT("EHLO c\nNOOP\nquit\n"),
	  "220 250 250-2.0.0 221-2.0.0", STR_INIT(""), 0 },
	{ "two messages", STR_INIT(ONE "DATA\r\n1\r\n.\r\n"
	  "mail from:<>\r\nrcpt to:<postmaster>\r\nRCPT TO:<x@y.z>\r\n"
	  "data\r\n.\r\n"),
	  "220 250 250-2.1.0 250-2.1.5 354 250-2.0.0 250-2.1.0 250-2.1.5 "
	  "250-2.1.5 354 250-2.0.0",
	  STR_INIT(MAIL1 "1\r\n=\nFROM<> TO<postmaster> TO<x@y.z>\n=\n"), 0 },
	{ "RSET and NOOP anywhere", STR_INIT("RSET\r\n" ONE "NOOP\r\nRSET\r\n"
	  "DATA\r\nMAIL FROM:<x@y.z>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n.\r\n"),
	  "220 250-2.0.0 250 250-2.1.0 250-2.1.5 250-2.0.0 250-2.0.0 "
	  "503-5.5.1 250-2.1.0 250-2.1.5 354 250-2.0.0",
	  STR_INIT("FROM<x@y.z> TO<d@e.f>\n=\n"), 0 },
	{ "EHLO again forgets", STR_INIT(ONE HELO "DATA\r\n"),
	  "220 250 250-2.1.0 250-2.1.5 250 503-5.5.1", STR_INIT(""), 0 },
	{ "order", STR_INIT(HELO "RCPT TO:<a@b.c>\r\nDATA\r\n"
	  "MAIL FROM:<a@b.c>\r\nMAIL FROM:<a@b.c>\r\nDATA\r\n"),
	  "220 250 503-5.5.1 503-5.5.1 250-2.1.0 503-5.5.1 554-5.5.1",
	  STR_INIT(""), 0 },
	{ "recipient refused", STR_INIT(HELO "MAIL FROM:<a@b.c>\r\n"
	  "RCPT TO:<x@refused.test>\r\nRCPT TO:<d@e.f>\r\nRCPT TO:<>\r\n"
	  "DATA\r\n.\r\n"),
	  "220 250 250-2.1.0 550-5.1.1 250-2.1.5 501-5.1.3 354 250-2.0.0",
	  STR_INIT(MAIL1 "=\n"), 0 },
	{ "all recipients refused", STR_INIT(HELO "MAIL FROM:<a@b.c>\r\n"
	  "RCPT TO:<x@refused.test>\r\nDATA\r\nNOOP\r\n"),
	  "220 250 250-2.1.0 550-5.1.1 554-5.5.1 250-2.0.0", STR_INIT(""), 0 },
	{ "sender refused", STR_INIT(HELO "MAIL FROM:<x@refused.test>\r\n"
	  "RCPT TO:<d@e.f>\r\n"),
	  "220 250 550-5.1.1 503-5.5.1", STR_INIT(""), 0 },
	{ "a recipient twice", STR_INIT(ONE "RCPT TO:<x@y.z>\r\n"
	  "RCPT TO:<d@E.F>\r\nDATA\r\n.\r\n"),
	  "220 250 250-2.1.0 250-2.1.5 250-2.1.5 250-2.1.5 354 250-2.0.0",
	  STR_INIT("FROM<a@b.c> TO<d@e.f> TO<x@y.z>\n=\n"), 0 },
	{ "no room", STR_INIT(HELO "MAIL FROM:<full@b.c>\r\n"
	  "RCPT TO:<d@e.f>\r\nDATA\r\nNOOP\r\n"),
	  "220 250 250-2.1.0 250-2.1.5 452-4.3.1 250-2.0.0", STR_INIT(""), 0 },
	{ "message refused", STR_INIT(ONE "DATA\r\nREFUSE\r\n.\r\n"
	  "MAIL FROM:<a@b.c>\r\n"),
	  "220 250 250-2.1.0 250-2.1.5 354 554-5.6.0 250-2.1.0", STR_INIT(""),
	  0 },
	{ "parameters", STR_INIT(HELO "MAIL FROM:<a@b.c> SIZE=1001\r\n"
	  "MAIL FROM:<a@b.c> FOO=1\r\nMAIL FROM:<a@b.c> BODY=X\r\n"
	  "MAIL FROM:a b\r\nMAIL <a@b.c>\r\nMAIL FROM:<a@b.c> SIZE=1000\r\n"
	  "DATA x\r\n"),
	  "220 250 552-5.3.4 555-5.5.4 501-5.5.4 555-5.5.4 501-5.5.4 "
	  "250-2.1.0 501-5.5.4", STR_INIT(""), 0 },
	{ "what is not offered", STR_INIT("VRFY root\r\nVRFY\r\nHELP\r\n"
	  "EXPN x\r\nETRN x\r\nTURN\r\nSTARTTLS\r\nSTARTTLS x\r\n"
	  "AUTH PLAIN AA==\r\nAUTH\r\nFOO\r\n\r\n"),
	  "220 252-2.0.0 501-5.5.4 214-2.0.0 502-5.5.1 502-5.5.1 502-5.5.1 "
	  "502-5.5.1 501-5.5.4 502-5.5.1 501-5.5.4 500-5.5.2 500-5.5.2",
	  STR_INIT(""), 0 },
	{ "no mail client", STR_INIT(HELO "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	  "NOOP\r\n"), "220 250 421-4.7.0", STR_INIT(""), 0 },
	{ "a header field", STR_INIT("NOOP\r\nSubject: x\r\nNOOP\r\n"),
	  "220 250-2.0.0 421-4.7.0", STR_INIT(""), 0 },
	{ "8-bit address, not declared", STR_INIT(HELO
	  "MAIL FROM:<\303\251@b.c>\r\nMAIL FROM:<a@b.c>\r\n"
	  "RCPT TO:<\303\251@e.f>\r\nRCPT TO:<d@\303\251.f>\r\n"
	  "RSET\r\nMAIL FROM:<\303\251@b.c> SMTPUTF8\r\n"
	  "RCPT TO:<\303\251@e.f>\r\nRSET\r\nMAIL FROM:<a@b.c>\r\n"
	  "RCPT TO:<\303\251@e.f>\r\n"),
	  "220 250 553-5.6.7 250-2.1.0 553-5.6.7 553-5.6.7 250-2.0.0 "
	  "250-2.1.0 250-2.1.5 250-2.0.0 250-2.1.0 553-5.6.7", STR_INIT(""),
	  0 },
	{ "bytes that are no text", STR_INIT("NO\0OP\r\n\xff\xfe\r\n"
	  "NOOP\rNOOP\r\n\x16\x03\x01\r\n"),
	  "220 500-5.5.2 500-5.5.2 421-4.7.0", STR_INIT(""), 0 },

	{ "a name of any bytes", STR_INIT("EHLO \303\244_\\ [x y]\r\n"
	  "HELO a\tb\r\nEHLO \001\r\n"),
	  "220 250 501-5.5.4 501-5.5.4", STR_INIT(""), 0 },
	{ "no UTF-8", STR_INIT("NOOP \xff\r\nMAIL FROM:<\xff@b.c> SMTPUTF8\r\n"
	  "NOOP\r\n"), "220 500-5.5.2 500-5.5.2 250-2.0.0", STR_INIT(""), 0 },
	{ "TLS where there is none", STR_INIT("\x16\x03\x01"),
	  "220 421-4.7.0", STR_INIT(""), 0 },

	/* where a message ends */
	{ "stuffed", STR_INIT(ONE "DATA\r\n..\r\n..a\r\n.\r\n"),
	  "220 250 250-2.1.0 250-2.1.5 354 250-2.0.0",
	  STR_INIT(MAIL1 ".\r\n.a\r\n=\n"), 0 },
	{ "LF.LF smuggles nothing", STR_INIT(ONE "DATA\r\na\n.\n"
	  "MAIL FROM:<x@y.z>\r\n\r\n.\r\n"),
	  "220 250 250-2.1.0 250-2.1.5 354 250-2.0.0",
	  STR_INIT(MAIL1 "a\r\n.\r\nMAIL FROM:<x@y.z>\r\n\r\n=\n"), 0 },
	{ "half a message", STR_INIT(ONE "DATA\r\nhalf"),
	  "220 250 250-2.1.0 250-2.1.5 354", STR_INIT(""), 0 },

	/* chunks */
	{ "BDAT", STR_INIT(ONE "BDAT 7 LAST\r\n\r\n.\r\nxxNOOP\r\n"),
	  "220 250 250-2.1.0 250-2.1.5 250-2.0.0 250-2.0.0",
	  STR_INIT(MAIL1 "\r\n.\r\nxx\r\n=\n"), 0 },
	{ "BDAT in pieces", STR_INIT(ONE "BDAT 3\r\na\r\nBDAT 0\r\n"
	  "bdat 2\r\n.bBDAT 0 LAST\r\n"),
	  "220 250 250-2.1.0 250-2.1.5 250-2.0.0 250-2.0.0 250-2.0.0 "
	  "250-2.0.0", STR_INIT(MAIL1 "a\r\n.b\r\n=\n"), 0 },
	{ "BDAT, line end across chunks", STR_INIT(ONE "BDAT 2\r\na\r"
	  "BDAT 2 LAST\r\n\nb"),
	  "220 250 250-2.1.0 250-2.1.5 250-2.0.0 250-2.0.0",
	  STR_INIT(MAIL1 "a\r\nb\r\n=\n"), 0 },
	{ "BDAT of nothing", STR_INIT(ONE "BDAT 0 LAST\r\n"),
	  "220 250 250-2.1.0 250-2.1.5 250-2.0.0", STR_INIT(MAIL1 "=\n"), 0 },
	{ "BDAT without MAIL", STR_INIT("BDAT 6\r\nNOOP\r\nBDAT 6 LAST\r\n"
	  "NOOP\r\nNOOP\r\n"),
	  "220 503-5.5.1 503-5.5.1 250-2.0.0", STR_INIT(""), 0 },
	{ "BDAT without RCPT", STR_INIT("MAIL FROM:<a@b.c>\r\nBDAT 6\r\n"
	  "NOOP\r\nRCPT TO:<d@e.f>\r\nRSET\r\nNOOP\r\n"),
	  "220 250-2.1.0 554-5.5.1 503-5.5.1 250-2.0.0 250-2.0.0",
	  STR_INIT(""), 0 },
	{ "BDAT, then others", STR_INIT(ONE "BDAT 3\r\nabcDATA\r\n"
	  "RCPT TO:<x@y.z>\r\nMAIL FROM:<x@y.z>\r\nNOOP\r\nBDAT 0 LAST\r\n"),
	  "220 250 250-2.1.0 250-2.1.5 250-2.0.0 503-5.5.1 503-5.5.1 "
	  "503-5.5.1 250-2.0.0 250-2.0.0", STR_INIT(MAIL1 "abc\r\n=\n"), 0 },
	{ "BDAT, RSET", STR_INIT(ONE "BDAT 3\r\nabcRSET\r\nDATA\r\n"),
	  "220 250 250-2.1.0 250-2.1.5 250-2.0.0 250-2.0.0 503-5.5.1",
	  STR_INIT(""), 1 },
	{ "BDAT, EHLO", STR_INIT(ONE "BDAT 3\r\nabcEHLO c\r\nDATA\r\n"),
	  "220 250 250-2.1.0 250-2.1.5 250-2.0.0 250 503-5.5.1",
	  STR_INIT(""), 1 },
	{ "BDAT, no room", STR_INIT("MAIL FROM:<full@b.c>\r\n"
	  "RCPT TO:<d@e.f>\r\nBDAT 6\r\nNOOP\r\nBDAT 6 LAST\r\nNOOP\r\n"
	  "NOOP\r\n"),
	  "220 250-2.1.0 250-2.1.5 452-4.3.1 452-4.3.1 250-2.0.0",
	  STR_INIT(""), 0 },
	{ "BDAT of no number", STR_INIT(ONE "BDAT -1 LAST\r\nNOOP\r\n"),
	  "220 250 250-2.1.0 250-2.1.5 521-5.5.4", STR_INIT(""), 0 },
	/* clang-format on */
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

static void
check_play(const struct smtp_play *p, size_t row, size_t cut)
{
	struct buf codes;

	buf_init(&codes, 65536);
	smtp_play_codes(p, true, &codes);
	T_CHECK(str_eq(buf_view(&codes), str_of(rows[row].codes)),
	    "%s, cut %zu: %.*s", rows[row].name, cut,
	    STR_ARG(buf_view(&codes)));
	T_CHECK(str_eq(buf_view(&p->mail), rows[row].mail),
	    "%s, cut %zu: mail \"%.*s\"", rows[row].name, cut,
	    STR_ARG(buf_view(&p->mail)));
	T_CHECK(p->forgotten == rows[row].forgotten, "%s, cut %zu: forgotten",
	    rows[row].name, cut);
	buf_release(&codes);
}

static void
test_rows(void)
{
	struct smtp_play p;

	for (size_t i = 0; i < ROWS; i++)
		for (size_t cut = 0; cut <= rows[i].in.n; cut++) {
			smtp_play_init(&p, &plain);
			smtp_play_feed(&p, str_first(rows[i].in, cut));
			smtp_play_feed(&p, str_from(rows[i].in, cut));
			check_play(&p, i, cut);
			smtp_play_release(&p);
		}
}

static void
test_bytewise(void)
{
	struct smtp_play p;

	for (size_t i = 0; i < ROWS; i++) {
		smtp_play_init(&p, &plain);
		for (size_t at = 0; at < rows[i].in.n; at++)
			smtp_play_feed(&p,
			    str_first(str_from(rows[i].in, at), 1));
		check_play(&p, i, 0);
		smtp_play_release(&p);
	}
}

/* Plays an input whole; the reply codes are what matters. */
static void
check_codes(const char *name, const struct session_conf *conf, struct str in,
    const char *want)
{
	struct smtp_play p;
	struct buf codes;

	buf_init(&codes, 65536);
	smtp_play_init(&p, conf);
	smtp_play_feed(&p, in);
	smtp_play_codes(&p, true, &codes);
	T_CHECK(str_eq(buf_view(&codes), str_of(want)), "%s: %.*s", name,
	    STR_ARG(buf_view(&codes)));
	smtp_play_release(&p);
	buf_release(&codes);
}

static void
test_hello(void)
{
	static const char want[] =
	    "220 mx.test ESMTP post365\r\n"
	    "250-mx.test\r\n250-PIPELINING\r\n250-SIZE 1000\r\n"
	    "250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n"
	    "250 ENHANCEDSTATUSCODES\r\n250 mx.test\r\n";
	struct session_conf conf = plain;
	struct smtp_play p;

	smtp_play_init(&p, &plain);
	smtp_play_feed(&p, STR("EHLO c\r\nHELO c\r\n"));
	T_CHECK(str_eq(buf_view(&p.said), str_of(want)), "%.*s",
	    STR_ARG(buf_view(&p.said)));
	smtp_play_release(&p);
	conf.dsn = true;
	smtp_play_init(&p, &conf);
	smtp_play_feed(&p, STR("EHLO c\r\n"));
	T_CHECK(str_find(buf_view(&p.said), STR("\r\n250-DSN\r\n")) < p.said.n,
	    "DSN");
	smtp_play_release(&p);
}

/* On standard input LF ends lines, if the client's lines end so. */
static void
test_lf(void)
{
	static const struct str lf =
	    STR_INIT("MAIL FROM:<a@b.c>\nRCPT TO:<d@e.f>\nDATA\na\n.\nQUIT\n");
	static const struct str crlf =
	    STR_INIT(ONE "DATA\r\na\n.\nQUIT\r\n.\r\nNOOP\r\n");
	struct session_conf conf = plain;

	conf.lf_ends = true;
	check_codes("LF client", &conf, lf,
	    "220 250-2.1.0 250-2.1.5 354 250-2.0.0 221-2.0.0");
	check_codes("CRLF client", &conf, crlf,
	    "220 250 250-2.1.0 250-2.1.5 354 250-2.0.0 250-2.0.0");
	check_codes("LF client on a network", &plain, lf,
	    "220 250-2.1.0 250-2.1.5 354");
}

static void
test_reject_bare(void)
{
	struct session_conf conf = plain;

	conf.reject_bare = true;
	check_codes("bare LF", &conf, STR(ONE "DATA\r\na\nb\r\n.\r\nNOOP\r\n"),
	    "220 250 250-2.1.0 250-2.1.5 354 550-5.5.2 250-2.0.0");
	check_codes("bare CR in a chunk", &conf,
	    STR(ONE "BDAT 3 LAST\r\na\rbNOOP\r\n"),
	    "220 250 250-2.1.0 250-2.1.5 550-5.5.2 250-2.0.0");
	check_codes("none", &conf, STR(ONE "DATA\r\na\r\n.\r\n"),
	    "220 250 250-2.1.0 250-2.1.5 354 250-2.0.0");
}

static const struct session_conf guarded = { .host = STR_INIT("mx.test"),
	.max_size = 1000,
	.starttls = true,
	.auth = true,
	.auth_only = true,
	.log = &silent };

/* "jo" and "pass" are right. */
#define PLAIN "AUTH PLAIN AGpvAHBhc3M=\r\n"

static const struct {
	const char *name;
	bool clear; /* signing in is fine without TLS */
	struct str in;
	const char *codes;
} sign_ins[] = {
	/* clang-format off */
	{ "nobody greeted", true, STR_INIT("MAIL FROM:<a@b.c>\r\n" PLAIN),
	  "220 503-5.5.1 503-5.5.1" },
	{ "not signed in", true, STR_INIT(HELO "MAIL FROM:<a@b.c>\r\n"
	  "HELO c\r\nMAIL FROM:<a@b.c>\r\n"),
	  "220 250 530-5.7.0 250 530-5.7.0" },
	{ "in clear", false, STR_INIT(HELO "MAIL FROM:<a@b.c>\r\n" PLAIN
	  "AUTH\r\n"), "220 250 530-5.7.0 538-5.7.11 538-5.7.11" },
	{ "TLS, and it begins anew", false, STR_INIT(HELO "STARTTLS x\r\n"
	  "STARTTLS\r\n"), "220 250 501-5.5.4 220-2.0.0" },
	{ "what came in clear is void", false, STR_INIT(HELO "STARTTLS\r\n"
	  "NOOP\r\nQUIT\r\n"), "220 250 220-2.0.0" },
	{ "PLAIN", true, STR_INIT(HELO PLAIN "MAIL FROM:<a@b.c>\r\n" PLAIN),
	  "220 250 235-2.7.0 250-2.1.0 503-5.5.1" },
	{ "PLAIN in two lines", true, STR_INIT(HELO "auth plain\r\n"
	  "AGpvAHBhc3M=\r\nMAIL FROM:<a@b.c>\r\n"),
	  "220 250 334 235-2.7.0 250-2.1.0" },
	{ "PLAIN as oneself", true,
	  STR_INIT(HELO "AUTH PLAIN am8Aam8AcGFzcw==\r\n"),
	  "220 250 235-2.7.0" },
	{ "PLAIN as another", true,
	  STR_INIT(HELO "AUTH PLAIN eABqbwBwYXNz\r\nNOOP\r\n"),
	  "220 250 535-5.7.8 250-2.0.0" },
	{ "LOGIN", true, STR_INIT("HELO c\r\nAUTH LOGIN\r\nam8=\r\n"
	  "cGFzcw==\r\nMAIL FROM:<a@b.c>\r\n"),
	  "220 250 334 334 235-2.7.0 250-2.1.0" },
	{ "LOGIN, the user at once", true, STR_INIT(HELO
	  "AUTH LOGIN am8=\r\ncGFzcw==\r\n"), "220 250 334 235-2.7.0" },
	{ "a wrong password", true, STR_INIT(HELO "AUTH LOGIN am8=\r\n"
	  "cGFz\r\nMAIL FROM:<a@b.c>\r\n" PLAIN),
	  "220 250 334 535-5.7.8 530-5.7.0 235-2.7.0" },
	{ "nothing", true, STR_INIT(HELO "AUTH LOGIN\r\n\r\n\r\n"
	  "AUTH PLAIN =\r\nNOOP\r\n"),
	  "220 250 334 334 535-5.7.8 501-5.5.2 250-2.0.0" },
	{ "given up", true, STR_INIT(HELO "AUTH LOGIN\r\n*\r\n"
	  "AUTH PLAIN\r\n*\r\nNOOP\r\n"),
	  "220 250 334 501-5.7.0 334 501-5.7.0 250-2.0.0" },
	{ "bad ones", true, STR_INIT(HELO "AUTH\r\nAUTH CRAM-MD5\r\n"
	  "AUTH PLAIN ?\r\nAUTH PLAIN am8=\r\nAUTH LOGIN\r\n?\r\n"
	  "NOOP\r\n"),
	  "220 250 501-5.5.4 504-5.5.4 501-5.5.2 501-5.5.2 334 501-5.5.2 "
	  "250-2.0.0" },
	/* clang-format on */
};

/* At every split: what is typed slowly is what is sent at once. */
static void
test_sign_in(void)
{
	struct session_conf conf = guarded;
	struct smtp_play p;
	struct buf codes;

	buf_init(&codes, 65536);
	for (size_t i = 0; i < sizeof(sign_ins) / sizeof(*sign_ins); i++)
		for (size_t cut = 0; cut <= sign_ins[i].in.n; cut++) {
			conf.auth_in_clear = sign_ins[i].clear;
			smtp_play_init(&p, &conf);
			smtp_play_feed(&p, str_first(sign_ins[i].in, cut));
			if (!p.session.conf.tls)
				smtp_play_feed(&p,
				    str_from(sign_ins[i].in, cut));
			buf_reset(&codes);
			smtp_play_codes(&p, true, &codes);
			T_CHECK(str_eq(buf_view(&codes),
				    str_of(sign_ins[i].codes)),
			    "%s, cut %zu: %.*s", sign_ins[i].name, cut,
			    STR_ARG(buf_view(&codes)));
			smtp_play_release(&p);
		}
	buf_release(&codes);
}

/* What is offered, before TLS, behind it, and once somebody signed in. */
static void
test_offers(void)
{
	struct session_conf conf = guarded;
	struct smtp_play p;

	conf.limits = conf.auth_legacy = true;
	smtp_play_init(&p, &conf);
	smtp_play_feed(&p, STR(HELO "STARTTLS\r\n"));
	T_CHECK(str_find(buf_view(&p.said), STR("250-STARTTLS\r\n")) < p.said.n,
	    "STARTTLS");
	T_CHECK(str_find(buf_view(&p.said), STR("250-LIMITS RCPTMAX=1000")) <
		p.said.n,
	    "LIMITS");
	T_CHECK(str_find(buf_view(&p.said), STR("AUTH")) == p.said.n,
	    "AUTH in clear");
	buf_reset(&p.said);
	T_CHECK(!p.session.greeted, "the hello is forgotten");
	smtp_play_feed(&p, STR(HELO));
	T_CHECK(str_find(buf_view(&p.said),
		    STR("250-AUTH PLAIN LOGIN\r\n250-AUTH=PLAIN LOGIN\r\n")) <
		p.said.n,
	    "AUTH");
	T_CHECK(str_find(buf_view(&p.said), STR("STARTTLS")) == p.said.n,
	    "STARTTLS twice");
	T_CHECK(p.said.n < SESSION_REPLY_MAX, "%zu bytes", p.said.n);
	smtp_play_feed(&p, STR(PLAIN));
	buf_reset(&p.said);
	smtp_play_feed(&p, STR(HELO "STARTTLS\r\n"));
	T_CHECK(str_find(buf_view(&p.said), STR("AUTH")) == p.said.n,
	    "AUTH twice");
	T_CHECK(str_ends(buf_view(&p.said),
		    STR("503 5.5.1 This is TLS already\r\n")),
	    "TLS in TLS");
	smtp_play_release(&p);
}

/* Input with `n` times `what` in the middle. */
static void
repeat(struct buf *out, const char *head, const char *what, size_t n,
    const char *tail)
{
	buf_reset(out);
	buf_addz(out, head);
	while (n-- > 0)
		buf_addz(out, what);
	buf_addz(out, tail);
}

static void
test_limits(void)
{
	struct smtp_play p;
	struct buf in;

	buf_init(&in, 4 * 1024 * 1024);
	repeat(&in, "NOOP ", "x", SESSION_LINE_MAX - 6, "\r\nNOOP\r\n");
	check_codes("longest line", &plain, buf_view(&in),
	    "220 250-2.0.0 250-2.0.0");
	repeat(&in, "NOOP ", "x", SESSION_LINE_MAX - 5, "\r\nNOOP\r\n");
	check_codes("line too long", &plain, buf_view(&in),
	    "220 500-5.5.2 250-2.0.0");
	repeat(&in, "AUTH PLAIN ", "x", AUTH_LINE_MAX, "\r\nNOOP\r\n");
	check_codes("sign-in too long", &plain, buf_view(&in),
	    "220 500-5.5.6 250-2.0.0");
	repeat(&in, "NOOP ", "x", 1 << 20, "\r\nNOOP\r\n");
	check_codes("line of 1 MB", &plain, buf_view(&in),
	    "220 500-5.5.2 250-2.0.0");
	repeat(&in, ONE "DATA\r\n", "x", 996, "\r\n.\r\nNOOP\r\n");
	check_codes("message of 1001 bytes", &plain, buf_view(&in),
	    "220 250 250-2.1.0 250-2.1.5 354 552-5.3.4 250-2.0.0");
	repeat(&in, ONE "DATA\r\n", "x", 995, "\r\n.\r\nNOOP\r\n");
	check_codes("message of 1000 bytes", &plain, buf_view(&in),
	    "220 250 250-2.1.0 250-2.1.5 354 250-2.0.0 250-2.0.0");
	repeat(&in, ONE "BDAT 1001 LAST\r\n", "x", 1001, "NOOP\r\n");
	check_codes("chunk of 1001 bytes", &plain, buf_view(&in),
	    "220 250 250-2.1.0 250-2.1.5 552-5.3.4 250-2.0.0");
	repeat(&in, ONE "DATA\r\n", "x", 40000, "\r\n.\r\n");
	smtp_play_init(&p, &plain);
	smtp_play_feed(&p, buf_view(&in));
	T_CHECK(p.forgotten == 1 && p.messages == 0, "too large: forgotten");
	smtp_play_release(&p);
	repeat(&in, "", "FOO\r\n", SESSION_ERRORS_MAX, "NOOP\r\nNOOP\r\n");
	smtp_play_init(&p, &plain);
	smtp_play_feed(&p, buf_view(&in));
	T_CHECK(p.closed, "too many errors: closed");
	T_CHECK(str_ends(buf_view(&p.said),
		    STR("421 4.7.0 Too many errors, good bye\r\n")),
	    "too many errors: %.*s", STR_ARG(buf_view(&p.said)));
	smtp_play_release(&p);
	buf_release(&in);
}

static void
test_recipients(void)
{
	struct smtp_play p;
	struct buf in;

	buf_init(&in, 4 * 1024 * 1024);
	buf_addz(&in, "MAIL FROM:<a@b.c>\r\n");
	for (int i = 0; i <= SESSION_RCPT_MAX; i++)
		buf_addf(&in, "RCPT TO:<d%d@e.f>\r\n", i);
	buf_addz(&in, "DATA\r\n.\r\n");
	smtp_play_init(&p, &plain);
	smtp_play_feed(&p, buf_view(&in));
	T_CHECK(p.messages == 1, "sent to the first thousand");
	T_CHECK(str_find(buf_view(&p.said),
		    STR("452 4.5.3 Too many recipients\r\n354 ")) < p.said.n,
	    "one too many");
	smtp_play_release(&p);
	buf_release(&in);
}

/* A stranger that only idles makes errors; who is known does not. */
static void
test_idlers(void)
{
	struct session_conf conf = plain;
	struct smtp_play p;
	struct buf in;

	buf_init(&in, 65536);
	repeat(&in, "", "NOOP\r\n", SESSION_IDLE_MAX + SESSION_ERRORS_SLOW - 1,
	    "");
	smtp_play_init(&p, &plain);
	smtp_play_feed(&p, buf_view(&in));
	T_CHECK(!session_is_slow(&p.session), "slow too early");
	smtp_play_feed(&p, STR("VRFY x\r\n"));
	T_CHECK(session_is_slow(&p.session), "not slow");
	smtp_play_release(&p);
	conf.trusted = true;
	smtp_play_init(&p, &conf);
	smtp_play_feed(&p, buf_view(&in));
	smtp_play_feed(&p, buf_view(&in));
	T_CHECK(!p.closed && !session_is_slow(&p.session), "trusted");
	smtp_play_release(&p);
	buf_release(&in);
}

/* The caller ends it: what is under way is forgotten first. */
static void
test_end(void)
{
	struct smtp_play p;

	smtp_play_init(&p, &plain);
	smtp_play_feed(&p, STR(ONE "DATA\r\nhalf"));
	session_end(&p.session, STR("421 4.4.2 timeout"));
	smtp_play_feed(&p, STR(""));
	T_CHECK(p.closed && p.forgotten == 1, "closed %d, forgotten %u",
	    p.closed, p.forgotten);
	T_CHECK(str_ends(buf_view(&p.said), STR("421 4.4.2 timeout\r\n")),
	    "%.*s", STR_ARG(buf_view(&p.said)));
	smtp_play_release(&p);
}

/* A delivered message shows good will: old errors do not count. */
static void
test_errors_forgiven(void)
{
	struct smtp_play p;
	struct buf in;

	buf_init(&in, 65536);
	repeat(&in, "", "FOO\r\n", SESSION_ERRORS_MAX - 1,
	    ONE "DATA\r\n.\r\nFOO\r\nNOOP\r\n");
	smtp_play_init(&p, &plain);
	smtp_play_feed(&p, buf_view(&in));
	T_CHECK(!p.closed && p.messages == 1, "goes on");
	smtp_play_release(&p);
	buf_release(&in);
}

static const struct {
	enum err_kind kind;
	int exit;
	const char *want;
} verdicts[] = {
	/* clang-format off */
	{ ERR_RETRY, 0, "451 4.3.0 why" },
	{ ERR_UNSURE, 0, "554 5.3.0 why" },
	{ ERR_REFUSED, 0, "554 5.7.1 why" },
	{ ERR_REFUSED, EX_NOUSER, "550 5.1.1 why" },
	{ ERR_AUTH, 0, "451 4.7.0 why" },
	{ ERR_CONFIG, 0, "451 4.3.5 why" },
	{ ERR_INPUT, 0, "554 5.6.0 why" },
	{ ERR_INPUT, EX_NOUSER, "550 5.1.1 why" },
	{ ERR_USAGE, 0, "554 5.5.0 why" },
	{ ERR_BUG, 0, "451 4.3.0 why" },
	/* clang-format on */
};

static void
test_verdicts(void)
{
	struct err e;
	struct buf out;

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
		err_set(&e, verdicts[i].kind, "why");
		e.exit = verdicts[i].exit;
		buf_init(&out, 64);
		session_reply(&out, &e);
		T_CHECK(str_eq(buf_view(&out), str_of(verdicts[i].want)),
		    "%s: %.*s", err_kind_name(e.kind), STR_ARG(buf_view(&out)));
		buf_release(&out);
	}
	buf_init(&out, 64);
	err_set(&e, ERR_RETRY, "why");
	e.full = true;
	session_reply(&out, &e);
	T_CHECK(str_eq(buf_view(&out), STR("452 4.3.1 why")), "%.*s",
	    STR_ARG(buf_view(&out)));
	buf_release(&out);
}

/* A reply is one line of at most 512 bytes, whatever it is made of. */
static void
test_reply(void)
{
	struct session s;
	struct str in = STR("MAIL FROM:<a@b.c>\r\nMAIL FROM:<a@b.c>\r\n");
	struct buf text;

	buf_init(&text, 4096);
	repeat(&text, "550 ", "x", 2000, "");
	session_init(&s, &plain);
	buf_reset(&s.replies);
	T_CHECK(session_next(&s, &in) == SESSION_MAIL, "asks");
	session_answer(&s, buf_view(&text));
	T_CHECK(s.replies.n == SESSION_REPLY_MAX, "%zu bytes", s.replies.n);
	buf_reset(&s.replies);
	T_CHECK(session_next(&s, &in) == SESSION_MAIL, "asks again");
	session_answer(&s, STR("550 a\r\n250 b"));
	T_CHECK(str_eq(buf_view(&s.replies), STR("550 a\r\n")), "%.*s",
	    STR_ARG(buf_view(&s.replies)));
	session_release(&s);
	buf_release(&text);
}

/* What goes into the log of a session has no passwords. */
static void
test_log(void)
{
	int pipe_of[2];
	struct log log = { .level = LOG_TRACE, .fd = -1, .name = "" };
	struct session_conf conf = plain;
	struct smtp_play p;
	struct buf seen;
	struct err e;

	T_CHECK(pipe(pipe_of) == 0, "pipe");
	log.fd = pipe_of[1];
	conf.log = &log;
	smtp_play_init(&p, &conf);
	smtp_play_feed(&p, STR("auth plain SECRET\r\nNOOP\r\n"));
	smtp_play_release(&p);
	os_close(&pipe_of[1]);
	buf_init(&seen, 65536);
	T_CHECK(os_read_fd(pipe_of[0], "pipe", &seen, &e), "%s", e.msg);
	os_close(&pipe_of[0]);
	T_CHECK(str_eq(buf_view(&seen),
		    STR("C: AUTH ***\nS: 502 5.5.1 AUTH is not offered\n"
			"C: NOOP\nS: 250 2.0.0 Ok\n")),
	    "%.*s", STR_ARG(buf_view(&seen)));
	buf_release(&seen);
}

/* Out of memory, nothing is accepted that is not there. */
static void
play_all(void)
{
	struct smtp_play p;

	smtp_play_init(&p, &plain);
	smtp_play_feed(&p, STR(ONE "BDAT 1\r\naBDAT 1 LAST\r\nb"));
	T_CHECK(p.messages == 0 || p.text.no_memory || p.mail.no_memory ||
		str_eq(buf_view(&p.mail),
		    STR("FROM<a@b.c> TO<d@e.f>\nab\r\n=\n")),
	    "%.*s", STR_ARG(buf_view(&p.mail)));
	smtp_play_release(&p);
}

static void
test_memory(void)
{
	t_each_allocation_fails(play_all);
}

static const struct t_test tests[] = {
	{ "rows at every split", test_rows },
	{ "rows byte by byte", test_bytewise },
	{ "EHLO", test_hello },
	{ "LF ends lines", test_lf },
	{ "bare line ends rejected", test_reject_bare },
	{ "limits", test_limits },
	{ "recipients", test_recipients },
	{ "signing in", test_sign_in },
	{ "offers", test_offers },
	{ "idlers", test_idlers },
	{ "ended by the caller", test_end },
	{ "errors forgiven", test_errors_forgiven },
	{ "verdicts", test_verdicts },
	{ "replies", test_reply },
	{ "log", test_log },
	{ "each allocation fails", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
