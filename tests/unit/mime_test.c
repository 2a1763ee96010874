/* SPDX-License-Identifier: MIT */
/*
 * Also a tool: `mime_test tree FILE...` prints the structure of messages,
 * which tests/story/mime.sh compares with what Python's email makes of them.
 */
#include "mail/mime.h"

#include <stdio.h>
#include <string.h>

#include "base/crypt.h"
#include "codec/base64.h"
#include "codec/qp.h"
#include "codec/unbase64.h"
#include "t.h"

enum { ARENA_LIMIT = 64 * 1024 * 1024 };

static void
dump_part(struct buf *out, const struct mime_part *p, struct str in)
{
	buf_addf(out, "(%.*s", STR_ARG(p->type));
	if (p->name.p != NULL)
		buf_addf(out, " \"%.*s\"", STR_ARG(p->name));
	if (p->encoding != MIME_IDENTITY)
		buf_addf(out, " e%d", p->encoding);
	if (p->misnamed)
		buf_addz(out, " misnamed");
	if (p->sealed)
		buf_addz(out, " sealed");
	if (p->eight_bit)
		buf_addz(out, " 8bit");
	if (p->long_line)
		buf_addz(out, " long");
	if (p->child == NULL)
		buf_addf(out, " [%.*s]", (int)(p->end - p->body),
		    in.p + p->body);
	for (p = p->child; p != NULL; p = p->next)
		dump_part(out, p, in);
	buf_addc(out, ')');
}

/* Feeds in pieces that end at a and b; "" if it cannot be read. */
static void
dump(struct buf *out, struct str in, size_t a, size_t b)
{
	struct mime_part *root;
	struct arena mem;
	struct mime m;
	struct err e;

	arena_init(&mem, ARENA_LIMIT);
	mime_init(&m, &mem);
	mime_feed(&m, str_first(in, a));
	mime_feed(&m, str_first(str_from(in, a), b - a));
	mime_feed(&m, str_from(in, b));
	if (mime_finish(&m, &root, &e))
		dump_part(out, root, in);
	mime_release(&m);
	arena_release(&mem);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

static const struct {
	const char *name, *in, *want;
} rows[] = {
	/* clang-format off */
	{ "empty", "", "(text/plain [])" },
	{ "text", "A: b\r\n\r\nhello", "(text/plain [hello])" },
	{ "no header", "hello\nworld\n", "(text/plain [hello\nworld\n])" },
	{ "header only", "A: b\r\n", "(text/plain [])" },
	{ "two parts",
	  MIXED "pre\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n"
	  "\r\ntwo\r\n--b--\r\nepilogue\r\n",
	  "(multipart/mixed(text/plain [one])(text/html [two]))" },
	{ "LF", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n\n"
	  "--b--\n", "(multipart/mixed(text/plain [one\n]))" },
	{ "no closing boundary", MIXED "--b\r\n\r\none\r\n",
	  "(multipart/mixed(text/plain [one\r\n]))" },
	{ "closing boundary without a line end", MIXED "--b\r\n\r\none\r\n"
	  "--b--", "(multipart/mixed(text/plain [one]))" },
	{ "blanks behind a boundary", MIXED "--b \t\r\n\r\none\r\n--b-- \r\n",
	  "(multipart/mixed(text/plain [one]))" },
	{ "empty part", MIXED "--b\r\n--b\r\n\r\n\r\n--b--",
	  "(multipart/mixed(text/plain [])(text/plain []))" },
	{ "a longer boundary is text", MIXED "--b\r\n\r\n--bc\r\n--b--",
	  "(multipart/mixed(text/plain [--bc]))" },
	{ "nested",
	  MIXED "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n"
	  "\r\n--c\r\n\r\n1\r\n--c\r\n\r\n2\r\n--c--\r\n\r\n--b\r\n\r\n3\r\n"
	  "--b--",
	  "(multipart/mixed(multipart/alternative(text/plain [1])"
	  "(text/plain [2]))(text/plain [3]))" },
	{ "an outer boundary ends an inner part",
	  MIXED "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n"
	  "\r\n--c\r\n\r\n1\r\n--b\r\n\r\n3\r\n--b--",
	  "(multipart/mixed(multipart/alternative(text/plain [1]))"
	  "(text/plain [3]))" },
	{ "message in a message",
	  MIXED "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n"
	  "Content-Type: text/html\r\n\r\ninner\r\n--b--",
	  "(multipart/mixed(message/rfc822(text/html [inner])))" },
	{ "a boundary in the header of a message in a message",
	  MIXED "--b\r\nContent-Type: message/rfc822\r\nA: b\r\n--b--",
	  "(multipart/mixed(message/rfc822(text/plain [])))" },
	{ "digest",
	  "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n"
	  "A: b\r\n\r\nx\r\n--b--",
	  "(multipart/digest(message/rfc822(text/plain [x])))" },
	{ "no boundary parameter",
	  "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\none\r\n",
	  "(multipart/mixed [--b\r\n\r\none\r\n])" },
	{ "signed",
	  "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\none\r\n"
	  "--b\r\nContent-Type: application/pgp-signature\r\n\r\ns\r\n--b--",
	  "(multipart/signed sealed(text/plain sealed [one])"
	  "(application/pgp-signature sealed [s]))" },
	{ "name and encoding",
	  "Content-Type: a/b; name=x\r\nContent-Transfer-Encoding: BASE64\r\n"
	  "Content-Disposition: attachment; filename*=utf-8''%C3%A4\r\n\r\nQQ",
	  "(a/b \"\xc3\xa4\" e2 [QQ])" },
	{ "boundary in a header", MIXED "--b\r\nContent-Type: text/html\r\n"
	  "--b--\r\n", "(multipart/mixed(text/html []))" },
	{ "a body line right behind the fields", "A: b\nhello\n\nx",
	  "(text/plain [hello\n\nx])" },
	{ "8-bit text", "A: b\r\n\r\n12345678 \xc3\xa4 12345678",
	  "(text/plain 8bit [12345678 \xc3\xa4 12345678])" },
	{ "8-bit at the end of a part", MIXED "--b\r\n\r\n\xc3\r\n--b\r\n"
	  "\r\n1\r\n--b--",
	  "(multipart/mixed(text/plain 8bit [\xc3])(text/plain [1]))" },
	{ "8-bit in a line right behind the fields", "A: b\nx \xc3\xa4\n",
	  "(text/plain 8bit [x \xc3\xa4\n])" },
	{ "two types, the first fits", "Content-Type: text/html\r\n" MIXED "x",
	  "(text/html [x])" },
	{ "two types, the second fits",
	  "Content-Type: text/html\r\n" MIXED "--b\r\n\r\n1\r\n--b--",
	  "(multipart/mixed(text/plain [1]))" },
	{ "two types, a multipart that is none",
	  "Content-Type: multipart/mixed; boundary=c\r\n"
	  "Content-Type: text/html\r\n\r\nx", "(text/html [x])" },
	{ "two boundaries",
	  "Content-Type: multipart/signed; boundary=c\r\n" MIXED
	  "--b\r\n\r\n1\r\n--b--", "(multipart/mixed(text/plain [1]))" },
	{ "two boundaries, the first in the body",
	  "Content-Type: multipart/signed; boundary=c\r\n" MIXED
	  "--c\r\n\r\n1\r\n--c--",
	  "(multipart/signed sealed(text/plain sealed [1]))" },
	{ "8bits", "Content-Transfer-Encoding: 8bits\r\n\r\nx",
	  "(text/plain misnamed [x])" },
	{ "7-Bit", "Content-Transfer-Encoding: 7-Bit\r\n\r\nx",
	  "(text/plain misnamed [x])" },
	{ "quoted_printable",
	  "Content-Transfer-Encoding: Quoted_Printable\r\n\r\nx",
	  "(text/plain e1 misnamed [x])" },
	{ "an encoding and a comment",
	  "Content-Transfer-Encoding: base64 (of course)\r\n\r\nQQ",
	  "(text/plain e2 [QQ])" },
	{ "an encoding that is none",
	  "Content-Transfer-Encoding: 8bitsy\r\n\r\nx",
	  "(text/plain e3 [x])" },
	{ "a name over 76 bytes",
	  "X-nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
	  "nnnnnnnnnnnnnnnnn: v\r\nContent-Type: text/html\r\n\r\nx",
	  "(text/html [x])" },
	{ "base64 with dashes", MIXED "--b\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\n"
	  "QU-JD\r\n-QQ\r\n--c\r\n\r\nQQ==\r\n--b\r\n"
	  "Content-Transfer-Encoding: base64\n\nQQ\nQU\n\n--b\n\nx\n--b--",
	  "(multipart/mixed"
	  "(text/plain e2 [QU-JD\r\n-QQ\r\n--c\r\n\r\nQQ==])"
	  "(text/plain e2 [QQ\nQU\n])(text/plain [x]))" },
	{ "base64, a line at the end", "Content-Transfer-Encoding: base64\n\n"
	  "\nQUFB\r\nQQ-", "(text/plain e2 [\nQUFB\r\nQQ-])" },
	{ "folded type",
	  "Content-Type: multipart/mixed;\r\n boundary=\"b c\"\r\n\r\n"
	  "--b c\r\n\r\n1\r\n--b c--",
	  "(multipart/mixed(text/plain [1]))" },
	/* clang-format on */
};

static void
test_rows(void)
{
	struct buf out;
	struct str in;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		in = str_of(rows[i].in);
		for (size_t cut = 0; cut <= in.n; cut++) {
			buf_init(&out, 65536);
			dump(&out, in, cut, in.n);
			T_CHECK(str_eq(buf_view(&out), str_of(rows[i].want)),
			    "%s, cut %zu: got %.*s", rows[i].name, cut,
			    STR_ARG(buf_view(&out)));
			buf_release(&out);
		}
	}
}

/* Every file is read whole, and the same in three pieces. */
static void
read_file(const char *path, void *arg)
{
	struct buf in, whole, cut;
	struct str s;

	(void)arg;
	buf_init(&in, ARENA_LIMIT);
	buf_init(&whole, ARENA_LIMIT);
	buf_init(&cut, ARENA_LIMIT);
	t_read_file(path, &in);
	s = buf_view(&in);
	dump(&whole, s, s.n, s.n);
	dump(&cut, s, s.n / 3, s.n / 3 * 2 + 1);
	T_CHECK(whole.n > 0, "%s: not read", path);
	T_CHECK(str_eq(buf_view(&whole), buf_view(&cut)), "%s: cut", path);
	buf_release(&in);
	buf_release(&whole);
	buf_release(&cut);
}

static void
test_corpora(void)
{
	char path[4096];
	size_t n;

	if (t_shared() == NULL) {
		t_skip("no shared corpora");
		return;
	}
	(void)snprintf(path, sizeof(path), "%s/corpora/mime", t_shared());
	n = t_each_file(path, read_file, NULL);
	(void)snprintf(path, sizeof(path), "%s/corpora/mime-edge", t_shared());
	n += t_each_file(path, read_file, NULL);
	T_CHECK(n > 250, "%zu files", n);
}

static void
test_limits(void)
{
	struct mime_part *root;
	struct arena mem;
	struct mime m;
	struct err e = { 0 };

	arena_init(&mem, ARENA_LIMIT);
	mime_init(&m, &mem);
	mime_feed(&m, STR(MIXED));
	for (int i = 0; i < MIME_PARTS + 10; i++)
		mime_feed(&m, STR("--b\r\n\r\nx\r\n"));
	T_CHECK(!mime_finish(&m, &root, &e) && e.kind == ERR_INPUT, "parts");
	mime_release(&m);
	mime_init(&m, &mem);
	for (int i = 0; i < MIME_HEAD_MAX / 1000 + 2; i++) {
		mime_feed(&m, STR("X: "));
		for (int j = 0; j < 100; j++)
			mime_feed(&m, STR("0123456789"));
		mime_feed(&m, STR("\r\n"));
	}
	T_CHECK(!mime_finish(&m, &root, &e) && e.kind == ERR_INPUT, "header");
	mime_release(&m);
	arena_release(&mem);
}

static void
check_flags(struct str in, size_t piece, bool long_line)
{
	struct mime_part *root;
	struct arena mem;
	struct mime m;
	struct err e;

	arena_init(&mem, ARENA_LIMIT);
	mime_init(&m, &mem);
	for (; in.n > 0; in = str_from(in, piece))
		mime_feed(&m, str_first(in, piece));
	T_CHECK(mime_finish(&m, &root, &e), "%s", e.msg);
	T_CHECK(root->long_line == long_line && !root->eight_bit,
	    "in pieces of %zu", piece);
	mime_release(&m);
	arena_release(&mem);
}

/* However a long line is cut, it is found; the longest allowed is not. */
static void
test_body_flags(void)
{
	struct buf in;

	for (size_t length = 990; length < 1010; length++) {
		buf_init(&in, 4096);
		buf_addz(&in, "A: b\r\n\r\n");
		for (size_t i = 0; i < length; i++)
			buf_addc(&in, 'x');
		buf_addz(&in, "\r\n");
		for (size_t piece = 1; piece < 1200; piece += 97)
			check_flags(buf_view(&in), piece,
			    length > HEAD_LINE_MAX);
		buf_release(&in);
	}
}

/* Multiparts nested without end cost no stack and lose no bytes. */
static void
test_depth(void)
{
	struct mime_part *root = NULL;
	struct arena mem;
	struct mime m;
	struct err e;
	char text[128];

	arena_init(&mem, ARENA_LIMIT);
	mime_init(&m, &mem);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text),
		    "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i,
		    i);
		mime_feed(&m, str_of(text));
	}
	T_CHECK(mime_finish(&m, &root, &e), "%s", e.msg);
	T_CHECK(root != NULL && root->end == m.at, "all is in the root");
	mime_release(&m);
	arena_release(&mem);
}

/* The longest boundary, and one that is longer: then it is a leaf. */
static void
test_longest_boundary(void)
{
	struct buf in, got;

	for (int n = MIME_BOUNDARY_MAX; n <= MIME_BOUNDARY_MAX + 1; n++) {
		buf_init(&in, 65536);
		buf_init(&got, 65536);
		buf_addf(&in,
		    "Content-Type: multipart/mixed;\r\n boundary=%0*d\r\n\r\n"
		    "--%0*d\r\n\r\none\r\n--%0*d--\r\n",
		    n, 0, n, 0, n, 0);
		dump(&got, buf_view(&in), in.n, in.n);
		T_CHECK(str_eq(buf_view(&got),
			    STR("(multipart/mixed(text/plain [one]))")) ==
			(n == MIME_BOUNDARY_MAX),
		    "%d: %.*s", n, STR_ARG(buf_view(&got)));
		buf_release(&in);
		buf_release(&got);
	}
}

/* All of it, or a failure that says so. */
static void
read_once(void)
{
	struct str in = str_of(rows[11].in);
	struct mime_part *root;
	struct arena mem;
	struct buf out;
	struct mime m;
	struct err e = { 0 };
	bool ok;

	arena_init(&mem, ARENA_LIMIT);
	mime_init(&m, &mem);
	mime_feed(&m, str_first(in, in.n / 2));
	mime_feed(&m, str_from(in, in.n / 2));
	ok = mime_finish(&m, &root, &e);
	t_spare_allocations(true);
	buf_init(&out, 65536);
	if (ok)
		dump_part(&out, root, in);
	T_CHECK(ok ? str_eq(buf_view(&out), str_of(rows[11].want)) :
		     e.kind == ERR_RETRY,
	    "%s: %.*s", e.msg, STR_ARG(buf_view(&out)));
	buf_release(&out);
	t_spare_allocations(false);
	mime_release(&m);
	arena_release(&mem);
}

static void
test_memory(void)
{
	t_each_allocation_fails(read_once);
}

static const struct t_test tests[] = {
	{ "rows at every split", test_rows },
	{ "corpora", test_corpora },
	{ "limits", test_limits },
	{ "the longest boundary", test_longest_boundary },
	{ "flags of a body", test_body_flags },
	{ "depth", test_depth },
	{ "allocations fail", test_memory },
};

/* The body of a leaf, decoded. */
static void
add_body(struct buf *out, const struct mime_part *p, struct str in)
{
	struct str body = { in.p + p->body, (size_t)(p->end - p->body) };
	struct qp q = { 0 };
	struct err ignored;

	if (p->encoding == MIME_QP) {
		qp_feed(&q, body, out);
		qp_finish(&q, out);
	} else if (p->encoding != MIME_BASE64 ||
	    !unbase64_whole(out, body, &ignored)) {
		buf_adds(out, body);
	}
}

/* One line a part: depth, type, and of a leaf the SHA-256 of its body. */
static void
print_tree(const struct mime_part *root, struct str in)
{
	char sum[CRYPT_SHA256_HEX];
	struct buf body;
	int depth;

	for (const struct mime_part *p = root; p != NULL; p = mime_next(p)) {
		depth = 0;
		for (const struct mime_part *q = p->parent; q != NULL;
		     q = q->parent)
			depth++;
		buf_init(&body, ARENA_LIMIT);
		add_body(&body, p, in);
		crypt_sha256_hex(buf_view(&body), sum);
		printf("%d %.*s %s\n", depth, STR_ARG(p->type),
		    p->child == NULL ? sum : "-");
		buf_release(&body);
	}
}

static int
print_files(int n, char **path)
{
	struct mime_part *root;
	struct arena mem;
	struct mime m;
	struct buf in;
	struct err e;

	for (int i = 0; i < n; i++) {
		buf_init(&in, ARENA_LIMIT);
		t_read_file(path[i], &in);
		arena_init(&mem, ARENA_LIMIT);
		mime_init(&m, &mem);
		mime_feed(&m, buf_view(&in));
		printf("= %s\n", path[i]);
		if (mime_finish(&m, &root, &e))
			print_tree(root, buf_view(&in));
		mime_release(&m);
		arena_release(&mem);
		buf_release(&in);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "tree") == 0)
		return print_files(argc - 2, argv + 2);
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
