/* SPDX-License-Identifier: MIT */
#include "mail/mimew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/base64.h"
#include "codec/unbase64.h"
#include "mail/mime.h"
#include "t.h"

enum { LIMIT = 16 * 1024 * 1024 };

static const struct mimew_stamp stamp = { .when = 1795469834 };

/* Writes m and reads the bytes back into out. */
static bool
write_message(const struct message *m, struct buf *out, struct err *e)
{
	struct source s;
	struct arena a;
	struct rope r;
	char *to;
	bool ok;

	arena_init(&a, LIMIT);
	rope_init(&r, &a);
	ok = mimew_write(m, &stamp, &r, e);
	s = rope_source(&r);
	to = ok ? buf_room(out, (size_t)s.size) : NULL;
	ok = to != NULL && source_read(&s, 0, to, (size_t)s.size, e);
	if (ok)
		buf_commit(out, (size_t)s.size);
	arena_release(&a);
	return ok;
}

static void
add_body(struct buf *out, const struct mime_part *p, struct str in)
{
	struct str body = { in.p + p->body, (size_t)(p->end - p->body) };
	struct err e;

	if (p->encoding != MIME_BASE64)
		buf_adds(out, body);
	else
		T_CHECK(unbase64_whole(out, body, &e), "%s", e.msg);
}

static void
show_part(struct buf *out, const struct mime_part *p, struct str in)
{
	buf_addf(out, "(%.*s", STR_ARG(p->type));
	if (p->name.p != NULL)
		buf_addf(out, " \"%.*s\"", STR_ARG(p->name));
	if (p->cid.p != NULL)
		buf_addf(out, " cid=%.*s", STR_ARG(p->cid));
	if (p->child == NULL) {
		buf_addz(out, " [");
		add_body(out, p, in);
		buf_addz(out, "]");
	}
	for (p = p->child; p != NULL; p = p->next)
		show_part(out, p, in);
	buf_addc(out, ')');
}

/* The structure of a written message, as our reader sees it. */
static void
show(struct buf *out, struct str in)
{
	struct mime_part *root;
	struct arena a;
	struct mime r;
	struct err e;

	arena_init(&a, LIMIT);
	mime_init(&r, &a);
	mime_feed(&r, in);
	if (mime_finish(&r, &root, &e))
		show_part(out, root, in);
	mime_release(&r);
	arena_release(&a);
}

#define F(n, t, c, b)                                                          \
	{                                                                      \
		STR_INIT(n), STR_INIT(t), c,                                   \
		{                                                              \
			.size = sizeof(b) - 1, .bytes = STR_INIT(b)            \
		}                                                              \
	}

static const struct {
	const char *name;
	struct message m;
	const char *want;
} rows[] = {
	/* clang-format off */
	{ "text", { .text = STR_INIT("hello\nworld\n") },
	  "(text/plain [hello\r\nworld\r\n])" },
	{ "UTF-8", { .text = STR_INIT("\xc3\xa4") },
	  "(text/plain [\xc3\xa4])" },
	{ "UTF-8, lines", { .text = STR_INIT("\xc3\xa4\nb\r\nc\n") },
	  "(text/plain [\xc3\xa4\r\nb\r\nc\r\n])" },
	{ "HTML, lines", { .html = STR_INIT("\n\xc3\xa4\n") },
	  "(text/html [\r\n\xc3\xa4\r\n])" },
	{ "message", { .text = STR_INIT("a"), .n_files = 1, .file = {
	    F("x.eml", "message/rfc822", { 0 }, "Subject: s\n\nhi\n") } },
	  "(multipart/mixed(text/plain [a])(message/rfc822 \"x.eml\""
	  "(text/plain [hi\r\n])))" },
	{ "message, 8-bit", { .text = STR_INIT("a"), .n_files = 1, .file = {
	    F("x.eml", "Message/RFC822; x=y", { 0 },
	    "Subject: s\r\n\r\n\xe4") } },
	  "(multipart/mixed(text/plain [a])(message/rfc822 \"x.eml\""
	  "(text/plain [\xe4])))" },
	{ "message that is none", { .text = STR_INIT("a"), .n_files = 2,
	    .file = { F("x.eml", "message/rfc822", { 0 }, "a\0b"),
	    F("y", "multipart/mixed; boundary=b", { 0 }, "--b") } },
	  "(multipart/mixed(text/plain [a])(application/octet-stream "
	  "\"x.eml\" [a" },
	{ "text and HTML",
	  { .text = STR_INIT("a"), .html = STR_INIT("<p>b") },
	  "(multipart/alternative(text/plain [a])(text/html [<p>b]))" },
	{ "attachment",
	  { .text = STR_INIT("a\n"), .n_files = 1, .file = {
	    F("\xc3\xa4.bin", "a/b", { 0 }, "\0\1\2") } },
	  "(multipart/mixed(text/plain [a\r\n])(a/b \"\xc3\xa4.bin\" " },
	{ "all of it",
	  { .text = STR_INIT("a"), .html = STR_INIT("b"), .n_files = 2,
	    .file = { F("x.txt", "text/plain", { 0 }, "file"),
	    F("i.png", "image/png", STR_INIT("id@x"), "image") } },
	  "(multipart/mixed(multipart/alternative(text/plain [a])"
	  "(multipart/related(text/html [b])(image/png \"i.png\" cid=id@x "
	  "[image])))(text/plain \"x.txt\" [file]))" },
	{ "empty attachment",
	  { .text = STR_INIT("a"), .n_files = 1,
	    .file = { F("e", "a/b", { 0 }, "") } },
	  "(multipart/mixed(text/plain [a])(a/b \"e\" []))" },
	/* clang-format on */
};

/* The contents of files as sources: a table cannot name their reader. */
static void
complete(struct message *m)
{
	for (size_t i = 0; i < m->n_files; i++)
		m->file[i].content = source_of(m->file[i].content.bytes);
}

static void
test_structure(void)
{
	struct message *m = malloc(sizeof(*m));
	struct buf text, got;
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_init(&text, LIMIT);
		buf_init(&got, LIMIT);
		*m = rows[i].m;
		complete(m);
		T_CHECK(write_message(m, &text, &e), "%s: %s", rows[i].name,
		    e.msg);
		show(&got, buf_view(&text));
		T_CHECK(str_starts(buf_view(&got), str_of(rows[i].want)),
		    "%s: got %.*s", rows[i].name, STR_ARG(buf_view(&got)));
		buf_release(&text);
		buf_release(&got);
	}
	free(m);
}

static void
test_header(void)
{
	struct message *m = calloc(1, sizeof(*m));
	struct buf text;
	struct arena a;
	struct err e = { 0 };
	struct str s;

	arena_init(&a, LIMIT);
	buf_init(&text, LIMIT);
	T_CHECK(addr_parse(&a, STR("\xc3\x84rger <a@b.example>"), false,
		    &m->from, &e),
	    "%s", e.msg);
	T_CHECK(addr_parse_list(&a, STR("x@y.example, \"Z, Z\" <z@y.example>"),
		    false, &m->to, &e),
	    "%s", e.msg);
	m->subject = STR("Gr\xc3\xbc\xc3\x9f"
			 "e");
	m->message_id = STR("<1@b.example>");
	m->text = STR("hi\n");
	m->read_receipt = true;
	m->importance = MESSAGE_HIGH;
	m->field[m->n_fields++] =
	    (struct message_field){ STR("X-A"), STR("b") };
	T_CHECK(write_message(m, &text, &e), "%s", e.msg);
	s = buf_view(&text);
	T_CHECK(str_find(s, STR("Date: Mon, 23 Nov 2026 21:37:14 +0000\r\n")) <
		s.n,
	    "date: %.*s", STR_ARG(s));
	T_CHECK(str_find(s,
		    STR("\r\nFrom: =?utf-8?B?w4RyZ2Vy?= "
			"<a@b.example>\r\n")) < s.n,
	    "from");
	T_CHECK(str_find(s,
		    STR("\r\nTo: x@y.example, \"Z, Z\" "
			"<z@y.example>\r\n")) < s.n,
	    "to");
	T_CHECK(str_find(s, STR("\r\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\r\n")) <
		s.n,
	    "subject");
	T_CHECK(str_find(s, STR("\r\nX-A: b\r\n")) < s.n, "field");
	T_CHECK(str_find(s, STR("\r\nImportance: high\r\n")) < s.n,
	    "importance");
	T_CHECK(str_find(s, STR("\r\nDisposition-Notification-To: ")) < s.n,
	    "receipt");
	buf_release(&text);
	arena_release(&a);
	free(m);
}

/* Lines stay under 998 characters, whatever the text is. */
static void
test_lines(void)
{
	struct message *m = calloc(1, sizeof(*m));
	struct buf text, body;
	struct str rest, line;
	struct err e = { 0 };

	buf_init(&body, LIMIT);
	buf_init(&text, LIMIT);
	for (int i = 0; i < 5000; i++)
		buf_addc(&body, 'x');
	m->text = buf_view(&body);
	T_CHECK(write_message(m, &text, &e), "%s", e.msg);
	rest = buf_view(&text);
	while (str_next(&rest, '\n', &line))
		T_CHECK(line.n <= 999, "a line of %zu", line.n);
	buf_release(&text);
	buf_release(&body);
	free(m);
}

/* How the text of a message with this one leaves: "7bit" or "base64". */
static void
check_encoding(struct str body, const char *want)
{
	struct message *m = calloc(1, sizeof(*m));
	struct str head;
	struct buf text;
	struct err e = { 0 };

	buf_init(&text, LIMIT);
	*m = rows[3].m; /* with an attachment: it has boundaries */
	complete(m);
	m->text = body;
	T_CHECK(write_message(m, &text, &e), "%s", e.msg);
	head = buf_view(&text);
	head = str_from(head, str_find(head, STR("text/plain")));
	head = str_first(head, str_find(head, STR("\r\n\r\n")));
	T_CHECK(str_ends(head, str_of(want)), "%.20s..., %zu bytes: %.*s",
	    body.p, body.n, STR_ARG(head));
	buf_release(&text);
	free(m);
}

/* The random part is zeros here, so a text can have a boundary in it. */
static void
test_boundary(void)
{
	char text[64];

	for (char level = '1'; level <= '3'; level++) {
		(void)snprintf(text, sizeof(text), "a\n--=_%c_%032d\nb\n",
		    level, 0);
		check_encoding(str_of(text), "base64");
	}
	check_encoding(STR("a\n--=_1_0\nb\n"), "7bit");
}

/* RFC 5322 2.1.1: 998 characters are the most that a line may have. */
static void
test_longest_line(void)
{
	static char line[HEAD_LINE_MAX + 3];

	memset(line, 'x', sizeof(line));
	line[HEAD_LINE_MAX - 1] = '\n';
	check_encoding((struct str){ line, HEAD_LINE_MAX }, "7bit");
	line[HEAD_LINE_MAX - 1] = 'x';
	line[HEAD_LINE_MAX + 1] = '\n';
	check_encoding((struct str){ line, HEAD_LINE_MAX + 2 }, "base64");
}

static void
write_once(void)
{
	struct message *m = malloc(sizeof(*m));
	struct err e = { 0 };
	struct buf text;

	if (m == NULL)
		return;
	*m = rows[4].m;
	complete(m);
	buf_init(&text, LIMIT);
	if (!write_message(m, &text, &e))
		T_CHECK(e.kind == ERR_RETRY || text.no_memory, "%s", e.msg);
	buf_release(&text);
	free(m);
}

static void
test_memory(void)
{
	t_each_allocation_fails(write_once);
}

static const struct t_test tests[] = {
	{ "structure", test_structure },
	{ "header", test_header },
	{ "line lengths", test_lines },
	{ "the longest line", test_longest_line },
	{ "a boundary in a text", test_boundary },
	{ "allocations fail", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
