/* SPDX-License-Identifier: MIT */
/*
 * serve against hostile requests: those that are known to make two servers
 * disagree on where a request ends, and the vectors that others collected.
 * Whatever comes, it is a 4xx and the end, or a request with sane parts.
 */
#include "net/serve.h"

#include <stdio.h>
#include <unistd.h>

#include "serve_play.h"
#include "t.h"

#define S       STR_INIT
#define PICO    "http-picohttpparser"
#define EVIL    "GET /evil HTTP/1.1\r\n" HOST "\r\n"
#define POST    "POST /file HTTP/1.1\r\n" HOST
#define CHUNKED "Transfer-Encoding: chunked\r\n"

enum { FILE_MAX = 1 << 24 };

struct outcome {
	unsigned answered, ok, refused; /* by the handler; 200; 4xx */
	bool ended;
	struct buf text;
};

/* The status lines that came, and that nothing else did. */
static void
count(struct outcome *o, const char *name)
{
	struct str rest = buf_view(&o->text), line;

	while (str_next(&rest, ';', &line) && line.n > 0) {
		if (str_starts(line, STR("~ ")))
			o->ok++;
		else if (str_starts(line, STR("HTTP/1.1 4")))
			o->refused++;
		else
			T_CHECK(false, "%s: %.*s", name, STR_ARG(line));
	}
	T_CHECK(o->refused < 2 && (o->refused == 0 || o->ended) &&
		o->ok == o->answered,
	    "%s: %u handled, %u and %u answers, %s", name, o->answered, o->ok,
	    o->refused, o->ended ? "ended" : "open");
}

static void
play(struct str in, size_t step, const char *name, struct outcome *o)
{
	struct play t;
	struct buf out;
	int fd;

	*o = (struct outcome){ 0 };
	play_begin(&t, true, NULL);
	buf_init(&out, 1 << 20);
	buf_init(&o->text, 1 << 20);
	fd = play_connect(&t);
	o->ended = play_talk(&t, fd, in, step, &out);
	o->answered = t.answered;
	play_shorten(buf_view(&out), &o->text);
	count(o, name);
	buf_release(&out);
	(void)close(fd);
	play_end(&t);
}

static const struct {
	const char *name;
	struct str in;
	unsigned answered;
} rows[] = {
	/* clang-format off */
	{ "length and chunks", S(POST "Content-Length: 6\r\n" CHUNKED
	  "\r\n0\r\n\r\n" EVIL), 0 },
	{ "chunks and length", S(POST CHUNKED "Content-Length: 6\r\n"
	  "\r\n0\r\n\r\n" EVIL), 0 },
	{ "no coding, and a length", S(POST "Transfer-Encoding:\r\n"
	  "Content-Length: 46\r\n\r\n" EVIL), 0 },
	{ "identity", S(POST "Transfer-Encoding: identity\r\n"
	  "Content-Length: 46\r\n\r\n" EVIL), 0 },
	{ "a coding of one's own", S(POST "Transfer-Encoding: xchunked\r\n\r\n"
	  EVIL), 0 },
	{ "chunked, identity", S(POST "Transfer-Encoding: chunked, identity"
	  "\r\n\r\n0\r\n\r\n" EVIL), 0 },
	{ "chunked twice", S(POST CHUNKED CHUNKED "\r\n0\r\n\r\n" EVIL), 0 },
	{ "chunked after a VT", S(POST "Transfer-Encoding: \x0b" "chunked\r\n"
	  "\r\n0\r\n\r\n" EVIL), 0 },
	{ "a blank before the colon", S(POST "Transfer-Encoding : chunked\r\n"
	  "\r\n0\r\n\r\n" EVIL), 0 },
	{ "folded", S(POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"
	  EVIL), 0 },
	{ "folded length", S(POST "X: y\r\n Content-Length: 46\r\n\r\n" EVIL),
	  0 },
	{ "bare LF between fields", S(POST "X: y\nContent-Length: 46\r\n\r\n"
	  EVIL), 0 },
	{ "bare CR between fields", S(POST "X: y\rContent-Length: 46\r\n\r\n"
	  EVIL), 0 },
	{ "bare CR before the end", S(POST "\rZ" EVIL), 0 },
	{ "LF LF ends no head", S("POST /file HTTP/1.1\nHost: h\n\n" EVIL), 0 },
	{ "a blank before the first field", S("GET / HTTP/1.1\r\n " HOST
	  "\r\n"), 0 },
	{ "a length with a sign", S(POST "Content-Length: +5\r\n\r\nhello"),
	  0 },
	{ "a length with a minus", S(POST "Content-Length: -1\r\n\r\n" EVIL),
	  0 },
	{ "a length in hex", S(POST "Content-Length: 0x5\r\n\r\nhello"), 0 },
	{ "two in one", S(POST "Content-Length: 5, 5\r\n\r\nhello"), 0 },
	{ "two lengths, the same", S(POST "Content-Length: 5\r\n"
	  "Content-Length: 5\r\n\r\nhello"), 0 },
	{ "no length in it", S(POST "Content-Length:\r\n\r\n" EVIL), 0 },
	{ "2^64", S(POST "Content-Length: 18446744073709551616\r\n\r\n"), 0 },
	{ "chunk of 2^64", S(POST CHUNKED "\r\n10000000000000000\r\n"), 0 },
	{ "chunk of 2^64 - 1", S(POST CHUNKED "\r\nffffffffffffffff\r\n"), 0 },
	{ "chunk with 0x", S(POST CHUNKED "\r\n0x1\r\na\r\n0\r\n\r\n"), 0 },
	{ "chunk with a blank before", S(POST CHUNKED
	  "\r\n 1\r\na\r\n0\r\n\r\n"), 0 },
	{ "chunk with a blank behind", S(POST CHUNKED
	  "\r\n1 \r\na\r\n0\r\n\r\n"), 0 },
	{ "chunk size ends by LF", S(POST CHUNKED "\r\n1\na\r\n0\r\n\r\n"), 0 },
	{ "LF in an extension", S(POST CHUNKED "\r\n1;a\nb\r\na\r\n0\r\n\r\n"),
	  0 },
	{ "chunk longer than said", S(POST CHUNKED "\r\n1\r\nab\r\n0\r\n\r\n"),
	  0 },
	{ "chunk ends by LF", S(POST CHUNKED "\r\n1\r\na\n0\r\n\r\n"), 0 },
	{ "no size", S(POST CHUNKED "\r\n\r\n" EVIL), 0 },
	{ "a broken trailer", S(POST CHUNKED "\r\n0\r\nX y\r\n\r\n"), 0 },
	{ "chunks in 1.0", S("POST /file HTTP/1.0\r\n" HOST CHUNKED
	  "\r\n0\r\n\r\n" EVIL), 0 },
	{ "NUL in a name", S(POST "X\0Y: z\r\n\r\n"), 0 },
	{ "NUL in a value", S(POST "X: y\0z\r\n\r\n"), 0 },
	{ "no name", S(POST ": y\r\n\r\n"), 0 },
	{ "no colon", S(POST "y\r\n\r\n"), 0 },
	{ "two blanks", S("GET  / HTTP/1.1\r\n" HOST "\r\n"), 0 },
	{ "a tab", S("GET\t/ HTTP/1.1\r\n" HOST "\r\n"), 0 },
	{ "a blank in the target", S("GET /a b HTTP/1.1\r\n" HOST "\r\n"), 0 },
	{ "not ASCII in the target", S("GET /\xc3\xa9 HTTP/1.1\r\n" HOST
	  "\r\n"), 0 },
	{ "no version", S("GET /\r\n" HOST "\r\n"), 0 },
	{ "0.9", S("GET / HTTP/0.9\r\n" HOST "\r\n"), 0 },
	{ "1.2", S("GET / HTTP/1.2\r\n" HOST "\r\n"), 0 },
	{ "1.1 and more", S("GET / HTTP/1.11\r\n" HOST "\r\n"), 0 },
	{ "other letters", S("GET / http/1.1\r\n" HOST "\r\n"), 0 },
	{ "ICE", S("GET / ICE/1.0\r\n" HOST "\r\n"), 0 },
	{ "RTSP", S("PUT / RTSP/1.0\r\n" HOST "\r\n"), 0 },
	{ "mail", S("EHLO h\r\nMAIL FROM:<a@b>\r\n"), 0 },
	{ "an answer", S("HTTP/1.1 200 OK\r\n\r\n"), 0 },
	{ "two Hosts", S("GET / HTTP/1.1\r\n" HOST "HOST: evil\r\n\r\n"), 0 },
	{ "empty lines without end", S("\r\n\r\n\r\n\r\n" EVIL), 0 },
	/* and what is allowed, though it looks odd */
	{ "an empty line before", S("\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), 1 },
	{ "the length of what looks like one", S(POST "Content-Length: 31\r\n"
	  "\r\n" EVIL), 1 },
	{ "chunks of it", S(POST CHUNKED "\r\n1f\r\n" EVIL "\r\n0\r\n\r\n"),
	  1 },
	{ "000 ends chunks", S(POST CHUNKED "\r\n1\r\na\r\n000\r\n\r\n"), 1 },
	{ "trailers", S(POST CHUNKED "\r\n0\r\nHost: evil\r\n"
	  "Content-Length: 9\r\n\r\n"), 1 },
	{ "Upgrade is not done", S("GET / HTTP/1.1\r\n" HOST
	  "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"), 1 },
	{ "whatever the method", S("MKCOLA / HTTP/1.1\r\n" HOST "\r\n"), 1 },
	{ "an address as target", S("GET http://evil/ HTTP/1.1\r\n" HOST
	  "\r\n"), 1 },
	{ "CONNECT", S("CONNECT evil:443 HTTP/1.1\r\n" HOST "\r\n"), 1 },
	{ "*", S("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), 1 },
	{ "an empty field", S("GET / HTTP/1.1\r\n" HOST "X:\r\n\r\n"), 1 },
	/* clang-format on */
};

static void
test_rows(void)
{
	static const size_t step[] = { 1, 7, 4096 };
	struct outcome o;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t k = 0; k < sizeof(step) / sizeof(*step); k++) {
			play(rows[i].in, step[k], rows[i].name, &o);
			T_CHECK(o.answered == rows[i].answered &&
				o.refused == !o.answered,
			    "%s, %zu at a time: %u, %.*s", rows[i].name,
			    step[k], o.answered, STR_ARG(buf_view(&o.text)));
			T_CHECK(str_find(buf_view(&o.text), STR("GET|/evil")) ==
				o.text.n,
			    "%s: smuggled", rows[i].name);
			buf_release(&o.text);
		}
}

/* --- what others collected --- */

enum { COLUMNS = 6 };

static void
read_vector(const char *corpus, struct str name, struct buf *out)
{
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/corpora/%s/%.*s", t_shared(),
	    corpus, STR_ARG(name));
	t_read_file(path, out);
}

static void
each_row(const char *corpus, size_t at_least,
    void (*check)(const struct str col[COLUMNS], const struct buf *bytes))
{
	struct str rest, row, col[COLUMNS];
	struct buf index, bytes;
	size_t n = 0;

	if (t_shared() == NULL) {
		t_skip("no shared folder");
		return;
	}
	buf_init(&index, FILE_MAX);
	read_vector(corpus, STR("index.tsv"), &index);
	rest = buf_view(&index);
	(void)str_next(&rest, '\n', &row); /* names of the columns */
	while (str_next(&rest, '\n', &row) && row.n > 0) {
		for (size_t i = 0; i < COLUMNS; i++)
			(void)str_next(&row, '\t', &col[i]);
		buf_init(&bytes, FILE_MAX);
		read_vector(corpus, col[0], &bytes);
		check(col, &bytes);
		buf_release(&bytes);
		n++;
	}
	T_CHECK(n >= at_least, "%s: %zu vectors", corpus, n);
	buf_release(&index);
}

/* As a request, and as the body of one. */
static void
play_vector(struct str name, const char *before, struct str bytes,
    struct outcome *o)
{
	char z[256];
	struct buf in;

	(void)snprintf(z, sizeof(z), "%.*s", STR_ARG(name));
	buf_init(&in, FILE_MAX);
	buf_addz(&in, before);
	buf_adds(&in, bytes);
	play(buf_view(&in), 4096, z, o);
	buf_release(&in);
}

static void
check_pico_chunks(const struct str col[COLUMNS], const struct buf *bytes)
{
	bool bad = str_starts(col[3], STR("-"));
	struct buf want, name;
	struct outcome o;
	char text[128];

	play_vector(col[0], POST CHUNKED "\r\n", buf_view(bytes), &o);
	T_CHECK(!bad || o.answered == 0, "%.*s: handled", STR_ARG(col[0]));
	if (o.answered > 0) {
		buf_init(&want, FILE_MAX);
		buf_init(&name, 1024);
		buf_adds(&name, str_first(col[0], str_chr(col[0], '.')));
		buf_addz(&name, ".decoded");
		read_vector(PICO, buf_view(&name), &want);
		(void)snprintf(text, sizeof(text), "~ POST|/file||file %zu %u;",
		    want.n, play_sum(0, buf_view(&want)));
		T_CHECK(str_starts(buf_view(&o.text), str_of(text)),
		    "%.*s: %.*s, want %s", STR_ARG(col[0]),
		    STR_ARG(buf_view(&o.text)), text);
		buf_release(&name);
		buf_release(&want);
	}
	buf_release(&o.text);
}

static void
check_pico(const struct str col[COLUMNS], const struct buf *bytes)
{
	struct str in = buf_view(bytes);
	size_t line = str_find(in, STR("\r\n"));
	struct outcome o;
	struct buf head;

	if (str_eq(col[2], STR("chunked"))) {
		check_pico_chunks(col, bytes);
		return;
	}
	buf_init(&head, FILE_MAX);
	buf_adds(&head, str_first(in, line));
	if (line < in.n)
		buf_addz(&head, "\r\n" HOST);
	buf_adds(&head, str_from(in, line + 2));
	play_vector(col[0], "", buf_view(&head), &o);
	T_CHECK(o.answered == 0 ||
		(str_eq(col[2], STR("request")) && str_eq(col[3], STR("0"))),
	    "%.*s: handled", STR_ARG(col[0]));
	buf_release(&o.text);
	buf_release(&head);
}

static void
test_pico(void)
{
	each_row(PICO, 89, check_pico);
}

static void
check_h11(const struct str col[COLUMNS], const struct buf *bytes)
{
	struct outcome o;

	play_vector(col[0], POST CHUNKED "\r\n", buf_view(bytes), &o);
	T_CHECK(o.answered == 0 || !str_eq(col[3], STR("LocalProtocolError")),
	    "%.*s: handled", STR_ARG(col[0]));
	buf_release(&o.text);
}

static void
test_h11(void)
{
	each_row("http-h11", 28, check_h11);
}

/* Answers are no requests; nor is what stands in them a body in chunks. */
static void
check_answers(const struct str col[COLUMNS], const struct buf *bytes)
{
	struct outcome o;

	play_vector(col[0], "", buf_view(bytes), &o);
	T_CHECK(o.answered == 0, "%.*s: handled", STR_ARG(col[0]));
	buf_release(&o.text);
	play_vector(col[0], POST CHUNKED "\r\n",
	    str_from(buf_view(bytes),
		str_find(buf_view(bytes), STR("\r\n\r\n")) + 4),
	    &o);
	buf_release(&o.text);
}

static void
test_answers(void)
{
	each_row("http-hostile", 128, check_answers);
	each_row("http-llhttp-response", 85, check_answers);
}

static const struct t_test tests[] = {
	{ "hostile requests", test_rows },
	{ "picohttpparser", test_pico },
	{ "h11", test_h11 },
	{ "answers as requests", test_answers },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
