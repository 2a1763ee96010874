/* SPDX-License-Identifier: MIT */
/*
 * http1 against what others collected. Each vector is decided as its corpus
 * says, or stands in the table `otherwise`; and each is fed at every cut.
 *
 * What these tests leave to the tests of the http client, because it begins
 * where the parser ends (names of the http-hostile corpus):
 *
 *  031-ok-leftover-garbage, 136-cl-long: DONE with bytes left: close.
 *  044-ok-413: the answer may come before the request is written out.
 *  045-ok-401-www-auth: the claims challenge is read, not obeyed blindly.
 *  046 to 050-ok-redirect-*: never followed with credentials.
 *  032 to 042-ok-429-retry-after-*: bad values ignored, no loop of 0 s.
 *  080-bad-smtp-banner, 107-hdr-endless, 135-cl-short-hang: BAD or deadline.
 *  084-bad-empty-rst, 109-hdr-eof-rst: a reset is no orderly end, even of a
 *    body until close: http1_finish is for a close (and, with TLS, for a
 *    close_notify) only.
 *  192-ce-gzip: a Content-Encoding that nobody asked for is refused.
 */
#include "codec/http1.h"

#include <stdio.h>
#include <string.h>

#include "http1_feed.h"
#include "t.h"

#define LLHTTP "http-llhttp-response"
#define PICO   "http-picohttpparser"

enum { COLUMNS = 6, FILE_MAX = 8 * LIMIT };

struct vector {
	const char *corpus;
	struct str col[COLUMNS]; /* of index.tsv; 0 is the file's name */
	struct str bytes;
};

/* What we decide otherwise than a corpus, and why. */
static const struct {
	const char *corpus, *file, *want, *why;
} otherwise[] = {
	/* clang-format off */
{ "http-hostile", "192-", "C200:27", "28 bytes came for 27: close" },
{ LLHTTP, "006-", "complete:1", "bytes after the close are the caller's" },
{ LLHTTP, "007-", "complete:1", "the same" },
{ LLHTTP, "008-", "complete:1", "the same" },
{ LLHTTP, "009-", "complete:1", "the same" },
{ LLHTTP, "015-", "error", "an empty line before the second answer" },
{ LLHTTP, "017-", "error", "the same" },
{ LLHTTP, "018-", "error", "the body has a byte too many" },
{ LLHTTP, "021-", "incomplete", "llhttp was told to skip the body" },
{ LLHTTP, "055-", "error", "empty lines between the answers" },
{ LLHTTP, "057-", "error", "RTSP" },
{ LLHTTP, "058-", "error", "ICE" },
{ LLHTTP, "073-", "error", "HTTP/0.9" },
{ LLHTTP, "075-", "error", "an empty line before the answer" },
{ LLHTTP, "077-", "error", "chunked is not the last coding" },
{ LLHTTP, "078-", "error", "the same" },
{ LLHTTP, "079-", "error", "an unknown coding" },
{ LLHTTP, "082-", "complete:1", "extensions are not looked at" },
{ LLHTTP, "084-", "incomplete", "the same" },
{ PICO, "request/005-", "bad", "folded" },
{ PICO, "request/030-", "bad", "a target is ASCII (RFC 3986)" },
{ PICO, "request/034-", "bad", "one blank between words (RFC 9112 3)" },
{ PICO, "response/038-", "bad", "folded" },
{ PICO, "response/050-", "bad", "bare LF" },
{ PICO, "response/063-", "bad", "one blank between words (RFC 9112 4)" },
{ PICO, "chunked/078-", "bad", "bare LF" },
{ PICO, "chunked/079-", "bad", "bare LF" },
{ PICO, "chunked/081-", "bad", "a size over every limit" },
{ "http-h11", "001-", "bad", "trailers alone, no chunk" },
{ "http-h11", "007-", "bad", "bare LF" },
{ "http-h11", "008-", "bad", "bare LF" },
{ "http-h11", "009-", "bad", "bare LF" },
{ "http-h11", "018-", "bad", "blanks after a size, but no extension" },
{ "http-h11", "022-", "bad", "NUL in the reason" },
	/* clang-format on */
};

static struct str
wanted(const struct vector *v, struct str theirs)
{
	size_t n = sizeof(otherwise) / sizeof(otherwise[0]);

	for (size_t i = 0; i < n; i++)
		if (strcmp(otherwise[i].corpus, v->corpus) == 0 &&
		    str_starts(v->col[0], str_of(otherwise[i].file)))
			return str_of(otherwise[i].want);
	return theirs;
}

static void
check_vector(const struct vector *v, const char *theirs, const char *ours)
{
	struct str want = wanted(v, str_of(theirs));

	T_CHECK(str_eq(want, str_of(ours)), "%s/%.*s: %s, want %.*s", v->corpus,
	    STR_ARG(v->col[0]), ours, STR_ARG(want));
}

static void
read_shared(const char *corpus, struct str name, struct buf *out)
{
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/corpora/%s/%.*s", t_shared(),
	    corpus, STR_ARG(name));
	t_read_file(path, out);
}

static void
each_vector(const char *corpus, size_t at_least,
    void (*check)(const struct vector *v))
{
	struct buf index, bytes;
	struct str rest, row;
	size_t n = 0;

	if (t_shared() == NULL) {
		t_skip("no shared folder");
		return;
	}
	buf_init(&index, LIMIT);
	read_shared(corpus, STR("index.tsv"), &index);
	rest = buf_view(&index);
	(void)str_next(&rest, '\n', &row); /* names of the columns */
	while (str_next(&rest, '\n', &row) && row.n > 0) {
		struct vector v = { .corpus = corpus };

		for (size_t i = 0; i < COLUMNS; i++)
			(void)str_next(&row, '\t', &v.col[i]);
		buf_init(&bytes, FILE_MAX);
		read_shared(corpus, v.col[0], &bytes);
		v.bytes = buf_view(&bytes);
		check(&v);
		buf_release(&bytes);
		n++;
	}
	T_CHECK(n >= at_least, "%s: %zu vectors", corpus, n);
	buf_release(&index);
}

/* One of "R", "R-cap", "I", "A200:7", "C200:7": the column "verdict". */
static bool
is_verdict(const struct seen *s, struct str verdict)
{
	char want[64];
	bool reusable = s->h.keep_alive && s->left == 0;

	if (str_starts(verdict, STR("R")))
		return s->fed == PARSE_BAD;
	if (str_eq(verdict, STR("I"))) /* a limit may say no even earlier */
		return s->fed != PARSE_DONE && s->end == PARSE_BAD;
	(void)snprintf(want, sizeof(want), "%c%d:%zu", reusable ? 'A' : 'C',
	    s->h.status, s->body.n);
	return s->end == PARSE_DONE && str_eq(verdict, str_of(want));
}

static void
check_hostile(const struct vector *v)
{
	struct feeding f = { ANSWER, v->bytes, LIMIT, 0 };
	struct str rest = wanted(v, v->col[2]), verdict;
	bool good = false;
	struct seen s;
	char name[256];

	see(f, &s);
	while (str_next(&rest, ' ', &verdict))
		good = good || is_verdict(&s, verdict);
	T_CHECK(good, "%.*s: %.*s, but fed %d, end %d, status %d, %s",
	    STR_ARG(v->col[0]), STR_ARG(v->col[2]), (int)s.fed, (int)s.end,
	    s.h.status, s.h.reason != NULL ? s.h.reason : "no reason");
	forget(&s);
	(void)snprintf(name, sizeof(name), "%.*s", STR_ARG(v->col[0]));
	check_cuts(f, name);
}

static void
test_hostile(void)
{
	each_vector("http-hostile", 128, check_hostile);
}

/* Number of whole answers, or "error"; as in the column "llhttp_expect". */
static void
count_answers(struct str in, char *out, size_t n)
{
	struct seen s;
	enum parse r = PARSE_DONE;
	unsigned done = 0;
	bool more = true;

	while (more && in.n > 0 && !str_eq(in, STR("\r\n"))) {
		see((struct feeding){ ANSWER, in, LIMIT, 0 }, &s);
		r = s.fed;
		done += r == PARSE_DONE;
		more = r == PARSE_DONE && s.h.keep_alive;
		in = str_from(in, in.n - s.left);
		forget(&s);
	}
	if (r == PARSE_BAD)
		(void)snprintf(out, n, "error");
	else if (done == 0)
		(void)snprintf(out, n, "incomplete");
	else
		(void)snprintf(out, n, "complete:%u", done);
}

/* The files lack the last CRLF of what llhttp's log was made from. */
static void
check_llhttp(const struct vector *v)
{
	struct feeding f = { ANSWER, v->bytes, LIMIT, 0 };
	bool lenient = str_starts(v->col[2], STR("response-lenient"));
	struct str error = STR("error");
	char theirs[32], ours[32];
	struct buf in;

	if (lenient || str_starts(v->col[4], error))
		(void)snprintf(theirs, sizeof(theirs), "error");
	else
		(void)snprintf(theirs, sizeof(theirs), "%.*s",
		    STR_ARG(v->col[4]));
	buf_init(&in, LIMIT);
	buf_adds(&in, v->bytes);
	buf_addz(&in, "\r\n");
	count_answers(buf_view(&in), ours, sizeof(ours));
	check_vector(v, theirs, ours);
	f.in = buf_view(&in);
	check_cuts(f, "llhttp");
	buf_release(&in);
}

static void
test_llhttp(void)
{
	each_vector(LLHTTP, 85, check_llhttp);
}

/*
 * "bad", "more", or "ok" once what the corpus is about is complete: a head,
 * or a chunked body, whose bytes go to body.
 */
static const char *
judge(struct feeding f, bool of_body, struct buf *body)
{
	const char *ours = "more";
	struct seen s;

	see(f, &s);
	buf_adds(body, buf_view(&s.body));
	if (s.fed == PARSE_BAD)
		ours = "bad";
	else if (of_body ? s.fed == PARSE_DONE : s.h.headed)
		ours = "ok";
	forget(&s);
	check_cuts(f, "judge");
	return ours;
}

static void
check_decoded(const struct vector *v, const struct buf *body)
{
	struct buf want, name;

	buf_init(&want, LIMIT);
	buf_init(&name, LIMIT);
	buf_adds(&name, str_first(v->col[0], str_chr(v->col[0], '.')));
	buf_addz(&name, ".decoded");
	read_shared(v->corpus, buf_view(&name), &want);
	T_CHECK(str_eq(buf_view(&want), buf_view(body)), "%s", name.p);
	buf_release(&name);
	buf_release(&want);
}

static const char *
pico_says(struct str code)
{
	if (str_eq(code, STR("-1")))
		return "bad";
	return str_eq(code, STR("-2")) ? "more" : "ok";
}

static void
check_pico(const struct vector *v)
{
	bool chunked = str_eq(v->col[2], STR("chunked"));
	bool request = str_eq(v->col[2], STR("request"));
	const char *ours;
	struct buf in, body;

	buf_init(&in, LIMIT);
	buf_init(&body, LIMIT);
	if (chunked)
		buf_addz(&in, CH);
	else if (str_eq(v->col[2], STR("headers")))
		buf_addz(&in, OK);
	buf_adds(&in, v->bytes);
	if (str_starts(v->col[4], STR("consume_trailer=0")))
		buf_addz(&in, "\r\n"); /* we do not stop before it */
	ours = judge((struct feeding){ request ? REQUEST : ANSWER,
			 buf_view(&in), LIMIT, 0 },
	    chunked, &body);
	check_vector(v, pico_says(v->col[3]), ours);
	if (chunked && strcmp(ours, "ok") == 0)
		check_decoded(v, &body);
	buf_release(&body);
	buf_release(&in);
}

static void
test_pico(void)
{
	each_vector(PICO, 89, check_pico);
}

/* h11's literals are pieces: not refused is all that "ok" can mean. */
static void
check_h11(const struct vector *v)
{
	bool chunked = str_eq(v->col[2], STR("chunked"));
	bool error = str_eq(v->col[3], STR("LocalProtocolError"));
	const char *ours;
	struct buf in, body;

	buf_init(&in, LIMIT);
	buf_init(&body, LIMIT);
	if (chunked)
		buf_addz(&in, CH);
	buf_adds(&in, v->bytes);
	ours = judge((struct feeding){ ANSWER, buf_view(&in), LIMIT, 0 },
	    chunked, &body);
	check_vector(v, error ? "bad" : "ok",
	    strcmp(ours, "bad") == 0 ? "bad" : "ok");
	buf_release(&body);
	buf_release(&in);
}

static void
test_h11(void)
{
	each_vector("http-h11", 28, check_h11);
}

static const struct t_test tests[] = {
	{ "http-hostile", test_hostile },
	{ "llhttp", test_llhttp },
	{ "picohttpparser", test_pico },
	{ "h11", test_h11 },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
